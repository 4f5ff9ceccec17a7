/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a change of objects: the lab reconciles, and says what it made of them. */
#ifndef OVNBED_CMD_SYNC_H
#define OVNBED_CMD_SYNC_H

#include "lab/client.h"

/*
 * Asks the lab to reconcile and waits until all of it has (lab/reconcile.h). The reply (new
 * reference), or NULL with e set.
 */
json_t *sync_lab(struct client *c, struct err *e);
/*
 * Prints zones that did not follow and rows that were repaired, on stderr. Returns an exit code:
 * CMD_INTERNAL when a zone did not follow.
 */
int sync_report(const json_t *reply);

#endif
