/* SPDX-License-Identifier: Apache-2.0 */
/* Method resolve: own ARP request or neighbour solicitation; who answers? */
#include <errno.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include "probe/guest/agent.h"
#include "probe/guest/cell.h"
#include "probe/guest/packet.h"
#include "probe/guest/pkt.h"
#include "probe/guest/resolve.h"

#define MAX_ANSWERS 64

struct resolve {
	struct req *req;
	struct evl_io io;
	struct evl_timer timer;
	int fd;
	struct buf frame;
	struct addr target, src;
	long long tries, timeout_ms, sent;
	uint64_t started;
	json_t *answers;
};

static void resolve_free(void *arg)
{
	struct resolve *r = arg;

	evl_del(r->req->ag->evl, &r->io);
	evl_cancel(r->req->ag->evl, &r->timer);
	close_fd(r->fd);
	buf_free(&r->frame);
	json_decref(r->answers);
	free(r);
}

static void on_frame(struct evl_io *io, uint32_t events UNUSED)
{
	struct resolve *r = container_of(io, struct resolve, io);
	uint8_t frame[2048], mac[6];
	char text[MAC_TEXT];
	ssize_t n;

	while ((n = recv(r->fd, frame, sizeof(frame), 0)) > 0) {
		if (!resolve_match(frame, (size_t)n, &r->target, mac) ||
		    json_array_size(r->answers) >= MAX_ANSWERS)
			continue;
		phdr_mac_text(mac, text);
		json_array_append_new(r->answers,
				      json_pack("{s:s, s:I}", "mac", text, "tUs",
						(json_int_t)(mono_usec() - r->started)));
	}
}

/* A try is waited out even when answered: a second answer is a finding. */
static void next_try(struct evl_timer *t)
{
	struct resolve *r = container_of(t, struct resolve, timer);
	struct req *req = r->req;
	json_t *result;
	char text[INET6_ADDRSTRLEN];

	if (!json_array_size(r->answers) && r->sent < r->tries) {
		send(r->fd, r->frame.data, r->frame.len, 0);
		r->sent++;
		evl_after(req->ag->evl, t, (uint64_t)r->timeout_ms * USEC_PER_MSEC);
		return;
	}
	result = json_pack("{s:O, s:I}", "answers", r->answers, "sent", (json_int_t)r->sent);
	if (r->src.family)
		jset_str(result, "src", addr_text(&r->src, text));
	resolve_free(r);
	req_ok(req, result);
}

struct pick {
	int index;
	const struct addr *target;
	struct addr best;
	int best_bits;
};

/* The address that shares the longest prefix with the target. */
static void pick_source(void *arg, const struct nl_addr *a)
{
	struct pick *p = arg;
	int bits = 0;

	if (a->index != p->index || a->addr.family != p->target->family)
		return;
	while (bits < (int)addr_len(p->target) * 8 &&
	       !((a->addr.b[bits / 8] ^ p->target->b[bits / 8]) & (0x80 >> bits % 8)))
		bits++;
	if (!p->best.family || bits > p->best_bits) {
		p->best = a->addr;
		p->best_bits = bits;
	}
}

static void build(struct resolve *r, const uint8_t *mac, const struct phdr *h)
{
	static const uint8_t zero[6];
	uint8_t group[16], group_mac[6];

	if (r->target.family == 4) {
		pkt_eth(&r->frame, pkt_broadcast, mac, -1, ETHERTYPE_ARP);
		pkt_arp(&r->frame, 1, mac, r->src.b, zero, r->target.b);
	} else {
		pkt_solicited_node(r->target.b, group);
		pkt_group_mac(group, group_mac);
		pkt_eth(&r->frame, group_mac, mac, -1, ETHERTYPE_IPV6);
		pkt_ns(&r->frame, mac, r->src.b, r->target.b);
	}
	if (h->nonce)
		pkt_payload(&r->frame, h);
}

static int parse(struct resolve *r, const json_t *params, struct nl_link *l, struct phdr *h,
		 uint8_t mac[static 6], struct err *e)
{
	const char *src = jstr(params, "src", NULL), *src_mac = jstr(params, "srcMac", NULL);
	long long id;

	if (!addr_parse(jstr(params, "addr", NULL), &r->target))
		return err_set(e, EINVAL, "addr: an address is required");
	if (src && (!addr_parse(src, &r->src) || r->src.family != r->target.family))
		return err_set(e, EINVAL, "src: \"%s\" does not fit", src);
	if (json_object_get(params, "nonce") && cell_nonce(params, &h->nonce, e) < 0)
		return -EINVAL;
	if (cell_int(params, "id", 0, 0, UINT32_MAX, &id, e) < 0 ||
	    cell_int(params, "tries", 3, 1, 100, &r->tries, e) < 0 ||
	    cell_int(params, "timeoutMs", 500, 1, 60000, &r->timeout_ms, e) < 0)
		return -EINVAL;
	h->cell = (uint32_t)id;
	if (nl_link_get(r->req->ag->nl, jstr(params, "ifname", ""), l, e) < 0)
		return -ENODEV;
	memcpy(mac, l->mac, 6);
	if (src_mac && !phdr_mac_parse(src_mac, mac))
		return err_set(e, EINVAL, "srcMac: \"%s\" is not a MAC address", src_mac);
	return 0;
}

static int resolve_begin(struct resolve *r, const json_t *params, struct err *e)
{
	struct phdr h = {.kind = PROBE_KIND_L2, .length = PROBE_HDR_LEN};
	struct agent *ag = r->req->ag;
	struct pick p = {.target = &r->target};
	struct nl_link l;
	uint8_t mac[6];
	int n = parse(r, params, &l, &h, mac, e);

	if (n < 0)
		return n;
	p.index = l.index;
	if (!r->src.family && nl_addrs(ag->nl, pick_source, &p, NULL) == 0)
		r->src = p.best;
	build(r, mac, &h);
	r->fd = packet_open(l.index, r->target.family == 4 ? ETHERTYPE_ARP : ETHERTYPE_IPV6, e);
	if (r->fd < 0)
		return r->fd;
	n = evl_add(ag->evl, &r->io, r->fd, EPOLLIN);
	return n < 0 ? err_errno(e, -n, "watch packet socket") : 0;
}

static void resolve_method(struct req *req, const json_t *params)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct resolve *r = xcalloc(1, sizeof(*r));

	r->req = req;
	r->fd = -1;
	r->io = (struct evl_io){.fn = on_frame, .fd = -1};
	r->timer.fn = next_try;
	r->started = mono_usec();
	r->answers = json_array();
	req->cancel = resolve_free;
	req->arg = r;
	if (resolve_begin(r, params, &e) < 0) {
		resolve_free(r);
		req_fail(req, &e);
		return;
	}
	evl_after(req->ag->evl, &r->timer, 0);
}

const struct method resolve_methods[] = {{"resolve", NULL, resolve_method}, {0}};
