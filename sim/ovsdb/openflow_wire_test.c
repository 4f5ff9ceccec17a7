/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as bytes: what OVS 3.1's own ovs-ofctl -O OpenFlow13 sends for the same flows. */
#include "test/test.h"

#include <arpa/inet.h>
#include <errno.h>

#include "ovsdb/openflow_wire.h"

static char *hex(const struct buf *b)
{
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < b->len; i++)
		buf_printf(&out, "%02x%s", (uint8_t)b->data[i], i % 4 == 3 ? " " : "");
	return buf_take(&out);
}

static void mtu_flow(struct openflow_flow *f)
{
	f->priority = 0x8000;
	f->match.in_port = 1;
	openflow_check_pkt_larger(&f->actions, 1518, 0);
	openflow_resubmit(&f->actions, 1);
}

static void drop_flow(struct openflow_flow *f)
{
	f->priority = 0x8000;
	f->match.reg0 = 3; /* more than the mask */
	f->match.reg0_mask = 1;
}

static void host_flow(struct openflow_flow *f)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 1};

	f->cookie = 0xabcd;
	f->table = 2;
	f->priority = 102;
	f->match.in_port = 2;
	memcpy(f->match.dl_src, mac, sizeof(mac));
	f->match.dl_type = 0x0800;
	inet_pton(AF_INET, "10.0.0.9", &f->match.nw_dst);
	inet_pton(AF_INET, "255.255.255.0", &f->match.nw_dst_mask);
	openflow_ct_commit(&f->actions, 64000);
	openflow_output(&f->actions, OPENFLOW_NORMAL);
}

static void v6_flow(struct openflow_flow *f)
{
	f->priority = 0x8000;
	f->match.dl_type = 0x86dd;
	f->match.nw_proto = 58;
	f->match.icmpv6_type = 135;
	inet_pton(AF_INET6, "fd00::", &f->match.ipv6_dst);
	inet_pton(AF_INET6, "ffff:ffff:ffff:ffff::", &f->match.ipv6_dst_mask);
	openflow_load_reg0(&f->actions, 5);
	openflow_push_vlan(&f->actions, 10);
	openflow_output(&f->actions, OPENFLOW_LOCAL);
}

static const struct {
	void (*make)(struct openflow_flow *f);
	const char *text, *body; /* the message behind its header */
} flows[] = {
	{mtu_flow, "table=0,priority=32768,cookie=0x0,in_port=1",
	 "00000000 00000000 00000000 00000000 00000000 00008000 ffffffff ffffffff ffffffff "
	 "00000000 0001000c 80000004 00000001 00000000 00040030 00000000 ffff0018 00002320 "
	 "003105ee 00000001 00040000 00000000 ffff0010 00002320 000efff8 01000000 "},
	{drop_flow, "table=0,priority=32768,cookie=0x0,reg0=0x0001/0x0001",
	 "00000000 00000000 00000000 00000000 00000000 00008000 ffffffff ffffffff ffffffff "
	 "00000000 00010010 00010108 00000001 00000001 "},
	{host_flow,
	 "table=2,priority=102,cookie=0xabcd,in_port=2,dl_src=02:00:00:00:00:01,dl_type=0x0800,"
	 "nw_dst=10.0.0.0/255.255.255.0",
	 "00000000 0000abcd 00000000 00000000 02000000 00000066 ffffffff ffffffff ffffffff "
	 "00000000 00010028 80000004 00000002 80000806 02000000 00018000 0a020800 80001908 "
	 "0a000000 ffffff00 00040030 00000000 ffff0018 00002320 00230001 00000000 fa00ff00 "
	 "00000000 00000010 fffffffa 00000000 00000000 "},
	{v6_flow,
	 "table=0,priority=32768,cookie=0x0,dl_type=0x86dd,ipv6_dst=fd00::/ffff:ffff:ffff:ffff::,"
	 "nw_proto=58,icmpv6_type=135",
	 "00000000 00000000 00000000 00000000 00000000 00008000 ffffffff ffffffff ffffffff "
	 "00000000 00010038 80000a02 86dd8000 3720fd00 00000000 00000000 00000000 0000ffff "
	 "ffffffff ffff0000 00000000 00008000 14013a80 003a0187 00040048 00000000 ffff0018 "
	 "00002320 0007001f 00010004 00000000 00000005 00110008 81000000 00190010 80000c02 "
	 "100a0000 00000000 00000010 fffffffe 00000000 00000000 "},
};

static void test_flows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct openflow_flow f = {0};
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_free_ char *text = NULL, *bytes = NULL;

		flows[i].make(&f);
		ofp_put_flow_mod(&b, 1, OFPFC_ADD, &f, 0);
		CU_ASSERT_EQUAL(get_be16((const uint8_t *)b.data + 2), b.len);
		buf_consume(&b, OFP_HEADER);
		bytes = hex(&b);
		text = openflow_flow_text(&f);
		TEST_ROW(streq(bytes, flows[i].body), flows[i].text, "sent %s", bytes);
		TEST_STR(text, flows[i].text);
		openflow_flow_clear(&f);
	}
}

static bool same(const struct openflow_match *a, const struct openflow_match *b)
{
	struct openflow_flow x = {.match = *a}, y = {.match = *b};
	_cleanup_free_ char *s = openflow_flow_text(&x), *t = openflow_flow_text(&y);

	return streq(s, t);
}

/* What was written is read back; what is cut off or overlong is refused. */
static void test_match(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct openflow_flow f = {0};
		struct openflow_match got;
		_cleanup_buf_ struct buf b = BUF_INIT;
		bool other;

		flows[i].make(&f);
		f.match.vlan_tci = 0x100a;
		f.match.vlan_tci_mask = 0x1fff;
		ofp_put_match(&b, &f.match);
		for (size_t n = 0; n < b.len; n++)
			CU_ASSERT_EQUAL(ofp_get_match((uint8_t *)b.data, n, &got, &other), -EPROTO);
		CU_ASSERT_EQUAL(ofp_get_match((uint8_t *)b.data, b.len, &got, &other), b.len);
		TEST_ROW(same(&got, &f.match) && !other, flows[i].text, "differs");
		openflow_flow_clear(&f);
	}
}

static void test_other_fields(void)
{
	static const struct {
		const char *name;
		uint8_t bytes[16];
		ssize_t len;
		bool other;
		uint16_t tci, mask;
	} rows[] = {
		{"vlan_vid", {0, 1, 0, 10, 0x80, 0, 12, 2, 0x10, 10}, 16, false, 0x100a, 0x1fff},
		{"any tag",
		 {0, 1, 0, 12, 0x80, 0, 13, 4, 0x10, 0, 0x10, 0},
		 16,
		 false,
		 0x1000,
		 0x1000},
		{"vlan_pcp", {0, 1, 0, 9, 0x80, 0, 14, 1, 7}, 16, false, 0xe000, 0xe000},
		{"tcp_dst", {0, 1, 0, 10, 0x80, 0, 28, 2, 0, 80}, 16, true, 0, 0},
		{"wrong size", {0, 1, 0, 10, 0x80, 0, 0, 2, 0, 80}, 16, true, 0, 0},
		{"empty field", {0, 1, 0, 8, 0x80, 0, 12, 0}, -EPROTO, false, 0, 0},
		{"beyond", {0, 1, 0, 10, 0x80, 0, 12, 3, 0x10, 10}, -EPROTO, false, 0, 0},
		{"standard match", {0, 0, 0, 4}, -EPROTO, false, 0, 0},
		{"length 3", {0, 1, 0, 3}, -EPROTO, false, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct openflow_match m = {0};
		bool other = false;
		ssize_t n = ofp_get_match(rows[i].bytes, 16, &m, &other);

		TEST_ROW(n == rows[i].len && other == rows[i].other && m.vlan_tci == rows[i].tci &&
				 m.vlan_tci_mask == rows[i].mask,
			 rows[i].name, "got %zd %d 0x%x/0x%x", n, other, m.vlan_tci,
			 m.vlan_tci_mask);
	}
}

static void test_hello(void)
{
	static const struct {
		const char *name;
		uint8_t version, body[16];
		size_t len;
		bool ok;
	} rows[] = {
		{"1.3 alone", 4, {0}, 0, true},
		{"1.0 alone", 1, {0}, 0, false},
		{"1.5 with all", 6, {0, 1, 0, 8, 0, 0, 0, 0x7e}, 8, true},
		{"1.5 only", 6, {0, 1, 0, 8, 0, 0, 0, 0x40}, 8, false},
		{"another element first",
		 6,
		 {0, 9, 0, 4, 0, 0, 0, 0, 0, 1, 0, 8, 0, 0, 0, 0x10},
		 16,
		 true},
		{"element of no length", 6, {0, 9, 0, 0, 0, 0, 0, 0}, 8, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ofp_msg m = {rows[i].version, OFPT_HELLO, 1, rows[i].body, rows[i].len};

		TEST_ROW(ofp_hello_ok(&m) == rows[i].ok, rows[i].name, "wrong");
	}
}

static void test_errors(void)
{
	static const struct {
		uint8_t body[12];
		size_t len;
		const char *want;
	} rows[] = {
		{{0, 2, 0, 4}, 4, "OFPBAC_BAD_OUT_PORT"},
		{{0, 9, 0, 7}, 4, "OpenFlow error type 9 code 7"},
		{{0, 0, 0, 0, 'n', 'o'}, 6, "OFPHFC_INCOMPATIBLE: no"},
		{{0xff, 0xff, 0, 5, 0, 0, 0x23, 0x20}, 8, "error 0x5 of experimenter 0x2320"},
		{{0}, 3, "an error without a code"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ofp_msg m = {4, OFPT_ERROR, 1, rows[i].body, rows[i].len};
		_cleanup_free_ char *text = ofp_error_text(&m);

		TEST_STR(text, rows[i].want);
	}
}

TEST_SUITE(ovsdb_openflow_wire, {"flows", test_flows}, {"match", test_match},
	   {"other_fields", test_other_fields}, {"hello", test_hello}, {"errors", test_errors})
