/* SPDX-License-Identifier: Apache-2.0 */
/* What a desiredState may say, without a node. */
#include "nmstate/testing.h"

struct row {
	const char *name, *desired, *want; /* findings without the leading spec.desiredState */
};

static char *short_findings(struct diags *d)
{
	struct buf b = BUF_INIT;
	static const char *const names[] = {"error", "warning", "note"};

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *g = &d->v[i];
		const char *at = g->path ? str_after(g->path, NMSTATE_PATH) : NULL;

		buf_printf(&b, "%s%s %s %s: %s", i ? "\n" : "", names[g->severity], g->rule,
			   at && *at == '.' ? at + 1 : "", g->msg);
	}
	return buf_take(&b);
}

static void run(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ json_t *desired = Y(rows[i].desired);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *got = NULL;
		int r = nmstate_check(desired, &d);

		got = short_findings(&d);
		TEST_ROW(streq(got, rows[i].want), rows[i].name, "got:\n%s\nwant:\n%s", got,
			 rows[i].want);
		TEST_ROW((r < 0) == (diags_count(&d, DIAG_ERROR) > 0), rows[i].name, "r %d", r);
	}
}

#define BRIDGE(x) "interfaces: [{name: br1, type: ovs-bridge, bridge: " x "}]"
#define PORT(x) BRIDGE("{port: [{name: eth1, " x "}]}")
#define ETH(x) "interfaces: [{name: eth1, type: ethernet, " x "}]"

static void test_ovn(void)
{
	static const struct row rows[] = {
		{"nothing", "{}", ""},
		{"nothing in it", "{ovn: {}, interfaces: []}", ""},
		{"D19: state omitted", "ovn: {bridge-mappings: [{localnet: a, bridge: b}]}", ""},
		{"absent needs no bridge", "ovn: {bridge-mappings: [{localnet: a, state: absent}]}",
		 ""},
		{"N1 duplicate localnet",
		 "ovn: {bridge-mappings: [{localnet: a, bridge: b}, {localnet: a, bridge: c}]}",
		 "error N1 ovn.bridge-mappings.1.localnet: localnet \"a\" has two mappings in this "
		 "document"},
		{"N2 (D20) no bridge",
		 "ovn: {bridge-mappings: [{localnet: a}, {localnet: b, state: present, bridge: "
		 "''}]}",
		 "error N2 ovn.bridge-mappings.0: the mapping of localnet \"a\" has no bridge\n"
		 "error N2 ovn.bridge-mappings.1: the mapping of localnet \"b\" has no bridge"},
		{"N3 unknown key under ovn", "ovn: {bridge-mapping: []}",
		 "error N3 ovn.bridge-mapping: unknown key \"bridge-mapping\""},
		{"N3 inside an entry it is ignored",
		 "ovn: {bridge-mappings: [{localnet: a, bridge: b, vlan: 3}]}",
		 "warning nmstate ovn.bridge-mappings.0.vlan: unknown key \"vlan\": nmstate "
		 "ignores it"},
		{"no localnet", "ovn: {bridge-mappings: [{bridge: b}, x]}",
		 "error nmstate ovn.bridge-mappings.0.localnet: expected the name of a localnet, "
		 "found nothing\n"
		 "error nmstate ovn.bridge-mappings.1: expected {localnet, bridge, state}, found "
		 "\"x\""},
		{"state", "ovn: {bridge-mappings: [{localnet: a, bridge: b, state: up}]}",
		 "error nmstate ovn.bridge-mappings.0.state: expected present or absent, found "
		 "\"up\""},
		{"separators", "ovn: {bridge-mappings: [{localnet: 'a:b', bridge: 'c,d'}]}",
		 "error nmstate ovn.bridge-mappings.0.localnet: \"a:b\": ':' and ',' separate the "
		 "entries of ovn-bridge-mappings\n"
		 "error nmstate ovn.bridge-mappings.0.bridge: \"c,d\": ':' and ',' separate the "
		 "entries of ovn-bridge-mappings"},
		{"br-int", "ovn: {bridge-mappings: [{localnet: a, bridge: br-int}]}",
		 "error nmstate ovn.bridge-mappings.0.bridge: br-int is OVN's integration bridge: "
		 "it has no physical side"},
		{"wrong types", "{ovn: [], interfaces: {}}",
		 "error nmstate interfaces: expected a list of interfaces, found an object\n"
		 "error nmstate ovn: expected {bridge-mappings: […]}, found a list"},
		{"top level", "{interface: [], routes: {config: []}, dns-resolver: {}}",
		 "error nmstate interface: unknown key \"interface\"\n"
		 "note ignored dns-resolver: kept, not acted on\n"
		 "note ignored routes: kept, not acted on"},
	};

	run(rows, ARRAY_SIZE(rows));
}

static void test_interface(void)
{
	static const struct row rows[] = {
		{"jumbo", ETH("mtu: 9000, state: up, ipv4: {enabled: false}"), ""},
		{"numbers as text", ETH("mtu: '9000'"), ""},
		{"MTU", ETH("mtu: 10"),
		 "error nmstate interfaces.0.mtu: expected an MTU from 68 to 65535, found 10"},
		{"no name", "interfaces: [{type: ethernet}, 5]",
		 "error nmstate interfaces.0.name: expected the interface's name, found nothing\n"
		 "error nmstate interfaces.1: expected an interface {name, type, state, …}, found "
		 "5"},
		{"long name", "interfaces: [{name: abcdefghijklmnop, type: ethernet}]",
		 "error nmstate interfaces.0.name: \"abcdefghijklmnop\": names of interfaces have "
		 "at most 15 characters, no blanks and no '/'"},
		{"br-int", "interfaces: [{name: br-int, type: ovs-bridge}]",
		 "error nmstate interfaces.0.name: br-int is OVN's integration bridge: not to be "
		 "configured"},
		{"type", "interfaces: [{name: a, type: bridge}, {name: b, type: vlan}]",
		 "error nmstate interfaces.0.type: expected ethernet, ovs-bridge or ovs-interface, "
		 "found \"bridge\"\n"
		 "error nmstate/unsupported interfaces.1.type: interfaces of type vlan are not "
		 "emulated"},
		{"state", ETH("state: on"),
		 "error nmstate interfaces.0.state: expected up, down, absent or ignore, found "
		 "\"on\""},
		{"unknown key", ETH("mtuu: 9000"),
		 "warning nmstate interfaces.0.mtuu: unknown key \"mtuu\": nmstate ignores it"},
		{"MAC", ETH("mac-address: 02:00"),
		 "error nmstate interfaces.0.mac-address: expected a MAC address such as "
		 "02:00:00:00:00:01, found \"02:00\""},
		{"N9 MAC and MTU and addresses on a bridge",
		 "interfaces: [{name: b, type: ovs-bridge, mtu: 9000, mac-address: "
		 "'02:00:00:00:00:01', ipv4: {enabled: true, address: [{ip: 192.0.2.1, "
		 "prefix-length: 24}]}, ipv6: {enabled: false}}]",
		 "error N9 interfaces.0.mac-address: an ovs-bridge has no MAC address of its own\n"
		 "warning N9 interfaces.0.mtu: an ovs-bridge has no MTU: nmstate ignores it\n"
		 "warning N9 interfaces.0.ipv4: an ovs-bridge has no addresses: nmstate drops them "
		 "silently"},
		{"addresses",
		 ETH("ipv4: {enabled: true, address: [{ip: 'fd00::1', prefix-length: "
		     "33}, {ip: 192.0.2.1, prefix-length: 24, mask: 3}]}"),
		 "error nmstate interfaces.0.ipv4.address.0.ip: expected an IPv4 address, found "
		 "\"fd00::1\"\n"
		 "error nmstate interfaces.0.ipv4.address.0.prefix-length: expected 0 to 32, found "
		 "33\n"
		 "error nmstate interfaces.0.ipv4.address.1.mask: unknown key \"mask\""},
		{"DHCP",
		 ETH("ipv4: {enabled: true, dhcp: true}, ipv6: {enabled: true, autoconf: "
		     "true, dhcp: false}"),
		 "error nmstate/unsupported interfaces.0.ipv4.dhcp: the nodes of a lab have no "
		 "DHCP "
		 "client\n"
		 "error nmstate/unsupported interfaces.0.ipv6.autoconf: the nodes of a lab have no "
		 "router advertisement client"},
		{"DHCP of a disabled family", ETH("ipv4: {enabled: false, dhcp: true}"), ""},
		{"two of one name",
		 "interfaces: [{name: br1, type: ovs-bridge}, {name: br1, type: ovs-interface}]",
		 ""},
		{"two of one name in the kernel",
		 "interfaces: [{name: eth1, type: ethernet}, {name: eth1, type: ovs-interface}]",
		 "error nmstate interfaces.1: \"eth1\" is both type ethernet and type "
		 "ovs-interface: only an ovs-bridge may share the name of an interface"},
		{"twice",
		 "interfaces: [{name: eth1, type: ethernet}, {name: eth1, type: ethernet}]",
		 "warning lint/nmstate-twice interfaces.1: ethernet \"eth1\" is listed twice: the "
		 "last entry counts"},
		{"Linux bonds",
		 "interfaces: [{name: a, type: bond, link-aggregation: {mode: balance-rr}}, {name: "
		 "b, type: bond, link-aggregation: {mode: 6}}, {name: c, type: bond, "
		 "link-aggregation: {mode: active-backup}}]",
		 "error nmstate/bond-mode interfaces.0.link-aggregation.mode: bond mode 0 "
		 "(balance-rr) is not supported under a bridge: it sends one MAC address through "
		 "several ports, or answers for a guest with another one\n"
		 "error nmstate/bond-mode interfaces.1.link-aggregation.mode: bond mode 6 "
		 "(balance-alb) is not supported under a bridge: it sends one MAC address through "
		 "several ports, or answers for a guest with another one\n"
		 "error nmstate/unsupported interfaces.2.type: Linux bonds are not emulated"},
		{"patch", "interfaces: [{name: p, type: ovs-interface, patch: {peer: q}}]", ""},
		{"patch with MTU and itself",
		 "interfaces: [{name: p, type: ovs-interface, mtu: 1500, patch: {peer: p}}, {name: "
		 "r, type: ovs-interface, patch: {}}]",
		 "error nmstate interfaces.0.patch.peer: a patch port is its own peer\n"
		 "error nmstate interfaces.0: a patch port has neither MTU nor addresses\n"
		 "error nmstate interfaces.1.patch.peer: expected the name of the other patch "
		 "port, found nothing"},
		{"what would be ignored silently",
		 "interfaces: [{name: eth1, type: ethernet, controller: br1, bridge: {}}, {name: "
		 "i, "
		 "type: ovs-interface, dpdk: {}}]",
		 "warning nmstate interfaces.0.bridge: bridge means nothing on type ethernet: "
		 "nmstate ignores it\n"
		 "error nmstate/unsupported interfaces.0.controller: controller is not emulated\n"
		 "error nmstate/unsupported interfaces.1.dpdk: dpdk is not emulated"},
	};

	run(rows, ARRAY_SIZE(rows));
}

static void test_bridge(void)
{
	static const struct row rows[] = {
		{"the documentation's",
		 BRIDGE("{allow-extra-patch-ports: true, options: {stp: false, "
			"mcast-snooping-enable: true}, port: [{name: eth1}]}"),
		 ""},
		{"ports is port", BRIDGE("{ports: [{name: eth1}]}"), ""},
		{"port and ports", BRIDGE("{ports: [{name: eth1}], port: []}"),
		 "error nmstate interfaces.0.bridge: port and ports are one key: keep one of them"},
		{"unknown option",
		 BRIDGE("{options: {mcast-snooping: true, stp: {enabled: false}}, prt: []}"),
		 "error nmstate interfaces.0.bridge.prt: unknown key \"prt\"\n"
		 "error nmstate interfaces.0.bridge.options.mcast-snooping: unknown key "
		 "\"mcast-snooping\""},
		{"N12 stp as text", BRIDGE("{options: {stp: 'false'}}"),
		 "warning N12 interfaces.0.bridge.options.stp: the text \"false\" switches STP on: "
		 "nmstate takes any text here for true"},
		{"D25 stp on", BRIDGE("{options: {stp: true}}"),
		 "warning lint/nmstate-stp interfaces.0.bridge.options.stp: STP blocks a port for "
		 "up to 30 s after a change: the documentation demands it off for live migration"},
		{"values", BRIDGE("{options: {stp: 3, rstp: maybe, fail-mode: open}, port: 3}"),
		 "error nmstate interfaces.0.bridge.options.stp: expected true, false or {enabled: "
		 "…}, found 3\n"
		 "error nmstate interfaces.0.bridge.options.rstp: expected true or false, found "
		 "\"maybe\"\n"
		 "error nmstate interfaces.0.bridge.options.fail-mode: expected standalone, secure "
		 "or \"\", found \"open\"\n"
		 "error nmstate interfaces.0.bridge.port: expected a list of ports, found 3"},
		{"a port twice", BRIDGE("{port: [{name: eth1}, {name: eth1}]}"),
		 "error nmstate interfaces.0.bridge.port.1: eth1 is a port of br1 twice"},
		{"a port of two bridges",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: eth1}]}}, "
		 "{name: br2, type: ovs-bridge, bridge: {port: [{name: b, link-aggregation: {mode: "
		 "lacp, port: [{name: eth1}, {name: eth2}]}}]}}]",
		 "error nmstate interfaces.1.bridge.port.0: eth1 is a port of br1 and of br2: an "
		 "interface has one bridge"},
	};

	run(rows, ARRAY_SIZE(rows));
}

static void test_vlan(void)
{
	static const struct row rows[] = {
		{"access", PORT("vlan: {mode: access, tag: 100}"), ""},
		{"none", PORT("vlan: {}"), ""},
		{"trunk",
		 PORT("vlan: {mode: trunk, trunk-tags: [{id: 10}, {id-range: {min: 20, max: 29}}], "
		      "enable-native: true, tag: 5}"),
		 ""},
		{"N13", PORT("vlan: {mode: trunk}"),
		 "error N13 interfaces.0.bridge.port.0.vlan: a trunk needs trunk-tags"},
		{"N14", PORT("vlan: {mode: trunk, trunk-tags: [{id: 1}], tag: 5}"),
		 "error N14 interfaces.0.bridge.port.0.vlan.tag: the tag of a trunk is its native "
		 "VLAN: it needs enable-native"},
		{"N15",
		 PORT("vlan: {mode: access, tag: 1, trunk-tags: [{id: 3}], enable-native: "
		      "true}"),
		 "error N15 interfaces.0.bridge.port.0.vlan.trunk-tags: an access port has no "
		 "trunk-tags\n"
		 "error N15 interfaces.0.bridge.port.0.vlan.enable-native: an access port has no "
		 "native VLAN"},
		{"N16",
		 PORT("vlan: {mode: trunk, trunk-tags: [{id-range: {min: 1, max: 9}}, {id: "
		      "9}]}"),
		 "error N16 interfaces.0.bridge.port.0.vlan.trunk-tags.1: VLAN 9 is in the trunk "
		 "twice: ranges may not overlap"},
		{"entries",
		 PORT("vlan: {mode: trunk, trunk-tags: [7, {id: 4095}, {id-range: {min: 9, max: "
		      "3}}]}"),
		 "error nmstate interfaces.0.bridge.port.0.vlan.trunk-tags.0: expected {id: N} or "
		 "{id-range: {min, max}}, found 7\n"
		 "error nmstate interfaces.0.bridge.port.0.vlan.trunk-tags.1: expected {id: N} or "
		 "{id-range: {min, max}} with 0 to 4094\n"
		 "error nmstate interfaces.0.bridge.port.0.vlan.trunk-tags.2: expected {id: N} or "
		 "{id-range: {min, max}} with 0 to 4094"},
		{"mode", PORT("vlan: {tag: 4095}"),
		 "error nmstate interfaces.0.bridge.port.0.vlan.tag: expected a VLAN from 0 to "
		 "4094, found 4095\n"
		 "error nmstate interfaces.0.bridge.port.0.vlan.mode: expected access or trunk, "
		 "found nothing"},
	};

	run(rows, ARRAY_SIZE(rows));
}

static void test_bond(void)
{
	static const struct row rows[] = {
		{"the documentation's",
		 PORT("link-aggregation: {mode: balance-slb, port: [{name: eth2}, {name: eth3}]}"),
		 ""},
		{"a Linux mode",
		 PORT("link-aggregation: {mode: balance-rr, port: [{name: eth2}, {name: eth3}]}"),
		 "error nmstate interfaces.0.bridge.port.0.link-aggregation.mode: expected an OVS "
		 "bond mode: active-backup, balance-slb, balance-tcp or lacp, found "
		 "\"balance-rr\""},
		{"one port", PORT("link-aggregation: {mode: lacp, port: [{name: eth2}]}"),
		 "error nmstate interfaces.0.bridge.port.0.link-aggregation: an OVS bond needs at "
		 "least two ports"},
	};

	run(rows, ARRAY_SIZE(rows));
}

TEST_SUITE(nmstate_check, {"ovn", test_ovn}, {"interface", test_interface}, {"bridge", test_bridge},
	   {"vlan", test_vlan}, {"bond", test_bond})
