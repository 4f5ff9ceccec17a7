/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the generator share. */
#ifndef OVNBED_SCENARIO_GENERATE_PRIV_H
#define OVNBED_SCENARIO_GENERATE_PRIV_H

#include "base/buf.h"
#include "base/prng.h"
#include "scenario/generate.h"

/* Values that are dealt like cards, so that each appears as often as any other. */
struct deck {
	uint8_t order[16], n, at;
};

enum dimension {
	DIM_MISC,
	DIM_DIRECTION,
	DIM_STACK,
	DIM_NAMESPACE,
	DIM_TARGET,
	DIM_TYPES,
	DIM_RULE,
	DIM_PEER,
	DIM_BLOCK,
	DIM_PORT,
	DIM_PROTOCOL,
	DIM_PECULIAR,
	N_DIMENSIONS,
};

struct generator {
	struct prng rng;
	struct deck decks[N_DIMENSIONS];
};
/* Next card of a dimension that has n values. */
unsigned generate_deal(struct generator *g, enum dimension d, unsigned n);
bool generate_chance(struct generator *g, unsigned percent);

enum network_kind {
	NETWORK_LAYER2,
	NETWORK_DUAL,
	NETWORK_V6,
	NETWORK_BARE, /* no subnets: the pods bring their addresses */
	NETWORK_LOCALNET,
	NETWORK_VLAN,
};
struct gen_network {
	char name[8];
	unsigned index;
	enum network_kind kind;
	bool v4, v6;
};
void generate_network(unsigned index, struct gen_network *ret);
const char *generate_kind_name(enum network_kind k);

/* Namespaces, NADs and pods of the first n networks. New reference. */
json_t *generate_world(unsigned n);
/* Pods and NAD of one network. New reference. */
json_t *generate_small_world(const struct gen_network *net);
/* Pod of the world by name, changed: labels (NULL: as they are), node (NULL: likewise). */
json_t *generate_pod(const char *ns, const char *name, unsigned n, const json_t *labels,
		     const char *node);
json_t *generate_namespace(const char *name, const json_t *labels);

/* The policies of one case on a network: {"tags","text","policies"}. New reference. */
json_t *generate_policies(struct generator *g, const struct gen_network *net);
void generate_tag(json_t *tags, const char *group, const char *value);

#endif
