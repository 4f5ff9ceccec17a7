/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>

#include "ovsdb/fake.h"
#include "ovsdb/value.h"

#define U1 "11111111-1111-4111-8111-111111111111"
#define U2 "22222222-2222-4222-8222-222222222222"

static struct ovsdb_schema *mini(void)
{
	return ovsdb_schema_load(FAKE_SCHEMA, NULL);
}

static const struct ovsdb_column *column(const struct ovsdb_schema *s, const char *name)
{
	_cleanup_free_ char *table = xstrndup(name, strcspn(name, "."));

	return ovsdb_table_column(ovsdb_schema_table(s, table), name + strlen(table) + 1);
}

static void test_schema(void)
{
	_cleanup_schema_ struct ovsdb_schema *s = mini();
	const struct ovsdb_column *c;

	if (!s) {
		CU_FAIL("no schema");
		return;
	}
	TEST_STR(s->name, "Mini");
	TEST_STR(s->version, "1.2.3");
	CU_ASSERT_EQUAL(s->n_tables, 11);
	CU_ASSERT(ovsdb_schema_table(s, "Switch")->is_root);
	CU_ASSERT_FALSE(ovsdb_schema_table(s, "Port")->is_root);
	CU_ASSERT_EQUAL(ovsdb_schema_table(s, "NB_Global")->max_rows, 1);
	CU_ASSERT_PTR_NULL(ovsdb_schema_table(s, "Nope"));
	CU_ASSERT(ovsdb_schema_has(s, "Port", "tag"));
	CU_ASSERT_FALSE(ovsdb_schema_has(s, "Port", "nope"));
	CU_ASSERT_FALSE(ovsdb_schema_has(s, "Nope", "tag"));
	c = column(s, "Group.ports");
	CU_ASSERT(c->key.ref_weak);
	TEST_STR(c->key.ref_table, "Port");
	c = column(s, "Port.up");
	CU_ASSERT(c->ephemeral && c->min == 0 && c->max == 1 && !ovsdb_column_is_atom(c));
	CU_ASSERT(column(s, "Switch.name")->immutable);
	CU_ASSERT(ovsdb_column_is_atom(column(s, "Switch.name")));
	CU_ASSERT(jhas_str(column(s, "Copp.meters")->key.values, "bfd"));
}

static void test_bad_schema(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"{}", "not a database schema"},
		{"[]", "not a database schema"},
		{"{'name':'x','tables':{'T':{}}}", "table T: no columns"},
		{"{'name':'x','tables':{'T':{'columns':{'a':{'type':'text'}}}}}",
		 "table T: column a: unknown type \"text\""},
		{"{'name':'x','tables':{'T':{'columns':{'a':{}}}}}",
		 "table T: column a: neither a type name nor an object"},
		{"{'name':'x','tables':{'T':{'columns':{'a':{'type':{'key':'string','max':-1}}}}}}",
		 "table T: column a: bad max"},
		{"{'name':'x','tables':{'T':{'columns':{'a':{'type':{'key':'string','min':2}}}}}}",
		 "table T: column a: min above 1 or max below 1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *j = fake_json(rows[i].text);
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_schema_ struct ovsdb_schema *s = ovsdb_schema_parse(j, &e);

		TEST_ROW(!s, rows[i].text, "accepted");
		TEST_ROW(streq(err_msg(&e), rows[i].want), rows[i].text, "got %s", err_msg(&e));
	}
}

/* natural -> canon -> wire -> canon */
static const struct {
	const char *column, *natural, *canon, *wire;
} good[] = {
	{"NB_Global.nb_cfg", "7", "7", "7"},
	{"NB_Global.ratio", "1", "1.0", "1.0"},
	{"Switch.name", "'x'", "'x'", "'x'"},
	{"Switch.stateful", "true", "true", "true"},
	{"Switch.tags", "[3,1,2,1]", "[1,2,3]", "['set',[1,2,3]]"},
	{"Switch.tags", "[10,9]", "[9,10]", "['set',[9,10]]"},
	{"Switch.tags", "5", "[5]", "['set',[5]]"},
	{"Switch.tags", "null", "[]", "['set',[]]"},
	{"Port.addresses", "['b','a']", "['a','b']", "['set',['a','b']]"},
	{"Port.tag", "4", "[4]", "['set',[4]]"},
	{"Port.tag", "[]", "[]", "['set',[]]"},
	{"Port.up", "false", "[false]", "['set',[false]]"},
	{"Switch.external_ids", "{'b':'2','a':'1'}", "{'a':'1','b':'2'}",
	 "['map',[['a','1'],['b','2']]]"},
	{"Switch.ports", "['" U2 "','" U1 "']", "['" U1 "','" U2 "']",
	 "['set',[['uuid','" U1 "'],['uuid','" U2 "']]]"},
	{"QoS.queues", "{'1':'" U1 "'}", "{'1':'" U1 "'}", "['map',[[1,['uuid','" U1 "']]]]"},
	{"Binding.datapath", "'" U1 "'", "'" U1 "'", "['uuid','" U1 "']"},
};

static void test_good(void)
{
	_cleanup_schema_ struct ovsdb_schema *s = mini();

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		const struct ovsdb_column *c = column(s, good[i].column);
		_cleanup_json_ json_t *natural = fake_json(good[i].natural);
		_cleanup_json_ json_t *want = fake_json(good[i].canon);
		_cleanup_json_ json_t *want_wire = fake_json(good[i].wire);
		_cleanup_json_ json_t *canon = NULL, *wire = NULL, *back = NULL;
		_cleanup_err_ struct err e = ERR_INIT;
		int r = ovsdb_canon(c, natural, NULL, NULL, &canon, &e);

		if (!TEST_ROW(r == 0, good[i].natural, "%s", err_msg(&e)))
			continue;
		TEST_ROW(json_equal(canon, want), good[i].natural, "canon");
		wire = ovsdb_to_wire(c, canon);
		TEST_ROW(json_equal(wire, want_wire), good[i].natural, "wire");
		CU_ASSERT_EQUAL(ovsdb_from_wire(c, wire, &back, &e), 0);
		TEST_ROW(json_equal(back, want), good[i].natural, "back");
	}
}

static void test_bad(void)
{
	static const struct {
		const char *column, *natural, *want;
	} rows[] = {
		{"NB_Global.nb_cfg", "'7'", "expected integer, found a string"},
		{"NB_Global.nb_cfg", "1.5", "expected integer, found a real"},
		{"NB_Global.nb_cfg", "[]", "0 members, expected at least 1"},
		{"NB_Global.nb_cfg", "[1,2]", "2 members, expected at most 1"},
		{"Switch.name", "null", "0 members, expected at least 1"},
		{"Switch.stateful", "'true'", "expected boolean, found a string"},
		{"Port.tag", "[1,2]", "2 members, expected at most 1"},
		{"Switch.external_ids", "[]", "expected a map (an object)"},
		{"Switch.external_ids", "{'a':1}", "a: expected string, found an integer"},
		{"Switch.ports", "['x']", "expected a uuid, found x"},
		{"Switch.ports", "['@row1']", "expected a uuid, found @row1"},
		{"Switch.ports", "[{'$ref':'Port/x'}]",
		 "reference to Port/x, which is not in the plan"},
		{"Switch.name", "{'$ref':'Port/x'}", "expected string, found an object"},
		{"QoS.queues", "{'x':'" U1 "'}", "x: expected integer as key, found \"x\""},
	};
	_cleanup_schema_ struct ovsdb_schema *s = mini();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *natural = fake_json(rows[i].natural), *canon = NULL;
		_cleanup_err_ struct err e = ERR_INIT;
		int r = ovsdb_canon(column(s, rows[i].column), natural, NULL, NULL, &canon, &e);

		TEST_ROW(r == -EINVAL && !canon, rows[i].natural, "accepted");
		TEST_ROW(streq(err_msg(&e), rows[i].want), rows[i].natural, "got %s", err_msg(&e));
	}
}

static void test_bad_wire(void)
{
	static const struct {
		const char *column, *wire;
	} rows[] = {
		{"Switch.name", "1"},
		{"Switch.name", "['set',[]]"},
		{"Switch.tags", "['set',['x']]"},
		{"Switch.tags", "['set']"},
		{"Switch.tags", "['map',[]]"},
		{"Switch.external_ids", "['set',[]]"},
		{"Switch.external_ids", "['map',[['a']]]"},
		{"Switch.external_ids", "['map',[['a','b','c']]]"},
		{"Switch.external_ids", "['map',{}]"},
		{"Switch.external_ids", "'x'"},
		{"Switch.ports", "['set',['" U1 "']]"},
		{"Switch.ports", "['uuid','short']"},
		{"Switch.ports", "['named-uuid','row1']"},
		{"Port.tag", "['set',[1,2]]"},
	};
	_cleanup_schema_ struct ovsdb_schema *s = mini();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *wire = fake_json(rows[i].wire), *canon = NULL;
		_cleanup_err_ struct err e = ERR_INIT;
		int r = ovsdb_from_wire(column(s, rows[i].column), wire, &canon, &e);

		TEST_ROW(r == -EPROTO && !canon, rows[i].wire, "accepted");
	}
}

static const char *resolve(void *arg UNUSED, const char *ref)
{
	if (streq(ref, "Port/live"))
		return U1;
	if (streq(ref, "Port/a/b"))
		return "@row3";
	return streq(ref, "Port/left-out") ? "" : NULL;
}

static void test_refs(void)
{
	_cleanup_schema_ struct ovsdb_schema *s = mini();
	const struct ovsdb_column *c = column(s, "Switch.ports");
	_cleanup_json_ json_t *natural =
		fake_json("[{'$ref':'Port/live'},{'$ref':'Port/left-out'},{'$ref':'Port/a/b'}]");
	_cleanup_json_ json_t *canon = NULL, *wire = NULL;
	_cleanup_free_ char *text = NULL;

	CU_ASSERT_EQUAL(ovsdb_canon(c, natural, resolve, NULL, &canon, NULL), 0);
	wire = ovsdb_to_wire(c, canon);
	text = jtext(wire);
	TEST_STR(text, "[\"set\",[[\"uuid\",\"" U1 "\"],[\"named-uuid\",\"row3\"]]]");
}

static void test_apply_diff(void)
{
	static const struct {
		const char *column, *old, *diff, *want;
	} rows[] = {
		{"Switch.tags", "[1,2,3]", "[2,9]", "[1,3,9]"},
		{"Switch.tags", "[]", "[5]", "[5]"},
		{"Port.tag", "[1]", "[2]", "[2]"},
		{"Port.tag", "[1]", "[]", "[]"},
		{"Switch.name", "'a'", "'b'", "'b'"},
		{"Switch.external_ids", "{'a':'1','b':'2','c':'3'}", "{'a':'1','b':'9','d':'4'}",
		 "{'b':'9','c':'3','d':'4'}"},
	};
	_cleanup_schema_ struct ovsdb_schema *s = mini();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *old = fake_json(rows[i].old);
		_cleanup_json_ json_t *diff = fake_json(rows[i].diff);
		_cleanup_json_ json_t *want = fake_json(rows[i].want);
		_cleanup_json_ json_t *got = ovsdb_apply_diff(column(s, rows[i].column), old, diff);

		TEST_ROW(json_equal(got, want), rows[i].diff, "wrong");
	}
}

static void test_defaults(void)
{
	_cleanup_schema_ struct ovsdb_schema *s = mini();
	static const struct {
		const char *column, *want;
	} rows[] = {
		{"NB_Global.nb_cfg", "0"},
		{"NB_Global.ratio", "0.0"},
		{"Switch.name", "''"},
		{"Switch.stateful", "false"},
		{"Switch.tags", "[]"},
		{"Port.up", "[]"},
		{"Switch.external_ids", "{}"},
		{"Binding.datapath", "'00000000-0000-0000-0000-000000000000'"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *got = ovsdb_default(column(s, rows[i].column));
		_cleanup_json_ json_t *want = fake_json(rows[i].want);

		TEST_ROW(json_equal(got, want), rows[i].column, "wrong");
	}
}

TEST_SUITE(ovsdb_value, {"schema", test_schema}, {"bad_schema", test_bad_schema},
	   {"good", test_good}, {"bad", test_bad}, {"bad_wire", test_bad_wire}, {"refs", test_refs},
	   {"apply_diff", test_apply_diff}, {"defaults", test_defaults})
