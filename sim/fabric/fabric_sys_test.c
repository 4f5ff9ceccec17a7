/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fabric with real switches, tried with frames. Needs root and Open vSwitch; otherwise each test
 * says so.
 */
#include "test/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fabric/fabric.h"
#include "sys/link.h"
#include "sys/mnt.h"
#include "sys/ns.h"
#include "sys/prefix.h"

#define CACHE "/var/cache/ovnbed"
#define WAIT_US (20 * USEC_PER_SEC)
#define ETHERTYPE 0x88b5 /* for experiments (IEEE 802) */

/* "node" is a machine with a trunk and a large NIC; a and b are in VLAN 10, c is in 20, u untagged */
static const char topology[] =
	"{\"underlay\":{\"mtu\":1500,\"switch\":\"bridge\",\"hosts\":[]},"
	"\"networks\":[{\"name\":\"dc\",\"mtu\":1500,\"hosts\":["
	"{\"name\":\"a\",\"interfaces\":[{\"name\":\"eth0\",\"network\":\"dc\",\"vlan\":10,"
	"\"mac\":\"0a:00:00:00:00:0a\",\"mtu\":9000,\"addresses\":[\"10.0.0.1/24\"]}]},"
	"{\"name\":\"b\",\"interfaces\":[{\"name\":\"eth0\",\"network\":\"dc\",\"vlan\":10,"
	"\"mac\":\"0a:00:00:00:00:0b\",\"mtu\":9000,\"addresses\":[\"10.0.0.2/24\"]}]},"
	"{\"name\":\"c\",\"interfaces\":[{\"name\":\"eth0\",\"network\":\"dc\",\"vlan\":20,"
	"\"mac\":\"0a:00:00:00:00:0c\",\"mtu\":9000,\"addresses\":[]}]},"
	"{\"name\":\"u\",\"interfaces\":[{\"name\":\"eth0\",\"network\":\"dc\",\"vlan\":0,"
	"\"mac\":\"0a:00:00:00:00:0d\",\"mtu\":9000,\"addresses\":[]}]}]}]}";
static const char nics[] = "[{\"name\":\"eth1\",\"network\":\"dc\",\"mtu\":9000,\"vlan\":0,"
			   "\"trunks\":null,\"mac\":\"0a:00:00:00:00:01\"}]";

enum { A, B, C, U, NODE, N_ENDS };
static const char *const machines[] = {"host/a", "host/b", "host/c", "host/u", "node"};

struct rig {
	char dir[40];
	char *prefix, *agent;
	sd_event *ev;
	struct reaper *reaper;
	json_t *topology, *nics;
	struct fabric *f;
	pid_t node;
	int netns[N_ENDS], sock[N_ENDS];
	unsigned nonce;
	bool answered;
	struct err refusal;
	json_t *result;
	char *wrong; /* first failure, or NULL */
};

#define BAD(r, ...)                                          \
	({                                                   \
		if (!(r)->wrong)                             \
			(r)->wrong = xasprintf(__VA_ARGS__); \
		false;                                       \
	})

/* ---- frames ---- */

static int open_socket(void *arg, struct err *e)
{
	struct sockaddr_ll sll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	sll.sll_ifindex = (int)if_nametoindex(arg);
	if (fd < 0 || !sll.sll_ifindex || bind(fd, (struct sockaddr *)&sll, sizeof(sll)) < 0)
		return err_errno(e, errno, "packet socket on %s", (char *)arg);
	return fd;
}

/* A broadcast of len bytes behind n tags; the nonce is behind the EtherType. */
static bool send_frame(struct rig *r, int from, int tag, int second, size_t len, unsigned nonce)
{
	uint8_t f[10000] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			    0x0a, 0,	0,    0,    0,	  (uint8_t)(from + 1)};
	const int tags[] = {tag, second};
	size_t n = 12;

	for (int i = 0; i < 2; i++) {
		if (tags[i] < 0)
			continue;
		f[n++] = 0x81;
		f[n++] = 0;
		f[n++] = (uint8_t)(tags[i] >> 8);
		f[n++] = (uint8_t)tags[i];
	}
	f[n++] = ETHERTYPE >> 8;
	f[n++] = ETHERTYPE & 0xff;
	memcpy(f + n, &nonce, sizeof(nonce));
	if (send(r->sock[from], f, len, 0) != (ssize_t)len)
		return BAD(r, "send %zu bytes from %s: %s", len, machines[from], strerror(errno));
	return true;
}

/* The nonce of the next experimental frame that came in, or 0 when there is none. */
static unsigned next_nonce(struct rig *r, int at)
{
	struct sockaddr_ll from;
	socklen_t size = sizeof(from);
	uint8_t f[10000];
	unsigned nonce;
	ssize_t n;

	while ((n = recvfrom(r->sock[at], f, sizeof(f), 0, (struct sockaddr *)&from, &size)) > 0) {
		size_t off = 12;

		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		while (off + 8 < (size_t)n && f[off] == 0x81 && f[off + 1] == 0)
			off += 4;
		if (off + 6 > (size_t)n || f[off] != ETHERTYPE >> 8 ||
		    f[off + 1] != (ETHERTYPE & 0xff))
			continue;
		memcpy(&nonce, f + off + 2, sizeof(nonce));
		return nonce;
	}
	return 0;
}

/* Waits until nonce has come in; *ret_seen: whether `other` came before it. */
static bool await(struct rig *r, int at, unsigned nonce, unsigned other, bool *ret_seen)
{
	uint64_t deadline = mono_usec() + WAIT_US;
	struct pollfd p = {.fd = r->sock[at], .events = POLLIN};
	unsigned got;

	while (mono_usec() < deadline) {
		while ((got = next_nonce(r, at))) {
			*ret_seen |= got == other;
			if (got == nonce)
				return true;
		}
		poll(&p, 1, 100);
	}
	return BAD(r, "%s does not hear a control frame", machines[at]);
}

/*
 * Whether `at` hears a frame from `from`. What is sent behind it is heard behind it; so a short frame
 * that must arrive, from `control`, tells when to stop waiting. From another port it takes two: the
 * switch looks at each port between them.
 */
static bool heard_by(struct rig *r, int from, int tag, int second, size_t len, int at, int control,
		     int control_tag)
{
	unsigned nonce = ++r->nonce;
	bool seen = false;

	if (!send_frame(r, from, tag, second, len, nonce))
		return false;
	for (int i = 0; i < 2; i++) {
		send_frame(r, control, control_tag, -1, 60, ++r->nonce);
		if (!await(r, at, r->nonce, nonce, &seen))
			break;
	}
	return seen;
}

/* The same where frames of 60 bytes from there with control_tag arrive. */
static void expect(struct rig *r, const char *what, bool want, int from, int tag, size_t len,
		   int at, int control_tag)
{
	if (heard_by(r, from, tag, -1, len, at, from, control_tag) != want)
		BAD(r, "%s: %zu bytes with tag %d from %s were %sheard by %s", what, len, tag,
		    machines[from], want ? "not " : "", machines[at]);
}

/* The switch notices in its own time that a port has a carrier again. */
static void until_heard(struct rig *r, int from, int tag, int at)
{
	uint64_t deadline = mono_usec() + WAIT_US;
	struct pollfd p = {.fd = r->sock[at], .events = POLLIN};
	unsigned first = r->nonce + 1, got;

	while (mono_usec() < deadline) {
		send_frame(r, from, tag, -1, 60, ++r->nonce);
		poll(&p, 1, 20);
		while ((got = next_nonce(r, at)))
			if (got >= first)
				return;
	}
	BAD(r, "%s does not hear %s any more", machines[at], machines[from]);
}

/* ---- waiting ---- */

static void on_done(void *arg, const struct err *e)
{
	struct rig *r = arg;

	r->answered = true;
	err_clear(&r->refusal);
	if (e)
		err_set(&r->refusal, e->code, "%s", err_msg(e));
}

static void on_result(void *arg, const json_t *result, const struct err *e)
{
	struct rig *r = arg;

	json_decref(r->result);
	r->result = json_deep_copy(result);
	on_done(r, e);
}

static int is_answered(void *arg)
{
	return ((struct rig *)arg)->answered;
}

/* After a call that returned rc. */
static bool done(struct rig *r, const char *what, int rc, struct err *e)
{
	_cleanup_err_ struct err late = ERR_INIT;

	if (rc < 0)
		return BAD(r, "%s: %s", what, err_msg(e));
	if (loop_wait(r->ev, WAIT_US, is_answered, r, what, &late) < 0)
		return BAD(r, "%s", err_msg(&late));
	r->answered = false;
	return r->refusal.code ? BAD(r, "%s: %s", what, err_msg(&r->refusal)) : true;
}

#define DO(r, call, ...)                                                               \
	({                                                                             \
		_cleanup_err_ struct err do_e = ERR_INIT;                              \
		done(r, #call, call((r)->f, __VA_ARGS__, on_done, (r), &do_e), &do_e); \
	})

static int is_ready(void *arg)
{
	struct rig *r = arg;
	_cleanup_free_ char *fault = fabric_fault(r->f);

	return fault ? -EIO : fabric_ready(r->f, NULL);
}

static bool wait_ready(struct rig *r)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *what = NULL, *fault = NULL;

	if (loop_wait(r->ev, WAIT_US, is_ready, r, "the switch", &e) >= 0)
		return true;
	fault = fabric_fault(r->f);
	fabric_ready(r->f, &what);
	return BAD(r, "%s; %s; %s", e.code ? err_msg(&e) : "", what ? what : "",
		   fault ? fault : "");
}

static long long over_mtu(struct rig *r, const char *machine, const char *nic)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *sw, *p;
	size_t i, k;

	if (!done(r, "count", fabric_switch_counters(r->f, on_result, r, &e), &e))
		return -1;
	json_array_foreach(r->result, i, sw)
		json_array_foreach(json_object_get(sw, "ports"), k, p)
			if (streq(jstr(p, "machine", ""), machine) &&
			    streq(jstr(p, "nic", ""), nic))
				return jint(p, "over_mtu", -1);
	return -1;
}

/* ---- set-up ---- */

/* A machine that the fabric has not made itself. */
static bool attach_node(struct rig *r, struct err *e)
{
	struct ns_spec spec = {.flags = CLONE_NEWNET, .die_with_parent = true};

	r->node = ns_fork(&spec, NULL, e);
	if (r->node == 0)
		for (;;)
			pause();
	r->netns[NODE] = r->node < 0 ? -1 : ns_open(r->node, "net", e);
	return r->netns[NODE] >= 0 && fabric_attach(r->f, "node", r->node, r->netns[NODE],
						    "0a:00:00:00:01:00", r->nics, e) >= 0;
}

static bool open_node(struct rig *r, struct err *e)
{
	_cleanup_link_ struct link_ctx *l = NULL;
	char nic[] = "eth1";

	if (link_open(r->netns[NODE], &l, e) < 0 || link_set_up(l, nic, true, e) < 0)
		return false;
	close_fd(r->sock[NODE]);
	r->sock[NODE] = ns_in_net(r->netns[NODE], open_socket, nic, e);
	return r->sock[NODE] >= 0;
}

static bool open_hosts(struct rig *r, struct err *e)
{
	_cleanup_json_ json_t *st = fabric_status(r->f);
	char nic[] = "eth0";

	for (int i = A; i <= U; i++) {
		json_t *h = json_array_get(json_object_get(st, "hosts"), (size_t)i);

		r->netns[i] = ns_open((pid_t)jint(h, "pid", 0), "net", e);
		r->sock[i] = r->netns[i] < 0 ? -1 : ns_in_net(r->netns[i], open_socket, nic, e);
		if (r->sock[i] < 0)
			return false;
	}
	return true;
}

static bool start(struct rig *r)
{
	struct fabric_config c = {
		.run = r->dir, .state = r->dir, .agent = r->agent, .prefix = r->prefix};
	_cleanup_err_ struct err e = ERR_INIT;

	for (int i = 0; i < N_ENDS; i++)
		r->sock[i] = r->netns[i] = -1;
	r->topology = jparse(topology, strlen(topology), &e);
	r->nics = jparse(nics, strlen(nics), &e);
	if (mnt_proc(&e) < 0 || mnt_sysfs(&e) < 0 || sd_event_new(&r->ev) < 0 ||
	    reaper_new(r->ev, &r->reaper, &e) < 0)
		return BAD(r, "set-up: %s", err_msg(&e));
	c.ev = r->ev;
	c.topology = r->topology;
	c.reaper = r->reaper;
	if (fabric_new(&c, &r->f, &e) < 0 || !attach_node(r, &e) || !open_hosts(r, &e) ||
	    !open_node(r, &e) || fabric_start(r->f, &e) < 0)
		return BAD(r, "start: %s", err_msg(&e));
	return wait_ready(r);
}

/* ---- scenarios ---- */

static void scenario_vlans(struct rig *r)
{
	if (!start(r))
		return;
	expect(r, "trunk to access port", true, NODE, 10, 100, A, 10);
	expect(r, "another VLAN", false, NODE, 20, 100, A, 10);
	expect(r, "untagged to a VLAN", false, NODE, -1, 100, A, 10);
	expect(r, "untagged", true, NODE, -1, 100, U, -1);
	expect(r, "tagged to an untagged host", false, NODE, 10, 100, U, -1);
	expect(r, "access port to trunk", true, A, -1, 100, NODE, -1);
	expect(r, "access ports of one VLAN", true, A, -1, 100, B, -1);
	if (heard_by(r, A, -1, -1, 100, C, NODE, 20))
		BAD(r, "VLAN 10 was heard in VLAN 20");

	fabric_port_vlans(r->f, "host/none", "eth0", 0, NULL, on_done, r, NULL);
	if (fabric_port_vlans(r->f, "node", "eth0", 10, NULL, on_done, r, NULL) != -EOPNOTSUPP)
		BAD(r, "a plain bridge took a VLAN");
	DO(r, fabric_port_vlans, "node", "eth1", 0, json_pack("[i]", 20));
	expect(r, "a trunk of VLAN 20 only", true, NODE, 20, 100, C, 20);
	if (heard_by(r, NODE, 10, -1, 100, A, B, -1))
		BAD(r, "a removed VLAN passes");
	DO(r, fabric_port_vlans, "node", "eth1", 10, NULL);
	expect(r, "an access port", true, NODE, -1, 100, A, -1);
	DO(r, fabric_port_vlans, "node", "eth1", 0, NULL);
	expect(r, "the trunk again", true, NODE, 10, 100, A, 10);
}

static void scenario_mtu(struct rig *r)
{
	static const struct {
		int tag;
		size_t len;
		int at;
		bool passes;
	} rows[] = {
		{-1, 1514, U, true}, {-1, 1515, U, false}, {-1, 9000, U, false},
		{10, 1518, A, true}, {10, 1519, A, false}, {10, 1515, A, true},
	};
	long long dropped = 0;

	if (!start(r))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect(r, "MTU 1500", rows[i].passes, NODE, rows[i].tag, rows[i].len, rows[i].at,
		       rows[i].tag);
		dropped += !rows[i].passes;
	}
	/* a second tag is payload */
	if (!heard_by(r, NODE, 10, 33, 1518, A, NODE, 10) ||
	    heard_by(r, NODE, 10, 33, 1519, A, NODE, 10))
		BAD(r, "the limit of a frame with two tags is not 1518 bytes");
	if (over_mtu(r, "node", "eth1") != dropped + 1)
		BAD(r, "%lld frames were counted, not %lld", over_mtu(r, "node", "eth1"),
		    dropped + 1);
	if (over_mtu(r, "host/a", "eth0") != 0)
		BAD(r, "frames were counted that nobody sent");

	DO(r, fabric_set_mtu, "dc", 1400);
	expect(r, "MTU 1400", true, NODE, -1, 1414, U, -1);
	expect(r, "MTU 1400", false, NODE, -1, 1415, U, -1);
	if (over_mtu(r, "node", "eth1") != dropped + 2)
		BAD(r, "counters do not outlive a change of the MTU");
	DO(r, fabric_set_mtu, "dc", 9000);
	expect(r, "MTU 9000", true, NODE, -1, 9000, U, -1);
	if (fabric_mtu(r->f, "dc") != 9000)
		BAD(r, "the MTU is %u", fabric_mtu(r->f, "dc"));
}

static void scenario_segments(struct rig *r)
{
	_cleanup_json_ json_t *b = json_pack("[{s:s, s:s}]", "machine", "host/b", "nic", "eth0");

	if (!start(r))
		return;
	DO(r, fabric_segment, b, 1);
	expect(r, "one segment", true, A, -1, 100, NODE, -1);
	/* b hears nobody, so nobody can tell it when to stop: it must have heard nothing by the time */
	send_frame(r, A, -1, -1, 100, ++r->nonce);
	DO(r, fabric_segment, b, 0);
	expect(r, "together again", true, A, -1, 100, B, -1);
	expect(r, "the MTU on a port that was away", false, B, -1, 1515, A, -1);
	if (fabric_segment(r->f, b, 10, on_done, r, NULL) != -EINVAL)
		BAD(r, "there are more segments than names");
}

static void scenario_partition(struct rig *r)
{
	_cleanup_json_ json_t *two = json_pack("[{s:s, s:s}, {s:s, s:s}]", "machine", "host/b",
					       "nic", "eth0", "machine", "node", "nic", "eth1");

	if (!start(r))
		return;
	DO(r, fabric_segment, two, 1);
	expect(r, "inside of the far segment", true, NODE, 10, 100, B, 10);
	if (heard_by(r, A, -1, -1, 100, B, NODE, 10))
		BAD(r, "a partitioned switch forwards");
	expect(r, "the MTU in the far segment", false, NODE, 10, 1519, B, 10);
}

static void scenario_cables(struct rig *r)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_link_ struct link_ctx *l = NULL;
	struct link_info i;

	if (!start(r) || link_open(r->netns[NODE], &l, &e) < 0)
		return;
	fabric_link(r->f, "node", "eth1", false, &e);
	if (link_get(l, "eth1", &i, &e) < 0 || i.running)
		BAD(r, "a NIC without a cable has a carrier: %s", err_msg(&e));
	fabric_link(r->f, "node", "eth1", true, &e);
	until_heard(r, NODE, 10, A);
	DO(r, fabric_unplug, "node", "eth1");
	if (link_get(l, "eth1", &i, NULL) != -ENODEV)
		BAD(r, "an unplugged NIC is there");
	if (fabric_unplug(r->f, "node", "eth1", on_done, r, NULL) != -EALREADY)
		BAD(r, "a NIC was unplugged twice");
	DO(r, fabric_plug, "node", "eth1");
	if (!open_node(r, &e))
		BAD(r, "plugged in again: %s", err_msg(&e));
	expect(r, "plugged in again", true, NODE, 10, 100, A, 10);
	expect(r, "the MTU when plugged in again", false, NODE, 10, 1519, A, 10);
}

static void scenario_death(struct rig *r)
{
	_cleanup_free_ char *fault = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!start(r))
		return;
	if (fabric_fault(r->f))
		BAD(r, "a fault without one");
	DO(r, fabric_daemon, "ovs-vswitchd", "kill", 0);
	fault = fabric_fault(r->f);
	if (!streq0(fault, "fabric: ovs-vswitchd ended: signal 9 (KILL)") ||
	    fabric_ready(r->f, NULL))
		BAD(r, "its fault is \"%s\"", fault ? fault : "none");
	r->answered = false;
	if (fabric_set_mtu(r->f, "dc", 1400, on_done, r, &e) < 0 ||
	    loop_wait(r->ev, WAIT_US, is_answered, r, "a refusal", &e) < 0 ||
	    r->refusal.code != EHOSTDOWN)
		BAD(r, "a dead switch took a change: %s", err_msg(&r->refusal));
	r->answered = false;
	DO(r, fabric_daemon, "ovs-vswitchd", "start", 0);
	if (!wait_ready(r))
		return;
	expect(r, "after its restart", true, NODE, -1, 1414, U, -1);
	expect(r, "the MTU after its restart", false, NODE, -1, 1415, U, -1);
}

/* ---- harness ---- */

static bool can_run(const char *name, const char *prefix)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *sw = prefix_program(prefix, "ovs-vswitchd", &e);

	if (geteuid() == 0 && sw)
		return true;
	test_skip("%s: %s", name, geteuid() == 0 ? err_msg(&e) : "not root");
	return false;
}

/* Hosts need a first process only. */
static bool make_agent(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	return f && fputs("#!/bin/sh\nexec sleep 1000\n", f) >= 0 && fchmod(fileno(f), 0755) == 0;
}

static void remove_tree(const char *dir)
{
	const char *argv[] = {"/bin/rm", "-rf", "--one-file-system", dir, NULL};
	struct proc_spec s = PROC_SPEC_INIT;
	pid_t pid;

	s.path = argv[0];
	s.argv = argv;
	pid = proc_spawn(&s, NULL, NULL);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void run(const char *name, void (*scenario)(struct rig *r))
{
	struct ns_spec spec = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET,
			       .die_with_parent = true};
	struct rig r = {.dir = "/tmp/ovnbed-fabric-XXXXXX", .prefix = prefix_dir(CACHE)};
	char text[4096] = "";
	int p[2], st = -1;
	ssize_t n;
	pid_t pid;

	if (!can_run(name, r.prefix)) {
		free(r.prefix);
		return;
	}
	CU_ASSERT_PTR_NOT_NULL(mkdtemp(r.dir));
	r.agent = xasprintf("%s/ovnbed-agent", r.dir);
	CU_ASSERT(make_agent(r.agent));
	CU_ASSERT_EQUAL(pipe2(p, O_CLOEXEC), 0);
	pid = ns_fork(&spec, NULL, NULL);
	if (pid == 0) {
		scenario(&r);
		dprintf(p[1], "%s", r.wrong ? r.wrong : "");
		_exit(r.wrong != NULL);
	}
	close(p[1]);
	n = read(p[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(p[0]);
	waitpid(pid, &st, 0);
	TEST_ROW(st == 0, name, "status %#x: %s", (unsigned)st, text);
	remove_tree(r.dir);
	free(r.agent);
	free(r.prefix);
}

static void test_vlans(void)
{
	run("vlans", scenario_vlans);
}

static void test_mtu(void)
{
	run("mtu", scenario_mtu);
}

static void test_segments(void)
{
	run("segments", scenario_segments);
}

static void test_partition(void)
{
	run("partition", scenario_partition);
}

static void test_cables(void)
{
	run("cables", scenario_cables);
}

static void test_death(void)
{
	run("death", scenario_death);
}

TEST_SUITE(fabric, {"vlans", test_vlans}, {"mtu", test_mtu}, {"segments", test_segments},
	   {"partition", test_partition}, {"cables", test_cables}, {"death", test_death})
