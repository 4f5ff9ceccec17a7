/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/client.h"

#include <errno.h>
#include <limits.h>

#include "ovsdb/atom.h"
#include "ovsdb/value.h"

/* One table of an update message. */
struct update {
	const struct ovsdb_table *t;
	const json_t *columns; /* monitored ones */
	json_t *rows;	       /* of the replica */
	json_t *changes;       /* of the table */
};

static void note(struct update *u, const char *uuid, const char *op, json_t *old)
{
	json_t *c = json_pack("{s:s}", "op", op);

	if (old)
		json_object_set_new(c, "old", old);
	json_object_set_new(u->changes, uuid, c);
}

static const struct ovsdb_column *column(struct update *u, const char *name, struct err *e)
{
	const struct ovsdb_column *c = ovsdb_table_column(u->t, name);

	if (!c)
		err_set(e, EPROTO, "unknown column %s", name);
	return c;
}

/* Initial and inserted rows leave out columns that hold their default. */
static json_t *default_row(struct update *u, const char *uuid)
{
	json_t *row = json_pack("{s:s}", "_uuid", uuid), *name;
	size_t i;

	json_array_foreach(u->columns, i, name) {
		const char *n = json_string_value(name);

		json_object_set_new(row, n, ovsdb_default(ovsdb_table_column(u->t, n)));
	}
	return row;
}

static int on_insert(struct update *u, const char *uuid, const json_t *values, struct err *e)
{
	_cleanup_json_ json_t *row = default_row(u, uuid);
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)values, key, v) {
		const struct ovsdb_column *c;
		json_t *value = NULL;
		int r;

		if (*key == '_')
			continue;
		c = column(u, key, e);
		r = c ? ovsdb_from_wire(c, v, &value, e) : -EPROTO;
		if (r < 0)
			return r;
		json_object_set_new(row, key, value);
	}
	json_object_set(u->rows, uuid, row);
	note(u, uuid, "insert", NULL);
	return 0;
}

static int on_delete(struct update *u, const char *uuid, struct err *e)
{
	json_t *row = json_object_get(u->rows, uuid);

	if (!row)
		return err_set(e, EPROTO, "deletes a row that is not there");
	note(u, uuid, "delete", json_incref(row));
	json_object_del(u->rows, uuid);
	return 0;
}

/* The column's next value, from the new value (v1) or from the difference (v2). */
static int next_value(const struct ovsdb_column *c, const json_t *old, const json_t *wire, bool v2,
		      json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *diff = NULL;
	struct ovsdb_column loose = *c;
	int r;

	if (!v2)
		return ovsdb_from_wire(c, wire, ret, e);
	if (c->max > 1) { /* a difference may hold more or fewer members than a value */
		loose.min = 0;
		loose.max = UINT_MAX;
	}
	r = ovsdb_from_wire(&loose, wire, &diff, e);
	if (r == 0)
		*ret = ovsdb_apply_diff(c, old, diff);
	return r;
}

static int on_modify(struct update *u, const char *uuid, const json_t *values, bool v2,
		     struct err *e)
{
	_cleanup_json_ json_t *old = json_object();
	json_t *row = json_object_get(u->rows, uuid), *v;
	const char *key;

	if (!row)
		return err_set(e, EPROTO, "modifies a row that is not there");
	json_object_foreach((json_t *)values, key, v) {
		const struct ovsdb_column *c;
		json_t *was = json_object_get(row, key), *now = NULL;
		int r;

		if (*key == '_')
			continue;
		c = column(u, key, e);
		if (!c)
			return -EPROTO;
		if (!was)
			return err_set(e, EPROTO, "column %s is not monitored", key);
		r = next_value(c, was, v, v2, &now, e);
		if (r < 0)
			return r;
		if (!json_equal(was, now)) /* v1 repeats columns that have not changed */
			json_object_set(old, key, was);
		json_object_set_new(row, key, now);
	}
	note(u, uuid, "modify", TAKE_PTR(old));
	return 0;
}

/* {"new":…}, {"old":…,"new":…} or {"old":…}. */
static int row_update1(struct update *u, const char *uuid, const json_t *up, struct err *e)
{
	const json_t *old = json_object_get(up, "old"), *new = json_object_get(up, "new");

	if (new && !json_is_object(new))
		return err_set(e, EPROTO, "malformed row update");
	if (new)
		return old ? on_modify(u, uuid, new, false, e) : on_insert(u, uuid, new, e);
	return on_delete(u, uuid, e);
}

/* {"initial":…}, {"insert":…}, {"modify":…} or {"delete":null}. */
static int row_update2(struct update *u, const char *uuid, const json_t *up, struct err *e)
{
	const char *op = json_object_iter_key(json_object_iter((json_t *)up));
	const json_t *row = op ? json_object_get(up, op) : NULL;

	if (op && streq(op, "delete"))
		return on_delete(u, uuid, e);
	if (!json_is_object(row))
		return err_set(e, EPROTO, "malformed row update");
	if (streq(op, "modify"))
		return on_modify(u, uuid, row, true, e);
	if (streq(op, "initial") || streq(op, "insert"))
		return on_insert(u, uuid, row, e);
	return err_set(e, EPROTO, "unknown row update \"%s\"", op);
}

static int table_update(struct update *u, const json_t *rows, bool v2, struct err *e)
{
	const char *uuid;
	json_t *up;

	json_object_foreach((json_t *)rows, uuid, up) {
		int r = ovsdb_is_uuid(uuid) ? 0 : err_set(e, EPROTO, "not a uuid");

		if (r == 0)
			r = v2 ? row_update2(u, uuid, up, e) : row_update1(u, uuid, up, e);
		if (r < 0)
			return err_wrap(e, "%s %s", u->t->name, uuid);
	}
	return 0;
}

static json_t *member(json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	if (!v) {
		v = json_object();
		json_object_set_new(o, key, v);
	}
	return v;
}

int ovsdb_update(const struct ovsdb_schema *s, const json_t *columns, json_t *replica,
		 const json_t *updates, bool v2, json_t *changes, struct err *e)
{
	const char *name;
	json_t *rows;

	if (!json_is_object(updates))
		return err_set(e, EPROTO, "malformed update");
	json_object_foreach((json_t *)updates, name, rows) {
		struct update u = {
			.t = ovsdb_schema_table(s, name),
			.columns = json_object_get(columns, name),
		};
		int r;

		if (!u.t || !u.columns || !json_is_object(rows))
			return err_set(e, EPROTO, "update of unknown table %s", name);
		u.rows = member(replica, name);
		u.changes = member(changes, name);
		r = table_update(&u, rows, v2, e);
		if (r < 0)
			return r;
	}
	return 0;
}
