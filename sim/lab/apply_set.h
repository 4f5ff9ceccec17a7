/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `ovnbed apply` and a scenario's apply do with manifests, as kubectl does it on the client's
 * side: check everything, try everything (dry run), and only then store one after the other.
 */
#ifndef OVNBED_LAB_APPLY_SET_H
#define OVNBED_LAB_APPLY_SET_H

#include "api/manifest.h"
#include "lab/client.h"

enum apply_result { APPLY_CREATED, APPLY_CONFIGURED, APPLY_UNCHANGED };
const char *apply_result_name(enum apply_result r); /* "created" … */

struct apply_config {
	const char *ns; /* for objects that name none */
	bool dry_run;	/* stop before storing; results are what would happen */
};

/* Called for each object in turn; obj is the stored (or tried) one, borrowed. */
typedef void (*apply_fn)(void *arg, const struct manifest *m, enum apply_result r,
			 const json_t *obj);

/*
 * Applies ms in their order. Nothing is stored when any of them is refused: by its own kind, by
 * KubeVirt's rules, or by the server. Findings, located in the files, go to d; warnings and notes
 * only for objects that changed. Returns 0, -EINVAL when d gained an error, or another negative
 * value with e set when the lab could not be asked.
 */
int apply_set(struct client *c, const struct manifests *ms, const struct apply_config *config,
	      apply_fn fn, void *arg, struct diags *d, struct err *e);

/* "virtualmachine.kubevirt.io/vm-a", as kubectl names objects. Caller frees. */
char *apply_object_name(const struct kind *k, const char *name);

#endif
