/* SPDX-License-Identifier: Apache-2.0 */
/* The three patch formats of the Kubernetes API, as pure functions on trees. */
#ifndef OVNBED_API_PATCH_H
#define OVNBED_API_PATCH_H

#include "api/schema.h"

enum patch_type {
	PATCH_MERGE,	 /* RFC 7386, application/merge-patch+json */
	PATCH_STRATEGIC, /* application/strategic-merge-patch+json */
	PATCH_JSON,	 /* RFC 6902, application/json-patch+json */
};

/* By Content-Type (parameters ignored). -EOPNOTSUPP for others (server-side apply included). */
int patch_type_of(const char *content_type, enum patch_type *ret);
const char *patch_content_type(enum patch_type t);

/* A new tree, or NULL with e set (EINVAL: malformed; ENOENT, EEXIST: a JSON patch that does not
 * fit). */
json_t *patch_apply(enum patch_type t, const struct field *fields, const json_t *target,
		    const json_t *patch, struct err *e);

/*
 * RFC 6902: add, remove, replace, move, copy, test; all or nothing. RFC 6901 pointers. At most
 * 10,000 operations.
 */
json_t *patch_json(const json_t *target, const json_t *ops, struct err *e);
/*
 * Strategic merge: lists with a merge key (fields) are merged by it, sets united, other lists
 * replaced. Directives: $patch: merge|replace|delete, $retainKeys, $deleteFromPrimitiveList/F,
 * $setElementOrder/F. fields: the kind's top-level members; metadata's are added.
 */
json_t *patch_strategic(const struct field *fields, const json_t *target, const json_t *patch,
			struct err *e);
/* The merge patch that turns from into to. */
json_t *patch_diff(const json_t *from, const json_t *to);

#endif
