/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/session.h"

#include "lab/launch.h"

/* The only running lab's name; caller frees. NULL after saying why there is none. */
static char *only_lab(void)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *labs = lab_list(&e);
	const char *found = NULL;
	json_t *l;
	size_t i;

	json_array_foreach(labs, i, l) {
		if (!streq(jstr(l, "state", ""), "running"))
			continue;
		if (found) {
			cmd_error(CMD_USAGE, "several labs run; choose one with --lab NAME");
			return NULL;
		}
		found = jstr(l, "name", "");
	}
	if (!found)
		cmd_error(CMD_USAGE, "no lab runs; start one with `ovnbed up`");
	return xstrdup(found);
}

int session_open(const char *name, struct session *ret)
{
	const char *env = getenv("OVNBED_LAB");
	_cleanup_free_ char *own = name ? xstrdup(name) : env && *env ? xstrdup(env) : only_lab();
	_cleanup_err_ struct err e = ERR_INIT;

	*ret = (struct session){0};
	if (!own)
		return CMD_USAGE;
	if (lab_paths_init(&ret->paths, own, &e) < 0)
		return cmd_err(&e);
	if (lab_state_of(&ret->paths, NULL) != LAB_RUNNING) {
		session_close(ret);
		return cmd_error(CMD_USAGE, "lab %s does not run; see `ovnbed ls`", own);
	}
	ret->client = client_open(ret->paths.sock, &e);
	return ret->client ? CMD_OK : cmd_err(&e);
}

void session_close(struct session *s)
{
	client_free(s->client);
	lab_paths_free(&s->paths);
	s->client = NULL;
}
