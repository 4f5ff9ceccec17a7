/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/findings.h"

#include "api/status.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"

/* The finding's text with the severity's word in colour. */
static void print_one(const struct diag *g, size_t more, bool color)
{
	static const struct {
		const char *word, *code;
	} severities[] = {
		{"error: ", "\033[31m"}, {"warning: ", "\033[33m"}, {"note: ", "\033[2m"}};
	const char *word = severities[g->severity].word, *at;
	_cleanup_free_ char *field = g->path && *g->path ? status_field(g->path) : NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_free_ char *msg =
		more ? xasprintf("%s (and of %zu other%s)", g->msg, more, more == 1 ? "" : "s")
		     : xstrdup(g->msg);
	struct diag copy = *g;

	copy.path = field;
	copy.msg = msg;
	diag_print(&copy, &b);
	at = strstr(buf_str(&b), word);
	if (!color || !at)
		fputs(buf_str(&b), stderr);
	else
		fprintf(stderr, "%.*s%s%.*s\033[0m%s", (int)(at - b.data), b.data,
			severities[g->severity].code, (int)strlen(word) - 1, word,
			at + strlen(word) - 1);
}

/* ---- order ---- */

/* Where a finding stands: by first appearance of its file, then line; without a file, last. */
struct place {
	const struct diag *g;
	size_t file, i;
	size_t more; /* equal notes about other objects, which are not printed */
	bool hidden;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->g->file && x->g->line != y->g->line)
		return x->g->line < y->g->line ? -1 : 1;
	if (x->g->file && x->g->col != y->g->col)
		return x->g->col < y->g->col ? -1 : 1;
	return x->i < y->i ? -1 : 1;
}

static size_t file_index(const struct diags *d, size_t i)
{
	size_t k = 0;

	while (d->v[i].file && !streq0(d->v[k].file, d->v[i].file))
		k++;
	return d->v[i].file ? k : d->n;
}

/* The same field of many objects is noted once. */
static bool same_note(const struct diag *a, const struct diag *b)
{
	return a->severity == DIAG_NOTE && b->severity == DIAG_NOTE && streq0(a->rule, b->rule) &&
	       streq0(a->path, b->path) && streq(a->msg, b->msg);
}

static void fold_notes(struct place *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i && !v[i].hidden; k++) {
			if (v[k].hidden || !same_note(v[k].g, v[i].g))
				continue;
			v[i].hidden = true;
			v[k].more++;
		}
	}
}

void findings_print(const struct diags *d)
{
	bool color = color_wanted(STDERR_FILENO);
	_cleanup_free_ struct place *v = xcalloc(d->n + 1, sizeof(*v));

	fflush(stdout);
	for (size_t i = 0; i < d->n; i++)
		v[i] = (struct place){.g = &d->v[i], .file = file_index(d, i), .i = i};
	qsort(v, d->n, sizeof(*v), by_place);
	fold_notes(v, d->n);
	for (size_t i = 0; i < d->n; i++)
		if (!v[i].hidden)
			print_one(v[i].g, v[i].more, color);
}

static void count(struct buf *b, size_t n, const char *what)
{
	if (n)
		buf_printf(b, "%s%zu %s%s", b->len ? ", " : "", n, what, n == 1 ? "" : "s");
}

char *findings_count(const struct diags *d)
{
	struct buf b = BUF_INIT;

	count(&b, diags_count(d, DIAG_ERROR), "error");
	count(&b, diags_count(d, DIAG_WARNING), "warning");
	count(&b, diags_count(d, DIAG_NOTE), "note");
	if (!b.len)
		buf_adds(&b, "no findings");
	return buf_take(&b);
}

int client_fail(const struct client *c, const struct err *e)
{
	return cmd_error(client_status(c) ? CMD_FAIL : CMD_INTERNAL, "%s", err_msg(e));
}
