/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jrpc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/buf.h"

#define READ_CHUNK (64u << 10)
#define READS_PER_WAKE 16
/* Output that a peer leaves unread beyond this is a dead peer, not a slow one. */
#define MAX_BACKLOG (256u << 20)

struct call {
	struct call *next;
	struct jrpc *j;
	long id;
	jrpc_reply_fn reply;
	void *arg;
	sd_event_source *timer;
	uint64_t timeout_us;
	char *method;
};

struct jrpc {
	sd_event *ev;
	int fd;
	sd_event_source *io;
	sd_event_source
		*defer; /* closes after a failed write, from the loop and not from the caller */
	const struct jrpc_ops *ops;
	void *arg;
	struct buf in, out;
	struct jscan scan;
	struct call *calls; /* oldest first */
	long next_id;
	int busy; /* callbacks on the stack: a free inside one is carried out behind the last */
	bool dead, freed;
};

static void call_free(struct call *c)
{
	sd_event_source_disable_unref(c->timer);
	free(c->method);
	free(c);
}

static void jrpc_enter(struct jrpc *j)
{
	j->busy++;
}

/* Returns false when j is gone. */
static bool jrpc_leave(struct jrpc *j)
{
	if (--j->busy > 0 || !j->freed)
		return !j->freed;
	buf_free(&j->in);
	buf_free(&j->out);
	sd_event_unref(j->ev);
	free(j);
	return false;
}

/* Stops all I/O; pending calls stay. */
static void jrpc_stop(struct jrpc *j)
{
	j->dead = true;
	j->io = sd_event_source_disable_unref(j->io);
	j->defer = sd_event_source_disable_unref(j->defer);
	j->fd = close_fd(j->fd);
	buf_free(&j->out);
}

static void fail_calls(struct jrpc *j, const char *why)
{
	struct call *c;

	while ((c = j->calls)) {
		_cleanup_json_ json_t *error = jstringf("%s: %s", c->method, why);

		j->calls = c->next;
		c->reply(c->arg, NULL, error);
		call_free(c);
	}
}

static void jrpc_die(struct jrpc *j, const char *why)
{
	if (j->dead)
		return;
	jrpc_stop(j);
	jrpc_enter(j);
	fail_calls(j, why);
	if (!j->freed && j->ops && j->ops->closed)
		j->ops->closed(j->arg, j, why);
	jrpc_leave(j);
}

static struct call *take_call(struct jrpc *j, long id)
{
	for (struct call **p = &j->calls; *p; p = &(*p)->next) {
		struct call *c = *p;

		if (c->id == id) {
			*p = c->next;
			return c;
		}
	}
	return NULL;
}

static void on_reply(struct jrpc *j, const json_t *msg)
{
	const json_t *result = json_object_get(msg, "result");
	const json_t *error = json_object_get(msg, "error");
	_cleanup_json_ json_t *null = json_null();
	struct call *c = take_call(j, (long)jint(msg, "id", -1));

	if (!c)
		return; /* cancelled, timed out, or never asked */
	if (error && !json_is_null(error))
		c->reply(c->arg, NULL, error);
	else
		c->reply(c->arg, result ? result : null, NULL);
	call_free(c);
}

static void on_request(struct jrpc *j, const json_t *msg, const char *method)
{
	const json_t *params = json_object_get(msg, "params");
	const json_t *id = json_object_get(msg, "id");

	if (json_is_null(id))
		id = NULL;
	if (id && streq(method, "echo"))
		jrpc_reply(j, id, params ? json_deep_copy(params) : json_array(), NULL);
	else if (j->ops && j->ops->request)
		j->ops->request(j->arg, j, method, params, id);
	else if (id)
		jrpc_reply(j, id, NULL, jstringf("unknown method \"%s\"", method));
}

/* 0, or -EPROTO when text is no JSON-RPC message. */
static int on_text(struct jrpc *j, const char *text, size_t len)
{
	_cleanup_json_ json_t *msg = json_loadb(text, len, 0, NULL);
	const char *method = jstr(msg, "method", NULL);

	if (!json_is_object(msg))
		return -EPROTO;
	if (method)
		on_request(j, msg, method);
	else if (json_object_get(msg, "id"))
		on_reply(j, msg);
	else
		return -EPROTO;
	return 0;
}

/* Hands out every complete message. Returns 0, or -EPROTO when the stream is garbage. */
static int drain(struct jrpc *j)
{
	size_t done = 0;
	ssize_t n = 0;
	int r = 0;

	while (!j->dead && r == 0 &&
	       (n = jscan_feed(&j->scan, j->in.data + done, j->in.len - done)) > 0) {
		j->scan = (struct jscan){0};
		r = on_text(j, j->in.data + done, (size_t)n);
		done += (size_t)n;
	}
	buf_consume(&j->in, done);
	return r < 0 ? r : n < 0 ? (int)n : 0;
}

static ssize_t read_some(struct jrpc *j)
{
	ssize_t n;

	buf_reserve(&j->in, READ_CHUNK);
	n = read(j->fd, j->in.data + j->in.len, READ_CHUNK);
	if (n > 0) {
		j->in.len += (size_t)n;
		j->in.data[j->in.len] = '\0';
	}
	return n < 0 ? -errno : n;
}

/* Reads and hands out what is there; NULL, or why the stream is over. */
static const char *pump_in(struct jrpc *j)
{
	for (int i = 0; i < READS_PER_WAKE && !j->dead; i++) {
		ssize_t n = read_some(j);

		if (n == -EAGAIN || n == -EINTR)
			return NULL;
		if (n == 0)
			return j->in.len ? "connection closed inside a message"
					 : "connection closed";
		if (n < 0)
			return strerror((int)-n);
		if (drain(j) < 0)
			return "peer sent something that is not JSON-RPC";
		if (j->in.len > JRPC_MAX_MESSAGE)
			return "message too large";
	}
	return NULL;
}

static ssize_t write_some(struct jrpc *j, const char *p, size_t n)
{
	ssize_t r = send(j->fd, p, n, MSG_NOSIGNAL);

	if (r < 0 && errno == ENOTSOCK)
		r = write(j->fd, p, n);
	return r < 0 ? -errno : r;
}

static void pump_out(struct jrpc *j)
{
	size_t done = 0;
	ssize_t n = 0;

	while (done < j->out.len && (n = write_some(j, j->out.data + done, j->out.len - done)) > 0)
		done += (size_t)n;
	buf_consume(&j->out, done);
	if (n < 0 && n != -EAGAIN && n != -EINTR)
		sd_event_source_set_enabled(j->defer, SD_EVENT_ONESHOT);
	if (!j->out.len)
		buf_free(&j->out);
	sd_event_source_set_io_events(j->io, EPOLLIN | (j->out.len ? (uint32_t)EPOLLOUT : 0));
}

static int on_io(sd_event_source *s UNUSED, int fd UNUSED, uint32_t revents, void *arg)
{
	struct jrpc *j = arg;
	const char *why = NULL;

	jrpc_enter(j);
	if (revents & EPOLLOUT)
		pump_out(j);
	if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		why = pump_in(j);
	if (why)
		jrpc_die(j, why);
	jrpc_leave(j);
	return 0;
}

/* A write failed: take what the peer still said, then close. */
static int on_defer(sd_event_source *s UNUSED, void *arg)
{
	struct jrpc *j = arg;
	const char *why;

	jrpc_enter(j);
	why = pump_in(j);
	jrpc_die(j, why ? why : "connection closed by peer");
	jrpc_leave(j);
	return 0;
}

static int send_msg(struct jrpc *j, json_t *msg)
{
	_cleanup_json_ json_t *m = msg;
	_cleanup_free_ char *text = NULL;

	if (j->dead)
		return -ENOTCONN;
	if (j->out.len > MAX_BACKLOG)
		return -ENOBUFS;
	text = json_dumps(m, JSON_COMPACT);
	if (!text)
		return -EINVAL;
	buf_adds(&j->out, text);
	pump_out(j);
	return 0;
}

struct jrpc *jrpc_new(sd_event *ev, int fd, const struct jrpc_ops *ops, void *arg)
{
	struct jrpc *j = xcalloc(1, sizeof(*j));

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	j->ev = sd_event_ref(ev);
	j->fd = fd;
	j->ops = ops;
	j->arg = arg;
	j->next_id = 1;
	if (sd_event_add_io(ev, &j->io, fd, EPOLLIN, on_io, j) < 0 ||
	    sd_event_add_defer(ev, &j->defer, on_defer, j) < 0)
		abort(); /* no memory, or not a pollable descriptor: a programming error */
	sd_event_source_set_enabled(j->defer, SD_EVENT_OFF);
	return j;
}

void jrpc_free(struct jrpc *j)
{
	if (!j || j->freed)
		return;
	jrpc_enter(j);
	j->freed = true;
	jrpc_stop(j);
	fail_calls(j, "connection closed");
	jrpc_leave(j);
}

bool jrpc_alive(const struct jrpc *j)
{
	return j && !j->dead;
}

static int on_timeout(sd_event_source *s UNUSED, uint64_t usec UNUSED, void *arg)
{
	struct call *c = arg;
	struct jrpc *j = c->j;
	_cleanup_json_ json_t *error =
		jstringf("%s: no answer within %.1f s", c->method, (double)c->timeout_us / 1e6);

	jrpc_enter(j);
	take_call(j, c->id);
	c->reply(c->arg, NULL, error);
	call_free(c);
	jrpc_leave(j);
	return 0;
}

static void add_call(struct jrpc *j, struct call *c)
{
	struct call **p = &j->calls;

	while (*p)
		p = &(*p)->next;
	*p = c;
}

long jrpc_call(struct jrpc *j, const char *method, json_t *params, uint64_t timeout_us,
	       jrpc_reply_fn reply, void *arg)
{
	long id = j->next_id++;
	struct call *c;
	int r = send_msg(j,
			 json_pack("{s:o, s:s, s:o}", "id", reply ? json_integer(id) : json_null(),
				   "method", method, "params", params));

	if (r < 0 || !reply)
		return r < 0 ? r : id;
	c = xcalloc(1, sizeof(*c));
	c->j = j;
	c->id = id;
	c->reply = reply;
	c->arg = arg;
	c->timeout_us = timeout_us;
	c->method = xstrdup(method);
	if (timeout_us)
		loop_after(j->ev, timeout_us, on_timeout, c, &c->timer);
	add_call(j, c);
	return id;
}

int jrpc_notify(struct jrpc *j, const char *method, json_t *params)
{
	long r = jrpc_call(j, method, params, 0, NULL, NULL);

	return r < 0 ? (int)r : 0;
}

void jrpc_cancel(struct jrpc *j, long id)
{
	struct call *c = take_call(j, id);

	if (c)
		call_free(c);
}

int jrpc_reply(struct jrpc *j, const json_t *id, json_t *result, json_t *error)
{
	return send_msg(j, json_pack("{s:O, s:o, s:o}", "id", (json_t *)id, "result",
				     result ? result : json_null(), "error",
				     error ? error : json_null()));
}

size_t jrpc_backlog(const struct jrpc *j)
{
	return j->out.len;
}
