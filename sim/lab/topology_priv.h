/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the topology's parser: for topology*.c only. */
#ifndef OVNBED_LAB_TOPOLOGY_PRIV_H
#define OVNBED_LAB_TOPOLOGY_PRIV_H

#include "base/prng.h"
#include "lab/topology.h"

#define TOPO_UNDERLAY "underlay"

/* A document on its way into the normalised tree. */
struct topo {
	const json_t *spec;
	struct diags *d;
	uint64_t seed;
	const char *zones;
	json_t *mtus;	   /* {NETWORK: mtu}, the underlay included */
	json_t *addresses; /* {"NETWORK/VLAN/ADDRESS": path}: who has it */
	bool underlay_ovs; /* somebody uses VLANs or groups of links on the underlay */
};

/* ---- topology_check.c: parts of a document, each checked; findings go to t->d ---- */

/* An error at path; hint may be NULL. */
void topo_bad(struct topo *t, const char *path, const char *hint, const char *fmt, ...)
	PRINTF(4, 5);
/* Complains of every key of o that is not in known (NULL-terminated). */
void topo_keys(struct topo *t, const json_t *o, const char *path, const char *const *known);
bool topo_name_ok(const char *s);
/* o.name, unique in seen; NULL when it is no good. Borrowed. */
const char *topo_name(struct topo *t, const json_t *o, const char *path, json_t *seen);
/* o.mtu, or def. */
long long topo_mtu(struct topo *t, const json_t *o, const char *path, long long def);
/* o.vlan: 1 to 4094, or 0 when absent. */
long long topo_vlan(struct topo *t, const json_t *o, const char *path);
bool topo_bool(struct topo *t, const json_t *o, const char *key, const char *path);
/* o.key as a list (borrowed); an empty one or NULL when it is none. */
json_t *topo_list(struct topo *t, const json_t *o, const char *key, const char *path);
/* Value of o.key, which must be one of values; the first of them by default. */
const char *topo_enum(struct topo *t, const json_t *o, const char *key, const char *path,
		      const char *const *values);
/* o.key as a list of CIDRs. New reference. */
json_t *topo_cidrs(struct topo *t, const json_t *o, const char *key, const char *path);
/* o.mac, or one that derives from the seed, what and name. New reference. */
json_t *topo_mac(struct topo *t, const json_t *o, const char *path, const char *what,
		 const char *name);
json_t *topo_uuid(struct topo *t, const char *what, const char *name);
/* o.network, which must exist; def (may be NULL) when absent. Borrowed; NULL with a complaint. */
const char *topo_network(struct topo *t, const json_t *o, const char *path, const char *def);
/* Notes who has these addresses on a network's VLAN and complains of a second owner. */
void topo_claim(struct topo *t, const char *network, long long vlan, const json_t *cidrs,
		const char *path);

/* ---- topology_host.c, topology_nic.c ---- */

/* The hosts listed in a network (or the underlay), normalised. New reference. */
json_t *topo_hosts(struct topo *t, const json_t *net, const char *path, const char *network,
		   json_t *seen);
/* The NICs of a node besides eth0, normalised. New reference. */
json_t *topo_nics(struct topo *t, const json_t *node, const char *path, const char *name);

#endif
