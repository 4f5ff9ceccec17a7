/* SPDX-License-Identifier: Apache-2.0 */
/* Which daemons a node runs, with which arguments, and when each may start. */
#include "agent/daemons.h"

#include "agent/ovs.h"
#include "agent/remote.h"
#include "agent/vms.h"
#include "agent/zsnat.h"
#include "virt/virt.h"

static void common(struct argv *v, const struct daemon_type *t)
{
	argv_add(v, "--pidfile");
	argv_addf(v, "--log-file=%s", t->log);
	argv_add(v, "-vconsole:off");
	argv_add(v, "-vsyslog:off");
}

static bool nics_there(struct agent *a)
{
	return a->started;
}

/* ---- ovsdb-server: one for all databases of the node ---- */

static const struct daemon_type ovsdb_server;

static bool v6_underlay(const struct agent *a)
{
	return strchr(jstr(a->config, "addresses.0", ""), ':');
}

static void ovsdb_server_args(const struct agent *a, struct argv *v)
{
	common(v, &ovsdb_server);
	if (a->role & ROLE_NODE)
		argv_add(v, "--remote=punix:" OVS_DB_SOCK);
	if (a->role & ROLE_DATABASES) {
		argv_add(v, "--remote=punix:" NB_SOCK);
		argv_add(v, "--remote=punix:" SB_SOCK);
	}
	if (a->role == ROLE_CONTROL_PLANE) {
		const char *any = v6_underlay(a) ? "[::]" : "0.0.0.0";

		argv_addf(v, "--remote=ptcp:6641:%s", any);
		argv_addf(v, "--remote=ptcp:6642:%s", any);
	}
	if (a->role & ROLE_NODE)
		argv_add(v, OVS_DB_FILE);
	if (a->role & ROLE_DATABASES) {
		argv_add(v, NB_DB_FILE);
		argv_add(v, SB_DB_FILE);
	}
}

static bool ovsdb_server_ready(struct agent *a, const struct daemon *d)
{
	(void)d;
	if ((a->role & ROLE_NODE) && !ovs_is_ready(a))
		return false;
	return !(a->role & ROLE_DATABASES) || access(SB_SOCK, F_OK) == 0;
}

static const struct daemon_type ovsdb_server = {
	.name = "ovsdb-server",
	.roles = ROLE_ANY,
	.rundir = OVS_RUN,
	.log = "/var/log/openvswitch/ovsdb-server.log",
	.args = ovsdb_server_args,
	.is_ready = ovsdb_server_ready,
	.on_exit = ovs_server_gone,
};

/* ---- ovs-vswitchd ---- */

static const struct daemon_type vswitchd;

static void vswitchd_args(const struct agent *a, struct argv *v)
{
	common(v, &vswitchd);
	if (a->netdev)
		argv_add(v, "--disable-system");
	argv_add(v, "unix:" OVS_DB_SOCK);
}

static bool vswitchd_may_start(struct agent *a)
{
	return a->started && ovs_is_ready(a) && zsnat_may_start(a);
}

static bool vswitchd_ready(struct agent *a, const struct daemon *d)
{
	(void)d;
	return ovs_configured(a) && access(OVS_RUN "/" BR_INT ".mgmt", F_OK) == 0;
}

static const struct daemon_type vswitchd = {
	.name = "ovs-vswitchd",
	.roles = ROLE_NODE,
	.rundir = OVS_RUN,
	.log = "/var/log/openvswitch/ovs-vswitchd.log",
	/* Fewer page faults at start; jumbo frames are unusable without the second (facts §4). */
	.env = {"GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=268435456"},
	.needs = {OVS_DB_SOCK},
	.args = vswitchd_args,
	.may_start = vswitchd_may_start,
	.before_start = zsnat_arm,
	.is_ready = vswitchd_ready,
	.on_ready = ovs_switch_ready,
	.on_exit = ovs_switch_gone,
};

/* ---- OVN ---- */

static const struct daemon_type northd, controller, trace;

static void northd_args(const struct agent *a, struct argv *v)
{
	(void)a;
	common(v, &northd);
	argv_add(v, "--ovnnb-db=unix:" NB_SOCK);
	argv_add(v, "--ovnsb-db=unix:" SB_SOCK);
}

static const struct daemon_type northd = {
	.name = "ovn-northd",
	.roles = ROLE_DATABASES,
	.rundir = OVN_RUN,
	.log = "/var/log/ovn/ovn-northd.log",
	.needs = {NB_SOCK, SB_SOCK},
	.args = northd_args,
};

static void controller_args(const struct agent *a, struct argv *v)
{
	(void)a;
	common(v, &controller);
	argv_add(v, "unix:" OVS_DB_SOCK);
}

/*
 * A controller that misses a socket waits a second before it tries again. It also must not see a
 * datapath capability that is about to be switched off.
 */
static bool controller_may_start(struct agent *a)
{
	return ovs_switch_is_up(a) && zsnat_settled(a) && remote_reachable(a);
}

static const struct daemon_type controller = {
	.name = "ovn-controller",
	.roles = ROLE_NODE,
	.rundir = OVN_RUN,
	.log = "/var/log/ovn/ovn-controller.log",
	.needs = {OVS_DB_SOCK, OVS_RUN "/" BR_INT ".mgmt"},
	.args = controller_args,
	.may_start = controller_may_start,
};

static void trace_args(const struct agent *a, struct argv *v)
{
	(void)a;
	common(v, &trace);
	argv_add(v, "--detach");
	argv_add(v, "--no-chdir");
	argv_add(v, "--db=unix:" SB_SOCK);
	/* one for each pass through connection tracking: the first packet of a connection */
	for (int i = 0; i < 4; i++)
		argv_add(v, "--ct=new");
}

static const struct daemon_type trace = {
	.name = "ovn-trace",
	.roles = ROLE_DATABASES,
	.rundir = OVN_RUN,
	.log = "/var/log/ovn/ovn-trace.log",
	.lazy = true,
	.detaches = true,
	.needs = {SB_SOCK},
	.args = trace_args,
};

/* ---- libvirt ---- */

static void libvirtd_args(const struct agent *a, struct argv *v)
{
	const char **argv = virt_daemon_argv("libvirtd");

	(void)a;
	for (size_t i = 1; argv[i]; i++)
		argv_add(v, argv[i]);
	free(argv);
}

static bool libvirtd_ready(struct agent *a, const struct daemon *d)
{
	(void)a;
	(void)d;
	return access(VIRT_SOCKET, F_OK) == 0;
}

static const struct daemon_type libvirtd = {
	.name = "libvirtd",
	.roles = ROLE_NODE,
	.log = "/var/log/libvirt/libvirtd.log",
	.env = {VIRT_DAEMON_ENV},
	.lazy = true,
	.args = libvirtd_args,
	.may_start = nics_there,
	.before_start = vms_before_libvirtd,
	.is_ready = libvirtd_ready,
	.on_ready = vms_libvirtd_ready,
	.on_exit = vms_libvirtd_gone,
};

const struct daemon_type *const daemon_types[] = {&ovsdb_server, &vswitchd, &northd,
						  &controller,	 &trace,    &libvirtd};
const size_t n_daemon_types = ARRAY_SIZE(daemon_types);
