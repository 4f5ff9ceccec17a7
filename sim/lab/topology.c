/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of a topology document: cluster, underlay, networks, nodes. */
#include "lab/topology_priv.h"

#define NODE_OFFSET 11
#define MAX_NODES 200

static json_t *nth_addresses(const json_t *subnets, unsigned n, bool *ret_ok)
{
	json_t *out = json_array(), *s;
	size_t i;

	json_array_foreach(subnets, i, s) {
		_cleanup_free_ char *a = cidr_nth(json_string_value(s), n, true);

		if (a)
			json_array_append_new(out, jstring(a));
		else
			*ret_ok = false;
	}
	return out;
}

static json_t *first_addr(const json_t *addresses)
{
	const char *cidr = json_string_value(json_array_get(addresses, 0));
	_cleanup_free_ char *a = cidr ? cidr_addr(cidr) : NULL;

	return jstring(a);
}

/* ---- nodes ---- */

static json_t *node_labels(struct topo *t, const json_t *node, const char *path, const char *name)
{
	json_t *labels = json_object_get(node, "labels");
	_cleanup_free_ char *p = xasprintf("%s.labels", path);

	if (labels && !json_is_object(labels))
		topo_bad(t, p, NULL, "expected a mapping");
	labels = json_is_object(labels) ? json_deep_copy(labels) : json_object();
	json_object_set_new(labels, "kubernetes.io/hostname", jstring(name));
	json_object_set_new(labels, "kubernetes.io/os", json_string("linux"));
	return labels;
}

static json_t *expand_node(struct topo *t, const json_t *node, size_t i, const char *path,
			   const char *name, const json_t *subnets)
{
	bool ok = true;
	json_t *addrs = nth_addresses(subnets, NODE_OFFSET + (unsigned)i, &ok);
	const char *zone = streq(t->zones, "central") ? "global" : name;

	if (!ok)
		topo_bad(t, path, "use a larger subnet",
			 "spec.underlay.subnets has no address left");
	topo_claim(t, TOPO_UNDERLAY, 0, addrs, path);
	return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "name", name,
			 "index", (int)i, "labels", node_labels(t, node, path, name), "addresses",
			 addrs, "encap_ip", first_addr(addrs), "mac",
			 topo_mac(t, NULL, path, "node", name), "chassis",
			 topo_uuid(t, "chassis", name), "zone", zone, "host_uuid",
			 topo_uuid(t, "host", name), "nics", topo_nics(t, node, path, name));
}

static json_t *expand_nodes(struct topo *t, const json_t *subnets)
{
	static const char *const known[] = {"name", "labels", "nics", NULL};
	json_t *list = json_object_get(t->spec, "nodes"), *out = json_array(), *node;
	_cleanup_json_ json_t *seen = json_object();
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > MAX_NODES)
		topo_bad(t, "spec.nodes", NULL, "expected a list of 1 to %d nodes", MAX_NODES);
	/* the machine of the central databases, and where the switches log */
	json_object_set_new(seen, "control-plane", json_true());
	json_object_set_new(seen, "fabric", json_true());
	json_array_foreach(list, i, node) {
		_cleanup_free_ char *p = xasprintf("spec.nodes.%zu", i);
		const char *name = topo_name(t, node, p, seen);

		topo_keys(t, node, p, known);
		if (name && i < MAX_NODES)
			json_array_append_new(out, expand_node(t, node, i, p, name, subnets));
	}
	return out;
}

/* ---- switches ---- */

/* Names and MTUs of all switches first: hosts and NICs refer to them. */
static void note_networks(struct topo *t)
{
	_cleanup_json_ json_t *seen = json_object();
	json_t *net;
	size_t i;

	json_object_set_new(seen, TOPO_UNDERLAY, json_true());
	json_object_set_new(t->mtus, TOPO_UNDERLAY,
			    json_integer(topo_mtu(t, json_object_get(t->spec, "underlay"),
						  "spec.underlay", 1500)));
	json_array_foreach(topo_list(t, t->spec, "networks", "spec"), i, net) {
		_cleanup_free_ char *p = xasprintf("spec.networks.%zu", i);
		const char *name = topo_name(t, net, p, seen);

		if (name)
			json_object_set_new(t->mtus, name, json_integer(topo_mtu(t, net, p, 1500)));
	}
}

static json_t *expand_networks(struct topo *t, json_t *host_names)
{
	static const char *const known[] = {"name", "mtu", "mcast_snooping", "hosts", NULL};
	json_t *list = json_object_get(t->spec, "networks"), *out = json_array(), *net;
	size_t i;

	json_array_foreach(list, i, net) {
		_cleanup_free_ char *p = xasprintf("spec.networks.%zu", i);
		const char *name = jstr(net, "name", "");

		topo_keys(t, net, p, known);
		if (json_object_get(t->mtus, name))
			json_array_append_new(
				out, json_pack("{s:s, s:O, s:b, s:o}", "name", name, "mtu",
					       json_object_get(t->mtus, name), "mcast_snooping",
					       (int)topo_bool(t, net, "mcast_snooping", p), "hosts",
					       topo_hosts(t, net, p, name, host_names)));
	}
	return out;
}

/* A kernel bridge is faster, but this one cannot tell VLANs apart: those need Open vSwitch. */
static const char *underlay_switch(struct topo *t, const json_t *underlay)
{
	static const char *const kinds[] = {"bridge", "ovs", NULL};
	const char *written = topo_enum(t, underlay, "switch", "spec.underlay", kinds);

	if (t->underlay_ovs && json_object_get(underlay, "switch") && streq(written, "bridge"))
		topo_bad(t, "spec.underlay.switch", "leave it out, or write ovs",
			 "a host or NIC uses VLANs or groups of links on the underlay, which a "
			 "plain bridge does not know");
	return t->underlay_ovs ? "ovs" : written;
}

static json_t *underlay_subnets(struct topo *t, const json_t *underlay)
{
	json_t *subnets = topo_cidrs(t, underlay, "subnets", "spec.underlay");

	if (!json_array_size(subnets))
		json_array_append_new(subnets, json_string("172.31.0.0/24"));
	return subnets;
}

/* subnets is stolen. What is on the underlay must be known by now: its kind depends on it. */
static json_t *expand_underlay(struct topo *t, json_t *subnets, json_t *hosts)
{
	static const char *const known[] = {"mtu", "subnets", "hosts", "switch", NULL};
	const json_t *u = json_object_get(t->spec, "underlay");
	const char *first = json_string_value(json_array_get(subnets, 0));

	topo_keys(t, u, "spec.underlay", known);
	return json_pack("{s:O, s:i, s:s, s:o, s:o}", "mtu",
			 json_object_get(t->mtus, TOPO_UNDERLAY), "family",
			 strchr(first, ':') ? 6 : 4, "switch", underlay_switch(t, u), "subnets",
			 subnets, "hosts", hosts);
}

/* ---- the whole ---- */

static json_t *expand(struct topo *t, const char *name)
{
	static const char *const known[] = {"zones",	"mtu",	    "datapath", "seed", "profile",
					    "underlay", "networks", "nodes",	NULL};
	static const char *const profiles[] = {"ovnk", "spec", NULL};
	static const char *const zones[] = {"interconnect", "central", NULL};
	static const char *const datapaths[] = {"auto", "netdev", "system", NULL};
	const json_t *u = json_object_get(t->spec, "underlay");
	_cleanup_json_ json_t *host_names = json_object();
	json_t *subnets, *hosts, *networks, *cp_addrs, *nodes;
	bool ok = true;

	topo_keys(t, t->spec, "spec", known);
	t->zones = topo_enum(t, t->spec, "zones", "spec", zones);
	note_networks(t);
	subnets = underlay_subnets(t, u);
	cp_addrs = nth_addresses(subnets, 2, &ok);
	topo_claim(t, TOPO_UNDERLAY, 0, cp_addrs, "the control plane");
	nodes = expand_nodes(t, subnets);
	hosts = topo_hosts(t, u, "spec.underlay", TOPO_UNDERLAY, host_names);
	networks = expand_networks(t, host_names);
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o}}",
			 "name", name, "zones", t->zones, "profile",
			 topo_enum(t, t->spec, "profile", "spec", profiles), "mtu",
			 (json_int_t)topo_mtu(t, t->spec, "spec", 1400), "datapath",
			 topo_enum(t, t->spec, "datapath", "spec", datapaths), "seed",
			 (json_int_t)t->seed, "underlay", expand_underlay(t, subnets, hosts),
			 "networks", networks, "nodes", nodes, "control_plane", "addresses",
			 cp_addrs, "ip", first_addr(cp_addrs), "mac",
			 topo_mac(t, NULL, "", "control-plane", ""), "host_uuid",
			 topo_uuid(t, "host", "control-plane"));
}

static json_t *expand_spec(struct topo *t, const char *name)
{
	_cleanup_json_ json_t *mtus = json_object(), *addresses = json_object();

	t->seed = (uint64_t)jint(t->spec, "seed", 1);
	t->mtus = mtus;
	t->addresses = addresses;
	return expand(t, name);
}

json_t *topology_expand(const struct yaml_doc *doc, const char *file, struct diags *d)
{
	size_t from = d->n, errors = diags_count(d, DIAG_ERROR);
	const char *api = jstr(doc->root, "apiVersion", ""), *kind = jstr(doc->root, "kind", "");
	const char *name = jstr(doc->root, "metadata.name", NULL);
	struct topo t = {.spec = jget(doc->root, "spec"), .d = d};
	bool known = streq(kind, "Topology") && streq(api, "ovnbed.io/v1alpha1");
	json_t *out = NULL;

	if (!known)
		topo_bad(
			&t, "kind", NULL,
			"expected kind Topology of ovnbed.io/v1alpha1, found kind \"%s\" of \"%s\"",
			kind, api);
	if (known && !topo_name_ok(name))
		topo_bad(&t, "metadata.name", NULL, "expected a name of a-z, 0-9 and -");
	if (known && !json_is_object(t.spec))
		topo_bad(&t, "spec", NULL, "expected a mapping with at least `nodes`");
	if (known && json_is_object(t.spec))
		out = expand_spec(&t, name ? name : "");
	marks_locate(doc->marks, d, from, file, NULL);
	if (diags_count(d, DIAG_ERROR) > errors) {
		json_decref(out);
		return NULL;
	}
	return out;
}

json_t *topology_load(const char *path, struct diags *d)
{
	return topology_load_zones(path, NULL, d);
}

json_t *topology_load_zones(const char *path, const char *zones, struct diags *d)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};

	if (yaml_parse_file(path, &docs, d) < 0)
		return NULL;
	if (docs.n != 1) {
		struct diag *g = diags_add(d, DIAG_ERROR, "topology", NULL,
					   "expected one document, found %zu", docs.n);

		g->file = xstrdup(path);
		return NULL;
	}
	if (zones && json_is_object(json_object_get(docs.v[0].root, "spec")))
		jset_str(docs.v[0].root, "spec.zones", zones);
	return topology_expand(&docs.v[0], path, d);
}
