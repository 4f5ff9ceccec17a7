/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>

#include "base/buf.h"
#include "ovsdb/diff.h"
#include "ovsdb/fake.h"

/* Ours: rows and ports named my…, and rows with the key "me". */
static bool owned(const char *table UNUSED, const json_t *row, void *arg UNUSED)
{
	return str_after(jstr(row, "name", ""), "my") ||
	       str_after(jstr(row, "logical_port", ""), "my") ||
	       json_object_get(json_object_get(row, "external_ids"), "me");
}

/* "insert Port p [name] (owner); …" and the deviations behind "!". */
static char *summary(const struct ovsdb_delta *d)
{
	struct buf b = BUF_INIT;
	json_t *c, *v;
	size_t i, k;

	json_array_foreach(d->changes, i, c) {
		buf_printf(&b, "%s%s %s %s", i ? "; " : "", jstr(c, "op", "?"),
			   jstr(c, "table", "?"), jstr(c, "key", "?"));
		json_array_foreach(json_object_get(c, "columns"), k, v)
			buf_printf(&b, "%c%s", k ? ',' : ' ', json_string_value(v));
	}
	json_array_foreach(d->deviations, i, v)
		buf_printf(&b, " !%s", json_string_value(v));
	return buf_take(&b);
}

static void do_ops(struct fake_db *db, const json_t *ops, const char *name)
{
	_cleanup_json_ json_t *results = fake_transact(db, ops);
	_cleanup_free_ char *text = jtext(results), *sent = jtext(ops);

	TEST_ROW(!strstr(text, "\"error\""), name, "transaction failed: %s for %s", text, sent);
	TEST_ROW(!strstr(text, "\"count\":0"), name, "touches no row: %s for %s", text, sent);
}

/* Plans against a database; after the transaction nothing may be left to do. */
static void apply(struct fake_db *db, const char *desired, const char *want)
{
	_cleanup_json_ json_t *plan = fake_json(desired);
	_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT, again = OVSDB_DELTA_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *got = NULL, *rest = NULL;

	if (!TEST_ROW(ovsdb_diff(db->s, db->rows, plan, owned, NULL, &d, &e) == 0, desired, "%s",
		      err_msg(&e)))
		return;
	got = summary(&d);
	TEST_ROW(streq(got, want), desired, "got \"%s\", want \"%s\"", got, want);
	do_ops(db, d.ops, desired);
	CU_ASSERT_EQUAL(ovsdb_diff(db->s, db->rows, plan, owned, NULL, &again, &e), 0);
	rest = jtext(again.ops);
	TEST_ROW(streq(rest, "[]"), desired, "second difference: %s", rest);
	TEST_ROW(again.inserted + again.updated + again.deleted + again.relinked == 0, desired,
		 "second difference counts");
}

static void sql(struct fake_db *db, const char *text)
{
	_cleanup_json_ json_t *ops = fake_json(text);

	do_ops(db, ops, text);
}

#define PORT(n)                                                   \
	"{'table':'Port','key':'" n "','index':{'name':'" n "'}," \
	"'row':{'name':'" n "','addresses':['a']}}"
#define SWITCH(n, ports)                                                              \
	"{'table':'Switch','key':'" n "','index':{'name':'" n "'},'owner':'NAD x/y'," \
	"'row':{'name':'" n "','external_ids':{'k':'v'},'ports':[" ports "]}}"
#define GROUP(n, ports)                                            \
	"{'table':'Group','key':'" n "','index':{'name':'" n "'}," \
	"'row':{'name':'" n "','ports':[" ports "]}}"
#define REF(t, k) "{'$ref':'" t "/" k "'}"

static void test_life(void)
{
	struct fake_db db;

	fake_db_init(&db);
	apply(&db, "[]", "");
	/* parents before children or behind: the same */
	apply(&db,
	      "[" SWITCH("my1",
			 REF("Port", "p2") "," REF("Port", "p1")) "," PORT("p1") "," PORT("p2") "]",
	      "insert Port p1 addresses,name; insert Port p2 addresses,name; "
	      "insert Switch my1 external_ids,name,ports");
	CU_ASSERT_EQUAL(json_object_size(json_object_get(db.rows, "Port")), 2);
	/* a column changes */
	apply(&db,
	      "[{'table':'Port','key':'p1','index':{'name':'p1'},'row':{'name':'p1',"
	      "'addresses':['b','a'],'tag':7}}," PORT("p2") "," SWITCH(
		      "my1", REF("Port", "p2") "," REF("Port", "p1")) "]",
	      "update Port p1 addresses,tag");
	/* columns that are not listed stay */
	apply(&db,
	      "[{'table':'Port','key':'p1','index':{'name':'p1'},'row':{}}," PORT("p2") "," SWITCH(
		      "my1", REF("Port", "p2") "," REF("Port", "p1")) "]",
	      "");
	/* a child goes: by its parent's column, counted as deleted */
	apply(&db, "[" SWITCH("my1", REF("Port", "p2")) "," PORT("p2") "]",
	      "delete Port p1; relink Switch my1 ports");
	CU_ASSERT_EQUAL(json_object_size(json_object_get(db.rows, "Port")), 1);
	/* the parent goes, and its children with it */
	apply(&db, "[]", "delete Switch my1; delete Port p2");
	CU_ASSERT_EQUAL(json_object_size(json_object_get(db.rows, "Port")), 0);
	fake_db_free(&db);
}

/* Somebody deletes a child by hand: it comes back, and that counts as one row. */
static void test_repair(void)
{
	static const char plan[] =
		"[" SWITCH("my1", REF("Port", "p1") "," REF("Port", "p2")) "," PORT("p1") "," PORT(
			"p2") "," GROUP("myg", REF("Port", "p1") "," REF("Port", "p2")) "]";
	_cleanup_json_ json_t *desired = fake_json(plan);
	_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT;
	struct fake_db db;

	fake_db_init(&db);
	apply(&db, plan,
	      "insert Group myg name,ports; insert Port p1 addresses,name; "
	      "insert Port p2 addresses,name; insert Switch my1 external_ids,name,ports");
	sql(&db,
	    "[{'op':'mutate','table':'Switch','where':[],'mutations':"
	    "[['ports','delete',['set',[['uuid','00000000-0000-4000-8000-000000000002']]]]]}]");
	CU_ASSERT_EQUAL(json_object_size(json_object_get(db.rows, "Port")), 1);
	CU_ASSERT_EQUAL(ovsdb_diff(db.s, db.rows, desired, owned, NULL, &d, NULL), 0);
	CU_ASSERT_EQUAL(d.inserted, 1);
	CU_ASSERT_EQUAL(d.updated, 0);
	CU_ASSERT_EQUAL(d.deleted, 0);
	CU_ASSERT_EQUAL(d.relinked, 2);
	apply(&db, plan,
	      "relink Group myg ports; insert Port p1 addresses,name; relink Switch my1 ports");
	/* a whole parent */
	sql(&db, "[{'op':'delete','table':'Switch','where':[]}]");
	apply(&db, plan,
	      "relink Group myg ports; insert Port p1 addresses,name; "
	      "insert Port p2 addresses,name; insert Switch my1 external_ids,name,ports");
	/* a column by hand */
	sql(&db, "[{'op':'update','table':'Port','where':[],'row':{'addresses':'bad'}}]");
	apply(&db, plan, "update Port p1 addresses; update Port p2 addresses");
	fake_db_free(&db);
}

/* What is not ours stays: rows, and in merged columns keys and members. */
static void test_foreign(void)
{
	struct fake_db db;

	fake_db_init(&db);
	sql(&db, "[{'op':'insert','table':'Switch','row':{'name':'hand','tags':['set',[1,2]],"
		 "'external_ids':['map',[['x','1'],['y','2'],['z','3']]],"
		 "'ports':['set',[['named-uuid','a'],['named-uuid','b']]]}},"
		 "{'op':'insert','table':'Port','uuid-name':'a','row':{'name':'theirs'}},"
		 "{'op':'insert','table':'Port','uuid-name':'b','row':{'name':'my-old'}}]");
	apply(&db, "[]", "");
	apply(&db,
	      "[{'table':'Switch','key':'h','index':{'name':'hand'},'row':{'external_ids':"
	      "{'x':'9','y':'2','z':null,'n':'4'},'tags':[2,3],'ports':[" REF(
		      "Port",
		      "my-new") "]},"
				"'merge':['external_ids','tags','ports']}," PORT("my-new") "]",
	      "insert Port my-new addresses,name; delete Port my-old; "
	      "update Switch h external_ids,ports,tags");
	{
		const json_t *rows = json_object_get(db.rows, "Switch");
		const json_t *sw = json_object_iter_value(json_object_iter((json_t *)rows));
		_cleanup_json_ json_t *want = fake_json("[{'n':'4','x':'9','y':'2'},[1,2,3]]");
		_cleanup_json_ json_t *got = json_pack("[O,O]", json_object_get(sw, "external_ids"),
						       json_object_get(sw, "tags"));

		CU_ASSERT(json_equal(got, want));
		CU_ASSERT_EQUAL(json_array_size(json_object_get(sw, "ports")), 2);
	}
	/* nothing of ours left to want: our port goes, theirs stays */
	apply(&db,
	      "[{'table':'Switch','key':'h','index':{'name':'hand'},'row':{'ports':[]},"
	      "'merge':['ports']}]",
	      "delete Port my-new; relink Switch h ports");
	fake_db_free(&db);
}

static void test_references(void)
{
	static const char plan[] = "[" SWITCH("my1", REF("Port", "p1")) "," PORT(
		"p1") ","
		      "{'table':'Binding','key':'b','index':{'datapath':" REF(
			      "Switch",
			      "my1") "},"
				     "'row':{'logical_port':'p1','datapath':" REF("Switch", "my1") ",'chassis':" REF(
					     "Chassis",
					     "c") "}},"
						  "{'table':'Chassis','key':'c','index':{'name':'c'"
						  "},'row':{'name':'c'}},"
						  "{'table':'QoS','key':'q','index':{'type':'my'},'"
						  "row':{'type':'my','queues':{'1':" REF(
							  "Queue",
							  "one") ",'2':" REF("Queue",
									     "two") "}}},"
										    "{'table':'"
										    "Queue','key':'"
										    "one','index':{"
										    "'dscp':1},'"
										    "row':{'dscp':"
										    "1}},"
										    "{'table':'"
										    "Queue','key':'"
										    "two','index':{"
										    "'dscp':2},'"
										    "row':{'dscp':"
										    "2}}]";
	struct fake_db db;

	fake_db_init(&db);
	apply(&db, plan,
	      "insert Binding b chassis,datapath,logical_port; insert Chassis c name; "
	      "insert Port p1 addresses,name; insert QoS q queues,type; insert Queue one dscp; "
	      "insert Queue two dscp; insert Switch my1 external_ids,name,ports");
	/* the same child moves to another parent, in one transaction and with its uuid */
	apply(&db, "[" SWITCH("my1", "") "," SWITCH("my2", REF("Port", "p1")) "," PORT("p1") "]",
	      "update Switch my1 ports; insert Switch my2 external_ids,name,ports");
	/* shared children go with their last parent only */
	sql(&db, "[{'op':'delete','table':'Binding','where':[]},"
		 "{'op':'delete','table':'Switch','where':[]},"
		 "{'op':'insert','table':'Switch','row':{'name':'my1','acls':['named-uuid','a']}},"
		 "{'op':'insert','table':'Group','row':{'name':'myg','acls':['named-uuid','a']}},"
		 "{'op':'insert','table':'ACL','uuid-name':'a','row':{'action':'drop'}}]");
	apply(&db, "[" GROUP("myg", "") "]", "delete Switch my1");
	CU_ASSERT_EQUAL(json_object_size(json_object_get(db.rows, "ACL")), 1);
	apply(&db, "[]", "delete Group myg; delete ACL 00000000-0000-4000-8000-000000000017");
	fake_db_free(&db);
}

static void test_existing(void)
{
	struct fake_db db;

	fake_db_init(&db);
	apply(&db, "[" SWITCH("my2", REF("Port", "p1")) "," PORT("p1") "," GROUP("myg", "") "]",
	      "insert Group myg name,ports; insert Port p1 addresses,name; "
	      "insert Switch my2 external_ids,name,ports");
	/* rows that were there before enter a set: more than a link */
	apply(&db,
	      "[" SWITCH("my2", REF("Port", "p1")) "," PORT("p1") "," GROUP("myg",
									    REF("Port", "p1")) "]",
	      "update Group myg ports");
	/* a root stays when what refers to it goes */
	sql(&db, "[{'op':'insert','table':'Switch','uuid-name':'s','row':{'name':'hand'}},"
		 "{'op':'insert','table':'Binding','row':{'logical_port':'my',"
		 "'datapath':['named-uuid','s']}},"
		 "{'op':'update','table':'Group','where':[],'row':{'name':'theirs'}}]");
	apply(&db, "[" SWITCH("my2", REF("Port", "p1")) "," PORT("p1") "]", "delete Binding my");
	/* a child alone, under a parent that is none of our business */
	apply(&db,
	      "[" SWITCH("my2", REF("Port", "p1")) ",{'table':'Port','key':'p1','index':"
						   "{'name':'p1'},'row':{'tag':9}}]",
	      "update Port p1 tag");
	sql(&db, "[{'op':'update','table':'Switch','where':[],'row':{'external_ids':['map',[]]}}]");
	apply(&db,
	      "[{'table':'Switch','key':'s','index':{'name':'my2'},'row':{}},"
	      "{'table':'Port','key':'p1','index':{'name':'p1'},'row':{'tag':8}}]",
	      "update Port p1 tag");
	fake_db_free(&db);
}

static void test_deviations(void)
{
	struct fake_db db;

	fake_db_init(&db);
	apply(&db,
	      "[{'table':'Switch','key':'s','index':{'name':'my1','tier':2},'row':{'name':'my1','"
	      "tier':2,"
	      "'news':[" REF("Port", "lost") "],'ports':[" REF("Port", "p1") "]}}," PORT(
		      "p1") "," PORT("lost") "," GROUP("myg",
						       REF("Port", "lost") "," REF(
							       "Port",
							       "p1")) ","
								      "{'table':'Sample','key':'x',"
								      "'index':{},'row':{'child'"
								      ":" REF("ACL",
									      "a") "}},"
										   "{'table':'ACL',"
										   "'key':'a','"
										   "index':{'"
										   "priority':5},'"
										   "row':{'"
										   "priority':5,'"
										   "action':'drop'}"
										   "},"
										   "{'table':'Copp'"
										   ",'key':'c','"
										   "index':{'name':"
										   "'myc'},'row':{'"
										   "name':'myc','"
										   "meters':"
										   "{'arp':'m','"
										   "svc':'m'}}}]",
	      "insert Copp c meters,name; insert Group myg name,ports; insert Port p1 "
	      "addresses,name; "
	      "insert Switch s name,ports !ACL/a !Copp.meters:svc !Port/lost !Sample !Switch.news "
	      "!Switch.tier");
	fake_db_free(&db);
}

static void test_refusals(void)
{
	static const struct {
		const char *plan, *want;
	} rows[] = {
		{"[{'key':'a','row':{}}]", "desired row without table or key"},
		{"[{'table':'Switch','key':'a'}]", "Switch a: no \"row\""},
		{"[" PORT("p1") "," PORT("p1") "]", "Port p1 is desired twice: by ? and by ?"},
		{"[" PORT("p1") "]", "Port p1: no row refers to it, so it would vanish at once"},
		{"[" SWITCH("s", REF("Port", "nope")) "]",
		 "Switch s: ports: reference to Port/nope, which is not in the plan"},
		{"[" SWITCH("s", REF("Switch", "s")) "]",
		 "Switch s: ports: reference to Switch/s, which is not in the plan"},
		{"[{'table':'Switch','key':'s','index':{'name':'s'},'row':{'name':7}}]",
		 "Switch s: name: expected string, found an integer"},
		{"[{'table':'Switch','key':'s','index':{'name':7},'row':{'name':'x'}}]",
		 "Switch s: index name: expected string, found an integer"},
		{"[{'table':'Switch','key':'s','row':{'name':'x'}}]",
		 "Switch s: no \"index\" to find its row by"},
		{"[{'table':'Switch','key':'s','index':{'nope':1},'row':{'name':'x'}}]",
		 "Switch s: no \"index\" to find its row by"},
		{"[{'table':'Switch','key':'a','index':{'name':'live'},'row':{}},"
		 "{'table':'Switch','key':'b','index':{'tags':[4]},'row':{}}]",
		 "Switch b: is the same live row as Switch/a"},
		{"[{'table':'Switch','key':'a','index':{'tags':[4]},'row':{'name':'other'}}]",
		 "Switch a: name: cannot be changed once the row exists"},
		{"[{'table':'Binding','key':'a','index':{'datapath':" REF("Binding",
									  "a") "},'row':{}}]",
		 "Binding a: index datapath: reference to Binding/a, which is not in the plan"},
	};
	struct fake_db db;

	fake_db_init(&db);
	sql(&db, "[{'op':'insert','table':'Switch','row':{'name':'live','tags':4}}]");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *plan = fake_json(rows[i].plan);
		_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT;
		_cleanup_err_ struct err e = ERR_INIT;
		int r = ovsdb_diff(db.s, db.rows, plan, owned, NULL, &d, &e);

		TEST_ROW(r == -EINVAL && !d.ops, rows[i].plan, "accepted");
		TEST_ROW(streq(err_msg(&e), rows[i].want), rows[i].plan, "got %s", err_msg(&e));
	}
	fake_db_free(&db);
}

static void test_not_monitored(void)
{
	_cleanup_json_ json_t *plan = fake_json("[" SWITCH("live", "") "]");
	_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct fake_db db;

	fake_db_init(&db);
	json_decref(db.rows);
	db.rows = fake_json("{'Switch':{'00000000-0000-4000-8000-000000000001':{'_uuid':"
			    "'00000000-0000-4000-8000-000000000001','name':'live'}}}");
	CU_ASSERT_EQUAL(ovsdb_diff(db.s, db.rows, plan, NULL, NULL, &d, &e), -EINVAL);
	TEST_STR(err_msg(&e), "Switch live: external_ids: is not monitored");
	fake_db_free(&db);
}

static void test_index(void)
{
	struct fake_db db;

	fake_db_init(&db);
	sql(&db, "[{'op':'insert','table':'NB_Global','row':{}},"
		 "{'op':'insert','table':'Switch','row':{'name':'s1','external_ids':['map',"
		 "[['id','one'],['me','1']]]}},"
		 "{'op':'insert','table':'Switch','row':{'name':'s2','external_ids':['map',"
		 "[['id','two'],['me','1']]]}},"
		 "{'op':'insert','table':'Switch','row':{'name':'s2','stateful':true,"
		 "'external_ids':['map',[['id','two'],['me','1']]]}}]");
	/* a table of one row needs no index; map keys identify; of twins the first is kept */
	apply(&db,
	      "[{'table':'NB_Global','key':'.','row':{'options':{'a':'b'}},'merge':['options']},"
	      "{'table':'Switch','key':'a','index':{'external_ids':{'id':'one'}},"
	      "'row':{'stateful':true}},"
	      "{'table':'Switch','key':'b','index':{'external_ids':{'id':'two'}},"
	      "'row':{'stateful':false}}]",
	      "update NB_Global . options; update Switch a stateful; delete Switch s2");
	fake_db_free(&db);
}

/* The order of the plan must not matter: not to the operations, not to their order. */
static void test_order(void)
{
	_cleanup_json_ json_t *plan = fake_json(
		"[" SWITCH("my1", REF("Port", "p1") "," REF("Port", "p2")) "," PORT("p1") "," PORT(
			"p2") "," GROUP("myg", REF("Port",
						   "p1")) "," SWITCH("my2",
								     REF("Port",
									 "p3")) "," PORT("p3") "]");
	_cleanup_free_ char *first = NULL;
	struct fake_db db;

	fake_db_init(&db);
	for (size_t i = 0; i < json_array_size(plan); i++) {
		_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT;
		_cleanup_free_ char *text = NULL;

		json_array_append(plan, json_array_get(plan, 0));
		json_array_remove(plan, 0);
		CU_ASSERT_EQUAL(ovsdb_diff(db.s, db.rows, plan, owned, NULL, &d, NULL), 0);
		text = jtext(d.ops);
		if (first)
			TEST_STR(text, first);
		else
			first = TAKE_PTR(text);
	}
	fake_db_free(&db);
}

TEST_SUITE(ovsdb_diff, {"life", test_life}, {"repair", test_repair}, {"foreign", test_foreign},
	   {"references", test_references}, {"existing", test_existing},
	   {"deviations", test_deviations}, {"refusals", test_refusals},
	   {"not_monitored", test_not_monitored}, {"index", test_index}, {"order", test_order})
