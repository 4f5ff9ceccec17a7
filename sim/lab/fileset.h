/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests from files, folders and standard input, with their marks kept alive. */
#ifndef OVNBED_LAB_FILESET_H
#define OVNBED_LAB_FILESET_H

#include "api/manifest.h"

struct fileset {
	struct manifests ms;
	struct yaml_docs *docs; /* what ms' marks point into */
	size_t n;
};
#define FILESET_INIT                           \
	{                                      \
		.ms = MANIFESTS_INIT, NULL, 0, \
	}

/*
 * Adds the manifests of a file, of "-" (standard input), or of a folder's *.yaml, *.yml and *.json
 * by name, not deeper; there, documents of ovnbed.io (topologies, scenarios) are passed over. All
 * findings go to d. Returns 0, or -EINVAL when d gained an error; what could be read is there.
 */
int fileset_add(struct fileset *f, const char *path, struct diags *d);
/* Sorts by what needs what: namespaces first, virtual machines last; else as written. */
void fileset_sort(struct fileset *f);
void fileset_free(struct fileset *f);
#define _cleanup_fileset_ _cleanup_(fileset_free)

/* Place of a kind in that order. */
int fileset_rank(const struct kind *k);

#endif
