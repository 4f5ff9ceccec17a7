/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an API request means: from method, path, query, headers and body to a change of the store
 * and an answer, without any I/O. The transport is apiserver.h.
 */
#ifndef OVNBED_LAB_API_REQUEST_H
#define OVNBED_LAB_API_REQUEST_H

#include "api/store.h"
#include "api/table.h"
#include "base/json.h"

#define API_BODY_MAX (4u << 20) /* bytes; more is 413 */
#define API_GIT_VERSION "v1.30.0+ovnbed"

struct api_request {
	const char *method, *path; /* path as it came, still encoded, without the query */
	const char *query;	   /* behind '?', encoded; may be NULL, like all below */
	const char *content_type, *accept;
	const void *body;
	size_t body_len;
};

/* A watch that a request opened: what to send, from which point on. */
struct api_watch {
	struct store_query query; /* its strings and selectors are owned by this struct */
	bool table, bookmarks;
	bool mark_initial; /* a bookmark is due behind the first events */
	bool headers_sent; /* columnDefinitions went out with an earlier Table */
	enum table_include include;
	uint64_t timeout_us; /* the stream ends then; never 0 */
	json_t *events;	     /* owned: watch events that are due at once */
	bool over;	     /* nothing follows the events (an ERROR event is among them) */
};
void api_watch_free(struct api_watch *w);
/*
 * The watch event {"type","object"} as this watcher asked to see it (Table or plain) as one line of
 * JSON with its newline appended to out.
 */
void api_watch_write(struct api_watch *w, const struct store *s, const char *type, json_t *obj,
		     struct buf *out);
/* A BOOKMARK event with the store's resourceVersion. initial_end: the first state is complete. */
void api_watch_bookmark(struct api_watch *w, const struct store *s, bool initial_end,
			struct buf *out);

/* Either json, text or watch is set, or the body is empty. Free with api_response_free(). */
struct api_response {
	int code;
	json_t *json;
	const char *text;	  /* static */
	const char *content_type; /* static; NULL: application/json */
	json_t *warnings;	  /* array of texts, NULL when none: Warning headers */
	const char *allow;	  /* static; Allow header of a 405 */
	struct api_watch *watch;
};
void api_response_free(struct api_response *r);
#define _cleanup_response_ _cleanup_(api_response_free)

/*
 * Discovery, health, and all verbs on objects. *ret is filled whatever happens; refusals are
 * Status objects.
 */
void api_handle(struct store *s, const struct api_request *r, struct api_response *ret);

/*
 * Decodes a body by content type (JSON, also when none is named; YAML of one document; the patch
 * types): new reference, or NULL with *ret_status set to 400, 413 or 415 (new reference).
 */
json_t *api_body(const struct api_request *r, json_t **ret_status);
/* True when the media type of a Content-Type header (parameters ignored) is `type`. */
bool api_media_is(const char *content_type, const char *type);

#endif
