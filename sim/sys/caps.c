/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/caps_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "base/log.h"
#include "sys/mnt.h"
#include "sys/ns.h"
#include "sys/prefix.h"

#define PROBE_US (20 * USEC_PER_SEC)

static json_t *row(const char *name, const char *group, bool required, bool ok, const char *detail,
		   const char *lacks, const char *fix)
{
	json_t *j = json_pack("{s:s, s:s, s:b, s:b, s:o}", "name", name, "group", group, "ok", ok,
			      "required", required, "detail", jstring(detail ? detail : ""));

	jset_str(j, "lacks", ok ? "" : lacks);
	jset_str(j, "fix", ok ? "" : fix);
	return j;
}

/* ---- in namespaces ---- */

static json_t *probe_kernel(void)
{
	_cleanup_link_ struct link_ctx *c = NULL;
	_cleanup_err_ struct err oe = ERR_INIT;
	json_t *a = json_array();
	int open_r = mnt_proc(&oe);

	if (open_r >= 0)
		open_r = link_open(-1, &c, &oe);
	for (size_t i = 0; i < caps_kernel_n; i++) {
		const struct cap *p = &caps_kernel[i];
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_free_ char *detail = NULL;
		int r = open_r < 0 ? open_r : p->fn(c, &detail, &e);

		if (r < 0)
			detail = xstrdup(err_msg(open_r < 0 ? &oe : &e));
		json_array_append_new(
			a, row(p->name, p->group, p->required, r >= 0, detail, p->lacks, p->fix));
	}
	return a;
}

static int probe_flags(void)
{
	int flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;

	return geteuid() == 0 ? flags : flags | CLONE_NEWUSER;
}

/* Reads what the child writes until it ends; a child that hangs is killed. */
static char *read_child(int fd)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint64_t end = mono_usec() + PROBE_US;
	char tmp[4096];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = mono_usec();
		ssize_t n;

		if (now >= end || poll(&p, 1, (int)((end - now) / USEC_PER_MSEC) + 1) == 0)
			break;
		n = read(fd, tmp, sizeof(tmp));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_add(&b, tmp, (size_t)n);
	}
	return b.len ? buf_take(&b) : xstrdup("");
}

/* The rows of what was tried in fresh namespaces; NULL when those cannot be made. */
static json_t *probe_in_namespaces(struct err *e)
{
	struct ns_idmap uid = {0, getuid(), 1}, gid = {0, getgid(), 1};
	struct ns_spec s = {.flags = probe_flags(),
			    .uids = &uid,
			    .gids = &gid,
			    .hostname = "probe",
			    .die_with_parent = true};
	_cleanup_free_ char *text = NULL;
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0) {
		err_errno(e, errno, "pipe");
		return NULL;
	}
	pid = ns_fork(&s, NULL, e);
	if (pid == 0) {
		_cleanup_json_ json_t *a = probe_kernel();

		text = jtext(a);
		dprintf(p[1], "%s", text);
		_exit(0);
	}
	close(p[1]);
	if (pid > 0) {
		text = read_child(p[0]);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	close(p[0]);
	return pid < 0 ? NULL : jparse(text, strlen(text), e);
}

static void add_kernel(json_t *out)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *tried = probe_in_namespaces(&e);

	json_array_append_new(
		out, row("namespaces", "kernel", true, tried != NULL,
			 tried ? (geteuid() == 0 ? "" : "through a user namespace") : err_msg(&e),
			 "everything: a lab is made of namespaces",
			 "run as root, or allow user namespaces (sysctl user.max_user_namespaces, "
			 "kernel.unprivileged_userns_clone)"));
	if (tried) {
		json_array_extend(out, tried);
		return;
	}
	for (size_t i = 0; i < caps_kernel_n; i++) {
		const struct cap *p = &caps_kernel[i];

		json_array_append_new(out, row(p->name, p->group, p->required, false,
					       "not tried: no namespaces", p->lacks, p->fix));
	}
}

/* ---- programs ---- */

static const struct program {
	const char *name;
	bool required;
	const char *lacks, *fix;
} programs[] = {
	{"ovsdb-server", true, "everything: no database server",
	 "apt-get install openvswitch-common, or OVNBED_PREFIX=DIR"},
	{"ovs-vswitchd", true, "everything: no switch",
	 "apt-get install openvswitch-switch, or OVNBED_PREFIX=DIR"},
	{"ovn-northd", true, "everything: no OVN",
	 "apt-get install ovn-central, or OVNBED_PREFIX=DIR"},
	{"ovn-controller", true, "everything: no OVN",
	 "apt-get install ovn-host, or OVNBED_PREFIX=DIR"},
	{"ovn-trace", false, "traces of failing checks",
	 "apt-get install ovn-common, or OVNBED_PREFIX=DIR"},
	{"libvirtd", false, "virtual machines", "apt-get install libvirt-daemon"},
	{"qemu-system-x86_64", false, "virtual machines", "apt-get install qemu-system-x86"},
};

static void add_program(json_t *out, const char *dir, const struct program *p)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *path = prefix_program(dir, p->name, &e);
	_cleanup_free_ char *version = path ? prefix_version(path, dir, &e) : NULL;
	_cleanup_free_ char *detail =
		version ? xasprintf("%s: %s", path, version) : xstrdup(err_msg(&e));

	json_array_append_new(out, row(p->name, "program", p->required, version != NULL, detail,
				       p->lacks, p->fix));
}

static void add_privilege(json_t *out)
{
	_cleanup_free_ char *detail = xasprintf("user id %u", (unsigned)geteuid());
	struct utsname u = {0};

	uname(&u);
	json_array_append_new(out, row("root", "privilege", false, geteuid() == 0, detail,
				       "labs without a user namespace around them", "sudo"));
	json_array_append_new(out, row("kernel", "kernel", true, true, u.release, "", ""));
}

json_t *caps_probe(const char *cache)
{
	_cleanup_free_ char *dir = prefix_dir(cache);
	json_t *out = json_array();

	add_privilege(out);
	add_kernel(out);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		add_program(out, dir, &programs[i]);
	return out;
}

bool caps_has(const json_t *caps, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(caps, i, c)
		if (streq(jstr(c, "name", ""), name))
			return jbool(c, "ok", false);
	return false;
}

bool caps_system_datapath(void)
{
	return caps_genl_family("ovs_datapath", NULL) == 0;
}
