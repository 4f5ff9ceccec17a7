/* SPDX-License-Identifier: Apache-2.0 */
#include "api/patch.h"

#include <errno.h>

#include "api/kind.h"
#include "api/testing.h"

static void test_types(void)
{
	enum patch_type t = PATCH_JSON;

	CU_ASSERT_EQUAL(patch_type_of("application/merge-patch+json", &t), 0);
	CU_ASSERT_EQUAL(t, PATCH_MERGE);
	CU_ASSERT_EQUAL(patch_type_of("application/strategic-merge-patch+json; charset=utf-8", &t),
			0);
	CU_ASSERT_EQUAL(t, PATCH_STRATEGIC);
	CU_ASSERT_EQUAL(patch_type_of("Application/JSON-Patch+json", &t), 0);
	CU_ASSERT_EQUAL(t, PATCH_JSON);
	CU_ASSERT_EQUAL(patch_type_of("application/apply-patch+yaml", &t), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(patch_type_of("application/json", &t), -EOPNOTSUPP);
	CU_ASSERT_EQUAL(patch_type_of(NULL, &t), -EOPNOTSUPP);
	TEST_STR(patch_content_type(PATCH_MERGE), "application/merge-patch+json");
}

struct row {
	const char *name, *target, *patch, *want;
	int code; /* of the error when want is NULL */
};

static void run(enum patch_type t, const struct field *fields, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ json_t *target = J(rows[i].target), *patch = J(rows[i].patch);
		_cleanup_json_ json_t *copy = json_deep_copy(target), *got = NULL;
		_cleanup_err_ struct err e = ERR_INIT;

		got = patch_apply(t, fields, target, patch, &e);
		TEST_ROW(json_equal(target, copy), rows[i].name, "target was changed");
		if (rows[i].want) {
			TEST_ROW(got != NULL, rows[i].name, "refused: %s", err_msg(&e));
			TEST_JSON(got, rows[i].want, rows[i].name);
		} else {
			TEST_ROW(!got, rows[i].name, "accepted");
			TEST_ROW(e.code == rows[i].code, rows[i].name, "code %d: %s", e.code,
				 err_msg(&e));
		}
	}
}

/* RFC 7386, appendix A, those whose patch is an object. */
static void test_merge(void)
{
	static const struct row rows[] = {
		{"replace", "{'a':'b'}", "{'a':'c'}", "{'a':'c'}", 0},
		{"add", "{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}", 0},
		{"remove", "{'a':'b'}", "{'a':null}", "{}", 0},
		{"remove one", "{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}", 0},
		{"list by text", "{'a':['b']}", "{'a':'c'}", "{'a':'c'}", 0},
		{"text by list", "{'a':'c'}", "{'a':['b']}", "{'a':['b']}", 0},
		{"nested", "{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}", 0},
		{"list of objects", "{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}", 0},
		{"keep null", "{'e':null}", "{'a':1}", "{'e':null,'a':1}", 0},
		{"nested null", "{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}", 0},
		{"list", "{}", "[1]", NULL, EINVAL},
		{"null", "{}", "null", NULL, EINVAL},
	};

	run(PATCH_MERGE, NULL, rows, ARRAY_SIZE(rows));
}

/* RFC 6902, appendix A, and what may go wrong. */
static void test_json(void)
{
	static const struct row rows[] = {
		{"A.1", "{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'qux'}]",
		 "{'baz':'qux','foo':'bar'}", 0},
		{"A.2", "{'foo':['bar','baz']}", "[{'op':'add','path':'/foo/1','value':'qux'}]",
		 "{'foo':['bar','qux','baz']}", 0},
		{"A.3", "{'baz':'qux','foo':'bar'}", "[{'op':'remove','path':'/baz'}]",
		 "{'foo':'bar'}", 0},
		{"A.4", "{'foo':['bar','qux','baz']}", "[{'op':'remove','path':'/foo/1'}]",
		 "{'foo':['bar','baz']}", 0},
		{"A.5", "{'baz':'qux','foo':'bar'}",
		 "[{'op':'replace','path':'/baz','value':'boo'}]", "{'baz':'boo','foo':'bar'}", 0},
		{"A.6", "{'foo':{'bar':'baz','waldo':'fred'},'qux':{'corge':'grault'}}",
		 "[{'op':'move','from':'/foo/waldo','path':'/qux/thud'}]",
		 "{'foo':{'bar':'baz'},'qux':{'corge':'grault','thud':'fred'}}", 0},
		{"A.7", "{'foo':['all','grass','cows','eat']}",
		 "[{'op':'move','from':'/foo/1','path':'/foo/3'}]",
		 "{'foo':['all','cows','eat','grass']}", 0},
		{"A.8", "{'baz':'qux','foo':['a',2,'c']}",
		 "[{'op':'test','path':'/baz','value':'qux'},{'op':'test','path':'/foo/1','value':"
		 "2}]",
		 "{'baz':'qux','foo':['a',2,'c']}", 0},
		{"A.9", "{'baz':'qux'}", "[{'op':'test','path':'/baz','value':'bar'}]", NULL,
		 EEXIST},
		{"A.10", "{'foo':'bar'}",
		 "[{'op':'add','path':'/child','value':{'grandchild':{}}}]",
		 "{'foo':'bar','child':{'grandchild':{}}}", 0},
		{"A.11", "{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'qux','xyz':123}]",
		 "{'foo':'bar','baz':'qux'}", 0},
		{"A.12", "{'foo':'bar'}", "[{'op':'add','path':'/baz/bat','value':'qux'}]", NULL,
		 ENOENT},
		{"A.14", "{'/':9,'~1':10}", "[{'op':'test','path':'/~01','value':10}]",
		 "{'/':9,'~1':10}", 0},
		{"A.15", "{'/':9,'~1':10}", "[{'op':'test','path':'/~01','value':'10'}]", NULL,
		 EEXIST},
		{"A.16", "{'foo':['bar']}", "[{'op':'add','path':'/foo/-','value':['a']}]",
		 "{'foo':['bar',['a']]}", 0},
		{"copy", "{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/c'}]",
		 "{'a':{'b':1},'c':{'b':1}}", 0},
		{"copies are apart", "{'a':{'b':1}}",
		 "[{'op':'copy','from':'/a','path':'/c'},{'op':'replace','path':'/c/b','value':2}]",
		 "{'a':{'b':1},'c':{'b':2}}", 0},
		{"label key", "{'metadata':{'labels':{'a/b':'c'}}}",
		 "[{'op':'replace','path':'/metadata/labels/a~1b','value':'d'}]",
		 "{'metadata':{'labels':{'a/b':'d'}}}", 0},
		{"whole document", "{'a':1}", "[{'op':'replace','path':'','value':{'b':2}}]",
		 "{'b':2}", 0},
		{"empty key", "{'':1}", "[{'op':'replace','path':'/','value':2}]", "{'':2}", 0},
		{"one is one", "{'a':1}", "[{'op':'test','path':'/a','value':1.0}]", "{'a':1}", 0},
		{"move to itself", "{'a':1}", "[{'op':'move','from':'/a','path':'/a'}]", "{'a':1}",
		 0},
		{"move into itself", "{'a':{}}", "[{'op':'move','from':'/a','path':'/a/b'}]", NULL,
		 EINVAL},
		{"move beside", "{'a':1}", "[{'op':'move','from':'/a','path':'/ab'}]", "{'ab':1}",
		 0},
		{"remove nothing", "{}", "[{'op':'remove','path':'/a'}]", NULL, ENOENT},
		{"replace nothing", "{}", "[{'op':'replace','path':'/a','value':1}]", NULL, ENOENT},
		{"remove all", "{}", "[{'op':'remove','path':''}]", NULL, EINVAL},
		{"index too large", "{'a':[1]}", "[{'op':'add','path':'/a/2','value':1}]", NULL,
		 ENOENT},
		{"index with zero", "{'a':[1,2]}", "[{'op':'remove','path':'/a/01'}]", NULL,
		 ENOENT},
		{"index with sign", "{'a':[1,2]}", "[{'op':'remove','path':'/a/+1'}]", NULL,
		 ENOENT},
		{"below a text", "{'a':'x'}", "[{'op':'add','path':'/a/b','value':1}]", NULL,
		 ENOENT},
		{"end of a list", "{'a':[1]}", "[{'op':'remove','path':'/a/-'}]", NULL, ENOENT},
		{"no slash", "{}", "[{'op':'add','path':'a','value':1}]", NULL, EINVAL},
		{"unknown op", "{}", "[{'op':'merge','path':'/a','value':1}]", NULL, EINVAL},
		{"no path", "{}", "[{'op':'add','value':1}]", NULL, EINVAL},
		{"no value", "{}", "[{'op':'add','path':'/a'}]", NULL, EINVAL},
		{"no from", "{}", "[{'op':'copy','path':'/a'}]", NULL, EINVAL},
		{"no operation", "{}", "['x']", NULL, EINVAL},
		{"an object", "{}", "{}", NULL, EINVAL},
		{"all or nothing", "{'a':1}",
		 "[{'op':'remove','path':'/a'},{'op':'remove','path':'/a'}]", NULL, ENOENT},
	};

	run(PATCH_JSON, NULL, rows, ARRAY_SIZE(rows));
}

/* Small patches must not make huge or bottomless documents. */
static void test_bombs(void)
{
	_cleanup_json_ json_t *doubling = json_array(), *deep = json_array();
	_cleanup_json_ json_t *doc = J("{'a':{'b':1}}"), *one = NULL, *two = NULL;
	_cleanup_err_ struct err e = ERR_INIT, f = ERR_INIT;
	_cleanup_buf_ struct buf path = BUF_INIT;

	for (int i = 0; i < 64; i++)
		json_array_append_new(doubling, json_pack("{s:s, s:s, s:o}", "op", "copy", "from",
							  "", "path", jstringf("/x%d", i)));
	one = patch_json(doc, doubling, &e);
	CU_ASSERT_PTR_NULL(one);
	CU_ASSERT_PTR_NOT_NULL(strstr(err_msg(&e), "copies exceed"));
	for (int i = 0; i < 600; i++) {
		buf_adds(&path, "/d");
		json_array_append_new(deep, json_pack("{s:s, s:s, s:{}}", "op", "add", "path",
						      buf_str(&path), "value"));
	}
	two = patch_json(doc, deep, &f);
	CU_ASSERT_PTR_NULL(two);
	CU_ASSERT_PTR_NOT_NULL(strstr(err_msg(&f), "nests deeper"));
}

static const struct field inner[] = {
	FIELD("name", STRING),
	FIELD("env", LIST_ANY, .merge_key = "name"),
	FIELDS_END,
};
static const struct field spec[] = {
	FIELD("items", LIST, .fields = inner, .merge_key = "name"),
	FIELD("atoms", LIST),
	FIELD("set", LIST, .flags = FIELD_SET),
	FIELD("map", MAP),
	FIELDS_END,
};
static const struct field top[] = {
	FIELD("spec", OBJECT, .fields = spec),
	FIELDS_END,
};

#define S(x) "{'spec':{" x "}}"

static void test_strategic(void)
{
	static const struct row rows[] = {
		{"scalars", S("'a':1,'b':2"), S("'a':null,'c':3"), S("'b':2,'c':3"), 0},
		{"atomic list", S("'atoms':['a','b']"), S("'atoms':['c']"), S("'atoms':['c']"), 0},
		{"merge by name", S("'items':[{'name':'a','x':1},{'name':'b'}]"),
		 S("'items':[{'name':'a','y':2}]"),
		 S("'items':[{'name':'a','x':1,'y':2},{'name':'b'}]"), 0},
		{"append", S("'items':[{'name':'a'}]"), S("'items':[{'name':'b'}]"),
		 S("'items':[{'name':'a'},{'name':'b'}]"), 0},
		{"to nothing", "{}", S("'items':[{'name':'b','x':null}]"),
		 S("'items':[{'name':'b'}]"), 0},
		{"delete one", S("'items':[{'name':'a'},{'name':'b'}]"),
		 S("'items':[{'$patch':'delete','name':'a'}]"), S("'items':[{'name':'b'}]"), 0},
		{"delete none", S("'items':[{'name':'a'}]"),
		 S("'items':[{'$patch':'delete','name':'x'}]"), S("'items':[{'name':'a'}]"), 0},
		{"replace list", S("'items':[{'name':'a'}]"),
		 S("'items':[{'$patch':'replace'},{'name':'z'}]"), S("'items':[{'name':'z'}]"), 0},
		{"nested list", S("'items':[{'name':'a','env':[{'name':'e','value':'1'}]}]"),
		 S("'items':[{'name':'a','env':[{'name':'f','value':'2'}]}]"),
		 S("'items':[{'name':'a','env':[{'name':'e','value':'1'},{'name':'f','value':'2'}]}"
		   "]"),
		 0},
		{"no key", S("'items':[]"), S("'items':[{'x':1}]"), NULL, EINVAL},
		{"element is text", S("'items':[]"), S("'items':['a']"), NULL, EINVAL},
		{"set", S("'set':['a','b']"), S("'set':['b','c']"), S("'set':['a','b','c']"), 0},
		{"from set", S("'set':['a','b']"), S("'$deleteFromPrimitiveList/set':['a']"),
		 S("'set':['b']"), 0},
		{"replace map", S("'map':{'a':'1','b':'2'}"),
		 S("'map':{'$patch':'replace','c':'3'}"), S("'map':{'c':'3'}"), 0},
		{"delete map", S("'map':{'a':'1'}"), S("'map':{'$patch':'delete'}"), S("'map':{}"),
		 0},
		{"odd directive", S("'map':{}"), S("'map':{'$patch':'explode'}"), NULL, EINVAL},
		{"retain keys", S("'map':{'a':'1','b':'2'}"),
		 S("'map':{'$retainKeys':['b','c'],'c':'3'}"), S("'map':{'b':'2','c':'3'}"), 0},
		{"order of objects", S("'items':[{'name':'a'},{'name':'b'},{'name':'c'}]"),
		 S("'$setElementOrder/items':[{'name':'c'},{'name':'a'}]"),
		 S("'items':[{'name':'c'},{'name':'a'},{'name':'b'}]"), 0},
		{"order of texts", S("'set':['a','b']"),
		 S("'$setElementOrder/set':['b','a','x'],'set':['x']"), S("'set':['b','a','x']"),
		 0},
		{"finalizers unite", "{'metadata':{'finalizers':['a']}}",
		 "{'metadata':{'finalizers':['b']}}", "{'metadata':{'finalizers':['a','b']}}", 0},
		{"owners by uid", "{'metadata':{'ownerReferences':[{'uid':'1','name':'x'}]}}",
		 "{'metadata':{'ownerReferences':[{'uid':'1','name':'y'},{'uid':'2'}]}}",
		 "{'metadata':{'ownerReferences':[{'uid':'1','name':'y'},{'uid':'2'}]}}", 0},
		{"not an object", "{}", "[]", NULL, EINVAL},
	};

	run(PATCH_STRATEGIC, top, rows, ARRAY_SIZE(rows));
}

static void test_pod(void)
{
	static const struct row rows[] = {
		{"image of one container",
		 "{'spec':{'containers':[{'name':'a','image':'x','ports':[{'containerPort':80}]},"
		 "{'name':'b','image':'y'}],'tolerations':[{'key':'k'}]}}",
		 "{'spec':{'containers':[{'name':'a','image':'z','ports':[{'containerPort':81}]}],"
		 "'tolerations':[{'key':'l'}]}}",
		 "{'spec':{'containers':[{'name':'a','image':'z','ports':[{'containerPort':80},"
		 "{'containerPort':81}]},{'name':'b','image':'y'}],'tolerations':[{'key':'l'}]}}",
		 0},
		{"condition", "{'status':{'conditions':[{'type':'Ready','status':'False'}]}}",
		 "{'status':{'conditions':[{'type':'Ready','status':'True'},{'type':'X','status':"
		 "'True'}]}}",
		 "{'status':{'conditions':[{'type':'Ready','status':'True'},{'type':'X','status':"
		 "'True'}]}}",
		 0},
	};

	run(PATCH_STRATEGIC, kind_pod.fields, rows, ARRAY_SIZE(rows));
}

static void test_diff(void)
{
	static const struct {
		const char *from, *to, *want;
	} rows[] = {
		{"{}", "{}", "{}"},
		{"{'a':1}", "{'a':1}", "{}"},
		{"{'a':1}", "{'a':2}", "{'a':2}"},
		{"{'a':1}", "{}", "{'a':null}"},
		{"{'a':{'b':1,'c':2}}", "{'a':{'b':1,'c':3}}", "{'a':{'c':3}}"},
		{"{'a':[1]}", "{'a':[1,2]}", "{'a':[1,2]}"},
		{"{'a':{'b':1}}", "{'a':'x'}", "{'a':'x'}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *from = J(rows[i].from), *to = J(rows[i].to);
		_cleanup_json_ json_t *patch = patch_diff(from, to);
		_cleanup_json_ json_t *again = patch_apply(PATCH_MERGE, NULL, from, patch, NULL);

		TEST_JSON(patch, rows[i].want, rows[i].from);
		TEST_JSON(again, rows[i].to, rows[i].from);
	}
}

TEST_SUITE(api_patch, {"content types", test_types}, {"merge", test_merge}, {"JSON", test_json},
	   {"bombs", test_bombs}, {"strategic", test_strategic}, {"strategic on a Pod", test_pod},
	   {"diff", test_diff})
