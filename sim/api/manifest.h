/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests: parsed YAML or JSON documents to API objects that remember where they were written. */
#ifndef OVNBED_API_MANIFEST_H
#define OVNBED_API_MANIFEST_H

#include "api/kind.h"
#include "base/yaml.h"

struct manifest {
	json_t *obj; /* owned */
	const struct kind *kind;
	char *file; /* owned; may be NULL */
	const struct marks
		*marks; /* borrowed from the yaml_docs, which must outlive this; may be NULL */
	char *prefix;	/* path of obj in its document: "" or "items.0"; owned */
};
struct manifests {
	struct manifest *v;
	size_t n, cap;
};
#define MANIFESTS_INIT     \
	{                  \
		NULL, 0, 0 \
	}

/*
 * Appends the objects of one document: a known kind, or `kind: List` (also "…List") expanded.
 * Unknown apiVersion or kind, missing name and the like are errors in d, located in the file; the
 * objects before and after are still decoded. Nothing is defaulted: that is the store's work.
 * Returns 0, or -EINVAL when d gained an error.
 */
int manifest_decode(const json_t *root, const struct marks *m, const char *file,
		    struct manifests *out, struct diags *d);
/* All documents of a file. */
int manifest_decode_docs(const struct yaml_docs *docs, const char *file, struct manifests *out,
			 struct diags *d);
/* Fills file, line, column and object of the findings from index `from` on. */
void manifest_locate(const struct manifest *m, struct diags *d, size_t from);
/*
 * As the server would: defaults, schema, kind's own checks, on a copy; ignored fields noted.
 * Findings are located. ns: namespace for objects that name none. The admitted object, or NULL.
 */
json_t *manifest_check(const struct manifest *m, const char *ns, struct diags *d);
/* Refuses two objects of one kind, namespace and name. */
int manifest_check_unique(const struct manifests *ms, const char *ns, struct diags *d);
void manifests_free(struct manifests *ms);
#define _cleanup_manifests_ _cleanup_(manifests_free)

#endif
