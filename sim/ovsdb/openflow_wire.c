/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/openflow_wire.h"

#include <endian.h>
#include <errno.h>

#define ANY 0xffffffffu
#define NO_BUFFER 0xffffffffu
#define INSTRUCTION_APPLY_ACTIONS 4
#define INSTRUCTION_METER 6
#define METER_PACKETS 2
#define METER_STATISTICS 8
#define METER_BAND_DROP 1
#define METER_STATS_FIXED 40 /* ahead of the bands */
#define FLOW_STATS_FIXED 48  /* ahead of the match */
#define PORT_SIZE 64
#define PORT_CONFIG_DOWN 1u
#define PORT_STATE_NO_LINK 1u

void put_u8(struct buf *b, uint8_t v)
{
	buf_addc(b, (char)v);
}

void put_be16(struct buf *b, uint16_t v)
{
	v = htobe16(v);
	buf_add(b, &v, sizeof(v));
}

void put_be32(struct buf *b, uint32_t v)
{
	v = htobe32(v);
	buf_add(b, &v, sizeof(v));
}

void put_be64(struct buf *b, uint64_t v)
{
	v = htobe64(v);
	buf_add(b, &v, sizeof(v));
}

void put_zeros(struct buf *b, size_t n)
{
	static const char zeros[16];

	buf_add(b, zeros, MIN(n, sizeof(zeros)));
}

uint16_t get_be16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

uint32_t get_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

uint64_t get_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

/* ---- out ---- */

size_t ofp_begin(struct buf *b, uint8_t type, uint32_t xid)
{
	size_t start = b->len;

	put_u8(b, OFP_VERSION);
	put_u8(b, type);
	put_be16(b, 0);
	put_be32(b, xid);
	return start;
}

void ofp_end(struct buf *b, size_t start)
{
	size_t len = b->len - start;

	b->data[start + 2] = (char)(len >> 8);
	b->data[start + 3] = (char)len;
}

void ofp_put_hello(struct buf *b, uint32_t xid)
{
	size_t start = ofp_begin(b, OFPT_HELLO, xid);

	put_be16(b, 1); /* the bitmap of versions */
	put_be16(b, 8);
	put_be32(b, 1u << OFP_VERSION);
	ofp_end(b, start);
}

void ofp_put_flow_mod(struct buf *b, uint32_t xid, enum ofp_command cmd,
		      const struct openflow_flow *f, uint64_t cookie_mask)
{
	size_t start = ofp_begin(b, OFPT_FLOW_MOD, xid);

	put_be64(b, f->cookie);
	put_be64(b, cookie_mask);
	put_u8(b, f->table);
	put_u8(b, (uint8_t)cmd);
	put_be32(b, 0); /* no timeouts */
	put_be16(b, f->priority);
	put_be32(b, NO_BUFFER);
	put_be32(b, ANY);
	put_be32(b, ANY);
	put_be32(b, 0); /* flags, padding */
	ofp_put_match(b, &f->match);
	if (f->meter) {
		put_be16(b, INSTRUCTION_METER);
		put_be16(b, 8);
		put_be32(b, f->meter);
	}
	if (f->actions.len) {
		put_be16(b, INSTRUCTION_APPLY_ACTIONS);
		put_be16(b, (uint16_t)(8 + f->actions.len));
		put_be32(b, 0);
		buf_add(b, f->actions.data, f->actions.len);
	}
	ofp_end(b, start);
}

static size_t begin_multipart(struct buf *b, uint32_t xid, uint16_t type)
{
	size_t start = ofp_begin(b, OFPT_MULTIPART_REQUEST, xid);

	put_be16(b, type);
	put_zeros(b, 6);
	return start;
}

void ofp_put_flow_request(struct buf *b, uint32_t xid, const struct openflow_filter *filter)
{
	static const struct openflow_match all;
	size_t start = begin_multipart(b, xid, OFPMP_FLOW);

	put_u8(b, filter->table);
	put_zeros(b, 3);
	put_be32(b, ANY);
	put_be32(b, ANY);
	put_zeros(b, 4);
	put_be64(b, filter->cookie);
	put_be64(b, filter->cookie_mask);
	ofp_put_match(b, filter->match ? filter->match : &all);
	ofp_end(b, start);
}

void ofp_put_port_request(struct buf *b, uint32_t xid)
{
	ofp_end(b, begin_multipart(b, xid, OFPMP_PORT_DESC));
}

/* A rate that no link reaches: it counts, and drops nothing. */
void ofp_put_meter_mod(struct buf *b, uint32_t xid, uint32_t id)
{
	size_t start = ofp_begin(b, OFPT_METER_MOD, xid);

	put_be16(b, 0); /* add */
	put_be16(b, METER_PACKETS | METER_STATISTICS);
	put_be32(b, id);
	put_be16(b, METER_BAND_DROP);
	put_be16(b, 16);
	put_be32(b, 1000000000);
	put_zeros(b, 8); /* burst, padding */
	ofp_end(b, start);
}

void ofp_put_meter_request(struct buf *b, uint32_t xid)
{
	size_t start = begin_multipart(b, xid, OFPMP_METER);

	put_be32(b, ANY);
	put_zeros(b, 4);
	ofp_end(b, start);
}

/* ---- in ---- */

ssize_t ofp_get_msg(const uint8_t *p, size_t n, struct ofp_msg *ret)
{
	size_t len;

	if (n < OFP_HEADER)
		return 0;
	len = get_be16(p + 2);
	if (len < OFP_HEADER)
		return -EPROTO;
	if (n < len)
		return 0;
	*ret = (struct ofp_msg){p[0], p[1], get_be32(p + 4), p + OFP_HEADER, len - OFP_HEADER};
	return (ssize_t)len;
}

bool ofp_hello_ok(const struct ofp_msg *m)
{
	for (size_t i = 0; i + 8 <= m->len;) {
		size_t len = get_be16(m->body + i + 2);

		if (get_be16(m->body + i) == 1 && len >= 8)
			return get_be32(m->body + i + 4) & 1u << OFP_VERSION;
		if (len < 4)
			return false;
		i += (len + 7) / 8 * 8;
	}
	return m->version >= OFP_VERSION; /* without a bitmap: all versions up to its own */
}

int ofp_get_multipart(const struct ofp_msg *m, uint16_t *ret_type, bool *ret_more,
		      const uint8_t **ret_body, size_t *ret_len)
{
	if (m->len < 8)
		return -EPROTO;
	*ret_type = get_be16(m->body);
	*ret_more = get_be16(m->body + 2) & 1;
	*ret_body = m->body + 8;
	*ret_len = m->len - 8;
	return 0;
}

/* Whether any instruction does something to the frame. */
static int has_actions(const uint8_t *p, size_t n, bool *ret)
{
	bool any = false;

	while (n) {
		size_t len = n < 8 ? 0 : get_be16(p + 2);

		if (len < 8 || len > n)
			return -EPROTO;
		/* apply and write with a list; goto, meter, metadata have no drop in them either */
		any |= len > 8 || get_be16(p) == 1;
		p += len;
		n -= len;
	}
	*ret = any;
	return 0;
}

ssize_t ofp_get_stats(const uint8_t *p, size_t n, struct openflow_stats *ret)
{
	struct openflow_stats s = {0};
	size_t len = n < FLOW_STATS_FIXED ? 0 : get_be16(p);
	ssize_t match;
	bool actions;

	if (len < FLOW_STATS_FIXED || len > n)
		return -EPROTO;
	s.table = p[2];
	s.priority = get_be16(p + 12);
	s.cookie = get_be64(p + 24);
	s.packets = get_be64(p + 32);
	s.bytes = get_be64(p + 40);
	p += FLOW_STATS_FIXED;
	match = ofp_get_match(p, len - FLOW_STATS_FIXED, &s.match, &s.other);
	if (match < 0 ||
	    has_actions(p + match, len - FLOW_STATS_FIXED - (size_t)match, &actions) < 0)
		return -EPROTO;
	s.drop = !actions;
	*ret = s;
	return (ssize_t)len;
}

ssize_t ofp_get_meter(const uint8_t *p, size_t n, struct ofp_meter *ret)
{
	size_t len = n < METER_STATS_FIXED ? 0 : get_be16(p + 4);

	if (len < METER_STATS_FIXED || len > n)
		return -EPROTO;
	*ret = (struct ofp_meter){get_be32(p), get_be64(p + 16), get_be64(p + 24)};
	return (ssize_t)len;
}

ssize_t ofp_get_port(const uint8_t *p, size_t n, struct openflow_port *ret)
{
	if (n < PORT_SIZE)
		return -EPROTO;
	*ret = (struct openflow_port){.number = get_be32(p)};
	memcpy(ret->mac, p + 8, 6);
	memcpy(ret->name, p + 16, sizeof(ret->name) - 1);
	ret->up =
		!(get_be32(p + 32) & PORT_CONFIG_DOWN) && !(get_be32(p + 36) & PORT_STATE_NO_LINK);
	return PORT_SIZE;
}
