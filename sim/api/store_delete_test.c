/* SPDX-License-Identifier: Apache-2.0 */
#include "api/store_testing.h"

#include <errno.h>

static void test_delete(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *a = NULL, *gone = NULL;

	setup(&f);
	a = create(&f, CM("a", ""));
	CU_ASSERT_PTR_NULL(store_delete(f.s, &kind_configmap, NULL, "a",
					&(struct store_opts){.precondition_uid = "x"}, status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 409);
	CU_ASSERT_PTR_NULL(store_delete(f.s, &kind_configmap, NULL, "a",
					&(struct store_opts){.precondition_rv = "1"}, status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 409);
	gone = store_delete(f.s, &kind_configmap, NULL, "a",
			    &(struct store_opts){.precondition_uid = meta_uid(a)}, status(&f));
	CU_ASSERT_PTR_NOT_NULL(gone);
	CU_ASSERT(strcmp(meta_rv(gone), meta_rv(a)) > 0);
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_configmap, NULL, "a"));
	CU_ASSERT_PTR_NULL(store_delete(f.s, &kind_configmap, NULL, "a", NULL, status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 404);
	CU_ASSERT_PTR_NULL(store_delete(f.s, &kind_namespace, NULL, "default", NULL, status(&f)));
	TEST_STR(status_message(f.status),
		 "namespaces \"default\" is forbidden: this namespace may not be deleted");
}

static void test_finalizers(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *vm = NULL, *marked = NULL, *again = NULL, *patch = NULL,
			      *last = NULL;

	setup(&f);
	vm = create(&f, VM("a", ",'finalizers':['lab/one']"));
	CU_ASSERT_EQUAL(store_add_finalizer(f.s, vm, "lab/two"), 1);
	CU_ASSERT_EQUAL(store_add_finalizer(f.s, vm, "lab/two"), 0);
	marked = store_delete(f.s, &kind_vm, NULL, "a", NULL, NULL);
	CU_ASSERT(meta_deleting(marked));
	CU_ASSERT_EQUAL(meta_generation(marked), 2);
	f.now++;
	again = store_delete(f.s, &kind_vm, NULL, "a", NULL, NULL);
	TEST_STR(meta_rv(again), meta_rv(marked));
	CU_ASSERT_EQUAL(store_add_finalizer(f.s, vm, "lab/three"), -EINVAL);
	CU_ASSERT_EQUAL(store_del_finalizer(f.s, vm, "lab/one"), 1);
	CU_ASSERT_EQUAL(store_del_finalizer(f.s, vm, "lab/one"), 0);
	CU_ASSERT_PTR_NOT_NULL(store_peek(f.s, &kind_vm, NULL, "a"));
	patch = J("{'metadata':{'finalizers':null,'deletionTimestamp':null}}");
	last = store_patch(f.s, &kind_vm, NULL, "a", PATCH_MERGE, patch, NULL, status(&f));
	CU_ASSERT_PTR_NOT_NULL(last);
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_vm, NULL, "a"));
	CU_ASSERT_EQUAL(store_del_finalizer(f.s, vm, "lab/two"), -ENOENT);
}

/* name owned by owner (uid), and by more when given. */
static json_t *make_owned(struct fixture *f, const char *name, const json_t *owner,
			  const json_t *more, const char *finalizer)
{
	_cleanup_json_ json_t *obj = meta_new(&kind_configmap, meta_ns(owner), name);

	meta_set_controller(obj, owner);
	if (more) {
		json_t *ref = json_deep_copy(meta_controller(obj));

		jset_str(ref, "uid", meta_uid(more));
		jset(ref, "controller", json_false());
		json_array_append_new(jget(obj, "metadata.ownerReferences"), ref);
	}
	if (finalizer)
		meta_add_finalizer(obj, finalizer);
	return store_create(f->s, obj, NULL, status(f));
}

static void test_owners(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *vm = NULL, *other = NULL, *child = NULL, *grand = NULL, *both = NULL;
	_cleanup_json_ json_t *held = NULL, *stranger = NULL;

	setup(&f);
	vm = create(&f, VM("a", ""));
	other = create(&f, VM("b", ""));
	child = make_owned(&f, "child", vm, NULL, NULL);
	grand = make_owned(&f, "grand", child, NULL, NULL);
	both = make_owned(&f, "both", vm, other, NULL);
	held = make_owned(&f, "held", vm, NULL, "lab/x");
	stranger = make_owned(&f, "stranger", other, NULL, NULL);
	json_decref(store_delete(f.s, &kind_vm, NULL, "a", NULL, NULL));
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_configmap, NULL, "child"));
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_configmap, NULL, "grand"));
	CU_ASSERT(meta_deleting(store_peek(f.s, &kind_configmap, NULL, "held")));
	CU_ASSERT_PTR_NOT_NULL(store_peek(f.s, &kind_configmap, NULL, "stranger"));
	TEST_ROW(json_array_size(jget(store_peek(f.s, &kind_configmap, NULL, "both"),
				      "metadata.ownerReferences")) == 1,
		 "both", "keeps its other owner only");
	json_decref(
		store_delete(f.s, &kind_vm, NULL, "b", &(struct store_opts){.orphan = true}, NULL));
	CU_ASSERT_PTR_NULL(
		jget(store_peek(f.s, &kind_configmap, NULL, "both"), "metadata.ownerReferences"));
	CU_ASSERT_PTR_NULL(jget(store_peek(f.s, &kind_configmap, NULL, "stranger"),
				"metadata.ownerReferences"));
}

/* A chain of owners longer than any stack, and a ring of them. */
static void test_long_chain(void)
{
	_cleanup_fixture_ struct fixture f;
	json_t *owner, *next;
	_cleanup_json_ json_t *first = NULL, *ring = NULL, *patch = NULL;

	setup(&f);
	owner = first = create(&f, CM("c0", ""));
	json_incref(owner);
	for (int i = 1; i < 1200; i++) {
		_cleanup_free_ char *name = xasprintf("c%d", i);

		next = make_owned(&f, name, owner, NULL, NULL);
		json_decref(owner);
		owner = next;
	}
	patch = json_pack("{s:{s:[{s:s, s:s, s:s, s:s}]}}", "metadata", "ownerReferences",
			  "apiVersion", "v1", "kind", "ConfigMap", "name", "c1199", "uid",
			  meta_uid(owner));
	ring = store_patch(f.s, &kind_configmap, NULL, "c0", PATCH_MERGE, patch, NULL, status(&f));
	CU_ASSERT_PTR_NOT_NULL(ring);
	json_decref(owner);
	json_decref(store_delete(f.s, &kind_configmap, NULL, "c0", NULL, NULL));
	CU_ASSERT_EQUAL(store_count(f.s, &(struct store_query){.kind = &kind_configmap}), 0);
}

static void test_namespaces(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_json_ json_t *held = NULL, *ns = NULL, *blocked = NULL;

	setup(&f);
	make(&f, NS("blue"));
	TEST_STR(jstr(store_peek(f.s, &kind_namespace, NULL, "blue"), "status.phase", ""),
		 "Active");
	make(&f, CM("a", ",'namespace':'blue'"));
	held = create(&f, VM("v", ",'namespace':'blue','finalizers':['lab/x']"));
	make(&f, CM("a", ""));
	ns = store_delete(f.s, &kind_namespace, NULL, "blue", NULL, NULL);
	TEST_STR(jstr(ns, "status.phase", ""), "Terminating");
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_configmap, "blue", "a"));
	CU_ASSERT_PTR_NOT_NULL(store_peek(f.s, &kind_namespace, NULL, "blue"));
	blocked = create(&f, CM("b", ",'namespace':'blue'"));
	CU_ASSERT_PTR_NULL(blocked);
	TEST_STR(status_message(f.status),
		 "configmaps \"b\" is forbidden: unable to create new content in namespace blue "
		 "because it is being terminated");
	store_event(f.s, held, "Normal", "Late", "test", "not recorded");
	CU_ASSERT_EQUAL(store_del_finalizer(f.s, held, "lab/x"), 1);
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_namespace, NULL, "blue"));
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_vm, "blue", "v"));
	CU_ASSERT_PTR_NOT_NULL(store_peek(f.s, &kind_configmap, "default", "a"));
	make(&f, NS("blue"));
	json_decref(store_delete(f.s, &kind_namespace, NULL, "blue", NULL, NULL));
	CU_ASSERT_PTR_NULL(store_peek(f.s, &kind_namespace, NULL, "blue"));
}

static void test_delete_all(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_selector_ struct selector *sel = selector_parse("x=y", NULL);
	_cleanup_json_ json_t *list = NULL;

	setup(&f);
	make(&f, CM("a", ",'labels':{'x':'y'}"));
	make(&f, CM("b", ",'labels':{'x':'z'}"));
	make(&f, CM("c", ",'labels':{'x':'y'}"));
	list = store_delete_all(
		f.s, &(struct store_query){.kind = &kind_configmap, .ns = "default", .labels = sel},
		NULL, NULL);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(list, "items")), 2);
	CU_ASSERT_EQUAL(store_count(f.s, &(struct store_query){.kind = &kind_configmap}), 1);
}

TEST_SUITE(api_store_delete, {"delete", test_delete}, {"finalizers", test_finalizers},
	   {"owners", test_owners}, {"long chain of owners", test_long_chain},
	   {"namespaces", test_namespaces}, {"delete all", test_delete_all})
