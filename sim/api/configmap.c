/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"
#include "api/data.h"

static const char *const versions[] = {"v1", NULL};
static const char *const short_names[] = {"cm", NULL};

static const struct field fields[] = {
	FIELD("data", MAP),
	FIELD("binaryData", MAP),
	FIELD("immutable", BOOL),
	FIELDS_END,
};

static void validate(const json_t *obj, const json_t *old, struct diags *d)
{
	static const char *const members[] = {"data", "binaryData", NULL};
	json_t *data = json_object_get(obj, "data"), *v;
	const char *key;

	data_check_map(obj, "data", false, d);
	data_check_map(obj, "binaryData", true, d);
	json_object_foreach(json_object_get(obj, "binaryData"), key, v) {
		_cleanup_free_ char *path = xasprintf("binaryData.%s", key);

		if (json_object_get(data, key))
			diags_add(d, DIAG_ERROR, NULL, path,
				  "Invalid value: duplicate of key present in data");
	}
	data_check_size(obj, "data", "binaryData", d);
	data_check_immutable(obj, old, members, d);
}

static json_t *cell_count(const json_t *obj, const struct table_env *env UNUSED)
{
	return json_integer((json_int_t)(json_object_size(json_object_get(obj, "data")) +
					 json_object_size(json_object_get(obj, "binaryData"))));
}

static const struct column columns[] = {
	COLUMN("Data", "integer", "Number of keys.", .cell = cell_count),
	COLUMN_AGE,
	COLUMNS_END,
};

const struct kind kind_configmap = {
	.group = "",
	.versions = versions,
	.kind = "ConfigMap",
	.plural = "configmaps",
	.singular = "configmap",
	.short_names = short_names,
	.namespaced = true,
	.builtin = true,
	.fields = fields,
	.columns = columns,
	.validate_fn = validate,
};
