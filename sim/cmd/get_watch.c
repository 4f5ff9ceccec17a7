/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/get_watch.h"

#include <errno.h>

#include "api/meta.h"
#include "cmd/cmd.h"
#include "cmd/findings.h"
#include "lab/apply_set.h"

struct watching {
	const struct get_args *a;
	const struct obj_ref *r;
	json_t *table; /* the first one: its columns and, for their widths, its rows */
	bool printed;
	char *rv;
};

/* Prints the rows behind the first `skip` ones, as wide as all of them need. */
static void print_rows(struct watching *w, size_t skip)
{
	struct table_style style;
	_cleanup_buf_ struct buf b = BUF_INIT;
	const char *p;

	get_style(w->a, NULL, &style);
	style.namespaces &= w->r->kind->namespaced;
	table_text(w->table, &style, &b);
	p = buf_str(&b);
	if (w->printed && !style.no_headers)
		skip++;
	for (; skip && *p; skip--)
		p += strcspn(p, "\n") + 1;
	fputs(p, stdout);
	fflush(stdout);
	w->printed = true;
}

/* One change: its row is printed below the others and kept only for as long as that takes. */
static void show_table(struct watching *w, const json_t *event)
{
	json_t *rows, *more = json_object_get(event, "rows");
	size_t n;

	if (!w->table)
		w->table = json_deep_copy(event);
	else
		json_array_extend(json_object_get(w->table, "rows"), more);
	rows = json_object_get(w->table, "rows");
	n = json_array_size(rows) - json_array_size(more);
	print_rows(w, n);
	while (json_array_size(rows) > 64) /* widths follow what was seen of late */
		json_array_remove(rows, 0);
}

static void show_object(const struct watching *w, const json_t *obj)
{
	_cleanup_free_ char *name = apply_object_name(w->r->kind, meta_name(obj));

	if (streq(w->a->output, "name"))
		printf("%s\n", name);
	else if (streq(w->a->output, "yaml"))
		printf("---\n");
	if (!streq(w->a->output, "name"))
		print_tree(obj, w->a->output);
	fflush(stdout);
}

static void keep_rv(struct watching *w, const json_t *obj)
{
	const char *rv = jstr(obj, "metadata.resourceVersion", "");
	const json_t *row = jget(obj, "rows.0.object");

	if (row)
		rv = jstr(row, "metadata.resourceVersion", "");
	if (*rv) {
		free(w->rv);
		w->rv = xstrdup(rv);
	}
}

static int on_event(void *arg, const char *type, const json_t *obj)
{
	struct watching *w = arg;

	keep_rv(w, obj);
	if (streq(type, "BOOKMARK"))
		return 0;
	if (streq(jstr(obj, "kind", ""), "Table"))
		show_table(w, obj);
	else
		show_object(w, obj);
	return ferror(stdout) ? 1 : 0;
}

int get_watch(const struct get_args *a, struct client *c, const struct obj_ref *r)
{
	struct obj_ref list = {.kind = r->kind, .ns = r->ns};
	_cleanup_free_ char *name =
		r->name ? xasprintf("metadata.name=%s%s%s", r->name, a->fields ? "," : "",
				    a->fields ? a->fields : "")
			: xstrdup(a->fields);
	_cleanup_free_ char *path = obj_path(&list, a->selector, name);
	bool table = streq(a->output, "table") || streq(a->output, "wide");
	struct watching w = {.a = a, .r = r};
	_cleanup_err_ struct err e = ERR_INIT;
	int rc;

	do {
		rc = (table ? client_watch_table : client_watch)(c, path, w.rv, 0, on_event, &w,
								 &e);
	} while (rc == 0);
	json_decref(w.table);
	free(w.rv);
	return rc > 0 ? CMD_OK : client_fail(c, &e);
}
