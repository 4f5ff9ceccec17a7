/* SPDX-License-Identifier: Apache-2.0 */
#include "api/apply.h"

#include "api/meta.h"

/* What only the server writes; people apply objects that they once got from a cluster. */
static const char *const server_metadata[] = {"uid",	       "creationTimestamp", "generation",
					      "managedFields", "selfLink",	    NULL};

/*
 * A copy of a manifest in the stored version, without nulls, without what only the server writes, and
 * without the annotation itself.
 */
static json_t *normal(const json_t *obj)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	const struct kind *k = kind_of(obj);
	json_t *copy = json_deep_copy(obj), *metadata = json_object_get(copy, "metadata");

	kind_drop_nulls(copy);
	kind_convert(copy, &d);
	for (const char *const *m = server_metadata; *m; m++)
		json_object_del(metadata, *m);
	if (k && k->has_status)
		json_object_del(copy, "status");
	meta_set_annotation(copy, APPLY_ANNOTATION, NULL);
	return copy;
}

json_t *apply_annotated(const json_t *obj)
{
	json_t *copy = normal(obj);
	_cleanup_free_ char *text = jtext(copy), *line = xasprintf("%s\n", text);

	meta_set_annotation(copy, APPLY_ANNOTATION, line);
	return copy;
}

json_t *apply_last(const json_t *current)
{
	const char *text = meta_annotation(current, APPLY_ANNOTATION);
	json_t *last = text ? jparse(text, strlen(text), NULL) : NULL;

	if (last && !json_is_object(last)) {
		json_decref(last);
		last = NULL;
	}
	return last;
}

static json_t *diff(const struct field *fields, bool strategic, const json_t *last,
		    const json_t *current, const json_t *wanted);

static json_t *find_by(const json_t *list, const char *key, const json_t *id)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		if (id && json_equal(json_object_get(item, key), id))
			return item;
	return NULL;
}

/* True when both lists have their common elements in the same order. */
static bool same_order(const char *key, const json_t *current, const json_t *wanted)
{
	size_t i, j = 0;
	json_t *item, *w;

	json_array_foreach(current, i, item) {
		if (!find_by(wanted, key, json_object_get(item, key)))
			continue;
		do
			w = json_array_get(wanted, j++);
		while (w && !find_by(current, key, json_object_get(w, key)));
		if (!json_equal(json_object_get(w, key), json_object_get(item, key)))
			return false;
	}
	return true;
}

static json_t *order_of(const char *key, const json_t *wanted)
{
	json_t *order = json_array(), *w;
	size_t i;

	json_array_foreach(wanted, i, w)
		json_array_append_new(order, json_pack("{s:O}", key, json_object_get(w, key)));
	return order;
}

/* Elements to add, change or delete. */
static json_t *diff_elements(const struct field *f, const json_t *last, const json_t *current,
			     const json_t *wanted)
{
	json_t *out = json_array(), *w, *l;
	size_t i;

	json_array_foreach(wanted, i, w) {
		json_t *id = json_object_get(w, f->merge_key);
		json_t *c = find_by(current, f->merge_key, id), *d;

		if (!c) {
			json_array_append_new(out, json_deep_copy(w));
			continue;
		}
		d = diff(f->fields, true, find_by(last, f->merge_key, id), c, w);
		if (json_object_size(d) > 0) {
			json_object_set(d, f->merge_key, id);
			json_array_append(out, d);
		}
		json_decref(d);
	}
	json_array_foreach(last, i, l) {
		json_t *id = json_object_get(l, f->merge_key);

		if (!find_by(wanted, f->merge_key, id) && find_by(current, f->merge_key, id))
			json_array_append_new(
				out, json_pack("{s:s, s:O}", "$patch", "delete", f->merge_key, id));
	}
	return out;
}

static bool all_have(const json_t *list, const char *key)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		if (!json_object_get(item, key))
			return false;
	return true;
}

static void set_prefixed(json_t *out, const char *prefix, const char *name, json_t *v)
{
	_cleanup_free_ char *key = xasprintf("%s/%s", prefix, name);

	json_object_set_new(out, key, v);
}

static void diff_merged_list(json_t *out, const struct field *f, const json_t *last,
			     const json_t *current, const json_t *wanted)
{
	_cleanup_json_ json_t *elements = NULL;

	if (!all_have(wanted, f->merge_key) || !all_have(current, f->merge_key)) {
		if (!json_equal(current, wanted))
			json_object_set_new(out, f->name, json_deep_copy(wanted));
		return;
	}
	elements = diff_elements(f, last, current, wanted);
	if (json_array_size(elements) > 0)
		json_object_set(out, f->name, elements);
	if (json_array_size(elements) > 0 || !same_order(f->merge_key, current, wanted))
		set_prefixed(out, "$setElementOrder", f->name, order_of(f->merge_key, wanted));
}

static void diff_set(json_t *out, const struct field *f, const json_t *last, const json_t *current,
		     const json_t *wanted)
{
	json_t *more = json_array(), *less = json_array(), *v;
	size_t i;

	json_array_foreach(wanted, i, v)
		if (json_is_string(v) && !jhas_str(current, json_string_value(v)))
			json_array_append(more, v);
	json_array_foreach(last, i, v)
		if (json_is_string(v) && !jhas_str(wanted, json_string_value(v)) &&
		    jhas_str(current, json_string_value(v)))
			json_array_append(less, v);
	if (json_array_size(more) > 0)
		json_object_set(out, f->name, more);
	if (json_array_size(less) > 0)
		set_prefixed(out, "$deleteFromPrimitiveList", f->name, json_incref(less));
	json_decref(more);
	json_decref(less);
}

static void diff_member(json_t *out, const struct field *f, bool strategic, const char *key,
			const json_t *last, const json_t *current, const json_t *wanted)
{
	bool lists = json_is_array(current) && json_is_array(wanted);

	if (json_is_object(current) && json_is_object(wanted)) {
		json_t *sub = diff(f ? f->fields : NULL, strategic, last, current, wanted);

		if (json_object_size(sub) > 0)
			json_object_set(out, key, sub);
		json_decref(sub);
	} else if (strategic && lists && f && f->merge_key) {
		diff_merged_list(out, f, last, current, wanted);
	} else if (strategic && lists && f && (f->flags & FIELD_SET)) {
		diff_set(out, f, last, current, wanted);
	} else if (!current || !json_equal(current, wanted)) {
		json_object_set_new(out, key, json_deep_copy(wanted));
	}
}

/* What wanted adds or changes in current, and what it no longer has of last. */
static json_t *diff(const struct field *fields, bool strategic, const json_t *last,
		    const json_t *current, const json_t *wanted)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach((json_t *)wanted, key, v)
		if (!json_is_null(v))
			diff_member(out, field_find(fields, key), strategic, key,
				    json_object_get(last, key), json_object_get(current, key), v);
	json_object_foreach((json_t *)last, key, v) {
		json_t *w = json_object_get(wanted, key);

		if ((!w || json_is_null(w)) && json_object_get(current, key))
			json_object_set_new(out, key, json_null());
	}
	return out;
}

json_t *apply_patch(const json_t *last, const json_t *current, const json_t *wanted)
{
	return diff(NULL, false, last, current, wanted);
}

json_t *apply_patch_strategic(const struct field *fields, const json_t *last, const json_t *current,
			      const json_t *wanted)
{
	json_t *out = diff(fields, true, last, current, wanted);

	json_object_del(out, "metadata");
	diff_member(out, &(const struct field)FIELD("metadata", OBJECT, .fields = schema_metadata),
		    true, "metadata", json_object_get(last, "metadata"),
		    json_object_get(current, "metadata"), json_object_get(wanted, "metadata"));
	return out;
}

/* True when the server would end up with current again, defaults and all. */
static bool is_no_change(const struct kind *k, enum patch_type t, const json_t *current,
			 const json_t *patch)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *result = patch_apply(t, k->fields, current, patch, NULL);

	return result && kind_prepare(result, KIND_IGNORE, &d) == 0 && json_equal(result, current);
}

json_t *apply_plan(const struct kind *k, const json_t *current, const json_t *wanted,
		   enum patch_type *ret_type)
{
	_cleanup_json_ json_t *w = apply_annotated(wanted), *recorded = apply_last(current);
	_cleanup_json_ json_t *last = recorded ? normal(recorded) : NULL;
	enum patch_type t = k->builtin ? PATCH_STRATEGIC : PATCH_MERGE;
	json_t *patch = k->builtin ? apply_patch_strategic(k->fields, last, current, w)
				   : apply_patch(last, current, w);

	*ret_type = t;
	if (is_no_change(k, t, current, patch))
		json_object_clear(patch);
	return patch;
}
