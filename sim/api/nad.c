/* SPDX-License-Identifier: Apache-2.0 */
/* spec.config is checked by the controller only, as in a real cluster: here it is just a string. */
#include "api/cells.h"

static const char *const versions[] = {"v1", NULL};
static const char *const short_names[] = {"net-attach-def", "nad", NULL};

static const struct field spec_fields[] = {
	FIELD("config", STRING),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .fields = spec_fields),
	FIELDS_END,
};

/* key of the configuration, or of its only plugin when it is a list. */
static json_t *config_cell(const json_t *obj, const char *key, bool of_list)
{
	const char *text = jstr(obj, "spec.config", "");
	_cleanup_json_ json_t *config = jparse(text, strlen(text), NULL);
	const char *v = jstr(config, key, NULL);

	if (!v && !of_list)
		v = jstr(jget(config, "plugins.0"), key, NULL);
	return v ? jstring(v) : NULL;
}

static json_t *cell_network(const json_t *obj, const struct table_env *env UNUSED)
{
	return config_cell(obj, "name", true);
}

static json_t *cell_topology(const json_t *obj, const struct table_env *env UNUSED)
{
	return config_cell(obj, "topology", false);
}

static const struct column columns[] = {
	COLUMN_AGE,
	COLUMN("Network", "string", "Name of the network in spec.config.", .priority = 1,
	       .cell = cell_network),
	COLUMN("Topology", "string", "Topology of the network.", .priority = 1,
	       .cell = cell_topology),
	COLUMNS_END,
};

const struct kind kind_nad = {
	.group = "k8s.cni.cncf.io",
	.versions = versions,
	.kind = "NetworkAttachmentDefinition",
	.plural = "network-attachment-definitions",
	.singular = "network-attachment-definition",
	.short_names = short_names,
	.namespaced = true,
	.has_generation = true,
	.fields = fields,
	.columns = columns,
};
