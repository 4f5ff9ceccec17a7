/* SPDX-License-Identifier: Apache-2.0 */
/* Hops that are too small for what a network promises; upstream lets all of it through. */
#include "oracle/pathmtu_priv.h"

#define E1000_MTU 1500 /* of a guest NIC that nobody tells the network's */

static bool same_hop(const struct pathmtu_path *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->v[i].name, name))
			return true;
	return false;
}

/* Moves the hops of part that are too small for size, and not yet in all, to all. */
static void take_small(struct pathmtu_path *all, const struct pathmtu_path *part, int size)
{
	for (size_t i = 0; i < part->n; i++) {
		const struct pathmtu_hop *h = &part->v[i];

		if (pathmtu_room(h) < size && !same_hop(all, h->name))
			pathmtu_add(all, h->kind, h->machine, h->device, h->mtu, h->overhead,
				    h->why);
	}
}

/* VLAN of untagged frames on the switch port of the node's NIC. */
static int port_vlan(const struct pathmtu_node *n, const char *nic)
{
	const json_t *e;
	size_t i;

	json_array_foreach(json_object_get(n->spec, "nics"), i, e)
		if (streq(jstr(e, "name", ""), nic))
			return pathmtu_int(e, "vlan", 0);
	return 0;
}

static void peers_of(const struct pathmtu *m, const json_t *hosts, const char *sw, int vlan,
		     struct pathmtu_path *ret)
{
	const json_t *h;
	size_t i;

	json_array_foreach(hosts, i, h) {
		const json_t *f = pathmtu_host_interface(m, jstr(h, "name", ""), sw, vlan);
		_cleanup_free_ char *machine = xasprintf("host/%s", jstr(h, "name", ""));

		if (f)
			pathmtu_add(ret, PATHMTU_HOST, machine, jstr(f, "name", "eth0"),
				    pathmtu_int(f, "mtu", pathmtu_switch_mtu(m, sw)), 0,
				    "hosts of the topology");
	}
}

/* External hosts on the same switch and VLAN. */
static void add_peers(const struct pathmtu *m, const char *sw, int vlan, struct pathmtu_path *ret)
{
	const json_t *net;
	size_t i;

	peers_of(m, jget(m->topology, "underlay.hosts"), sw, vlan, ret);
	json_array_foreach(json_object_get(m->topology, "networks"), i, net)
		peers_of(m, json_object_get(net, "hosts"), sw, vlan, ret);
}

/* All hops too small for the network, in the order in which packets of the first node meet them. */
static void collect(const struct pathmtu *m, const struct pathmtu_net *net,
		    struct pathmtu_path *ret)
{
	for (size_t i = 0; i < m->n_nodes; i++) {
		const struct pathmtu_node *n = &m->nodes[i];
		_cleanup_pathmtu_path_ struct pathmtu_path p = {0};
		const char *sw;

		if (!pathmtu_add_node(n, net, true, &p, &sw))
			continue;
		pathmtu_add_switch(m, sw, net->localnet ? 0 : pathmtu_geneve(n->family), &p);
		if (net->localnet)
			add_peers(m, sw, net->vlan ?: port_vlan(n, p.v[1].device), &p);
		take_small(ret, &p, net->mtu);
	}
}

/* ---- words ---- */

static void say_hop(struct buf *b, const struct pathmtu_hop *h)
{
	buf_printf(b, "%s with MTU %d", h->name, h->mtu);
	if (h->overhead)
		buf_printf(b, ", of which Geneve over IPv%d takes %d",
			   h->overhead == pathmtu_geneve(6) ? 6 : 4, h->overhead);
	if (h->kind == PATHMTU_NIC)
		buf_printf(b, " (%s)", h->why);
}

static char *say_all(const struct pathmtu_net *net, const struct pathmtu_path *small)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	buf_printf(&b, "mtu %d of network %s does not fit: the first hop too small is ", net->mtu,
		   net->name);
	say_hop(&b, &small->v[0]);
	for (size_t i = 1; i < small->n; i++)
		buf_printf(&b, "%s%s (%d)", i == 1 ? "; too small as well: " : ", ",
			   small->v[i].name, small->v[i].mtu);
	buf_printf(&b, "; larger packets than %d vanish %s without a word", pathmtu_limit(small),
		   net->localnet ? "there" : "between nodes");
	return buf_take(&b);
}

/* "NAMES how" of the hops of a kind. */
static void say_raise(struct buf *b, const struct pathmtu_path *small, enum pathmtu_kind kind,
		      const char *how)
{
	const char *sep = b->len ? "; " : "";

	for (size_t i = 0; i < small->n; i++)
		if (small->v[i].kind == kind) {
			buf_printf(b, "%s%s", sep, small->v[i].name);
			sep = ", ";
		}
	if (streq(sep, ", "))
		buf_printf(b, " %s", how);
}

static char *say_hint(const struct pathmtu_net *net, const struct pathmtu_path *small)
{
	_cleanup_buf_ struct buf hops = BUF_INIT;
	int need = 0;

	for (size_t i = 0; i < small->n; i++)
		need = MAX(need, net->mtu + small->v[i].overhead);
	say_raise(&hops, small, PATHMTU_NIC,
		  "by a NodeNetworkConfigurationPolicy (type: ethernet)");
	say_raise(&hops, small, PATHMTU_SWITCH, "by mtu in the topology");
	say_raise(&hops, small, PATHMTU_HOST, "by mtu in the topology");
	return xasprintf("set mtu to %d or less, or raise the MTU to %d of %s",
			 pathmtu_limit(small), need, buf_str(&hops));
}

static void report(const struct pathmtu_net *net, const char *msg, const char *hint,
		   struct diags *d)
{
	size_t from = d->n;

	diag_hint(diags_add(d, DIAG_WARNING, net->localnet ? "lint/mtu-path" : "lint/mtu",
			    net->path, "%s", msg),
		  "%s", hint);
	diags_locate(d, from, NULL, net->object);
}

static bool mapped_anywhere(const struct pathmtu *m, const struct pathmtu_net *net)
{
	for (size_t i = 0; i < m->n_nodes; i++)
		if (pathmtu_node_bridge(&m->nodes[i], net->mapping))
			return true;
	return false;
}

/* Whatever a localnet without a mapping will be mapped to: no switch carries it. */
static void lint_unmapped(const struct pathmtu *m, const struct pathmtu_net *net, struct diags *d)
{
	int largest = pathmtu_switch_mtu(m, "underlay");
	_cleanup_free_ char *msg = NULL, *hint = NULL;
	const char *name = "underlay";
	const json_t *sw;
	size_t i;

	json_array_foreach(json_object_get(m->topology, "networks"), i, sw) {
		int mtu = pathmtu_switch_mtu(m, jstr(sw, "name", ""));

		if (mtu >= largest)
			name = jstr(sw, "name", "");
		largest = MAX(largest, mtu);
	}
	if (!largest || net->mtu <= largest)
		return;
	msg = xasprintf("mtu %d of network %s does not fit: whatever bridge %s is mapped to, the "
			"first hop too small is a switch, and the largest, switch %s, has MTU %d; "
			"larger packets vanish there without a word",
			net->mtu, net->name, net->mapping, name, largest);
	hint = xasprintf(
		"set mtu to %d or less, or raise the MTU of the switch to %d by mtu in the "
		"topology",
		largest, net->mtu);
	report(net, msg, hint, d);
}

static void lint_net(const struct pathmtu *m, const struct pathmtu_net *net, struct diags *d)
{
	_cleanup_pathmtu_path_ struct pathmtu_path small = {0};
	_cleanup_free_ char *msg = NULL, *hint = NULL;

	if (!net->localnet && m->n_nodes < 2)
		return;
	if (net->localnet && !mapped_anywhere(m, net)) {
		lint_unmapped(m, net, d);
		return;
	}
	collect(m, net, &small);
	if (!small.n)
		return;
	msg = say_all(net, &small);
	hint = say_hint(net, &small);
	report(net, msg, hint, d);
}

/* ---- guests ---- */

/* Only virtio tells the guest (facts/kubevirt-nmstate-docs.md §2.4); C1, D48. */
static bool takes_mtu(const char *model)
{
	return !*model || str_after(model, "virtio") != NULL;
}

static const struct pathmtu_net *net_of_nad(const struct pathmtu *m, const char *name,
					    const char *ns)
{
	_cleanup_free_ char *key = strchr(name, '/') ? xstrdup(name) : xasprintf("%s/%s", ns, name);
	const json_t *o;
	size_t i;

	json_array_foreach(m->objects, i, o) {
		_cleanup_free_ char *own =
			xasprintf("%s/%s", jstr(o, "metadata.namespace", "default"),
				  jstr(o, "metadata.name", ""));
		const char *text = jstr(o, "spec.config", "");
		_cleanup_json_ json_t *config = NULL;

		if (!streq(jstr(o, "kind", ""), "NetworkAttachmentDefinition") || !streq(own, key))
			continue;
		config = jparse(text, strlen(text), NULL);
		return pathmtu_net_find(m, jstr(config, "name", ""));
	}
	return NULL;
}

static void lint_interface(const struct pathmtu *m, const json_t *vm, const json_t *spec,
			   const json_t *iface, const char *path, struct diags *d)
{
	const char *ns = jstr(vm, "metadata.namespace", "default"), *name = jstr(iface, "name", "");
	const char *model = jstr(iface, "model", "");
	const struct pathmtu_net *net = NULL;
	size_t i, from = d->n;
	json_t *n;

	json_array_foreach(json_object_get(spec, "networks"), i, n)
		if (streq(jstr(n, "name", ""), name))
			net = net_of_nad(m, jstr(n, "multus.networkName", ""), ns);
	if (!net || takes_mtu(model) || net->mtu == E1000_MTU)
		return;
	diag_hint(diags_add(d, DIAG_WARNING, "lint/mtu-guest", path,
			    "model %s of interface %s does not take the MTU %d of network %s: the "
			    "guest keeps %d%s",
			    model, name, net->mtu, net->name, E1000_MTU,
			    net->mtu < E1000_MTU ? ", and larger packets than the network's "
						   "vanish behind its NIC without a word"
						 : ""),
		  "use model virtio, or set the MTU inside of the guest");
	{
		_cleanup_free_ char *object = xasprintf("%s %s/%s", jstr(vm, "kind", "?"), ns,
							jstr(vm, "metadata.name", ""));

		diags_locate(d, from, NULL, object);
	}
}

static void lint_guest(const struct pathmtu *m, const json_t *vm, const char *prefix,
		       struct diags *d)
{
	const json_t *spec = jget(vm, prefix), *iface;
	size_t i;

	json_array_foreach(jget(spec, "domain.devices.interfaces"), i, iface) {
		_cleanup_free_ char *path =
			xasprintf("%s.domain.devices.interfaces.%zu.model", prefix, i);

		lint_interface(m, vm, spec, iface, path, d);
	}
}

void pathmtu_lint(const struct pathmtu *m, struct diags *d)
{
	const json_t *o;
	size_t i;

	for (i = 0; i < m->n_nets; i++)
		lint_net(m, &m->nets[i], d);
	json_array_foreach(m->objects, i, o) {
		const char *kind = jstr(o, "kind", "");

		if (streq(kind, "VirtualMachine"))
			lint_guest(m, o, "spec.template.spec", d);
		else if (streq(kind, "VirtualMachineInstance") &&
			 !json_array_size(jget(o, "metadata.ownerReferences")))
			lint_guest(m, o, "spec", d);
	}
}
