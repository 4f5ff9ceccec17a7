/* SPDX-License-Identifier: Apache-2.0 */
/* A target document in terms of Open vSwitch and of links. */
#include "agent/nmstate.h"

#include <errno.h>

struct want {
	const json_t *interfaces; /* of the target */
	const json_t *replica, *links;
	const char *datapath;
	struct nmstate_wanted *w;
	json_t *claimed; /* {interface: bridge} of the target's bridges */
	struct err *e;
};

void nmstate_wanted_free(struct nmstate_wanted *w)
{
	json_decref(w->bridges);
	json_decref(w->mappings);
	json_decref(w->links);
	*w = (struct nmstate_wanted){0};
}

static const json_t *definition(const struct want *s, const char *name, const char *type)
{
	json_t *iface;
	size_t i;

	json_array_foreach(s->interfaces, i, iface)
		if (streq(jstr(iface, "name", ""), name) && streq(jstr(iface, "type", ""), type))
			return iface;
	return NULL;
}

static bool is_absent(const json_t *iface)
{
	return streq(jstr(iface, "state", "up"), "absent");
}

/* ---- ports ---- */

static json_t *trunks(const json_t *tags)
{
	json_t *out = json_array(), *tag;
	size_t i;

	json_array_foreach(tags, i, tag) {
		long long min = jint(tag, "id", jint(tag, "id-range.min", 0));
		long long max = jint(tag, "id", jint(tag, "id-range.max", min));

		for (; min <= MIN(max, 4095); min++)
			json_array_append_new(out, json_integer(min));
	}
	return out;
}

/*
 * nmstate writes vlan_mode trunk for native trunks, too, where OVS then ignores the tag; we write
 * what enable-native says (ovs-vswitchd.conf.db(5), vlan_mode).
 */
static void set_vlan(json_t *row, const json_t *vlan)
{
	bool trunk = streq(jstr(vlan, "mode", ""), "trunk");
	bool native = trunk && jbool(vlan, "enable-native", false);
	bool tagged = vlan && (!trunk || native);

	json_object_set_new(row, "vlan_mode",
			    !json_object_size(vlan) ? json_array()
						    : json_string(!trunk   ? "access"
								  : native ? "native-untagged"
									   : "trunk"));
	json_object_set_new(row, "tag",
			    tagged && json_object_size(vlan)
				    ? json_pack("[I]", (json_int_t)jint(vlan, "tag", 0))
				    : json_array());
	json_object_set_new(row, "trunks",
			    trunk ? trunks(json_object_get(vlan, "trunk-tags")) : json_array());
}

/* nmstate: rust/src/lib/nm/settings/ovs.rs: LACP goes with balance-tcp and with itself only. */
static void set_bond(json_t *row, const json_t *bond)
{
	const char *mode = jstr(bond, "mode", NULL);
	bool lacp = mode && (streq(mode, "lacp") || streq(mode, "balance-tcp"));

	json_object_set_new(row, "bond_mode",
			    mode && !streq(mode, "lacp") ? json_string(mode) : json_array());
	json_object_set_new(row, "lacp",
			    mode ? json_string(lacp ? "active" : "off") : json_array());
	json_object_set_new(row, "bond_updelay", json_integer(jint(bond, "bond-updelay", 0)));
	json_object_set_new(row, "bond_downdelay", json_integer(jint(bond, "bond-downdelay", 0)));
}

static void set_maps(json_t *row, const json_t *db)
{
	static const char *const maps[] = {"external_ids", "other_config"};

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		if (json_is_object(json_object_get(db, maps[i])))
			json_object_set_new(row, maps[i],
					    json_deep_copy(json_object_get(db, maps[i])));
}

/* ---- interfaces in ports ---- */

/* A MAC that the interface does not have yet, or NULL. */
static const char *new_mac(const struct want *s, const json_t *def)
{
	const char *mac = jstr(def, "mac-address", NULL);
	const json_t *link = json_object_get(s->links, jstr(def, "name", ""));

	return mac && strcasecmp(mac, jstr(link, "mac", "")) != 0 ? mac : NULL;
}

static json_t *ovs_interface(const struct want *s, const json_t *def, const char *bridge)
{
	const char *peer = jstr(def, "patch.peer", NULL), *mac = new_mac(s, def);
	json_t *row = json_pack("{s:s}", "type", peer ? "patch" : "internal");

	if (peer)
		json_object_set_new(row, "options", json_pack("{s:s}", "peer", peer));
	else if (jint(def, "mtu", 0) > 0)
		json_object_set_new(row, "mtu_request", json_integer(jint(def, "mtu", 0)));
	/* A bridge's own port takes its MAC from the bridge. */
	if (mac && !streq(jstr(def, "name", ""), bridge))
		jset_str(row, "mac", mac);
	set_maps(row, json_object_get(def, "ovs-db"));
	return row;
}

static bool is_nic(const struct want *s, const char *name)
{
	return jbool(json_object_get(s->links, name), "nic", false) ||
	       definition(s, name, "ethernet");
}

/* Columns of an interface that a bridge of the target has as its port. */
static json_t *interface_row(const struct want *s, const char *name, const char *bridge)
{
	const json_t *def = definition(s, name, "ovs-interface");
	const json_t *live = nmstate_row(s->replica, "Interface", name);

	if (def)
		return ovs_interface(s, def, bridge);
	if (is_nic(s, name))
		return json_pack("{s:s, s:[]}", "type", "", "mtu_request");
	if (live) {
		/* a link of this node that OVS has already */
		return json_pack("{s:O, s:O}", "type", json_object_get(live, "type"), "options",
				 json_object_get(live, "options"));
	}
	return json_pack("{s:s}", "type", streq(name, bridge) ? "internal" : "");
}

/* A NIC that comes to a bridge is up and has no address of its own; a new internal port is up. */
static void wish_for_port(const struct want *s, const char *name, const json_t *row)
{
	bool nic = streq(jstr(row, "type", ""), "");
	json_t *w = json_object_get(s->w->links, name);

	if (streq(jstr(row, "type", ""), "patch") ||
	    (!w && nmstate_row(s->replica, "Interface", name)))
		return;
	if (!w) {
		w = json_pack("{s:b, s:b}", "nic", nic, "up", true);
		json_object_set_new(s->w->links, name, w);
	}
	if (nic) {
		json_object_set_new(w, "addresses", json_array());
		json_object_set_new(w, "ipv6", json_false());
	}
}

static int claim(const struct want *s, const char *name, const char *bridge, json_t *interfaces)
{
	const char *other = jstr(s->claimed, name, NULL);
	json_t *row;

	if (other)
		return err_set(s->e, EINVAL, "interface %s: a port of %s and of %s", name, other,
			       bridge);
	json_object_set_new(s->claimed, name, json_string(bridge));
	row = interface_row(s, name, bridge);
	wish_for_port(s, name, row);
	json_object_set_new(interfaces, name, row);
	return 0;
}

/* Targets list ovn-controller's patch ports without defining them; this one has gone meanwhile. */
static bool is_gone_patch(const struct want *s, const char *name)
{
	return str_after(name, "patch-") && str_ends(name, "-to-" BR_INT) &&
	       !definition(s, name, "ovs-interface") && !nmstate_row(s->replica, "Interface", name);
}

static int want_port(const struct want *s, const json_t *port, const char *bridge, json_t *ports)
{
	const char *name = jstr(port, "name", "");
	json_t *bond = json_object_get(port, "link-aggregation"), *member;
	json_t *row = json_object(), *interfaces = json_object();
	size_t i;
	int r = 0;

	if (is_gone_patch(s, name)) {
		json_decref(row);
		json_decref(interfaces);
		return 0;
	}
	json_object_set_new(ports, name,
			    json_pack("{s:o, s:o}", "row", row, "interfaces", interfaces));
	set_vlan(row, json_object_get(port, "vlan"));
	set_bond(row, bond);
	if (!json_is_object(bond))
		return claim(s, name, bridge, interfaces);
	json_array_foreach(json_object_get(bond, "port"), i, member)
		if (r >= 0)
			r = claim(s, jstr(member, "name", ""), bridge, interfaces);
	return r;
}

/* ---- bridges ---- */

static bool stp(const json_t *options)
{
	return jbool(options, "stp", jbool(options, "stp.enabled", false));
}

static json_t *bridge_row(const struct want *s, const json_t *def, const char *name)
{
	const json_t *options = jget(def, "bridge.options");
	const char *fail_mode = jstr(options, "fail-mode", "");
	const json_t *own = definition(s, name, "ovs-interface");
	const char *mac = own ? new_mac(s, own) : NULL;
	json_t *row =
		json_pack("{s:s, s:b, s:b, s:b, s:o}", "datapath_type", s->datapath, "stp_enable",
			  stp(options), "rstp_enable", jbool(options, "rstp", false),
			  "mcast_snooping_enable", jbool(options, "mcast-snooping-enable", false),
			  "fail_mode", *fail_mode ? json_string(fail_mode) : json_array());

	set_maps(row, json_object_get(def, "ovs-db"));
	if (mac)
		jset_str(row, "other_config.hwaddr", mac);
	return row;
}

static int want_bridge(const struct want *s, const json_t *def)
{
	const char *name = jstr(def, "name", "");
	json_t *ports = json_object(), *port;
	size_t i;
	int r = 0;

	if (is_absent(def)) {
		json_decref(ports);
		json_object_set_new(s->w->bridges, name, json_null());
		return 0;
	}
	json_object_set_new(
		s->w->bridges, name,
		json_pack("{s:o, s:o}", "row", bridge_row(s, def, name), "ports", ports));
	json_array_foreach(jget(def, "bridge.port"), i, port)
		if (r >= 0)
			r = want_port(s, port, name, ports);
	return r;
}

/* True when a live bridge that the target does not define loses this interface to it. */
static bool is_taken(const struct want *s, const char *iface)
{
	const json_t *ovs = definition(s, iface, "ovs-interface");
	const json_t *nic = definition(s, iface, "ethernet");

	return json_object_get(s->claimed, iface) || (ovs && is_absent(ovs)) ||
	       (nic && is_absent(nic));
}

static bool take_from(const struct want *s, json_t *bridge)
{
	json_t *ports = json_object_get(bridge, "ports"), *port, *row;
	const char *name, *iface;
	bool taken = false;
	void *tmp, *tmp2;

	json_object_foreach_safe(ports, tmp, name, port) {
		json_t *interfaces = json_object_get(port, "interfaces");
		bool from_port = false;

		json_object_foreach_safe(interfaces, tmp2, iface, row)
			if (is_taken(s, iface)) {
				json_object_del(interfaces, iface);
				from_port = true;
			}
		taken |= from_port;
		if (from_port && !json_object_size(interfaces))
			json_object_del(ports, name);
	}
	return taken;
}

/* Internal ports and patch ports that the target defines, of a bridge that it does not. */
static bool redefine(const struct want *s, const char *bridge, json_t *copy)
{
	const char *name, *iface;
	json_t *port, *columns;
	bool changed = false;

	json_object_foreach(json_object_get(copy, "ports"), name, port)
		json_object_foreach(json_object_get(port, "interfaces"), iface, columns) {
			const json_t *def = definition(s, iface, "ovs-interface");
			_cleanup_json_ json_t *row = NULL;

			if (!def)
				continue;
			row = ovs_interface(s, def, bridge);
			json_object_update(columns, row);
			if (streq(iface, bridge) && new_mac(s, def))
				jset_str(copy, "row.other_config.hwaddr",
					 jstr(def, "mac-address", NULL));
			changed = true;
		}
	return changed;
}

static void want_others(const struct want *s)
{
	const char *uuid;
	json_t *row;

	json_object_foreach(json_object_get(s->replica, "Bridge"), uuid, row) {
		const char *name = jstr(row, "name", "");
		_cleanup_json_ json_t *copy = NULL;
		bool changed;

		if (streq(name, BR_INT) || json_object_get(s->w->bridges, name))
			continue;
		copy = nmstate_snapshot(s->replica, name);
		changed = take_from(s, copy);
		if (redefine(s, name, copy) || changed)
			json_object_set(s->w->bridges, name, copy);
	}
}

/* ---- links ---- */

static void add_addresses(json_t *out, const json_t *family)
{
	json_t *a;
	size_t i;

	if (!jbool(family, "enabled", false))
		return;
	json_array_foreach(json_object_get(family, "address"), i, a)
		json_array_append_new(
			out, jstringf("%s/%lld", jstr(a, "ip", ""), jint(a, "prefix-length", 32)));
}

/* Definitions are complete: a family that is not mentioned is off. */
static void wish(const struct want *s, const json_t *def, bool nic)
{
	const json_t *v4 = json_object_get(def, "ipv4"), *v6 = json_object_get(def, "ipv6");
	bool absent = is_absent(def);
	json_t *addresses = json_array(), *w;

	if (!absent) {
		add_addresses(addresses, v4);
		add_addresses(addresses, v6);
	}
	w = json_pack("{s:b, s:b, s:o, s:b}", "nic", nic, "up",
		      streq(jstr(def, "state", "up"), "up"), "addresses", addresses, "ipv6",
		      !absent && jbool(v6, "enabled", false));
	if (!absent && jint(def, "mtu", 0) > 0)
		json_object_set_new(w, "mtu", json_integer(jint(def, "mtu", 0)));
	if (nic && !absent && new_mac(s, def))
		jset_str(w, "mac", jstr(def, "mac-address", NULL));
	json_object_set_new(s->w->links, jstr(def, "name", ""), w);
}

static void wish_for(const struct want *s, const json_t *def)
{
	const char *type = jstr(def, "type", "");

	if (streq(type, "ethernet"))
		wish(s, def, true);
	else if (streq(type, "ovs-interface") && !is_absent(def) && !jget(def, "patch.peer"))
		wish(s, def, false);
}

/* ---- mappings ---- */

static int want_mappings(const struct want *s, const json_t *target)
{
	const json_t *list = jget(target, "ovn.bridge-mappings");
	_cleanup_free_ char *text = xstrdup("");
	json_t *m;
	size_t i;

	if (!json_is_array(list))
		return 0;
	json_array_foreach(list, i, m) {
		const char *bridge = jstr(m, "bridge", ""), *localnet = jstr(m, "localnet", "");
		const json_t *def = json_object_get(s->w->bridges, bridge);
		char *more;

		/* N6 */
		if (def ? json_is_null(def) : !nmstate_row(s->replica, "Bridge", bridge))
			return err_set(s->e, EINVAL,
				       "bridge mapping %s: this node has no bridge %s", localnet,
				       bridge);
		more = xasprintf("%s%s%s:%s", text, *text ? "," : "", localnet, bridge);
		free(text);
		text = more;
	}
	s->w->mappings = *text ? json_string(text) : json_null();
	return 0;
}

int nmstate_want(const json_t *target, const json_t *replica, const json_t *links,
		 const char *datapath, struct nmstate_wanted *ret, struct err *e)
{
	_cleanup_wanted_ struct nmstate_wanted w = {json_object(), NULL, json_object()};
	_cleanup_json_ json_t *claimed = json_object();
	struct want s = {
		json_object_get(target, "interfaces"), replica, links, datapath, &w, claimed, e};
	json_t *def;
	size_t i;
	int r;

	json_array_foreach(s.interfaces, i, def)
		wish_for(&s, def);
	json_array_foreach(s.interfaces, i, def) {
		r = streq(jstr(def, "type", ""), "ovs-bridge") ? want_bridge(&s, def) : 0;
		if (r < 0)
			return r;
	}
	want_others(&s);
	r = want_mappings(&s, target);
	if (r < 0)
		return r;
	*ret = w;
	w = (struct nmstate_wanted){0};
	return 0;
}
