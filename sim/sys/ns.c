/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* ---- the child's side ---- */

static int loopback_up(struct err *e)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_errno(e, errno, "bring up lo");
	return 0;
}

int ns_settle(int flags, const char *hostname, struct err *e)
{
	if ((flags & CLONE_NEWNS) && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_errno(e, errno, "make mount propagation private");
	if ((flags & CLONE_NEWUTS) && hostname && sethostname(hostname, strlen(hostname)) < 0)
		return err_errno(e, errno, "set host name %s", hostname);
	if (flags & CLONE_NEWNET)
		return loopback_up(e);
	return 0;
}

/* Waits for the caller's go, sets up, answers with nothing (good) or with code and message. */
static void child_start(const struct ns_spec *s, int fd)
{
	_cleanup_err_ struct err e = ERR_INIT;
	char go;

	if (s->die_with_parent)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* End of file: the caller died before the death signal was armed. */
	if (read(fd, &go, 1) != 1)
		_exit(1);
	if (ns_settle(s->flags, s->hostname, &e) < 0) {
		if (s->no_wait)
			dprintf(STDERR_FILENO, "ovnbed: %s\n", err_msg(&e));
		else
			dprintf(fd, "%d %s", e.code, err_msg(&e));
		_exit(1);
	}
	close(fd);
}

/* ---- the caller's side ---- */

static int write_text(const char *path, const char *text, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return err_errno(e, errno, "write %s", path);
	return 0;
}

static int write_map(pid_t pid, const char *file, const struct ns_idmap *m, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/%s", (int)pid, file);
	_cleanup_free_ char *text = NULL;

	if (!m)
		return err_set(e, EINVAL, "a user namespace needs %s", file);
	text = xasprintf("%u %u %u\n", m->inside, m->outside, m->count);
	return write_text(path, text, e);
}

/* An ordinary user may map groups only after giving up setgroups(2), see user_namespaces(7). */
static int write_maps(pid_t pid, const struct ns_spec *s, struct err *e)
{
	int r;

	if (geteuid() != 0) {
		_cleanup_free_ char *path = xasprintf("/proc/%d/setgroups", (int)pid);

		r = write_text(path, "deny", e);
		if (r < 0)
			return r;
	}
	r = write_map(pid, "uid_map", s->uids, e);
	return r < 0 ? r : write_map(pid, "gid_map", s->gids, e);
}

static int read_answer(int fd, struct err *e)
{
	char text[1024];
	size_t len = 0;
	ssize_t n;
	char *rest;
	long code;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0 || (n < 0 && errno == EINTR))
		len += n > 0 ? (size_t)n : 0;
	if (!len)
		return 0;
	text[len] = '\0';
	code = strtol(text, &rest, 10);
	return err_set(e, code > 0 ? (int)code : EIO, "%s", *rest == ' ' ? rest + 1 : rest);
}

static int parent_start(pid_t pid, const struct ns_spec *s, int fd, struct err *e)
{
	int r = s->flags & CLONE_NEWUSER ? write_maps(pid, s, e) : 0;

	if (r < 0)
		return r;
	if (write(fd, "g", 1) != 1)
		return err_errno(e, errno, "start a process in new namespaces");
	return s->no_wait ? 0 : read_answer(fd, e);
}

pid_t ns_fork(const struct ns_spec *s, int *ret_pidfd, struct err *e)
{
	_cleanup_close_ int mine = -1, pidfd = -1;
	struct clone_args args = {
		.flags = (uint64_t)(unsigned)s->flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	int sp[2], r;
	long pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sp) < 0)
		return err_errno(e, errno, "socketpair");
	fflush(NULL);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		pidfd = -1;
		close(sp[0]);
		child_start(s, sp[1]);
		return 0;
	}
	r = errno;
	close(sp[1]);
	mine = sp[0];
	if (pid < 0)
		return err_errno(e, r, "create namespaces");
	r = parent_start((pid_t)pid, s, mine, e);
	if (r < 0) {
		kill((pid_t)pid, SIGKILL);
		waitpid((pid_t)pid, NULL, 0);
		return r;
	}
	if (ret_pidfd)
		*ret_pidfd = TAKE_FD(pidfd);
	return (pid_t)pid;
}

/* ---- entering ---- */

static const struct {
	int flag;
	const char *file;
} kinds[] = {
	/* The user namespace gives the right to enter the others; the mount namespace changes
	   paths. */
	{CLONE_NEWUSER, "ns/user"}, {CLONE_NEWCGROUP, "ns/cgroup"}, {CLONE_NEWIPC, "ns/ipc"},
	{CLONE_NEWUTS, "ns/uts"},   {CLONE_NEWNET, "ns/net"},	    {CLONE_NEWPID, "ns/pid"},
	{CLONE_NEWNS, "ns/mnt"},
};

static bool same_ns(int fd, const char *file)
{
	_cleanup_free_ char *self = xasprintf("/proc/self/%s", file);
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat(self, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int ns_enter(int proc_dirfd, int mask, struct err *e)
{
	int fds[ARRAY_SIZE(kinds)];
	size_t i, n = ARRAY_SIZE(kinds);
	int r = 0;

	for (i = 0; i < n; i++)
		fds[i] = -1;
	for (i = 0; i < n && r == 0; i++) {
		if (!(mask & kinds[i].flag))
			continue;
		fds[i] = openat(proc_dirfd, kinds[i].file, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			r = err_errno(e, errno, "open %s of the target process", kinds[i].file);
		else if (same_ns(fds[i], kinds[i].file))
			fds[i] = close_fd(fds[i]);
	}
	for (i = 0; i < n && r == 0; i++)
		if (fds[i] >= 0 && setns(fds[i], kinds[i].flag) < 0)
			r = err_errno(e, errno, "enter %s of the target process", kinds[i].file);
	for (i = 0; i < n; i++)
		close_fd(fds[i]);
	return r;
}

int ns_open(pid_t pid, const char *name, struct err *e)
{
	_cleanup_free_ char *path = pid ? xasprintf("/proc/%d/ns/%s", (int)pid, name)
					: xasprintf("/proc/self/ns/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_errno(e, errno, "open %s", path) : fd;
}

int ns_in_net(int netns, int (*fn)(void *arg, struct err *e), void *arg, struct err *e)
{
	_cleanup_close_ int self = ns_open(0, "net", e);
	int r;

	if (self < 0)
		return self;
	if (setns(netns, CLONE_NEWNET) < 0)
		return err_errno(e, errno, "enter a network namespace");
	r = fn(arg, e);
	/* A process in the wrong namespace would damage someone's network: better no process. */
	if (setns(self, CLONE_NEWNET) < 0)
		abort();
	return r;
}

/* ---- process attributes ---- */

static int cmp_int(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void fds_close_except(const int *keep, size_t n)
{
	_cleanup_free_ int *k = xcalloc(n, sizeof(*k));
	unsigned from = 3;
	size_t i;

	if (n)
		memcpy(k, keep, n * sizeof(*k));
	qsort(k, n, sizeof(*k), cmp_int);
	for (i = 0; i < n; i++) {
		if (k[i] < (int)from)
			continue;
		if ((unsigned)k[i] > from)
			close_range(from, (unsigned)k[i] - 1, 0);
		from = (unsigned)k[i] + 1;
	}
	close_range(from, ~0U, 0);
}

void oom_score_set(int score)
{
	_cleanup_free_ char *text = xasprintf("%d", score);

	(void)write_text("/proc/self/oom_score_adj", text, NULL);
}
