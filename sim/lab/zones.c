/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zones.h"

#include <errno.h>

#include "lab/bringup.h"
#include "lab/net.h"
#include "lab/reconcile.h"
#include "ovnk/mutate.h"
#include "ovsdb/apply.h"

#define MAX_ROWS 1000 /* of changes kept for a report */

/* ---- plans ---- */

static struct ovnk_view view_of(const struct lab *lab)
{
	return (struct ovnk_view){.config = &lab->net->config,
				  .networks = &lab->net->networks,
				  .pods = &lab->net->pods,
				  .policies = &lab->net->policies};
}

static bool owns(const char *table, const json_t *row, void *arg)
{
	(void)arg;
	return plan_owns(table, row);
}

/* Of the southbound database only the rows of other zones' chassis are ours. */
static bool owns_sb(const char *table, const json_t *row, void *arg)
{
	(void)arg;
	return streq(table, "Chassis") && plan_owns(table, row);
}

/* {"table/key": row}, also by name, which is what a deleted row is known by; {"table": number}. */
static json_t *index_plan(const json_t *plan)
{
	json_t *out = json_object(), *row;
	size_t i;

	json_array_foreach(plan, i, row) {
		const char *table = jstr(row, "table", ""), *name = jstr(row, "row.name", NULL);
		_cleanup_free_ char *key = xasprintf("%s/%s", table, jstr(row, "key", ""));
		_cleanup_free_ char *alias = xasprintf("%s/%s", table, name ? name : "");

		json_object_set(out, key, json_object_get(row, "row"));
		if (name)
			json_object_set(out, alias, json_object_get(row, "row"));
		json_object_set_new(out, table, json_integer(jint(out, table, 0) + 1));
	}
	return out;
}

/* A deleted row without a name was wanted before if the last plan had more of its table. */
static bool fewer(const json_t *last, const json_t *now, const json_t *change)
{
	const char *table = jstr(change, "table", "");

	return streq(jstr(change, "op", ""), "delete") &&
	       jint(last, table, 0) > jint(now, table, 0);
}

/*
 * A row is repaired when the plan has not changed for it since it was written last, else changed.
 * References that only follow other rows are not counted.
 */
static void count_changes(struct lab_zone *z, const struct ovsdb_delta *delta, const json_t *plan,
			  json_t **last, const char *db)
{
	_cleanup_json_ json_t *now = index_plan(plan);
	json_t *c;
	size_t i;

	json_array_foreach(delta->changes, i, c) {
		_cleanup_free_ char *key =
			xasprintf("%s/%s", jstr(c, "table", ""), jstr(c, "key", ""));
		json_t *was = json_object_get(*last, key), *is = json_object_get(now, key);
		bool repaired;

		if (streq(jstr(c, "op", ""), "relink"))
			continue;
		repaired = *last && ((was && is && json_equal(was, is)) ||
				     (!was && !is && !fewer(*last, now, c)));
		z->repaired += repaired;
		z->changed += !repaired;
		if (json_array_size(z->rows) < MAX_ROWS) {
			json_t *r = json_deep_copy(c);

			jset_str(r, "zone", z->name);
			jset_str(r, "database", db);
			json_object_set_new(r, "repaired", json_boolean(repaired));
			json_array_append_new(z->rows, r);
		}
	}
	json_decref(*last);
	*last = TAKE_PTR(now);
}

static void note_deviations(struct lab *lab, const struct ovsdb_delta *delta)
{
	json_t *d;
	size_t i;

	json_array_foreach(delta->deviations, i, d) {
		_cleanup_free_ char *text =
			xasprintf("this OVN has no %s; left out", json_string_value(d));

		jadd_str(lab->deviations, text);
	}
}

/* ---- SB: bindings of remote ports ---- */

/* {value of a column: row} of a table, for many look-ups. */
static json_t *index_rows(struct ovsdb *db, const char *table, const char *column)
{
	json_t *out = json_object(), *row;
	const char *uuid;

	json_object_foreach((json_t *)ovsdb_rows(db, table), uuid, row)
		json_object_set(out, jstr(row, column, ""), row);
	return out;
}

static json_t *binding_op(const json_t *ports, const json_t *chassis, const json_t *b)
{
	const json_t *pb = json_object_get(ports, jstr(b, "logical_port", ""));
	const json_t *ch = json_object_get(chassis, jstr(b, "chassis", ""));
	const char *want = jstr(ch, "_uuid", NULL), *have = NULL;
	const json_t *cur = json_object_get(pb, "chassis");

	if (!pb || !ch)
		return NULL;
	if (json_is_array(cur))
		cur = json_array_get(cur, 0);
	have = json_is_object(cur) ? jstr(cur, "uuid", NULL) : json_string_value(cur);
	if (streq0(have, want))
		return NULL;
	return json_pack("{s:s, s:s, s:[[s,s,[s,s]]], s:{s:[s,s]}}", "op", "update", "table",
			 "Port_Binding", "where", "_uuid", "==", "uuid", jstr(pb, "_uuid", ""),
			 "row", "chassis", "uuid", want);
}

/* One answer less to wait for; a plan that came meanwhile goes out now. */
static void settle(struct lab_zone *z)
{
	if (--z->in_flight > 0)
		return;
	if (z->again) {
		z->again = false;
		zone_apply(z);
	}
	reconcile_progress(z->lab);
}

static void bindings_done(void *arg, const json_t *results, const struct err *e)
{
	struct lab_zone *z = arg;

	(void)results;
	if (e && e->code != ESTALE)
		log_warn("zone %s: bind remote ports: %s", z->name, err_msg(e));
	settle(z);
}

/*
 * ovn-northd before the release that binds remote ports by requested-chassis leaves their chassis
 * empty: write it. Newer ones have done so already, and nothing is sent.
 */
static void bind_remote_ports(struct lab_zone *z)
{
	struct ovnk_view v = view_of(z->lab);
	_cleanup_json_ json_t *want = plan_bindings(&v, z->name);
	_cleanup_json_ json_t *ports = index_rows(z->sb, "Port_Binding", "logical_port");
	_cleanup_json_ json_t *chassis = index_rows(z->sb, "Chassis", "name");
	json_t *ops = json_array(), *b;
	size_t i;

	json_array_foreach(want, i, b) {
		json_t *op = binding_op(ports, chassis, b);

		if (op)
			json_array_append_new(ops, op);
	}
	if (!json_array_size(ops)) {
		json_decref(ops);
		return;
	}
	jadd_str(z->lab->deviations, "this ovn-northd does not bind remote ports by "
				     "requested-chassis; SB Port_Binding.chassis is written "
				     "directly");
	z->in_flight++;
	if (ovsdb_transact(z->sb, ops, 10 * USEC_PER_SEC, bindings_done, z) < 0)
		z->in_flight--;
}

/* ---- applying ---- */

static void applied(struct lab_zone *z, const struct ovsdb_delta *delta, const struct err *e,
		    const json_t *plan, json_t **last, const char *db, char **refused)
{
	z->stale |= e != NULL;
	free(TAKE_PTR(*refused));
	if (e && e->code == ESTALE) {
		z->again = true;
	} else if (e) {
		*refused = xasprintf("nothing of the plan was written: %s", err_msg(e));
		log_error("zone %s: %s", z->name, *refused);
	}
	if (delta && !e) {
		count_changes(z, delta, plan, last, db);
		note_deviations(z->lab, delta);
	}
	settle(z);
}

static void nb_applied(void *arg, const struct ovsdb_delta *delta, const struct err *e)
{
	struct lab_zone *z = arg;
	_cleanup_json_ json_t *plan = TAKE_PTR(z->sent_nb);

	applied(z, delta, e, plan, &z->last_nb, "OVN_Northbound", &z->refused_nb);
}

static void sb_applied(void *arg, const struct ovsdb_delta *delta, const struct err *e)
{
	struct lab_zone *z = arg;
	_cleanup_json_ json_t *plan = TAKE_PTR(z->sent_sb);

	if (!e)
		bind_remote_ports(z);
	applied(z, delta, e, plan, &z->last_sb, "OVN_Southbound", &z->refused_sb);
}

static void send_plan(struct lab_zone *z, struct ovsdb *db, json_t *plan, ovsdb_owned_fn mine,
		      ovsdb_applied_fn done)
{
	_cleanup_err_ struct err e = ERR_INIT;

	z->in_flight++;
	if (ovsdb_apply(db, plan, mine, NULL, NULL, done, z, &e) < 0) {
		log_error("zone %s: %s", z->name, err_msg(&e));
		z->in_flight--;
		z->stale = true;
	}
}

static void mutate(struct lab_zone *z, json_t *plan)
{
	if (!z->lab->mutation) {
		json_decref(z->mutated);
		z->mutated = NULL;
		return;
	}
	if (!z->mutated)
		z->mutated = json_object();
	mutate_plan(z->lab->mutation, plan, z->mutated);
}

static bool same_plan(const json_t *last, const json_t *plan)
{
	_cleanup_json_ json_t *now = last ? index_plan(plan) : NULL;

	return now && json_equal(last, now);
}

void zone_apply(struct lab_zone *z)
{
	struct ovnk_view v = view_of(z->lab);
	_cleanup_json_ json_t *nb = NULL, *sb = NULL;

	if (zone_problem(z))
		return;
	if (z->in_flight) {
		z->again = true;
		return;
	}
	nb = plan_nb(&v, z->name);
	mutate(z, nb);
	sb = plan_sb(&v, z->name);
	if (!z->stale && same_plan(z->last_nb, nb) && same_plan(z->last_sb, sb))
		return;
	z->stale = false;
	json_decref(z->sent_nb);
	json_decref(z->sent_sb);
	z->sent_nb = TAKE_PTR(nb);
	z->sent_sb = TAKE_PTR(sb);
	send_plan(z, z->nb, z->sent_nb, owns, nb_applied);
	send_plan(z, z->sb, z->sent_sb, owns_sb, sb_applied);
}

bool zone_settled(const struct lab_zone *z)
{
	return !z->in_flight && !z->again;
}

const char *zone_problem(const struct lab_zone *z)
{
	if (z->problem)
		return z->problem;
	if (z->host->death)
		return z->host->death;
	if (!z->nb_ready || !z->sb_ready)
		return "its databases are not open";
	return NULL;
}

/* ---- barrier ---- */

struct barrier {
	void (*done)(void *arg, const char *error);
	void *arg;
};

static void barrier_done(void *arg, const struct err *e)
{
	struct barrier *b = arg;

	b->done(b->arg, e ? err_msg(e) : NULL);
	free(b);
}

struct late {
	struct barrier *b;
	char *error;
};

static int barrier_late(sd_event_source *s, uint64_t usec, void *arg)
{
	struct late *l = arg;

	(void)usec;
	l->b->done(l->b->arg, l->error);
	free(l->b);
	free(l->error);
	free(l);
	sd_event_source_unref(s);
	return 0;
}

static void barrier_fail(struct lab_zone *z, struct barrier *b, const char *error)
{
	struct late *l = xcalloc(1, sizeof(*l));
	sd_event_source *s;

	l->b = b;
	l->error = xstrdup(error);
	if (loop_after(z->lab->ev, 0, barrier_late, l, &s) < 0)
		abort();
}

void zone_barrier(struct lab_zone *z, uint64_t timeout_us,
		  void (*done)(void *arg, const char *error), void *arg)
{
	struct ovsdb_barrier_opts o = {.kind = OVSDB_BARRIER_HV,
				       .timeout_us = timeout_us,
				       .sb = z->sb,
				       .chassis = (unsigned)z->n_chassis};
	struct barrier *b = xcalloc(1, sizeof(*b));
	_cleanup_err_ struct err e = ERR_INIT;

	b->done = done;
	b->arg = arg;
	if (zone_problem(z))
		barrier_fail(z, b, zone_problem(z));
	else if (ovsdb_barrier(z->nb, &o, barrier_done, b, &e) < 0)
		barrier_fail(z, b, err_msg(&e));
}

/* ---- connections ---- */

static void on_ready(void *arg, struct ovsdb *o)
{
	struct lab_zone *z = arg;

	if (o == z->nb)
		z->nb_ready = true;
	else
		z->sb_ready = true;
	if (z->nb_ready && z->sb_ready) {
		bringup_zone_ready(z->lab);
		reconcile_kick(z->lab);
	}
}

static void on_closed(void *arg, struct ovsdb *o, const char *why)
{
	struct lab_zone *z = arg;
	bool nb = o == z->nb;

	free(z->problem);
	z->problem = xasprintf("%s database: %s", nb ? "northbound" : "southbound", why);
	log_warn("zone %s: %s", z->name, z->problem);
	reconcile_progress(z->lab);
}

/* Bindings of remote ports are ours: they are written again when ovn-northd has remade the row. */
static void on_sb_changed(void *arg, struct ovsdb *o, const json_t *changes)
{
	struct lab_zone *z = arg;

	(void)o;
	if (z->sb_ready && !z->problem &&
	    (json_object_get(changes, "Port_Binding") || json_object_get(changes, "Chassis")))
		bind_remote_ports(z);
}

static const struct ovsdb_ops nb_ops = {.ready = on_ready, .closed = on_closed};
static const struct ovsdb_ops sb_ops = {
	.ready = on_ready, .changed = on_sb_changed, .closed = on_closed};

void lab_zone_open(struct lab_zone *z)
{
	_cleanup_free_ char *nb = lab_node_path(z->host, "ovn", "ovnnb_db.sock");
	_cleanup_free_ char *sb = lab_node_path(z->host, "ovn", "ovnsb_db.sock");
	_cleanup_json_ json_t *tables =
		json_pack("{s:n, s:n, s:n, s:n, s:n, s:n}", "Chassis", "Encap", "Chassis_Private",
			  "Port_Binding", "Datapath_Binding", "SB_Global");
	_cleanup_err_ struct err e = ERR_INIT;

	ovsdb_free(z->nb);
	ovsdb_free(z->sb);
	free(z->problem);
	z->problem = NULL;
	z->nb_ready = z->sb_ready = false;
	z->stale = true;
	z->nb = ovsdb_open(z->lab->ev, nb, "OVN_Northbound", NULL, &nb_ops, z, &e);
	if (z->nb)
		z->sb = ovsdb_open(z->lab->ev, sb, "OVN_Southbound", tables, &sb_ops, z, &e);
	if (!z->nb || !z->sb)
		z->problem = xstrdup(err_msg(&e));
}

static void zone_init(struct lab *lab, size_t i, const char *name, struct lab_node *host,
		      size_t n_chassis)
{
	lab->zones[i] = (struct lab_zone){.lab = lab,
					  .name = xstrdup(name),
					  .host = host,
					  .n_chassis = n_chassis,
					  .rows = json_array()};
}

int lab_zones_init(struct lab *lab, struct err *e)
{
	struct lab_node *cp = lab_node_find(lab, "control-plane");

	(void)e;
	lab->n_zones = cp ? 1 : lab->n_nodes;
	lab->zones = xcalloc(lab->n_zones, sizeof(*lab->zones));
	if (cp)
		zone_init(lab, 0, "global", cp, lab->n_nodes - 1);
	for (size_t i = 0; !cp && i < lab->n_nodes; i++)
		zone_init(lab, i, lab->nodes[i].name, &lab->nodes[i], 1);
	return 0;
}

bool lab_zones_ready(const struct lab *lab)
{
	for (size_t i = 0; i < lab->n_zones; i++)
		if (!lab->zones[i].nb_ready || !lab->zones[i].sb_ready)
			return false;
	return true;
}

json_t *zone_dump(const struct lab_zone *z)
{
	const json_t *nb = z->nb_ready ? ovsdb_replica(z->nb) : NULL;
	const json_t *sb = z->sb_ready ? ovsdb_replica(z->sb) : NULL;

	return json_pack("{s:O?, s:O?}", "nb", nb, "sb", sb);
}
