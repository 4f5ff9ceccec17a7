/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/topology.h"
#include "test/test.h"

#define HEAD "apiVersion: ovnbed.io/v1alpha1\nkind: Topology\nmetadata: {name: t}\nspec:\n"
#define NODES "  nodes: [{name: a}]\n"

/* Expands text; *ret_messages gets all findings as printed. */
static json_t *expand(const char *text, char **ret_messages)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *out = NULL;

	if (yaml_parse(text, strlen(text), "t.yaml", &docs, &d) == 0 && docs.n == 1)
		out = topology_expand(&docs.v[0], "t.yaml", &d);
	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.v[i], &b);
	*ret_messages = xstrdup(buf_str(&b));
	return out;
}

static void test_normalised(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *t = topology_load("topo/two-workers-datacenter.yaml", &d);
	_cleanup_free_ char *text = t ? jtext_pretty(t) : NULL;

	CU_ASSERT_EQUAL(d.n, 0);
	test_golden("sim/lab/testdata/topology-datacenter.json", text);
}

static void test_shipped(void)
{
	static const char *const files[] = {"topo/two-workers.yaml",
					    "topo/three-workers.yaml",
					    "topo/two-workers-ipv6.yaml",
					    "topo/heterogeneous.yaml",
					    "topo/jumbo.yaml",
					    "topo/bonds.yaml",
					    "topo/two-workers-trunk.yaml",
					    "topo/jumbo-one-small.yaml"};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_json_ json_t *t = topology_load(files[i], &d);

		TEST_ROW(t && d.n == 0, files[i], "%zu findings", d.n);
	}
}

static void test_defaults(void)
{
	_cleanup_free_ char *why = NULL;
	_cleanup_json_ json_t *t =
		expand(HEAD "  networks: [{name: dc}]\n  nodes: [{name: a, nics: [{name: eth1, "
			    "network: dc}]}]\n",
		       &why);

	TEST_STR(why, "");
	CU_ASSERT_EQUAL(jint(t, "networks.0.mtu", 0), 1500);
	CU_ASSERT_EQUAL(jint(t, "nodes.0.nics.0.mtu", 0), 1500);
	CU_ASSERT_EQUAL(jint(t, "nodes.0.nics.0.vlan", -1), 0);
	CU_ASSERT_TRUE(json_is_null(jget(t, "nodes.0.nics.0.trunks")));
	CU_ASSERT_TRUE(json_is_false(jget(t, "networks.0.mcast_snooping")));
	TEST_STR(jstr(t, "underlay.switch", NULL), "bridge");
}

/* A plain bridge cannot carry VLANs: whoever uses one makes the underlay an OVS. */
static void test_underlay_switch(void)
{
	static const struct {
		const char *spec, *kind;
	} rows[] = {
		{"  underlay: {switch: ovs}\n" NODES, "ovs"},
		{"  underlay: {switch: bridge}\n" NODES, "bridge"},
		{"  underlay: {hosts: [{name: h, vlan: 10}]}\n" NODES, "ovs"},
		{"  underlay: {hosts: [{name: h}]}\n" NODES, "bridge"},
		{"  nodes: [{name: a, nics: [{name: eth1, network: underlay, vlan: 7}]}]\n", "ovs"},
		{"  nodes: [{name: a, nics: [{name: eth1, network: underlay, trunks: [7]}]}]\n",
		 "ovs"},
		{"  nodes: [{name: a, nics: [{name: eth1, network: underlay}]}]\n", "bridge"},
		{"  nodes: [{name: a, nics: [{name: eth1, network: underlay, lag: x}, {name: eth2, "
		 "network: underlay, lag: x}]}]\n",
		 "ovs"},
		{"  networks: [{name: dc, hosts: [{name: h, interfaces: [{network: underlay, vlan: "
		 "5}]}]}]\n" NODES,
		 "ovs"},
		{"  networks: [{name: dc, hosts: [{name: h, vlan: 5}]}]\n" NODES, "bridge"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *why = NULL, *text = xasprintf("%s%s", HEAD, rows[i].spec);
		_cleanup_json_ json_t *t = expand(text, &why);

		TEST_ROW(t && streq(jstr(t, "underlay.switch", ""), rows[i].kind), rows[i].spec,
			 "want %s: %s", rows[i].kind, why);
	}
}

static void test_host_interfaces(void)
{
	_cleanup_free_ char *why = NULL;
	_cleanup_json_ json_t *t = expand(
		HEAD "  networks:\n  - name: dc\n    mtu: 9000\n    hosts:\n    - name: r\n      "
		     "forward: true\n      interfaces:\n      - {addresses: [10.0.0.1/24]}\n      "
		     "- {name: wan, network: underlay, vlan: 3, addresses: [10.1.0.1/24], mtu: "
		     "1400}\n      routes: [{to: 10.9.0.0/16, via: 10.1.0.2}]\n" NODES,
		&why);
	const json_t *h = jget(t, "networks.0.hosts.0");

	TEST_STR(why, "");
	TEST_STR(jstr(h, "interfaces.0.name", NULL), "eth0");
	TEST_STR(jstr(h, "interfaces.0.network", NULL), "dc");
	CU_ASSERT_EQUAL(jint(h, "interfaces.0.mtu", 0), 9000);
	TEST_STR(jstr(h, "addresses.0", NULL), "10.0.0.1/24");
	TEST_STR(jstr(h, "interfaces.1.network", NULL), "underlay");
	CU_ASSERT_EQUAL(jint(h, "interfaces.1.vlan", 0), 3);
	CU_ASSERT_EQUAL(jint(h, "interfaces.1.mtu", 0), 1400);
	CU_ASSERT_STRING_NOT_EQUAL(jstr(h, "interfaces.0.mac", ""),
				   jstr(h, "interfaces.1.mac", ""));
	TEST_STR(jstr(h, "routes.0.via", NULL), "10.1.0.2");
	CU_ASSERT_TRUE(jbool(h, "forward", false));
}

#define NET "  networks: [{name: dc, hosts: [{name: h, "
#define NIC "  networks: [{name: dc}]\n  nodes: [{name: a, nics: ["

static void test_refusals(void)
{
	static const struct {
		const char *spec, *message;
	} rows[] = {
		{"  nodes: [{name: a, nics: [{name: eth1, network: dc}]}]\n",
		 "t.yaml:5:50: error: spec.nodes.0.nics.0.network: network \"dc\" does not exist"},
		{NIC "{name: eth0, network: dc}]}]\n",
		 "t.yaml:6:35: error: spec.nodes.0.nics.0.name: expected a NIC name"},
		{NIC "{name: abcdefghijklmnop, network: dc}]}]\n", "at most 15 characters"},
		{NIC "{name: br-ex, network: dc}]}]\n", "found \"br-ex\""},
		{NIC "{name: eth1, network: dc}, {name: eth1, network: dc}]}]\n",
		 "the node has two NICs \"eth1\""},
		{NIC "{name: eth1, network: dc, vlan: 4095}]}]\n",
		 "expected a VLAN id of 1 to 4094, found 4095"},
		{NIC "{name: eth1, network: dc, vlan: 0}]}]\n", "found 0"},
		{NIC "{name: eth1, network: dc, trunks: []}]}]\n", "at least one VLAN id"},
		{NIC "{name: eth1, network: dc, trunks: [10, 5000]}]}]\n",
		 "trunks.1: expected a VLAN"},
		{NIC "{name: eth1, network: dc, trunks: 10}]}]\n", "trunks: expected a list"},
		{NIC "{name: eth1, network: dc, mtu: 100000}]}]\n", "integer of 576 to 65535"},
		{NIC "{name: eth1, network: dc, mac: 01:00:5e:00:00:01}]}]\n",
		 "unicast MAC address"},
		{NIC "{name: eth1, network: dc, color: red}]}]\n", "color: unknown field"},
		{NIC "{name: eth1}]}]\n", "expected the name of a network"},
		{NIC "{name: eth1, network: dc, lag: x}]}]\n",
		 "nics.0.lag: group \"x\" has no other member on this node"},
		{NIC "{name: eth1, network: dc, lag: x}, {name: eth2, network: dc, vlan: 3, lag: "
		     "x}]}]\n",
		 "are in group \"x\", but differ in vlan"},
		{"  networks: [{name: underlay}]\n" NODES, "\"underlay\" is used twice"},
		{"  networks: [{name: dc}, {name: dc}]\n" NODES, "\"dc\" is used twice"},
		{"  networks: [{name: Data_Center}]\n" NODES, "expected a name of a-z"},
		{"  networks: [{name: dc, mcast_snooping: maybe}]\n" NODES, "true or false"},
		{"  networks: {name: dc}\n" NODES, "spec.networks: expected a list"},
		{"  underlay: {hosts: [{name: h}]}\n  networks: [{name: dc, hosts: [{name: "
		 "h}]}]\n" NODES,
		 "networks.0.hosts.0.name: \"h\" is used twice"},
		{NET "vlan: 5000}]}]\n" NODES, "expected a VLAN id of 1 to 4094, found 5000"},
		{NET "vlan: ten}]}]\n" NODES, "found \"ten\""},
		{NET "addresses: [10.0.0.1]}]}]\n" NODES, "expected address/prefix length"},
		{NET "gateway: 10.0.0.1}]}]\n" NODES,
		 "10.0.0.1 is on none of the host's own networks"},
		{NET
		 "addresses: [10.0.0.1/24], routes: [{to: 10.1.0.0/16, via: nowhere}]}]}]\n" NODES,
		 "expected an IP address, found \"nowhere\""},
		{NET
		 "addresses: [10.0.0.1/24], routes: [{to: 10.1.0.0, via: 10.0.0.2}]}]}]\n" NODES,
		 "routes.0.to: expected address/prefix length"},
		{NET "vlan: 3, interfaces: [{addresses: [10.0.0.1/24]}]}]}]\n" NODES,
		 "hosts.0.vlan: not possible beside interfaces"},
		{NET "interfaces: [{name: x}, {name: x}]}]}]\n" NODES, "two interfaces \"x\""},
		{NET "interfaces: [{network: wan}]}]}]\n" NODES, "network \"wan\" does not exist"},
		{NET "interfaces: [{name: abcdefghijklmnop}]}]}]\n" NODES, "at most 15 characters"},
		{NET "listen: [80]}]}]\n" NODES, "expected tcp/PORT or udp/PORT"},
		{NET "listen: [tcp/70000]}]}]\n" NODES, "expected tcp/PORT or udp/PORT"},
		{NET "forward: 1}]}]\n" NODES, "forward: expected true or false"},
		{NET "addresses: [10.0.0.1/24]}, {name: g, addresses: [10.0.0.1/24]}]}]\n" NODES,
		 "10.0.0.1 is already the address of spec.networks.0.hosts.0 on dc, VLAN 0"},
		{"  underlay: {hosts: [{name: h, addresses: [172.31.0.11/24]}]}\n" NODES,
		 "172.31.0.11 is already the address of spec.nodes.0"},
		{"  underlay: {switch: bridge, hosts: [{name: h, vlan: 3}]}\n" NODES,
		 "spec.underlay.switch: a host or NIC uses VLANs or groups of links on the "
		 "underlay"},
		{"  underlay: {switch: cisco}\n" NODES, "expected one of bridge, ovs"},
		{"  nodes: [{name: control-plane}]\n", "\"control-plane\" is used twice"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *why = NULL, *text = xasprintf("%s%s", HEAD, rows[i].spec);
		_cleanup_json_ json_t *t = expand(text, &why);

		TEST_ROW(!t && strstr(why, rows[i].message), rows[i].spec,
			 "want \"%s\", got \"%s\"", rows[i].message, why);
	}
}

/* One VLAN's addresses are no concern of another's. */
static void test_addresses_per_vlan(void)
{
	_cleanup_free_ char *why = NULL;
	_cleanup_json_ json_t *t =
		expand(HEAD NET "addresses: [10.0.0.1/24]}, {name: g, vlan: 2, addresses: "
				"[10.0.0.1/24]}]}]\n" NODES,
		       &why);

	TEST_STR(why, "");
	CU_ASSERT_PTR_NOT_NULL(t);
}

static void test_cidr_nth(void)
{
	static const struct {
		const char *cidr;
		unsigned n;
		const char *want;
	} rows[] = {
		{"172.31.0.0/24", 1, "172.31.0.1/24"},
		{"172.31.0.9/24", 11, "172.31.0.11/24"},
		{"10.0.0.0/30", 4, NULL},
		{"fd00::/64", 300, "fd00::12c/64"},
		{"10.0.0.0", 1, NULL},
		{"10.0.0.255/16", 256, "10.0.1.0/16"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = cidr_nth(rows[i].cidr, rows[i].n, true);

		TEST_ROW(streq0(got, rows[i].want) || (!got && !rows[i].want), rows[i].cidr,
			 "got %s", got ? got : "nothing");
	}
}

TEST_SUITE(topology, {"normalised", test_normalised}, {"shipped", test_shipped},
	   {"defaults", test_defaults}, {"underlay-switch", test_underlay_switch},
	   {"host-interfaces", test_host_interfaces}, {"refusals", test_refusals},
	   {"addresses-per-vlan", test_addresses_per_vlan}, {"cidr-nth", test_cidr_nth})
