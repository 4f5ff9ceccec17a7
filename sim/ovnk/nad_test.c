/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/nad.h"
#include "test/test.h"

#define OURS "\"cniVersion\":\"0.3.1\",\"type\":\"ovn-k8s-cni-overlay\""
#define NAME "\"name\":\"blue\",\"netAttachDefName\":\"ns1/l2\""
#define L2 "\"topology\":\"layer2\""
#define LN "\"topology\":\"localnet\""
#define L3 "\"topology\":\"layer3\""

static json_t *nad_object(const char *config)
{
	json_t *o = json_object();

	jset_str(o, "metadata.namespace", "ns1");
	jset_str(o, "metadata.name", "l2");
	jset_str(o, "spec.config", config);
	return o;
}

static enum nad_verdict parse(const char *config, const struct ovnk_config *c, struct netconf *ret,
			      struct diags *d)
{
	_cleanup_json_ json_t *o = nad_object(config);

	return nad_parse(o, c, ret, d);
}

/* One row an E rule; rule NULL: accepted, "": not ours. path is behind "spec.config". */
static const struct {
	const char *config, *rule, *path, *says;
} rules[] = {
	{"{" OURS "," NAME "," L2 "}", NULL, NULL, NULL},
	{"{\"name\":\"blue\",\"plugins\":[{" OURS ",\"netAttachDefName\":\"ns1/l2\"," L2
	 "},{\"type\":\"tuning\"}]}",
	 "E1", ".plugins", "CNI plugin chaining is not supported"},
	{"{\"name\":\"blue\",\"plugins\":[{\"type\":\"bridge\"},{\"type\":\"tuning\"}]}", "", NULL,
	 NULL},
	{"{\"name\":\"blue\",\"plugins\":[]}", "E2", ".plugins", "no plugins in list"},
	{"{" OURS "," NAME "," L2 ",\"plugins\":[{" OURS "," NAME "," L2 "}]}", "E2", "",
	 "CNI config cannot have both a plugin list and a single config"},
	{"{\"type\":\"bridge\",\"mtu\":1400}", "", NULL, NULL},
	{"{\"cniVersion\":\"1.0.0\"}", "", NULL, NULL},
	{"{" OURS ",\"name\":\"blue\",\"netAttachDefName\":\"ns1/other\"," L2 "}", "E4",
	 ".netAttachDefName",
	 "net-attach-def name (ns1/l2) is inconsistent with config (ns1/other)"},
	{"{" OURS ",\"name\":\"blue\"," L2 "}", "E5", ".netAttachDefName",
	 "missing NADName in secondary network netconf blue"},
	{"{" OURS ",\"netAttachDefName\":\"ns1/l2\"," L2 "}", "E6", ".name", "netconf ()"},
	{"{" OURS ",\"name\":\"default\",\"netAttachDefName\":\"ns1/l2\"," L2 "}", "E6", ".name",
	 "netconf (default)"},
	{"{" OURS ",\"name\":\"ovn-kubernetes\",\"netAttachDefName\":\"ns1/l2\"," L2 "}", "E6",
	 ".name", "netconf (ovn-kubernetes)"},
	{"{" OURS "," NAME "," L3 ",\"subnets\":\"10.0.0.0/16\",\"allowPersistentIPs\":true}", "E7",
	 ".allowPersistentIPs", "layer3 topology does not allow persistent IPs"},
	{"{" OURS "," NAME "," LN ",\"role\":\"primary\"}", "E8", ".role",
	 "unexpected network field \"role\" primary for \"localnet\" topology"},
	{"{" OURS "," NAME "," LN ",\"role\":\"secondary\"}", NULL, NULL, NULL},
	{"{" OURS "," NAME "," L2 ",\"role\":\"Primary\"}", "E9", ".role",
	 "invalid network role value Primary"},
	{"{" OURS "," NAME "," L2 ",\"ipam\":{\"type\":\"whereabouts\"}}", "E10", ".ipam",
	 "IPAM key is not supported"},
	{"{" OURS "," NAME "," L2 ",\"ipam\":{}}", NULL, NULL, NULL},
	{"{" OURS "," NAME "," L2 ",\"transport\":\"vxlan\"}", "E11", ".transport", "vxlan"},
	{"{" OURS "," NAME "," L2 ",\"outboundSNAT\":\"enabled\"}", "E11", ".outboundSNAT",
	 "no-overlay"},
	{"{" OURS "," NAME "," L2 ",\"transport\":\"no-overlay\",\"outboundSNAT\":\"yes\"}", "E11",
	 ".outboundSNAT", "yes"},
	{"{" OURS "," NAME "," L2 ",\"uplink\":\"eth1\"}", "E11", ".uplink", "shared gateway"},
	{"{" OURS "," NAME "," LN ",\"joinSubnet\":\"100.65.0.0/16\"}", "E12", ".joinSubnet",
	 "localnet topology does not allow specifying join-subnet"},
	{"{" OURS "," NAME "," L2 ",\"role\":\"primary\"}", "E13", ".subnets",
	 "the subnet attribute must be defined for layer2 primary"},
	{"{" OURS "," NAME "," LN ",\"infrastructureSubnets\":\"10.0.0.0/30\"}", "E14",
	 ".infrastructureSubnets", "infrastructureSubnets is only supported for layer2 topology"},
	{"{" OURS "," NAME "," LN ",\"reservedSubnets\":\"10.0.0.0/30\"}", "E14",
	 ".reservedSubnets", "reservedSubnets is only supported for layer2 topology"},
	{"{" OURS "," NAME "," L3 ",\"defaultGatewayIPs\":\"10.0.0.1\"}", "E14",
	 ".defaultGatewayIPs", "defaultGatewayIPs is only supported for layer2 topology"},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"10.129.0.0/16\"}", "E15", ".subnets",
	 "user defined subnet \"10.129.0.0/16\" overlaps cluster subnet \"10.128.0.0/14\""},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"172.16.0.0/16\"}", "E15", ".subnets",
	 "service subnet \"172.16.1.0/24\""},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"100.65.4.0/24\"}", "E15", ".subnets",
	 "user defined join subnet \"100.65.0.0/16\" overlaps user defined subnet "
	 "\"100.65.4.0/24\""},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"fd98::/80\"}", "E15", ".subnets",
	 "built-in join subnet \"fd98::/64\""},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"10.0.0.0/16,10.0.1.0/24\"}", "E15", ".subnets",
	 "invalid subnet configuration: pod or join subnet overlaps"},
	{"{" OURS "," NAME "," L2
	 ",\"subnets\":\"172.16.0.0/16\",\"excludeSubnets\":\"172.16.1.0/24\"}",
	 NULL, NULL, NULL},
	{"{" OURS "," NAME "," LN ",\"subnets\":\"10.129.0.0/16\"}", NULL, NULL, NULL},
	{"{" OURS "," NAME ",\"topology\":\"Layer2\"}", "E16", ".topology",
	 "topology Layer2 not supported"},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"10.0.0.0/16/24\"}", "E17", ".subnets",
	 "invalid network subnets for layer2 netconf blue: CIDR \"10.0.0.0/16/24\" not properly "
	 "formatted"},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"10.0.0.0\"}", "E17", ".subnets",
	 "CIDR \"10.0.0.0\" not properly formatted"},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"10.0.0.0/33\"}", "E17", ".subnets",
	 "invalid CIDR address: 10.0.0.0/33"},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"10.0.0.0/24,\"}", "E17", ".subnets",
	 "CIDR \"\" not properly formatted"},
	{"{" OURS "," NAME "," LN ",\"subnets\":\"x/24\"}", "E17", ".subnets",
	 "invalid localnet netconf blue"},
	{"{" OURS "," NAME "," L2 ",\"subnets\":\"10.0.0.0/24\",\"excludeSubnets\":\"10.0.0.1\"}",
	 "E17", ".excludeSubnets",
	 "invalid exclude subnets for layer2 netconf blue: CIDR \"10.0.0.1\" not properly "
	 "formatted"},
	{"{" OURS "," NAME "," L2 ",\"joinSubnet\":\"100.70.0.0\"}", "E17", ".joinSubnet",
	 "CIDR \"100.70.0.0\" not properly formatted"},
	{"{" OURS "," NAME "," L3 ",\"subnets\":\"10.0.0.0/16/24\"}", NULL, NULL, NULL},
	{"{" OURS "," NAME "," L3 ",\"subnets\":\"10.0.0.0/24\"}", "E17", ".subnets",
	 "host subnet length: 24, cluster subnet length: 24"},
	{"{" OURS "," NAME "," LN
	 ",\"subnets\":\"202.10.130.112/28\",\"excludeSubnets\":\"10.100.200.0/29\"}",
	 "E18", ".excludeSubnets",
	 "the provided network subnets [202.10.130.112/28] do not contain excluded subnets "
	 "10.100.200.0/29"},
	{"{" OURS "," NAME "," L2 ",\"excludeSubnets\":\"10.100.200.0/29\"}", "E18",
	 ".excludeSubnets",
	 "the provided network subnets [] do not contain excluded subnets 10.100.200.0/29"},
	{"{" OURS "," NAME "," LN ",\"vlanID\":4096}", "E22", ".vlanID",
	 "4096 is not in the valid range 0 to 4095"},
	{"{" OURS "," NAME "," LN ",\"vlanID\":-1}", "E22", ".vlanID", "-1"},
	{"{" OURS "," NAME "," L2 ",\"vlanID\":4096}", NULL, NULL, NULL},
	/* JSON */
	{"", "json", "", "spec.config is empty"},
	{"{" OURS ",}", "json", "", "config line 1 column"},
	{"[1]", "json", "", "cannot unmarshal array"},
	{"null", "json", "", "cannot unmarshal null"},
	{"{" OURS "," NAME "," LN ",\"vlanID\":\"200\"}", "json", ".vlanID",
	 "cannot unmarshal string \"200\" into field vlanID of type int"},
	{"{" OURS "," NAME "," L2 ",\"mtu\":1400.5}", "json", ".mtu",
	 "cannot unmarshal number 1400.5 into field mtu of type int"},
	{"{" OURS "," NAME "," L2 ",\"subnets\":[\"10.0.0.0/24\"]}", "json", ".subnets",
	 "cannot unmarshal array"},
	{"{" OURS "," NAME "," L2 ",\"allowPersistentIPs\":\"true\"}", "json",
	 ".allowPersistentIPs", "of type bool"},
	{"{" OURS "," NAME "," L2 ",\"ipam\":\"dhcp\"}", "json", ".ipam", "of type object"},
	{"{" OURS "," NAME "," L2 ",\"mtu\":null}", NULL, NULL, NULL},
	/* the first rule met wins */
	{"{\"name\":\"default\",\"netAttachDefName\":\"x/y\",\"type\":\"bridge\"," L2
	 ",\"role\":\"Primary\"}",
	 "", NULL, NULL},
	{"{" OURS ",\"name\":\"default\",\"netAttachDefName\":\"x/y\"," L2 "}", "E6", ".name", ""},
	{"{" OURS ",\"name\":\"blue\",\"netAttachDefName\":\"x/y\"," L2
	 ",\"role\":\"Primary\",\"ipam\":{\"type\":\"dhcp\"}}",
	 "E4", ".netAttachDefName", ""},
	{"{" OURS "," NAME "," L2 ",\"role\":\"Primary\",\"ipam\":{\"type\":\"dhcp\"}}", "E9",
	 ".role", ""},
	{"{" OURS "," NAME "," L2
	 ",\"subnets\":\"10.129.0.0/16\",\"excludeSubnets\":\"1.0.0.0/8\"}",
	 "E18", ".excludeSubnets", ""},
};

static void test_rules(void)
{
	_cleanup_ovnk_config_ struct ovnk_config c;

	ovnk_config_init(&c);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const char *want = rules[i].rule;
		_cleanup_netconf_ struct netconf n;
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		enum nad_verdict v = parse(rules[i].config, &c, &n, &d);
		_cleanup_free_ char *path = NULL;

		TEST_ROW(v == (!want   ? NAD_OK
			       : *want ? NAD_REFUSED
				       : NAD_NOT_OURS),
			 rules[i].config, "verdict %d: %s", v, d.n ? d.v[0].msg : "no finding");
		TEST_ROW(diags_count(&d, DIAG_ERROR) == (want && *want), rules[i].config,
			 "%zu errors", diags_count(&d, DIAG_ERROR));
		if (!want || !*want || !d.n)
			continue;
		path = xasprintf("spec.config%s", rules[i].path);
		TEST_STR(d.v[0].rule, want);
		TEST_STR(d.v[0].path, path);
		TEST_STR(d.v[0].object, "NetworkAttachmentDefinition ns1/l2");
		TEST_ROW(strstr(d.v[0].msg, rules[i].says), rules[i].config, "says %s", d.v[0].msg);
	}
}

static void test_clusters(void)
{
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_netconf_ struct netconf n = {0}, m = {0}, o = {0};

	ovnk_config_init(&c);
	c.ipv6 = false;
	CU_ASSERT_EQUAL(parse("{" OURS "," NAME "," L2
			      ",\"role\":\"primary\",\"subnets\":\"10.0.0.0/24,fd00:9::/64\"}",
			      &c, &n, &d),
			NAD_REFUSED);
	TEST_STR(d.v[0].rule, "E19");
	c.ipv6 = c.preconfigured_udn = c.shared_gateway = true;
	CU_ASSERT_EQUAL(parse("{" OURS "," NAME "," L2
			      ",\"subnets\":\"10.0.0.0/24\",\"reservedSubnets\":\"10.0.1.0/30\"}",
			      &c, &m, &d),
			NAD_REFUSED);
	TEST_STR(d.v[1].rule, "E18");
	TEST_STR(d.v[1].path, "spec.config.reservedSubnets");
	CU_ASSERT_EQUAL(parse("{" OURS "," NAME "," L2 ",\"uplink\":\"eth1\",\"subnets\":"
			      "\"10.0.0.0/24\",\"infrastructureSubnets\":\"10.0.0.8/30\"}",
			      &c, &o, &d),
			NAD_OK);
	CU_ASSERT_EQUAL(o.infrastructure.n, 1);
}

/* The documentation's manifest (modules/virt-creating-layer2-nad-cli.adoc), and its list form. */
static void test_fields(void)
{
	static const char *const forms[] = {
		"{\n  \"cniVersion\": \"0.3.1\",\n  \"name\": \"my-network\",\n"
		"  \"type\": \"ovn-k8s-cni-overlay\",\n  \"topology\": \"layer2\",\n  \"mtu\": "
		"1300,\n"
		"  \"subnets\": \"10.100.200.7/24, fd00:100::/64\",\n"
		"  \"excludeSubnets\": \"10.100.200.0/29\",\n  \"allowPersistentIPs\": true,\n"
		"  \"netAttachDefName\": \"ns1/l2\"\n}",
		"{\"cniVersion\":\"0.3.1\",\"name\":\"my-network\",\"plugins\":[{\"cniVersion\":"
		"\"1.0.0\","
		"\"name\":\"inner\",\"type\":\"ovn-k8s-cni-overlay\",\"Topology\":\"layer2\","
		"\"MTU\":1300,"
		"\"subnets\":\"10.100.200.7/24,fd00:100::/64\",\"allowPersistentIPs\":true,"
		"\"excludeSubnets\":\"10.100.200.0/29\",\"netAttachDefName\":\"ns1/l2\"}]}",
	};
	_cleanup_ovnk_config_ struct ovnk_config c;

	ovnk_config_init(&c);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		_cleanup_netconf_ struct netconf n;
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *subnets = NULL, *exclude = NULL, *join = NULL;

		CU_ASSERT_EQUAL(parse(forms[i], &c, &n, &d), NAD_OK);
		subnets = ipnets_text(&n.subnets, ",");
		exclude = ipnets_text(&n.exclude, ",");
		join = ipnets_text(&n.join, ",");
		TEST_STR(n.name, "my-network");
		TEST_STR(n.cni_version, "0.3.1");
		TEST_STR(subnets, "10.100.200.0/24,fd00:100::/64");
		TEST_STR(exclude, "10.100.200.0/29");
		TEST_STR(join, "100.65.0.0/16,fd99::/64");
		CU_ASSERT_EQUAL(n.topology, OVNK_LAYER2);
		CU_ASSERT_EQUAL(n.mtu, 1300);
		CU_ASSERT_TRUE(n.mtu_given && n.allow_persistent_ips);
		CU_ASSERT_EQUAL(n.conflist, i == 1);
		TEST_STR(netconf_mapping(&n), "my-network");
		CU_ASSERT_EQUAL(d.n, i * 2); /* the notes about case */
	}
}

static void test_defaults(void)
{
	static const struct {
		const char *tail;
		int mtu, effective;
		bool given;
		const char *mapping;
	} rows[] = {
		{"", 1400, 1400, false, "blue"},
		{",\"mtu\":0", 0, 1500, true, "blue"},
		{",\"mtu\":9000,\"physicalNetworkName\":\"physnet\"", 9000, 9000, true, "physnet"},
		{",\"physicalNetworkName\":\"\"", 1400, 1400, false, "blue"},
	};
	_cleanup_ovnk_config_ struct ovnk_config c;

	ovnk_config_init(&c);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = xasprintf("{" OURS "," NAME "," LN "%s}", rows[i].tail);
		_cleanup_netconf_ struct netconf n;
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		CU_ASSERT_EQUAL(parse(text, &c, &n, &d), NAD_OK);
		TEST_ROW(n.mtu == rows[i].mtu, text, "mtu %d", n.mtu);
		TEST_ROW(netconf_mtu(&n) == rows[i].effective, text, "%d", netconf_mtu(&n));
		TEST_ROW(n.mtu_given == rows[i].given, text, "given");
		TEST_STR(netconf_mapping(&n), rows[i].mapping);
		CU_ASSERT_EQUAL(n.join.n, 0);
	}
}

static void test_notes(void)
{
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_netconf_ struct netconf n = {0}, m = {0}, o = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	ovnk_config_init(&c);
	CU_ASSERT_EQUAL(parse("{" OURS "," NAME "," L2
			      ",\"vlanId\":7,\"vlan\":3,\"mtu\":1,\"mtu\":2}",
			      &c, &n, &d),
			NAD_OK);
	CU_ASSERT_EQUAL(d.n, 3);
	TEST_STR(d.v[0].rule, "duplicate");
	TEST_STR(d.v[1].rule, "case");
	TEST_STR(d.v[2].rule, "unknown");
	TEST_STR(d.v[2].path, "spec.config.vlan");
	CU_ASSERT_EQUAL(n.vlan, 7);
	CU_ASSERT_EQUAL(n.mtu, 2);
	/* a list that the CNI library refuses is read as a plain configuration */
	CU_ASSERT_EQUAL(parse("{\"plugins\":[{" OURS "," NAME "," L2 "}]}", &c, &m, &d),
			NAD_NOT_OURS);
	TEST_STR(d.v[3].rule, "lint/conflist");
	CU_ASSERT_EQUAL(parse("{" OURS "}", &c, &o, &d), NAD_OK);
	CU_ASSERT_EQUAL(o.topology, OVNK_DEFAULT_NET);
	TEST_STR(o.name, "default");
}

static void test_hint_line(void)
{
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_netconf_ struct netconf n = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	ovnk_config_init(&c);
	CU_ASSERT_EQUAL(
		parse("{\n" OURS ",\n" NAME "," L2 ",\n\"role\":\n\"Primary\"\n}", &c, &n, &d),
		NAD_REFUSED);
	TEST_STR(d.v[0].hint,
		 "role is \"primary\" or \"secondary\", in lower case; line 5 of spec.config");
}

static void test_position(void)
{
	static const struct {
		const char *config, *key;
		int line, col;
	} rows[] = {
		{"{\n  \"a\": {\"mtu\": 1},\n  \"mtu\": 1300}", "mtu", 3, 10},
		{"{\"name\": \"mtu\", \"plugins\": [\n{\"x\": \"}\", \"vlanID\":5}]}", "vlanID", 2,
		 21},
		{"{\"a\\\"mtu\": 2, \"mtu\" : 3}", "mtu", 1, 23},
		{"{\"a\": 1}", "mtu", 0, 0},
		{"[\"mtu\", 3]", "mtu", 0, 0},
		{"{\"mtu", "mtu", 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int line = 0, col = 0;

		nad_config_position(rows[i].config, rows[i].key, &line, &col);
		TEST_ROW(line == rows[i].line && col == rows[i].col, rows[i].config, "%d:%d", line,
			 col);
	}
}

TEST_SUITE(nad, {"rules", test_rules}, {"clusters", test_clusters}, {"fields", test_fields},
	   {"defaults", test_defaults}, {"notes", test_notes}, {"hint_line", test_hint_line},
	   {"position", test_position})
