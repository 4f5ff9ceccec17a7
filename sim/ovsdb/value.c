/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/value.h"

#include <errno.h>
#include <math.h>

#include "ovsdb/atom.h"

static int cmp_canon(const void *a, const void *b)
{
	return ovsdb_atom_cmp(*(json_t *const *)a, *(json_t *const *)b);
}

/* Sorts the array in place and drops duplicates. */
static void sort_set(json_t *a)
{
	size_t n = json_array_size(a);
	json_t **v = xcalloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = json_incref(json_array_get(a, i));
	qsort(v, n, sizeof(*v), cmp_canon);
	json_array_clear(a);
	for (size_t i = 0; i < n; i++) {
		if (i && ovsdb_atom_cmp(v[i - 1], v[i]) == 0)
			continue;
		json_array_append(a, v[i]);
	}
	for (size_t i = 0; i < n; i++)
		json_decref(v[i]);
	free(v);
}

/* What canonical forms are made from: the wire, or a plan with its references. */
struct source {
	bool wire;
	ovsdb_resolve_fn resolve;
	void *arg;
};

/* *ret stays NULL for a reference that is to be left out. */
static int canon_ref(const struct source *src, const char *ref, json_t **ret, struct err *e)
{
	const char *to = src->resolve ? src->resolve(src->arg, ref) : NULL;

	if (!to)
		return err_set(e, EINVAL, "reference to %s, which is not in the plan", ref);
	*ret = *to ? jstring(to) : NULL;
	return 0;
}

static int canon_atom(const struct source *src, const struct ovsdb_base *b, const json_t *j,
		      json_t **ret, struct err *e)
{
	const char *ref = jstr(j, "$ref", NULL);

	if (src->wire)
		return ovsdb_atom_from_wire(b->type, j, ret, e);
	if (ref && b->type == OVSDB_UUID)
		return canon_ref(src, ref, ret, e);
	return ovsdb_atom_from_natural(b->type, j, ret, e);
}

static int canon_set(const struct source *src, const struct ovsdb_column *c, const json_t *members,
		     json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *set = json_array();
	json_t *v;
	size_t i;

	json_array_foreach(members, i, v) {
		json_t *atom = NULL;
		int r = canon_atom(src, &c->key, v, &atom, e);

		if (r < 0)
			return r;
		if (atom)
			json_array_append_new(set, atom);
	}
	sort_set(set);
	*ret = TAKE_PTR(set);
	return 0;
}

static int check_count(const struct ovsdb_column *c, size_t n, struct err *e)
{
	if (n < c->min || n > c->max)
		return err_set(e, EINVAL, "%zu members, expected %s%u", n,
			       n < c->min ? "at least " : "at most ", n < c->min ? c->min : c->max);
	return 0;
}

/* The members of a set in whichever form; the array is a new reference. */
static json_t *set_members(const struct source *src, const json_t *j)
{
	if (src->wire) {
		const json_t *set = json_array_get(j, 1);

		if (streq0(json_string_value(json_array_get(j, 0)), "set") && json_is_array(set))
			return json_incref((json_t *)set);
	} else if (json_is_array(j)) {
		return json_incref((json_t *)j);
	} else if (json_is_null(j)) {
		return json_array();
	}
	return json_pack("[O]", j);
}

/* One pair of a map into o; a value that is to be left out takes its key along. */
static int canon_pair(const struct source *src, const struct ovsdb_column *c, const json_t *k,
		      const json_t *v, json_t *o, struct err *e)
{
	_cleanup_json_ json_t *key = NULL, *value = NULL;
	_cleanup_free_ char *text = NULL;
	int r = src->wire ? ovsdb_atom_from_wire(c->key.type, k, &key, e)
			  : ovsdb_atom_from_text(c->key.type, json_string_value(k), &key, e);

	if (r == 0)
		r = canon_atom(src, &c->value, v, &value, e);
	if (r < 0 || !value)
		return r;
	text = ovsdb_atom_text(key);
	json_object_set_new(o, text, TAKE_PTR(value));
	return 0;
}

static int canon_map_wire(const struct source *src, const struct ovsdb_column *c, const json_t *j,
			  json_t *o, struct err *e)
{
	const json_t *pairs = json_array_get(j, 1);
	json_t *pair;
	size_t i;
	int r = 0;

	if (!streq0(json_string_value(json_array_get(j, 0)), "map") || !json_is_array(pairs))
		return err_set(e, EINVAL, "expected a map");
	json_array_foreach(pairs, i, pair) {
		if (json_array_size(pair) != 2)
			return err_set(e, EINVAL, "malformed pair in a map");
		r = canon_pair(src, c, json_array_get(pair, 0), json_array_get(pair, 1), o, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int canon_map(const struct source *src, const struct ovsdb_column *c, const json_t *j,
		     json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *o = json_object();
	const char *key;
	json_t *v;
	int r = 0;

	if (src->wire) {
		r = canon_map_wire(src, c, j, o, e);
	} else if (!json_is_object(j)) {
		return err_set(e, EINVAL, "expected a map (an object)");
	} else {
		json_object_foreach((json_t *)j, key, v) {
			_cleanup_json_ json_t *k = jstring(key);

			r = canon_pair(src, c, k, v, o, e);
			if (r < 0)
				return err_wrap(e, "%s", key);
		}
	}
	if (r == 0)
		*ret = TAKE_PTR(o);
	return r;
}

static int canon(const struct source *src, const struct ovsdb_column *c, const json_t *j,
		 json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *members = NULL, *set = NULL;
	int r;

	if (c->is_map)
		return canon_map(src, c, j, ret, e);
	members = set_members(src, j);
	r = canon_set(src, c, members, &set, e);
	if (r == 0)
		r = check_count(c, json_array_size(set), e);
	if (r < 0)
		return r;
	*ret = ovsdb_column_is_atom(c) ? json_incref(json_array_get(set, 0)) : TAKE_PTR(set);
	return 0;
}

int ovsdb_canon(const struct ovsdb_column *c, const json_t *natural, ovsdb_resolve_fn resolve,
		void *arg, json_t **ret, struct err *e)
{
	struct source src = {false, resolve, arg};

	return canon(&src, c, natural, ret, e);
}

int ovsdb_from_wire(const struct ovsdb_column *c, const json_t *wire, json_t **ret, struct err *e)
{
	struct source src = {true, NULL, NULL};
	int r = canon(&src, c, wire, ret, e);

	return r < 0 ? err_set(e, EPROTO, "column %s: %s", c->name, err_msg(e)) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *map_to_wire(const struct ovsdb_column *c, const json_t *o)
{
	_cleanup_free_ const char **keys = xcalloc(json_object_size(o), sizeof(*keys));
	json_t *pairs = json_array(), *v;
	const char *key;
	size_t n = 0;

	json_object_foreach((json_t *)o, key, v)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_name);
	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ json_t *k = NULL;

		ovsdb_atom_from_text(c->key.type, keys[i], &k, NULL);
		json_array_append_new(
			pairs,
			json_pack("[o,o]", ovsdb_atom_to_wire(c->key.type, k),
				  ovsdb_atom_to_wire(c->value.type, json_object_get(o, keys[i]))));
	}
	return json_pack("[s,o]", "map", pairs);
}

json_t *ovsdb_to_wire(const struct ovsdb_column *c, const json_t *canon_value)
{
	json_t *members, *v;
	size_t i;

	if (c->is_map)
		return map_to_wire(c, canon_value);
	if (ovsdb_column_is_atom(c))
		return ovsdb_atom_to_wire(c->key.type, canon_value);
	members = json_array();
	json_array_foreach(canon_value, i, v)
		json_array_append_new(members, ovsdb_atom_to_wire(c->key.type, v));
	return json_pack("[s,o]", "set", members);
}

json_t *ovsdb_default(const struct ovsdb_column *c)
{
	if (c->is_map)
		return json_object();
	if (ovsdb_column_is_atom(c))
		return ovsdb_atom_default(c->key.type);
	return c->min ? json_pack("[o]", ovsdb_atom_default(c->key.type)) : json_array();
}

/* Pairs only in one of both stay or come; a pair in both, equal, goes; differing, the new value. */
static json_t *diff_map(const json_t *old, const json_t *diff)
{
	json_t *o = json_copy((json_t *)old), *v;
	const char *key;

	json_object_foreach((json_t *)diff, key, v) {
		json_t *was = json_object_get(old, key);

		if (was && json_equal(was, v))
			json_object_del(o, key);
		else
			json_object_set(o, key, v);
	}
	return o;
}

json_t *ovsdb_set_minus(const json_t *a, const json_t *b)
{
	json_t *out = json_array(), *v;
	size_t i, k = 0, n = json_array_size(b);

	json_array_foreach(a, i, v) {
		while (k < n && ovsdb_atom_cmp(json_array_get(b, k), v) < 0)
			k++;
		if (k == n || ovsdb_atom_cmp(json_array_get(b, k), v) != 0)
			json_array_append(out, v);
	}
	return out;
}

json_t *ovsdb_apply_diff(const struct ovsdb_column *c, const json_t *old, const json_t *diff)
{
	json_t *set, *come;

	if (c->max == 1)
		return json_incref((json_t *)diff);
	if (c->is_map)
		return diff_map(old, diff);
	set = ovsdb_set_minus(old, diff);
	come = ovsdb_set_minus(diff, old);
	json_array_extend(set, come);
	json_decref(come);
	sort_set(set);
	return set;
}

static bool value_matches(const json_t *value, const json_t *want)
{
	const char *key;
	json_t *v;

	if (!json_is_object(want))
		return value && json_equal(value, want);
	json_object_foreach((json_t *)want, key, v) {
		json_t *have = json_object_get(value, key);

		if (!have || !json_equal(have, v))
			return false;
	}
	return true;
}

bool ovsdb_row_matches(const json_t *row, const json_t *index)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)index, key, v)
		if (!value_matches(json_object_get(row, key), v))
			return false;
	return true;
}
