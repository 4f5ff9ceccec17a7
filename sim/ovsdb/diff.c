/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/diff.h"

#include "ovsdb/diff_plan.h"

void ovsdb_delta_free(struct ovsdb_delta *d)
{
	json_decref(d->ops);
	json_decref(d->changes);
	json_decref(d->deviations);
	*d = (struct ovsdb_delta)OVSDB_DELTA_INIT;
}

void add_change(struct diff *d, const char *op, const char *table, const char *key, json_t *columns,
		const char *owner)
{
	json_t *c = json_pack("{s:s, s:s, s:s}", "op", op, "table", table, "key", key);

	if (columns)
		json_object_set_new(c, "columns", columns);
	if (owner)
		json_object_set_new(c, "owner", json_string(owner));
	json_array_append_new(d->ret->changes, c);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Keys of an object in order; the caller frees the array only. */
static const char **sorted_keys(const json_t *o)
{
	const char **keys = xcalloc(json_object_size(o), sizeof(*keys)), *key;
	json_t *v;
	size_t n = 0;

	json_object_foreach((json_t *)o, key, v)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), by_text);
	return keys;
}

static void delete_row(struct diff *d, const struct ovsdb_table *t, const char *uuid,
		       const json_t *row)
{
	json_array_append_new(d->ret->ops,
			      json_pack("{s:s, s:s, s:[[s,s,[s,s]]]}", "op", "delete", "table",
					t->name, "where", "_uuid", "==", "uuid", uuid));
	row_deleted(d, t, row);
}

/* Root rows of ours that the plan lacks. */
static void delete_stale(struct diff *d, const struct ovsdb_table *t)
{
	const json_t *rows = json_object_get(d->replica, t->name);
	_cleanup_free_ const char **uuids = sorted_keys(rows);

	for (size_t i = 0; i < json_object_size(rows); i++) {
		const json_t *row = json_object_get(rows, uuids[i]);

		if (!json_object_get(d->taken, uuids[i]) && d->owned(t->name, row, d->arg))
			delete_row(d, t, uuids[i], row);
	}
}

static void list_deviations(struct diff *d)
{
	_cleanup_free_ const char **texts = sorted_keys(d->deviations);

	for (size_t i = 0; i < json_object_size(d->deviations); i++)
		json_array_append_new(d->ret->deviations, json_string(texts[i]));
}

static int run(struct diff *d, const json_t *desired)
{
	int r = plan_load(d, desired);

	if (r == 0)
		r = plan_match(d);
	if (r == 0)
		r = plan_reach(d);
	if (r == 0)
		r = plan_canon(d);
	for (size_t i = 0; r == 0 && i < d->n; i++)
		r = plan_emit(d, &d->v[i]);
	if (r < 0)
		return r;
	for (size_t i = 0; d->owned && i < d->s->n_tables; i++)
		if (d->s->tables[i].is_root)
			delete_stale(d, &d->s->tables[i]);
	list_deviations(d);
	return 0;
}

static void diff_free(struct diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].ref);
		free(d->v[i].id);
		json_decref(d->v[i].row);
		json_decref(d->v[i].remove_keys);
	}
	free(d->v);
	json_decref(d->by_ref);
	json_decref(d->taken);
	json_decref(d->cache);
	json_decref(d->deviations);
	json_decref(d->refs);
}

int ovsdb_diff(const struct ovsdb_schema *s, const json_t *replica, const json_t *desired,
	       ovsdb_owned_fn owned, void *arg, struct ovsdb_delta *ret, struct err *e)
{
	_cleanup_err_ struct err own = ERR_INIT;
	_cleanup_delta_ struct ovsdb_delta delta = {
		.ops = json_array(), .changes = json_array(), .deviations = json_array()};
	struct diff d = {
		.s = s,
		.replica = replica,
		.owned = owned,
		.arg = arg,
		.e = e ? e : &own,
		.by_ref = json_object(),
		.taken = json_object(),
		.cache = json_object(),
		.deviations = json_object(),
		.ret = &delta,
	};
	int r = run(&d, desired);

	diff_free(&d);
	if (r < 0)
		return r;
	*ret = delta;
	delta = (struct ovsdb_delta)OVSDB_DELTA_INIT;
	return 0;
}
