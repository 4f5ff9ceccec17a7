/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/mtu.h"
#include "test/test.h"

/* facts/policy-mtu-reports.md §4.1 */
static void test_table(void)
{
	static const struct {
		int underlay, family, max;
	} rows[] = {{1500, 4, 1442}, {1500, 6, 1422}, {9000, 4, 8942},
		    {9000, 6, 8922}, {1558, 4, 1500}, {1578, 6, 1500}};

	CU_ASSERT_EQUAL(mtu_overhead(4), 58);
	CU_ASSERT_EQUAL(mtu_overhead(6), 78);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		TEST_ROW(mtu_max(rows[i].underlay, rows[i].family) == rows[i].max, "max", "row %zu",
			 i);
		TEST_ROW(mtu_underlay_for(rows[i].max, rows[i].family) == rows[i].underlay,
			 "underlay", "row %zu", i);
	}
}

static void test_payloads(void)
{
	struct mtu_payloads p = mtu_payloads(1442);

	CU_ASSERT_EQUAL(p.ping4, 1414);
	CU_ASSERT_EQUAL(p.ping6, 1394);
	CU_ASSERT_EQUAL(p.udp4, 1414);
	CU_ASSERT_EQUAL(p.udp6, 1394);
	CU_ASSERT_EQUAL(p.mss4, 1402);
	CU_ASSERT_EQUAL(p.mss6, 1382);
}

TEST_SUITE(mtu, {"table", test_table}, {"payloads", test_payloads})
