/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/verbs.h"

static const struct cmd *const verbs[] = {
	&cmd_up,	 &cmd_down,	&cmd_ls,      &cmd_status,   &cmd_apply,  &cmd_delete,
	&cmd_get,	 &cmd_describe, &cmd_wait,    &cmd_validate, &cmd_exec,	  &cmd_console,
	&cmd_start,	 &cmd_stop,	&cmd_restart, &cmd_probe,    &cmd_matrix, &cmd_explain,
	&cmd_mtu,	 &cmd_trace,	&cmd_capture, &cmd_fault,    &cmd_run,	  &cmd_doctor,
	&cmd_completion, &cmd_version,
};

const struct cmd *const *cmd_list(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(verbs);
	return verbs;
}

const struct cmd *cmd_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (streq(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}
