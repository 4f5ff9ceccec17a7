/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy came to on one node; made by the lab. */
#include "api/meta.h"
#include "api/nmstate_cells.h"

static const char *const versions[] = {"v1", "v1beta1", NULL};
static const char *const short_names[] = {"nnce", NULL};

static const struct field fields[] = {
	FIELD("status", OBJECT),
	FIELDS_END,
};

static json_t *true_member(const json_t *obj, const char *member)
{
	size_t i;
	json_t *c;

	json_array_foreach(jget(obj, "status.conditions"), i, c)
		if (streq(jstr(c, "status", ""), "True"))
			return json_incref(json_object_get(c, member));
	return NULL;
}

json_t *cell_true_condition(const json_t *obj, const struct table_env *env UNUSED)
{
	return true_member(obj, "type");
}

json_t *cell_true_reason(const json_t *obj, const struct table_env *env UNUSED)
{
	return true_member(obj, "reason");
}

json_t *cell_true_message(const json_t *obj, const struct table_env *env UNUSED)
{
	return true_member(obj, "message");
}

/* An age: what a cell function returns is shown as it is. */
json_t *cell_true_since(const json_t *obj, const struct table_env *env)
{
	_cleanup_json_ json_t *since = true_member(obj, "lastTransitionTime");
	int64_t t = since ? meta_parse_time(json_string_value(since)) : -1;
	_cleanup_free_ char *age = t < 0 ? NULL : meta_age(env->now - t);

	return age ? jstring(age) : NULL;
}

static const struct column columns[] = {
	COLUMN("Status", "string", "The condition that holds.", .cell = cell_true_condition),
	COLUMN("Status Age", "string", "Since when.", .cell = cell_true_since),
	COLUMN("Reason", "string", "Its reason.", .cell = cell_true_reason),
	COLUMN("Message", "string", "Its message.", .priority = 1, .cell = cell_true_message),
	COLUMNS_END,
};

const struct kind kind_nnce = {
	.group = "nmstate.io",
	.versions = versions,
	.kind = "NodeNetworkConfigurationEnactment",
	.plural = "nodenetworkconfigurationenactments",
	.singular = "nodenetworkconfigurationenactment",
	.short_names = short_names,
	.has_status = true,
	.fields = fields,
	.columns = columns,
};
