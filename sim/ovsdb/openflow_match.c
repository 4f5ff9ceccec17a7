/* SPDX-License-Identifier: Apache-2.0 */
/* Matches: OXM and NXM fields, TLVs (ONF TS-025 §A.2.3, ovs-fields(7)). */
#include "ovsdb/openflow_wire.h"

#include <arpa/inet.h>
#include <errno.h>

#define OXM_CLASS 0x8000 /* OpenFlow's own */
#define NXM0_CLASS 0x0000
#define NXM1_CLASS 0x0001
#define OXM_VLAN_VID 6
#define OXM_VLAN_PCP 7
#define NO_MASK ((size_t)-1)

enum form { NUMBER, PORT /* a number, written in decimal */, MAC, ADDRESS };

struct field {
	const char *name;
	uint16_t class;
	uint8_t number, size;
	enum form form;
	size_t value, mask; /* offsets in struct openflow_match */
};
#define AT(m) offsetof(struct openflow_match, m)

/* In an order in which each field follows those that it requires. */
static const struct field fields[] = {
	{"in_port", OXM_CLASS, 0, 4, PORT, AT(in_port), NO_MASK},
	{"dl_dst", OXM_CLASS, 3, 6, MAC, AT(dl_dst), AT(dl_dst_mask)},
	{"dl_src", OXM_CLASS, 4, 6, MAC, AT(dl_src), AT(dl_src_mask)},
	{"dl_type", OXM_CLASS, 5, 2, NUMBER, AT(dl_type), NO_MASK},
	{"vlan_tci", NXM0_CLASS, 4, 2, NUMBER, AT(vlan_tci), AT(vlan_tci_mask)},
	{"nw_src", OXM_CLASS, 11, 4, ADDRESS, AT(nw_src), AT(nw_src_mask)},
	{"nw_dst", OXM_CLASS, 12, 4, ADDRESS, AT(nw_dst), AT(nw_dst_mask)},
	{"ipv6_src", OXM_CLASS, 26, 16, ADDRESS, AT(ipv6_src), AT(ipv6_src_mask)},
	{"ipv6_dst", OXM_CLASS, 27, 16, ADDRESS, AT(ipv6_dst), AT(ipv6_dst_mask)},
	{"nw_proto", OXM_CLASS, 10, 1, NUMBER, AT(nw_proto), NO_MASK},
	{"udp_dst", OXM_CLASS, 16, 2, PORT, AT(udp_dst), NO_MASK},
	{"icmpv6_type", OXM_CLASS, 29, 1, NUMBER, AT(icmpv6_type), NO_MASK},
	{"reg0", NXM1_CLASS, 0, 4, NUMBER, AT(reg0), AT(reg0_mask)},
};

/* ---- a member and its bytes on the wire ---- */

static void to_wire(const struct field *f, const struct openflow_match *m, size_t offset,
		    uint8_t *out)
{
	const uint8_t *p = (const uint8_t *)m + offset;

	if (f->form <= PORT && f->size == 2) {
		uint16_t v = htons(*(const uint16_t *)(const void *)p);

		memcpy(out, &v, sizeof(v));
	} else if (f->form <= PORT && f->size == 4) {
		uint32_t v = htonl(*(const uint32_t *)(const void *)p);

		memcpy(out, &v, sizeof(v));
	} else {
		memcpy(out, p, f->size);
	}
}

static void from_wire(const struct field *f, const uint8_t *p, struct openflow_match *m,
		      size_t offset)
{
	uint8_t *out = (uint8_t *)m + offset;

	if (f->form <= PORT && f->size == 2)
		*(uint16_t *)(void *)out = get_be16(p);
	else if (f->form <= PORT && f->size == 4)
		*(uint32_t *)(void *)out = get_be32(p);
	else
		memcpy(out, p, f->size);
}

static bool all_are(const uint8_t *p, size_t n, uint8_t byte)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != byte)
			return false;
	return true;
}

/* Value (without bits outside of the mask) and mask of a field. False when it matches anything. */
static bool get_field(const struct field *f, const struct openflow_match *m, uint8_t *value,
		      uint8_t *mask)
{
	bool exact;

	to_wire(f, m, f->value, value);
	if (f->mask == NO_MASK)
		memset(mask, 0, f->size);
	else
		to_wire(f, m, f->mask, mask);
	exact = (f->mask == NO_MASK || f->form == MAC) && all_are(mask, f->size, 0) &&
		!all_are(value, f->size, 0);
	if (exact)
		memset(mask, 0xff, f->size);
	for (size_t i = 0; i < f->size; i++)
		value[i] &= mask[i];
	return !all_are(mask, f->size, 0);
}

/* ---- out ---- */

void ofp_put_match(struct buf *b, const struct openflow_match *m)
{
	size_t start = b->len, len;

	put_be16(b, 1); /* OXM */
	put_be16(b, 0);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		uint8_t value[16], mask[16];
		bool masked;

		if (!get_field(f, m, value, mask))
			continue;
		masked = !all_are(mask, f->size, 0xff);
		put_be16(b, f->class);
		put_u8(b, (uint8_t)(f->number << 1 | masked));
		put_u8(b, (uint8_t)(masked ? 2 * f->size : f->size));
		buf_add(b, value, f->size);
		if (masked)
			buf_add(b, mask, f->size);
	}
	len = b->len - start;
	b->data[start + 2] = (char)(len >> 8);
	b->data[start + 3] = (char)len;
	put_zeros(b, (8 - len % 8) % 8);
}

/* ---- in ---- */

/* OpenFlow splits what ovs-fields(7) calls vlan_tci. False when it is something else. */
static bool get_vlan(uint16_t class, uint8_t number, const uint8_t *p, size_t size, bool masked,
		     struct openflow_match *ret)
{
	if (class != OXM_CLASS || masked != (size == (number == OXM_VLAN_VID ? 4u : 2u)))
		return false;
	if (number == OXM_VLAN_VID && size == (masked ? 4u : 2u)) {
		uint16_t mask = masked ? get_be16(p + 2) : 0x1fff;

		ret->vlan_tci |= get_be16(p) & 0x1fff;
		ret->vlan_tci_mask |= mask & 0x1fff;
		return true;
	}
	if (number == OXM_VLAN_PCP && !masked && size == 1) {
		ret->vlan_tci |= (uint16_t)((p[0] & 7) << 13);
		ret->vlan_tci_mask |= 0xe000;
		return true;
	}
	return false;
}

static bool get_one(uint16_t class, uint8_t number, const uint8_t *p, size_t size, bool masked,
		    struct openflow_match *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];

		if (f->class != class || f->number != number)
			continue;
		if (size != (masked ? 2u : 1u) * f->size || (masked && f->mask == NO_MASK))
			return false;
		from_wire(f, p, ret, f->value);
		if (masked)
			from_wire(f, p + f->size, ret, f->mask);
		else if (f->mask != NO_MASK)
			memset((uint8_t *)ret + f->mask, 0xff, f->size);
		return true;
	}
	return get_vlan(class, number, p, size, masked, ret);
}

ssize_t ofp_get_match(const uint8_t *p, size_t n, struct openflow_match *ret, bool *ret_other)
{
	struct openflow_match m = {0};
	size_t len, total, i = 4;
	bool other = false;

	if (n < 4)
		return -EPROTO;
	len = get_be16(p + 2);
	total = (len + 7) / 8 * 8;
	if (get_be16(p) != 1 || len < 4 || total > n)
		return -EPROTO;
	while (i < len) {
		size_t size = len - i < 4 ? 0 : p[i + 3];

		if (!size || i + 4 + size > len)
			return -EPROTO;
		if (!get_one(get_be16(p + i), p[i + 2] >> 1, p + i + 4, size, p[i + 2] & 1, &m))
			other = true;
		i += 4 + size;
	}
	*ret = m;
	*ret_other = other;
	return (ssize_t)total;
}

/* ---- text ---- */

static void add_bytes(struct buf *b, const struct field *f, const uint8_t *p)
{
	char s[INET6_ADDRSTRLEN];

	if (f->form == MAC) {
		buf_printf(b, "%02x:%02x:%02x:%02x:%02x:%02x", p[0], p[1], p[2], p[3], p[4], p[5]);
	} else if (f->form == ADDRESS) {
		buf_adds(b, inet_ntop(f->size == 4 ? AF_INET : AF_INET6, p, s, sizeof(s)));
	} else {
		uint32_t v = f->size == 1 ? p[0] : f->size == 2 ? get_be16(p) : get_be32(p);

		if (f->value == AT(in_port) && v == OPENFLOW_LOCAL)
			buf_adds(b, "LOCAL");
		else if (f->form == PORT || f->size == 1)
			buf_printf(b, "%u", v);
		else
			buf_printf(b, "0x%04x", v);
	}
}

char *openflow_flow_text(const struct openflow_flow *flow)
{
	struct buf b = BUF_INIT;

	if (flow->table == OPENFLOW_ANY_TABLE)
		buf_adds(&b, "table=any");
	else
		buf_printf(&b, "table=%u", flow->table);
	buf_printf(&b, ",priority=%u,cookie=0x%llx", flow->priority,
		   (unsigned long long)flow->cookie);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *f = &fields[i];
		uint8_t value[16], mask[16];

		if (!get_field(f, &flow->match, value, mask))
			continue;
		buf_printf(&b, ",%s=", f->name);
		add_bytes(&b, f, value);
		if (!all_are(mask, f->size, 0xff)) {
			buf_addc(&b, '/');
			add_bytes(&b, f, mask);
		}
	}
	return buf_take(&b);
}
