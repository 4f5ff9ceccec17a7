/* SPDX-License-Identifier: Apache-2.0 */
#include "api/selector.h"

#include <ctype.h>
#include <errno.h>

#include "api/meta.h"
#include "api/text.h"

enum op { OP_IN, OP_NOT_IN, OP_EXISTS, OP_NOT_EXISTS };

struct requirement {
	enum op op;
	char *key;
	json_t *values; /* array of strings; NULL for EXISTS and NOT_EXISTS */
};

struct selector {
	bool nothing;
	struct requirement *v;
	size_t n;
};

static void require(struct selector *s, enum op op, const char *key, json_t *values)
{
	s->v = xrealloc(s->v, (s->n + 1) * sizeof(*s->v));
	s->v[s->n++] = (struct requirement){op, xstrdup(key), values};
}

void selector_free(struct selector *s)
{
	for (size_t i = 0; s && i < s->n; i++) {
		free(s->v[i].key);
		json_decref(s->v[i].values);
	}
	if (s)
		free(s->v);
	free(s);
}

/* ---- strings ---- */

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t\n\r");
}

/* A key or value up to a delimiter; caller frees. *s moves behind it and following blanks. */
static char *take_word(const char **s)
{
	size_t n = strcspn(*s, " \t\n\r,()=!<>");
	char *word = xstrndup(*s, n);

	*s = skip_space(*s + n);
	return word;
}

static int check_values(const json_t *values, struct err *e)
{
	size_t i;
	json_t *v;

	json_array_foreach(values, i, v) {
		const char *s = json_string_value(v);
		const char *why = s ? meta_check_label_value(s) : NULL;

		if (!s)
			return err_set(e, EINVAL, "a value is not UTF-8");
		if (why)
			return err_set(e, EINVAL, "value \"%s\": %s", s, why);
	}
	return 0;
}

/* "(a, b)"; *s stands on the parenthesis. */
static int parse_set(const char **s, json_t *values, struct err *e)
{
	do {
		_cleanup_free_ char *word = NULL;

		*s = skip_space(*s + 1);
		word = take_word(s);
		json_array_append_new(values, jstring(word));
	} while (**s == ',');
	if (**s != ')')
		return err_set(e, EINVAL, "expected ',' or ')', found \"%s\"", *s);
	*s = skip_space(*s + 1);
	return 0;
}

/* What follows a key: operator and values. */
static int parse_rest(const char **s, enum op *ret_op, json_t *values, struct err *e)
{
	_cleanup_free_ char *word = NULL;
	size_t len = **s == '=' ? ((*s)[1] == '=' ? 2 : 1) : str_after(*s, "!=") ? 2 : 0;

	if (!**s || **s == ',') {
		*ret_op = OP_EXISTS;
		return 0;
	}
	if (len) {
		*ret_op = **s == '!' ? OP_NOT_IN : OP_IN;
		*s = skip_space(*s + len);
		word = take_word(s);
		json_array_append_new(values, jstring(word));
		return 0;
	}
	word = take_word(s);
	if (streq(word, "in"))
		*ret_op = OP_IN;
	else if (streq(word, "notin"))
		*ret_op = OP_NOT_IN;
	else
		return err_set(e, EINVAL, "expected =, ==, !=, in or notin, found \"%s%s\"", word,
			       *word ? "" : *s);
	if (**s != '(')
		return err_set(e, EINVAL, "expected '(' after \"%s\"", word);
	return parse_set(s, values, e);
}

static int parse_requirement(struct selector *sel, const char **s, struct err *e)
{
	_cleanup_json_ json_t *values = json_array();
	_cleanup_free_ char *key = NULL;
	enum op op = OP_NOT_EXISTS;
	const char *why;
	int r = 0;

	*s = skip_space(*s);
	if (**s == '!') {
		*s = skip_space(*s + 1);
		key = take_word(s);
	} else {
		key = take_word(s);
		r = parse_rest(s, &op, values, e);
	}
	if (r < 0)
		return r;
	why = meta_check_qualified_name(key);
	if (why)
		return err_set(e, EINVAL, "key \"%s\": %s", key, why);
	r = check_values(values, e);
	if (r < 0)
		return r;
	if (**s && **s != ',')
		return err_set(e, EINVAL, "expected ',' or the end, found \"%s\"", *s);
	require(sel, op, key, op == OP_IN || op == OP_NOT_IN ? TAKE_PTR(values) : NULL);
	return 0;
}

struct selector *selector_parse(const char *text, struct err *e)
{
	_cleanup_selector_ struct selector *sel = xcalloc(1, sizeof(*sel));
	const char *s = skip_space(text ? text : "");

	for (bool more = *s != '\0'; more;) {
		if (parse_requirement(sel, &s, e) < 0) {
			err_wrap(e, "label selector \"%s\"", text);
			return NULL;
		}
		more = *s == ',';
		s += more;
	}
	return TAKE_PTR(sel);
}

/* ---- objects ---- */

static void bad(struct diags *d, const char *path, const char *member, const char *value,
		const char *why)
{
	_cleanup_free_ char *p = xasprintf("%s%s%s", path, *path ? "." : "", member);

	diags_add(d, DIAG_ERROR, NULL, p, "Invalid value: \"%.*s\": %s", text_clip(value), value,
		  why);
}

static void add_labels(struct selector *s, const json_t *map, const char *path, struct diags *d)
{
	const char *key, *why;
	json_t *v;

	json_object_foreach((json_t *)map, key, v) {
		const char *value = json_string_value(v);

		why = meta_check_qualified_name(key);
		if (why)
			bad(d, path, "matchLabels", key, why);
		why = value ? meta_check_label_value(value) : "must be a string";
		if (why)
			bad(d, path, "matchLabels", value ? value : key, why);
		require(s, OP_IN, key, json_pack("[O]", v));
	}
}

static int parse_op(const char *s)
{
	static const char *const names[] = {"In", "NotIn", "Exists", "DoesNotExist"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(s, names[i]))
			return (int)i;
	return -1;
}

static bool all_label_values(const json_t *values)
{
	size_t i;
	json_t *v;

	json_array_foreach(values, i, v)
		if (!json_is_string(v) || meta_check_label_value(json_string_value(v)))
			return false;
	return true;
}

static void add_expression(struct selector *s, const json_t *x, const char *path, struct diags *d)
{
	const char *key = jstr(x, "key", ""), *verb = jstr(x, "operator", "");
	const char *why = meta_check_qualified_name(key);
	json_t *values = json_object_get(x, "values");
	size_t n = json_array_size(values);
	int op = parse_op(verb);

	if (why)
		bad(d, path, "key", key, why);
	if (op < 0)
		bad(d, path, "operator", verb,
		    "not a valid selector operator (In, NotIn, Exists, DoesNotExist)");
	else if ((op == OP_IN || op == OP_NOT_IN) && n == 0)
		bad(d, path, "values", verb,
		    "must be specified when `operator` is 'In' or 'NotIn'");
	else if ((op == OP_EXISTS || op == OP_NOT_EXISTS) && n > 0)
		bad(d, path, "values", verb,
		    "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
	else if (!all_label_values(values))
		bad(d, path, "values", key, "each must be a valid label value");
	else if (!why)
		require(s, (enum op)op, key, n ? json_deep_copy(values) : NULL);
}

struct selector *selector_from_object(const json_t *o, const char *path, struct diags *d)
{
	_cleanup_selector_ struct selector *s = xcalloc(1, sizeof(*s));
	size_t before = diags_count(d, DIAG_ERROR), i;
	json_t *x;

	if (!o || json_is_null(o)) {
		s->nothing = true;
		return TAKE_PTR(s);
	}
	if (!json_is_object(o)) {
		diags_add(d, DIAG_ERROR, NULL, path, "Invalid value: must be an object");
		return NULL;
	}
	add_labels(s, json_object_get(o, "matchLabels"), path, d);
	json_array_foreach(json_object_get(o, "matchExpressions"), i, x) {
		_cleanup_free_ char *p =
			xasprintf("%s%smatchExpressions.%zu", path, *path ? "." : "", i);

		add_expression(s, x, p, d);
	}
	return diags_count(d, DIAG_ERROR) > before ? NULL : TAKE_PTR(s);
}

struct selector *selector_from_map(const json_t *map)
{
	struct selector *s = xcalloc(1, sizeof(*s));
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)map, key, v)
		require(s, OP_IN, key, json_pack("[O]", v));
	return s;
}

/* ---- matching ---- */

static bool holds(const struct requirement *r, const json_t *labels)
{
	const char *v = json_string_value(json_object_get(labels, r->key));

	switch (r->op) {
	case OP_IN:
		return v && jhas_str(r->values, v);
	case OP_NOT_IN:
		return !v || !jhas_str(r->values, v);
	case OP_EXISTS:
		return v != NULL;
	case OP_NOT_EXISTS:
		break;
	}
	return !v;
}

bool selector_match(const struct selector *s, const json_t *labels)
{
	if (s && s->nothing)
		return false;
	for (size_t i = 0; s && i < s->n; i++)
		if (!holds(&s->v[i], labels))
			return false;
	return true;
}

bool selector_match_object(const struct selector *s, const json_t *obj)
{
	return selector_match(s, jget(obj, "metadata.labels"));
}

static void requirement_text(const struct requirement *r, struct buf *b)
{
	size_t i;
	json_t *v;

	if (r->op == OP_EXISTS || r->op == OP_NOT_EXISTS) {
		buf_printf(b, "%s%s", r->op == OP_EXISTS ? "" : "!", r->key);
	} else if (json_array_size(r->values) == 1) {
		v = json_array_get(r->values, 0);
		buf_printf(b, "%s%s%s", r->key, r->op == OP_IN ? "=" : "!=", json_string_value(v));
	} else {
		buf_printf(b, "%s %s (", r->key, r->op == OP_IN ? "in" : "notin");
		json_array_foreach(r->values, i, v)
			buf_printf(b, "%s%s", i ? "," : "", json_string_value(v));
		buf_addc(b, ')');
	}
}

char *selector_text(const struct selector *s)
{
	struct buf b = BUF_INIT;

	if (s && s->nothing)
		return xstrdup("<none>");
	for (size_t i = 0; s && i < s->n; i++) {
		if (i)
			buf_addc(&b, ',');
		requirement_text(&s->v[i], &b);
	}
	return buf_take(&b);
}
