/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Northbound rows of layer2 and localnet networks: OVN-Kubernetes
 * ovn/{layer2,localnet}_user_defined_network_controller.go, base_secondary_layer2_network_controller.go
 * and base_network_controller_pods.go.
 */
#include "ovnk/names.h"
#include "ovnk/plan_priv.h"

#define TUNNEL_KEY_BASE 16711683 /* of transit switches, plus the network id */

struct nb {
	const struct ovnk_view *view;
	const char *zone;
	json_t *plan;
};

static char *owner_of(const struct network *n)
{
	return xasprintf("NetworkAttachmentDefinition %s", n->n_nads ? n->nads[0] : "");
}

static json_t *switch_ids(const struct network *n)
{
	json_t *ids = json_object();

	plan_put(ids, ID_NETWORK, n->name);
	plan_put(ids, ID_ROLE, "secondary");
	plan_put(ids, ID_TOPOLOGY, ovnk_topology_name(n->conf.topology));
	return ids;
}

/* Of two subnets of one family the last one counts. */
static void put_subnets(json_t *config, const struct network *n)
{
	char text[IPNET_TEXT_MAX], prefix[IP_TEXT_MAX];

	for (size_t i = 0; i < n->conf.subnets.n; i++) {
		const struct ipnet *net = &n->conf.subnets.v[i];

		if (net->ip.family == 4)
			plan_put(config, "subnet", ipnet_text(net, text));
		else
			plan_put(config, "ipv6_prefix", ip_text(&net->ip, prefix));
	}
}

/* Interconnect: the network's own switch is the transit switch, under one name in every zone. */
static void put_interconnect(json_t *config, const struct network *n, const char *name)
{
	_cleanup_free_ char *key = xasprintf("%d", TUNNEL_KEY_BASE + n->id);

	plan_put(config, "interconn-ts", name);
	plan_put(config, "requested-tnl-key", key);
	plan_put(config, "mcast_snoop", "true");
	plan_put(config, "mcast_querier", "false");
	plan_put(config, "mcast_flood_unregistered", "true");
}

static json_t *addresses(const struct attachment *a)
{
	json_t *list = json_array();
	char *text = xstrdup(a->mac);

	for (size_t i = 0; i < a->n_ips; i++) {
		char *longer = xasprintf("%s %.*s", text, (int)strcspn(a->ips[i], "/"), a->ips[i]);

		free(text);
		text = longer;
	}
	json_array_append_new(list, jstring(text));
	free(text);
	return list;
}

static json_t *port_ids(const struct network *n, const struct podnet *p, const struct attachment *a)
{
	json_t *ids = json_object();

	plan_put(ids, "namespace", p->ns);
	plan_put(ids, "pod", "true");
	plan_put(ids, ID_NETWORK, n->name);
	plan_put(ids, ID_NAD, a->nad_key);
	plan_put(ids, ID_TOPOLOGY, ovnk_topology_name(n->conf.topology));
	return ids;
}

static json_t *port_options(const struct nb *b, const struct network *n, const struct podnet *p,
			    const struct attachment *a, const struct ovnk_node *node)
{
	json_t *o = json_object();

	plan_put(o, "iface-id-ver", p->uid);
	if (!b->view->config->disable_requested_chassis)
		plan_put(o, "requested-chassis", node->chassis);
	if (b->view->config->interconnect && n->conf.topology == OVNK_LAYER2)
		json_object_set_new(o, "requested-tnl-key", jstringf("%d", a->tunnel_id));
	return o;
}

static void add_pod_port(const struct nb *b, const struct network *n, const struct podnet *p,
			 const struct attachment *a, const struct ovnk_node *node)
{
	bool local = plan_is_local(b->view, node, b->zone);
	_cleanup_free_ char *owner = xasprintf("Pod %s/%s", p->ns, p->name);
	json_t *row = json_object();

	json_object_set_new(row, "name", jstring(a->port));
	json_object_set_new(row, "type", jstring(local ? "" : "remote"));
	json_object_set_new(row, "addresses", addresses(a));
	json_object_set_new(row, "port_security", addresses(a));
	json_object_set_new(row, "external_ids", port_ids(n, p, a));
	json_object_set_new(row, "options", port_options(b, n, p, a, node));
	plan_add(b->plan, "Logical_Switch_Port", a->port, "name", row, NULL, owner);
}

/* Adds the rows of all pods' ports and their references to ports. */
static void add_pod_ports(const struct nb *b, const struct network *n, json_t *ports)
{
	const struct podnets *pods = b->view->pods;

	for (size_t i = 0; i < pods->n; i++)
		for (size_t k = 0; k < pods->v[i].n; k++) {
			const struct attachment *a = &pods->v[i].v[k];
			const struct ovnk_node *node;

			if (!plan_has_port(b->view, n, &pods->v[i], a, b->zone, &node))
				continue;
			add_pod_port(b, n, &pods->v[i], a, node);
			json_array_append_new(ports, plan_ref("Logical_Switch_Port", a->port));
		}
}

/* Adds the network's load balancer groups and refers to the switch's. */
static json_t *add_lb_groups(const struct nb *b, const struct network *n, const char *owner)
{
	_cleanup_free_ char *prefix = names_prefix(n->name);
	json_t *refs = json_array();

	for (size_t i = 0; plan_lb_groups[i]; i++) {
		_cleanup_free_ char *name = xasprintf("%s%s", prefix, plan_lb_groups[i]);
		json_t *row = json_object();

		json_object_set_new(row, "name", jstring(name));
		plan_add(b->plan, "Load_Balancer_Group", name, "name", row, NULL, owner);
		if (i < 2)
			json_array_append_new(refs, plan_ref("Load_Balancer_Group", name));
	}
	return refs;
}

static void add_layer2(const struct nb *b, const struct network *n)
{
	_cleanup_free_ char *name = names_layer2_switch(n->name), *owner = owner_of(n);
	json_t *row = json_object(), *config = json_object(), *ports = json_array();

	put_subnets(config, n);
	if (b->view->config->interconnect)
		put_interconnect(config, n, name);
	json_object_set_new(row, "name", jstring(name));
	json_object_set_new(row, "external_ids", switch_ids(n));
	json_object_set_new(row, "other_config", config);
	json_object_set_new(row, "load_balancer_group", add_lb_groups(b, n, owner));
	add_pod_ports(b, n, ports);
	json_object_set_new(row, "ports", ports);
	plan_add(b->plan, "Logical_Switch", name, "name", row, NULL, owner);
}

/*
 * Without a VLAN the columns are emptied: ovn-northd copies tag_request to tag and never clears it,
 * and upstream, which rebuilds the network on a change, starts from an empty row.
 */
static void add_localnet_port(const struct nb *b, const struct network *n, json_t *ports,
			      const char *owner)
{
	_cleanup_free_ char *name = names_localnet_port(n->name);
	json_t *row = json_object(), *options = json_object(), *tag = json_array(),
	       *unknown = json_array();

	plan_put(options, "network_name", netconf_mapping(&n->conf));
	json_array_append_new(unknown, jstring("unknown"));
	json_object_set_new(row, "name", jstring(name));
	json_object_set_new(row, "type", jstring("localnet"));
	json_object_set_new(row, "addresses", unknown);
	json_object_set_new(row, "options", options);
	if (n->conf.vlan)
		json_array_append_new(tag, json_integer(n->conf.vlan));
	else
		json_object_set_new(row, "tag", json_array());
	json_object_set_new(row, "tag_request", tag);
	plan_add(b->plan, "Logical_Switch_Port", name, "name", row, NULL, owner);
	json_array_append_new(ports, plan_ref("Logical_Switch_Port", name));
}

static void add_localnet(const struct nb *b, const struct network *n)
{
	_cleanup_free_ char *name = names_localnet_switch(n->name), *owner = owner_of(n);
	json_t *row = json_object(), *config = json_object(), *ports = json_array();

	put_subnets(config, n);
	json_object_set_new(row, "name", jstring(name));
	json_object_set_new(row, "external_ids", switch_ids(n));
	json_object_set_new(row, "other_config", config);
	add_localnet_port(b, n, ports, owner);
	add_pod_ports(b, n, ports);
	json_object_set_new(row, "ports", ports);
	plan_add(b->plan, "Logical_Switch", name, "name", row, NULL, owner);
}

json_t *plan_nb(const struct ovnk_view *v, const char *zone)
{
	struct nb b = {v, zone, json_array()};

	plan_infra(b.plan);
	for (size_t i = 0; i < v->networks->n; i++) {
		const struct network *n = &v->networks->v[i];

		if (n->conf.topology == OVNK_LAYER2)
			add_layer2(&b, n);
		else if (n->conf.topology == OVNK_LOCALNET)
			add_localnet(&b, n);
	}
	plan_policies(b.plan, v, zone);
	return b.plan;
}
