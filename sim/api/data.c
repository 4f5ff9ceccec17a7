/* SPDX-License-Identifier: Apache-2.0 */
#include "api/data.h"

#include "api/text.h"
#include "base/base64.h"

#define MAX_DATA (1024 * 1024)

static const char *check_key(const char *key)
{
	if (strlen(key) > 253)
		return "must be no more than 253 characters";
	if (!*key || key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_.")])
		return "a valid config key must consist of alphanumeric characters, '-', '_' or "
		       "'.'";
	if (streq(key, ".") || str_after(key, ".."))
		return "must not be '.' or start with '..'";
	return NULL;
}

void data_check_map(const json_t *obj, const char *member, bool base64, struct diags *d)
{
	const char *key, *why;
	json_t *v;

	json_object_foreach(json_object_get(obj, member), key, v) {
		_cleanup_free_ char *path = xasprintf("%s.%s", member, key);

		why = check_key(key);
		if (why)
			diags_add(d, DIAG_ERROR, NULL, path, "Invalid value: \"%.*s\": %s",
				  text_clip(key), key, why);
		if (base64 && base64_decode(json_string_value(v), json_string_length(v), NULL) < 0)
			diag_hint(diags_add(d, DIAG_ERROR, NULL, path,
					    "Invalid value: illegal base64 data"),
				  "%s",
				  streq(member, "data") ? "put plain text under stringData"
							: "encode it with base64");
	}
}

void data_check_size(const json_t *obj, const char *a, const char *b, struct diags *d)
{
	const char *const members[] = {a, b};
	size_t total = 0;
	const char *key;
	json_t *v;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		json_object_foreach(json_object_get(obj, members[i]), key, v)
			total += json_string_length(v);
	if (total > MAX_DATA)
		diags_add(d, DIAG_ERROR, NULL, a, "Too long: may not be more than %d bytes",
			  MAX_DATA);
}

void data_check_immutable(const json_t *obj, const json_t *old, const char *const *members,
			  struct diags *d)
{
	static const char text[] = "Forbidden: field is immutable when `immutable` is set";

	if (!old || !jbool(old, "immutable", false))
		return;
	if (!jbool(obj, "immutable", false))
		diags_add(d, DIAG_ERROR, NULL, "immutable", "%s", text);
	for (; *members; members++) {
		json_t *a = json_object_get(obj, *members), *b = json_object_get(old, *members);

		if ((a || b) && !json_equal(a, b))
			diags_add(d, DIAG_ERROR, NULL, *members, "%s", text);
	}
}
