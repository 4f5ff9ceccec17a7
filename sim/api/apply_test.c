/* SPDX-License-Identifier: Apache-2.0 */
#include "api/apply.h"

#include "api/meta.h"
#include "api/testing.h"

static void test_three_way(void)
{
	static const struct {
		const char *name, *last, *current, *wanted, *want;
	} rows[] = {
		{"first time", "null", "{'a':1}", "{'a':1,'b':2}", "{'b':2}"},
		{"unchanged", "{'a':1}", "{'a':1,'server':2}", "{'a':1}", "{}"},
		{"removed by the user", "{'a':1,'b':2}", "{'a':1,'b':2}", "{'a':1}", "{'b':null}"},
		{"removed here and there", "{'a':1,'b':2}", "{'a':1}", "{'a':1}", "{}"},
		{"set by others stays", "{'a':1}", "{'a':1,'c':{'d':1}}", "{'a':1}", "{}"},
		{"drifted", "{'a':1}", "{'a':5}", "{'a':1}", "{'a':1}"},
		{"nested", "{'s':{'x':1,'y':2}}", "{'s':{'x':1,'y':2,'z':3}}", "{'s':{'x':9}}",
		 "{'s':{'x':9,'y':null}}"},
		{"list is replaced whole", "{'l':[1]}", "{'l':[1,2]}", "{'l':[1]}", "{'l':[1]}"},
		{"null wanted", "{'a':1}", "{'a':1}", "{'a':null}", "{'a':null}"},
		{"null wanted, absent", "{}", "{}", "{'a':null}", "{}"},
		{"empty object", "{}", "{}", "{'bridge':{}}", "{'bridge':{}}"},
		{"empty object again", "{'bridge':{}}", "{'bridge':{}}", "{'bridge':{}}", "{}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *last = J(rows[i].last), *current = J(rows[i].current);
		_cleanup_json_ json_t *wanted = J(rows[i].wanted);
		_cleanup_json_ json_t *got = apply_patch(last, current, wanted);

		TEST_JSON(got, rows[i].want, rows[i].name);
	}
}

#define POD(x) "{'spec':{'containers':" x "}}"

static void test_strategic(void)
{
	static const struct {
		const char *name, *last, *current, *wanted, *patch, *result;
	} rows[] = {
		{"unchanged", POD("[{'name':'a'}]"), POD("[{'name':'a','server':1},{'name':'s'}]"),
		 POD("[{'name':'a'}]"), "{}", POD("[{'name':'a','server':1},{'name':'s'}]")},
		{"element changed", POD("[{'name':'a','image':'x'}]"),
		 POD("[{'name':'a','image':'x','server':1}]"), POD("[{'name':'a','image':'y'}]"),
		 "{'spec':{'containers':[{'name':'a','image':'y'}],"
		 "'$setElementOrder/containers':[{'name':'a'}]}}",
		 POD("[{'name':'a','image':'y','server':1}]")},
		{"element dropped", POD("[{'name':'a'},{'name':'b'}]"),
		 POD("[{'name':'a'},{'name':'b'},{'name':'s'}]"), POD("[{'name':'b'}]"),
		 "{'spec':{'containers':[{'$patch':'delete','name':'a'}],"
		 "'$setElementOrder/containers':[{'name':'b'}]}}",
		 POD("[{'name':'b'},{'name':'s'}]")},
		{"element added in front", POD("[{'name':'a'}]"), POD("[{'name':'a'}]"),
		 POD("[{'name':'n'},{'name':'a'}]"),
		 "{'spec':{'containers':[{'name':'n'}],'$setElementOrder/containers':[{'name':'n'},"
		 "{'name':'a'}]}}",
		 POD("[{'name':'n'},{'name':'a'}]")},
		{"order alone", POD("[{'name':'a'},{'name':'b'}]"),
		 POD("[{'name':'a'},{'name':'s'},{'name':'b'}]"),
		 POD("[{'name':'b'},{'name':'a'}]"),
		 "{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}]}}",
		 POD("[{'name':'b'},{'name':'a'},{'name':'s'}]")},
		{"member of an element dropped", POD("[{'name':'a','tty':true}]"),
		 POD("[{'name':'a','tty':true}]"), POD("[{'name':'a'}]"),
		 "{'spec':{'containers':[{'name':'a','tty':null}],"
		 "'$setElementOrder/containers':[{'name':'a'}]}}",
		 POD("[{'name':'a'}]")},
		{"finalizers", "{'metadata':{'finalizers':['a','b']}}",
		 "{'metadata':{'finalizers':['a','b','s']}}",
		 "{'metadata':{'finalizers':['b','c']}}",
		 "{'metadata':{'finalizers':['c'],'$deleteFromPrimitiveList/finalizers':['a']}}",
		 "{'metadata':{'finalizers':['b','s','c']}}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *last = J(rows[i].last), *current = J(rows[i].current);
		_cleanup_json_ json_t *wanted = J(rows[i].wanted), *result = NULL;
		_cleanup_json_ json_t *got =
			apply_patch_strategic(kind_pod.fields, last, current, wanted);

		TEST_JSON(got, rows[i].patch, rows[i].name);
		result = patch_strategic(kind_pod.fields, current, got, NULL);
		TEST_JSON(result, rows[i].result, rows[i].name);
	}
}

/* Creates, plans again, and again after a change: as `apply` three times. */
static void check_rounds(const struct kind *k, const char *first, const char *second,
			 const char *row)
{
	_cleanup_json_ json_t *a = J(first), *b = J(second), *stored = apply_annotated(a);
	_cleanup_json_ json_t *same = NULL, *change = NULL, *patched = NULL, *after = NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	enum patch_type t;

	TEST_ROW(kind_admit(stored, NULL, KIND_STRICT, &d) == 0, row, "refused");
	same = apply_plan(k, stored, a, &t);
	TEST_ROW(t == (k->builtin ? PATCH_STRATEGIC : PATCH_MERGE), row, "patch type");
	TEST_JSON(same, "{}", row);
	change = apply_plan(k, stored, b, &t);
	TEST_ROW(json_object_size(change) > 0, row, "change not seen");
	patched = patch_apply(t, k->fields, stored, change, NULL);
	TEST_ROW(kind_prepare(patched, KIND_STRICT, &d) == 0, row, "patched object is refused");
	after = apply_plan(k, patched, b, &t);
	TEST_JSON(after, "{}", row);
}

static void test_plan(void)
{
	check_rounds(&kind_vm,
		     "{'apiVersion':'kubevirt.io/v1','kind':'VirtualMachine','metadata':{'name':"
		     "'a','creationTimestamp':null},'spec':{'running':true,'template':{'spec':"
		     "{'domain':{'devices':{'interfaces':[{'name':'n','bridge':{}}]}}}}},'status':"
		     "{}}",
		     "{'apiVersion':'kubevirt.io/v1alpha3','kind':'VirtualMachine','metadata':"
		     "{'name':'a'},'spec':{'running':false,'template':{'spec':{'domain':{'devices':"
		     "{}}}}}}",
		     "VirtualMachine");
	check_rounds(&kind_pod,
		     "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'a','labels':{'x':'y'}},"
		     "'spec':{'containers':[{'name':'c','image':'i'}]}}",
		     "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'a'},'spec':{'containers':"
		     "[{'name':'c','image':'j'}]}}",
		     "Pod");
	check_rounds(&kind_secret,
		     "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'a'},'stringData':"
		     "{'a':'b'}}",
		     "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'a'},'stringData':"
		     "{'a':'c'}}",
		     "Secret with stringData");
}

static void test_annotation(void)
{
	_cleanup_json_ json_t *obj =
		J("{'metadata':{'name':'a','annotations':{'k':'v'}},'x':null}");
	_cleanup_json_ json_t *one = apply_annotated(obj), *two = apply_annotated(one),
			      *last = NULL;
	_cleanup_json_ json_t *bad = J("{'metadata':{'annotations':{'" APPLY_ANNOTATION "':'{'}}}");

	TEST_STR(meta_annotation(one, APPLY_ANNOTATION),
		 "{\"metadata\":{\"annotations\":{\"k\":\"v\"},\"name\":\"a\"}}\n");
	CU_ASSERT(json_equal(one, two));
	last = apply_last(one);
	TEST_JSON(last, "{'metadata':{'annotations':{'k':'v'},'name':'a'}}", "last");
	CU_ASSERT_PTR_NULL(apply_last(bad));
	CU_ASSERT_PTR_NULL(apply_last(obj));
}

/* An object that came from `get -o yaml` carries what the server wrote. */
static void test_exported(void)
{
	_cleanup_json_ json_t *stored =
		J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':'n',"
		  "'uid':'u1','creationTimestamp':'2026-11-24T08:00:00Z'},'data':{'a':'b'}}");
	_cleanup_json_ json_t *wanted =
		J("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':'n',"
		  "'uid':'other','creationTimestamp':'2001-01-01T00:00:00Z','managedFields':[]},"
		  "'data':{'a':'c'}}");
	enum patch_type t;
	_cleanup_json_ json_t *patch = apply_plan(&kind_configmap, stored, wanted, &t);

	CU_ASSERT_PTR_NULL(jget(patch, "metadata.uid"));
	CU_ASSERT_PTR_NULL(jget(patch, "metadata.creationTimestamp"));
	TEST_JSON(json_object_get(patch, "data"), "{'a':'c'}", "data");
}

TEST_SUITE(api_apply, {"three-way", test_three_way}, {"strategic", test_strategic},
	   {"plan", test_plan}, {"annotation", test_annotation}, {"exported", test_exported})
