/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/mapping.h"

#include "test/test.h"

static const char todo[] =
	"; add {localnet: dc, bridge: BRIDGE} to desiredState.ovn.bridge-mappings"
	" of a NodeNetworkConfigurationPolicy that selects worker-b";
static const char head[] = "node worker-b cannot attach network blue: failed to find OVN "
			   "bridge-mapping for network: \"dc\"";

static void test_judge(void)
{
	static const struct {
		const char *row, *a, *b; /* mappings of worker-a and worker-b */
		enum mapping_fate want;
		const char *middle; /* of the sentence */
	} rows[] = {
		{"mapped", "", "dc:ovs-br1", MAPPING_GOOD, NULL},
		{"among others", "", "physnet:br-ex,dc:ovs-br1", MAPPING_GOOD, NULL},
		{"unknown", "", NULL, MAPPING_UNKNOWN, NULL},
		{"none at all", "", "", MAPPING_REFUSED,
		 "; the node has no ovn-bridge-mappings; no other node maps it either"},
		{"others only", "physnet:br-ex", "physnet:br-ex", MAPPING_REFUSED,
		 "; the node's ovn-bridge-mappings are physnet:br-ex; no other node maps it "
		 "either"},
		{"on the other node", "dc:ovs-br1", "physnet:br-ex", MAPPING_REFUSED,
		 "; the node's ovn-bridge-mappings are physnet:br-ex; mapped on node worker-a to "
		 "bridge ovs-br1"},
		{"three parts", "dc:ovs-br1", "dc:ovs-br1:x", MAPPING_REFUSED,
		 "; its entry \"dc:ovs-br1:x\" is malformed: expected dc:BRIDGE with exactly one "
		 "colon; mapped on node worker-a to bridge ovs-br1"},
		{"no colon", "dc:ovs-br1", "physnet:br-ex,dc", MAPPING_REFUSED,
		 "; its entry \"dc\" is malformed: expected dc:BRIDGE with exactly one colon; "
		 "mapped on node worker-a to bridge ovs-br1"},
		{"other case", "", "DC:br-ex", MAPPING_REFUSED,
		 "; the node's ovn-bridge-mappings are DC:br-ex (is DC meant?); no other node maps "
		 "it either"},
	};
	struct netconf c = {.topology = OVNK_LOCALNET,
			    .name = (char *)"blue",
			    .physical_network = (char *)"dc"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mapping_node v[] = {{"worker-a", rows[i].a, NULL},
					   {"worker-b", rows[i].b, NULL}};
		_cleanup_free_ char *why = NULL, *want = NULL;
		enum mapping_fate got = mapping_judge(&c, v, ARRAY_SIZE(v), 1, &why);

		if (rows[i].middle)
			want = xasprintf("%s%s%s", head, rows[i].middle, todo);
		TEST_ROW(got == rows[i].want, rows[i].row, "fate %d", got);
		TEST_ROW(got == MAPPING_UNKNOWN || streq0(why, want), rows[i].row, "got %s",
			 why ?: "(null)");
	}
}

/* Upstream looks at the text only: the pod runs, and reaches nobody. */
static void test_dangling(void)
{
	_cleanup_json_ json_t *bridges = json_pack("[s, s]", "br-ex", "ovs-br1");
	struct netconf c = {.topology = OVNK_LOCALNET,
			    .name = (char *)"blue",
			    .physical_network = (char *)"dc"};
	struct mapping_node v = {"worker-b", "dc:ovs-br9", bridges};
	_cleanup_free_ char *why = NULL, *none = NULL;

	CU_ASSERT_EQUAL(mapping_judge(&c, &v, 1, 0, &why), MAPPING_DANGLING);
	TEST_STR(why, "node worker-b maps dc of network blue to bridge \"ovs-br9\", which does not "
		      "exist in its Open vSwitch: what runs there has no path to the physical "
		      "network; make the bridge by a NodeNetworkConfigurationPolicy, or map dc to "
		      "one of br-ex, ovs-br1");
	v.mappings = "dc:ovs-br1";
	CU_ASSERT_EQUAL(mapping_judge(&c, &v, 1, 0, &none), MAPPING_GOOD);
	c.topology = OVNK_LAYER2;
	v.mappings = "";
	CU_ASSERT_EQUAL(mapping_judge(&c, &v, 1, 0, &none), MAPPING_GOOD);
}

TEST_SUITE(mapping, {"judge", test_judge}, {"dangling", test_dangling})
