/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a scripted switch on a socketpair. */
#include "test/test.h"

#include <errno.h>
#include <sys/socket.h>

#include "ovsdb/openflow_wire.h"

#define WAIT (5 * USEC_PER_SEC)

struct user {
	sd_event *ev;
	struct openflow *of;
	int peer;
	struct buf said, heard; /* of the user, by the switch */
	bool ready, free_in_row;
};

static void on_ready(void *arg, struct openflow *of UNUSED)
{
	((struct user *)arg)->ready = true;
}

static void on_closed(void *arg, struct openflow *of UNUSED, const char *why)
{
	buf_printf(&((struct user *)arg)->said, "closed: %s. ", why);
}

static const struct openflow_ops ops = {on_ready, on_closed};

static void on_done(void *arg, const struct err *e)
{
	buf_printf(&((struct user *)arg)->said, "%s. ", e ? err_msg(e) : "ok");
}

static void on_stats(void *arg, const struct openflow_stats *s)
{
	struct user *u = arg;

	buf_printf(&u->said, "%llx:%llu%s ", (unsigned long long)s->cookie,
		   (unsigned long long)s->packets, s->drop ? " drop" : "");
	if (u->free_in_row)
		openflow_free(TAKE_PTR(u->of));
}

static void say(struct user *u, const void *bytes, size_t n)
{
	CU_ASSERT_EQUAL(write(u->peer, bytes, n), (ssize_t)n);
}

static void say_buf(struct user *u, struct buf *b)
{
	say(u, b->data, b->len);
	buf_free(b);
}

static void user_open(struct user *u)
{
	int sv[2];
	struct buf hello = BUF_INIT;

	*u = (struct user){0};
	sd_event_new(&u->ev);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
		return;
	u->peer = sv[1];
	u->of = openflow_open_fd(u->ev, sv[0], "sw", &ops, u);
	ofp_put_hello(&hello, 1);
	say_buf(u, &hello);
}

static void user_close(struct user *u)
{
	openflow_free(u->of);
	close_fd(u->peer);
	buf_free(&u->said);
	buf_free(&u->heard);
	sd_event_unref(u->ev);
}

static void run(struct user *u)
{
	while (sd_event_run(u->ev, 0) > 0)
		;
}

/* The xid of the last message that the switch has got. */
static uint32_t last_xid(struct user *u)
{
	char data[65536];
	ssize_t n = recv(u->peer, data, sizeof(data), MSG_DONTWAIT);
	uint32_t xid = 0;

	for (size_t i = 0; n > 0 && i + OFP_HEADER <= (size_t)n;
	     i += get_be16((uint8_t *)data + i + 2))
		xid = get_be32((uint8_t *)data + i + 4);
	return xid;
}

static void put_error(struct buf *b, uint32_t xid, uint16_t type, uint16_t code)
{
	size_t start = ofp_begin(b, OFPT_ERROR, xid);

	put_be16(b, type);
	put_be16(b, code);
	ofp_end(b, start);
}

static void put_empty(struct buf *b, uint8_t type, uint32_t xid)
{
	ofp_end(b, ofp_begin(b, type, xid));
}

static void put_stats(struct buf *b, uint32_t xid, bool more, uint64_t cookie, uint64_t packets)
{
	size_t start = ofp_begin(b, OFPT_MULTIPART_REPLY, xid);

	put_be16(b, OFPMP_FLOW);
	put_be16(b, more);
	put_be32(b, 0);
	put_be16(b, 56);
	put_zeros(b, 14);
	put_zeros(b, 8);
	put_be64(b, cookie);
	put_be64(b, packets);
	put_be64(b, 0);
	ofp_put_match(b, &(struct openflow_match){0});
	ofp_end(b, start);
}

static const struct openflow_filter all = {.table = OPENFLOW_ANY_TABLE};

/* A barrier tells what of the changes before it was refused, and forgets it. */
static void test_refused(void)
{
	struct openflow_flow f = {.priority = 7, .match = {.in_port = 3}};
	struct buf b = BUF_INIT;
	struct user u;
	uint32_t xid;

	user_open(&u);
	openflow_add(u.of, &f);
	openflow_modify(u.of, &f);
	openflow_delete(u.of, &f);
	openflow_barrier(u.of, 0, on_done, &u);
	openflow_barrier(u.of, 0, on_done, &u);
	xid = last_xid(&u);
	put_error(&b, xid - 4, 2, 4);
	put_error(&b, xid - 2, 5, 4);
	put_empty(&b, OFPT_BARRIER_REPLY, xid - 1);
	put_empty(&b, OFPT_BARRIER_REPLY, xid);
	say_buf(&u, &b);
	run(&u);
	CU_ASSERT_TRUE(u.ready);
	TEST_STR(buf_str(&u.said), "sw: add table=0,priority=7,cookie=0x0,in_port=3: "
				   "OFPBAC_BAD_OUT_PORT (and 1 more). "
				   "ok. ");
	user_close(&u);
}

/* Byte by byte, in two parts. */
static void test_stats(void)
{
	struct buf b = BUF_INIT;
	struct user u;
	uint32_t xid;

	user_open(&u);
	openflow_stats(u.of, &all, 0, on_stats, on_done, &u);
	xid = last_xid(&u);
	put_stats(&b, xid, true, 0xa, 5);
	put_stats(&b, xid, false, 0xb, 6);
	for (size_t i = 0; i < b.len; i++) {
		say(&u, b.data + i, 1);
		run(&u);
	}
	TEST_STR(buf_str(&u.said), "a:5 drop b:6 drop ok. ");
	buf_free(&b);
	user_close(&u);
}

static void test_call_errors(void)
{
	struct buf b = BUF_INIT;
	struct user u;

	user_open(&u);
	openflow_stats(u.of, &all, 0, on_stats, on_done, &u);
	put_error(&b, last_xid(&u), 1, 9);
	say_buf(&u, &b);
	run(&u);
	openflow_ports(u.of, 1000, NULL, on_done, &u);
	for (int i = 0; i < 100 && !strstr(buf_str(&u.said), "ports"); i++)
		sd_event_run(u.ev, 10000);
	openflow_barrier(u.of, 0, on_done, &u);
	openflow_free(TAKE_PTR(u.of));
	TEST_STR(buf_str(&u.said), "sw: flow statistics: OFPBRC_BAD_TABLE_ID. "
				   "sw: ports: no answer within 0.0 s. sw: barrier: cancelled. ");
	user_close(&u);
}

static void test_closed(void)
{
	static const struct {
		const char *name;
		uint8_t bytes[24];
		size_t n;
		const char *want;
	} rows[] = {
		{"eof", {0}, 0, "sw: barrier: connection closed. closed: connection closed. "},
		{"short length",
		 {4, 2, 0, 7, 0, 0, 0, 9},
		 8,
		 "sw: barrier: malformed OpenFlow message. closed: malformed OpenFlow message. "},
		{"wrong version",
		 {1, 2, 0, 8, 0, 0, 0, 9},
		 8,
		 "sw: barrier: malformed OpenFlow message. closed: malformed OpenFlow message. "},
		{"answer to another question",
		 {4, 19, 0, 16, 0, 0, 0, 2, 0, 1},
		 16,
		 "sw: barrier: malformed OpenFlow message. closed: malformed OpenFlow message. "},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct user u;

		user_open(&u);
		openflow_barrier(u.of, 0, on_done, &u);
		say(&u, rows[i].bytes, rows[i].n);
		shutdown(u.peer, SHUT_WR);
		run(&u);
		TEST_ROW(streq(buf_str(&u.said), rows[i].want), rows[i].name, "got %s",
			 buf_str(&u.said));
		CU_ASSERT_FALSE(openflow_is_ready(u.of));
		CU_ASSERT_EQUAL(openflow_barrier(u.of, 0, on_done, &u), -ECONNRESET);
		user_close(&u);
	}
}

static void test_no_common_version(void)
{
	static const uint8_t hello[] = {6, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0x40};
	struct user u;
	int sv[2];

	user_open(&u);
	openflow_free(u.of);
	close_fd(u.peer);
	CU_ASSERT_EQUAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	u.peer = sv[1];
	u.of = openflow_open_fd(u.ev, sv[0], "sw", &ops, &u);
	say(&u, hello, sizeof(hello));
	run(&u);
	TEST_STR(buf_str(&u.said), "closed: it does not speak OpenFlow 1.3 (Bridge.protocols?). ");
	user_close(&u);
}

static void test_echo(void)
{
	static const uint8_t echo[] = {4, 2, 0, 10, 0, 0, 0, 77, 'h', 'i'};
	uint8_t got[64];
	struct user u;

	user_open(&u);
	last_xid(&u);
	say(&u, echo, sizeof(echo));
	run(&u);
	CU_ASSERT_EQUAL(recv(u.peer, got, sizeof(got), MSG_DONTWAIT), sizeof(echo));
	CU_ASSERT_EQUAL(got[1], OFPT_ECHO_REPLY);
	CU_ASSERT_EQUAL(memcmp(got + 2, echo + 2, sizeof(echo) - 2), 0);
	user_close(&u);
}

static void test_free_in_row(void)
{
	struct buf b = BUF_INIT;
	struct user u;
	uint32_t xid;

	user_open(&u);
	u.free_in_row = true;
	openflow_stats(u.of, &all, 0, on_stats, on_done, &u);
	xid = last_xid(&u);
	put_stats(&b, xid, true, 1, 1);
	put_stats(&b, xid, false, 2, 2);
	say_buf(&u, &b);
	run(&u);
	TEST_STR(buf_str(&u.said), "1:1 drop sw: flow statistics: cancelled. ");
	user_close(&u);
}

TEST_SUITE(ovsdb_openflow, {"refused", test_refused}, {"stats", test_stats},
	   {"call_errors", test_call_errors}, {"closed", test_closed},
	   {"no_common_version", test_no_common_version}, {"echo", test_echo},
	   {"free_in_row", test_free_in_row})
