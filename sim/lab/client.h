/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client of a lab's API: HTTP over its unix socket (libcurl), one connection, blocking. Used by the
 * command line and the scenario runner.
 */
#ifndef OVNBED_LAB_CLIENT_H
#define OVNBED_LAB_CLIENT_H

#include "api/kind.h"
#include "base/json.h"

struct client;

/* A lab's API at the socket path. NULL with e set (ENOENT, ECONNREFUSED: no lab is listening). */
struct client *client_open(const char *sock, struct err *e);
void client_free(struct client *c);
static inline void client_freep_(struct client **c)
{
	client_free(*c);
}
#define _cleanup_client_ _cleanup_(client_freep_)

/* Limit of each following request in microseconds; the default is 120 s. Watches have their own. */
void client_set_timeout(struct client *c, uint64_t usec);

/*
 * One request. path: with query string, encoded. body (borrowed) may be NULL. content_type NULL:
 * application/json. Returns 0 when an HTTP answer came, whatever it says: its code in *ret_code and
 * its JSON in *ret_reply (new reference; NULL when there was none; a string when it was no JSON;
 * may be NULL itself). Negative with e set when none came (ETIMEDOUT, ECONNREFUSED, ECONNRESET …).
 */
int client_request(struct client *c, const char *method, const char *path, const json_t *body,
		   const char *content_type, int *ret_code, json_t **ret_reply, struct err *e);
/*
 * The same where an answer other than 2xx is an error: e gets the Status' message and errno
 * (api/status.h, status_errno()). The reply (new reference), or NULL.
 */
json_t *client_call(struct client *c, const char *method, const char *path, const json_t *body,
		    struct err *e);
/* GET of a path as a meta.k8s.io/v1 Table. */
json_t *client_table(struct client *c, const char *path, struct err *e);
/* client_call() on /apis/ovnbed.io/v1alpha1/VERB; method POST when there is a body, else GET. */
json_t *client_verb(struct client *c, const char *verb, const json_t *body, struct err *e);
/* Texts of the Warning headers of the last request: array of strings, borrowed. */
const json_t *client_warnings(const struct client *c);
/* Status of the last client_call() that failed with one, or NULL; borrowed. */
const json_t *client_status(const struct client *c);

/*
 * Called for each line of a streaming answer; line is borrowed. Returns 0 to go on, anything else
 * ends the stream and becomes the result.
 */
typedef int (*client_line_fn)(void *arg, const json_t *line);
/*
 * A request whose answer comes in lines. Returns fn's non-zero value, 0 when the server ended the
 * stream, -ETIMEDOUT after timeout_us (0: no limit), other negative with e set.
 */
int client_stream(struct client *c, const char *method, const char *path, const json_t *body,
		  uint64_t timeout_us, client_line_fn fn, void *arg, struct err *e);

/* type: "ADDED", "MODIFIED", "DELETED", "BOOKMARK". Return value as client_line_fn. */
typedef int (*client_watch_fn)(void *arg, const char *type, const json_t *obj);
/*
 * Watches a list path ("…/pods", query allowed). rv NULL: first an ADDED for each object that
 * exists. Result as client_stream(); an ERROR event is -ESTALE (410) or its errno with e set.
 */
int client_watch(struct client *c, const char *path, const char *rv, uint64_t timeout_us,
		 client_watch_fn fn, void *arg, struct err *e);
/* The same with a Table as each event's object; only the first one has its column definitions. */
int client_watch_table(struct client *c, const char *path, const char *rv, uint64_t timeout_us,
		       client_watch_fn fn, void *arg, struct err *e);

/* ---- paths ---- */

/*
 * "/apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUB" with every part encoded. ns NULL: all
 * namespaces (ignored for cluster-scoped kinds); name, sub may be NULL. Caller frees.
 */
char *client_path(const struct kind *k, const char *ns, const char *name, const char *sub);
/* Appends "?name=value" or "&name=value", value encoded, to *path (owned, replaced). */
void client_add_query(char **path, const char *name, const char *value);

#endif
