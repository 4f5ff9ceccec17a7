/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "api/meta.h"
#include "api/table.h"

/* As kubectl sets its columns. */
#define MIN_WIDTH 6
#define PADDING 3

/* Cells row by row, `columns` a row. */
struct grid {
	char **v;
	size_t n, cap, columns;
};

/* Steals cell. */
static void grid_add(struct grid *g, char *cell)
{
	if (g->n == g->cap) {
		g->cap = g->cap * 2 + 64;
		g->v = xrealloc(g->v, g->cap * sizeof(*g->v));
	}
	g->v[g->n++] = cell;
}

static void grid_free(struct grid *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->v[i]);
	free(g->v);
}

/* One line without control characters; what follows a line break is cut off. */
static char *one_line(const char *s)
{
	size_t n = strcspn(s, "\n\r");
	char *out = xasprintf("%.*s%s", (int)n, s, s[n] ? "..." : "");

	for (char *p = out; *p; p++)
		if (iscntrl((unsigned char)*p))
			*p = '?';
	return out;
}

static char *cell_text(const json_t *v)
{
	_cleanup_free_ char *text = NULL;

	if (!v || json_is_null(v))
		return xstrdup("<none>");
	if (json_is_string(v))
		return one_line(json_string_value(v));
	text = jtext(v);
	return one_line(text);
}

static char *heading(const char *name)
{
	char *s = one_line(name);

	for (char *p = s; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return s;
}

static char *labels_text(const json_t *row)
{
	json_t *labels = jget(row, "object.metadata.labels");
	struct buf b = BUF_INIT;
	_cleanup_free_ char *sorted = NULL;
	const char *key;
	json_t *v;

	if (json_object_size(labels) == 0)
		return xstrdup("<none>");
	/* Canonical text has the keys sorted; parsing it back keeps that order. */
	sorted = jtext(labels);
	labels = jparse(sorted, strlen(sorted), NULL);
	json_object_foreach(labels, key, v)
		buf_printf(&b, "%s%s=%s", b.len ? "," : "", key,
			   json_is_string(v) ? json_string_value(v) : "");
	json_decref(labels);
	return buf_take(&b);
}

static bool shown(const json_t *definition, const struct table_style *style)
{
	return style->wide || jint(definition, "priority", 0) == 0;
}

static void add_header(struct grid *g, const json_t *definitions, const struct table_style *style)
{
	size_t i;
	json_t *def;

	if (style->namespaces)
		grid_add(g, xstrdup("NAMESPACE"));
	json_array_foreach(definitions, i, def)
		if (shown(def, style))
			grid_add(g, heading(jstr(def, "name", "")));
	if (style->labels)
		grid_add(g, xstrdup("LABELS"));
	g->columns = g->n;
}

static void add_row(struct grid *g, const json_t *definitions, const json_t *row,
		    const struct table_style *style)
{
	const char *ns = jstr(row, "object.metadata.namespace", "");
	size_t i;
	json_t *def;

	if (style->namespaces)
		grid_add(g, one_line(*ns ? ns : "<none>"));
	json_array_foreach(definitions, i, def) {
		const json_t *v = json_array_get(json_object_get(row, "cells"), i);
		bool is_name = streq(jstr(def, "format", ""), "name");
		_cleanup_free_ char *text = cell_text(v);

		if (!shown(def, style))
			continue;
		if (is_name && style->name_prefix)
			grid_add(g, xasprintf("%s/%s", style->name_prefix, text));
		else
			grid_add(g, TAKE_PTR(text));
	}
	if (style->labels)
		grid_add(g, labels_text(row));
}

/* Characters, not bytes. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void print_grid(const struct grid *g, size_t first_row, struct buf *out)
{
	size_t *width = xcalloc(g->columns + 1, sizeof(*width)), c;

	for (size_t i = first_row * g->columns; i < g->n; i++) {
		c = i % g->columns;
		width[c] = MAX(width[c], MAX(width_of(g->v[i]) + PADDING, MIN_WIDTH));
	}
	for (size_t i = first_row * g->columns; i < g->n; i++) {
		c = i % g->columns;
		buf_adds(out, g->v[i]);
		if (c + 1 == g->columns)
			buf_addc(out, '\n');
		else
			buf_printf(out, "%*s", (int)(width[c] - width_of(g->v[i])), "");
	}
	free(width);
}

void table_text(const json_t *table, const struct table_style *style, struct buf *out)
{
	json_t *definitions = json_object_get(table, "columnDefinitions"), *row;
	struct grid g = {0};
	size_t i;

	add_header(&g, definitions, style);
	json_array_foreach(json_object_get(table, "rows"), i, row)
		add_row(&g, definitions, row, style);
	if (g.columns)
		print_grid(&g, style->no_headers, out);
	grid_free(&g);
}
