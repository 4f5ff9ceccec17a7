/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_priv.h"

struct marks *marks_new(const yaml_mark_t *m)
{
	struct marks *r = xcalloc(1, sizeof(*r));

	r->line = (int)m->line + 1;
	r->col = (int)m->column + 1;
	return r;
}

void marks_free(struct marks *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].key);
		marks_free(m->v[i].m);
	}
	free(m->v);
	free(m);
}

void marks_add(struct marks *m, char *key, const yaml_mark_t *at, struct marks *child)
{
	if (m->n == m->cap) {
		m->cap = m->cap * 2 + 4;
		m->v = xrealloc(m->v, m->cap * sizeof(*m->v));
	}
	m->v[m->n++] = (struct mark_child){key, (int)at->line + 1, (int)at->column + 1, child};
}

const struct mark_child *marks_child(const struct marks *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (streq(m->v[i].key, key))
			return &m->v[i];
	return NULL;
}

/* Behind a key: "a.b", "a.0.b" or, as Kubernetes writes field paths, "a[0].b". */
static bool key_ends(char c)
{
	return !c || c == '.' || c == '[' || c == ']';
}

static const char *skip_separator(const char *s)
{
	s += *s == ']';
	return s + (*s == '.' || *s == '[');
}

/* The child whose key starts path; keys may contain dots themselves, so the longest one wins. */
static const struct marks *marks_step(const struct marks *m, const char **path)
{
	const struct marks *best = NULL;
	size_t len = 0;

	for (size_t i = 0; i < m->n; i++) {
		size_t n = strlen(m->v[i].key);

		if ((best && n <= len) || strncmp(*path, m->v[i].key, n) || !key_ends((*path)[n]))
			continue;
		best = m->v[i].m;
		len = n;
	}
	if (best)
		*path = skip_separator(*path + len);
	return best;
}

bool marks_find(const struct marks *m, const char *path, int *ret_line, int *ret_col)
{
	const struct marks *next = m;

	if (!m)
		return false;
	while (path && *path && (next = marks_step(m, &path)))
		m = next;
	*ret_line = m->line;
	*ret_col = m->col;
	return true;
}

void marks_locate(const struct marks *m, struct diags *d, size_t from, const char *file,
		  const char *object)
{
	for (size_t i = from; i < d->n; i++)
		if (!d->v[i].line)
			marks_find(m, d->v[i].path, &d->v[i].line, &d->v[i].col);
	diags_locate(d, from, file, object);
}
