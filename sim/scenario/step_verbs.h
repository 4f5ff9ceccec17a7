/* SPDX-License-Identifier: Apache-2.0 */
/* The functions behind step_verbs[]; their parameters are described in scenarios/README.md. */
#ifndef OVNBED_SCENARIO_STEP_VERBS_H
#define OVNBED_SCENARIO_STEP_VERBS_H

#include "scenario/step.h"

#define STEP_DECLARE(name)                                                                  \
	void step_check_##name(const struct scenario *s, const json_t *v, const char *path, \
			       struct diags *d);                                            \
	enum outcome step_run_##name(struct step_ctx *c, const json_t *v)

/* step_apply.c, step_failed.c, step_wait.c */
STEP_DECLARE(apply);
STEP_DECLARE(delete);
STEP_DECLARE(wait);
STEP_DECLARE(assert);
STEP_DECLARE(healthy);
STEP_DECLARE(refused);
STEP_DECLARE(failed);
void step_check_power(const struct scenario *s, const json_t *v, const char *path, struct diags *d);
enum outcome step_run_start(struct step_ctx *c, const json_t *v);
enum outcome step_run_stop(struct step_ctx *c, const json_t *v);
enum outcome step_run_restart(struct step_ctx *c, const json_t *v);
/* step_capture.c: begins; step_capture.h ends it */
STEP_DECLARE(capture);
/* step_probe.c */
STEP_DECLARE(probe);
STEP_DECLARE(mtu);
STEP_DECLARE(isolate);
/* step_matrix.c */
STEP_DECLARE(matrix);
STEP_DECLARE(mutate);
/* step_generated.c */
STEP_DECLARE(generated);
STEP_DECLARE(soak);
/* step_transition.c */
STEP_DECLARE(transition);
/* step_profile.c */
STEP_DECLARE(profile);
/* step_exec.c */
STEP_DECLARE(exec);
STEP_DECLARE(configure);
STEP_DECLARE(daemon);
STEP_DECLARE(link);
STEP_DECLARE(reconcile);
/* step_unsupported.c */
STEP_DECLARE(unsupported);
/* step_fault.c */
STEP_DECLARE(fault);
STEP_DECLARE(heal);
/* Heals what said `until: step`. */
enum outcome step_heal_due(struct step_ctx *c);
/* Names of the active faults; new reference. */
json_t *faults_active(struct client *client);
/* Heals all but those; why some were not, or NULL. Caller frees. */
char *faults_heal_but(struct client *client, const json_t *keep);

#endif
