/* SPDX-License-Identifier: Apache-2.0 */
#include "api/kind.h"

#include "api/meta.h"
#include "api/testing.h"

static void test_typed(void)
{
	static const struct {
		const char *typed;
		const struct kind *want;
	} rows[] = {
		{"vm", &kind_vm},
		{"VMs", &kind_vm},
		{"virtualmachine", &kind_vm},
		{"VirtualMachine", &kind_vm},
		{"virtualmachines.kubevirt.io", &kind_vm},
		{"vm.v1.kubevirt.io", &kind_vm},
		{"vm.v1alpha3.kubevirt.io", &kind_vm},
		{"vm.v2.kubevirt.io", NULL},
		{"vm.example.com", NULL},
		{"vmi", &kind_vmi},
		{"po", &kind_pod},
		{"pods.v1.", &kind_pod},
		{"pods.", &kind_pod},
		{"pods.apps", NULL},
		{"net-attach-def", &kind_nad},
		{"network-attachment-definitions.k8s.cni.cncf.io", &kind_nad},
		{"NetworkAttachmentDefinition", &kind_nad},
		{"ns", &kind_namespace},
		{"no", &kind_node},
		{"cm", &kind_configmap},
		{"secrets", &kind_secret},
		{"ev", &kind_event},
		{"deploy", NULL},
		{"", NULL},
		{".", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct kind *got = kind_by_name(rows[i].typed);

		TEST_ROW(got == rows[i].want, rows[i].typed, "got %s", got ? got->kind : "none");
	}
}

static void test_lookups(void)
{
	CU_ASSERT_PTR_EQUAL(kind_by_gvk("kubevirt.io/v1", "VirtualMachine"), &kind_vm);
	CU_ASSERT_PTR_EQUAL(kind_by_gvk("kubevirt.io/v1alpha3", "VirtualMachine"), &kind_vm);
	CU_ASSERT_PTR_NULL(kind_by_gvk("v1", "VirtualMachine"));
	CU_ASSERT_PTR_NULL(kind_by_gvk("kubevirt.io/v1", "virtualmachine"));
	CU_ASSERT_PTR_NULL(kind_by_gvk("", ""));
	CU_ASSERT_PTR_EQUAL(kind_by_gvk("v1", "Pod"), &kind_pod);
	CU_ASSERT_PTR_EQUAL(kind_by_url("", "v1", "pods"), &kind_pod);
	CU_ASSERT_PTR_EQUAL(kind_by_url("k8s.cni.cncf.io", "v1", "network-attachment-definitions"),
			    &kind_nad);
	CU_ASSERT_PTR_NULL(kind_by_url("", "v1", "pod"));
	CU_ASSERT_PTR_NULL(kind_by_url("", "v2", "pods"));
	CU_ASSERT(kind_in_category(&kind_vm, "all") && !kind_in_category(&kind_secret, "all"));
}

static void test_names(void)
{
	_cleanup_free_ char *a = kind_api_version(&kind_nad), *b = kind_resource(&kind_vm);
	_cleanup_free_ char *c = kind_group_kind(&kind_vm), *d = kind_group_kind(&kind_pod);
	_cleanup_free_ char *e = kind_resource(&kind_pod), *f = kind_api_version(&kind_pod);

	TEST_STR(a, "k8s.cni.cncf.io/v1");
	TEST_STR(b, "virtualmachines.kubevirt.io");
	TEST_STR(c, "VirtualMachine.kubevirt.io");
	TEST_STR(d, "Pod");
	TEST_STR(e, "pods");
	TEST_STR(f, "v1");
}

static size_t count_fields(const struct field *fields, const char *where, int depth)
{
	size_t n = 0;

	for (const struct field *f = fields; f && f->name; f++, n++) {
		for (const struct field *g = f + 1; g->name; g++)
			TEST_ROW(!streq(f->name, g->name), f->name, "twice in %s", where);
		TEST_ROW(!f->merge_key || f->type == FIELD_LIST || f->type == FIELD_LIST_ANY,
			 f->name, "has a merge key and is no list");
		if (f->fields && depth < 12)
			n += count_fields(f->fields, f->name, depth + 1);
	}
	return n;
}

/* What every entry of the table must have, so that all that is made from it works. */
static void test_table(void)
{
	KIND_FOREACH(k) {
		TEST_ROW(k->group && k->versions && k->versions[0], k->kind, "no version");
		TEST_ROW(count_fields(k->fields, k->kind, 0) > 0, k->kind, "no fields");
		TEST_ROW(k->columns && k->columns[0].name, k->kind, "no columns");
		TEST_ROW(kind_by_name(k->kind) == k && kind_by_name(k->plural) == k &&
				 kind_by_name(k->singular) == k,
			 k->kind, "is shadowed by another kind's name");
		for (const char *const *s = k->short_names; s && *s; s++)
			TEST_ROW(kind_by_name(*s) == k, *s, "belongs to another kind");
		TEST_ROW(!k->has_status || field_find(k->fields, "status"), k->kind,
			 "status subresource without status");
		for (const struct column *c = k->columns; c->name; c++)
			TEST_ROW((c->cell || c->path) && *c->type && *c->description, c->name,
				 "incomplete column of %s", k->kind);
	}
}

static void test_convert(void)
{
	_cleanup_json_ json_t *obj =
		J("{'apiVersion': 'kubevirt.io/v1alpha3', 'kind': 'VirtualMachine', 'metadata': "
		  "{'name': 'a', 'namespace': 'n', 'creationTimestamp': null}, 'spec': {'running': "
		  "null, 'template': {'spec': {'domain': {'devices': {}}}}}}");
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	CU_ASSERT_EQUAL(kind_admit(obj, NULL, KIND_STRICT, &d), 0);
	TEST_JSON(obj,
		  "{'apiVersion': 'kubevirt.io/v1', 'kind': 'VirtualMachine', 'metadata': "
		  "{'name': 'a', 'namespace': 'n'}, 'spec': {'template': {'spec': {'domain': "
		  "{'devices': {}}}}}}",
		  "stored version, no nulls");
}

static void test_unknown(void)
{
	static const enum diag_severity want[] = {
		[KIND_WARN] = DIAG_WARNING, [KIND_STRICT] = DIAG_ERROR, [KIND_IGNORE] = DIAG_NOTE};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		_cleanup_json_ json_t *obj =
			J("{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'a', "
			  "'label': {}}, 'Data': {}}");
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *got = NULL;

		kind_admit(obj, NULL, (enum kind_unknown)i, &d);
		got = findings(&d);
		CU_ASSERT_EQUAL(diags_count(&d, want[i]), 2);
		CU_ASSERT_EQUAL(d.n, 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(got, "metadata.label: unknown field \"label\""));
		CU_ASSERT_PTR_NOT_NULL(strstr(got, "Data: unknown field \"Data\""));
		TEST_STR(d.v[1].hint, "did you mean \"data\"?");
		TEST_STR(d.v[0].rule, "unknown-field");
	}
}

static void test_no_kind(void)
{
	static const char *const rows[] = {"[]", "{}", "'x'", "{'kind': 'Pod'}",
					   "{'apiVersion': 'v2', 'kind': 'Pod'}"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *obj = J(rows[i]);
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		TEST_ROW(kind_admit(obj, NULL, KIND_STRICT, &d) < 0, rows[i], "accepted");
		TEST_ROW(diags_count(&d, DIAG_ERROR) == 1, rows[i], "no reason given");
		kind_ignored_fields(obj, &d);
	}
}

TEST_SUITE(api_kind, {"typed names", test_typed}, {"lookups", test_lookups},
	   {"names in messages", test_names}, {"table", test_table}, {"convert", test_convert},
	   {"unknown fields", test_unknown}, {"no kind", test_no_kind})
