/* SPDX-License-Identifier: Apache-2.0 */
/* Ethernet frames taken apart: addresses, ports, fragments, and whether the L4 checksum is right. */
#ifndef OVNBED_PROBE_GUEST_DISSECT_H
#define OVNBED_PROBE_GUEST_DISSECT_H

#include "base/util.h"

enum dissect_csum { CSUM_UNKNOWN, CSUM_GOOD, CSUM_BAD };

struct dissect {
	uint8_t dst_mac[6], src_mac[6];
	uint16_t vlans[2]; /* vids, outer first */
	int n_vlans;
	uint16_t ethertype;	  /* behind the tags */
	int family;		  /* 4, 6, or 0 (ARP has 4) */
	uint8_t src[16], dst[16]; /* ARP: sender and target; ND: the IPv6 header's */
	uint8_t l4; /* IP protocol behind extension headers; 0 unless family and not ARP */
	uint16_t sport, dport;
	bool syn;		/* TCP SYN without ACK */
	bool nd;		/* neighbour discovery */
	bool fragment;		/* any IP fragment */
	uint32_t ip_len;	/* IP packet's length by its header; 0 for others */
	enum dissect_csum csum; /* unknown: fragments, cut frames, no L4 checksum */
};

/*
 * Takes apart frame[0..len), possibly cut. False when it is shorter than an Ethernet
 * header; whatever is understood of a damaged frame is filled in otherwise.
 */
bool dissect_frame(const uint8_t *frame, size_t len, struct dissect *ret);
/* "tcp", "udp", "icmp", "arp", "nd", "ip" or "eth". */
const char *dissect_proto(const struct dissect *d);

#endif
