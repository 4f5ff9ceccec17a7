/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of OVN-Kubernetes' own validation suite (facts/ovn-kubernetes.md §4.10,
 * test/e2e/testscenario/cudn), one row a case.
 */
#include "api/meta.h"
#include "api/testing.h"

#define NAME64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define P "spec.network"
#define LN P ".localnet"
#define L2 P ".layer2"

static json_t *object(const struct kind *k, const char *spec)
{
	json_t *obj = meta_new(k, k->namespaced ? "ns" : NULL, "a");

	json_object_set_new(obj, "spec", J(spec));
	return obj;
}

static char *judge(const struct kind *k, const char *spec, const char *old)
{
	_cleanup_json_ json_t *obj = object(k, spec), *before = old ? object(k, old) : NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	kind_admit(obj, before, KIND_STRICT, &d);
	return findings(&d);
}

struct row {
	const char *name, *spec, *want;
};

static void run(const struct kind *k, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *got = judge(k, rows[i].spec, NULL);

		TEST_ROW(streq(got, rows[i].want), rows[i].name, "got:\n%s\nwant:\n%s", got,
			 rows[i].want);
	}
}

#define CLUSTER(network) "{'namespaceSelector': {}, 'network': " network "}"
#define LOCALNET(more) \
	CLUSTER("{'topology': 'Localnet', 'localnet': {'role': 'Secondary', " more "}}")
#define PHYS "'physicalNetworkName': 'dc'"
#define IPAM(more) LOCALNET(PHYS ", " more)
#define RANGE "'subnets': ['10.0.0.0/24']"
#define LAYER2(more) CLUSTER("{'topology': 'Layer2', 'layer2': {" more "}}")

static void test_mtu(void)
{
	static const struct row rows[] = {
		{"above 65536", IPAM(RANGE ", 'mtu': 65537"),
		 "error " LN ".mtu: Invalid value: 65537: " LN
		 ".mtu in body should be less than or "
		 "equal to 65536"},
		{"below 576", IPAM(RANGE ", 'mtu': 575"),
		 "error " LN ".mtu: Invalid value: 575: " LN
		 ".mtu in body should be greater than or "
		 "equal to 576"},
		{"IPv6 below 1280", IPAM("'subnets': ['2001:db8::/64'], 'mtu': 1279"),
		 "error " LN ": Invalid value: \"object\": MTU should be greater than or equal to "
		 "1280 when an IPv6 subnet is used"},
		{"dual stack below 1280",
		 IPAM("'subnets': ['10.0.0.0/24', '2001:db8::/64'], 'mtu': 1279"),
		 "error " LN ": Invalid value: \"object\": MTU should be greater than or equal to "
		 "1280 when an IPv6 subnet is used"},
		{"the least", IPAM(RANGE ", 'mtu': 576"), ""},
		{"the least with IPv6", IPAM("'subnets': ['2001:db8::/64'], 'mtu': 1280"), ""},
		{"the most", IPAM(RANGE ", 'mtu': 65536"), ""},
	};

	run(&kind_cudn, rows, ARRAY_SIZE(rows));
}

static void test_physical_network(void)
{
#define CHARS "physicalNetworkName cannot contain `,` or `:` characters"
#define NAMED(name) LOCALNET("'physicalNetworkName': '" name "', " RANGE)
#define BAD(name) "error " LN ".physicalNetworkName: Invalid value: \"" name "\": " CHARS
	static const struct row rows[] = {
		{"unset", LOCALNET(RANGE), "error " LN ".physicalNetworkName: Required value"},
		{"empty", NAMED(""),
		 "error " LN ".physicalNetworkName: Invalid value: \"\": " LN
		 ".physicalNetworkName in body should be at least 1 chars long"},
		{"254 characters",
		 NAMED(NAME64 NAME64 NAME64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					    "aaaaaaaaaaaaaaaaaaaaaaaaaa"),
		 "error " LN ".physicalNetworkName: Too long: may not be more than 253 bytes"},
		{"253 characters",
		 NAMED(NAME64 NAME64 NAME64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					    "aaaaaaaaaaaaaaaaaaaaaaaaa"),
		 ""},
		{"colon", NAMED("a:b"), BAD("a:b")},
		{"comma", NAMED("a,b"), BAD("a,b")},
		{"colon first", NAMED(":a"), BAD(":a")},
		{"comma first", NAMED(",a"), BAD(",a")},
		{"colon last", NAMED("a:"), BAD("a:")},
		{"comma last", NAMED("a,"), BAD("a,")},
	};

	run(&kind_cudn, rows, ARRAY_SIZE(rows));
}

static void test_role(void)
{
#define LOCAL(more) CLUSTER("{'topology': 'Localnet', 'localnet': {" more ", " PHYS ", " RANGE "}}")
	static const struct row rows[] = {
		{"unset", CLUSTER("{'topology': 'Localnet', 'localnet': {" PHYS ", " RANGE "}}"),
		 "error " LN ".role: Required value"},
		{"primary", LOCAL("'role': 'Primary'"),
		 "error " LN ".role: Unsupported value: \"Primary\": supported values: "
		 "\"Secondary\""},
		{"lower case", LOCAL("'role': 'secondary'"),
		 "error " LN ".role: Unsupported value: \"secondary\": supported values: "
		 "\"Secondary\""},
	};

	run(&kind_cudn, rows, ARRAY_SIZE(rows));
}

static void test_subnets(void)
{
#define ENABLED                                                                                   \
	"error " LN ": Invalid value: \"object\": Subnets is required with ipam.mode is Enabled " \
	"or unset, and forbidden otherwise"
#define EXCLUDE                                                                                  \
	"error " LN ": Invalid value: \"object\": excludeSubnets must be unset when subnets is " \
	"unset"
#define FAMILIES                                                                                   \
	"error " LN ".subnets: Invalid value: \"array\": When 2 CIDRs are set, they must be from " \
	"different IP families"
	static const struct row rows[] = {
		{"no subnets, no ipam", LOCALNET(PHYS), ENABLED},
		{"ipam enabled without subnets", IPAM("'ipam': {'mode': 'Enabled'}"), ENABLED},
		{"ipam disabled with subnets", IPAM(RANGE ", 'ipam': {'mode': 'Disabled'}"),
		 ENABLED},
		{"empty subnets", IPAM("'subnets': []"),
		 "error " LN ".subnets: Invalid value: 0: " LN
		 ".subnets in body should have at least 1 items"},
		{"excludes without subnets", IPAM("'excludeSubnets': ['10.0.0.1/24']"),
		 ENABLED "\n" EXCLUDE},
		{"excludes, ipam disabled",
		 IPAM("'excludeSubnets': ['10.0.0.1/24'], 'ipam': {'mode': 'Disabled'}"), EXCLUDE},
		{"subnets and excludes, ipam disabled",
		 IPAM(RANGE ", 'excludeSubnets': ['10.0.0.1/32'], 'ipam': {'mode': 'Disabled'}"),
		 ENABLED},
		{"no IPv4 CIDR", IPAM("'subnets': ['300.0.0.0/24']"),
		 "error " LN ".subnets.0: Invalid value: \"300.0.0.0/24\": CIDR is invalid"},
		{"no IPv6 CIDR", IPAM("'subnets': ['2014:100:200::0/300']"),
		 "error " LN ".subnets.0: Invalid value: \"2014:100:200::0/300\": CIDR is invalid"},
		{"no prefix length", IPAM("'subnets': ['10.0.0.0']"),
		 "error " LN ".subnets.0: Invalid value: \"10.0.0.0\": CIDR is invalid"},
		{"two IPv4", IPAM("'subnets': ['10.10.0.0/24', '10.20.0.0/24']"), FAMILIES},
		{"two IPv6", IPAM("'subnets': ['2001:aaa::/64', '2001:bbb::/64']"), FAMILIES},
		{"three", IPAM("'subnets': ['10.10.0.0/24', '2001:aaa::/64', '10.20.0.0/24']"),
		 "error " LN ".subnets: Too many: 3: must have at most 2 items"},
		{"empty excludes", IPAM(RANGE ", 'excludeSubnets': []"),
		 "error " LN ".excludeSubnets: Invalid value: 0: " LN
		 ".excludeSubnets in body should have at least 1 items"},
		{"exclude is no IPv4 CIDR", IPAM(RANGE ", 'excludeSubnets': ['10.0.0.0/300']"),
		 "error " LN ".excludeSubnets.0: Invalid value: \"10.0.0.0/300\": CIDR is invalid"},
		{"exclude is no IPv6 CIDR",
		 IPAM(RANGE ", 'excludeSubnets': ['2014:100:200::0/300']"),
		 "error " LN ".excludeSubnets.0: Invalid value: \"2014:100:200::0/300\": CIDR is "
		 "invalid"},
		{"persistent without ipam",
		 IPAM("'ipam': {'mode': 'Disabled', 'lifecycle': 'Persistent'}"),
		 "error " LN ".ipam: Invalid value: \"object\": lifecycle Persistent is only "
		 "supported when ipam.mode is Enabled"},
		{"unknown mode", IPAM("'ipam': {'mode': 'Auto'}"),
		 "error " LN ".ipam.mode: Unsupported value: \"Auto\": supported values: "
		 "\"Enabled\", \"Disabled\""},
		{"excludes outside: not the API's to find",
		 IPAM(RANGE ", 'excludeSubnets': ['10.9.0.0/29']"), ""},
	};

	run(&kind_cudn, rows, ARRAY_SIZE(rows));
}

static void test_vlan(void)
{
#define VLAN(v) IPAM(RANGE ", 'vlan': " v)
	static const struct row rows[] = {
		{"mode", VLAN("{'mode': 'Trunk'}"),
		 "error " LN ".vlan.mode: Unsupported value: \"Trunk\": supported values: "
		 "\"Access\""},
		{"no access", VLAN("{'mode': 'Access'}"),
		 "error " LN
		 ".vlan: Invalid value: \"object\": vlan access config is required when "
		 "vlan mode is 'Access', and forbidden otherwise"},
		{"no id", VLAN("{'mode': 'Access', 'access': {}}"),
		 "error " LN ".vlan.access.id: Required value"},
		{"no mode", VLAN("{'access': {'id': 7}}"),
		 "error " LN ".vlan.mode: Required value"},
		{"0", VLAN("{'mode': 'Access', 'access': {'id': 0}}"),
		 "error " LN ".vlan.access.id: Invalid value: 0: " LN
		 ".vlan.access.id in body should be greater than or equal to 1"},
		{"4095", VLAN("{'mode': 'Access', 'access': {'id': 4095}}"),
		 "error " LN ".vlan.access.id: Invalid value: 4095: " LN
		 ".vlan.access.id in body should be less than or equal to 4094"},
		{"1", VLAN("{'mode': 'Access', 'access': {'id': 1}}"), ""},
		{"4094", VLAN("{'mode': 'Access', 'access': {'id': 4094}}"), ""},
		{"text", VLAN("{'mode': 'Access', 'access': {'id': '7'}}"),
		 "error " LN ".vlan.access.id: Invalid value: \"7\": must be an integer, found a "
		 "string"},
		{"a number", VLAN("200"),
		 "error " LN ".vlan: Invalid value: 200: must be an object, found an integer"},
	};

	run(&kind_cudn, rows, ARRAY_SIZE(rows));
}

#define NEEDS(section, topology)                                \
	"error " P ": Invalid value: \"object\": spec." section \
	" is required when topology is " topology " and forbidden otherwise"
#define L2_GOOD "'layer2': {'role': 'Secondary', 'subnets': ['10.0.0.0/24']}"
#define L3_GOOD "'layer3': {'role': 'Primary', 'subnets': [{'cidr': '10.0.0.0/16'}]}"
#define LN_GOOD "'localnet': {'role': 'Secondary', " PHYS ", " RANGE "}"

static void test_topology(void)
{
	static const struct row rows[] = {
		{"Localnet with layer2", CLUSTER("{'topology': 'Localnet', " L2_GOOD "}"),
		 NEEDS("layer2", "Layer2") "\n" NEEDS("localnet", "Localnet")},
		{"Localnet with layer3", CLUSTER("{'topology': 'Localnet', " L3_GOOD "}"),
		 NEEDS("layer3", "Layer3") "\n" NEEDS("localnet", "Localnet")},
		{"Layer2 with localnet", CLUSTER("{'topology': 'Layer2', " LN_GOOD "}"),
		 NEEDS("layer2", "Layer2") "\n" NEEDS("localnet", "Localnet")},
		{"Layer3 with localnet", CLUSTER("{'topology': 'Layer3', " LN_GOOD "}"),
		 NEEDS("layer3", "Layer3") "\n" NEEDS("localnet", "Localnet")},
		{"nothing", CLUSTER("{'topology': 'Localnet'}"), NEEDS("localnet", "Localnet")},
		{"both", CLUSTER("{'topology': 'Localnet', " LN_GOOD ", " L2_GOOD "}"),
		 NEEDS("layer2", "Layer2")},
		{"unknown", CLUSTER("{'topology': 'localnet', " LN_GOOD "}"),
		 "error " P ".topology: Unsupported value: \"localnet\": supported values: "
		 "\"Layer2\", \"Layer3\", \"Localnet\""},
		{"none", CLUSTER("{" LN_GOOD "}"), "error " P ".topology: Required value"},
		{"no network", "{'namespaceSelector': {}}", "error " P ": Required value"},
		{"no selector", "{'network': {'topology': 'Localnet', " LN_GOOD "}}",
		 "error spec.namespaceSelector: Required value"},
		{"selector operator",
		 "{'namespaceSelector': {'matchExpressions': [{'key': 'a', 'operator': 'Is', "
		 "'values': ['b']}]}, 'network': {'topology': 'Localnet', " LN_GOOD "}}",
		 "error spec.namespaceSelector.matchExpressions.0.operator: Invalid value: \"Is\": "
		 "not a valid selector operator (In, NotIn, Exists, DoesNotExist)"},
		{"key of a NAD", LOCALNET(PHYS ", " RANGE ", 'vlanID': 5"),
		 "error " LN ".vlanID: unknown field \"vlanID\""},
	};

	run(&kind_cudn, rows, ARRAY_SIZE(rows));
}

static void test_valid(void)
{
	static const struct row rows[] = {
		{"minimal", LOCALNET(PHYS ", " RANGE), ""},
		{"persistent",
		 IPAM(RANGE ", 'ipam': {'mode': 'Enabled', 'lifecycle': 'Persistent'}"), ""},
		{"without ipam", IPAM("'ipam': {'mode': 'Disabled'}"), ""},
		{"the documentation's",
		 "{'namespaceSelector': {'matchExpressions': [{'key': "
		 "'kubernetes.io/metadata.name', 'operator': 'In', 'values': ['a', 'b']}]}, "
		 "'network': {'topology': 'Localnet', 'localnet': {'role': 'Secondary', "
		 "'physicalNetworkName': 'dc', 'ipam': {'mode': 'Disabled'}, 'mtu': 1500, 'vlan': "
		 "{'mode': 'Access', 'access': {'id': 100}}}}}",
		 ""},
		{"layer2", CLUSTER("{'topology': 'Layer2', " L2_GOOD "}"), ""},
		{"layer3", CLUSTER("{'topology': 'Layer3', " L3_GOOD "}"), ""},
	};

	run(&kind_cudn, rows, ARRAY_SIZE(rows));
}

static void test_layer2(void)
{
	static const struct row rows[] = {
		{"no subnets", LAYER2("'role': 'Secondary'"),
		 "error " L2 ": Invalid value: \"object\": Subnets is required with ipam.mode is "
		 "Enabled or unset"},
		{"disabled with subnets",
		 LAYER2("'role': 'Secondary', " RANGE ", 'ipam': {'mode': 'Disabled'}"),
		 "error " L2 ": Invalid value: \"object\": Subnets must be unset when ipam.mode is "
		 "Disabled"},
		{"disabled", LAYER2("'role': 'Secondary', 'ipam': {'mode': 'Disabled'}"), ""},
		{"primary without ipam", LAYER2("'role': 'Primary', 'ipam': {'mode': 'Disabled'}"),
		 "error " L2
		 ": Invalid value: \"object\": Disabled ipam.mode is only supported for "
		 "Secondary network"},
		{"join subnets",
		 LAYER2("'role': 'Secondary', " RANGE ", 'joinSubnets': ['100.64.0.0/16']"),
		 "error " L2
		 ": Invalid value: \"object\": JoinSubnets is only supported for Primary "
		 "network"},
		{"reserved",
		 LAYER2("'role': 'Secondary', " RANGE ", 'reservedSubnets': ['10.0.0.0/28']"),
		 "error " L2 ": Invalid value: \"object\": reservedSubnets is only supported for "
		 "Primary network"},
		{"excludes are localnet's",
		 LAYER2("'role': 'Secondary', " RANGE ", 'excludeSubnets': ['10.0.0.0/28']"),
		 "error " L2 ".excludeSubnets: unknown field \"excludeSubnets\""},
	};

	run(&kind_cudn, rows, ARRAY_SIZE(rows));
}

static void test_udn(void)
{
	static const struct row rows[] = {
		{"layer2", "{'topology': 'Layer2', " L2_GOOD "}", ""},
		{"no localnet", "{'topology': 'Localnet', " LN_GOOD "}",
		 "error spec.topology: Unsupported value: \"Localnet\": supported values: "
		 "\"Layer2\", \"Layer3\"\nerror spec.localnet: unknown field \"localnet\""},
		{"mismatch", "{'topology': 'Layer3', " L2_GOOD "}",
		 "error spec: Invalid value: \"object\": spec.layer3 is required when topology is "
		 "Layer3 and forbidden otherwise\nerror spec: Invalid value: \"object\": "
		 "spec.layer2 is required when topology is Layer2 and forbidden otherwise"},
		{"mtu",
		 "{'topology': 'Layer2', 'layer2': {'role': 'Secondary', 'mtu': 1, " RANGE "}}",
		 "error spec.layer2.mtu: Invalid value: 1: spec.layer2.mtu in body should be "
		 "greater "
		 "than or equal to 576"},
	};

	run(&kind_udn, rows, ARRAY_SIZE(rows));
}

static void test_immutable(void)
{
	static const struct {
		const struct kind *k;
		const char *old, *new, *want;
	} rows[] = {
		{&kind_cudn, IPAM(RANGE),
		 "{'namespaceSelector': {'matchLabels': {'a': 'b'}}, 'network': {'topology': "
		 "'Localnet', " LN_GOOD "}}",
		 ""},
		{&kind_cudn, IPAM(RANGE), IPAM(RANGE ", 'mtu': 1400"),
		 "error " LN ": Invalid value: \"object\": Localnet is immutable"},
		{&kind_cudn, IPAM(RANGE), CLUSTER("{'topology': 'Layer2', " L2_GOOD "}"),
		 "error " P ".topology: Invalid value: \"Layer2\": Topology is immutable"},
		{&kind_udn, "{'topology': 'Layer2', " L2_GOOD "}",
		 "{'topology': 'Layer2', 'layer2': {'role': 'Secondary', 'ipam': {'mode': "
		 "'Disabled'}}}",
		 "error spec.layer2: Invalid value: \"object\": layer2 is immutable"},
		{&kind_udn, "{'topology': 'Layer2', " L2_GOOD "}",
		 "{'topology': 'Layer3', " L3_GOOD "}",
		 "error spec.topology: Invalid value: \"Layer3\": topology is immutable"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = judge(rows[i].k, rows[i].new, rows[i].old);

		TEST_ROW(streq(got, rows[i].want), rows[i].new, "got:\n%s\nwant:\n%s", got,
			 rows[i].want);
	}
}

TEST_SUITE(udn_spec, {"mtu", test_mtu}, {"physicalNetworkName", test_physical_network},
	   {"role", test_role}, {"subnets", test_subnets}, {"vlan", test_vlan},
	   {"topology", test_topology}, {"valid", test_valid}, {"layer2", test_layer2},
	   {"udn", test_udn}, {"immutable", test_immutable})
