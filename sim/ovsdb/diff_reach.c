/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "ovsdb/diff_plan.h"

/* Calls fn for every {"$ref":…} anywhere in a natural value. */
static void each_ref(const json_t *j, void (*fn)(void *arg, const char *ref), void *arg)
{
	const char *ref = jstr(j, "$ref", NULL), *key;
	json_t *v;
	size_t i;

	if (ref) {
		fn(arg, ref);
		return;
	}
	json_object_foreach((json_t *)j, key, v)
		each_ref(v, fn, arg);
	json_array_foreach(j, i, v)
		each_ref(v, fn, arg);
}

static void mention(void *arg, const char *ref)
{
	struct entry *n = find_entry(arg, ref);

	if (n)
		n->mentioned = true;
}

static void reach(struct diff *d, struct entry *n);

static void reach_ref(void *arg, const char *ref)
{
	struct diff *d = arg;
	struct entry *n = find_entry(d, ref);

	if (n)
		reach(d, n);
}

/* n will exist, and so will what it strongly refers to. */
static void reach(struct diff *d, struct entry *n)
{
	const char *key;
	json_t *v;

	if (n->reached || !n->t)
		return;
	n->reached = true;
	json_object_foreach(json_object_get(n->j, "row"), key, v) {
		const struct ovsdb_column *c = ovsdb_table_column(n->t, key);

		if (c && column_is_strong(c))
			each_ref(v, reach_ref, d);
	}
}

int plan_reach(struct diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct entry *n = &d->v[i];

		if (n->t && (n->t->is_root || n->live))
			reach(d, n);
		each_ref(json_object_get(n->j, "row"), mention, d);
	}
	for (size_t i = 0; i < d->n; i++) {
		struct entry *n = &d->v[i];

		if (n->reached || !n->t)
			continue;
		if (!n->mentioned)
			return err_set(d->e, EINVAL,
				       "%s %s: no row refers to it, so it would vanish at once",
				       n->table, n->key);
		add_deviation(d, "%s", n->ref);
	}
	return 0;
}
