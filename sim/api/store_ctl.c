/* SPDX-License-Identifier: Apache-2.0 */
/* Writes by controllers: trusted, so without admission. */
#include <errno.h>

#include "api/meta.h"
#include "api/store_priv.h"
#include "api/text.h"

/* The stored tree of obj, unless it is gone or was replaced by another of its name. Borrowed. */
static json_t *stored(const struct store *s, const json_t *obj, const struct kind **ret_kind)
{
	const struct kind *k = kind_of(obj);
	json_t *now = k ? store_peek(s, k, meta_ns(obj), meta_name(obj)) : NULL;

	if (!now || (*meta_uid(obj) && !streq(meta_uid(obj), meta_uid(now))))
		return NULL;
	*ret_kind = k;
	return now;
}

/* copy is stolen. 1 when it differs from old and was stored, else 0. */
static int write_trusted(struct store *s, const struct kind *k, json_t *old, json_t *copy)
{
	if (json_equal(old, copy)) {
		json_decref(copy);
		return 0;
	}
	store_commit(s, k, STORE_MODIFIED, copy);
	store_finish_delete(s, k, copy);
	store_deliver(s);
	return 1;
}

int store_update_status(struct store *s, const json_t *obj, const json_t *status)
{
	const struct kind *k;
	json_t *old = stored(s, obj, &k), *copy, *v;

	if (!old)
		return -ENOENT;
	if (!k->has_status || !json_is_object(status))
		return -EINVAL;
	v = json_deep_copy(status);
	schema_drop_nulls(NULL, v);
	copy = store_shallow(old);
	json_object_set_new(copy, "status", v);
	return write_trusted(s, k, old, copy);
}

int store_set_condition(struct store *s, const json_t *obj, const char *type, const char *status,
			const char *reason, const char *message)
{
	const struct kind *k;
	json_t *old = stored(s, obj, &k);
	_cleanup_json_ json_t *st = NULL;

	if (!old)
		return -ENOENT;
	st = json_deep_copy(json_object_get(old, "status"));
	if (!st)
		st = json_object();
	meta_set_status_condition(st, type, status, reason, message, store_now(s));
	return store_update_status(s, old, st);
}

/* A copy of the stored tree to change metadata in; NULL when gone. */
static json_t *checkout(struct store *s, const json_t *obj, const struct kind **ret_kind,
			json_t **ret_old)
{
	*ret_old = stored(s, obj, ret_kind);
	return *ret_old ? store_shallow(*ret_old) : NULL;
}

int store_annotate(struct store *s, const json_t *obj, const char *key, const char *v)
{
	const struct kind *k;
	json_t *old, *copy = checkout(s, obj, &k, &old);

	if (!copy)
		return -ENOENT;
	meta_set_annotation(copy, key, v);
	return write_trusted(s, k, old, copy);
}

int store_label(struct store *s, const json_t *obj, const char *key, const char *v)
{
	const struct kind *k;
	json_t *old, *copy = checkout(s, obj, &k, &old);

	if (!copy)
		return -ENOENT;
	meta_set_label(copy, key, v);
	return write_trusted(s, k, old, copy);
}

int store_add_finalizer(struct store *s, const json_t *obj, const char *finalizer)
{
	const struct kind *k;
	json_t *old, *copy = checkout(s, obj, &k, &old);

	if (!copy)
		return -ENOENT;
	if (meta_deleting(old) && !meta_has_finalizer(old, finalizer)) {
		json_decref(copy);
		return -EINVAL;
	}
	meta_add_finalizer(copy, finalizer);
	return write_trusted(s, k, old, copy);
}

int store_del_finalizer(struct store *s, const json_t *obj, const char *finalizer)
{
	const struct kind *k;
	json_t *old, *copy = checkout(s, obj, &k, &old);

	if (!copy)
		return -ENOENT;
	if (!meta_has_finalizer(old, finalizer)) {
		json_decref(copy);
		return 0;
	}
	meta_del_finalizer(copy, finalizer);
	return write_trusted(s, k, old, copy);
}

/* ---- events ---- */

static json_t *reference(const json_t *obj)
{
	json_t *ref =
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "apiVersion", jstr(obj, "apiVersion", ""),
			  "kind", jstr(obj, "kind", ""), "name", meta_name(obj), "uid",
			  meta_uid(obj), "resourceVersion", meta_rv(obj));

	if (*meta_ns(obj))
		jset_str(ref, "namespace", meta_ns(obj));
	return ref;
}

struct sighting {
	const json_t *obj;
	const char *type, *reason, *source, *message;
};

/* Asked of every event of a namespace: no dotted paths here. */
static bool member_is(const json_t *o, const char *key, const char *want)
{
	return streq0(json_string_value(json_object_get(o, key)), want);
}

static bool is_same(const json_t *event, const struct sighting *g)
{
	const json_t *about = json_object_get(event, "involvedObject");

	return member_is(about, "name", meta_name(g->obj)) &&
	       member_is(about, "uid", meta_uid(g->obj)) &&
	       member_is(about, "kind", jstr(g->obj, "kind", "")) &&
	       member_is(event, "reason", g->reason) && member_is(event, "type", g->type) &&
	       member_is(event, "message", g->message) &&
	       streq(jstr(event, "source.component", ""), g->source);
}

static json_t *find_event(const struct store *s, const char *ns, const struct sighting *g)
{
	const struct store_set *set = store_set_of(s, &kind_event);
	bool found;

	for (size_t i = store_search(set, ns, "", &found);
	     i < set->n && streq(meta_ns(set->v[i]), ns); i++)
		if (is_same(set->v[i], g))
			return set->v[i];
	return NULL;
}

static void drop_oldest_event(struct store *s)
{
	const struct store_set *set = store_set_of(s, &kind_event);
	long long lowest = s->rv + 1, rv;
	json_t *oldest = NULL;

	if (set->n < s->config.max_events)
		return;
	for (size_t i = 0; i < set->n; i++) {
		if (parse_int(meta_rv(set->v[i]), 0, INT64_MAX, &rv) == 0 && rv < lowest) {
			lowest = rv;
			oldest = set->v[i];
		}
	}
	if (oldest)
		store_commit(s, &kind_event, STORE_DELETED, store_shallow(oldest));
}

static json_t *new_event(struct store *s, const char *ns, const struct sighting *g,
			 const char *stamp)
{
	_cleanup_free_ char *key = xasprintf("event %lld", s->rv);
	char uid[37];
	json_t *event;

	store_uuid(s, key, uid);
	event = json_pack(
		"{s:s, s:s, s:{s:o, s:s, s:s, s:s}, s:o, s:s, s:s, s:s, s:{s:s}, s:s, "
		"s:s, s:i, s:s}",
		"apiVersion", "v1", "kind", "Event", "metadata", "name",
		jstringf("%.230s.%.8s%.4s%.4s", meta_name(g->obj), uid, uid + 9, uid + 14),
		"namespace", ns, "uid", uid, "creationTimestamp", stamp, "involvedObject",
		reference(g->obj), "reason", g->reason, "message", g->message, "type", g->type,
		"source", "component", g->source, "firstTimestamp", stamp, "lastTimestamp", stamp,
		"count", 1, "reportingComponent", g->source);
	return event;
}

void store_event(struct store *s, const json_t *obj, const char *type, const char *reason,
		 const char *source, const char *fmt, ...)
{
	const char *ns = *meta_ns(obj) ? meta_ns(obj) : "default";
	const json_t *in = store_peek(s, &kind_namespace, NULL, ns);
	_cleanup_free_ char *message = NULL;
	struct sighting g = {obj, type, reason, source, NULL};
	json_t *event;
	char stamp[21];
	va_list ap;

	if (!in || meta_deleting(in))
		return;
	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	text_sanitize(message);
	g.message = message;
	meta_time(store_now(s), stamp);
	event = find_event(s, ns, &g);
	if (event) {
		event = store_shallow(event);
		json_object_set_new(event, "count", json_integer(jint(event, "count", 1) + 1));
		jset_str(event, "lastTimestamp", stamp);
		store_commit(s, &kind_event, STORE_MODIFIED, event);
	} else {
		drop_oldest_event(s);
		store_commit(s, &kind_event, STORE_ADDED, new_event(s, ns, &g, stamp));
	}
	store_deliver(s);
}
