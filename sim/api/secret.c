/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"
#include "api/data.h"
#include "base/base64.h"

static const char *const versions[] = {"v1", NULL};

static const struct field fields[] = {
	FIELD("data", MAP),
	FIELD("stringData", MAP),
	FIELD("type", STRING),
	FIELD("immutable", BOOL),
	FIELDS_END,
};

/* stringData is write-only: it ends up in data, and wins there. */
static void set_default(json_t *obj)
{
	json_t *plain = json_object_get(obj, "stringData"), *v;
	const char *key;

	if (json_object_size(plain) > 0 && !json_is_object(json_object_get(obj, "data")))
		json_object_set_new(obj, "data", json_object());
	json_object_foreach(plain, key, v) {
		_cleanup_free_ char *e = base64_encode(json_string_value(v), json_string_length(v));

		json_object_set_new(json_object_get(obj, "data"), key, jstring(e));
	}
	json_object_del(obj, "stringData");
	if (!*jstr(obj, "type", ""))
		jset_str(obj, "type", "Opaque");
}

static void validate(const json_t *obj, const json_t *old, struct diags *d)
{
	static const char *const members[] = {"data", NULL};

	data_check_map(obj, "data", true, d);
	data_check_size(obj, "data", "", d);
	if (old && !streq(jstr(obj, "type", ""), jstr(old, "type", "")))
		diags_add(d, DIAG_ERROR, NULL, "type", "Invalid value: \"%s\": field is immutable",
			  jstr(obj, "type", ""));
	data_check_immutable(obj, old, members, d);
}

static json_t *cell_count(const json_t *obj, const struct table_env *env UNUSED)
{
	return json_integer((json_int_t)json_object_size(json_object_get(obj, "data")));
}

static const struct column columns[] = {
	COLUMN("Type", "string", "Type of the secret's data.", .path = "type"),
	COLUMN("Data", "integer", "Number of keys.", .cell = cell_count),
	COLUMN_AGE,
	COLUMNS_END,
};

const struct kind kind_secret = {
	.group = "",
	.versions = versions,
	.kind = "Secret",
	.plural = "secrets",
	.singular = "secret",
	.namespaced = true,
	.builtin = true,
	.fields = fields,
	.columns = columns,
	.default_fn = set_default,
	.validate_fn = validate,
};
