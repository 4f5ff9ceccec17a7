/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What decides whether an object is accepted, in one place for the server and for `validate`:
 * KubeVirt's webhooks refuse (admission), OVN-Kubernetes' verdicts and lints are about objects that
 * are stored all the same.
 */
#ifndef OVNBED_LAB_ADMISSION_H
#define OVNBED_LAB_ADMISSION_H

#include "api/manifest.h"
#include "api/store.h"

/* Puts KubeVirt's defaults, MAC pool and rules into the store's write path. */
void admission_register(struct store *s);

/*
 * One manifest as the server would admit it, KubeVirt's defaults and rules included: the admitted
 * object (new reference), or NULL with errors in d. Findings are located in the file. ns: namespace
 * for an object that names none.
 */
json_t *admission_check(const struct manifest *m, const char *ns, struct diags *d);

/*
 * Judges manifests without a lab: each as the server would admit it, then all together by
 * OVN-Kubernetes' rules and lints against the topology (normalised tree, or NULL: the defaults).
 * Findings go to d, located in the files. ns: namespace for objects that name none. Returns 0, or
 * -EINVAL when d gained an error.
 */
int admission_validate(const struct manifests *ms, const char *ns, const json_t *topology,
		       struct diags *d);

/*
 * Copies findings about objects ("Pod ns/name") to d, each with the place in the file of the
 * manifest that it is about, where there is one.
 */
void admission_locate(const struct manifests *ms, const char *ns, const struct diags *found,
		      struct diags *d);

#endif
