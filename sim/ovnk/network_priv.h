/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that build networks; not for others. */
#ifndef OVNBED_OVNK_NETWORK_PRIV_H
#define OVNBED_OVNK_NETWORK_PRIV_H

#include "ovnk/network.h"

/*
 * What NADs of one network must agree on (E21), normalised: lists sorted, defaults filled in, keys
 * without effect on the topology left out. New reference.
 */
json_t *network_identity(const struct netconf *c);
/* "mtu is 1300, not 1400; …" for what differs between b and a; NULL when nothing. Caller frees. */
char *network_difference(const json_t *a, const json_t *b);
/* Why a network that is valid upstream is not emulated here, NULL when it is. */
const char *network_unsupported(const struct netconf *c);

/* One NAD on its way to a verdict. */
struct candidate {
	const json_t *nad;
	enum nad_verdict verdict;
	struct netconf conf;
	json_t *identity; /* NULL unless NAD_OK */
	char *digest;	  /* of identity; "" unless NAD_OK */
	long long seq;	  /* -1: new or changed, not numbered yet */
	long long rv;
	struct nad_entry entry;
	size_t first_diag, n_diags; /* in the caller's list */
};

/*
 * Numbers the candidates from state, or freshly, and sorts them by number. Returns the next number.
 * See struct networks for the rule.
 */
long long network_order(struct candidate *v, size_t n, const json_t *state);
/* Sets the ids of nets; those that get none keep 0. candidates are sorted by number. */
void network_ids(struct network **nets, size_t n, const struct candidate *v, size_t n_candidates,
		 const json_t *state);

#endif
