/* SPDX-License-Identifier: Apache-2.0 */
/* Where a key stands in the JSON text of spec.config. */
#include "ovnk/nad.h"

#include <strings.h>

static const char *string_end(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : p;
}

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

static bool is_key(const char *start, const char *end, const char *key)
{
	size_t n = strlen(key);

	return (size_t)(end - start) == n + 2 && !strncasecmp(start + 1, key, n);
}

/* Start of the value of key among the members of the object that opens at p; NULL. */
static const char *find_member(const char *p, const char *key)
{
	int level = 0;

	for (; *p; p++) {
		const char *end, *colon;

		if (*p == '{' || *p == '[')
			level++;
		if ((*p == '}' || *p == ']') && --level == 0)
			return NULL;
		if (*p != '"')
			continue;
		end = string_end(p);
		colon = skip_space(end);
		if (level == 1 && *colon == ':' && is_key(p, end, key))
			return skip_space(colon + 1);
		p = end - 1;
	}
	return NULL;
}

bool nad_config_position(const char *config, const char *key, int *ret_line, int *ret_col)
{
	const char *top = skip_space(config), *at, *plugins;
	int line = 1, col = 1;

	if (*top != '{')
		return false;
	at = find_member(top, key);
	plugins = at ? NULL : find_member(top, "plugins");
	if (plugins && *plugins == '[' && *skip_space(plugins + 1) == '{')
		at = find_member(skip_space(plugins + 1), key);
	if (!at)
		return false;
	for (const char *p = config; p < at; p++) {
		line += *p == '\n';
		col = *p == '\n' ? 1 : col + 1;
	}
	*ret_line = line;
	*ret_col = col;
	return true;
}
