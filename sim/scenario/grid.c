/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/grid.h"

#include "base/buf.h"

struct grid {
	const json_t *names, *cells; /* cells: {KEY: CELL} */
	const char *send;
	int family;
	int width; /* of names */
};

static const char *short_name(const char *name)
{
	const char *p = strchr(name, '/');
	const char *rest = p ? str_after(p + 1, "default/") : NULL;

	return rest ? rest : p ? p + 1 : name;
}

static const json_t *cell_of(const struct grid *g, const char *from, const char *to)
{
	_cleanup_free_ char *key = xasprintf("%s>%s %s %d", from, to, g->send, g->family);

	return json_object_get(g->cells, key);
}

static char expected(const json_t *cell)
{
	const char *e = jstr(cell, "expect", "");

	return streq(e, "allowed") ? '.' : streq(e, "reply-denied") ? 'r' : 'X';
}

/* What the packets showed; an error is no statement about the network. */
static char measured(const json_t *cell)
{
	const char *o = jstr(cell, "outcome", "?");

	if (streq(jstr(cell, "verdict.status", "error"), "error"))
		return '!';
	if (streq(o, "ALLOWED"))
		return '.';
	if (!streq(o, "TIMEOUT") && !streq(o, "REFUSED") && !streq(o, "UNREACH"))
		return '!';
	return jint(cell, "received.frames", 0) ? 'r' : 'X';
}

static char difference(const json_t *cell)
{
	return streq(jstr(cell, "verdict.status", "error"), "pass") ? ' ' : measured(cell);
}

static void add_row(struct buf *b, const struct grid *g, const char *from,
		    char (*mark)(const json_t *cell))
{
	json_t *v;
	size_t i;

	json_array_foreach(g->names, i, v) {
		const char *to = json_string_value(v);
		const json_t *cell = cell_of(g, from, to);

		buf_addc(b, streq(from, to) ? (mark == difference ? ' ' : '-')
			    : cell	    ? mark(cell)
					    : '?');
	}
}

static bool any_cell(const struct grid *g)
{
	const char *end = NULL, *key;
	json_t *v;
	_cleanup_free_ char *tail = xasprintf(" %s %d", g->send, g->family);

	json_object_foreach((json_t *)(uintptr_t)g->cells, key, v) {
		end = key + strlen(key) - strlen(tail);
		if (end > key && streq(end, tail))
			return true;
	}
	return false;
}

static void add_grid(struct buf *b, const struct grid *g)
{
	size_t n = json_array_size(g->names), i;
	int w = (int)MAX(n, strlen("expected"));
	json_t *v;

	buf_printf(b, "%s, IPv%d\n%-*s  %-*s  %-*s  differs\n", g->send, g->family, g->width, "", w,
		   "expected", w, "measured");
	json_array_foreach(g->names, i, v) {
		const char *from = json_string_value(v);

		buf_printf(b, "%-*s  ", g->width, short_name(from));
		add_row(b, g, from, expected);
		buf_printf(b, "%*s  ", w - (int)n, "");
		add_row(b, g, from, measured);
		buf_printf(b, "%*s  ", w - (int)n, "");
		add_row(b, g, from, difference);
		buf_addc(b, '\n');
	}
	buf_addc(b, '\n');
}

/* {KEY: CELL}, borrowed cells. */
static json_t *by_key(const json_t *cells)
{
	json_t *out = json_object(), *cell;
	size_t i;

	json_array_foreach(cells, i, cell)
		json_object_set(out, jstr(cell, "key", ""), cell);
	return out;
}

char *grid_text(const json_t *matrix)
{
	_cleanup_json_ json_t *cells = by_key(json_object_get(matrix, "cells"));
	struct grid g = {.names = json_object_get(matrix, "endpoints"), .cells = cells};
	struct buf b = BUF_INIT;
	json_t *v;
	size_t i;

	json_array_foreach(g.names, i, v)
		g.width = MAX(g.width, (int)strlen(short_name(json_string_value(v))));
	json_array_foreach(json_object_get(matrix, "sends"), i, v) {
		g.send = json_string_value(v);
		for (g.family = 4; g.family <= 6; g.family += 2)
			if (any_cell(&g))
				add_grid(&b, &g);
	}
	buf_adds(&b, ". allowed   X denied   r its answer denied   ! error   ? untested\n");
	return buf_take(&b);
}

char *grid_findings(const json_t *matrix, size_t max)
{
	struct buf b = BUF_INIT;
	size_t i, n = 0;
	json_t *cell;

	json_array_foreach(json_object_get(matrix, "cells"), i, cell) {
		const char *status = jstr(cell, "verdict.status", "error");

		if (streq(status, "pass"))
			continue;
		if (!max || n < max)
			buf_printf(&b, "%s: %s: expected %s (%s): %s\n", status,
				   jstr(cell, "key", "?"), jstr(cell, "expect", "?"),
				   jstr(cell, "why", "no policy"),
				   jstr(cell, "verdict.reason", ""));
		n++;
	}
	if (max && n > max)
		buf_printf(&b, "and %zu more\n", n - max);
	return buf_take(&b);
}
