/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to the Open vSwitch of the fabric: database, flows, and what the datapath has learnt. */
#include "fabric/switchd_priv.h"

#include <errno.h>

#include "base/log.h"
#include "ovsdb/apply.h"

static void finish_changes(struct switchd *s, const struct err *e)
{
	s->applied = false;
	waiters_end(&s->flying, e);
}

/* Rows out of the plan vanish with the last reference to them. */
static void on_applied(void *arg, const struct ovsdb_delta *delta, const struct err *e)
{
	struct switchd *s = arg;

	(void)delta;
	s->applied = !e;
	s->stale = true;
	if (e)
		finish_changes(s, e);
	switchd_pump(s);
}

/* Changes to a switch that is dead cannot come into force. */
static bool refuse_changes(struct switchd *s)
{
	for (int i = 0; i < N_DAEMONS; i++) {
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_free_ char *text = NULL;

		if (s->v[i].state != PROC_EXITED && s->v[i].state != PROC_STOPPED)
			continue;
		text = switchd_proc_text(&s->v[i]);
		err_set(&e, EHOSTDOWN, "%s", text);
		waiters_end(&s->waiting, &e);
		return true;
	}
	return false;
}

void changes_send(struct switchd *s)
{
	struct ovsdb_barrier_opts barrier = {.kind = OVSDB_BARRIER_VSWITCHD};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *plan = NULL;

	if (!s->waiting || s->flying || refuse_changes(s) || !switchd_configured(s))
		return;
	s->flying = TAKE_PTR(s->waiting);
	plan = switch_plan(s->f);
	if (ovsdb_apply(s->db, plan, NULL, NULL, &barrier, on_applied, s, &e) < 0)
		finish_changes(s, &e);
}

/* ---- what the datapath has learnt ---- */

static void on_purged(void *arg, const char *text, const struct err *e)
{
	struct switchd *s = arg;

	(void)text;
	s->purge = NULL;
	if (e)
		log_warn(FABRIC_NODE ": revalidator/purge: %s", err_msg(e));
	s->stale = false;
	switchd_pump(s);
}

/*
 * Flows of the datapath outlive the configuration that they were made from until a revalidator has
 * looked at them: without a purge, frames would pass for a moment that must not any more.
 */
static void purge(struct switchd *s)
{
	_cleanup_free_ char *ctl = NULL;

	s->stale |= flows_told(s->flows);
	if (!s->stale || s->purge || !switchd_configured(s) || !flows_ready(s->flows, NULL))
		return;
	ctl = xasprintf("%s/ovs-vswitchd.%d.ctl", s->dir, (int)s->v[VSWITCHD].pid);
	s->purge = unixctl_call(s->f->c.ev, ctl, "revalidator/purge", NULL, 0, on_purged, s, NULL);
	if (!s->purge)
		switchd_pump_in(s, SWITCHD_RETRY_US);
}

void changes_check(struct switchd *s)
{
	_cleanup_err_ struct err e = ERR_INIT;

	purge(s);
	if (!s->applied)
		return;
	if (flows_problem(s->flows)) {
		err_set(&e, EIO, "%s", flows_problem(s->flows));
		finish_changes(s, &e);
	} else if (flows_ready(s->flows, NULL) && !s->stale) {
		finish_changes(s, NULL);
	}
}

void switchd_sync(struct switchd *s, fabric_done_fn done, void *arg)
{
	waiter_add(&s->waiting, done, arg);
	/* answers come from the loop, even refusals */
	switchd_pump_in(s, 0);
}

void changes_fail(struct switchd *s, const struct switchd_proc *d)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!s->flying || !s->applied)
		return;
	text = switchd_proc_text(d);
	err_set(&e, EHOSTDOWN, "%s", text);
	finish_changes(s, &e);
}
