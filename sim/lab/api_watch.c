/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: what to send, in which form. */
#include <errno.h>

#include "api/meta.h"
#include "lab/api_priv.h"

#define WATCH_DEFAULT_SECONDS 1800
#define WATCH_MAX_SECONDS 86400

void api_watch_free(struct api_watch *w)
{
	if (!w)
		return;
	free((char *)w->query.ns);
	free((char *)w->query.name);
	selector_free((struct selector *)w->query.labels);
	field_selector_free((struct field_selector *)w->query.fields);
	json_decref(w->events);
	free(w);
}

static void write_line(const char *type, const json_t *obj, struct buf *out)
{
	_cleanup_json_ json_t *event = json_pack("{s:s, s:O}", "type", type, "object", obj);
	_cleanup_free_ char *text = jtext(event);

	buf_adds(out, text);
	buf_addc(out, '\n');
}

void api_watch_write(struct api_watch *w, const struct store *s, const char *type, json_t *obj,
		     struct buf *out)
{
	struct table_env env = store_table_env(s);
	_cleanup_json_ json_t *table = NULL;

	if (!w->table || streq(type, "ERROR")) {
		write_line(type, obj, out);
		return;
	}
	table = table_make(w->query.kind, obj, w->include, &env, !w->headers_sent);
	w->headers_sent = true;
	write_line(type, table, out);
}

void api_watch_bookmark(struct api_watch *w, const struct store *s, bool initial_end,
			struct buf *out)
{
	_cleanup_json_ json_t *obj = meta_new(w->query.kind, NULL, "");
	json_t *meta = json_object_get(obj, "metadata");

	json_object_del(meta, "name");
	json_object_set_new(meta, "resourceVersion", jstringf("%lld", store_rv(s)));
	if (initial_end)
		meta_set_annotation(obj, "k8s.io/initial-events-end", "true");
	if (w->table) {
		struct table_env env = store_table_env(s);
		json_t *table = table_make(w->query.kind, obj, w->include, &env, !w->headers_sent);

		w->headers_sent = true;
		json_decref(obj);
		obj = table;
	}
	write_line("BOOKMARK", obj, out);
}

int api_selectors(const struct api_target *t, struct selector **ret_labels,
		  struct field_selector **ret_fields, struct api_response *ret)
{
	const char *labels = api_param(t, "labelSelector"), *fields = api_param(t, "fieldSelector");
	_cleanup_selector_ struct selector *ls = NULL;
	_cleanup_field_selector_ struct field_selector *fs = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (labels && *labels)
		ls = selector_parse(labels, &e);
	if (fields && *fields && !e.code)
		fs = field_selector_parse(fields, &e);
	if (e.code) {
		api_fail(ret, status_failure(400, "%s", err_msg(&e)));
		return -EINVAL;
	}
	*ret_labels = TAKE_PTR(ls);
	*ret_fields = TAKE_PTR(fs);
	return 0;
}

static uint64_t timeout_of(const struct api_target *t)
{
	const char *text = api_param(t, "timeoutSeconds");
	long long seconds = WATCH_DEFAULT_SECONDS;

	if (text)
		parse_int(text, 1, WATCH_MAX_SECONDS, &seconds);
	return (uint64_t)seconds * USEC_PER_SEC;
}

/* What is due at once: changes since a version, or what exists. */
static void first_events(const struct store *s, const struct api_target *t, struct api_watch *w)
{
	_cleanup_json_ json_t *status = NULL;
	bool initial = api_param_bool(t, "sendInitialEvents");
	const char *rv = initial ? NULL : api_param(t, "resourceVersion");

	w->mark_initial = initial && w->bookmarks;
	w->events = store_events_since(s, &w->query, rv, &status);
	if (w->events)
		return;
	w->events = json_pack("[{s:s, s:O}]", "type", "ERROR", "object", status);
	w->over = true;
}

void api_watch_open(const struct store *s, const struct api_request *r, const struct api_target *t,
		    struct api_response *ret)
{
	struct api_watch *w = xcalloc(1, sizeof(*w));
	struct selector *labels;
	struct field_selector *fields;

	if (api_selectors(t, &labels, &fields, ret) < 0) {
		api_watch_free(w);
		return;
	}
	w->query = (struct store_query){.kind = t->kind,
					.ns = xstrdup(t->ns),
					.name = xstrdup(t->name),
					.labels = labels,
					.fields = fields};
	w->table = table_accepted(r->accept);
	w->bookmarks = api_param_bool(t, "allowWatchBookmarks");
	w->timeout_us = timeout_of(t);
	if (table_include_of(api_param(t, "includeObject"), &w->include) < 0) {
		api_fail(ret, status_failure(400, "includeObject: want Metadata, Object or None"));
		api_watch_free(w);
		return;
	}
	first_events(s, t, w);
	ret->code = 200;
	ret->watch = w;
}
