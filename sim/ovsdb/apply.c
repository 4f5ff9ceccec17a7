/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/apply.h"

#include <errno.h>

#include "ovsdb/barrier.h"
#include "ovsdb/client.h"

#define DEFAULT_TIMEOUT (10 * USEC_PER_SEC)

/* One transaction and the wait behind it. */
struct work {
	struct ovsdb *o, *sb; /* NULL once gone */
	struct ovsdb_barrier_opts opts;
	struct ovsdb_delta delta;
	ovsdb_applied_fn applied; /* either of these */
	ovsdb_barrier_fn passed;
	void *arg;
	struct ovsdb_watch *watch, *sb_watch;
	sd_event_source *timer;
	long txn;	/* > 0 while it is under way */
	long long want; /* counter to be reached; 0 before the reply */
};

/* Takes everything down and tells the caller; w is gone afterwards. */
static void finish(struct work *w, const struct err *e)
{
	sd_event_source_disable_unref(w->timer);
	if (w->o && w->txn > 0)
		ovsdb_cancel(w->o, w->txn);
	if (w->o)
		ovsdb_unwatch(w->o, w->watch);
	if (w->sb)
		ovsdb_unwatch(w->sb, w->sb_watch);
	if (w->applied)
		w->applied(w->arg, &w->delta, e);
	else
		w->passed(w->arg, e);
	ovsdb_delta_free(&w->delta);
	free(w);
}

static void fail(struct work *w, int code, const char *why)
{
	_cleanup_err_ struct err e = ERR_INIT;

	err_set(&e, code, "%s", why);
	finish(w, &e);
}

static void check(struct work *w)
{
	if (w->want && barrier_passed(w->o, &w->opts, w->want))
		finish(w, NULL);
}

static void on_change(void *arg, const json_t *changes)
{
	struct work *w = arg;

	if (changes) {
		check(w);
	} else {
		w->o = NULL;
		fail(w, ENOTCONN, "the database connection was closed");
	}
}

static void on_sb_change(void *arg, const json_t *changes)
{
	struct work *w = arg;

	if (changes) {
		check(w);
	} else {
		w->sb = NULL;
		fail(w, ENOTCONN, "the Southbound connection was closed");
	}
}

static int on_deadline(sd_event_source *s UNUSED, uint64_t usec UNUSED, void *arg)
{
	struct work *w = arg;
	_cleanup_free_ char *what =
		w->want ? barrier_describe(w->o, &w->opts, w->want)
			: xasprintf("the answer to a transaction on %s", ovsdb_db(w->o));
	_cleanup_free_ char *why = xasprintf("timed out after %.1f s waiting for %s",
					     (double)w->opts.timeout_us / 1e6, what);

	fail(w, ETIMEDOUT, why);
	return 0;
}

static int on_nothing_to_do(sd_event_source *s UNUSED, uint64_t usec UNUSED, void *arg)
{
	finish(arg, NULL);
	return 0;
}

static void on_done(void *arg, const json_t *results, const struct err *e)
{
	struct work *w = arg;

	w->txn = 0;
	if (e || w->opts.kind == OVSDB_NO_BARRIER) {
		finish(w, e);
		return;
	}
	w->want = barrier_value(&w->opts, results);
	if (w->want)
		check(w);
	else
		fail(w, EIO, "the database has no row for its configuration counter");
}

static struct work *work_new(struct ovsdb *o, sd_event *ev, const struct ovsdb_barrier_opts *opts,
			     bool idle)
{
	struct work *w = xcalloc(1, sizeof(*w));

	w->o = o;
	if (opts)
		w->opts = *opts;
	if (!w->opts.timeout_us)
		w->opts.timeout_us = DEFAULT_TIMEOUT;
	if (w->opts.kind != OVSDB_BARRIER_HV)
		w->opts.sb = NULL;
	w->sb = w->opts.sb;
	w->watch = ovsdb_watch(o, on_change, w);
	if (w->sb)
		w->sb_watch = ovsdb_watch(w->sb, on_sb_change, w);
	loop_after(ev, idle ? 0 : w->opts.timeout_us, idle ? on_nothing_to_do : on_deadline, w,
		   &w->timer);
	return w;
}

static int check_ready(const struct ovsdb *o, const struct ovsdb_barrier_opts *opts, struct err *e)
{
	if (!ovsdb_is_ready(o))
		return err_set(e, ENOTCONN, "%s: not connected", ovsdb_db(o));
	if (opts && opts->kind == OVSDB_BARRIER_HV && opts->sb && !ovsdb_is_ready(opts->sb))
		return err_set(e, ENOTCONN, "%s: not connected", ovsdb_db(opts->sb));
	return 0;
}

static int on_not_sent(sd_event_source *s UNUSED, uint64_t usec UNUSED, void *arg)
{
	struct work *w = arg;

	fail(w, (int)-w->txn, "the transaction could not be sent");
	return 0;
}

/* Sends ops (stolen) with the barrier's behind them. */
static void start(struct work *w, json_t *ops)
{
	barrier_add_ops(&w->opts, ops);
	w->txn = ovsdb_transact(w->o, ops, 0, on_done, w);
	if (w->txn > 0)
		return;
	sd_event_source_disable_unref(w->timer);
	loop_after(ovsdb_event(w->o), 0, on_not_sent, w, &w->timer);
}

int ovsdb_apply(struct ovsdb *o, const json_t *desired, ovsdb_owned_fn owned, void *owned_arg,
		const struct ovsdb_barrier_opts *barrier, ovsdb_applied_fn done, void *arg,
		struct err *e)
{
	struct ovsdb_delta delta = OVSDB_DELTA_INIT;
	struct work *w;
	bool idle;
	int r = check_ready(o, barrier, e);

	if (r == 0)
		r = ovsdb_diff(ovsdb_schema(o), ovsdb_replica(o), desired, owned, owned_arg, &delta,
			       e);
	if (r < 0)
		return r;
	idle = !json_array_size(delta.ops);
	w = work_new(o, ovsdb_event(o), barrier, idle);
	w->delta = delta;
	w->applied = done;
	w->arg = arg;
	if (!idle)
		start(w, json_copy(delta.ops));
	return 0;
}

int ovsdb_barrier(struct ovsdb *o, const struct ovsdb_barrier_opts *opts, ovsdb_barrier_fn done,
		  void *arg, struct err *e)
{
	struct work *w;
	int r = check_ready(o, opts, e);

	if (r < 0)
		return r;
	w = work_new(o, ovsdb_event(o), opts, opts->kind == OVSDB_NO_BARRIER);
	w->passed = done;
	w->arg = arg;
	if (opts->kind != OVSDB_NO_BARRIER)
		start(w, json_array());
	return 0;
}
