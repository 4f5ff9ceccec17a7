/* SPDX-License-Identifier: Apache-2.0 */
/* What a node that did not become what was desired is told. */
#include "nmstate/testing.h"

static const char desired[] =
	"interfaces:\n"
	"- {name: eth1, type: ethernet, mtu: 9000}\n"
	"- name: ovs-br1\n"
	"  type: ovs-bridge\n"
	"  bridge:\n"
	"    options: {stp: false, mcast-snooping-enable: true}\n"
	"    port:\n"
	"    - {name: eth1, vlan: {mode: access, tag: 10}}\n"
	"    - {name: ovs-br1}\n"
	"- name: ovs-br1\n"
	"  type: ovs-interface\n"
	"  ipv4: {enabled: true, address: [{ip: 192.0.2.7, prefix-length: 24}]}\n"
	"ovn: {bridge-mappings: [{localnet: a, bridge: ovs-br1}, {localnet: "
	"old, state: absent}]}\n";

/* What to do to a node that has become as desired, as a merge patch of one interface or mapping. */
struct row {
	const char *name;
	const char *iface, *type, *patch; /* type NULL: patches the document */
	const char *want;
};

static char *verify(const char *want, const json_t *actual)
{
	_cleanup_json_ json_t *w = Y(want);
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	char *found;
	int r = nmstate_verify(w, actual, &d);

	found = findings(&d);
	TEST_ROW((r < 0) == (*found != '\0'), want, "r %d, %s", r, found);
	return found;
}

static json_t *broken(const json_t *network, const struct row *row)
{
	_cleanup_json_ json_t *patch = Y(row->patch), *list = NULL;
	json_t *out, *v;
	size_t i;

	if (!row->type)
		return jmerge_patch(network, patch);
	out = json_deep_copy(network);
	list = json_incref(json_object_get(out, "interfaces"));
	json_array_foreach(list, i, v)
		if (streq(jstr(v, "name", ""), row->iface) &&
		    streq(jstr(v, "type", ""), row->type)) {
			json_t *changed = jmerge_patch(v, patch);

			json_array_set_new(list, i, changed);
		}
	return out;
}

#define AT "error spec.desiredState.interfaces."

static void test_differences(void)
{
	static const struct row rows[] = {
		{"as desired", "-", NULL, "{}", ""},
		{"MTU", "eth1", "ethernet", "{mtu: 1500}",
		 AT "0.mtu: verification failed: ethernet eth1: mtu: desired 9000, actual 1500"},
		{"state", "eth1", "ethernet", "{state: down}",
		 AT "0.state: verification failed: ethernet eth1: state: desired up, actual down"},
		{"an option", "ovs-br1", "ovs-bridge",
		 "{bridge: {options: {mcast-snooping-enable: false}}}",
		 AT "1.bridge.options.mcast-snooping-enable: verification failed: ovs-bridge "
		    "ovs-br1: bridge.options.mcast-snooping-enable: desired true, actual false"},
		{"a port's VLAN", "ovs-br1", "ovs-bridge",
		 "{bridge: {port: [{name: eth1}, {name: ovs-br1}]}}",
		 AT "1.bridge.port[eth1].vlan: verification failed: ovs-bridge ovs-br1: "
		    "bridge.port[eth1].vlan: desired {\"mode\":\"access\",\"tag\":10}, actual "
		    "nothing"},
		{"a missing port", "ovs-br1", "ovs-bridge", "{bridge: {port: [{name: ovs-br1}]}}",
		 AT "1.bridge.port: verification failed: ovs-bridge ovs-br1: bridge.port: desired "
		    "eth1, actual nothing"},
		{"an extra port", "ovs-br1", "ovs-bridge",
		 "{bridge: {port: [{name: eth1, vlan: {mode: access, tag: 10}}, {name: eth2}, "
		 "{name: ovs-br1}]}}",
		 AT "1.bridge.port: verification failed: ovs-bridge ovs-br1: bridge.port: actual "
		    "has the port eth2, which is not desired"},
		{"a bond where there was none", "ovs-br1", "ovs-bridge",
		 "{bridge: {port: [{name: eth1, vlan: {mode: access, tag: 10}, link-aggregation: "
		 "{mode: lacp, port: [{name: eth2}]}}, {name: ovs-br1}]}}",
		 AT "1.bridge.port[eth1].link-aggregation: verification failed: ovs-bridge "
		    "ovs-br1: bridge.port[eth1].link-aggregation: desired null, actual "
		    "{\"mode\":\"lacp\",\"port\":[{\"name\":\"eth2\"}]}"},
		{"an address", "ovs-br1", "ovs-interface",
		 "{ipv4: {address: [{ip: 192.0.2.7, prefix-length: 25}]}}",
		 AT "2.ipv4.address: verification failed: ovs-interface ovs-br1: ipv4.address: "
		    "desired {\"ip\":\"192.0.2.7\",\"prefix-length\":24}, actual "
		    "[{\"ip\":\"192.0.2.7\",\"prefix-length\":25}]"},
		{"a family", "ovs-br1", "ovs-interface", "{ipv4: {enabled: false}}",
		 AT "2.ipv4.enabled: verification failed: ovs-interface ovs-br1: ipv4.enabled: "
		    "desired true, actual false"},
		{"N5 mappings by localnet", "-", NULL,
		 "{ovn: {bridge-mappings: [{localnet: a, bridge: br-ex}, {localnet: old, bridge: "
		 "br-ex}, {localnet: other, bridge: br-ex}]}}",
		 "error spec.desiredState.ovn.bridge-mappings.0: verification failed: "
		 "ovn.bridge-mappings: a: desired ovs-br1, actual br-ex\n"
		 "error spec.desiredState.ovn.bridge-mappings.1: verification failed: "
		 "ovn.bridge-mappings: old: desired absent, actual br-ex"},
		{"nothing came", "-", NULL, "{interfaces: [], ovn: {bridge-mappings: null}}",
		 AT "0.state: verification failed: ethernet eth1: state: desired up, actual "
		    "absent\n" AT
		    "1.state: verification failed: ovs-bridge ovs-br1: state: desired "
		    "up, actual absent\n" AT "2.state: verification failed: ovs-interface ovs-br1: "
		    "state: desired up, actual absent\n"
		    "error spec.desiredState.ovn.bridge-mappings.0: verification failed: "
		    "ovn.bridge-mappings: a: desired ovs-br1, actual absent"},
	};
	_cleanup_json_ json_t *network = apply_to(booted(), desired);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *actual = broken(network, &rows[i]);
		_cleanup_free_ char *got = verify(desired, actual);

		TEST_ROW(streq(got, rows[i].want), rows[i].name, "got:\n%s\nwant:\n%s", got,
			 rows[i].want);
	}
}

static const char trunk[] = "interfaces: [{name: br1, type: ovs-bridge, bridge: {%s port: [{name: "
			    "eth1, vlan: {mode: trunk, trunk-tags: [{id: 3}, {id: 4}, {id-range: "
			    "{min: 5, max: 6}}]}}]}}]";

/* VLANs are compared as sets; OVN's patch port needs leave (N10). */
static void test_patch_ports(void)
{
	_cleanup_free_ char *strict = xasprintf(trunk, "");
	_cleanup_free_ char *lenient = xasprintf(trunk, "allow-extra-patch-ports: true,");
	_cleanup_json_ json_t *actual =
		Y("interfaces: [{name: br1, type: ovs-bridge, state: up, bridge: {options: {}, "
		  "port: [{name: eth1, vlan: {mode: trunk, trunk-tags: [{id-range: {min: 3, max: "
		  "6}}], enable-native: false}}, {name: patch-a}]}}, {name: patch-a, type: "
		  "ovs-interface, patch: {peer: patch-b}}]");
	_cleanup_free_ char *refused = verify(strict, actual), *allowed = verify(lenient, actual);

	TEST_STR(allowed, "");
	TEST_STR(refused, AT "0.bridge.port: verification failed: ovs-bridge br1: bridge.port: "
			     "actual has the patch port patch-a, which is not desired");
}

static void test_absent(void)
{
	static const char gone[] =
		"interfaces: [{name: eth1, type: ethernet, state: absent}, {name: "
		"ovs-br1, state: absent, type: ovs-bridge}]";
	_cleanup_json_ json_t *network = apply_to(booted(), desired);
	_cleanup_free_ char *got = verify(gone, network);

	TEST_STR(got,
		 AT "0.state: verification failed: ethernet eth1: state: desired absent, "
		    "actual up\n" AT "1.state: verification failed: ovs-bridge ovs-br1: state: "
		    "desired absent, actual up");
}

static void test_message(void)
{
	_cleanup_json_ json_t *want = Y("{interface: [], ovn: {bridge-mappings: [{localnet: a}]}}");
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *message = NULL;

	nmstate_check(want, &d);
	message = nmstate_message(&d);
	TEST_STR(message,
		 "interface: unknown key \"interface\" (did you mean \"interfaces\"?); "
		 "ovn.bridge-mappings.0: the mapping of localnet \"a\" has no bridge (name "
		 "the OVS bridge, or remove the mapping with state: absent)");
}

TEST_SUITE(nmstate_verify, {"differences", test_differences}, {"patch_ports", test_patch_ports},
	   {"absent", test_absent}, {"message", test_message})
