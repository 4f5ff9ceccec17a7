/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "ovsdb/diff_plan.h"

/* A column being made canonical. */
struct making {
	struct diff *d;
	const struct ovsdb_column *c;
};

static bool may_refer(const struct ovsdb_column *c, const char *table)
{
	return streq0(c->key.ref_table, table) || streq0(c->value.ref_table, table);
}

static const char *resolve(void *arg, const char *ref)
{
	struct making *m = arg;
	struct entry *n = find_entry(m->d, ref);

	if (!n)
		return NULL;
	if (!n->reached)
		return ""; /* a deviation: it will not exist */
	return may_refer(m->c, n->table) ? n->id : NULL;
}

static bool key_allowed(const struct ovsdb_column *c, const char *key)
{
	return !c->key.values || c->key.type != OVSDB_STRING || jhas_str(c->key.values, key);
}

/* A copy of a map without keys the schema forbids and without those that shall be absent. */
static json_t *filter_map(struct diff *d, const struct entry *n, const struct ovsdb_column *c,
			  const json_t *map)
{
	json_t *out = json_object(), *remove = json_array(), *v;
	const char *key;

	json_object_foreach((json_t *)map, key, v) {
		if (!key_allowed(c, key))
			add_deviation(d, "%s.%s:%s", n->table, c->name, key);
		else if (json_is_null(v) && is_merge(n, c))
			json_array_append_new(remove, json_string(key));
		else
			json_object_set(out, key, v);
	}
	if (json_array_size(remove))
		json_object_set(n->remove_keys, c->name, remove);
	json_decref(remove);
	return out;
}

static int canon_column(struct diff *d, struct entry *n, const struct ovsdb_column *c,
			const json_t *natural)
{
	struct making m = {d, c};
	_cleanup_json_ json_t *v = c->is_map && json_is_object(natural)
					   ? filter_map(d, n, c, natural)
					   : json_incref((json_t *)natural);
	json_t *canon = NULL;
	int r = ovsdb_canon(c, v, resolve, &m, &canon, d->e);

	if (r < 0)
		return entry_error(d, n, c->name);
	json_object_set_new(n->row, c->name, canon);
	return 0;
}

static int canon_entry(struct diff *d, struct entry *n)
{
	const char *key;
	json_t *v;

	json_object_foreach(json_object_get(n->j, "row"), key, v) {
		const struct ovsdb_column *c = ovsdb_table_column(n->t, key);
		int r = 0;

		if (c)
			r = canon_column(d, n, c, v);
		else
			add_deviation(d, "%s.%s", n->table, key);
		if (r < 0)
			return r;
	}
	return 0;
}

int plan_canon(struct diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		int r = d->v[i].reached ? canon_entry(d, &d->v[i]) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}
