/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options as const tables. A row names a member of the verb's own struct by offset;
 * opts_parse() fills it. Options and operands may be mixed; "--" ends the options. Accepted forms:
 * --name VALUE, --name=VALUE, -n VALUE, -nVALUE, --flag, --flag=false.
 */
#ifndef OVNBED_CMD_OPTS_H
#define OVNBED_CMD_OPTS_H

#include "base/buf.h"
#include "base/err.h"

enum opt_type {
	OPT_FLAG,     /* bool */
	OPT_STRING,   /* const char *, borrowed from argv */
	OPT_LIST,     /* struct opt_list, one entry for each use */
	OPT_INT,      /* long long */
	OPT_DURATION, /* uint64_t microseconds: 90, 90s, 1m30s, 500ms, 1h */
};

struct opt_list {
	const char **v; /* entries borrowed from argv, the array owned */
	size_t n;
};
void opt_list_add(struct opt_list *l, const char *s);
void opt_list_free(struct opt_list *l);
static inline void opt_list_freep(struct opt_list **l)
{
	opt_list_free(*l);
}

struct opt {
	const char *name;
	char letter; /* 0: none */
	enum opt_type type;
	size_t offset;
	const char *arg;     /* how help names the value; "a|b|c" also lists the allowed ones */
	const char *help;    /* one line */
	const char *implied; /* not NULL: the value may be left out and is then this one */
};

struct cmd;
struct operands {
	char **v; /* points into argv, which is reordered */
	int n;
	int dashdash; /* operands before "--", or n when there was none */
};

/*
 * Parses argv[1..) by c->opts into *ret (the verb's struct, zeroed or holding the defaults).
 * Returns 0, or -EINVAL with e saying what was wrong and what was probably meant.
 */
int opts_parse(const struct cmd *c, int argc, char **argv, void *ret, struct operands *ret_operands,
	       struct err *e);
/* Usage line, summary, paragraphs and the options' table of a verb. */
void opts_help(const struct cmd *c, struct buf *out);

/* "90", "1m30s", "500ms" to microseconds. 0 or -EINVAL. */
int duration_parse(const char *s, uint64_t *ret);

/* Of the n names the one that was probably meant by word: near it, or begun by it. NULL: none. */
const char *suggest(const char *word, const char *const *names, size_t n);

#endif
