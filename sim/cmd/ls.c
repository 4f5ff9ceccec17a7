/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "cmd/opts.h"
#include "cmd/verbs.h"
#include "lab/launch.h"

struct ls_args {
	const char *output;
};

static const struct opt ls_opts[] = {
	{"output", 'o', OPT_STRING, offsetof(struct ls_args, output), "table|json", "How to print",
	 NULL},
	{0},
};

static void print_table(const json_t *labs)
{
	json_t *l;
	size_t i;

	if (!json_array_size(labs)) {
		fprintf(stderr, "no labs\n");
		return;
	}
	printf("%-24s %-9s %-9s %-20s %5s  %s\n", "NAME", "STATE", "PID", "TOPOLOGY", "NODES",
	       "ZONES");
	json_array_foreach(labs, i, l) {
		long long pid = jint(l, "pid", 0);
		_cleanup_free_ char *p = pid ? xasprintf("%lld", pid) : xstrdup("-");

		printf("%-24s %-9s %-9s %-20s %5lld  %s\n", jstr(l, "name", ""),
		       jstr(l, "state", ""), p, jstr(l, "topology", "-"), jint(l, "nodes", 0),
		       jstr(l, "zones", "-"));
	}
}

static int run(int argc, char **argv)
{
	struct ls_args a = {.output = "table"};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *labs = NULL;
	struct operands ops;

	if (opts_parse(&cmd_ls, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n)
		return cmd_error(CMD_USAGE, "unexpected operand \"%s\"", ops.v[0]);
	labs = lab_list(&e);
	if (!labs)
		return cmd_err(&e);
	if (streq(a.output, "json")) {
		_cleanup_free_ char *text = jtext_pretty(labs);

		puts(text);
	} else {
		print_table(labs);
	}
	return CMD_OK;
}

const struct cmd cmd_ls = {
	.name = "ls",
	.args = "",
	.summary = "List the labs of this user and their state",
	.run = run,
	.opts = ls_opts,
};
