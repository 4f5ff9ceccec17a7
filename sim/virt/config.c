/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/virt.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "sys/mnt.h"

#define DRIVER "libvirt_driver_qemu.so"
#define USER "libvirt-qemu"

/*
 * libvirtd: everybody who reaches the socket is root of the node. No PolicyKit, few threads.
 */
static const char libvirtd_conf[] = "auth_unix_ro = \"none\"\n"
				    "auth_unix_rw = \"none\"\n"
				    "unix_sock_ro_perms = \"0700\"\n"
				    "unix_sock_rw_perms = \"0700\"\n"
				    "log_level = 3\n"
				    "log_outputs = \"3:stderr\"\n"
				    "min_workers = 2\n"
				    "max_workers = 20\n"
				    "prio_workers = 2\n"
				    "admin_min_workers = 1\n"
				    "ovs_timeout = 5\n";

/*
 * QEMU runs as root of the node: without security drivers, cgroups or mount namespaces of its own,
 * which the node already is. stdio_handler "file": there is no virtlogd.
 */
static const char qemu_conf[] = "user = \"+0\"\n"
				"group = \"+0\"\n"
				"dynamic_ownership = 0\n"
				"remember_owner = 0\n"
				"security_driver = \"none\"\n"
				"security_default_confined = 0\n"
				"namespaces = []\n"
				"cgroup_controllers = []\n"
				"stdio_handler = \"file\"\n"
				"seccomp_sandbox = 0\n"
				"clear_emulator_capabilities = 0\n";

static const char client_conf[] = "uri_default = \"qemu:///system\"\n";

static int write_file(const char *dir, const char *name, const char *text, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	size_t len = strlen(text);

	if (fd < 0)
		return err_errno(e, errno, "create %s", path);
	if (write(fd, text, len) != (ssize_t)len)
		return err_errno(e, errno ? errno : EIO, "write %s", path);
	return 0;
}

/* ---- drivers ---- */

static char *find_driver(void)
{
	static const char *const patterns[] = {
		"/usr/lib/*/libvirt/connection-driver/" DRIVER,
		"/usr/lib64/libvirt/connection-driver/" DRIVER,
		"/usr/lib/libvirt/connection-driver/" DRIVER,
		"/usr/local/lib/*/libvirt/connection-driver/" DRIVER};
	char *found = NULL;

	for (size_t i = 0; !found && i < ARRAY_SIZE(patterns); i++) {
		glob_t g = {0};

		if (glob(patterns[i], 0, NULL, &g) == 0 && g.gl_pathc)
			found = xstrdup(g.gl_pathv[0]);
		globfree(&g);
	}
	return found;
}

static int link_driver(const char *dir, struct err *e)
{
	_cleanup_free_ char *drivers = xasprintf("%s/drivers", dir);
	_cleanup_free_ char *link = xasprintf("%s/%s", drivers, DRIVER);
	_cleanup_free_ char *driver = find_driver();

	if (!driver)
		return err_set(e, ENOENT,
			       "libvirt's QEMU driver (%s) is not installed: apt-get install "
			       "--no-install-recommends libvirt-daemon",
			       DRIVER);
	if (mkdir(drivers, 0755) < 0 && errno != EEXIST)
		return err_errno(e, errno, "create %s", drivers);
	unlink(link);
	if (symlink(driver, link) < 0)
		return err_errno(e, errno, "create %s", link);
	return 0;
}

int virt_write_config(const char *dir, const char *host_uuid, struct err *e)
{
	_cleanup_free_ char *daemon = xasprintf("%shost_uuid = \"%s\"\n", libvirtd_conf, host_uuid);
	int r = write_file(dir, "libvirtd.conf", daemon, e);

	if (r >= 0)
		r = write_file(dir, "qemu.conf", qemu_conf, e);
	if (r >= 0)
		r = write_file(dir, "libvirt.conf", client_conf, e);
	return r < 0 ? r : link_driver(dir, e);
}

/* ---- users ---- */

static char *slurp(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	struct buf b = BUF_INIT;
	char tmp[4096];
	size_t n;

	while (f && (n = fread(tmp, 1, sizeof(tmp), f)) > 0)
		buf_add(&b, tmp, n);
	return b.data ? buf_take(&b) : xstrdup("");
}

/* True when a line of the table text starts with "name:". */
static bool has_entry(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, name, n) == 0 && p[n] == ':')
			return true;
	return false;
}

/* The file table ("passwd", "group") with one more entry, bound over the machine's in /etc. */
static int add_entry(const char *table, const char *entry, struct err *e)
{
	_cleanup_free_ char *target = xasprintf("/etc/%s", table), *text = slurp(target);
	_cleanup_free_ char *source = xasprintf("/etc/libvirt/%s", table), *more = NULL;
	struct mnt_bind b = {MNT_FILE, source, target};
	size_t n = strlen(text);
	int r;

	if (has_entry(text, USER))
		return 0;
	more = xasprintf("%s%s%s\n", text, n && text[n - 1] != '\n' ? "\n" : "", entry);
	r = write_file("/etc/libvirt", table, more, e);
	return r < 0 ? r : mnt_binds(&b, 1, NULL, e);
}

int virt_prepare_node(const char *host_uuid, struct err *e)
{
	int r = virt_write_config("/etc/libvirt", host_uuid, e);

	if (r >= 0)
		r = add_entry("passwd", USER ":x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin",
			      e);
	if (r >= 0)
		r = add_entry("group", USER ":x:64055:", e);
	return r;
}

/* ---- daemon ---- */

const char **virt_daemon_argv(const char *program)
{
	const char *const v[] = {program, "--config", "/etc/libvirt/libvirtd.conf", NULL};

	return xmemdup(v, sizeof(v));
}

const struct virt_known_line virt_known_lines[] = {
	{"/usr/sbin/dmidecode", "the machine's firmware tables are not readable in a container"},
	{"Unable to open /dev/kvm", "without KVM the domains run under TCG"},
	{"At least one cgroup controller is required",
	 "a node's domains have no cgroups on purpose"},
	{"is tainted: high-privileges", "QEMU runs as root of the node, on purpose"},
	{"is tainted: custom-ga-command", "commands of `exec` go through the guest agent"},
	{"QEMU guest agent is not connected", "a guest was asked while it came up or went down"},
	{"Guest agent disappeared while executing command", "a guest went down while it was asked"},
	{"End of file while reading data", "a client of libvirtd has ended"},
	{NULL, NULL},
};
