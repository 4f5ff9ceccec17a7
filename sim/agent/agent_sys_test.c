/* SPDX-License-Identifier: Apache-2.0 */
/* A node's daemons and pods under a supervisor that is this test. */
#include "agent/rig.h"

#include <dirent.h>
#include <signal.h>

#include "sys/prefix.h"

/* ---- pods ---- */

static const json_t *pod_row(struct rig *r, const char *uid)
{
	return rig_row(json_object_get(r->status, "pods"), "uid", uid);
}

static const json_t *daemon_row(struct rig *r, const char *name)
{
	return rig_row(json_object_get(r->status, "daemons"), "name", name);
}

#define UID_A "aaaaaaaa-0000-4000-8000-000000000000"
#define UID_B "bbbbbbbb-0000-4000-8000-000000000000"

static void add_pod(struct rig *r, const char *uid, const char *name, const char *ifname)
{
	json_array_append_new(
		r->pods,
		json_pack("{s:s, s:s, s:s, s:s, s:[{s:s, s:o, s:s, s:[s, s], s:[], s:i, s:s, s:s,"
			  " s:s, s:s}]}",
			  "uid", uid, "namespace", "default", "name", name, "hostname", name,
			  "attachments", "ifname", ifname, "host_ifname", jstringf("v-%.8s", uid),
			  "mac", "0a:58:0a:00:00:01", "ips", "10.0.0.1/24", "fd00::1/64",
			  "gateways", "mtu", 1300, "iface_id", name, "iface_id_ver", uid, "nad",
			  "default/n", "network", "default.n"));
}

static void desire(struct rig *r)
{
	jrpc_notify(r->rpc, "desired",
		    json_pack("[{s:i, s:O, s:[], s:[{s:s, s:s}]}]", "gen", ++r->gen, "pods",
			      r->pods, "vms", "neighbours", "ip", "172.31.0.12", "mac",
			      "0a:58:ac:1f:00:0c"));
}

static bool gen_done(struct rig *r)
{
	return jint(r->status, "gen", 0) == r->gen;
}

static bool a_runs(struct rig *r)
{
	return streq(jstr(pod_row(r, UID_A), "state", ""), "running");
}

static bool b_failed(struct rig *r)
{
	return streq(jstr(pod_row(r, UID_B), "state", ""), "failed");
}

static bool b_waits(struct rig *r)
{
	const json_t *p = pod_row(r, UID_B);

	return streq(jstr(p, "state", ""), "pending") && jint(p, "attachments.0.ofport", 0) > 0;
}

static bool a_failed(struct rig *r)
{
	return streq(jstr(pod_row(r, UID_A), "state", ""), "failed");
}

/* What the supervisor's planner would write for pod a. */
static const char add_lsp[] =
	"ovn-nbctl --wait=hv --may-exist ls-add sw -- --may-exist lsp-add sw a "
	"-- lsp-set-addresses a '0a:58:0a:00:00:01 10.0.0.1'";

static void scenario_pods(struct rig *r)
{
	_cleanup_free_ char *pid = NULL;

	if (!rig_start(r))
		return;
	rig_says(r, "ovs-vsctl get open . external_ids:ovn-encap-ip", "\"" NODE_IP "\"\n");
	rig_says(r, "ip -4 -o addr show br-ex | grep -c " NODE_IP "/24", "1\n");
	rig_says(r, "ip -6 addr | grep inet6 | grep -vc ::1/128", "0\n");
	rig_says(r, "ovs-vsctl get datapath . capabilities:ct_zero_snat", "\"false\"\n");
	rig_says(r, "hostname", "worker-a\n");
	free(rig_shell(r, add_lsp));
	add_pod(r, UID_A, "a", "net1");
	/* Linux refuses such a name: b fails, and a does not care. */
	add_pod(r, UID_B, "b", "a-name-that-is-too-long");
	desire(r);
	rig_wait(r, a_runs, "pod a");
	rig_wait(r, b_failed, "the failure of pod b");
	if (!strstr(jstr(pod_row(r, UID_B), "message", ""), "a-name-that-is-too-long"))
		RIG_BAD(r, "message of b: %s", jstr(pod_row(r, UID_B), "message", ""));
	rig_says(r, "ovs-vsctl get interface v-aaaaaaaa external_ids:ovn-installed", "\"true\"\n");
	rig_says(r, "ovs-vsctl get port v-aaaaaaaa other_config", "{transient=\"true\"}\n");
	rig_says(r, "cat /sys/class/net/v-aaaaaaaa/mtu", "1300\n");
	rig_says(r, "ovs-appctl tnl/neigh/show | grep -c 0a:58:ac:1f:00:0c", "1\n");
	pid = xasprintf("nsenter -t %lld -n -u sh -c 'hostname; ip -o addr show net1 | grep -c -e "
			"10.0.0.1/24 -e fd00::1/64; cat /proc/sys/net/ipv6/conf/net1/accept_dad'",
			jint(pod_row(r, UID_A), "pid", 0));
	rig_says(r, pid, "a\n2\n0\n");
}

static void scenario_changes(struct rig *r)
{
	_cleanup_free_ char *kill_a = NULL;

	if (!rig_start(r))
		return;
	free(rig_shell(r, add_lsp));
	/* A stale port with a's iface-id goes; one made by hand for something else stays. */
	free(rig_shell(r, "ip link add stale type dummy 2>/dev/null; ovs-vsctl add-port br-int "
			  "stale -- set interface stale type=internal external_ids:iface-id=a "
			  "-- add-port br-int mine -- set interface mine type=internal"));
	add_pod(r, UID_A, "a", "net1");
	add_pod(r, UID_B, "b", "net1");
	desire(r);
	rig_wait(r, a_runs, "pod a");
	rig_wait(r, b_waits, "the port of pod b"); /* OVN does not know b: it never installs it */
	rig_says(r, "ovs-vsctl list-ports br-int", "mine\nv-aaaaaaaa\nv-bbbbbbbb\n");
	json_array_clear(r->pods);
	add_pod(r, UID_A, "a", "net2"); /* changed; b removed */
	desire(r);
	rig_wait(r, gen_done, "the change");
	rig_wait(r, a_runs, "pod a again");
	rig_says(r, "ovs-vsctl list-ports br-int", "mine\nv-aaaaaaaa\n");
	rig_says(r, "ls -d /sys/class/net/v-*", "/sys/class/net/v-aaaaaaaa\n");
	rig_says(r, "ls /run/ovnbed-pod", "node.sock\n"); /* of the node itself */
	rig_says(r, "grep WARN /var/log/openvswitch/ovs-vswitchd.log", "");
	/* A pause process that dies is said, and put back when asked again. */
	kill_a = xasprintf("kill -9 %lld", jint(pod_row(r, UID_A), "pid", 0));
	free(rig_shell(r, kill_a));
	rig_wait(r, a_failed, "the failure of pod a");
	desire(r);
	rig_wait(r, a_runs, "pod a after its death");
	json_array_clear(r->pods);
	desire(r);
	rig_wait(r, gen_done, "the end");
	rig_says(r, "ovs-vsctl list-ports br-int", "mine\n");
	rig_says(r, "ls -d /sys/class/net/v-* 2>/dev/null", "");
}

static bool vswitchd_exited(struct rig *r)
{
	return streq(jstr(daemon_row(r, "ovs-vswitchd"), "state", ""), "exited");
}

static void scenario_deaths(struct rig *r)
{
	const json_t *d;

	if (!rig_start(r))
		return;
	free(rig_shell(r, add_lsp));
	add_pod(r, UID_A, "a", "net1");
	desire(r);
	rig_wait(r, a_runs, "pod a");
	free(rig_shell(r, "kill -11 $(cat /run/openvswitch/ovs-vswitchd.pid)"));
	rig_wait(r, vswitchd_exited, "the death of ovs-vswitchd");
	d = daemon_row(r, "ovs-vswitchd");
	if (!str_after(jstr(d, "status", ""), "signal 11 (SEGV)") || !jget(d, "log.0"))
		RIG_BAD(r, "status %s", jstr(d, "status", ""));
	if (rig_daemon(r, "ovs-vswitchd", "kill"))
		RIG_BAD(r, "a dead daemon was killed");
	if (!rig_daemon(r, "ovs-vswitchd", "start"))
		RIG_BAD(r, "start: %s", json_string_value(r->refusal));
	rig_says(r, "ip -4 -o addr show br-ex | grep -c " NODE_IP "/24", "1\n");
	rig_says(r, "ovs-vsctl get datapath . capabilities:ct_zero_snat", "\"false\"\n");
	desire(r);
	rig_wait(r, a_runs, "pod a after the restart");
	rig_says(r, "ovs-appctl tnl/neigh/show | grep -c 0a:58:ac:1f:00:0c", "1\n");
	d = rig_daemon(r, "ovn-northd", "stop");
	if (!streq(jstr(d, "state", ""), "stopped"))
		RIG_BAD(r, "ovn-northd is %s", jstr(d, "state", "?"));
	if (!rig_daemon(r, "ovn-northd", "start") || !rig_daemon(r, "ovsdb-server", "kill") ||
	    !rig_daemon(r, "ovsdb-server", "start"))
		RIG_BAD(r, "restart: %s", json_string_value(r->refusal));
	if (rig_daemon(r, "no-such-daemon", "kill"))
		RIG_BAD(r, "an unknown daemon was killed");
	if (!str_after(
		    jstr(rig_ask(r, "spawn", json_pack("{s:s}", "name", "ovn-trace")), "ctl", ""),
		    "/run/ovn/ovn-trace."))
		RIG_BAD(r, "ovn-trace has no control socket");
	desire(r);
	rig_wait(r, gen_done, "the last state");
	rig_wait(r, a_runs, "pod a at the end");
}

static int count_links(void *arg, const struct link_info *i)
{
	(void)i;
	++*(int *)arg;
	return 0;
}

static bool is_ended(struct rig *r)
{
	return r->ended;
}

/* After the agent's death this namespace has its first process only, and no cable. */
static void scenario_end(struct rig *r)
{
	struct dirent *de;
	int links = 0, procs = 0;
	DIR *d;

	if (!rig_start(r))
		return;
	add_pod(r, UID_A, "a", "net1");
	desire(r);
	rig_wait(r, gen_done, "the pod's port");
	kill(r->agent, SIGKILL);
	rig_wait(r, is_ended, "the agent's end");
	d = opendir("/proc");
	while (d && (de = readdir(d)))
		procs += de->d_name[0] >= '1' && de->d_name[0] <= '9';
	if (d)
		closedir(d);
	if (procs != 1)
		RIG_BAD(r, "%d processes are left", procs - 1);
	/* The kernel takes a network namespace down in its own time. */
	for (int i = 0; i < 100; i++) {
		links = 0;
		link_each(r->net, count_links, &links, NULL);
		if (links == 1)
			return;
		sd_event_run(r->ev, 20 * USEC_PER_MSEC);
	}
	RIG_BAD(r, "%d links are left", links - 1);
}

static void scenario_no_programs(struct rig *r)
{
	free(r->prefix);
	r->prefix = xstrdup(r->dir);
	if (!rig_up(r))
		return;
	if (rig_ask(r, "start", json_object()))
		RIG_BAD(r, "it started without schemas");
	else if (!strstr(json_string_value(r->refusal), "vswitch.ovsschema"))
		RIG_BAD(r, "refused with: %s", json_string_value(r->refusal));
}

static void test_pods(void)
{
	rig_run("pods", scenario_pods);
}

static void test_changes(void)
{
	rig_run("changes", scenario_changes);
}

static void test_deaths(void)
{
	rig_run("deaths", scenario_deaths);
}

static void test_end(void)
{
	rig_run("end", scenario_end);
}

static void test_no_programs(void)
{
	_cleanup_free_ char *installed = prefix_schema("/", "vswitch", NULL);

	if (!installed) /* else the machine's own installation serves */
		rig_run("no programs", scenario_no_programs);
}

TEST_SUITE(agent, {"pods", test_pods}, {"changes", test_changes}, {"deaths", test_deaths},
	   {"end", test_end}, {"no programs", test_no_programs})
