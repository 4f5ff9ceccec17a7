/* SPDX-License-Identifier: Apache-2.0 */
#include "api/meta.h"

#include "api/testing.h"

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Each row: which checks accept s. */
static void test_names(void)
{
	static const struct {
		const char *s;
		bool label, subdomain, qualified, value;
	} rows[] = {
		{"a", true, true, true, true},
		{"vm-a", true, true, true, true},
		{"0", true, true, true, true},
		{L63, true, true, true, true},
		{L63 "a", false, true, false, false},
		{"", false, false, false, true},
		{"-a", false, false, false, false},
		{"a-", false, false, false, false},
		{"A", false, false, true, true},
		{"a_b", false, false, true, true},
		{"a.b", false, true, true, true},
		{"a..b", false, false, true, true},
		{".a", false, false, false, false},
		{"a b", false, false, false, false},
		{"example.com/name", false, false, true, false},
		{"k8s.v1.cni.cncf.io/networks", false, false, true, false},
		{"kubernetes.io/", false, false, false, false},
		{"/name", false, false, false, false},
		{"Example.com/name", false, false, false, false},
		{"a/b/c", false, false, false, false},
		{"node-role.kubernetes.io/worker", false, false, true, false},
		{"\xc3\xbc", false, false, false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *s = rows[i].s;

		TEST_ROW(!meta_check_label_name(s) == rows[i].label, s, "as a label");
		TEST_ROW(!meta_check_subdomain(s) == rows[i].subdomain, s, "as a subdomain");
		TEST_ROW(!meta_check_qualified_name(s) == rows[i].qualified, s, "as a key");
		TEST_ROW(!meta_check_label_value(s) == rows[i].value, s, "as a value");
	}
}

static void test_validate(void)
{
	static const struct {
		const char *name, *obj, *want;
	} rows[] = {
		{"good", "{'metadata': {'name': 'a', 'namespace': 'n', 'labels': {'a': 'b'}}}", ""},
		{"no name", "{'metadata': {}}",
		 "error metadata.name: Required value: name or generateName is required"},
		{"generateName", "{'metadata': {'generateName': 'web-'}}", ""},
		{"bad generateName", "{'metadata': {'generateName': 'Web-'}}",
		 "error metadata.generateName: Invalid value: \"Web-\": a lowercase RFC 1123 "
		 "subdomain must consist of lower case alphanumeric characters, '-' or '.', and "
		 "must start and end with an alphanumeric character"},
		{"upper case", "{'metadata': {'name': 'VM'}}",
		 "error metadata.name: Invalid value: \"VM\": a lowercase RFC 1123 subdomain must "
		 "consist of lower case alphanumeric characters, '-' or '.', and must start and "
		 "end with an alphanumeric character"},
		{"namespace with a dot", "{'metadata': {'name': 'a', 'namespace': 'a.b'}}",
		 "error metadata.namespace: Invalid value: \"a.b\": a lowercase RFC 1123 label "
		 "must consist of lower case alphanumeric characters or '-', and must start and "
		 "end with an alphanumeric character"},
		{"label key and value",
		 "{'metadata': {'name': 'a', 'labels': {'-': 'x', 'k': 'a b'}}}",
		 "error metadata.labels: Invalid value: \"-\": name part must consist of "
		 "alphanumeric characters, '-', '_' or '.', and must start and end with an "
		 "alphanumeric character\n"
		 "error metadata.labels: Invalid value: \"a b\": a valid label must be an empty "
		 "string or consist of alphanumeric characters, '-', '_' or '.', and must start "
		 "and end with an alphanumeric character"},
		{"annotation key",
		 "{'metadata': {'name': 'a', 'annotations': {'Example.Com/Key': 'any text: 1', "
		 "'a b': ''}}}",
		 "error metadata.annotations: Invalid value: \"a b\": name part must consist of "
		 "alphanumeric characters, '-', '_' or '.', and must start and end with an "
		 "alphanumeric character"},
		{"two controllers",
		 "{'metadata': {'name': 'a', 'ownerReferences': [{'controller': true}, "
		 "{'controller': true}]}}",
		 "error metadata.ownerReferences: Invalid value: only one reference can have "
		 "controller set to true"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *obj = J(rows[i].obj);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *got = NULL;

		meta_validate(&kind_vm, obj, NULL, &d);
		got = findings(&d);
		TEST_ROW(streq(got, rows[i].want), rows[i].name, "got:\n%s\nwant:\n%s", got,
			 rows[i].want);
	}
}

static void test_scope(void)
{
	_cleanup_json_ json_t *obj = J("{'metadata': {'name': 'a', 'namespace': 'n'}}");
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *got = NULL;

	meta_validate(&kind_node, obj, NULL, &d);
	got = findings(&d);
	TEST_STR(got, "error metadata.namespace: Forbidden: not allowed on this type: Node is "
		      "cluster-scoped");
}

static void test_immutable(void)
{
	_cleanup_json_ json_t *old = J("{'metadata': {'name': 'a', 'namespace': 'n', "
				       "'deletionTimestamp': 'x', 'finalizers': ['a/b']}}");
	_cleanup_json_ json_t *obj = J("{'metadata': {'name': 'b', 'namespace': 'm', "
				       "'finalizers': ['a/b', 'c/d']}}");
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *got = NULL;

	meta_validate(&kind_vm, obj, old, &d);
	got = findings(&d);
	TEST_STR(got, "error metadata.name: Invalid value: \"b\": field is immutable\n"
		      "error metadata.namespace: Invalid value: \"m\": field is immutable\n"
		      "error metadata.finalizers: Forbidden: no new finalizers can be added if the "
		      "object is being deleted, found new finalizer \"c/d\"");
}

static void test_annotation_size(void)
{
	_cleanup_json_ json_t *obj = J("{'metadata': {'name': 'a'}}");
	_cleanup_free_ char *big = xcalloc(1, 256 * 1024 + 1);

	memset(big, 'x', 256 * 1024 - 1);
	for (int over = 0; over < 2; over++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		big[256 * 1024 - 1] = over ? 'x' : '\0';
		meta_set_annotation(obj, "k", big);
		meta_validate(&kind_vm, obj, NULL, &d);
		CU_ASSERT_EQUAL(diags_count(&d, DIAG_ERROR), (size_t)over);
	}
}

static void test_access(void)
{
	_cleanup_json_ json_t *obj = meta_new(&kind_vm, "ns", "a"), *owner = NULL;
	_cleanup_free_ char *key = meta_key(obj), *title = meta_title(obj);

	TEST_STR(key, "ns/a");
	TEST_STR(title, "VirtualMachine ns/a");
	TEST_JSON(obj,
		  "{'apiVersion': 'kubevirt.io/v1', 'kind': 'VirtualMachine', 'metadata': "
		  "{'name': 'a', 'namespace': 'ns'}}",
		  "new");
	meta_set_label(obj, "a.b/c", "v");
	TEST_STR(meta_label(obj, "a.b/c"), "v");
	meta_set_label(obj, "a.b/c", NULL);
	CU_ASSERT_PTR_NULL(jget(obj, "metadata.labels"));
	meta_add_finalizer(obj, "x");
	meta_add_finalizer(obj, "x");
	meta_add_finalizer(obj, "y");
	CU_ASSERT_EQUAL(json_array_size(jget(obj, "metadata.finalizers")), 2);
	meta_del_finalizer(obj, "x");
	CU_ASSERT(!meta_has_finalizer(obj, "x") && meta_has_finalizer(obj, "y"));
	meta_del_finalizer(obj, "y");
	CU_ASSERT_PTR_NULL(jget(obj, "metadata.finalizers"));
	owner = J("{'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': 'n', 'uid': 'u'}}");
	meta_set_controller(obj, owner);
	meta_set_controller(obj, owner);
	TEST_JSON(jget(obj, "metadata.ownerReferences"),
		  "[{'apiVersion': 'v1', 'kind': 'Node', 'name': 'n', 'uid': 'u', 'controller': "
		  "true, 'blockOwnerDeletion': true}]",
		  "owner");
	CU_ASSERT(meta_owned_by(obj, "u") && !meta_owned_by(obj, "v"));
	TEST_STR(jstr(meta_controller(obj), "name", ""), "n");
}

static void test_conditions(void)
{
	_cleanup_json_ json_t *obj = J("{}");

	CU_ASSERT(meta_set_condition(obj, "Ready", "False", "Booting", "wait", 100));
	CU_ASSERT(!meta_set_condition(obj, "Ready", "False", "Booting", "wait", 200));
	CU_ASSERT(meta_set_condition(obj, "Ready", "False", "Booting", "still", 300));
	TEST_JSON(obj,
		  "{'status': {'conditions': [{'type': 'Ready', 'status': 'False', 'reason': "
		  "'Booting', 'message': 'still', 'lastTransitionTime': '1970-01-01T00:01:40Z'}]}}",
		  "time stays while the status stays");
	CU_ASSERT(meta_set_condition(obj, "Ready", "True", NULL, NULL, 400));
	CU_ASSERT(meta_condition_true(obj, "Ready"));
	TEST_JSON(meta_condition(obj, "Ready"),
		  "{'type': 'Ready', 'status': 'True', 'lastTransitionTime': "
		  "'1970-01-01T00:06:40Z'}",
		  "reason and message go");
	meta_set_condition(obj, "Bad", "True", "X", "caf\xe9", 0);
	TEST_STR(jstr(meta_condition(obj, "Bad"), "message", ""), "caf?");
	TEST_STR(meta_condition_status(obj, "None"), "");
	CU_ASSERT(meta_del_condition(obj, "Ready") && !meta_del_condition(obj, "Ready"));
}

static void test_time(void)
{
	static const struct {
		const char *s;
		long long want;
	} rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2026-11-24T08:00:00Z", 1795507200},
		{"2026-11-24T08:00:00.123456Z", 1795507200},
		{"2026-11-24T10:00:00+02:00", 1795507200},
		{"2026-11-24T02:30:00-05:30", 1795507200},
		{"2026-11-24", -1},
		{"2026-11-24T08:00:00", -1},
		{"2026-11-24T08:00:00+2", -1},
		{"", -1},
		{"yesterday", -1},
	};
	char out[21];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		long long got = meta_parse_time(rows[i].s);

		TEST_ROW(got == rows[i].want, rows[i].s, "got %lld", got);
	}
	CU_ASSERT_EQUAL(meta_parse_time(NULL), -1);
	meta_time(1795507200, out);
	TEST_STR(out, "2026-11-24T08:00:00Z");
	meta_time(INT64_MAX, out);
	TEST_STR(out, "1970-01-01T00:00:00Z");
}

/* As k8s.io/apimachinery duration.HumanDuration prints them. */
static void test_age(void)
{
	static const struct {
		long long seconds;
		const char *want;
	} rows[] = {
		{-5, "0s"},
		{0, "0s"},
		{119, "119s"},
		{120, "2m"},
		{192, "3m12s"},
		{600, "10m"},
		{3 * 3600 - 1, "179m"},
		{3 * 3600, "3h"},
		{5 * 3600 + 60, "5h1m"},
		{8 * 3600 + 60, "8h"},
		{47 * 3600, "47h"},
		{48 * 3600, "2d"},
		{51 * 3600, "2d3h"},
		{8 * 86400 + 3600, "8d"},
		{729LL * 86400, "729d"},
		{800LL * 86400, "2y70d"},
		{3650LL * 86400, "10y"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = meta_age(rows[i].seconds);

		TEST_STR(got, rows[i].want);
	}
}

TEST_SUITE(api_meta, {"names", test_names}, {"validate", test_validate}, {"scope", test_scope},
	   {"immutable", test_immutable}, {"annotation size", test_annotation_size},
	   {"access", test_access}, {"conditions", test_conditions}, {"time", test_time},
	   {"age", test_age})
