/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Kubernetes-shaped REST API over a unix socket: libmicrohttpd without threads, its epoll
 * descriptor nested in the event loop. What a request on objects means is api_request.h; here are
 * transport, watches, and verbs of the lab's own that may answer late or in pieces.
 */
#ifndef OVNBED_LAB_APISERVER_H
#define OVNBED_LAB_APISERVER_H

#include "api/store.h"
#include "base/json.h"
#include "base/loop.h"

struct apiserver;

/*
 * Serves the store on a listening stream socket, which is taken over on success and closed by
 * apiserver_free(). ev and store must outlive the server. NULL with e set on failure.
 */
struct apiserver *apiserver_new(sd_event *ev, int listen_fd, struct store *store, struct err *e);
/* Ends all connections; open calls are cancelled first. NULL is fine. */
void apiserver_free(struct apiserver *s);

/*
 * A request to a verb. Valid until its on_cancel function has run or, after an answer, until the
 * event loop turns again.
 */
struct api_call;
typedef void (*api_verb_fn)(void *arg, struct api_call *call);

/*
 * Registers a verb: method "POST", path "/apis/ovnbed.io/v1alpha1/probes". A segment "*" matches
 * any one segment. fn is called with arg once the whole request is there and answers with
 * api_call_reply() or a stream, now or later. -EEXIST when method and path are taken.
 */
int apiserver_add_verb(struct apiserver *s, const char *method, const char *path, api_verb_fn fn,
		       void *arg, struct err *e);

const char *api_call_method(const struct api_call *c);
const char *api_call_path(const struct api_call *c);
/* What the i-th "*" of the path matched, decoded; NULL when there is none. Borrowed. */
const char *api_call_part(const struct api_call *c, size_t i);
/* A parameter of the query string, decoded; NULL when absent. Borrowed. */
const char *api_call_query(const struct api_call *c, const char *name);
/* The parsed body, JSON or YAML by content type; {} when there was none. Borrowed. */
const json_t *api_call_body(const struct api_call *c);

/*
 * Answers; json is stolen. The first answer counts, later ones are dropped. fn of on_cancel is not
 * called any more.
 */
void api_call_reply(struct api_call *c, int code, json_t *json);
/*
 * fn(arg) runs when the client goes away, or the server ends, before the answer was given or the
 * stream ended. The call must not be used from then on.
 */
void api_call_on_cancel(struct api_call *c, void (*fn)(void *arg), void *arg);

/* Answers in pieces, one JSON text a line, sent as they come. */
void api_call_stream_begin(struct api_call *c, int code);
void api_call_stream_send(struct api_call *c, json_t *line /* stolen */);
void api_call_stream_end(struct api_call *c);

#endif
