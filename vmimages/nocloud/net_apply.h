/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a network configuration into force. */
#ifndef OVNBED_NOCLOUD_NET_APPLY_H
#define OVNBED_NOCLOUD_NET_APPLY_H

#include "report.h"

/*
 * net as of nc_net_parse(), or NULL for no configuration: then the first NIC asks DHCP, as
 * cloud-init's fallback does. Every NIC is brought up. Report's "interfaces" becomes
 * [{"config":name,"device":name,"mac","addresses","mtu",…}]. DHCP clients run on in the background.
 */
void nc_net_apply(const json_t *net, struct nc_report *r);

#endif
