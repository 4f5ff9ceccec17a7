/* SPDX-License-Identifier: Apache-2.0 */
#include "api/schema.h"

#include <errno.h>

#include "api/text.h"
#include "api/quantity.h"

const struct field *field_find(const struct field *fields, const char *name)
{
	for (const struct field *f = fields; f && f->name; f++)
		if (streq(f->name, name))
			return f;
	return NULL;
}

/* A path that grows and shrinks while a tree is walked. */
static size_t path_push(struct buf *path, const char *key)
{
	size_t mark = path->len;

	if (path->len)
		buf_addc(path, '.');
	buf_adds(path, key);
	return mark;
}

static size_t path_push_index(struct buf *path, size_t i)
{
	size_t mark = path->len;

	buf_printf(path, path->len ? ".%zu" : "%zu", i);
	return mark;
}

static void path_pop(struct buf *path, size_t mark)
{
	path->len = mark;
	if (path->data)
		path->data[mark] = '\0';
}

static const char *type_name(enum field_type t)
{
	switch (t) {
	case FIELD_STRING:
		return "a string";
	case FIELD_BOOL:
		return "a boolean";
	case FIELD_INT:
		return "an integer";
	case FIELD_NUMBER:
		return "a number";
	case FIELD_INT_OR_STRING:
		return "an integer or a string";
	case FIELD_QUANTITY:
		return "a quantity such as 1Gi or 500m";
	case FIELD_LIST:
	case FIELD_LIST_ANY:
		return "a list";
	case FIELD_OBJECT:
	case FIELD_MAP:
	case FIELD_MAP_QUANTITY:
		return "an object";
	case FIELD_ANY:
		break;
	}
	return "anything";
}

static const char *json_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		break;
	}
	return "null";
}

static bool type_fits(enum field_type t, const json_t *v)
{
	long long n;

	switch (t) {
	case FIELD_ANY:
		return true;
	case FIELD_STRING:
		return json_is_string(v);
	case FIELD_BOOL:
		return json_is_boolean(v);
	case FIELD_INT:
		return json_is_integer(v);
	case FIELD_NUMBER:
		return json_is_number(v);
	case FIELD_INT_OR_STRING:
		return json_is_integer(v) || json_is_string(v);
	case FIELD_QUANTITY:
		return quantity_value(v, &n) != -EINVAL;
	case FIELD_LIST:
	case FIELD_LIST_ANY:
		return json_is_array(v);
	case FIELD_OBJECT:
	case FIELD_MAP:
	case FIELD_MAP_QUANTITY:
		return json_is_object(v);
	}
	return false;
}

static void wrong_type(enum field_type t, const json_t *v, struct buf *path, struct diags *d)
{
	if (json_is_object(v) || json_is_array(v)) {
		diags_add(d, DIAG_ERROR, NULL, buf_str(path), "Invalid value: must be %s, found %s",
			  type_name(t), json_name(v));
	} else {
		_cleanup_free_ char *text = jtext(v);
		struct diag *g = diags_add(d, DIAG_ERROR, NULL, buf_str(path),
					   "Invalid value: %.*s: must be %s, found %s",
					   text_clip(text), text, type_name(t), json_name(v));

		if (json_is_string(v) && (t == FIELD_BOOL || t == FIELD_INT))
			diag_hint(g, "drop the quotes");
		else if (t == FIELD_STRING && !json_is_null(v))
			diag_hint(g, "put it in quotes");
	}
}

static void check_enum(const struct field *f, const json_t *v, struct buf *path, struct diags *d)
{
	_cleanup_buf_ struct buf known = BUF_INIT;

	for (const char *const *e = f->enums; *e; e++) {
		if (streq(*e, json_string_value(v)))
			return;
		buf_printf(&known, "%s\"%s\"", known.len ? ", " : "", *e);
	}
	diags_add(d, DIAG_ERROR, NULL, buf_str(path),
		  "Unsupported value: \"%.*s\": supported values: %s",
		  text_clip(json_string_value(v)), json_string_value(v), buf_str(&known));
}

struct check {
	enum diag_severity unknown;
	struct diags *d;
	struct buf path;
};

static void check_object(struct check *c, const struct field *fields, bool open, const json_t *obj);

static void check_scalar(struct check *c, enum field_type t, const json_t *v)
{
	if (!type_fits(t, v))
		wrong_type(t, v, &c->path, c->d);
}

static void check_list(struct check *c, const struct field *f, const json_t *list)
{
	size_t i;
	json_t *v;

	json_array_foreach(list, i, v) {
		size_t mark = path_push_index(&c->path, i);

		check_scalar(c, f->fields ? FIELD_OBJECT : FIELD_STRING, v);
		if (f->fields && json_is_object(v))
			check_object(c, f->fields, f->flags & FIELD_OPEN, v);
		path_pop(&c->path, mark);
	}
}

static void check_map(struct check *c, enum field_type t, const json_t *map)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)map, key, v) {
		size_t mark = path_push(&c->path, key);

		check_scalar(c, t, v);
		path_pop(&c->path, mark);
	}
}

static void check_value(struct check *c, const struct field *f, const json_t *v)
{
	if (!type_fits(f->type, v))
		wrong_type(f->type, v, &c->path, c->d);
	else if (f->type == FIELD_OBJECT && f->fields)
		check_object(c, f->fields, f->flags & FIELD_OPEN, v);
	else if (f->type == FIELD_LIST)
		check_list(c, f, v);
	else if (f->type == FIELD_MAP)
		check_map(c, FIELD_STRING, v);
	else if (f->type == FIELD_MAP_QUANTITY)
		check_map(c, FIELD_QUANTITY, v);
	else if (f->type == FIELD_STRING && f->enums)
		check_enum(f, v, &c->path, c->d);
}

static void unknown_field(struct check *c, const struct field *fields, const char *key)
{
	const struct field *best = NULL;
	struct diag *g = diags_add(c->d, c->unknown, "unknown-field", buf_str(&c->path),
				   "unknown field \"%.*s\"", text_clip(key), key);

	for (const struct field *f = fields; f->name; f++)
		if (text_plausible(key, f->name) &&
		    (!best || text_distance(key, f->name) < text_distance(key, best->name)))
			best = f;
	if (best)
		diag_hint(g, "did you mean \"%s\"?", best->name);
}

static void check_object(struct check *c, const struct field *fields, bool open, const json_t *obj)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)obj, key, v) {
		const struct field *f = field_find(fields, key);
		size_t mark = path_push(&c->path, key);

		if (!f && !open)
			unknown_field(c, fields, key);
		else if (f && !json_is_null(v))
			check_value(c, f, v);
		path_pop(&c->path, mark);
	}
	for (const struct field *f = fields; f->name; f++) {
		v = json_object_get(obj, f->name);
		if (!(f->flags & FIELD_REQUIRED) || (v && !json_is_null(v)))
			continue;
		size_t mark = path_push(&c->path, f->name);

		diags_add(c->d, DIAG_ERROR, NULL, buf_str(&c->path), "Required value");
		path_pop(&c->path, mark);
	}
}

void schema_check(const struct field *fields, const json_t *obj, const char *path,
		  enum diag_severity unknown, struct diags *d)
{
	struct check c = {.unknown = unknown, .d = d, .path = BUF_INIT};

	buf_adds(&c.path, path);
	check_object(&c, fields, false, obj);
	buf_free(&c.path);
}

/* seen: paths without indices that were noted already. */
static void ignored_in(const struct field *fields, const json_t *obj, struct buf *path,
		       struct buf *generic, json_t *seen, struct diags *d)
{
	for (const struct field *f = fields; f->name; f++) {
		json_t *v = json_object_get(obj, f->name), *item;
		size_t mark = path_push(path, f->name), gmark = path_push(generic, f->name), i;

		if (v && !json_is_null(v) && (f->flags & FIELD_IGNORED)) {
			if (!json_object_get(seen, buf_str(generic)))
				diags_add(d, DIAG_NOTE, "ignored", buf_str(path),
					  "kept, but ovnbed does not act on it");
			json_object_set_new(seen, buf_str(generic), json_true());
		} else if (json_is_object(v) && f->type == FIELD_OBJECT && f->fields) {
			ignored_in(f->fields, v, path, generic, seen, d);
		} else if (json_is_array(v) && f->type == FIELD_LIST && f->fields) {
			json_array_foreach(v, i, item) {
				size_t imark = path_push_index(path, i);

				ignored_in(f->fields, item, path, generic, seen, d);
				path_pop(path, imark);
			}
		}
		path_pop(path, mark);
		path_pop(generic, gmark);
	}
}

void schema_ignored(const struct field *fields, const json_t *obj, const char *path,
		    struct diags *d)
{
	_cleanup_buf_ struct buf p = BUF_INIT, generic = BUF_INIT;
	_cleanup_json_ json_t *seen = json_object();

	buf_adds(&p, path);
	ignored_in(fields, obj, &p, &generic, seen, d);
}

void schema_drop_nulls(const struct field *fields, json_t *v)
{
	const char *key;
	json_t *item;
	void *tmp;
	size_t i;

	json_object_foreach_safe(v, tmp, key, item) {
		const struct field *f = field_find(fields, key);

		if (json_is_null(item))
			json_object_del(v, key);
		else if (!f || (f->type != FIELD_ANY && f->type != FIELD_LIST_ANY))
			schema_drop_nulls(f ? f->fields : NULL, item);
	}
	json_array_foreach(v, i, item)
		schema_drop_nulls(fields, item);
}

static const struct field owner_reference[] = {
	FIELD("apiVersion", STRING, .flags = FIELD_REQUIRED),
	FIELD("kind", STRING, .flags = FIELD_REQUIRED),
	FIELD("name", STRING, .flags = FIELD_REQUIRED),
	FIELD("uid", STRING, .flags = FIELD_REQUIRED),
	FIELD("controller", BOOL),
	FIELD("blockOwnerDeletion", BOOL),
	FIELDS_END,
};

static const struct field requirement_fields[] = {
	FIELD("key", STRING, .flags = FIELD_REQUIRED),
	FIELD("operator", STRING, .flags = FIELD_REQUIRED),
	FIELD("values", LIST),
	FIELDS_END,
};
const struct field schema_label_selector[] = {
	FIELD("matchLabels", MAP),
	FIELD("matchExpressions", LIST, .fields = requirement_fields),
	FIELDS_END,
};

const struct field schema_metadata[] = {
	FIELD("name", STRING),
	FIELD("generateName", STRING),
	FIELD("namespace", STRING),
	FIELD("labels", MAP),
	FIELD("annotations", MAP),
	FIELD("finalizers", LIST, .flags = FIELD_SET),
	FIELD("ownerReferences", LIST, .fields = owner_reference, .merge_key = "uid"),
	FIELD("uid", STRING),
	FIELD("resourceVersion", STRING),
	FIELD("generation", INT),
	FIELD("creationTimestamp", STRING),
	FIELD("deletionTimestamp", STRING),
	FIELD("deletionGracePeriodSeconds", INT),
	FIELD("managedFields", LIST_ANY),
	FIELD("selfLink", STRING),
	FIELD("clusterName", STRING),
	FIELDS_END,
};
