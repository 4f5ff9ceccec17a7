/* SPDX-License-Identifier: Apache-2.0 */
/* Methods l2-send and garp: raw frames with a nonce. */
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "probe/guest/agent.h"
#include "probe/guest/cell.h"
#include "probe/guest/packet.h"
#include "probe/guest/pkt.h"

#define MAX_FRAMES 4096
#define ETH_MIN 60

struct l2 {
	struct nl_link link;
	int fd;
	struct phdr h;
	long long count, sent;
	json_t *errors;
};

static int l2_open(struct agent *ag, const json_t *params, struct l2 *l, struct err *e)
{
	long long id;
	int r;

	*l = (struct l2){.fd = -1};
	l->h = (struct phdr){.kind = PROBE_KIND_L2, .length = PROBE_HDR_LEN};
	if (cell_nonce(params, &l->h.nonce, e) < 0 ||
	    cell_int(params, "id", 0, 0, UINT32_MAX, &id, e) < 0 ||
	    cell_int(params, "count", 1, 1, 1000, &l->count, e) < 0)
		return -EINVAL;
	l->h.cell = (uint32_t)id;
	r = nl_link_get(ag->nl, jstr(params, "ifname", ""), &l->link, e);
	if (r < 0)
		return r;
	l->fd = packet_open(l->link.index, 0, e);
	if (l->fd < 0)
		return l->fd;
	l->errors = json_array();
	return 0;
}

static void l2_send(struct l2 *l, struct buf *frame)
{
	while (frame->len < ETH_MIN)
		buf_addc(frame, 0);
	for (long long i = 0; i < l->count; i++) {
		if (send(l->fd, frame->data, frame->len, 0) < 0)
			jadd_str(l->errors, strerror(errno));
		else
			l->sent++;
	}
}

static json_t *l2_result(struct l2 *l)
{
	json_t *j = json_pack("{s:I, s:o}", "sent", (json_int_t)l->sent, "errors", l->errors);

	close_fd(l->fd);
	return j;
}

static int mac_or(const json_t *j, const char *key, const uint8_t *def, uint8_t ret[static 6],
		  struct err *e)
{
	const char *s = jstr(j, key, NULL);

	if (!s && def)
		memcpy(ret, def, 6);
	else if (!phdr_mac_parse(s, ret))
		return err_set(e, EINVAL, "%s: a MAC address is required", key);
	return 0;
}

/* [{tpid?, vid, pcp?}], outer first. */
static int put_tags(struct buf *b, const json_t *tags, struct err *e)
{
	long long tpid, vid, pcp;
	size_t i;
	json_t *t;

	json_array_foreach(tags, i, t) {
		if (cell_int(t, "tpid", ETHERTYPE_VLAN, 0, 0xffff, &tpid, e) < 0 ||
		    cell_int(t, "vid", 0, 0, 4095, &vid, e) < 0 ||
		    cell_int(t, "pcp", 0, 0, 7, &pcp, e) < 0)
			return err_wrap(e, "tags[%zu]", i);
		pkt_tag(b, (uint16_t)tpid, (uint16_t)(pcp << 13 | vid));
	}
	return 0;
}

/* {src, dst, sport?, dport?}: the payload travels in a UDP packet. */
static int put_udp(struct buf *b, const json_t *udp, long long size, uint16_t *ret_type,
		   struct buf *payload, struct err *e)
{
	struct addr src, dst;
	long long sport, dport;

	if (!addr_parse(jstr(udp, "src", NULL), &src) ||
	    !addr_parse(jstr(udp, "dst", NULL), &dst) || src.family != dst.family)
		return err_set(e, EINVAL, "udp: src and dst of one family are required");
	if (cell_int(udp, "sport", PROBE_PORT_MTU, 0, 65535, &sport, e) < 0 ||
	    cell_int(udp, "dport", PROBE_PORT_MTU, 0, 65535, &dport, e) < 0)
		return -EINVAL;
	*ret_type = src.family == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6;
	pkt_ip(b, src.family, src.b, dst.b, IPPROTO_UDP, 8 + (size_t)size);
	pkt_udp(b, src.family, src.b, dst.b, (uint16_t)sport, (uint16_t)dport, payload->data,
		payload->len);
	return 0;
}

/* What follows the tags: an Ethernet type, then a UDP packet, or bytes given in hex and the payload. */
static int put_body(struct buf *b, const json_t *j, const struct phdr *h, struct err *e)
{
	_cleanup_buf_ struct buf payload = BUF_INIT, body = BUF_INIT;
	const json_t *udp = json_object_get(j, "udp");
	const char *head = jstr(j, "head", "");
	long long type;
	uint16_t etype;
	int r;

	if (cell_int(j, "ethertype", PROBE_ETHERTYPE, 0x600, 0xffff, &type, e) < 0)
		return -EINVAL;
	etype = (uint16_t)type;
	pkt_payload(&payload, h);
	if (udp) {
		r = put_udp(&body, udp, h->length, &etype, &payload, e);
		if (r < 0)
			return r;
	} else {
		if (!pkt_hex(&body, head))
			return err_set(e, EINVAL, "head: \"%s\" is not hex", head);
		buf_add(&body, payload.data, payload.len);
	}
	pkt_type(b, etype);
	buf_add(b, body.data, body.len);
	return 0;
}

static int send_frame(struct l2 *l, const json_t *j, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const json_t *tags = json_object_get(j, "tags");
	long long vlan, size, id;
	uint8_t dst[6], src[6];
	struct phdr h = l->h;

	if (mac_or(j, "dstMac", NULL, dst, e) < 0 || mac_or(j, "srcMac", l->link.mac, src, e) < 0 ||
	    cell_int(j, "vlan", -1, -1, 4095, &vlan, e) < 0 ||
	    cell_int(j, "id", h.cell, 0, UINT32_MAX, &id, e) < 0 ||
	    cell_int(j, "size", PROBE_HDR_LEN, PROBE_HDR_LEN, 9000, &size, e) < 0)
		return -EINVAL;
	h.length = (uint32_t)size;
	h.cell = (uint32_t)id;
	buf_add(&b, dst, 6);
	buf_add(&b, src, 6);
	if (vlan >= 0)
		pkt_tag(&b, ETHERTYPE_VLAN, (uint16_t)vlan);
	if (put_tags(&b, tags, e) < 0 || put_body(&b, j, &h, e) < 0)
		return -EINVAL;
	l2_send(l, &b);
	return 0;
}

static int l2_method(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	const json_t *frames = json_object_get(params, "frames"), *j;
	struct l2 l;
	int r = l2_open(ag, params, &l, e);
	size_t i;
	json_t *result;

	if (r < 0)
		return r;
	if (json_array_size(frames) > MAX_FRAMES)
		r = err_set(e, EINVAL, "frames: at most %d", MAX_FRAMES);
	json_array_foreach(frames, i, j)
		if (r == 0 && (r = send_frame(&l, j, e)) < 0)
			err_wrap(e, "frames[%zu]", i);
	result = l2_result(&l);
	if (r == 0)
		*ret = result;
	else
		json_decref(result);
	return r;
}

static int garp_method(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	uint8_t mac[6];
	struct addr a;
	struct l2 l;
	int r = l2_open(ag, params, &l, e);

	if (r < 0)
		return r;
	if (!addr_parse(jstr(params, "addr", NULL), &a))
		r = err_set(e, EINVAL, "addr: an address is required");
	else
		r = mac_or(params, "srcMac", l.link.mac, mac, e);
	if (r == 0 && a.family == 4) {
		pkt_eth(&b, pkt_broadcast, mac, -1, ETHERTYPE_ARP);
		pkt_arp(&b, 1, mac, a.b, pkt_broadcast, a.b);
	} else if (r == 0) {
		pkt_eth(&b, all_nodes_mac, mac, -1, ETHERTYPE_IPV6);
		pkt_na(&b, mac, a.b);
	}
	if (r == 0) {
		pkt_payload(&b, &l.h);
		l2_send(&l, &b);
		*ret = l2_result(&l);
	} else {
		json_decref(l2_result(&l));
	}
	return r;
}

const struct method l2_methods[] = {{"l2-send", l2_method, NULL}, {"garp", garp_method, NULL}, {0}};
