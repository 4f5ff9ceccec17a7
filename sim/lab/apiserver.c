/* SPDX-License-Identifier: Apache-2.0 */
/* Transport: libmicrohttpd in the event loop, one struct api_conn a request. */
#include <errno.h>
#include <fcntl.h>

#include "lab/apiserver_priv.h"
#include "lab/api_priv.h"

/* ---- requests come and go ---- */

/* Called with the request line's URI as it came, before libmicrohttpd decodes it. */
static void *on_uri(void *arg, const char *uri, struct MHD_Connection *mhd)
{
	struct apiserver *s = arg;
	struct api_conn *c = xcalloc(1, sizeof(*c));
	size_t n = strcspn(uri, "?");

	(void)mhd;
	c->s = s;
	c->path = xstrndup(uri, n);
	c->query = uri[n] ? xstrdup(uri + n + 1) : NULL;
	c->next = s->conns;
	if (s->conns)
		s->conns->prev = c;
	s->conns = c;
	return c;
}

static void conn_free(struct api_conn *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		c->s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	sd_event_source_disable_unref(c->hangup);
	sd_event_source_disable_unref(c->watch_end);
	if (c->response)
		MHD_destroy_response(c->response);
	api_call_clear(&c->call);
	api_watch_free(c->watch);
	free(c->method);
	free(c->path);
	free(c->query);
	buf_free(&c->body);
	buf_free(&c->out);
	free(c);
}

static void on_completed(void *arg, struct MHD_Connection *mhd, void **con_cls,
			 enum MHD_RequestTerminationCode why)
{
	struct api_conn *c = *con_cls;

	(void)arg;
	(void)mhd;
	(void)why;
	if (!c)
		return;
	*con_cls = NULL;
	api_conn_cancel(c);
	conn_free(c);
}

/* ---- suspension ---- */

/* libmicrohttpd does not look at suspended connections: see for ourselves when the client leaves. */
static int on_hangup(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	struct api_conn *c = arg;

	(void)src;
	(void)fd;
	(void)events;
	c->gone = true;
	api_conn_cancel(c);
	api_conn_wake(c);
	return 0;
}

void api_conn_suspend(struct api_conn *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

	c->suspended = true;
	MHD_suspend_connection(c->mhd);
	if (info &&
	    sd_event_add_io(c->s->ev, &c->hangup, info->connect_fd, EPOLLRDHUP, on_hangup, c) < 0)
		log_warn("api: cannot watch a connection for its end");
}

void api_conn_wake(struct api_conn *c)
{
	if (!c->suspended)
		return;
	c->suspended = false;
	c->hangup = sd_event_source_disable_unref(c->hangup);
	MHD_resume_connection(c->mhd);
	/* With polling from outside nothing tells libmicrohttpd that a connection was resumed. */
	sd_event_source_set_enabled(c->s->kick, SD_EVENT_ONESHOT);
}

/* ---- answers ---- */

static void add_header(struct MHD_Response *r, const char *name, const char *value)
{
	if (value)
		MHD_add_response_header(r, name, value);
}

/* RFC 7234 §5.5: 299 - "text". Control characters have no place in a header. */
static void add_warning(struct MHD_Response *r, const char *text)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_adds(&b, "299 - \"");
	/* Cut off long texts, between characters. */
	for (size_t i = 0; (i < 1000 || ((unsigned char)text[i] & 0xc0) == 0x80) && text[i]; i++) {
		if (text[i] == '"' || text[i] == '\\')
			buf_addc(&b, '\\');
		buf_addc(&b, (unsigned char)text[i] < 0x20 ? ' ' : text[i]);
	}
	buf_addc(&b, '"');
	MHD_add_response_header(r, "Warning", buf_str(&b));
}

static void set_response(struct api_conn *c, int code, char *text, size_t len, const char *type)
{
	if (c->response)
		MHD_destroy_response(c->response);
	c->response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	c->code = (unsigned)code;
	add_header(c->response, "Content-Type", type);
	add_header(c->response, "Cache-Control", "no-cache, private");
}

static char *json_line(const json_t *json, size_t *ret_len)
{
	_cleanup_free_ char *text = jtext(json);
	struct buf b = BUF_INIT;

	buf_adds(&b, text);
	buf_addc(&b, '\n');
	*ret_len = b.len;
	return buf_take(&b);
}

void api_conn_reply(struct api_conn *c, int code, json_t *json)
{
	size_t len;
	char *text = json_line(json, &len);

	json_decref(json);
	set_response(c, code, text, len, "application/json");
	api_conn_wake(c);
}

static void set_headers(struct api_conn *c, const struct api_response *r)
{
	json_t *w;
	size_t i;

	add_header(c->response, "Allow", r->allow);
	json_array_foreach(r->warnings, i, w)
		if (i < 16)
			add_warning(c->response, json_string_value(w));
}

void api_conn_respond(struct api_conn *c, struct api_response *r)
{
	if (r->watch) {
		api_conn_watch(c, TAKE_PTR(r->watch));
		return;
	}
	if (r->json)
		api_conn_reply(c, r->code, json_incref(r->json));
	else
		set_response(c, r->code, xstrdup(r->text ? r->text : ""),
			     r->text ? strlen(r->text) : 0,
			     r->content_type ? r->content_type : "text/plain");
	set_headers(c, r);
}

/* ---- requests ---- */

static const char *header(const struct api_conn *c, const char *name)
{
	return MHD_lookup_connection_value(c->mhd, MHD_HEADER_KIND, name);
}

static void dispatch(struct api_conn *c)
{
	struct api_request r = {.method = streq(c->method, "HEAD") ? "GET" : c->method,
				.path = c->path,
				.query = c->query,
				.content_type = header(c, "Content-Type"),
				.accept = header(c, "Accept"),
				.body = buf_str(&c->body),
				.body_len = c->body.len};
	_cleanup_response_ struct api_response ret = {0};

	c->dispatched = true;
	if (c->too_large) {
		api_conn_reply(c, 413, status_failure(413, "limit is %u bytes", API_BODY_MAX));
		return;
	}
	if (api_conn_call(c, &r))
		return;
	api_handle(c->s->store, &r, &ret);
	log_debug("api: %s %s %d", c->method, c->path, ret.code);
	api_conn_respond(c, &ret);
}

static void take_body(struct api_conn *c, const char *data, size_t n)
{
	if (c->body.len + n > API_BODY_MAX) {
		c->too_large = true;
		buf_free(&c->body);
	}
	if (!c->too_large)
		buf_add(&c->body, data, n);
}

/* Queues the answer, or waits for it. */
static enum MHD_Result settle(struct api_conn *c)
{
	enum MHD_Result r;

	if (!c->response) {
		api_conn_suspend(c);
		return MHD_YES;
	}
	r = MHD_queue_response(c->mhd, c->code, c->response);
	MHD_destroy_response(c->response);
	c->response = NULL;
	return r;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *mhd, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **con_cls)
{
	struct api_conn *c = *con_cls;

	(void)arg;
	(void)url;
	(void)version;
	if (!c->mhd) {
		c->mhd = mhd;
		c->method = xstrdup(method);
		return MHD_YES;
	}
	if (*data_len) {
		take_body(c, data, *data_len);
		*data_len = 0;
		return MHD_YES;
	}
	if (c->gone)
		return MHD_NO;
	if (!c->dispatched)
		dispatch(c);
	return settle(c);
}

/* ---- the loop ---- */

static void run(struct apiserver *s)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(s->daemon);
	if (MHD_get_timeout(s->daemon, &ms) == MHD_YES) {
		sd_event_source_set_time_relative(s->timer, ms * USEC_PER_MSEC);
		sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
	} else {
		sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
	}
}

static int on_ready(sd_event_source *src, int fd, uint32_t events, void *arg)
{
	(void)src;
	(void)fd;
	(void)events;
	run(arg);
	return 0;
}

static int on_kick(sd_event_source *src, void *arg)
{
	(void)src;
	run(arg);
	return 0;
}

static int on_timer(sd_event_source *src, uint64_t usec, void *arg)
{
	(void)src;
	(void)usec;
	run(arg);
	return 0;
}

static void on_log(void *arg, const char *fmt, va_list ap)
{
	_cleanup_free_ char *text = xvasprintf(fmt, ap);

	(void)arg;
	text[strcspn(text, "\n")] = '\0';
	log_debug("api: %s", text);
}

static int start(struct apiserver *s, int listen_fd, struct err *e)
{
	/* libmicrohttpd closes what it gets, on some failures too. */
	int fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return err_errno(e, errno, "API socket");
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
				     0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER,
				     on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
				     MHD_OPTION_URI_LOG_CALLBACK, on_uri, s,
				     MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_END);
	if (!s->daemon)
		return err_set(e, EIO, "cannot start the HTTP server");
	return 0;
}

static int attach(struct apiserver *s, struct err *e)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int r = info ? 0 : -EIO;

	if (r >= 0)
		r = sd_event_add_io(s->ev, &s->io, info->epoll_fd, EPOLLIN, on_ready, s);
	if (r >= 0)
		r = sd_event_add_time(s->ev, &s->timer, CLOCK_MONOTONIC, UINT64_MAX, 1, on_timer,
				      s);
	if (r >= 0)
		r = sd_event_add_defer(s->ev, &s->kick, on_kick, s);
	if (r >= 0)
		r = sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
	return r < 0 ? err_errno(e, -r, "API server in the event loop") : 0;
}

struct apiserver *apiserver_new(sd_event *ev, int listen_fd, struct store *store, struct err *e)
{
	struct apiserver *s = xcalloc(1, sizeof(*s));

	s->ev = sd_event_ref(ev);
	s->store = store;
	store_add_listener(store, api_feed_watches, s);
	if (start(s, listen_fd, e) < 0 || attach(s, e) < 0) {
		apiserver_free(s);
		return NULL;
	}
	close_fd(listen_fd);
	return s;
}

void apiserver_free(struct apiserver *s)
{
	if (!s)
		return;
	store_del_listener(s->store, api_feed_watches, s);
	for (struct api_conn *c = s->conns; c; c = c->next) {
		c->gone = true;
		api_conn_cancel(c);
		api_conn_wake(c);
	}
	sd_event_source_disable_unref(s->io);
	sd_event_source_disable_unref(s->timer);
	sd_event_source_disable_unref(s->kick);
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	api_routes_free(s);
	sd_event_unref(s->ev);
	free(s);
}
