/* SPDX-License-Identifier: Apache-2.0 */
/* Captures around the other verbs of a step. */
#ifndef OVNBED_SCENARIO_STEP_CAPTURE_H
#define OVNBED_SCENARIO_STEP_CAPTURE_H

#include "scenario/step.h"

struct step_capture;

/* Ends what the step's `capture` has begun, if anything, and judges it. To be called however the
 * other verbs ended. */
enum outcome step_capture_end(struct step_ctx *c);
/* Writes the pcap files of an ended capture to DIR, adds REL/NAME to paths. */
void step_capture_save(const struct step_capture *s, const char *dir, const char *rel,
		       json_t *paths);
void step_capture_free(struct step_capture *s);

/*
 * Judges one entry of `capture` by the places it stands for (of lab/capture.h's result; several for
 * a switch). controls: the entries and their counts [{"at","name"?,"frames"}], for an entry that
 * names its control. Sentences go to c->why. Pure but for that.
 */
enum outcome step_capture_judge(struct step_ctx *c, const json_t *entry, const json_t *places,
				const json_t *controls);

#endif
