/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/waiting.h"

#include <errno.h>
#include <time.h>

#include "api/meta.h"
#include "api/status.h"
#include "base/log.h"

#define SHOWN_EVENTS 8

struct waiting {
	const struct goal *goal;
	json_t *last;
	char *uid; /* of the object that was there first; a namesake that follows is another */
};

static int look(struct waiting *w, json_t *obj)
{
	if (obj && !w->uid)
		w->uid = xstrdup(meta_uid(obj));
	if (obj) {
		json_decref(w->last);
		w->last = json_incref(obj);
	}
	if (w->goal->type == GOAL_DELETE && obj && !streq(w->uid, meta_uid(obj)))
		return 1;
	return goal_met(w->goal, obj);
}

static int on_event(void *arg, const char *type, const json_t *obj)
{
	struct waiting *w = arg;

	if (streq(type, "BOOKMARK"))
		return 0;
	return look(w, streq(type, "DELETED") ? NULL : (json_t *)obj);
}

static int timed_out(const struct obj_ref *r, const struct goal *g, struct err *e)
{
	_cleanup_free_ char *text = goal_text(g);

	return err_set(e, ETIMEDOUT, "timed out waiting for %s/%s: %s", r->kind->singular, r->name,
		       text);
}

/* Lists, judges, and watches from there until the goal is met or the stream ends (0). */
static int round_of(struct client *c, const struct obj_ref *r, struct waiting *w, uint64_t left,
		    struct err *e)
{
	struct obj_ref list = {.kind = r->kind, .ns = r->ns};
	_cleanup_free_ char *field = xasprintf("metadata.name=%s", r->name);
	_cleanup_free_ char *path = obj_path(&list, NULL, field);
	_cleanup_json_ json_t *found = client_call(c, "GET", path, NULL, e);

	if (!found)
		return -e->code;
	if (look(w, json_array_get(json_object_get(found, "items"), 0)))
		return 1;
	return client_watch(c, path, jstr(found, "metadata.resourceVersion", ""), left, on_event, w,
			    e);
}

int wait_until(struct client *c, const struct obj_ref *r, const struct goal *g, uint64_t deadline,
	       json_t **ret_last, struct err *e)
{
	struct waiting w = {.goal = g};
	int rc = 0;

	while (rc == 0 || rc == -ESTALE) {
		uint64_t now = mono_usec();

		/* One look at least, however short the time. */
		rc = round_of(c, r, &w, now < deadline ? deadline - now : USEC_PER_MSEC, e);
		if (rc == 0 && mono_usec() >= deadline)
			rc = -ETIMEDOUT;
	}
	if (rc == -ETIMEDOUT)
		timed_out(r, g, e);
	if (ret_last)
		*ret_last = TAKE_PTR(w.last);
	json_decref(w.last);
	free(w.uid);
	return rc > 0 ? 0 : rc;
}

/* ---- why not ---- */

json_t *events_about(struct client *c, const json_t *obj, struct err *e)
{
	const char *ns = *meta_ns(obj) ? meta_ns(obj) : "default";
	struct obj_ref list = {.kind = &kind_event, .ns = (char *)ns};
	_cleanup_free_ char *field = xasprintf("involvedObject.uid=%s", meta_uid(obj));
	_cleanup_free_ char *path = obj_path(&list, NULL, field);
	_cleanup_json_ json_t *found = client_call(c, "GET", path, NULL, e);

	return found ? json_incref(json_object_get(found, "items")) : NULL;
}

static void add_owned(struct client *c, const json_t *obj, json_t *out)
{
	const struct kind *k = kind_of(obj), *below = k == &kind_vm    ? &kind_vmi
						      : k == &kind_vmi ? &kind_pod
								       : NULL;
	struct obj_ref list = {.kind = below, .ns = (char *)meta_ns(obj)};
	_cleanup_free_ char *path = below ? obj_path(&list, NULL, NULL) : NULL;
	_cleanup_json_ json_t *found = path ? client_call(c, "GET", path, NULL, NULL) : NULL;
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(found, "items"), i, o) {
		if (!meta_owned_by(o, meta_uid(obj)))
			continue;
		json_array_append(out, o);
		add_owned(c, o, out);
	}
}

json_t *objects_owned(struct client *c, const json_t *obj)
{
	json_t *out = json_array();

	add_owned(c, obj, out);
	return out;
}

static void explain_conditions(const json_t *obj)
{
	const json_t *list = jget(obj, "status.conditions");
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		const char *why = jstr(v, "message", jstr(v, "reason", ""));

		fprintf(stderr, "  condition %s is %s%s%s\n", jstr(v, "type", "?"),
			jstr(v, "status", "?"), *why ? ": " : "", why);
	}
	if (!json_array_size(list))
		fprintf(stderr, "  no conditions; phase %s\n",
			jstr(obj, "status.printableStatus", jstr(obj, "status.phase", "unknown")));
}

/* A VM waits for its pod: what that complains of is the reason. */
static void explain_owned(struct client *c, const json_t *obj)
{
	_cleanup_json_ json_t *owned = objects_owned(c, obj);
	json_t *o, *v;
	size_t i, k;

	json_array_foreach(owned, i, o) {
		_cleanup_json_ json_t *events = events_about(c, o, NULL);
		_cleanup_free_ char *title = meta_title(o);

		json_array_foreach(events, k, v)
			if (streq(jstr(v, "type", ""), "Warning"))
				fprintf(stderr, "  %s: %s: %s\n", title, jstr(v, "reason", ""),
					jstr(v, "message", ""));
	}
}

void wait_explain(struct client *c, const json_t *obj)
{
	_cleanup_json_ json_t *events = NULL;
	json_t *v;
	size_t i, n;

	if (!obj) {
		fprintf(stderr, "  there is no such object\n");
		return;
	}
	explain_conditions(obj);
	events = events_about(c, obj, NULL);
	n = json_array_size(events);
	json_array_foreach(events, i, v)
		if (i + SHOWN_EVENTS >= n)
			fprintf(stderr, "  event %s %s: %s\n", jstr(v, "type", ""),
				jstr(v, "reason", ""), jstr(v, "message", ""));
	explain_owned(c, obj);
}
