/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that make up the NAD parser; not for others. */
#ifndef OVNBED_OVNK_NAD_PRIV_H
#define OVNBED_OVNK_NAD_PRIV_H

#include "ovnk/nad.h"

struct nad_ctx {
	const char *key; /* "ns/name" of the NAD object */
	const struct ovnk_config *config;
	struct diags *d; /* where findings go; NULL while a form is only tried */
};

/*
 * Records the error of a rule at spec.config[.FIELD] (field may be NULL) with the rule's hint.
 * Always -EINVAL.
 */
int nad_fail(const struct nad_ctx *x, const char *rule, const char *field, const char *fmt, ...)
	PRINTF(4, 5);
/*
 * Fills ret from one plugin object as Go's encoding/json would: keys match without regard to case,
 * null changes nothing, the first value of a wrong type is the error. ret is to be freed either
 * way.
 */
int nad_decode(const struct nad_ctx *x, const json_t *plugin, struct netconf *ret);
/* E5, E6: ValidateNetConfNameFields. */
int nad_check_names(const struct nad_ctx *x, const struct netconf *c);
/* E4 and E7–E19, E22, filling the parsed subnets of c: ValidateNetConf and newNetInfo. */
int nad_validate(const struct nad_ctx *x, struct netconf *c);
/* The subnet lists of c (E17, E18, E19) and their overlaps (E15). */
int nad_parse_subnets(const struct nad_ctx *x, struct netconf *c);
int nad_check_overlap(const struct nad_ctx *x, const struct netconf *c);
/* The raw text of a string key of c, "" when absent. Borrowed. */
const char *nad_text(const struct netconf *c, const char *key);
const char *nad_ipam_type(const struct netconf *c); /* ipam.type likewise */

#endif
