/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this room: readers as lenient as nmstate's, and walks of documents. */
#ifndef OVNBED_NMSTATE_NMSTATE_PRIV_H
#define OVNBED_NMSTATE_NMSTATE_PRIV_H

#include "nmstate/nmstate.h"

#define NMS_BR_EX "br-ex"     /* bridge of the node's own network: not NMState's to change */
#define NMS_BR_INT "br-int"   /* OVN's integration bridge */
#define NMS_PHYSNET "physnet" /* OVN-Kubernetes' own mapping onto br-ex */
#define NMS_VLANS 4096

/* ---- values (value.c) ---- */

/* "an object", "a string" … of v; NULL is "nothing". */
const char *nms_type_name(const json_t *v);
/* A boolean, or "true"/"false", "yes"/"no", "on"/"off", "1"/"0" as text or 1/0: 1, 0, else -1. */
int nms_bool(const json_t *v);
/* A number, or one written as text, within [min, max]. */
bool nms_int(const json_t *v, long long min, long long max, long long *ret);
/* stp: a boolean, {"enabled": boolean}, or text, which nmstate takes for true (N12): 1, 0, -1. */
int nms_stp(const json_t *v);
/* The VLANs of trunk-tags (well-formed entries only) as a set. */
void nms_trunks(const json_t *tags, bool set[static NMS_VLANS]);
/* Well-formed trunk entry: its first and last VLAN. */
bool nms_trunk_range(const json_t *entry, long long *ret_min, long long *ret_max);
/* Normal form of a port's vlan, or NULL for none ({} and null included). New reference. */
json_t *nms_vlan(const json_t *vlan);
/* Short text of a value for messages: strings bare. Caller frees. */
char *nms_text(const json_t *v);

/* ---- documents (doc.c) ---- */

/* The interface called name of this type, or NULL. Borrowed. type NULL: any but patch ports. */
json_t *nms_find(const json_t *interfaces, const char *name, const char *type);
/* How many interfaces have this name, patch ports apart. */
size_t nms_count(const json_t *interfaces, const char *name);
bool nms_is(const json_t *iface, const char *type);
bool nms_is_patch(const json_t *iface);
/* A bridge's ports: bridge.port. Borrowed, may be NULL. */
json_t *nms_ports(const json_t *bridge);
json_t *nms_port(const json_t *bridge, const char *name);
/* True when the bridge has an interface of this name: a port, or a member of a bond. */
bool nms_has_member(const json_t *bridge, const char *name);
/* The ovs-bridge among interfaces that has this member, or NULL. */
json_t *nms_bridge_of(const json_t *interfaces, const char *member);
/* Calls fn for every interface that a port stands for: its own name, or its bond's members. */
void nms_each_member(const json_t *port, void (*fn)(void *arg, const char *name, bool bonded),
		     void *arg);
/* Sorts by name, then type, in place. */
void nms_sort(json_t *interfaces);
/* "ovs-bridge ovs-br1". Caller frees. */
char *nms_title(const json_t *iface);
/* An interface in the form in which two are compared: no empty address lists, no addresses of a
 * disabled family, no IPv6 link-local ones, canonical VLANs. New reference. */
json_t *nms_canonical(const json_t *iface);
/* A mapping's entry by localnet, or NULL. Borrowed. */
json_t *nms_mapping(const json_t *mappings, const char *localnet);
json_t *nms_mappings(const json_t *doc);
/* Sorts by localnet, in place. */
void nms_sort_mappings(json_t *mappings);

/* ---- desired state (check*.c, normal.c) ---- */

/* One finding for each key of o that is not known: an error when refuse, else a warning. */
void nms_unknown(const json_t *o, const char *const *known, const char *path, bool refuse,
		 struct diags *d);
/* "PATH.KEY" or "PATH.N". Caller frees. */
char *nms_at(const char *path, const char *key);
char *nms_at_index(const char *path, size_t i);
/* Reports a value of the wrong type. */
void nms_wrong(struct diags *d, const char *path, const json_t *v, const char *expected);

void nms_check_interface(const json_t *iface, const char *path, struct diags *d);
void nms_check_bridge(const json_t *bridge, const char *path, struct diags *d);
void nms_check_port(const json_t *port, const char *path, struct diags *d);
void nms_check_vlan(const json_t *vlan, const char *path, struct diags *d);
void nms_check_ip(const json_t *ip, int family, const char *path, struct diags *d);
void nms_check_ovn(const json_t *ovn, const char *path, struct diags *d);

/*
 * The desired interfaces in normal form, but partial, each with "path" (for findings), state
 * "ignore" left out, the last of two of one name and type. `allow-extra-patch-ports` stays. desired
 * has passed nmstate_check(). New reference.
 */
json_t *nms_desired(const json_t *desired);
/* Gives entries without a type the one that the node knows by their name; errors where it knows
 * none or several. */
void nms_resolve_types(json_t *wanted, const json_t *interfaces, struct diags *d);

#endif
