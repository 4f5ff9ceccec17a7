/* SPDX-License-Identifier: Apache-2.0 */
/* Random plans on a database that somebody else damages in between. */
#include "test/test.h"

#include "base/prng.h"
#include "ovsdb/diff.h"
#include "ovsdb/fake.h"

#define ROUNDS 150
#define SWITCHES 4
#define PORTS 8
#define ACLS 3

static bool owned(const char *table UNUSED, const json_t *row, void *arg UNUSED)
{
	return *jstr(row, "name", "");
}

static json_t *ref(const char *table, int n)
{
	return json_pack("{s:o}", "$ref", jstringf("%s/%d", table, n));
}

static void add(json_t *plan, const char *table, int n, const char *index, json_t *value,
		json_t *row)
{
	json_object_set(row, index, value);
	json_array_append_new(plan,
			      json_pack("{s:s, s:o, s:{s:o}, s:o}", "table", table, "key",
					jstringf("%d", n), "index", index, value, "row", row));
}

/* Each port in one switch or none, ACLs shared, groups over ports that exist. */
static json_t *random_plan(struct prng *p)
{
	json_t *plan = json_array(), *ports[SWITCHES], *acls[SWITCHES], *group = json_array();
	bool acl_used[ACLS] = {false};

	for (int s = 0; s < SWITCHES; s++) {
		ports[s] = prng_below(p, 4) ? json_array() : NULL;
		acls[s] = json_array();
	}
	for (int i = 0; i < PORTS; i++) {
		json_t *home = ports[prng_below(p, SWITCHES)];

		if (!home)
			continue;
		json_array_append_new(home, ref("Port", i));
		if (prng_below(p, 2))
			json_array_append_new(group, ref("Port", i));
		add(plan, "Port", i, "name", jstringf("p%d", i),
		    json_pack("{s:[s]}", "addresses", prng_below(p, 2) ? "a" : "b"));
	}
	for (int s = 0; s < SWITCHES; s++) {
		for (int a = 0; ports[s] && a < ACLS; a++) {
			if (prng_below(p, 2))
				continue;
			json_array_append_new(acls[s], ref("ACL", a));
			acl_used[a] = true;
		}
		if (ports[s])
			add(plan, "Switch", s, "name", jstringf("s%d", s),
			    json_pack("{s:o, s:O}", "ports", ports[s], "acls", acls[s]));
		json_decref(acls[s]);
	}
	for (int a = 0; a < ACLS; a++)
		if (acl_used[a])
			add(plan, "ACL", a, "priority", json_integer(a + 1),
			    json_pack("{s:s}", "action", "drop"));
	add(plan, "Group", 0, "name", json_string("g"), json_pack("{s:o}", "ports", group));
	return plan;
}

/* Deletes a random switch, or empties columns of a random one, or blanks ports. */
static void damage(struct fake_db *db, struct prng *p)
{
	static const char *const ops[] = {
		"[{'op':'delete','table':'Switch','where':[['_uuid','==',['uuid','X']]]}]",
		"[{'op':'update','table':'Switch','where':[['_uuid','==',['uuid','X']]],"
		"'row':{'ports':['set',[]]}}]",
		"[{'op':'update','table':'Switch','where':[['_uuid','==',['uuid','X']]],"
		"'row':{'acls':['set',[]]}}]",
		"[{'op':'update','table':'Port','where':[],'row':{'addresses':'x'}}]",
		"[{'op':'delete','table':'Group','where':[]}]",
	};
	_cleanup_json_ json_t *op = fake_json(ops[prng_below(p, ARRAY_SIZE(ops))]);
	json_t *rows = json_object_get(db->rows, "Switch"), *results;
	size_t n = json_object_size(rows), k = n ? prng_below(p, (uint32_t)n) : 0;
	void *it = json_object_iter(rows);

	for (; it && k > 0; k--)
		it = json_object_iter_next(rows, it);
	if (it && jget(op, "0.where.0.2"))
		json_array_set_new(jget(op, "0.where.0.2"), 1,
				   json_string(json_object_iter_key(it)));
	results = fake_transact(db, op);
	json_decref(results);
}

static bool converges(struct fake_db *db, const json_t *plan, int round)
{
	_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT, again = OVSDB_DELTA_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *results = NULL;
	_cleanup_free_ char *name = xasprintf("round %d", round), *text = NULL, *rest = NULL;

	if (!TEST_ROW(ovsdb_diff(db->s, db->rows, plan, owned, NULL, &d, &e) == 0, name, "%s",
		      err_msg(&e)))
		return false;
	results = fake_transact(db, d.ops);
	text = jtext(results);
	if (!TEST_ROW(!strstr(text, "\"error\"") && !strstr(text, "\"count\":0"), name, "%s", text))
		return false;
	ovsdb_diff(db->s, db->rows, plan, owned, NULL, &again, NULL);
	rest = jtext(again.changes);
	return TEST_ROW(streq(rest, "[]"), name, "left: %s", rest);
}

/* Whatever the way there, the tables hold what the plan lists and no more. */
static bool complete(const struct fake_db *db, const json_t *plan)
{
	size_t rows = 0;
	const char *table;
	json_t *v;

	json_object_foreach(db->rows, table, v)
		rows += json_object_size(v);
	return rows == json_array_size(plan);
}

static void test_random(void)
{
	struct fake_db db;
	struct prng p;

	fake_db_init(&db);
	prng_init(&p, 7);
	for (int i = 0; i < ROUNDS; i++) {
		_cleanup_json_ json_t *plan = random_plan(&p);

		if (!converges(&db, plan, i))
			break;
		if (!TEST_ROW(complete(&db, plan), "rows", "round %d", i))
			break;
		damage(&db, &p);
		if (!converges(&db, plan, i))
			break;
		if (!TEST_ROW(complete(&db, plan), "rows after repair", "round %d", i))
			break;
	}
	fake_db_free(&db);
}

TEST_SUITE(ovsdb_diff_prop, {"random", test_random})
