/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/client.h"

#include <errno.h>

struct txn {
	struct txn *next;
	struct ovsdb *o;
	long id;
	json_t *ops;
	ovsdb_done_fn done;
	void *arg;
};

/* Whether the operation picks its row by uuid, so that finding none means it is gone. */
static bool by_uuid(const json_t *op)
{
	const json_t *cond = jget(op, "where.0");

	return streq0(jstr(cond, "0", NULL), "_uuid") && streq0(jstr(cond, "1", NULL), "==");
}

static int op_error(size_t i, const json_t *op, const json_t *result, struct err *e)
{
	const char *verb = jstr(op, "op", "commit"), *table = jstr(op, "table", "");
	const char *error = jstr(result, "error", NULL), *details = jstr(result, "details", NULL);
	_cleanup_free_ char *where =
		op ? xasprintf("op %zu (%s%s%s)", i, verb, *table ? " " : "", table)
		   : xstrdup("commit");

	if (error)
		return err_set(e, streq(verb, "wait") && streq(error, "timed out") ? EAGAIN : EIO,
			       "%s: %s%s%s", where, error, details ? ": " : "",
			       details ? details : "");
	if (by_uuid(op) && jint(result, "count", 1) == 0)
		return err_set(e, ESTALE, "%s: the row is gone", where);
	return 0;
}

int ovsdb_reply_error(const char *db, const json_t *ops, const json_t *results, struct err *e)
{
	json_t *result;
	size_t i;
	int r = 0;

	if (!json_is_array(results))
		return err_set(e, EIO, "%s: transact: malformed reply", db);
	/* One result an operation, null behind the one that failed, and one more when commit failed. */
	json_array_foreach(results, i, result) {
		r = op_error(i, json_array_get(ops, i), result, e);
		if (r < 0)
			break;
	}
	if (r == 0 && json_array_size(results) < json_array_size(ops))
		r = err_set(e, EIO, "%zu results for %zu operations", json_array_size(results),
			    json_array_size(ops));
	return r < 0 ? err_wrap(e, "%s: transact", db) : 0;
}

static struct txn *take_txn(struct ovsdb *o, const struct txn *t, long id)
{
	for (struct txn **p = &o->txns; *p; p = &(*p)->next) {
		struct txn *x = *p;

		if (x == t || (!t && x->id == id)) {
			*p = x->next;
			return x;
		}
	}
	return NULL;
}

static void txn_free(struct txn *t)
{
	json_decref(t->ops);
	free(t);
}

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct txn *t = arg;
	struct ovsdb *o = t->o;
	int r;

	ovsdb_enter(o);
	take_txn(o, t, 0);
	if (error) {
		const char *text = json_string_value(error); /* names the method */

		r = text ? err_set(&e, EIO, "%s: %s", o->db, text)
			 : err_set(&e, EIO, "%s: transact: %s", o->db,
				   jstr(error, "error", "refused"));
	} else {
		r = ovsdb_reply_error(o->db, t->ops, result, &e);
	}
	if (t->done)
		t->done(t->arg, result, r < 0 ? &e : NULL);
	txn_free(t);
	ovsdb_leave(o);
}

long ovsdb_transact(struct ovsdb *o, json_t *ops, uint64_t timeout_us, ovsdb_done_fn done,
		    void *arg)
{
	_cleanup_json_ json_t *owned = ops;
	json_t *params = json_pack("[s]", o->db);
	struct txn *t;
	long id;

	json_array_extend(params, owned);
	if (!o->j) {
		json_decref(params);
		return -ENOTCONN;
	}
	t = xcalloc(1, sizeof(*t));
	*t = (struct txn){o->txns, o, 0, json_incref(owned), done, arg};
	id = jrpc_call(o->j, "transact", params, timeout_us, on_reply, t);
	if (id < 0) {
		txn_free(t);
		return id;
	}
	t->id = id;
	o->txns = t;
	return id;
}

void ovsdb_cancel(struct ovsdb *o, long id)
{
	struct txn *t = take_txn(o, NULL, id);

	if (!t)
		return;
	if (o->j)
		jrpc_cancel(o->j, id);
	txn_free(t);
}
