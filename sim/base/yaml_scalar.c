/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml_priv.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>

static bool is_one_of(const char *s, const char *const *names)
{
	for (; *names; names++)
		if (streq(s, *names))
			return true;
	return false;
}

static bool all_digits(const char *s, int base)
{
	size_t n = strspn(s, base == 16	 ? "0123456789abcdefABCDEF"
			     : base == 8 ? "01234567"
					 : "0123456789");

	return n > 0 && !s[n];
}

static json_t *integer(const char *digits, int base, bool negative)
{
	_cleanup_free_ char *text = xasprintf("%s%s", negative ? "-" : "", digits);
	long long v;

	errno = 0;
	v = strtoll(text, NULL, base);
	return errno ? NULL : json_integer(v);
}

/* Decimal, 0x…, 0o…, and 0644, which is octal for Go's and Python's YAML alike. */
static json_t *plain_int(const char *s)
{
	bool negative = *s == '-';

	s += *s == '-' || *s == '+';
	if (s[0] == '0' && s[1] == 'x' && all_digits(s + 2, 16))
		return integer(s + 2, 16, negative);
	if (s[0] == '0' && all_digits(s + 1 + (s[1] == 'o'), 8))
		return integer(s + 1 + (s[1] == 'o'), 8, negative);
	return all_digits(s, 10) ? integer(s, 10, negative) : NULL;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static json_t *plain_float(const char *s)
{
	const char *p = s + (*s == '-' || *s == '+');
	size_t whole = strspn(p, "0123456789"), part = 0;
	double v;

	p += whole;
	if (*p == '.') {
		part = strspn(p + 1, "0123456789");
		p += 1 + part;
	}
	if (!whole && !part)
		return NULL;
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '-' || p[1] == '+');
		if (!isdigit((unsigned char)*p))
			return NULL;
		p += strspn(p, "0123456789");
	}
	v = *p ? HUGE_VAL : strtod(s, NULL);
	return isfinite(v) ? json_real(v) : NULL;
}

json_t *yaml_plain(const char *s)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	json_t *j;

	if (is_one_of(s, nulls))
		return json_null();
	if (is_one_of(s, trues))
		return json_true();
	if (is_one_of(s, falses))
		return json_false();
	j = plain_int(s);
	if (!j)
		j = plain_float(s);
	return j ? j : jstring(s);
}
