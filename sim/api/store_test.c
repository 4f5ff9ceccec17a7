/* SPDX-License-Identifier: Apache-2.0 */
#include "api/store_testing.h"

#include <errno.h>

static void test_create(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *obj = NULL, *again = NULL, *got = NULL;

	setup(&f);
	obj = create(&f,
		     "{'apiVersion':'kubevirt.io/v1alpha3','kind':'VirtualMachine','metadata':"
		     "{'name':'a','uid':'mine','resourceVersion':'99','generation':7,"
		     "'creationTimestamp':null},'spec':{'template':{'spec':{'domain':{'devices':"
		     "{}}}}},'status':{'printableStatus':'Running'}}");
	TEST_STR(jstr(obj, "apiVersion", ""), "kubevirt.io/v1");
	TEST_STR(meta_ns(obj), "default");
	TEST_STR(meta_rv(obj), "3");
	TEST_STR(jstr(obj, "metadata.creationTimestamp", ""), "2026-11-24T08:00:00Z");
	CU_ASSERT_EQUAL(meta_generation(obj), 1);
	CU_ASSERT_PTR_NULL(json_object_get(obj, "status"));
	CU_ASSERT_EQUAL(strlen(meta_uid(obj)), 36);
	CU_ASSERT_EQUAL(meta_uid(obj)[14], '4');
	again = create(&f, VM("a", ""));
	CU_ASSERT_PTR_NULL(again);
	TEST_STR(status_message(f.status), "virtualmachines.kubevirt.io \"a\" already exists");
	got = store_get(f.s, &kind_vm, "default", "a", NULL);
	CU_ASSERT_PTR_EQUAL(got, obj);
	CU_ASSERT_PTR_NULL(store_get(f.s, &kind_vm, "other", "a", status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 404);
	CU_ASSERT_PTR_EQUAL(store_peek_uid(f.s, meta_uid(obj)), obj);
	CU_ASSERT_PTR_NULL(store_peek_uid(f.s, "mine"));
}

static void test_refusals(void)
{
	static const struct {
		const char *obj;
		int code;
		const char *message;
	} rows[] = {
		{"[]", 400, "the body is not an object"},
		{"{'apiVersion':'v1','kind':'Service','metadata':{'name':'a'}}", 400,
		 "no kind \"Service\" is registered for version \"v1\"; known are: %s"},
		{"{'apiVersion':'v1','kind':'Pod'}", 400, "metadata is missing or not an object"},
		{"{'apiVersion':'v1','kind':'Pod','metadata':'x'}", 400,
		 "metadata is missing or not an object"},
		{VM("a", ",'namespace':'nowhere'"), 404, "namespaces \"nowhere\" not found"},
		{"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':5}}",
		 422,
		 "ConfigMap \"a\" is invalid: metadata.namespace: Invalid value: 5: must be a "
		 "string, found an integer"},
		{"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','resourceVersion':"
		 "[]}}",
		 422,
		 "ConfigMap \"a\" is invalid: metadata.resourceVersion: Invalid value: must be a "
		 "string, found a list"},
		{"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':5}}", 422,
		 "ConfigMap \"\" is invalid: metadata.name: Invalid value: 5: must be a string, "
		 "found an integer"},
		{"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'A'}}", 422,
		 "ConfigMap \"A\" is invalid: metadata.name: Invalid value: \"A\": a lowercase RFC "
		 "1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
		 "and must start and end with an alphanumeric character"},
		{"{'apiVersion':'v1','kind':'ConfigMap','metadata':{}}", 422,
		 "ConfigMap \"\" is invalid: metadata.name: Required value: name or generateName "
		 "is "
		 "required"},
		{"{'apiVersion':'v1','kind':'Node','metadata':{'name':'n','namespace':'default'}}",
		 422,
		 "Node \"n\" is invalid: metadata.namespace: Forbidden: not allowed on this type: "
		 "Node is cluster-scoped"},
	};
	_cleanup_free_ char *known = kind_names();
	_cleanup_fixture_ struct fixture f;

	setup(&f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *obj = create(&f, rows[i].obj);
		_cleanup_free_ char *message = xasprintf(rows[i].message, known);

		TEST_ROW(!obj, rows[i].obj, "accepted");
		TEST_ROW(status_code(f.status) == rows[i].code, rows[i].obj, "code %d",
			 status_code(f.status));
		TEST_ROW(streq(status_message(f.status), message), rows[i].obj, "%s",
			 status_message(f.status));
	}
	CU_ASSERT_EQUAL(store_rv(f.s), 2);
}

static void test_generate_name(void)
{
	_cleanup_fixture_ struct fixture f, g;
	_cleanup_json_ json_t *a = NULL, *b = NULL, *c = NULL, *dry = NULL, *obj = NULL;
	static const char text[] = "{'apiVersion':'v1','kind':'ConfigMap','metadata':"
				   "{'generateName':'web-'}}";

	setup(&f);
	setup(&g);
	obj = J(text);
	dry = store_create(f.s, obj, &(struct store_opts){.dry_run = true}, NULL);
	a = create(&f, text);
	b = create(&f, text);
	/* Other objects in between do not change what a prefix draws. */
	make(&g, CM("other", ""));
	c = create(&g, text);
	CU_ASSERT_EQUAL(strlen(meta_name(a)), 9);
	CU_ASSERT_PTR_EQUAL(str_after(meta_name(a), "web-"), meta_name(a) + 4);
	CU_ASSERT_STRING_NOT_EQUAL(meta_name(a), meta_name(b));
	TEST_STR(meta_name(c), meta_name(a));
	TEST_STR(meta_uid(c), meta_uid(a));
	TEST_STR(meta_name(dry), meta_name(a));
}

static void test_uids(void)
{
	_cleanup_fixture_ struct fixture f, g;
	_cleanup_json_ json_t *a = NULL, *b = NULL, *c = NULL, *other = NULL;

	setup(&f);
	setup(&g);
	a = create(&f, CM("a", ""));
	json_decref(store_delete(f.s, &kind_configmap, "default", "a", NULL, NULL));
	b = create(&f, CM("a", ""));
	CU_ASSERT_STRING_NOT_EQUAL(meta_uid(a), meta_uid(b));
	other = create(&g, CM("b", ""));
	c = create(&g, CM("a", ""));
	TEST_STR(meta_uid(c), meta_uid(a));
	CU_ASSERT_STRING_NOT_EQUAL(meta_uid(other), meta_uid(a));
}

static void test_dry_run(void)
{
	_cleanup_fixture_ struct fixture f;
	struct store_opts dry = {.dry_run = true};
	_cleanup_json_ json_t *obj = J(CM("a", "")), *got = NULL, *changed = NULL, *gone = NULL;
	_cleanup_json_ json_t *stored = NULL;
	long long rv;

	setup(&f);
	got = store_create(f.s, obj, &dry, NULL);
	CU_ASSERT_PTR_NOT_NULL(got);
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_configmap, NULL, "a"));
	stored = store_create(f.s, obj, NULL, NULL);
	TEST_STR(meta_uid(got), meta_uid(stored));
	rv = store_rv(f.s);
	jset_str(obj, "data.a", "other");
	changed = store_replace(f.s, obj, &dry, NULL);
	TEST_STR(jstr(changed, "data.a", ""), "other");
	gone = store_delete(f.s, &kind_configmap, NULL, "a", &dry, NULL);
	CU_ASSERT_PTR_NOT_NULL(gone);
	CU_ASSERT_EQUAL(store_rv(f.s), rv);
	TEST_STR(jstr(store_peek(f.s, &kind_configmap, NULL, "a"), "data.a", ""), "b");
}

static void test_replace(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *first = NULL, *edit = NULL, *second = NULL, *same = NULL;
	_cleanup_json_ json_t *stale = NULL, *labelled = NULL, *uid = NULL;

	setup(&f);
	first = create(&f, VM("a", ""));
	edit = json_deep_copy(first);
	jset(edit, "spec.running", json_true());
	jset_str(edit, "status.printableStatus", "Lies");
	second = store_replace(f.s, edit, NULL, status(&f));
	CU_ASSERT_EQUAL(meta_generation(second), 2);
	CU_ASSERT_PTR_NULL(json_object_get(second, "status"));
	TEST_STR(meta_uid(second), meta_uid(first));
	CU_ASSERT_EQUAL(jbool(first, "spec.running", false),
			false); /* old trees stay as they were */

	stale = store_replace(f.s, edit, NULL, status(&f)); /* carries the first resourceVersion */
	CU_ASSERT_PTR_NULL(stale);
	TEST_STR(status_reason(f.status), "Conflict");

	jdel(edit, "metadata.resourceVersion");
	same = store_replace(f.s, edit, NULL, status(&f));
	TEST_STR(meta_rv(same), meta_rv(second)); /* nothing changed */

	meta_set_label(edit, "a", "b");
	labelled = store_replace(f.s, edit, NULL, status(&f));
	CU_ASSERT_EQUAL(meta_generation(labelled), 2);
	CU_ASSERT_STRING_NOT_EQUAL(meta_rv(labelled), meta_rv(second));

	jset_str(edit, "metadata.uid", "00000000-0000-4000-8000-000000000000");
	uid = store_replace(f.s, edit, NULL, status(&f));
	CU_ASSERT_PTR_NULL(uid);
	CU_ASSERT_EQUAL(status_code(f.status), 409);

	jset_str(edit, "metadata.name", "nobody");
	CU_ASSERT_PTR_NULL(store_replace(f.s, edit, NULL, status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 404);
}

static void test_status(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *vm = NULL, *st = J("{'printableStatus':'Running','gone':null}");
	_cleanup_json_ json_t *edit = NULL, *via = NULL, *patch = NULL, *patched = NULL, *cm = NULL;

	setup(&f);
	vm = create(&f, VM("a", ""));
	CU_ASSERT_EQUAL(store_update_status(f.s, vm, st), 1);
	CU_ASSERT_EQUAL(store_update_status(f.s, vm, st), 0);
	TEST_JSON(jget(store_peek(f.s, &kind_vm, NULL, "a"), "status"),
		  "{'printableStatus':'Running'}", "status");
	CU_ASSERT_EQUAL(meta_generation(store_peek(f.s, &kind_vm, NULL, "a")), 1);

	edit = json_deep_copy(store_peek(f.s, &kind_vm, NULL, "a"));
	jset_str(edit, "status.printableStatus", "Stopped");
	jset(edit, "spec.running", json_true());
	meta_set_label(edit, "a", "b");
	via = store_replace_status(f.s, edit, NULL, status(&f));
	TEST_STR(jstr(via, "status.printableStatus", ""), "Stopped");
	CU_ASSERT_PTR_NULL(jget(via, "spec.running"));
	CU_ASSERT_PTR_NULL(jget(via, "metadata.labels"));
	TEST_JSON(json_object_get(vm, "spec"), "{'template':{'spec':{'domain':{'devices':{}}}}}",
		  "spec");

	patch = J("{'status':{'ready':true},'spec':{'running':false}}");
	patched = store_patch_status(f.s, &kind_vm, NULL, "a", PATCH_MERGE, patch, NULL, NULL);
	TEST_JSON(json_object_get(patched, "status"), "{'printableStatus':'Stopped','ready':true}",
		  "patched");
	CU_ASSERT_PTR_NULL(jget(patched, "spec.running"));

	cm = create(&f, CM("c", ""));
	CU_ASSERT_EQUAL(store_update_status(f.s, cm, st), -EINVAL);
	CU_ASSERT_PTR_NULL(store_replace_status(f.s, cm, NULL, status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 404);
	json_decref(store_delete(f.s, &kind_vm, NULL, "a", NULL, NULL));
	CU_ASSERT_EQUAL(store_update_status(f.s, vm, st), -ENOENT);
	make(&f, VM("a", ""));
	CU_ASSERT_EQUAL(store_update_status(f.s, vm, st), -ENOENT); /* another of that name */
}

static void test_conditions(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *vm = NULL;

	setup(&f);
	vm = create(&f, VM("a", ""));
	CU_ASSERT_EQUAL(store_set_condition(f.s, vm, "Ready", "True", NULL, NULL), 1);
	f.now++;
	CU_ASSERT_EQUAL(store_set_condition(f.s, vm, "Ready", "True", NULL, NULL), 0);
	CU_ASSERT_EQUAL(store_set_condition(f.s, vm, "Ready", "False", "Stopped", "m"), 1);
	TEST_JSON(meta_condition(store_peek(f.s, &kind_vm, NULL, "a"), "Ready"),
		  "{'type':'Ready','status':'False','reason':'Stopped','message':'m',"
		  "'lastTransitionTime':'2026-11-24T08:00:01Z'}",
		  "condition");
}

static void test_patch(void)
{
	static const struct {
		enum patch_type t;
		const char *patch;
		int code;
		const char *message;
	} rows[] = {
		{PATCH_STRATEGIC, "{}", 415,
		 "the body of the request was in an unknown format - accepted media types include: "
		 "application/json-patch+json, application/merge-patch+json"},
		{PATCH_MERGE, "[]", 400,
		 "malformed patch: a merge patch of an object is an object"},
		{PATCH_JSON, "[{'op':'test','path':'/kind','value':'x'}]", 422,
		 "the patch does not apply: operation 0: test of \"/kind\" failed"},
		{PATCH_JSON, "[{'op':'fly','path':'/kind'}]", 400,
		 "malformed patch: operation 0: unknown op \"fly\""},
		{PATCH_JSON, "[{'op':'replace','path':'','value':[]}]", 400,
		 "the body is not an object"},
		{PATCH_JSON, "[{'op':'remove','path':'/metadata'}]", 400,
		 "metadata is missing or not an object"},
		{PATCH_MERGE, "{'kind':'VirtualMachineInstance'}", 400,
		 "the object is a VirtualMachineInstance, the request is for a VirtualMachine"},
		{PATCH_MERGE, "{'metadata':{'name':'b'}}", 422,
		 "VirtualMachine.kubevirt.io \"b\" is invalid: metadata.name: Invalid value: "
		 "\"b\": "
		 "field is immutable"},
		{PATCH_MERGE, "{'metadata':{'resourceVersion':'1'}}", 409,
		 "Operation cannot be fulfilled on virtualmachines.kubevirt.io \"a\": the object "
		 "has been modified; please apply your changes to the latest version and try "
		 "again"},
		{PATCH_MERGE, "{'spec':{'template':null}}", 422,
		 "VirtualMachine.kubevirt.io \"a\" is invalid: spec.template: Required value"},
	};
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *patch = J("{'spec':{'running':true}}"), *got = NULL;
	long long rv;

	setup(&f);
	make(&f, VM("a", ""));
	rv = store_rv(f.s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *p = J(rows[i].patch);
		_cleanup_json_ json_t *obj =
			store_patch(f.s, &kind_vm, NULL, "a", rows[i].t, p, NULL, status(&f));

		TEST_ROW(!obj, rows[i].patch, "accepted");
		TEST_ROW(status_code(f.status) == rows[i].code, rows[i].patch, "code %d",
			 status_code(f.status));
		TEST_ROW(streq(status_message(f.status), rows[i].message), rows[i].patch, "%s",
			 status_message(f.status));
	}
	CU_ASSERT_EQUAL(store_rv(f.s), rv);
	got = store_patch(f.s, &kind_vm, NULL, "a", PATCH_MERGE, patch, NULL, NULL);
	CU_ASSERT(jbool(got, "spec.running", false));
	CU_ASSERT_EQUAL(meta_generation(got), 2);
	CU_ASSERT_PTR_NULL(
		store_patch(f.s, &kind_vm, NULL, "x", PATCH_MERGE, patch, NULL, status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 404);
}

TEST_SUITE(api_store, {"create", test_create}, {"refusals", test_refusals},
	   {"generateName", test_generate_name}, {"uids", test_uids}, {"dry run", test_dry_run},
	   {"replace", test_replace}, {"status", test_status}, {"conditions", test_conditions},
	   {"patch", test_patch})
