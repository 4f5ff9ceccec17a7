/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/pkt.h"

#include <net/ethernet.h>
#include <netinet/in.h>

#include "probe/guest/csum.h"

const uint8_t pkt_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void add16(struct buf *b, uint16_t v)
{
	uint8_t p[2];

	put16(p, v);
	buf_add(b, p, 2);
}

static void add32(struct buf *b, uint32_t v)
{
	add16(b, (uint16_t)(v >> 16));
	add16(b, (uint16_t)v);
}

static void add8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void pkt_tag(struct buf *b, uint16_t tpid, uint16_t tci)
{
	add16(b, tpid);
	add16(b, tci);
}

void pkt_type(struct buf *b, uint16_t ethertype)
{
	add16(b, ethertype);
}

static int nibble(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

bool pkt_hex(struct buf *b, const char *hex)
{
	size_t n = strlen(hex), old = b->len;

	for (size_t i = 0; i < n; i += 2) {
		int hi = nibble(hex[i]), lo = i + 1 < n ? nibble(hex[i + 1]) : -1;

		if (hi < 0 || lo < 0) {
			b->len = old;
			return false;
		}
		add8(b, (uint8_t)(hi << 4 | lo));
	}
	return true;
}

void pkt_eth(struct buf *b, const uint8_t dst[static 6], const uint8_t src[static 6], int vlan,
	     uint16_t ethertype)
{
	buf_add(b, dst, 6);
	buf_add(b, src, 6);
	if (vlan >= 0) {
		add16(b, ETHERTYPE_VLAN);
		add16(b, (uint16_t)vlan);
	}
	add16(b, ethertype);
}

void pkt_arp(struct buf *b, uint16_t op, const uint8_t sha[static 6], const uint8_t spa[static 4],
	     const uint8_t tha[static 6], const uint8_t tpa[static 4])
{
	add16(b, 1); /* Ethernet */
	add16(b, ETHERTYPE_IP);
	add8(b, 6);
	add8(b, 4);
	add16(b, op);
	buf_add(b, sha, 6);
	buf_add(b, spa, 4);
	buf_add(b, tha, 6);
	buf_add(b, tpa, 4);
}

void pkt_ip(struct buf *b, int family, const uint8_t *src, const uint8_t *dst, uint8_t proto,
	    size_t len)
{
	size_t at = b->len;

	if (family == 6) {
		add32(b, 6u << 28);
		add16(b, (uint16_t)len);
		add8(b, proto);
		add8(b, proto == IPPROTO_ICMPV6 ? 255 : 64); /* ND is ignored below 255 */
		buf_add(b, src, 16);
		buf_add(b, dst, 16);
		return;
	}
	add16(b, 0x4500);
	add16(b, (uint16_t)(20 + len));
	add16(b, 0);
	add16(b, 0x4000); /* DF */
	add8(b, 64);
	add8(b, proto);
	add16(b, 0);
	buf_add(b, src, 4);
	buf_add(b, dst, 4);
	put16((uint8_t *)b->data + at + 10, csum_fold(csum_add(0, b->data + at, 20)));
}

void pkt_solicited_node(const uint8_t addr[static 16], uint8_t ret[static 16])
{
	static const uint8_t prefix[13] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};

	memcpy(ret, prefix, 13);
	memcpy(ret + 13, addr + 13, 3);
}

void pkt_group_mac(const uint8_t group[static 16], uint8_t ret[static 6])
{
	ret[0] = ret[1] = 0x33;
	memcpy(ret + 2, group + 12, 4);
}

/* Appends an ICMPv6 message and completes its checksum. */
static void add_icmp6(struct buf *b, const uint8_t *src, const uint8_t *dst, const uint8_t *msg,
		      size_t len)
{
	uint8_t *p;
	uint32_t sum = csum_pseudo(src, dst, 16, IPPROTO_ICMPV6, (uint32_t)len);

	pkt_ip(b, 6, src, dst, IPPROTO_ICMPV6, len);
	buf_add(b, msg, len);
	p = (uint8_t *)b->data + b->len - len;
	put16(p + 2, csum_fold(csum_add(sum, p, len)));
}

/* type, code, checksum, flags, target, option with the link-layer address. */
static size_t nd_message(uint8_t msg[static 32], uint8_t type, uint32_t flags,
			 const uint8_t *target, uint8_t option, const uint8_t *mac)
{
	memset(msg, 0, 32);
	msg[0] = type;
	put32(msg + 4, flags);
	memcpy(msg + 8, target, 16);
	if (!option)
		return 24;
	msg[24] = option;
	msg[25] = 1;
	memcpy(msg + 26, mac, 6);
	return 32;
}

void pkt_ns(struct buf *b, const uint8_t mac[static 6], const uint8_t src[static 16],
	    const uint8_t target[static 16])
{
	static const uint8_t zero[16];
	uint8_t dst[16], msg[32];
	size_t len = nd_message(msg, 135, 0, target, memcmp(src, zero, 16) ? 1 : 0, mac);

	pkt_solicited_node(target, dst);
	add_icmp6(b, src, dst, msg, len);
}

void pkt_na(struct buf *b, const uint8_t mac[static 6], const uint8_t addr[static 16])
{
	static const uint8_t all_nodes[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
	uint8_t msg[32];
	size_t len = nd_message(msg, 136, 1u << 29 /* override */, addr, 2, mac);

	add_icmp6(b, addr, all_nodes, msg, len);
}

void pkt_tcp_partial(struct buf *b, int family, const uint8_t *src, const uint8_t *dst,
		     uint16_t sport, uint16_t dport, uint32_t seq, uint8_t flags, size_t payload)
{
	uint32_t sum =
		csum_pseudo(src, dst, family == 4 ? 4 : 16, IPPROTO_TCP, (uint32_t)(20 + payload));

	add16(b, sport);
	add16(b, dport);
	add32(b, seq);
	add32(b, 0);
	add16(b, (uint16_t)(5 << 12 | flags));
	add16(b, 0xffff);
	add16(b, (uint16_t)~csum_fold(sum));
	add16(b, 0);
}

void pkt_udp(struct buf *b, int family, const uint8_t *src, const uint8_t *dst, uint16_t sport,
	     uint16_t dport, const void *data, size_t len)
{
	size_t at = b->len, alen = family == 4 ? 4 : 16;
	uint32_t sum = csum_pseudo(src, dst, alen, IPPROTO_UDP, (uint32_t)(8 + len));
	uint16_t folded;

	add16(b, sport);
	add16(b, dport);
	add16(b, (uint16_t)(8 + len));
	add16(b, 0);
	buf_add(b, data, len);
	folded = csum_fold(csum_add(sum, (uint8_t *)b->data + at, 8 + len));
	put16((uint8_t *)b->data + at + 6, folded ? folded : 0xffff); /* RFC 768: 0 means none */
}

void pkt_payload(struct buf *b, const struct phdr *h)
{
	uint8_t hdr[PROBE_HDR_LEN];

	phdr_put(h, hdr);
	buf_add(b, hdr, sizeof(hdr));
	for (uint32_t i = PROBE_HDR_LEN; i < h->length; i++)
		add8(b, (uint8_t)i);
}
