/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/socket.h>

#include "ovsdb/client.h"
#include "ovsdb/fake.h"
#include "ovsdb/value.h"

static json_t *monitored_row(const struct fake_server *f, const struct ovsdb_table *t,
			     const json_t *row)
{
	json_t *out = json_object(), *name;
	size_t i;

	json_array_foreach(json_object_get(f->columns, t->name), i, name) {
		const struct ovsdb_column *c = ovsdb_table_column(t, json_string_value(name));
		_cleanup_json_ json_t *def = ovsdb_default(c);
		const json_t *v = json_object_get(row, c->name);

		if (!json_equal(v, def) || streq(f->monitor, "monitor"))
			json_object_set_new(out, c->name, ovsdb_to_wire(c, v));
	}
	return out;
}

static json_t *map_diff(const json_t *old, const json_t *new)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach((json_t *)old, key, v)
		if (!json_object_get(new, key))
			json_object_set(out, key, v);
	json_object_foreach((json_t *)new, key, v) {
		const json_t *was = json_object_get(old, key);

		if (!was || !json_equal(was, v))
			json_object_set(out, key, v);
	}
	return out;
}

static json_t *column_diff(const struct ovsdb_column *c, const json_t *old, const json_t *new)
{
	_cleanup_json_ json_t *d = NULL, *gone = NULL;

	if (c->max == 1)
		return ovsdb_to_wire(c, new);
	if (c->is_map) {
		d = map_diff(old, new);
	} else {
		d = ovsdb_set_minus(new, old);
		gone = ovsdb_set_minus(old, new);
		json_array_extend(d, gone);
	}
	return ovsdb_to_wire(c, d);
}

static json_t *modified(const struct fake_server *f, const struct ovsdb_table *t, const json_t *old,
			const json_t *new)
{
	json_t *out = json_object(), *name;
	size_t i;

	json_array_foreach(json_object_get(f->columns, t->name), i, name) {
		const struct ovsdb_column *c = ovsdb_table_column(t, json_string_value(name));
		const json_t *a = json_object_get(old, c->name), *b = json_object_get(new, c->name);

		if (!json_equal(a, b))
			json_object_set_new(out, c->name, column_diff(c, a, b));
	}
	return out;
}

/* How one row went from old to new (each may be NULL), in the words of the monitor method. */
static json_t *row_update(const struct fake_server *f, const struct ovsdb_table *t,
			  const json_t *old, const json_t *new)
{
	json_t *o = json_object();

	if (streq(f->monitor, "monitor")) {
		if (old)
			json_object_set_new(o, "old", monitored_row(f, t, old));
		if (new)
			json_object_set_new(o, "new", monitored_row(f, t, new));
	} else if (!old) {
		json_object_set_new(o, "insert", monitored_row(f, t, new));
	} else if (!new) {
		json_object_set_new(o, "delete", json_null());
	} else {
		json_object_set_new(o, "modify", modified(f, t, old, new));
	}
	return o;
}

static void add_update(const struct fake_server *f, json_t *out, const char *table,
		       const char *uuid, const json_t *old, const json_t *new)
{
	const struct ovsdb_table *t = ovsdb_schema_table(f->db.s, table);

	if (!json_object_get(f->columns, table) || (old && new &&json_equal(old, new)))
		return;
	if (!json_object_get(out, table))
		json_object_set_new(out, table, json_object());
	json_object_set_new(json_object_get(out, table), uuid, row_update(f, t, old, new));
}

static json_t *updates(const struct fake_server *f, const json_t *before, const json_t *after)
{
	json_t *out = json_object(), *rows, *row;
	const char *table, *uuid;

	json_object_foreach((json_t *)after, table, rows)
		json_object_foreach(rows, uuid, row)
			add_update(f, out, table, uuid,
				   json_object_get(json_object_get(before, table), uuid), row);
	json_object_foreach((json_t *)before, table, rows)
		json_object_foreach(rows, uuid, row)
			if (!json_object_get(json_object_get(after, table), uuid))
				add_update(f, out, table, uuid, row, NULL);
	return out;
}

static void send_update(struct fake_server *f, json_t *u)
{
	if (streq(f->monitor, "monitor_cond_since"))
		jrpc_notify(f->j, "update3", json_pack("[s,s,o]", "ovnbed", "1", u));
	else if (streq(f->monitor, "monitor_cond"))
		jrpc_notify(f->j, "update2", json_pack("[s,o]", "ovnbed", u));
	else
		jrpc_notify(f->j, "update", json_pack("[s,o]", "ovnbed", u));
}

static json_t *transact(struct fake_server *f, const json_t *ops)
{
	_cleanup_json_ json_t *before = json_deep_copy(f->db.rows);
	json_t *results = fake_transact(&f->db, ops), *u;

	u = f->columns ? updates(f, before, f->db.rows) : json_object();
	if (json_object_size(u))
		send_update(f, json_incref(u));
	json_decref(u);
	return results;
}

static json_t *start_monitor(struct fake_server *f, const json_t *params)
{
	_cleanup_json_ json_t *nothing = json_object();
	const char *table;
	json_t *v, *u;

	f->columns = json_object();
	json_object_foreach(json_array_get(params, 2), table, v)
		json_object_set(f->columns, table, jget(v, "0.columns"));
	u = updates(f, nothing, f->db.rows);
	return streq(f->monitor, "monitor_cond_since") ? json_pack("[b,s,o]", 0, "1", u) : u;
}

static void on_request(void *arg, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	struct fake_server *f = arg;

	json_array_append_new(f->seen, json_string(method));
	if (f->mute)
		return;
	if (streq(method, "get_schema") && streq(jstr(params, "0", ""), "Mini")) {
		jrpc_reply(j, id, json_incref(f->db.schema), NULL);
	} else if (streq(method, "get_schema")) {
		jrpc_reply(j, id, NULL, json_pack("{s:s}", "error", "unknown database"));
	} else if (streq(method, f->monitor)) {
		jrpc_reply(j, id, start_monitor(f, params), NULL);
	} else if (streq(method, "transact")) {
		_cleanup_json_ json_t *ops = json_copy((json_t *)params);

		json_array_remove(ops, 0);
		jrpc_reply(j, id, transact(f, ops), NULL);
	} else {
		jrpc_reply(j, id, NULL, json_pack("{s:s}", "error", "unknown method"));
	}
}

static void on_closed(void *arg, struct jrpc *j, const char *why UNUSED)
{
	struct fake_server *f = arg;

	jrpc_free(j);
	f->j = NULL;
}

static const struct jrpc_ops ops = {on_request, on_closed};

int fake_server_open(struct fake_server *f, sd_event *ev, const char *monitor)
{
	int fd[2];

	*f = (struct fake_server){.monitor = monitor, .seen = json_array()};
	fake_db_init(&f->db);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		abort();
	f->j = jrpc_new(ev, fd[0], &ops, f);
	return fd[1];
}

void fake_server_change(struct fake_server *f, const char *text)
{
	_cleanup_json_ json_t *o = fake_json(text), *results = transact(f, o);
	_cleanup_free_ char *shown = jtext(results);

	if (strstr(shown, "\"error\"")) {
		fprintf(stderr, "a test's own transaction failed: %s: %s\n", text, shown);
		abort();
	}
}

void fake_server_close(struct fake_server *f)
{
	jrpc_free(f->j);
	fake_db_free(&f->db);
	json_decref(f->columns);
	json_decref(f->seen);
}
