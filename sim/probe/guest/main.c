/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ovnbed-agent --listen PATH [--name TEXT] | --inherit FD [--name TEXT] | --port DEVICE | --stdio
 *
 * --listen: the agent of pods and hosts. It is their pause process as well: it reaps children it
 * inherits, and dies with its parent; --name is for people who look at the process list. --inherit:
 * the agent of nodes, started when somebody connects to a socket that its parent listens on. --port:
 * the agent of guests. --stdio: for tests and exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "probe/guest/agent.h"
#include "probe/guest/server.h"

struct signals {
	struct evl_io io;
	struct agent *ag;
};

static void on_signal(struct evl_io *io, uint32_t events UNUSED)
{
	struct signals *s = container_of(io, struct signals, io);
	struct signalfd_siginfo si;

	while (read(io->fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			while (waitpid(-1, NULL, WNOHANG) > 0)
				;
		else
			s->ag->quit = true;
	}
}

static int watch_signals(struct agent *ag, struct signals *s, struct err *e)
{
	sigset_t set;
	int fd, r;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_errno(e, errno, "signalfd");
	s->ag = ag;
	s->io.fn = on_signal;
	r = evl_add(ag->evl, &s->io, fd, EPOLLIN);
	return r < 0 ? err_errno(e, -r, "watch signals") : 0;
}

static void more_descriptors(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_cur < rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

static int die_with_parent(pid_t parent, struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_errno(e, errno, "PR_SET_PDEATHSIG");
	if (getppid() != parent)
		return err_set(e, ESRCH, "parent is gone");
	return 0;
}

static int agent_init(struct agent *ag, struct err *e)
{
	uint64_t boot;

	if (getrandom(&boot, sizeof(boot), 0) != sizeof(boot))
		return err_errno(e, errno, "getrandom");
	snprintf(ag->boot, sizeof(ag->boot), "%016llx", (unsigned long long)boot);
	more_descriptors();
	ag->evl = evl_new();
	ag->server = server_new(ag->evl);
	ag->nl = nl_new(e);
	return ag->nl ? 0 : -EIO;
}

static int open_channel(struct agent *ag, const char *mode, const char *path, pid_t parent,
			struct err *e)
{
	if (streq(mode, "--stdio")) {
		chan_stdio(ag);
		return 0;
	}
	if (streq(mode, "--port")) {
		chan_port(ag, path);
		return 0;
	}
	if (die_with_parent(parent, e) < 0)
		return -ESRCH;
	if (streq(mode, "--inherit")) {
		long long fd;

		if (parse_int(path, 3, 1 << 20, &fd) < 0)
			return err_set(e, EINVAL, "--inherit %s: expected a descriptor", path);
		return chan_listener(ag, (int)fd, e);
	}
	return chan_listen(ag, path, e);
}

static int agent_run(struct agent *ag)
{
	while (!ag->quit) {
		int r = evl_run(ag->evl);

		if (r < 0)
			return r;
		chan_sweep(ag);
	}
	return 0;
}

static bool usage_ok(int argc, char **argv)
{
	if (argc == 2)
		return streq(argv[1], "--stdio");
	if (argc == 5)
		return (streq(argv[1], "--listen") || streq(argv[1], "--inherit")) &&
		       streq(argv[3], "--name");
	return argc == 3 && (streq(argv[1], "--listen") || streq(argv[1], "--inherit") ||
			     streq(argv[1], "--port"));
}

int main(int argc, char **argv)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct agent ag = {0};
	struct signals signals = {.io.fd = -1};
	pid_t parent = getppid();
	int r;

	if (!usage_ok(argc, argv)) {
		fprintf(stderr, "usage: ovnbed-agent --listen PATH [--name TEXT] | --inherit FD "
				"[--name TEXT] | --port DEVICE | --stdio\n");
		return 2;
	}
	r = agent_init(&ag, &e);
	if (r == 0)
		r = watch_signals(&ag, &signals, &e);
	if (r == 0)
		r = open_channel(&ag, argv[1], argc > 2 ? argv[2] : NULL, parent, &e);
	if (r == 0)
		r = agent_run(&ag);
	if (r < 0)
		fprintf(stderr, "ovnbed-agent: %s\n", e.code ? err_msg(&e) : strerror(-r));
	mtu_restore_all(&ag);
	chan_free_all(&ag);
	dhcp_free_all(&ag);
	group_free_all(&ag);
	stream_free_all(&ag);
	sniff_free_all(&ag);
	server_free(ag.server);
	nl_free(ag.nl);
	evl_free(ag.evl);
	return r < 0 ? 1 : 0;
}
