/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>

/* Copies the next path element into key; returns the rest, or NULL behind the last one. */
static const char *next_key(const char *path, char *key, size_t size)
{
	size_t n = strcspn(path, ".");

	snprintf(key, size, "%.*s", (int)n, path);
	return path[n] == '.' ? path + n + 1 : NULL;
}

json_t *jget(const json_t *j, const char *path)
{
	char key[256];

	while (j && path) {
		path = next_key(path, key, sizeof(key));
		if (json_is_array(j)) {
			long long i;

			if (parse_int(key, 0, 1 << 30, &i) < 0)
				return NULL;
			j = json_array_get(j, (size_t)i);
		} else {
			j = json_object_get(j, key);
		}
	}
	return (json_t *)j;
}

const char *jstr(const json_t *j, const char *path, const char *def)
{
	const json_t *v = jget(j, path);

	return json_is_string(v) ? json_string_value(v) : def;
}

long long jint(const json_t *j, const char *path, long long def)
{
	const json_t *v = jget(j, path);

	return json_is_integer(v) ? json_integer_value(v) : def;
}

bool jbool(const json_t *j, const char *path, bool def)
{
	const json_t *v = jget(j, path);

	return json_is_boolean(v) ? json_is_true(v) : def;
}

void jset(json_t *j, const char *path, json_t *v)
{
	char key[256];

	for (path = next_key(path, key, sizeof(key)); path;
	     path = next_key(path, key, sizeof(key))) {
		json_t *child = json_object_get(j, key);

		if (!json_is_object(child)) {
			child = json_object();
			json_object_set_new(j, key, child);
		}
		j = child;
	}
	json_object_set_new(j, key, v);
}

void jset_str(json_t *j, const char *path, const char *v)
{
	if (v)
		jset(j, path, jstring(v));
	else
		jdel(j, path);
}

void jdel(json_t *j, const char *path)
{
	char key[256];

	for (path = next_key(path, key, sizeof(key)); path;
	     path = next_key(path, key, sizeof(key))) {
		j = json_object_get(j, key);
		if (!j)
			return;
	}
	json_object_del(j, key);
}

static char *dump(const json_t *j, size_t flags)
{
	char *s = json_dumps(j, flags | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	return s ? s : xstrdup("null");
}

char *jtext(const json_t *j)
{
	return dump(j, JSON_COMPACT);
}

char *jtext_pretty(const json_t *j)
{
	return dump(j, JSON_INDENT(2));
}

json_t *jparse(const char *text, size_t len, struct err *e)
{
	json_error_t je;
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);

	if (!j)
		err_set(e, EINVAL, "%d:%d: %s", je.line, je.column, je.text);
	return j;
}

json_t *jstring(const char *s)
{
	json_t *j = s ? json_string(s) : NULL;

	return j ? j : json_null();
}

json_t *jstringf(const char *fmt, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return jstring(s);
}

bool jhas_str(const json_t *a, const char *s)
{
	size_t i;
	json_t *v;

	json_array_foreach(a, i, v)
		if (streq0(json_string_value(v), s))
			return true;
	return false;
}

void jadd_str(json_t *a, const char *s)
{
	if (!jhas_str(a, s))
		json_array_append_new(a, jstring(s));
}

json_t *jmerge_patch(const json_t *target, const json_t *patch)
{
	const char *key;
	json_t *v, *out;

	if (!json_is_object(patch))
		return json_deep_copy(patch);
	out = json_is_object(target) ? json_deep_copy(target) : json_object();
	json_object_foreach((json_t *)patch, key, v) {
		if (json_is_null(v))
			json_object_del(out, key);
		else
			json_object_set_new(out, key, jmerge_patch(json_object_get(out, key), v));
	}
	return out;
}

json_t *jload_file(const char *path, struct err *e)
{
	json_error_t je;
	json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);

	if (!j)
		err_set(e, EINVAL, "%s:%d:%d: %s", path, je.line, je.column, je.text);
	return j;
}

int jsave_file(const char *path, const json_t *j, struct err *e)
{
	_cleanup_free_ char *tmp = xasprintf("%s.tmp", path);

	if (json_dump_file(j, tmp, JSON_SORT_KEYS | JSON_INDENT(2) | JSON_ENCODE_ANY) < 0)
		return err_errno(e, errno ? errno : EIO, "write %s", tmp);
	if (rename(tmp, path) < 0)
		return err_errno(e, errno, "rename %s to %s", tmp, path);
	return 0;
}
