/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC 1.0 over a stream socket, asynchronous on an sd-event loop. One module for OVSDB
 * (RFC 7047 §4), unixctl (OVS lib/unixctl.c), the supervisor's talk with node agents and with
 * traffic agents. JSON texts follow each other without separators.
 */
#ifndef OVNBED_BASE_JRPC_H
#define OVNBED_BASE_JRPC_H

#include "base/json.h"
#include "base/loop.h"

/* Finds the end of the first JSON text in data[0..len). Keeps its state between calls. */
struct jscan {
	size_t pos;
	int depth;
	bool in_string, escape, started;
};
/* >0: length of the complete first text; 0: more bytes needed; -EPROTO: not an object or array. */
ssize_t jscan_feed(struct jscan *s, const char *data, size_t len);

#define JRPC_MAX_MESSAGE (64u << 20)

struct jrpc;

/* Answer to a call: exactly one of result / error is non-NULL (both borrowed). error is never JSON
 * null; result is JSON null when the peer gave neither. When the connection died or the call timed
 * out, result is NULL and error is a JSON string. */
typedef void (*jrpc_reply_fn)(void *arg, const json_t *result, const json_t *error);
/* Incoming request (id non-NULL) or notification (id NULL). Answer with jrpc_reply(). */
typedef void (*jrpc_request_fn)(void *arg, struct jrpc *j, const char *method, const json_t *params,
				const json_t *id);
/* The stream ended or broke; called once. The jrpc may be freed inside. why is borrowed. */
typedef void (*jrpc_closed_fn)(void *arg, struct jrpc *j, const char *why);

struct jrpc_ops {
	jrpc_request_fn request; /* may be NULL: requests are answered with an error */
	jrpc_closed_fn closed;	 /* may be NULL */
};

/* Takes over fd (made non-blocking). "echo" requests are answered by the module itself. */
struct jrpc *jrpc_new(sd_event *ev, int fd, const struct jrpc_ops *ops, void *arg);
/* Frees; pending calls get an error reply first. */
void jrpc_free(struct jrpc *j);
bool jrpc_alive(const struct jrpc *j);
/*
 * Sends a request; params is stolen (array or object). reply may be NULL (then a notification is
 * sent with id null). timeout_us 0 = none. Returns an id > 0, usable with jrpc_cancel(), or -errno.
 */
long jrpc_call(struct jrpc *j, const char *method, json_t *params, uint64_t timeout_us,
	       jrpc_reply_fn reply, void *arg);
int jrpc_notify(struct jrpc *j, const char *method, json_t *params);
/* Forgets a pending call: its reply function will not run. */
void jrpc_cancel(struct jrpc *j, long id);
/* Answers a request; result and error are stolen, one of them NULL. */
int jrpc_reply(struct jrpc *j, const json_t *id, json_t *result, json_t *error);
/* Bytes still waiting to be written. */
size_t jrpc_backlog(const struct jrpc *j);
/* Non-blocking connect to a unix stream socket. fd >= 0 or -errno with e set. */
int unix_connect(const char *path, struct err *e);

#endif
