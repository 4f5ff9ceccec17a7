/* SPDX-License-Identifier: Apache-2.0 */
#include "api/meta.h"
#include "api/status.h"
#include "api/store_priv.h"

const char *store_change_name(enum store_change c)
{
	static const char *const names[] = {"ADDED", "MODIFIED", "DELETED"};

	return names[c];
}

long long store_rv(const struct store *s)
{
	return s->rv;
}

bool store_query_change(const struct store_query *q, enum store_change c, const struct kind *k,
			const json_t *obj, const json_t *old, enum store_change *ret)
{
	bool now, before;

	if (k != q->kind)
		return false;
	now = c != STORE_DELETED && store_query_match(q, obj);
	before = c != STORE_ADDED && store_query_match(q, old ? old : obj);
	if (!now && !before)
		return false;
	*ret = !before ? STORE_ADDED : now ? STORE_MODIFIED : STORE_DELETED;
	return true;
}

static void append(json_t *events, enum store_change c, json_t *obj)
{
	json_array_append_new(events,
			      json_pack("{s:s, s:O}", "type", store_change_name(c), "object", obj));
}

static json_t *all_as_added(const struct store *s, const struct store_query *q)
{
	_cleanup_json_ json_t *list = store_list(s, q);
	json_t *events = json_array(), *obj;
	size_t i;

	json_array_foreach(json_object_get(list, "items"), i, obj)
		append(events, STORE_ADDED, obj);
	return events;
}

static json_t *fail(json_t **ret_status, json_t *status)
{
	if (ret_status)
		*ret_status = status;
	else
		json_decref(status);
	return NULL;
}

json_t *store_events_since(const struct store *s, const struct store_query *q, const char *rv,
			   json_t **ret_status)
{
	_cleanup_free_ char *floor = NULL;
	long long from;
	json_t *events;

	if (!rv || !*rv || streq(rv, "0"))
		return all_as_added(s, q);
	if (parse_int(rv, 0, INT64_MAX, &from) < 0)
		return fail(ret_status,
			    status_failure(400, "invalid resource version: \"%s\"", rv));
	/* A version from the future is one of an earlier life of this lab. */
	if (from < s->log_floor || from > s->rv) {
		floor = xasprintf("%lld", s->log_floor);
		return fail(ret_status, status_expired(rv, floor));
	}
	events = json_array();
	for (size_t i = 0; i < s->log_n; i++) {
		const struct store_entry *e = &s->log[(s->log_head + i) % s->config.log_size];
		enum store_change c;

		if (e->rv > from && store_query_change(q, e->change, e->kind, e->obj, e->old, &c))
			append(events, c, e->obj);
	}
	return events;
}
