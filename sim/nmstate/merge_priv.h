/* SPDX-License-Identifier: Apache-2.0 */
/* A merge at work: shared by its three files. */
#ifndef OVNBED_NMSTATE_MERGE_PRIV_H
#define OVNBED_NMSTATE_MERGE_PRIV_H

#include "nmstate/nmstate_priv.h"

struct merge {
	const json_t *had; /* the node's interfaces before */
	json_t *next;	   /* and after; edited in place */
	json_t *wanted;	   /* desired interfaces in normal form, with types */
	json_t *mappings;  /* after; sorted by localnet */
	struct diags *d;
};

/* Makes, edits or removes the bridge `want` and sets its ports as far as given. */
void nms_edit_bridge(struct merge *m, const json_t *want);
/* Takes the interface off every bridge but `keep` (may be NULL). */
void nms_detach(struct merge *m, const char *member, const json_t *keep);
/* Appends an internal port of this name to m->next. Borrowed. */
json_t *nms_new_ovs_interface(struct merge *m, const char *name);
/*
 * After all edits: makes the internal ports that bridges list and nobody defined, removes those
 * that no bridge lists any more, and sets every controller.
 */
void nms_settle_ports(struct merge *m);
/* Refuses what would change br-ex, its ports or the mapping physnet. */
void nms_protect(struct merge *m, const json_t *current);

#endif
