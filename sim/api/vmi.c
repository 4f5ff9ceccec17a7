/* SPDX-License-Identifier: Apache-2.0 */
/* Structure only: KubeVirt's webhook rules are in kubevirt/. */
#include "api/cells.h"
#include "api/meta.h"
#include "api/vmi_spec.h"

static const char *const versions[] = {"v1", "v1alpha3", NULL};
static const char *const short_names[] = {"vmi", "vmis", NULL};
static const char *const categories[] = {"all", NULL};

static const struct field fields[] = {
	FIELD("spec", OBJECT, .flags = FIELD_REQUIRED, .fields = schema_vmi_spec),
	FIELD("status", OBJECT),
	FIELDS_END,
};

static json_t *condition_cell(const json_t *obj, const char *type)
{
	const char *s = meta_condition_status(obj, type);

	return *s ? jstring(s) : NULL;
}

static json_t *cell_migratable(const json_t *obj, const struct table_env *env UNUSED)
{
	return condition_cell(obj, "LiveMigratable");
}

static json_t *cell_paused(const json_t *obj, const struct table_env *env UNUSED)
{
	return condition_cell(obj, "Paused");
}

static const struct column columns[] = {
	COLUMN_AGE,
	COLUMN("Phase", "string", "Phase of the instance.", .path = "status.phase"),
	COLUMN("IP", "string", "First address of its first interface.",
	       .path = "status.interfaces.0.ipAddress"),
	COLUMN("NodeName", "string", "Node it runs on.", .path = "status.nodeName"),
	COLUMN("Ready", "string", "Whether it is ready.", .cell = cell_ready),
	COLUMN("Live-Migratable", "string", "Whether it can be migrated.", .priority = 1,
	       .cell = cell_migratable),
	COLUMN("Paused", "string", "Whether it is paused.", .priority = 1, .cell = cell_paused),
	COLUMNS_END,
};

const struct kind kind_vmi = {
	.group = "kubevirt.io",
	.versions = versions,
	.kind = "VirtualMachineInstance",
	.plural = "virtualmachineinstances",
	.singular = "virtualmachineinstance",
	.short_names = short_names,
	.categories = categories,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.fields = fields,
	.columns = columns,
};
