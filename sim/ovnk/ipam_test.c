/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/ipam.h"

#include <errno.h>

#include "test/test.h"

static struct netconf conf(const char *subnets, const char *exclude)
{
	struct netconf c = {0};
	struct ipnet n;

	for (char *copy = xstrdup(subnets), *save, *s = strtok_r(copy, ",", &save);;
	     s = strtok_r(NULL, ",", &save)) {
		if (!s) {
			free(copy);
			break;
		}
		CU_ASSERT_TRUE(ipnet_parse(s, &n));
		ipnets_add(&c.subnets, &n);
	}
	if (exclude && ipnet_parse(exclude, &n))
		ipnets_add(&c.exclude, &n);
	return c;
}

/* Next addresses as text, or the error. Caller frees. */
static char *next(struct ipam *p)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct ipnets got = {NULL, 0};
	char *text;

	if (ipam_next(p, &got, &e) < 0)
		return xstrdup(err_msg(&e));
	text = ipnets_text(&got, ",");
	ipnets_free(&got);
	return text;
}

static void expect(struct ipam *p, const char *want)
{
	_cleanup_free_ char *got = next(p);

	TEST_STR(got, want);
}

static int reserve(struct ipam *p, const char *text)
{
	struct ip a = {0};

	CU_ASSERT_TRUE(ip_parse(text, &a));
	return ipam_reserve(p, &a);
}

static void release(struct ipam *p, const char *text)
{
	struct ip a = {0};

	CU_ASSERT_TRUE(ip_parse(text, &a));
	ipam_release(p, &a);
}

static void done(struct ipam *p, struct netconf *c)
{
	ipam_free(p);
	netconf_free(c);
}

static void test_order(void)
{
	struct netconf c = conf("192.0.2.0/29", NULL);
	struct ipam *p = ipam_new(&c);

	expect(p, "192.0.2.1/29");
	expect(p, "192.0.2.2/29");
	release(p, "192.0.2.1");
	expect(p, "192.0.2.3/29"); /* round robin: not the freed one */
	CU_ASSERT_EQUAL(reserve(p, "192.0.2.5"), 0);
	CU_ASSERT_EQUAL(reserve(p, "192.0.2.5"), -EEXIST);
	CU_ASSERT_EQUAL(reserve(p, "192.0.3.5"), -ERANGE);
	expect(p, "192.0.2.6/29");
	expect(p, "192.0.2.1/29"); /* the end: back to the lowest free one */
	expect(p, "192.0.2.4/29");
	expect(p, "subnet address pool exhausted: no free address in 192.0.2.0/29");
	release(p, "192.0.2.4");
	expect(p, "192.0.2.4/29");
	done(p, &c);
}

static void test_dual(void)
{
	struct netconf c = conf("192.0.2.0/30,2010:100:200::/60", NULL);
	struct ipam *p = ipam_new(&c);

	expect(p, "192.0.2.1/30,2010:100:200::1/60");
	expect(p, "192.0.2.2/30,2010:100:200::2/60");
	expect(p, "subnet address pool exhausted: no free address in 192.0.2.0/30");
	release(p, "192.0.2.1");
	expect(p, "192.0.2.1/30,2010:100:200::3/60"); /* nothing leaked by the failure */
	done(p, &c);
}

static void test_exclude(void)
{
	struct netconf c = conf("172.31.0.0/28", "172.31.0.0/29");
	struct ipam *p = ipam_new(&c);

	expect(p, "172.31.0.8/28");
	CU_ASSERT_EQUAL(reserve(p, "172.31.0.3"), 0); /* held since before the exclude */
	for (int i = 9; i <= 14; i++)
		free(next(p));
	expect(p, "subnet address pool exhausted: no free address in 172.31.0.0/28");
	done(p, &c);
	c = conf("fd00::/64", "fd00::/112");
	p = ipam_new(&c);
	expect(p, "subnet address pool exhausted: no free address in fd00::/64");
	done(p, &c);
	c = conf("255.255.255.0/24", "255.255.255.128/25");
	p = ipam_new(&c);
	CU_ASSERT_EQUAL(reserve(p, "255.255.255.127"), 0);
	expect(p, "255.255.255.1/24");
	done(p, &c);
}

static void test_small(void)
{
	static const struct {
		const char *subnet, *first;
	} rows[] = {
		{"192.0.2.0/32", NULL},
		{"192.0.2.0/31", NULL},
		{"192.0.2.0/30", "192.0.2.1/30"},
		{"fd00::/128", NULL},
		{"fd00::/127", "fd00::1/127"},
		{"0.0.0.0/0", "0.0.0.1/0"},
		{"::/0", "::1/0"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct netconf c = conf(rows[i].subnet, NULL);
		struct ipam *p = ipam_new(&c);
		_cleanup_free_ char *got = next(p);

		if (rows[i].first)
			TEST_STR(got, rows[i].first);
		else
			TEST_ROW(strstr(got, "exhausted"), rows[i].subnet, "%s", got);
		done(p, &c);
	}
}

static void test_v6_range(void)
{
	struct netconf c = conf("fd00::/64", NULL);
	struct ipam *p = ipam_new(&c);

	CU_ASSERT_EQUAL(reserve(p, "fd00::fffe"), 0);
	expect(p, "fd00::ffff/64");
	expect(p, "fd00::1/64");
	CU_ASSERT_EQUAL(reserve(p, "fd00::1:0:0"), 0); /* out of what is handed out, but legal */
	expect(p, "fd00::2/64");
	done(p, &c);
}

static void test_tunnels(void)
{
	struct netconf c = conf("", NULL);
	struct ipam *p = ipam_new(&c);
	_cleanup_err_ struct err e = ERR_INIT;
	int id = 0;

	CU_ASSERT_EQUAL(ipam_next_tunnel(p, &id, &e), 0);
	CU_ASSERT_EQUAL(id, 10);
	CU_ASSERT_EQUAL(ipam_reserve_tunnel(p, 5), 0);
	CU_ASSERT_EQUAL(ipam_reserve_tunnel(p, 10), -EEXIST);
	CU_ASSERT_EQUAL(ipam_reserve_tunnel(p, 32767), 0);
	CU_ASSERT_EQUAL(ipam_reserve_tunnel(p, 32768), -ERANGE);
	CU_ASSERT_EQUAL(ipam_reserve_tunnel(p, 0), -ERANGE);
	CU_ASSERT_EQUAL(ipam_next_tunnel(p, &id, &e), 0);
	CU_ASSERT_EQUAL(id, 11);
	for (int i = 12; i < 32767; i++)
		CU_ASSERT_EQUAL(ipam_reserve_tunnel(p, i), 0);
	CU_ASSERT_EQUAL(ipam_next_tunnel(p, &id, &e), -ENOSPC);
	done(p, &c);
}

TEST_SUITE(ipam, {"order", test_order}, {"dual", test_dual}, {"exclude", test_exclude},
	   {"small", test_small}, {"v6_range", test_v6_range}, {"tunnels", test_tunnels})
