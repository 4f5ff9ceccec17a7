/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of machines and their daemons. */
#include "lab/fault_list.h"

#include <errno.h>
#include <signal.h>

#include "base/buf.h"
#include "fabric/fabric.h"

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

static int kill_node(struct fault *f, struct err *e)
{
	struct lab_node *n = node_of(f, e);

	if (!n)
		return -ENOENT;
	if (!n->pid || n->death)
		return err_set(e, EBUSY, "node/%s is dead already", n->name);
	if (kill(n->pid, (int)jint(f->spec, "signal", SIGKILL)) < 0)
		return err_errno(e, errno, "kill node/%s", n->name);
	return FAULT_LATER;
}

void faults_node_died(struct lab *lab, const char *node)
{
	struct fault *next;

	for (struct fault *f = lab->faults; f; f = next) {
		next = f->next;
		if (f->ops->apply == kill_node && streq(jstr(f->spec, "machine", ""), node))
			fault_finished(f, NULL);
	}
}

static int raise_node(struct fault *f, struct err *e)
{
	return err_set(e, EOPNOTSUPP,
		       "node/%s stays dead: a killed node is not started again; `ovnbed down` and "
		       "`ovnbed up` make a new lab",
		       jstr(f->spec, "machine", ""));
}

/* ---- daemons ---- */

static void on_daemon(void *arg, const json_t *result, const json_t *error)
{
	struct fault *f = arg;
	_cleanup_free_ char *text = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (result) {
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
