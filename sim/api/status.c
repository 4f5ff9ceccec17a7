/* SPDX-License-Identifier: Apache-2.0 */
#include "api/status.h"

#include <ctype.h>
#include <errno.h>

#include "api/meta.h"
#include "api/text.h"

static const struct {
	int code;
	const char *reason;
	int err;
} reasons[] = {
	{400, "BadRequest", EINVAL},
	{401, "Unauthorized", EACCES},
	{403, "Forbidden", EPERM},
	{404, "NotFound", ENOENT},
	{405, "MethodNotAllowed", EOPNOTSUPP},
	{406, "NotAcceptable", EINVAL},
	{409, "Conflict", EAGAIN},
	{409, "AlreadyExists", EEXIST},
	{410, "Expired", ESTALE},
	{413, "RequestEntityTooLarge", EMSGSIZE},
	{415, "UnsupportedMediaType", EOPNOTSUPP},
	{422, "Invalid", EINVAL},
	{500, "InternalError", EIO},
	{503, "ServiceUnavailable", EIO},
	{504, "Timeout", ETIMEDOUT},
};

static const char *reason_of(int code)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	return "Unknown";
}

static json_t *make(int code, const char *reason, char *message)
{
	text_sanitize(message);
	return json_pack("{s:s, s:s, s:{}, s:s, s:o, s:s, s:i}", "kind", "Status", "apiVersion",
			 "v1", "metadata", "status", "Failure", "message", jstring(message),
			 "reason", reason, "code", code);
}

static void set_details(json_t *status, const struct kind *k, const char *name, const char *kind)
{
	json_t *details = json_object();

	if (name && *name)
		json_object_set_new(details, "name", jstring(name));
	if (*k->group)
		json_object_set_new(details, "group", jstring(k->group));
	json_object_set_new(details, "kind", jstring(kind));
	json_object_set_new(status, "details", details);
}

json_t *status_failure(int code, const char *fmt, ...)
{
	_cleanup_free_ char *message = NULL;
	va_list ap;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	return make(code, reason_of(code), message);
}

json_t *status_failure_for(const struct kind *k, const char *name, int code, const char *fmt, ...)
{
	_cleanup_free_ char *message = NULL;
	json_t *status;
	va_list ap;

	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	status = make(code, reason_of(code), message);
	set_details(status, k, name, k->plural);
	return status;
}

json_t *status_not_found(const struct kind *k, const char *name)
{
	_cleanup_free_ char *res = kind_resource(k);

	return status_failure_for(k, name, 404, "%s \"%s\" not found", res, name);
}

json_t *status_already_exists(const struct kind *k, const char *name)
{
	_cleanup_free_ char *res = kind_resource(k);
	json_t *status = status_failure_for(k, name, 409, "%s \"%s\" already exists", res, name);

	jset_str(status, "reason", "AlreadyExists");
	return status;
}

json_t *status_conflict(const struct kind *k, const char *name)
{
	_cleanup_free_ char *res = kind_resource(k);

	return status_failure_for(k, name, 409,
				  "Operation cannot be fulfilled on %s \"%s\": the object has been "
				  "modified; please apply your changes to the latest version and "
				  "try again",
				  res, name);
}

json_t *status_expired(const char *rv, const char *oldest)
{
	return status_failure(410, "too old resource version: %s (%s)", rv, oldest);
}

json_t *status_forbidden(const struct kind *k, const char *name, const char *why)
{
	_cleanup_free_ char *res = kind_resource(k);

	return status_failure_for(k, name, 403, "%s \"%s\" is forbidden: %s", res, name, why);
}

/* Kubernetes' cause type of a message, by its first words. */
static const char *cause_reason(const char *msg)
{
	static const struct {
		const char *prefix, *reason;
	} t[] = {
		{"Required value", "FieldValueRequired"},
		{"Unsupported value", "FieldValueNotSupported"},
		{"Duplicate value", "FieldValueDuplicate"},
		{"Forbidden", "FieldValueForbidden"},
		{"Too long", "FieldValueTooLong"},
		{"Too many", "FieldValueTooMany"},
		{"Not found", "FieldValueNotFound"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (str_after(msg, t[i].prefix))
			return t[i].reason;
	return "FieldValueInvalid";
}

static json_t *make_cause(const struct diag *g, const char *field)
{
	json_t *c =
		json_pack("{s:s, s:o}", "reason", cause_reason(g->msg), "message", jstring(g->msg));

	if (field)
		json_object_set_new(c, "field", jstring(field));
	if (g->rule)
		json_object_set_new(c, "rule", jstring(g->rule));
	if (g->hint)
		json_object_set_new(c, "hint", jstring(g->hint));
	return c;
}

json_t *status_invalid(const struct kind *k, const char *name, const struct diags *d)
{
	_cleanup_free_ char *gk = kind_group_kind(k);
	_cleanup_buf_ struct buf list = BUF_INIT;
	bool several = diags_count(d, DIAG_ERROR) > 1;
	json_t *causes = json_array(), *status;

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *g = &d->v[i];
		_cleanup_free_ char *field = g->path ? status_field(g->path) : NULL;

		if (g->severity != DIAG_ERROR)
			continue;
		json_array_append_new(causes, make_cause(g, field));
		buf_printf(&list, "%s%s%s%s", list.len ? ", " : "", field ? field : "",
			   field ? ": " : "", g->msg);
	}
	status = status_failure_for(k, name, 422, "%s \"%s\" is invalid: %s%s%s", gk,
				    name ? name : "", several ? "[" : "", buf_str(&list),
				    several ? "]" : "");
	set_details(status, k, name, k->kind);
	jset(status, "details.causes", causes);
	return status;
}

json_t *status_success(const struct kind *k, const json_t *obj)
{
	json_t *status = json_pack("{s:s, s:s, s:{}, s:s}", "kind", "Status", "apiVersion", "v1",
				   "metadata", "status", "Success");

	set_details(status, k, meta_name(obj), k->plural);
	if (*meta_uid(obj))
		jset_str(status, "details.uid", meta_uid(obj));
	return status;
}

bool status_is_failure(const json_t *obj)
{
	return streq(jstr(obj, "kind", ""), "Status") && streq(jstr(obj, "apiVersion", ""), "v1") &&
	       streq(jstr(obj, "status", ""), "Failure");
}

int status_code(const json_t *status)
{
	return (int)jint(status, "code", 0);
}

const char *status_message(const json_t *status)
{
	return jstr(status, "message", "unknown error");
}

const char *status_reason(const json_t *status)
{
	return jstr(status, "reason", "Unknown");
}

static char *object_of(const json_t *status, const char *object)
{
	const char *name = jstr(status, "details.name", NULL);

	if (object)
		return xstrdup(object);
	return name ? xasprintf("%s %s", jstr(status, "details.kind", "object"), name) : NULL;
}

void status_to_diags(const json_t *status, const char *object, struct diags *d)
{
	_cleanup_free_ char *who = object_of(status, object);
	size_t from = d->n, i;
	json_t *c;

	json_array_foreach(jget(status, "details.causes"), i, c) {
		const char *field = jstr(c, "field", NULL), *hint = jstr(c, "hint", NULL);
		_cleanup_free_ char *path = field ? status_path(field) : NULL;
		struct diag *g = diags_add(d, DIAG_ERROR, jstr(c, "rule", NULL), path, "%s",
					   jstr(c, "message", "refused"));

		if (hint)
			diag_hint(g, "%s", hint);
	}
	if (d->n == from)
		diags_add(d, DIAG_ERROR, NULL, NULL, "%s", status_message(status));
	diags_locate(d, from, NULL, who);
}

int status_errno(const json_t *status)
{
	int code = status_code(status);
	const char *reason = status_reason(status);

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == code && streq(reasons[i].reason, reason))
			return -reasons[i].err;
	return code >= 400 && code < 500 ? -EINVAL : -EIO;
}

/* True when path[0..n) is an index. */
static bool is_index(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)s[i]))
			return false;
	return n > 0;
}

char *status_field(const char *path)
{
	struct buf b = BUF_INIT;

	while (*path) {
		size_t n = strcspn(path, ".");

		if (is_index(path, n) && b.len)
			buf_printf(&b, "[%.*s]", (int)n, path);
		else
			buf_printf(&b, "%s%.*s", b.len ? "." : "", (int)n, path);
		path += n + (path[n] == '.');
	}
	return buf_take(&b);
}

char *status_path(const char *field)
{
	struct buf b = BUF_INIT;

	for (; *field; field++) {
		size_t n = *field == '[' ? strcspn(field + 1, "]") : 0;

		if (n && is_index(field + 1, n) && field[1 + n]) {
			buf_printf(&b, ".%.*s", (int)n, field + 1);
			field += n + 1;
		} else {
			buf_addc(&b, *field);
		}
	}
	return buf_take(&b);
}
