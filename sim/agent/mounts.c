/* SPDX-License-Identifier: Apache-2.0 */
/* A node's view of the file system: its own directories at the standard places. */
#include "agent/agent_priv.h"

#include <errno.h>
#include <fcntl.h>

#include "base/buf.h"
#include "sys/mnt.h"
#include "virt/virt.h"

enum base { BASE_RUN, BASE_STATE, BASE_CACHE, N_BASES };

static const struct place {
	enum base base;
	const char *sub, *target;
} places[] = {
	{BASE_RUN, "ovs", OVS_RUN},
	{BASE_RUN, "ovsetc", "/etc/openvswitch"},
	{BASE_RUN, "ovn", OVN_RUN},
	{BASE_RUN, "ovnetc", "/etc/ovn"},
	{BASE_RUN, "virt", "/run/libvirt"},
	{BASE_RUN, "virtetc", "/etc/libvirt"},
	{BASE_RUN, "vm", "/run/ovnbed-vm"},
	{BASE_RUN, "pod", "/run/ovnbed-pod"},
	{BASE_STATE, "log/openvswitch", "/var/log/openvswitch"},
	{BASE_STATE, "log/ovn", "/var/log/ovn"},
	{BASE_STATE, "log/libvirt", "/var/log/libvirt"},
	{BASE_STATE, "libvirt", "/var/lib/libvirt"},
	{BASE_STATE, "vm", "/var/lib/ovnbed-vm"},
	/* Shared by all nodes and labs, so that QEMU's capabilities are probed once in a machine's life. */
	{BASE_CACHE, "libvirt", "/var/cache/libvirt"},
};
#define N_PLACES ARRAY_SIZE(places)

struct binds {
	struct mnt_bind v[N_PLACES];
};

static void binds_free(struct binds *b)
{
	for (size_t i = 0; i < N_PLACES; i++)
		free((char *)(uintptr_t)b->v[i].source);
}

static void binds_fill(struct binds *b, const char *const base[static N_BASES])
{
	for (size_t i = 0; i < N_PLACES; i++)
		b->v[i] = (struct mnt_bind){
			.kind = MNT_DIR,
			.source = xasprintf("%s/%s", base[places[i].base], places[i].sub),
			.target = places[i].target,
		};
}

int agent_lab_mounts(const char *run, const char *state, const char *cache, struct err *e)
{
	_cleanup_(binds_free) struct binds b = {0};
	const char *base[N_BASES] = {run, state, cache};
	const char *keep[] = {run, state, cache, NULL};
	int r;

	binds_fill(&b, base);
	r = mnt_fresh("/run", keep, e);
	return r < 0 ? r : mnt_targets(b.v, N_PLACES, keep, e);
}

/* "/run/ovnbed/labs/x/n/worker-a" to "/run/ovnbed/labs/x": what all nodes of a lab may see. */
static char *lab_dir(const char *node_dir)
{
	char *s = xstrdup(node_dir);

	for (int i = 0; i < 2 && strrchr(s, '/') > s; i++)
		*strrchr(s, '/') = '\0';
	return s;
}

/* ---- /etc/hosts ---- */

int agent_hosts(struct agent *a, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("%s/hosts", a->run);
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_close_ int fd = -1;
	_cleanup_json_ json_t *all = json_object();
	const char *name;
	json_t *ip;

	json_object_update(all, json_object_get(a->config, "hosts"));
	json_object_update(all, json_object_get(a->desired, "hosts"));
	/* A node must find itself, or libvirt refuses to migrate. */
	buf_printf(&b, "127.0.0.1 localhost\n::1 localhost\n");
	if (!json_object_get(all, a->name))
		buf_printf(&b, "127.0.1.1 %s\n", a->name);
	json_object_foreach(all, name, ip)
		if (json_is_string(ip))
			buf_printf(&b, "%s %s\n", json_string_value(ip), name);
	/* In place: the file is bind-mounted, a rename would not be seen. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, b.data, b.len) != (ssize_t)b.len)
		return err_errno(e, errno, "write %s", path);
	return 0;
}

static int bind_hosts(struct agent *a, const char *const *keep, struct err *e)
{
	_cleanup_free_ char *path = xasprintf("%s/hosts", a->run);
	struct mnt_bind b = {MNT_FILE, path, "/etc/hosts"};
	int r = agent_hosts(a, e);

	return r < 0 ? r : mnt_binds(&b, 1, keep, e);
}

int agent_mounts(struct agent *a, struct err *e)
{
	_cleanup_(binds_free) struct binds b = {0};
	_cleanup_free_ char *run = lab_dir(a->run), *state = lab_dir(a->state);
	const char *base[N_BASES] = {a->run, a->state, a->cache};
	const char *keep[] = {run, state, a->cache, NULL};
	int r = mnt_proc(e);

	if (r >= 0)
		r = mnt_sysfs(e);
	/* Pid files of this node's own daemons, and nothing of the machine's. */
	if (r >= 0)
		r = mnt_fresh("/run", keep, e);
	if (r < 0)
		return r;
	binds_fill(&b, base);
	r = mnt_binds(b.v, N_PLACES, keep, e);
	return r < 0 ? r : bind_hosts(a, keep, e);
}
