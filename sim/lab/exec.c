/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/log.h"
#include "lab/client.h"
#include "lab/launch.h"
#include "sys/ns.h"

#define CAPTURE_MAX (16u << 20)
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC)

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
}

static _Noreturn void run(const struct exec_spec *s)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	reset_signals();
	if (s->envp)
		environ = (char **)s->envp;
	execvp(s->argv[0], (char *const *)s->argv);
	fprintf(stderr, "ovnbed: %s: %s\n", s->argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static int status_code_of(int wstatus)
{
	return WIFSIGNALED(wstatus) ? 128 + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
}

/* Inside the target's namespaces, except the PID namespace, which holds for the next child. */
static _Noreturn void enter_and_run(const struct exec_spec *s, int proc_fd)
{
	_cleanup_err_ struct err e = ERR_INIT;
	int wstatus = 0;
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		if (dup2(s->fds[i], i) < 0)
			_exit(126);
	}
	if (ns_enter(proc_fd, NAMESPACES, &e) < 0) {
		fprintf(stderr, "ovnbed: %s\n", err_msg(&e));
		_exit(126);
	}
	fds_close_except(NULL, 0);
	pid = fork();
	if (pid == 0)
		run(s);
	/* keys typed at a terminal reach the command itself, which decides what they mean */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (pid > 0 && waitpid(pid, &wstatus, 0) < 0 && errno == EINTR)
		;
	_exit(pid > 0 ? status_code_of(wstatus) : 126);
}

pid_t exec_start(const struct exec_spec *s, struct err *e)
{
	_cleanup_free_ char *path = lab_proc_path(s->chain, s->n);
	_cleanup_close_ int proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid;

	if (proc_fd < 0)
		return err_errno(e, errno, "the process of the target is gone (%s)", path);
	pid = fork();
	if (pid == 0)
		enter_and_run(s, proc_fd);
	return pid < 0 ? err_errno(e, errno, "fork") : pid;
}

int exec_wait(pid_t pid, struct err *e)
{
	int wstatus;

	while (waitpid(pid, &wstatus, 0) < 0)
		if (errno != EINTR)
			return err_errno(e, errno, "wait for the command");
	return status_code_of(wstatus);
}

/* Reads what arrives on fd; false at its end. */
static bool drain(int fd, struct buf *b)
{
	char tmp[65536];
	ssize_t n = read(fd, tmp, sizeof(tmp));

	if (n > 0 && b->len < CAPTURE_MAX)
		buf_add(b, tmp, (size_t)n);
	return n > 0 || (n < 0 && errno == EINTR);
}

static int collect(int fds[2], struct buf out[2], uint64_t timeout_us, struct err *e)
{
	uint64_t end = mono_usec() + timeout_us;
	bool open_[2] = {true, true};

	while (open_[0] || open_[1]) {
		struct pollfd p[2] = {{.fd = open_[0] ? fds[0] : -1, .events = POLLIN},
				      {.fd = open_[1] ? fds[1] : -1, .events = POLLIN}};
		uint64_t now = mono_usec();

		if (now >= end || poll(p, 2, (int)((end - now) / USEC_PER_MSEC) + 1) == 0)
			return err_set(e, ETIMEDOUT, "the command ran longer than %.1f s",
				       (double)timeout_us / 1e6);
		for (int i = 0; i < 2; i++)
			if (p[i].revents)
				open_[i] = drain(fds[i], &out[i]);
	}
	return 0;
}

int exec_capture(const struct exec_spec *s, uint64_t timeout_us, json_t **ret, struct err *e)
{
	_cleanup_buf_ struct buf out = BUF_INIT, err = BUF_INIT;
	_cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct exec_spec spec = *s;
	struct buf bufs[2] = {BUF_INIT, BUF_INIT};
	int po[2] = {-1, -1}, pe[2] = {-1, -1}, r, code;
	pid_t pid;

	if (pipe2(po, O_CLOEXEC) < 0 || pipe2(pe, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	spec.fds[0] = null;
	spec.fds[1] = po[1];
	spec.fds[2] = pe[1];
	pid = exec_start(&spec, e);
	close_fd(po[1]);
	close_fd(pe[1]);
	r = pid < 0 ? (int)pid : collect((int[]){po[0], pe[0]}, bufs, timeout_us, e);
	close_fd(po[0]);
	close_fd(pe[0]);
	out = bufs[0];
	err = bufs[1];
	if (pid < 0)
		return r;
	if (r < 0)
		kill(pid, SIGKILL);
	code = exec_wait(pid, r < 0 ? NULL : e);
	if (r < 0 || code < 0)
		return r < 0 ? r : code;
	*ret = json_pack("{s:i, s:o, s:o}", "code", code, "out", jstring(buf_str(&out)), "err",
			 jstring(buf_str(&err)));
	return 0;
}

int exec_chain(struct client *client, const struct lab_paths *paths, const char *endpoint,
	       pid_t *chain, size_t max, struct err *e)
{
	char *path = xstrdup("/apis/ovnbed.io/v1alpha1/endpoint");
	_cleanup_json_ json_t *reply = NULL;
	size_t n = 0, i;
	json_t *pid;

	client_add_query(&path, "name", endpoint);
	reply = client_call(client, "GET", path, NULL, e);
	free(path);
	if (!reply)
		return -e->code;
	if (lab_state_of(paths, &chain[n++]) != LAB_RUNNING)
		return err_set(e, EHOSTDOWN, "the lab is gone");
	json_array_foreach(json_object_get(reply, "pids"), i, pid)
		if (n < max)
			chain[n++] = (pid_t)json_integer_value(pid);
	return (int)n;
}
