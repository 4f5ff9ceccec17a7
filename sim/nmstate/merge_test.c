/* SPDX-License-Identifier: Apache-2.0 */
/* What a desiredState makes of a node: the documentation's three policies and each rule. */
#include "nmstate/testing.h"

#include "base/prng.h"

#define GOLDEN "sim/nmstate/testdata/"

/* The documentation's forms with names and values of our own. */
static const char shared_bridge[] = "ovn:\n"
				    "  bridge-mappings:\n"
				    "  - localnet: tenants\n"
				    "    bridge: br-ex\n"
				    "    state: present\n";
static const char dedicated[] = "interfaces:\n"
				"- name: ovs-br1\n"
				"  description: a bridge with eth1 as its uplink\n"
				"  type: ovs-bridge\n"
				"  state: up\n"
				"  bridge:\n"
				"    allow-extra-patch-ports: true\n"
				"    options:\n"
				"      stp: false\n"
				"      mcast-snooping-enable: true\n"
				"    port:\n"
				"    - name: eth1\n"
				"ovn:\n"
				"  bridge-mappings:\n"
				"  - localnet: localnet2\n"
				"    bridge: ovs-br1\n"
				"    state: present\n";
static const char bonded[] = "interfaces:\n"
			     "- {name: eth1, type: ethernet, state: up, mtu: 9000, ipv4: {enabled: "
			     "false}, ipv6: {enabled: false}}\n"
			     "- {name: eth2, type: ethernet, state: up, mtu: 9000}\n"
			     "- name: ovs-br1\n"
			     "  type: ovs-bridge\n"
			     "  state: up\n"
			     "  bridge:\n"
			     "    allow-extra-patch-ports: true\n"
			     "    options: {stp: false, mcast-snooping-enable: true}\n"
			     "    port:\n"
			     "    - name: bond1\n"
			     "      link-aggregation:\n"
			     "        mode: balance-slb\n"
			     "        port: [{name: eth2}, {name: eth1}]\n"
			     "    - name: ovs-br1\n"
			     "- name: ovs-br1\n"
			     "  type: ovs-interface\n"
			     "  state: up\n"
			     "  ipv4: {enabled: false}\n"
			     "  ipv6: {enabled: false}\n"
			     "ovn:\n"
			     "  bridge-mappings:\n"
			     "  - {localnet: localnet3, bridge: ovs-br1, state: present}\n";

static void golden(const char *name, const char *desired)
{
	_cleanup_json_ json_t *current = booted(), *want = Y(desired), *target = NULL;
	_cleanup_json_ json_t *back = NULL, *touched = NULL, *all = NULL;
	_cleanup_free_ char *path = xasprintf(GOLDEN "%s.yaml", name), *text = NULL, *found = NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	nmstate_merge(current, want, &target, &d);
	found = findings(&d);
	TEST_STR(found, "");
	if (!target)
		return;
	back = nmstate_rollback(current, target);
	touched = nmstate_touched(current, target);
	all = json_pack("{s:O, s:O, s:O}", "target", target, "rollback", back, "touched", touched);
	text = yaml_text(all);
	test_golden(path, text);
}

static void test_documented(void)
{
	golden("shared-bridge", shared_bridge);
	golden("dedicated-bridge", dedicated);
	golden("bonded-bridge", bonded);
}

/* ---- each rule: two steps, then what the node has ---- */

/* "ovs-br1[eth1 ovs-br1] …; localnet:bridge …; other interfaces with their state and controller" */
static void add_ports(const json_t *iface, struct buf *b)
{
	size_t i;
	json_t *port;

	buf_addc(b, '[');
	json_array_foreach(jget(iface, "bridge.port"), i, port) {
		_cleanup_free_ char *vlan =
			json_object_get(port, "vlan") ? jtext(json_object_get(port, "vlan")) : NULL;

		buf_printf(b, "%s%s%s", i ? " " : "", jstr(port, "name", ""), vlan ? vlan : "");
	}
	buf_addc(b, ']');
}

static char *summary(const json_t *network)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(network, "interfaces"), i, v) {
		const char *type = jstr(v, "type", ""), *name = jstr(v, "name", "");

		if (str_after(name, "br-ex") || streq(name, "eth0"))
			continue;
		buf_printf(&b, "%s%s", b.len ? " " : "", name);
		if (streq(type, "ovs-bridge"))
			add_ports(v, &b);
		else
			buf_printf(&b, "(%s%s%s)", streq(type, "ethernet") ? "" : "int",
				   json_object_get(v, "controller") ? "@" : "",
				   jstr(v, "controller", ""));
		if (!streq(jstr(v, "state", ""), "up"))
			buf_printf(&b, "=%s", jstr(v, "state", ""));
	}
	json_array_foreach(jget(network, "ovn.bridge-mappings"), i, v)
		buf_printf(&b, " %s:%s", jstr(v, "localnet", ""), jstr(v, "bridge", ""));
	return buf_take(&b);
}

struct step {
	const char *name, *first, *second;
	const char *want; /* summary, or findings when it fails */
};

#define BR1 "{name: br1, type: ovs-bridge, bridge: {port: [{name: eth1}]}}"
#define MAP(l, b) "ovn: {bridge-mappings: [{localnet: " l ", bridge: " b "}]}"

static void run(const struct step *s)
{
	_cleanup_json_ json_t *network = apply_to(booted(), s->first), *target = NULL;
	_cleanup_json_ json_t *want = Y(s->second);
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *got = NULL;

	if (nmstate_merge(network, want, &target, &d) == 0) {
		_cleanup_json_ json_t *after = nmstate_applied(network, target);
		_cleanup_free_ char *line = summary(after), *f = findings(&d);

		got = xasprintf("%s%s%s", line, *f ? "\n" : "", f);
	} else {
		got = findings(&d);
	}
	TEST_ROW(streq(got, s->want), s->name, "got:\n%s\nwant:\n%s", got, s->want);
}

static void test_mappings(void)
{
	static const struct step rows[] = {
		{"others stay", MAP("a", "br-ex"), MAP("b", "br-ex"),
		 "eth1() eth2() a:br-ex b:br-ex physnet:br-ex"},
		{"D18 absent removes just that one",
		 "ovn: {bridge-mappings: [{localnet: a, bridge: br-ex}, {localnet: b, bridge: "
		 "br-ex}]}",
		 "ovn: {bridge-mappings: [{localnet: a, state: absent}, {localnet: z, state: "
		 "absent}]}",
		 "eth1() eth2() b:br-ex physnet:br-ex"},
		{"N7 moves to another bridge", "{interfaces: [" BR1 "], " MAP("a", "br-ex") "}",
		 MAP("a", "br1"), "br1[eth1] eth1(@br1) eth2() a:br1 physnet:br-ex"},
		{"N6 a missing bridge", "{}", MAP("a", "br1"),
		 "error spec.desiredState.ovn: localnet a is mapped to bridge br1, which the node "
		 "does not have"},
		{"N6 a bridge that is being deleted", "{interfaces: [" BR1 "]}",
		 "{interfaces: [{name: br1, type: ovs-bridge, state: absent}], " MAP("a",
										     "br1") "}",
		 "error spec.desiredState.ovn: localnet a is mapped to bridge br1, which this "
		 "policy removes"},
		{"N6 a bridge that is still mapped", "{interfaces: [" BR1 "], " MAP("a", "br1") "}",
		 "interfaces: [{name: br1, type: ovs-bridge, state: absent}]",
		 "error spec.desiredState.ovn: localnet a is mapped to bridge br1, which this "
		 "policy removes"},
		{"bridge and mapping go together", "{interfaces: [" BR1 "], " MAP("a", "br1") "}",
		 "{interfaces: [{name: br1, type: ovs-bridge, state: absent}], ovn: "
		 "{bridge-mappings: [{localnet: a, state: absent}]}}",
		 "eth1() eth2() physnet:br-ex"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		run(&rows[i]);
}

static void test_ports(void)
{
	static const struct step rows[] = {
		{"N8 no port list", "{}", "interfaces: [{name: br1, type: ovs-bridge}]",
		 "br1[br1] br1(int@br1) eth1() eth2() physnet:br-ex"},
		{"N8 an empty one", "interfaces: [" BR1 "]",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: []}}]",
		 "br1[br1] br1(int@br1) eth1() eth2() physnet:br-ex"},
		{"a bridge that exists keeps its ports", "interfaces: [" BR1 "]",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {options: {rstp: true}}}]",
		 "br1[eth1] eth1(@br1) eth2() physnet:br-ex"},
		{"N11 unlisted ports go, vlan stays",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: br1}, {name: "
		 "eth1, vlan: {mode: access, tag: 7}}, {name: eth2}]}}]",
		 "interfaces: [" BR1 "]",
		 "br1[eth1{\"mode\":\"access\",\"tag\":7}] eth1(@br1) eth2() physnet:br-ex"},
		{"vlan taken away",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: eth1, vlan: "
		 "{mode: access, tag: 7}}]}}]",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: eth1, vlan: "
		 "{}}]}}]",
		 "br1[eth1] eth1(@br1) eth2() physnet:br-ex"},
		{"D26 the internal port of its own name", "{}",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: br1}, {name: "
		 "eth1}]}}, {name: br1, type: ovs-interface, ipv4: {enabled: true, address: [{ip: "
		 "192.0.2.7, prefix-length: 24}]}}]",
		 "br1[br1 eth1] br1(int@br1) eth1(@br1) eth2() physnet:br-ex"},
		{"a NIC moves between bridges", "interfaces: [" BR1 "]",
		 "interfaces: [{name: br2, type: ovs-bridge, bridge: {port: [{name: eth1}]}}]",
		 "br1[] br2[eth1] eth1(@br2) eth2() physnet:br-ex"},
		{"a port that nobody knows becomes an internal one", "{}",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: ens1f0}]}}]",
		 "br1[ens1f0] ens1f0(int@br1) eth1() eth2() physnet:br-ex\n"
		 "warning spec.desiredState.interfaces.0.bridge.port: the node has no interface "
		 "ens1f0: nmstate makes an internal port of this name, and br1 gets no uplink from "
		 "it"},
		{"a bond of NICs that are not there", "{}",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: b, "
		 "link-aggregation: {mode: lacp, port: [{name: eth1}, {name: eth9}]}}]}}]",
		 "error spec.desiredState.interfaces.0.bridge.port: the node has no NIC eth9 for "
		 "the bond on br1"},
		{"an internal port without a bridge", "{}",
		 "interfaces: [{name: i1, type: ovs-interface}]",
		 "error spec.desiredState.interfaces.0: ovs-interface i1 is a port of no bridge"},
		{"a NIC that is not there", "{}", "interfaces: [{name: eth7, type: ethernet}]",
		 "error spec.desiredState.interfaces.0: the node has no NIC eth7"},
		{"addresses on a port", "{}",
		 "interfaces: [" BR1 ", {name: eth1, type: ethernet, ipv4: {enabled: true, "
		 "address: [{ip: 192.0.2.7, prefix-length: 24}]}}]",
		 "error spec.desiredState.interfaces.1: eth1 is a port of br1: it cannot have "
		 "addresses"},
		{"type from the node", "interfaces: [" BR1 "]",
		 "interfaces: [{name: br1, state: absent}, {name: eth2, state: down}]",
		 "eth1() eth2()=down physnet:br-ex"},
		{"no type and no such interface", "{}", "interfaces: [{name: br9}]",
		 "error spec.desiredState.interfaces.0: the node has no interface br9: write its "
		 "type to make one"},
		{"absent of a NIC takes it down", "interfaces: [" BR1 "]",
		 "interfaces: [{name: eth1, type: ethernet, state: absent}]",
		 "br1[] eth1()=down eth2() physnet:br-ex"},
		{"patch ports between two bridges", "{}",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: p1}]}}, {name: "
		 "br2, type: ovs-bridge, bridge: {port: [{name: p2}]}}, {name: p1, type: "
		 "ovs-interface, patch: {peer: p2}}, {name: p2, type: ovs-interface, patch: {peer: "
		 "p1}}]",
		 "br1[p1] br2[p2] eth1() eth2() p1(int@br1) p2(int@br2) physnet:br-ex"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		run(&rows[i]);
}

static void test_br_ex(void)
{
	static const struct step rows[] = {
		{"mapping onto it is fine", "{}", MAP("a", "br-ex"),
		 "eth1() eth2() a:br-ex physnet:br-ex"},
		{"naming it without a change, too", "{}",
		 "interfaces: [{name: br-ex, type: ovs-bridge, state: up}]",
		 "eth1() eth2() physnet:br-ex"},
		{"deleting it", "{}",
		 "interfaces: [{name: br-ex, type: ovs-bridge, state: absent}]",
		 "error spec.desiredState.interfaces.0: ovs-bridge br-ex cannot be removed: br-ex "
		 "is protected\n"
		 "error spec.desiredState.interfaces.0: ovs-interface br-ex cannot be removed: "
		 "br-ex is protected"},
		{"taking its uplink", "{}",
		 "interfaces: [{name: br1, type: ovs-bridge, bridge: {port: [{name: eth0}]}}]",
		 "error spec.desiredState.interfaces.0: eth0 is a port of br-ex: it cannot be "
		 "moved "
		 "to br1"},
		{"its ports", "{}",
		 "interfaces: [{name: br-ex, type: ovs-bridge, bridge: {port: [{name: br-ex}]}}]",
		 "error spec.desiredState.interfaces.0: eth0 is a port of br-ex: it cannot be "
		 "taken "
		 "off it"},
		{"a port more", "{}",
		 "interfaces: [{name: br-ex, type: ovs-bridge, bridge: {port: [{name: br-ex}, "
		 "{name: eth0}, {name: eth1}]}}]",
		 "error spec.desiredState.interfaces.0: bridge of ovs-bridge br-ex cannot be "
		 "changed: br-ex is protected"},
		{"its options", "{}",
		 "interfaces: [{name: br-ex, type: ovs-bridge, bridge: {options: "
		 "{mcast-snooping-enable: true}}}]",
		 "error spec.desiredState.interfaces.0: bridge of ovs-bridge br-ex cannot be "
		 "changed: br-ex is protected"},
		{"its uplink down", "{}", "interfaces: [{name: eth0, type: ethernet, state: down}]",
		 "error spec.desiredState.interfaces.0: state of ethernet eth0 cannot be changed: "
		 "br-ex is protected"},
		{"its internal port absent", "{}",
		 "interfaces: [{name: br-ex, type: ovs-interface, state: absent}]",
		 "error spec.desiredState.interfaces.0: br-ex is a port of br-ex: it cannot be "
		 "taken off it"},
		{"MTU of its uplink", "{}", "interfaces: [{name: eth0, type: ethernet, mtu: 1400}]",
		 "eth1() eth2() physnet:br-ex\n"
		 "warning spec.desiredState.interfaces.0: eth0 is on br-ex: its MTU is that of the "
		 "node network and of Geneve, too"},
		{"physnet absent", "{}",
		 "ovn: {bridge-mappings: [{localnet: physnet, state: absent}]}",
		 "error spec.desiredState.ovn: physnet:br-ex is OVN-Kubernetes' own mapping of "
		 "br-ex: it would put it back"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		run(&rows[i]);
}

/* OVN's patch port on a bridge is not listed by later edits: it stays. */
static void test_patch_kept(void)
{
	_cleanup_json_ json_t *network = apply_to(booted(), dedicated), *target = NULL;
	_cleanup_json_ json_t *want = Y(dedicated), *bridge = NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(network, "interfaces"), i, v)
		if (streq(jstr(v, "name", ""), "ovs-br1"))
			bridge = json_incref(v);
	json_array_append_new(jget(bridge, "bridge.port"), J("{'name': 'patch-l-to-br-int'}"));
	json_array_append_new(json_object_get(network, "interfaces"),
			      J("{'name': 'patch-l-to-br-int', 'type': 'ovs-interface', 'state': "
				"'up', 'controller': 'ovs-br1', 'patch': {'peer': 'x'}}"));
	CU_ASSERT_EQUAL(nmstate_merge(network, want, &target, &d), 0);
	CU_ASSERT_FALSE(nmstate_changes(network, target));
}

/* ---- properties, over random documents ---- */

static const char *pick(struct prng *p, const char *const *v, size_t n)
{
	return v[prng_below(p, n)];
}
#define PICK(p, ...)                                           \
	({                                                     \
		static const char *const l_[] = {__VA_ARGS__}; \
		pick((p), l_, ARRAY_SIZE(l_));                 \
	})

static void random_port(struct prng *p, const char *name, struct buf *b)
{
	buf_printf(
		b, "{name: %s%s}, ", name,
		PICK(p, "", "", ", vlan: {mode: access, tag: 10}", ", vlan: {}",
		     ", vlan: {mode: trunk, trunk-tags: [{id: 3}, {id-range: {min: 4, max: 9}}]}"));
}

static void random_bridge(struct prng *p, const char *name, bool first, struct buf *b)
{
	buf_printf(b, "{name: %s, type: ovs-bridge, state: %s, bridge: {options: {%s}", name,
		   PICK(p, "up", "up", "up", "absent"),
		   PICK(p, "", "stp: true", "stp: {enabled: false}", "rstp: true, stp: 'false'",
			"mcast-snooping-enable: true", "fail-mode: secure"));
	if (prng_below(p, 3)) {
		buf_adds(b, ", port: [");
		if (prng_below(p, 2))
			random_port(p, first ? "eth1" : "eth2", b);
		if (prng_below(p, 2))
			random_port(p, name, b);
		buf_adds(b, "]");
	}
	buf_adds(b, "}}, ");
}

static char *random_document(struct prng *p)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "{interfaces: [");
	if (prng_below(p, 3))
		random_bridge(p, "br1", true, &b);
	if (prng_below(p, 3))
		random_bridge(p, "br2", false, &b);
	if (prng_below(p, 3))
		buf_printf(&b, "{name: %s, type: ethernet, %s}, ", PICK(p, "eth1", "eth2"),
			   PICK(p, "mtu: 9000", "mtu: 1400, state: up", "state: down",
				"state: absent", "ipv6: {enabled: false}"));
	buf_printf(&b, "], ovn: {bridge-mappings: [%s%s]}}",
		   PICK(p, "", "{localnet: a, bridge: br-ex}, ", "{localnet: a, bridge: br1}, ",
			"{localnet: a, state: absent}, "),
		   PICK(p, "", "{localnet: b, bridge: br2}", "{localnet: b, state: absent}"));
	return buf_take(&b);
}

/* Applying twice is applying once; what was applied verifies; rollback brings back. */
static bool holds(const json_t *network, const json_t *want, json_t *target, const char *text)
{
	_cleanup_json_ json_t *after = nmstate_applied(network, target), *again = NULL;
	_cleanup_json_ json_t *back = nmstate_rollback(network, target);
	_cleanup_json_ json_t *before = nmstate_applied(after, back), *undo = NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT, v = DIAGS_INIT;
	_cleanup_free_ char *found = NULL, *twice = NULL;
	bool ok = nmstate_merge(after, want, &again, &d) == 0 && !nmstate_changes(after, again);

	twice = again ? jtext(again) : xstrdup("refused");
	ok = TEST_ROW(ok, text, "twice is not once: %s", twice);
	nmstate_verify(want, after, &v);
	found = findings(&v);
	ok &= TEST_ROW(!*found, text, "does not verify: %s", found);
	undo = nmstate_rollback(before, target);
	ok &= TEST_ROW(json_equal(undo, back), text, "rollback does not bring back");
	return ok;
}

static void test_properties(void)
{
	struct prng p;
	size_t good = 0, failed = 0;

	prng_init(&p, 7);
	for (int round = 0; round < 60 && !failed; round++) {
		_cleanup_json_ json_t *network = booted();

		for (int step = 0; step < 8 && !failed; step++) {
			_cleanup_free_ char *text = random_document(&p);
			_cleanup_json_ json_t *want = Y(text), *target = NULL;
			_cleanup_diags_ struct diags d = DIAGS_INIT;
			json_t *next;

			if (nmstate_merge(network, want, &target, &d) < 0)
				continue;
			good++;
			failed += !holds(network, want, target, text);
			next = nmstate_applied(network, target);
			json_decref(network);
			network = next;
		}
	}
	TEST_ROW(good > 150, "documents", "only %zu were accepted", good);
}

TEST_SUITE(nmstate_merge, {"documented", test_documented}, {"mappings", test_mappings},
	   {"ports", test_ports}, {"br_ex", test_br_ex}, {"patch_kept", test_patch_kept},
	   {"properties", test_properties})
