/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Daemon logs of a lab: WARN, ERR and EMER lines that nobody expects fail a run (after OVS' own
 * check_logs). Logs are never the sole evidence of a verdict.
 */
#ifndef OVNBED_SCENARIO_LOGS_H
#define OVNBED_SCENARIO_LOGS_H

#include "base/json.h"

/* Position in every log file, so that each check reads only what is new. */
struct logs;
/* state: STATE of the lab. Starts at the files' present ends when from_now, else at their start. */
struct logs *logs_new(const char *state, bool from_now);
void logs_free(struct logs *l);

/*
 * New unexpected lines since the last call: [{"node","program","level","line"}], at most 50 and then
 * one {"more":N}. expected: arrays of POSIX extended regular expressions (may be NULL), in addition
 * to the known lines. New reference.
 */
json_t *logs_unexpected(struct logs *l, const json_t *expected, const json_t *expected2);
/* Why a line is tolerated, or NULL. */
const char *logs_known(const char *line);
/* The last n lines of every daemon's log: {"NODE/PROGRAM": [lines]}. New reference. */
json_t *logs_tail(const char *state, size_t n);

#endif
