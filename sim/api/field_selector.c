/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "api/selector.h"

struct term {
	char *path, *value;
	bool differs; /* != */
};

struct field_selector {
	struct term *v;
	size_t n;
};

void field_selector_free(struct field_selector *s)
{
	for (size_t i = 0; s && i < s->n; i++) {
		free(s->v[i].path);
		free(s->v[i].value);
	}
	if (s)
		free(s->v);
	free(s);
}

/* A value up to an unescaped ','; "\," "\=" "\\" stand for themselves. Caller frees. */
static char *take_value(const char **s)
{
	struct buf b = BUF_INIT;

	for (; **s && **s != ','; (*s)++) {
		if (**s == '\\' && (*s)[1] && strchr(",=\\", (*s)[1]))
			(*s)++;
		buf_addc(&b, **s);
	}
	return buf_take(&b);
}

static int parse_term(struct field_selector *sel, const char **s, struct err *e)
{
	size_t n = strcspn(*s, "=!,"), len;
	const char *op = *s + n;
	struct term t;

	len = *op == '=' ? (op[1] == '=' ? 2 : 1) : str_after(op, "!=") ? 2 : 0;
	if (!len || n == 0)
		return err_set(e, EINVAL, "expected PATH=VALUE or PATH!=VALUE, found \"%s\"", *s);
	t.path = xstrndup(*s, n);
	t.differs = *op == '!';
	*s = op + len;
	t.value = take_value(s);
	sel->v = xrealloc(sel->v, (sel->n + 1) * sizeof(*sel->v));
	sel->v[sel->n++] = t;
	return 0;
}

struct field_selector *field_selector_parse(const char *text, struct err *e)
{
	_cleanup_field_selector_ struct field_selector *sel = xcalloc(1, sizeof(*sel));
	const char *s = text ? text : "";

	while (*s) {
		if (parse_term(sel, &s, e) < 0) {
			err_wrap(e, "field selector \"%s\"", text);
			return NULL;
		}
		s += *s == ',';
	}
	return TAKE_PTR(sel);
}

static bool equals(const json_t *v, const char *want)
{
	_cleanup_free_ char *text = NULL;

	if (!v || json_is_null(v))
		return *want == '\0';
	if (json_is_string(v))
		return streq(json_string_value(v), want);
	text = jtext(v);
	return streq(text, want);
}

bool field_selector_match(const struct field_selector *s, const json_t *obj)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (equals(jget(obj, s->v[i].path), s->v[i].value) == s->v[i].differs)
			return false;
	return true;
}
