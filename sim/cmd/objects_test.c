/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/objects.h"

#include "cmd/waiting.h"
#include "test/test.h"

/* References in words, or the error. ns "*": all namespaces. Caller frees. */
static char *refs(const char *line, const char *ns)
{
	_cleanup_free_ char *copy = xstrdup(line);
	_cleanup_obj_refs_ struct obj_refs r = OBJ_REFS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	char *argv[16], *save = NULL;
	struct operands ops = {.v = argv};
	struct buf b = BUF_INIT;

	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[ops.n++] = w;
	if (obj_refs_parse(&ops, streq(ns, "*") ? NULL : ns, &r, &e) < 0)
		return xstrdup(err_msg(&e));
	for (size_t i = 0; i < r.n; i++)
		buf_printf(&b, "%s%s:%s:%s", i ? " " : "", r.v[i].kind->kind,
			   r.v[i].ns ? r.v[i].ns : "*", r.v[i].name ? r.v[i].name : "*");
	return buf_take(&b);
}

static void test_refs(void)
{
	static const struct {
		const char *line, *ns, *want;
	} rows[] = {
		{"pods", "d", "Pod:d:*"},
		{"pods", "*", "Pod:*:*"},
		{"nodes", "d", "Node:*:*"},
		{"po,vm", "d", "Pod:d:* VirtualMachine:d:*"},
		{"pod a b", "d", "Pod:d:a Pod:d:b"},
		{"pod/a vm/x/b", "d", "Pod:d:a VirtualMachine:x:b"},
		{"virtualmachine.kubevirt.io/a", "d", "VirtualMachine:d:a"},
		{"ns/a", "d", "Namespace:*:a"},
		{"all", "d", "Pod:d:* VirtualMachine:d:* VirtualMachineInstance:d:*"},
		{"", "d", "expected KIND, KIND NAME or KIND/NAME"},
		{"pod/", "d", "\"pod/\": expected KIND/NAME or KIND/NAMESPACE/NAME"},
		{"pod/a/b/c", "d", "\"pod/a/b/c\": expected KIND/NAME or KIND/NAMESPACE/NAME"},
		{"pod/a b", "d", "\"b\": expected KIND/NAME, as the operands before it"},
		{"pod a vm/b", "d", "\"vm/b\": expected a name, as the operands before it"},
		{"pdo/a", "d", "unknown kind \"pdo\"; did you mean \"pod\"?"},
		{"pod a", "*", "a: one object is in one namespace: leave -A out"},
		{"pod/a", "*", "pod/a: one object is in one namespace: leave -A out"},
		{"pod/x/a", "*", "Pod:x:a"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = refs(rows[i].line, rows[i].ns);

		TEST_ROW(streq(got, rows[i].want), rows[i].line, "got \"%s\", want \"%s\"", got,
			 rows[i].want);
	}
}

static void test_jsonpath(void)
{
	static const char text[] = "{\"a\":{\"b\":[{\"c.d\":\"x\"},7]},\"e\\\\f\":1}";
	_cleanup_json_ json_t *j = jparse(text, strlen(text), NULL);
	static const struct {
		const char *path, *want;
	} rows[] = {
		{"{.a.b[0]['c.d']}", "\"x\""},
		{".a.b[0].c\\.d", "\"x\""},
		{"a.b[1]", "7"},
		{"{.a['b'][1]}", "7"},
		{"{.a.b[2]}", NULL},
		{"{.nosuch}", NULL},
		{"{.a.b[x]}", NULL},
		{"{.a.b[1}", NULL},
		{"{.a..b}", NULL},
		{"{.a['b}", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const json_t *v = jsonpath_get(j, rows[i].path);
		_cleanup_free_ char *got = v ? jtext(v) : NULL;

		TEST_ROW(streq0(got, rows[i].want), rows[i].path, "got %s", got ? got : "(absent)");
	}
}

static void test_goals(void)
{
	static const char text[] =
		"{\"status\":{\"phase\":\"Running\",\"n\":3,\"conditions\":[{\"type\":\"Ready\","
		"\"status\":\"True\"},{\"type\":\"Live\",\"status\":\"False\"}]}}";
	_cleanup_json_ json_t *j = jparse(text, strlen(text), NULL);
	static const struct {
		const char *goal;
		int there, absent; /* met? -1: refused */
	} rows[] = {
		{"condition=Ready", 1, 0},
		{"condition=ready", 0, 0},
		{"condition=Ready=true", 1, 0},
		{"condition=Live", 0, 0},
		{"condition=Live=False", 1, 0},
		{"condition=Nosuch", 0, 0},
		{"jsonpath={.status.phase}=Running", 1, 0},
		{"jsonpath={.status.phase}=Pending", 0, 0},
		{"jsonpath={.status.n}=3", 1, 0},
		{"jsonpath=.status.n=3", 1, 0},
		{"jsonpath={.status.n}", 1, 0},
		{"jsonpath={.status.nosuch}", 0, 0},
		{"delete", 0, 1},
		{"create", 1, 0},
		{"condition=", -1, -1},
		{"jsonpath=", -1, -1},
		{"jsonpath={.a}x", -1, -1},
		{"Ready", -1, -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_goal_ struct goal g = {0};
		int r = goal_parse(rows[i].goal, &g, NULL);

		if (!TEST_ROW((r < 0) == (rows[i].there < 0), rows[i].goal, "result %d", r) ||
		    r < 0)
			continue;
		TEST_ROW(goal_met(&g, j) == rows[i].there, rows[i].goal, "object there");
		TEST_ROW(goal_met(&g, NULL) == rows[i].absent, rows[i].goal, "object absent");
	}
}

TEST_SUITE(objects, {"references", test_refs}, {"JSON paths", test_jsonpath}, {"goals", test_goals})
