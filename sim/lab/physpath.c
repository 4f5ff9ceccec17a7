/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/physpath.h"

#include "fabric/fabric.h"
#include "lab/domain.h"
#include "lab/net.h"
#include "lab/verbs.h"

/* The bridge that a node's mapping of localnet leads to, or NULL. Borrowed. */
static const char *mapped_bridge(const struct lab_node *n, const char *localnet)
{
	size_t i;
	json_t *m;

	json_array_foreach(jget(lab_node_network(n), "ovn.bridge-mappings"), i, m)
		if (streq(jstr(m, "localnet", ""), localnet))
			return jstr(m, "bridge", NULL);
	return NULL;
}

/* "eth1", "eth1+eth2": the NICs of a bridge; "" when it has none. Caller frees. */
static char *nics_of(const struct lab_node *n, const char *bridge)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *f;

	json_array_foreach(jget(lab_node_network(n), "interfaces"), i, f)
		if (streq(jstr(f, "type", ""), "ethernet") &&
		    streq(jstr(f, "controller", ""), bridge))
			buf_printf(&b, "%s%s", b.len ? "+" : "", jstr(f, "name", ""));
	return b.len ? buf_take(&b) : xstrdup("");
}

static bool has_bridge(const struct lab_node *n, const char *bridge)
{
	size_t i;
	json_t *f;

	json_array_foreach(jget(lab_node_network(n), "interfaces"), i, f)
		if (streq(jstr(f, "type", ""), "ovs-bridge") && streq(jstr(f, "name", ""), bridge))
			return true;
	return false;
}

static bool port_carries(const struct fabric_port *p, int vlan)
{
	size_t i;
	json_t *id;

	if (!json_is_array(p->trunks))
		return !p->vlan || !vlan;
	json_array_foreach(p->trunks, i, id)
		if (json_integer_value(id) == vlan)
			return true;
	return !vlan && p->vlan;
}

/* Does the switch port of one of the bridge's NICs let frames of this VLAN pass? */
static bool carries(const struct lab_node *n, const char *bridge, int vlan)
{
	size_t i;
	json_t *f;

	json_array_foreach(jget(lab_node_network(n), "interfaces"), i, f) {
		_cleanup_err_ struct err e = ERR_INIT;
		const struct fabric_port *p;

		if (!streq(jstr(f, "controller", ""), bridge))
			continue;
		p = fabric_port(n->lab->fabric, n->name, jstr(f, "name", ""), &e);
		if (p && port_carries(p, vlan))
			return true;
	}
	return false;
}

/* The same in words; *ret_broken is set where the way breaks off. */
static char *localnet_text(const struct lab_node *n, const char *endpoint, const struct netconf *c,
			   const char *domain, bool *ret_broken)
{
	const char *localnet = netconf_mapping(c), *bridge = mapped_bridge(n, localnet);
	_cleanup_free_ char *nics = bridge ? nics_of(n, bridge) : NULL;
	_cleanup_free_ char *head = xasprintf("%s on %s: localnet %s", endpoint, n->name, localnet);

	*ret_broken = true;
	if (!bridge)
		return xasprintf("%s, which no bridge mapping of the node has", head);
	if (!has_bridge(n, bridge))
		return xasprintf("%s > %s, a bridge that the node does not have", head, bridge);
	if (!*nics)
		return xasprintf("%s > %s, which has no NIC", head, bridge);
	if (!carries(n, bridge, c->vlan))
		return xasprintf("%s > %s > %s > %s, which the switch port does not carry", head,
				 bridge, nics, domain);
	*ret_broken = false;
	return xasprintf("%s > %s > %s > %s", head, bridge, nics, domain);
}

/* How an endpoint gets to the physical world on a network; NULL when the network is not physical. */
static char *path_text(struct lab *lab, const char *endpoint, const char *network,
		       const char *domain, bool *ret_broken)
{
	const struct network *net = network ? networks_find(&lab->net->networks, network) : NULL;
	const struct lab_node *n = lab_node_find(lab, lab_endpoint_node(lab, endpoint));

	*ret_broken = false;
	if (str_after(endpoint, "host/") || str_after(endpoint, "node/"))
		return domain ? xasprintf("%s > %s", endpoint, domain) : NULL;
	if (!net || net->conf.topology != OVNK_LOCALNET || !n || !domain)
		return NULL;
	return localnet_text(n, endpoint, &net->conf, domain, ret_broken);
}

static void mention(struct lab *lab, json_t *cell)
{
	json_t *v = json_object_get(cell, "verdict");
	const char *a = jstr(cell, "srcDomain", NULL), *b = jstr(cell, "dstDomain", NULL);
	_cleanup_free_ char *from = NULL, *to = NULL;
	bool broken_from, broken_to;

	if (!v || streq(jstr(v, "status", ""), "pass"))
		return;
	from = path_text(lab, jstr(cell, "from", ""), jstr(cell, "srcNetwork", NULL), a,
			 &broken_from);
	to = path_text(lab, jstr(cell, "to", ""), jstr(cell, "dstNetwork", NULL), b, &broken_to);
	if (from && to && (broken_from || broken_to || !streq0(a, b)))
		json_object_set_new(v, "reason",
				    jstringf("%s; %s: %s; %s", jstr(v, "reason", ""),
					     streq0(a, b) ? "the physical path is broken"
							  : "the ends are in different layer 2 "
							    "domains",
					     from, to));
}

void physpath_mention(struct lab *lab, json_t *result)
{
	size_t i;
	json_t *cell;

	json_array_foreach(json_object_get(result, "cells"), i, cell)
		mention(lab, cell);
}
