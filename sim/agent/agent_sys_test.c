/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real node under a supervisor that is this test: Open vSwitch, OVN, pods. Needs root and the
 * programs; otherwise each test says so and passes.
 */
#include "test/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent/agent.h"
#include "base/buf.h"
#include "base/jrpc.h"
#include "sys/link.h"
#include "sys/mnt.h"
#include "sys/ns.h"
#include "sys/prefix.h"
#include "sys/proc.h"

#define CACHE "/var/cache/ovnbed"
#define NODE_IP "172.31.0.11"
#define WAIT_US (20 * USEC_PER_SEC)

struct rig {
	char dir[40]; /* run, state and programs of this lab */
	char *run, *state, *prefix;
	sd_event *ev;
	struct reaper *reaper;
	struct link_ctx *net;
	struct jrpc *rpc;
	pid_t agent;
	json_t *status;
	json_t *pods;
	int gen;
	bool answered, ended;
	json_t *answer, *refusal;
	char *wrong; /* first failure, or NULL */
};

#define RIG_BAD(r, ...)                                      \
	({                                                   \
		if (!(r)->wrong)                             \
			(r)->wrong = xasprintf(__VA_ARGS__); \
		false;                                       \
	})

/* ---- the supervisor's side ---- */

static void on_request(void *arg, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	struct rig *r = arg;

	(void)j;
	(void)id;
	if (!streq(method, "status"))
		return;
	json_decref(r->status);
	r->status = json_incref(json_array_get(params, 0));
}

static const struct jrpc_ops ops = {.request = on_request};

static void on_end(void *arg, pid_t pid, int wstatus)
{
	(void)pid;
	(void)wstatus;
	((struct rig *)arg)->ended = true;
}

static void on_answer(void *arg, const json_t *result, const json_t *error)
{
	struct rig *r = arg;

	r->answered = true;
	json_decref(r->answer);
	json_decref(r->refusal);
	r->answer = json_deep_copy(result);
	r->refusal = json_deep_copy(error);
}

static int is_answered(void *arg)
{
	return ((struct rig *)arg)->answered;
}

/* Asks and waits; the answer (borrowed), or NULL with r->refusal set. */
static json_t *ask(struct rig *r, const char *method, json_t *params)
{
	_cleanup_err_ struct err e = ERR_INIT;

	r->answered = false;
	jrpc_call(r->rpc, method, json_pack("[o]", params), 0, on_answer, r);
	if (loop_wait(r->ev, WAIT_US, is_answered, r, method, &e) < 0)
		RIG_BAD(r, "%s", err_msg(&e));
	return r->answer;
}

static json_t *daemon_do(struct rig *r, const char *name, const char *action)
{
	return ask(r, "daemon", json_pack("{s:s, s:s}", "name", name, "action", action));
}

static const json_t *row(const json_t *list, const char *key, const char *value)
{
	json_t *x;
	size_t i;

	json_array_foreach(list, i, x)
		if (streq(jstr(x, key, ""), value))
			return x;
	return NULL;
}

static const json_t *pod_row(struct rig *r, const char *uid)
{
	return row(json_object_get(r->status, "pods"), "uid", uid);
}

static const json_t *daemon_row(struct rig *r, const char *name)
{
	return row(json_object_get(r->status, "daemons"), "name", name);
}

struct until {
	struct rig *r;
	bool (*fn)(struct rig *r);
};

static int is_so(void *arg)
{
	struct until *u = arg;

	return u->fn(u->r);
}

static bool wait_until(struct rig *r, bool (*fn)(struct rig *r), const char *what)
{
	struct until u = {r, fn};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *text = NULL;

	if (r->wrong)
		return false;
	if (loop_wait(r->ev, WAIT_US, is_so, &u, what, &e) >= 0)
		return true;
	text = jtext(r->status);
	return RIG_BAD(r, "%s; status %s", err_msg(&e), text);
}

/* ---- a shell inside the node, as a user would have it ---- */

static char *run_in_node(struct rig *r, const char *command)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d", (int)r->agent);
	_cleanup_close_ int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char **env = prefix_env(r->prefix, NULL);
	struct buf out = BUF_INIT;
	char tmp[4096];
	ssize_t n;
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return xstrdup("");
	pid = fork();
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(p[1], 1);
		if (ns_enter(dir, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWPID, NULL) <
			    0 ||
		    (pid = fork()) < 0)
			_exit(1);
		if (pid == 0)
			execle("/bin/sh", "sh", "-c", command, NULL, env);
		_exit(waitpid(pid, NULL, 0) != pid);
	}
	close(p[1]);
	while ((n = read(p[0], tmp, sizeof(tmp))) > 0)
		buf_add(&out, tmp, (size_t)n);
	close(p[0]);
	waitpid(pid, NULL, 0);
	prefix_env_free(env);
	return out.len ? buf_take(&out) : xstrdup("");
}

static bool node_says(struct rig *r, const char *command, const char *want)
{
	_cleanup_free_ char *got = run_in_node(r, command);

	return streq(got, want) ? true : RIG_BAD(r, "%s: \"%s\", not \"%s\"", command, got, want);
}

/* ---- life of a rig ---- */

static json_t *config(struct rig *r)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:n, s:i,"
			 " s:s, s:s, s:[s], s:s}",
			 "role", "node", "name", "worker-a", "index", 0, "run", r->run, "state",
			 r->state, "cache", r->dir, "prefix", r->prefix, "program_dir", r->dir,
			 "zones", "interconnect", "datapath", "netdev", "chassis", "chassis-a",
			 "addresses", NODE_IP "/24", "gateway", "mtu", 1500, "mac",
			 "0a:58:ac:1f:00:0b", "encap_ip", NODE_IP, "nics", "eth0", "host_uuid",
			 "11111111-1111-4111-8111-111111111111");
}

static bool attach_nic(struct rig *r, struct err *e)
{
	_cleanup_close_ int netns = ns_open(r->agent, "net", e);
	struct link_end a = {.name = "cable", .netns = -1, .up = true};
	struct link_end b = {.name = "eth0", .netns = netns, .mac = "0a:58:ac:1f:00:0b"};

	return netns >= 0 && link_add_veth(r->net, &a, &b, e) >= 0;
}

static bool rig_up(struct rig *r)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *c = config(r);
	int fd;

	if (mnt_proc(&e) < 0 || mnt_sysfs(&e) < 0 ||
	    agent_lab_mounts(r->dir, r->state, r->dir, &e) < 0 || sd_event_new(&r->ev) < 0 ||
	    reaper_new(r->ev, &r->reaper, &e) < 0 || link_open(-1, &r->net, &e) < 0)
		return RIG_BAD(r, "%s", err_msg(&e));
	r->agent = agent_spawn(c, &fd, &e);
	if (r->agent < 0)
		return RIG_BAD(r, "%s", err_msg(&e));
	r->rpc = jrpc_new(r->ev, fd, &ops, r);
	reaper_watch(r->reaper, r->agent, on_end, r);
	return attach_nic(r, &e) ? true : RIG_BAD(r, "%s", err_msg(&e));
}

static bool rig_start(struct rig *r)
{
	_cleanup_free_ char *text = NULL;

	if (!rig_up(r))
		return false;
	if (ask(r, "start", json_object()))
		return true;
	text = r->refusal ? jtext(r->refusal) : NULL;
	return RIG_BAD(r, "start: %s", text ? text : "no answer");
}

/* ---- pods ---- */

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
	node_says(r, "ovs-vsctl get open . external_ids:ovn-encap-ip", "\"" NODE_IP "\"\n");
	node_says(r, "ip -4 -o addr show br-ex | grep -c " NODE_IP "/24", "1\n");
	node_says(r, "ip -6 addr | grep inet6 | grep -vc ::1/128", "0\n");
	node_says(r, "ovs-vsctl get datapath . capabilities:ct_zero_snat", "\"false\"\n");
	node_says(r, "hostname", "worker-a\n");
	free(run_in_node(r, add_lsp));
	add_pod(r, UID_A, "a", "net1");
	/* Linux refuses such a name: b fails, and a does not care. */
	add_pod(r, UID_B, "b", "a-name-that-is-too-long");
	desire(r);
	wait_until(r, a_runs, "pod a");
	wait_until(r, b_failed, "the failure of pod b");
	if (!strstr(jstr(pod_row(r, UID_B), "message", ""), "a-name-that-is-too-long"))
		RIG_BAD(r, "message of b: %s", jstr(pod_row(r, UID_B), "message", ""));
	node_says(r, "ovs-vsctl get interface v-aaaaaaaa external_ids:ovn-installed", "\"true\"\n");
	node_says(r, "ovs-vsctl get port v-aaaaaaaa other_config", "{transient=\"true\"}\n");
	node_says(r, "cat /sys/class/net/v-aaaaaaaa/mtu", "1300\n");
	node_says(r, "ovs-appctl tnl/neigh/show | grep -c 0a:58:ac:1f:00:0c", "1\n");
	pid = xasprintf("nsenter -t %lld -n -u sh -c 'hostname; ip -o addr show net1 | grep -c -e "
			"10.0.0.1/24 -e fd00::1/64; cat /proc/sys/net/ipv6/conf/net1/accept_dad'",
			jint(pod_row(r, UID_A), "pid", 0));
	node_says(r, pid, "a\n2\n0\n");
}

static void scenario_changes(struct rig *r)
{
	_cleanup_free_ char *kill_a = NULL;

	if (!rig_start(r))
		return;
	free(run_in_node(r, add_lsp));
	/* A stale port with a's iface-id goes; one made by hand for something else stays. */
	free(run_in_node(r, "ip link add stale type dummy 2>/dev/null; ovs-vsctl add-port br-int "
			    "stale -- set interface stale type=internal external_ids:iface-id=a "
			    "-- add-port br-int mine -- set interface mine type=internal"));
	add_pod(r, UID_A, "a", "net1");
	add_pod(r, UID_B, "b", "net1");
	desire(r);
	wait_until(r, a_runs, "pod a");
	wait_until(r, b_waits, "the port of pod b"); /* OVN does not know b: it never installs it */
	node_says(r, "ovs-vsctl list-ports br-int", "mine\nv-aaaaaaaa\nv-bbbbbbbb\n");
	json_array_clear(r->pods);
	add_pod(r, UID_A, "a", "net2"); /* changed; b removed */
	desire(r);
	wait_until(r, gen_done, "the change");
	wait_until(r, a_runs, "pod a again");
	node_says(r, "ovs-vsctl list-ports br-int", "mine\nv-aaaaaaaa\n");
	node_says(r, "ls -d /sys/class/net/v-*", "/sys/class/net/v-aaaaaaaa\n");
	node_says(r, "ls /run/ovnbed-pod", "");
	node_says(r, "grep WARN /var/log/openvswitch/ovs-vswitchd.log", "");
	/* A pause process that dies is said, and put back when asked again. */
	kill_a = xasprintf("kill -9 %lld", jint(pod_row(r, UID_A), "pid", 0));
	free(run_in_node(r, kill_a));
	wait_until(r, a_failed, "the failure of pod a");
	desire(r);
	wait_until(r, a_runs, "pod a after its death");
	json_array_clear(r->pods);
	desire(r);
	wait_until(r, gen_done, "the end");
	node_says(r, "ovs-vsctl list-ports br-int", "mine\n");
	node_says(r, "ls -d /sys/class/net/v-* 2>/dev/null", "");
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
	free(run_in_node(r, add_lsp));
	add_pod(r, UID_A, "a", "net1");
	desire(r);
	wait_until(r, a_runs, "pod a");
	free(run_in_node(r, "kill -11 $(cat /run/openvswitch/ovs-vswitchd.pid)"));
	wait_until(r, vswitchd_exited, "the death of ovs-vswitchd");
	d = daemon_row(r, "ovs-vswitchd");
	if (!str_after(jstr(d, "status", ""), "signal 11 (SEGV)") || !jget(d, "log.0"))
		RIG_BAD(r, "status %s", jstr(d, "status", ""));
	if (daemon_do(r, "ovs-vswitchd", "kill"))
		RIG_BAD(r, "a dead daemon was killed");
	if (!daemon_do(r, "ovs-vswitchd", "start"))
		RIG_BAD(r, "start: %s", json_string_value(r->refusal));
	node_says(r, "ip -4 -o addr show br-ex | grep -c " NODE_IP "/24", "1\n");
	node_says(r, "ovs-vsctl get datapath . capabilities:ct_zero_snat", "\"false\"\n");
	desire(r);
	wait_until(r, a_runs, "pod a after the restart");
	node_says(r, "ovs-appctl tnl/neigh/show | grep -c 0a:58:ac:1f:00:0c", "1\n");
	d = daemon_do(r, "ovn-northd", "stop");
	if (!streq(jstr(d, "state", ""), "stopped"))
		RIG_BAD(r, "ovn-northd is %s", jstr(d, "state", "?"));
	if (!daemon_do(r, "ovn-northd", "start") || !daemon_do(r, "ovsdb-server", "kill") ||
	    !daemon_do(r, "ovsdb-server", "start"))
		RIG_BAD(r, "restart: %s", json_string_value(r->refusal));
	if (daemon_do(r, "no-such-daemon", "kill"))
		RIG_BAD(r, "an unknown daemon was killed");
	if (!str_after(jstr(ask(r, "spawn", json_pack("{s:s}", "name", "ovn-trace")), "ctl", ""),
		       "/run/ovn/ovn-trace."))
		RIG_BAD(r, "ovn-trace has no control socket");
	desire(r);
	wait_until(r, gen_done, "the last state");
	wait_until(r, a_runs, "pod a at the end");
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
	wait_until(r, gen_done, "the pod's port");
	kill(r->agent, SIGKILL);
	wait_until(r, is_ended, "the agent's end");
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
	if (ask(r, "start", json_object()))
		RIG_BAD(r, "it started without schemas");
	else if (!strstr(json_string_value(r->refusal), "vswitch.ovsschema"))
		RIG_BAD(r, "refused with: %s", json_string_value(r->refusal));
}

/* ---- harness ---- */

static bool can_run(const char *name, const char *prefix)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *sw = prefix_program(prefix, "ovs-vswitchd", &e);
	_cleanup_free_ char *ovn = prefix_program(prefix, "ovn-controller", &e);

	if (geteuid() == 0 && sw && ovn)
		return true;
	test_skip("%s: %s", name, geteuid() == 0 ? err_msg(&e) : "not root");
	return false;
}

static bool make_program(const char *dir)
{
	_cleanup_free_ char *path = xasprintf("%s/ovnbed-agent", dir);
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	return f && fputs("#!/bin/sh\nexec sleep 1000\n", f) >= 0 && fchmod(fileno(f), 0755) == 0;
}

static void remove_tree(const char *dir)
{
	const char *argv[] = {"/bin/rm", "-rf", "--one-file-system", dir, NULL};
	struct proc_spec s = PROC_SPEC_INIT;
	pid_t pid;

	s.path = argv[0];
	s.argv = argv;
	pid = proc_spawn(&s, NULL, NULL);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void run_rig(const char *name, void (*scenario)(struct rig *r))
{
	struct ns_spec spec = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET,
			       .die_with_parent = true};
	struct rig r = {.dir = "/tmp/ovnbed-agent-XXXXXX", .prefix = prefix_dir(CACHE)};
	char text[8192] = "";
	int p[2], st = -1;
	ssize_t n;
	pid_t pid;

	if (!can_run(name, r.prefix)) {
		free(r.prefix);
		return;
	}
	CU_ASSERT_PTR_NOT_NULL(mkdtemp(r.dir));
	CU_ASSERT(make_program(r.dir));
	CU_ASSERT_EQUAL(pipe2(p, O_CLOEXEC), 0);
	r.run = xasprintf("%s/n/a", r.dir);
	r.state = xasprintf("%s/s/a", r.dir);
	r.pods = json_array();
	pid = ns_fork(&spec, NULL, NULL);
	if (pid == 0) {
		scenario(&r);
		dprintf(p[1], "%s", r.wrong ? r.wrong : "");
		_exit(r.wrong != NULL);
	}
	close(p[1]);
	n = read(p[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(p[0]);
	waitpid(pid, &st, 0);
	TEST_ROW(st == 0, name, "status %#x: %s", (unsigned)st, text);
	remove_tree(r.dir);
	json_decref(r.pods);
	free(r.run);
	free(r.state);
	free(r.prefix);
}

static void test_pods(void)
{
	run_rig("pods", scenario_pods);
}

static void test_changes(void)
{
	run_rig("changes", scenario_changes);
}

static void test_deaths(void)
{
	run_rig("deaths", scenario_deaths);
}

static void test_end(void)
{
	run_rig("end", scenario_end);
}

static void test_no_programs(void)
{
	_cleanup_free_ char *installed = prefix_schema("/", "vswitch", NULL);

	if (!installed) /* else the machine's own installation serves */
		run_rig("no programs", scenario_no_programs);
}

TEST_SUITE(agent, {"pods", test_pods}, {"changes", test_changes}, {"deaths", test_deaths},
	   {"end", test_end}, {"no programs", test_no_programs})
