/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliberate faults of the policy compiler, for the self-test: what a suite of policy checks is
 * worth shows when the compiler is wrong. Each changes planned rows as such a fault would; the
 * oracle knows nothing of it. Pure.
 */
#ifndef OVNBED_OVNK_MUTATE_H
#define OVNBED_OVNK_MUTATE_H

#include "base/json.h"

struct mutation {
	const char *name; /* "wrong-priority" … */
	const char *text; /* one sentence: what the compiler does wrong */
};
/* All of them; name NULL ends. */
extern const struct mutation mutations[];
const struct mutation *mutation_find(const char *name);

/*
 * Changes the rows of a zone's northbound plan in place. state: an object of the caller's, kept for
 * this zone between calls: what has been planned before (faults that leave things behind).
 */
void mutate_plan(const struct mutation *m, json_t *plan, json_t *state);

#endif
