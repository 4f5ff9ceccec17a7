/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "cmd/opts.h"
#include "cmd/progress.h"
#include "cmd/verbs.h"
#include "lab/paths.h"
#include "sys/caps.h"

struct doctor_args {
	const char *output;
};

static const struct opt doctor_opts[] = {
	{"output", 'o', OPT_STRING, offsetof(struct doctor_args, output), "table|json",
	 "How to print", NULL},
	{0},
};

static void print_cap(const json_t *c, bool color)
{
	bool ok = jbool(c, "ok", false), required = jbool(c, "required", false);
	const char *st = ok ? "ok" : required ? "missing" : "absent";

	printf("%s%-8s%s %-24s %s\n",
	       status_color(ok	       ? "ok"
			    : required ? "fail"
				       : "skip",
			    color),
	       st, color_off(color), jstr(c, "name", "?"), jstr(c, "detail", ""));
	if (!ok && *jstr(c, "lacks", ""))
		printf("%-8s without it: %s\n", "", jstr(c, "lacks", ""));
	if (!ok && *jstr(c, "fix", ""))
		printf("%-8s get it:     %s\n", "", jstr(c, "fix", ""));
}

static int run(int argc, char **argv)
{
	struct doctor_args a = {.output = "table"};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *cache = lab_cache_dir();
	_cleanup_json_ json_t *caps = NULL;
	struct operands ops;
	int worst = CMD_OK;
	json_t *c;
	size_t i;

	if (opts_parse(&cmd_doctor, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	caps = caps_probe(cache);
	if (streq(a.output, "json")) {
		_cleanup_free_ char *text = jtext_pretty(caps);

		puts(text);
	}
	json_array_foreach(caps, i, c) {
		if (!streq(a.output, "json"))
			print_cap(c, color_wanted(STDOUT_FILENO));
		if (jbool(c, "required", false) && !jbool(c, "ok", false))
			worst = CMD_MACHINE;
	}
	return worst;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "What this machine can do, what lacks because of what is missing, how to get it",
	.help = "Exit code 3 when something that every lab needs is missing.",
	.run = run,
	.opts = doctor_opts,
};
