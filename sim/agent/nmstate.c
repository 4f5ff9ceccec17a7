/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of the node's network, one at a time: NICs, then one transaction, then the internal ports
 * that the switch has made of it. Whatever goes wrong on the way is taken back to the checkpoint,
 * as nmstate does (rust/src/lib/query_apply/net_state.rs), and so is what nobody confirms.
 */
#include "agent/nmstate_priv.h"

#include <errno.h>

#include "agent/daemons.h"
#include "agent/ovs.h"
#include "ovsdb/apply.h"

#define DEFAULT_TIMEOUT 10 /* seconds, of a request that names none */
/* Upstream's checkpoint lasts 480 s: probes of 120 s each. Ours take a second or two. */
#define CONFIRM_US (60 * USEC_PER_SEC)
#define RETRIES 3

static void transact(struct agent *a);
static void begin_rollback(struct agent *a, const char *reason);

void nmstate_new(struct agent *a)
{
	a->nmstate = xcalloc(1, sizeof(*a->nmstate));
	a->nmstate->committed = json_object();
}

void nmstate_started(struct agent *a)
{
	if (!a->nmstate)
		return;
	a->nmstate->started = true;
	nmstate_links_watch(a);
	agent_touch(a);
}

json_t *nmstate_status(struct agent *a)
{
	if (!a->nmstate || !a->nmstate->started || !ovs_is_ready(a))
		return json_null();
	return nmstate_report(ovsdb_replica(ovs_db(a)), nmstate_links(a));
}

/* ---- end of a step ---- */

static void answer(struct agent *a, json_t *result, json_t *error)
{
	json_t *id = TAKE_PTR(a->nmstate->id);

	if (id) {
		jrpc_reply(a->sup, id, result, error);
	} else {
		json_decref(result);
		json_decref(error);
	}
	json_decref(id);
	agent_touch(a);
}

static void forget(struct nmstate *n)
{
	n->step = NMSTATE_IDLE;
	n->deadline = sd_event_source_disable_unref(n->deadline);
	nmstate_wanted_free(&n->wanted);
	json_decref(n->before.bridges);
	json_decref(n->before.mappings);
	json_decref(n->before.links);
	json_decref(n->before.report);
	n->before = (struct checkpoint){0};
	free(n->reason);
	n->reason = NULL;
}

static json_t *report_now(struct agent *a)
{
	return nmstate_report(ovsdb_replica(ovs_db(a)), nmstate_links_now(a));
}

/* ---- the transaction ---- */

/* A dead switch acknowledges nothing; it will read the rows when it is back. */
static void set_barrier(struct agent *a, struct ovsdb_barrier_opts *opts)
{
	opts->kind = daemon_runs(a, "ovs-vswitchd") ? OVSDB_BARRIER_VSWITCHD : OVSDB_NO_BARRIER;
	opts->timeout_us = a->nmstate->timeout;
}

static int send_plan(struct agent *a, json_t *bridges, const json_t *mappings, bool exact,
		     ovsdb_applied_fn done, struct err *e)
{
	struct ovsdb_barrier_opts opts = {0};
	_cleanup_json_ json_t *rows = NULL;
	struct ovsdb *db = ovs_db(a);

	if (!db)
		return err_set(e, ENOTCONN, "no connection to the Open_vSwitch database");
	rows = nmstate_plan(ovsdb_replica(db), bridges, mappings, exact);
	set_barrier(a, &opts);
	return ovsdb_apply(db, rows, nmstate_removes, bridges, &opts, done, a, e);
}

/* ---- rollback ---- */

/* What no checkpoint can keep: the random MACs of new taps, and ovn-controller's own ports. */
static json_t *comparable(const json_t *report)
{
	json_t *out = json_deep_copy(report), *list = json_object_get(out, "interfaces"), *iface;
	size_t i;

	for (i = json_array_size(list); i-- > 0;) {
		json_t *ports, *port;
		size_t k;

		iface = json_array_get(list, i);
		json_object_del(iface, "mac-address");
		if (jget(iface, "patch.peer")) {
			json_array_remove(list, i);
			continue;
		}
		ports = jget(iface, "bridge.port");
		for (k = json_array_size(ports); k-- > 0;) {
			port = json_array_get(ports, k);
			if (str_after(jstr(port, "name", ""), "patch-"))
				json_array_remove(ports, k);
		}
	}
	return out;
}

static int check_restored(struct agent *a, struct err *e)
{
	_cleanup_json_ json_t *was = comparable(a->nmstate->before.report), *now = NULL, *is = NULL;
	_cleanup_free_ char *text = NULL;

	now = report_now(a);
	is = comparable(now);
	if (json_equal(was, is))
		return 0;
	text = jtext(is);
	return err_set(e, EIO, "the network is not as it was before: %s", text);
}

static int restore_links(struct agent *a, struct err *e)
{
	bool lenient = !daemon_runs(a, "ovs-vswitchd");
	int r = nmstate_links_set(a, a->nmstate->before.links, lenient, e);

	return r < 0 || lenient ? r : check_restored(a, e);
}

static void rolled_back(struct agent *a, const struct err *failure)
{
	struct nmstate *n = a->nmstate;
	_cleanup_free_ char *problem = NULL;
	json_t *error = n->reason ? jstring(n->reason) : NULL;

	if (failure) {
		problem = xasprintf("rollback of the node's network: %s", err_msg(failure));
		log_error("%s", problem);
		agent_note(a, a->problems, problem, true);
		json_decref(error);
		error = n->reason ? jstringf("%s; %s", n->reason, problem) : jstring(problem);
	} else if (n->reason) {
		log_info("the node's network was rolled back: %s", n->reason);
	}
	forget(n);
	answer(a, error ? NULL : json_object(), error);
}

static void on_rolled_back(void *arg, const struct ovsdb_delta *delta, const struct err *e)
{
	struct agent *a = arg;
	_cleanup_err_ struct err own = ERR_INIT;

	(void)delta;
	if (e && e->code == ESTALE && a->nmstate->retries++ < RETRIES) {
		begin_rollback(a, NULL);
		return;
	}
	if (!e && restore_links(a, &own) < 0)
		e = &own;
	rolled_back(a, e);
}

/* reason: why, or NULL to keep the one there is. */
static void begin_rollback(struct agent *a, const char *reason)
{
	struct nmstate *n = a->nmstate;
	_cleanup_err_ struct err e = ERR_INIT;

	if (reason) {
		free(n->reason);
		n->reason = xstrdup(reason);
	}
	n->step = NMSTATE_ROLLING_BACK;
	n->deadline = sd_event_source_disable_unref(n->deadline);
	if (send_plan(a, n->before.bridges, n->before.mappings, true, on_rolled_back, &e) < 0)
		rolled_back(a, &e);
}

static int on_unconfirmed(sd_event_source *s, uint64_t usec, void *arg)
{
	(void)s;
	(void)usec;
	begin_rollback(arg, "nobody confirmed the change in time");
	return 0;
}

/* ---- apply ---- */

/* wanted: its columns in BRIDGES. ovn-controller's own ports may have gone with their mapping. */
static const char *interface_error(const json_t *row, const json_t *wanted)
{
	const char *why = jstr(row, "error.0", NULL);

	if (nmstate_ovn_patch(wanted))
		return NULL;
	if (!row)
		return "it is not in the database";
	return why ? why : jint(row, "ofport.0", 1) < 0 ? "the switch did not take it" : NULL;
}

static int check_interfaces(struct agent *a, struct err *e)
{
	const json_t *replica = ovsdb_replica(ovs_db(a));
	const char *name, *key, *iface, *why;
	json_t *bridge, *port, *columns;

	json_object_foreach(a->nmstate->wanted.bridges, name, bridge)
		json_object_foreach(json_object_get(bridge, "ports"), key, port)
			json_object_foreach(json_object_get(port, "interfaces"), iface, columns) {
				why = interface_error(nmstate_row(replica, "Interface", iface),
						      columns);
				if (why)
					return err_set(e, EIO, "interface %s: %s", iface, why);
			}
	return 0;
}

static void applied(struct agent *a)
{
	struct nmstate *n = a->nmstate;
	_cleanup_json_ json_t *ports = nmstate_wishes(n->wanted.links, false);
	_cleanup_err_ struct err e = ERR_INIT;
	int r = ovs_is_ready(a)
			? check_interfaces(a, &e)
			: err_set(&e, ENOTCONN, "no connection to the Open_vSwitch database");

	if (r >= 0)
		r = nmstate_links_set(a, ports, false, &e);
	if (r < 0) {
		begin_rollback(a, err_msg(&e));
		return;
	}
	n->step = NMSTATE_APPLIED;
	loop_after(a->ev, CONFIRM_US, on_unconfirmed, a, &n->deadline);
	answer(a, json_pack("{s:o}", "network", report_now(a)), NULL);
}

static void on_applied(void *arg, const struct ovsdb_delta *delta, const struct err *e)
{
	struct agent *a = arg;

	(void)delta;
	if (e && e->code == ESTALE && a->nmstate->retries++ < RETRIES)
		transact(a);
	else if (e)
		begin_rollback(a, err_msg(e));
	else
		applied(a);
}

static void transact(struct agent *a)
{
	struct nmstate *n = a->nmstate;
	_cleanup_err_ struct err e = ERR_INIT;

	if (send_plan(a, n->wanted.bridges, n->wanted.mappings, false, on_applied, &e) < 0)
		begin_rollback(a, err_msg(&e));
}

/* Names of the links to be remembered: those with a wish, and all that the bridges hold. */
static json_t *touched_links(const struct nmstate *n)
{
	json_t *out = json_copy(n->wanted.links), *bridge, *port;
	const char *name, *key;

	json_object_foreach(n->before.bridges, name, bridge)
		json_object_foreach(json_object_get(bridge, "ports"), key, port)
			json_object_update_missing(out, json_object_get(port, "interfaces"));
	return out;
}

static void take_checkpoint(struct agent *a, const json_t *links)
{
	struct nmstate *n = a->nmstate;
	const json_t *replica = ovsdb_replica(ovs_db(a));
	const char *text = nmstate_mappings(replica), *name;
	_cleanup_json_ json_t *touched = NULL;
	json_t *bridge;

	n->before.report = nmstate_report(replica, links);
	n->before.mappings = text ? json_string(text) : json_null();
	n->before.bridges = json_object();
	json_object_foreach(n->wanted.bridges, name, bridge)
		json_object_set_new(n->before.bridges, name, nmstate_snapshot(replica, name));
	touched = touched_links(n);
	n->before.links = nmstate_links_snapshot(links, touched);
}

static int prepare(struct agent *a, const json_t *target, struct err *e)
{
	struct nmstate *n = a->nmstate;
	const json_t *replica, *links;
	int r;

	if (n->step != NMSTATE_IDLE)
		return err_set(e, EBUSY, "another change of the node's network is under way");
	if (!ovs_is_ready(a) || !daemon_runs(a, "ovs-vswitchd"))
		return err_set(e, EHOSTDOWN, "Open vSwitch does not run on this node");
	replica = ovsdb_replica(ovs_db(a));
	links = nmstate_links_now(a);
	r = nmstate_want(target, replica, links, a->netdev ? "netdev" : "system", &n->wanted, e);
	if (r >= 0)
		r = nmstate_guard(&n->wanted, replica, json_object_get(a->config, "addresses"), e);
	if (r < 0)
		nmstate_wanted_free(&n->wanted);
	else
		take_checkpoint(a, links);
	return r;
}

static void apply(struct agent *a, const json_t *params, const json_t *id)
{
	struct nmstate *n = a->nmstate;
	_cleanup_json_ json_t *nics = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int r = prepare(a, json_object_get(params, "target"), &e);

	if (r < 0) {
		jrpc_reply(a->sup, id, NULL, jstring(err_msg(&e)));
		return;
	}
	n->step = NMSTATE_APPLYING;
	n->id = json_incref((json_t *)(uintptr_t)id);
	n->timeout = (uint64_t)jint(params, "timeout", DEFAULT_TIMEOUT) * USEC_PER_SEC;
	n->retries = 0;
	nics = nmstate_wishes(n->wanted.links, true);
	if (nmstate_links_set(a, nics, false, &e) < 0)
		begin_rollback(a, err_msg(&e));
	else
		transact(a);
}

/* ---- commit ---- */

/* What was committed for links that come back: NICs, and the internal ports that there are. */
static void keep_committed(struct agent *a)
{
	struct nmstate *n = a->nmstate;
	_cleanup_json_ json_t *live = NULL;
	const char *name;
	json_t *wish;
	void *tmp;

	json_object_update(n->committed, n->wanted.links);
	if (!ovs_is_ready(a))
		return;
	live = nmstate_internal_ports(ovsdb_replica(ovs_db(a)));
	json_object_foreach_safe(n->committed, tmp, name, wish)
		if (!jbool(wish, "nic", false) && !jhas_str(live, name))
			json_object_del(n->committed, name);
}

void nmstate_switch_ready(struct agent *a)
{
	_cleanup_json_ json_t *ports = nmstate_wishes(a->nmstate->committed, false);
	_cleanup_err_ struct err e = ERR_INIT;

	if (nmstate_links_set(a, ports, true, &e) < 0) {
		_cleanup_free_ char *text =
			xasprintf("restore the node's network: %s", err_msg(&e));

		log_error("%s", text);
		agent_note(a, a->problems, text, true);
	}
}

/* ---- requests ---- */

void nmstate_request(struct agent *a, const json_t *params, const json_t *id)
{
	struct nmstate *n = a->nmstate;
	const char *action = jstr(params, "action", "");

	if (streq(action, "apply")) {
		apply(a, params, id);
	} else if (n->step != NMSTATE_APPLIED) {
		jrpc_reply(a->sup, id, NULL,
			   jstring("no change of the node's network waits for that"));
	} else if (streq(action, "commit")) {
		keep_committed(a);
		forget(n);
		jrpc_reply(a->sup, id, json_object(), NULL);
	} else {
		n->id = json_incref((json_t *)(uintptr_t)id);
		begin_rollback(a, NULL);
	}
}
