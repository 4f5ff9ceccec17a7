/* SPDX-License-Identifier: Apache-2.0 */
/* user-data: write_files. */
#include "config_priv.h"

#include "base/base64.h"

/*
 * YAML reads 0644 as octal, and '0644' is a text of octal digits. What is no mode is reported and
 * becomes the default.
 */
static long long file_mode(const json_t *v, const char *path, struct diags *d)
{
	const char *text = json_string_value(v);
	char *end = NULL;
	long long mode = json_is_integer(v) ? json_integer_value(v) : -1;

	if (!v)
		return 0644;
	if (text && *text)
		mode = strtoll(str_after(text, "0o") ? text + 2 : text, &end, 8);
	if (mode < 0 || mode > 07777 || (end && *end)) {
		diags_add(d, DIAG_ERROR, NULL, path, "expected octal permissions, 0644 is taken");
		return 0644;
	}
	return mode;
}

/* -1 for what this client cannot decode. */
static int encoding(const char *name)
{
	static const char *const base64[] = {"b64", "base64"};
	static const char *const plain[] = {"text/plain", "plain", "text", ""};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(base64); i++)
		if (streq(name, base64[i]))
			return 1;
	for (i = 0; i < ARRAY_SIZE(plain); i++)
		if (streq(name, plain[i]))
			return 0;
	return -1;
}

static json_t *file_object(const json_t *in, const char *at, struct diags *d)
{
	_cleanup_free_ char *path = nc_text(json_object_get(in, "path"));
	_cleanup_free_ char *content = nc_text(json_object_get(in, "content"));
	_cleanup_free_ char *owner = nc_text(json_object_get(in, "owner"));
	_cleanup_free_ char *at_mode = xasprintf("%s.permissions", at);
	int base64 = encoding(jstr(in, "encoding", ""));

	if (!path || path[0] != '/') {
		diags_add(d, DIAG_ERROR, NULL, at, "expected an absolute \"path\", found \"%s\"",
			  path ? path : "");
		return NULL;
	}
	if (base64 < 0) {
		diags_add(d, DIAG_ERROR, NULL, at, "encoding \"%s\" is not supported",
			  jstr(in, "encoding", ""));
		return NULL;
	}
	if (!content)
		content = xstrdup("");
	if (base64 && base64_decode(content, strlen(content), NULL) < 0) {
		diags_add(d, DIAG_ERROR, NULL, at, "content is not base64");
		return NULL;
	}
	return json_pack("{s:s, s:s, s:b, s:I, s:b, s:s*}", "path", path, "content", content,
			 "base64", base64, "mode",
			 file_mode(json_object_get(in, "permissions"), at_mode, d), "append",
			 nc_bool(json_object_get(in, "append"), false), "owner", owner);
}

void nc_user_files(const json_t *cfg, json_t *user, struct diags *d)
{
	static const char *const known[] = {"path",	   "content", "encoding", "owner",
					    "permissions", "append",  "defer",	  NULL};
	_cleanup_json_ json_t *list = nc_list(json_object_get(cfg, "write_files"));
	json_t *item, *f;
	size_t i;

	json_array_foreach(list, i, item) {
		_cleanup_free_ char *at = xasprintf("write_files.%zu", i);

		f = file_object(item, at, d);
		if (f)
			json_array_append_new(json_object_get(user, "files"), f);
		nc_unknown_keys(item, known, at, d);
	}
}
