/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"
#include "api/selector.h"
#include "api/udn_spec.h"

static const char *const versions[] = {"v1", NULL};
static const char *const short_names[] = {"cudn", NULL};
static const char *const topologies[] = {"Layer2", "Layer3", "Localnet", NULL};
static const char *const transports[] = {"NoOverlay", "Geneve", "EVPN", NULL};

static const struct field network_fields[] = {
	FIELD("topology", STRING, .flags = FIELD_REQUIRED, .enums = topologies),
	FIELD("layer2", OBJECT, .fields = udn_layer2_fields),
	FIELD("layer3", OBJECT, .fields = udn_layer3_fields),
	FIELD("localnet", OBJECT, .fields = udn_localnet_fields),
	FIELD("transport", STRING, .enums = transports),
	FIELD_KEPT("noOverlayOptions", OBJECT),
	FIELD_KEPT("noOverlay", OBJECT),
	FIELD_KEPT("evpn", OBJECT),
	FIELDS_END,
};
static const struct field spec_fields[] = {
	FIELD("namespaceSelector", OBJECT, .flags = FIELD_REQUIRED,
	      .fields = schema_label_selector),
	FIELD("network", OBJECT, .flags = FIELD_REQUIRED, .fields = network_fields),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .flags = FIELD_REQUIRED, .fields = spec_fields),
	FIELD("status", OBJECT),
	FIELDS_END,
};

static void validate(const json_t *obj, const json_t *old, struct diags *d)
{
	selector_free(selector_from_object(jget(obj, "spec.namespaceSelector"),
					   "spec.namespaceSelector", d));
	udn_check(jget(obj, "spec.network"), jget(old, "spec.network"), "spec.network", true, d);
}

static const struct column columns[] = {
	COLUMN_AGE,
	COLUMN("Topology", "string", "Topology of the network.", .priority = 1,
	       .cell = udn_cell_topology),
	COLUMN("Role", "string", "Role of the network in pods.", .priority = 1,
	       .cell = udn_cell_role),
	COLUMN("Created", "string", "Whether every selected namespace has its NAD.", .priority = 1,
	       .cell = udn_cell_created),
	COLUMNS_END,
};

const struct kind kind_cudn = {
	.group = "k8s.ovn.org",
	.versions = versions,
	.kind = "ClusterUserDefinedNetwork",
	.plural = "clusteruserdefinednetworks",
	.singular = "clusteruserdefinednetwork",
	.short_names = short_names,
	.has_status = true,
	.has_generation = true,
	.fields = fields,
	.columns = columns,
	.validate_fn = validate,
};
