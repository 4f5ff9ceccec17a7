/* SPDX-License-Identifier: Apache-2.0 */
/* Label and field selectors. */
#ifndef OVNBED_API_SELECTOR_H
#define OVNBED_API_SELECTOR_H

#include "base/diag.h"

struct selector; /* label selector: requirements that all must hold */

/*
 * Parses a string: equality ("a=b", "a==b", "a!=b") and set-based ("a in (x,y)", "a notin (x)",
 * "a",
 * "!a"), comma-joined. "" and NULL match everything. NULL with e set when malformed. Free with
 * selector_free().
 */
struct selector *selector_parse(const char *text, struct err *e);
/*
 * Builds one from a LabelSelector object {matchLabels, matchExpressions}. NULL or JSON null matches
 * nothing, {} everything, as in Kubernetes. Findings go to d under path; NULL when there was an
 * error.
 */
struct selector *selector_from_object(const json_t *o, const char *path, struct diags *d);
/* Builds one from a plain map (nodeSelector). NULL or {} matches everything. */
struct selector *selector_from_map(const json_t *map);
void selector_free(struct selector *s);
static inline void selector_freep_(struct selector **s)
{
	selector_free(*s);
}
#define _cleanup_selector_ _cleanup_(selector_freep_)

/* labels: metadata.labels, NULL counts as {}. s NULL matches everything. */
bool selector_match(const struct selector *s, const json_t *labels);
bool selector_match_object(const struct selector *s, const json_t *obj);
/* Canonical text; "<none>" for nothing selected. Caller frees. */
char *selector_text(const struct selector *s);

/*
 * Field selectors: "metadata.name=a,status.phase!=Running", any dotted path to a scalar; an absent
 * field equals "". A path's metadata.namespace, metadata.name, status.phase, spec.nodeName,
 * involvedObject.* are what kubectl sends.
 */
struct field_selector;
struct field_selector *field_selector_parse(const char *text, struct err *e);
void field_selector_free(struct field_selector *s);
static inline void field_selector_freep_(struct field_selector **s)
{
	field_selector_free(*s);
}
#define _cleanup_field_selector_ _cleanup_(field_selector_freep_)
bool field_selector_match(const struct field_selector *s, const json_t *obj);

#endif
