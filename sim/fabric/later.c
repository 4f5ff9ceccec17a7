/* SPDX-License-Identifier: Apache-2.0 */
/* What the fabric will answer. */
#include "fabric/fabric.h"

#include <errno.h>

int fabric_start(struct fabric *f, struct err *e)
{
	(void)f;
	(void)e;
	return 0;
}

bool fabric_ready(const struct fabric *f, char **ret_what)
{
	(void)f;
	(void)ret_what;
	return true;
}

char *fabric_fault(const struct fabric *f)
{
	(void)f;
	return NULL;
}

const struct fabric_port *fabric_port(const struct fabric *f, const char *machine, const char *nic,
				      struct err *e)
{
	(void)f;
	err_set(e, ENOENT, "%s has no NIC %s in the fabric", machine, nic);
	return NULL;
}

const struct fabric_port *const *fabric_ports(const struct fabric *f, size_t *ret_n)
{
	(void)f;
	*ret_n = 0;
	return NULL;
}

unsigned fabric_mtu(const struct fabric *f, const char *network)
{
	(void)f;
	(void)network;
	return 0;
}

static int not_yet(struct err *e)
{
	return err_set(e, ENOSYS, "not implemented");
}

int fabric_switch_counters(struct fabric *f, fabric_result_fn done, void *arg, struct err *e)
{
	(void)f;
	(void)done;
	(void)arg;
	return not_yet(e);
}

int fabric_unplug(struct fabric *f, const char *machine, const char *nic, fabric_done_fn done,
		  void *arg, struct err *e)
{
	(void)f;
	(void)machine;
	(void)nic;
	(void)done;
	(void)arg;
	return not_yet(e);
}

int fabric_plug(struct fabric *f, const char *machine, const char *nic, fabric_done_fn done,
		void *arg, struct err *e)
{
	return fabric_unplug(f, machine, nic, done, arg, e);
}

int fabric_port_vlans(struct fabric *f, const char *machine, const char *nic, unsigned vlan,
		      const json_t *trunks, fabric_done_fn done, void *arg, struct err *e)
{
	(void)vlan;
	(void)trunks;
	return fabric_unplug(f, machine, nic, done, arg, e);
}

int fabric_segment(struct fabric *f, const json_t *ports, int segment, fabric_done_fn done,
		   void *arg, struct err *e)
{
	(void)ports;
	(void)segment;
	return fabric_unplug(f, "", "", done, arg, e);
}

int fabric_set_mtu(struct fabric *f, const char *network, unsigned mtu, fabric_done_fn done,
		   void *arg, struct err *e)
{
	(void)mtu;
	return fabric_unplug(f, network, "", done, arg, e);
}

int fabric_daemon(struct fabric *f, const char *name, const char *action, int sig,
		  fabric_done_fn done, void *arg, struct err *e)
{
	(void)sig;
	return fabric_unplug(f, name, action, done, arg, e);
}
