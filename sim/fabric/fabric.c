/* SPDX-License-Identifier: Apache-2.0 */
#include "fabric/fabric.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include "sys/link.h"
#include "sys/mnt.h"
#include "sys/ns.h"

#define UNDERLAY "underlay"

struct host {
	const json_t *spec; /* borrowed from the topology */
	pid_t pid;	    /* 0 once dead */
	char *sock;
};

struct port {
	char *machine, *nic;
	char name[16]; /* the switch's end */
};

struct fabric {
	struct fabric_config c;
	struct link_ctx *link;
	struct host *hosts;
	size_t n_hosts;
	struct port *ports;
	size_t n_ports;
	unsigned mtu;
};

static void port_add(struct fabric *f, const char *machine, const char *nic, const char *name)
{
	struct port *p;

	f->ports = xrealloc(f->ports, (f->n_ports + 1) * sizeof(*f->ports));
	p = &f->ports[f->n_ports++];
	*p = (struct port){.machine = xstrdup(machine), .nic = xstrdup(nic)};
	snprintf(p->name, sizeof(p->name), "%s", name);
}

static int attach(struct fabric *f, const char *machine, int netns_fd, const char *mac,
		  struct err *e)
{
	char name[16];
	struct link_end a = {
		.name = name, .netns = -1, .mtu = f->mtu, .up = true, .master = UNDERLAY};
	struct link_end b = {.name = "eth0", .netns = netns_fd, .mtu = f->mtu, .mac = mac};
	int r;

	snprintf(name, sizeof(name), "u%zu", f->n_ports);
	r = link_add_veth(f->link, &a, &b, e);
	if (r < 0)
		return err_wrap(e, "plug %s into the underlay", machine);
	link_set_alias(f->link, name, machine, NULL);
	if (mac)
		link_fdb_set(f->link, name, mac, NULL);
	port_add(f, machine, "eth0", name);
	return 0;
}

int fabric_attach(struct fabric *f, const char *machine, pid_t pid, int netns_fd, const char *mac,
		  const json_t *nics, struct err *e)
{
	(void)pid;
	(void)nics;
	return attach(f, machine, netns_fd, mac, e);
}

int fabric_link(struct fabric *f, const char *machine, const char *nic, bool up, struct err *e)
{
	for (size_t i = 0; i < f->n_ports; i++)
		if (streq(f->ports[i].machine, machine) && streq(f->ports[i].nic, nic))
			return link_set_up(f->link, f->ports[i].name, up, e);
	return err_set(e, ENOENT, "%s has no NIC %s in the fabric", machine, nic);
}

/* ---- external hosts ---- */

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
	s.arg = (void *)name;
	h->pid = proc_spawn(&s, NULL, e);
	if (h->pid < 0)
		return err_wrap(e, "host/%s", name);
	reaper_watch(f->c.reaper, h->pid, host_died, h);
	return 0;
}

static int host_network(struct fabric *f, struct host *h, struct err *e)
{
	const char *name = jstr(h->spec, "name", ""), *gw = jstr(h->spec, "gateway", NULL);
	_cleanup_close_ int netns = ns_open(h->pid, "net", e);
	_cleanup_link_ struct link_ctx *l = NULL;
	json_t *a;
	size_t i;
	int r;

	if (netns < 0)
		return netns;
	r = attach(f, name, netns, jstr(h->spec, "mac", NULL), e);
	if (r < 0)
		return r;
	r = link_open(netns, &l, e);
	if (r < 0)
		return r;
	link_sysctl(l, "ipv6/conf/eth0/accept_dad", "0", NULL);
	r = link_tx_csum_off(l, "eth0", e);
	if (r < 0)
		return r;
	json_array_foreach(json_object_get(h->spec, "addresses"), i, a) {
		r = link_addr_add(l, "eth0", json_string_value(a), e);
		if (r < 0)
			return r;
	}
	r = link_set_up(l, "eth0", true, e);
	if (r < 0)
		return r;
	return gw ? link_route_add(l, NULL, gw, "eth0", e) : 0;
}

static int hosts_start(struct fabric *f, struct err *e)
{
	json_t *list = jget(f->c.topology, "underlay.hosts"), *spec;
	_cleanup_free_ char *dir = xasprintf("%s/h", f->c.run);
	size_t i;
	int r;

	f->hosts = xcalloc(json_array_size(list), sizeof(*f->hosts));
	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		return err_errno(e, errno, "mkdir %s", dir);
	json_array_foreach(list, i, spec) {
		struct host *h = &f->hosts[f->n_hosts++];

		h->spec = spec;
		h->sock = xasprintf("%s/%s.sock", dir, jstr(spec, "name", ""));
		r = host_spawn(f, h, e);
		if (r < 0)
			return r;
		r = host_network(f, h, e);
		if (r < 0)
			return err_wrap(e, "host/%s", jstr(spec, "name", ""));
	}
	return 0;
}

int fabric_new(const struct fabric_config *c, struct fabric **ret, struct err *e)
{
	struct fabric *f = xcalloc(1, sizeof(*f));
	int r;

	f->c = *c;
	f->mtu = (unsigned)jint(c->topology, "underlay.mtu", 1500);
	r = link_open(-1, &f->link, e);
	if (r >= 0)
		r = link_ipv6_off(f->link, e);
	if (r >= 0)
		r = link_add_bridge(f->link, UNDERLAY, NULL, f->mtu, e);
	if (r >= 0)
		r = link_set_up(f->link, UNDERLAY, true, e);
	if (r >= 0)
		r = hosts_start(f, e);
	if (r < 0) {
		fabric_free(f);
		return err_wrap(e, "underlay");
	}
	*ret = f;
	return 0;
}

void fabric_free(struct fabric *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n_hosts; i++)
		free(f->hosts[i].sock);
	for (size_t i = 0; i < f->n_ports; i++) {
		free(f->ports[i].machine);
		free(f->ports[i].nic);
	}
	link_close(f->link);
	free(f->hosts);
	free(f->ports);
	free(f);
}

json_t *fabric_status(const struct fabric *f)
{
	json_t *hosts = json_array(), *ports = json_object();

	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct host *h = &f->hosts[i];

		json_array_append_new(hosts, json_pack("{s:O, s:i, s:s, s:O, s:b}", "name",
						       json_object_get(h->spec, "name"), "pid",
						       (int)h->pid, "socket", h->sock, "addresses",
						       json_object_get(h->spec, "addresses"),
						       "alive", h->pid > 0));
	}
	for (size_t i = 0; i < f->n_ports; i++) {
		json_t *l = json_object_get(ports, f->ports[i].machine);

		if (!l) {
			l = json_array();
			json_object_set_new(ports, f->ports[i].machine, l);
		}
		json_array_append_new(l, json_pack("{s:s, s:s}", "nic", f->ports[i].nic, "port",
						   f->ports[i].name));
	}
	return json_pack("{s:o, s:o}", "hosts", hosts, "ports", ports);
}
