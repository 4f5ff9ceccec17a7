/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A generated suite of MultiNetworkPolicy cases, after the tags of cyclonus
 * (facts/policy-mtu-reports.md §2.2) and some of ours. Deterministic: the same options give the same
 * suite everywhere. Pure.
 *
 * All cases live in one lab: four pods in three namespaces on two nodes, each attached to every
 * network of the suite. A case is a set of policies on one network; a batch has one case a network,
 * and the next batch replaces its policies. What is expected is nobody's business here.
 */
#ifndef OVNBED_SCENARIO_GENERATE_H
#define OVNBED_SCENARIO_GENERATE_H

#include "base/json.h"

#define GENERATE_NETWORKS_MAX 64

struct generate_opts {
	uint64_t seed;
	unsigned cases;
	unsigned networks;  /* at once; at most GENERATE_NETWORKS_MAX */
	const json_t *tags; /* only cases that have all of these; NULL: any */
};

/*
 * {"seed":N, "networks":[{"name","kind"}], "world":[object], "batches":[BATCH], "cases":[CASE]}
 *   BATCH {"action": text, "stages":[{"delete":["pod/NS/NAME"], "apply":[object]}]}: the policies of
 *     its cases are written in the first stage; what follows changes the world under them, back to
 *     what "world" says.
 *   CASE {"id":"c017", "batch":N, "network":NAME, "tags":["direction=ingress"], "text",
 *     "policies":[object], "send":["tcp/80"]}
 * New reference. Fewer cases than asked for when the tags fit hardly any.
 */
json_t *generate_suite(const struct generate_opts *o);

/* What a lab of its own needs to show one case: array of objects. New reference. */
json_t *generate_manifests(const json_t *suite, const json_t *one);

#endif
