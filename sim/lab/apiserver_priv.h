/* SPDX-License-Identifier: Apache-2.0 */
/* Shared between the files of apiserver.h. */
#ifndef OVNBED_LAB_APISERVER_PRIV_H
#define OVNBED_LAB_APISERVER_PRIV_H

#include <microhttpd.h>

#include "lab/api_request.h"
#include "lab/apiserver.h"

#define API_BACKLOG_MAX (32u << 20) /* bytes a slow watcher may lag behind */

struct api_conn;

struct api_route {
	char *method;
	json_t *segments; /* "*" matches any one */
	api_verb_fn fn;
	void *arg;
};

struct apiserver {
	sd_event *ev;
	struct store *store;
	struct MHD_Daemon *daemon;
	sd_event_source *io, *timer, *kick;
	struct api_route *routes;
	size_t n_routes;
	struct api_conn *conns; /* all requests that are not completed */
};

struct api_call {
	json_t *parts, *query, *body; /* owned */
	void (*cancel)(void *arg);
	void *cancel_arg;
	bool done; /* answered, ended or cancelled */
};

/* One request on a connection, from its first byte to its completion. */
struct api_conn {
	struct apiserver *s;
	struct api_conn *prev, *next;
	struct MHD_Connection *mhd; /* NULL until its headers are there */
	char *method, *path, *query;
	struct buf body;
	bool too_large;	 /* the body is beyond the limit and dropped */
	bool dispatched; /* the request was acted on */
	bool suspended;	 /* libmicrohttpd leaves it alone until api_conn_wake() */
	bool gone;	 /* the client has left */
	sd_event_source *hangup;

	struct MHD_Response *response; /* to be queued */
	unsigned code;
	bool streaming, ended;
	struct buf out; /* of a stream: not yet taken by libmicrohttpd */

	bool is_call;
	struct api_call call;
	struct api_watch *watch;
	sd_event_source *watch_end;
};

static inline struct api_conn *api_call_conn(const struct api_call *c)
{
	return (struct api_conn *)((char *)c - offsetof(struct api_conn, call));
}

/* ---- apiserver.c ---- */

/* Lets libmicrohttpd go on with a suspended request: an answer or more data is there. */
void api_conn_wake(struct api_conn *c);
/* Suspends it; its client's leaving is noticed. Only from within libmicrohttpd's callbacks. */
void api_conn_suspend(struct api_conn *c);
/* Answers with JSON (stolen). */
void api_conn_reply(struct api_conn *c, int code, json_t *json);
/* Answers with what api_handle() made; takes r->watch. */
void api_conn_respond(struct api_conn *c, struct api_response *r);

/* ---- apiserver_stream.c ---- */

/* Answers in pieces. */
void api_stream_begin(struct api_conn *c, int code);
/* Text was added to c->out: send it. */
void api_stream_flush(struct api_conn *c);
void api_stream_end(struct api_conn *c);
/* Starts to serve a watch (stolen). */
void api_conn_watch(struct api_conn *c, struct api_watch *w);
/* Store listener: feeds all watches. arg is the server. */
void api_feed_watches(void *arg, enum store_change change, const struct kind *k, json_t *obj,
		      json_t *old);

/* ---- apiserver_call.c ---- */

/* Hands the request to a verb. False when no verb has this path. */
bool api_conn_call(struct api_conn *c, const struct api_request *r);
void api_conn_cancel(struct api_conn *c);
void api_call_clear(struct api_call *call);
void api_routes_free(struct apiserver *s);

#endif
