/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>

#include "agent/brex.h"

static void on_flow(void *arg, const struct openflow_flow *f)
{
	_cleanup_free_ char *text = openflow_flow_text(f);

	/* actions: ct(commit) is 24 bytes, output 16 */
	buf_printf(arg, "%s %zu\n", text, f->actions.len);
}

static const struct {
	const char *name, *ports, *addresses, *want;
} rows[] = {
	{"no localnet on br-ex", "[]", "[\"172.31.0.11/24\"]", ""},
	{"IPv4", "[3]", "[\"172.31.0.11/20\"]",
	 "table=0,priority=200,cookie=0xdeff105,in_port=LOCAL,dl_type=0x0800,nw_proto=17,"
	 "udp_dst=6081 16\n"
	 "table=0,priority=102,cookie=0xdeff105,in_port=LOCAL,dl_src=02:00:00:00:00:0b,"
	 "dl_type=0x0800,nw_dst=172.31.0.0/255.255.240.0 40\n"
	 "table=0,priority=102,cookie=0xdeff105,in_port=3,dl_src=02:00:00:00:00:0b,"
	 "dl_type=0x0800,nw_dst=172.31.0.0/255.255.240.0 40\n"},
	{"IPv6", "[3]", "[\"fd00::b/64\"]",
	 "table=0,priority=200,cookie=0xdeff105,in_port=LOCAL,dl_type=0x86dd,nw_proto=17,"
	 "udp_dst=6081 16\n"
	 "table=0,priority=102,cookie=0xdeff105,in_port=LOCAL,dl_src=02:00:00:00:00:0b,"
	 "dl_type=0x86dd,ipv6_dst=fd00::/ffff:ffff:ffff:ffff:: 40\n"
	 "table=0,priority=102,cookie=0xdeff105,in_port=LOCAL,dl_src=02:00:00:00:00:0b,"
	 "dl_type=0x86dd,nw_proto=58,icmpv6_type=135 40\n"
	 "table=0,priority=102,cookie=0xdeff105,in_port=LOCAL,dl_src=02:00:00:00:00:0b,"
	 "dl_type=0x86dd,nw_proto=58,icmpv6_type=136 40\n"
	 "table=0,priority=102,cookie=0xdeff105,in_port=3,dl_src=02:00:00:00:00:0b,"
	 "dl_type=0x86dd,ipv6_dst=fd00::/ffff:ffff:ffff:ffff:: 40\n"
	 "table=0,priority=102,cookie=0xdeff105,in_port=3,dl_src=02:00:00:00:00:0b,"
	 "dl_type=0x86dd,nw_proto=58,icmpv6_type=135 40\n"
	 "table=0,priority=102,cookie=0xdeff105,in_port=3,dl_src=02:00:00:00:00:0b,"
	 "dl_type=0x86dd,nw_proto=58,icmpv6_type=136 40\n"},
};

static void test_flows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *ports = json_loads(rows[i].ports, 0, NULL);
		_cleanup_json_ json_t *addresses = json_loads(rows[i].addresses, 0, NULL);
		_cleanup_buf_ struct buf b = BUF_INIT;

		CU_ASSERT_EQUAL(
			brex_flows(ports, "02:00:00:00:00:0b", addresses, on_flow, &b, NULL), 0);
		TEST_ROW(streq(buf_str(&b), rows[i].want), rows[i].name, "got\n%s", buf_str(&b));
	}
}

static void test_refused(void)
{
	static const struct {
		const char *mac, *address, *want;
	} bad[] = {
		{NULL, "172.31.0.11/24", "mac: expected an address, found \"\""},
		{"02:00:00:00:00", "172.31.0.11/24",
		 "mac: expected an address, found \"02:00:00:00:00\""},
		{"02:00:00:00:00:0b", "172.31.0.11", "addresses[0]: expected ADDRESS/LENGTH"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_json_ json_t *ports = json_pack("[i]", 1);
		_cleanup_json_ json_t *addresses = json_pack("[s]", bad[i].address);
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_err_ struct err e = ERR_INIT;

		CU_ASSERT_EQUAL(brex_flows(ports, bad[i].mac, addresses, on_flow, &b, &e), -EINVAL);
		TEST_STR(err_msg(&e), bad[i].want);
		TEST_STR(buf_str(&b), "");
	}
}

TEST_SUITE(agent_brex, {"flows", test_flows}, {"refused", test_refused})
