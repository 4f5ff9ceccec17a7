/* SPDX-License-Identifier: Apache-2.0 */
/* TCP listeners' connections: nonce echo and bulk transfer in both directions. */
#include "probe/guest/server.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "probe/guest/csum.h"
#include "probe/guest/phdr.h"

#define MAX_CONNS 8192
#define MAX_ECHO (1u << 20)
#define CHUNK 16384
#define STEPS_PER_WAKE 64
#define IDLE_US (60 * USEC_PER_SEC)

struct conn {
	struct conn *next, **prev;
	struct server *s;
	struct evl_io io;
	struct evl_timer idle;
	int fd;
	struct buf in, out;
	struct phdr h;	    /* of the request in work */
	bool have_hdr;	    /* h is valid */
	uint32_t body_left; /* of the request, still to come */
	uint32_t send_left; /* of the bulk stream, still to be made */
	bool sending;
	struct sha256 rx, tx;
	struct bulk_stream stream;
};

static void conn_close(struct conn *c)
{
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->s->n_conns--;
	evl_del(c->s->evl, &c->io);
	evl_cancel(c->s->evl, &c->idle);
	close_fd(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

void server_tcp_close_all(struct server *s)
{
	while (s->conns)
		conn_close(s->conns);
}

/* 1 go on, 0 wait for the socket, -1 the connection is over. */
static int io_result(ssize_t n)
{
	if (n > 0)
		return 1;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static void put_reply_header(struct conn *c, uint8_t kind, uint32_t body)
{
	uint8_t hdr[PROBE_HDR_LEN];
	struct phdr h = c->h;

	h.kind = kind;
	h.idlen = (uint8_t)strlen(c->s->identity);
	h.length = PROBE_HDR_LEN + h.idlen + body;
	phdr_put(&h, hdr);
	buf_add(&c->out, hdr, sizeof(hdr));
	buf_adds(&c->out, c->s->identity);
}

static void start_reply(struct conn *c)
{
	uint32_t body = c->h.length - PROBE_HDR_LEN;
	uint8_t digest[SHA256_LEN];

	c->sending = true;
	if (c->h.kind == PROBE_KIND_BULK) {
		put_reply_header(c, PROBE_KIND_BULK_REPLY, SHA256_LEN + body + SHA256_LEN + 4);
		sha256_final(&c->rx, digest);
		buf_add(&c->out, digest, sizeof(digest));
		c->send_left = body;
		sha256_init(&c->tx);
		bulk_stream_init(&c->stream, c->h.nonce, c->h.cell, true);
	} else {
		put_reply_header(c, PROBE_KIND_REPLY, body);
		buf_add(&c->out, c->in.data, c->in.len);
	}
	buf_free(&c->in);
}

/* Behind the stream: its digest and what TCP had to repeat. */
static void put_trailer(struct conn *c)
{
	uint8_t digest[SHA256_LEN], retrans[4];
	struct tcp_info ti = {0};
	socklen_t len = sizeof(ti);

	sha256_final(&c->tx, digest);
	buf_add(&c->out, digest, sizeof(digest));
	getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &ti, &len);
	put32(retrans, ti.tcpi_total_retrans);
	buf_add(&c->out, retrans, sizeof(retrans));
}

static void refill(struct conn *c)
{
	uint8_t chunk[CHUNK] = {0};
	uint32_t n = MIN(c->send_left, (uint32_t)sizeof(chunk));

	if (!(c->h.aux & PHDR_AUX_PLAIN)) {
		bulk_stream_fill(&c->stream, chunk, n);
		sha256_add(&c->tx, chunk, n);
	}
	buf_add(&c->out, chunk, n);
	c->send_left -= n;
	if (!c->send_left)
		put_trailer(c);
}

static int send_step(struct conn *c)
{
	ssize_t n;
	int r;

	if (!c->out.len && c->send_left)
		refill(c);
	if (!c->out.len) {
		c->sending = c->have_hdr = false;
		return c->h.aux & PHDR_AUX_CLOSE ? -1 : 1;
	}
	n = send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);
	r = io_result(n);
	if (r > 0)
		buf_consume(&c->out, (size_t)n);
	return r;
}

static int on_header(struct conn *c)
{
	if (!phdr_get((uint8_t *)c->in.data, c->in.len, &c->h))
		return -1;
	if (c->h.kind != PROBE_KIND_BULK &&
	    (c->h.kind != PROBE_KIND_REQUEST || c->h.length > MAX_ECHO))
		return -1;
	c->have_hdr = true;
	c->body_left = c->h.length - PROBE_HDR_LEN;
	buf_consume(&c->in, PROBE_HDR_LEN);
	sha256_init(&c->rx);
	return 1;
}

static int read_step(struct conn *c)
{
	uint8_t chunk[CHUNK];
	size_t want = c->have_hdr ? MIN(c->body_left, sizeof(chunk)) : PROBE_HDR_LEN - c->in.len;
	ssize_t n;
	int r;

	if (c->have_hdr && !c->body_left) {
		start_reply(c);
		return 1;
	}
	n = recv(c->fd, chunk, want, 0);
	r = io_result(n);
	if (r <= 0)
		return r;
	if (!c->have_hdr || c->h.kind == PROBE_KIND_REQUEST)
		buf_add(&c->in, chunk, (size_t)n);
	else if (!(c->h.aux & PHDR_AUX_PLAIN))
		sha256_add(&c->rx, chunk, (size_t)n);
	if (c->have_hdr)
		c->body_left -= (uint32_t)n;
	else if (c->in.len == PROBE_HDR_LEN)
		return on_header(c);
	return 1;
}

static void on_conn(struct evl_io *io, uint32_t events UNUSED)
{
	struct conn *c = container_of(io, struct conn, io);
	bool was_sending = c->sending;
	int r = 1;

	evl_after(c->s->evl, &c->idle, IDLE_US);
	for (int i = 0; r > 0 && i < STEPS_PER_WAKE; i++)
		r = c->sending ? send_step(c) : read_step(c);
	if (r < 0)
		conn_close(c);
	else if (c->sending != was_sending)
		evl_mod(c->s->evl, &c->io, c->sending ? EPOLLOUT : EPOLLIN);
}

static void on_idle(struct evl_timer *t)
{
	conn_close(container_of(t, struct conn, idle));
}

void server_tcp_accept(struct server *s, int fd)
{
	struct conn *c;

	if (s->n_conns >= MAX_CONNS) {
		close_fd(fd);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->s = s;
	c->fd = fd;
	c->io = (struct evl_io){.fn = on_conn, .fd = -1};
	c->idle.fn = on_idle;
	c->next = s->conns;
	c->prev = &s->conns;
	if (c->next)
		c->next->prev = &c->next;
	s->conns = c;
	s->n_conns++;
	if (evl_add(s->evl, &c->io, fd, EPOLLIN) < 0)
		conn_close(c);
	else
		on_conn(&c->io, EPOLLIN);
}
