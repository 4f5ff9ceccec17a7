/* SPDX-License-Identifier: Apache-2.0 */
#include "api/manifest.h"

#include "api/meta.h"
#include "api/testing.h"

/* Decodes YAML text; everything is said in the findings, one line each. Caller frees. */
static char *decode(const char *text, struct manifests *ms, struct diags *d, struct yaml_docs *docs)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	yaml_parse(text, strlen(text), "f.yaml", docs, d);
	manifest_decode_docs(docs, "f.yaml", ms, d);
	for (size_t i = 0; i < d->n; i++)
		diag_print(&d->v[i], &b);
	return buf_take(&b);
}

#define DECODE(text)                                              \
	_cleanup_yaml_ struct yaml_docs docs = {0};               \
	_cleanup_manifests_ struct manifests ms = MANIFESTS_INIT; \
	_cleanup_diags_ struct diags d = DIAGS_INIT;              \
	_cleanup_free_ char *got = decode((text), &ms, &d, &docs)

static void test_documents(void)
{
	DECODE("apiVersion: v1\nkind: Namespace\nmetadata: {name: blue}\n"
	       "---\n"
	       "# nothing here\n"
	       "---\n"
	       "apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\n"
	       "metadata:\n  name: l2-network\n  namespace: my-namespace\n"
	       "spec:\n  config: |-\n    {\"cniVersion\": \"0.3.1\"}\n"
	       "---\n"
	       "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {generateName: vm-}\n");
	TEST_STR(got, "");
	CU_ASSERT_EQUAL(ms.n, 3);
	CU_ASSERT_PTR_EQUAL(ms.v[0].kind, &kind_namespace);
	TEST_STR(jstr(ms.v[1].obj, "spec.config", ""), "{\"cniVersion\": \"0.3.1\"}");
	TEST_STR(jstr(ms.v[2].obj, "metadata.generateName", ""), "vm-");
}

static void test_list(void)
{
	DECODE("apiVersion: v1\n"
	       "kind: List\n"
	       "items:\n"
	       "- apiVersion: v1\n"
	       "  kind: ConfigMap\n"
	       "  metadata: {name: a}\n"
	       "- apiVersion: v1\n"
	       "  kind: ConfigMapp\n"
	       "  metadata: {name: b}\n"
	       "- apiVersion: v1\n"
	       "  kind: List\n"
	       "  items:\n"
	       "  - apiVersion: v1\n"
	       "    kind: Pod\n"
	       "    metadata: {labels: {}}\n"
	       "---\n"
	       "apiVersion: kubevirt.io/v1\n"
	       "kind: VirtualMachineList\n"
	       "items:\n"
	       "- metadata: {name: v}\n");
	_cleanup_free_ char *known = kind_names();
	_cleanup_free_ char *want = xasprintf(
		"f.yaml:8:9: error: kind: no kind \"ConfigMapp\" in v1 is known here; known are: "
		"%s [unknown-kind]\n"
		"    hint: did you mean \"ConfigMap\"?\n"
		"f.yaml:15:15: error: Pod (no name): metadata.name: Required value: name or "
		"generateName is required\n",
		known);
	TEST_STR(got, want);
	CU_ASSERT_EQUAL(ms.n, 2);
	TEST_STR(meta_name(ms.v[0].obj), "a");
	TEST_STR(ms.v[0].prefix, "items.0");
	CU_ASSERT_PTR_EQUAL(ms.v[1].kind, &kind_vm);
}

static void test_refusals(void)
{
	static const struct {
		const char *name, *text, *want;
	} rows[] = {
		{"a list", "- a\n- b\n",
		 "f.yaml:1:1: error: expected an object with apiVersion, kind and metadata, found "
		 "a "
		 "list\n"},
		{"text", "hello\n",
		 "f.yaml:1:1: error: expected an object with apiVersion, kind and metadata, found "
		 "text\n"},
		{"nothing known", "a: b\n",
		 "f.yaml:1:1: error: apiVersion: Required value\n"
		 "f.yaml:1:1: error: kind: Required value\n"},
		{"kind is a number", "apiVersion: v1\nkind: 5\nmetadata: {name: a}\n",
		 "f.yaml:2:7: error: kind: Invalid value: must be a string\n"},
		{"other version",
		 "apiVersion: kubevirt.io/v2\nkind: VirtualMachine\nmetadata: {name: a}\n",
		 "f.yaml:1:13: error: apiVersion: there is no VirtualMachine in kubevirt.io/v2 "
		 "[unknown-kind]\n"
		 "    hint: use apiVersion: kubevirt.io/v1 or kubevirt.io/v1alpha3\n"},
		{"no metadata", "apiVersion: v1\nkind: Pod\n",
		 "f.yaml:1:1: error: Pod (no name): metadata: Required value\n"},
		{"metadata is text", "apiVersion: v1\nkind: Pod\nmetadata: a\n",
		 "f.yaml:3:11: error: Pod (no name): metadata: Invalid value: must be an object\n"},
		{"items is text", "apiVersion: v1\nkind: List\nitems: a\n",
		 "f.yaml:3:8: error: items: Invalid value: must be a list\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		DECODE(rows[i].text);
		TEST_ROW(streq(got, rows[i].want), rows[i].name, "got:\n%swant:\n%s", got,
			 rows[i].want);
		TEST_ROW(ms.n == 0, rows[i].name, "decoded all the same");
	}
}

static void test_own_kinds(void)
{
	DECODE("apiVersion: ovnbed.io/v1alpha1\nkind: Topology\nmetadata: {name: a}\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(got, "hint: topologies go to `ovnbed up`"));
}

static void test_check(void)
{
	DECODE("apiVersion: v1\n"
	       "kind: List\n"
	       "items:\n"
	       "- apiVersion: kubevirt.io/v1\n"
	       "  kind: VirtualMachine\n"
	       "  metadata: {name: a}\n"
	       "  spec:\n"
	       "    runStrategy: Always\n"
	       "    template:\n"
	       "      spec:\n"
	       "        tolerations: []\n"
	       "        domain:\n"
	       "          devices:\n"
	       "            interfaces:\n"
	       "            - name: net\n"
	       "              bridge: {}\n"
	       "              mtu: 1400\n");
	_cleanup_json_ json_t *obj = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;

	TEST_STR(got, "");
	obj = manifest_check(&ms.v[0], "blue", &d);
	CU_ASSERT_PTR_NULL(obj);
	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.v[i], &b);
	TEST_STR(buf_str(&b),
		 "f.yaml:17:20: error: VirtualMachine a: "
		 "spec.template.spec.domain.devices.interfaces.0.mtu: unknown field \"mtu\" "
		 "[unknown-field]\n");
	jdel(json_array_get(jget(ms.v[0].obj, "spec.template.spec.domain.devices.interfaces"), 0),
	     "mtu");
	diags_free(&d);
	buf_free(&b);
	obj = manifest_check(&ms.v[0], "blue", &d);
	TEST_STR(meta_ns(obj), "blue");
	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.v[i], &b);
	TEST_STR(buf_str(&b),
		 "f.yaml:11:22: note: VirtualMachine a: spec.template.spec.tolerations: "
		 "kept, but ovnbed does not act on it [ignored]\n");
}

static void test_unique(void)
{
	DECODE("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
	       "---\n"
	       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other}\n"
	       "---\n"
	       "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
	       "---\n"
	       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n");
	CU_ASSERT(manifest_check_unique(&ms, "default", &d) < 0);
	CU_ASSERT_EQUAL(d.n, 1);
	CU_ASSERT_EQUAL(d.v[0].line, 15);
	CU_ASSERT_EQUAL(manifest_check_unique(&ms, "blue", &d), 0);
	TEST_STR(got, "");
}

TEST_SUITE(api_manifest, {"documents", test_documents}, {"lists", test_list},
	   {"refusals", test_refusals}, {"own kinds", test_own_kinds}, {"check", test_check},
	   {"unique", test_unique})
