/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/remote.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/*
 * A lost SYN costs a second by TCP's own clock, so a second attempt starts after 100 ms, a third
 * 200 ms later and so on. The earlier ones stay: on a machine that is busy with sixty nodes an
 * answer may take longer than any pause that is worth having, and an attempt given up for that is
 * work for nothing.
 */
#define FIRST_PAUSE_US (100 * USEC_PER_MSEC)
#define MAX_PAUSE_US (2 * USEC_PER_SEC)
#define ATTEMPTS 6

struct attempt {
	struct remote *r;
	int fd;
	sd_event_source *io;
};

struct remote {
	struct agent *a;
	bool reached;
	struct attempt v[ATTEMPTS];
	size_t next; /* slot of the oldest, to be used again */
	uint64_t pause;
	sd_event_source *timer;
};

static void attempt_end(struct attempt *t)
{
	t->io = sd_event_source_disable_unref(t->io);
	t->fd = close_fd(t->fd);
}

static void reached(struct remote *r)
{
	for (size_t i = 0; i < ATTEMPTS; i++)
		attempt_end(&r->v[i]);
	r->timer = sd_event_source_disable_unref(r->timer);
	r->reached = true;
	agent_phase(r->a, "southbound");
	agent_pump(r->a);
}

static int on_io(sd_event_source *s, int fd, uint32_t events, void *arg)
{
	struct attempt *t = arg;
	socklen_t len = sizeof(int);
	int code = 0;

	(void)s;
	(void)events;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len);
	if (code)
		attempt_end(t); /* the next one is due soon enough */
	else
		reached(t->r);
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

static void attempt_start(struct attempt *t, const struct sockaddr_storage *sa, socklen_t len)
{
	attempt_end(t);
	t->fd = socket(sa->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0 ||
	    (connect(t->fd, (const struct sockaddr *)sa, len) < 0 && errno != EINPROGRESS)) {
		attempt_end(t);
		return;
	}
	sd_event_add_io(t->r->a->ev, &t->io, t->fd, EPOLLOUT, on_io, t);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *arg);

static void attempt(struct remote *r)
{
	struct sockaddr_storage sa;
	socklen_t len = parse_remote(jstr(r->a->config, "sb_remote", ""), &sa);

	if (!len) { /* not TCP: nothing to try, let the controller say what it thinks of it */
		r->reached = true;
		return;
	}
	attempt_start(&r->v[r->next], &sa, len);
	r->next = (r->next + 1) % ATTEMPTS;
	loop_after(r->a->ev, r->pause, on_timer, r, &r->timer);
	r->pause = MIN(2 * r->pause, MAX_PAUSE_US);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	struct remote *r = arg;

	(void)s;
	(void)usec;
	r->timer = sd_event_source_unref(r->timer);
	attempt(r);
	return 0;
}

static struct remote *remote_new(struct agent *a)
{
	struct remote *r = xcalloc(1, sizeof(*r));

	r->a = a;
	r->pause = FIRST_PAUSE_US;
	for (size_t i = 0; i < ATTEMPTS; i++)
		r->v[i] = (struct attempt){.r = r, .fd = -1};
	return r;
}

bool remote_reachable(struct agent *a)
{
	if (a->role != ROLE_CENTRAL_NODE)
		return true;
	if (!a->remote) {
		a->remote = remote_new(a);
		attempt(a->remote);
	}
	return a->remote->reached;
}
