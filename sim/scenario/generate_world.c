/* SPDX-License-Identifier: Apache-2.0 */
/* The pods, namespaces and networks that all generated cases share. */
#include "scenario/generate_priv.h"

#define NAD_NS "x"

static const struct {
	const char *ns, *name, *node, *tier; /* tier NULL: no such label */
} pods[] = {
	{"x", "a", "worker-a", "web"},
	{"x", "b", "worker-b", "web"},
	{"y", "a", "worker-b", "db"},
	{"z", "b", "worker-a", NULL},
};

static const struct {
	const char *name, *team;
} spaces[] = {{"x", "red"}, {"y", "blue"}, {"z", "blue"}};

/* A network in eight is dual, one IPv6, one without subnets, one on the nodes' own network. */
static const enum network_kind kinds[] = {
	NETWORK_LAYER2, NETWORK_DUAL,	  NETWORK_LAYER2, NETWORK_BARE, NETWORK_LAYER2,
	NETWORK_V6,	NETWORK_LOCALNET, NETWORK_LAYER2, NETWORK_VLAN, NETWORK_LAYER2,
	NETWORK_DUAL,	NETWORK_LAYER2,	  NETWORK_LAYER2, NETWORK_VLAN,
};

const char *generate_kind_name(enum network_kind k)
{
	static const char *const names[] = {"layer2",	 "layer2",   "layer2",
					    "ipam-less", "localnet", "vlan"};

	return names[k];
}

void generate_network(unsigned index, struct gen_network *ret)
{
	enum network_kind k = kinds[index % ARRAY_SIZE(kinds)];

	*ret = (struct gen_network){.index = index,
				    .kind = k,
				    .v4 = k != NETWORK_V6,
				    .v6 = k == NETWORK_V6 || k == NETWORK_DUAL ||
					  k == NETWORK_BARE};
	snprintf(ret->name, sizeof(ret->name), "g%02u", index % 100);
}

/* ---- objects ---- */

json_t *generate_namespace(const char *name, const json_t *labels)
{
	json_t *own = json_pack("{s:s}", "ns", name);

	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		if (streq(spaces[i].name, name))
			jset_str(own, "team", spaces[i].team);
	if (labels)
		json_object_update(own, (json_t *)(uintptr_t)labels);
	return json_pack("{s:s, s:s, s:{s:s, s:o}}", "apiVersion", "v1", "kind", "Namespace",
			 "metadata", "name", name, "labels", own);
}

static json_t *nad_of(const struct gen_network *n)
{
	bool localnet = n->kind == NETWORK_LOCALNET || n->kind == NETWORK_VLAN;
	_cleanup_free_ char *nad = xasprintf(NAD_NS "/%s", n->name), *text = NULL;
	_cleanup_buf_ struct buf subnets = BUF_INIT;
	_cleanup_json_ json_t *conf =
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "cniVersion", "0.3.1", "name", n->name,
			  "type", "ovn-k8s-cni-overlay", "topology",
			  localnet ? "localnet" : "layer2", "netAttachDefName", nad);

	if (n->v4)
		buf_printf(&subnets, "10.%u.0.0/24", n->index + 1);
	if (n->v6)
		buf_printf(&subnets, "%sfd00:%x::/64", n->v4 ? "," : "", n->index + 1);
	if (n->kind != NETWORK_BARE)
		jset_str(conf, "subnets", buf_str(&subnets));
	if (localnet)
		jset_str(conf, "physicalNetworkName", "physnet");
	if (n->kind == NETWORK_VLAN)
		json_object_set_new(conf, "vlanID", json_integer((json_int_t)n->index + 100));
	text = jtext(conf);
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "apiVersion", "k8s.cni.cncf.io/v1",
			 "kind", "NetworkAttachmentDefinition", "metadata", "name", n->name,
			 "namespace", NAD_NS, "spec", "config", text);
}

/* Where a network has no subnets, the pod asks for the addresses that it would have been given. */
static json_t *attachment(const struct gen_network *n, size_t pod)
{
	json_t *a = json_pack("{s:s, s:s}", "name", n->name, "namespace", NAD_NS);

	if (n->kind == NETWORK_BARE)
		json_object_set_new(a, "ips",
				    json_pack("[o, o]",
					      jstringf("10.%u.0.%zu/24", n->index + 1, pod + 1),
					      jstringf("fd00:%x::%zx/64", n->index + 1, pod + 1)));
	return a;
}

static json_t *pod_on(size_t i, const json_t *networks, const json_t *labels, const char *node)
{
	_cleanup_free_ char *text = jtext(networks);
	json_t *own = json_pack("{s:s, s:s*}", "pod", pods[i].name, "tier", pods[i].tier);

	if (labels)
		json_object_update(own, (json_t *)(uintptr_t)labels);
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:o, s:{s:s}}, s:{s:s, s:[{s:s, s:s, s:[{s:s, "
			 "s:i}, {s:s, s:i, s:s}]}]}}",
			 "apiVersion", "v1", "kind", "Pod", "metadata", "name", pods[i].name,
			 "namespace", pods[i].ns, "labels", own, "annotations",
			 "k8s.v1.cni.cncf.io/networks", text, "spec", "nodeName",
			 node ? node : pods[i].node, "containers", "name", "c", "image", "agnhost",
			 "ports", "name", "web", "containerPort", 80, "name", "dns",
			 "containerPort", 81, "protocol", "UDP");
}

static json_t *attachments(unsigned n, size_t pod)
{
	json_t *list = json_array();
	struct gen_network net;

	for (unsigned i = 0; i < n; i++) {
		generate_network(i, &net);
		json_array_append_new(list, attachment(&net, pod));
	}
	return list;
}

json_t *generate_pod(const char *ns, const char *name, unsigned n, const json_t *labels,
		     const char *node)
{
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		_cleanup_json_ json_t *list = attachments(n, i);

		if (streq(pods[i].ns, ns) && streq(pods[i].name, name))
			return pod_on(i, list, labels, node);
	}
	return NULL;
}

static void add_spaces(json_t *world)
{
	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		json_array_append_new(world, generate_namespace(spaces[i].name, NULL));
}

json_t *generate_world(unsigned n)
{
	json_t *world = json_array();
	struct gen_network net;

	add_spaces(world);
	for (unsigned i = 0; i < n; i++) {
		generate_network(i, &net);
		json_array_append_new(world, nad_of(&net));
	}
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++)
		json_array_append_new(world, generate_pod(pods[i].ns, pods[i].name, n, NULL, NULL));
	return world;
}

json_t *generate_small_world(const struct gen_network *net)
{
	json_t *world = json_array();

	add_spaces(world);
	json_array_append_new(world, nad_of(net));
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		_cleanup_json_ json_t *list = json_pack("[o]", attachment(net, i));

		json_array_append_new(world, pod_on(i, list, NULL, NULL));
	}
	return world;
}
