/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion: finalizers, dependents, namespaces. */
#include "api/meta.h"
#include "api/store_priv.h"

static bool held(const json_t *obj)
{
	return json_array_size(jget(obj, "metadata.finalizers")) > 0;
}

/* Up to max objects in ns; new array. */
static json_t *content_of(const struct store *s, const char *ns, size_t max)
{
	json_t *found = json_array();

	for (size_t i = 0; i < s->n_sets; i++) {
		for (size_t j = 0; j < s->sets[i].n && json_array_size(found) < max; j++)
			if (streq(meta_ns(s->sets[i].v[j]), ns))
				json_array_append(found, s->sets[i].v[j]);
	}
	return found;
}

/* An owner is in the dependent's namespace, or cluster-scoped. */
static json_t *dependents_of(const struct store *s, const json_t *owner)
{
	const char *uid = meta_uid(owner), *ns = meta_ns(owner);
	json_t *found = json_array();

	for (size_t i = 0; i < s->n_sets; i++) {
		for (size_t j = 0; j < s->sets[i].n; j++) {
			json_t *obj = s->sets[i].v[j];

			if (meta_owned_by(obj, uid) && (!*ns || streq(meta_ns(obj), ns)))
				json_array_append(found, obj);
		}
	}
	return found;
}

/* obj without its references to the owner. */
static json_t *without_owner(const json_t *obj, const char *uid)
{
	json_t *copy = store_shallow(obj), *left = json_array(), *ref;
	size_t i;

	json_array_foreach(jget(obj, "metadata.ownerReferences"), i, ref)
		if (!streq(jstr(ref, "uid", ""), uid))
			json_array_append(left, ref);
	if (json_array_size(left) > 0)
		jset(copy, "metadata.ownerReferences", json_incref(left));
	else
		jdel(copy, "metadata.ownerReferences");
	json_decref(left);
	return copy;
}

/* The stored tree of an object that was seen earlier, or NULL when it is gone. */
static json_t *still_there(const struct store *s, const struct kind *k, const json_t *seen)
{
	json_t *obj = store_peek(s, k, meta_ns(seen), meta_name(seen));

	return obj && streq(meta_uid(obj), meta_uid(seen)) ? obj : NULL;
}

/* Takes one object out of the store; its dependents join the work list. */
static json_t *take_out(struct store *s, const struct kind *k, const json_t *obj)
{
	return store_commit(s, k, STORE_DELETED, store_shallow(obj));
}

static json_t *mark(struct store *s, const struct kind *k, json_t *obj)
{
	json_t *copy;
	char stamp[21];

	if (meta_deleting(obj))
		return obj;
	copy = store_shallow(obj);
	meta_time(store_now(s), stamp);
	jset_str(copy, "metadata.deletionTimestamp", stamp);
	json_object_set_new(json_object_get(copy, "metadata"), "deletionGracePeriodSeconds",
			    json_integer(0));
	if (k->has_generation)
		json_object_set_new(json_object_get(copy, "metadata"), "generation",
				    json_integer(meta_generation(obj) + 1));
	if (k == &kind_namespace) {
		json_object_set_new(copy, "status", json_copy(json_object_get(obj, "status")));
		jset_str(copy, "status.phase", "Terminating");
	}
	return store_commit(s, k, STORE_MODIFIED, copy);
}

/* What becomes of a dependent whose owner is gone; appended to work when it goes as well. */
static void lose_owner(struct store *s, json_t *dependent, const char *uid, bool orphan,
		       json_t *work)
{
	const struct kind *k = kind_of(dependent);
	json_t *obj = still_there(s, k, dependent);
	json_t *rest;

	if (!obj)
		return;
	rest = without_owner(obj, uid);
	if (orphan || jget(rest, "metadata.ownerReferences")) {
		store_commit(s, k, STORE_MODIFIED, rest);
		return;
	}
	json_decref(rest);
	if (held(obj))
		mark(s, k, obj);
	else
		json_array_append(work, take_out(s, k, obj));
}

/* Works off objects that have left the store, until nothing depends on one of them. */
static void collect(struct store *s, json_t *first, bool orphan)
{
	_cleanup_json_ json_t *work = json_array(), *namespaces = json_object();
	const char *ns;
	json_t *v;

	json_array_append(work, first);
	for (size_t i = 0; i < json_array_size(work); i++) {
		json_t *gone = json_array_get(work, i);
		_cleanup_json_ json_t *dependents = dependents_of(s, gone);
		size_t j;

		json_object_set_new(namespaces, meta_ns(gone), json_true());
		json_array_foreach(dependents, j, v)
			lose_owner(s, v, meta_uid(gone), orphan, work);
	}
	json_object_foreach(namespaces, ns, v)
		if (*ns)
			store_finish_namespace(s, ns);
}

json_t *store_remove(struct store *s, const struct kind *k, json_t *obj, bool orphan)
{
	json_t *gone = take_out(s, k, obj);

	collect(s, gone, orphan);
	return gone;
}

void store_finish_namespace(struct store *s, const char *ns)
{
	json_t *obj = store_peek(s, &kind_namespace, NULL, ns);
	_cleanup_json_ json_t *content = NULL;

	if (!obj || !meta_deleting(obj) || held(obj))
		return;
	content = content_of(s, ns, 1);
	if (json_array_size(content) == 0)
		store_remove(s, &kind_namespace, obj, false);
}

static json_t *delete_namespace(struct store *s, json_t *obj)
{
	json_t *marked = mark(s, &kind_namespace, obj), *v, *now;
	_cleanup_json_ json_t *content = content_of(s, meta_name(marked), SIZE_MAX);
	size_t i;

	json_array_foreach(content, i, v) {
		const struct kind *k = kind_of(v);

		now = still_there(s, k, v);
		if (now)
			store_request_delete(s, k, now, false);
	}
	store_finish_namespace(s, meta_name(marked));
	return marked;
}

json_t *store_request_delete(struct store *s, const struct kind *k, json_t *obj, bool orphan)
{
	if (k == &kind_namespace)
		return delete_namespace(s, obj);
	return held(obj) ? mark(s, k, obj) : store_remove(s, k, obj, orphan);
}

void store_finish_delete(struct store *s, const struct kind *k, json_t *obj)
{
	if (!meta_deleting(obj) || held(obj))
		return;
	if (k == &kind_namespace)
		store_finish_namespace(s, meta_name(obj));
	else
		store_remove(s, k, obj, false);
}
