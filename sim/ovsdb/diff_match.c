/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "ovsdb/diff_plan.h"

static int match(struct diff *d, struct entry *n);

/* For references inside an index: the referred row has to be matched first. */
static const char *resolve(void *arg, const char *ref)
{
	struct diff *d = arg;
	struct entry *n = find_entry(d, ref);

	return n && match(d, n) == 0 ? n->id : NULL;
}

/* The entry's index as canon, without what the schema lacks. */
static int canon_index(struct diff *d, const struct entry *n, json_t *ret)
{
	const char *key;
	json_t *v;

	json_object_foreach(json_object_get(n->j, "index"), key, v) {
		const struct ovsdb_column *c = ovsdb_table_column(n->t, key);
		json_t *canon = NULL;

		if (!c) {
			add_deviation(d, "%s.%s", n->table, key);
			continue;
		}
		if (ovsdb_canon(c, v, resolve, d, &canon, d->e) < 0)
			return err_wrap(d->e, "index %s", key);
		json_object_set_new(ret, key, canon);
	}
	return 0;
}

/* row reduced to what index speaks of: equal to it exactly when the row matches. NULL: it cannot. */
static json_t *project(const json_t *row, const json_t *index)
{
	_cleanup_json_ json_t *out = json_object();
	const char *column, *key;
	json_t *want, *v;

	json_object_foreach((json_t *)index, column, want) {
		json_t *have = json_object_get(row, column), *keys;

		if (!have)
			return NULL;
		if (!json_is_object(want)) {
			json_object_set(out, column, have);
			continue;
		}
		keys = json_object();
		json_object_set_new(out, column, keys);
		json_object_foreach(want, key, v) {
			if (!json_object_get(have, key))
				return NULL;
			json_object_set(keys, key, json_object_get(have, key));
		}
	}
	return TAKE_PTR(out);
}

/* "Table" and the columns and keys that an index uses: one cache for all indexes alike. */
static char *shape(const struct entry *n, const json_t *index)
{
	_cleanup_json_ json_t *s = json_object();
	const char *column, *key;
	json_t *want, *v;

	json_object_foreach((json_t *)index, column, want) {
		json_t *keys = json_object();

		json_object_foreach(want, key, v)
			json_object_set_new(keys, key, json_null());
		json_object_set_new(s, column, keys);
	}
	json_object_set_new(s, "table:", json_string(n->table));
	return jtext(s);
}

/* {values: uuid}: of rows with equal values the lowest uuid. */
static json_t *make_cache(struct diff *d, const struct entry *n, const json_t *index)
{
	json_t *cache = json_object(), *row;
	const char *uuid;

	json_object_foreach(json_object_get(d->replica, n->table), uuid, row) {
		_cleanup_json_ json_t *p = project(row, index);
		_cleanup_free_ char *values = p ? jtext(p) : NULL;
		const char *have;

		if (!values)
			continue;
		have = json_string_value(json_object_get(cache, values));
		if (!have || strcmp(uuid, have) < 0)
			json_object_set_new(cache, values, json_string(uuid));
	}
	return cache;
}

static const json_t *lookup(struct diff *d, const struct entry *n, const json_t *index)
{
	_cleanup_free_ char *name = shape(n, index), *values = jtext(index);
	json_t *cache = json_object_get(d->cache, name);
	const char *uuid;

	if (!cache) {
		cache = make_cache(d, n, index);
		json_object_set_new(d->cache, name, cache);
	}
	uuid = json_string_value(json_object_get(cache, values));
	return uuid ? json_object_get(json_object_get(d->replica, n->table), uuid) : NULL;
}

static int take(struct diff *d, struct entry *n, const json_t *row)
{
	const char *uuid = jstr(row, "_uuid", ""), *other = jstr(d->taken, uuid, NULL);

	if (other)
		return err_set(d->e, EINVAL, "is the same live row as %s", other);
	json_object_set_new(d->taken, uuid, json_string(n->ref));
	n->live = row;
	free(n->id);
	n->id = xstrdup(uuid);
	return 0;
}

static int match_live(struct diff *d, struct entry *n)
{
	_cleanup_json_ json_t *index = json_object();
	const json_t *row;
	int r = canon_index(d, n, index);

	if (r < 0)
		return r;
	/* Without an index only the row of a table that has one row is certain. */
	if (!json_object_size(index) && n->t->max_rows > 1)
		return err_set(d->e, EINVAL, "no \"index\" to find its row by");
	row = lookup(d, n, index);
	return row ? take(d, n, row) : 0;
}

static int match(struct diff *d, struct entry *n)
{
	int r = 0;

	if (n->state == MATCHED)
		return 0;
	if (n->state == MATCHING)
		return err_set(d->e, EINVAL, "%s %s: its index refers to itself", n->table, n->key);
	n->state = MATCHING;
	if (n->t && d->replica)
		r = match_live(d, n);
	n->state = MATCHED;
	return r < 0 ? entry_error(d, n, NULL) : 0;
}

int plan_match(struct diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		int r = match(d, &d->v[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
