/* SPDX-License-Identifier: Apache-2.0 */
/* Bridges as they shall be, as rows; bridges as they are, to come back to. */
#include "agent/nmstate.h"

/* What a checkpoint keeps: everything that nmstate sets, and what a bridge needs to be rebuilt. */
static const char *const bridge_columns[] = {
	"datapath_type",	 "fail_mode",	 "stp_enable",	"rstp_enable",
	"mcast_snooping_enable", "other_config", "external_ids"};
static const char *const port_columns[] = {
	"tag",		"vlan_mode",	  "trunks",	  "bond_mode",	 "lacp",
	"bond_updelay", "bond_downdelay", "other_config", "external_ids"};
static const char *const interface_columns[] = {"type", "options",	"mtu_request",
						"mac",	"other_config", "external_ids"};

/* ---- checkpoint ---- */

static json_t *columns(const json_t *row, const char *const *names, size_t n)
{
	json_t *out = json_object();

	for (size_t i = 0; i < n; i++)
		if (json_object_get(row, names[i]))
			json_object_set_new(out, names[i],
					    json_deep_copy(json_object_get(row, names[i])));
	return out;
}

static const json_t *by_uuid(const json_t *replica, const char *table, const json_t *ref)
{
	return json_object_get(json_object_get(replica, table), json_string_value(ref));
}

static bool is_ovn_port(const json_t *replica, const json_t *port)
{
	const json_t *refs = json_object_get(port, "interfaces");
	const json_t *iface = by_uuid(replica, "Interface", json_array_get(refs, 0));

	return nmstate_ovn_patch(iface);
}

static json_t *snapshot_port(const json_t *replica, const json_t *port)
{
	json_t *interfaces = json_object(), *ref;
	size_t i;

	json_array_foreach(json_object_get(port, "interfaces"), i, ref) {
		const json_t *row = by_uuid(replica, "Interface", ref);

		json_object_set_new(interfaces, jstr(row, "name", ""),
				    columns(row, interface_columns, ARRAY_SIZE(interface_columns)));
	}
	return json_pack("{s:o, s:o}", "row", columns(port, port_columns, ARRAY_SIZE(port_columns)),
			 "interfaces", interfaces);
}

json_t *nmstate_snapshot(const json_t *replica, const char *bridge)
{
	const json_t *row = nmstate_row(replica, "Bridge", bridge);
	json_t *ports, *ref;
	size_t i;

	if (!row)
		return json_null();
	ports = json_object();
	json_array_foreach(json_object_get(row, "ports"), i, ref) {
		const json_t *port = by_uuid(replica, "Port", ref);

		if (port && !is_ovn_port(replica, port))
			json_object_set_new(ports, jstr(port, "name", ""),
					    snapshot_port(replica, port));
	}
	return json_pack("{s:o, s:o}", "row",
			 columns(row, bridge_columns, ARRAY_SIZE(bridge_columns)), "ports", ports);
}

/* ---- plan ---- */

struct plan {
	const json_t *replica;
	bool exact; /* maps, too */
	json_t *rows;
};

static json_t *ref(const char *table, const char *key)
{
	return json_pack("{s:s++}", "$ref", table, "/", key);
}

static void add_row(struct plan *p, const char *table, const char *name, json_t *row)
{
	json_t *merge =
		p->exact ? json_array() : json_pack("[s, s]", "external_ids", "other_config");

	json_array_append_new(p->rows,
			      json_pack("{s:s, s:s, s:{s:s}, s:o, s:o}", "table", table, "key",
					name, "index", "name", name, "row", row, "merge", merge));
}

static json_t *named(const json_t *columns, const char *name)
{
	json_t *row = json_copy((json_t *)(uintptr_t)columns);

	jset_str(row, "name", name);
	return row;
}

static void add_port(struct plan *p, const char *name, const json_t *port)
{
	json_t *row = named(json_object_get(port, "row"), name), *refs = json_array(), *columns;
	const char *iface;

	json_object_foreach(json_object_get(port, "interfaces"), iface, columns) {
		add_row(p, "Interface", iface, named(columns, iface));
		json_array_append_new(refs, ref("Interface", iface));
	}
	json_object_set_new(row, "interfaces", refs);
	add_row(p, "Port", name, row);
}

/* A port of BRIDGES that is ovn-controller's: targets list them among the others. */
static bool is_wanted_ovn_port(const json_t *port)
{
	json_t *interfaces = json_object_get(port, "interfaces");

	return json_object_size(interfaces) == 1 &&
	       nmstate_ovn_patch(json_object_iter_value(json_object_iter(interfaces)));
}

/* ovn-controller makes these as it needs them; the mappings tell it when not to. */
static void keep_ovn_ports(struct plan *p, const char *bridge, json_t *refs)
{
	const json_t *live = nmstate_row(p->replica, "Bridge", bridge);
	json_t *uuid;
	size_t i;

	json_array_foreach(json_object_get(live, "ports"), i, uuid) {
		const json_t *port = by_uuid(p->replica, "Port", uuid);

		if (port && is_ovn_port(p->replica, port))
			json_array_append(refs, uuid);
	}
}

static void add_bridge(struct plan *p, const char *name, const json_t *bridge)
{
	json_t *row = named(json_object_get(bridge, "row"), name), *refs = json_array(), *port;
	const char *key;

	keep_ovn_ports(p, name, refs);
	json_object_foreach(json_object_get(bridge, "ports"), key, port) {
		if (is_wanted_ovn_port(port))
			continue;
		add_port(p, key, port);
		json_array_append_new(refs, ref("Port", key));
	}
	json_object_set_new(row, "ports", refs);
	add_row(p, "Bridge", name, row);
}

json_t *nmstate_plan(const json_t *replica, const json_t *bridges, const json_t *mappings,
		     bool exact)
{
	struct plan p = {replica, exact, json_array()};
	json_t *refs = json_array(), *row, *bridge;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)bridges, name, bridge) {
		if (json_is_null(bridge))
			continue;
		add_bridge(&p, name, bridge);
		json_array_append_new(refs, ref("Bridge", name));
	}
	row = json_pack("{s:o}", "bridges", refs);
	if (mappings)
		json_object_set_new(row, "external_ids",
				    json_pack("{s:O}", "ovn-bridge-mappings", mappings));
	json_array_append_new(p.rows, json_pack("{s:s, s:s, s:{}, s:o, s:[s, s]}", "table",
						"Open_vSwitch", "key", ".", "index", "row", row,
						"merge", "bridges", "external_ids"));
	return p.rows;
}

bool nmstate_removes(const char *table, const json_t *row, void *arg)
{
	return streq(table, "Bridge") && json_is_null(json_object_get(arg, jstr(row, "name", "")));
}
