/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios: a topology, manifests, and steps that apply, wait, probe and judge. One folder each:
 * scenario.yaml beside the manifests it applies. This header is the file format; run.h runs it.
 *
 *	apiVersion: ovnbed.io/v1alpha1
 *	kind: Scenario
 *	metadata: {name: layer2-geneve, labels: {profile: core, feature: layer2}}
 *	spec:
 *	  topology: ../../topo/two-workers.yaml
 *	  zones: [interconnect, central]	# where it runs; default both
 *	  expectLog: ["regex of daemon log lines that are provoked"]
 *	  steps: […]
 *
 * A step is a mapping with one or more verbs, run in the order of step_verbs[], and
 *	check: ID	reported under this name; its verbs' verdicts are the check's
 *	name: text	for people
 *	timeout: 30s	of waiting verbs
 *	xfail: text	known upstream failure: fail is reported as xfail, pass as xpass; or
 *			{reason: text, if: EXEC}, only where that command succeeds
 * Without check, a verb that does not succeed ends the scenario as error.
 */
#ifndef OVNBED_SCENARIO_SCENARIO_H
#define OVNBED_SCENARIO_SCENARIO_H

#include "base/diag.h"
#include "base/yaml.h"

struct scenario {
	char *file, *dir; /* scenario.yaml and its folder */
	char *name;
	char *topology; /* path of the topology file */
	json_t *labels, *zones, *expect_log, *steps;
};

/*
 * Reads path (a scenario.yaml, or a folder that has one) and checks every step: known verbs, their
 * parameters, files that exist. All findings go to d. NULL when there was an error.
 */
struct scenario *scenario_load(const char *path, struct diags *d);
void scenario_free(struct scenario *s);
static inline void scenario_freep_(struct scenario **s)
{
	scenario_free(*s);
}
#define _cleanup_scenario_ _cleanup_(scenario_freep_)

/* A path of the scenario's as the caller can open it. Caller frees. */
char *scenario_path(const struct scenario *s, const char *file);

#endif
