/* SPDX-License-Identifier: Apache-2.0 */
#include "fabric/fabric.h"

#include <errno.h>

#include "fabric/fabric_priv.h"

/* ---- switches ---- */

struct sw *fabric_sw(const struct fabric *f, const char *network)
{
	for (size_t i = 0; i < f->n_sw; i++)
		if (streq(f->sw[i].name, network))
			return &f->sw[i];
	return NULL;
}

void sw_device(const struct sw *sw, int segment, char out[static 16])
{
	if (segment)
		snprintf(out, 16, "%s.%c", sw->dev, '0' + segment % FABRIC_SEGMENTS);
	else
		snprintf(out, 16, "%s", sw->dev);
}

unsigned fabric_device_mtu(unsigned mtu)
{
	unsigned device = MAX(mtu, 9000u) + 1000;

	return MIN(device, 65535u);
}

static void sw_add(struct fabric *f, const char *name, const json_t *spec, bool ovs)
{
	struct sw *sw = &f->sw[f->n_sw];

	*sw = (struct sw){.name = name,
			  .ovs = ovs,
			  .snooping = jbool(spec, "mcast_snooping", false),
			  .mtu = MIN((unsigned)jint(spec, "mtu", 1500), (unsigned)FABRIC_MTU_MAX)};
	sw->device = fabric_device_mtu(sw->mtu);
	if (!ovs)
		snprintf(sw->dev, sizeof(sw->dev), "%s", name);
	else if (strlen(name) <= 10)
		snprintf(sw->dev, sizeof(sw->dev), "sw-%s", name);
	else /* a dot: no name of a network can be in the way */
		snprintf(sw->dev, sizeof(sw->dev), "sw.%zu", f->n_sw);
	f->n_sw++;
}

static void switches_init(struct fabric *f)
{
	const json_t *u = json_object_get(f->c.topology, "underlay");
	json_t *list = json_object_get(f->c.topology, "networks"), *net;
	size_t i;

	f->sw = xcalloc(json_array_size(list) + 1, sizeof(*f->sw));
	sw_add(f, UNDERLAY, u, streq(jstr(u, "switch", ""), "ovs"));
	json_array_foreach(list, i, net)
		sw_add(f, jstr(net, "name", ""), net, true);
}

static int bridges_start(struct fabric *f, struct err *e)
{
	for (size_t i = 0; i < f->n_sw; i++) {
		const struct sw *sw = &f->sw[i];
		int r = sw->ovs ? 0 : link_add_bridge(f->link, sw->dev, NULL, sw->mtu, e);

		if (r >= 0 && !sw->ovs)
			r = link_set_up(f->link, sw->dev, true, e);
		if (r < 0)
			return err_wrap(e, "%s", sw->name);
	}
	return 0;
}

/* ---- life ---- */

int fabric_new(const struct fabric_config *c, struct fabric **ret, struct err *e)
{
	struct fabric *f = xcalloc(1, sizeof(*f));
	int r;

	f->c = *c;
	switches_init(f);
	r = link_open(-1, &f->link, e);
	if (r >= 0)
		r = link_ipv6_off(f->link, e);
	if (r >= 0)
		r = bridges_start(f, e);
	if (r >= 0)
		r = hosts_start(f, e);
	if (r < 0) {
		fabric_free(f);
		return err_wrap(e, "fabric");
	}
	*ret = f;
	return 0;
}

void fabric_free(struct fabric *f)
{
	if (!f)
		return;
	switchd_free(f->ovs);
	hosts_free(f);
	for (size_t i = 0; i < f->n_ports; i++)
		cable_free(f->ports[i]);
	link_close(f->link);
	free(f->ports);
	free(f->view);
	free(f->sw);
	free(f);
}

int fabric_attach(struct fabric *f, const char *machine, pid_t pid, int netns_fd, const char *mac,
		  const json_t *nics, struct err *e)
{
	struct cable_spec s = {.machine = machine,
			       .nic = "eth0",
			       .network = UNDERLAY,
			       .mac = mac,
			       .mtu = fabric_mtu(f, UNDERLAY),
			       .pid = pid,
			       .netns = netns_fd};
	int r = cable_new(f, &s, e);
	json_t *nic;
	size_t i;

	json_array_foreach(nics, i, nic) {
		if (r < 0)
			break;
		s.nic = jstr(nic, "name", "");
		s.network = jstr(nic, "network", "");
		s.mac = jstr(nic, "mac", "");
		s.mtu = (unsigned)jint(nic, "mtu", 1500);
		s.vlan = (unsigned)jint(nic, "vlan", 0);
		s.trunks = json_object_get(nic, "trunks");
		s.lag = jstr(nic, "lag", NULL);
		r = cable_new(f, &s, e);
	}
	return r;
}

static bool needs_switchd(const struct fabric *f)
{
	for (size_t i = 0; i < f->n_ports; i++)
		if (f->ports[i]->sw->ovs)
			return true;
	return false;
}

int fabric_start(struct fabric *f, struct err *e)
{
	return needs_switchd(f) ? switchd_new(f, &f->ovs, e) : 0;
}

bool fabric_ready(const struct fabric *f, char **ret_what)
{
	return !f->ovs || switchd_ready(f->ovs, ret_what);
}

char *fabric_fault(const struct fabric *f)
{
	return f && f->ovs ? switchd_fault(f->ovs) : NULL;
}

int fabric_daemon(struct fabric *f, const char *name, const char *action, int sig,
		  fabric_done_fn done, void *arg, struct err *e)
{
	if (!f->ovs)
		return err_set(e, ENOENT, "the fabric of this lab has no Open vSwitch");
	return switchd_daemon(f->ovs, name, action, sig, done, arg, e);
}

/* ---- looking ---- */

struct port *fabric_find(const struct fabric *f, const char *machine, const char *nic,
			 struct err *e)
{
	for (size_t i = 0; i < f->n_ports; i++)
		if (streq(f->ports[i]->pub.machine, machine) && streq(f->ports[i]->pub.nic, nic))
			return f->ports[i];
	err_set(e, ENOENT, "%s has no NIC %s in the fabric", machine, nic);
	return NULL;
}

const struct fabric_port *fabric_port(const struct fabric *f, const char *machine, const char *nic,
				      struct err *e)
{
	const struct port *p = fabric_find(f, machine, nic, e);

	return p ? &p->pub : NULL;
}

const struct fabric_port *const *fabric_ports(const struct fabric *f, size_t *ret_n)
{
	*ret_n = f->n_ports;
	return f->view;
}

unsigned fabric_mtu(const struct fabric *f, const char *network)
{
	const struct sw *sw = fabric_sw(f, network);

	return sw ? sw->mtu : 0;
}

/* ---- status ---- */

static json_t *port_status(const struct port *p, bool counters)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:O?, s:i, s:b, s:b}", "machine",
			      p->pub.machine, "nic", p->pub.nic, "port", p->pub.dev, "vlan",
			      (int)p->pub.vlan, "trunks", p->pub.trunks, "segment", p->pub.segment,
			      "up", (int)p->pub.up, "plugged", (int)p->pub.plugged);

	if (!p->pub.trunks)
		json_object_set_new(o, "trunks", json_null());
	json_object_set_new(o, "lag", jstring(p->pub.lag));
	if (counters && p->sw->ovs)
		json_object_set_new(o, "over_mtu", json_integer((json_int_t)p->over_mtu));
	return o;
}

static json_t *switches_status(const struct fabric *f, bool counters)
{
	json_t *out = json_array();

	for (size_t i = 0; i < f->n_sw; i++) {
		const struct sw *sw = &f->sw[i];
		json_t *ports = json_array();

		for (size_t k = 0; k < f->n_ports; k++)
			if (f->ports[k]->sw == sw)
				json_array_append_new(ports, port_status(f->ports[k], counters));
		json_array_append_new(out,
				      json_pack("{s:s, s:s, s:s, s:i, s:b, s:o}", "name", sw->name,
						"kind", sw->ovs ? "ovs" : "bridge", "device",
						sw->dev, "mtu", (int)sw->mtu, "mcast_snooping",
						(int)sw->snooping, "ports", ports));
	}
	return out;
}

json_t *fabric_status(const struct fabric *f)
{
	return json_pack("{s:o, s:o, s:o}", "hosts", hosts_status(f), "switches",
			 switches_status(f, false), "daemons",
			 f->ovs ? switchd_status(f->ovs) : json_array());
}

struct counting {
	struct fabric *f;
	fabric_result_fn done;
	void *arg;
};

static void counted(void *arg, const struct err *e)
{
	struct counting *c = arg;
	_cleanup_json_ json_t *result = e ? NULL : switches_status(c->f, true);

	c->done(c->arg, result, e);
	free(c);
}

int fabric_switch_counters(struct fabric *f, fabric_result_fn done, void *arg, struct err *e)
{
	struct counting *c = xcalloc(1, sizeof(*c));
	int r = 0;

	*c = (struct counting){f, done, arg};
	if (f->ovs)
		r = flows_count(switchd_flows(f->ovs), counted, c, e);
	else
		fabric_later(f, counted, c, NULL);
	if (r < 0)
		free(c);
	return r;
}
