/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks of the cluster from all its NADs: ids, consistency between NADs of one name (E21), one
 * primary network a namespace (E20), and what to write back on each NAD.
 */
#ifndef OVNBED_OVNK_NETWORK_H
#define OVNBED_OVNK_NETWORK_H

#include "ovnk/nad.h"

#define OVNK_MAX_NETWORKS 4096 /* ids 1..4095; 0 is the default network */

enum nad_state {
	NAD_ACCEPTED,	 /* its network exists */
	NAD_IGNORED,	 /* another CNI's, or the default network's */
	NAD_REJECTED,	 /* an E rule, or inconsistent */
	NAD_UNSUPPORTED, /* valid upstream, not emulated here: layer3, primary role, evpn,
			    no-overlay */
};
const char *nad_state_name(enum nad_state s); /* "Accepted" … */

struct nad_entry {
	char *key; /* "ns/name" */
	char *ns, *name, *uid;
	enum nad_state state;
	char *rule;    /* "E21" …; NULL when accepted */
	char *reason;  /* one sentence; NULL when accepted */
	char *type;    /* CNI type, when known; "" otherwise */
	char *network; /* network name; NULL unless accepted */
	/*
	 * Annotations that the NAD should carry and does not: {"k8s.ovn.org/network-name":…,
	 * "k8s.ovn.org/network-id":…}, merge-patch form; NULL when there is nothing to write.
	 */
	json_t *annotations;
};

struct network {
	char *name;
	int id;
	struct netconf conf; /* of the NAD that came first */
	char **nads;	     /* keys of its NADs, sorted */
	size_t n_nads;
};

struct networks {
	struct nad_entry *nads; /* sorted by key */
	size_t n_nads;
	struct network *v; /* sorted by name */
	size_t n;
	/*
	 * What must be remembered for the next call: {"ids":{network:id},"nads":{key:{"seq":N,
	 * "config":text hash}},"next":N}. The order in which configurations appeared decides who
	 * keeps a name when two NADs disagree: as upstream, an edit makes the edited one lose.
	 */
	json_t *state;
};

/*
 * Builds the networks of nads (array of objects). state: the one of the call before, or NULL: then
 * ids come from the NADs' own annotations and the order from creationTimestamp and
 * resourceVersion. Findings (errors of refused NADs, notes) go to d with the NAD as object. New ids
 * are the lowest free ones. Pure: equal input, equal output.
 */
void networks_build(const json_t *nads, const struct ovnk_config *c, const json_t *state,
		    struct networks *ret, struct diags *d);
void networks_free(struct networks *n);
#define _cleanup_networks_ _cleanup_(networks_free)
const struct network *networks_find(const struct networks *n, const char *name);
const struct nad_entry *networks_nad(const struct networks *n, const char *nad_key);

/*
 * E23, met at pod ADD on a node: the network's mapping must be in ovn-bridge-mappings
 * ("net:bridge,…", exact key, exactly one colon an entry). *ret_bridge (may be NULL) is the
 * caller's. -ENOENT with upstream's words.
 */
int network_check_mapping(const struct netconf *c, const char *bridge_mappings, char **ret_bridge,
			  struct err *e);

#endif
