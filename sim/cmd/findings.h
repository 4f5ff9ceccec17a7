/* SPDX-License-Identifier: Apache-2.0 */
/* Findings and refusals for people, on stderr. */
#ifndef OVNBED_CMD_FINDINGS_H
#define OVNBED_CMD_FINDINGS_H

#include "base/diag.h"
#include "lab/client.h"

/* Prints all of them, paths as "networks[0].name", severities coloured on a terminal. */
void findings_print(const struct diags *d);
/* "2 errors, 1 warning"; caller frees. */
char *findings_count(const struct diags *d);

/*
 * Says why a request failed and returns the exit code: CMD_FAIL when the lab answered with a
 * Status, CMD_INTERNAL when it did not answer.
 */
int client_fail(const struct client *c, const struct err *e);

#endif
