/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MultiNetworkPolicy. The custom resource definition checks little beyond types: what a policy may
 * say is judged in ovnk/policy.h. ovnbed adds a status, which the real kind lacks: whether the
 * policy is applied, and why not.
 */
#include "api/cells.h"
#include "api/meta.h"

static const char *const versions[] = {"v1beta1", "v1beta2", NULL};
static const char *const short_names[] = {"multi-policy", NULL};

static const struct field block_fields[] = {
	FIELD("cidr", STRING, .flags = FIELD_REQUIRED),
	FIELD("except", LIST),
	FIELDS_END,
};
static const struct field peer_fields[] = {
	FIELD("podSelector", OBJECT, .fields = schema_label_selector),
	FIELD("namespaceSelector", OBJECT, .fields = schema_label_selector),
	FIELD("ipBlock", OBJECT, .fields = block_fields),
	FIELDS_END,
};
static const struct field port_fields[] = {
	FIELD("protocol", STRING),
	FIELD("port", INT_OR_STRING),
	FIELD("endPort", INT),
	FIELDS_END,
};
static const struct field ingress_fields[] = {
	FIELD("ports", LIST, .fields = port_fields),
	FIELD("from", LIST, .fields = peer_fields),
	FIELDS_END,
};
static const struct field egress_fields[] = {
	FIELD("ports", LIST, .fields = port_fields),
	FIELD("to", LIST, .fields = peer_fields),
	FIELDS_END,
};
static const struct field spec_fields[] = {
	FIELD("podSelector", OBJECT, .fields = schema_label_selector),
	FIELD("policyTypes", LIST),
	FIELD("ingress", LIST, .fields = ingress_fields),
	FIELD("egress", LIST, .fields = egress_fields),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .flags = FIELD_REQUIRED, .fields = spec_fields),
	FIELD("status", OBJECT),
	FIELDS_END,
};

/*
 * The documentation writes `podSelector:` with nothing behind it and means every pod
 * (facts/kubevirt-nmstate-docs.md §1.1); a null is dropped before this runs, so that an absent one
 * counts as that, too.
 */
static void set_default(json_t *obj)
{
	json_t *spec = json_object_get(obj, "spec");

	if (!json_object_get(spec, "podSelector"))
		json_object_set_new(spec, "podSelector", json_object());
}

static json_t *cell_networks(const json_t *obj, const struct table_env *env UNUSED)
{
	const char *v = meta_annotation(obj, "k8s.v1.cni.cncf.io/policy-for");

	return v ? jstring(v) : NULL;
}

static json_t *cell_applied(const json_t *obj, const struct table_env *env UNUSED)
{
	const json_t *c = meta_condition(obj, "Applied");

	return c ? jstring(jstr(c, "status", "Unknown")) : NULL;
}

static const struct column columns[] = {
	COLUMN("Applied", "string", "Whether the policy is in the databases.",
	       .cell = cell_applied),
	COLUMN_AGE,
	COLUMN("Policy-For", "string", "Networks it is for.", .priority = 1, .cell = cell_networks),
	COLUMNS_END,
};

const struct kind kind_mnp = {
	.group = "k8s.cni.cncf.io",
	.versions = versions,
	.kind = "MultiNetworkPolicy",
	.plural = "multi-networkpolicies",
	.singular = "multi-networkpolicy",
	.short_names = short_names,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.fields = fields,
	.columns = columns,
	.default_fn = set_default,
};
