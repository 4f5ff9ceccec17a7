/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/openflow_wire.h"
#include "test/test.h"

#include <errno.h>

static void test_add(void)
{
	static const uint8_t want[] = {4, 29, 0, 32, 0,	 0,    0,    9, 0, 0, 0, 10, 0, 0, 0, 3,
				       0, 1,  0, 16, 59, 0x9a, 0xca, 0, 0, 0, 0, 0,  0, 0, 0, 0};
	_cleanup_buf_ struct buf b = BUF_INIT;

	ofp_put_meter_mod(&b, 9, 3);
	CU_ASSERT_EQUAL(b.len, sizeof(want));
	CU_ASSERT_EQUAL(memcmp(b.data, want, MIN(b.len, sizeof(want))), 0);
}

/* The instruction comes ahead of the actions, and is there without any. */
static void test_instruction(void)
{
	static const uint8_t want[] = {0, 6, 0, 8, 0, 0, 0, 7};
	_cleanup_buf_ struct buf without = BUF_INIT, with = BUF_INIT;
	struct openflow_flow f = {.priority = 1};

	ofp_put_flow_mod(&without, 1, OFPFC_ADD, &f, 0);
	f.meter = 7;
	ofp_put_flow_mod(&with, 1, OFPFC_ADD, &f, 0);
	CU_ASSERT_EQUAL(with.len, without.len + sizeof(want));
	CU_ASSERT_EQUAL(memcmp(with.data + without.len, want, sizeof(want)), 0);
}

static void test_statistics(void)
{
	uint8_t entry[56] = {[3] = 3, [5] = 56, [23] = 12, [31] = 34};
	struct ofp_meter m;

	CU_ASSERT_EQUAL(ofp_get_meter(entry, sizeof(entry), &m), 56);
	CU_ASSERT_EQUAL(m.id, 3);
	CU_ASSERT_EQUAL(m.packets, 12);
	CU_ASSERT_EQUAL(m.bytes, 34);
	CU_ASSERT_EQUAL(ofp_get_meter(entry, 55, &m), -EPROTO);
	entry[5] = 8;
	CU_ASSERT_EQUAL(ofp_get_meter(entry, sizeof(entry), &m), -EPROTO);
}

TEST_SUITE(openflow_meter, {"add", test_add}, {"instruction", test_instruction},
	   {"statistics", test_statistics})
