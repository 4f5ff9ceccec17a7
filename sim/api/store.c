/* SPDX-License-Identifier: Apache-2.0 */
#include "api/store.h"

#include <inttypes.h>

#include "api/meta.h"
#include "api/status.h"
#include "api/store_priv.h"
#include "base/prng.h"

static void create_namespace(struct store *s, const char *name)
{
	_cleanup_json_ json_t *ns = meta_new(&kind_namespace, NULL, name);

	json_decref(store_create(s, ns, NULL, NULL));
}

struct store *store_new(const struct store_config *c)
{
	struct store *s = xcalloc(1, sizeof(*s));

	if (c)
		s->config = *c;
	if (!s->config.log_size)
		s->config.log_size = 4096;
	if (!s->config.max_events)
		s->config.max_events = 2048;
	KIND_FOREACH(k)
		s->n_sets += k != NULL;
	s->sets = xcalloc(s->n_sets, sizeof(*s->sets));
	s->log = xcalloc(s->config.log_size, sizeof(*s->log));
	s->counters = json_object();
	create_namespace(s, "default");
	create_namespace(s, "kube-system");
	return s;
}

static void entry_clear(struct store_entry *e)
{
	json_decref(e->obj);
	json_decref(e->old);
}

void store_free(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_sets; i++) {
		for (size_t j = 0; j < s->sets[i].n; j++)
			json_decref(s->sets[i].v[j]);
		free(s->sets[i].v);
	}
	for (size_t i = 0; i < s->log_n; i++)
		entry_clear(&s->log[(s->log_head + i) % s->config.log_size]);
	for (size_t i = 0; i < s->queue_n; i++)
		entry_clear(&s->queue[i]);
	free(s->sets);
	free(s->log);
	free(s->queue);
	free(s->mutators);
	free(s->validators);
	free(s->listeners);
	json_decref(s->counters);
	free(s);
}

static void add_hook(struct store_hook **v, size_t *n, const struct kind *k, store_admission_fn *fn,
		     void *arg)
{
	*v = xrealloc(*v, (*n + 1) * sizeof(**v));
	(*v)[(*n)++] = (struct store_hook){k, fn, arg};
}

void store_add_mutator(struct store *s, const struct kind *k, store_admission_fn *fn, void *arg)
{
	add_hook(&s->mutators, &s->n_mutators, k, fn, arg);
}

void store_add_admission(struct store *s, const struct kind *k, store_admission_fn *fn, void *arg)
{
	add_hook(&s->validators, &s->n_validators, k, fn, arg);
}

void store_add_listener(struct store *s, store_listener_fn *fn, void *arg)
{
	s->listeners = xrealloc(s->listeners, (s->n_listeners + 1) * sizeof(*s->listeners));
	s->listeners[s->n_listeners++] = (struct store_listener){fn, arg};
}

static void compact_listeners(struct store *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].fn)
			s->listeners[n++] = s->listeners[i];
	s->n_listeners = n;
}

void store_del_listener(struct store *s, store_listener_fn *fn, void *arg)
{
	for (size_t i = 0; i < s->n_listeners; i++)
		if (s->listeners[i].fn == fn && s->listeners[i].arg == arg)
			s->listeners[i].fn = NULL;
	if (!s->delivering)
		compact_listeners(s);
}

/* ---- sets ---- */

struct store_set *store_set_of(const struct store *s, const struct kind *k)
{
	for (size_t i = 0; i < s->n_sets; i++)
		if (kind_table[i] == k)
			return &s->sets[i];
	return NULL;
}

size_t store_search(const struct store_set *set, const char *ns, const char *name, bool *ret_found)
{
	size_t lo = 0, hi = set->n;

	*ret_found = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(meta_ns(set->v[mid]), ns);

		if (c == 0)
			c = strcmp(meta_name(set->v[mid]), name);
		if (c == 0) {
			*ret_found = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Puts obj (stolen) into its place, or takes it out; returns what was there (caller's reference).
 */
static json_t *set_write(struct store_set *set, json_t *obj, bool remove)
{
	bool found;
	size_t i = store_search(set, meta_ns(obj), meta_name(obj), &found);
	json_t *old = found ? set->v[i] : NULL;

	if (found && !remove) {
		set->v[i] = obj;
	} else if (found) {
		memmove(&set->v[i], &set->v[i + 1], (--set->n - i) * sizeof(*set->v));
		json_decref(obj);
	} else {
		if (set->n == set->cap) {
			set->cap = set->cap * 2 + 16;
			set->v = xrealloc(set->v, set->cap * sizeof(*set->v));
		}
		memmove(&set->v[i + 1], &set->v[i], (set->n++ - i) * sizeof(*set->v));
		set->v[i] = obj;
	}
	return old;
}

/* ---- changes ---- */

json_t *store_shallow(const json_t *obj)
{
	json_t *copy = json_copy((json_t *)obj);

	json_object_set_new(copy, "metadata", json_deep_copy(json_object_get(obj, "metadata")));
	return copy;
}

static void log_push(struct store *s, struct store_entry e)
{
	struct store_entry *slot = &s->log[(s->log_head + s->log_n) % s->config.log_size];

	if (s->log_n == s->config.log_size) {
		s->log_floor = slot->rv;
		entry_clear(slot);
		s->log_head = (s->log_head + 1) % s->config.log_size;
	} else {
		s->log_n++;
	}
	*slot = e;
}

static void queue_push(struct store *s, struct store_entry e)
{
	json_incref(e.obj);
	json_incref(e.old);
	if (s->queue_n == s->queue_cap) {
		s->queue_cap = s->queue_cap * 2 + 16;
		s->queue = xrealloc(s->queue, s->queue_cap * sizeof(*s->queue));
	}
	s->queue[s->queue_n++] = e;
}

json_t *store_commit(struct store *s, const struct kind *k, enum store_change c, json_t *obj)
{
	struct store_entry e = {.rv = ++s->rv, .change = c, .kind = k, .obj = obj};

	json_object_set_new(json_object_get(obj, "metadata"), "resourceVersion",
			    jstringf("%lld", s->rv));
	e.old = set_write(store_set_of(s, k), json_incref(obj), c == STORE_DELETED);
	log_push(s, e);
	queue_push(s, e);
	return obj;
}

void store_deliver(struct store *s)
{
	if (s->delivering)
		return;
	s->delivering = true;
	for (size_t i = 0; i < s->queue_n; i++) {
		struct store_entry e = s->queue[i]; /* the queue may move meanwhile */

		for (size_t j = 0; j < s->n_listeners; j++)
			if (s->listeners[j].fn)
				s->listeners[j].fn(s->listeners[j].arg, e.change, e.kind, e.obj,
						   e.old);
		entry_clear(&e);
	}
	s->queue_n = 0;
	s->delivering = false;
	compact_listeners(s);
}

/* ---- reading ---- */

const char *store_scope(const struct kind *k, const char *ns)
{
	if (!k->namespaced)
		return "";
	return ns && *ns ? ns : "default";
}

json_t *store_peek(const struct store *s, const struct kind *k, const char *ns, const char *name)
{
	const struct store_set *set = store_set_of(s, k);
	bool found;
	size_t i = store_search(set, store_scope(k, ns), name, &found);

	return found ? set->v[i] : NULL;
}

json_t *store_peek_uid(const struct store *s, const char *uid)
{
	for (size_t i = 0; i < s->n_sets; i++)
		for (size_t j = 0; j < s->sets[i].n; j++)
			if (streq(meta_uid(s->sets[i].v[j]), uid))
				return s->sets[i].v[j];
	return NULL;
}

json_t *store_get(const struct store *s, const struct kind *k, const char *ns, const char *name,
		  json_t **ret_status)
{
	json_t *obj = store_peek(s, k, ns, name);

	if (!obj && ret_status)
		*ret_status = status_not_found(k, name);
	return json_incref(obj);
}

bool store_query_match(const struct store_query *q, const json_t *obj)
{
	if (q->ns && q->kind->namespaced && !streq(q->ns, meta_ns(obj)))
		return false;
	if (q->name && !streq(q->name, meta_name(obj)))
		return false;
	return selector_match_object(q->labels, obj) && field_selector_match(q->fields, obj);
}

static json_t *matches(const struct store *s, const struct store_query *q)
{
	const struct store_set *set = store_set_of(s, q->kind);
	json_t *items = json_array();

	for (size_t i = 0; i < set->n; i++)
		if (store_query_match(q, set->v[i]))
			json_array_append(items, set->v[i]);
	return items;
}

json_t *store_list(const struct store *s, const struct store_query *q)
{
	_cleanup_free_ char *version = kind_api_version(q->kind);

	return json_pack("{s:o, s:s, s:{s:o}, s:o}", "kind", jstringf("%sList", q->kind->kind),
			 "apiVersion", version, "metadata", "resourceVersion",
			 jstringf("%lld", s->rv), "items", matches(s, q));
}

void store_each(const struct store *s, const struct store_query *q,
		bool (*fn)(void *arg, json_t *obj), void *arg)
{
	_cleanup_json_ json_t *items = matches(s, q);
	size_t i;
	json_t *obj;

	json_array_foreach(items, i, obj)
		if (!fn(arg, obj))
			return;
}

size_t store_count(const struct store *s, const struct store_query *q)
{
	_cleanup_json_ json_t *items = matches(s, q);

	return json_array_size(items);
}

json_t *store_dump(const struct store *s)
{
	json_t *items = json_array();

	for (size_t i = 0; i < s->n_sets; i++)
		for (size_t j = 0; j < s->sets[i].n; j++)
			json_array_append(items, s->sets[i].v[j]);
	return json_pack("{s:s, s:s, s:o}", "kind", "List", "apiVersion", "v1", "items", items);
}

int64_t store_now(const struct store *s)
{
	return s->config.now ? s->config.now(s->config.now_arg) : 0;
}

void store_uuid(const struct store *s, const char *key, char out[static 37])
{
	prng_uuid(prng_hash(s->config.seed, "uid", key), out);
}

static json_t *env_peek(void *arg, const struct kind *k, const char *ns, const char *name)
{
	return store_peek(arg, k, ns, name);
}

struct table_env store_table_env(const struct store *s)
{
	return (struct table_env){.now = store_now(s), .peek = env_peek, .arg = (void *)s};
}
