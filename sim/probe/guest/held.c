/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/held.h"

#include <errno.h>
#include <sys/socket.h>

struct request {
	uint64_t at, took; /* took 0: not answered */
};

struct held {
	struct attempt a; /* its socket, source and buffers; not its life */
	struct target next;
	struct request *requests;
	size_t n, cap, answered;
	bool broken;
};

static void give_up(struct held *h)
{
	h->broken = true;
	evl_del(h->a.evl, &h->a.io);
}

static void flush(struct held *h)
{
	ssize_t n = 1;

	while (h->a.out.len && n > 0) {
		n = send(h->a.fd, h->a.out.data, h->a.out.len, MSG_NOSIGNAL);
		if (n > 0)
			buf_consume(&h->a.out, (size_t)n);
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		give_up(h);
	else
		evl_mod(h->a.evl, &h->a.io, EPOLLIN | (h->a.out.len ? EPOLLOUT : 0));
}

static bool right_peer(const struct held *h, const struct phdr *p)
{
	const char *peer = h->a.t->peer;

	return !*peer || (p->idlen == strlen(peer) &&
			  memcmp(h->a.in.data + PROBE_HDR_LEN, peer, p->idlen) == 0);
}

/* One whole answer at the front; false: something else. */
static bool take_answer(struct held *h, const struct phdr *p)
{
	size_t i = p->cell - h->a.t->cell;

	if (p->kind != PROBE_KIND_REPLY || p->nonce != h->a.t->nonce || i >= h->n ||
	    !right_peer(h, p))
		return false;
	if (!h->requests[i].took) {
		h->requests[i].took = MAX(mono_usec() - h->requests[i].at, (uint64_t)1);
		h->answered++;
	}
	buf_consume(&h->a.in, p->length);
	return true;
}

static void take_answers(struct held *h)
{
	struct phdr p;

	while (!h->broken && h->a.in.len >= PROBE_HDR_LEN) {
		if (!phdr_get((uint8_t *)h->a.in.data, h->a.in.len, &p))
			give_up(h);
		else if (h->a.in.len < p.length)
			return;
		else if (!take_answer(h, &p))
			give_up(h);
	}
}

static void receive(struct held *h)
{
	char chunk[4096];
	ssize_t n = recv(h->a.fd, chunk, sizeof(chunk), 0);

	if (n > 0)
		buf_add(&h->a.in, chunk, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		give_up(h);
	take_answers(h);
}

static void on_io(struct evl_io *io, uint32_t events)
{
	struct held *h = container_of(io, struct held, a.io);

	h->a.connected = true; /* or failed: then sending says so */
	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		receive(h);
	if (!h->broken)
		flush(h);
}

struct held *held_new(struct evl *evl, const struct target *t)
{
	struct held *h = xcalloc(1, sizeof(*h));
	int r;

	h->a = (struct attempt){.evl = evl, .t = t, .fd = -1, .io = {.fn = on_io, .fd = -1}};
	h->next = *t;
	r = attempt_socket(&h->a, SOCK_STREAM, 0);
	if (r == 0)
		r = attempt_connect(&h->a);
	if (r == 0 || r == -EINPROGRESS)
		r = evl_add(evl, &h->a.io, h->a.fd, EPOLLIN | EPOLLOUT);
	h->broken = r < 0;
	return h;
}

void held_free(struct held *h)
{
	if (!h)
		return;
	attempt_close(&h->a);
	free(h->requests);
	free(h);
}

void held_send(struct held *h)
{
	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 256;
		h->requests = xrealloc(h->requests, h->cap * sizeof(*h->requests));
	}
	h->requests[h->n++] = (struct request){.at = mono_usec()};
	attempt_payload(&h->next, PROBE_KIND_REQUEST, 0, &h->a.out);
	h->next.cell++;
	if (h->a.connected && !h->broken)
		flush(h);
}

bool held_idle(const struct held *h)
{
	return h->broken || h->answered == h->n;
}

void held_report(const struct held *h, json_t *attempts)
{
	uint64_t now = mono_usec();

	for (size_t i = 0; i < h->n; i++) {
		const struct request *q = &h->requests[i];
		enum probe_outcome o = q->took	   ? PROBE_ALLOWED
				       : h->broken ? PROBE_BROKEN
						   : PROBE_TIMEOUT;

		json_array_append_new(attempts, json_pack("[I, s, I]", (json_int_t)q->at,
							  probe_outcome_name(o),
							  (json_int_t)(q->took ?: now - q->at)));
	}
}
