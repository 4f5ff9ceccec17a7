/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the parsers of config.h. */
#ifndef OVNBED_NOCLOUD_CONFIG_PRIV_H
#define OVNBED_NOCLOUD_CONFIG_PRIV_H

#include "config.h"

#include "base/ip.h"
#include "base/yaml.h"

/*
 * The first YAML document of text, an object; NULL when there is none (d says why, unless the text
 * is empty). Borrowed from docs, which the caller frees.
 */
json_t *nc_yaml(const char *text, size_t len, const char *file, struct yaml_docs *docs,
		struct diags *d);
/* Gives the findings from index `from` on their file and position. */
void nc_locate(const struct yaml_docs *docs, struct diags *d, size_t from, const char *file);

/*
 * A scalar as text: YAML turns `password: 1234` into a number. NULL when v is NULL, null, a list or
 * an object. Caller frees.
 */
char *nc_text(const json_t *v);
/* PyYAML's booleans (yes, no, on, off too); def when absent or something else. */
bool nc_bool(const json_t *v, bool def);
/* v as a list: v itself, [v] for a scalar or object, [] for NULL and null. New reference. */
json_t *nc_list(const json_t *v);
/* Appends the texts of v (scalar or list) to array. */
void nc_add_texts(json_t *array, const json_t *v);
/* Warns about keys of o that are not in known (NULL-terminated). */
void nc_unknown_keys(const json_t *o, const char *const *known, const char *path, struct diags *d);

/* A new interface object of that name. */
json_t *nc_net_interface(const char *name);
/* Normalises one address ("a", "a/len", with netmask "255.255.255.0" or "64" or NULL) into *ret. */
bool nc_net_address(const char *address, const char *netmask, struct ipnet *ret);
/* Adds an address or reports it. */
void nc_net_add_address(json_t *itf, const char *address, const char *netmask, const char *path,
			struct diags *d);
/*
 * Adds {"to","via",…} to array routes, or reports. to: "default", "a/len", "a" with netmask; via may
 * be NULL. extra: object with "metric" and "on-link", or NULL.
 */
void nc_net_add_route(json_t *routes, const char *to, const char *netmask, const char *via,
		      const json_t *extra, const char *path, struct diags *d);
/* Adds a route to 0.0.0.0/0 or ::/0, by the family of the gateway. */
void nc_net_add_gateway(json_t *itf, const json_t *gateway, const char *path, struct diags *d);
/* Checks and sets the MTU and MAC members. */
void nc_net_set_mtu(json_t *itf, const json_t *mtu, const char *path, struct diags *d);
bool nc_net_mac(const json_t *v, const char *path, struct diags *d, char **ret);
/* Appends to "dns" and "search" of o, leaving out malformed addresses. */
void nc_net_add_dns(json_t *o, const json_t *addresses, const json_t *search, const char *path,
		    struct diags *d);

void nc_net_v1(const json_t *cfg, json_t *net, struct diags *d);
void nc_net_v2(const json_t *cfg, json_t *net, struct diags *d);

void nc_user_accounts(const json_t *cfg, json_t *user, struct diags *d);
void nc_user_files(const json_t *cfg, json_t *user, struct diags *d);

#endif
