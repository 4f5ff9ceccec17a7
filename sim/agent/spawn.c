/* SPDX-License-Identifier: Apache-2.0 */
/* Forking an agent out of the supervisor. */
#include "agent/agent_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "sys/ns.h"

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC)
#define COMM "ovnbed-node"

/* The agent's own log is its stderr. */
static int take_log(const json_t *config, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("%s/agent.log", jstr(config, "state", "."));
	_cleanup_close_ int log = proc_log_open(path, e);
	_cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (log < 0)
		return log;
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0)
		return err_errno(e, errno, "standard descriptors");
	return 0;
}

static _Noreturn void child(const json_t *config, int fd)
{
	_cleanup_free_ char *who = xasprintf("node/%s", jstr(config, "name", "?"));

	prctl(PR_SET_NAME, COMM);
	fds_close_except(&fd, 1);
	if (take_log(config, NULL) < 0)
		_exit(1);
	log_setup(who);
	_exit(agent_main(config, fd));
}

int agent_prepare(const json_t *config, struct err *e)
{
	struct agent a = {0};
	int r;

	agent_config(&a, config);
	r = dbs_write(&a, e);
	free(a.prefix);
	json_decref(a.config);
	json_decref(a.timings);
	json_decref(a.deviations);
	json_decref(a.problems);
	return r;
}

pid_t agent_spawn(const json_t *config, int *ret_fd, struct err *e)
{
	struct ns_spec s = {
		.flags = NAMESPACES,
		.hostname = jstr(config, "name", "node"),
		.no_wait = true,
		.die_with_parent = true,
	};
	int sp[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) < 0)
		return err_errno(e, errno, "socketpair");
	pid = ns_fork(&s, NULL, e);
	if (pid == 0)
		child(config, sp[1]);
	close(sp[1]);
	if (pid < 0) {
		close(sp[0]);
		return pid;
	}
	*ret_fd = sp[0];
	return pid;
}
