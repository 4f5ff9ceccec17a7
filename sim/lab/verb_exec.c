/* SPDX-License-Identifier: Apache-2.0 */
/* POST …/exec: a command inside a VM, by its guest agent. */
#include "lab/verbs.h"

#include <errno.h>

#include "api/meta.h"
#include "api/status.h"
#include "lab/controllers.h"
#include "lab/endpoint.h"
#include "virt/guest.h"

#define POLL_US (50 * USEC_PER_MSEC)
#define EXEC_LIMIT_US (600 * USEC_PER_SEC)
#define RPC_TIMEOUT (30 * USEC_PER_SEC)

struct exec {
	struct lab *lab;
	struct api_call *call; /* NULL once cancelled */
	struct lab_node *node;
	char *uid;
	long long pid;
	uint64_t end;
	sd_event_source *timer;
};

static void exec_free(struct exec *x)
{
	sd_event_source_disable_unref(x->timer);
	free(x->uid);
	free(x);
}

static void on_cancel(void *arg)
{
	struct exec *x = arg;

	x->call = NULL;
}

static void fail(struct exec *x, const struct err *e)
{
	if (x->call)
		verb_refuse(x->call, e);
	exec_free(x);
}

static void ask(struct exec *x, json_t *cmd, jrpc_reply_fn fn)
{
	jrpc_call(x->node->rpc, "vm",
		  json_pack("[{s:s, s:s, s:{s:o, s:i}}]", "uid", x->uid, "verb", "agent", "args",
			    "cmd", cmd, "timeout", 10),
		  RPC_TIMEOUT, fn, x);
}

/* True when the answer is an error, which ends the call. */
static bool answered_badly(struct exec *x, const json_t *result, const json_t *error)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *text = error && !json_is_string(error) ? jtext(error) : NULL;

	if (result)
		return false;
	err_set(&e, EAGAIN, "guest agent: %s",
		json_is_string(error) ? json_string_value(error) : text);
	fail(x, &e);
	return true;
}

static int on_poll(sd_event_source *s, uint64_t usec, void *arg);

static void on_status(void *arg, const json_t *result, const json_t *error)
{
	struct exec *x = arg;
	_cleanup_guest_result_ struct guest_result g = {0};
	_cleanup_err_ struct err e = ERR_INIT;

	if (answered_badly(x, result, error))
		return;
	if (guest_exec_result(result, &g, &e) < 0) {
		fail(x, &e);
		return;
	}
	if (!g.exited && x->call && mono_usec() < x->end) {
		x->timer = sd_event_source_disable_unref(x->timer);
		loop_after(x->lab->ev, POLL_US, on_poll, x, &x->timer);
		return;
	}
	if (!g.exited) {
		err_set(&e, ETIMEDOUT, "the command still runs");
		fail(x, &e);
		return;
	}
	if (x->call) {
		_cleanup_free_ char *out = guest_base64(g.out ? g.out : "", g.out_len);
		_cleanup_free_ char *errs = guest_base64(g.err ? g.err : "", g.err_len);

		api_call_reply(x->call, 200,
			       json_pack("{s:i, s:s, s:s, s:b}", "code",
					 g.signal ? 128 + g.signal : g.code, "out64", out, "err64",
					 errs, "truncated", g.truncated));
	}
	exec_free(x);
}

static int on_poll(sd_event_source *s, uint64_t usec, void *arg)
{
	struct exec *x = arg;

	(void)s;
	(void)usec;
	ask(x, guest_exec_status(x->pid), on_status);
	return 0;
}

static void on_started(void *arg, const json_t *result, const json_t *error)
{
	struct exec *x = arg;
	_cleanup_err_ struct err e = ERR_INIT;

	if (answered_badly(x, result, error))
		return;
	x->pid = guest_exec_pid(result, &e);
	if (x->pid < 0) {
		fail(x, &e);
		return;
	}
	ask(x, guest_exec_status(x->pid), on_status);
}

static const char **argv_of(const json_t *list)
{
	const char **argv = xcalloc(json_array_size(list) + 1, sizeof(*argv));
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		argv[i] = json_is_string(v) ? json_string_value(v) : "";
	return argv;
}

static int begin(struct lab *lab, struct api_call *call, const json_t *body, struct err *e)
{
	_cleanup_free_ char *name = endpoint_canon(jstr(body, "vm", ""), e);
	const json_t *list = json_object_get(body, "argv"), *vmi, *pod;
	_cleanup_free_ const char **argv = argv_of(list);
	_cleanup_free_ char *ns = NULL, *input = NULL;
	struct lab_node *node;
	size_t len = 0;
	struct exec *x;
	int r;

	if (!name || !str_after(name, "vm/"))
		return e->code ? -e->code : err_set(e, EINVAL, "expected vm/NAME");
	if (!json_array_size(list))
		return err_set(e, EINVAL, "argv: expected a command");
	r = endpoint_check(lab, name, e);
	if (r < 0)
		return r;
	ns = xstrndup(name + 3, strcspn(name + 3, "/"));
	vmi = store_peek(lab->store, &kind_vmi, ns, strrchr(name, '/') + 1);
	pod = ctl_launcher_pod(lab, vmi);
	node = lab_node_find(lab, jstr(pod, "spec.nodeName", ""));
	if (!node || node->death)
		return err_set(e, EHOSTDOWN, "the node of %s is dead", name);
	if (!meta_condition_true(vmi, "AgentConnected"))
		return err_set(e, EAGAIN,
			       "%s: its guest agent is not connected yet; `ovnbed wait %s`", name,
			       name);
	if (jstr(body, "stdin64", NULL))
		input = guest_unbase64(jstr(body, "stdin64", ""), &len);
	x = xcalloc(1, sizeof(*x));
	*x = (struct exec){.lab = lab,
			   .call = call,
			   .node = node,
			   .uid = xstrdup(meta_uid(vmi)),
			   .end = mono_usec() + EXEC_LIMIT_US};
	api_call_on_cancel(call, on_cancel, x);
	ask(x, guest_exec(argv, NULL, input, len), on_started);
	return 0;
}

void verb_exec(void *arg, struct api_call *call)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (begin(arg, call, api_call_body(call), &e) < 0)
		verb_refuse(call, &e);
}
