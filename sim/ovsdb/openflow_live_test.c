/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a real ovs-vswitchd with OVS' dummy datapath, without root. */
#include "test/test.h"

#include <arpa/inet.h>
#include <errno.h>

#include "ovsdb/live.h"
#include "ovsdb/openflow.h"
#include "ovsdb/unixctl.h"

struct user {
	struct live l;
	struct openflow *of;
	struct buf said;
	bool done;
	size_t rows;
	unsigned long long packets, bytes;
};

static bool user_open(struct user *u)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *db = NULL, *ctl = NULL, *mgmt = NULL;
	const char *argv[] = {"usr/sbin/ovs-vswitchd",
			      "--enable-dummy",
			      "--disable-system",
			      "--no-chdir",
			      NULL,
			      NULL,
			      NULL};

	db = xasprintf("unix:%s/db.sock", u->l.dir);
	ctl = xasprintf("--unixctl=%s/vs.ctl", u->l.dir);
	mgmt = live_path(&u->l, "br0.mgmt");
	argv[4] = ctl;
	argv[5] = db;
	if (!live_db(&u->l, "conf", "openvswitch/vswitch", "ovs-openflow") ||
	    !live_server(&u->l, "conf", NULL) || !live_start(&u->l, argv, "br0.mgmt"))
		return false;
	u->of = openflow_open(u->l.ev, mgmt, NULL, NULL, &e);
	if (!u->of)
		printf("%s\n", err_msg(&e));
	return u->of != NULL;
}

static void on_done(void *arg, const struct err *e)
{
	struct user *u = arg;

	u->done = true;
	if (e)
		buf_printf(&u->said, "%s", err_msg(e));
}

static int is_done(void *arg)
{
	return ((struct user *)arg)->done;
}

/* Waits for on_done() and checks what it said: what behind the socket's name. */
static void expect(struct user *u, const char *want)
{
	const char *got;

	CU_ASSERT_EQUAL(loop_wait(u->l.ev, LIVE_WAIT, is_done, u, "the switch", NULL), 0);
	got = str_after(buf_str(&u->said), u->l.dir);
	TEST_STR(got ? got : buf_str(&u->said), want);
	buf_free(&u->said);
	u->done = false;
}

static void on_text(void *arg, const char *text UNUSED, const struct err *e)
{
	on_done(arg, e);
}

/* n frames of a length into port p1. */
static void receive(struct user *u, int n, int len)
{
	_cleanup_free_ char *ctl = live_path(&u->l, "vs.ctl");

	for (int i = 0; i < n; i++) {
		json_t *argv = json_pack("[s, s, s, o]", "p1",
					 "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),"
					 "eth_type(0x0800),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,"
					 "ttl=64),udp(src=1,dst=2)",
					 "--len", jstringf("%d", len));

		CU_ASSERT_PTR_NOT_NULL(unixctl_call(u->l.ev, ctl, "netdev-dummy/receive", argv, 0,
						    on_text, u, NULL));
		expect(u, "");
	}
	unixctl_call(u->l.ev, ctl, "revalidator/purge", NULL, 0, on_text, u, NULL);
	expect(u, "");
}

static void on_stats(void *arg, const struct openflow_stats *s)
{
	struct user *u = arg;

	u->rows++;
	u->packets += s->packets;
	u->bytes += s->bytes;
	if (s->match.in_port)
		buf_printf(&u->said, "in %u ", s->match.in_port);
}

/* Sum over the flows of a cookie. */
static void count(struct user *u, uint64_t cookie, size_t rows, unsigned long long packets)
{
	struct openflow_filter filter = {OPENFLOW_ANY_TABLE, cookie, ~0ull, NULL};

	u->rows = 0;
	u->packets = u->bytes = 0;
	openflow_stats(u->of, &filter, 0, on_stats, on_done, u);
	CU_ASSERT_EQUAL(loop_wait(u->l.ev, LIVE_WAIT, is_done, u, "statistics", NULL), 0);
	u->done = false;
	buf_free(&u->said);
	TEST_ROW(u->rows == rows && u->packets == packets, "count", "cookie %llu: %zu rows %llu",
		 (unsigned long long)cookie, u->rows, u->packets);
}

static void add(struct user *u, struct openflow_flow *f)
{
	openflow_add(u->of, f);
	openflow_flow_clear(f);
}

static void barrier(struct user *u, const char *want)
{
	openflow_barrier(u->of, 0, on_done, u);
	expect(u, want);
}

static void on_meter(void *arg, uint32_t id, uint64_t packets, uint64_t bytes)
{
	buf_printf(&((struct user *)arg)->said, "%u: %llu packets %llu bytes", id,
		   (unsigned long long)packets, (unsigned long long)bytes);
}

/* A switch port's limit: exact, counted by its meter. */
static void check_mtu(struct user *u)
{
	struct openflow_flow check = {.priority = 10, .match = {.in_port = 1}};
	struct openflow_flow drop = {.table = 1,
				     .priority = 10,
				     .cookie = 0xd1,
				     .match = {.in_port = 1, .reg0 = 1, .reg0_mask = 1},
				     .meter = 77};
	struct openflow_flow pass = {.table = 1, .priority = 5, .cookie = 0xd2};

	openflow_check_pkt_larger(&check.actions, 1514, 0);
	openflow_resubmit(&check.actions, 1);
	openflow_output(&pass.actions, OPENFLOW_NORMAL);
	openflow_meter_add(u->of, 77);
	add(u, &check);
	add(u, &drop);
	add(u, &pass);
	barrier(u, "");
	receive(u, 3, 1514);
	receive(u, 2, 1515);
	openflow_meters(u->of, 0, on_meter, on_done, u);
	expect(u, "77: 2 packets 3030 bytes");
	/* Flows count the frames of both outcomes: why there is a meter. */
	count(u, 0xd1, 1, 5);
	count(u, 0xd2, 1, 5);
	openflow_meter_add(u->of, 77);
	barrier(u, "/br0.mgmt: add meter 77: OFPMMFC_METER_EXISTS");
}

/* Every action and match of the header is taken by the switch, and comes back the same. */
static void check_all(struct user *u)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};
	struct openflow_flow v4 = {.table = 5,
				   .cookie = 0xe1,
				   .match = {.in_port = OPENFLOW_LOCAL,
					     .dl_type = 0x0800,
					     .nw_proto = 17,
					     .udp_dst = 6081,
					     .vlan_tci = 0xf00a,
					     .vlan_tci_mask = 0xffff}};
	struct openflow_flow v6 = {.table = 5,
				   .cookie = 0xe2,
				   .match = {.in_port = 2,
					     .dl_type = 0x86dd,
					     .nw_proto = 58,
					     .icmpv6_type = 135,
					     .vlan_tci = 0,
					     .vlan_tci_mask = 0x1fff}};

	memcpy(v4.match.dl_src, mac, sizeof(mac));
	memcpy(v4.match.dl_dst, mac, sizeof(mac));
	v4.match.dl_dst[0] = v4.match.dl_dst_mask[0] = 1;
	inet_pton(AF_INET, "10.0.0.0", &v4.match.nw_dst);
	inet_pton(AF_INET, "255.255.255.0", &v4.match.nw_dst_mask);
	v4.match.nw_src = v4.match.nw_dst;
	v4.match.nw_src_mask = v4.match.nw_dst_mask;
	inet_pton(AF_INET6, "fd00::", &v6.match.ipv6_dst);
	inet_pton(AF_INET6, "ffff::", &v6.match.ipv6_dst_mask);
	openflow_pop_vlan(&v4.actions);
	openflow_ct_commit(&v4.actions, 64000);
	openflow_output(&v4.actions, OPENFLOW_NORMAL);
	openflow_load_reg0(&v6.actions, 5);
	openflow_push_vlan(&v6.actions, 10);
	openflow_output(&v6.actions, 1);
	openflow_output(&v6.actions, OPENFLOW_LOCAL);
	openflow_output(&v6.actions, OPENFLOW_IN_PORT);
	add(u, &v4);
	add(u, &v6);
	barrier(u, "");
	count(u, 0xe1, 1, 0);
	count(u, 0xe2, 1, 0);
}

/* Refusals name the flow; changes and deletions do what they say. */
static void check_changes(struct user *u)
{
	struct openflow_filter these = {.table = 9, .cookie = 0xc, .cookie_mask = 0xf};
	struct openflow_flow f = {.table = 9, .priority = 1, .cookie = 0x1c};

	f.match.nw_dst_mask.s_addr = 0xffffffff; /* without dl_type */
	openflow_add(u->of, &f);
	barrier(u, "/br0.mgmt: add table=9,priority=1,cookie=0x1c,nw_dst=0.0.0.0: "
		   "OFPBMC_BAD_PREREQ");
	f.match.dl_type = 0x0800;
	openflow_add(u->of, &f);
	f.cookie = 0x2c;
	f.priority = 2;
	openflow_add(u->of, &f);
	barrier(u, "");
	count(u, 0x1c, 1, 0);
	openflow_delete(u->of, &f);
	barrier(u, "");
	count(u, 0x2c, 0, 0);
	openflow_delete_all(u->of, &these);
	barrier(u, "");
	count(u, 0x1c, 0, 0);
}

static void check_many(struct user *u)
{
	enum { MANY = 5000 };

	for (uint32_t i = 0; i < MANY; i++) {
		struct openflow_flow f = {.table = 7,
					  .cookie = 0xf,
					  .match = {.dl_type = 0x0800,
						    .nw_dst = {htonl(i)},
						    .nw_dst_mask = {0xffffffff}}};

		openflow_add(u->of, &f);
	}
	barrier(u, "");
	count(u, 0xf, MANY, 0);
}

static void on_port(void *arg, const struct openflow_port *p)
{
	buf_printf(&((struct user *)arg)->said, "%s=%x ", p->name, p->number);
}

static void test_vswitchd(void)
{
	struct user u = {0};

	if (!live_open(&u.l, "ovsdb_openflow"))
		return;
	if (user_open(&u)) {
		check_mtu(&u);
		check_all(&u);
		check_changes(&u);
		check_many(&u);
		openflow_ports(u.of, 0, on_port, on_done, &u);
		expect(&u, "br0=fffffffe p1=1 p2=2 ");
	} else {
		CU_FAIL("no switch");
	}
	openflow_free(u.of);
	buf_free(&u.said);
	live_close(&u.l);
}

TEST_SUITE(ovsdb_openflow_live, {"vswitchd", test_vswitchd})
