/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows go without an operation of their own, because their last strong reference does. */
#include "ovsdb/diff_plan.h"

/* Calls fn for the uuid of every strong reference of a row. */
static void each_strong(const struct ovsdb_table *t, const json_t *row, struct diff *d,
			void (*fn)(struct diff *d, const char *table, const char *uuid))
{
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct ovsdb_column *c = &t->columns[i];
		json_t *value = json_object_get(row, c->name), *v;
		const char *table = column_ref_table(c), *key;
		size_t k;

		if (!table || !value || !column_is_strong(c))
			continue;
		if (json_is_string(value))
			fn(d, table, json_string_value(value));
		json_array_foreach(value, k, v)
			fn(d, table, json_string_value(v));
		json_object_foreach(value, key, v)
			fn(d, table, json_string_value(v));
	}
}

static void count(struct diff *d, const char *table UNUSED, const char *uuid)
{
	json_t *n = json_object_get(d->refs, uuid);

	if (n)
		json_integer_set(n, json_integer_value(n) + 1);
	else
		json_object_set_new(d->refs, uuid, json_integer(1));
}

static void count_refs(struct diff *d)
{
	const char *name, *uuid;
	json_t *rows, *row;

	d->refs = json_object();
	json_object_foreach((json_t *)d->replica, name, rows) {
		const struct ovsdb_table *t = ovsdb_schema_table(d->s, name);

		json_object_foreach(rows, uuid, row)
			if (t)
				each_strong(t, row, d, count);
	}
}

static void unlink_one(struct diff *d, const char *table, const char *uuid)
{
	row_unlinked(d, table, uuid);
}

void row_deleted(struct diff *d, const struct ovsdb_table *t, const json_t *row)
{
	static const char *const names[] = {"name", "logical_port", "_uuid"};
	const char *key = "";

	for (size_t i = 0; !*key && i < ARRAY_SIZE(names); i++)
		key = jstr(row, names[i], "");
	d->ret->deleted++;
	add_change(d, "delete", t->name, key, NULL, NULL);
	each_strong(t, row, d, unlink_one);
}

void row_unlinked(struct diff *d, const char *table, const char *uuid)
{
	const struct ovsdb_table *t = ovsdb_schema_table(d->s, table);
	const json_t *row = json_object_get(json_object_get(d->replica, table), uuid);
	json_t *n;

	if (!d->refs)
		count_refs(d);
	n = json_object_get(d->refs, uuid);
	if (!n || !t || !row)
		return;
	json_integer_set(n, json_integer_value(n) - 1);
	/* A row of the plan has its reference elsewhere; a root stays without. */
	if (json_integer_value(n) == 0 && !t->is_root && !json_object_get(d->taken, uuid))
		row_deleted(d, t, row);
}
