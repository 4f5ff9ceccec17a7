/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/rig.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "agent/agent.h"
#include "base/buf.h"
#include "sys/mnt.h"
#include "sys/ns.h"
#include "sys/prefix.h"

#define CACHE "/var/cache/ovnbed"

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
json_t *rig_ask(struct rig *r, const char *method, json_t *params)
{
	_cleanup_err_ struct err e = ERR_INIT;

	r->answered = false;
	jrpc_call(r->rpc, method, json_pack("[o]", params), 0, on_answer, r);
	if (loop_wait(r->ev, WAIT_US, is_answered, r, method, &e) < 0)
		RIG_BAD(r, "%s", err_msg(&e));
	return r->answer;
}

json_t *rig_daemon(struct rig *r, const char *name, const char *action)
{
	return rig_ask(r, "daemon", json_pack("{s:s, s:s}", "name", name, "action", action));
}

const json_t *rig_row(const json_t *list, const char *key, const char *value)
{
	json_t *x;
	size_t i;

	json_array_foreach(list, i, x)
		if (streq(jstr(x, key, ""), value))
			return x;
	return NULL;
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

bool rig_wait(struct rig *r, bool (*fn)(struct rig *r), const char *what)
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

char *rig_shell(struct rig *r, const char *command)
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

bool rig_says(struct rig *r, const char *command, const char *want)
{
	_cleanup_free_ char *got = rig_shell(r, command);

	return streq(got, want) ? true : RIG_BAD(r, "%s: \"%s\", not \"%s\"", command, got, want);
}

/* ---- life of a rig ---- */

static json_t *nics(const struct rig *r)
{
	json_t *list = json_array();

	for (int i = 0; i <= r->nics; i++)
		json_array_append_new(list, jstringf("eth%d", i));
	return list;
}

static json_t *config(struct rig *r)
{
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[s], s:n, s:i,"
			 " s:s, s:s, s:o, s:s}",
			 "role", "node", "name", "worker-a", "index", 0, "run", r->run, "state",
			 r->state, "cache", r->dir, "prefix", r->prefix, "program_dir", r->dir,
			 "zones", "interconnect", "datapath", "netdev", "chassis", "chassis-a",
			 "addresses", NODE_IP "/24", "gateway", "mtu", 1500, "mac",
			 "0a:58:ac:1f:00:0b", "encap_ip", NODE_IP, "nics", nics(r), "host_uuid",
			 "11111111-1111-4111-8111-111111111111");
}

/* eth0 as the node's own; eth1, eth2 … with other MACs. */
static bool attach_nic(struct rig *r, int n, struct err *e)
{
	_cleanup_close_ int netns = ns_open(r->agent, "net", e);
	_cleanup_free_ char *cable = xasprintf("cable%d", n), *name = xasprintf("eth%d", n);
	_cleanup_free_ char *mac = xasprintf("0a:58:ac:1f:%02x:0b", n);
	struct link_end a = {.name = cable, .netns = -1, .up = true};
	struct link_end b = {.name = name, .netns = netns, .mac = mac};

	return netns >= 0 && link_add_veth(r->net, &a, &b, e) >= 0;
}

bool rig_plug(struct rig *r, int n)
{
	_cleanup_err_ struct err e = ERR_INIT;

	return attach_nic(r, n, &e) ? true : RIG_BAD(r, "%s", err_msg(&e));
}

bool rig_up(struct rig *r)
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
	for (int i = 0; i <= r->nics; i++)
		if (!rig_plug(r, i))
			return false;
	return true;
}

bool rig_start(struct rig *r)
{
	_cleanup_free_ char *text = NULL;

	if (!rig_up(r))
		return false;
	if (rig_ask(r, "start", json_object()))
		return true;
	text = r->refusal ? jtext(r->refusal) : NULL;
	return RIG_BAD(r, "start: %s", text ? text : "no answer");
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

void rig_run(const char *name, void (*scenario)(struct rig *r))
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
