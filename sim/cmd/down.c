/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "cmd/opts.h"
#include "cmd/verbs.h"
#include "lab/launch.h"

struct down_args {
	bool all, quiet;
};

static const struct opt down_opts[] = {
	{"all", 0, OPT_FLAG, offsetof(struct down_args, all), NULL, "Every lab of this user", NULL},
	{"quiet", 'q', OPT_FLAG, offsetof(struct down_args, quiet), NULL, "Say nothing", NULL},
	{0},
};

static int stop(const char *name, bool quiet)
{
	_cleanup_lab_paths_ struct lab_paths p = {0};
	_cleanup_err_ struct err e = ERR_INIT;

	if (lab_paths_init(&p, name, &e) < 0)
		return cmd_err(&e);
	if (lab_stop(&p, &e) < 0)
		return cmd_error(e.code == ENOENT ? CMD_USAGE : CMD_INTERNAL, "%s", err_msg(&e));
	if (!quiet)
		fprintf(stderr, "lab %s is down\n", name);
	return CMD_OK;
}

static int stop_all(const json_t *labs, bool quiet)
{
	int worst = CMD_OK, r;
	json_t *l;
	size_t i;

	json_array_foreach(labs, i, l) {
		r = stop(jstr(l, "name", ""), quiet);
		worst = MAX(worst, r);
	}
	return worst;
}

static int run(int argc, char **argv)
{
	struct down_args a = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *labs = NULL;
	const char *env = getenv("OVNBED_LAB");
	struct operands ops;
	int worst = CMD_OK;

	if (opts_parse(&cmd_down, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	labs = lab_list(&e);
	if (!labs)
		return cmd_err(&e);
	if (a.all)
		return stop_all(labs, a.quiet);
	if (!ops.n && env && *env)
		return stop(env, a.quiet);
	if (!ops.n && json_array_size(labs) != 1)
		return cmd_error(CMD_USAGE, json_array_size(labs)
						    ? "there are several labs; name one, or --all"
						    : "there is no lab");
	if (!ops.n)
		return stop(jstr(labs, "0.name", ""), a.quiet);
	for (int i = 0; i < ops.n; i++) {
		int r = stop(ops.v[i], a.quiet);

		worst = MAX(worst, r);
	}
	return worst;
}

const struct cmd cmd_down = {
	.name = "down",
	.args = "[NAME…]",
	.summary = "End a lab and remove all that it left",
	.help = "Without NAME, $OVNBED_LAB or the only lab there is.",
	.run = run,
	.opts = down_opts,
};
