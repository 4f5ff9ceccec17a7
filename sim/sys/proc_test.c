/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sys/prefix.h"
#include "sys/proc.h"

struct end {
	int n, status;
};

static void on_end(void *arg, pid_t pid, int st)
{
	struct end *x = arg;

	(void)pid;
	x->n++;
	x->status = st;
}

static int ended(void *arg)
{
	return ((struct end *)arg)->n;
}

/* Runs argv to its end with output to fd (-1: inherited); the wait status, or a negative error. */
static int run(const char *const *argv, int log_fd, struct err *e)
{
	struct proc_spec s = PROC_SPEC_INIT;
	_cleanup_event_ sd_event *ev = NULL;
	struct reaper *r = NULL;
	struct end x = {0, -1};
	pid_t pid;
	int rc;

	if (sd_event_new(&ev) < 0 || reaper_new(ev, &r, e) < 0)
		return -EIO;
	s.path = argv[0];
	s.argv = argv;
	s.log_fd = log_fd;
	pid = proc_spawn(&s, NULL, e);
	if (pid > 0) {
		reaper_watch(r, pid, on_end, &x);
		rc = loop_wait(ev, 5 * USEC_PER_SEC, ended, &x, "the child", e);
	} else {
		rc = (int)pid;
	}
	reaper_free(r);
	return rc < 0 ? rc : x.status;
}

static void test_spawn(void)
{
	static const char *const sh[] = {"/bin/sh", "-c", "echo one; echo two >&2; exit 3", NULL};
	static const char *const none[] = {"/no/such/program", NULL};
	static const char *const dies[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *t3 = NULL, *t9 = NULL;
	_cleanup_json_ json_t *tail = NULL, *last = NULL, *nothing = NULL;
	char dir[] = "/tmp/ovnbed-proc-XXXXXX";
	_cleanup_free_ char *log = NULL, *sub = NULL;
	int fd, st;

	CU_ASSERT_PTR_NOT_NULL(mkdtemp(dir));
	log = xasprintf("%s/sub/x.log", dir);
	sub = xasprintf("%s/sub", dir);
	fd = proc_log_open(log, &e);
	TEST_ROW(fd >= 0, "log", "%s", err_msg(&e));
	st = run(sh, fd, &e);
	TEST_ROW(st >= 0, "sh", "%s", err_msg(&e));
	t3 = proc_status_text(st);
	TEST_STR(t3, "exit 3");
	tail = proc_log_tail(log, 5);
	CU_ASSERT_EQUAL(json_array_size(tail), 2);
	TEST_STR(jstr(tail, "0", NULL), "one");
	last = proc_log_tail(log, 1);
	CU_ASSERT_EQUAL(json_array_size(last), 1);
	TEST_STR(jstr(last, "0", NULL), "two");
	nothing = proc_log_tail("/no/such/log", 1);
	CU_ASSERT_EQUAL(json_array_size(nothing), 0);
	close(fd);
	t9 = proc_status_text(run(dies, -1, &e));
	TEST_STR(t9, "signal 9 (KILL)");
	CU_ASSERT_EQUAL(run(none, -1, &e), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err_msg(&e), "/no/such/program"));
	CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left to be waited for */
	remove(log);
	rmdir(sub);
	rmdir(dir);
}

/* Descriptors do not leak; environment and working directory are as given. */
static void test_child_state(void)
{
	static const char *const argv[] = {
		"/bin/sh", "-c", "ls /proc/self/fd | grep -c . ; echo $X; pwd; cat", NULL};
	static const char *const env[] = {"X=y", "PATH=/usr/bin:/bin", NULL};
	struct proc_spec s = PROC_SPEC_INIT;
	char text[256] = "";
	int p[2], leak = fcntl(1, F_DUPFD, 77); /* not close-on-exec */
	ssize_t n;
	pid_t pid;

	CU_ASSERT_EQUAL(pipe2(p, O_CLOEXEC), 0);
	s.path = argv[0];
	s.argv = argv;
	s.envp = env;
	s.cwd = "/usr";
	s.log_fd = p[1];
	pid = proc_spawn(&s, NULL, NULL);
	CU_ASSERT(pid > 0);
	close(p[1]);
	waitpid(pid, NULL, 0);
	n = read(p[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	/* 0, 1, 2 and the one ls reads the directory by. */
	TEST_STR(text, "4\ny\n/usr\n");
	close(p[0]);
	close(leak);
}

static void test_orphans(void)
{
	_cleanup_event_ sd_event *ev = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	static const char *const quick[] = {"/bin/true", NULL};
	struct proc_spec s = PROC_SPEC_INIT;
	struct reaper *r = NULL;
	struct end x = {0, -1};
	pid_t a, b;

	CU_ASSERT(sd_event_new(&ev) >= 0);
	CU_ASSERT_EQUAL(reaper_new(ev, &r, &e), 0);
	s.path = quick[0];
	s.argv = quick;
	a = proc_spawn(&s, NULL, &e);
	b = proc_spawn(&s, NULL, &e);
	CU_ASSERT(a > 0 && b > 0);
	/* Nobody watches a: it must be buried all the same. */
	reaper_watch(r, b, on_end, &x);
	CU_ASSERT_EQUAL(loop_wait(ev, 5 * USEC_PER_SEC, ended, &x, "b", &e), 0);
	for (int i = 0; i < 50 && kill(a, 0) == 0; i++)
		sd_event_run(ev, 100 * USEC_PER_MSEC);
	CU_ASSERT(kill(a, 0) < 0 && errno == ESRCH);
	reaper_free(r);
}

static void test_prefix(void)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *sh = prefix_program("/", "sh", &e);
	_cleanup_free_ char *sh2 = prefix_program("/nonexistent", "sh", &e);
	_cleanup_free_ char *no = prefix_program("/", "no-such-program", &e);
	_cleanup_free_ char *version = NULL;
	static const char *const extra[] = {"OVNBED_TEST=1", NULL};
	char dir[] = "/tmp/ovnbed-prefix-XXXXXX", **env, **v;
	_cleanup_free_ char *usr = NULL, *lib = NULL, *want = NULL;
	bool found = false, seen_extra = false;

	CU_ASSERT_PTR_NOT_NULL(sh);
	CU_ASSERT_PTR_NOT_NULL(sh2);
	CU_ASSERT_PTR_NULL(no);
	CU_ASSERT_EQUAL(e.code, ENOENT);
	version = prefix_version("/bin/ls", "/", &e);
	CU_ASSERT(version && strstr(version, "ls"));
	CU_ASSERT_PTR_NULL(prefix_version("/bin/false", "/", &e));
	CU_ASSERT_PTR_NOT_NULL(mkdtemp(dir));
	usr = xasprintf("%s/usr", dir);
	lib = xasprintf("%s/usr/lib", dir);
	mkdir(usr, 0755);
	mkdir(lib, 0755);
	want = xasprintf("LD_LIBRARY_PATH=%s", lib);
	env = prefix_env(dir, extra);
	for (v = env; *v; v++) {
		found |= str_after(*v, want) != NULL;
		seen_extra |= streq(*v, "OVNBED_TEST=1");
	}
	CU_ASSERT(found);
	CU_ASSERT(seen_extra);
	prefix_env_free(env);
	rmdir(lib);
	rmdir(usr);
	rmdir(dir);
}

TEST_SUITE(proc, {"spawn", test_spawn}, {"child state", test_child_state},
	   {"orphans", test_orphans})
TEST_SUITE(prefix, {"prefix", test_prefix})
