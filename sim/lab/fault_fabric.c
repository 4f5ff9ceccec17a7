/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of cables and switches. */
#include "lab/fault_fabric.h"

#include <errno.h>

#include "base/buf.h"

#define DEAD_END 4095 /* a VLAN id that frames cannot carry: its access port hears nobody */

/* ---- finding ---- */

static char *list_nics(struct lab *lab, const char *machine)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t n;
	const struct fabric_port *const *v = fabric_ports(lab->fabric, &n);

	for (size_t i = 0; i < n; i++)
		if (streq(v[i]->machine, machine))
			buf_printf(&b, "%s%s (%s)", b.len ? ", " : "", v[i]->nic, v[i]->network);
	return b.len ? buf_take(&b) : NULL;
}

static char *list_machines(struct lab *lab, const char *network)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_json_ json_t *seen = json_array();
	size_t n;
	const struct fabric_port *const *v = fabric_ports(lab->fabric, &n);

	for (size_t i = 0; i < n; i++) {
		if ((network && !streq(v[i]->network, network)) || jhas_str(seen, v[i]->machine))
			continue;
		jadd_str(seen, v[i]->machine);
		buf_printf(&b, "%s%s", b.len ? ", " : "", v[i]->machine);
	}
	return b.len ? buf_take(&b) : xstrdup("none");
}

static char *list_networks(struct lab *lab)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *n;
	size_t i;

	buf_printf(&b, "underlay");
	json_array_foreach(json_object_get(lab->topo, "networks"), i, n)
		buf_printf(&b, ", %s", jstr(n, "name", ""));
	return buf_take(&b);
}

const struct fabric_port *fault_port(const struct fault *f, struct err *e)
{
	const char *machine = jstr(f->spec, "machine", ""), *nic = jstr(f->spec, "nic", "");
	const struct fabric_port *p = fabric_port(f->lab->fabric, machine, nic, NULL);
	_cleanup_free_ char *nics = NULL, *machines = NULL;

	if (p)
		return p;
	nics = list_nics(f->lab, machine);
	machines = list_machines(f->lab, NULL);
	if (nics)
		err_set(e, ENOENT, "%s has no NIC %s; it has %s", machine, nic, nics);
	else
		err_set(e, ENOENT, "there is no machine %s; there are %s", machine, machines);
	return NULL;
}

static bool has_network(const json_t *spec)
{
	return json_object_get(spec, "network") != NULL;
}

/* ---- answers of the fabric ---- */

static void on_fabric(void *arg, const struct err *e)
{
	fault_finished(arg, e);
}

/* ---- cables ---- */

static int link_down(struct fault *f, struct err *e)
{
	const struct fabric_port *p = fault_port(f, e);

	if (!p)
		return -ENOENT;
	if (!p->up)
		return err_set(e, EBUSY, "the cable of %s:%s is out already", p->machine, p->nic);
	return fabric_link(f->lab->fabric, p->machine, p->nic, false, e);
}

static int link_up(struct fault *f, struct err *e)
{
	const struct fabric_port *p = fault_port(f, e);

	if (!p)
		return -ENOENT;
	return fabric_link(f->lab->fabric, p->machine, p->nic, true, e);
}

/* ---- partition ---- */

static int check_group(struct lab *lab, const char *network, const json_t *group, struct err *e)
{
	size_t n, i;
	const struct fabric_port *const *v = fabric_ports(lab->fabric, &n);
	json_t *m;

	json_array_foreach(group, i, m) {
		_cleanup_free_ char *machines = NULL;
		bool found = false;

		for (size_t k = 0; k < n; k++)
			found |= streq(v[k]->network, network) &&
				 streq(v[k]->machine, json_string_value(m));
		if (found)
			continue;
		machines = list_machines(lab, network);
		return err_set(e, ENOENT, "%s has no NIC on network %s; there are %s",
			       json_string_value(m), network, machines);
	}
	return 0;
}

/* The ports of a group (NULL: all) on the network. */
static json_t *group_ports(struct lab *lab, const char *network, const json_t *group)
{
	size_t n;
	const struct fabric_port *const *v = fabric_ports(lab->fabric, &n);
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		if (streq(v[i]->network, network) && (!group || jhas_str(group, v[i]->machine)))
			json_array_append_new(out, json_pack("{s:s, s:s}", "machine", v[i]->machine,
							     "nic", v[i]->nic));
	return out;
}

static int merge(struct fault *f, struct err *e)
{
	const char *network = jstr(f->spec, "network", "");
	_cleanup_json_ json_t *ports = group_ports(f->lab, network, NULL);

	return fault_later(fabric_segment(f->lab->fabric, ports, 0, on_fabric, f, e));
}

/* What could not be split altogether becomes one again, and the first problem is the answer. */
static void on_merged(void *arg, const struct err *e)
{
	struct fault *f = arg;
	_cleanup_err_ struct err own = ERR_INIT;

	err_set(&own, EIO, "%s%s%s", f->problem ? f->problem : "?",
		e ? "; and it could not be taken back: " : "", e ? err_msg(e) : "");
	fault_finished(f, &own);
}

static void on_split(void *arg, const struct err *e)
{
	struct fault *f = arg;
	_cleanup_json_ json_t *ports = NULL;
	_cleanup_err_ struct err own = ERR_INIT;

	if (e && !f->problem)
		f->problem = xstrdup(err_msg(e));
	if (--f->waiting > 0)
		return;
	if (!f->problem) {
		fault_finished(f, NULL);
		return;
	}
	ports = group_ports(f->lab, jstr(f->spec, "network", ""), NULL);
	if (fabric_segment(f->lab->fabric, ports, 0, on_merged, f, &own) < 0)
		on_merged(f, &own);
}

static int check_network(struct lab *lab, const char *network, struct err *e)
{
	_cleanup_free_ char *networks = NULL;

	if (fabric_mtu(lab->fabric, network))
		return 0;
	networks = list_networks(lab);
	return err_set(e, ENOENT, "there is no network %s; there are %s", network, networks);
}

static void touch_network(struct fault *f, const char *network)
{
	size_t n;
	const struct fabric_port *const *v = fabric_ports(f->lab->fabric, &n);

	for (size_t i = 0; i < n; i++)
		if (streq(v[i]->network, network))
			jadd_str(f->machines, v[i]->machine);
}

static int split(struct fault *f, struct err *e)
{
	const char *network = jstr(f->spec, "network", "");
	const json_t *groups = json_object_get(f->spec, "groups");
	json_t *g;
	size_t i;
	int r = check_network(f->lab, network, e);

	json_array_foreach(groups, i, g)
		if (r >= 0)
			r = check_group(f->lab, network, g, e);
	if (r < 0)
		return r;
	touch_network(f, network);
	for (i = 1; i < json_array_size(groups); i++) {
		_cleanup_json_ json_t *ports =
			group_ports(f->lab, network, json_array_get(groups, i));
		_cleanup_err_ struct err own = ERR_INIT;

		r = fabric_segment(f->lab->fabric, ports, (int)i, on_split, f, &own);
		if (r < 0 && !f->waiting)
			return err_set(e, -r, "%s", err_msg(&own));
		if (r < 0 && !f->problem)
			f->problem = xstrdup(err_msg(&own));
		if (r < 0)
			break;
		f->waiting++;
	}
	return FAULT_LATER;
}

/* ---- VLANs ---- */

static char *list_vlans(const struct fabric_port *p)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *v;
	size_t i;

	if (p->vlan)
		buf_printf(&b, "%u", p->vlan);
	json_array_foreach(p->trunks, i, v)
		if (json_integer_value(v))
			buf_printf(&b, "%s%lld", b.len ? ", " : "",
				   (long long)json_integer_value(v));
	return b.len ? buf_take(&b) : xstrdup("untagged frames only");
}

/* trunks without vid; a port that trunks everything trunks all others. */
static json_t *trunks_without(const struct fabric_port *p, long long vid)
{
	json_t *out = json_array(), *v;
	size_t i;

	if (!p->trunks && !p->vlan)
		for (long long id = 0; id < DEAD_END; id++)
			if (id != vid)
				json_array_append_new(out, json_integer(id));
	json_array_foreach(p->trunks, i, v)
		if (json_integer_value(v) != vid)
			json_array_append(out, v);
	if (!json_array_size(out)) /* none at all would mean every VLAN */
		json_array_append_new(out, json_integer(DEAD_END));
	return out;
}

static bool carries(const struct fabric_port *p, long long vid)
{
	json_t *v;
	size_t i;

	if (p->vlan == (unsigned)vid || (!p->vlan && !p->trunks))
		return true;
	json_array_foreach(p->trunks, i, v)
		if (json_integer_value(v) == vid)
			return true;
	return false;
}

static int vlan_remove(struct fault *f, struct err *e)
{
	const struct fabric_port *p = fault_port(f, e);
	long long vid = jint(f->spec, "vid", 0);
	_cleanup_json_ json_t *trunks = NULL;
	_cleanup_free_ char *vlans = NULL;
	unsigned vlan;

	if (!p)
		return -ENOENT;
	vlans = list_vlans(p);
	if (!p->ovs)
		return err_set(e, EINVAL,
			       "the switch %s has no VLANs (it is a kernel bridge; write switch: "
			       "ovs into the topology)",
			       p->network);
	if (!carries(p, vid))
		return err_set(e, ENOENT, "%s:%s does not carry VLAN %lld; it carries %s",
			       p->machine, p->nic, vid, vlans);
	json_object_set_new(f->saved, "vlan", json_integer(p->vlan));
	json_object_set_new(f->saved, "trunks",
			    p->trunks ? json_deep_copy(p->trunks) : json_null());
	if (p->vlan == (unsigned)vid && !p->trunks) {
		vlan = DEAD_END;
	} else {
		vlan = p->vlan == (unsigned)vid ? 0 : p->vlan;
		trunks = trunks_without(p, vid);
	}
	return fault_later(fabric_port_vlans(f->lab->fabric, p->machine, p->nic, vlan, trunks,
					     on_fabric, f, e));
}

static int vlan_restore(struct fault *f, struct err *e)
{
	return fault_later(fabric_port_vlans(f->lab->fabric, jstr(f->spec, "machine", ""),
					     jstr(f->spec, "nic", ""),
					     (unsigned)jint(f->saved, "vlan", 0),
					     json_object_get(f->saved, "trunks"), on_fabric, f, e));
}

/* ---- MTU ---- */

static int switch_mtu_set(struct fault *f, unsigned mtu, struct err *e)
{
	return fault_later(
		fabric_set_mtu(f->lab->fabric, jstr(f->spec, "network", ""), mtu, on_fabric, f, e));
}

static int switch_mtu(struct fault *f, struct err *e)
{
	const char *network = jstr(f->spec, "network", "");
	int r = check_network(f->lab, network, e);

	if (r < 0)
		return r;
	json_object_set_new(f->saved, "mtu", json_integer(fabric_mtu(f->lab->fabric, network)));
	touch_network(f, network);
	return switch_mtu_set(f, (unsigned)jint(f->spec, "bytes", 0), e);
}

static int switch_mtu_restore(struct fault *f, struct err *e)
{
	return switch_mtu_set(f, (unsigned)jint(f->saved, "mtu", 1500), e);
}

const struct fault_ops fault_fabric_ops[] = {
	{"link-down", link_down, link_up, NULL},
	{"partition", split, merge, NULL},
	{"vlan-remove", vlan_remove, vlan_restore, NULL},
	{"mtu", switch_mtu, switch_mtu_restore, has_network},
	{0},
};
