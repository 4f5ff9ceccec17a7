/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nodes as NodeNetworkConfigurationPolicies leave them: MTUs of NICs, bridges, mappings, in
 * nmstate's own schema (NODE_NETWORK). Only what decides about MTU is followed.
 */
#include "oracle/pathmtu_priv.h"

#define UNDERLAY "underlay"
#define UNDERLAY_NIC "eth0"
#define SHARED_BRIDGE "br-ex"
#define SHARED_MAPPING "physnet" /* OVN-Kubernetes' own, facts/ovn-kubernetes.md §2.5 */
#define DEFAULT_MTU 1500

void pathmtu_node_free(struct pathmtu_node *n)
{
	json_decref(n->state);
}

const struct pathmtu_node *pathmtu_node_find(const struct pathmtu *m, const char *name)
{
	for (size_t i = 0; i < m->n_nodes; i++)
		if (streq(m->nodes[i].name, name))
			return &m->nodes[i];
	return NULL;
}

/* Names are unique a type only: a bridge and its internal port share one. */
static json_t *interface_find(const json_t *state, const char *type, const char *name)
{
	json_t *i;
	size_t k;

	json_array_foreach(json_object_get(state, "interfaces"), k, i)
		if (streq(jstr(i, "type", ""), type) && streq(jstr(i, "name", ""), name))
			return i;
	return NULL;
}

static void interface_remove(json_t *state, const char *type, const char *name)
{
	json_t *list = json_object_get(state, "interfaces");

	for (size_t k = json_array_size(list); k-- > 0;) {
		const json_t *i = json_array_get(list, k);

		if (streq(jstr(i, "type", ""), type) && streq(jstr(i, "name", ""), name))
			json_array_remove(list, k);
	}
}

/* ---- as the topology has it ---- */

static json_t *ethernet(const char *name, json_int_t mtu)
{
	return json_pack("{s:s, s:s, s:I, s:s}", "name", name, "type", "ethernet", "mtu", mtu,
			 "why", "as the topology has it");
}

static json_t *boot_state(const struct pathmtu *m, const json_t *spec)
{
	json_int_t mtu = (json_int_t)jint(m->topology, "underlay.mtu", DEFAULT_MTU);
	json_t *list = json_array(), *nic;
	size_t i;

	json_array_append_new(list, ethernet(UNDERLAY_NIC, (json_int_t)jint(spec, "mtu", mtu)));
	json_array_foreach(json_object_get(spec, "nics"), i, nic)
		json_array_append_new(list, ethernet(jstr(nic, "name", ""),
						     (json_int_t)jint(nic, "mtu", DEFAULT_MTU)));
	json_array_append_new(list,
			      json_pack("{s:s, s:s, s:{s:[{s:s}]}}", "name", SHARED_BRIDGE, "type",
					"ovs-bridge", "bridge", "port", "name", UNDERLAY_NIC));
	return json_pack("{s:o, s:{s:[{s:s, s:s}]}}", "interfaces", list, "ovn", "bridge-mappings",
			 "localnet", SHARED_MAPPING, "bridge", SHARED_BRIDGE);
}

static json_t *live_state(const json_t *live)
{
	json_t *state = json_deep_copy(live), *i;
	size_t k;

	json_array_foreach(json_object_get(state, "interfaces"), k, i)
		json_object_set_new(i, "why", json_string("as the node has it"));
	return state;
}

/* ---- policies ---- */

static const json_t *labels_of(const struct pathmtu *m, const struct pathmtu_node *n)
{
	const json_t *o;
	size_t i;

	json_array_foreach(m->objects, i, o)
		if (streq(jstr(o, "kind", ""), "Node") &&
		    streq(jstr(o, "metadata.name", ""), n->name))
			return jget(o, "metadata.labels");
	return json_object_get(n->spec, "labels");
}

static bool selects(const json_t *policy, const json_t *labels)
{
	json_t *selector = jget(policy, "spec.nodeSelector"), *v;
	const char *key;

	json_object_foreach(selector, key, v)
		if (!json_equal(json_object_get(labels, key), v))
			return false;
	return true;
}

/* What failed was rolled back: it is not on the node. */
static bool failed(const json_t *policy)
{
	const json_t *c;
	size_t i;

	json_array_foreach(jget(policy, "status.conditions"), i, c)
		if (streq(jstr(c, "type", ""), "Degraded"))
			return streq(jstr(c, "status", ""), "True");
	return false;
}

static void apply_ethernet(json_t *state, const json_t *want, const char *policy)
{
	json_t *nic = interface_find(state, "ethernet", jstr(want, "name", ""));

	if (!nic || !json_is_integer(json_object_get(want, "mtu")))
		return;
	json_object_set(nic, "mtu", json_object_get(want, "mtu"));
	json_object_set_new(nic, "why",
			    jstringf("set by NodeNetworkConfigurationPolicy %s", policy));
}

/* Without a port list a bridge keeps the ports that it has (N8, N11). */
static void apply_bridge(json_t *state, const json_t *want)
{
	const char *name = jstr(want, "name", "");
	json_t *ports = jget(want, "bridge.port") ?: jget(want, "bridge.ports");
	json_t *bridge = interface_find(state, "ovs-bridge", name);

	if (streq(jstr(want, "state", "up"), "absent")) {
		interface_remove(state, "ovs-bridge", name);
		return;
	}
	if (!bridge) {
		bridge = json_pack("{s:s, s:s}", "name", name, "type", "ovs-bridge");
		json_array_append_new(json_object_get(state, "interfaces"), bridge);
	}
	if (ports)
		jset(bridge, "bridge.port", json_deep_copy(ports));
}

static void apply_mapping(json_t *state, const json_t *want)
{
	json_t *list = jget(state, "ovn.bridge-mappings");

	if (!list) {
		list = json_array();
		jset(state, "ovn.bridge-mappings", list);
	}
	for (size_t i = json_array_size(list); i-- > 0;)
		if (streq0(jstr(json_array_get(list, i), "localnet", NULL),
			   jstr(want, "localnet", NULL)))
			json_array_remove(list, i);
	if (!streq(jstr(want, "state", "present"), "absent"))
		json_array_append_new(list, json_deep_copy(want));
}

static void apply_policy(json_t *state, const json_t *policy)
{
	const json_t *desired = jget(policy, "spec.desiredState"), *want;
	size_t i;

	json_array_foreach(json_object_get(desired, "interfaces"), i, want) {
		const char *type = jstr(want, "type", "");

		if (streq(type, "ethernet"))
			apply_ethernet(state, want, jstr(policy, "metadata.name", ""));
		else if (streq(type, "ovs-bridge"))
			apply_bridge(state, want);
	}
	json_array_foreach(jget(desired, "ovn.bridge-mappings"), i, want)
		apply_mapping(state, want);
}

static void apply_policies(const struct pathmtu *m, struct pathmtu_node *n)
{
	const json_t *labels = labels_of(m, n), *o;
	size_t i;

	json_array_foreach(m->objects, i, o)
		if (streq(jstr(o, "kind", ""), "NodeNetworkConfigurationPolicy") && !failed(o) &&
		    selects(o, labels))
			apply_policy(n->state, o);
}

void pathmtu_nodes_read(struct pathmtu *m, const json_t *live, bool policies)
{
	json_t *list = json_object_get(m->topology, "nodes"), *spec;
	size_t i;

	m->nodes = xcalloc(json_array_size(list) + 1, sizeof(*m->nodes));
	json_array_foreach(list, i, spec) {
		struct pathmtu_node *n = &m->nodes[m->n_nodes++];
		const json_t *now;

		n->spec = spec;
		n->name = jstr(spec, "name", "");
		n->family = strchr(jstr(spec, "encap_ip", ""), ':') ? 6 : 4;
		now = json_object_get(live, n->name);
		n->state = json_array_size(json_object_get(now, "interfaces"))
				   ? live_state(now)
				   : boot_state(m, spec);
		if (policies)
			apply_policies(m, n);
	}
}

/* ---- queries ---- */

const char *pathmtu_node_bridge(const struct pathmtu_node *n, const char *mapping)
{
	const json_t *e;
	size_t i;

	json_array_foreach(jget(n->state, "ovn.bridge-mappings"), i, e)
		if (streq(jstr(e, "localnet", ""), mapping))
			return jstr(e, "bridge", NULL);
	return NULL;
}

static void add_nic(const struct pathmtu_node *n, const json_t *port, json_t *out)
{
	json_t *nic = interface_find(n->state, "ethernet", jstr(port, "name", ""));

	if (nic)
		json_array_append(out, nic);
}

json_t *pathmtu_node_nics(const struct pathmtu_node *n, const char *bridge)
{
	const json_t *b = interface_find(n->state, "ovs-bridge", bridge), *port, *lag;
	json_t *out = json_array();
	size_t i, k;

	json_array_foreach(jget(b, "bridge.port"), i, port) {
		const json_t *bond = json_object_get(port, "link-aggregation");
		const json_t *members =
			json_object_get(bond, "port") ?: json_object_get(bond, "ports");

		if (!bond)
			add_nic(n, port, out);
		json_array_foreach(members, k, lag)
			add_nic(n, lag, out);
	}
	return out;
}

const char *pathmtu_node_switch(const struct pathmtu_node *n, const char *nic)
{
	const json_t *e;
	size_t i;

	if (streq(nic, UNDERLAY_NIC))
		return UNDERLAY;
	json_array_foreach(json_object_get(n->spec, "nics"), i, e)
		if (streq(jstr(e, "name", ""), nic))
			return jstr(e, "network", NULL);
	return NULL;
}

static const json_t *switch_find(const struct pathmtu *m, const char *network)
{
	const json_t *e;
	size_t i;

	if (streq(network, UNDERLAY))
		return json_object_get(m->topology, "underlay");
	json_array_foreach(json_object_get(m->topology, "networks"), i, e)
		if (streq(jstr(e, "name", ""), network))
			return e;
	return NULL;
}

int pathmtu_switch_mtu(const struct pathmtu *m, const char *network)
{
	const json_t *s = switch_find(m, network);

	return s ? pathmtu_int(s, "mtu", DEFAULT_MTU) : 0;
}

static const json_t *host_on(const json_t *hosts, const char *name)
{
	const json_t *h;
	size_t i;

	json_array_foreach(hosts, i, h)
		if (streq(jstr(h, "name", ""), name))
			return h;
	return NULL;
}

static const json_t *host_find(const struct pathmtu *m, const char *name)
{
	const json_t *found = host_on(jget(m->topology, "underlay.hosts"), name), *net;
	size_t i;

	json_array_foreach(json_object_get(m->topology, "networks"), i, net)
		if (!found)
			found = host_on(json_object_get(net, "hosts"), name);
	return found;
}

const json_t *pathmtu_host_interface(const struct pathmtu *m, const char *host, const char *network,
				     int vlan)
{
	const json_t *h = host_find(m, host), *f;
	size_t i;

	json_array_foreach(json_object_get(h, "interfaces"), i, f)
		if (streq(jstr(f, "network", ""), network) &&
		    (vlan < 0 || jint(f, "vlan", 0) == vlan))
			return f;
	return NULL;
}
