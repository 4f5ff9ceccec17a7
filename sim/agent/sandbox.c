/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>

#include "sys/mnt.h"
#include "sys/ns.h"

#define SOCKET_DIR "/run/ovnbed-pod"

struct sandbox *sandbox_new(struct agent *a)
{
	struct sandbox *s = xcalloc(1, sizeof(*s));

	s->a = a;
	s->pidfd = -1;
	return s;
}

static void fail(struct sandbox *s, const char *why)
{
	free(s->failure);
	s->failure = xstrdup(why);
	log_warn("pod %s/%s: %s", jstr(s->spec, "namespace", ""), jstr(s->spec, "name", ""), why);
	agent_touch(s->a);
}

/* ---- process ---- */

/*
 * Defaults for the links to come: addresses work at once (facts §2.4: no duplicate detection), and
 * nothing is inherited from how the machine happens to be set up.
 */
static const char *const sysctls[][2] = {
	{"ipv6/conf/default/accept_dad", "0"},	  {"ipv6/conf/default/dad_transmits", "0"},
	{"ipv6/conf/default/addr_gen_mode", "0"}, {"ipv4/conf/all/rp_filter", "0"},
	{"ipv4/conf/default/rp_filter", "0"},	  {"ipv4/conf/default/arp_ignore", "0"},
	{"ipv4/conf/default/arp_announce", "0"},  {"ipv4/ip_forward", "0"},
};

/* Between vfork and exec: system calls only. */
static int setup(void *arg, struct err *e)
{
	char path[128];

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/sys/net/%s", sysctls[i][0]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0) /* a kernel without IPv6 */
			continue;
		if (write(fd, sysctls[i][1], 1) < 0)
			return err_errno(e, errno, "write %s", path);
		close(fd);
	}
	return mnt_sysfs(e);
}

static void on_death(void *arg, pid_t pid, int wstatus)
{
	struct sandbox *s = arg;
	_cleanup_free_ char *text = proc_status_text(wstatus);
	_cleanup_free_ char *why = xasprintf("traffic agent ended: %s", text);

	(void)pid;
	s->pid = 0;
	s->pidfd = close_fd(s->pidfd);
	fail(s, why);
}

static int start_process(struct sandbox *s, struct err *e)
{
	const char *uid = jstr(s->spec, "uid", ""), *ns = jstr(s->spec, "namespace", "default");
	const char *name = jstr(s->spec, "name", "");
	const char *dir = jstr(s->a->config, "program_dir", "/usr/bin");
	_cleanup_free_ char *path = xasprintf("%s/ovnbed-agent", dir);
	_cleanup_free_ char *sock = xasprintf(SOCKET_DIR "/%.8s.sock", uid);
	_cleanup_free_ char *id = xasprintf("pod/%s/%s", ns, name);
	_cleanup_free_ char *log = xasprintf("%s/pods/%s_%s.log", s->a->state, ns, name);
	const char *argv[] = {"ovnbed-agent", "--listen", sock, "--name", id, NULL};
	struct proc_spec p = PROC_SPEC_INIT;
	_cleanup_close_ int log_fd = proc_log_open(log, e);

	if (log_fd < 0)
		return log_fd;
	unlink(sock);
	p.path = path;
	p.argv = argv;
	p.log_fd = log_fd;
	p.unshare = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS;
	p.hostname = jstr(s->spec, "hostname", name);
	p.setup = setup;
	s->pid = proc_spawn(&p, &s->pidfd, e);
	if (s->pid < 0) {
		int r = (int)s->pid;

		s->pid = 0;
		return r;
	}
	reaper_watch(s->a->reaper, s->pid, on_death, s);
	return 0;
}

static int start(struct sandbox *s, struct err *e)
{
	_cleanup_close_ int netns = -1;
	int r = start_process(s, e);

	if (r < 0)
		return r;
	netns = ns_open(s->pid, "net", e);
	return netns < 0 ? netns : link_open(netns, &s->net, e);
}

static void links_drop(struct sandbox *s)
{
	_cleanup_err_ struct err e = ERR_INIT;

	for (size_t i = 0; i < s->n_links; i++) {
		if (link_del(s->a->net, jstr(s->links[i].att, "host_ifname", ""), &e) < 0)
			log_warn("%s", err_msg(&e));
		json_decref(s->links[i].att);
	}
	s->n_links = 0;
}

static void stop(struct sandbox *s)
{
	links_drop(s);
	link_close(TAKE_PTR(s->net));
	if (s->pid) {
		reaper_unwatch(s->a->reaper, s->pid);
		proc_kill(s->pidfd, SIGKILL, NULL);
	}
	s->pid = 0;
	s->pidfd = close_fd(s->pidfd);
}

void sandbox_free(struct sandbox *s)
{
	_cleanup_free_ char *sock = xasprintf(SOCKET_DIR "/%.8s.sock", jstr(s->spec, "uid", ""));

	stop(s);
	unlink(sock);
	free(s->links);
	free(s->failure);
	json_decref(s->spec);
	free(s);
}

/* ---- links ---- */

static int add_addresses(struct sandbox *s, const json_t *att, struct err *e)
{
	const char *ifname = jstr(att, "ifname", "");
	json_t *x;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(att, "ips"), i, x) {
		if (r >= 0)
			r = link_addr_add(s->net, ifname, json_string_value(x), e);
	}
	json_array_foreach(json_object_get(att, "gateways"), i, x) {
		if (r >= 0)
			r = link_route_add(s->net, NULL, json_string_value(x), ifname, e);
	}
	return r;
}

/* Several attachments of one network: each answers for its own address only (facts §2.4). */
static int set_multihomed(struct sandbox *s, const char *ifname, struct err *e)
{
	static const char *const set[][2] = {
		{"arp_ignore", "1"}, {"arp_announce", "2"}, {"rp_filter", "2"}};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(set); i++) {
		_cleanup_free_ char *path = xasprintf("ipv4/conf/%s/%s", ifname, set[i][0]);

		r = link_sysctl(s->net, path, set[i][1], e);
	}
	return r;
}

static bool is_multihomed(const struct sandbox *s, const json_t *att)
{
	json_t *o;
	size_t i, n = 0;

	json_array_foreach(json_object_get(s->spec, "attachments"), i, o)
		n += streq(jstr(o, "network", ""), jstr(att, "network", "-"));
	return n > 1;
}

static int make_link(struct sandbox *s, const json_t *att, struct err *e)
{
	const char *host = jstr(att, "host_ifname", ""), *ifname = jstr(att, "ifname", "");
	unsigned mtu = (unsigned)jint(att, "mtu", 1400);
	struct link_end outside = {.name = host, .netns = -1, .mtu = mtu, .up = true};
	struct link_end inside = {.name = ifname,
				  .netns = link_netns(s->net),
				  .mac = jstr(att, "mac", NULL),
				  .mtu = mtu,
				  .up = true};
	int r = link_add_veth(s->a->net, &outside, &inside, e);

	/* The stack inside must not leave checksums to a device that never computes them. */
	if (r >= 0 && s->a->netdev)
		r = link_tx_csum_off(s->net, ifname, e);
	if (r >= 0 && is_multihomed(s, att))
		r = set_multihomed(s, ifname, e);
	return r < 0 ? r : add_addresses(s, att, e);
}

static struct sandbox_link *find_link(struct sandbox *s, const json_t *att)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (streq(jstr(s->links[i].att, "host_ifname", ""), jstr(att, "host_ifname", "")))
			return &s->links[i];
	return NULL;
}

/* A link that has changed is unplugged first and made anew after that pass. */
static int apply_link(struct sandbox *s, const json_t *att, struct err *e)
{
	struct sandbox_link *l = find_link(s, att);
	int r;

	if (l) {
		l->wanted = json_equal(l->att, (json_t *)(uintptr_t)att);
		s->redo |= !l->wanted;
		return 0;
	}
	r = make_link(s, att, e);
	if (r < 0) {
		link_del(s->a->net, jstr(att, "host_ifname", ""), NULL);
		return r;
	}
	s->links = xrealloc(s->links, (s->n_links + 1) * sizeof(*s->links));
	s->links[s->n_links++] =
		(struct sandbox_link){.att = json_incref((json_t *)(uintptr_t)att), .wanted = true};
	return 0;
}

static int apply_links(struct sandbox *s, struct err *e)
{
	json_t *att;
	size_t i;

	s->redo = false;
	for (i = 0; i < s->n_links; i++)
		s->links[i].wanted = false;
	json_array_foreach(json_object_get(s->spec, "attachments"), i, att) {
		int r = apply_link(s, att, e);

		if (r < 0)
			return err_wrap(e, "attachment %s", jstr(att, "ifname", "?"));
	}
	return 0;
}

void sandbox_apply(struct sandbox *s, const json_t *spec)
{
	_cleanup_err_ struct err e = ERR_INIT;
	int r = 0;

	if (s->spec && !s->failure && json_equal(s->spec, (json_t *)(uintptr_t)spec))
		return;
	if (s->spec != spec) {
		json_decref(s->spec);
		s->spec = json_incref((json_t *)(uintptr_t)spec);
	}
	/* A failed pod starts from nothing. */
	if (s->failure) {
		stop(s);
		free(s->failure);
		s->failure = NULL;
	}
	if (!s->pid)
		r = start(s, &e);
	if (r >= 0)
		r = apply_links(s, &e);
	if (r < 0)
		fail(s, err_msg(&e));
}

/* ---- ports ---- */

void sandbox_ports(struct sandbox *s, void (*fn)(void *arg, const struct ovs_port *p), void *arg)
{
	bool out = s->leaving || s->failure;

	s->pass_without = out;
	for (size_t i = 0; i < s->n_links; i++) {
		struct sandbox_link *l = &s->links[i];
		struct ovs_port p = {jstr(l->att, "host_ifname", ""), l->att};

		l->plugging = l->wanted && !out;
		if (l->plugging)
			fn(arg, &p);
	}
}

/* Links that the pass has left out may go now. */
static void drop_unplugged(struct sandbox *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_links; i++) {
		struct sandbox_link *l = &s->links[i];

		if (l->wanted || l->plugging) {
			s->links[kept++] = *l;
			continue;
		}
		link_del(s->a->net, jstr(l->att, "host_ifname", ""), NULL);
		json_decref(l->att);
	}
	s->n_links = kept;
}

bool sandbox_plugged(struct sandbox *s, const struct err *e)
{
	_cleanup_err_ struct err own = ERR_INIT;

	if (s->leaving) {
		s->unplugged = s->pass_without || e;
		return !s->unplugged;
	}
	drop_unplugged(s);
	if (!s->redo || s->failure)
		return false;
	if (apply_links(s, &own) < 0)
		fail(s, err_msg(&own));
	return true;
}

/* ---- status ---- */

json_t *sandbox_status(struct sandbox *s, const json_t *interfaces)
{
	json_t *atts = json_array(), *att;
	bool all = true;
	size_t i;

	json_array_foreach(json_object_get(s->spec, "attachments"), i, att) {
		json_t *x = ovs_att_status(interfaces, jstr(att, "host_ifname", ""), att);

		all &= jbool(x, "installed", false);
		json_array_append_new(atts, x);
	}
	return json_pack("{s:s, s:s, s:s, s:i, s:o}", "uid", jstr(s->spec, "uid", ""), "state",
			 s->failure ? "failed"
			 : all	    ? "running"
				    : "pending",
			 "message", s->failure ? s->failure : "", "pid", (int)s->pid, "attachments",
			 atts);
}
