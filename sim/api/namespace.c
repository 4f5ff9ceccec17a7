/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"
#include "api/meta.h"

static const char *const versions[] = {"v1", NULL};
static const char *const short_names[] = {"ns", NULL};

static const struct field spec_fields[] = {
	FIELD("finalizers", LIST),
	FIELDS_END,
};
static const struct field status_fields[] = {
	FIELD("phase", STRING),
	FIELD("conditions", LIST_ANY, .merge_key = "type"),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .fields = spec_fields),
	FIELD("status", OBJECT, .fields = status_fields),
	FIELDS_END,
};
static const struct column columns[] = {
	COLUMN("Status", "string", "The namespace's phase.", .path = "status.phase"),
	COLUMN_AGE,
	COLUMNS_END,
};

/* Namespace selectors by name rely on this label (Kubernetes: NamespaceDefaultLabelName). */
static void set_default(json_t *obj)
{
	if (*meta_name(obj))
		meta_set_label(obj, "kubernetes.io/metadata.name", meta_name(obj));
}

static void on_create(json_t *obj)
{
	jset_str(obj, "status.phase", "Active");
}

const struct kind kind_namespace = {
	.group = "",
	.versions = versions,
	.kind = "Namespace",
	.plural = "namespaces",
	.singular = "namespace",
	.short_names = short_names,
	.has_status = true,
	.builtin = true,
	.name_rule = NAME_LABEL,
	.fields = fields,
	.columns = columns,
	.default_fn = set_default,
	.create_fn = on_create,
};
