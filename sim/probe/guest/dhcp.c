/* SPDX-License-Identifier: Apache-2.0 */
/* Methods dhcp-serve and dhcp-lease: a small server and client, as raw frames. */
#include <errno.h>
#include <net/ethernet.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "probe/guest/agent.h"
#include "probe/guest/cell.h"
#include "probe/guest/dhcp_msg.h"
#include "probe/guest/packet.h"
#include "probe/guest/phdr.h"

#define FIRST_LEASE 100 /* host part of the first address given away */
#define MAX_LEASES 100
#define LEASE_S 600
#define RETRY_US (400 * USEC_PER_MSEC)

/* ---- server ---- */

struct dhcp_server {
	struct dhcp_server *next;
	struct agent *ag;
	struct evl_io io;
	struct evl_timer timer;
	struct nl_link link;
	int fd;
	uint8_t address[4], mask[4];
	uint8_t clients[MAX_LEASES][6];
	size_t n_clients;
};

static void server_free_one(struct dhcp_server *s)
{
	struct dhcp_server **p = &s->ag->dhcp;

	while (*p && *p != s)
		p = &(*p)->next;
	if (*p)
		*p = s->next;
	evl_del(s->ag->evl, &s->io);
	evl_cancel(s->ag->evl, &s->timer);
	close_fd(s->fd);
	free(s);
}

void dhcp_free_all(struct agent *ag)
{
	while (ag->dhcp)
		server_free_one(ag->dhcp);
}

static void on_server_end(struct evl_timer *t)
{
	server_free_one(container_of(t, struct dhcp_server, timer));
}

/* A client keeps its address as long as the server lives. False: none is left. */
static bool lease_for(struct dhcp_server *s, const uint8_t mac[static 6], uint8_t ret[static 4])
{
	size_t i = 0;

	while (i < s->n_clients && memcmp(s->clients[i], mac, 6) != 0)
		i++;
	if (i == MAX_LEASES)
		return false;
	if (i == s->n_clients)
		memcpy(s->clients[s->n_clients++], mac, 6);
	put32(ret, (get32(s->address) & get32(s->mask)) + FIRST_LEASE + (uint32_t)i);
	return true;
}

static void answer(struct dhcp_server *s, const struct dhcp_msg *q)
{
	static const uint8_t none[4];
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct dhcp_msg a = {.type = q->type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK,
			     .xid = q->xid,
			     .lease_s = LEASE_S};

	if (q->type != DHCP_DISCOVER && q->type != DHCP_REQUEST)
		return;
	if (q->type == DHCP_REQUEST && memcmp(q->server, s->address, 4) != 0 &&
	    memcmp(q->server, none, 4) != 0)
		return; /* another server was chosen */
	memcpy(a.client, q->client, 6);
	memcpy(a.server, s->address, 4);
	memcpy(a.mask, s->mask, 4);
	if (!lease_for(s, q->client, a.yours))
		return;
	dhcp_put(&b, &a, s->link.mac);
	send(s->fd, b.data, b.len, 0);
}

static void on_question(struct evl_io *io, uint32_t events UNUSED)
{
	struct dhcp_server *s = container_of(io, struct dhcp_server, io);
	uint8_t frame[2048];
	struct dhcp_msg q;
	ssize_t n;

	while ((n = recv(s->fd, frame, sizeof(frame), 0)) > 0)
		if (dhcp_get(frame, (size_t)n, 67, &q))
			answer(s, &q);
}

struct own_address {
	int index, prefix;
	uint8_t address[4];
	bool found;
};

static void take_address(void *arg, const struct nl_addr *a)
{
	struct own_address *o = arg;

	if (o->found || a->index != o->index || a->addr.family != 4)
		return;
	o->found = true;
	o->prefix = a->prefix;
	memcpy(o->address, a->addr.b, 4);
}

static int server_begin(struct dhcp_server *s, const json_t *params, struct err *e)
{
	struct own_address own = {0};
	long long seconds;
	int r = nl_link_get(s->ag->nl, jstr(params, "ifname", ""), &s->link, e);

	if (r < 0 || cell_int(params, "seconds", 60, 1, 3600, &seconds, e) < 0)
		return r < 0 ? r : -EINVAL;
	own.index = s->link.index;
	r = nl_addrs(s->ag->nl, take_address, &own, e);
	if (r < 0)
		return r;
	if (!own.found || own.prefix > 24)
		return err_set(e, EADDRNOTAVAIL,
			       "%s needs an IPv4 address with a prefix of at most /24",
			       s->link.name);
	memcpy(s->address, own.address, 4);
	put32(s->mask, own.prefix ? ~0u << (32 - own.prefix) : 0);
	s->fd = packet_open(s->link.index, ETHERTYPE_IP, e);
	if (s->fd < 0)
		return s->fd;
	r = evl_add(s->ag->evl, &s->io, s->fd, EPOLLIN);
	if (r < 0)
		return err_errno(e, -r, "watch packet socket");
	evl_after(s->ag->evl, &s->timer, (uint64_t)seconds * USEC_PER_SEC);
	return 0;
}

static int serve_method(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	struct dhcp_server *s = xcalloc(1, sizeof(*s)), *next;
	int r;

	*s = (struct dhcp_server){.ag = ag, .fd = -1};
	s->io = (struct evl_io){.fn = on_question, .fd = -1};
	s->timer.fn = on_server_end;
	r = server_begin(s, params, e);
	if (r < 0) {
		server_free_one(s);
		return r;
	}
	for (struct dhcp_server *old = ag->dhcp; old; old = next) {
		next = old->next;
		if (old->link.index == s->link.index)
			server_free_one(old);
	}
	s->next = ag->dhcp;
	ag->dhcp = s;
	return 0;
}

static int stop_method(struct agent *ag, const json_t *params, json_t **ret UNUSED,
		       struct err *e UNUSED)
{
	const char *ifname = jstr(params, "ifname", "");
	struct dhcp_server *next;

	for (struct dhcp_server *s = ag->dhcp; s; s = next) {
		next = s->next;
		if (streq(s->link.name, ifname))
			server_free_one(s);
	}
	return 0;
}

/* ---- client ---- */

struct dhcp_client {
	struct req *req;
	struct evl_io io;
	struct evl_timer timer;
	struct nl_link link;
	int fd;
	uint64_t started, end;
	struct dhcp_msg ask;   /* what is sent next */
	struct dhcp_msg offer; /* type 0: none yet */
	struct addr server;    /* family 0: any */
	int others;	       /* offers of servers that are not meant */
	int sent;
};

static void client_free(void *arg)
{
	struct dhcp_client *c = arg;

	evl_del(c->req->ag->evl, &c->io);
	evl_cancel(c->req->ag->evl, &c->timer);
	close_fd(c->fd);
	free(c);
}

static void client_send(struct dhcp_client *c)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	dhcp_put(&b, &c->ask, c->link.mac);
	if (send(c->fd, b.data, b.len, 0) > 0)
		c->sent++;
	evl_after(c->req->ag->evl, &c->timer, RETRY_US);
}

static void ip_text(const uint8_t a[static 4], char out[static INET6_ADDRSTRLEN])
{
	inet_ntop(AF_INET, a, out, INET6_ADDRSTRLEN);
}

static void client_end(struct dhcp_client *c, json_t *result)
{
	struct req *req = c->req;

	json_object_set_new(result, "sent", json_integer(c->sent));
	json_object_set_new(result, "others", json_integer(c->others));
	client_free(c);
	req_ok(req, result);
}

static void on_retry(struct evl_timer *t)
{
	struct dhcp_client *c = container_of(t, struct dhcp_client, timer);

	if (mono_usec() < c->end) {
		client_send(c);
		return;
	}
	client_end(c, json_pack("{s:o}", "why",
				c->offer.type ? jstring("an offer, but no acknowledgement")
					      : jstringf("no offer to %d broadcasts", c->sent)));
}

static void got_offer(struct dhcp_client *c, const struct dhcp_msg *m)
{
	c->offer = *m;
	c->ask.type = DHCP_REQUEST;
	memcpy(c->ask.server, m->server, 4);
	memcpy(c->ask.asked, m->yours, 4);
	client_send(c);
}

static void got_ack(struct dhcp_client *c, const struct dhcp_msg *m)
{
	char yours[INET6_ADDRSTRLEN], server[INET6_ADDRSTRLEN];

	ip_text(m->yours, yours);
	ip_text(m->server, server);
	client_end(c, json_pack("{s:o, s:s, s:I, s:I}", "address",
				jstringf("%s/%d", yours, __builtin_popcount(get32(m->mask))),
				"server", server, "leaseS", (json_int_t)m->lease_s, "us",
				(json_int_t)(mono_usec() - c->started)));
}

static void on_answer(struct evl_io *io, uint32_t events UNUSED)
{
	struct dhcp_client *c = container_of(io, struct dhcp_client, io);
	uint8_t frame[2048];
	struct dhcp_msg m;
	ssize_t n;

	while ((n = recv(c->fd, frame, sizeof(frame), 0)) > 0) {
		if (!dhcp_get(frame, (size_t)n, 68, &m) || m.xid != c->ask.xid ||
		    memcmp(m.client, c->link.mac, 6) != 0)
			continue;
		if (c->server.family && memcmp(m.server, c->server.b, 4) != 0)
			c->others++;
		else if (m.type == DHCP_OFFER && !c->offer.type)
			got_offer(c, &m);
		else if (m.type == DHCP_ACK && c->offer.type) {
			got_ack(c, &m);
			return;
		}
	}
}

static int client_begin(struct dhcp_client *c, const json_t *params, struct err *e)
{
	struct agent *ag = c->req->ag;
	long long timeout;
	int r = nl_link_get(ag->nl, jstr(params, "ifname", ""), &c->link, e);

	if (json_object_get(params, "server") &&
	    (!addr_parse(jstr(params, "server", NULL), &c->server) || c->server.family != 4))
		return err_set(e, EINVAL, "server: an IPv4 address is required");
	if (r < 0 || cell_int(params, "timeoutMs", 3000, 1, 60000, &timeout, e) < 0)
		return r < 0 ? r : -EINVAL;
	if (getrandom(&c->ask.xid, sizeof(c->ask.xid), 0) != sizeof(c->ask.xid))
		return err_errno(e, errno, "getrandom");
	c->ask.type = DHCP_DISCOVER;
	memcpy(c->ask.client, c->link.mac, 6);
	c->started = mono_usec();
	c->end = c->started + (uint64_t)timeout * USEC_PER_MSEC;
	c->fd = packet_open(c->link.index, ETHERTYPE_IP, e);
	if (c->fd < 0)
		return c->fd;
	r = evl_add(ag->evl, &c->io, c->fd, EPOLLIN);
	return r < 0 ? err_errno(e, -r, "watch packet socket") : 0;
}

static void lease_method(struct req *req, const json_t *params)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct dhcp_client *c = xcalloc(1, sizeof(*c));

	c->req = req;
	c->fd = -1;
	c->io = (struct evl_io){.fn = on_answer, .fd = -1};
	c->timer.fn = on_retry;
	req->cancel = client_free;
	req->arg = c;
	if (client_begin(c, params, &e) < 0) {
		client_free(c);
		req_fail(req, &e);
		return;
	}
	client_send(c);
}

const struct method dhcp_methods[] = {{"dhcp-serve", serve_method, NULL},
				      {"dhcp-stop", stop_method, NULL},
				      {"dhcp-lease", NULL, lease_method},
				      {0}};
