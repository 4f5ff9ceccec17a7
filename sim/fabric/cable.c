/* SPDX-License-Identifier: Apache-2.0 */
/* Cables: a veth pair whose far end is born in the machine's namespace. */
#include "fabric/fabric_priv.h"

#include <errno.h>

#include "sys/ns.h"

static int plug_bridge(struct fabric *f, const struct port *p, int netns, struct err *e)
{
	char bridge[16];
	struct link_end a = {
		.name = p->pub.dev, .netns = -1, .mtu = p->sw->mtu, .up = true, .master = bridge};
	struct link_end b = {
		.name = p->pub.nic, .netns = netns, .mtu = p->pub.mtu, .mac = p->pub.mac};
	int r;

	sw_device(p->sw, p->pub.segment, bridge);
	r = link_add_veth(f->link, &a, &b, e);
	if (r >= 0)
		link_fdb_set(f->link, p->pub.dev, p->pub.mac, NULL);
	return r;
}

/*
 * Open vSwitch reads packet sockets: whatever the machine sends must have its checksums (facts C2).
 * What a machine can send, the port takes in: else it could not say what it drops.
 */
static int plug_ovs(struct fabric *f, const struct port *p, int netns, struct err *e)
{
	_cleanup_link_ struct link_ctx *l = NULL;
	struct link_end a = {.name = p->pub.dev, .netns = -1, .mtu = p->sw->device, .up = true};
	struct link_end b = {
		.name = p->pub.nic, .netns = netns, .mtu = p->pub.mtu, .mac = p->pub.mac};
	int r = link_add_veth(f->link, &a, &b, e);

	if (r >= 0)
		r = link_open(netns, &l, e);
	return r < 0 ? r : link_tx_csum_off(l, p->pub.nic, e);
}

static int plug(struct fabric *f, struct port *p, int netns, struct err *e)
{
	_cleanup_free_ char *alias = xasprintf("%s:%s", p->pub.machine, p->pub.nic);
	int r = p->sw->ovs ? plug_ovs(f, p, netns, e) : plug_bridge(f, p, netns, e);

	if (r < 0)
		return err_wrap(e, "plug %s of %s into %s", p->pub.nic, p->pub.machine,
				p->sw->name);
	link_set_alias(f->link, p->pub.dev, alias, NULL);
	p->pub.plugged = p->pub.up = true;
	return 0;
}

int cable_new(struct fabric *f, const struct cable_spec *s, struct err *e)
{
	struct sw *sw = fabric_sw(f, s->network);
	struct port *p;

	if (!sw)
		return err_set(e, ENOENT, "the fabric has no network \"%s\"", s->network);
	p = xcalloc(1, sizeof(*p));
	p->sw = sw;
	p->pid = s->pid;
	p->flow_segment = -1;
	p->pub = (struct fabric_port){.machine = xstrdup(s->machine),
				      .nic = xstrdup(s->nic),
				      .network = sw->name,
				      .mtu = s->mtu,
				      .vlan = s->vlan,
				      .ovs = sw->ovs};
	if (json_is_array(s->trunks))
		p->pub.trunks = json_deep_copy(s->trunks);
	if (s->lag)
		p->pub.lag = xstrdup(s->lag);
	snprintf(p->pub.mac, sizeof(p->pub.mac), "%s", s->mac);
	f->ports = xrealloc(f->ports, (f->n_ports + 1) * sizeof(*f->ports));
	f->view = xrealloc(f->view, (f->n_ports + 1) * sizeof(*f->view));
	f->view[f->n_ports] = &p->pub;
	f->ports[f->n_ports++] = p;
	p->number = (unsigned)f->n_ports;
	snprintf(p->pub.dev, sizeof(p->pub.dev), "p%u", p->number);
	return plug(f, p, s->netns, e);
}

void cable_free(struct port *p)
{
	free(p->pub.machine);
	free(p->pub.nic);
	json_decref(p->pub.trunks);
	free(p->pub.lag);
	free(p);
}

int fabric_link(struct fabric *f, const char *machine, const char *nic, bool up, struct err *e)
{
	struct port *p = fabric_find(f, machine, nic, e);
	int r;

	if (!p)
		return -ENOENT;
	r = link_set_up(f->link, p->pub.dev, up, e);
	if (r >= 0)
		p->pub.up = up;
	return r;
}

/* The switch is told of a port that came, went or changed. */
static void port_changed(struct fabric *f, const struct port *p, fabric_done_fn done, void *arg)
{
	if (p->sw->ovs && f->ovs)
		switchd_sync(f->ovs, done, arg);
	else
		fabric_later(f, done, arg, NULL);
}

/* ---- unplugging ---- */

struct unplug {
	struct fabric *f;
	struct port *p;
	fabric_done_fn done;
	void *arg;
};

/* The switch has let go of its end: taken from under it, it would complain. */
static void let_go(void *arg, const struct err *e)
{
	struct unplug *u = arg;
	_cleanup_err_ struct err own = ERR_INIT;

	if (!e && link_del(u->f->link, u->p->pub.dev, &own) < 0)
		e = &own;
	u->done(u->arg, e);
	free(u);
}

int fabric_unplug(struct fabric *f, const char *machine, const char *nic, fabric_done_fn done,
		  void *arg, struct err *e)
{
	struct port *p = fabric_find(f, machine, nic, e);
	struct unplug *u;

	if (!p)
		return -ENOENT;
	if (!p->pub.plugged)
		return err_set(e, EALREADY, "%s of %s is unplugged already", nic, machine);
	p->pub.plugged = false;
	u = xcalloc(1, sizeof(*u));
	*u = (struct unplug){f, p, done, arg};
	port_changed(f, p, let_go, u);
	return 0;
}

void fabric_rehome(struct fabric *f, const char *machine, pid_t pid)
{
	for (size_t i = 0; i < f->n_ports; i++)
		if (streq(f->ports[i]->pub.machine, machine))
			f->ports[i]->pid = pid;
}

int fabric_plug(struct fabric *f, const char *machine, const char *nic, fabric_done_fn done,
		void *arg, struct err *e)
{
	struct port *p = fabric_find(f, machine, nic, e);
	_cleanup_close_ int netns = -1;
	int r;

	if (!p)
		return -ENOENT;
	if (p->pub.plugged)
		return err_set(e, EALREADY, "%s of %s is plugged in already", nic, machine);
	netns = ns_open(p->pid, "net", e);
	r = netns < 0 ? netns : plug(f, p, netns, e);
	if (r >= 0)
		port_changed(f, p, done, arg);
	return r;
}

/* ---- VLANs ---- */

static void set_vlans(struct port *p, unsigned vlan, const json_t *trunks)
{
	p->pub.vlan = vlan;
	json_decref(p->pub.trunks);
	p->pub.trunks = json_is_array(trunks) ? json_deep_copy(trunks) : NULL;
}

int fabric_port_vlans(struct fabric *f, const char *machine, const char *nic, unsigned vlan,
		      const json_t *trunks, fabric_done_fn done, void *arg, struct err *e)
{
	struct port *p = fabric_find(f, machine, nic, e);

	if (!p)
		return -ENOENT;
	if (!p->sw->ovs)
		return err_set(e, EOPNOTSUPP,
			       "%s is a plain bridge that knows no VLANs; write switch: ovs into "
			       "the topology",
			       p->sw->name);
	for (size_t i = 0; i < f->n_ports; i++)
		if (f->ports[i] == p || port_group(f->ports[i], p))
			set_vlans(f->ports[i], vlan, trunks);
	port_changed(f, p, done, arg);
	return 0;
}

/* ---- segments ---- */

static int make_segment(struct fabric *f, const struct sw *sw, int segment, struct err *e)
{
	struct link_info i;
	char dev[16];
	int r;

	sw_device(sw, segment, dev);
	if (link_get(f->link, dev, &i, NULL) >= 0)
		return 0;
	r = link_add_bridge(f->link, dev, NULL, sw->mtu, e);
	return r < 0 ? r : link_set_up(f->link, dev, true, e);
}

static int move_bridge(struct fabric *f, const struct port *p, struct err *e)
{
	char dev[16];
	int r = make_segment(f, p->sw, p->pub.segment, e);

	sw_device(p->sw, p->pub.segment, dev);
	if (r >= 0)
		r = link_set_master(f->link, p->pub.dev, dev, e);
	if (r >= 0)
		link_fdb_set(f->link, p->pub.dev, p->pub.mac, NULL);
	return r;
}

/* All ports must exist before the first is touched. */
static int check_all(const struct fabric *f, const json_t *ports, bool *ret_ovs, struct err *e)
{
	json_t *v;
	size_t i;

	json_array_foreach(ports, i, v) {
		const struct port *p =
			fabric_find(f, jstr(v, "machine", ""), jstr(v, "nic", ""), e);

		if (!p)
			return -ENOENT;
		if (!p->pub.plugged)
			return err_set(e, ENOLINK, "%s of %s is unplugged", p->pub.nic,
				       p->pub.machine);
		*ret_ovs |= p->sw->ovs;
	}
	return 0;
}

int fabric_segment(struct fabric *f, const json_t *ports, int segment, fabric_done_fn done,
		   void *arg, struct err *e)
{
	bool ovs = false;
	json_t *v;
	size_t i;
	int r = check_all(f, ports, &ovs, e);

	if (r >= 0 && (segment < 0 || segment >= FABRIC_SEGMENTS))
		r = err_set(e, EINVAL, "a switch has %d segments at most", FABRIC_SEGMENTS);
	if (r < 0)
		return r;
	json_array_foreach(ports, i, v) {
		struct port *p = fabric_find(f, jstr(v, "machine", ""), jstr(v, "nic", ""), NULL);

		p->pub.segment = segment;
		r = p->sw->ovs ? 0 : move_bridge(f, p, e);
		if (r < 0)
			return r;
	}
	if (ovs && f->ovs)
		switchd_sync(f->ovs, done, arg);
	else
		fabric_later(f, done, arg, NULL);
	return 0;
}

/* ---- MTU ---- */

static int resize(struct fabric *f, const struct sw *sw, unsigned mtu, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < f->n_ports; i++)
		if (f->ports[i]->sw == sw && f->ports[i]->pub.plugged)
			r = link_set_mtu(f->link, f->ports[i]->pub.dev, mtu, e);
	return r;
}

int fabric_set_mtu(struct fabric *f, const char *network, unsigned mtu, fabric_done_fn done,
		   void *arg, struct err *e)
{
	struct sw *sw = fabric_sw(f, network);
	int r;

	if (!sw)
		return err_set(e, ENOENT, "the fabric has no network \"%s\"", network);
	if (mtu < 68 || mtu > FABRIC_MTU_MAX)
		return err_set(e, EINVAL, "MTU %u is not within 68 and %d", mtu, FABRIC_MTU_MAX);
	if (!sw->ovs) {
		r = resize(f, sw, mtu, e);
		if (r < 0)
			return r;
		sw->mtu = mtu;
		fabric_later(f, done, arg, NULL);
		return 0;
	}
	if (sw->device < fabric_device_mtu(mtu)) {
		sw->device = fabric_device_mtu(mtu);
		r = resize(f, sw, sw->device, e);
		if (r < 0)
			return r;
	}
	sw->mtu = mtu;
	if (f->ovs)
		switchd_sync(f->ovs, done, arg);
	else
		fabric_later(f, done, arg, NULL);
	return 0;
}
