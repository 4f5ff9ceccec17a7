/* SPDX-License-Identifier: Apache-2.0 */
#include "config_priv.h"

json_t *nc_yaml(const char *text, size_t len, const char *file, struct yaml_docs *docs,
		struct diags *d)
{
	json_t *root;

	yaml_parse(text, len, file, docs, d);
	if (!docs->n)
		return NULL;
	root = docs->v[0].root;
	if (json_is_null(root))
		return NULL;
	if (!json_is_object(root)) {
		struct diag *g =
			diags_add(d, DIAG_ERROR, NULL, NULL, "expected a mapping at the top");

		g->file = xstrdup(file);
		return NULL;
	}
	return root;
}

void nc_locate(const struct yaml_docs *docs, struct diags *d, size_t from, const char *file)
{
	if (docs->n)
		marks_locate(docs->v[0].marks, d, from, file, NULL);
	diags_locate(d, from, file, NULL);
}

char *nc_text(const json_t *v)
{
	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	if (json_is_integer(v))
		return xasprintf("%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return xasprintf("%g", json_real_value(v));
	if (json_is_boolean(v))
		return xstrdup(json_is_true(v) ? "true" : "false");
	return NULL;
}

bool nc_bool(const json_t *v, bool def)
{
	static const char *const names[] = {"no", "yes", "off", "on", "false", "true", "n", "y"};
	size_t i;

	if (json_is_boolean(v))
		return json_is_true(v);
	if (json_is_integer(v))
		return json_integer_value(v) != 0;
	for (i = 0; json_is_string(v) && i < ARRAY_SIZE(names); i++)
		if (strcasecmp(json_string_value(v), names[i]) == 0)
			return i % 2;
	return def;
}

json_t *nc_list(const json_t *v)
{
	if (!v || json_is_null(v))
		return json_array();
	if (json_is_array(v))
		return json_incref((json_t *)v);
	return json_pack("[O]", v);
}

void nc_add_texts(json_t *array, const json_t *v)
{
	_cleanup_json_ json_t *list = nc_list(v);
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		_cleanup_free_ char *text = nc_text(item);

		if (text)
			json_array_append_new(array, jstring(text));
	}
}

void nc_unknown_keys(const json_t *o, const char *const *known, const char *path, struct diags *d)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		_cleanup_free_ char *at =
			xasprintf("%s%s%s", path ? path : "", path && *path ? "." : "", key);
		const char *const *k = known;

		while (*k && !streq(*k, key))
			k++;
		if (!*k)
			diags_add(d, DIAG_NOTE, NULL, at, "ignored");
	}
}
