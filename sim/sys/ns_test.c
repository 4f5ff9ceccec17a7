/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces, mounts and links, tried for real. An ordinary user gets a user namespace around them.
 */
#include "test/test.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <net/if.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "sys/link.h"
#include "sys/mnt.h"
#include "sys/ns.h"
#include "sys/proc.h"

/*
 * Runs fn in new namespaces; it returns NULL or what is wrong (xasprintf'ed). The text comes back
 * by a pipe, so that each failure is an assertion of the runner's process.
 */
static void in_namespaces(const char *name, int flags, char *(*fn)(void))
{
	struct ns_idmap uid = {0, getuid(), 1}, gid = {0, getgid(), 1};
	struct ns_spec s = {.flags = flags, .hostname = "testhost", .die_with_parent = true};
	_cleanup_err_ struct err e = ERR_INIT;
	char text[4096] = "";
	int p[2], st = -1;
	ssize_t n;
	pid_t pid;

	if (geteuid() != 0) {
		s.flags |= CLONE_NEWUSER;
		s.uids = &uid;
		s.gids = &gid;
	}
	CU_ASSERT_EQUAL(pipe2(p, O_CLOEXEC), 0);
	pid = ns_fork(&s, NULL, &e);
	if (pid == 0) {
		char *wrong = fn();

		dprintf(p[1], "%s", wrong ? wrong : "");
		_exit(wrong ? 1 : 0);
	}
	close(p[1]);
	if (pid == -EPERM || pid == -ENOSPC) {
		test_skip("%s: %s", name, err_msg(&e));
		close(p[0]);
		return;
	}
	n = TEST_ROW(pid > 0, name, "%s", err_msg(&e)) ? read(p[0], text, sizeof(text) - 1) : 0;
	text[n > 0 ? n : 0] = '\0';
	close(p[0]);
	if (pid > 0)
		waitpid(pid, &st, 0);
	TEST_ROW(st == 0, name, "status %#x %s", (unsigned)st, text);
}

#define BAD(...) return xasprintf(__VA_ARGS__)

/* ---- namespaces ---- */

static char *check_fresh(void)
{
	_cleanup_err_ struct err e = ERR_INIT;
	char host[64] = "";
	struct stat st;

	gethostname(host, sizeof(host));
	if (getpid() != 1)
		BAD("pid is %d", (int)getpid());
	if (!streq(host, "testhost"))
		BAD("host name is %s", host);
	if (geteuid() != 0)
		BAD("euid is %u", (unsigned)geteuid());
	if (mnt_proc(&e) < 0 || mnt_sysfs(&e) < 0)
		BAD("%s", err_msg(&e));
	if (stat("/proc/2", &st) == 0)
		BAD("/proc shows another PID namespace");
	if (stat("/sys/class/net/lo", &st) < 0)
		BAD("/sys does not show this network namespace");
	return NULL;
}

static void test_fork(void)
{
	in_namespaces("fresh",
		      CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC,
		      check_fresh);
}

static char *check_enter(void)
{
	struct ns_spec s = {.flags = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS,
			    .hostname = "inner"};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int dir = -1;
	char host[64] = "";
	pid_t pid;

	if (mnt_proc(&e) < 0)
		BAD("%s", err_msg(&e));
	pid = ns_fork(&s, NULL, &e);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	if (pid < 0)
		BAD("%s", err_msg(&e));
	path = xasprintf("/proc/%d", (int)pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* PID and user namespaces are shared already and must be skipped, not refused. */
	if (ns_enter(dir, CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER,
		     &e) < 0)
		BAD("%s", err_msg(&e));
	gethostname(host, sizeof(host));
	return streq(host, "inner") ? NULL : xasprintf("entered %s", host);
}

static void test_enter(void)
{
	in_namespaces("enter", CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS,
		      check_enter);
}

static void test_fork_error(void)
{
	struct ns_spec s = {.flags = CLONE_NEWUTS | CLONE_NEWUSER};
	_cleanup_err_ struct err e = ERR_INIT;
	pid_t pid = ns_fork(&s, NULL, &e);

	if (pid == 0)
		_exit(0);
	TEST_ROW(pid == -EINVAL || pid == -EPERM || pid == -ENOSPC, "no map", "%d", (int)pid);
	CU_ASSERT_EQUAL(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	CU_ASSERT_EQUAL(errno, ECHILD);
}

static void test_close_except(void)
{
	struct ns_spec s = {.flags = 0};
	int st = -1;
	pid_t pid = ns_fork(&s, NULL, NULL);

	if (pid == 0) {
		int a = fcntl(1, F_DUPFD, 40), b = fcntl(1, F_DUPFD, 41), c = fcntl(1, F_DUPFD, 42);
		int keep[] = {c, -1, a};

		fds_close_except(keep, ARRAY_SIZE(keep));
		_exit(!(fcntl(a, F_GETFD) >= 0 && fcntl(b, F_GETFD) < 0 && fcntl(c, F_GETFD) >= 0 &&
			fcntl(2, F_GETFD) >= 0));
	}
	waitpid(pid, &st, 0);
	CU_ASSERT_EQUAL(st, 0);
}

/* ---- mounts ---- */

static bool put_file(const char *path, const char *text)
{
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	return f && fputs(text, f) >= 0;
}

/* A directory on the machine's own file system that the caller's tests may look at afterwards. */
static char ground[64];

static char *layers_of(enum mnt_layer_kind kind)
{
	_cleanup_free_ char *keep = xasprintf("%s/etc/kept", ground);
	_cleanup_free_ char *etc = xasprintf("%s/etc", ground);
	_cleanup_free_ char *old = xasprintf("%s/etc/old", ground);
	_cleanup_free_ char *new = xasprintf("%s/etc/deep/new", ground);
	_cleanup_free_ char *src = xasprintf("%s/src", ground);
	_cleanup_free_ char *kept = xasprintf("%s/etc/kept/written", ground);
	_cleanup_free_ char *inside = xasprintf("%s/etc/deep/new/inside", ground);
	_cleanup_free_ char *added = xasprintf("%s/etc/added", ground);
	const char *keeps[] = {keep, "/no/such/path", NULL};
	struct mnt_bind b = {MNT_DIR, src, new};
	_cleanup_err_ struct err e = ERR_INIT;
	char link[8] = "";

	if (mnt_proc(&e) < 0 || mnt_layer_as(kind, etc, keeps, &e) < 0 ||
	    mnt_layer_as(kind, etc, keeps, &e) < 0 || mnt_binds(&b, 1, keeps, &e) < 0)
		BAD("%s", err_msg(&e));
	if (access(old, R_OK) < 0)
		BAD("the old contents are gone");
	if (!put_file(kept, "x") || !put_file(inside, "x") || !put_file(added, "x"))
		BAD("cannot write: %s", strerror(errno));
	if (readlink("/proc/self/exe", link, sizeof(link)) <= 0)
		BAD("/proc is gone");
	return NULL;
}

static char *check_overlay(void)
{
	return layers_of(MNT_LAYER_OVERLAY);
}

static char *check_binds(void)
{
	return layers_of(MNT_LAYER_BINDS);
}

static bool on_disk(const char *rest)
{
	_cleanup_free_ char *p = xasprintf("%s/%s", ground, rest);

	return access(p, F_OK) == 0;
}

static void remove_file(const char *rest)
{
	_cleanup_free_ char *p = xasprintf("%s/%s", ground, rest);

	remove(p);
}

static void test_layer(const char *name, char *(*fn)(void))
{
	static const char *const dirs[] = {"etc", "etc/kept", "src"};
	static const char *const left[] = {"etc/kept/written", "src/inside", "etc/old", "etc/link",
					   "etc/kept",	       "etc",	     "src"};
	_cleanup_free_ char *old = NULL, *link = NULL;
	size_t i;

	memcpy(ground, "/tmp/ovnbed-mnt-XXXXXX", 23);
	CU_ASSERT_PTR_NOT_NULL(mkdtemp(ground));
	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		_cleanup_free_ char *d = xasprintf("%s/%s", ground, dirs[i]);

		CU_ASSERT_EQUAL(mkdir(d, 0755), 0);
	}
	old = xasprintf("%s/etc/old", ground);
	link = xasprintf("%s/etc/link", ground);
	CU_ASSERT(put_file(old, "old"));
	CU_ASSERT_EQUAL(symlink("old", link), 0);
	in_namespaces(name, CLONE_NEWNS | CLONE_NEWPID, fn);
	/* Kept and bound directories are the machine's own; nothing else has reached the disk. */
	CU_ASSERT(on_disk("etc/kept/written"));
	CU_ASSERT(on_disk("src/inside"));
	CU_ASSERT(!on_disk("etc/deep"));
	CU_ASSERT(!on_disk("etc/added"));
	for (i = 0; i < ARRAY_SIZE(left); i++)
		remove_file(left[i]);
	CU_ASSERT_EQUAL(rmdir(ground), 0);
}

static void test_layers(void)
{
	test_layer("overlay", check_overlay);
	test_layer("binds", check_binds);
}

static char *check_mnt_refusal(void)
{
	struct mnt_bind b = {MNT_DIR, "/tmp", "/no-such-top-directory"};
	_cleanup_err_ struct err e = ERR_INIT;
	int r = mnt_binds(&b, 1, NULL, &e);

	return r == -EINVAL ? NULL : xasprintf("%d %s", r, err_msg(&e));
}

static void test_mnt_refusal(void)
{
	in_namespaces("refusal", CLONE_NEWNS, check_mnt_refusal);
	CU_ASSERT(access("/no-such-top-directory", F_OK) < 0);
}

/* ---- links ---- */

static int count_addr(void *arg, const char *addr)
{
	if (streq(addr, "10.1.0.1/24") || streq(addr, "fd00::1/64"))
		++*(int *)arg;
	return 0;
}

static int find_kind(void *arg, const struct link_info *i)
{
	return streq(i->kind, arg) ? i->ifindex : 0;
}

static char *check_links(void)
{
	struct ns_spec s = {.flags = CLONE_NEWNET};
	struct link_end a = {.name = "va",
			     .netns = -1,
			     .mac = "0a:00:00:00:00:01",
			     .mtu = 1400,
			     .up = true,
			     .master = "br0"};
	struct link_end b = {.name = "eth0", .mac = "0a:00:00:00:00:02", .mtu = 1400, .up = true};
	_cleanup_link_ struct link_ctx *here = NULL, *there = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	struct link_info i;
	int n = 0;
	pid_t pid = ns_fork(&s, NULL, &e);

	if (pid == 0) {
		pause();
		_exit(0);
	}
	if (mnt_proc(&e) < 0)
		BAD("%s", err_msg(&e));
	b.netns = ns_open(pid, "net", &e);
	if (b.netns < 0 || link_open(-1, &here, &e) < 0 || link_open(b.netns, &there, &e) < 0 ||
	    link_add_bridge(here, "br0", "0a:00:00:00:00:ff", 1500, &e) < 0 ||
	    link_set_up(here, "br0", true, &e) < 0 || link_add_veth(here, &a, &b, &e) < 0)
		BAD("%s", err_msg(&e));
	if (link_get(here, "va", &i, &e) < 0 || !streq(i.mac, a.mac) || i.mtu != 1400 || !i.up ||
	    !i.running || i.master != link_index(here, "br0", NULL) || !streq(i.kind, "veth"))
		BAD("va is not as asked for: %s", err_msg(&e));
	if (link_get(there, "eth0", &i, &e) < 0 || !streq(i.mac, b.mac) || i.mtu != 1400 || !i.up)
		BAD("eth0 is not as asked for: %s", err_msg(&e));
	if (link_add_veth(here, &a, &b, &e) != -EEXIST)
		BAD("a second pair: %s", err_msg(&e));
	err_clear(&e);
	if (link_addr_add(there, "eth0", "10.1.0.1/24", &e) < 0 ||
	    link_addr_add(there, "eth0", "10.1.0.1/24", &e) < 0 ||
	    link_addr_add(there, "eth0", "fd00::1/64", &e) < 0 ||
	    link_route_add(there, NULL, "10.1.0.254", "eth0", &e) < 0 ||
	    link_route_add(there, NULL, "10.1.0.253", "eth0", &e) < 0 ||
	    link_route_add(there, NULL, "fd00::fe", "eth0", &e) < 0 ||
	    link_route_del(there, NULL, "10.1.0.253", "eth0", &e) < 0 ||
	    link_neigh_set(there, "eth0", "10.1.0.9", "0a:00:00:00:00:09", &e) < 0 ||
	    link_neigh_del(there, "eth0", "10.1.0.9", &e) < 0 ||
	    link_neigh_del(there, "eth0", "10.1.0.9", &e) < 0 ||
	    link_fdb_set(here, "va", "0a:00:00:00:00:07", &e) < 0 ||
	    link_each_addr(there, "eth0", count_addr, &n, &e) < 0 || n != 2)
		BAD("addresses (%d seen): %s", n, err_msg(&e));
	if (link_addr_del(there, "eth0", "10.1.0.1/24", &e) < 0)
		BAD("%s", err_msg(&e));
	if (link_sysctl(there, "ipv4/conf/eth0/arp_ignore", "1", &e) < 0 ||
	    link_ipv6_off(there, &e) < 0 || link_tx_csum_off(there, "eth0", &e) < 0 ||
	    link_rename(there, "eth0", "net1", &e) < 0 ||
	    link_set_alias(there, "net1", "a longer name than links may have", &e) < 0)
		BAD("%s", err_msg(&e));
	if (link_each(here, find_kind, (void *)(uintptr_t) "bridge", &e) !=
	    link_index(here, "br0", NULL))
		BAD("br0 is not listed: %s", err_msg(&e));
	if (link_del(here, "va", &e) < 0 || link_del(here, "va", &e) < 0)
		BAD("%s", err_msg(&e));
	if (link_get(there, "net1", &i, &e) != -ENODEV)
		BAD("the peer outlived its pair");
	return NULL;
}

static void test_links(void)
{
	in_namespaces("links", CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWNS, check_links);
}

static char *check_refusals(void)
{
	struct link_end a = {.name = "x0", .netns = -1}, b = {.name = "x1", .netns = -1};
	struct link_end far = {.name = "a-name-of-16-chr", .netns = -1};
	_cleanup_link_ struct link_ctx *c = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (link_open(-1, &c, &e) < 0)
		BAD("%s", err_msg(&e));
	if (link_add_veth(c, &far, &b, &e) != -EINVAL)
		BAD("long name: %s", err_msg(&e));
	b.mac = "0a:00:00:00:00";
	if (link_add_veth(c, &a, &b, &e) != -EINVAL || !strstr(err_msg(&e), "MAC address"))
		BAD("bad MAC: %s", err_msg(&e));
	b.mac = NULL;
	if (link_add_veth(c, &a, &b, &e) < 0)
		BAD("%s", err_msg(&e));
	if (link_set_mtu(c, "x0", 10, &e) != -EINVAL || !strstr(err_msg(&e), "(mtu "))
		BAD("the kernel's own reason is missing: %s", err_msg(&e));
	if (link_set_up(c, "none", true, &e) != -ENODEV || !strstr(err_msg(&e), "none"))
		BAD("no such link: %s", err_msg(&e));
	if (link_addr_add(c, "lo", "10.0.0.0/33", &e) != -EINVAL)
		BAD("prefix length: %s", err_msg(&e));
	if (link_route_add(c, "10.0.0.0/8", "fd00::1", "lo", &e) != -EINVAL)
		BAD("mixed families: %s", err_msg(&e));
	if (link_route_add(c, NULL, NULL, "lo", &e) != -EINVAL)
		BAD("empty route: %s", err_msg(&e));
	return NULL;
}

static void test_link_refusals(void)
{
	in_namespaces("link refusals", CLONE_NEWNET, check_refusals);
}

static char *check_tap(void)
{
	_cleanup_link_ struct link_ctx *c = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	struct link_info i;
	int r;

	if (link_open(-1, &c, &e) < 0)
		BAD("%s", err_msg(&e));
	r = link_add_tap(c, "tap0", "0a:00:00:00:00:05", 1300, &e);
	if (r == -ENOENT || r == -EACCES) /* no /dev/net/tun for this user */
		return NULL;
	if (r < 0 || link_get(c, "tap0", &i, &e) < 0)
		BAD("%s", err_msg(&e));
	if (!streq(i.kind, "tun") || i.mtu != 1300 || !streq(i.mac, "0a:00:00:00:00:05"))
		BAD("kind %s mtu %u mac %s", i.kind, i.mtu, i.mac);
	return NULL;
}

static void test_tap(void)
{
	in_namespaces("tap", CLONE_NEWNET, check_tap);
}

static void test_mac(void)
{
	uint8_t m[6] = {0};

	CU_ASSERT_EQUAL(mac_parse("0a:58:0A:00:00:01", m), 0);
	CU_ASSERT_EQUAL(m[0], 0x0a);
	CU_ASSERT_EQUAL(m[1], 0x58);
	CU_ASSERT_EQUAL(m[5], 1);
	CU_ASSERT_EQUAL(mac_parse("0a:58:0a:00:00:1", m), -EINVAL);
	CU_ASSERT_EQUAL(mac_parse("0a:58:0a:00:00:0g", m), -EINVAL);
	CU_ASSERT_EQUAL(mac_parse("0a-58-0a-00-00-01", m), -EINVAL);
	CU_ASSERT_EQUAL(mac_parse(NULL, m), -EINVAL);
}

TEST_SUITE(ns, {"fork", test_fork}, {"enter", test_enter}, {"fork error", test_fork_error},
	   {"close except", test_close_except})
TEST_SUITE(mnt, {"layers", test_layers}, {"refusal", test_mnt_refusal})
TEST_SUITE(link, {"links", test_links}, {"refusals", test_link_refusals}, {"tap", test_tap},
	   {"mac", test_mac})
