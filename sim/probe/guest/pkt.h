/* SPDX-License-Identifier: Apache-2.0 */
/* Raw frames: each function appends one header (or a whole message) to a buffer. */
#ifndef OVNBED_PROBE_GUEST_PKT_H
#define OVNBED_PROBE_GUEST_PKT_H

#include "base/buf.h"
#include "probe/guest/phdr.h"

extern const uint8_t pkt_broadcast[6];

/* vlan < 0: untagged. */
void pkt_eth(struct buf *b, const uint8_t dst[static 6], const uint8_t src[static 6], int vlan,
	     uint16_t ethertype);
/* The two halves of it: a tag (any tag protocol, all 16 bits of control), and the Ethernet type. */
void pkt_tag(struct buf *b, uint16_t tpid, uint16_t tci);
void pkt_type(struct buf *b, uint16_t ethertype);
/* Bytes given as hex digits; false (nothing appended) when they are none. */
bool pkt_hex(struct buf *b, const char *hex);
/* RFC 826; op 1 is a request, 2 a reply. */
void pkt_arp(struct buf *b, uint16_t op, const uint8_t sha[static 6], const uint8_t spa[static 4],
	     const uint8_t tha[static 6], const uint8_t tpa[static 4]);
/* IPv6 and a neighbour solicitation for target (RFC 4861 §4.3), to its solicited-node group; src
 * all zeros: duplicate address detection, without the link-layer option. */
void pkt_ns(struct buf *b, const uint8_t mac[static 6], const uint8_t src[static 16],
	    const uint8_t target[static 16]);
/* IPv6 and an unsolicited advertisement (RFC 4861 §4.4) to all nodes. */
void pkt_na(struct buf *b, const uint8_t mac[static 6], const uint8_t addr[static 16]);
/* ff02::1:ffXX:XXXX of an address, and the MAC of an IPv6 group. */
void pkt_solicited_node(const uint8_t addr[static 16], uint8_t ret[static 16]);
void pkt_group_mac(const uint8_t group[static 16], uint8_t ret[static 6]);
/* IPv4 or IPv6 (family 4 or 6) header for len upper-layer bytes. */
void pkt_ip(struct buf *b, int family, const uint8_t *src, const uint8_t *dst, uint8_t proto,
	    size_t len);
/* TCP header without options; the checksum holds the pseudo-header's sum only, to be completed by
 * whoever segments the packet (VIRTIO_NET_HDR_F_NEEDS_CSUM). */
void pkt_tcp_partial(struct buf *b, int family, const uint8_t *src, const uint8_t *dst,
		     uint16_t sport, uint16_t dport, uint32_t seq, uint8_t flags, size_t payload);
/* UDP header and len bytes of data, checksum complete. */
void pkt_udp(struct buf *b, int family, const uint8_t *src, const uint8_t *dst, uint16_t sport,
	     uint16_t dport, const void *data, size_t len);
/* A payload header with length bytes in all (padded with a pattern). */
void pkt_payload(struct buf *b, const struct phdr *h);

#endif
