/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/domain.h"

#include "fabric/fabric.h"
#include "lab/net.h"
#include "lab/verbs.h"
#include "probe/probe.h"

static char *physical(const char *network, unsigned vlan)
{
	return vlan ? xasprintf("%s vlan %u", network, vlan) : xasprintf("%s untagged", network);
}

/* What a machine's NIC reaches with frames tagged vlan (0: untagged). NULL: no such cable. */
static char *beyond(struct lab *lab, const char *machine, const char *nic, unsigned vlan)
{
	_cleanup_err_ struct err e = ERR_INIT;
	const struct fabric_port *p = fabric_port(lab->fabric, machine, nic, &e);

	return p ? physical(p->network, vlan ? vlan : p->vlan) : NULL;
}

/* The bridge of a mapping in "dc:ovs-br1,physnet:br-ex"; NULL: none. Caller frees. */
static char *mapped_bridge(const struct lab_node *n, const char *localnet)
{
	_cleanup_free_ char *all = lab_node_mappings(n);
	size_t len = strlen(localnet);

	for (const char *p = all; p && *p; p += strcspn(p, ","), p += *p == ',') {
		if (strncmp(p, localnet, len) == 0 && p[len] == ':')
			return xstrndup(p + len + 1, strcspn(p + len + 1, ","));
	}
	return NULL;
}

/* Through the first NIC of a bridge that has a cable. */
static char *beyond_bridge(struct lab *lab, const struct lab_node *n, const char *bridge,
			   unsigned vlan)
{
	char *found = NULL;
	json_t *f;
	size_t i;

	json_array_foreach(jget(lab_node_network(n), "interfaces"), i, f)
		if (!found && streq0(jstr(f, "controller", NULL), bridge))
			found = beyond(lab, n->name, jstr(f, "name", ""), vlan);
	return found;
}

static char *localnet(struct lab *lab, const char *endpoint, const struct netconf *c)
{
	const struct lab_node *n = lab_node_find(lab, lab_endpoint_node(lab, endpoint));
	const char *key = netconf_mapping(c);
	_cleanup_free_ char *bridge = n ? mapped_bridge(n, key) : NULL;
	char *found = bridge ? beyond_bridge(lab, n, bridge, (unsigned)c->vlan) : NULL;
	_cleanup_free_ char *name = xasprintf("localnet %s", key);

	return found ? found : physical(name, (unsigned)c->vlan);
}

char *lab_domain(struct lab *lab, const char *endpoint, const json_t *iface)
{
	const char *network = jstr(iface, "network", NULL), *ifname = jstr(iface, "name", "");
	const char *node = str_after(endpoint, "node/");
	const struct network *net;
	char *found = NULL;

	if (!network)
		return NULL;
	if (str_after(endpoint, "host/"))
		found = beyond(lab, endpoint, ifname, 0);
	else if (node && !(found = beyond(lab, node, ifname, 0)))
		found = beyond_bridge(lab, lab_node_find(lab, node), ifname, 0);
	if (found || node || str_after(endpoint, "host/"))
		return found ? found : physical(network, 0);
	net = networks_find(&lab->net->networks, network);
	if (net && net->conf.topology == OVNK_LOCALNET)
		return localnet(lab, endpoint, &net->conf);
	return xasprintf("%s %s", net ? ovnk_topology_name(net->conf.topology) : "network",
			 network);
}

static void add_hosts(struct lab *lab, const json_t *hosts, json_t *names)
{
	json_t *h;
	size_t i;

	json_array_foreach(hosts, i, h) {
		_cleanup_free_ char *name = xasprintf("host/%s", jstr(h, "name", ""));

		if (hub_ready(lab->hub, name))
			jadd_str(names, name);
	}
}

json_t *lab_members(struct lab *lab)
{
	json_t *names = json_array(), *v;
	const char *name;
	size_t i;

	json_object_foreach(lab->endpoints, name, v)
		if (hub_ready(lab->hub, name))
			jadd_str(names, name);
	add_hosts(lab, jget(lab->topo, "underlay.hosts"), names);
	json_array_foreach(json_object_get(lab->topo, "networks"), i, v)
		add_hosts(lab, json_object_get(v, "hosts"), names);
	return names;
}
