/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/frame.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>

#include "probe/proto.h"

#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_LLDP_ 0x88cc
#define MAX_TAGS 8

/* What is left of a frame. */
struct view {
	const uint8_t *p;
	size_t n;
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint64_t get64(const uint8_t *p)
{
	return (uint64_t)get32(p) << 32 | get32(p + 4);
}

static struct view skip(struct view v, size_t n)
{
	n = MIN(n, v.n);
	return (struct view){v.p + n, v.n - n};
}

/* ---- tags ---- */

/* True while v, which begins at an Ethernet type, is a tag; then behind it. */
static bool next_tag(struct view *v, uint16_t *ret_type, uint16_t *ret_tci)
{
	if (v->n < 6)
		return false;
	*ret_type = get16(v->p);
	if (*ret_type != ETHERTYPE_VLAN && *ret_type != ETHERTYPE_QINQ)
		return false;
	*ret_tci = get16(v->p + 2);
	*v = skip(*v, 4);
	return true;
}

void frame_vlans(const uint8_t *frame, size_t len, char out[static FRAME_VLANS_TEXT])
{
	struct view v = skip((struct view){frame, len}, 12);
	uint16_t type, tci;
	size_t at = 0;

	for (int i = 0; i < MAX_TAGS && next_tag(&v, &type, &tci); i++)
		at += (size_t)snprintf(out + at, FRAME_VLANS_TEXT - at, "%s%u", at ? "." : "",
				       tci & 0xfffu);
	if (!at)
		snprintf(out, FRAME_VLANS_TEXT, "untagged");
}

/* ---- nonces ---- */

bool frame_nonce_parse(const char *text, uint64_t *ret)
{
	uint64_t v = 0;

	if (!text || strlen(text) != 16)
		return false;
	for (size_t i = 0; i < 16; i++) {
		const char *digits = "0123456789abcdef", *d = strchr(digits, text[i]);

		if (!d)
			return false;
		v = v << 4 | (uint64_t)(d - digits);
	}
	*ret = v;
	return true;
}

/* The first payload header in v; NULL: none. */
static const uint8_t *find_header(struct view v)
{
	const uint8_t *h = memmem(v.p, v.n, PROBE_MAGIC, sizeof(PROBE_MAGIC) - 1);

	return h && (size_t)(v.p + v.n - h) >= PROBE_HDR_LEN ? h : NULL;
}

bool frame_has_nonce(const uint8_t *frame, size_t len, uint64_t nonce)
{
	struct view v = {frame, len};
	const uint8_t *h;

	while ((h = find_header(v))) {
		if (get64(h + 8) == nonce)
			return true;
		v = skip(v, (size_t)(h - v.p) + 1);
	}
	return false;
}

/* ---- text ---- */

static void mac(struct buf *b, const uint8_t *p)
{
	buf_printf(b, "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4], p[5]);
}

static void address(struct buf *b, int af, const uint8_t *p)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(af, p, text, sizeof(text));
	buf_adds(b, text);
}

static void arp(struct buf *b, struct view v)
{
	uint16_t op;

	if (v.n < 28 || get16(v.p + 2) != ETHERTYPE_IP) {
		buf_adds(b, "ARP, cut");
		return;
	}
	op = get16(v.p + 6);
	if (op == 1) {
		buf_adds(b, "ARP, who-has ");
		address(b, AF_INET, v.p + 24);
		buf_adds(b, " tell ");
		address(b, AF_INET, v.p + 14);
	} else {
		buf_printf(b, "ARP, %s", op == 2 ? "" : "op ");
		if (op != 2)
			buf_printf(b, "%u ", op);
		address(b, AF_INET, v.p + 14);
		buf_adds(b, " is-at ");
		mac(b, v.p + 8);
	}
}

static void tcp(struct buf *b, struct view v)
{
	static const char letters[] = "FSRP.U";
	uint8_t flags = v.p[13];

	buf_adds(b, " TCP [");
	for (int i = 0; letters[i]; i++)
		if (flags >> i & 1)
			buf_addc(b, letters[i]);
	buf_printf(b, "] seq %u ack %u", get32(v.p + 4), get32(v.p + 8));
}

static const char *icmp_name(int family, uint8_t type)
{
	if (family == 4)
		return type == 8   ? "echo request"
		       : type == 0 ? "echo reply"
		       : type == 3 ? "unreachable"
				   : "type";
	switch (type) {
	case 1:
		return "unreachable";
	case 2:
		return "packet too big";
	case 128:
		return "echo request";
	case 129:
		return "echo reply";
	case 133:
		return "router solicitation";
	case 135:
		return "neighbor solicitation";
	case 136:
		return "neighbor advertisement";
	case 143:
		return "multicast listener report v2";
	default:
		return "type";
	}
}

static void icmp(struct buf *b, struct view v, int family)
{
	const char *name = icmp_name(family, v.p[0]);

	buf_printf(b, " ICMP%s %s", family == 6 ? "6" : "", name);
	if (streq(name, "type"))
		buf_printf(b, " %u", v.p[0]);
	if (str_after(name, "echo") && v.n >= 8)
		buf_printf(b, " id %u seq %u", get16(v.p + 4), get16(v.p + 6));
	if (v.p[0] == 3 && family == 4 && v.n >= 8) {
		buf_printf(b, " code %u", v.p[1]);
		if (v.p[1] == 4)
			buf_printf(b, " (need to fragment, mtu %u)", get16(v.p + 6));
	}
	if (v.p[0] == 2 && family == 6 && v.n >= 8)
		buf_printf(b, " mtu %u", get32(v.p + 4));
}

/* Ports behind the addresses need the source's first: "A.80 > B.1234 TCP …". */
static void flow(struct buf *b, int af, const uint8_t *src, const uint8_t *dst, uint8_t proto,
		 struct view v)
{
	bool ports = (proto == IPPROTO_TCP || proto == IPPROTO_UDP) && v.n >= 8;

	address(b, af, src);
	if (ports)
		buf_printf(b, ".%u", get16(v.p));
	buf_adds(b, " > ");
	address(b, af, dst);
	if (ports)
		buf_printf(b, ".%u", get16(v.p + 2));
	if (proto == IPPROTO_TCP && v.n >= 14)
		tcp(b, v);
	else if (proto == IPPROTO_UDP && ports)
		buf_printf(b, " UDP, length %d", get16(v.p + 4) - 8);
	else if ((proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) && v.n >= 4)
		icmp(b, v, af == AF_INET ? 4 : 6);
	else
		buf_printf(b, " protocol %u", proto);
}

static void ip4(struct buf *b, struct view v)
{
	size_t hl = v.n ? (size_t)(v.p[0] & 15) * 4 : 0;
	uint16_t frag;

	if (v.n < 20 || hl < 20) {
		buf_adds(b, "IPv4, cut");
		return;
	}
	frag = get16(v.p + 6);
	buf_adds(b, "IPv4 ");
	if (frag & 0x1fff) {
		address(b, AF_INET, v.p + 12);
		buf_adds(b, " > ");
		address(b, AF_INET, v.p + 16);
		buf_printf(b, " fragment at %d", (frag & 0x1fff) * 8);
		return;
	}
	flow(b, AF_INET, v.p + 12, v.p + 16, v.p[9], skip(v, hl));
	if (frag & 0x2000)
		buf_adds(b, ", first fragment");
}

static void ip6(struct buf *b, struct view v)
{
	struct view rest = skip(v, 40);
	uint8_t next = v.n > 6 ? v.p[6] : 0;

	if (v.n < 40) {
		buf_adds(b, "IPv6, cut");
		return;
	}
	buf_adds(b, "IPv6 ");
	/* listener reports come behind a hop-by-hop header */
	if (next == IPPROTO_HOPOPTS && rest.n >= 8) {
		next = rest.p[0];
		rest = skip(rest, ((size_t)rest.p[1] + 1) * 8);
	}
	flow(b, AF_INET6, v.p + 8, v.p + 24, next, rest);
}

static void mpls(struct buf *b, struct view v)
{
	uint32_t entry;

	buf_adds(b, "MPLS");
	for (; v.n >= 4; v = skip(v, 4)) {
		entry = get32(v.p);
		buf_printf(b, " label %u ttl %u", entry >> 12, entry & 0xff);
		if (entry & 0x100)
			break;
	}
}

static void payload(struct buf *b, uint16_t type, struct view v)
{
	switch (type) {
	case ETHERTYPE_ARP:
		arp(b, v);
		break;
	case ETHERTYPE_IP:
		ip4(b, v);
		break;
	case ETHERTYPE_IPV6:
		ip6(b, v);
		break;
	case ETHERTYPE_MPLS:
		mpls(b, v);
		break;
	case ETHERTYPE_LLDP_:
		buf_adds(b, "LLDP");
		break;
	default:
		if (type < 0x600)
			buf_printf(b, "802.3, length %u", type);
		else
			buf_printf(b, "ethertype 0x%04x", type);
	}
}

void frame_text(struct buf *out, const uint8_t *frame, size_t have, size_t len)
{
	struct view v = {frame, have};
	const uint8_t *h = find_header(v);
	uint16_t type, tci;

	if (have < 14) {
		buf_printf(out, "frame of %zu bytes", len);
		return;
	}
	mac(out, frame + 6);
	buf_adds(out, " > ");
	mac(out, frame);
	v = skip(v, 12);
	for (int i = 0; i < MAX_TAGS && next_tag(&v, &type, &tci); i++)
		buf_printf(out, ", %s vlan %u p %u", type == ETHERTYPE_VLAN ? "802.1Q" : "802.1ad",
			   tci & 0xfffu, tci >> 13);
	buf_adds(out, ", ");
	if (v.n >= 2)
		payload(out, get16(v.p), skip(v, 2));
	buf_printf(out, ", length %zu", len);
	if (h)
		buf_printf(out, ", nonce %016llx cell %u", (unsigned long long)get64(h + 8),
			   get32(h + 16));
}
