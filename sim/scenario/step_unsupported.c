/* SPDX-License-Identifier: Apache-2.0 */
/* unsupported: a case that cannot be run at all, with the reason in the report instead of a gap. */
#include "scenario/step_verbs.h"

void step_check_unsupported(const struct scenario *s, const json_t *v, const char *path,
			    struct diags *d)
{
	(void)s;
	if (!json_string_length(v))
		diags_add(d, DIAG_ERROR, "scenario", path, "expected the reason");
}

enum outcome step_run_unsupported(struct step_ctx *c, const json_t *v)
{
	return step_say(c, OUTCOME_UNSUPPORTED, "%s", json_string_value(v));
}
