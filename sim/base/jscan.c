/* SPDX-License-Identifier: Apache-2.0 */
#include "base/jrpc.h"

#include <errno.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Inside a string: true when c closes it. */
static bool string_ends(struct jscan *s, char c)
{
	if (s->escape)
		s->escape = false;
	else if (c == '\\')
		s->escape = true;
	else
		return c == '"';
	return false;
}

ssize_t jscan_feed(struct jscan *s, const char *data, size_t len)
{
	while (s->pos < len) {
		char c = data[s->pos++];

		if (s->in_string) {
			s->in_string = !string_ends(s, c);
		} else if (c == '{' || c == '[') {
			s->started = true;
			s->depth++;
		} else if (!s->started) {
			if (!is_space(c))
				return -EPROTO;
		} else if (c == '"') {
			s->in_string = true;
		} else if ((c == '}' || c == ']') && --s->depth == 0) {
			return (ssize_t)s->pos;
		}
	}
	return 0;
}
