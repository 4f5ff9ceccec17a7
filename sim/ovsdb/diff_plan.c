/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/diff_plan.h"

#include <errno.h>

int entry_error(struct diff *d, const struct entry *n, const char *column)
{
	if (column)
		err_wrap(d->e, "%s", column);
	return err_wrap(d->e, "%s %s", n->table, n->key);
}

void add_deviation(struct diff *d, const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	json_object_set_new(d->deviations, text, json_true());
}

struct entry *find_entry(struct diff *d, const char *ref)
{
	const json_t *i = json_object_get(d->by_ref, ref);

	return i ? &d->v[json_integer_value(i)] : NULL;
}

bool column_is_strong(const struct ovsdb_column *c)
{
	return (c->key.ref_table && !c->key.ref_weak) ||
	       (c->is_map && c->value.ref_table && !c->value.ref_weak);
}

const char *column_ref_table(const struct ovsdb_column *c)
{
	return c->is_map ? c->value.ref_table : c->key.ref_table;
}

bool is_merge(const struct entry *n, const struct ovsdb_column *c)
{
	return (c->is_map || c->max > 1) && jhas_str(json_object_get(n->j, "merge"), c->name);
}

static int by_table_and_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int r = strcmp(x->table, y->table);

	return r ? r : strcmp(x->key, y->key);
}

static int check_shape(struct diff *d, const struct entry *n, const json_t *j)
{
	if (!n->table || !n->key)
		return err_set(d->e, EINVAL, "desired row without table or key");
	if (!json_is_object(json_object_get(j, "row")))
		return err_set(d->e, EINVAL, "%s %s: no \"row\"", n->table, n->key);
	return 0;
}

static int load_entry(struct diff *d, const json_t *j)
{
	struct entry *n = &d->v[d->n];
	int r;

	*n = (struct entry){
		.j = j,
		.table = jstr(j, "table", NULL),
		.key = jstr(j, "key", NULL),
		.owner = jstr(j, "owner", NULL),
	};
	r = check_shape(d, n, j);
	if (r < 0)
		return r;
	n->ref = xasprintf("%s/%s", n->table, n->key);
	n->t = ovsdb_schema_table(d->s, n->table);
	n->row = json_object();
	n->remove_keys = json_object();
	d->n++;
	if (!n->t)
		add_deviation(d, "%s", n->table);
	return 0;
}

static int check_unique(struct diff *d, size_t i)
{
	const struct entry *a = &d->v[i], *b = &d->v[i - (i > 0)];

	if (!i || by_table_and_key(a, b))
		return 0;
	return err_set(d->e, EINVAL, "%s %s is desired twice: by %s and by %s", a->table, a->key,
		       b->owner ? b->owner : "?", a->owner ? a->owner : "?");
}

int plan_load(struct diff *d, const json_t *desired)
{
	json_t *j;
	size_t i;
	int r;

	d->v = xcalloc(json_array_size(desired), sizeof(*d->v));
	json_array_foreach(desired, i, j) {
		r = load_entry(d, j);
		if (r < 0)
			return r;
	}
	qsort(d->v, d->n, sizeof(*d->v), by_table_and_key);
	for (i = 0; i < d->n; i++) {
		r = check_unique(d, i);
		if (r < 0)
			return r;
		d->v[i].id = xasprintf("@row%zu", i);
		json_object_set_new(d->by_ref, d->v[i].ref, json_integer((json_int_t)i));
	}
	return 0;
}
