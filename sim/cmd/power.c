/* SPDX-License-Identifier: Apache-2.0 */
/* start, stop, restart: KubeVirt's subresources of a VirtualMachine. */
#include <stddef.h>

#include "cmd/session.h"
#include "cmd/verbs.h"

struct power_args {
	const char *lab, *ns;
};

static const struct opt power_opts[] = {
	SESSION_OPT(struct power_args),
	{"namespace", 'n', OPT_STRING, offsetof(struct power_args, ns), "NS",
	 "Namespace (default: default)", NULL},
	{0},
};

/* "vm/NS/NAME", "vm/NAME", "NAME" */
static int request(struct session *s, const char *ns, const char *ref, const char *verb)
{
	const char *rest = str_after(ref, "vm/") ? ref + 3 : ref, *slash = strchr(rest, '/');
	_cleanup_free_ char *own =
		slash ? xstrndup(rest, (size_t)(slash - rest)) : xstrdup(ns ? ns : "default");
	_cleanup_free_ char *path =
		xasprintf("/apis/subresources.kubevirt.io/v1/namespaces/%s/virtualmachines/%s/%s",
			  own, slash ? slash + 1 : rest, verb);
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = client_call(s->client, "PUT", path, NULL, &e);

	if (!reply)
		return cmd_error(CMD_FAIL, "%s %s: %s", verb, ref, err_msg(&e));
	printf("VM %s was scheduled to %s\n", slash ? slash + 1 : rest, verb);
	return CMD_OK;
}

static int power(const struct cmd *c, int argc, char **argv)
{
	struct power_args a = {0};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;
	int worst = CMD_OK, r;

	if (opts_parse(c, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (!ops.n)
		return cmd_error(CMD_USAGE, "expected the name of a VM");
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	for (int i = 0; i < ops.n; i++) {
		r = request(&s, a.ns, ops.v[i], c->name);
		worst = MAX(worst, r);
	}
	return worst;
}

static int run_start(int argc, char **argv)
{
	return power(&cmd_start, argc, argv);
}
static int run_stop(int argc, char **argv)
{
	return power(&cmd_stop, argc, argv);
}
static int run_restart(int argc, char **argv)
{
	return power(&cmd_restart, argc, argv);
}

const struct cmd cmd_start = {
	.name = "start",
	.args = "VM…",
	.summary = "Start virtual machines",
	.run = run_start,
	.opts = power_opts,
};
const struct cmd cmd_stop = {
	.name = "stop",
	.args = "VM…",
	.summary = "Stop virtual machines",
	.run = run_stop,
	.opts = power_opts,
};
const struct cmd cmd_restart = {
	.name = "restart",
	.args = "VM…",
	.summary = "Restart virtual machines; what RestartRequired announces takes effect",
	.run = run_restart,
	.opts = power_opts,
};
