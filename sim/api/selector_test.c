/* SPDX-License-Identifier: Apache-2.0 */
#include "api/selector.h"

#include "api/testing.h"

static void test_strings(void)
{
	static const struct {
		const char *text, *canonical;
		bool match; /* of {app: web, tier: front, empty: ""} */
	} rows[] = {
		{"", "", true},
		{"  ", "", true},
		{"app=web", "app=web", true},
		{"app==web", "app=web", true},
		{" app = web , tier = front ", "app=web,tier=front", true},
		{"app=db", "app=db", false},
		{"app!=db", "app!=db", true},
		{"none!=db", "none!=db", true},
		{"app!=web", "app!=web", false},
		{"app", "app", true},
		{"!app", "!app", false},
		{"! none", "!none", true},
		{"none", "none", false},
		{"empty=", "empty=", true},
		{"none=", "none=", false},
		{"app in (web,db)", "app in (web,db)", true},
		{"app in (db)", "app=db", false},
		{"app notin (db, cache)", "app notin (db,cache)", true},
		{"none notin (x,y)", "none notin (x,y)", true},
		{"app notin (web,x),tier", "app notin (web,x),tier", false},
		{"app in (web,db),tier=front,!x", "app in (web,db),tier=front,!x", true},
		{"in=x", "in=x", false},
		{"kubernetes.io/metadata.name=a", "kubernetes.io/metadata.name=a", false},
	};
	_cleanup_json_ json_t *labels = J("{'app': 'web', 'tier': 'front', 'empty': ''}");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_selector_ struct selector *s = selector_parse(rows[i].text, &e);
		_cleanup_free_ char *text = NULL;

		if (!TEST_ROW(s != NULL, rows[i].text, "%s", err_msg(&e)))
			continue;
		text = selector_text(s);
		TEST_ROW(streq(text, rows[i].canonical), rows[i].text, "is printed as %s", text);
		TEST_ROW(selector_match(s, labels) == rows[i].match, rows[i].text, "match");
	}
}

static void test_malformed(void)
{
	static const char *const rows[] = {
		",",	   "a,",	 "a=b,,c", "=b",      "a in",	 "a in b", "a in (b",
		"a in b)", "a b",	 "a=b c",  "a>1",     "!",	 "-a=b",   "a=b b",
		"a=-b",	   "a in (b;c)", "a=(b)",  "x/y/z=1", "a notin", "!a=b",   "a=\xff"};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_selector_ struct selector *s = selector_parse(rows[i], &e);

		TEST_ROW(!s, rows[i], "accepted");
		TEST_ROW(*err_msg(&e), rows[i], "no reason");
	}
}

static void test_objects(void)
{
	static const struct {
		const char *o, *canonical;
		bool match;
	} rows[] = {
		{"null", "<none>", false},
		{"{}", "", true},
		{"{'matchLabels': {'app': 'web'}}", "app=web", true},
		{"{'matchLabels': null}", "", true},
		{"{'matchLabels': {'app': 'web'}, 'matchExpressions': [{'key': 'x', 'operator': "
		 "'DoesNotExist'}]}",
		 "app=web,!x", true},
		{"{'matchExpressions': [{'key': 'app', 'operator': 'In', 'values': ['a', 'web']}]}",
		 "app in (a,web)", true},
		{"{'matchExpressions': [{'key': 'app', 'operator': 'NotIn', 'values': ['web']}]}",
		 "app!=web", false},
		{"{'matchExpressions': [{'key': 'app', 'operator': 'Exists'}]}", "app", true},
	};
	_cleanup_json_ json_t *labels = J("{'app': 'web'}");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *o = J(rows[i].o);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_selector_ struct selector *s = selector_from_object(o, "spec", &d);
		_cleanup_free_ char *text = s ? selector_text(s) : xstrdup("(refused)");

		TEST_ROW(streq(text, rows[i].canonical), rows[i].o, "is printed as %s", text);
		TEST_ROW(selector_match(s, labels) == rows[i].match, rows[i].o, "match");
	}
}

static void test_refused_objects(void)
{
	static const struct {
		const char *o, *want;
	} rows[] = {
		{"[]", "error spec: Invalid value: must be an object"},
		{"{'matchLabels': {'a b': 'c'}}",
		 "error spec.matchLabels: Invalid value: \"a b\": name part must consist of "
		 "alphanumeric characters, '-', '_' or '.', and must start and end with an "
		 "alphanumeric character"},
		{"{'matchLabels': {'a': 1}}",
		 "error spec.matchLabels: Invalid value: \"a\": must be a string"},
		{"{'matchExpressions': [{'key': 'a', 'operator': 'in', 'values': ['b']}]}",
		 "error spec.matchExpressions.0.operator: Invalid value: \"in\": not a valid "
		 "selector operator (In, NotIn, Exists, DoesNotExist)"},
		{"{'matchExpressions': [{'key': 'a', 'operator': 'In'}]}",
		 "error spec.matchExpressions.0.values: Invalid value: \"In\": must be specified "
		 "when `operator` is 'In' or 'NotIn'"},
		{"{'matchExpressions': [{'key': 'a', 'operator': 'Exists', 'values': ['b']}]}",
		 "error spec.matchExpressions.0.values: Invalid value: \"Exists\": may not be "
		 "specified when `operator` is 'Exists' or 'DoesNotExist'"},
		{"{'matchExpressions': [{'operator': 'Exists'}]}",
		 "error spec.matchExpressions.0.key: Invalid value: \"\": name part must be "
		 "non-empty"},
		{"{'matchExpressions': [{'key': 'a', 'operator': 'In', 'values': [3]}]}",
		 "error spec.matchExpressions.0.values: Invalid value: \"a\": each must be a valid "
		 "label value"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *o = J(rows[i].o);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_selector_ struct selector *s = selector_from_object(o, "spec", &d);
		_cleanup_free_ char *got = findings(&d);

		TEST_ROW(!s, rows[i].o, "accepted");
		TEST_ROW(streq(got, rows[i].want), rows[i].o, "got %s", got);
	}
}

static void test_map(void)
{
	_cleanup_json_ json_t *map = J("{'a': 'b'}"), *labels = J("{'a': 'b', 'c': 'd'}");
	_cleanup_selector_ struct selector *s = selector_from_map(map);
	_cleanup_selector_ struct selector *all = selector_from_map(NULL);

	CU_ASSERT(selector_match(s, labels) && !selector_match(s, NULL));
	CU_ASSERT(selector_match(all, NULL) && selector_match(NULL, labels));
}

static void test_fields(void)
{
	static const struct {
		const char *text;
		bool match;
	} rows[] = {
		{"", true},
		{"metadata.name=a", true},
		{"metadata.name==a", true},
		{"metadata.name=b", false},
		{"metadata.name!=b,metadata.namespace=n", true},
		{"spec.nodeName=", true},
		{"spec.nodeName!=", false},
		{"status.phase=Running", true},
		{"spec.n=3", true},
		{"spec.on=true", true},
		{"spec.text=a\\,b\\=c\\\\d", true},
	};
	static const char *const bad[] = {"metadata.name", "=a", "a,b", "a=b,,", "a!b"};
	_cleanup_json_ json_t *obj =
		J("{'metadata': {'name': 'a', 'namespace': 'n'}, 'status': {'phase': 'Running'}, "
		  "'spec': {'n': 3, 'on': true, 'text': 'a,b=c\\\\d'}}");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_field_selector_ struct field_selector *s =
			field_selector_parse(rows[i].text, &e);

		TEST_ROW(s != NULL, rows[i].text, "%s", err_msg(&e));
		TEST_ROW(field_selector_match(s, obj) == rows[i].match, rows[i].text, "match");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_field_selector_ struct field_selector *s =
			field_selector_parse(bad[i], &e);

		TEST_ROW(!s && *err_msg(&e), bad[i], "accepted");
	}
}

TEST_SUITE(api_selector, {"strings", test_strings}, {"malformed", test_malformed},
	   {"objects", test_objects}, {"refused objects", test_refused_objects}, {"maps", test_map},
	   {"fields", test_fields})
