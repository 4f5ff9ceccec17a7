/* SPDX-License-Identifier: Apache-2.0 */
/* Structure only: KubeVirt's webhook rules are in kubevirt/. */
#include "api/cells.h"
#include "api/meta.h"
#include "api/vmi_spec.h"

static const char *const versions[] = {"v1", "v1alpha3", NULL};
static const char *const short_names[] = {"vm", "vms", NULL};
static const char *const categories[] = {"all", NULL};

static const struct field template_fields[] = {
	FIELD("metadata", OBJECT, .fields = schema_metadata),
	FIELD("spec", OBJECT, .flags = FIELD_REQUIRED, .fields = schema_vmi_spec),
	FIELDS_END,
};
static const struct field spec_fields[] = {
	FIELD("running", BOOL),
	FIELD("runStrategy", STRING),
	FIELD("template", OBJECT, .flags = FIELD_REQUIRED, .fields = template_fields),
	FIELD_KEPT("instancetype", OBJECT),
	FIELD_KEPT("preference", OBJECT),
	FIELD_KEPT("dataVolumeTemplates", LIST_ANY),
	FIELD_KEPT("updateVolumesStrategy", STRING),
	FIELD_KEPT("liveUpdateFeatures", OBJECT),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .flags = FIELD_REQUIRED, .fields = spec_fields),
	FIELD("status", OBJECT),
	FIELDS_END,
};

static void validate(const json_t *obj, const json_t *old UNUSED, struct diags *d)
{
	meta_validate_labels(jget(obj, "spec.template.metadata"), "spec.template.metadata", d);
}

static json_t *vmi_of(const json_t *vm, const struct table_env *env)
{
	return env->peek ? env->peek(env->arg, &kind_vmi, meta_ns(vm), meta_name(vm)) : NULL;
}

static json_t *cell_node(const json_t *obj, const struct table_env *env)
{
	const char *node = jstr(vmi_of(obj, env), "status.nodeName", NULL);

	return node ? jstring(node) : NULL;
}

static json_t *cell_ips(const json_t *obj, const struct table_env *env)
{
	return cell_vmi_ips(vmi_of(obj, env));
}

static const struct column columns[] = {
	COLUMN_AGE,
	COLUMN("Status", "string", "Human-readable status.", .path = "status.printableStatus"),
	COLUMN("Ready", "string", "Whether its instance is ready.", .cell = cell_ready),
	COLUMN("Node", "string", "Node its instance runs on.", .priority = 1, .cell = cell_node),
	COLUMN("IPs", "string", "Addresses of its instance, all interfaces.", .priority = 1,
	       .cell = cell_ips),
	COLUMNS_END,
};

const struct kind kind_vm = {
	.group = "kubevirt.io",
	.versions = versions,
	.kind = "VirtualMachine",
	.plural = "virtualmachines",
	.singular = "virtualmachine",
	.short_names = short_names,
	.categories = categories,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.fields = fields,
	.columns = columns,
	.validate_fn = validate,
};
