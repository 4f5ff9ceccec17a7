/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's side of the node agents: starting them, what they should do, what they say. */
#include "lab/lab.h"

#include <errno.h>

#include "agent/agent.h"
#include "base/buf.h"
#include "fabric/fabric.h"
#include "lab/bringup.h"
#include "lab/fault_list.h"
#include "lab/mapping_nodes.h"
#include "lab/reconcile.h"
#include "lab/topology.h"
#include "sys/link.h"
#include "sys/ns.h"

/* ---- messages ---- */

static bool daemon_runs(const json_t *d)
{
	return streq(jstr(d, "state", ""), "running");
}

/* Tells of daemons that ended since the last status. */
static void log_deaths(const struct lab_node *n, const json_t *now)
{
	json_t *d, *o;
	size_t i, k;

	json_array_foreach(json_object_get(now, "daemons"), i, d) {
		bool ran = false;

		json_array_foreach(json_object_get(n->status, "daemons"), k, o)
			ran |= streq0(jstr(o, "name", NULL), jstr(d, "name", "")) && daemon_runs(o);
		if (ran && !daemon_runs(d))
			log_warn("node/%s: %s ended: %s", n->name, jstr(d, "name", "?"),
				 jstr(d, "status", "?"));
	}
}

/* A database server that was started again: its zones can be written again. */
static void reopen_zones(struct lab_node *n)
{
	struct lab *lab = n->lab;
	bool runs = false;
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(n->status, "daemons"), i, d)
		runs |= streq(jstr(d, "name", ""), "ovsdb-server") && daemon_runs(d) &&
			jbool(d, "ready", false);
	for (i = 0; runs && i < lab->n_zones; i++)
		if (lab->zones[i].host == n && lab->zones[i].problem)
			lab_zone_open(&lab->zones[i]);
}

static void on_request(void *arg, struct jrpc *j, const char *method, const json_t *params,
		       const json_t *id)
{
	struct lab_node *n = arg;

	if (!streq(method, "status")) {
		if (id)
			jrpc_reply(j, id, NULL, jstringf("unknown method \"%s\"", method));
		return;
	}
	if (json_is_array(params))
		params = json_array_get(params, 0);
	log_deaths(n, params);
	json_decref(n->status);
	n->status = json_incref((json_t *)params);
	reopen_zones(n);
	reconcile_kick(n->lab);
}

static void on_closed(void *arg, struct jrpc *j, const char *why)
{
	struct lab_node *n = arg;

	(void)j;
	if (!n->death)
		n->death = xasprintf("the node agent is gone: %s", why);
	log_warn("node/%s: %s", n->name, n->death);
	reconcile_kick(n->lab);
}

static const struct jrpc_ops node_ops = {.request = on_request, .closed = on_closed};

static void agent_died(void *arg, pid_t pid, int wstatus)
{
	struct lab_node *n = arg;
	_cleanup_free_ char *text = proc_status_text(wstatus);

	(void)pid;
	free(n->death);
	n->death = xasprintf("the node agent ended: %s", text);
	n->pid = 0;
	log_warn("node/%s: %s", n->name, n->death);
	faults_node_died(n->lab, n->name);
	reconcile_kick(n->lab);
}

/* ---- start ---- */

static json_t *nic_names(const struct lab_node *n)
{
	json_t *names = json_pack("[s]", "eth0"), *nic;
	size_t i;

	json_array_foreach(json_object_get(n->spec, "nics"), i, nic)
		json_array_append(names, json_object_get(nic, "name"));
	return names;
}

static json_t *node_config(const struct lab_node *n)
{
	struct lab *lab = n->lab;
	_cleanup_free_ char *run = xasprintf("%s/n/%s", lab->paths->run, n->name);
	_cleanup_free_ char *state = xasprintf("%s/n/%s", lab->paths->state, n->name);
	const char *cp = jstr(lab->topo, "control_plane.ip", "");
	bool v6 = strchr(cp, ':') != NULL, central = streq(jstr(lab->topo, "zones", ""), "central");
	json_t *c = json_pack(
		"{s:s, s:s, s:I, s:s, s:s, s:s, s:o, s:o, s:s, s:s}", "role",
		n->control_plane ? "control-plane" : "node", "name", n->name, "index",
		(json_int_t)jint(n->spec, "index", 0), "run", run, "state", state, "cache",
		lab->paths->cache, "prefix", jstring(jstr(lab->options, "prefix", NULL)),
		"program_dir", jstring(jstr(lab->options, "program_dir", NULL)), "zones",
		jstr(lab->topo, "zones", ""), "datapath", jstr(lab->options, "datapath", "netdev"));

	json_object_update_missing(c, (json_t *)n->spec);
	json_object_set_new(c, "mtu", json_integer(jint(lab->topo, "underlay.mtu", 1500)));
	json_object_set_new(c, "nics", nic_names(n));
	json_object_set_new(c, "hosts", json_incref(json_object_get(lab->options, "hosts")));
	if (central)
		json_object_set_new(c, "sb_remote",
				    jstringf(v6 ? "tcp:[%s]:6642" : "tcp:%s:6642", cp));
	return c;
}

/* The agent, in a network namespace without NICs. */
static int spawn_agent(struct lab_node *n, int *ret_netns, struct err *e)
{
	_cleanup_json_ json_t *config = node_config(n);
	_cleanup_link_ struct link_ctx *link = NULL;
	_cleanup_close_ int netns = -1;
	int fd = -1, r;

	n->pid = agent_spawn(config, &fd, e);
	if (n->pid < 0) {
		n->pid = 0;
		return err_wrap(e, "node/%s", n->name);
	}
	n->rpc = jrpc_new(n->lab->ev, fd, &node_ops, n);
	reaper_watch(n->lab->reaper, n->pid, agent_died, n);
	netns = ns_open(n->pid, "net", e);
	/* before its first NIC is born, so that this need not be taken back by the agent */
	r = netns < 0 ? netns : link_open(netns, &link, e);
	if (r >= 0)
		r = link_ipv6_off(link, e);
	if (r < 0)
		return err_wrap(e, "node/%s", n->name);
	*ret_netns = TAKE_FD(netns);
	return 0;
}

static int spawn(struct lab_node *n, struct err *e)
{
	_cleanup_close_ int netns = -1;
	int r = spawn_agent(n, &netns, e);

	if (r < 0)
		return r;
	r = fabric_attach(n->lab->fabric, n->name, n->pid, netns, jstr(n->spec, "mac", NULL),
			  json_object_get(n->spec, "nics"), e);
	if (r >= 0)
		r = bringup_node(n, e);
	return r < 0 ? err_wrap(e, "node/%s", n->name) : 0;
}

int lab_node_respawn(struct lab_node *n, struct err *e)
{
	static const char *const run[] = {"ovs", "ovn", "virt", "vm", "pod"};
	_cleanup_close_ int netns = -1;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(run); i++) {
		_cleanup_free_ char *dir =
			xasprintf("%s/n/%s/%s", n->lab->paths->run, n->name, run[i]);

		r = path_remove(dir, e);
	}
	if (r < 0)
		return r;
	jrpc_free(n->rpc);
	n->rpc = NULL;
	json_decref(n->status);
	n->status = NULL;
	lab_node_forget(n);
	free(n->death);
	n->death = NULL;
	n->started = false;
	r = spawn_agent(n, &netns, e);
	if (r < 0)
		n->death = xstrdup(err_msg(e));
	else
		fabric_rehome(n->lab->fabric, n->name, n->pid);
	return r;
}

static void nodes_init(struct lab *lab)
{
	json_t *list = json_object_get(lab->topo, "nodes"), *spec;
	bool central = streq(jstr(lab->topo, "zones", ""), "central");
	size_t i;

	lab->n_nodes = json_array_size(list) + central;
	lab->nodes = xcalloc(lab->n_nodes, sizeof(*lab->nodes));
	json_array_foreach(list, i, spec) {
		lab->nodes[i].spec = spec;
		lab->nodes[i].name = xstrdup(jstr(spec, "name", ""));
	}
	if (central) {
		lab->nodes[i].spec = json_object_get(lab->topo, "control_plane");
		lab->nodes[i].name = xstrdup("control-plane");
		lab->nodes[i].control_plane = true;
	}
	for (i = 0; i < lab->n_nodes; i++)
		lab->nodes[i].lab = lab;
}

/* Database files of all nodes, written before the first fork: cheaper here than in the children. */
static int prepare_all(struct lab *lab, struct err *e)
{
	for (size_t i = 0; i < lab->n_nodes; i++) {
		_cleanup_json_ json_t *config = node_config(&lab->nodes[i]);
		int r = agent_prepare(config, e);

		if (r < 0)
			return err_wrap(e, "node/%s", lab->nodes[i].name);
	}
	return 0;
}

int lab_nodes_spawn(struct lab *lab, struct err *e)
{
	nodes_init(lab);
	if (prepare_all(lab, e) < 0)
		return -e->code;
	/* the control plane first: its databases are what the others' controllers connect to */
	for (size_t i = 0; i < lab->n_nodes; i++) {
		bool central = lab->nodes[lab->n_nodes - 1].control_plane;
		int r = spawn(&lab->nodes[(i + lab->n_nodes - central) % lab->n_nodes], e);

		if (r < 0)
			return r;
	}
	return fabric_start(lab->fabric, e);
}

/* ---- desired state ---- */

void lab_node_desire(struct lab_node *n, json_t *desired)
{
	json_t *msg;

	if (!n->rpc || n->death || !n->started || (n->desired && json_equal(n->desired, desired))) {
		json_decref(desired);
		return;
	}
	json_decref(n->desired);
	n->desired = desired;
	msg = json_copy(desired);
	json_object_set_new(msg, "gen", json_integer(++n->gen));
	jrpc_notify(n->rpc, "desired", json_pack("[o]", msg));
}

void lab_node_forget(struct lab_node *n)
{
	json_decref(n->desired);
	n->desired = NULL;
}

/* ---- queries ---- */

struct lab_node *lab_node_find(struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->n_nodes; i++)
		if (streq(lab->nodes[i].name, name))
			return &lab->nodes[i];
	return NULL;
}

static const json_t *runtime(struct lab *lab, const char *list, const char *uid)
{
	for (size_t i = 0; i < lab->n_nodes; i++) {
		json_t *row;
		size_t k;

		if (lab->nodes[i].death)
			continue;
		json_array_foreach(json_object_get(lab->nodes[i].status, list), k, row)
			if (streq0(jstr(row, "uid", NULL), uid))
				return row;
	}
	return NULL;
}

const json_t *lab_pod_runtime(struct lab *lab, const char *uid)
{
	return runtime(lab, "pods", uid);
}

const json_t *lab_vm_runtime(struct lab *lab, const char *vmi_uid)
{
	return runtime(lab, "vms", vmi_uid);
}

bool lab_node_healthy(const struct lab_node *n)
{
	json_t *d;
	size_t i;

	if (n->death || !n->status)
		return false;
	json_array_foreach(json_object_get(n->status, "daemons"), i, d)
		if (!daemon_runs(d))
			return false;
	return true;
}

char *lab_node_path(const struct lab_node *n, const char *dir, const char *file)
{
	return xasprintf("%s/n/%s/%s/%s", n->lab->paths->run, n->name, dir, file);
}

const json_t *lab_node_network(const struct lab_node *n)
{
	const json_t *network = json_object_get(n->status, "network");

	return json_is_object(network) && !n->death ? network : NULL;
}

char *lab_node_mappings(const struct lab_node *n)
{
	return mapping_text(lab_node_network(n));
}
