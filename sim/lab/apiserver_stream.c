/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in pieces, and watches, which are such answers fed by the store. */
#include "lab/apiserver_priv.h"

#define BLOCK_SIZE 16384

/* libmicrohttpd wants more: what is there, the end, or sleep until api_stream_flush(). */
static ssize_t on_more(void *arg, uint64_t pos, char *out, size_t max)
{
	struct api_conn *c = arg;
	size_t n = MIN(max, c->out.len);

	(void)pos;
	if (c->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n) {
		memcpy(out, c->out.data, n);
		buf_consume(&c->out, n);
		return (ssize_t)n;
	}
	if (c->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	api_conn_suspend(c);
	return 0;
}

void api_stream_begin(struct api_conn *c, int code)
{
	c->streaming = true;
	c->code = (unsigned)code;
	c->response =
		MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_SIZE, on_more, c, NULL);
	MHD_add_response_header(c->response, "Content-Type", "application/json");
	MHD_add_response_header(c->response, "Cache-Control", "no-cache, private");
	api_conn_wake(c);
}

void api_stream_flush(struct api_conn *c)
{
	if (c->out.len || c->ended)
		api_conn_wake(c);
}

void api_stream_end(struct api_conn *c)
{
	c->ended = true;
	api_stream_flush(c);
}

/* ---- watches ---- */

static int on_watch_end(sd_event_source *src, uint64_t usec, void *arg)
{
	struct api_conn *c = arg;

	(void)src;
	(void)usec;
	if (c->watch->bookmarks && !c->ended)
		api_watch_bookmark(c->watch, c->s->store, false, &c->out);
	api_stream_end(c);
	return 0;
}

static void send_first(struct api_conn *c)
{
	struct api_watch *w = c->watch;
	json_t *ev;
	size_t i;

	json_array_foreach(w->events, i, ev)
		api_watch_write(w, c->s->store, json_string_value(json_object_get(ev, "type")),
				json_object_get(ev, "object"), &c->out);
	if (w->mark_initial && !w->over)
		api_watch_bookmark(w, c->s->store, true, &c->out);
	json_decref(w->events);
	w->events = NULL;
}

void api_conn_watch(struct api_conn *c, struct api_watch *w)
{
	c->watch = w;
	api_stream_begin(c, 200);
	send_first(c);
	if (w->over || loop_after(c->s->ev, w->timeout_us, on_watch_end, c, &c->watch_end) < 0)
		api_stream_end(c);
}

static void feed(struct api_conn *c, const char *type, json_t *obj)
{
	api_watch_write(c->watch, c->s->store, type, obj, &c->out);
	if (c->out.len > API_BACKLOG_MAX) {
		log_warn("api: a watcher of %s lags behind and is cut off", c->path);
		buf_free(&c->out);
		api_stream_end(c);
		return;
	}
	api_stream_flush(c);
}

void api_feed_watches(void *arg, enum store_change change, const struct kind *k, json_t *obj,
		      json_t *old)
{
	struct apiserver *s = arg;

	for (struct api_conn *c = s->conns; c; c = c->next) {
		enum store_change seen;

		if (c->watch && !c->ended && !c->gone &&
		    store_query_change(&c->watch->query, change, k, obj, old, &seen))
			feed(c, store_change_name(seen), obj);
	}
}
