/* SPDX-License-Identifier: Apache-2.0 */
/* What Kubernetes demands of names, labels and annotations (apimachinery: validation.go). */
#include <ctype.h>

#include "api/meta.h"
#include "api/text.h"

#define MAX_ANNOTATIONS (256 * 1024)
#define TOO_LONG_63 "must be no more than 63 characters"

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

/* Label characters in s[0..n), alphanumeric at both ends. */
static bool label_shape(const char *s, size_t n)
{
	if (n == 0 || !is_lower_alnum(s[0]) || !is_lower_alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_lower_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

const char *meta_check_label_name(const char *s)
{
	size_t n = strlen(s);

	if (n > 63)
		return TOO_LONG_63;
	if (!label_shape(s, n))
		return "a lowercase RFC 1123 label must consist of lower case alphanumeric "
		       "characters or '-', and must start and end with an alphanumeric character";
	return NULL;
}

const char *meta_check_subdomain(const char *s)
{
	if (strlen(s) > 253)
		return "must be no more than 253 characters";
	for (;;) {
		size_t n = strcspn(s, ".");

		if (!label_shape(s, n))
			return "a lowercase RFC 1123 subdomain must consist of lower case "
			       "alphanumeric characters, '-' or '.', and must start and end with "
			       "an alphanumeric character";
		if (!s[n])
			return NULL;
		s += n + 1;
	}
}

/* Letters, digits, '-', '_', '.', alphanumeric at both ends. */
static bool name_shape(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || !is_alnum(s[0]) || !is_alnum(s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(s[i]) && !strchr("-_.", s[i]))
			return false;
	return true;
}

const char *meta_check_qualified_name(const char *s)
{
	const char *slash = strchr(s, '/'), *name = slash ? slash + 1 : s;

	if (slash) {
		_cleanup_free_ char *prefix = xstrndup(s, (size_t)(slash - s));

		if (!*prefix)
			return "prefix part must be non-empty";
		if (meta_check_subdomain(prefix))
			return "prefix part must be a lowercase RFC 1123 subdomain (such as "
			       "example.com)";
		if (strchr(name, '/'))
			return "a qualified name must consist of a name with an optional prefix "
			       "and one '/'";
	}
	if (!*name)
		return "name part must be non-empty";
	if (strlen(name) > 63)
		return "name part must be no more than 63 characters";
	if (!name_shape(name))
		return "name part must consist of alphanumeric characters, '-', '_' or '.', and "
		       "must start and end with an alphanumeric character";
	return NULL;
}

const char *meta_check_label_value(const char *s)
{
	if (strlen(s) > 63)
		return TOO_LONG_63;
	if (*s && !name_shape(s))
		return "a valid label must be an empty string or consist of alphanumeric "
		       "characters, '-', '_' or '.', and must start and end with an alphanumeric "
		       "character";
	return NULL;
}

static void invalid(struct diags *d, const char *path, const char *value, const char *why)
{
	diags_add(d, DIAG_ERROR, NULL, path, "Invalid value: \"%.*s\": %s", text_clip(value), value,
		  why);
}

static void check_labels(const json_t *labels, const char *path, struct diags *d)
{
	const char *key, *why;
	json_t *v;

	json_object_foreach((json_t *)labels, key, v) {
		why = meta_check_qualified_name(key);
		if (why)
			invalid(d, path, key, why);
		if (!json_is_string(v))
			continue;
		why = meta_check_label_value(json_string_value(v));
		if (why)
			invalid(d, path, json_string_value(v), why);
	}
}

/* Annotation keys may use upper case in the prefix. */
static void check_annotations(const json_t *annotations, const char *path, struct diags *d)
{
	const char *key, *why;
	size_t total = 0;
	json_t *v;

	json_object_foreach((json_t *)annotations, key, v) {
		_cleanup_free_ char *low = xstrdup(key);

		for (char *p = low; *p; p++)
			*p = (char)tolower((unsigned char)*p);
		why = meta_check_qualified_name(low);
		if (why)
			invalid(d, path, key, why);
		total += strlen(key) + json_string_length(v);
	}
	if (total > MAX_ANNOTATIONS)
		diags_add(d, DIAG_ERROR, NULL, path, "Too long: may not be more than %d bytes",
			  MAX_ANNOTATIONS);
}

void meta_validate_labels(const json_t *metadata, const char *path, struct diags *d)
{
	_cleanup_free_ char *labels = xasprintf("%s.labels", path);
	_cleanup_free_ char *annotations = xasprintf("%s.annotations", path);

	check_labels(json_object_get(metadata, "labels"), labels, d);
	check_annotations(json_object_get(metadata, "annotations"), annotations, d);
}

static void check_name(const struct kind *k, const json_t *obj, struct diags *d)
{
	const char *name = meta_name(obj), *generate = jstr(obj, "metadata.generateName", "");
	const char *(*check)(const char *) =
		k->name_rule == NAME_LABEL ? meta_check_label_name : meta_check_subdomain;
	const char *why;

	if (!*name && !*generate) {
		diags_add(d, DIAG_ERROR, NULL, "metadata.name",
			  "Required value: name or generateName is required");
		return;
	}
	if (*name) {
		why = check(name);
		if (why)
			invalid(d, "metadata.name", name, why);
	} else {
		/* Five characters follow, so that a trailing '-' or '.' is fine. */
		_cleanup_free_ char *full = xasprintf("%sxxxxx", generate);

		why = check(full);
		if (why)
			invalid(d, "metadata.generateName", generate, why);
	}
}

static void check_scope(const struct kind *k, const json_t *obj, struct diags *d)
{
	const char *ns = meta_ns(obj), *why;

	if (!k->namespaced && *ns) {
		diag_hint(diags_add(d, DIAG_ERROR, NULL, "metadata.namespace",
				    "Forbidden: not allowed on this type: %s is cluster-scoped",
				    k->kind),
			  "remove metadata.namespace");
	} else if (k->namespaced && *ns) {
		why = meta_check_label_name(ns);
		if (why)
			invalid(d, "metadata.namespace", ns, why);
	}
}

static void check_lists(const json_t *obj, struct diags *d)
{
	size_t i, controllers = 0;
	json_t *v;
	const char *why;

	json_array_foreach(jget(obj, "metadata.finalizers"), i, v) {
		why = json_is_string(v) ? meta_check_qualified_name(json_string_value(v)) : NULL;
		if (why)
			invalid(d, "metadata.finalizers", json_string_value(v), why);
	}
	json_array_foreach(jget(obj, "metadata.ownerReferences"), i, v)
		controllers += jbool(v, "controller", false);
	if (controllers > 1)
		diags_add(d, DIAG_ERROR, NULL, "metadata.ownerReferences",
			  "Invalid value: only one reference can have controller set to true");
}

static void check_immutable(const json_t *obj, const json_t *old, struct diags *d)
{
	size_t i;
	json_t *v;

	if (!streq(meta_name(obj), meta_name(old)))
		invalid(d, "metadata.name", meta_name(obj), "field is immutable");
	if (!streq(meta_ns(obj), meta_ns(old)))
		invalid(d, "metadata.namespace", meta_ns(obj), "field is immutable");
	if (!meta_deleting(old))
		return;
	json_array_foreach(jget(obj, "metadata.finalizers"), i, v)
		if (json_is_string(v) && !meta_has_finalizer(old, json_string_value(v)))
			diags_add(d, DIAG_ERROR, NULL, "metadata.finalizers",
				  "Forbidden: no new finalizers can be added if the object is "
				  "being deleted, found new finalizer \"%.*s\"",
				  text_clip(json_string_value(v)), json_string_value(v));
}

void meta_validate(const struct kind *k, const json_t *obj, const json_t *old, struct diags *d)
{
	check_name(k, obj, d);
	check_scope(k, obj, d);
	meta_validate_labels(json_object_get(obj, "metadata"), "metadata", d);
	check_lists(obj, d);
	if (old)
		check_immutable(obj, old, d);
}
