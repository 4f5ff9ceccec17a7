/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of NICs: unplugged, with another MTU, impaired. */
#include <errno.h>

#include "fabric/impair.h"
#include "lab/fault_fabric.h"
#include "sys/link.h"
#include "sys/ns.h"

#define UNIXCTL_TIMEOUT (10 * USEC_PER_SEC)

/* A machine's network namespace; -EHOSTDOWN when it is dead. */
static int machine_netns(struct lab *lab, const char *machine, struct err *e)
{
	const char *host = str_after(machine, "host/");
	_cleanup_json_ json_t *st = host ? fabric_status(lab->fabric) : NULL;
	const struct lab_node *n = host ? NULL : lab_node_find(lab, machine);
	pid_t pid = n ? n->pid : 0;
	json_t *h;
	size_t i;

	json_array_foreach(json_object_get(st, "hosts"), i, h)
		if (host && streq(jstr(h, "name", ""), host))
			pid = (pid_t)jint(h, "pid", 0);
	if (pid <= 0)
		return err_set(e, EHOSTDOWN, "%s is dead", machine);
	return ns_open(pid, "net", e);
}

static bool has_nic(const json_t *spec)
{
	return json_object_get(spec, "nic") != NULL;
}

/* ---- unplugging ---- */

static int add_addr(void *arg, const char *addr)
{
	json_array_append_new(arg, jstring(addr));
	return 0;
}

int fault_nic_save(struct lab *lab, const char *machine, const char *nic, json_t *saved,
		   struct err *e)
{
	_cleanup_close_ int netns = machine_netns(lab, machine, e);
	_cleanup_link_ struct link_ctx *c = NULL;
	json_t *addrs = json_array();
	struct link_info info;
	int r = netns < 0 ? netns : link_open(netns, &c, e);

	json_object_set_new(saved, "addresses", addrs);
	if (r >= 0)
		r = link_get(c, nic, &info, e);
	if (r >= 0)
		r = link_each_addr(c, nic, add_addr, addrs, e);
	if (r < 0)
		return r;
	json_object_set_new(saved, "up", json_boolean(info.up));
	json_object_set_new(saved, "mtu", json_integer(info.mtu));
	return 0;
}

int fault_nic_restore(struct lab *lab, const char *machine, const char *nic, const json_t *saved,
		      struct err *e)
{
	_cleanup_close_ int netns = machine_netns(lab, machine, e);
	_cleanup_link_ struct link_ctx *c = NULL;
	int r = netns < 0 ? netns : link_open(netns, &c, e);
	json_t *a;
	size_t i;

	if (r >= 0)
		r = link_set_mtu(c, nic, (unsigned)jint(saved, "mtu", 1500), e);
	if (r >= 0)
		r = link_set_up(c, nic, jbool(saved, "up", true), e);
	json_array_foreach(json_object_get(saved, "addresses"), i, a)
		if (r >= 0 && !str_after(json_string_value(a), "fe80:"))
			r = link_addr_add(c, nic, json_string_value(a), e);
	return r;
}

static void on_released(void *arg, const json_t *result, const json_t *error)
{
	(void)result;
	(void)error; /* the NIC is in no bridge */
	fault_finished(arg, NULL);
}

/*
 * The kernel's datapath lets go of a device that disappears; the userspace datapath keeps a dead
 * port, and would not read the device when it is back. Taken out, the port comes back by itself.
 */
static void on_unplugged(void *arg, const struct err *e)
{
	struct fault *f = arg;
	const struct lab_node *n = lab_node_find(f->lab, jstr(f->spec, "machine", ""));
	json_t *params;

	if (e || !n || n->death || n->control_plane) {
		fault_finished(f, e);
		return;
	}
	params = json_pack("[{s:s, s:s, s:[s, s], s:i}]", "daemon", "ovs-vswitchd", "command",
			   "dpctl/del-if", "args", "netdev@ovs-netdev", jstr(f->spec, "nic", ""),
			   "timeout", 5);
	if (jrpc_call(n->rpc, "unixctl", params, UNIXCTL_TIMEOUT, on_released, f) < 0)
		fault_finished(f, NULL);
}

static int unplug(struct fault *f, struct err *e)
{
	const struct fabric_port *p = fault_port(f, e);
	int r;

	if (!p)
		return -ENOENT;
	if (!p->plugged)
		return err_set(e, EBUSY, "%s:%s is unplugged already", p->machine, p->nic);
	if (p->segment)
		return err_set(e, EBUSY, "%s:%s is on a part of a partitioned switch", p->machine,
			       p->nic);
	r = fault_nic_save(f->lab, p->machine, p->nic, f->saved, e);
	return r < 0 ? r
		     : fault_later(fabric_unplug(f->lab->fabric, p->machine, p->nic, on_unplugged,
						 f, e));
}

static void on_plugged(void *arg, const struct err *e)
{
	struct fault *f = arg;
	_cleanup_err_ struct err own = ERR_INIT;

	if (!e && fault_nic_restore(f->lab, jstr(f->spec, "machine", ""), jstr(f->spec, "nic", ""),
				    f->saved, &own) < 0)
		e = &own;
	fault_finished(f, e);
}

static bool machine_dead(const struct fault *f)
{
	_cleanup_close_ int netns = machine_netns(f->lab, jstr(f->spec, "machine", ""), NULL);

	return netns < 0;
}

static int plug(struct fault *f, struct err *e)
{
	const struct fabric_port *p = fault_port(f, e);

	if (!p)
		return -ENOENT;
	if (machine_dead(f)) /* its NICs have gone with it */
		return 0;
	return fault_later(fabric_plug(f->lab->fabric, p->machine, p->nic, on_plugged, f, e));
}

/* ---- MTU ---- */

/* Sets the MTU of the NIC in its machine; the old one in *ret_old (may be NULL). */
static int set_nic_mtu(struct fault *f, unsigned mtu, unsigned *ret_old, struct err *e)
{
	const char *nic = jstr(f->spec, "nic", "");
	_cleanup_close_ int netns = machine_netns(f->lab, jstr(f->spec, "machine", ""), e);
	_cleanup_link_ struct link_ctx *c = NULL;
	struct link_info info;
	int r = netns < 0 ? netns : link_open(netns, &c, e);

	if (r >= 0)
		r = link_get(c, nic, &info, e);
	if (r >= 0)
		r = link_set_mtu(c, nic, mtu, e);
	if (r >= 0 && ret_old)
		*ret_old = info.mtu;
	return r;
}

static int nic_mtu(struct fault *f, struct err *e)
{
	unsigned old;
	int r;

	if (!fault_port(f, e))
		return -ENOENT;
	r = set_nic_mtu(f, (unsigned)jint(f->spec, "bytes", 0), &old, e);
	if (r >= 0)
		json_object_set_new(f->saved, "mtu", json_integer(old));
	return r;
}

static int nic_mtu_restore(struct fault *f, struct err *e)
{
	_cleanup_err_ struct err own = ERR_INIT;
	int r = set_nic_mtu(f, (unsigned)jint(f->saved, "mtu", 1500), NULL, &own);

	/* with the machine, or the NIC, its MTU is gone */
	return r == -EHOSTDOWN || r == -ENODEV ? 0
	       : r < 0			       ? err_set(e, -r, "%s", err_msg(&own))
					       : 0;
}

/* ---- impairments ---- */

static int impair(struct fault *f, struct err *e)
{
	struct impair i = {.rate = (uint64_t)jint(f->spec, "rate", 0),
			   .delay_us = (uint64_t)jint(f->spec, "delay", 0),
			   .loss_ppm = (uint32_t)jint(f->spec, "loss", 0)};
	const struct fabric_port *p = fault_port(f, e);
	_cleanup_close_ int netns = p ? machine_netns(f->lab, p->machine, e) : -1;

	if (!p)
		return -ENOENT;
	return netns < 0 ? netns : impair_set(p, netns, &i, e);
}

static int unimpair(struct fault *f, struct err *e)
{
	const struct fabric_port *p = fault_port(f, e);
	_cleanup_close_ int netns = p ? machine_netns(f->lab, p->machine, NULL) : -1;

	return p ? impair_clear(p, netns, e) : -ENOENT;
}

const struct fault_ops fault_nic_ops[] = {
	{"unplug", unplug, plug, NULL},
	{"mtu", nic_mtu, nic_mtu_restore, has_nic},
	{"impair", impair, unimpair, NULL},
	{0},
};
