/* SPDX-License-Identifier: Apache-2.0 */
/* What a node has, in nmstate's words. */
#include "agent/nmstate.h"

/* ---- rows ---- */

const json_t *nmstate_row(const json_t *replica, const char *table, const char *name)
{
	const char *uuid;
	json_t *row;

	json_object_foreach(json_object_get(replica, table), uuid, row)
		if (streq0(jstr(row, "name", NULL), name))
			return row;
	return NULL;
}

static const json_t *by_uuid(const json_t *replica, const char *table, const json_t *ref)
{
	return json_object_get(json_object_get(replica, table), json_string_value(ref));
}

const char *nmstate_mappings(const json_t *replica)
{
	json_t *table = json_object_get(replica, "Open_vSwitch");
	const json_t *root = json_object_iter_value(json_object_iter(table));
	const json_t *ids = json_object_get(root, "external_ids");

	return json_string_value(json_object_get(ids, "ovn-bridge-mappings"));
}

/* ovn-controller: controller/patch.c marks what it makes. */
bool nmstate_ovn_patch(const json_t *iface)
{
	const char *peer = jstr(iface, "options.peer", "");

	return streq(jstr(iface, "type", ""), "patch") &&
	       (str_after(peer, "patch-br-int-to-") || str_ends(peer, "-to-br-int"));
}

/* ---- order ---- */

static int by_name(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int c = strcmp(jstr(x, "name", ""), jstr(y, "name", ""));

	return c ? c : strcmp(jstr(x, "type", ""), jstr(y, "type", ""));
}

static int by_localnet(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int c = strcmp(jstr(x, "localnet", ""), jstr(y, "localnet", ""));

	return c ? c : strcmp(jstr(x, "bridge", ""), jstr(y, "bridge", ""));
}

/* list is stolen. */
static json_t *sorted(json_t *list, int (*cmp)(const void *, const void *))
{
	size_t n = json_array_size(list), i;
	_cleanup_free_ json_t **v = xcalloc(n + 1, sizeof(json_t *));
	json_t *row, *out = json_array();

	json_array_foreach(list, i, row)
		v[i] = row;
	qsort(v, n, sizeof(json_t *), cmp);
	for (i = 0; i < n; i++)
		json_array_append(out, v[i]);
	json_decref(list);
	return out;
}

/* ---- mappings ---- */

/* "physnet:br-ex,dc:ovs-br1"; what is no pair is left out, as ovn-controller ignores it. */
static json_t *mappings(const char *text)
{
	json_t *out = json_array();

	while (*text) {
		size_t len = strcspn(text, ","), key = strcspn(text, ":,");

		if (key > 0 && key + 1 < len)
			json_array_append_new(
				out,
				json_pack("{s:o, s:o}", "localnet", json_stringn(text, key),
					  "bridge", json_stringn(text + key + 1, len - key - 1)));
		text += len + (text[len] == ',');
	}
	return sorted(out, by_localnet);
}

/* ---- ports of a bridge ---- */

/* Neighbouring ids become a range, as in nmstate (rust/src/lib/ovsdb/show.rs). */
static json_t *trunk_tags(const json_t *trunks)
{
	json_t *out = json_array();
	size_t i = 0, n = json_array_size(trunks);

	while (i < n) {
		json_int_t min = json_integer_value(json_array_get(trunks, i)), max = min;

		while (++i < n && json_integer_value(json_array_get(trunks, i)) == max + 1)
			max++;
		json_array_append_new(out, min == max ? json_pack("{s:I}", "id", min)
						      : json_pack("{s:{s:I, s:I}}", "id-range",
								  "min", min, "max", max));
	}
	return out;
}

/* NULL for a port of all VLANs. */
static json_t *port_vlan(const json_t *port)
{
	const char *mode = jstr(port, "vlan_mode.0", NULL);
	const json_t *trunks = json_object_get(port, "trunks"), *tag = jget(port, "tag.0");
	bool native = mode && str_after(mode, "native-");
	json_t *out;

	if (!mode && !tag && !json_array_size(trunks))
		return NULL;
	if (mode ? streq(mode, "access") : tag && !json_array_size(trunks))
		return json_pack("{s:s, s:I}", "mode", "access", "tag",
				 (json_int_t)jint(port, "tag.0", 0));
	out = json_pack("{s:s, s:o, s:b}", "mode", "trunk", "trunk-tags", trunk_tags(trunks),
			"enable-native", native);
	if (native)
		json_object_set_new(out, "tag", json_integer(jint(port, "tag.0", 0)));
	return out;
}

static json_t *bond(const json_t *replica, const json_t *port)
{
	bool lacp = streq(jstr(port, "lacp.0", "off"), "active");
	const char *mode = jstr(port, "bond_mode.0", lacp ? "lacp" : "active-backup");
	json_t *members = json_array(), *ref, *out;
	size_t i;

	json_array_foreach(json_object_get(port, "interfaces"), i, ref)
		json_array_append_new(
			members, json_pack("{s:s}", "name",
					   jstr(by_uuid(replica, "Interface", ref), "name", "")));
	out = json_pack("{s:s, s:o}", "mode", mode, "port", sorted(members, by_name));
	if (jint(port, "bond_updelay", 0))
		json_object_set_new(out, "bond-updelay",
				    json_integer(jint(port, "bond_updelay", 0)));
	if (jint(port, "bond_downdelay", 0))
		json_object_set_new(out, "bond-downdelay",
				    json_integer(jint(port, "bond_downdelay", 0)));
	return out;
}

static json_t *port_of(const json_t *replica, const json_t *port)
{
	json_t *refs = json_object_get(port, "interfaces"), *vlan = port_vlan(port);
	const json_t *first = by_uuid(replica, "Interface", json_array_get(refs, 0));
	const char *name = jstr(port, "name", "");
	json_t *out = json_pack("{s:s}", "name", name);

	if (vlan)
		json_object_set_new(out, "vlan", vlan);
	if (json_array_size(refs) > 1 || !streq(jstr(first, "name", name), name))
		json_object_set_new(out, "link-aggregation", bond(replica, port));
	return out;
}

/* ---- interfaces ---- */

static json_t *family(const json_t *link, bool v6)
{
	json_t *addresses = json_array(), *row;
	size_t i;

	json_array_foreach(json_object_get(link, "addresses"), i, row) {
		const char *text = json_string_value(row), *slash = strchr(text, '/');

		if ((strchr(text, ':') != NULL) == v6 && slash)
			json_array_append_new(addresses,
					      json_pack("{s:o, s:i}", "ip",
							json_stringn(text, (size_t)(slash - text)),
							"prefix-length", atoi(slash + 1)));
	}
	if (json_array_size(addresses) || (v6 && jbool(link, "ipv6", false)))
		return json_pack("{s:b, s:o}", "enabled", true, "address", addresses);
	json_decref(addresses);
	return json_pack("{s:b}", "enabled", false);
}

static json_t *link_iface(const char *name, const char *type, const json_t *link,
			  const char *controller)
{
	json_t *out = json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", name, "type", type, "state",
				jbool(link, "up", false) ? "up" : "down", "ipv4",
				family(link, false), "ipv6", family(link, true));

	if (*jstr(link, "mac", ""))
		jset_str(out, "mac-address", jstr(link, "mac", NULL));
	if (jint(link, "mtu", 0))
		json_object_set_new(out, "mtu", json_integer(jint(link, "mtu", 0)));
	jset_str(out, "controller", controller);
	return out;
}

/* The maps of a row that users may set, or nothing. */
static void add_ovs_db(json_t *iface, const json_t *row)
{
	static const char *const maps[] = {"external_ids", "other_config"};

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		json_t *map = json_object_get(row, maps[i]), *db;

		if (!json_object_size(map))
			continue;
		db = json_object_get(iface, "ovs-db");
		if (!db) {
			db = json_object();
			json_object_set_new(iface, "ovs-db", db);
		}
		json_object_set(db, maps[i], map);
	}
}

struct report {
	const json_t *replica, *links;
	json_t *interfaces;
	json_t *controllers; /* {link: bridge} of system interfaces */
};

static void add_interface(struct report *r, const json_t *iface, const char *bridge)
{
	const char *name = jstr(iface, "name", ""), *type = jstr(iface, "type", "");
	json_t *out;

	if (streq(type, "patch")) {
		out = json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "name", name, "type",
				"ovs-interface", "state", "up", "controller", bridge, "patch",
				"peer", jstr(iface, "options.peer", ""));
	} else if (streq(type, "internal")) {
		out = link_iface(name, "ovs-interface", json_object_get(r->links, name), bridge);
	} else {
		json_object_set_new(r->controllers, name, json_string(bridge));
		return;
	}
	json_array_append_new(r->interfaces, out);
}

static void add_bridge(struct report *r, const json_t *row)
{
	const char *name = jstr(row, "name", "");
	json_t *ports = json_array(), *ref, *ref2, *out;
	size_t i, k;

	json_array_foreach(json_object_get(row, "ports"), i, ref) {
		const json_t *port = by_uuid(r->replica, "Port", ref);

		if (!port)
			continue;
		json_array_append_new(ports, port_of(r->replica, port));
		json_array_foreach(json_object_get(port, "interfaces"), k, ref2)
			add_interface(r, by_uuid(r->replica, "Interface", ref2), name);
	}
	out = json_pack("{s:s, s:s, s:s, s:{s:{s:{s:b}, s:b, s:b, s:s}, s:o}}", "name", name,
			"type", "ovs-bridge", "state", "up", "bridge", "options", "stp", "enabled",
			jbool(row, "stp_enable", false), "rstp", jbool(row, "rstp_enable", false),
			"mcast-snooping-enable", jbool(row, "mcast_snooping_enable", false),
			"fail-mode", jstr(row, "fail_mode.0", ""), "port", sorted(ports, by_name));
	add_ovs_db(out, row);
	json_array_append_new(r->interfaces, out);
}

json_t *nmstate_report(const json_t *replica, const json_t *links)
{
	const char *text = nmstate_mappings(replica), *key;
	_cleanup_json_ json_t *controllers = json_object();
	struct report r = {replica, links, json_array(), controllers};
	json_t *row;

	json_object_foreach(json_object_get(replica, "Bridge"), key, row)
		if (!streq(jstr(row, "name", ""), BR_INT))
			add_bridge(&r, row);
	json_object_foreach((json_t *)(uintptr_t)links, key, row)
		if (jbool(row, "nic", false))
			json_array_append_new(
				r.interfaces,
				link_iface(key, "ethernet", row, jstr(controllers, key, NULL)));
	return json_pack("{s:o, s:{s:o}}", "interfaces", sorted(r.interfaces, by_name), "ovn",
			 "bridge-mappings", mappings(text ? text : ""));
}

json_t *nmstate_internal_ports(const json_t *replica)
{
	json_t *out = json_array(), *row, *ref, *ref2;
	const char *uuid;
	size_t i, k;

	json_object_foreach(json_object_get(replica, "Bridge"), uuid, row) {
		if (streq(jstr(row, "name", ""), BR_INT))
			continue;
		json_array_foreach(json_object_get(row, "ports"), i, ref) {
			const json_t *port = by_uuid(replica, "Port", ref);

			json_array_foreach(json_object_get(port, "interfaces"), k, ref2) {
				const json_t *iface = by_uuid(replica, "Interface", ref2);

				if (streq(jstr(iface, "type", ""), "internal"))
					jadd_str(out, jstr(iface, "name", ""));
			}
		}
	}
	return out;
}
