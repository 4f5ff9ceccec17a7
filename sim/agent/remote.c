/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/remote.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define TRY_US (200 * USEC_PER_MSEC)
#define PAUSE_US (20 * USEC_PER_MSEC)

/* One attempt at a time; a lost SYN costs TRY_US and not TCP's own second. */
struct remote {
	struct agent *a;
	bool reached;
	int fd;
	sd_event_source *io, *timer;
};

static void attempt(struct remote *r);

static void end_attempt(struct remote *r)
{
	r->io = sd_event_source_disable_unref(r->io);
	r->timer = sd_event_source_disable_unref(r->timer);
	r->fd = close_fd(r->fd);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	struct remote *r = arg;

	(void)s;
	(void)usec;
	end_attempt(r);
	attempt(r);
	return 0;
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct remote *r = arg;
	socklen_t len = sizeof(int);
	int code = 0;

	(void)s;
	(void)events;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len);
	end_attempt(r);
	if (code) {
		loop_after(r->a->ev, PAUSE_US, on_timer, r, &r->timer);
		return 0;
	}
	r->reached = true;
	agent_phase(r->a, "southbound");
	agent_pump(r->a);
	return 0;
}

/* "tcp:172.31.0.2:6642", "tcp:[fd00::2]:6642" */
static socklen_t parse_remote(const char *text, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	const char *host = str_after(text, "tcp:"), *colon = host ? strrchr(host, ':') : NULL;
	_cleanup_free_ char *addr = NULL;
	long long port;

	memset(ret, 0, sizeof(*ret));
	if (!colon || parse_int(colon + 1, 1, 65535, &port) < 0)
		return 0;
	addr = *host == '[' ? xstrndup(host + 1, (size_t)(colon - host) - 2)
			    : xstrndup(host, (size_t)(colon - host));
	if (inet_pton(AF_INET, addr, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, addr, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return sizeof(*v6);
}

static void attempt(struct remote *r)
{
	struct sockaddr_storage sa;
	socklen_t len = parse_remote(jstr(r->a->config, "sb_remote", ""), &sa);

	if (!len) { /* not TCP: nothing to try, let the controller say what it thinks of it */
		r->reached = true;
		return;
	}
	r->fd = socket(sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (r->fd >= 0 &&
	    (connect(r->fd, (struct sockaddr *)&sa, len) == 0 || errno == EINPROGRESS)) {
		sd_event_add_io(r->a->ev, &r->io, r->fd, EPOLLOUT, on_io, r);
		loop_after(r->a->ev, TRY_US, on_timer, r, &r->timer);
		return;
	}
	end_attempt(r);
	loop_after(r->a->ev, PAUSE_US, on_timer, r, &r->timer);
}

bool remote_reachable(struct agent *a)
{
	if (a->role != ROLE_CENTRAL_NODE)
		return true;
	if (!a->remote) {
		a->remote = xcalloc(1, sizeof(*a->remote));
		a->remote->a = a;
		a->remote->fd = -1;
		attempt(a->remote);
	}
	return a->remote->reached;
}
