/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the planners; not for others. */
#ifndef OVNBED_OVNK_PLAN_PRIV_H
#define OVNBED_OVNK_PLAN_PRIV_H

#include "ovnk/plan.h"

#define ID_NETWORK "k8s.ovn.org/network"
#define ID_NAD "k8s.ovn.org/nad"
#define ID_ROLE "k8s.ovn.org/role"
#define ID_TOPOLOGY "k8s.ovn.org/topology"
#define ID_OWNER_CONTROLLER "k8s.ovn.org/owner-controller"

#define COPP_NAME "ovnkube-default"
#define METER_SUFFIX "-rate-limiter"

/* Protocols that the default control plane protection limits; NULL at the end. */
extern const char *const plan_copp_protocols[];
/* Last parts of a network's Load_Balancer_Group names; the switch refers to the first two. */
extern const char *const plan_lb_groups[];

/*
 * Appends a desired row that is found by its column index_column, which must be in row. row is
 * stolen; merge (an array of column names, stolen) may be NULL.
 */
void plan_add(json_t *plan, const char *table, const char *key, const char *index_column,
	      json_t *row, json_t *merge, const char *owner);
json_t *plan_ref(const char *table, const char *key); /* {"$ref":"table/key"} */
/* Sets key of map to a text; value NULL: nothing. */
void plan_put(json_t *map, const char *key, const char *value);
/* Rows of the objects that every cluster has: Copp, Meter, Meter_Band. */
void plan_infra(json_t *plan);
/* True when the attachment has a logical port in the zone; *ret_node is the pod's node. */
bool plan_has_port(const struct ovnk_view *v, const struct network *n, const struct podnet *p,
		   const struct attachment *a, const char *zone, const struct ovnk_node **ret_node);
/* True when node belongs to the zone. */
bool plan_is_local(const struct ovnk_view *v, const struct ovnk_node *node, const char *zone);

/* Rows of the policies of a zone: Port_Group, ACL, Address_Set. */
void plan_policies(json_t *plan, const struct ovnk_view *v, const char *zone);

#endif
