/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>

#include "ovsdb/atom.h"
#include "ovsdb/diff_plan.h"

/* What an existing row needs. */
struct change {
	json_t *row;	   /* columns to be written whole, wire */
	json_t *mutations; /* wire */
	json_t *columns;   /* names of both */
	bool more_than_links;
};

/* Members of a reference set go: says what vanishes with them. */
static void unlink_members(struct diff *d, const struct ovsdb_column *c, const json_t *gone)
{
	json_t *v;
	size_t i;

	if (!column_is_strong(c))
		return;
	json_array_foreach(gone, i, v)
		row_unlinked(d, c->key.ref_table, json_string_value(v));
}

static bool is_planned(struct diff *d, const json_t *uuid)
{
	return json_object_get(d->taken, json_string_value(uuid)) != NULL;
}

/* Whether a row that a set loses goes itself, as far as that can be told from here. */
static bool goes(struct diff *d, const char *table, const json_t *uuid)
{
	const struct ovsdb_table *t = ovsdb_schema_table(d->s, table);
	const json_t *row = jget(json_object_get(d->replica, table), json_string_value(uuid));

	if (is_planned(d, uuid))
		return false;
	return !row || !t || !t->is_root || (d->owned && d->owned(table, row, d->arg));
}

/* Whether a set of references changes only because rows come and go. */
static bool only_links(struct diff *d, const struct ovsdb_column *c, const json_t *come,
		       const json_t *gone)
{
	json_t *v;
	size_t i;

	if (c->is_map || !c->key.ref_table)
		return false;
	json_array_foreach(come, i, v)
		if (*json_string_value(v) != '@')
			return false;
	json_array_foreach(gone, i, v)
		if (!goes(d, c->key.ref_table, v))
			return false;
	return true;
}

static void note_set(struct diff *d, const struct ovsdb_column *c, const json_t *come,
		     const json_t *gone, struct change *ch)
{
	json_array_append_new(ch->columns, json_string(c->name));
	if (!only_links(d, c, come, gone))
		ch->more_than_links = true;
	if (c->key.ref_table)
		unlink_members(d, c, gone);
}

static void write_whole(struct diff *d, const struct ovsdb_column *c, const json_t *live,
			const json_t *want, struct change *ch)
{
	bool set = !c->is_map && !ovsdb_column_is_atom(c);
	_cleanup_json_ json_t *come = set ? ovsdb_set_minus(want, live) : json_array();
	_cleanup_json_ json_t *gone = set ? ovsdb_set_minus(live, want) : json_array();

	json_object_set_new(ch->row, c->name, ovsdb_to_wire(c, want));
	if (set) {
		note_set(d, c, come, gone, ch);
		return;
	}
	json_array_append_new(ch->columns, json_string(c->name));
	ch->more_than_links = true;
}

static void mutation(struct change *ch, const struct ovsdb_column *c, const char *op, json_t *value)
{
	json_array_append_new(ch->mutations, json_pack("[s,s,o]", c->name, op, value));
}

/* Our own rows in a shared set that are no longer planned. */
static json_t *stale_members(struct diff *d, const struct ovsdb_column *c, const json_t *live)
{
	const json_t *rows =
		c->key.ref_table ? json_object_get(d->replica, c->key.ref_table) : NULL;
	json_t *out = json_array(), *v;
	size_t i;

	json_array_foreach(live, i, v) {
		const json_t *row = json_object_get(rows, json_string_value(v));

		if (row && d->owned && !is_planned(d, v) && d->owned(c->key.ref_table, row, d->arg))
			json_array_append(out, v);
	}
	return out;
}

static void merge_set(struct diff *d, const struct ovsdb_column *c, const json_t *live,
		      const json_t *want, struct change *ch)
{
	_cleanup_json_ json_t *come = ovsdb_set_minus(want, live),
			      *gone = stale_members(d, c, live);

	if (json_array_size(gone))
		mutation(ch, c, "delete", ovsdb_to_wire(c, gone));
	if (json_array_size(come))
		mutation(ch, c, "insert", ovsdb_to_wire(c, come));
	if (json_array_size(gone) || json_array_size(come))
		note_set(d, c, come, gone, ch);
}

static void delete_keys(const struct ovsdb_column *c, json_t *gone, struct change *ch)
{
	struct ovsdb_column keys = {.key = c->key, .max = UINT_MAX};
	_cleanup_json_ json_t *atoms = json_array(), *canon = NULL;
	const char *key;
	json_t *v;

	json_object_foreach(gone, key, v) {
		json_t *atom;

		if (ovsdb_atom_from_text(c->key.type, key, &atom, NULL) == 0)
			json_array_append_new(atoms, atom);
	}
	ovsdb_canon(&keys, atoms, NULL, NULL, &canon, NULL);
	if (json_array_size(canon))
		mutation(ch, c, "delete", ovsdb_to_wire(&keys, canon));
}

static void merge_map(const struct entry *n, const struct ovsdb_column *c, const json_t *live,
		      const json_t *want, struct change *ch)
{
	_cleanup_json_ json_t *come = json_object(), *gone = json_object();
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach((json_t *)want, key, v) {
		const json_t *have = json_object_get(live, key);

		if (have && json_equal(have, v))
			continue;
		json_object_set(come, key, v);
		if (have) /* "insert" leaves keys alone that are there */
			json_object_set_new(gone, key, json_null());
	}
	json_array_foreach(json_object_get(n->remove_keys, c->name), i, v)
		if (json_object_get(live, json_string_value(v)))
			json_object_set_new(gone, json_string_value(v), json_null());
	delete_keys(c, gone, ch);
	if (json_object_size(come))
		mutation(ch, c, "insert", ovsdb_to_wire(c, come));
	if (json_object_size(come) || json_object_size(gone)) {
		json_array_append_new(ch->columns, json_string(c->name));
		ch->more_than_links = true;
	}
}

static int diff_column(struct diff *d, const struct entry *n, const struct ovsdb_column *c,
		       struct change *ch)
{
	const json_t *want = json_object_get(n->row, c->name);
	const json_t *live = json_object_get(n->live, c->name);

	if (!live)
		return err_set(d->e, EINVAL, "is not monitored");
	if (is_merge(n, c) && c->is_map)
		merge_map(n, c, live, want, ch);
	else if (is_merge(n, c))
		merge_set(d, c, live, want, ch);
	else if (json_equal(live, want))
		return 0;
	else if (c->immutable)
		return err_set(d->e, EINVAL, "cannot be changed once the row exists");
	else
		write_whole(d, c, live, want, ch);
	return 0;
}

static void add_op(struct diff *d, const char *op, const struct entry *n, const char *key,
		   json_t *value)
{
	json_array_append_new(d->ret->ops, json_pack("{s:s, s:s, s:[[s,s,[s,s]]], s:O}", "op", op,
						     "table", n->table, "where", "_uuid",
						     "==", "uuid", n->id, key, value));
}

static void finish(struct diff *d, const struct entry *n, struct change *ch)
{
	const char *op = ch->more_than_links ? "update" : "relink";

	if (json_object_size(ch->row))
		add_op(d, "update", n, "row", ch->row);
	if (json_array_size(ch->mutations))
		add_op(d, "mutate", n, "mutations", ch->mutations);
	if (!json_array_size(ch->columns))
		return;
	if (ch->more_than_links)
		d->ret->updated++;
	else
		d->ret->relinked++;
	add_change(d, op, n->table, n->key, json_incref(ch->columns), n->owner);
}

static int emit_update(struct diff *d, const struct entry *n)
{
	_cleanup_json_ json_t *row = json_object(), *mutations = json_array(),
			      *columns = json_array();
	struct change ch = {row, mutations, columns, false};

	for (size_t i = 0; i < n->t->n_columns; i++) {
		const struct ovsdb_column *c = &n->t->columns[i];
		int r = json_object_get(n->row, c->name) ? diff_column(d, n, c, &ch) : 0;

		if (r < 0)
			return entry_error(d, n, c->name);
	}
	finish(d, n, &ch);
	return 0;
}

static int emit_insert(struct diff *d, const struct entry *n)
{
	json_t *row = json_object(), *columns = json_array();

	for (size_t i = 0; i < n->t->n_columns; i++) {
		const struct ovsdb_column *c = &n->t->columns[i];
		const json_t *v = json_object_get(n->row, c->name);

		if (!v)
			continue;
		json_object_set_new(row, c->name, ovsdb_to_wire(c, v));
		json_array_append_new(columns, json_string(c->name));
	}
	json_array_append_new(d->ret->ops,
			      json_pack("{s:s, s:s, s:s, s:o}", "op", "insert", "table", n->table,
					"uuid-name", n->id + 1, "row", row));
	d->ret->inserted++;
	add_change(d, "insert", n->table, n->key, columns, n->owner);
	return 0;
}

int plan_emit(struct diff *d, const struct entry *n)
{
	if (!n->reached)
		return 0;
	return n->live ? emit_update(d, n) : emit_insert(d, n);
}
