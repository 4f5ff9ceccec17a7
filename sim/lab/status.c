/* SPDX-License-Identifier: Apache-2.0 */
/* The lab's status, its ports and its databases, as JSON for people and evidence. */
#include "lab/lab.h"

#include "fabric/fabric.h"
#include "lab/fault_list.h"
#include "lab/net.h"
#include "lab/status.h"
#include "lab/zones.h"
#include "ovsdb/ovsdb.h"

static json_t *node_status(struct lab *lab, const struct lab_node *n)
{
	const json_t *st = n->status;
	bool healthy = lab_node_healthy(n);

	(void)lab;
	return json_pack("{s:s, s:s, s:o, s:i, s:O?, s:O?, s:o, s:o, s:O?, s:I}", "name", n->name,
			 "role", n->control_plane ? "control-plane" : "node", "state",
			 jstring(n->death      ? "Dead"
				 : !n->started ? "Starting"
				 : healthy     ? "Ready"
					       : "Degraded"),
			 "pid", (int)n->pid, "daemons", json_object_get(st, "daemons"), "addresses",
			 json_object_get(n->spec, "addresses"), "pods",
			 json_integer((json_int_t)json_array_size(json_object_get(st, "pods"))),
			 "vms",
			 json_integer((json_int_t)json_array_size(json_object_get(st, "vms"))),
			 "timings", n->timings, "gen", (json_int_t)n->gen);
}

/* Daemons that do not run, with their last words. */
static void add_daemon_reasons(json_t *reasons, const char *machine, const json_t *daemons)
{
	json_t *d, *l;
	size_t k, m;

	json_array_foreach(daemons, k, d) {
		const json_t *log = json_object_get(d, "log");

		if (streq(jstr(d, "state", ""), "running"))
			continue;
		json_array_append_new(reasons,
				      jstringf("%s: %s ended: %s", machine, jstr(d, "name", "?"),
					       jstr(d, "status", "?")));
		json_array_foreach(log, m, l)
			if (m + 3 >= json_array_size(log))
				json_array_append_new(reasons,
						      jstringf("  %s", json_string_value(l)));
	}
}

static void add_reasons(struct lab *lab, const json_t *fabric, json_t *reasons)
{
	for (size_t i = 0; i < lab->n_nodes; i++) {
		const struct lab_node *n = &lab->nodes[i];
		_cleanup_free_ char *machine = xasprintf("node/%s", n->name);
		json_t *d;
		size_t k;

		if (n->death) {
			json_array_append_new(reasons, jstringf("node/%s: %s", n->name, n->death));
			continue;
		}
		add_daemon_reasons(reasons, machine, json_object_get(n->status, "daemons"));
		json_array_foreach(json_object_get(n->status, "problems"), k, d)
			json_array_append_new(
				reasons, jstringf("node/%s: %s", n->name, json_string_value(d)));
	}
	add_daemon_reasons(reasons, "fabric", json_object_get(fabric, "daemons"));
	for (size_t i = 0; i < lab->n_zones; i++)
		if (lab->zones[i].problem)
			json_array_append_new(reasons, jstringf("zone %s: %s", lab->zones[i].name,
								lab->zones[i].problem));
}

static json_t *all_deviations(struct lab *lab)
{
	json_t *out = json_deep_copy(lab->deviations), *d;
	size_t k;

	for (size_t i = 0; i < lab->n_nodes; i++)
		json_array_foreach(json_object_get(lab->nodes[i].status, "deviations"), k, d)
			jadd_str(out, json_string_value(d));
	return out;
}

json_t *lab_status(struct lab *lab)
{
	_cleanup_json_ json_t *fab = fabric_status(lab->fabric);
	json_t *nodes = json_array(), *reasons = json_array();

	add_reasons(lab, fab, reasons);
	for (size_t i = 0; i < lab->n_nodes; i++)
		json_array_append_new(nodes, node_status(lab, &lab->nodes[i]));
	return json_pack(
		"{s:s, s:s, s:o, s:s, s:s, s:s, s:o, s:O, s:O, s:O, s:O, s:o, s:O?, s:o}", "name",
		lab->paths->name, "state",
		!lab->ready			? "Starting"
		: json_array_size(reasons) == 0 ? "Ready"
						: "Degraded",
		"reasons", reasons, "zones", jstr(lab->topo, "zones", ""), "topology",
		jstr(lab->topo, "name", ""), "datapath", jstr(lab->options, "datapath", ""),
		"nodes", nodes, "hosts", json_object_get(fab, "hosts"), "switches",
		json_object_get(fab, "switches"), "fabric", json_object_get(fab, "daemons"),
		"timings", lab->timings, "deviations", all_deviations(lab), "versions",
		json_object_get(lab->options, "versions"), "faults", faults_json(lab));
}

/* ---- ports ---- */

static bool port_up(const json_t *lsp)
{
	const json_t *up = json_object_get(lsp, "up");

	return json_is_true(json_is_array(up) ? json_array_get(up, 0) : up);
}

static void zone_ports(const struct lab_zone *z, json_t *ports, json_t *problems)
{
	const char *uuid;
	json_t *lsp;

	if (!z->nb_ready || z->problem) {
		json_array_append_new(problems, jstringf("zone %s: %s", z->name, zone_problem(z)));
		return;
	}
	json_object_foreach((json_t *)ovsdb_rows(z->nb, "Logical_Switch_Port"), uuid, lsp) {
		const char *name = jstr(lsp, "name", "?"), *type = jstr(lsp, "type", "");

		json_array_append_new(ports,
				      json_pack("{s:s, s:s, s:s, s:b, s:O?}", "zone", z->name,
						"port", name, "type", type, "up", port_up(lsp),
						"addresses", json_object_get(lsp, "addresses")));
		if (!*type && !port_up(lsp))
			json_array_append_new(problems, jstringf("zone %s: logical port %s is not "
								 "up",
								 z->name, name));
	}
}

/* A logical port that should be in a zone and is not there: what somebody deleted by hand. */
static void missing_ports(const struct lab_zone *z, json_t *problems)
{
	const struct podnets *p = &z->lab->net->pods;

	for (size_t i = 0; z->nb_ready && i < p->n; i++) {
		for (size_t k = 0; k < p->v[i].n; k++) {
			const struct attachment *a = &p->v[i].v[k];
			_cleanup_free_ char *id = NULL;

			if (a->state != ATTACHMENT_READY)
				continue;
			id = xasprintf("Logical_Switch_Port/%s", a->port);
			if (json_object_get(z->last_nb, id) &&
			    !ovsdb_find(z->nb, "Logical_Switch_Port",
					json_pack("{s:s}", "name", a->port)))
				json_array_append_new(
					problems,
					jstringf("zone %s: OVN northbound: logical port %s of %s "
						 "is missing; it was written and somebody deleted "
						 "it (`ovnbed apply` repairs it)",
						 z->name, a->port, a->nad));
		}
	}
}

json_t *lab_ports(struct lab *lab)
{
	json_t *ports = json_array(), *problems = json_array();

	for (size_t i = 0; i < lab->n_zones; i++) {
		zone_ports(&lab->zones[i], ports, problems);
		missing_ports(&lab->zones[i], problems);
	}
	return json_pack("{s:o, s:o}", "ports", ports, "problems", problems);
}

json_t *lab_databases(struct lab *lab)
{
	json_t *out = json_object();

	for (size_t i = 0; i < lab->n_zones; i++)
		json_object_set_new(out, lab->zones[i].name, zone_dump(&lab->zones[i]));
	return out;
}
