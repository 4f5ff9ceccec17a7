/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kubernetes' strategic merge patch (community: sig-api-machinery/strategic-merge-patch.md): a
 * merge patch that knows by which member the elements of a list are told apart.
 */
#include <errno.h>

#include "api/patch.h"
#include "api/text.h"

#define DIRECTIVE "$patch"
#define RETAIN "$retainKeys"
#define DELETE_PREFIX "$deleteFromPrimitiveList/"
#define ORDER_PREFIX "$setElementOrder/"

static json_t *merge_object(const struct field *fields, const json_t *target, const json_t *patch,
			    struct err *e);

static bool is_directive(const char *key)
{
	return streq(key, DIRECTIVE) || streq(key, RETAIN) || str_after(key, DELETE_PREFIX) ||
	       str_after(key, ORDER_PREFIX);
}

/* Index of the element of list whose key member equals v, or -1. */
static ssize_t find_element(const json_t *list, const char *key, const json_t *v)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		if (json_equal(json_object_get(item, key), v))
			return (ssize_t)i;
	return -1;
}

/* The list's elements without directives, for `$patch: replace` among them. */
static json_t *replaced_list(const json_t *patch)
{
	json_t *out = json_array(), *item;
	size_t i;

	json_array_foreach(patch, i, item)
		if (!json_object_get(item, DIRECTIVE))
			json_array_append_new(out, json_deep_copy(item));
	return out;
}

static bool has_replace(const json_t *patch)
{
	size_t i;
	json_t *item;

	json_array_foreach(patch, i, item)
		if (streq(jstr(item, DIRECTIVE, ""), "replace"))
			return true;
	return false;
}

/* Merges one element into out, in place. */
static int merge_element(const struct field *f, json_t *out, const json_t *item, struct err *e)
{
	const json_t *id = json_object_get(item, f->merge_key);
	ssize_t at;
	json_t *merged;

	if (!id)
		return err_set(e, EINVAL, "an element of %s lacks its merge key %s", f->name,
			       f->merge_key);
	at = find_element(out, f->merge_key, id);
	if (streq(jstr(item, DIRECTIVE, ""), "delete")) {
		if (at >= 0)
			json_array_remove(out, (size_t)at);
		return 0;
	}
	merged = merge_object(f->fields, at < 0 ? NULL : json_array_get(out, (size_t)at), item, e);
	if (!merged)
		return -EINVAL;
	if (at < 0)
		json_array_append_new(out, merged);
	else
		json_array_set_new(out, (size_t)at, merged);
	return 0;
}

static json_t *merge_list(const struct field *f, const json_t *target, const json_t *patch,
			  struct err *e)
{
	_cleanup_json_ json_t *out = NULL;
	size_t i;
	json_t *item;

	if (has_replace(patch))
		return replaced_list(patch);
	out = json_is_array(target) ? json_deep_copy(target) : json_array();
	json_array_foreach(patch, i, item)
		if (merge_element(f, out, item, e) < 0)
			return NULL;
	return TAKE_PTR(out);
}

static json_t *merge_set(const json_t *target, const json_t *patch)
{
	json_t *out = json_is_array(target) ? json_deep_copy(target) : json_array(), *item;
	size_t i;

	json_array_foreach(patch, i, item)
		if (json_is_string(item))
			jadd_str(out, json_string_value(item));
	return out;
}

static json_t *merge_value(const struct field *f, const json_t *target, const json_t *v,
			   struct err *e)
{
	if (json_is_object(v))
		return merge_object(f ? f->fields : NULL, target, v, e);
	if (json_is_array(v) && f && f->merge_key)
		return merge_list(f, target, v, e);
	if (json_is_array(v) && f && (f->flags & FIELD_SET))
		return merge_set(target, v);
	return json_deep_copy(v);
}

static void delete_from_set(json_t *out, const char *name, const json_t *values)
{
	json_t *left = json_array(), *list = json_object_get(out, name), *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (!jhas_str(values, json_string_value(item) ? json_string_value(item) : ""))
			json_array_append(left, item);
	if (json_is_array(list))
		json_object_set(out, name, left);
	json_decref(left);
}

static ssize_t find_ordered(const json_t *list, const struct field *f, const json_t *what)
{
	size_t i;
	json_t *item;

	if (f && f->merge_key && json_is_object(what))
		return find_element(list, f->merge_key, json_object_get(what, f->merge_key));
	json_array_foreach(list, i, item)
		if (json_equal(item, what))
			return (ssize_t)i;
	return -1;
}

/* Puts the elements that order names first, in its order; others follow as they were. */
static void set_order(json_t *out, const struct field *f, const char *name, const json_t *order)
{
	_cleanup_json_ json_t *rest = json_copy(json_object_get(out, name));
	json_t *sorted, *item;
	size_t i;

	if (!json_is_array(rest))
		return;
	sorted = json_array();
	json_array_foreach(order, i, item) {
		ssize_t at = find_ordered(rest, f, item);

		if (at < 0)
			continue;
		json_array_append(sorted, json_array_get(rest, (size_t)at));
		json_array_remove(rest, (size_t)at);
	}
	json_array_extend(sorted, rest);
	json_object_set_new(out, name, sorted);
}

static void retain_keys(json_t *out, const json_t *keep)
{
	const char *key;
	void *tmp;
	json_t *v;

	json_object_foreach_safe(out, tmp, key, v)
		if (!jhas_str(keep, key))
			json_object_del(out, key);
}

/* Directives of an object that act on its lists and members, once those are merged. */
static void run_directives(const struct field *fields, json_t *out, const json_t *patch)
{
	const json_t *keep = json_object_get(patch, RETAIN);
	const char *key, *name;
	json_t *v;

	json_object_foreach((json_t *)patch, key, v) {
		name = str_after(key, DELETE_PREFIX);
		if (name)
			delete_from_set(out, name, v);
	}
	json_object_foreach((json_t *)patch, key, v) {
		name = str_after(key, ORDER_PREFIX);
		if (name)
			set_order(out, field_find(fields, name), name, v);
	}
	if (json_is_array(keep))
		retain_keys(out, keep);
}

static json_t *merge_object(const struct field *fields, const json_t *target, const json_t *patch,
			    struct err *e)
{
	const char *how = jstr(patch, DIRECTIVE, "merge"), *key;
	_cleanup_json_ json_t *out = NULL;
	json_t *v;

	if (streq(how, "delete"))
		return json_object();
	if (!streq(how, "merge") && !streq(how, "replace")) {
		err_set(e, EINVAL, "unknown %s directive \"%.*s\"", DIRECTIVE, text_clip(how), how);
		return NULL;
	}
	out = streq(how, "merge") && json_is_object(target) ? json_copy((json_t *)target)
							    : json_object();
	json_object_foreach((json_t *)patch, key, v) {
		json_t *merged;

		if (is_directive(key))
			continue;
		if (json_is_null(v)) {
			json_object_del(out, key);
			continue;
		}
		merged = merge_value(field_find(fields, key), json_object_get(out, key), v, e);
		if (!merged)
			return NULL;
		json_object_set_new(out, key, merged);
	}
	run_directives(fields, out, patch);
	return TAKE_PTR(out);
}

json_t *patch_strategic(const struct field *fields, const json_t *target, const json_t *patch,
			struct err *e)
{
	_cleanup_json_ json_t *rest = NULL, *shallow = NULL;
	json_t *metadata;

	if (!json_is_object(patch)) {
		err_set(e, EINVAL, "a strategic merge patch is an object");
		return NULL;
	}
	rest = json_copy((json_t *)patch);
	json_object_del(rest, "metadata");
	shallow = merge_object(fields, target, rest, e);
	metadata = json_object_get(patch, "metadata");
	if (!shallow)
		return NULL;
	if (json_is_object(metadata)) {
		json_t *m = merge_object(schema_metadata, json_object_get(target, "metadata"),
					 metadata, e);

		if (!m)
			return NULL;
		json_object_set_new(shallow, "metadata", m);
	}
	/* Unchanged parts are still the target's. */
	return json_deep_copy(shallow);
}
