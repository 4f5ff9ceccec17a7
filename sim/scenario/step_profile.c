/* SPDX-License-Identifier: Apache-2.0 */
/* profile: how policies are compiled from now on. */
#include "scenario/step_verbs.h"

void step_check_profile(const struct scenario *s, const json_t *v, const char *path,
			struct diags *d)
{
	const char *name = json_string_value(v) ?: "";

	(void)s;
	if (!streq(name, "ovnk") && !streq(name, "spec"))
		diags_add(d, DIAG_ERROR, "scenario", path, "expected ovnk or spec, found \"%s\"",
			  name);
}

enum outcome step_run_profile(struct step_ctx *c, const json_t *v)
{
	return step_simple(c, "profile", json_pack("{s:O}", "name", v));
}
