/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/localnet_lint.h"

#include "api/testing.h"
#include "lab/topology.h"

static json_t *nad(const char *name, const char *mapping)
{
	json_t *o = json_pack("{s:s, s:s, s:{s:s, s:s}}", "apiVersion", "k8s.cni.cncf.io/v1",
			      "kind", "NetworkAttachmentDefinition", "metadata", "namespace", "ns",
			      "name", name);

	jset(o, "spec.config",
	     jstringf("{\"cniVersion\":\"1.0.0\",\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"%s\","
		      "\"topology\":\"localnet\",\"netAttachDefName\":\"ns/%s\","
		      "\"physicalNetworkName\":\"%s\"}",
		      name, name, mapping));
	return o;
}

static json_t *policy(const char *node, const char *localnet, const char *bridge)
{
	json_t *o = J("{'apiVersion': 'nmstate.io/v1', 'kind': 'NodeNetworkConfigurationPolicy', "
		      "'metadata': {'name': 'p'}, 'spec': {}}");

	if (node)
		jset(o, "spec.nodeSelector", json_pack("{s:s}", "kubernetes.io/hostname", node));
	jset(o, "spec.desiredState.ovn.bridge-mappings",
	     json_pack("[{s:s, s:s}]", "localnet", localnet, "bridge", bridge));
	return o;
}

static char *lint(const json_t *topology, json_t *objects)
{
	_cleanup_json_ json_t *nads = json_array();
	_cleanup_diags_ struct diags d = DIAGS_INIT, other = DIAGS_INIT;
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_networks_ struct networks n = {0};
	json_t *o;
	size_t i;

	CU_ASSERT_EQUAL(ovnk_config_from_topology(&c, topology, NULL), 0);
	json_array_foreach(objects, i, o)
		if (streq(jstr(o, "kind", ""), "NetworkAttachmentDefinition"))
			json_array_append(nads, o);
	networks_build(nads, &c, NULL, &n, &other);
	localnet_lint(topology, objects, &n, &d);
	json_decref(objects);
	return findings(&d);
}

#define WAIT(nodes)                                                                       \
	" spec.config.physicalNetworkName: pods and VMs of network a will wait on " nodes \
	", whose bridge mappings lack dc (E23)"

static void test_mappings(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *topology = topology_load("topo/two-workers.yaml", &d);
	const struct {
		const char *row, *want;
		json_t *objects;
	} rows[] = {
		{"no policies: perhaps they are elsewhere", "note" WAIT("worker-a, worker-b"),
		 json_pack("[o]", nad("a", "dc"))},
		{"one node", "warning" WAIT("worker-b"),
		 json_pack("[o, o]", nad("a", "dc"), policy("worker-a", "dc", "br-ex"))},
		{"all nodes", "", json_pack("[o, o]", nad("a", "dc"), policy(NULL, "dc", "br-ex"))},
		{"another name", "warning" WAIT("worker-a, worker-b"),
		 json_pack("[o, o]", nad("a", "dc"), policy(NULL, "dc2", "br-ex"))},
		{"a bridge that nobody makes: the policy fails",
		 "warning" WAIT("worker-a, worker-b"),
		 json_pack("[o, o]", nad("a", "dc"), policy(NULL, "dc", "br9"))},
		{"OVN-Kubernetes' own", "", json_pack("[o]", nad("a", "physnet"))},
	};

	if (!TEST_ROW(topology, "topology", "%zu findings", d.n))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = lint(topology, rows[i].objects);

		TEST_ROW(streq(got, rows[i].want), rows[i].row, "got %s", got);
	}
}

TEST_SUITE(localnet_lint, {"mappings", test_mappings})
