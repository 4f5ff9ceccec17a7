/* SPDX-License-Identifier: Apache-2.0 */
/* TCP: connect, send a nonce, read it back with the peer's identity. */
#include <errno.h>
#include <sys/socket.h>

#include "probe/guest/attempt.h"

/* The client starts with the request's first byte; the server closes first. */
static int tcp_begin(struct attempt *a)
{
	int r = attempt_socket(a, SOCK_STREAM, 0);

	if (r == 0)
		r = attempt_connect(a);
	if (r < 0 && r != -EINPROGRESS)
		return r;
	attempt_payload(a->t, PROBE_KIND_REQUEST, PHDR_AUX_CLOSE, &a->out);
	return evl_add(a->evl, &a->io, a->fd, EPOLLOUT);
}

static int socket_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 ? errno : err;
}

/* False: the attempt ended. */
static bool tcp_send(struct attempt *a)
{
	ssize_t n = send(a->fd, a->out.data, a->out.len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		attempt_end(a, PROBE_BROKEN, errno, "connected, then: %s", strerror(errno));
		return false;
	}
	if (n > 0)
		buf_consume(&a->out, (size_t)n);
	if (!a->out.len)
		evl_mod(a->evl, &a->io, EPOLLIN);
	return true;
}

static bool tcp_complete(struct attempt *a)
{
	struct phdr h;

	return a->in.len >= PROBE_HDR_LEN &&
	       (!phdr_get((uint8_t *)a->in.data, a->in.len, &h) || a->in.len >= h.length ||
		h.length > PROBE_HDR_LEN + PROBE_MAX_IDENTITY + a->t->size);
}

static void tcp_receive(struct attempt *a)
{
	char chunk[16384];
	ssize_t n = recv(a->fd, chunk, sizeof(chunk), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		attempt_end(a, PROBE_BROKEN, errno, "connected, then: %s", strerror(errno));
	else if (n == 0)
		attempt_end(a, PROBE_BROKEN, 0, "connected, then closed without an answer");
	if (n <= 0)
		return;
	buf_add(&a->in, chunk, (size_t)n);
	if (tcp_complete(a) && !attempt_answer(a, (uint8_t *)a->in.data, a->in.len))
		attempt_end(a, PROBE_WRONG_PEER, 0, "connected, but the answer is not a probe's");
}

static void tcp_io(struct attempt *a, uint32_t events UNUSED)
{
	int err = a->connected ? 0 : socket_error(a->fd);

	if (err) {
		attempt_end_errno(a, err);
		return;
	}
	a->connected = true;
	if (a->out.len)
		tcp_send(a);
	else
		tcp_receive(a);
}

static void tcp_deadline(struct attempt *a)
{
	if (a->connected)
		attempt_end(a, PROBE_BROKEN, 0, "connected, then no answer");
	else
		attempt_end(a, PROBE_TIMEOUT, 0, "no answer to SYN");
}

const struct attempt_ops attempt_tcp = {"tcp", true, 1000, tcp_begin, tcp_io, tcp_deadline};
