/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/client.h"

#include <errno.h>

/* A server that listens but does not answer is broken. */
#define HANDSHAKE_TIMEOUT (10 * USEC_PER_SEC)
#define MONITOR_ID "ovnbed"
#define NO_TXN "00000000-0000-0000-0000-000000000000"

/* Newest first; an older server answers "unknown method" and the next one is tried. */
static const struct {
	const char *method;
	bool since, v2;
} methods[] = {
	{"monitor_cond_since", true, true},
	{"monitor_cond", false, true},
	{"monitor", false, false},
};

void ovsdb_enter(struct ovsdb *o)
{
	o->busy++;
}

/* Frees the watches that have ended, or all. Only while nothing walks over them. */
static void prune_watches(struct ovsdb *o, bool all)
{
	struct ovsdb_watch **p = &o->watches, *w;

	while ((w = *p)) {
		if (w->fn && !all) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		free(w);
	}
}

bool ovsdb_leave(struct ovsdb *o)
{
	if (--o->busy > 0)
		return true;
	prune_watches(o, o->freed);
	if (!o->freed)
		return true;
	ovsdb_schema_free(o->schema);
	json_decref(o->monitored);
	json_decref(o->columns);
	json_decref(o->replica);
	free(o->db);
	free(o);
	return false;
}

static void notify_watches(struct ovsdb *o, const json_t *changes)
{
	for (struct ovsdb_watch *w = o->watches; w; w = w->next)
		if (w->fn)
			w->fn(w->arg, changes);
}

struct ovsdb_watch *ovsdb_watch(struct ovsdb *o, ovsdb_watch_fn fn, void *arg)
{
	struct ovsdb_watch *w = xcalloc(1, sizeof(*w));

	*w = (struct ovsdb_watch){o->watches, fn, arg};
	o->watches = w;
	return w;
}

void ovsdb_unwatch(struct ovsdb *o, struct ovsdb_watch *w)
{
	if (!w)
		return;
	ovsdb_enter(o);
	w->fn = NULL;
	ovsdb_leave(o);
}

static void end(struct ovsdb *o)
{
	o->closed = true;
	jrpc_free(o->j); /* the calls that fail may still cancel others */
	o->j = NULL;
	notify_watches(o, NULL);
}

static void die(struct ovsdb *o, const char *why)
{
	if (o->closed || o->freed)
		return;
	ovsdb_enter(o);
	end(o);
	if (!o->freed && o->ops && o->ops->closed)
		o->ops->closed(o->arg, o, why);
	ovsdb_leave(o);
}

static void on_closed(void *arg, struct jrpc *j UNUSED, const char *why)
{
	die(arg, why);
}

/* The server's errors are objects; text comes from base/jrpc.h and names the method itself. */
static void die_error(struct ovsdb *o, const char *method, const json_t *error)
{
	const char *text = json_string_value(error), *msg = jstr(error, "error", "refused");
	_cleanup_free_ char *why = text ? xasprintf("%s: %s", o->db, text)
					: xasprintf("%s: %s: %s", o->db, method, msg);

	die(o, why);
}

/* Brings the replica up to date; false when the connection had to be given up. */
static bool update(struct ovsdb *o, const json_t *updates, bool v2, json_t *changes)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *why = NULL;

	if (ovsdb_update(o->schema, o->columns, o->replica, updates, v2, changes, &e) == 0)
		return true;
	why = xasprintf("%s: update: %s", o->db, err_msg(&e));
	die(o, why);
	return false;
}

static void on_update(struct ovsdb *o, const json_t *updates, bool v2)
{
	_cleanup_json_ json_t *changes = json_object();

	if (!o->ready || !update(o, updates, v2, changes) || !json_object_size(changes))
		return;
	notify_watches(o, changes);
	if (!o->freed && !o->closed && o->ops && o->ops->changed)
		o->ops->changed(o->arg, o, changes);
}

static void on_request(void *arg, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	struct ovsdb *o = arg;

	ovsdb_enter(o);
	if (streq(method, "update3"))
		on_update(o, json_array_get(params, 2), true);
	else if (streq(method, "update2"))
		on_update(o, json_array_get(params, 1), true);
	else if (streq(method, "update"))
		on_update(o, json_array_get(params, 1), false);
	else if (streq(method, "monitor_canceled"))
		die(o, "the server gave up the database");
	else if (id)
		jrpc_reply(j, id, NULL, json_string("unknown method"));
	ovsdb_leave(o);
}

static const struct jrpc_ops jrpc_ops = {on_request, on_closed};

static void start_monitor(struct ovsdb *o);

static bool is_unknown_method(const json_t *error)
{
	const char *s = json_is_string(error) ? json_string_value(error) : jstr(error, "error", "");

	return streq(s, "unknown method");
}

static void on_monitor(void *arg, const json_t *result, const json_t *error)
{
	_cleanup_json_ json_t *changes = json_object();
	struct ovsdb *o = arg;
	const json_t *rows = methods[o->method].since ? json_array_get(result, 2) : result;

	if (o->freed || o->closed)
		return;
	ovsdb_enter(o);
	if (error && is_unknown_method(error) && o->method + 1 < ARRAY_SIZE(methods)) {
		o->method++;
		start_monitor(o);
	} else if (error) {
		die_error(o, methods[o->method].method, error);
	} else if (update(o, rows, methods[o->method].v2, changes)) {
		o->ready = true;
		if (o->ops && o->ops->ready)
			o->ops->ready(o->arg, o);
	}
	ovsdb_leave(o);
}

static void start_monitor(struct ovsdb *o)
{
	json_t *requests = json_object(), *params, *v;
	const char *table;

	json_object_foreach(o->columns, table, v)
		json_object_set_new(requests, table, json_pack("[{s:O}]", "columns", v));
	params = json_pack("[s,s,o]", o->db, MONITOR_ID, requests);
	if (methods[o->method].since)
		json_array_append_new(params, json_string(NO_TXN));
	jrpc_call(o->j, methods[o->method].method, params, HANDSHAKE_TIMEOUT, on_monitor, o);
}

static void on_schema(void *arg, const json_t *result, const json_t *error)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct ovsdb *o = arg;

	if (o->freed || o->closed)
		return;
	ovsdb_enter(o);
	if (error) {
		die_error(o, "get_schema", error);
	} else {
		o->schema = ovsdb_schema_parse(result, &e);
		if (o->schema) {
			o->columns = ovsdb_monitor_columns(o->schema, o->monitored);
			start_monitor(o);
		} else {
			_cleanup_free_ char *why = xasprintf("%s: %s", o->db, err_msg(&e));

			die(o, why);
		}
	}
	ovsdb_leave(o);
}

struct ovsdb *ovsdb_open_fd(sd_event *ev, int fd, const char *db, const json_t *monitored,
			    const struct ovsdb_ops *ops, void *arg)
{
	struct ovsdb *o = xcalloc(1, sizeof(*o));

	o->ev = ev;
	o->db = xstrdup(db);
	o->ops = ops;
	o->arg = arg;
	o->monitored = json_deep_copy(monitored);
	o->replica = json_object();
	o->j = jrpc_new(ev, fd, &jrpc_ops, o);
	jrpc_call(o->j, "get_schema", json_pack("[s]", db), HANDSHAKE_TIMEOUT, on_schema, o);
	return o;
}

struct ovsdb *ovsdb_open(sd_event *ev, const char *path, const char *db, const json_t *monitored,
			 const struct ovsdb_ops *ops, void *arg, struct err *e)
{
	int fd = unix_connect(path, e);

	return fd < 0 ? NULL : ovsdb_open_fd(ev, fd, db, monitored, ops, arg);
}

void ovsdb_free(struct ovsdb *o)
{
	if (!o || o->freed)
		return;
	ovsdb_enter(o);
	o->freed = true;
	if (!o->closed)
		end(o);
	ovsdb_leave(o);
}
