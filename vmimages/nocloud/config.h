/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a NoCloud seed as normalised JSON. Pure: text in, tree and findings out. Formats:
 * cloud-init's reference, "NoCloud", "Networking config version 1" and "version 2", "Module
 * reference".
 */
#ifndef OVNBED_NOCLOUD_CONFIG_H
#define OVNBED_NOCLOUD_CONFIG_H

#include "base/diag.h"

/*
 * meta-data → {"instance-id","hostname","keys":[ssh public key]}; absent values are left out.
 * public-keys may be a text, a list, or a map of texts, lists or {"openssh-key":text}.
 */
json_t *nc_meta_parse(const char *text, size_t len, struct diags *d);

/*
 * network-config, version 1 or 2, with or without the "network:" key on top →
 * {"interfaces":[IF],"routes":[ROUTE],"dns":[address],"search":[domain]}; NULL when the text says
 * nothing about interfaces (empty, or unreadable: then d has the error).
 *   IF    {"name": as configured, "match":{"mac","name","driver"} (the last two may hold * ? [ ]),
 *          "rename": new name, "mac": MAC to set, "mtu":N, "dhcp4":bool, "dhcp6":bool,
 *          "addresses":["a/len"], "routes":[ROUTE], "dns":[…], "search":[…],
 *          "vlan":{"id":N,"link":name}}
 *   ROUTE {"to":"a/len","via":address,"metric":N,"onlink":bool}
 * Only what was given appears, "name", "addresses", "routes" always. A version 1 configuration that
 * is "disabled" gives {"interfaces":[], …}.
 */
json_t *nc_net_parse(const char *text, size_t len, struct diags *d);

/*
 * user-data → {"hostname","users":[USER],"passwords":[{"user","plain"|"hash"}],"keys":[…],
 * "files":[FILE],"bootcmd":[CMD],"runcmd":[CMD],"script":text}
 *   USER {"name","default":bool,"home","shell","uid","gecos","plain"|"hash","lock":bool,"keys":[…]}
 *   FILE {"path","content","base64":bool,"mode":N,"owner":"user:group","append":bool}
 *   CMD  a text for `sh -c`, or an argument list
 * "keys" and the password of the user "" belong to the default user. Starts with "#cloud-config" or
 * "#!"; anything else is an error. Empty text gives the empty result.
 */
json_t *nc_user_parse(const char *text, size_t len, struct diags *d);

#endif
