/* SPDX-License-Identifier: Apache-2.0 */
/* What policies may say outside of desiredState, and how the kinds of nmstate.io are shown. */
#include "api/meta.h"
#include "api/table.h"
#include "api/testing.h"

#define NOW 1795507200 /* 2026-11-24T08:00:00Z */

static void test_admission(void)
{
	static const struct {
		const char *name, *body, *want;
	} rows[] = {
		{"empty", "{'spec': {}}", ""},
		{"no spec", "{}", "error spec: Required value"},
		{"desiredState is free-form",
		 "{'spec': {'desiredState': {'interfaces': 5, 'x': null}}}", ""},
		{"but an object", "{'spec': {'desiredState': []}}",
		 "error spec.desiredState: Invalid value: must be an object with interfaces, ovn, "
		 "…"},
		{"selector with a boolean", "{'spec': {'nodeSelector': {'a': true}}}",
		 "error spec.nodeSelector.a: Invalid value: true: must be a string, found a "
		 "boolean"},
		{"misspelt", "{'spec': {'desiredSate': {}}}",
		 "error spec.desiredSate: unknown field \"desiredSate\""},
		{"capture", "{'spec': {'capture': {'a': 'interfaces.name == \\\"x\\\"'}}}",
		 "error spec.capture: Unsupported value: capture expressions (nmpolicy) are not "
		 "emulated"},
		{"no capture", "{'spec': {'capture': {}}}", ""},
		{"numbers", "{'spec': {'maxUnavailable': 2}}", ""},
		{"percent", "{'spec': {'maxUnavailable': '25%'}}", ""},
		{"nothing", "{'spec': {'maxUnavailable': ''}}",
		 "error spec.maxUnavailable: Invalid value: \"\": must be a number of nodes or a "
		 "percentage"},
		{"a number as text", "{'spec': {'maxUnavailable': '2'}}",
		 "error spec.maxUnavailable: Invalid value: \"2\": must be a number of nodes or a "
		 "percentage"},
		{"too many", "{'spec': {'maxUnavailable': '101%'}}",
		 "error spec.maxUnavailable: Invalid value: \"101%\": must be a number of nodes or "
		 "a percentage"},
		{"negative", "{'spec': {'maxUnavailable': -1}}",
		 "error spec.maxUnavailable: Invalid value: -1: must be a number of nodes or a "
		 "percentage"},
		{"a list", "{'spec': {'maxUnavailable': []}}",
		 "error spec.maxUnavailable: Invalid value: must be an integer or a string, found "
		 "a "
		 "list"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *obj = meta_new(&kind_nncp, NULL, "p"),
				      *more = J(rows[i].body);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *got = NULL;

		json_object_update(obj, more);
		kind_admit(obj, NULL, KIND_STRICT, &d);
		got = findings(&d);
		TEST_ROW(streq(got, rows[i].want), rows[i].name, "got:\n%s\nwant:\n%s", got,
			 rows[i].want);
	}
}

static void test_versions(void)
{
	CU_ASSERT_PTR_EQUAL(kind_by_gvk("nmstate.io/v1beta1", "NodeNetworkConfigurationPolicy"),
			    &kind_nncp);
	CU_ASSERT_PTR_EQUAL(kind_by_name("nncp"), &kind_nncp);
	CU_ASSERT_PTR_EQUAL(kind_by_name("nnce"), &kind_nnce);
	CU_ASSERT_PTR_EQUAL(kind_by_name("nodenetworkstates.nmstate.io"), &kind_nns);
	CU_ASSERT_FALSE(kind_nncp.namespaced || kind_nnce.namespaced || kind_nns.namespaced);
}

static void check_table(const struct kind *k, const char *status, const char *want)
{
	_cleanup_free_ char *text =
		xasprintf("{'apiVersion': 'nmstate.io/v1', 'kind': '%s', 'metadata': "
			  "{'name': 'a', "
			  "'creationTimestamp': '2026-11-24T07:00:00Z'}, 'status': %s}",
			  k->kind, status);
	_cleanup_json_ json_t *list = J(text), *table = NULL;
	const struct table_env env = {.now = NOW};
	struct table_style style = {.wide = k == &kind_nns};
	_cleanup_buf_ struct buf out = BUF_INIT;

	table = table_make(k, list, TABLE_METADATA, &env, true);
	table_text(table, &style, &out);
	TEST_STR(buf_str(&out), want);
}

static void test_tables(void)
{
	static const char conditions[] =
		"{'conditions': [{'type': 'Degraded', 'status': 'False', 'reason': 'no'}, {'type': "
		"'Available', 'status': 'True', 'reason': 'SuccessfullyConfigured', "
		"'lastTransitionTime': '2026-11-24T07:58:00Z'}]}";

	check_table(&kind_nncp, conditions,
		    "NAME   STATUS      REASON\n"
		    "a      Available   SuccessfullyConfigured\n");
	check_table(&kind_nnce, conditions,
		    "NAME   STATUS      STATUS AGE   REASON\n"
		    "a      Available   2m           SuccessfullyConfigured\n");
	check_table(&kind_nns,
		    "{'currentState': {'ovn': {'bridge-mappings': [{'localnet': 'l', 'bridge': "
		    "'b'}, {'localnet': 'm', 'bridge': 'b'}]}}}",
		    "NAME   AGE   MAPPINGS\n"
		    "a      60m   l:b,m:b\n");
	check_table(&kind_nncp, "{}", "NAME   STATUS   REASON\na      <none>   <none>\n");
}

TEST_SUITE(api_nmstate, {"admission", test_admission}, {"versions", test_versions},
	   {"tables", test_tables})
