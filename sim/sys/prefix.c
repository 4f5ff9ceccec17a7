/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/prefix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/log.h"
#include "sys/proc.h"

/*
 * Where packages and `make install` put programs. Debian's alternatives link ovs-vswitchd to its
 * own directory; an unpacked package has no such link.
 */
static const char *const bin_dirs[] = {
	"usr/local/sbin",
	"usr/local/bin",
	"usr/sbin",
	"usr/bin",
	"sbin",
	"bin",
	"usr/lib/openvswitch-switch",
};
static const char *const lib_dirs[] = {
	"usr/local/lib",
	"usr/lib/x86_64-linux-gnu",
	"usr/lib/aarch64-linux-gnu",
	"usr/lib64",
	"usr/lib",
	"lib",
};
static const char *const share_dirs[] = {"usr/local/share", "usr/share", "share"};

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* dir "/" and dir "/opt/x/" both join cleanly. */
static char *join(const char *dir, const char *rest)
{
	size_t n = strlen(dir);

	while (n && dir[n - 1] == '/')
		n--;
	return xasprintf("%.*s/%s", (int)n, dir, rest);
}

char *prefix_dir(const char *cache)
{
	const char *env = getenv("OVNBED_PREFIX");
	_cleanup_free_ char *p = NULL;

	if (env && *env)
		return xstrdup(env);
	p = cache ? join(cache, "prefix") : NULL;
	return p && is_dir(p) ? TAKE_PTR(p) : xstrdup("/");
}

static char *find_below(const char *dir, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bin_dirs); i++) {
		_cleanup_free_ char *sub = join(dir, bin_dirs[i]);
		_cleanup_free_ char *p = join(sub, name);

		if (access(p, X_OK) == 0 && !is_dir(p))
			return TAKE_PTR(p);
	}
	return NULL;
}

char *prefix_program(const char *dir, const char *name, struct err *e)
{
	char *p = find_below(dir, name);

	if (!p && !streq(dir, "/"))
		p = find_below("/", name);
	if (!p)
		err_set(e, ENOENT, "program %s: not found below %s%s", name, dir,
			streq(dir, "/") ? "" : " nor on this machine");
	return p;
}

static char *find_schema(const char *dir, const char *name)
{
	const char *package = str_after(name, "ovn") ? "ovn" : "openvswitch";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(share_dirs); i++) {
		_cleanup_free_ char *share = join(dir, share_dirs[i]);
		_cleanup_free_ char *p = xasprintf("%s/%s/%s.ovsschema", share, package, name);

		if (access(p, R_OK) == 0)
			return TAKE_PTR(p);
	}
	return NULL;
}

char *prefix_schema(const char *dir, const char *name, struct err *e)
{
	char *p = find_schema(dir, name);

	if (!p && !streq(dir, "/"))
		p = find_schema("/", name);
	if (!p)
		err_set(e, ENOENT, "database schema %s.ovsschema: not found below %s%s", name, dir,
			streq(dir, "/") ? "" : " nor on this machine");
	return p;
}

/* ---- environment ---- */

static char *search_path(const char *dir, const char *const *subs, size_t n)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < n; i++) {
		_cleanup_free_ char *p = join(dir, subs[i]);

		if (is_dir(p))
			buf_printf(&b, "%s%s", b.len ? ":" : "", p);
	}
	return b.len ? buf_take(&b) : NULL;
}

static void env_set(char ***env, size_t *n, const char *assignment)
{
	size_t name = (size_t)(strchrnul(assignment, '=') - assignment) + 1, i;

	for (i = 0; i < *n; i++)
		if (strncmp((*env)[i], assignment, name) == 0)
			break;
	if (i == *n) {
		*env = xrealloc(*env, (*n + 2) * sizeof(**env));
		(*env)[++*n] = NULL;
		(*env)[i] = NULL;
	}
	free((*env)[i]);
	(*env)[i] = xstrdup(assignment);
}

static void env_setf(char ***env, size_t *n, const char *fmt, ...) PRINTF(3, 4);
static void env_setf(char ***env, size_t *n, const char *fmt, ...)
{
	_cleanup_free_ char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	env_set(env, n, s);
}

/* Programs look for schemas where they were configured to be installed, unless told. */
static void set_pkgdata(char ***env, size_t *n, const char *dir, const char *var,
			const char *schema)
{
	_cleanup_free_ char *p = find_schema(dir, schema);

	if (!p)
		return;
	*strrchr(p, '/') = '\0';
	env_setf(env, n, "%s=%s", var, p);
}

char **prefix_env(const char *dir, const char *const *extra)
{
	static const char std[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	_cleanup_free_ char *bins = NULL, *libs = NULL;
	char **env = xcalloc(1, sizeof(*env)), **v;
	const char *old = getenv("LD_LIBRARY_PATH");
	size_t n = 0;

	for (v = environ; v && *v; v++)
		env_set(&env, &n, *v);
	if (!streq(dir, "/")) {
		bins = search_path(dir, bin_dirs, ARRAY_SIZE(bin_dirs));
		libs = search_path(dir, lib_dirs, ARRAY_SIZE(lib_dirs));
	}
	env_setf(&env, &n, "PATH=%s%s%s", bins ? bins : "", bins ? ":" : "", std);
	set_pkgdata(&env, &n, dir, "OVS_PKGDATADIR", "vswitch");
	set_pkgdata(&env, &n, dir, "OVN_PKGDATADIR", "ovn-nb");
	if (libs)
		env_setf(&env, &n, "LD_LIBRARY_PATH=%s%s%s", libs, old && *old ? ":" : "",
			 old && *old ? old : "");
	for (; extra && *extra; extra++)
		env_set(&env, &n, *extra);
	return env;
}

void prefix_env_free(char **env)
{
	char **v;

	for (v = env; v && *v; v++)
		free(*v);
	free(env);
}

/* ---- versions ---- */

#define VERSION_TIMEOUT_US (5 * USEC_PER_SEC)

static int read_all(int fd, struct buf *out, struct err *e)
{
	uint64_t end = mono_usec() + VERSION_TIMEOUT_US;
	char tmp[1024];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = mono_usec();
		ssize_t n;

		if (now >= end || poll(&p, 1, (int)((end - now) / USEC_PER_MSEC) + 1) == 0)
			return err_set(e, ETIMEDOUT,
				       "timed out after %.0f s waiting for its version",
				       VERSION_TIMEOUT_US / 1e6);
		n = read(fd, tmp, sizeof(tmp));
		if (n > 0)
			buf_add(out, tmp, (size_t)n);
		else if (n == 0)
			return 0;
		else if (errno != EINTR)
			return err_errno(e, errno, "read its version");
	}
}

/* Programs print "ovs-vswitchd (Open vSwitch) 3.1.0", "libvirtd (libvirt) 9.0.0", "QEMU emulator
 * version 7.2.22 …": the first line is kept whole. */
char *prefix_version(const char *path, const char *dir, struct err *e)
{
	const char *argv[] = {path, "--version", NULL};
	struct proc_spec s = PROC_SPEC_INIT;
	_cleanup_close_ int pidfd = -1, rd = -1;
	_cleanup_buf_ struct buf out = BUF_INIT;
	char **env = prefix_env(dir, NULL);
	int p[2], r, st = 0;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0) {
		prefix_env_free(env);
		err_errno(e, errno, "pipe");
		return NULL;
	}
	rd = p[0];
	s.path = path;
	s.argv = argv;
	s.envp = (const char *const *)env;
	s.log_fd = p[1];
	pid = proc_spawn(&s, &pidfd, e);
	close(p[1]);
	prefix_env_free(env);
	if (pid < 0)
		return NULL;
	r = read_all(rd, &out, e);
	if (r < 0)
		proc_kill(pidfd, SIGKILL, NULL);
	waitpid(pid, &st, 0);
	if (r < 0) {
		err_wrap(e, "%s", path);
		return NULL;
	}
	if (st) {
		_cleanup_free_ char *why = proc_status_text(st);

		err_set(e, EIO, "%s --version: %s", path, why);
		return NULL;
	}
	return xstrndup(buf_str(&out), strcspn(buf_str(&out), "\n"));
}
