/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"
#include "api/udn_spec.h"

static const char *const versions[] = {"v1", NULL};
static const char *const short_names[] = {"udn", NULL};
static const char *const topologies[] = {"Layer2", "Layer3", NULL};

static const struct field spec_fields[] = {
	FIELD("topology", STRING, .flags = FIELD_REQUIRED, .enums = topologies),
	FIELD("layer2", OBJECT, .fields = udn_layer2_fields),
	FIELD("layer3", OBJECT, .fields = udn_layer3_fields),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .flags = FIELD_REQUIRED, .fields = spec_fields),
	FIELD("status", OBJECT),
	FIELDS_END,
};

static void validate(const json_t *obj, const json_t *old, struct diags *d)
{
	udn_check(json_object_get(obj, "spec"), json_object_get(old, "spec"), "spec", false, d);
}

static const struct column columns[] = {
	COLUMN_AGE,
	COLUMN("Topology", "string", "Topology of the network.", .priority = 1,
	       .cell = udn_cell_topology),
	COLUMN("Role", "string", "Role of the network in pods.", .priority = 1,
	       .cell = udn_cell_role),
	COLUMN("Created", "string", "Whether its NAD exists.", .priority = 1,
	       .cell = udn_cell_created),
	COLUMNS_END,
};

const struct kind kind_udn = {
	.group = "k8s.ovn.org",
	.versions = versions,
	.kind = "UserDefinedNetwork",
	.plural = "userdefinednetworks",
	.singular = "userdefinednetwork",
	.short_names = short_names,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.fields = fields,
	.columns = columns,
	.validate_fn = validate,
};
