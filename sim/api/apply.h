/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client-side apply, as kubectl does it: three-way between what was applied last (kept in an
 * annotation), what is stored now, and what the manifest wants. An empty patch means "unchanged".
 */
#ifndef OVNBED_API_APPLY_H
#define OVNBED_API_APPLY_H

#include "api/kind.h"
#include "api/patch.h"

#define APPLY_ANNOTATION "kubectl.kubernetes.io/last-applied-configuration"

/* A copy of obj with the annotation that records obj itself: what `apply` creates. New reference.
 */
json_t *apply_annotated(const json_t *obj);
/* What the annotation of a stored object records, or NULL when absent or unreadable. New reference.
 */
json_t *apply_last(const json_t *current);

/* Three-way JSON merge patch (custom resources). last may be NULL. {} when nothing changes. */
json_t *apply_patch(const json_t *last, const json_t *current, const json_t *wanted);
/* Three-way strategic merge patch (built-in kinds). */
json_t *apply_patch_strategic(const struct field *fields, const json_t *last, const json_t *current,
			      const json_t *wanted);

/*
 * The whole step: the patch, annotation included, that brings the stored object to the manifest,
 * and its type by kind. {} when nothing changes. New reference.
 */
json_t *apply_plan(const struct kind *k, const json_t *current, const json_t *wanted,
		   enum patch_type *ret_type);

#endif
