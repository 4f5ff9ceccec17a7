/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/openflow.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/jrpc.h"
#include "ovsdb/openflow_priv.h"

#define READ_CHUNK (64u << 10)
#define READS_PER_WAKE 16

/* ---- memory ---- */

static void enter(struct openflow *of)
{
	of->busy++;
}

/* False when of is gone. */
static bool leave(struct openflow *of)
{
	if (--of->busy > 0 || !of->freed)
		return !of->freed;
	buf_free(&of->in);
	buf_free(&of->out);
	err_clear(&of->refused);
	sd_event_unref(of->ev);
	free(of->name);
	free(of);
	return false;
}

struct of_call *of_take_call(struct openflow *of, uint32_t xid)
{
	for (struct of_call **p = &of->calls; *p; p = &(*p)->next) {
		struct of_call *c = *p;

		if (c->xid != xid)
			continue;
		*p = c->next;
		if (!*p)
			of->calls_end = p;
		return c;
	}
	return NULL;
}

void of_end_call(struct of_call *c, const struct err *e)
{
	sd_event_source_disable_unref(c->timer);
	if (c->done)
		c->done(c->arg, e);
	free(c);
}

void of_forget_changes(struct openflow *of, uint32_t xid)
{
	struct of_change *c;

	while ((c = of->changes) && (int32_t)(c->xid - xid) < 0) {
		of->changes = c->next;
		free(c->text);
		free(c);
	}
	if (!of->changes)
		of->changes_end = &of->changes;
}

static void stop(struct openflow *of)
{
	of->dead = true;
	of->ready = false;
	of->io = sd_event_source_disable_unref(of->io);
	of->defer = sd_event_source_disable_unref(of->defer);
	of->fd = close_fd(of->fd);
	of_forget_changes(of, of->xid + 1);
	buf_free(&of->out);
}

static void fail_calls(struct openflow *of, const char *why)
{
	struct of_call *c;

	while ((c = of->calls)) {
		_cleanup_err_ struct err e = ERR_INIT;

		of_take_call(of, c->xid);
		err_set(&e, ECONNRESET, "%s: %s: %s", of->name, c->what, why);
		of_end_call(c, &e);
	}
}

void of_die(struct openflow *of, const char *why)
{
	if (of->dead)
		return;
	stop(of);
	enter(of);
	fail_calls(of, why);
	if (!of->freed && of->ops && of->ops->closed)
		of->ops->closed(of->arg, of, why);
	leave(of);
}

void openflow_free(struct openflow *of)
{
	if (!of || of->freed)
		return;
	of->freed = true;
	enter(of);
	if (!of->dead)
		stop(of);
	fail_calls(of, "cancelled");
	leave(of);
}

/* ---- input and output ---- */

/* >0 bytes came, 0 none are there, <0 the connection is over. */
static ssize_t read_some(struct openflow *of)
{
	ssize_t n;

	buf_reserve(&of->in, READ_CHUNK);
	n = read(of->fd, of->in.data + of->in.len, READ_CHUNK);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	of->in.len += (size_t)n;
	of->in.data[of->in.len] = '\0';
	return n;
}

static void on_input(struct openflow *of)
{
	for (int i = 0; i < READS_PER_WAKE && !of->dead && !of->freed; i++) {
		ssize_t n = read_some(of);

		if (n == 0)
			return;
		if (n < 0)
			of_die(of, n == -ECONNRESET ? "connection closed" : strerror((int)-n));
		else if (of_take_messages(of) < 0)
			of_die(of, "malformed OpenFlow message");
	}
}

static int on_defer(sd_event_source *s, void *arg)
{
	(void)s;
	of_die(arg, "connection closed");
	return 0;
}

void of_flush(struct openflow *of)
{
	while (of->out.len) {
		ssize_t n = send(of->fd, of->out.data, of->out.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			buf_free(&of->out);
			if (!of->defer)
				sd_event_add_defer(of->ev, &of->defer, on_defer, of);
			break;
		}
		if (n < 0)
			break;
		buf_consume(&of->out, (size_t)n);
	}
	sd_event_source_set_io_events(of->io, EPOLLIN | (of->out.len ? EPOLLOUT : 0u));
}

static int on_io(sd_event_source *s, int fd, uint32_t revents, void *arg)
{
	struct openflow *of = arg;

	(void)s;
	(void)fd;
	enter(of);
	if (revents & EPOLLOUT)
		of_flush(of);
	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		on_input(of);
	leave(of);
	return 0;
}

struct openflow *openflow_open_fd(sd_event *ev, int fd, const char *name,
				  const struct openflow_ops *ops, void *arg)
{
	struct openflow *of = xcalloc(1, sizeof(*of));

	*of = (struct openflow){
		.ev = sd_event_ref(ev), .fd = fd, .name = xstrdup(name), .ops = ops, .arg = arg};
	of->changes_end = &of->changes;
	of->calls_end = &of->calls;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	sd_event_add_io(ev, &of->io, fd, EPOLLIN, on_io, of);
	ofp_put_hello(&of->out, ++of->xid);
	of_flush(of);
	return of;
}

struct openflow *openflow_open(sd_event *ev, const char *path, const struct openflow_ops *ops,
			       void *arg, struct err *e)
{
	int fd = unix_connect(path, e);

	return fd < 0 ? NULL : openflow_open_fd(ev, fd, path, ops, arg);
}

bool openflow_is_ready(const struct openflow *of)
{
	return of && of->ready;
}
