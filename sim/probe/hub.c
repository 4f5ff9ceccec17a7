/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to traffic agents: connect, synchronise, hello; again when one is lost. */
#include "probe/hub.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "probe/proto.h"

#define RETRY_FIRST_US (20 * USEC_PER_MSEC)
#define RETRY_MAX_US USEC_PER_SEC
/* A guest that boots answers none of the tokens sent to it before; another one is sent then. */
#define SYNC_AGAIN_US USEC_PER_SEC
#define HELLO_TIMEOUT_US (10 * USEC_PER_SEC)

struct endpoint {
	struct endpoint *next;
	struct probe_hub *hub;
	char *name, *path, *why;
	/* At most one of sync_fd and rpc is there. */
	int sync_fd;
	sd_event_source *sync_io, *timer;
	struct jrpc *rpc;
	json_t *hello; /* not NULL: ready */
	uint64_t retry_us;
	uint32_t token, last_number; /* awaited; the newest number given to one */
	char window[PROBE_SYNC_LEN]; /* the last bytes that arrived */
};

struct call {
	struct call *next, **prev;
	struct probe_hub *hub;
	char *name, *method;
	hub_reply_fn fn;
	void *arg;
	sd_event_source *defer;
	struct err e; /* of a call that could not be sent */
};

static void try_connect(struct endpoint *ep);

static struct endpoint *find(const struct probe_hub *h, const char *name)
{
	struct endpoint *ep = h->endpoints;

	while (ep && !streq(ep->name, name))
		ep = ep->next;
	return ep;
}

static void set_why(struct endpoint *ep, const char *why)
{
	char *copy = xstrdup(why);

	free(ep->why);
	ep->why = copy;
}

/* ---- synchronisation and hello ---- */

static void drop_connection(struct endpoint *ep)
{
	struct jrpc *rpc = TAKE_PTR(ep->rpc);
	json_t *hello = TAKE_PTR(ep->hello);

	ep->sync_io = sd_event_source_disable_unref(ep->sync_io);
	ep->timer = sd_event_source_disable_unref(ep->timer);
	ep->sync_fd = close_fd(ep->sync_fd);
	json_decref(hello);
	jrpc_free(rpc); /* pending calls fail here: the endpoint is down already */
	if (hello && ep->hub->state_fn)
		ep->hub->state_fn(ep->hub->state_arg, ep->name, false, ep->why);
}

static int on_retry(sd_event_source *s UNUSED, uint64_t usec UNUSED, void *arg)
{
	struct endpoint *ep = arg;

	ep->timer = sd_event_source_disable_unref(ep->timer);
	try_connect(ep);
	return 0;
}

static void connect_later(struct endpoint *ep, const char *why)
{
	bool was_ready = ep->hello;

	set_why(ep, why);
	drop_connection(ep);
	if (was_ready)
		ep->retry_us = RETRY_FIRST_US;
	loop_after(ep->hub->ev, ep->retry_us, on_retry, ep, &ep->timer);
	ep->retry_us = MIN(ep->retry_us * 2, RETRY_MAX_US);
}

static void on_closed(void *arg, struct jrpc *j UNUSED, const char *why)
{
	connect_later(arg, why);
}

/* The agent speaks first only when it has just started. */
static void on_request(void *arg, struct jrpc *j UNUSED, const char *method, const json_t *params,
		       const json_t *id UNUSED)
{
	struct endpoint *ep = arg;

	if (!streq(method, "hello") ||
	    streq0(jstr(params, "boot", ""), jstr(ep->hello, "boot", NULL)))
		return;
	connect_later(ep, "agent restarted");
}

static const struct jrpc_ops rpc_ops = {.request = on_request, .closed = on_closed};

static void on_hello(void *arg, const json_t *result, const json_t *error)
{
	struct endpoint *ep = arg;

	if (!ep->rpc)
		return; /* the connection is being dropped */
	if (!result) {
		connect_later(ep, json_is_string(error) ? json_string_value(error)
							: jstr(error, "message", "hello refused"));
		return;
	}
	if (jint(result, "version", 0) != PROBE_PROTO_VERSION) {
		connect_later(ep, "the agent speaks another version of the protocol");
		return;
	}
	ep->hello = json_deep_copy(result);
	ep->retry_us = RETRY_FIRST_US;
	set_why(ep, "");
	if (ep->hub->state_fn)
		ep->hub->state_fn(ep->hub->state_arg, ep->name, true, NULL);
}

static void synchronised(struct endpoint *ep)
{
	int fd = TAKE_FD(ep->sync_fd);

	ep->sync_io = sd_event_source_disable_unref(ep->sync_io);
	ep->timer = sd_event_source_disable_unref(ep->timer);
	ep->rpc = jrpc_new(ep->hub->ev, fd, &rpc_ops, ep);
	set_why(ep, "no answer to hello yet");
	if (jrpc_call(ep->rpc, "hello", json_object(), HELLO_TIMEOUT_US, on_hello, ep) < 0)
		connect_later(ep, "connection lost");
}

static void token_text(uint32_t token, char out[static PROBE_SYNC_LEN + 1])
{
	snprintf(out, PROBE_SYNC_LEN + 1, "%c%08x\n", PROBE_SYNC, token);
}

static int on_sync_timer(sd_event_source *s, uint64_t usec, void *arg);

static void send_token(struct endpoint *ep)
{
	char text[PROBE_SYNC_LEN + 1];
	ssize_t n;

	token_text(++ep->last_number, text);
	n = send(ep->sync_fd, text, PROBE_SYNC_LEN, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		connect_later(ep, strerror(errno));
		return;
	}
	/* A full pipe (nobody reads at the other end yet): an older token is still good. */
	if (n == PROBE_SYNC_LEN)
		ep->token = ep->last_number;
	ep->timer = sd_event_source_disable_unref(ep->timer);
	loop_after(ep->hub->ev, SYNC_AGAIN_US, on_sync_timer, ep, &ep->timer);
}

static int on_sync_timer(sd_event_source *s UNUSED, uint64_t usec UNUSED, void *arg)
{
	send_token(arg);
	return 0;
}

/* Shifts c into the window; true when the newest token is in it. */
static bool sees_token(struct endpoint *ep, char c)
{
	char text[PROBE_SYNC_LEN + 1];

	memmove(ep->window, ep->window + 1, sizeof(ep->window) - 1);
	ep->window[sizeof(ep->window) - 1] = c;
	if (c != '\n' || ep->window[0] != PROBE_SYNC)
		return false;
	token_text(ep->token, text);
	return memcmp(ep->window, text, PROBE_SYNC_LEN) == 0;
}

/* Byte by byte, so that nothing behind the token is taken from the connection. */
static int on_sync_input(sd_event_source *s UNUSED, int fd, uint32_t revents UNUSED, void *arg)
{
	struct endpoint *ep = arg;
	bool heard = false;
	ssize_t n;
	char c;

	while ((n = read(fd, &c, 1)) == 1) {
		if (sees_token(ep, c)) {
			synchronised(ep);
			return 0;
		}
		heard = true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		connect_later(ep, n == 0 ? "connection closed" : strerror(errno));
	else if (heard && memchr(ep->window, '}', sizeof(ep->window)))
		send_token(ep); /* a hello: the agent has just opened its port */
	return 0;
}

static void try_connect(struct endpoint *ep)
{
	_cleanup_err_ struct err e = ERR_INIT;
	int fd = unix_connect(ep->path, &e);

	if (fd < 0) {
		connect_later(ep, err_msg(&e));
		return;
	}
	ep->sync_fd = fd;
	memset(ep->window, 0, sizeof(ep->window));
	set_why(ep, "no answer from the agent yet");
	if (sd_event_add_io(ep->hub->ev, &ep->sync_io, fd, EPOLLIN, on_sync_input, ep) < 0)
		connect_later(ep, "cannot watch the connection");
	else
		send_token(ep);
}

/* ---- the set of endpoints ---- */

struct probe_hub *hub_new(sd_event *ev)
{
	struct probe_hub *h = xcalloc(1, sizeof(*h));

	h->ev = sd_event_ref(ev);
	return h;
}

static void endpoint_free(struct endpoint *ep)
{
	drop_connection(ep);
	free(ep->name);
	free(ep->path);
	free(ep->why);
	free(ep);
}

void hub_on_state(struct probe_hub *h, hub_state_fn fn, void *arg)
{
	h->state_fn = fn;
	h->state_arg = arg;
}

void hub_add(struct probe_hub *h, const char *name, const char *sockpath)
{
	struct endpoint *ep = find(h, name);

	if (ep && streq(ep->path, sockpath))
		return;
	if (!ep) {
		ep = xcalloc(1, sizeof(*ep));
		ep->hub = h;
		ep->name = xstrdup(name);
		ep->sync_fd = -1;
		ep->next = h->endpoints;
		h->endpoints = ep;
	}
	free(ep->path);
	ep->path = xstrdup(sockpath);
	set_why(ep, "not connected yet");
	drop_connection(ep);
	ep->retry_us = RETRY_FIRST_US;
	loop_after(h->ev, 0, on_retry, ep, &ep->timer);
}

void hub_remove(struct probe_hub *h, const char *name)
{
	for (struct endpoint **p = &h->endpoints; *p; p = &(*p)->next) {
		struct endpoint *ep = *p;

		if (!streq(ep->name, name))
			continue;
		*p = ep->next;
		set_why(ep, "removed");
		endpoint_free(ep);
		return;
	}
}

bool hub_ready(const struct probe_hub *h, const char *name)
{
	const struct endpoint *ep = find(h, name);

	return ep && ep->hello;
}

const json_t *hub_hello(const struct probe_hub *h, const char *name)
{
	const struct endpoint *ep = find(h, name);

	return ep ? ep->hello : NULL;
}

const char *hub_why(const struct probe_hub *h, const char *name)
{
	const struct endpoint *ep = find(h, name);

	return ep ? ep->why : "unknown endpoint";
}

/* ---- calls ---- */

static struct call *call_new(struct probe_hub *h, const char *name, const char *method,
			     hub_reply_fn fn, void *arg)
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->hub = h;
	c->name = xstrdup(name);
	c->method = xstrdup(method);
	c->fn = fn;
	c->arg = arg;
	c->next = h->calls;
	c->prev = &h->calls;
	if (c->next)
		c->next->prev = &c->next;
	h->calls = c;
	return c;
}

/* Answers and frees. */
static void call_end(struct call *c, const json_t *result, const struct err *e)
{
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	sd_event_source_disable_unref(c->defer);
	c->fn(c->arg, result, e);
	err_clear(&c->e);
	free(c->name);
	free(c->method);
	free(c);
}

static int on_failed_call(sd_event_source *s UNUSED, void *arg)
{
	struct call *c = arg;

	call_end(c, NULL, &c->e);
	return 0;
}

/* The agent's own error; or text from the RPC layer: the connection died, or silence. */
static void parse_error(const struct call *c, const json_t *error, bool alive, struct err *e)
{
	if (json_is_object(error))
		err_set(e, (int)jint(error, "code", EIO), "%s: %s: %s", c->name, c->method,
			jstr(error, "message", "failed"));
	else
		err_set(e, alive ? ETIMEDOUT : EHOSTDOWN, "%s: %s", c->name,
			json_is_string(error) ? json_string_value(error) : "connection lost");
}

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct call *c = arg;
	struct endpoint *ep = find(c->hub, c->name);
	bool alive = ep && jrpc_alive(ep->rpc);

	if (result) {
		call_end(c, result, NULL);
		return;
	}
	parse_error(c, error, alive, &e);
	call_end(c, NULL, &e);
	if (e.code == ETIMEDOUT && !json_is_object(error) && alive)
		connect_later(ep, err_msg(&e));
}

void hub_call(struct probe_hub *h, const char *name, const char *method, json_t *params,
	      uint64_t timeout_us, hub_reply_fn fn, void *arg)
{
	struct endpoint *ep = find(h, name);
	struct call *c = call_new(h, name, method, fn, arg);
	long id = -ENOTCONN;

	if (!params)
		params = json_object();
	if (ep && ep->hello)
		id = jrpc_call(ep->rpc, method, params, timeout_us, on_reply, c);
	else
		json_decref(params);
	if (id >= 0)
		return;
	err_set(&c->e, EHOSTDOWN, "%s: %s: agent not connected: %s", name, method,
		hub_why(h, name));
	if (sd_event_add_defer(h->ev, &c->defer, on_failed_call, c) < 0)
		abort();
}

void hub_free(struct probe_hub *h)
{
	struct endpoint *ep;

	if (!h)
		return;
	h->state_fn = NULL;
	job_end_all(h);
	while ((ep = h->endpoints)) {
		h->endpoints = ep->next;
		set_why(ep, "shutting down");
		endpoint_free(ep);
	}
	while (h->calls)
		call_end(h->calls, NULL, &h->calls->e);
	job_free_all(h);
	sd_event_unref(h->ev);
	free(h);
}
