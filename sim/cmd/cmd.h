/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs of the command line. A verb is a const struct cmd in its own file, listed in main.c; its
 * options are a const table (opts.h), from which parsing, --help and completion follow. stdout is
 * data, stderr is progress and errors.
 */
#ifndef OVNBED_CMD_CMD_H
#define OVNBED_CMD_CMD_H

#include "base/err.h"

/* Exit codes of every verb. */
enum cmd_exit {
	CMD_OK = 0,	  /* done; conforms */
	CMD_FAIL = 1,	  /* the lab refused, or the check does not conform */
	CMD_USAGE = 2,	  /* bad usage or bad input */
	CMD_MACHINE = 3,  /* this machine cannot run it: what is missing, how to get it */
	CMD_INTERNAL = 4, /* internal error or incomplete run */
};

struct opt;

struct cmd {
	const char *name;
	const char *args;    /* operands as help shows them: "KIND[/NAME]…" */
	const char *summary; /* one line, a capital first, no full stop */
	const char *help;    /* paragraphs below the summary; may be NULL */
	/*
	 * argv[0] is the verb's name. Returns an enum cmd_exit. --help is answered by the
	 * dispatcher and never arrives here.
	 */
	int (*run)(int argc, char **argv);
	const struct opt *opts; /* ends with a zero row; NULL: no options */
	const char *words;	/* what the first operand may be, for completion; NULL: anything */
};

/* All verbs in the order that help shows them, *ret_n of them. */
const struct cmd *const *cmd_list(size_t *ret_n);
/* The verb of that name, or NULL. */
const struct cmd *cmd_find(const char *name);

/* Prints "ovnbed: VERB: message" to stderr and returns code, for `return cmd_error(…)`. */
int cmd_error(enum cmd_exit code, const char *fmt, ...) PRINTF(2, 3);
/* The same for an error value: the exit code follows from e->code (see cmd.c). */
int cmd_err(const struct err *e);

#endif
