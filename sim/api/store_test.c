/* SPDX-License-Identifier: Apache-2.0 */
#include "api/store.h"

#include <errno.h>

#include "api/meta.h"
#include "api/status.h"
#include "api/testing.h"

static int64_t read_clock(void *arg)
{
	return *(int64_t *)arg;
}

struct fixture {
	struct store *s;
	int64_t now;
	json_t *status; /* of the last refused verb */
};

static void setup(struct fixture *f)
{
	*f = (struct fixture){.now = 1795507200};
	f->s = store_new(&(struct store_config){.now = read_clock, .now_arg = &f->now, .seed = 7});
}

static void teardown(struct fixture *f)
{
	store_free(f->s);
	json_decref(f->status);
}
#define _cleanup_fixture_ _cleanup_(teardown)

static json_t **status(struct fixture *f)
{
	json_decref(f->status);
	f->status = NULL;
	return &f->status;
}

static json_t *create(struct fixture *f, const char *text)
{
	_cleanup_json_ json_t *obj = J(text);

	return store_create(f->s, obj, NULL, status(f));
}

/* Creates and forgets; the creation must succeed. */
static void make(struct fixture *f, const char *text)
{
	json_t *obj = create(f, text);

	TEST_ROW(obj != NULL, text, "%s", status_message(f->status));
	json_decref(obj);
}

#define VM(name, more)                                                                     \
	"{'apiVersion':'kubevirt.io/v1','kind':'VirtualMachine','metadata':{'name':'" name \
	"'" more "},'spec':{'template':{'spec':{'domain':{'devices':{}}}}}}"
#define CM(name, more)                                                             \
	"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" name "'" more \
	"},'data':{'a':'b'}}"
#define NS(name) "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'" name "'}}"

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
		 "no kind \"Service\" is registered for version \"v1\"; known are: Namespace (v1), "
		 "Node (v1), Pod (v1), Event (v1), Secret (v1), ConfigMap (v1), "
		 "NetworkAttachmentDefinition (k8s.cni.cncf.io/v1), VirtualMachine "
		 "(kubevirt.io/v1), VirtualMachineInstance (kubevirt.io/v1)"},
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
	_cleanup_fixture_ struct fixture f;

	setup(&f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *obj = create(&f, rows[i].obj);

		TEST_ROW(!obj, rows[i].obj, "accepted");
		TEST_ROW(status_code(f.status) == rows[i].code, rows[i].obj, "code %d",
			 status_code(f.status));
		TEST_ROW(streq(status_message(f.status), rows[i].message), rows[i].obj, "%s",
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

/* ---- deletion ---- */

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
	for (int i = 1; i < 3000; i++) {
		_cleanup_free_ char *name = xasprintf("c%d", i);

		next = make_owned(&f, name, owner, NULL, NULL);
		json_decref(owner);
		owner = next;
	}
	patch = json_pack("{s:{s:[{s:s, s:s, s:s, s:s}]}}", "metadata", "ownerReferences",
			  "apiVersion", "v1", "kind", "ConfigMap", "name", "c2999", "uid",
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

/* ---- lists, watches, listeners ---- */

static char *names_of(const json_t *list)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *v;

	json_array_foreach (json_object_get(list, "items"), i, v) {
		_cleanup_free_ char *key = meta_key(v);

		buf_printf(&b, "%s%s", i ? " " : "", key);
	}
	return buf_take(&b);
}

static void test_list(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_selector_ struct selector *sel = selector_parse("x in (y)", NULL);
	_cleanup_field_selector_ struct field_selector *fields =
		field_selector_parse("metadata.name!=a", NULL);
	const struct {
		struct store_query q;
		const char *want;
	} rows[] = {
		{{.kind = &kind_configmap}, "default/a default/b zoo/a"},
		{{.kind = &kind_configmap, .ns = "default"}, "default/a default/b"},
		{{.kind = &kind_configmap, .ns = "none"}, ""},
		{{.kind = &kind_configmap, .name = "a"}, "default/a zoo/a"},
		{{.kind = &kind_configmap, .labels = sel}, "default/b zoo/a"},
		{{.kind = &kind_configmap, .fields = fields}, "default/b"},
		{{.kind = &kind_namespace, .ns = "x"}, "default kube-system zoo"},
	};

	setup(&f);
	make(&f, NS("zoo"));
	make(&f, CM("a", ",'namespace':'zoo','labels':{'x':'y'}"));
	make(&f, CM("b", ",'labels':{'x':'y'}"));
	make(&f, CM("a", ""));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *list = store_list(f.s, &rows[i].q);
		_cleanup_free_ char *got = names_of(list);

		TEST_ROW(streq(got, rows[i].want), rows[i].want, "got %s", got);
		TEST_STR(meta_rv(list), "6");
	}
	_cleanup_json_ json_t *list = store_list(f.s, &rows[0].q);

	TEST_STR(jstr(list, "kind", ""), "ConfigMapList");
	TEST_STR(jstr(list, "apiVersion", ""), "v1");
}

/* "ADDED a, …" */
static char *events_text(const json_t *events)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *v;

	json_array_foreach (events, i, v)
		buf_printf(&b, "%s%s %s@%s", i ? ", " : "", jstr(v, "type", ""),
			   jstr(v, "object.metadata.name", ""),
			   jstr(v, "object.metadata.resourceVersion", ""));
	return buf_take(&b);
}

static void test_watch(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_selector_ struct selector *sel = selector_parse("x=y", NULL);
	struct store_query all = {.kind = &kind_configmap};
	struct store_query some = {.kind = &kind_configmap, .labels = sel};
	_cleanup_json_ json_t *a = NULL, *e1 = NULL, *e2 = NULL, *e3 = NULL, *e4 = NULL;
	_cleanup_free_ char *t1 = NULL, *t2 = NULL, *t3 = NULL, *t4 = NULL;

	setup(&f);
	a = create(&f, CM("a", ",'labels':{'x':'y'}")); /* 3 */
	make(&f, CM("b", ""));				/* 4 */
	make(&f, VM("v", ""));				/* 5 */
	store_label(f.s, a, "x", "z");			/* 6: leaves the selector */
	store_annotate(f.s, a, "k", "v");		/* 7 */
	store_label(f.s, a, "x", "y");			/* 8: comes back */
	store_annotate(f.s, a, "k", "w");		/* 9 */
	json_decref(store_delete(f.s, &kind_configmap, NULL, "a", NULL, NULL)); /* 10 */
	e1 = store_events_since(f.s, &all, "2", status(&f));
	t1 = events_text(e1);
	TEST_STR(t1, "ADDED a@3, ADDED b@4, MODIFIED a@6, MODIFIED a@7, MODIFIED a@8, MODIFIED "
		     "a@9, DELETED a@10");
	e2 = store_events_since(f.s, &some, "2", status(&f));
	t2 = events_text(e2);
	TEST_STR(t2, "ADDED a@3, DELETED a@6, ADDED a@8, MODIFIED a@9, DELETED a@10");
	e3 = store_events_since(f.s, &all, "10", status(&f));
	t3 = events_text(e3);
	TEST_STR(t3, "");
	e4 = store_events_since(f.s, &all, "0", status(&f));
	t4 = events_text(e4);
	TEST_STR(t4, "ADDED b@4");
	CU_ASSERT_PTR_NULL(store_events_since(f.s, &all, "11", status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 410);
	CU_ASSERT_PTR_NULL(store_events_since(f.s, &all, "x", status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 400);
}

static void test_watch_expiry(void)
{
	struct store *s = store_new(&(struct store_config){.log_size = 4});
	struct store_query q = {.kind = &kind_configmap};
	_cleanup_json_ json_t *st = NULL, *ok = NULL, *obj = J(CM("a", "")), *a = NULL;

	a = store_create(s, obj, NULL, NULL); /* 3 */
	for (int i = 0; i < 5; i++) {
		_cleanup_free_ char *v = xasprintf("%d", i);

		store_annotate(s, a, "k", v); /* 4 … 8 */
	}
	ok = store_events_since(s, &q, "4", &st);
	CU_ASSERT_EQUAL(json_array_size(ok), 4);
	CU_ASSERT_PTR_NULL(store_events_since(s, &q, "3", &st));
	CU_ASSERT_EQUAL(status_code(st), 410);
	TEST_STR(status_reason(st), "Expired");
	store_free(s);
}

struct recorder {
	struct store *s;
	struct buf text;
	bool meddle; /* writes from inside the listener */
};

static void record(void *arg, enum store_change c, const struct kind *k, json_t *obj, json_t *old)
{
	struct recorder *r = arg;

	buf_printf(&r->text, "%s%s %s %s(%s)", r->text.len ? ", " : "", store_change_name(c),
		   k->singular, meta_name(obj), old ? meta_rv(old) : "-");
	if (r->meddle && c == STORE_ADDED && k == &kind_configmap) {
		store_annotate(r->s, obj, "seen", "yes");
		buf_adds(&r->text, " [wrote]");
	}
}

static void test_listeners(void)
{
	_cleanup_fixture_ struct fixture f;
	struct recorder one = {.meddle = true}, two = {0};
	_cleanup_json_ json_t *a = NULL;

	setup(&f);
	one.s = two.s = f.s;
	store_add_listener(f.s, record, &one);
	store_add_listener(f.s, record, &two);
	a = create(&f, CM("a", ""));
	TEST_STR(buf_str(&one.text), "ADDED configmap a(-) [wrote], MODIFIED configmap a(3)");
	/* The second listener sees the changes in order, never the later one first. */
	TEST_STR(buf_str(&two.text), "ADDED configmap a(-), MODIFIED configmap a(3)");
	CU_ASSERT_PTR_NULL(meta_annotation(a, "seen"));
	store_del_listener(f.s, record, &one);
	json_decref(store_delete(f.s, &kind_configmap, NULL, "a", NULL, NULL));
	TEST_STR(buf_str(&two.text), "ADDED configmap a(-), MODIFIED configmap a(3), DELETED "
				     "configmap a(4)");
	TEST_ROW(!strstr(buf_str(&one.text), "DELETED"), "removed listener", "still called");
	buf_free(&one.text);
	buf_free(&two.text);
}

static void leave(void *arg, enum store_change c UNUSED, const struct kind *k UNUSED,
		  json_t *obj UNUSED, json_t *old UNUSED)
{
	store_del_listener(arg, leave, arg);
}

static void test_leaving_listener(void)
{
	_cleanup_fixture_ struct fixture f;
	struct recorder two = {0};

	setup(&f);
	store_add_listener(f.s, leave, f.s);
	store_add_listener(f.s, record, &two);
	make(&f, CM("a", ""));
	make(&f, CM("b", ""));
	TEST_STR(buf_str(&two.text), "ADDED configmap a(-), ADDED configmap b(-)");
	buf_free(&two.text);
}

/* ---- admission ---- */

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

/* ---- events ---- */

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

TEST_SUITE(api_store, {"create", test_create}, {"refusals", test_refusals},
	   {"generateName", test_generate_name}, {"uids", test_uids}, {"dry run", test_dry_run},
	   {"replace", test_replace}, {"status", test_status}, {"conditions", test_conditions},
	   {"patch", test_patch}, {"delete", test_delete}, {"finalizers", test_finalizers},
	   {"owners", test_owners}, {"long chain of owners", test_long_chain},
	   {"namespaces", test_namespaces}, {"delete all", test_delete_all}, {"list", test_list},
	   {"watch", test_watch}, {"watch expiry", test_watch_expiry},
	   {"listeners", test_listeners}, {"leaving listener", test_leaving_listener},
	   {"admission", test_admission}, {"unknown fields", test_unknown_fields},
	   {"events", test_events}, {"event limit", test_event_limit}, {"dump", test_dump})
