/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of machines and their daemons. */

#include <errno.h>
#include <signal.h>

#include "base/buf.h"
#include "lab/bringup.h"
#include "lab/fault_fabric.h"
#include "lab/reconcile.h"

#define DAEMON_TIMEOUT (30 * USEC_PER_SEC)
#define FABRIC "fabric" /* the machine of the switches' daemons */

static struct lab_node *node_of(const struct fault *f, struct err *e)
{
	const char *name = jstr(f->spec, "machine", "");
	struct lab_node *n = lab_node_find(f->lab, name);
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (n)
		return n;
	for (size_t i = 0; i < f->lab->n_nodes; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", f->lab->nodes[i].name);
	err_set(e, ENOENT, "there is no node %s; there are %s", name, buf_str(&b));
	return NULL;
}

/* ---- the whole node ---- */

/* The state of the node's NICs: they are as they were when it is switched on again. */
static int save_nics(struct fault *f, const struct lab_node *n, struct err *e)
{
	json_t *nics = json_object();
	size_t count;
	const struct fabric_port *const *v = fabric_ports(f->lab->fabric, &count);

	json_object_set_new(f->saved, "nics", nics);
	for (size_t i = 0; i < count; i++) {
		json_t *state;
		int r;

		if (!streq(v[i]->machine, n->name) || !v[i]->plugged)
			continue;
		state = json_object();
		json_object_set_new(nics, v[i]->nic, state);
		r = fault_nic_save(f->lab, n->name, v[i]->nic, state, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int kill_node(struct fault *f, struct err *e)
{
	struct lab_node *n = node_of(f, e);
	int r;

	if (!n)
		return -ENOENT;
	if (!n->pid || n->death)
		return err_set(e, EBUSY, "node/%s is dead already", n->name);
	r = save_nics(f, n, e);
	if (r < 0)
		return r;
	if (kill(n->pid, (int)jint(f->spec, "signal", SIGKILL)) < 0)
		return err_errno(e, errno, "kill node/%s", n->name);
	return FAULT_LATER;
}

/* One cable less, or more, to wait for; true when it was the last. */
static bool last_cable(struct fault *f, const struct err *e)
{
	if (e && !f->problem)
		f->problem = xstrdup(err_msg(e));
	return --f->waiting == 0;
}

/* What the cables came to. Clears the problem. */
static void finish_cables(struct fault *f)
{
	_cleanup_free_ char *problem = TAKE_PTR(f->problem);
	_cleanup_err_ struct err e = ERR_INIT;

	if (problem)
		err_set(&e, EIO, "%s", problem);
	fault_finished(f, problem ? &e : NULL);
}

static void on_gone(void *arg, const struct err *e)
{
	if (last_cable(arg, e))
		finish_cables(arg);
}

/* The switches let go of cables whose far ends have gone with the node. */
static void drop_cables(struct fault *f, const char *node)
{
	const char *nic;
	json_t *state;

	f->waiting = 1;
	json_object_foreach(json_object_get(f->saved, "nics"), nic, state) {
		_cleanup_err_ struct err e = ERR_INIT;

		f->waiting++;
		if (fabric_unplug(f->lab->fabric, node, nic, on_gone, f, &e) < 0)
			last_cable(f, &e);
	}
	on_gone(f, NULL);
}

void faults_node_died(struct lab *lab, const char *node)
{
	struct fault *next;

	for (struct fault *f = lab->faults; f; f = next) {
		next = f->next;
		if (f->ops->apply == kill_node && f->state == FAULT_APPLYING &&
		    streq(jstr(f->spec, "machine", ""), node))
			drop_cables(f, node);
	}
}

/* ---- and back ---- */

static void fail_raise(struct fault *f, const struct lab_node *n)
{
	if (n->pid > 0)
		kill(n->pid, SIGKILL);
	finish_cables(f);
}

/* The node's daemons run: the NICs get what they had, pods and rows follow by reconciliation. */
static void on_back(void *arg, const json_t *result, const json_t *error)
{
	struct fault *f = arg;
	struct lab_node *n = node_of(f, NULL);
	_cleanup_err_ struct err e = ERR_INIT;
	const char *nic;
	json_t *state;

	if (error) {
		f->problem =
			json_is_string(error) ? xstrdup(json_string_value(error)) : jtext(error);
		fail_raise(f, n);
		return;
	}
	bringup_back(n, result);
	json_object_foreach(json_object_get(f->saved, "nics"), nic, state)
		if (!f->problem && fault_nic_restore(f->lab, n->name, nic, state, &e) < 0)
			f->problem = xstrdup(err_msg(&e));
	reconcile_kick(f->lab);
	finish_cables(f);
}

static void on_plugged(void *arg, const struct err *e)
{
	struct fault *f = arg;
	struct lab_node *n = node_of(f, NULL);
	_cleanup_err_ struct err own = ERR_INIT;

	if (!last_cable(f, e))
		return;
	if (!f->problem && bringup_again(n, on_back, f, &own) < 0)
		f->problem = xstrdup(err_msg(&own));
	if (f->problem)
		fail_raise(f, n);
}

/* Switched on again: with its disks and cables, without what was in memory. */
static int raise_node(struct fault *f, struct err *e)
{
	struct lab_node *n = node_of(f, e);
	const char *nic;
	json_t *state;
	int r;

	if (!n)
		return -ENOENT;
	if (!n->death)
		return err_set(e, EBUSY, "node/%s lives", n->name);
	r = lab_node_respawn(n, e);
	if (r < 0)
		return r;
	f->waiting = 1;
	json_object_foreach(json_object_get(f->saved, "nics"), nic, state) {
		_cleanup_err_ struct err own = ERR_INIT;

		f->waiting++;
		if (fabric_plug(f->lab->fabric, n->name, nic, on_plugged, f, &own) < 0)
			last_cable(f, &own);
	}
	on_plugged(f, NULL);
	return FAULT_LATER;
}

/* ---- daemons ---- */

static void on_status(void *arg, const json_t *result, const json_t *error)
{
	(void)result;
	(void)error;
	fault_finished(arg, NULL);
}

/*
 * The daemon has ended, or is ready; the agent tells so after its answer. What it says behind a
 * further question is known when that is answered: no probe must believe in a dead daemon.
 */
static void on_daemon(void *arg, const json_t *result, const json_t *error)
{
	struct fault *f = arg;
	const struct lab_node *n = node_of(f, NULL);
	_cleanup_free_ char *text = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (result) {
		if (jrpc_call(n->rpc, "status", json_array(), DAEMON_TIMEOUT, on_status, f) < 0)
			fault_finished(f, NULL);
		return;
	}
	text = json_is_string(error) ? xstrdup(json_string_value(error)) : jtext(error);
	err_set(&e, EIO, "%s", text);
	fault_finished(f, &e);
}

/* Everything behind an Open vSwitch. */
static void touch_fabric(struct fault *f)
{
	size_t n;
	const struct fabric_port *const *v = fabric_ports(f->lab->fabric, &n);

	for (size_t i = 0; i < n; i++)
		if (v[i]->ovs)
			jadd_str(f->machines, v[i]->machine);
}

static void on_fabric(void *arg, const struct err *e)
{
	fault_finished(arg, e);
}

static int daemon_request(struct fault *f, const char *action, int sig, struct err *e)
{
	const char *name = jstr(f->spec, "daemon", "");
	struct lab_node *n;
	long r;

	if (streq(jstr(f->spec, "machine", ""), FABRIC)) {
		touch_fabric(f);
		r = fabric_daemon(f->lab->fabric, name, action, sig, on_fabric, f, e);
		return r < 0 ? (int)r : FAULT_LATER;
	}
	n = node_of(f, e);
	if (!n)
		return -ENOENT;
	if (n->death)
		return err_set(e, EHOSTDOWN, "node/%s: %s", n->name, n->death);
	r = jrpc_call(n->rpc, "daemon",
		      json_pack("[{s:s, s:s, s:i}]", "name", name, "action", action, "signal", sig),
		      DAEMON_TIMEOUT, on_daemon, f);
	return r < 0 ? err_errno(e, (int)-r, "node/%s", n->name) : FAULT_LATER;
}

static int daemon_end(struct fault *f, struct err *e)
{
	return daemon_request(f, jstr(f->spec, "kind", "kill"),
			      (int)jint(f->spec, "signal", SIGKILL), e);
}

static int daemon_start(struct fault *f, struct err *e)
{
	const struct lab_node *n = lab_node_find(f->lab, jstr(f->spec, "machine", ""));

	if (n && n->death) /* its daemons are not missed */
		return 0;
	if (jint(f->spec, "signal", 0) == SIGSTOP)
		return daemon_request(f, "kill", SIGCONT, e);
	return daemon_request(f, "start", 0, e);
}

static bool is_daemon(const json_t *spec)
{
	return json_object_get(spec, "daemon") != NULL;
}

static bool is_node(const json_t *spec)
{
	return !is_daemon(spec);
}

const struct fault_ops fault_node_ops[] = {
	{"kill", kill_node, raise_node, is_node},
	{"kill", daemon_end, daemon_start, is_daemon},
	{"stop", daemon_end, daemon_start, NULL},
	{0},
};
