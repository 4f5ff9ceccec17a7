/* SPDX-License-Identifier: Apache-2.0 */
/* Shell completion, written from the tables of verbs, options and kinds. */
#include "api/kind.h"
#include "cmd/opts.h"
#include "cmd/verbs.h"

/* Names of objects are asked of the lab that runs; nothing is offered when there is none. */
static const char head[] =
	"# bash completion for ovnbed; use: source <(ovnbed completion bash)\n"
	"_ovnbed_names()\n"
	"{\n"
	"\tlocal kind=${1%%/*} n\n"
	"\t${COMP_WORDS[0]} get \"$kind\" -o name 2>/dev/null | while read -r n; do\n"
	"\t\techo \"$kind/${n#*/}\"\n"
	"\tdone\n"
	"}\n"
	"_ovnbed()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal verb=${COMP_WORDS[1]} opts= values=\n"
	"\tCOMPREPLY=()\n";

static const char tail[] =
	"\tif [[ -n $values ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$values\" -- \"$cur\"))\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$opts --help\" -- \"$cur\"))\n"
	"\telif [[ $prev == -f || $prev == --filename || $prev == --topology ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"\telif [[ $verb == fault && ${COMP_WORDS[2]} == heal ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"--all $(${COMP_WORDS[0]} fault ls 2>/dev/null |\n"
	"\t\t\ttail -n +2 | cut -d' ' -f1)\" -- \"$cur\"))\n"
	"\telif [[ $verb == fault && $cur != */* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_ovnbed_names node | sed 's,.*/,,')\" -- \"$cur\"))\n"
	"\telif [[ $verb =~ ^(get|describe|delete|wait)$ && $cur != */* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$kinds\" -- \"$cur\"))\n"
	"\telif [[ $cur == */* && $verb =~ ^(get|describe|delete|wait|exec|console|start|stop|"
	"restart|probe|mtu|trace|capture|fault)$ ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_ovnbed_names \"$cur\")\" -- \"$cur\"))\n"
	"\telif [[ $verb =~ ^(exec|console|start|stop|restart|probe|mtu|trace|capture)$ ]]; then\n"
	"\t\tcompopt -o nospace\n"
	"\t\tCOMPREPLY=($(compgen -W \"vm/ pod/ node/ host/\" -- \"$cur\"))\n"
	"\telse\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"\tfi\n"
	"}\n"
	"complete -F _ovnbed ovnbed\n";

/* "one|two" without further syntax: the words themselves. */
static bool is_choice(const struct opt *o)
{
	return o->type == OPT_STRING && strchr(o->arg, '|') && !strpbrk(o->arg, "=[]");
}

static void print_values(const struct cmd *c, const struct opt *o)
{
	_cleanup_free_ char *words = xstrdup(o->arg);

	for (char *p = words; *p; p++)
		*p = *p == '|' ? ' ' : *p;
	printf("\t%s:--%s", c->name, o->name);
	if (o->letter)
		printf("|%s:-%c", c->name, o->letter);
	printf(") values=\"%s\" ;;\n", words);
}

static void print_verbs(const struct cmd *const *list, size_t n)
{
	printf("\tif [[ $COMP_CWORD == 1 ]]; then\n\t\tCOMPREPLY=($(compgen -W \"");
	for (size_t i = 0; i < n; i++)
		printf("%s%s", i ? " " : "", list[i]->name);
	printf("\" -- \"$cur\"))\n\t\treturn\n\tfi\n");
}

static void print_options(const struct cmd *const *list, size_t n)
{
	printf("\tcase $verb in\n");
	for (size_t i = 0; i < n; i++) {
		printf("\t%s) opts=\"", list[i]->name);
		for (const struct opt *o = list[i]->opts; o && o->name; o++)
			printf("%s--%s", o == list[i]->opts ? "" : " ", o->name);
		printf("\" ;;\n");
	}
	printf("\tesac\n\tcase $verb:$COMP_CWORD in\n");
	for (size_t i = 0; i < n; i++)
		if (list[i]->words)
			printf("\t%s:2) values=\"%s\" ;;\n", list[i]->name, list[i]->words);
	printf("\tesac\n\tcase $verb:$prev in\n");
	for (size_t i = 0; i < n; i++)
		for (const struct opt *o = list[i]->opts; o && o->name; o++)
			if (is_choice(o))
				print_values(list[i], o);
	printf("\tesac\n");
}

static void print_kinds(void)
{
	printf("\tlocal kinds=\"all");
	KIND_FOREACH(k) {
		printf(" %s", k->plural);
		for (const char *const *n = k->short_names; n && *n; n++)
			printf(" %s", *n);
	}
	printf("\"\n");
}

static int run(int argc, char **argv)
{
	_cleanup_err_ struct err e = ERR_INIT;
	const struct cmd *const *list;
	struct operands ops;
	size_t n;

	if (opts_parse(&cmd_completion, argc, argv, NULL, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n != 1 || !streq(ops.v[0], "bash"))
		return cmd_error(CMD_USAGE, "expected the shell's name: bash");
	list = cmd_list(&n);
	fputs(head, stdout);
	print_kinds();
	print_verbs(list, n);
	print_options(list, n);
	fputs(tail, stdout);
	return CMD_OK;
}

const struct cmd cmd_completion = {
	.name = "completion",
	.args = "bash",
	.summary = "Print a completion script for the shell",
	.help = "Use it by: source <(ovnbed completion bash)",
	.run = run,
};
