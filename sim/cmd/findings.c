/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/findings.h"

#include "api/status.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"

/* The finding's text with the severity's word in colour. */
static void print_one(const struct diag *g, bool color)
{
	static const struct {
		const char *word, *code;
	} severities[] = {
		{"error: ", "\033[31m"}, {"warning: ", "\033[33m"}, {"note: ", "\033[2m"}};
	const char *word = severities[g->severity].word, *at;
	_cleanup_free_ char *field = g->path && *g->path ? status_field(g->path) : NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct diag copy = *g;

	copy.path = field;
	diag_print(&copy, &b);
	at = strstr(buf_str(&b), word);
	if (!color || !at)
		fputs(buf_str(&b), stderr);
	else
		fprintf(stderr, "%.*s%s%.*s\033[0m%s", (int)(at - b.data), b.data,
			severities[g->severity].code, (int)strlen(word) - 1, word,
			at + strlen(word) - 1);
}

void findings_print(const struct diags *d)
{
	bool color = color_wanted(STDERR_FILENO);

	fflush(stdout);
	for (size_t i = 0; i < d->n; i++)
		print_one(&d->v[i], color);
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
