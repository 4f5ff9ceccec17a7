/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/mtu.h"

enum {
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	UDP_HEADER = 8,
	TCP_HEADER = 20,
	ICMP_HEADER = 8,
	GENEVE_HEADER = 8,
	OVN_TLV = 8, /* class 0x0102, type 0x80: 4 bytes of header, 4 of data */
	ETHERNET_HEADER = 14,
};

int mtu_overhead(int family)
{
	return (family == 6 ? IP6_HEADER : IP4_HEADER) + UDP_HEADER + GENEVE_HEADER + OVN_TLV +
	       ETHERNET_HEADER;
}

int mtu_max(int underlay_mtu, int family)
{
	return underlay_mtu - mtu_overhead(family);
}

int mtu_underlay_for(int guest_mtu, int family)
{
	return guest_mtu + mtu_overhead(family);
}

struct mtu_payloads mtu_payloads(int path_mtu)
{
	return (struct mtu_payloads){
		.ping4 = path_mtu - IP4_HEADER - ICMP_HEADER,
		.ping6 = path_mtu - IP6_HEADER - ICMP_HEADER,
		.udp4 = path_mtu - IP4_HEADER - UDP_HEADER,
		.udp6 = path_mtu - IP6_HEADER - UDP_HEADER,
		.mss4 = path_mtu - IP4_HEADER - TCP_HEADER,
		.mss6 = path_mtu - IP6_HEADER - TCP_HEADER,
	};
}
