/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/client.h"
#include "ovsdb/value.h"

bool ovsdb_is_ready(const struct ovsdb *o)
{
	return o && o->ready && !o->closed;
}

const char *ovsdb_db(const struct ovsdb *o)
{
	return o->db;
}

sd_event *ovsdb_event(const struct ovsdb *o)
{
	return o->ev;
}

const struct ovsdb_schema *ovsdb_schema(const struct ovsdb *o)
{
	return o->ready ? o->schema : NULL;
}

const json_t *ovsdb_replica(const struct ovsdb *o)
{
	return o->replica;
}

const json_t *ovsdb_rows(const struct ovsdb *o, const char *table)
{
	json_t *rows = json_object_get(o->replica, table);

	if (!rows) {
		rows = json_object();
		json_object_set_new(o->replica, table, rows);
	}
	return rows;
}

const json_t *ovsdb_row(const struct ovsdb *o, const char *table, const char *uuid)
{
	return json_object_get(json_object_get(o->replica, table), uuid);
}

static int by_uuid(const void *a, const void *b)
{
	return strcmp(jstr(*(json_t *const *)a, "_uuid", ""),
		      jstr(*(json_t *const *)b, "_uuid", ""));
}

static json_t *sorted(const json_t *rows)
{
	size_t n = json_array_size(rows);
	json_t *out = json_array(), **v = xcalloc(n, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = json_array_get(rows, i);
	qsort(v, n, sizeof(*v), by_uuid);
	for (size_t i = 0; i < n; i++)
		json_array_append(out, v[i]);
	free(v);
	return out;
}

/* The natural index as canon; NULL when the table lacks a column or a value is of a wrong type. */
static json_t *canon_index(const struct ovsdb_table *t, const json_t *index)
{
	_cleanup_json_ json_t *out = json_object();
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)index, key, v) {
		const struct ovsdb_column *c = ovsdb_table_column(t, key);
		json_t *canon = NULL;

		if (!c || ovsdb_canon(c, v, NULL, NULL, &canon, NULL) < 0)
			return NULL;
		json_object_set_new(out, key, canon);
	}
	return TAKE_PTR(out);
}

json_t *ovsdb_find_all(const struct ovsdb *o, const char *table, json_t *index)
{
	_cleanup_json_ json_t *natural = index, *found = json_array(), *want = NULL;
	const char *uuid;
	json_t *row;

	want = canon_index(ovsdb_schema_table(o->schema, table), natural);
	json_object_foreach(json_object_get(o->replica, table), uuid, row)
		if (want && ovsdb_row_matches(row, want))
			json_array_append(found, row);
	return sorted(found);
}

const json_t *ovsdb_find(const struct ovsdb *o, const char *table, json_t *index)
{
	_cleanup_json_ json_t *all = ovsdb_find_all(o, table, index);

	return json_array_get(all, 0); /* the replica holds it as well */
}

const json_t *ovsdb_first(const struct ovsdb *o, const char *table)
{
	return ovsdb_find(o, table, json_object());
}
