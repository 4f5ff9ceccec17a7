/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle/pathmtu_priv.h"

#include <limits.h>

/* facts/policy-mtu-reports.md §4.1. */
enum { GENEVE_OVER_IPV4 = 58, GENEVE_OVER_IPV6 = 78 };

#define UNDERLAY "underlay"
#define SHARED_BRIDGE "br-ex"

int pathmtu_geneve(int family)
{
	return family == 6 ? GENEVE_OVER_IPV6 : GENEVE_OVER_IPV4;
}

int pathmtu_int(const json_t *j, const char *path, int def)
{
	return (int)MIN(MAX(jint(j, path, def), 0), 1 << 20);
}

/* ---- paths ---- */

void pathmtu_path_free(struct pathmtu_path *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].name);
		free(p->v[i].machine);
		free(p->v[i].device);
		free(p->v[i].why);
	}
	free(p->v);
	free(p->why);
	*p = (struct pathmtu_path){0};
}

int pathmtu_room(const struct pathmtu_hop *hop)
{
	return hop->mtu ? hop->mtu - hop->overhead : INT_MAX;
}

int pathmtu_limit(const struct pathmtu_path *p)
{
	int least = INT_MAX;

	for (size_t i = 0; i < p->n; i++)
		least = MIN(least, pathmtu_room(&p->v[i]));
	return least == INT_MAX ? 0 : least;
}

size_t pathmtu_first(const struct pathmtu_path *p, int size)
{
	size_t i = 0;

	while (i < p->n && pathmtu_room(&p->v[i]) >= size)
		i++;
	return i;
}

json_t *pathmtu_json(const struct pathmtu_path *p)
{
	json_t *out = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct pathmtu_hop *h = &p->v[i];

		if (h->mtu)
			json_array_append_new(out, json_pack("{s:s, s:i, s:i, s:i, s:s}", "name",
							     h->name, "mtu", h->mtu, "room",
							     pathmtu_room(h), "overhead",
							     h->overhead, "why", h->why));
	}
	return out;
}

void pathmtu_add(struct pathmtu_path *p, enum pathmtu_kind kind, const char *machine,
		 const char *device, int mtu, int overhead, const char *why)
{
	char *name = kind == PATHMTU_SWITCH  ? xasprintf("switch %s", device)
		     : kind == PATHMTU_GUEST ? xasprintf("interface at %s", machine)
					     : xasprintf("%s:%s", machine, device);

	p->v = xrealloc(p->v, (p->n + 1) * sizeof(*p->v));
	p->v[p->n++] = (struct pathmtu_hop){.kind = kind,
					    .name = name,
					    .machine = xstrdup(machine),
					    .device = xstrdup(device),
					    .mtu = mtu,
					    .overhead = overhead,
					    .why = xstrdup(why)};
}

/* ---- pieces ---- */

static void add_guest(const struct pathmtu_node *n, const struct pathmtu_net *net,
		      struct pathmtu_path *p)
{
	_cleanup_free_ char *machine = xasprintf("node/%s", n->name);
	_cleanup_free_ char *why = xasprintf("mtu of %s", net->object);

	pathmtu_add(p, PATHMTU_GUEST, machine, NULL, net->mtu, 0, why);
}

void pathmtu_add_switch(const struct pathmtu *m, const char *network, int overhead,
			struct pathmtu_path *p)
{
	pathmtu_add(p, PATHMTU_SWITCH, NULL, network, pathmtu_switch_mtu(m, network), overhead,
		    streq(network, UNDERLAY) ? "spec.underlay of the topology"
					     : "spec.networks of the topology");
}

static void add_nics(const struct pathmtu_node *n, json_t *nics, int overhead,
		     struct pathmtu_path *p)
{
	_cleanup_free_ char *machine = xasprintf("node/%s", n->name);
	const json_t *nic;
	size_t i;

	json_array_foreach(nics, i, nic)
		pathmtu_add(p, PATHMTU_NIC, machine, jstr(nic, "name", "?"),
			    pathmtu_int(nic, "mtu", 0), overhead, jstr(nic, "why", ""));
}

static void add_bridge(const struct pathmtu_node *n, const char *bridge, struct pathmtu_path *p)
{
	_cleanup_free_ char *machine = xasprintf("node/%s", n->name);

	pathmtu_add(p, PATHMTU_BRIDGE, machine, bridge, 0, 0, "an OVS bridge has no limit");
}

bool pathmtu_add_node(const struct pathmtu_node *n, const struct pathmtu_net *net, bool outward,
		      struct pathmtu_path *p, const char **ret_switch)
{
	const char *bridge = net->localnet ? pathmtu_node_bridge(n, net->mapping) : SHARED_BRIDGE;
	_cleanup_json_ json_t *nics = bridge ? pathmtu_node_nics(n, bridge) : NULL;
	int overhead = net->localnet ? 0 : pathmtu_geneve(n->family);

	*ret_switch = NULL;
	if (!bridge && !p->why)
		p->why = xasprintf("node %s has no bridge mapping for %s", n->name, net->mapping);
	if (bridge && !json_array_size(nics) && !p->why)
		p->why = xasprintf("bridge %s of node %s has no NIC", bridge, n->name);
	if (!json_array_size(nics))
		return false;
	*ret_switch = pathmtu_node_switch(n, jstr(json_array_get(nics, 0), "name", ""));
	if (!*ret_switch && !p->why)
		p->why = xasprintf("NIC %s of node %s is in no switch of the topology",
				   jstr(json_array_get(nics, 0), "name", "?"), n->name);
	if (outward)
		add_bridge(n, bridge, p);
	add_nics(n, nics, overhead, p);
	if (!outward)
		add_bridge(n, bridge, p);
	return *ret_switch != NULL;
}

/* ---- between two ends ---- */

struct end {
	const struct pathmtu_node *node;
	const char *host;
};

static struct end end_of(const struct pathmtu *m, const char *text)
{
	const char *node = str_after(text, "node/"), *host = str_after(text, "host/");

	return (struct end){.node = node ? pathmtu_node_find(m, node) : NULL, .host = host};
}

static void add_host(const struct pathmtu *m, const char *host, const char *network, int vlan,
		     struct pathmtu_path *p)
{
	const json_t *f = pathmtu_host_interface(m, host, network, vlan);
	_cleanup_free_ char *machine = xasprintf("host/%s", host);

	if (f)
		pathmtu_add(p, PATHMTU_HOST, machine, jstr(f, "name", "eth0"),
			    pathmtu_int(f, "mtu", pathmtu_switch_mtu(m, network)), 0,
			    "hosts of the topology");
	else if (!p->why)
		p->why = xasprintf("%s is not on switch %s itself; what is behind a router is not "
				   "part of this path",
				   machine, network);
}

/* Hosts of one physical network; the first that both are on when network is none of the topology. */
static void between_hosts(const struct pathmtu *m, const char *network, const char *a,
			  const char *b, struct pathmtu_path *p)
{
	if (!pathmtu_switch_mtu(m, network))
		network = UNDERLAY;
	add_host(m, a, network, -1, p);
	pathmtu_add_switch(m, network, 0, p);
	add_host(m, b, network, -1, p);
}

static void node_to_host(const struct pathmtu *m, const struct pathmtu_net *net,
			 const struct pathmtu_node *node, const char *host, struct pathmtu_path *p)
{
	const char *sw;

	add_guest(node, net, p);
	add_bridge(node, "br-int", p);
	if (!pathmtu_add_node(node, net, true, p, &sw))
		return;
	pathmtu_add_switch(m, sw, 0, p);
	add_host(m, host, sw, -1, p);
}

static void reverse(struct pathmtu_path *p)
{
	for (size_t i = 0; i + i + 1 < p->n; i++) {
		struct pathmtu_hop h = p->v[i];

		p->v[i] = p->v[p->n - 1 - i];
		p->v[p->n - 1 - i] = h;
	}
}

static void node_to_node(const struct pathmtu *m, const struct pathmtu_net *net,
			 const struct pathmtu_node *a, const struct pathmtu_node *b,
			 struct pathmtu_path *p)
{
	int family = MAX(a->family, b->family);
	const char *out = NULL, *in = NULL;

	add_guest(a, net, p);
	if (a == b) {
		add_bridge(a, "br-int", p);
		add_guest(b, net, p);
		return;
	}
	add_bridge(a, "br-int", p);
	if (pathmtu_add_node(a, net, true, p, &out))
		pathmtu_add_switch(m, out, net->localnet ? 0 : pathmtu_geneve(family), p);
	pathmtu_add_node(b, net, false, p, &in);
	if (out && in && !streq(out, in) && !p->why)
		p->why = xasprintf("node %s is on switch %s, node %s on switch %s", a->name, out,
				   b->name, in);
	add_bridge(b, "br-int", p);
	add_guest(b, net, p);
}

void pathmtu_between(const struct pathmtu *m, const char *network, const char *from, const char *to,
		     struct pathmtu_path *ret)
{
	const struct pathmtu_net *net = pathmtu_net_find(m, network);
	struct end a = end_of(m, from), b = end_of(m, to);

	*ret = (struct pathmtu_path){0};
	if (a.host && b.host)
		between_hosts(m, network, a.host, b.host, ret);
	else if (!net)
		ret->why = xasprintf("no network %s", network);
	else if (a.node && b.node)
		node_to_node(m, net, a.node, b.node, ret);
	else if (!net->localnet)
		ret->why = xasprintf("network %s does not reach the physical world", network);
	else if (a.node || b.node) {
		node_to_host(m, net, a.node ?: b.node, a.host ?: b.host ?: "", ret);
		if (b.node)
			reverse(ret);
	} else
		ret->why = xasprintf("the topology has no %s", from);
}

/* ---- the model ---- */

struct pathmtu *pathmtu_new(const json_t *topology, const json_t *objects, const json_t *live,
			    bool policies)
{
	struct pathmtu *m = xcalloc(1, sizeof(*m));

	m->topology = topology;
	m->objects = objects;
	pathmtu_nets_read(m);
	pathmtu_nodes_read(m, live, policies);
	return m;
}

void pathmtu_free(struct pathmtu *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_nets; i++)
		pathmtu_net_free(&m->nets[i]);
	for (size_t i = 0; i < m->n_nodes; i++)
		pathmtu_node_free(&m->nodes[i]);
	free(m->nets);
	free(m->nodes);
	free(m);
}
