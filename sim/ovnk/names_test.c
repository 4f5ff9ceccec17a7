/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/names.h"
#include "test/test.h"

/* Vectors of facts/ovn-kubernetes.md §3.2; the first is a constant of upstream's own tests. */
static void test_hash(void)
{
	static const struct {
		const char *id, *name;
	} rows[] = {
		{"default-network-controller:EgressIP:node-ips:v4:default", "a712973235162149816"},
		{"bluenet-network-controller:NetpolNamespace:ns1:Ingress", "a6183693467859528656"},
		{"bluenet-network-controller:NetpolNamespace:ns1:Egress", "a4750852137212592934"},
		{"bluenet-network-controller:NetworkPolicy:ns1:allow-web", "a5129479757375638624"},
		{"bluenet-network-controller:PodSelector:ns1_LS{ML:{role: trusted,},}:v4",
		 "a8606492701979504510"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *name = names_hash(rows[i].id);

		TEST_STR(name, rows[i].name);
	}
}

static void test_names(void)
{
	_cleanup_free_ char *sw = names_layer2_switch("my-namespace/l2-network");
	_cleanup_free_ char *ln = names_localnet_switch("blue"),
			    *lp = names_localnet_port("b.l-ue");
	_cleanup_free_ char *key = names_nad_key("ns1", "l2-network", 0);
	_cleanup_free_ char *key1 = names_nad_key("ns1", "l2-network", 1);
	_cleanup_free_ char *port = names_pod_port(key, "ns1", "tinypod");
	_cleanup_free_ char *port1 = names_pod_port(key1, "ns1", "tinypod");
	_cleanup_free_ char *controller = names_controller("a-b");
	_cleanup_free_ char *deny = names_default_deny("a-b", "ns1", "Ingress");

	TEST_STR(sw, "my.namespace.l2.network_ovn_layer2_switch");
	TEST_STR(ln, "blue_ovn_localnet_switch");
	TEST_STR(lp, "b.l.ue_ovn_localnet_port");
	TEST_STR(port, "ns1.l2.network_ns1_tinypod");
	TEST_STR(port1, "ns1.l2.network.1_ns1_tinypod");
	TEST_STR(controller, "a-b-network-controller");
	TEST_STR(deny, "a-b-network-controller:NetpolNamespace:ns1:Ingress:defaultDeny");
}

static void test_mac(void)
{
	static const struct {
		const char *ip, *mac;
	} rows[] = {
		{"10.128.0.5", "0a:58:0a:80:00:05"},
		{"192.168.200.10", "0a:58:c0:a8:c8:0a"},
		/* printf %s fd98::1 | sha256sum | head -c8 */
		{"fd98::1", "0a:58:ee:33:fc:1a"},
	};
	char mac[MAC_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ip a;

		CU_ASSERT_TRUE(ip_parse(rows[i].ip, &a));
		TEST_STR(names_mac_from_ip(&a, mac), rows[i].mac);
	}
	TEST_STR(names_mac_random(0xffffffffffffffffULL, mac), "fe:ff:ff:ff:ff:ff");
	TEST_STR(names_mac_random(0x0000010203040506ULL, mac), "02:02:03:04:05:06");
	TEST_STR(names_mac_random(0, mac), "02:00:00:00:00:00");
}

static void test_mac_canon(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"0A:58:00:00:00:0F", "0a:58:00:00:00:0f"},
		{"0a-58-00-00-00-01", "0a:58:00:00:00:01"},
		{"0a58.0000.0001", "0a:58:00:00:00:01"},
		{"0a:58:00:00:00", NULL},
		{"0a:58-00:00:00:01", NULL},
		{"0a:58:00:00:00:0g", NULL},
		{"0a5800000001", NULL},
		{"0a:58:00:00:00:01:02", NULL},
		{"", NULL},
		{"aaaa.bbbb:cccc", NULL},
		{"a:b:c:d:e:f", NULL},
	};
	char mac[MAC_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool ok = names_mac_canon(rows[i].in, mac);

		TEST_ROW(ok == !!rows[i].out, rows[i].in, "accepted %d", ok);
		if (ok && rows[i].out)
			TEST_STR(mac, rows[i].out);
	}
}

static void test_host_iface(void)
{
	char name[HOST_IFACE_MAX];

	TEST_STR(names_host_iface("0123456789abcdef0123", 3, name), "0123456789abc_3");
	TEST_STR(names_host_iface("0123456789abcdef0123", 12345, name), "012345678_12345");
	TEST_STR(names_host_iface("ab", 3, name), "ab_3");
}

TEST_SUITE(names, {"hash", test_hash}, {"names", test_names}, {"mac", test_mac},
	   {"mac_canon", test_mac_canon}, {"host_iface", test_host_iface})
