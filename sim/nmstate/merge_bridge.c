/* SPDX-License-Identifier: Apache-2.0 */
/* Bridges and who is on them: N7, N8, N11. */
#include "nmstate/merge_priv.h"

static void detach_from(json_t *bridge, const char *member)
{
	json_t *ports = nms_ports(bridge), *port, *kept = json_array();
	size_t i, j;

	json_array_foreach(ports, i, port) {
		json_t *members = jget(port, "link-aggregation.port"), *v;

		if (streq(jstr(port, "name", ""), member) && !members)
			continue;
		json_array_foreach(members, j, v)
			if (streq(jstr(v, "name", ""), member)) {
				json_array_remove(members, j);
				break;
			}
		if (!members || json_array_size(members))
			json_array_append(kept, port);
	}
	jset(bridge, "bridge.port", kept);
}

void nms_detach(struct merge *m, const char *member, const json_t *keep)
{
	size_t i;
	json_t *iface;

	json_array_foreach(m->next, i, iface)
		if (nms_is(iface, "ovs-bridge") && iface != keep && nms_has_member(iface, member))
			detach_from(iface, member);
}

struct taking {
	struct merge *m;
	const json_t *bridge;
};

static void take(void *arg, const char *name, bool bonded UNUSED)
{
	struct taking *t = arg;

	nms_detach(t->m, name, t->bridge);
}

/* A listed port without vlan keeps the one it has (N11); null takes it away. */
static json_t *merged_port(const json_t *want, const json_t *old)
{
	json_t *out = json_deep_copy(want);
	json_t *vlan = json_object_get(out, "vlan"), *kept = json_object_get(old, "vlan");

	if (json_is_null(vlan))
		json_object_del(out, "vlan");
	else if (!vlan && kept)
		json_object_set_new(out, "vlan", json_deep_copy(kept));
	return out;
}

/*
 * Ports that ovn-controller or another patch brought and that the policy does not list stay: OVN
 * would put them back. Whether they are allowed is the verification's matter (N10).
 */
static void keep_patches(struct merge *m, const json_t *bridge, const json_t *want, json_t *ports)
{
	size_t i;
	json_t *port;

	json_array_foreach(nms_ports(bridge), i, port) {
		const char *name = jstr(port, "name", "");
		const json_t *iface = nms_find(m->next, name, "ovs-interface");

		if (nms_is_patch(iface) && !nms_port(want, name))
			json_array_append_new(ports, json_deep_copy(port));
	}
}

static void edit_ports(struct merge *m, json_t *bridge, const json_t *want)
{
	json_t *list = nms_ports(want), *port, *ports = json_array();
	const json_t *own = nms_port(bridge, jstr(bridge, "name", ""));
	struct taking t = {.m = m, .bridge = bridge};
	size_t i;

	json_array_foreach(list, i, port) {
		nms_each_member(port, take, &t);
		json_array_append_new(ports,
				      merged_port(port, nms_port(bridge, jstr(port, "name", ""))));
	}
	keep_patches(m, bridge, want, ports);
	if (!json_array_size(list))
		json_array_append_new(ports,
				      own ? json_deep_copy(own)
					  : json_pack("{s:s}", "name", jstr(bridge, "name", "")));
	nms_sort(ports);
	jset(bridge, "bridge.port", ports);
}

static json_t *new_bridge(struct merge *m, const char *name)
{
	json_t *iface = json_pack("{s:s, s:s, s:s, s:{s:{s:{s:b}, s:b, s:b, s:s}, s:[]}}", "name",
				  name, "type", "ovs-bridge", "state", "up", "bridge", "options",
				  "stp", "enabled", 0, "rstp", 0, "mcast-snooping-enable", 0,
				  "fail-mode", "", "port");

	json_array_append_new(m->next, iface);
	return iface;
}

static void remove_bridge(struct merge *m, const char *name)
{
	size_t i;
	json_t *iface;

	json_array_foreach(m->next, i, iface)
		if (nms_is(iface, "ovs-bridge") && streq(jstr(iface, "name", ""), name)) {
			json_array_remove(m->next, i);
			return;
		}
}

void nms_edit_bridge(struct merge *m, const json_t *want)
{
	const char *name = jstr(want, "name", "");
	json_t *bridge = nms_find(m->next, name, "ovs-bridge"), *options;
	bool made = !bridge;

	if (streq(jstr(want, "state", ""), "absent")) {
		remove_bridge(m, name);
		return;
	}
	if (made)
		bridge = new_bridge(m, name);
	jset_str(bridge, "state", "up");
	options = jget(bridge, "bridge.options");
	if (!options)
		jset(bridge, "bridge.options", options = json_object());
	json_object_update(options, jget(want, "bridge.options"));
	if (made || nms_ports(want))
		edit_ports(m, bridge, want);
}

/* ---- afterwards ---- */

struct settling {
	struct merge *m;
	json_t *bridge;
	const json_t *want; /* the bridge in the desired state, or NULL */
};

static void assume_internal(const struct settling *s, const char *name)
{
	const char *bridge = jstr(s->bridge, "name", "");
	_cleanup_free_ char *path =
		xasprintf("%s.bridge.port", jstr(s->want, "path", NMSTATE_PATH));

	nms_new_ovs_interface(s->m, name);
	if (streq(name, bridge))
		return;
	diag_hint(diags_add(s->m->d, DIAG_WARNING, "lint/nmstate-port", path,
			    "the node has no interface %s: nmstate makes an internal port of this "
			    "name, and %s gets no uplink from it",
			    name, bridge),
		  "for a NIC, write the name it has on the node; for an internal port, add an "
		  "interface of type ovs-interface");
}

static void settle_member(void *arg, const char *name, bool bonded)
{
	const struct settling *s = arg;
	json_t *iface = NULL, *v;
	size_t i;

	json_array_foreach(s->m->next, i, v)
		if (!nms_is(v, "ovs-bridge") && streq(jstr(v, "name", ""), name))
			iface = v;
	if (!iface &&
	    nms_has_member(nms_find(s->m->had, jstr(s->bridge, "name", ""), "ovs-bridge"), name))
		return; /* the node itself does not say what it is: not ours to judge */
	if (!iface && bonded) {
		_cleanup_free_ char *path =
			xasprintf("%s.bridge.port", jstr(s->want, "path", NMSTATE_PATH));

		diags_add(s->m->d, DIAG_ERROR, "nmstate", path,
			  "the node has no NIC %s for the bond on %s", name,
			  jstr(s->bridge, "name", ""));
		return;
	}
	if (!iface) {
		assume_internal(s, name);
		iface = json_array_get(s->m->next, json_array_size(s->m->next) - 1);
	}
	jset_str(iface, "controller", jstr(s->bridge, "name", ""));
}

/* Every port of every bridge has an interface, and knows its bridge. */
static void settle_bridge(struct merge *m, json_t *bridge)
{
	struct settling s = {.m = m, .bridge = bridge};
	size_t i;
	json_t *port;

	s.want = nms_find(m->wanted, jstr(bridge, "name", ""), "ovs-bridge");
	json_array_foreach(nms_ports(bridge), i, port)
		nms_each_member(port, settle_member, &s);
}

/* An interface that is on no bridge any more: internal ports go, NICs stay. */
static bool is_orphan(struct merge *m, json_t *iface)
{
	const char *name = jstr(iface, "name", "");
	const json_t *want = nms_find(m->wanted, name, jstr(iface, "type", ""));
	const json_t *old = nms_find(m->had, name, jstr(iface, "type", ""));

	if (nms_bridge_of(m->next, name) || (old && !want && !nms_bridge_of(m->had, name)))
		return false;
	json_object_del(iface, "controller");
	if (!nms_is(iface, "ovs-interface"))
		return false;
	if (want && streq(jstr(want, "state", ""), "up"))
		diag_hint(diags_add(m->d, DIAG_ERROR, "nmstate", jstr(want, "path", NULL),
				    "ovs-interface %s is a port of no bridge", name),
			  "list {name: %s} in the port of an ovs-bridge", name);
	return true;
}

static void drop_orphans(struct merge *m)
{
	for (size_t i = json_array_size(m->next); i-- > 0;) {
		json_t *iface = json_array_get(m->next, i);

		if (!nms_is(iface, "ovs-bridge") && is_orphan(m, iface))
			json_array_remove(m->next, i);
	}
}

static bool has_address(const json_t *iface)
{
	return jbool(iface, "ipv4.enabled", false) || jbool(iface, "ipv6.enabled", false);
}

/* A NIC on a bridge is up, and its addresses would answer nobody: nmstate refuses to set some. */
static void settle_nic(struct merge *m, json_t *iface)
{
	const char *name = jstr(iface, "name", "");
	const json_t *want = nms_find(m->wanted, name, "ethernet");
	const json_t *old = nms_find(m->had, name, "ethernet");

	if (!json_object_get(iface, "controller"))
		return;
	if (has_address(want))
		diag_hint(diags_add(m->d, DIAG_ERROR, "nmstate", jstr(want, "path", NULL),
				    "%s is a port of %s: it cannot have addresses", name,
				    jstr(iface, "controller", "")),
			  "give them to the ovs-interface of the bridge's name");
	if (streq(jstr(old, "controller", ""), jstr(iface, "controller", "")))
		return;
	json_object_set_new(iface, "ipv4", json_pack("{s:b}", "enabled", 0));
	json_object_set_new(iface, "ipv6", json_pack("{s:b}", "enabled", 0));
	if (!want)
		jset_str(iface, "state", "up");
}

void nms_settle_ports(struct merge *m)
{
	size_t n = json_array_size(m->next);

	for (size_t i = 0; i < n; i++)
		if (nms_is(json_array_get(m->next, i), "ovs-bridge"))
			settle_bridge(m, json_array_get(m->next, i));
	drop_orphans(m);
	for (size_t i = 0; i < json_array_size(m->next); i++)
		if (nms_is(json_array_get(m->next, i), "ethernet"))
			settle_nic(m, json_array_get(m->next, i));
	nms_sort(m->next);
}
