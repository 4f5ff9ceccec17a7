/* SPDX-License-Identifier: Apache-2.0 */
/* Several scenarios at once, a process and a lab each. */
#ifndef OVNBED_CMD_RUN_JOBS_H
#define OVNBED_CMD_RUN_JOBS_H

#include "scenario/run.h"

/* One scenario in one zone mode. */
struct run_job {
	const struct scenario *s;
	const char *zones;
};

/*
 * Runs n jobs, at most width at once, in the order given; what a job prints comes out as a whole
 * when it has ended. Returns their results (scenario_run()) in the order of jobs: a job whose
 * process broke has status "error" and says how it ended. NULL with e set when a run directory
 * cannot be written.
 */
json_t *run_jobs(const struct run_job *jobs, size_t n, unsigned width, const struct run_opts *o,
		 struct err *e);

#endif
