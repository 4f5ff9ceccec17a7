/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>

#include "base/diag.h"

static void test_parse_int(void)
{
	long long v = 7;

	CU_ASSERT_EQUAL(parse_int("42", 0, 100, &v), 0);
	CU_ASSERT_EQUAL(v, 42);
	CU_ASSERT_EQUAL(parse_int("", 0, 100, &v), -EINVAL);
	CU_ASSERT_EQUAL(parse_int("4x", 0, 100, &v), -EINVAL);
	CU_ASSERT_EQUAL(parse_int(" 4", 0, 100, &v), -EINVAL);
	CU_ASSERT_EQUAL(parse_int("101", 0, 100, &v), -ERANGE);
	CU_ASSERT_EQUAL(v, 42);
}

static void test_err(void)
{
	_cleanup_err_ struct err e = ERR_INIT;

	CU_ASSERT_EQUAL(err_set(&e, EINVAL, "bad %d", 1), -EINVAL);
	CU_ASSERT_EQUAL(err_wrap(&e, "file"), -EINVAL);
	TEST_STR(err_msg(&e), "file: bad 1");
	CU_ASSERT_EQUAL(err_set(NULL, ENOENT, "x"), -ENOENT);
}

static void test_json_paths(void)
{
	_cleanup_json_ json_t *j = json_object();
	_cleanup_free_ char *text = NULL;

	jset(j, "a.b.c", json_integer(3));
	jset_str(j, "a.s", "x");
	CU_ASSERT_EQUAL(jint(j, "a.b.c", 0), 3);
	TEST_STR(jstr(j, "a.s", NULL), "x");
	TEST_STR(jstr(j, "a.b", "def"), "def");
	jset(j, "l", json_pack("[{s:i}]", "k", 5));
	CU_ASSERT_EQUAL(jint(j, "l.0.k", 0), 5);
	CU_ASSERT_EQUAL(jint(j, "l.1.k", -1), -1);
	jdel(j, "a.b");
	jdel(j, "nowhere.at.all");
	text = jtext(j);
	TEST_STR(text, "{\"a\":{\"s\":\"x\"},\"l\":[{\"k\":5}]}");
}

static void test_merge_patch(void)
{
	static const struct {
		const char *target, *patch, *want; /* the examples of RFC 7386, appendix A */
	} rows[] = {
		{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"a\":null}", "{}"},
		{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
		 "{\"a\":{\"b\":\"d\"}}"},
		{"{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}"},
		{"[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]"},
		{"{\"e\":null}", "{\"a\":1}", "{\"a\":1,\"e\":null}"},
		{"{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *t = jparse(rows[i].target, strlen(rows[i].target), NULL);
		_cleanup_json_ json_t *p = jparse(rows[i].patch, strlen(rows[i].patch), NULL);
		_cleanup_json_ json_t *r = jmerge_patch(t, p);
		_cleanup_free_ char *got = jtext(r);

		TEST_ROW(streq(got, rows[i].want), rows[i].patch, "got %s", got);
	}
}

static void test_diag_print(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_json_ json_t *j = NULL;
	_cleanup_diags_ struct diags back = DIAGS_INIT;
	struct diag *g = diags_add(&d, DIAG_ERROR, "E4", "spec.config.netAttachDefName",
				   "expected %s, found %s", "a/b", "a/c");

	g->line = 3;
	g->col = 7;
	diag_hint(g, "set it to a/b");
	diags_locate(&d, 0, "x.yaml", "NetworkAttachmentDefinition a/b");
	j = diags_to_json(&d);
	CU_ASSERT_EQUAL(diags_from_json(&back, j), 0);
	diag_print(&back.v[0], &b);
	TEST_STR(buf_str(&b), "x.yaml:3:7: error: NetworkAttachmentDefinition a/b: "
			      "spec.config.netAttachDefName: expected a/b, found a/c [E4]\n"
			      "    hint: set it to a/b\n");
}

TEST_SUITE(base_util, {"parse_int", test_parse_int}, {"err", test_err},
	   {"json_paths", test_json_paths}, {"merge_patch", test_merge_patch},
	   {"diag_print", test_diag_print})
