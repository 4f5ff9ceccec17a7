/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/opts.h"

#include <errno.h>

#include "api/text.h"
#include "cmd/cmd.h"

void opt_list_add(struct opt_list *l, const char *s)
{
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = s;
}

void opt_list_free(struct opt_list *l)
{
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

static uint64_t unit_usec(const char *s, size_t *ret_len)
{
	static const struct {
		const char *name;
		uint64_t usec;
	} units[] = {{"ms", USEC_PER_MSEC},
		     {"us", 1},
		     {"s", USEC_PER_SEC},
		     {"m", 60 * USEC_PER_SEC},
		     {"h", 3600 * USEC_PER_SEC}};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (str_after(s, units[i].name)) {
			*ret_len = strlen(units[i].name);
			return units[i].usec;
		}
	}
	return 0;
}

int duration_parse(const char *s, uint64_t *ret)
{
	static const uint64_t max = 366ULL * 24 * 3600 * USEC_PER_SEC;
	uint64_t sum = 0;

	if (!*s)
		return -EINVAL;
	while (*s) {
		uint64_t scale = USEC_PER_SEC;
		size_t len = 0;
		double v;
		char *end;

		if (*s < '0' || *s > '9' || (s[0] == '0' && (s[1] | 32) == 'x'))
			return -EINVAL;
		v = strtod(s, &end);
		s = end;
		if (*s)
			scale = unit_usec(s, &len);
		if (!scale || !(v * (double)scale < (double)max))
			return -EINVAL;
		sum += (uint64_t)(v * (double)scale);
		s += len;
	}
	if (sum > max)
		return -EINVAL;
	*ret = sum;
	return 0;
}

const char *suggest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t best_d = SIZE_MAX;

	for (size_t i = 0; i < n; i++) {
		bool prefix = strlen(word) >= 2 && str_after(names[i], word);
		size_t d = prefix ? 1 : text_distance(word, names[i]);

		if (d < best_d && (prefix || text_plausible(word, names[i]))) {
			best = names[i];
			best_d = d;
		}
	}
	return best;
}

static bool allowed(const char *set, const char *v)
{
	size_t len = strlen(v);

	while (set) {
		const char *end = strchrnul(set, '|');

		if ((size_t)(end - set) == len && memcmp(set, v, len) == 0)
			return true;
		set = *end ? end + 1 : NULL;
	}
	return false;
}

static int store_flag(const struct opt *o, const char *v, bool *ret, struct err *e)
{
	if (v && !streq(v, "true") && !streq(v, "false"))
		return err_set(e, EINVAL, "--%s: want true or false, got \"%s\"", o->name, v);
	*ret = !v || streq(v, "true");
	return 0;
}

static int store(const struct opt *o, const char *v, void *ret, struct err *e)
{
	void *at = (char *)ret + o->offset;

	if (o->type == OPT_FLAG)
		return store_flag(o, v, at, e);
	if (strchr(o->arg, '|') && !strchr(o->arg, '=') && !allowed(o->arg, v))
		return err_set(e, EINVAL, "--%s: want one of %s, got \"%s\"", o->name, o->arg, v);
	if (o->type == OPT_STRING)
		*(const char **)at = v;
	else if (o->type == OPT_LIST)
		opt_list_add(at, v);
	else if (o->type == OPT_INT && parse_int(v, 0, INT64_MAX, at) < 0)
		return err_set(e, EINVAL, "--%s: want a number, got \"%s\"", o->name, v);
	else if (o->type == OPT_DURATION && duration_parse(v, at) < 0)
		return err_set(e, EINVAL, "--%s: want a duration such as 30s or 1m30s, got \"%s\"",
			       o->name, v);
	return 0;
}

static int unknown(const struct cmd *c, const char *arg, const char *name, size_t len,
		   struct err *e)
{
	_cleanup_free_ const char **names = NULL;
	_cleanup_free_ char *word = xstrndup(name, len);
	const char *near;
	size_t n = 0;

	for (const struct opt *o = c->opts; o && o->name; o++) {
		names = xrealloc(names, (n + 1) * sizeof(*names));
		names[n++] = o->name;
	}
	near = len > 1 ? suggest(word, names, n) : NULL;
	if (near)
		return err_set(e, EINVAL, "unknown option %s; did you mean --%s?", arg, near);
	return err_set(e, EINVAL, "unknown option %s; see ovnbed %s --help", arg, c->name);
}

static const struct opt *find(const struct cmd *c, char letter, const char *name, size_t len)
{
	for (const struct opt *o = c->opts; o && o->name; o++) {
		if (name && strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
		if (!name && o->letter == letter)
			return o;
	}
	return NULL;
}

/* Takes the option at argv[*i] (and its value); advances *i to its last word. */
static int parse_long(const struct cmd *c, int argc, char **argv, int *i, void *ret, struct err *e)
{
	const char *name = argv[*i] + 2, *eq = strchrnul(name, '=');
	const struct opt *o = find(c, 0, name, (size_t)(eq - name));
	const char *v = *eq ? eq + 1 : NULL;

	if (!o)
		return unknown(c, argv[*i], name, (size_t)(eq - name), e);
	if (!v && o->type != OPT_FLAG) {
		if (o->implied)
			v = o->implied;
		else if (*i + 1 < argc)
			v = argv[++*i];
		else
			return err_set(e, EINVAL, "--%s wants a value (%s)", o->name, o->arg);
	}
	return store(o, v, ret, e);
}

static int parse_short(const struct cmd *c, int argc, char **argv, int *i, void *ret, struct err *e)
{
	const char *arg = argv[*i];

	for (const char *p = arg + 1; *p; p++) {
		const struct opt *o = find(c, *p, NULL, 0);
		const char *v = NULL;
		int r;

		if (!o)
			return unknown(c, arg, p, 1, e);
		if (o->type != OPT_FLAG) {
			if (p[1])
				v = p[1] == '=' ? p + 2 : p + 1;
			else if (o->implied)
				v = o->implied;
			else if (*i + 1 < argc)
				v = argv[++*i];
			else
				return err_set(e, EINVAL, "-%c wants a value (%s)", *p, o->arg);
		}
		r = store(o, v, ret, e);
		if (r < 0 || v)
			return r;
	}
	return 0;
}

int opts_parse(const struct cmd *c, int argc, char **argv, void *ret, struct operands *ret_operands,
	       struct err *e)
{
	int n = 0, dashdash = -1, r = 0;

	for (int i = 1; i < argc; i++) {
		if (dashdash >= 0 || argv[i][0] != '-' || !argv[i][1])
			argv[1 + n++] = argv[i];
		else if (streq(argv[i], "--"))
			dashdash = n;
		else if (argv[i][1] == '-')
			r = parse_long(c, argc, argv, &i, ret, e);
		else
			r = parse_short(c, argc, argv, &i, ret, e);
		if (r < 0)
			return r;
	}
	*ret_operands =
		(struct operands){.v = argv + 1, .n = n, .dashdash = dashdash < 0 ? n : dashdash};
	return 0;
}

static void opt_help(const struct opt *o, struct buf *out)
{
	_cleanup_buf_ struct buf left = BUF_INIT;

	if (o->letter)
		buf_printf(&left, "  -%c, --%s", o->letter, o->name);
	else
		buf_printf(&left, "      --%s", o->name);
	if (o->type != OPT_FLAG)
		buf_printf(&left, o->implied ? "[=%s]" : " %s", o->arg);
	if (left.len < 30)
		buf_printf(out, "%-30s %s\n", buf_str(&left), o->help);
	else
		buf_printf(out, "%s\n%31s%s\n", buf_str(&left), "", o->help);
}

void opts_help(const struct cmd *c, struct buf *out)
{
	buf_printf(out, "usage: ovnbed %s%s%s%s\n\n%s.\n", c->name, c->opts ? " [OPTIONS]" : "",
		   c->args && *c->args ? " " : "", c->args ? c->args : "", c->summary);
	if (c->help)
		buf_printf(out, "\n%s\n", c->help);
	buf_adds(out, "\nOptions:\n");
	for (const struct opt *o = c->opts; o && o->name; o++)
		opt_help(o, out);
	buf_adds(out, "      --help                   Show this text\n");
}
