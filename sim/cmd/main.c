/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher: finds the verb in the table, answers --help, runs it. */
#include "base/log.h"
#include "cmd/opts.h"
#include "cmd/verbs.h"

static void print_overview(FILE *out)
{
	size_t n;
	const struct cmd *const *list = cmd_list(&n);

	fprintf(out, "usage: ovnbed VERB [OPTIONS] [ARGUMENTS]\n\n"
		     "A test-bed for OVN-Kubernetes secondary networks.\n\n");
	for (size_t i = 0; i < n; i++)
		fprintf(out, "  %-12s %s\n", list[i]->name, list[i]->summary);
	fprintf(out, "\nSee ovnbed VERB --help.\n");
}

static int unknown_verb(const char *name)
{
	const char *names[64], *near;
	size_t n;
	const struct cmd *const *list = cmd_list(&n);

	n = MIN(n, ARRAY_SIZE(names));
	for (size_t i = 0; i < n; i++)
		names[i] = list[i]->name;
	near = suggest(name, names, n);
	if (near)
		return cmd_error(CMD_USAGE, "unknown verb \"%s\"; did you mean \"%s\"?", name,
				 near);
	return cmd_error(CMD_USAGE, "unknown verb \"%s\"; see ovnbed --help", name);
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && !streq(argv[i], "--"); i++)
		if (streq(argv[i], "--help") || streq(argv[i], "-h"))
			return true;
	return false;
}

static int print_help(const char *verb)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const struct cmd *c = verb ? cmd_find(verb) : NULL;

	if (verb && !c)
		return unknown_verb(verb);
	if (c)
		opts_help(c, &b);
	else
		print_overview(stdout);
	fputs(buf_str(&b), stdout);
	return CMD_OK;
}

static int dispatch(int argc, char **argv)
{
	const struct cmd *c;

	if (argc < 2) {
		print_overview(stderr);
		return CMD_USAGE;
	}
	if (streq(argv[1], "--help") || streq(argv[1], "-h") || streq(argv[1], "help"))
		return print_help(argc > 2 ? argv[2] : NULL);
	if (streq(argv[1], "--version"))
		return cmd_version.run(1, argv + 1);
	c = cmd_find(argv[1]);
	if (!c)
		return unknown_verb(argv[1]);
	if (wants_help(argc - 1, argv + 1))
		return print_help(c->name);
	return c->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int code;

	log_setup("ovnbed");
	code = dispatch(argc, argv);
	if (fflush(stdout) != 0 && code == CMD_OK)
		code = cmd_error(CMD_INTERNAL, "cannot write to the standard output");
	return code;
}
