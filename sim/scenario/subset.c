/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/subset.h"

static char *text(const json_t *v)
{
	return v ? jtext(v) : xstrdup("nothing");
}

static bool differs(const json_t *want, const json_t *have, const char *path, char **ret_why)
{
	_cleanup_free_ char *w = text(want), *h = text(have);

	if (ret_why)
		*ret_why = xasprintf("%s%sexpected %s, found %s", path, *path ? ": " : "", w, h);
	return false;
}

static bool holds(const json_t *want, const json_t *have, const char *path, char **ret_why);

static bool object_holds(const json_t *want, const json_t *have, const char *path, char **ret_why)
{
	const char *key;
	json_t *w;

	if (!json_is_object(have))
		return differs(want, have, path, ret_why);
	json_object_foreach((json_t *)want, key, w) {
		_cleanup_free_ char *p = xasprintf("%s%s%s", path, *path ? "." : "", key);

		if (!holds(w, json_object_get(have, key), p, ret_why))
			return false;
	}
	return true;
}

static bool array_holds(const json_t *want, const json_t *have, const char *path, char **ret_why)
{
	size_t i, k;
	json_t *w, *h;

	if (!json_is_array(have))
		return differs(want, have, path, ret_why);
	json_array_foreach(want, i, w) {
		bool hit = false;

		json_array_foreach(have, k, h)
			hit |= holds(w, h, path, NULL);
		if (!hit)
			return differs(w, have, path, ret_why);
	}
	return true;
}

static bool holds(const json_t *want, const json_t *have, const char *path, char **ret_why)
{
	if (json_is_object(want))
		return object_holds(want, have, path, ret_why);
	if (json_is_array(want))
		return array_holds(want, have, path, ret_why);
	if (streq0(json_string_value(want), "*") ? have != NULL : json_equal(want, have))
		return true;
	return differs(want, have, path, ret_why);
}

bool subset_holds(const json_t *want, const json_t *have, char **ret_why)
{
	return holds(want, have, "", ret_why);
}
