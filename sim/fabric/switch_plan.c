/* SPDX-License-Identifier: Apache-2.0 */
/* What the Open vSwitch of the fabric has to be, as rows of its database. Pure. */
#include "fabric/fabric_priv.h"

/* Adds a row and returns the reference to it. row is stolen. */
static json_t *add(json_t *rows, const char *table, const char *key, json_t *row)
{
	json_array_append_new(rows, json_pack("{s:s, s:s, s:{s:s}, s:o}", "table", table, "key",
					      key, "index", "name", key, "row", row));
	return json_pack("{s:s+++}", "$ref", table, "/", key, "");
}

static const char *vlan_mode(const struct fabric_port *p)
{
	if (p->trunks)
		return p->vlan ? "native-untagged" : "trunk";
	return p->vlan ? "access" : NULL;
}

static json_t *iface_ref(json_t *rows, const struct port *p)
{
	return add(rows, "Interface", p->pub.dev,
		   json_pack("{s:s, s:i}", "name", p->pub.dev, "ofport_request", (int)p->number));
}

bool port_group(const struct port *a, const struct port *b)
{
	return a->pub.lag && b->pub.lag && a->sw == b->sw && streq(a->pub.lag, b->pub.lag) &&
	       streq(a->pub.machine, b->pub.machine);
}

static bool present(const struct port *p, int segment)
{
	return p->pub.segment == segment && p->pub.plugged;
}

/* Of a group of links, the first member there speaks for all. */
static bool speaks(const struct fabric *f, const struct port *p)
{
	for (size_t i = 0; i < f->n_ports && f->ports[i] != p; i++)
		if (port_group(f->ports[i], p) && present(f->ports[i], p->pub.segment))
			return false;
	return true;
}

/* Turns the port of p into that of its group. Both ends say often that they are there. */
static void add_group(const struct fabric *f, json_t *rows, const struct port *p, json_t *row)
{
	json_t *members = json_object_get(row, "interfaces");
	const struct port *first = NULL;
	char name[16];

	for (size_t i = 0; i < f->n_ports; i++) {
		const struct port *o = f->ports[i];

		if (!port_group(o, p))
			continue;
		first = first ? first : o;
		if (o != p && present(o, p->pub.segment))
			json_array_append_new(members, iface_ref(rows, o));
	}
	snprintf(name, sizeof(name), "lag%u", first->number);
	jset_str(row, "name", name);
	jset_str(row, "bond_mode", "balance-tcp");
	jset_str(row, "lacp", "active");
	jset(row, "other_config", json_pack("{s:s}", "lacp-time", "fast"));
	jset_str(row, "external_ids.nic", p->pub.lag);
}

static json_t *port_row(const struct fabric *f, json_t *rows, const struct port *p)
{
	const struct fabric_port *u = &p->pub;
	const char *mode = vlan_mode(u);
	json_t *row =
		json_pack("{s:s, s:[o], s:o, s:o, s:o, s:{s:s, s:s}}", "name", u->dev, "interfaces",
			  iface_ref(rows, p), "tag", u->vlan ? json_integer(u->vlan) : json_array(),
			  "trunks", u->trunks ? json_deep_copy(u->trunks) : json_array(),
			  "vlan_mode", mode ? json_string(mode) : json_array(), "external_ids",
			  "machine", u->machine, "nic", u->nic);

	if (u->lag)
		add_group(f, rows, p, row);
	return add(rows, "Port", jstr(row, "name", ""), row);
}

/* The device that every userspace bridge has; nobody uses it. */
static json_t *local_row(json_t *rows, const char *bridge)
{
	json_t *iface = add(rows, "Interface", bridge,
			    json_pack("{s:s, s:s}", "name", bridge, "type", "internal"));

	return add(rows, "Port", bridge,
		   json_pack("{s:s, s:[o]}", "name", bridge, "interfaces", iface));
}

static bool used(const struct fabric *f, const struct sw *sw, int segment)
{
	for (size_t i = 0; i < f->n_ports; i++)
		if (f->ports[i]->sw == sw && f->ports[i]->pub.segment == segment)
			return true;
	return segment == 0;
}

static json_t *bridge_row(const struct fabric *f, json_t *rows, const struct sw *sw, int segment)
{
	json_t *ports = json_array();
	char dev[16];

	sw_device(sw, segment, dev);
	json_array_append_new(ports, local_row(rows, dev));
	for (size_t i = 0; i < f->n_ports; i++) {
		const struct port *p = f->ports[i];

		if (p->sw == sw && present(p, segment) && speaks(f, p))
			json_array_append_new(ports, port_row(f, rows, p));
	}
	return add(rows, "Bridge", dev,
		   json_pack("{s:s, s:s, s:s, s:b, s:o, s:{s:s}}", "name", dev, "datapath_type",
			     "netdev", "fail_mode", "standalone", "mcast_snooping_enable",
			     (int)sw->snooping, "ports", ports, "external_ids", "network",
			     sw->name));
}

json_t *switch_plan(const struct fabric *f)
{
	json_t *rows = json_array(), *bridges = json_array();

	for (size_t i = 0; i < f->n_sw; i++)
		for (int k = 0; f->sw[i].ovs && k < FABRIC_SEGMENTS; k++)
			if (used(f, &f->sw[i], k))
				json_array_append_new(bridges, bridge_row(f, rows, &f->sw[i], k));
	json_array_append_new(rows,
			      json_pack("{s:s, s:s, s:{s:o, s:{s:s, s:s}, s:{s:s, s:s}}}", "table",
					"Open_vSwitch", "key", ".", "row", "bridges", bridges,
					"external_ids", "system-id", FABRIC_NODE, "hostname",
					FABRIC_NODE, "other_config", "n-handler-threads", "1",
					"n-revalidator-threads", "1"));
	return rows;
}

json_t *switch_bridges(const struct fabric *f)
{
	json_t *out = json_array();
	char dev[16];

	for (size_t i = 0; i < f->n_sw; i++) {
		for (int k = 0; f->sw[i].ovs && k < FABRIC_SEGMENTS; k++) {
			if (!used(f, &f->sw[i], k))
				continue;
			sw_device(&f->sw[i], k, dev);
			json_array_append_new(out, json_string(dev));
		}
	}
	return out;
}
