/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/virt.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"

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

int virt_write_config(const char *dir, const char *host_uuid, struct err *e)
{
	_cleanup_free_ char *daemon = xasprintf("%shost_uuid = \"%s\"\n", libvirtd_conf, host_uuid);
	int r = write_file(dir, "libvirtd.conf", daemon, e);

	if (r >= 0)
		r = write_file(dir, "qemu.conf", qemu_conf, e);
	if (r >= 0)
		r = write_file(dir, "libvirt.conf", client_conf, e);
	return r;
}

const char **virt_daemon_argv(const char *program)
{
	const char *const v[] = {program, "--config", "/etc/libvirt/libvirtd.conf", NULL};

	return xmemdup(v, sizeof(v));
}
