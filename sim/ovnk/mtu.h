/* SPDX-License-Identifier: Apache-2.0 */
/* MTU arithmetic of Geneve overlays (facts/policy-mtu-reports.md §4.1). All values are bytes of IP
 * MTU. */
#ifndef OVNBED_OVNK_MTU_H
#define OVNBED_OVNK_MTU_H

#include "base/util.h"

#define MTU_KERNEL_DEFAULT 1500 /* what an explicit "mtu": 0 gives */

/* Bytes Geneve takes from the underlay's MTU: 58 over IPv4, 78 over IPv6 (family 4 or 6). */
int mtu_overhead(int family);
/* Largest guest MTU that crosses nodes; may be <= 0 for nonsense input. */
int mtu_max(int underlay_mtu, int family);
/* Underlay MTU needed for a guest MTU. */
int mtu_underlay_for(int guest_mtu, int family);

/* The largest payload of each probe that passes at a path MTU; one byte more must not. */
struct mtu_payloads {
	int ping4, ping6; /* ICMP echo payload, DF set */
	int udp4, udp6;	  /* UDP payload */
	int mss4, mss6;	  /* MSS in the SYN */
};
struct mtu_payloads mtu_payloads(int path_mtu);

#endif
