/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>

#include "base/yaml.h"

/* All documents of text as compact JSON, one a line. */
static char *parse(const char *text, struct diags *d, int *ret)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	struct buf b = BUF_INIT;

	*ret = yaml_parse(text, strlen(text), "f.yaml", &docs, d);
	for (size_t i = 0; i < docs.n; i++) {
		_cleanup_free_ char *s = jtext(docs.v[i].root);

		buf_printf(&b, "%s%s", i ? "\n" : "", s);
	}
	return buf_take(&b);
}

static void test_values(void)
{
	static const struct {
		const char *yaml, *json;
	} rows[] = {
		{"", ""},
		{"# nothing\n---\n---\n", ""},
		{"a: 1", "{\"a\":1}"},
		{"a: 1\n---\nb: 2\n---\n# c\n---\nc: 3\n...\n", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}"},
		{"- true\n- False\n- TRUE\n- yes\n- no\n- on\n- \"true\"",
		 "[true,false,true,\"yes\",\"no\",\"on\",\"true\"]"},
		{"- null\n- ~\n- Null\n-\n- \"\"\n- nul", "[null,null,null,null,\"\",\"nul\"]"},
		{"[1, -1, +1, 0, 00, 0644, 0o17, 0x1F, 089, 1_000, \"1\", '1']",
		 "[1,-1,1,0,0,420,15,31,89,\"1_000\",\"1\",\"1\"]"},
		{"[9223372036854775807, 9223372036854775808, -9223372036854775808]",
		 "[9223372036854775807,9.2233720368547758e18,-9223372036854775808]"},
		{"[1.5, .5, 5., 1e3, 1E-3, 1.2.3, 1e, ., -, +, -., .inf, .nan, 1e999]",
		 "[1.5,0.5,5.0,1000.0,0.001,\"1.2.3\",\"1e\",\".\",\"-\",\"+\",\"-.\",\".inf\","
		 "\".nan\",\"1e999\"]"},
		{"[02:00:00:00:00:01, 2001:db8::1, 10.0.0.0/24, 12:30]",
		 "[\"02:00:00:00:00:01\",\"2001:db8::1\",\"10.0.0.0/24\",\"12:30\"]"},
		{"a: |\n  x\n   y\nb: |-\n  x\nc: |2\n    x\nd: >-\n  x\n  y\ne: |+\n  x\n\n",
		 "{\"a\":\"x\\n y\\n\",\"b\":\"x\",\"c\":\"  x\\n\",\"d\":\"x "
		 "y\",\"e\":\"x\\n\\n\"}"},
		{"a: |-\n  1\n", "{\"a\":\"1\"}"},
		{"a: !!str 1\nb: !x {c: !!int \"2\"}", "{\"a\":1,\"b\":{\"c\":\"2\"}}"},
		{"a: &x [1, 2]\nb: *x\n", "{\"a\":[1,2],\"b\":[1,2]}"},
		{"x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 3}\nz: {b: 0, <<: [*x, *y]}\n",
		 "{\"x\":{\"a\":1,\"b\":2},\"y\":{\"b\":3,\"c\":3},\"z\":{\"a\":1,\"b\":0,\"c\":3}"
		 "}"},
		{"x: &x {a: 1}\ny: {<<: *x, a: 2}\n\"<<\": 1\n",
		 "{\"<<\":1,\"x\":{\"a\":1},\"y\":{\"a\":2}}"},
		{"1: a\ntrue: b\n", "{\"1\":\"a\",\"true\":\"b\"}"},
		{"\xef\xbb\xbf"
		 "a: \xc3\xa9",
		 "{\"a\":\"\xc3\xa9\"}"},
		{"{\"a\":\"x\\/y\\u00e9\",\n\t\"b\":[1,\ttrue]}",
		 "{\"a\":\"x/y\xc3\xa9\",\"b\":[1,true]}"},
		{"{\"a\":\"\\ud83d\\ude00\"}", "{\"a\":\"\xf0\x9f\x98\x80\"}"},
		{"a: 1\r\nb: |\r\n  x\r\n", "{\"a\":1,\"b\":\"x\\n\"}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *got = NULL;
		int r;

		got = parse(rows[i].yaml, &d, &r);
		TEST_ROW(r == 0 && d.n == 0, rows[i].yaml, "refused: %s", d.n ? d.v[0].msg : "?");
		TEST_ROW(streq(got, rows[i].json), rows[i].yaml, "got %s, want %s", got,
			 rows[i].json);
	}
}

static void test_refusals(void)
{
	static const struct {
		const char *yaml, *docs, *want;
	} rows[] = {
		{"a: 1\nb: 2\na: 3", "",
		 "f.yaml:3:1: error: duplicate key \"a\", first given at 1:1\n"},
		{"x:\n- y: {b: 1, \"b\": 2}", "",
		 "f.yaml:2:13: error: duplicate key \"b\", first given at 2:7\n"},
		{"{\"a\":1,\"a\":2}", "",
		 "f.yaml:1:8: error: duplicate key \"a\", first given at 1:2\n"},
		{"{\"a\":\"\\ud83d\\ude00\",\"a\":2}", "",
		 "f.yaml:1:9: error: found invalid Unicode character escape code while parsing a "
		 "quoted scalar that starts at 1:6\n"},
		{"a: 1\na: 1\n---\nb: 1", "{\"b\":1}",
		 "f.yaml:2:1: error: duplicate key \"a\", first given at 1:1\n"},
		{"b: 1\n---\na: [1\nc: 2", "{\"b\":1}",
		 "f.yaml:4:2: error: did not find expected ',' or ']' while parsing a flow "
		 "sequence "
		 "that starts at 3:4\n"},
		{"a: *nope", "", "f.yaml:1:4: error: found undefined alias\n"},
		{"a: &a [*a]", "", "f.yaml:1:4: error: nested deeper than 64 levels\n"},
		{"? [k]\n: v", "", "f.yaml:1:3: error: a mapping key must be a plain string\n"},
		{"a: \"x\\0y\"", "", "f.yaml:1:4: error: NUL character in a string\n"},
		{"\"x\\0y\": 1", "", "f.yaml:1:1: error: a mapping key must be a plain string\n"},
		{"a: 1\n<<: [1]", "", "f.yaml:2:1: error: \"<<\" merges mappings only\n"},
		{"a: 1\n<<: x", "", "f.yaml:2:1: error: \"<<\" merges mappings only\n"},
		{"a: 1\nb: \x01", "", "f.yaml:2:4: error: control characters are not allowed\n"},
		{"a: \xff", "", "f.yaml:1:4: error: invalid leading UTF-8 octet\n"},
		{"a:\n\t- b", "",
		 "f.yaml:2:1: error: found character that cannot start any token while scanning "
		 "for "
		 "the next token that starts at 2:1\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_free_ char *docs = NULL;
		int r;

		docs = parse(rows[i].yaml, &d, &r);
		for (size_t k = 0; k < d.n; k++)
			diag_print(&d.v[k], &b);
		TEST_ROW(r == -EINVAL, rows[i].yaml, "accepted");
		TEST_ROW(streq(buf_str(&b), rows[i].want), rows[i].yaml, "got %s want %s",
			 buf_str(&b), rows[i].want);
		TEST_ROW(streq(docs, rows[i].docs), rows[i].yaml, "documents: %s", docs);
	}
}

static char *repeat(const char *head, const char *s, size_t n)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, head);
	while (n-- > 0)
		buf_adds(&b, s);
	return buf_take(&b);
}

/* Ten levels of nine aliases each are 3.5 billion nodes. */
static char *laughs(void)
{
	struct buf b = BUF_INIT;

	buf_adds(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i <= 10; i++) {
		buf_printf(&b, "a%d: &a%d [x", i, i);
		for (int k = 0; k < 9; k++)
			buf_printf(&b, ",*a%d", i - 1);
		buf_adds(&b, "]\n");
	}
	return buf_take(&b);
}

static void test_limits(void)
{
	struct {
		const char *name;
		char *text;
		const char *want;
	} rows[] = {
		{"flow depth", repeat("", "[", 500000), "nested deeper than 64 levels"},
		{"block depth", repeat("", "- ", 500000), "nested deeper than 64 levels"},
		{"keys", repeat("", "? ", 500000), "nested deeper than 64 levels"},
		{"nodes", repeat("", "- x\n", 200000), "too large: more than 100000 nodes"},
		{"documents", repeat("", "--- x\n", 200000), "too large: more than 100000 nodes"},
		{"laughs", laughs(),
		 "too large: more than 100000 nodes or 32 MiB once aliases are expanded"},
		{"anchors", repeat("", "- &a x\n", 200000), "more than 1000 anchors in a document"},
		{"directives", repeat("", "%YAML 1.1\n", 200000), "more than 1000 directives"},
		{"text", repeat("a: ", "0123456789abcdef", 1u << 21), "larger than 16 MiB"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_yaml_ struct yaml_docs docs = {0};
		int r = yaml_parse(rows[i].text, strlen(rows[i].text), NULL, &docs, &d);

		TEST_ROW(r == -EINVAL, rows[i].name, "got %d", r);
		TEST_ROW(d.n == 1 && streq(d.v[0].msg, rows[i].want), rows[i].name,
			 "%zu findings, first: %s", d.n, d.n ? d.v[0].msg : "");
		free(rows[i].text);
	}
}

/* 40 uses of a 1 MiB string go over 32 MiB, and 64 levels are still fine. */
static void test_expansion(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0}, deep = {0};
	_cleanup_free_ char *big = repeat("- &a ", "x", 1u << 20);
	_cleanup_free_ char *uses = repeat(big, "\n- *a", 40);
	_cleanup_free_ char *ok = repeat("", "[", 64), *close = repeat(ok, "]", 64);

	CU_ASSERT_EQUAL(yaml_parse(uses, strlen(uses), NULL, &docs, &d), -EINVAL);
	CU_ASSERT_EQUAL(d.n, 1);
	CU_ASSERT_EQUAL(yaml_parse(close, strlen(close), NULL, &deep, &d), 0);
	CU_ASSERT_EQUAL(deep.n, 1);
}

static void test_marks(void)
{
	static const char text[] = "# head\n"
				   "metadata:\n"
				   "  annotations:\n"
				   "    k8s.v1.cni.cncf.io/networks: a\n"
				   "spec:\n"
				   "  nets:\n"
				   "  - name: x\n"
				   "  - {name: y, mtu: 9}\n"
				   "base: &b {p: 1}\n"
				   "m: {<<: *b}\n"
				   "x.y: 2\n"
				   "x: {y: 1}\n";
	static const struct {
		const char *path;
		int line, col;
	} rows[] = {
		{"", 2, 1},
		{NULL, 2, 1},
		{"metadata.annotations.k8s.v1.cni.cncf.io/networks", 4, 34},
		{"metadata.annotations.nope", 4, 5},
		{"spec.nets", 7, 3},
		{"spec.nets.0.name", 7, 11},
		{"spec.nets.1", 8, 5},
		{"spec.nets.1.mtu", 8, 20},
		{"spec.nets.1.mtu.deep.er", 8, 20},
		{"spec.nets.7", 7, 3},
		{"spec.nets[1].mtu", 8, 20},
		{"spec.nets[0].name", 7, 11},
		{"spec.nets[1]", 8, 5},
		{"spec.nets[7].x", 7, 3},
		{"nope", 2, 1},
		{"m.p", 10, 5},
		{"x.y", 11, 6},
	};
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};

	CU_ASSERT_EQUAL(yaml_parse(text, strlen(text), NULL, &docs, &d), 0);
	if (docs.n != 1)
		return;
	CU_ASSERT_EQUAL(docs.v[0].line, 2);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int l = 0, c = 0;

		CU_ASSERT(marks_find(docs.v[0].marks, rows[i].path, &l, &c));
		TEST_ROW(l == rows[i].line && c == rows[i].col,
			 rows[i].path ? rows[i].path : "(null)", "got %d:%d", l, c);
	}
	diags_add(&d, DIAG_ERROR, NULL, "spec.nets.0.name", "bad");
	marks_locate(docs.v[0].marks, &d, 0, "f", "Pod a/b");
	CU_ASSERT_EQUAL(d.v[0].line, 7);
	TEST_STR(d.v[0].file, "f");
	TEST_STR(d.v[0].object, "Pod a/b");
	CU_ASSERT_FALSE(marks_find(NULL, "x", NULL, NULL));
}

static void test_text(void)
{
	static const struct {
		const char *json, *yaml;
	} rows[] = {
		{"{\"b\":1,\"a\":[true,null,1.5,\"x\"]}", "a:\n- true\n- null\n- 1.5\n- x\nb: 1\n"},
		{"{\"a\":\"1\",\"b\":\"yes\",\"c\":\"\",\"d\":\"null\",\"e\":\"a: b\",\"f\":\"-\"}",
		 "a: \"1\"\nb: \"yes\"\nc: \"\"\nd: \"null\"\ne: \"a: b\"\nf: \"-\"\n"},
		{"{\"a\":\"x\\n y\\n\"}", "a: |\n  x\n   y\n"},
		{"{\"a\":{},\"b\":[]}", "a: {}\nb: []\n"},
		{"\"02:00:00:00:00:01\"", "02:00:00:00:00:01\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *j = jparse(rows[i].json, strlen(rows[i].json), NULL);
		_cleanup_free_ char *got = yaml_text(j);

		TEST_ROW(streq(got, rows[i].yaml), rows[i].json, "got %s", got);
	}
}

static void test_file(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};

	CU_ASSERT_EQUAL(yaml_parse_file("/nonexistent", &docs, &d), -ENOENT);
	CU_ASSERT_EQUAL(d.n, 1);
	TEST_STR(d.v[0].file, "/nonexistent");
	TEST_STR(d.v[0].msg, "cannot read: No such file or directory");
}

TEST_SUITE(base_yaml, {"values", test_values}, {"refusals", test_refusals}, {"limits", test_limits},
	   {"expansion", test_expansion}, {"marks", test_marks}, {"text", test_text},
	   {"file", test_file})
