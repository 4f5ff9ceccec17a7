/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/render.h"

#include "kubevirt/admission.h"
#include "kubevirt/network.h"
#include "kubevirt/testing.h"

static void test_names(void)
{
	_cleanup_free_ char *a = kubevirt_pod_name("vm-a", 0), *b = kubevirt_pod_name("vm-a", 1);
	_cleanup_free_ char *c = NULL;
	char name[17], tap[16];

	TEST_STR(a, "virt-launcher-vm-a-bbbbb");
	TEST_STR(b, "virt-launcher-vm-a-cbbbb");
	c = kubevirt_pod_name("a-name-of-a-virtual-machine-that-goes-on-and-on-until-the-end", 26);
	CU_ASSERT_EQUAL(strlen(c), 63);
	CU_ASSERT_PTR_NOT_NULL(strstr(c, "9bbbb"));
	/* printf blue | sha256sum */
	kubevirt_pod_ifname("blue", name);
	TEST_STR(name, "pod16477688c0e");
	kubevirt_tap_name("blue", tap);
	TEST_STR(tap, "tap16477688c0e");
}

static void test_split(void)
{
	static const char *const rows[][3] = {
		{"nad", "def", "nad"}, {"ns/nad", "ns", "nad"}, {"a/b/c", "a", "b/c"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *ns = NULL, *name = NULL;

		kubevirt_split_nad(rows[i][0], "def", &ns, &name);
		TEST_STR(ns, rows[i][1]);
		TEST_STR(name, rows[i][2]);
	}
}

static void test_nics(void)
{
	_cleanup_json_ json_t *spec = parse(
		"{\"networks\":[{\"name\":\"b\",\"multus\":{\"networkName\":\"n\"}},"
		"{\"name\":\"gone\",\"multus\":{\"networkName\":\"n\"}},"
		"{\"name\":\"a\",\"pod\":{}},{\"name\":\"alone\",\"pod\":{}}],"
		"\"domain\":{\"devices\":{\"interfaces\":[{\"name\":\"a\"},{\"name\":\"gone\","
		"\"state\":\"absent\"},{\"name\":\"b\"}]}}}");
	_cleanup_free_ struct kubevirt_nic *v = NULL;

	if (!TEST_ROW(kubevirt_nics(spec, &v) == 2, "count", "not 2"))
		return;
	TEST_STR(v[0].name, "b");
	TEST_STR(v[0].nad, "n");
	TEST_STR(v[1].name, "a");
	CU_ASSERT_PTR_NULL(v[1].nad);
}

/* VM → VMI → Pod, each as a golden file. */
static void test_chain(void)
{
	_cleanup_json_ json_t *vm = load(TESTDATA "vm.yaml"), *vmi = NULL, *pod = NULL;
	_cleanup_free_ char *vmi_text = NULL, *pod_text = NULL;

	kubevirt_default_vm(vm);
	vmi = kubevirt_render_vmi(vm);
	vmi_text = jtext_pretty(vmi);
	test_golden(TESTDATA "vmi.json", vmi_text);
	jset_str(vmi, "metadata.uid", "11111111-2222-4333-8444-555555555555");
	pod = kubevirt_render_pod(vmi, 123456789);
	pod_text = jtext_pretty(pod);
	test_golden(TESTDATA "pod.json", pod_text);
}

/* A pod network alone asks Multus for nothing. */
static void test_pod_network(void)
{
	_cleanup_json_ json_t *vmi =
		parse("{\"metadata\":{\"name\":\"v\",\"namespace\":\"n\",\"uid\":\"u\"},\"spec\":"
		      "{\"networks\":[{\"name\":\"default\",\"pod\":{}}],\"domain\":{\"devices\":"
		      "{\"interfaces\":[{\"name\":\"default\",\"masquerade\":{}}]}}}}");
	_cleanup_json_ json_t *pod = kubevirt_render_pod(vmi, 0);

	CU_ASSERT_PTR_NULL(
		json_object_get(jget(pod, "metadata.annotations"), "k8s.v1.cni.cncf.io/networks"));
	TEST_STR(jstr(pod, "spec.hostname", NULL), "v");
}

static void test_hostname(void)
{
	static const char *const rows[][2] = {
		{"{\"metadata\":{\"name\":\"a.b\"}}", "a"},
		{"{\"metadata\":{\"name\":\"a\"},\"spec\":{\"hostname\":\"h\"}}", "h"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *vmi = parse(rows[i][0]);
		_cleanup_free_ char *h = kubevirt_hostname(vmi);

		TEST_STR(h, rows[i][1]);
	}
}

TEST_SUITE(kubevirt_render, {"names", test_names}, {"split", test_split}, {"nics", test_nics},
	   {"chain", test_chain}, {"pod_network", test_pod_network}, {"hostname", test_hostname})
