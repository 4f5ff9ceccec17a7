/* SPDX-License-Identifier: Apache-2.0 */
#include "api/table.h"

#include <errno.h>

#include "api/meta.h"

int table_include_of(const char *s, enum table_include *ret)
{
	static const char *const names[] = {"Metadata", "Object", "None"};

	if (!s || !*s) {
		*ret = TABLE_METADATA;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (streq(s, names[i])) {
			*ret = (enum table_include)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* One media range of an Accept header: "application/json;as=Table;v=v1;g=meta.k8s.io". */
static bool is_table(const char *range)
{
	return strstr(range, "as=Table") && strstr(range, "g=meta.k8s.io") &&
	       strstr(range, "v=v1") && !strstr(range, "v=v1beta1");
}

bool table_accepted(const char *accept)
{
	while (accept && *accept) {
		size_t n = strcspn(accept, ",");
		_cleanup_free_ char *range = xstrndup(accept, n);

		if (is_table(range))
			return true;
		accept += n + (accept[n] == ',');
	}
	return false;
}

/* Events show what they are about instead of their name first: their table names all columns. */
static bool names_itself(const struct kind *k)
{
	for (const struct column *c = k->columns; c && c->name; c++)
		if (streq(c->name, "Name"))
			return true;
	return false;
}

static json_t *definition(const char *name, const char *type, const char *description, int priority)
{
	bool is_name = streq(name, "Name");

	return json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", name, "type",
			 streq(type, "date") ? "string" : type, "format", is_name ? "name" : "",
			 "description", description, "priority", priority);
}

static json_t *definitions(const struct kind *k)
{
	json_t *out = json_array();

	if (!names_itself(k))
		json_array_append_new(
			out, definition("Name", "string", "Name, unique within a namespace.", 0));
	for (const struct column *c = k->columns; c && c->name; c++)
		json_array_append_new(out,
				      definition(c->name, c->type, c->description, c->priority));
	return out;
}

static json_t *age_cell(const json_t *v, const struct table_env *env)
{
	int64_t t = meta_parse_time(json_string_value(v));
	_cleanup_free_ char *age = t < 0 ? NULL : meta_age(env->now - t);

	return jstring(age ? age : "<unknown>");
}

/* Kubernetes writes <none> for its own kinds and leaves cells of custom resources null. */
static json_t *empty_cell(const struct kind *k)
{
	return k->builtin ? jstring("<none>") : json_null();
}

static json_t *make_cell(const struct kind *k, const struct column *c, const json_t *obj,
			 const struct table_env *env)
{
	json_t *v;

	if (c->cell) {
		_cleanup_json_ json_t *made = c->cell(obj, env);

		return !made			? empty_cell(k)
		       : streq(c->type, "date") ? age_cell(made, env)
						: json_incref(made);
	}
	v = jget(obj, c->path);
	if (streq(c->type, "date"))
		return age_cell(v, env);
	return v && !json_is_object(v) && !json_is_array(v) ? json_incref(v) : empty_cell(k);
}

static json_t *row_object(const json_t *obj, enum table_include include)
{
	if (include == TABLE_OBJECT)
		return json_incref((json_t *)obj);
	return json_pack("{s:s, s:s, s:O}", "kind", "PartialObjectMetadata", "apiVersion",
			 "meta.k8s.io/v1", "metadata", json_object_get(obj, "metadata"));
}

static json_t *make_row(const struct kind *k, const json_t *obj, enum table_include include,
			const struct table_env *env)
{
	json_t *cells = json_array(), *row = json_object();

	if (!names_itself(k))
		json_array_append_new(cells, jstring(meta_name(obj)));
	for (const struct column *c = k->columns; c && c->name; c++)
		json_array_append_new(cells, make_cell(k, c, obj, env));
	json_object_set_new(row, "cells", cells);
	if (include != TABLE_NONE)
		json_object_set_new(row, "object", row_object(obj, include));
	return row;
}

json_t *table_make(const struct kind *k, const json_t *obj_or_list, enum table_include include,
		   const struct table_env *env, bool headers)
{
	json_t *items = json_object_get(obj_or_list, "items"), *rows = json_array(), *obj, *table;
	const char *rv = jstr(obj_or_list, "metadata.resourceVersion", "");
	size_t i;

	if (json_is_array(items) && str_ends(jstr(obj_or_list, "kind", ""), "List")) {
		json_array_foreach(items, i, obj)
			json_array_append_new(rows, make_row(k, obj, include, env));
	} else {
		json_array_append_new(rows, make_row(k, obj_or_list, include, env));
	}
	table = json_pack("{s:s, s:s, s:{s:s}, s:o, s:o}", "kind", "Table", "apiVersion",
			  "meta.k8s.io/v1", "metadata", "resourceVersion", rv, "columnDefinitions",
			  headers ? definitions(k) : json_array(), "rows", rows);
	return table;
}
