/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/wait.h>

#include "test/test.h"
#include "base/jrpc.h"
#include "base/log.h"
#include "ovsdb/dbfile.h"
#include "ovsdb/live.h"

#define SERVER "usr/sbin/ovsdb-server"
#define BIND_TO_LISTEN_MS 2 /* between two looks whether a socket that is bound is listened at */
#define NB_SCHEMA "usr/share/ovn/ovn-nb.ovsschema"

static bool usable(const char *prefix)
{
	_cleanup_free_ char *server = xasprintf("%s/" SERVER, prefix);
	_cleanup_free_ char *schema = xasprintf("%s/" NB_SCHEMA, prefix);

	return access(server, X_OK) == 0 && access(schema, R_OK) == 0;
}

bool live_open(struct live *l, const char *name)
{
	const char *own = getenv("OVNBED_PREFIX");
	const char *const prefixes[] = {own ? own : "/var/cache/ovnbed/prefix", ""};

	*l = (struct live){.dir = "/tmp/ovnbed-live-XXXXXX"};
	for (size_t i = 0; !l->prefix && i < ARRAY_SIZE(prefixes); i++)
		if (usable(prefixes[i]))
			l->prefix = prefixes[i];
	if (!l->prefix || !mkdtemp(l->dir)) {
		test_skip("%s: no %s and %s below %s", name, SERVER, NB_SCHEMA, prefixes[0]);
		return false;
	}
	sd_event_new(&l->ev);
	return true;
}

static int remove_one(const char *path, const struct stat *st UNUSED, int type UNUSED,
		      struct FTW *ftw UNUSED)
{
	return remove(path);
}

void live_close(struct live *l)
{
	for (size_t i = 0; i < l->n; i++) {
		kill(l->pids[i], SIGKILL);
		waitpid(l->pids[i], NULL, 0);
	}
	nftw(l->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	sd_event_unref(l->ev);
}

char *live_path(const struct live *l, const char *name)
{
	return xasprintf("%s/%s", l->dir, name);
}

json_t *live_schema(const struct live *l, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/usr/share/%s.ovsschema", l->prefix, name);

	return jload_file(path, NULL);
}

json_t *live_plan(const char *name)
{
	_cleanup_free_ char *path = xasprintf("sim/ovsdb/testdata/%s.json", name);

	return jload_file(path, NULL);
}

bool live_db(const struct live *l, const char *name, const char *schema, const char *plan)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.db", l->dir, name);
	_cleanup_json_ json_t *s = live_schema(l, schema), *rows = live_plan(plan);
	_cleanup_err_ struct err e = ERR_INIT;

	if (ovsdb_write_db(path, s, rows, NULL, &e) == 0)
		return true;
	printf("%s\n", err_msg(&e));
	return false;
}

static void child(const struct live *l, const char *const *argv)
{
	_cleanup_free_ char *program = xasprintf("%s/%s", l->prefix, argv[0]);
	_cleanup_free_ char *log = live_path(l, "log");
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(126);
	setenv("OVS_RUNDIR", l->dir, 1);
	setenv("OVN_RUNDIR", l->dir, 1);
	execv(program, (char *const *)argv);
	_exit(127);
}

/* 1: somebody listens at path, 0: it is there, for a moment before anyone does, -1: it is not. */
static int listening(const char *path)
{
	_cleanup_close_ int fd = unix_connect(path, NULL);

	return fd >= 0 ? 1 : access(path, F_OK) == 0 ? 0 : -1;
}

/* Waits on the directory until somebody listens at path. */
static bool appears(int watch, const char *path)
{
	uint64_t end = mono_usec() + LIVE_WAIT;
	struct pollfd p = {.fd = watch, .events = POLLIN};
	char junk[4096];
	int state;

	while ((state = listening(path)) <= 0) {
		uint64_t now = mono_usec();
		int ms = state < 0 ? (int)((end - now) / 1000) + 1 : BIND_TO_LISTEN_MS;
		int n = now < end ? poll(&p, 1, ms) : -1;

		if (n < 0 || (n && read(watch, junk, sizeof(junk)) < 0))
			return false;
	}
	return true;
}

bool live_start(struct live *l, const char *const *argv, const char *socket)
{
	_cleanup_free_ char *path = live_path(l, socket);
	_cleanup_close_ int watch = inotify_init1(IN_CLOEXEC);
	pid_t pid;

	if (l->n == ARRAY_SIZE(l->pids) || inotify_add_watch(watch, l->dir, IN_CREATE) < 0)
		return false;
	pid = fork();
	if (pid < 0)
		return false;
	if (pid == 0)
		child(l, argv);
	l->pids[l->n++] = pid;
	return appears(watch, path);
}

bool live_server(struct live *l, const char *a, const char *b)
{
	_cleanup_free_ char *remote = xasprintf("--remote=punix:%s/db.sock", l->dir);
	_cleanup_free_ char *ctl = xasprintf("--unixctl=%s/server.ctl", l->dir);
	_cleanup_free_ char *x = xasprintf("%s/%s.db", l->dir, a);
	_cleanup_free_ char *y = b ? xasprintf("%s/%s.db", l->dir, b) : NULL;
	const char *argv[] = {SERVER, remote, ctl, "--no-chdir", x, y, NULL};

	return live_start(l, argv, "server.ctl");
}
