/* SPDX-License-Identifier: Apache-2.0 */
#include "api/status.h"

#include <errno.h>

#include "api/testing.h"

static void test_fields(void)
{
	static const struct {
		const char *path, *field;
	} rows[] = {
		{"", ""},
		{"spec", "spec"},
		{"spec.networks.0.name", "spec.networks[0].name"},
		{"spec.a.10.2.b", "spec.a[10][2].b"},
		{"metadata.labels", "metadata.labels"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *field = status_field(rows[i].path);
		_cleanup_free_ char *path = status_path(rows[i].field);

		TEST_STR(field, rows[i].field);
		TEST_STR(path, rows[i].path);
	}
	for (size_t i = 0; i < 3; i++) {
		static const char *const odd[] = {"a[", "a[x]", "a[]"};
		_cleanup_free_ char *path = status_path(odd[i]);

		TEST_STR(path, odd[i]);
	}
}

static void test_failures(void)
{
	_cleanup_json_ json_t *nf = status_not_found(&kind_vm, "a");
	_cleanup_json_ json_t *ae = status_already_exists(&kind_pod, "p");
	_cleanup_json_ json_t *co = status_conflict(&kind_vm, "a");
	_cleanup_json_ json_t *ex = status_expired("5", "9");
	_cleanup_json_ json_t *fo = status_forbidden(&kind_namespace, "default", "no");

	TEST_JSON(nf,
		  "{'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Failure', "
		  "'message': 'virtualmachines.kubevirt.io \\'a\\' not found', 'reason': "
		  "'NotFound', 'details': {'name': 'a', 'group': 'kubevirt.io', 'kind': "
		  "'virtualmachines'}, 'code': 404}",
		  "not found");
	CU_ASSERT(status_is_failure(nf));
	CU_ASSERT_EQUAL(status_errno(nf), -ENOENT);
	TEST_STR(status_message(ae), "pods \"p\" already exists");
	TEST_STR(status_reason(ae), "AlreadyExists");
	CU_ASSERT_EQUAL(status_errno(ae), -EEXIST);
	TEST_STR(status_reason(co), "Conflict");
	CU_ASSERT_EQUAL(status_errno(co), -EAGAIN);
	CU_ASSERT_EQUAL(status_code(ex), 410);
	CU_ASSERT_EQUAL(status_errno(ex), -ESTALE);
	TEST_STR(status_message(fo), "namespaces \"default\" is forbidden: no");
	CU_ASSERT(!status_is_failure(NULL));
}

static void test_invalid(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT, back = DIAGS_INIT;
	_cleanup_json_ json_t *one = NULL, *two = NULL;
	_cleanup_free_ char *got = NULL;

	diags_add(&d, DIAG_WARNING, NULL, "spec", "not part of it");
	diag_hint(diags_add(&d, DIAG_ERROR, "V6", "spec.networks.0.name", "Required value"), "do");
	one = status_invalid(&kind_vm, "a", &d);
	TEST_JSON(
		one,
		"{'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Failure', "
		"'message': 'VirtualMachine.kubevirt.io \\'a\\' is invalid: "
		"spec.networks[0].name: Required value', 'reason': 'Invalid', 'details': {'name': "
		"'a', 'group': 'kubevirt.io', 'kind': 'VirtualMachine', 'causes': [{'reason': "
		"'FieldValueRequired', 'message': 'Required value', 'field': "
		"'spec.networks[0].name', 'rule': 'V6', 'hint': 'do'}]}, 'code': 422}",
		"one cause");
	diags_add(&d, DIAG_ERROR, NULL, "spec.x", "Duplicate value: \"q\"");
	two = status_invalid(&kind_vm, "a", &d);
	TEST_STR(status_message(two),
		 "VirtualMachine.kubevirt.io \"a\" is invalid: [spec.networks[0].name: Required "
		 "value, spec.x: Duplicate value: \"q\"]");
	status_to_diags(two, "VirtualMachine ns/a", &back);
	got = findings(&back);
	TEST_STR(got, "error spec.networks.0.name: Required value\n"
		      "error spec.x: Duplicate value: \"q\"");
	TEST_STR(back.v[0].rule, "V6");
	TEST_STR(back.v[0].hint, "do");
	TEST_STR(back.v[0].object, "VirtualMachine ns/a");
}

static void test_foreign(void)
{
	_cleanup_json_ json_t *st = J("{'kind': 'Status', 'code': 503, 'message': 'away'}");
	_cleanup_json_ json_t *bytes = status_failure(400, "odd \xff byte");
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	status_to_diags(st, NULL, &d);
	CU_ASSERT_EQUAL(d.n, 1);
	TEST_STR(d.v[0].msg, "away");
	CU_ASSERT_EQUAL(status_errno(st), -EIO);
	TEST_STR(status_message(bytes), "odd ? byte");
}

static void test_success(void)
{
	_cleanup_json_ json_t *obj = J("{'metadata': {'name': 'a', 'uid': 'u'}}");
	_cleanup_json_ json_t *st = status_success(&kind_pod, obj);

	TEST_JSON(st,
		  "{'kind': 'Status', 'apiVersion': 'v1', 'metadata': {}, 'status': 'Success', "
		  "'details': {'name': 'a', 'kind': 'pods', 'uid': 'u'}}",
		  "success");
	CU_ASSERT(!status_is_failure(st));
}

TEST_SUITE(api_status, {"fields", test_fields}, {"failures", test_failures},
	   {"invalid", test_invalid}, {"foreign", test_foreign}, {"success", test_success})
