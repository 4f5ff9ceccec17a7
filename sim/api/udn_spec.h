/* SPDX-License-Identifier: Apache-2.0 */
/* What ClusterUserDefinedNetwork and UserDefinedNetwork share: OVN-Kubernetes'
 * crd/userdefinednetwork/v1, structure and rules. */
#ifndef OVNBED_API_UDN_SPEC_H
#define OVNBED_API_UDN_SPEC_H

#include "api/kind.h"

extern const struct field udn_layer2_fields[], udn_layer3_fields[], udn_localnet_fields[];

/*
 * Checks a network: spec.network of a ClusterUserDefinedNetwork (cluster) or spec of a
 * UserDefinedNetwork, found at path; old is the former one or NULL. As the API server does, first
 * ranges, lengths and counts, and only when these are good the rules between fields.
 */
void udn_check(const json_t *net, const json_t *old, const char *path, bool cluster,
	       struct diags *d);

/* The section that the topology names: layer2, layer3 or localnet of net. Borrowed, or NULL. */
json_t *udn_section(const json_t *net);

/* Table cells: of spec.network or spec, whichever the object has. */
json_t *udn_cell_role(const json_t *obj, const struct table_env *env);
json_t *udn_cell_topology(const json_t *obj, const struct table_env *env);
json_t *udn_cell_created(const json_t *obj, const struct table_env *env);

#endif
