/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/udn.h"

#include "api/kind.h"
#include "api/meta.h"
#include "api/testing.h"

static json_t *cudn(const char *name, const char *selector, const char *network)
{
	json_t *o = meta_new(&kind_cudn, NULL, name);

	jset_str(o, "metadata.uid", "6f5e");
	jset(o, "spec.namespaceSelector", J(selector));
	jset(o, "spec.network", J(network));
	return o;
}

static json_t *udn(const char *ns, const char *name, const char *spec)
{
	json_t *o = meta_new(&kind_udn, ns, name);

	json_object_set_new(o, "spec", J(spec));
	return o;
}

#define LOCALNET(more)                                                                       \
	"{'topology': 'Localnet', 'localnet': {'role': 'Secondary', 'physicalNetworkName': " \
	"'dc', " more "}}"
#define LAYER2(more) "{'topology': 'Layer2', 'layer2': {'role': 'Secondary', " more "}}"

/* Keys in Go's order, types as NetConf has them (facts §1.1). */
static void test_config(void)
{
	static const struct {
		const char *row, *network, *want;
		int mtu; /* of the cluster */
	} rows[] = {
		{"NSL-1",
		 LOCALNET("'subnets': ['192.168.100.0/24', '2001:dbb::/60'], 'excludeSubnets': "
			  "['192.168.100.0/28', '2001:dbb::/64'], 'vlan': {'mode': 'Access', "
			  "'access': {'id': 200}}, 'ipam': {'lifecycle': 'Persistent'}"),
		 "{\"allowPersistentIPs\":true,\"cniVersion\":\"1.1.0\",\"excludeSubnets\":"
		 "\"192.168.100.0/28,2001:dbb::/64\",\"mtu\":1500,\"name\":\"cluster_udn_net\","
		 "\"netAttachDefName\":\"ns/net\",\"physicalNetworkName\":\"dc\",\"role\":"
		 "\"secondary\",\"subnets\":\"192.168.100.0/24,2001:dbb::/60\",\"topology\":"
		 "\"localnet\",\"type\":\"ovn-k8s-cni-overlay\",\"vlanID\":200}",
		 1400},
		{"smallest localnet follows the cluster", LOCALNET("'ipam': {'mode': 'Disabled'}"),
		 "{\"cniVersion\":\"1.1.0\",\"mtu\":8900,\"name\":\"cluster_udn_net\","
		 "\"netAttachDefName\":\"ns/net\",\"physicalNetworkName\":\"dc\",\"role\":"
		 "\"secondary\",\"topology\":\"localnet\",\"type\":\"ovn-k8s-cni-overlay\"}",
		 8800},
		{"localnet's own mtu", LOCALNET("'ipam': {'mode': 'Disabled'}, 'mtu': 9000"),
		 "{\"cniVersion\":\"1.1.0\",\"mtu\":9000,\"name\":\"cluster_udn_net\","
		 "\"netAttachDefName\":\"ns/net\",\"physicalNetworkName\":\"dc\",\"role\":"
		 "\"secondary\",\"topology\":\"localnet\",\"type\":\"ovn-k8s-cni-overlay\"}",
		 1400},
		{"layer2 leaves the mtu out", LAYER2("'subnets': ['10.5.0.0/16']"),
		 "{\"cniVersion\":\"1.1.0\",\"name\":\"cluster_udn_net\",\"netAttachDefName\":"
		 "\"ns/net\",\"role\":\"secondary\",\"subnets\":\"10.5.0.0/16\",\"topology\":"
		 "\"layer2\",\"type\":\"ovn-k8s-cni-overlay\"}",
		 1400},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *o = cudn("net", "{}", rows[i].network), *nad = NULL;
		_cleanup_ovnk_config_ struct ovnk_config c;
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		ovnk_config_init(&c);
		c.mtu = rows[i].mtu;
		nad = udn_render(o, "ns", &c, &d);
		TEST_ROW(d.n == 0, rows[i].row, "%s", d.n ? d.v[0].msg : "");
		TEST_ROW(streq(jstr(nad, "spec.config", ""), rows[i].want), rows[i].row, "got %s",
			 jstr(nad, "spec.config", ""));
	}
}

static void test_object(void)
{
	_cleanup_json_ json_t *o = cudn("net", "{}", LAYER2("'subnets': ['10.5.0.0/16']"));
	_cleanup_json_ json_t *u = udn("ns", "mine", LAYER2("'subnets': ['10.5.0.0/16']"));
	_cleanup_json_ json_t *nad = NULL, *of_udn = NULL, *config = NULL;
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	meta_set_label(o, "team", "blue");
	meta_set_annotation(o, "note", "kept");
	meta_set_annotation(o, "k8s.ovn.org/something", "not kept");
	ovnk_config_init(&c);
	nad = udn_render(o, "ns", &c, &d);
	TEST_JSON(json_object_get(nad, "metadata"),
		  "{'name': 'net', 'namespace': 'ns', 'labels': {'team': 'blue', "
		  "'k8s.ovn.org/user-defined-network': ''}, 'annotations': {'note': 'kept'}, "
		  "'finalizers': ['k8s.ovn.org/user-defined-network-protection'], "
		  "'ownerReferences': [{'apiVersion': 'k8s.ovn.org/v1', 'kind': "
		  "'ClusterUserDefinedNetwork', 'name': 'net', 'uid': '6f5e', 'controller': true, "
		  "'blockOwnerDeletion': true}]}",
		  "cluster");
	of_udn = udn_render(u, "ns", &c, &d);
	config = jparse(jstr(of_udn, "spec.config", ""), strlen(jstr(of_udn, "spec.config", "")),
			NULL);
	TEST_STR(jstr(config, "name", NULL), "ns_mine");
	TEST_STR(jstr(config, "netAttachDefName", NULL), "ns/mine");
	TEST_STR(jstr(meta_controller(of_udn), "kind", NULL), "UserDefinedNetwork");
}

/* What the API lets through and the rendering finds (E18), on the object and its own field. */
static void test_refused(void)
{
	_cleanup_json_ json_t *o =
		cudn("net", "{}",
		     LOCALNET("'subnets': ['202.10.130.112/28'], 'excludeSubnets': "
			      "['10.100.200.0/29']"));
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	ovnk_config_init(&c);
	CU_ASSERT_PTR_NULL(udn_render(o, "ns", &c, &d));
	CU_ASSERT_EQUAL(d.n, 1);
	TEST_STR(d.n ? d.v[0].object : NULL, "ClusterUserDefinedNetwork net");
	TEST_STR(d.n ? d.v[0].path : NULL, "spec.network.localnet.excludeSubnets");
	TEST_STR(d.n ? d.v[0].rule : NULL, "E18");
}

static void test_unsupported(void)
{
	static const struct {
		const char *network;
		bool want;
	} rows[] = {
		{LAYER2("'subnets': ['10.5.0.0/16']"), false},
		{"{'topology': 'Layer2', 'layer2': {'role': 'Primary', 'subnets': "
		 "['10.5.0.0/16']}}",
		 true},
		{"{'topology': 'Layer3', 'layer3': {'role': 'Secondary', 'subnets': [{'cidr': "
		 "'10.5.0.0/16'}]}}",
		 true},
		{"{'topology': 'Layer2', 'transport': 'EVPN', 'layer2': {'role': 'Secondary'}}",
		 true},
		{"{'topology': 'Layer2', 'transport': 'Geneve', 'layer2': {'role': 'Secondary'}}",
		 false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *o = cudn("net", "{}", rows[i].network);

		TEST_ROW((udn_unsupported(o) != NULL) == rows[i].want, rows[i].network, "%s",
			 udn_unsupported(o) ?: "supported");
	}
}

static void test_selector(void)
{
	static const struct {
		const char *selector;
		bool selects, names;
	} rows[] = {
		{"{}", true, false},
		{"{'matchLabels': {'team': 'blue'}}", true, false},
		{"{'matchLabels': {'team': 'red'}}", false, false},
		{"{'matchLabels': {'kubernetes.io/metadata.name': 'ns'}}", true, true},
		{"{'matchExpressions': [{'key': 'kubernetes.io/metadata.name', 'operator': 'In', "
		 "'values': ['x', 'ns']}]}",
		 true, true},
		{"{'matchExpressions': [{'key': 'kubernetes.io/metadata.name', 'operator': "
		 "'NotIn', 'values': ['x', 'ns']}]}",
		 false, false},
		{"{'matchExpressions': [{'key': 'team', 'operator': 'Exists'}]}", true, false},
	};
	_cleanup_json_ json_t *ns = meta_new(&kind_namespace, NULL, "ns");

	meta_set_label(ns, "kubernetes.io/metadata.name", "ns");
	meta_set_label(ns, "team", "blue");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *o =
			cudn("net", rows[i].selector, LAYER2("'subnets': ['10.5.0.0/16']"));

		TEST_ROW(udn_selects(o, ns) == rows[i].selects, rows[i].selector, "selects");
		TEST_ROW(udn_names(o, "ns") == rows[i].names, rows[i].selector, "names");
	}
}

/* validate: namespaces of the files, those that other objects imply, and default. */
static void test_all(void)
{
	_cleanup_json_ json_t *objects = json_array(), *nads = json_array();
	json_t *a = meta_new(&kind_namespace, NULL, "a"), *pod = meta_new(&kind_pod, "b", "p");
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *got = NULL;

	meta_set_label(a, "team", "blue");
	json_array_append_new(objects, a);
	json_array_append_new(objects, pod);
	json_array_append_new(objects, cudn("all", "{}", LAYER2("'subnets': ['10.5.0.0/16']")));
	json_array_append_new(objects, cudn("blue", "{'matchLabels': {'team': 'blue'}}",
					    LAYER2("'subnets': ['10.6.0.0/16']")));
	json_array_append_new(objects,
			      cudn("bad", "{}",
				   LOCALNET("'subnets': ['10.7.0.0/24'], 'excludeSubnets': "
					    "['10.8.0.0/29']")));
	json_array_append_new(objects, cudn("nowhere", "{'matchLabels': {'team': 'red'}}",
					    LOCALNET("'subnets': ['10.7.0.0/24'], "
						     "'excludeSubnets': ['10.8.0.0/29']")));
	json_array_append_new(objects, udn("b", "mine", LAYER2("'subnets': ['10.5.0.0/16']")));
	json_array_append_new(objects, udn("b", "taken", LAYER2("'subnets': ['10.5.0.0/16']")));
	json_array_append_new(objects, meta_new(&kind_nad, "b", "taken"));
	ovnk_config_init(&c);
	udn_render_all(objects, &c, nads, &d);
	CU_ASSERT_EQUAL(json_array_size(nads), 5); /* all: a, b, default; blue: a; mine: b */
	got = findings(&d);
	TEST_STR(got,
		 "error spec.network.localnet.excludeSubnets: invalid localnet netconf "
		 "cluster_udn_bad: the provided network subnets [10.7.0.0/24] do not contain "
		 "excluded subnets 10.8.0.0/29\n"
		 "error spec.network.localnet.excludeSubnets: invalid localnet netconf "
		 "cluster_udn_nowhere: the provided network subnets [10.7.0.0/24] do not contain "
		 "excluded subnets 10.8.0.0/29\n"
		 "note spec.namespaceSelector: selects no namespace: nobody can attach to network "
		 "cluster_udn_nowhere\n"
		 "error -: foreign NetworkAttachmentDefinition with the desired name already exist "
		 "[b/taken]");
	TEST_STR(d.n ? d.v[0].object : NULL, "ClusterUserDefinedNetwork bad");
	TEST_STR(d.n > 1 ? d.v[1].object : NULL, "ClusterUserDefinedNetwork nowhere");
}

static void test_retitle(void)
{
	_cleanup_json_ json_t *o = cudn("net", "{}", LOCALNET("'ipam': {'mode': 'Disabled'}"));
	_cleanup_json_ json_t *nads = json_array();
	_cleanup_ovnk_config_ struct ovnk_config c;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	static const char *const titles[] = {"NetworkAttachmentDefinition a/net",
					     "NetworkAttachmentDefinition b/net",
					     "NetworkAttachmentDefinition a/other"};

	ovnk_config_init(&c);
	json_array_append_new(nads, udn_render(o, "a", &c, &d));
	json_array_append_new(nads, udn_render(o, "b", &c, &d));
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++) {
		size_t from = d.n;

		diags_add(&d, DIAG_WARNING, "lint/x", "spec.config.vlanID", "something");
		diags_locate(&d, from, NULL, titles[i]);
	}
	udn_retitle(nads, &d);
	CU_ASSERT_EQUAL(d.n, 2);
	TEST_STR(d.v[0].object, "ClusterUserDefinedNetwork net");
	TEST_STR(d.v[0].path, "spec.network.localnet.vlan.access.id");
	TEST_STR(d.v[1].object, "NetworkAttachmentDefinition a/other");
	TEST_STR(d.v[1].path, "spec.config.vlanID");
}

TEST_SUITE(udn, {"config", test_config}, {"object", test_object}, {"refused", test_refused},
	   {"unsupported", test_unsupported}, {"selector", test_selector}, {"all", test_all},
	   {"retitle", test_retitle})
