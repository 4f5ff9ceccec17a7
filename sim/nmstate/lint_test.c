/* SPDX-License-Identifier: Apache-2.0 */
#include "nmstate/lint.h"

#include "nmstate/testing.h"

static const char topology[] =
	"underlay: {mtu: 1500}\n"
	"nodes:\n"
	"- {name: a, labels: {role: w, zone: x}, nics: [{name: eth1, mtu: 1500}]}\n"
	"- {name: b, labels: {role: w}, nics: [{name: ens3, mtu: 1500}]}\n";

#define NNCP(name, spec)                                                                           \
	"{apiVersion: nmstate.io/v1, kind: NodeNetworkConfigurationPolicy, metadata: {name: " name \
	"}, spec: {" spec "}}"
#define BR1(port, more) \
	"interfaces: [{name: br1, type: ovs-bridge, bridge: {" more " port: [{name: " port "}]}}]"
#define MAP(l, b) "ovn: {bridge-mappings: [{localnet: " l ", bridge: " b "}]}"
#define EXTRA "allow-extra-patch-ports: true,"
#define NAD(config)                                                                                \
	"{apiVersion: k8s.cni.cncf.io/v1, kind: NetworkAttachmentDefinition, metadata: {name: n, " \
	"namespace: d}, spec: {config: '" config "'}}"

static void run(const char *name, const char *objects, bool with_topology, const char *want)
{
	_cleanup_json_ json_t *list = Y(objects), *t = with_topology ? Y(topology) : NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;

	nmstate_lint(list, t, &d);
	for (size_t i = 0; i < d.n; i++) {
		static const char *const names[] = {"error", "warning", "note"};

		buf_printf(&b, "%s%s %s %s %s: %s", i ? "\n" : "", names[d.v[i].severity],
			   d.v[i].rule, d.v[i].object + strlen("NodeNetworkConfigurationPolicy "),
			   d.v[i].path, d.v[i].msg);
	}
	TEST_ROW(streq(buf_str(&b), want), name, "got:\n%s\nwant:\n%s", buf_str(&b), want);
}

#define P "spec.desiredState."

static void test_documents(void)
{
	run("good",
	    "[" NNCP("p", "desiredState: {" BR1("eth1", EXTRA) ", " MAP("l", "br1") "}") "]", false,
	    "");
	run("a bridge of another policy",
	    "[" NNCP("m", "desiredState: {" MAP("l", "br1") "}") ", " NNCP(
		    "b", "desiredState: {" BR1("eth1", EXTRA) "}") "]",
	    false, "");
	run("a bridge of nobody", "[" NNCP("m", "desiredState: {" MAP("l", "br9") "}") "]", false,
	    "warning lint/nmstate-bridge m " P "ovn.bridge-mappings.0: localnet l is mapped to "
	    "bridge br9, which no policy given here makes");
	run("patch ports",
	    "[" NNCP("p", "desiredState: {" BR1("eth1", "") ", " MAP("l", "br1") "}") "]", false,
	    "warning lint/nmstate-patch-ports p " P "interfaces.0.bridge: br1 carries a localnet, "
	    "but allow-extra-patch-ports is not set");
	run("errors stay",
	    "[" NNCP("p", "desiredState: {ovn: {bridge-mappings: [{localnet: l}]}}") "]", false,
	    "error N2 p " P "ovn.bridge-mappings.0: the mapping of localnet \"l\" has no bridge");
	run("nothing desired", "[" NNCP("p", "") "]", true, "");
}

static void test_localnets(void)
{
	static const char map[] = NNCP("p", "desiredState: {" MAP("l", "br-ex") "}");
	_cleanup_free_ char *by_name =
		xasprintf("[%s, %s]", map, NAD("{\"name\":\"l\",\"topology\":\"localnet\"}"));
	_cleanup_free_ char *by_physnet =
		xasprintf("[%s, %s]", map,
			  NAD("{\"plugins\":[{\"topology\":\"localnet\","
			      "\"physicalNetworkName\":\"l\"}],\"name\":\"n\"}"));
	_cleanup_free_ char *by_none =
		xasprintf("[%s, %s]", map, NAD("{\"name\":\"m\",\"topology\":\"localnet\"}"));
	_cleanup_free_ char *layer2 =
		xasprintf("[%s, %s]", map, NAD("{\"name\":\"m\",\"topology\":\"layer2\"}"));
	_cleanup_free_ char *cudn = xasprintf(
		"[%s, {apiVersion: k8s.ovn.org/v1, kind: ClusterUserDefinedNetwork, metadata: "
		"{name: c}, spec: {network: {topology: Localnet, localnet: {physicalNetworkName: "
		"l}}}}]",
		map);

	run("by name", by_name, false, "");
	run("by physicalNetworkName", by_physnet, false, "");
	run("by a CUDN", cudn, false, "");
	run("layer2 does not count", layer2, false, "");
	run("by none", by_none, false,
	    "note lint/nmstate-localnet p " P "ovn.bridge-mappings.0: no localnet network given "
	    "here uses l");
}

static void test_nodes(void)
{
	run("a NIC that only one node has",
	    "[" NNCP("p", "desiredState: {" BR1("eth1", EXTRA) "}") "]", true,
	    "warning lint/nmstate-port p " P "interfaces.0.bridge.port: on b: the node has no "
	    "interface eth1: nmstate makes an internal port of this name, and br1 gets no uplink "
	    "from it");
	run("an ethernet that no node has",
	    "[" NNCP("p", "desiredState: {interfaces: [{name: eth7, type: ethernet}]}") "]", true,
	    "error nmstate p " P "interfaces.0: on a, b: the node has no NIC eth7");
	run("selector",
	    "[" NNCP("p",
		     "nodeSelector: {zone: x}, desiredState: {" BR1(
			     "eth1",
			     EXTRA) "}") ", " NNCP("q",
						   "nodeSelector: {zone: y}, desiredState: {" BR1(
							   "eth1", EXTRA) "}") "]",
	    true,
	    "warning lint/nmstate-selector q spec.nodeSelector: selects no node of the topology: "
	    "the policy is Ignored");
	run("a bridge of another policy, on one node only",
	    "[" NNCP("m", "desiredState: {" MAP("l", "br1") "}") ", " NNCP(
		    "b", "nodeSelector: {zone: x}, desiredState: {" BR1("eth1", EXTRA) "}") "]",
	    true,
	    "error N6 m " P "ovn: on b: localnet l is mapped to bridge br1, which the node does "
	    "not have");
	run("br-ex", "[" NNCP("p", "desiredState: {" BR1("eth0", EXTRA) "}") "]", true,
	    "error nmstate/br-ex p " P
	    "interfaces.0: on a, b: eth0 is a port of br-ex: it cannot be "
	    "moved to br1");
}

TEST_SUITE(nmstate_lint, {"documents", test_documents}, {"localnets", test_localnets},
	   {"nodes", test_nodes})
