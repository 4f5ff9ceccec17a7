/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/fake.h"
#include "ovsdb/value.h"

json_t *fake_json(const char *text)
{
	_cleanup_free_ char *s = xstrdup(text);
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j;

	for (char *p = s; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = jparse(s, strlen(s), &e);
	if (!j) {
		fprintf(stderr, "bad JSON in a test: %s: %s\n", err_msg(&e), text);
		abort();
	}
	return j;
}

void fake_db_init(struct fake_db *db)
{
	*db = (struct fake_db){.rows = json_object()};
	db->schema = jload_file(FAKE_SCHEMA, NULL);
	db->s = ovsdb_schema_parse(db->schema, NULL);
	if (!db->s)
		abort();
}

void fake_db_free(struct fake_db *db)
{
	ovsdb_schema_free(db->s);
	json_decref(db->schema);
	json_decref(db->rows);
}

/* A transaction under way. */
struct work {
	struct fake_db *db;
	json_t *rows;  /* the new state */
	json_t *names; /* {uuid-name: uuid} */
};

static json_t *settle(const struct work *w, const json_t *j)
{
	json_t *out, *v;
	size_t i;

	if (!json_is_array(j))
		return json_incref((json_t *)j);
	if (streq0(json_string_value(json_array_get(j, 0)), "named-uuid"))
		return json_pack("[s,O]", "uuid", json_object_get(w->names, jstr(j, "1", "")));
	out = json_array();
	json_array_foreach(j, i, v)
		json_array_append_new(out, settle(w, v));
	return out;
}

static json_t *table_rows(struct work *w, const char *table)
{
	json_t *rows = json_object_get(w->rows, table);

	if (!rows) {
		rows = json_object();
		json_object_set_new(w->rows, table, rows);
	}
	return rows;
}

static const char *set_columns(struct work *w, const struct ovsdb_table *t, json_t *row,
			       const json_t *values)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)values, key, v) {
		const struct ovsdb_column *c = ovsdb_table_column(t, key);
		_cleanup_json_ json_t *wire = settle(w, v);
		json_t *canon = NULL;

		if (!c || ovsdb_from_wire(c, wire, &canon, NULL) < 0)
			return "bad column";
		json_object_set_new(row, key, canon);
	}
	return NULL;
}

static const char *do_insert(struct work *w, const struct ovsdb_table *t, const json_t *op,
			     json_t *result)
{
	const char *name = jstr(op, "uuid-name", NULL);
	const char *uuid = name ? json_string_value(json_object_get(w->names, name)) : NULL;
	_cleanup_free_ char *own = xasprintf("00000000-0000-4000-9000-%012u", ++w->db->next_uuid);
	json_t *row = json_pack("{s:s}", "_uuid", uuid ? uuid : own);

	for (size_t i = 0; i < t->n_columns; i++)
		json_object_set_new(row, t->columns[i].name, ovsdb_default(&t->columns[i]));
	json_object_set_new(table_rows(w, t->name), uuid ? uuid : own, row);
	json_object_set_new(result, "uuid", json_pack("[s,s]", "uuid", uuid ? uuid : own));
	return set_columns(w, t, row, json_object_get(op, "row"));
}

static const char *mutate(struct work *w, const struct ovsdb_table *t, json_t *row, const json_t *m)
{
	const struct ovsdb_column *c = ovsdb_table_column(t, jstr(m, "0", ""));
	const char *how = jstr(m, "1", "");
	_cleanup_json_ json_t *wire = settle(w, json_array_get(m, 2)), *arg = NULL;
	struct ovsdb_column loose = *c;
	json_t *was = json_object_get(row, c->name), *now, *v;
	const char *key;
	size_t i;

	if (streq(how, "+=")) {
		json_object_set_new(
			row, c->name,
			json_integer(json_integer_value(was) + json_integer_value(wire)));
		return NULL;
	}
	loose.min = 0;
	if (c->is_map && streq(how, "delete"))
		loose.is_map = false;
	if (ovsdb_from_wire(&loose, wire, &arg, NULL) < 0)
		return "bad mutation";
	now = json_deep_copy(was);
	json_array_foreach(arg, i, v)
		if (c->is_map)
			json_object_del(now, json_string_value(v));
	json_object_foreach(arg, key, v)
		if (!json_object_get(now, key))
			json_object_set(now, key, v);
	if (!c->is_map) {
		json_decref(now);
		now = ovsdb_set_minus(was, arg);
		if (streq(how, "insert")) {
			json_t *out;

			json_array_extend(now, arg);
			ovsdb_canon(&loose, now, NULL, NULL, &out, NULL);
			json_decref(now);
			now = out;
		}
	}
	json_object_set_new(row, c->name, now);
	return NULL;
}

static bool selected(const json_t *op, const char *uuid)
{
	const json_t *cond = jget(op, "where.0");

	return !cond || streq(jstr(cond, "2.1", ""), uuid);
}

static const char *do_rows(struct work *w, const struct ovsdb_table *t, const json_t *op,
			   json_t *result)
{
	const char *verb = jstr(op, "op", ""), *uuid, *error = NULL;
	json_t *rows = table_rows(w, t->name), *row, *m, *list = json_array();
	void *tmp;
	size_t i;
	int n = 0;

	json_object_foreach_safe(rows, tmp, uuid, row) {
		if (!selected(op, uuid) || error)
			continue;
		n++;
		if (streq(verb, "update"))
			error = set_columns(w, t, row, json_object_get(op, "row"));
		json_array_foreach(json_object_get(op, "mutations"), i, m)
			error = mutate(w, t, row, m);
		if (streq(verb, "select"))
			json_array_append(list, row); /* atoms look alike on the wire */
		if (streq(verb, "delete"))
			json_object_del(rows, uuid);
	}
	if (streq(verb, "select"))
		json_object_set(result, "rows", list);
	else
		json_object_set_new(result, "count", json_integer(n));
	json_decref(list);
	return error;
}

/* What a commit does to references. */
struct sweep {
	struct work *w;
	json_t *kept; /* {uuid: true} strongly referred to */
	const char *error;
	bool changed;
};

static bool exists(const struct work *w, const char *table, const char *uuid)
{
	return json_object_get(json_object_get(w->rows, table), uuid) != NULL;
}

static void sweep_set(struct sweep *s, const struct ovsdb_column *c, json_t *row)
{
	json_t *v, *value = json_object_get(row, c->name), *left = json_array();
	const char *key, *table = c->is_map ? c->value.ref_table : c->key.ref_table;
	size_t i;

	if (json_is_string(value)) {
		json_object_set_new(s->kept, json_string_value(value), json_true());
		if (!exists(s->w, table, json_string_value(value)))
			s->error = "referential integrity violation";
	}
	json_object_foreach(value, key, v)
		json_object_set_new(s->kept, json_string_value(v), json_true());
	json_array_foreach(value, i, v) {
		if (exists(s->w, table, json_string_value(v)))
			json_array_append(left, v);
		else if (!c->key.ref_weak)
			s->error = "referential integrity violation";
		if (!c->key.ref_weak)
			json_object_set_new(s->kept, json_string_value(v), json_true());
	}
	if (json_is_array(value))
		json_object_set(row, c->name, left);
	json_decref(left);
}

static void each_row(struct sweep *s, void (*fn)(struct sweep *, const struct ovsdb_table *,
						 json_t *rows, const char *uuid, json_t *row))
{
	const char *table, *uuid;
	json_t *rows, *row;
	void *tmp;

	json_object_foreach(s->w->rows, table, rows)
		json_object_foreach_safe(rows, tmp, uuid, row)
			fn(s, ovsdb_schema_table(s->w->db->s, table), rows, uuid, row);
}

static void mark(struct sweep *s, const struct ovsdb_table *t, json_t *rows UNUSED,
		 const char *uuid UNUSED, json_t *row)
{
	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].key.ref_table || t->columns[i].value.ref_table)
			sweep_set(s, &t->columns[i], row);
}

static void drop(struct sweep *s, const struct ovsdb_table *t, json_t *rows, const char *uuid,
		 json_t *row UNUSED)
{
	if (t->is_root || json_object_get(s->kept, uuid))
		return;
	json_object_del(rows, uuid);
	s->changed = true;
}

static const char *commit(struct work *w)
{
	struct sweep s = {w, NULL, NULL, true};

	while (s.changed && !s.error) {
		s.changed = false;
		s.kept = json_object();
		each_row(&s, mark);
		each_row(&s, drop);
		json_decref(s.kept);
	}
	return s.error;
}

static const char *do_op(struct work *w, const json_t *op, json_t *result)
{
	const struct ovsdb_table *t = ovsdb_schema_table(w->db->s, jstr(op, "table", ""));

	if (!t)
		return "unknown table";
	return streq(jstr(op, "op", ""), "insert") ? do_insert(w, t, op, result)
						   : do_rows(w, t, op, result);
}

json_t *fake_transact(struct fake_db *db, const json_t *ops)
{
	struct work w = {db, json_deep_copy(db->rows), json_object()};
	json_t *results = json_array(), *op;
	const char *error = NULL;
	size_t i;

	json_array_foreach(ops, i, op)
		if (jstr(op, "uuid-name", NULL))
			json_object_set_new(
				w.names, jstr(op, "uuid-name", ""),
				jstringf("00000000-0000-4000-8000-%012u", ++db->next_uuid));
	json_array_foreach(ops, i, op) {
		json_t *result = json_object();

		if (!error) {
			error = do_op(&w, op, result);
			if (error)
				json_object_set_new(result, "error", json_string(error));
			json_array_append(results, result);
		} else {
			json_array_append_new(results, json_null());
		}
		json_decref(result);
	}
	if (!error) {
		error = commit(&w);
		if (error)
			json_array_append_new(results, json_pack("{s:s}", "error", error));
	}
	if (!error)
		json_object_update(db->rows, w.rows);
	json_decref(w.rows);
	json_decref(w.names);
	return results;
}
