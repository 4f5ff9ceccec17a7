/* SPDX-License-Identifier: Apache-2.0 */
/* DHCP messages and tagged frames of the agent, whose pure sources agent_test.c compiles. */
#include "probe/guest/dhcp_msg.h"
#include "probe/guest/dissect.h"
#include "probe/guest/pkt.h"
#include "test/test.h"

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};

static void test_messages(void)
{
	static const struct dhcp_msg rows[] = {
		{.type = DHCP_DISCOVER, .xid = 0x12345678, .client = {2, 0, 0, 0, 0, 1}},
		{.type = DHCP_OFFER,
		 .xid = 1,
		 .client = {2, 0, 0, 0, 0, 1},
		 .yours = {192, 0, 2, 100},
		 .server = {192, 0, 2, 1},
		 .mask = {255, 255, 255, 0},
		 .lease_s = 600},
		{.type = DHCP_REQUEST,
		 .xid = 1,
		 .client = {2, 0, 0, 0, 0, 1},
		 .server = {192, 0, 2, 1},
		 .asked = {192, 0, 2, 100}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint16_t to = rows[i].type == DHCP_OFFER ? 68 : 67;
		_cleanup_buf_ struct buf b = BUF_INIT;
		struct dhcp_msg got = {0};
		struct dissect d;

		dhcp_put(&b, &rows[i], mac);
		CU_ASSERT_TRUE(dhcp_get((uint8_t *)b.data, b.len, to, &got));
		CU_ASSERT_EQUAL(memcmp(&got, &rows[i], sizeof(got)), 0);
		CU_ASSERT_FALSE(dhcp_get((uint8_t *)b.data, b.len, (uint16_t)(135 - to), &got));
		CU_ASSERT_TRUE(dissect_frame((uint8_t *)b.data, b.len, &d));
		CU_ASSERT_EQUAL(d.csum, CSUM_GOOD);
		CU_ASSERT_EQUAL(d.dport, to);
		for (size_t n = 0; n < b.len; n++)
			if (dhcp_get((uint8_t *)b.data, n, to, &got))
				TEST_ROW(false, "cut", "accepted %zu of %zu bytes", n, b.len);
	}
}

static void test_tags(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct dissect d;

	buf_add(&b, pkt_broadcast, 6);
	buf_add(&b, mac, 6);
	pkt_tag(&b, 0x88a8, 5 << 13 | 100);
	pkt_tag(&b, 0x8100, 20);
	pkt_type(&b, 0x88b6);
	CU_ASSERT_TRUE(dissect_frame((uint8_t *)b.data, b.len, &d));
	CU_ASSERT_EQUAL(d.n_vlans, 2);
	CU_ASSERT_EQUAL(d.vlans[0], 100);
	CU_ASSERT_EQUAL(d.vlans[1], 20);
	CU_ASSERT_EQUAL(d.ethertype, 0x88b6);
}

static void test_hex(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	CU_ASSERT_TRUE(pkt_hex(&b, ""));
	CU_ASSERT_TRUE(pkt_hex(&b, "00ffa5"));
	CU_ASSERT_EQUAL(b.len, 3);
	CU_ASSERT_EQUAL(memcmp(b.data, "\x00\xff\xa5", 3), 0);
	CU_ASSERT_FALSE(pkt_hex(&b, "0"));
	CU_ASSERT_FALSE(pkt_hex(&b, "00f"));
	CU_ASSERT_FALSE(pkt_hex(&b, "0x"));
	CU_ASSERT_EQUAL(b.len, 3);
}

TEST_SUITE(dhcp, {"messages", test_messages}, {"tags", test_tags}, {"hex", test_hex})
