/* SPDX-License-Identifier: Apache-2.0 */
#include "api/store_testing.h"

static void set_annotation(void *arg, struct store *s UNUSED, enum store_op op,
			   const struct kind *k UNUSED, json_t *obj, const json_t *old UNUSED,
			   struct diags *d UNUSED)
{
	++*(int *)arg;
	if (op != STORE_DELETE)
		meta_set_annotation(obj, "mutated", "yes");
}

static void refuse_bad(void *arg, struct store *s UNUSED, enum store_op op, const struct kind *k,
		       json_t *obj, const json_t *old, struct diags *d)
{
	const json_t *seen = obj ? obj : old;

	++*(int *)arg;
	TEST_ROW(k == &kind_vm, k->kind, "was asked about");
	TEST_ROW(op == STORE_DELETE || meta_annotation(seen, "mutated"), "order",
		 "validators must see what mutators wrote");
	if (meta_label(seen, "bad"))
		diags_add(d, DIAG_ERROR, "V99", "metadata.labels", "Invalid value: bad");
	else
		diags_add(d, DIAG_WARNING, "lint/x", NULL, "careful");
}

static void test_admission(void)
{
	_cleanup_fixture_ struct fixture f;
	int mutations = 0, validations = 0;
	_cleanup_diags_ struct diags found = DIAGS_INIT;
	struct store_opts o = {.findings = &found};
	_cleanup_json_ json_t *good = J(VM("a", "")), *bad = J(VM("b", ",'labels':{'bad':'x'}"));
	_cleanup_json_ json_t *a = NULL, *same = NULL, *st = J("{'x':1}");

	setup(&f);
	store_add_mutator(f.s, &kind_vm, set_annotation, &mutations);
	store_add_admission(f.s, &kind_vm, refuse_bad, &validations);
	a = store_create(f.s, good, &o, NULL);
	TEST_STR(meta_annotation(a, "mutated"), "yes");
	CU_ASSERT_EQUAL(found.n, 1);
	TEST_STR(found.v[0].object, "VirtualMachine default/a");
	CU_ASSERT_PTR_NULL(store_create(f.s, bad, NULL, status(&f)));
	TEST_STR(jstr(f.status, "details.causes.0.rule", ""), "V99");
	CU_ASSERT(mutations == 2 && validations == 2);
	make(&f, CM("c", "")); /* another kind */
	same = store_replace(f.s, a, NULL, NULL);
	CU_ASSERT_PTR_EQUAL(same, a);
	store_update_status(f.s, a, st);
	CU_ASSERT(mutations == 2 && validations == 2);	     /* no change, status: not asked */
	CU_ASSERT_EQUAL(store_label(f.s, a, "bad", "x"), 1); /* controllers are trusted */
	CU_ASSERT_PTR_NULL(store_delete(f.s, &kind_vm, NULL, "a", NULL, status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 422);
	CU_ASSERT_EQUAL(validations, 3);
}

static void test_unknown_fields(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_diags_ struct diags found = DIAGS_INIT;
	_cleanup_json_ json_t *obj = J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':"
				       "'a'},'dat':{}}");
	struct store_opts strict = {.unknown = KIND_STRICT}, warn = {.findings = &found};
	_cleanup_json_ json_t *got = NULL;

	setup(&f);
	CU_ASSERT_PTR_NULL(store_create(f.s, obj, &strict, status(&f)));
	TEST_STR(status_message(f.status),
		 "ConfigMap \"a\" is invalid: dat: unknown field \"dat\"");
	got = store_create(f.s, obj, &warn, NULL);
	CU_ASSERT_PTR_NOT_NULL(got);
	CU_ASSERT_EQUAL(diags_count(&found, DIAG_WARNING), 1);
}

static void test_events(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *vm = NULL, *list = NULL;
	const json_t *e;

	setup(&f);
	vm = create(&f, VM("a", ""));
	store_event(f.s, vm, "Warning", "ErrorAllocating", "ovnk", "no address in %s",
		    "10.0.0.0/30");
	f.now += 60;
	store_event(f.s, vm, "Warning", "ErrorAllocating", "ovnk", "no address in %s",
		    "10.0.0.0/30");
	store_event(f.s, vm, "Warning", "ErrorAllocating", "ovnk", "no address in %s",
		    "10.0.0.0/31");
	store_event(f.s, store_peek(f.s, &kind_namespace, NULL, "default"), "Normal", "X", "t",
		    "bytes \xff");
	list = store_list(f.s, &(struct store_query){.kind = &kind_event});
	CU_ASSERT_EQUAL(json_array_size(json_object_get(list, "items")), 3);
	for (size_t i = 0; i < 3; i++) {
		e = json_array_get(json_object_get(list, "items"), i);
		if (!streq(jstr(e, "message", ""), "no address in 10.0.0.0/30"))
			continue;
		CU_ASSERT_EQUAL(jint(e, "count", 0), 2);
		TEST_STR(jstr(e, "firstTimestamp", ""), "2026-11-24T08:00:00Z");
		TEST_STR(jstr(e, "lastTimestamp", ""), "2026-11-24T08:01:00Z");
		TEST_STR(jstr(e, "involvedObject.uid", ""), meta_uid(vm));
		TEST_STR(jstr(e, "source.component", ""), "ovnk");
		TEST_STR(meta_ns(e), "default");
		TEST_ROW(str_after(meta_name(e), "a."), meta_name(e), "is no event name");
		_cleanup_json_ json_t *copy = json_deep_copy(e);
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		TEST_ROW(kind_admit(copy, NULL, KIND_STRICT, &d) == 0, "event", "%s",
			 d.n ? d.v[0].msg : "");
		return;
	}
	CU_FAIL("the aggregated event is missing");
}

static void test_event_limit(void)
{
	struct store *s = store_new(&(struct store_config){.max_events = 3});
	json_t *ns = store_peek(s, &kind_namespace, NULL, "default");
	_cleanup_json_ json_t *list = NULL;

	for (int i = 0; i < 5; i++)
		store_event(s, ns, "Normal", "N", "t", "number %d", i);
	store_event(s, ns, "Normal", "N", "t", "number %d", 2); /* refreshed: the newest now */
	store_event(s, ns, "Normal", "N", "t", "number %d", 5);
	list = store_list(s, &(struct store_query){.kind = &kind_event});
	CU_ASSERT_EQUAL(json_array_size(json_object_get(list, "items")), 3);
	for (size_t i = 0; i < 3; i++) {
		const char *m =
			jstr(json_array_get(json_object_get(list, "items"), i), "message", "");

		TEST_ROW(streq(m, "number 2") || streq(m, "number 4") || streq(m, "number 5"), m,
			 "should have been dropped");
	}
	store_free(s);
}

static void test_dump(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *dump = NULL;
	_cleanup_free_ char *got = NULL;

	setup(&f);
	make(&f, VM("v", ""));
	make(&f, CM("c", ""));
	dump = store_dump(f.s);
	got = names_of(dump);
	TEST_STR(got, "default kube-system default/c default/v");
}

TEST_SUITE(api_store_admit, {"admission", test_admission}, {"unknown fields", test_unknown_fields},
	   {"events", test_events}, {"event limit", test_event_limit}, {"dump", test_dump})
