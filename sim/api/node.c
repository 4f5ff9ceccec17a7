/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"
#include "api/meta.h"

static const char *const versions[] = {"v1", NULL};
static const char *const short_names[] = {"no", NULL};

static const struct field taint_fields[] = {
	FIELD("key", STRING, .flags = FIELD_REQUIRED),
	FIELD("value", STRING),
	FIELD("effect", STRING, .flags = FIELD_REQUIRED),
	FIELD("timeAdded", STRING),
	FIELDS_END,
};
static const struct field spec_fields[] = {
	FIELD("podCIDR", STRING),
	FIELD("podCIDRs", LIST, .flags = FIELD_SET),
	FIELD("providerID", STRING),
	FIELD("unschedulable", BOOL),
	FIELD("taints", LIST, .fields = taint_fields),
	FIELD_KEPT("configSource", ANY),
	FIELD_KEPT("externalID", STRING),
	FIELDS_END,
};
static const struct field status_fields[] = {
	FIELD("conditions", LIST_ANY, .merge_key = "type"),
	FIELD("addresses", LIST_ANY, .merge_key = "type"),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .fields = spec_fields),
	FIELD("status", OBJECT, .flags = FIELD_OPEN, .fields = status_fields),
	FIELDS_END,
};

static json_t *cell_status(const json_t *obj, const struct table_env *env UNUSED)
{
	const char *ready = meta_condition_status(obj, "Ready");
	const char *s = streq(ready, "True") ? "Ready" : *ready ? "NotReady" : "Unknown";

	return jstringf("%s%s", s,
			jbool(obj, "spec.unschedulable", false) ? ",SchedulingDisabled" : "");
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static json_t *cell_roles(const json_t *obj, const struct table_env *env UNUSED)
{
	json_t *labels = jget(obj, "metadata.labels"), *v;
	const char **roles = xcalloc(json_object_size(labels) + 1, sizeof(*roles)), *key, *role;
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t n = 0;

	json_object_foreach(labels, key, v) {
		role = str_after(key, "node-role.kubernetes.io/");
		if (!role && streq(key, "kubernetes.io/role"))
			role = json_string_value(v);
		if (role && *role)
			roles[n++] = role;
	}
	qsort(roles, n, sizeof(*roles), compare);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i ? "," : "", roles[i]);
	free(roles);
	return b.len ? jstring(buf_str(&b)) : NULL;
}

static json_t *cell_ip(const json_t *obj, const struct table_env *env UNUSED)
{
	size_t i;
	json_t *a;

	json_array_foreach(jget(obj, "status.addresses"), i, a)
		if (streq(jstr(a, "type", ""), "InternalIP"))
			return jstring(jstr(a, "address", ""));
	return NULL;
}

static const struct column columns[] = {
	COLUMN("Status", "string", "Whether the node is ready.", .cell = cell_status),
	COLUMN("Roles", "string", "Roles, from the node-role.kubernetes.io labels.",
	       .cell = cell_roles),
	COLUMN_AGE,
	COLUMN("Version", "string", "Version of the node.",
	       .path = "status.nodeInfo.kubeletVersion"),
	COLUMN("Internal-IP", "string", "Address on the underlay.", .priority = 1, .cell = cell_ip),
	COLUMNS_END,
};

const struct kind kind_node = {
	.group = "",
	.versions = versions,
	.kind = "Node",
	.plural = "nodes",
	.singular = "node",
	.short_names = short_names,
	.has_status = true,
	.builtin = true,
	.fields = fields,
	.columns = columns,
};
