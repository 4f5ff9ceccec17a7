/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/json.h"
#include "cmd/verbs.h"
#include "cmd/opts.h"

struct version_args {
	const char *output;
};

static const struct opt version_opts[] = {
	{"output", 'o', OPT_STRING, offsetof(struct version_args, output), "text|json",
	 "How to print", NULL},
	{0},
};

static int run(int argc, char **argv)
{
	struct version_args a = {.output = "text"};
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;

	if (opts_parse(&cmd_version, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n)
		return cmd_error(CMD_USAGE, "unexpected operand \"%s\"", ops.v[0]);
	if (streq(a.output, "json"))
		printf("{\n  \"version\": \"%s\"\n}\n", OVNBED_VERSION);
	else
		printf("ovnbed %s\n", OVNBED_VERSION);
	return CMD_OK;
}

const struct cmd cmd_version = {
	.name = "version",
	.args = "",
	.summary = "Print the version",
	.run = run,
	.opts = version_opts,
};
