/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

static int spawn(const char *const *argv, pid_t *ret, struct err *e)
{
	posix_spawn_file_actions_t fa;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	r = posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	if (r)
		return err_errno(e, r, "%s", argv[0]);
	*ret = pid;
	return 0;
}

int nc_command_run(const char *const *argv, int *ret_status, struct err *e)
{
	pid_t pid;
	int st, r = spawn(argv, &pid, e);

	if (r < 0)
		return r;
	while (waitpid(pid, &st, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, errno, "wait for %s", argv[0]);
	if (ret_status)
		*ret_status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}

int nc_command_start(const char *const *argv, struct err *e)
{
	pid_t pid;

	return spawn(argv, &pid, e);
}
