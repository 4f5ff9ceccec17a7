/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenFlow 1.3 on the wire (ONF TS-025 §A) with the parts of Nicira's extensions that openflow.h
 * offers. Pure. For the openflow_*.c files only.
 */
#ifndef OVNBED_OVSDB_OPENFLOW_WIRE_H
#define OVNBED_OVSDB_OPENFLOW_WIRE_H

#include "ovsdb/openflow.h"

#define OFP_VERSION 4 /* 1.3 */
#define OFP_HEADER 8
#define OFP_FLOW_MOD_BODY 40 /* ahead of the match */

enum ofp_type {
	OFPT_HELLO = 0,
	OFPT_ERROR = 1,
	OFPT_ECHO_REQUEST = 2,
	OFPT_ECHO_REPLY = 3,
	OFPT_FLOW_MOD = 14,
	OFPT_MULTIPART_REQUEST = 18,
	OFPT_MULTIPART_REPLY = 19,
	OFPT_BARRIER_REQUEST = 20,
	OFPT_BARRIER_REPLY = 21,
	OFPT_METER_MOD = 29,
};
enum ofp_command {
	OFPFC_ADD = 0,
	OFPFC_MODIFY_STRICT = 2,
	OFPFC_DELETE = 3,
	OFPFC_DELETE_STRICT = 4,
};
enum ofp_multipart { OFPMP_FLOW = 1, OFPMP_METER = 9, OFPMP_PORT_DESC = 13 };

struct ofp_msg {
	uint8_t version, type;
	uint32_t xid;
	const uint8_t *body;
	size_t len; /* of the body */
};

void put_u8(struct buf *b, uint8_t v);
void put_be16(struct buf *b, uint16_t v);
void put_be32(struct buf *b, uint32_t v);
void put_be64(struct buf *b, uint64_t v);
void put_zeros(struct buf *b, size_t n);
uint16_t get_be16(const uint8_t *p);
uint32_t get_be32(const uint8_t *p);
uint64_t get_be64(const uint8_t *p);

/* Starts a message at the end of b; returns where, for ofp_end(), which fills in its length. */
size_t ofp_begin(struct buf *b, uint8_t type, uint32_t xid);
void ofp_end(struct buf *b, size_t start);
void ofp_put_hello(struct buf *b, uint32_t xid);
void ofp_put_flow_mod(struct buf *b, uint32_t xid, enum ofp_command cmd,
		      const struct openflow_flow *f, uint64_t cookie_mask);
void ofp_put_flow_request(struct buf *b, uint32_t xid, const struct openflow_filter *filter);
void ofp_put_port_request(struct buf *b, uint32_t xid);
void ofp_put_meter_mod(struct buf *b, uint32_t xid, uint32_t id);
void ofp_put_meter_request(struct buf *b, uint32_t xid);

/* The match with header and padding. */
void ofp_put_match(struct buf *b, const struct openflow_match *m);
/*
 * Reads a match, padding included, in front of p[0..n). *ret_other: there are fields that struct
 * openflow_match lacks. Returns its length or -EPROTO.
 */
ssize_t ofp_get_match(const uint8_t *p, size_t n, struct openflow_match *ret, bool *ret_other);

/* >0: length of the first message, then *ret is set; 0: more bytes needed; -EPROTO. */
ssize_t ofp_get_msg(const uint8_t *p, size_t n, struct ofp_msg *ret);
/* Whether the sender of a HELLO speaks OFP_VERSION. */
bool ofp_hello_ok(const struct ofp_msg *m);
/* An ERROR's name or numbers: "OFPBAC_BAD_OUT_PORT". Caller frees. */
char *ofp_error_text(const struct ofp_msg *m);
/* The parts of a MULTIPART_REPLY: 0, or -EPROTO. body and len are what is behind its header. */
int ofp_get_multipart(const struct ofp_msg *m, uint16_t *ret_type, bool *ret_more,
		      const uint8_t **ret_body, size_t *ret_len);
/* The first entry of such a body; its length or -EPROTO. */
ssize_t ofp_get_stats(const uint8_t *p, size_t n, struct openflow_stats *ret);
ssize_t ofp_get_port(const uint8_t *p, size_t n, struct openflow_port *ret);
struct ofp_meter {
	uint32_t id;
	uint64_t packets, bytes;
};
ssize_t ofp_get_meter(const uint8_t *p, size_t n, struct ofp_meter *ret);

#endif
