/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/fault.h"

#include "fabric/fabric.h"
#include "lab/verbs.h"
#include "probe/verdict.h"

/* ---- finding ---- */

/* Daemons that packets and logical flows need; VMs and traffic outlive libvirtd. */
static bool carries_traffic(const char *daemon)
{
	static const char *const names[] = {"ovsdb-server", "ovs-vswitchd", "ovn-northd",
					    "ovn-controller"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(names[i], daemon))
			return true;
	return false;
}

static char *node_fault(const struct lab_node *n)
{
	json_t *d;
	size_t i;

	if (n->death)
		return xasprintf("node/%s: %s", n->name, n->death);
	json_array_foreach(json_object_get(n->status, "daemons"), i, d)
		if (streq(jstr(d, "state", ""), "exited") && carries_traffic(jstr(d, "name", "")))
			return xasprintf("node/%s: %s ended: %s", n->name, jstr(d, "name", ""),
					 jstr(d, "status", "?"));
	return NULL;
}

char *lab_fault(struct lab *lab)
{
	char *fault = fabric_fault(lab->fabric);

	for (size_t i = 0; !fault && i < lab->n_nodes; i++)
		fault = node_fault(&lab->nodes[i]);
	return fault;
}

char *endpoint_fault(struct lab *lab, const char *endpoint)
{
	const char *name = str_after(endpoint, "host/") ? "" : lab_endpoint_node(lab, endpoint);
	const struct lab_node *n = lab_node_find(lab, name);
	char *fault = n ? node_fault(n) : NULL;

	for (size_t i = 0; n && !fault && i < lab->n_zones; i++)
		if (lab->zones[i].host->control_plane)
			fault = node_fault(lab->zones[i].host);
	return fault ? fault : fabric_fault(lab->fabric);
}

char *endpoints_fault(struct lab *lab, const json_t *names)
{
	json_t *v;
	size_t i;

	json_array_foreach(names, i, v) {
		char *fault = endpoint_fault(lab, json_string_value(v));

		if (fault)
			return fault;
	}
	return NULL;
}

/* ---- taking back ---- */

json_t *fault_verdict(const char *fault)
{
	return verdict_new("error", "daemon", "%s", fault);
}

static void mark(json_t *o, const char *fault)
{
	if (json_object_get(o, "verdict"))
		json_object_set_new(o, "verdict", fault_verdict(fault));
}

/* True when a verdict among them was taken back. */
static bool mark_cells(struct lab *lab, json_t *cells)
{
	bool any = false;
	json_t *c;
	size_t i;

	json_array_foreach(cells, i, c) {
		_cleanup_json_ json_t *pair =
			json_pack("[s, s]", jstr(c, "from", "host/"), jstr(c, "to", "host/"));
		_cleanup_free_ char *fault = endpoints_fault(lab, pair);

		if (fault)
			mark(c, fault);
		any |= fault != NULL;
	}
	return any;
}

void fault_mark(struct lab *lab, json_t *result, const json_t *names)
{
	_cleanup_free_ char *fault = endpoints_fault(lab, names);
	json_t *cells = json_object_get(result, "cells");
	bool whole = !cells || json_object_get(result, "verdict");
	json_t *flow;
	size_t i;

	if (!fault || (!whole && !mark_cells(lab, cells)))
		return;
	jset_str(result, "status", "error");
	if (!whole)
		return;
	jset_str(result, "fault", fault);
	mark(result, fault);
	mark(json_object_get(result, "forward"), fault);
	mark(json_object_get(result, "reverse"), fault);
	json_array_foreach(json_object_get(result, "flows"), i, flow)
		mark(flow, fault);
}
