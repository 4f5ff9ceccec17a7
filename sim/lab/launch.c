/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "base/log.h"
#include "lab/lab.h"
#include "sys/ns.h"

#define LAUNCH_TIMEOUT_MS (300 * 1000)
#define STOP_TIMEOUT_MS (30 * 1000)

const char *lab_state_name(enum lab_state s)
{
	static const char *const names[] = {"none", "dead", "starting", "running"};

	return names[s];
}

/* The pid of the process that listens on a unix socket, translated by the kernel, or -errno. */
static pid_t sock_peer(const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(sa.sun_path))
		return -ENAMETOOLONG;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	return cred.pid;
}

/*
 * The lab's lock, held by a supervisor or an `up`. Of the kind that can be looked at without being
 * taken: whoever lists labs must not get in the way of an `up`, nor create a file in a directory
 * that a `down` is removing.
 */
static int lock_open(const struct lab_paths *p, int flags)
{
	_cleanup_free_ char *path = xasprintf("%s/lock", p->run);
	int fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);

	return fd < 0 ? -errno : fd;
}

/* fd >= 0, -EAGAIN when it is held, -errno. */
static int lock_take(const struct lab_paths *p)
{
	_cleanup_close_ int fd = lock_open(p, O_CREAT);
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd < 0)
		return fd;
	if (fcntl(fd, F_OFD_SETLK, &l) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static bool lock_held(const struct lab_paths *p)
{
	_cleanup_close_ int fd = lock_open(p, 0);
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

enum lab_state lab_state_of(const struct lab_paths *p, pid_t *ret_pid)
{
	struct stat st;
	pid_t pid;

	if (ret_pid)
		*ret_pid = 0;
	if (stat(p->run, &st) < 0)
		return LAB_NONE;
	pid = sock_peer(p->sock);
	if (pid > 0) {
		if (ret_pid)
			*ret_pid = pid;
		return LAB_RUNNING;
	}
	return lock_held(p) ? LAB_STARTING : LAB_DEAD;
}

/* ---- up ---- */

/*
 * A supervisor that was just killed may still be dying with its children; its pid and start time
 * were written down when it was made.
 */
static void wait_for_corpse(const struct lab_paths *p)
{
	_cleanup_free_ char *path = xasprintf("%s/lab.json", p->run);
	_cleanup_json_ json_t *j = jload_file(path, NULL);
	pid_t pid = (pid_t)jint(j, "pid", 0);
	_cleanup_free_ char *exe = xasprintf("/proc/%d/comm", (int)pid);
	_cleanup_fclose_ FILE *f = NULL;
	_cleanup_close_ int pidfd = -1;
	char comm[32] = "";
	struct pollfd pfd;

	if (pid <= 0)
		return;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	f = fopen(exe, "re");
	if (pidfd < 0 || !f || !fgets(comm, sizeof(comm), f) || !str_after(comm, LAB_COMM))
		return;
	pfd = (struct pollfd){.fd = pidfd, .events = POLLIN};
	poll(&pfd, 1, STOP_TIMEOUT_MS);
}

static int remove_dirs(const struct lab_paths *p, struct err *e)
{
	int r = path_remove(p->state, e);

	return r < 0 ? r : path_remove(p->run, e);
}

static int prepare_dirs(const struct lab_paths *p, int *ret_lock, struct err *e)
{
	enum lab_state s = lab_state_of(p, NULL);
	int r;

	if (s == LAB_RUNNING || s == LAB_STARTING)
		return err_set(e, EEXIST,
			       "lab %s is already %s; use `ovnbed down %s` first, or --name for "
			       "another one",
			       p->name, lab_state_name(s), p->name);
	if (s == LAB_DEAD) {
		wait_for_corpse(p);
		r = remove_dirs(p, e);
		if (r < 0)
			return err_wrap(e, "clean up after the dead lab %s", p->name);
	}
	r = path_mkdirs(p->run, e);
	if (r >= 0)
		r = path_mkdirs(p->state, e);
	if (r >= 0)
		r = path_mkdirs(p->cache, e);
	if (r < 0)
		return r;
	*ret_lock = lock_take(p);
	return *ret_lock < 0 ? err_errno(e, -*ret_lock, "lock %s", p->run) : 0;
}

static int write_info(const struct lab_paths *p, const json_t *topology, pid_t pid, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("%s/lab.json", p->run);
	_cleanup_json_ json_t *j =
		json_pack("{s:s, s:i, s:s, s:I, s:s}", "name", p->name, "pid", (int)pid, "topology",
			  jstr(topology, "name", ""), "nodes",
			  (json_int_t)json_array_size(json_object_get(topology, "nodes")), "zones",
			  jstr(topology, "zones", ""));

	return jsave_file(path, j, e);
}

/* Reads progress lines of the supervisor until it is ready, fails or goes away. */
static int follow(const struct lab_paths *p, int fd, lab_progress_fn progress, void *arg,
		  struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint64_t end = mono_usec() + LAUNCH_TIMEOUT_MS * USEC_PER_MSEC;
	char tmp[4096];

	for (;;) {
		struct pollfd pfd = {.fd = fd, .events = POLLIN};
		uint64_t now = mono_usec();
		ssize_t n;
		char *nl;

		if (now >= end || poll(&pfd, 1, (int)((end - now) / USEC_PER_MSEC) + 1) == 0)
			return err_set(e, ETIMEDOUT, "lab %s was not ready after %d s", p->name,
				       LAUNCH_TIMEOUT_MS / 1000);
		n = read(fd, tmp, sizeof(tmp));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_set(e, EPIPE,
				       "the supervisor died while starting; see %s/lab.log",
				       p->state);
		buf_add(&b, tmp, (size_t)n);
		while ((nl = memchr(b.data, '\n', b.len))) {
			size_t len = (size_t)(nl - b.data);
			_cleanup_json_ json_t *j = jparse(b.data, len, NULL);

			buf_consume(&b, len + 1);
			if (jget(j, "ready"))
				return 0;
			if (jget(j, "error"))
				return err_set(e, (int)jint(j, "code", EIO), "%s",
					       jstr(j, "error", ""));
			if (progress)
				progress(arg, jstr(j, "phase", ""),
					 json_number_value(jget(j, "seconds")));
		}
	}
}

static void child_main(const struct lab_paths *p, const json_t *topology, const json_t *options,
		       int lock, int hold, int out)
{
	int keep[] = {lock, hold, out};
	_cleanup_free_ char *log = xasprintf("%s/lab.log", p->state);
	int fd, null;

	fds_close_except(keep, ARRAY_SIZE(keep));
	setsid();
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(4);
	close_fd(fd);
	close_fd(null);
	_exit(lab_main(p, topology, options, hold, out));
}

int lab_launch(const struct lab_paths *p, const json_t *topology, const json_t *options,
	       lab_progress_fn progress, void *arg, struct err *e)
{
	int tether, r = lab_launch_tethered(p, topology, options, progress, arg, &tether, e);

	if (r >= 0)
		lab_untether(tether);
	return r;
}

void lab_untether(int tether)
{
	ssize_t n = write(tether, "", 1);

	(void)n; /* the lab has died meanwhile */
	close_fd(tether);
}

int lab_launch_tethered(const struct lab_paths *p, const json_t *topology, const json_t *options,
			lab_progress_fn progress, void *arg, int *ret_tether, struct err *e)
{
	struct ns_spec spec = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET};
	_cleanup_close_ int lock = -1, pidfd = -1;
	int hold[2], out[2], r;
	pid_t pid;

	r = prepare_dirs(p, &lock, e);
	if (r < 0)
		return r;
	if (pipe2(hold, O_CLOEXEC) < 0)
		return err_errno(e, errno, "pipe");
	if (pipe2(out, O_CLOEXEC) < 0) {
		r = err_errno(e, errno, "pipe");
		close_fd(hold[0]);
		close_fd(hold[1]);
		return r;
	}
	pid = ns_fork(&spec, &pidfd, e);
	if (pid == 0)
		child_main(p, topology, options, lock, hold[0], out[1]);
	close_fd(hold[0]);
	close_fd(out[1]);
	if (pid < 0) {
		r = err_wrap(e, "start the supervisor");
	} else {
		r = write_info(p, topology, pid, e);
		if (r >= 0)
			r = follow(p, out[0], progress, arg, e);
		if (r < 0) {
			/* the state directory stays: its logs say why */
			syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
		}
	}
	if (r < 0)
		close_fd(hold[1]);
	else
		*ret_tether = hold[1];
	close_fd(out[0]);
	return r;
}

/* ---- down ---- */

static int kill_and_wait(pid_t pid, struct err *e)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd pfd = {.fd = pidfd, .events = POLLIN};

	if (pidfd < 0)
		return errno == ESRCH ? 0
				      : err_errno(e, errno, "open the supervisor's pid %d", pid);
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return err_errno(e, errno, "kill the supervisor (pid %d)", pid);
	if (poll(&pfd, 1, STOP_TIMEOUT_MS) <= 0)
		return err_set(e, ETIMEDOUT,
			       "the supervisor (pid %d) is still there %d s after SIGKILL", pid,
			       STOP_TIMEOUT_MS / 1000);
	return 0;
}

int lab_stop(const struct lab_paths *p, struct err *e)
{
	pid_t pid = 0;
	enum lab_state s = lab_state_of(p, &pid);
	int r = 0;

	if (s == LAB_NONE)
		return err_set(e, ENOENT, "there is no lab %s", p->name);
	if (s == LAB_STARTING) {
		_cleanup_free_ char *path = xasprintf("%s/lab.json", p->run);
		_cleanup_json_ json_t *j = jload_file(path, NULL);

		pid = (pid_t)jint(j, "pid", 0);
	}
	if (pid > 0)
		r = kill_and_wait(pid, e);
	else
		wait_for_corpse(p);
	return r < 0 ? r : remove_dirs(p, e);
}

/* ---- ls ---- */

static json_t *describe(const char *name)
{
	_cleanup_lab_paths_ struct lab_paths p = {0};
	_cleanup_free_ char *path = NULL;
	_cleanup_json_ json_t *info = NULL;
	enum lab_state s;
	pid_t pid;

	if (!lab_name_valid(name) || lab_paths_init(&p, name, NULL) < 0)
		return NULL;
	s = lab_state_of(&p, &pid);
	path = xasprintf("%s/lab.json", p.run);
	info = jload_file(path, NULL);
	return json_pack("{s:s, s:s, s:o, s:o, s:I, s:o}", "name", name, "state", lab_state_name(s),
			 "pid", pid > 0 ? json_integer(pid) : json_null(), "topology",
			 jstring(jstr(info, "topology", NULL)), "nodes",
			 (json_int_t)jint(info, "nodes", 0), "zones",
			 jstring(jstr(info, "zones", NULL)));
}

json_t *lab_list(struct err *e)
{
	_cleanup_free_ char *root = lab_paths_root(e);
	struct dirent **v = NULL;
	json_t *out;
	int n;

	if (!root)
		return NULL;
	out = json_array();
	n = scandir(root, &v, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		json_t *j = v[i]->d_name[0] == '.' ? NULL : describe(v[i]->d_name);

		if (j)
			json_array_append_new(out, j);
		free(v[i]);
	}
	free(v);
	return out;
}

char *lab_proc_path(const pid_t *chain, size_t n)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s/proc/%d", i ? "/root" : "", (int)chain[i]);
	return buf_take(&b);
}
