/* SPDX-License-Identifier: Apache-2.0 */
/* External hosts: namespaces whose first process is the traffic agent. */
#include "fabric/fabric_priv.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/log.h"
#include "sys/mnt.h"
#include "sys/ns.h"

static int host_setup(void *arg, struct err *e)
{
	const char *name = arg;

	if (sethostname(name, strlen(name)) < 0)
		return err_errno(e, errno, "sethostname");
	return mnt_sysfs(e);
}

static void host_died(void *arg, pid_t pid, int wstatus)
{
	struct host *h = arg;
	_cleanup_free_ char *why = proc_status_text(wstatus);

	(void)pid;
	log_warn("host/%s: traffic agent ended: %s", jstr(h->spec, "name", ""), why);
	h->pid = 0;
}

static int host_spawn(struct fabric *f, struct host *h, struct err *e)
{
	const char *name = jstr(h->spec, "name", "");
	_cleanup_free_ char *log = xasprintf("%s/h/%s.log", f->c.state, name);
	_cleanup_close_ int log_fd = proc_log_open(log, e);
	const char *argv[] = {f->c.agent, "--listen", h->sock, NULL};
	struct proc_spec s = PROC_SPEC_INIT;

	if (log_fd < 0)
		return -e->code;
	s.path = f->c.agent;
	s.argv = argv;
	s.log_fd = log_fd;
	s.unshare = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS;
	s.pdeathsig = SIGKILL;
	s.setup = host_setup;
	s.arg = (void *)(uintptr_t)name;
	h->pid = proc_spawn(&s, NULL, e);
	if (h->pid < 0)
		return -e->code;
	reaper_watch(f->c.reaper, h->pid, host_died, h);
	return 0;
}

/* ---- network ---- */

static int add_addresses(struct link_ctx *l, const char *name, const json_t *addresses,
			 struct err *e)
{
	json_t *a;
	size_t i;
	int r = 0;

	json_array_foreach(addresses, i, a) {
		r = link_addr_add(l, name, json_string_value(a), e);
		if (r < 0)
			return r;
	}
	return r;
}

static int host_iface(struct fabric *f, struct host *h, struct link_ctx *l, const json_t *iface,
		      struct err *e)
{
	_cleanup_free_ char *machine = xasprintf("host/%s", jstr(h->spec, "name", ""));
	/* without a VLAN, an access port all the same: a server hears no tags */
	_cleanup_json_ json_t *untagged = json_pack("[i]", 0);
	const char *name = jstr(iface, "name", "eth0");
	_cleanup_free_ char *dad = xasprintf("ipv6/conf/%s/accept_dad", name);
	struct cable_spec s = {.machine = machine,
			       .nic = name,
			       .network = jstr(iface, "network", ""),
			       .mac = jstr(iface, "mac", ""),
			       .mtu = (unsigned)jint(iface, "mtu", 1500),
			       .vlan = (unsigned)jint(iface, "vlan", 0),
			       .trunks = jint(iface, "vlan", 0) ? NULL : untagged,
			       .pid = h->pid,
			       .netns = link_netns(l)};
	int r = cable_new(f, &s, e);

	if (r < 0)
		return r;
	link_sysctl(l, dad, "0", NULL);
	/* its peers may be packet sockets, whatever the switch is */
	r = link_tx_csum_off(l, name, e);
	if (r >= 0)
		r = add_addresses(l, name, json_object_get(iface, "addresses"), e);
	return r < 0 ? r : link_set_up(l, name, true, e);
}

static int host_forward(struct link_ctx *l, const json_t *spec, struct err *e)
{
	int r = 0;

	if (!jbool(spec, "forward", false))
		return 0;
	r = link_sysctl(l, "ipv4/ip_forward", "1", e);
	if (r >= 0)
		r = link_sysctl(l, "ipv6/conf/all/forwarding", "1", e);
	return r;
}

static int host_routes(struct link_ctx *l, const json_t *spec, struct err *e)
{
	const char *gw = jstr(spec, "gateway", NULL);
	json_t *route;
	size_t i;
	int r = gw ? link_route_add(l, NULL, gw, NULL, e) : 0;

	json_array_foreach(json_object_get(spec, "routes"), i, route) {
		if (r < 0)
			break;
		r = link_route_add(l, jstr(route, "to", ""), jstr(route, "via", ""), NULL, e);
	}
	return r;
}

static int host_network(struct fabric *f, struct host *h, struct err *e)
{
	_cleanup_close_ int netns = ns_open(h->pid, "net", e);
	_cleanup_link_ struct link_ctx *l = NULL;
	json_t *iface;
	size_t i;
	int r = netns < 0 ? netns : link_open(netns, &l, e);

	json_array_foreach(json_object_get(h->spec, "interfaces"), i, iface) {
		if (r >= 0)
			r = host_iface(f, h, l, iface, e);
	}
	if (r >= 0)
		r = host_forward(l, h->spec, e);
	return r < 0 ? r : host_routes(l, h->spec, e);
}

/* ---- all ---- */

static int host_start(struct fabric *f, struct host *h, const json_t *spec, const char *dir,
		      struct err *e)
{
	int r;

	h->spec = spec;
	h->sock = xasprintf("%s/%s.sock", dir, jstr(spec, "name", ""));
	r = host_spawn(f, h, e);
	if (r >= 0)
		r = host_network(f, h, e);
	return r < 0 ? err_wrap(e, "host/%s", jstr(spec, "name", "")) : 0;
}

/* All hosts of the topology, wherever they are written. New reference. */
static json_t *all_hosts(const json_t *topology)
{
	json_t *out = json_array(), *net;
	size_t i;

	json_array_extend(out, jget(topology, "underlay.hosts"));
	json_array_foreach(json_object_get(topology, "networks"), i, net)
		json_array_extend(out, json_object_get(net, "hosts"));
	return out;
}

int hosts_start(struct fabric *f, struct err *e)
{
	_cleanup_json_ json_t *list = all_hosts(f->c.topology);
	_cleanup_free_ char *dir = xasprintf("%s/h", f->c.run);
	json_t *spec;
	size_t i;

	/* the reaper points into it: it does not grow */
	f->hosts = xcalloc(json_array_size(list), sizeof(*f->hosts));
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_errno(e, errno, "mkdir %s", dir);
	json_array_foreach(list, i, spec) {
		int r = host_start(f, &f->hosts[f->n_hosts++], spec, dir, e);

		if (r < 0)
			return r;
	}
	return 0;
}

json_t *hosts_status(const struct fabric *f)
{
	json_t *hosts = json_array();

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct host *h = &f->hosts[i];

		json_array_append_new(
			hosts,
			json_pack("{s:O, s:i, s:s, s:O?, s:O, s:O?, s:b}", "name",
				  json_object_get(h->spec, "name"), "pid", (int)h->pid, "socket",
				  h->sock, "addresses", json_object_get(h->spec, "addresses"),
				  "interfaces", json_object_get(h->spec, "interfaces"), "listen",
				  json_object_get(h->spec, "listen"), "alive", h->pid > 0));
	}
	return hosts;
}

void hosts_free(struct fabric *f)
{
	for (size_t i = 0; i < f->n_hosts; i++)
		free(f->hosts[i].sock);
	free(f->hosts);
}
