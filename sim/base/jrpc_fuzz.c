/* SPDX-License-Identifier: Apache-2.0 */
/* A peer that sends anything, in pieces: the first byte chooses the size of the pieces. */
#include <sys/socket.h>

#include "base/jrpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
	struct jrpc *j;
	bool closed;
};

static void on_request(void *arg UNUSED, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	if (id)
		jrpc_reply(j, id, json_string(method), NULL);
	else
		jrpc_notify(j, method, json_deep_copy(params));
}

static void on_closed(void *arg, struct jrpc *j, const char *why UNUSED)
{
	struct peer *p = arg;

	jrpc_free(j);
	p->j = NULL;
	p->closed = true;
}

static void on_reply(void *arg UNUSED, const json_t *result, const json_t *error)
{
	if (!result == !error)
		abort();
}

static const struct jrpc_ops ops = {on_request, on_closed};

/* Both ways of finding the end of a message must agree, however the bytes arrive. */
static void check_scan(const char *data, size_t size, size_t piece)
{
	struct jscan whole = {0}, parts = {0};
	ssize_t w = jscan_feed(&whole, data, size), r = 0;

	for (size_t n = 0; r == 0 && n < size;) {
		n = MIN(size, n + piece);
		r = jscan_feed(&parts, data, n);
	}
	if (r != w)
		abort();
}

static void drain(int fd)
{
	char junk[4096];

	while (recv(fd, junk, sizeof(junk), MSG_DONTWAIT) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_event_ sd_event *ev = NULL;
	struct peer p = {0};
	size_t piece = size ? data[0] + 1u : 1, sent = 1;
	int fd[2];

	check_scan((const char *)data, size, piece);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0 || sd_event_new(&ev) < 0)
		abort();
	p.j = jrpc_new(ev, fd[0], &ops, &p);
	jrpc_call(p.j, "one", json_array(), 0, on_reply, &p);
	jrpc_call(p.j, "two", json_array(), 0, on_reply, &p);
	while (p.j && sent < size) {
		ssize_t n = send(fd[1], data + sent, MIN(piece, size - sent),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		sd_event_run(ev, 0);
		drain(fd[1]);
	}
	close(fd[1]);
	while (p.j)
		sd_event_run(ev, UINT64_MAX);
	if (!p.closed)
		abort();
	return 0;
}
