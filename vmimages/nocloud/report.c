/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

void nc_report_open(struct nc_report *r, const char *log_path)
{
	r->root = json_pack("{s:[], s:[]}", "errors", "warnings");
	r->log = log_path ? fopen(log_path, "ae") : NULL;
}

static void say(struct nc_report *r, const char *list, const char *level, const char *text)
{
	if (r->log) {
		fprintf(r->log, "%s: %s\n", level, text);
		fflush(r->log);
	}
	if (!list)
		return;
	fprintf(stderr, "ovnbed-nocloud: %s: %s\n", level, text);
	json_array_append_new(json_object_get(r->root, list), jstring(text));
}

#define SAY(list, level)                          \
	do {                                      \
		va_list ap;                       \
		_cleanup_free_ char *text = NULL; \
                                                  \
		va_start(ap, fmt);                \
		text = xvasprintf(fmt, ap);       \
		va_end(ap);                       \
		say(r, list, level, text);        \
	} while (0)

void nc_error(struct nc_report *r, const char *fmt, ...)
{
	SAY("errors", "error");
}

void nc_warn(struct nc_report *r, const char *fmt, ...)
{
	SAY("warnings", "warning");
}

void nc_note(struct nc_report *r, const char *fmt, ...)
{
	SAY(NULL, "note");
}

void nc_report_diags(struct nc_report *r, const struct diags *d)
{
	size_t i;

	for (i = 0; i < d->n; i++) {
		const struct diag *g = &d->v[i];
		_cleanup_free_ char *where =
			g->line ? xasprintf(":%d:%d", g->line, g->col) : xstrdup("");
		_cleanup_free_ char *text =
			xasprintf("%s%s: %s%s%s", g->file ? g->file : "seed", where,
				  g->path ? g->path : "", g->path && *g->path ? ": " : "", g->msg);

		if (g->severity == DIAG_ERROR)
			nc_error(r, "%s", text);
		else if (g->severity == DIAG_WARNING)
			nc_warn(r, "%s", text);
		else
			nc_note(r, "%s", text);
	}
}

int nc_report_close(struct nc_report *r, const char *json_path, struct err *e)
{
	int ret = jsave_file(json_path, r->root, e);

	if (r->log)
		fclose(r->log);
	json_decref(r->root);
	r->root = NULL;
	r->log = NULL;
	return ret;
}
