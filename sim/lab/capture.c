/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's side of a capture: forks the child, reads its two lines. */
#include "lab/capture_priv.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/log.h"

#define START_TIMEOUT_US (10 * USEC_PER_SEC)
#define STOP_TIMEOUT_US (10 * USEC_PER_SEC)

struct capture {
	pid_t pid;
	int fd;
	struct buf in;
};

void capture_place_free(struct capture_place *p)
{
	free(p->at);
	free(p->ifname);
	free(p->filter);
	*p = (struct capture_place){.fd = -1};
}

int capture_fd(const struct capture *c)
{
	return c->fd;
}

/* One line from the child; NULL with e set when it died or end (0: never) has passed. */
static json_t *read_line(struct capture *c, uint64_t end, struct err *e)
{
	char tmp[65536], *nl;

	while (!c->in.data || !(nl = memchr(c->in.data, '\n', c->in.len))) {
		struct pollfd p = {.fd = c->fd, .events = POLLIN};
		uint64_t now = mono_usec();
		int left = !end ? -1 : now >= end ? 0 : (int)((end - now) / USEC_PER_MSEC) + 1;
		int r = poll(&p, 1, left);
		ssize_t n = r > 0 ? read(c->fd, tmp, sizeof(tmp)) : r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err_set(e, r == 0 ? ETIMEDOUT : EPIPE,
				r == 0 ? "the capture did not answer in time"
				       : "the capture's process died");
			return NULL;
		}
		buf_add(&c->in, tmp, (size_t)n);
	}
	{
		size_t len = (size_t)(nl - c->in.data);
		json_t *j = jparse(c->in.data, len, e);

		buf_consume(&c->in, len + 1);
		return j;
	}
}

static void reap(struct capture *c)
{
	/* The supervisor's reaper may have been first. */
	while (c->pid > 0 && waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
}

void capture_free(struct capture *c)
{
	if (!c)
		return;
	close_fd(c->fd);
	if (c->pid > 0)
		kill(c->pid, SIGKILL);
	reap(c);
	buf_free(&c->in);
	free(c);
}

int capture_start(const struct capture_spec *s, struct capture **ret, struct err *e)
{
	_cleanup_capture_ struct capture *c = xcalloc(1, sizeof(*c));
	_cleanup_json_ json_t *line = NULL;
	int sp[2];

	c->fd = -1;
	if (!s->n)
		return err_set(e, EINVAL, "no place to capture at");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) < 0)
		return err_errno(e, errno, "socketpair");
	fflush(NULL);
	c->pid = fork();
	if (c->pid == 0)
		capture_child(s, sp[1]);
	c->fd = sp[0];
	close_fd(sp[1]);
	if (c->pid < 0)
		return err_errno(e, errno, "fork");
	line = read_line(c, mono_usec() + START_TIMEOUT_US, e);
	if (!line)
		return -e->code;
	if (!jbool(line, "ready", false))
		return err_set(e, (int)jint(line, "code", EIO), "%s", jstr(line, "error", "?"));
	*ret = TAKE_PTR(c);
	return 0;
}

static int collect(struct capture *c, uint64_t end, json_t **ret, struct err *e)
{
	json_t *line = read_line(c, end, e);

	if (!line)
		return -e->code;
	reap(c);
	*ret = line;
	return 0;
}

int capture_stop(struct capture *c, json_t **ret, struct err *e)
{
	shutdown(c->fd, SHUT_WR);
	return collect(c, mono_usec() + STOP_TIMEOUT_US, ret, e);
}

int capture_wait(struct capture *c, json_t **ret, struct err *e)
{
	return collect(c, 0, ret, e);
}
