/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/dissect.h"

#include <net/ethernet.h>
#include <netinet/in.h>

#include "probe/guest/csum.h"
#include "probe/guest/phdr.h"

#define ETHERTYPE_QINQ 0x88a8

static void check_csum(struct dissect *d, const uint8_t *l4, size_t len)
{
	size_t alen = d->family == 4 ? 4 : 16;
	uint32_t sum = 0;

	if (d->l4 == IPPROTO_UDP && len >= 8 && get16(l4 + 6) == 0 && d->family == 4)
		return; /* RFC 768: the sender computed none */
	if (d->l4 != IPPROTO_ICMP)
		sum = csum_pseudo(d->src, d->dst, alen, d->l4, (uint32_t)len);
	d->csum = csum_fold(csum_add(sum, l4, len)) == 0 ? CSUM_GOOD : CSUM_BAD;
}

static size_t l4_min(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
		return 8;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	default:
		return SIZE_MAX;
	}
}

/* l4[0..have) of an upper-layer packet that is len bytes long; have < len when the capture is cut. */
static void dissect_l4(struct dissect *d, const uint8_t *l4, size_t have, size_t len)
{
	if (have < l4_min(d->l4))
		return;
	if (d->l4 == IPPROTO_TCP || d->l4 == IPPROTO_UDP) {
		d->sport = get16(l4);
		d->dport = get16(l4 + 2);
	}
	if (d->l4 == IPPROTO_TCP)
		d->syn = (l4[13] & 0x12) == 0x02;
	if (d->l4 == IPPROTO_ICMPV6)
		d->nd = l4[0] >= 133 && l4[0] <= 137;
	if (!d->fragment && have >= len)
		check_csum(d, l4, len);
}

static void dissect_ip4(struct dissect *d, const uint8_t *p, size_t have)
{
	size_t hl, total;

	if (have < 20 || p[0] >> 4 != 4)
		return;
	hl = (size_t)(p[0] & 15) * 4;
	total = get16(p + 2);
	if (hl < 20 || total < hl || have < hl)
		return;
	d->family = 4;
	d->ip_len = (uint32_t)total;
	memcpy(d->src, p + 12, 4);
	memcpy(d->dst, p + 16, 4);
	d->fragment = (get16(p + 6) & 0x3fff) != 0;
	d->l4 = p[9];
	if ((get16(p + 6) & 0x1fff) == 0)
		dissect_l4(d, p + hl, MIN(have, total) - hl, total - hl);
}

/* Walks extension headers; returns the offset of the upper layer, or 0 when it is not to be found. */
static size_t skip_ext(struct dissect *d, const uint8_t *p, size_t have, uint8_t *next)
{
	size_t at = 40;

	while (*next == IPPROTO_HOPOPTS || *next == IPPROTO_DSTOPTS || *next == IPPROTO_ROUTING ||
	       *next == IPPROTO_FRAGMENT) {
		size_t n;

		if (have < at + 8)
			return 0;
		n = *next == IPPROTO_FRAGMENT ? 8 : ((size_t)p[at + 1] + 1) * 8;
		if (*next == IPPROTO_FRAGMENT) {
			d->fragment = true;
			if (get16(p + at + 2) & 0xfff8) {
				*next = p[at];
				return 0;
			}
		}
		*next = p[at];
		at += n;
	}
	return at <= have ? at : 0;
}

static void dissect_ip6(struct dissect *d, const uint8_t *p, size_t have)
{
	size_t total, at;
	uint8_t next;

	if (have < 40 || p[0] >> 4 != 6)
		return;
	total = 40 + (size_t)get16(p + 4);
	d->family = 6;
	d->ip_len = (uint32_t)total;
	memcpy(d->src, p + 8, 16);
	memcpy(d->dst, p + 24, 16);
	next = p[6];
	at = skip_ext(d, p, MIN(have, total), &next);
	d->l4 = next;
	if (at)
		dissect_l4(d, p + at, MIN(have, total) - at, total - at);
}

static void dissect_arp(struct dissect *d, const uint8_t *p, size_t have)
{
	if (have < 28 || get16(p + 2) != ETHERTYPE_IP || p[4] != 6 || p[5] != 4)
		return;
	d->family = 4;
	memcpy(d->src, p + 14, 4);
	memcpy(d->dst, p + 24, 4);
}

bool dissect_frame(const uint8_t *frame, size_t len, struct dissect *ret)
{
	struct dissect d = {0};
	size_t at = 12;

	if (len < 14)
		return false;
	memcpy(d.dst_mac, frame, 6);
	memcpy(d.src_mac, frame + 6, 6);
	d.ethertype = get16(frame + at);
	while ((d.ethertype == ETHERTYPE_VLAN || d.ethertype == ETHERTYPE_QINQ) && len >= at + 6 &&
	       d.n_vlans < 2) {
		d.vlans[d.n_vlans++] = get16(frame + at + 2) & 0xfff;
		at += 4;
		d.ethertype = get16(frame + at);
	}
	at += 2;
	if (d.ethertype == ETHERTYPE_IP)
		dissect_ip4(&d, frame + at, len - at);
	else if (d.ethertype == ETHERTYPE_IPV6)
		dissect_ip6(&d, frame + at, len - at);
	else if (d.ethertype == ETHERTYPE_ARP)
		dissect_arp(&d, frame + at, len - at);
	*ret = d;
	return true;
}

const char *dissect_proto(const struct dissect *d)
{
	if (d->ethertype == ETHERTYPE_ARP)
		return "arp";
	if (!d->family)
		return "eth";
	if (d->nd)
		return "nd";
	switch (d->l4) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	default:
		return "ip";
	}
}
