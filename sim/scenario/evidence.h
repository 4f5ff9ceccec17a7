/* SPDX-License-Identifier: Apache-2.0 */
/* What a failing check leaves in the run directory: traces, port and chassis state, logs, dumps. */
#ifndef OVNBED_SCENARIO_EVIDENCE_H
#define OVNBED_SCENARIO_EVIDENCE_H

#include "scenario/step.h"

/*
 * Collects evidence of a failing check into DIR/checks/ID/ and says the essence on stderr. Returns
 * an array of paths below DIR (new reference).
 */
json_t *evidence_collect(struct step_ctx *c, const char *dir, const char *id);
/* Objects, NB and SB contents and status of the lab, into DIR. Problems are logged only. */
void evidence_dump(struct client *client, const char *state, const char *dir);
/* Copies the daemons' logs of a lab (STATE) to DIR/logs. */
void evidence_logs(const char *state, const char *dir);

#endif
