/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kind.h"

#include <errno.h>
#include <strings.h>

#include "api/meta.h"

#define KIND_ENTRY(name) &kind_##name,
const struct kind *const kind_table[] = {KINDS(KIND_ENTRY) NULL};
#undef KIND_ENTRY

static bool has_version(const struct kind *k, const char *version)
{
	for (const char *const *v = k->versions; *v; v++)
		if (streq(*v, version))
			return true;
	return false;
}

/* Splits "group/version"; the core group has no slash. group: caller frees; returns version. */
static const char *split_api_version(const char *api_version, char **ret_group)
{
	const char *slash = strchr(api_version, '/');

	*ret_group = slash ? xstrndup(api_version, (size_t)(slash - api_version)) : xstrdup("");
	return slash ? slash + 1 : api_version;
}

const struct kind *kind_by_gvk(const char *api_version, const char *kind)
{
	_cleanup_free_ char *group = NULL;
	const char *version = split_api_version(api_version, &group);

	KIND_FOREACH(k)
		if (streq(k->kind, kind) && streq(k->group, group) && has_version(k, version))
			return k;
	return NULL;
}

const struct kind *kind_by_url(const char *group, const char *version, const char *plural)
{
	KIND_FOREACH(k)
		if (streq(k->plural, plural) && streq(k->group, group) && has_version(k, version))
			return k;
	return NULL;
}

static bool is_called(const struct kind *k, const char *name)
{
	if (!strcasecmp(name, k->plural) || !strcasecmp(name, k->singular) ||
	    !strcasecmp(name, k->kind))
		return true;
	for (const char *const *s = k->short_names; s && *s; s++)
		if (!strcasecmp(name, *s))
			return true;
	return false;
}

/* qualifier: "group", "version.group" or (core group) "version.". */
static bool is_qualified(const struct kind *k, const char *qualifier)
{
	if (!strcasecmp(qualifier, k->group))
		return true;
	for (const char *const *v = k->versions; *v; v++) {
		_cleanup_free_ char *full = xasprintf("%s.%s", *v, k->group);

		if (!strcasecmp(qualifier, full))
			return true;
	}
	return false;
}

const struct kind *kind_by_name(const char *typed)
{
	const char *dot = strchr(typed, '.');
	_cleanup_free_ char *name = xstrndup(typed, dot ? (size_t)(dot - typed) : strlen(typed));

	KIND_FOREACH(k)
		if (is_called(k, name) && (!dot || is_qualified(k, dot + 1)))
			return k;
	return NULL;
}

const struct kind *kind_of(const json_t *obj)
{
	return kind_by_gvk(jstr(obj, "apiVersion", ""), jstr(obj, "kind", ""));
}

bool kind_in_category(const struct kind *k, const char *category)
{
	for (const char *const *c = k->categories; c && *c; c++)
		if (!strcasecmp(*c, category))
			return true;
	return false;
}

char *kind_api_version(const struct kind *k)
{
	return *k->group ? xasprintf("%s/%s", k->group, k->versions[0]) : xstrdup(k->versions[0]);
}

static char *with_group(const char *name, const char *group)
{
	return *group ? xasprintf("%s.%s", name, group) : xstrdup(name);
}

char *kind_resource(const struct kind *k)
{
	return with_group(k->plural, k->group);
}

char *kind_group_kind(const struct kind *k)
{
	return with_group(k->kind, k->group);
}

char *kind_names(void)
{
	struct buf b = BUF_INIT;

	KIND_FOREACH(k) {
		_cleanup_free_ char *version = kind_api_version(k);

		buf_printf(&b, "%s%s (%s)", b.len ? ", " : "", k->kind, version);
	}
	return buf_take(&b);
}

void kind_drop_nulls(json_t *obj)
{
	const struct kind *k = kind_of(obj);

	schema_drop_nulls(k ? k->fields : NULL, obj);
}

void kind_convert(json_t *obj, struct diags *d)
{
	const struct kind *k = kind_of(obj);
	_cleanup_free_ char *group = NULL, *stored = k ? kind_api_version(k) : NULL;
	const char *version = split_api_version(jstr(obj, "apiVersion", ""), &group);

	if (!k || streq(version, k->versions[0]))
		return;
	if (k->convert_fn)
		k->convert_fn(obj, version, d);
	jset_str(obj, "apiVersion", stored);
}

static void check_top(const struct kind *k, const json_t *obj, enum kind_unknown unknown,
		      struct diags *d)
{
	static const struct field head[] = {
		FIELD("apiVersion", STRING, .flags = FIELD_REQUIRED),
		FIELD("kind", STRING, .flags = FIELD_REQUIRED),
		FIELD("metadata", OBJECT, .flags = FIELD_REQUIRED, .fields = schema_metadata),
		FIELDS_END,
	};
	enum diag_severity s = unknown == KIND_STRICT ? DIAG_ERROR
			       : unknown == KIND_WARN ? DIAG_WARNING
						      : DIAG_NOTE;
	_cleanup_json_ json_t *top = json_object(), *rest = json_copy((json_t *)obj);

	for (const struct field *f = head; f->name; f++) {
		json_t *v = json_object_get(obj, f->name);

		if (v)
			json_object_set(top, f->name, v);
		json_object_del(rest, f->name);
	}
	schema_check(head, top, "", s, d);
	schema_check(k->fields, rest, "", s, d);
}

static const struct kind *require_kind(const json_t *obj, struct diags *d)
{
	const struct kind *k = json_is_object(obj) ? kind_of(obj) : NULL;

	if (!k)
		diags_add(d, DIAG_ERROR, NULL, "kind", "Unsupported value: no kind \"%s\" in %s",
			  jstr(obj, "kind", ""), jstr(obj, "apiVersion", "(no apiVersion)"));
	return k;
}

int kind_prepare(json_t *obj, enum kind_unknown unknown, struct diags *d)
{
	size_t before = diags_count(d, DIAG_ERROR);
	const struct kind *k = require_kind(obj, d);

	if (!k)
		return -EINVAL;
	kind_drop_nulls(obj);
	kind_convert(obj, d);
	/* Structure first: default_fn may rely on it. */
	check_top(k, obj, unknown, d);
	if (diags_count(d, DIAG_ERROR) > before)
		return -EINVAL;
	if (k->default_fn)
		k->default_fn(obj);
	return 0;
}

int kind_validate(const json_t *obj, const json_t *old, struct diags *d)
{
	size_t before = diags_count(d, DIAG_ERROR);
	const struct kind *k = require_kind(obj, d);

	if (!k)
		return -EINVAL;
	meta_validate(k, obj, old, d);
	if (k->validate_fn)
		k->validate_fn(obj, old, d);
	return diags_count(d, DIAG_ERROR) > before ? -EINVAL : 0;
}

int kind_admit(json_t *obj, const json_t *old, enum kind_unknown unknown, struct diags *d)
{
	int r = kind_prepare(obj, unknown, d);

	return r < 0 ? r : kind_validate(obj, old, d);
}

void kind_ignored_fields(const json_t *obj, struct diags *d)
{
	const struct kind *k = json_is_object(obj) ? kind_of(obj) : NULL;

	if (k)
		schema_ignored(k->fields, obj, "", d);
}
