/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/ns.h"

#define STACK_SIZE (128 * 1024)

/* ---- the child ---- */

struct launch {
	const struct proc_spec *s;
	struct err *e; /* in memory shared with the suspended caller */
};

static int child_fds(const struct proc_spec *s, struct err *e)
{
	int in = s->stdin_fd;

	if (in < 0)
		in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in < 0 || dup2(in, STDIN_FILENO) < 0)
		return err_errno(e, errno, "standard input");
	if (s->log_fd >= 0 &&
	    (dup2(s->log_fd, STDOUT_FILENO) < 0 || dup2(s->log_fd, STDERR_FILENO) < 0))
		return err_errno(e, errno, "log file");
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	if (s->keep_fd >= 3 && fcntl(s->keep_fd, F_SETFD, 0) < 0)
		return err_errno(e, errno, "inherited descriptor");
	return 0;
}

static int child_namespaces(const struct proc_spec *s, struct err *e)
{
	if (s->netns_fd >= 0 && setns(s->netns_fd, CLONE_NEWNET) < 0)
		return err_errno(e, errno, "enter the network namespace");
	if (s->unshare && unshare(s->unshare) < 0)
		return err_errno(e, errno, "create namespaces");
	return ns_settle(s->unshare, s->hostname, e);
}

/* Raw calls: the C library's wrappers would change the ids of the caller's threads as well. */
static int child_ids(const struct proc_spec *s, struct err *e)
{
	if (!s->uid && !s->gid)
		return 0;
	if (syscall(SYS_setgroups, 0, NULL) < 0 ||
	    syscall(SYS_setresgid, s->gid, s->gid, s->gid) < 0 ||
	    syscall(SYS_setresuid, s->uid, s->uid, s->uid) < 0)
		return err_errno(e, errno, "become user %u", (unsigned)s->uid);
	return 0;
}

static int child_prepare(const struct proc_spec *s, struct err *e)
{
	int r;

	setsid();
	signal(SIGPIPE, SIG_DFL);
	r = child_namespaces(s, e);
	if (r >= 0)
		r = child_fds(s, e);
	if (r >= 0 && s->cwd && chdir(s->cwd) < 0)
		r = err_errno(e, errno, "change to directory %s", s->cwd);
	if (r >= 0 && s->setup)
		r = s->setup(s->arg, e);
	if (r >= 0)
		r = child_ids(s, e);
	/* Last: a change of ids clears it. */
	if (r >= 0 && s->pdeathsig)
		prctl(PR_SET_PDEATHSIG, s->pdeathsig);
	return r;
}

static int child_main(void *arg)
{
	struct launch *l = arg;
	const struct proc_spec *s = l->s;
	sigset_t none;

	if (child_prepare(s, l->e) < 0)
		return 127;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(s->path, (char *const *)(uintptr_t)s->argv,
	       s->envp ? (char *const *)(uintptr_t)s->envp : environ);
	err_errno(l->e, errno, "execute %s", s->path);
	return 127;
}

/* ---- the caller ---- */

/*
 * vfork semantics with a stack of its own: the caller's memory is neither copied nor faulted again,
 * which is what costs in a fork of a large process, and the child's error lands in e directly.
 */
pid_t proc_spawn(const struct proc_spec *s, int *ret_pidfd, struct err *e)
{
	_cleanup_err_ struct err own = ERR_INIT;
	struct launch l = {s, e ? e : &own};
	int pidfd = -1, code;
	sigset_t all, old;
	char *stack;
	pid_t pid;

	err_clear(l.e);
	stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return err_errno(e, errno, "stack for %s", s->path);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = clone(child_main, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
		    &l, &pidfd);
	code = errno;
	sigprocmask(SIG_SETMASK, &old, NULL);
	munmap(stack, STACK_SIZE);
	if (pid < 0)
		return err_errno(e, code, "start %s", s->path);
	if (l.e->code) {
		waitpid(pid, NULL, 0);
		close_fd(pidfd);
		code = l.e->code;
		if (e)
			err_wrap(e, "start %s", s->argv[0]);
		return -code;
	}
	if (ret_pidfd)
		*ret_pidfd = pidfd;
	else
		close_fd(pidfd);
	return pid;
}

char *proc_status_text(int st)
{
	const char *name;

	if (WIFEXITED(st))
		return xasprintf("exit %d", WEXITSTATUS(st));
	if (!WIFSIGNALED(st))
		return xasprintf("wait status %#x", (unsigned)st);
	name = sigabbrev_np(WTERMSIG(st));
	return xasprintf("signal %d (%s)%s", WTERMSIG(st), name ? name : "?",
			 WCOREDUMP(st) ? ", core dumped" : "");
}

int proc_kill(int pidfd, int sig, struct err *e)
{
	if (syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 && errno != ESRCH)
		return err_errno(e, errno, "send signal %d", sig);
	return 0;
}

/* ---- logs ---- */

#define TAIL_BYTES 65536

json_t *proc_log_tail(const char *path, size_t n)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *buf = xmalloc(TAIL_BYTES + 1);
	json_t *a = json_array();
	struct stat st;
	ssize_t len;
	char *end;

	if (fd < 0 || fstat(fd, &st) < 0)
		return a;
	len = pread(fd, buf, TAIL_BYTES, st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES : 0);
	if (len <= 0)
		return a;
	end = buf + len;
	if (end[-1] == '\n')
		end--;
	while (n-- && end > buf) {
		char *nl = memrchr(buf, '\n', (size_t)(end - buf));
		char *line = nl ? nl + 1 : buf;
		json_t *j = json_stringn(line, (size_t)(end - line));

		json_array_insert_new(a, 0, j ? j : json_string("(not UTF-8)"));
		end = nl ? nl : buf;
	}
	return a;
}

int proc_log_open(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	_cleanup_free_ char *dir = NULL;

	if (fd < 0 && errno == ENOENT && strchr(path, '/')) {
		char *s;

		dir = xstrdup(path);
		*strrchr(dir, '/') = '\0';
		for (s = dir + 1; (s = strchr(s, '/')); s++) {
			*s = '\0';
			mkdir(dir, 0755);
			*s = '/';
		}
		mkdir(dir, 0755);
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	}
	return fd < 0 ? err_errno(e, errno, "open log file %s", path) : fd;
}
