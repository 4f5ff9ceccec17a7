/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>

#include "api/meta.h"
#include "cmd/waiting.h"

void goal_free(struct goal *g)
{
	free(g->what);
	free(g->value);
	*g = (struct goal){0};
}

/* ---- JSON paths ---- */

/* One step of a path: a member's name (owned, in *ret_key) or an index; advances *p. */
static bool take_step(const char **p, char **ret_key, size_t *ret_index)
{
	const char *s = *p;
	struct buf key = BUF_INIT;
	long long index;

	*ret_key = NULL;
	if (s[0] == '[' && (s[1] == '\'' || s[1] == '"')) {
		const char *end = strchr(s + 2, s[1]);

		if (!end || end[1] != ']')
			return false;
		*ret_key = xstrndup(s + 2, (size_t)(end - s - 2));
		*p = end + 2;
		return true;
	}
	if (s[0] == '[') {
		_cleanup_free_ char *digits = xstrndup(s + 1, strcspn(s + 1, "]"));

		if (parse_int(digits, 0, INT32_MAX, &index) < 0 || s[1 + strlen(digits)] != ']')
			return false;
		*ret_index = (size_t)index;
		*p = s + strlen(digits) + 2;
		return true;
	}
	if (*s++ != '.')
		return false;
	for (; *s && *s != '.' && *s != '['; s++) {
		s += s[0] == '\\' && s[1];
		buf_addc(&key, *s);
	}
	*p = s;
	*ret_key = key.len ? buf_take(&key) : NULL;
	return *ret_key != NULL;
}

json_t *jsonpath_get(const json_t *obj, const char *path)
{
	size_t n = strlen(path);
	bool braces = n > 1 && path[0] == '{' && path[n - 1] == '}';
	_cleanup_free_ char *inner = braces ? xstrndup(path + 1, n - 2) : xstrdup(path);
	_cleanup_free_ char *dotted =
		xasprintf("%s%s", *inner == '.' || *inner == '[' ? "" : ".", inner);
	const char *p = dotted;

	while (obj && *p) {
		_cleanup_free_ char *key = NULL;
		size_t index = 0;

		if (!take_step(&p, &key, &index))
			return NULL;
		obj = key ? json_object_get(obj, key) : json_array_get(obj, index);
	}
	return (json_t *)obj;
}

/* ---- goals ---- */

static int parse_condition(const char *text, struct goal *ret, struct err *e)
{
	size_t n = strcspn(text, "=");

	if (!n)
		return err_set(e, EINVAL, "--for=condition=TYPE: the type is missing");
	*ret = (struct goal){.type = GOAL_CONDITION,
			     .what = xstrndup(text, n),
			     .value = xstrdup(text[n] ? text + n + 1 : "True")};
	return 0;
}

static int parse_field(const char *text, struct goal *ret, struct err *e)
{
	const char *end = strchr(text, '}');
	const char *eq = end ? end + 1 : strchr(text, '=');

	if (!*text || eq == text || (eq && *eq && *eq != '='))
		return err_set(e, EINVAL, "--for=jsonpath={.PATH}=VALUE: cannot read \"%s\"", text);
	*ret = (struct goal){.type = GOAL_FIELD,
			     .what = eq ? xstrndup(text, (size_t)(eq - text)) : xstrdup(text),
			     .value = eq && *eq ? xstrdup(eq + 1) : NULL};
	return 0;
}

int goal_parse(const char *text, struct goal *ret, struct err *e)
{
	const char *rest;

	if (streq(text, "delete") || streq(text, "create")) {
		*ret = (struct goal){.type = *text == 'd' ? GOAL_DELETE : GOAL_CREATE};
		return 0;
	}
	rest = str_after(text, "condition=");
	if (rest)
		return parse_condition(rest, ret, e);
	rest = str_after(text, "jsonpath=");
	if (rest)
		return parse_field(rest, ret, e);
	return err_set(e, EINVAL,
		       "--for: want condition=TYPE[=STATUS], jsonpath={.PATH}=VALUE, delete or "
		       "create, got \"%s\"",
		       text);
}

void goal_default(const struct kind *k, struct goal *ret)
{
	if (k == &kind_vm || k == &kind_vmi)
		parse_condition("AgentConnected", ret, NULL);
	else if (k == &kind_pod || k == &kind_node)
		parse_condition("Ready", ret, NULL);
	else if (k == &kind_nncp || k == &kind_nnce)
		parse_condition("Available", ret, NULL);
	else if (k == &kind_namespace)
		parse_field("{.status.phase}=Active", ret, NULL);
	else
		*ret = (struct goal){.type = GOAL_CREATE};
}

char *goal_text(const struct goal *g)
{
	switch (g->type) {
	case GOAL_CONDITION:
		if (streq(g->value, "True"))
			return xasprintf("condition %s", g->what);
		return xasprintf("condition %s=%s", g->what, g->value);
	case GOAL_FIELD:
		return xasprintf("%s%s%s", g->what, g->value ? "=" : "", g->value ? g->value : "");
	case GOAL_DELETE:
		return xstrdup("deletion");
	default:
		return xstrdup("creation");
	}
}

static bool field_met(const struct goal *g, const json_t *obj)
{
	const json_t *v = jsonpath_get(obj, g->what);
	_cleanup_free_ char *text = NULL;

	if (!v || json_is_null(v))
		return false;
	text = json_is_string(v) ? xstrdup(json_string_value(v)) : jtext(v);
	return !g->value || streq(text, g->value);
}

bool goal_met(const struct goal *g, const json_t *obj)
{
	if (g->type == GOAL_DELETE)
		return !obj;
	if (!obj)
		return false;
	if (g->type == GOAL_CONDITION)
		return strcasecmp(meta_condition_status(obj, g->what), g->value) == 0;
	return g->type == GOAL_CREATE || field_met(g, obj);
}
