/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle/pathvlan.h"

#include "oracle/pathmtu_priv.h"

/* The switch port of a node's NIC, as its entry in the topology; NULL: it takes everything. */
static const json_t *port_of(const struct pathmtu_node *n, const char *nic)
{
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(n->spec, "nics"), i, e)
		if (streq(jstr(e, "name", ""), nic))
			return e;
	return NULL;
}

/* Untagged frames belong to the VLAN of an access port, or to a trunk's native VLAN. */
static bool carries(const json_t *port, int vlan)
{
	json_t *trunks = json_object_get(port, "trunks"), *id;
	size_t i;

	if (!json_is_array(trunks))
		return !vlan || !jint(port, "vlan", 0);
	if (!vlan && jint(port, "vlan", 0))
		return true;
	json_array_foreach(trunks, i, id)
		if (json_integer_value(id) == vlan)
			return true;
	return false;
}

/* "VLANs 20, 30 and untagged frames", "VLAN 20 as an access port". Caller frees. */
static char *port_text(const json_t *port)
{
	json_t *trunks = json_object_get(port, "trunks"), *id;
	bool untagged = jint(port, "vlan", 0) > 0;
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t i;

	if (!json_is_array(trunks))
		return xasprintf("VLAN %lld as an access port", jint(port, "vlan", 0));
	json_array_foreach(trunks, i, id) {
		if (json_integer_value(id))
			buf_printf(&b, "%s %lld", b.len ? "," : "VLAN", json_integer_value(id));
		else
			untagged = true;
	}
	if (untagged)
		buf_printf(&b, "%suntagged frames", b.len ? " and " : "");
	return buf_take(&b);
}

static void report(const struct pathmtu_net *net, const char *rule, const char *msg,
		   const char *hint, struct diags *d)
{
	/* the network is known by where its MTU is written */
	_cleanup_free_ char *path =
		str_after(net->path, "spec.config") ? xstrdup("spec.config.vlanID") : NULL;
	size_t from = d->n;

	diag_hint(diags_add(d, DIAG_WARNING, rule, path ? path : net->path, "%s", msg), "%s", hint);
	diags_locate(d, from, NULL, net->object);
}

/* The first NIC of the network's bridge on a node that is plugged in. */
static const char *uplink(const struct pathmtu_node *n, const struct pathmtu_net *net,
			  json_t **ret_nics)
{
	const char *bridge = pathmtu_node_bridge(n, net->mapping);
	json_t *nic;
	size_t i;

	*ret_nics = bridge ? pathmtu_node_nics(n, bridge) : json_array();
	json_array_foreach(*ret_nics, i, nic)
		if (pathmtu_node_switch(n, jstr(nic, "name", "")))
			return jstr(nic, "name", "");
	return NULL;
}

static char *network_text(const struct pathmtu_net *net)
{
	return net->vlan ? xasprintf("VLAN %d of network %s", net->vlan, net->name)
			 : xasprintf("network %s (untagged)", net->name);
}

/* Adds the port of a node's NIC when it drops the network's frames. */
static void add_port(struct buf *b, const struct pathmtu_node *n, const struct pathmtu_net *net,
		     const char *nic)
{
	const json_t *port = port_of(n, nic);
	_cleanup_free_ char *has = NULL;

	if (!port || carries(port, net->vlan))
		return;
	has = port_text(port);
	buf_printf(b, "%s%s:%s on switch %s (which carries %s)", b->len ? ", " : "", n->name, nic,
		   jstr(port, "network", "?"), has);
}

static void report_ports(const struct pathmtu_net *net, const char *ports, struct diags *d)
{
	_cleanup_free_ char *what = network_text(net), *hint = NULL;
	_cleanup_free_ char *msg = xasprintf("%s does not get beyond the port of %s", what, ports);

	hint = net->vlan ? xasprintf("let the switch port carry VLAN %d (trunks in the topology), "
				     "or correct vlanID",
				     net->vlan)
			 : xstrdup("let the switch port carry untagged frames (0 in trunks in the "
				   "topology), or set vlanID");
	report(net, "lint/vlan-path", msg, hint, d);
}

static void report_torn(const struct pathmtu_net *net, const char *node, const char *sw,
			const char *node2, const char *sw2, struct diags *d)
{
	_cleanup_free_ char *msg =
		xasprintf("network %s is torn: node %s's mapping of %s leads to switch %s, node "
			  "%s's to switch %s",
			  net->name, node, net->mapping, sw, node2, sw2);

	report(net, "lint/localnet-path", msg, "map it to bridges whose NICs are on one switch", d);
}

static void lint_net(const struct pathmtu *m, const struct pathmtu_net *net, struct diags *d)
{
	const char *first = NULL, *first_node = NULL;
	_cleanup_buf_ struct buf ports = BUF_INIT;
	bool torn = false;

	for (size_t i = 0; i < m->n_nodes; i++) {
		const struct pathmtu_node *n = &m->nodes[i];
		_cleanup_json_ json_t *nics = NULL;
		const char *nic = uplink(n, net, &nics);
		const char *sw = nic ? pathmtu_node_switch(n, nic) : NULL;

		if (!sw)
			continue;
		add_port(&ports, n, net, nic);
		if (first && !torn && !streq(first, sw)) {
			report_torn(net, first_node, first, n->name, sw, d);
			torn = true;
		}
		first = sw;
		first_node = n->name;
	}
	if (ports.len)
		report_ports(net, buf_str(&ports), d);
}

void pathvlan_lint(const struct pathmtu *m, struct diags *d)
{
	for (size_t i = 0; i < m->n_nets; i++)
		if (m->nets[i].localnet)
			lint_net(m, &m->nets[i], d);
}
