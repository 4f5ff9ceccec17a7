/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/lint.h"
#include "test/test.h"

static void config_init(struct ovnk_config *c)
{
	_cleanup_json_ json_t *topology =
		json_pack("{s:{s:i}, s:[{s:s,s:s,s:s},{s:s,s:s,s:s,s:i}]}", "underlay", "mtu", 1500,
			  "nodes", "name", "worker-a", "chassis", "ca", "encap_ip", "172.31.0.11",
			  "name", "worker-b", "chassis", "cb", "encap_ip", "fd00::12", "mtu", 1500);

	CU_ASSERT_EQUAL(ovnk_config_from_topology(c, topology, NULL), 0);
}

static json_t *object(const char *kind, const char *name)
{
	json_t *o = json_object();

	jset_str(o, "kind", kind);
	jset_str(o, "metadata.namespace", "ns");
	jset_str(o, "metadata.name", name);
	return o;
}

static json_t *nad(const char *name, const char *network, const char *tail)
{
	json_t *o = object("NetworkAttachmentDefinition", name);

	jset(o, "spec.config",
	     jstringf("{\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"%s\",\"netAttachDefName\":\"ns/"
		      "%s\""
		      "%s}",
		      network, name, tail));
	return o;
}

static json_t *pod(const char *name, const char *networks)
{
	json_t *o = object("Pod", name);

	jset(o, "metadata.annotations", json_object());
	json_object_set_new(jget(o, "metadata.annotations"), "k8s.v1.cni.cncf.io/networks",
			    jstring(networks));
	return o;
}

/* Rules found, space-separated. */
static char *rules_of(const struct diags *d)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < d->n; i++) {
		buf_printf(&b, "%s%s", i ? " " : "", str_after(d->v[i].rule, "lint/") ?: "?");
		TEST_ROW(d->v[i].severity == DIAG_WARNING && d->v[i].hint && d->v[i].object &&
				 d->v[i].path,
			 d->v[i].rule, "%s lacks severity, hint, object or path", d->v[i].msg);
	}
	return buf_take(&b);
}

static void test_nads(void)
{
	static const struct {
		const char *tail, *rules, *says;
	} rows[] = {
		{",\"topology\":\"layer2\"", "", ""},
		{",\"topology\":\"layer2\",\"mtu\":1422", "", ""},
		{",\"topology\":\"layer2\",\"mtu\":0", "mtu-zero", "kernel's default of 1500"},
		{",\"topology\":\"localnet\",\"mtu\":9000", "", ""},
		{",\"topology\":\"localnet\"", "mtu-localnet", "cluster MTU of 1400"},
		{",\"topology\":\"localnet\",\"mtu\":0", "mtu-zero", ""},
		{",\"topology\":\"layer2\",\"mtu\":100", "mtu-range", ""},
		{",\"topology\":\"layer2\",\"mtu\":1200,\"subnets\":\"fd00:9::/64\"", "mtu-ipv6",
		 ""},
		{",\"topology\":\"layer2\",\"mtu\":1200,\"subnets\":\"10.0.0.0/24\"", "", ""},
		{",\"topology\":\"layer2\",\"vlanID\":5,\"physicalNetworkName\":\"p\"",
		 "vlan-layer2 physnet-layer2", "vlanID 5 has no effect on topology layer2"},
		{",\"topology\":\"localnet\",\"mtu\":1500,\"vlanID\":4095", "vlan-4095", ""},
		{",\"topology\":\"localnet\",\"mtu\":1500,\"vlanID\":4094", "", ""},
		{",\"topology\":\"layer3\",\"subnets\":\"10.0.0.0/16\",\"excludeSubnets\":\"x\"",
		 "exclude-layer3", ""},
		{",\"topology\":\"layer2\",\"subnets\":\"10.0.0.0/24,10.0.1.0/24,fd00:9::/64\"",
		 "subnet-family", "2 subnets of IPv4"},
		{",\"topology\":\"layer2\",\"subnets\":\"10.0.0.5/24\"", "host-bits",
		 "10.0.0.5/24 is read as 10.0.0.0/24"},
		{",\"topology\":\"layer2\",\"subnets\":\"10.0.0.0/24\",\"excludeSubnets\":"
		 "\"10.0.0.0/24\"",
		 "exclude-all", "all of 10.0.0.0/24 is excluded"},
		{",\"topology\":\"layer2\",\"role\":\"Primary\",\"mtu\":9000", "",
		 ""}, /* refused */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ovnk_config_ struct ovnk_config c;
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_json_ json_t *all = json_array();
		_cleanup_free_ char *got = NULL;

		config_init(&c);
		json_array_append_new(all, nad("n", "blue", rows[i].tail));
		lint_objects(all, &c, &d);
		got = rules_of(&d);
		TEST_ROW(streq(got, rows[i].rules), rows[i].tail, "found %s", got);
		if (d.n)
			TEST_ROW(strstr(d.v[0].msg, rows[i].says), rows[i].tail, "%s", d.v[0].msg);
	}
}

static void test_collision(void)
{
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *all = json_array();
	_cleanup_free_ char *got = NULL;

	config_init(&c);
	json_array_append_new(all, nad("x", "a-b", ",\"topology\":\"layer2\""));
	json_array_append_new(all, nad("y", "a-b", ",\"topology\":\"layer2\""));
	json_array_append_new(all, nad("z", "a.b", ",\"topology\":\"layer2\""));
	lint_objects(all, &c, &d);
	got = rules_of(&d);
	TEST_STR(got, "name-collision");
	TEST_STR(d.v[0].object, "NetworkAttachmentDefinition ns/z");
	TEST_STR(d.v[0].path, "spec.config.name");
	TEST_ROW(strstr(d.v[0].msg, "network a.b and network a-b of ns/x"), "message", "%s",
		 d.v[0].msg);
}

static json_t *vm(const char *kind, const char *spec, const char *network)
{
	json_t *o = object(kind, "vm-a");

	jset(o, spec,
	     json_pack("[{s:s,s:{}},{s:s,s:{s:s}}]", "name", "default", "pod", "name", "secondary",
		       "multus", "networkName", network));
	return o;
}

static void test_vms(void)
{
	static const struct {
		const char *kind, *spec, *network, *rules, *path;
	} rows[] = {
		{"VirtualMachine", "spec.template.spec.networks", "ipam", "vm-ipam",
		 "spec.template.spec.networks.1.multus.networkName"},
		{"VirtualMachine", "spec.template.spec.networks", "ns/free", "", NULL},
		{"VirtualMachineInstance", "spec.networks", "ns/ipam", "vm-ipam",
		 "spec.networks.1.multus.networkName"},
		{"VirtualMachine", "spec.template.spec.networks", "other/ipam", "nad-missing",
		 "spec.template.spec.networks.1.multus.networkName"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_ovnk_config_ struct ovnk_config c;
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_json_ json_t *all = json_array();
		_cleanup_free_ char *got = NULL;

		config_init(&c);
		json_array_append_new(all, vm(rows[i].kind, rows[i].spec, rows[i].network));
		json_array_append_new(all,
				      nad("ipam", "blue",
					  ",\"topology\":\"layer2\",\"subnets\":\"10.0.0.0/24\""));
		json_array_append_new(all, nad("free", "red", ",\"topology\":\"layer2\""));
		lint_objects(all, &c, &d);
		got = rules_of(&d);
		TEST_STR(got, rows[i].rules);
		if (d.n)
			TEST_STR(d.v[0].path, rows[i].path);
		if (d.n && streq(got, "vm-ipam"))
			TEST_ROW(strstr(d.v[0].msg, "IPAM is not supported for virtual machines"),
				 "vm", "%s", d.v[0].msg);
	}
}

static void test_pods(void)
{
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *all = json_array(), *launcher = NULL;
	_cleanup_free_ char *got = NULL;

	config_init(&c);
	json_array_append_new(all, nad("free", "red", ",\"topology\":\"layer2\""));
	json_array_append_new(
		all, pod("a", "[{\"name\":\"free\",\"ips\":[\"10.0.0.1/24\"],\"mac\":\"02:00:00:00:"
			      "00:01\"}]"));
	launcher = pod("l", "[{\"name\":\"free\",\"mac\":\"02:00:00:00:00:01\"}]");
	jset(launcher, "metadata.labels", json_pack("{s:s}", "kubevirt.io", "virt-launcher"));
	json_object_set_new(jget(launcher, "metadata.labels"), "kubevirt.io",
			    jstring("virt-launcher"));
	json_array_append(all, launcher);
	json_array_append_new(all, pod("b", "[{\"name\":\"free\",\"ips\":[\"10.0.0.1/16\"]}]"));
	json_array_append_new(all, pod("c", "[{\"name\":\"free\",\"mac\":\"02-00-00-00-00-01\"}]"));
	json_array_append_new(all, pod("d", "gone"));
	json_array_append_new(all, pod("e", "BAD"));
	lint_objects(all, &c, &d);
	got = rules_of(&d);
	TEST_STR(got, "ip-duplicate mac-duplicate nad-missing");
	TEST_STR(d.v[0].object, "Pod ns/b");
	TEST_ROW(strstr(d.v[1].msg, "is pod ns/a's too"), "mac", "%s", d.v[1].msg);
}

TEST_SUITE(lint, {"nads", test_nads}, {"collision", test_collision}, {"vms", test_vms},
	   {"pods", test_pods})
