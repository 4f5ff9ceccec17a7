/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <errno.h>

static const char *const severity_names[] = {"error", "warning", "note"};

static void diag_free(struct diag *g)
{
	free(g->rule);
	free(g->file);
	free(g->object);
	free(g->path);
	free(g->msg);
	free(g->hint);
}

void diags_free(struct diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		diag_free(&d->v[i]);
	free(d->v);
	*d = (struct diags)DIAGS_INIT;
}

static struct diag *diags_push(struct diags *d)
{
	if (d->n == d->cap) {
		d->cap = d->cap * 2 + 8;
		d->v = xrealloc(d->v, d->cap * sizeof(*d->v));
	}
	d->v[d->n] = (struct diag){0};
	return &d->v[d->n++];
}

struct diag *diags_add(struct diags *d, enum diag_severity s, const char *rule, const char *path,
		       const char *fmt, ...)
{
	struct diag *g = diags_push(d);
	va_list ap;

	g->severity = s;
	g->rule = xstrdup(rule);
	g->path = xstrdup(path);
	va_start(ap, fmt);
	g->msg = xvasprintf(fmt, ap);
	va_end(ap);
	return g;
}

void diag_hint(struct diag *g, const char *fmt, ...)
{
	va_list ap;

	free(g->hint);
	va_start(ap, fmt);
	g->hint = xvasprintf(fmt, ap);
	va_end(ap);
}

size_t diags_count(const struct diags *d, enum diag_severity s)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->v[i].severity == s;
	return n;
}

void diags_locate(struct diags *d, size_t from, const char *file, const char *object)
{
	for (size_t i = from; i < d->n; i++) {
		if (!d->v[i].file)
			d->v[i].file = xstrdup(file);
		if (!d->v[i].object)
			d->v[i].object = xstrdup(object);
	}
}

void diags_merge(struct diags *dst, const struct diags *src)
{
	for (size_t i = 0; i < src->n; i++) {
		const struct diag *s = &src->v[i];
		struct diag *g = diags_push(dst);

		*g = (struct diag){
			.severity = s->severity,
			.rule = xstrdup(s->rule),
			.file = xstrdup(s->file),
			.line = s->line,
			.col = s->col,
			.object = xstrdup(s->object),
			.path = xstrdup(s->path),
			.msg = xstrdup(s->msg),
			.hint = xstrdup(s->hint),
		};
	}
}

void diag_print(const struct diag *g, struct buf *out)
{
	if (g->file)
		buf_printf(out, "%s:", g->file);
	if (g->file && g->line > 0)
		buf_printf(out, "%d:%d:", g->line, g->col);
	if (g->file)
		buf_addc(out, ' ');
	buf_printf(out, "%s: ", severity_names[g->severity]);
	if (g->object)
		buf_printf(out, "%s: ", g->object);
	if (g->path)
		buf_printf(out, "%s: ", g->path);
	buf_adds(out, g->msg);
	if (g->rule)
		buf_printf(out, " [%s]", g->rule);
	buf_addc(out, '\n');
	if (g->hint)
		buf_printf(out, "    hint: %s\n", g->hint);
}

static void put(json_t *o, const char *key, const char *v)
{
	if (v)
		json_object_set_new(o, key, jstring(v));
}

json_t *diags_to_json(const struct diags *d)
{
	json_t *a = json_array();

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *g = &d->v[i];
		json_t *o = json_object();

		put(o, "severity", severity_names[g->severity]);
		put(o, "rule", g->rule);
		put(o, "file", g->file);
		if (g->line > 0) {
			json_object_set_new(o, "line", json_integer(g->line));
			json_object_set_new(o, "col", json_integer(g->col));
		}
		put(o, "object", g->object);
		put(o, "path", g->path);
		put(o, "message", g->msg);
		put(o, "hint", g->hint);
		json_array_append_new(a, o);
	}
	return a;
}

int diags_from_json(struct diags *d, const json_t *a)
{
	size_t i;
	json_t *o;

	if (!json_is_array(a))
		return -EINVAL;
	json_array_foreach(a, i, o) {
		const char *s = jstr(o, "severity", "error");
		struct diag *g = diags_push(d);

		for (size_t k = 0; k < ARRAY_SIZE(severity_names); k++)
			if (streq(s, severity_names[k]))
				g->severity = (enum diag_severity)k;
		g->rule = xstrdup(jstr(o, "rule", NULL));
		g->file = xstrdup(jstr(o, "file", NULL));
		g->line = (int)jint(o, "line", 0);
		g->col = (int)jint(o, "col", 0);
		g->object = xstrdup(jstr(o, "object", NULL));
		g->path = xstrdup(jstr(o, "path", NULL));
		g->msg = xstrdup(jstr(o, "message", ""));
		g->hint = xstrdup(jstr(o, "hint", NULL));
	}
	return 0;
}
