/* SPDX-License-Identifier: Apache-2.0 */
#include "api/quantity.h"

#include <ctype.h>
#include <errno.h>

#define MAX_DIGITS 18

/* Reads digits and one point: mantissa without the point, and how many digits stood behind it. */
static int parse_mantissa(const char **s, long long *ret_mantissa, int *ret_decimals)
{
	int digits = 0, decimals = 0;
	bool point = false;
	long long v = 0;

	for (; isdigit((unsigned char)**s) || (**s == '.' && !point); (*s)++) {
		if (**s == '.') {
			point = true;
			continue;
		}
		if (v > 0 && ++digits >= MAX_DIGITS)
			return -ERANGE;
		if (point && ++decimals > MAX_DIGITS)
			return -ERANGE;
		v = v * 10 + (**s - '0');
		if (!digits)
			digits = v > 0;
	}
	*ret_mantissa = v;
	*ret_decimals = decimals;
	return 0;
}

/* The power of the suffix: 2^*ret_bits or 10^*ret_tens. */
static int parse_suffix(const char *s, int *ret_bits, int *ret_tens)
{
	static const char binary[] = "KMGTPE", decimal[] = "num kMGTPE";
	const char *p;
	long long e;

	if (!*s)
		return 0;
	if (s[1] == 'i' && !s[2] && (p = strchr(binary, s[0]))) {
		*ret_bits = 10 * (int)(p - binary + 1);
		return 0;
	}
	if (!s[1] && s[0] != ' ' && (p = strchr(decimal, s[0]))) {
		*ret_tens = 3 * ((int)(p - decimal) - 3);
		return 0;
	}
	if ((s[0] != 'e' && s[0] != 'E') || !s[1])
		return -EINVAL;
	s += s[1] == '+' && isdigit((unsigned char)s[2]) ? 2 : 1;
	if (parse_int(s, -MAX_DIGITS, MAX_DIGITS, &e) < 0)
		return -EINVAL;
	*ret_tens = (int)e;
	return 0;
}

static int scale(long long mantissa, int bits, int tens, bool negative, long long *ret)
{
	__int128 v = mantissa, div = 1;

	for (; tens > 0 && v < (__int128)1 << 64; tens--)
		v *= 10;
	v <<= v < (__int128)1 << 64 ? bits : 0;
	for (; tens < 0 && div < (__int128)1 << 90; tens++)
		div *= 10;
	v = negative ? -(v / div) : (v + div - 1) / div;
	if (v > INT64_MAX || v < INT64_MIN || tens > 0)
		return -ERANGE;
	*ret = (long long)v;
	return 0;
}

int quantity_parse(const char *s, long long *ret)
{
	bool negative = *s == '-';
	long long mantissa;
	int decimals, bits = 0, tens = 0, r;

	if (*s == '-' || *s == '+')
		s++;
	if (!isdigit((unsigned char)*s) && !(*s == '.' && isdigit((unsigned char)s[1])))
		return -EINVAL;
	r = parse_mantissa(&s, &mantissa, &decimals);
	if (r < 0)
		return r;
	r = parse_suffix(s, &bits, &tens);
	if (r < 0)
		return r;
	return scale(mantissa, bits, tens - decimals, negative, ret);
}

int quantity_value(const json_t *v, long long *ret)
{
	if (json_is_integer(v)) {
		*ret = json_integer_value(v);
		return 0;
	}
	if (json_is_real(v)) {
		_cleanup_free_ char *s = xasprintf("%.9f", json_real_value(v));

		return quantity_parse(s, ret);
	}
	return json_is_string(v) ? quantity_parse(json_string_value(v), ret) : -EINVAL;
}
