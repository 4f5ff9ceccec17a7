/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/url.h"

#include <ctype.h>

static bool unreserved(unsigned char c)
{
	return c < 0x80 && (isalnum(c) || strchr("-._~", c));
}

void url_encode(struct buf *out, const char *s)
{
	for (; *s; s++) {
		if (unreserved((unsigned char)*s))
			buf_addc(out, *s);
		else
			buf_printf(out, "%%%02X", (unsigned char)*s);
	}
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_utf8(const char *s)
{
	_cleanup_json_ json_t *v = json_string(s);

	return v != NULL;
}

char *url_decode(const char *s, size_t n, bool plus)
{
	_cleanup_free_ char *out = xmalloc(n + 1);
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)s[i];

		if (c == '%') {
			if (n - i < 3 || hex(s[i + 1]) < 0 || hex(s[i + 2]) < 0)
				return NULL;
			c = hex(s[i + 1]) * 16 + hex(s[i + 2]);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (!c)
			return NULL;
		out[len++] = (char)c;
	}
	out[len] = '\0';
	return is_utf8(out) ? TAKE_PTR(out) : NULL;
}

static bool add_parameter(json_t *out, const char *s, size_t n)
{
	const char *eq = memchr(s, '=', n);
	size_t name_len = eq ? (size_t)(eq - s) : n;
	_cleanup_free_ char *name = url_decode(s, name_len, true), *value = NULL;

	value = eq ? url_decode(eq + 1, n - name_len - 1, true) : xstrdup("");
	if (!name || !value)
		return false;
	if (*name && !json_object_get(out, name))
		json_object_set_new(out, name, jstring(value));
	return true;
}

json_t *url_query(const char *query)
{
	_cleanup_json_ json_t *out = json_object();

	while (query && *query) {
		size_t n = strcspn(query, "&");

		if (!add_parameter(out, query, n))
			return NULL;
		query += n + (query[n] == '&');
	}
	return TAKE_PTR(out);
}

json_t *url_segments(const char *path)
{
	_cleanup_json_ json_t *out = json_array();

	if (*path != '/')
		return NULL;
	while (*path) {
		size_t n = strcspn(path, "/");
		_cleanup_free_ char *seg = url_decode(path, n, false);

		if (!seg)
			return NULL;
		if (n)
			json_array_append_new(out, jstring(seg));
		path += n + (path[n] == '/');
	}
	return TAKE_PTR(out);
}
