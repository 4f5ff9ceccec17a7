/* SPDX-License-Identifier: Apache-2.0 */
/* Running scenarios: a lab each (or one that is there), steps in order, verdicts, evidence. */
#ifndef OVNBED_SCENARIO_RUN_H
#define OVNBED_SCENARIO_RUN_H

#include "scenario/step.h"

struct run_opts {
	const char *out;  /* run directory; made when missing */
	const char *lab;  /* name of a running lab to use, or NULL: one of its own, taken down */
	const char *seed; /* of generated suites, instead of the scenario's; or NULL */
	bool keep;	  /* leave the scenario's own lab running */
	/* Progress: a phase or step begins (seconds < 0) or has ended. arg is for the caller. */
	void (*progress)(void *arg, const char *what, const char *status, double seconds);
	void *arg;
};

/*
 * Runs one scenario in one zone mode. *ret (new reference, always set on return >= 0):
 *   {"scenario","zones","file","labels","topology","seconds","status","lab":NAME,"dir":PATH,
 *    "checks":[{"id","name","status","reason","seconds","details":[…],"evidence":[path]}],
 *    "timings":{PHASE:s},"deviations":[text],"log":[unexpected lines]}
 * status is the worst of the checks, at least "error" when no check ran. -errno with e set when the
 * run directory cannot be written.
 */
int scenario_run(const struct scenario *s, const char *zones, const struct run_opts *o,
		 json_t **ret, struct err *e);

/* Worst status of an array of results or checks (each {"status"}); "error" when empty. */
const char *run_worst(const json_t *list);
/* {"pass":N,"fail":N,"error":N,"skip":N,…} over the checks of all results. New reference. */
json_t *run_counts(const json_t *results);

#endif
