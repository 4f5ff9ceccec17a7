/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/bringup.h"

#include <errno.h>

#include "fabric/fabric.h"
#include "lab/reconcile.h"

#define START_TIMEOUT (120 * USEC_PER_SEC)
#define SYNC_TIMEOUT (120 * USEC_PER_SEC)

struct bringup {
	size_t waiting; /* agents that have not answered */
	bool daemons, switches, databases, planned;
	uint64_t mark; /* end of the last phase */
};

static void phase_done(struct lab *lab, const char *phase)
{
	uint64_t now = mono_usec();

	lab_progress(lab, phase, (double)(now - lab->up->mark) / 1e6);
	lab->up->mark = now;
}

static void finish(struct lab *lab)
{
	_cleanup_err_ struct err e = ERR_INIT;

	phase_done(lab, "ovn");
	if (lab_serve(lab, &e) < 0)
		lab_failed(lab, &e);
	else
		lab_ready(lab);
}

static void synced(void *arg, const json_t *result, const char *error)
{
	struct lab *lab = arg;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!error)
		error = json_string_value(json_array_get(json_object_get(result, "problems"), 0));
	if (error) {
		err_set(&e, EIO, "first plan: %s", error);
		lab_failed(lab, &e);
		return;
	}
	finish(lab);
}

/* The first plan is written as soon as all daemons and all databases are there. */
static void advance(struct lab *lab)
{
	struct bringup *b = lab->up;

	if (!b || b->planned || !b->daemons || !b->switches || !b->databases)
		return;
	b->planned = true;
	phase_done(lab, "databases");
	reconcile_sync(lab, SYNC_TIMEOUT, synced, lab);
}

void bringup_fabric(struct lab *lab)
{
	_cleanup_free_ char *fault = fabric_fault(lab->fabric);
	_cleanup_err_ struct err e = ERR_INIT;

	if (!lab->up || lab->up->switches)
		return;
	if (fault) {
		err_set(&e, EIO, "%s", fault);
		lab_failed(lab, &e);
		return;
	}
	lab->up->switches = fabric_ready(lab->fabric, NULL);
	advance(lab);
}

static int on_fabric_late(sd_event_source *s, uint64_t usec, void *arg)
{
	struct lab *lab = arg;
	_cleanup_free_ char *what = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	(void)s;
	(void)usec;
	if (lab->up->switches)
		return 0;
	fabric_ready(lab->fabric, &what);
	err_set(&e, ETIMEDOUT, "timed out after %.0f s waiting for %s", START_TIMEOUT / 1e6,
		what ? what : "the fabric");
	lab_failed(lab, &e);
	return 0;
}

void bringup_zone_ready(struct lab *lab)
{
	if (lab->up && !lab->up->databases && lab_zones_ready(lab)) {
		lab->up->databases = true;
		advance(lab);
	}
}

void bringup_back(struct lab_node *n, const json_t *result)
{
	struct lab *lab = n->lab;

	n->started = true;
	json_decref(n->timings);
	n->timings = json_deep_copy(json_object_get(result, "timings"));
	for (size_t i = 0; i < lab->n_zones; i++)
		if (lab->zones[i].host == n)
			lab_zone_open(&lab->zones[i]);
}

int bringup_again(struct lab_node *n, jrpc_reply_fn done, void *arg, struct err *e)
{
	long r = jrpc_call(n->rpc, "start", json_array(), START_TIMEOUT, done, arg);

	return r < 0 ? err_errno(e, (int)-r, "start node/%s", n->name) : 0;
}

static void on_started(void *arg, const json_t *result, const json_t *error)
{
	struct lab_node *n = arg;
	struct lab *lab = n->lab;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!result) {
		_cleanup_free_ char *text =
			json_is_string(error) ? xstrdup(json_string_value(error)) : jtext(error);

		err_set(&e, EIO, "node/%s did not start: %s", n->name, text);
		lab_failed(lab, &e);
		return;
	}
	bringup_back(n, result);
	if (--lab->up->waiting > 0)
		return;
	lab->up->daemons = true;
	phase_done(lab, "daemons");
	advance(lab);
}

int bringup_node(struct lab_node *n, struct err *e)
{
	struct lab *lab = n->lab;
	long r;

	if (!lab->up)
		lab->up = xcalloc(1, sizeof(*lab->up));
	r = jrpc_call(n->rpc, "start", json_array(), START_TIMEOUT, on_started, n);
	if (r < 0)
		return err_errno(e, (int)-r, "start");
	lab->up->waiting++;
	return 0;
}

void bringup_all_made(struct lab *lab)
{
	lab->up->mark = lab->epoch;
	phase_done(lab, "namespaces");
	loop_after(lab->ev, START_TIMEOUT, on_fabric_late, lab, NULL);
	bringup_fabric(lab);
}
