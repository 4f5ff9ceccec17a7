/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ip.h"
#include "test/test.h"

static void test_text(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"10.0.0.1", "10.0.0.1"},
		{"2001:DB8:0:0::1", "2001:db8::1"},
		{"010.0.0.1", NULL},
		{"10.0.0", NULL},
		{"10.0.0.256", NULL},
		{"fe80::1%eth0", NULL},
		{"", NULL},
		{"::", "::"},
		{" 10.0.0.1", NULL},
	};
	char text[IP_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ip a;
		bool ok = ip_parse(rows[i].in, &a);

		TEST_ROW(ok == !!rows[i].out, rows[i].in, "parsed %d", ok);
		if (ok && rows[i].out)
			TEST_STR(ip_text(&a, text), rows[i].out);
	}
}

static void test_prefixes(void)
{
	static const struct {
		const char *in, *masked, *last;
	} rows[] = {
		{"10.1.2.3/16", "10.1.0.0/16", "10.1.255.255"},
		{"10.1.2.3/32", "10.1.2.3/32", "10.1.2.3"},
		{"10.1.2.3/0", "0.0.0.0/0", "255.255.255.255"},
		{"10.1.2.3/29", "10.1.2.0/29", "10.1.2.7"},
		{"2010:100:200::5/60", "2010:100:200::/60", "2010:100:200:f:ffff:ffff:ffff:ffff"},
		{"10.1.2.3/33", NULL, NULL},
		{"10.1.2.3/-1", NULL, NULL},
		{"10.1.2.3/", NULL, NULL},
		{"10.1.2.3/ 8", NULL, NULL},
		{"10.1.2.3/+8", NULL, NULL},
		{"10.1.2.3", NULL, NULL},
		{"::/129", NULL, NULL},
	};
	char text[IPNET_TEXT_MAX], addr[IP_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipnet n, m;
		bool ok = ipnet_parse(rows[i].in, &n);
		struct ip last;

		TEST_ROW(ok == !!rows[i].masked, rows[i].in, "parsed %d", ok);
		if (!ok || !rows[i].masked)
			continue;
		m = ipnet_masked(&n);
		last = ipnet_last(&n);
		TEST_STR(ipnet_text(&m, text), rows[i].masked);
		TEST_STR(ip_text(&last, addr), rows[i].last);
	}
}

static void test_arithmetic(void)
{
	struct ip a, b, r;
	char text[IP_TEXT_MAX];

	CU_ASSERT_TRUE(ip_parse("10.0.0.255", &a));
	CU_ASSERT_TRUE(ip_add(&a, 2, &r));
	TEST_STR(ip_text(&r, text), "10.0.1.1");
	CU_ASSERT_EQUAL(ip_distance(&a, &r), 2);
	CU_ASSERT_TRUE(ip_parse("255.255.255.255", &a));
	CU_ASSERT_FALSE(ip_add(&a, 1, &r));
	CU_ASSERT_TRUE(ip_parse("fd00::ffff:ffff:ffff:ffff", &a));
	CU_ASSERT_TRUE(ip_add(&a, 1, &r));
	TEST_STR(ip_text(&r, text), "fd00:0:0:1::");
	CU_ASSERT_TRUE(ip_parse("fd00::", &a));
	CU_ASSERT_TRUE(ip_parse("fd00:0:0:1::", &b));
	CU_ASSERT_EQUAL(ip_distance(&a, &b), UINT64_MAX);
	CU_ASSERT_TRUE(ip_cmp(&a, &b) < 0);
}

static void test_relations(void)
{
	static const struct {
		const char *a, *b;
		bool contains, overlap;
	} rows[] = {
		{"10.0.0.0/8", "10.1.0.0/16", true, true},
		{"10.1.0.0/16", "10.0.0.0/8", false, true},
		{"10.0.0.0/16", "10.1.0.0/16", false, false},
		{"10.0.0.0/16", "10.0.0.0/16", true, true},
		{"::/0", "10.0.0.0/8", false, false},
		{"0.0.0.0/0", "fd00::/8", false, false},
		{"fd00::/60", "fd00:0:0:f::/64", true, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ipnet a, b;

		CU_ASSERT_TRUE(ipnet_parse(rows[i].a, &a) && ipnet_parse(rows[i].b, &b));
		TEST_ROW(ipnet_contains(&a, &b) == rows[i].contains, rows[i].a, "contains");
		TEST_ROW(ipnet_overlap(&a, &b) == rows[i].overlap, rows[i].a, "overlap");
	}
}

TEST_SUITE(ip, {"text", test_text}, {"prefixes", test_prefixes}, {"arithmetic", test_arithmetic},
	   {"relations", test_relations})
