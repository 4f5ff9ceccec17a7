/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/session.h"
#include "cmd/verbs.h"
#include "lab/exec.h"
#include "sys/prefix.h"
#include "virt/guest.h"

struct exec_args {
	const char *lab;
	bool stdin_;
};

static const struct opt exec_opts[] = {
	SESSION_OPT(struct exec_args),
	{"stdin", 'i', OPT_FLAG, offsetof(struct exec_args, stdin_), NULL,
	 "Give standard input to the command (VMs; elsewhere it always has it)", NULL},
	{0},
};

/* ---- VMs: the guest agent ---- */

static void put_base64(FILE *out, const char *text)
{
	size_t n = 0;
	_cleanup_free_ char *data = guest_unbase64(text, &n);

	if (data)
		fwrite(data, 1, n, out);
}

static char *read_stdin(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	char tmp[65536];
	ssize_t n;

	while ((n = read(STDIN_FILENO, tmp, sizeof(tmp))) > 0)
		buf_add(&b, tmp, (size_t)n);
	return guest_base64(b.data ? b.data : "", b.len);
}

static int exec_vm(struct session *s, const char *vm, int argc, char **argv, bool with_stdin)
{
	json_t *list = json_array();
	_cleanup_json_ json_t *body = json_pack("{s:s, s:o}", "vm", vm, "argv", list);
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	for (int i = 0; i < argc; i++)
		json_array_append_new(list, jstring(argv[i]));
	if (with_stdin) {
		_cleanup_free_ char *in = read_stdin();

		jset_str(body, "stdin64", in);
	}
	client_set_timeout(s->client, 620 * USEC_PER_SEC);
	reply = client_verb(s->client, "exec", body, &e);
	if (!reply)
		return cmd_err(&e);
	put_base64(stdout, jstr(reply, "out64", ""));
	put_base64(stderr, jstr(reply, "err64", ""));
	return (int)jint(reply, "code", CMD_INTERNAL);
}

/* ---- everything else: namespaces ---- */

static int exec_ns(struct session *s, const char *endpoint, int argc, char **args)
{
	_cleanup_free_ const char **argv = xcalloc((size_t)argc + 1, sizeof(*argv));
	_cleanup_free_ char *prefix = prefix_dir(s->paths.cache);
	_cleanup_err_ struct err e = ERR_INIT;
	pid_t chain[8], pid;
	struct exec_spec spec = {
		.chain = chain, .argv = argv, .fds = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}};
	int n = exec_chain(s->client, &s->paths, endpoint, chain, ARRAY_SIZE(chain), &e), r;
	char **env;

	if (n < 0)
		return cmd_err(&e);
	for (int i = 0; i < argc; i++)
		argv[i] = args[i];
	env = prefix_env(prefix, NULL);
	spec.n = (size_t)n;
	spec.envp = env;
	pid = exec_start(&spec, &e);
	r = pid < 0 ? (int)pid : exec_wait(pid, &e);
	prefix_env_free(env);
	return r < 0 ? cmd_err(&e) : r;
}

static int run(int argc, char **argv)
{
	struct exec_args a = {0};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;
	int r;

	if (opts_parse(&cmd_exec, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n < 2)
		return cmd_error(CMD_USAGE, "expected KIND/NAME -- COMMAND…");
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	if (str_after(ops.v[0], "vm/"))
		return exec_vm(&s, ops.v[0], ops.n - 1, ops.v + 1, a.stdin_);
	return exec_ns(&s, ops.v[0], ops.n - 1, ops.v + 1);
}

const struct cmd cmd_exec = {
	.name = "exec",
	.args = "KIND/NAME -- COMMAND…",
	.summary = "Run a command in a node, pod, host or VM",
	.help = "In a node, ovs-vsctl, ovn-nbctl, ovn-sbctl, ovs-appctl and virsh work with no "
		"flag.\n"
		"In a VM the command is run by the guest agent. The exit code is the command's.",
	.run = run,
	.opts = exec_opts,
};
