/* SPDX-License-Identifier: Apache-2.0 */
/* References to objects in steps: "vm/vm-a", "pod/ns/p". */
#ifndef OVNBED_SCENARIO_REF_H
#define OVNBED_SCENARIO_REF_H

#include "api/kind.h"
#include "scenario/step.h"

struct ref {
	const struct kind *kind;
	char *ns, *name; /* owned */
};

/* False for an unknown kind; then nothing is owned. */
bool ref_parse(const char *text, struct ref *r);
void ref_free(struct ref *r);
/* Waits until the object is not there. */
enum outcome step_wait_gone(struct step_ctx *c, const struct kind *k, const char *ns,
			    const char *name);

#endif
