/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "ovsdb/fake.h"
#include "ovsdb/ovsdb.h"

#define WAIT (5 * USEC_PER_SEC)

/* What a client has been told, as text. */
struct seen {
	struct buf b;
	bool free_when_ready, free_when_changed;
	struct ovsdb *o;
};

static void on_ready(void *arg, struct ovsdb *o)
{
	struct seen *s = arg;

	buf_adds(&s->b, "ready;");
	if (s->free_when_ready)
		ovsdb_free(o);
}

static void on_changed(void *arg, struct ovsdb *o, const json_t *changes)
{
	struct seen *s = arg;
	const char *table, *uuid;
	json_t *rows, *c;

	json_object_foreach((json_t *)changes, table, rows)
		json_object_foreach(rows, uuid, c) {
			json_t *old = json_object_get(c, "old");
			_cleanup_free_ char *text = old ? jtext(old) : NULL;

			buf_printf(&s->b, "%s %s %s;", jstr(c, "op", "?"), table,
				   streq(jstr(c, "op", "?"), "modify") ? text : "");
		}
	if (s->free_when_changed)
		ovsdb_free(o);
}

static void on_closed(void *arg, struct ovsdb *o, const char *why)
{
	struct seen *s = arg;

	buf_printf(&s->b, "closed: %s;", why);
	if (s->o == o)
		ovsdb_free(TAKE_PTR(s->o));
}

static const struct ovsdb_ops ops = {on_ready, on_changed, on_closed};

struct rig {
	sd_event *ev;
	struct fake_server f;
	struct seen seen;
};

static void rig_open(struct rig *r, const char *method, const char *db, const char *monitored,
		     const char *contents)
{
	_cleanup_json_ json_t *m = monitored ? fake_json(monitored) : NULL;
	int fd;

	*r = (struct rig){0};
	sd_event_new(&r->ev);
	fd = fake_server_open(&r->f, r->ev, method);
	fake_server_change(&r->f, contents);
	r->seen.o = ovsdb_open_fd(r->ev, fd, db, m, &ops, &r->seen);
}

static void rig_close(struct rig *r)
{
	ovsdb_free(r->seen.o);
	buf_free(&r->seen.b);
	fake_server_close(&r->f);
	sd_event_unref(r->ev);
}

static int said_something(void *arg)
{
	return ((struct rig *)arg)->seen.b.len > 0;
}

/* Waits for the next callback and returns what it said. */
static char *next(struct rig *r)
{
	if (loop_wait(r->ev, WAIT, said_something, r, "a callback", NULL) < 0)
		return xstrdup("(nothing)");
	return buf_take(&r->seen.b);
}
#define NEXT(r, want)                              \
	({                                         \
		_cleanup_free_ char *n_ = next(r); \
		TEST_STR(n_, want);                \
	})

static const char two_rows[] =
	"[{'op':'insert','table':'Switch','row':{'name':'s','tags':['set',[1,2]],"
	"'external_ids':['map',[['a','1'],['b','2']]],'ports':['named-uuid','p']}},"
	"{'op':'insert','table':'Port','uuid-name':'p','row':{'name':'p','tag':4}}]";

static void check_replica(struct rig *r, const char *name)
{
	const json_t *sw = ovsdb_first(r->seen.o, "Switch");
	const json_t *port = ovsdb_row(r->seen.o, "Port", jstr(sw, "ports.0", ""));
	_cleanup_json_ json_t *want = fake_json("{'a':'1','b':'2'}");

	TEST_ROW(streq(jstr(sw, "name", ""), "s"), name, "name");
	TEST_ROW(jint(sw, "tags.1", 0) == 2, name, "tags");
	TEST_ROW(!jbool(sw, "stateful", true), name, "default of a boolean");
	TEST_ROW(json_equal(json_object_get(sw, "external_ids"), want), name, "external_ids");
	TEST_ROW(streq(jstr(port, "name", ""), "p"), name, "port");
	TEST_ROW(jint(port, "tag.0", 0) == 4, name, "tag");
	TEST_ROW(json_equal(ovsdb_replica(r->seen.o), r->f.db.rows), name, "replica");
}

/* The same life with each generation of monitors. */
static void test_monitors(void)
{
	static const char *const methods[] = {"monitor_cond_since", "monitor_cond", "monitor"};

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		struct rig r;

		rig_open(&r, methods[i], "Mini", NULL, two_rows);
		CU_ASSERT_FALSE(ovsdb_is_ready(r.seen.o));
		CU_ASSERT_PTR_NULL(ovsdb_schema(r.seen.o));
		NEXT(&r, "ready;");
		CU_ASSERT(ovsdb_is_ready(r.seen.o));
		check_replica(&r, methods[i]);
		fake_server_change(&r.f, "[{'op':'mutate','table':'Switch','where':[],'mutations':["
					 "['tags','insert',['set',[9]]],['tags','delete',1],"
					 "['external_ids','delete',['set',['a']]],"
					 "['external_ids','insert',['map',[['c','3']]]]]}]");
		NEXT(&r, "modify Switch "
			 "{\"external_ids\":{\"a\":\"1\",\"b\":\"2\"},\"tags\":[1,2]};");
		TEST_ROW(json_equal(ovsdb_replica(r.seen.o), r.f.db.rows), methods[i], "modify");
		fake_server_change(&r.f, "[{'op':'update','table':'Port','where':[],"
					 "'row':{'tag':['set',[]],'name':'q'}}]");
		NEXT(&r, "modify Port {\"name\":\"p\",\"tag\":[4]};");
		TEST_ROW(json_equal(ovsdb_replica(r.seen.o), r.f.db.rows), methods[i], "tag");
		/* a difference may be larger than the column */
		fake_server_change(&r.f, "[{'op':'insert','table':'Chassis','row':{'pair':"
					 "['set',[1,2]]}}]");
		NEXT(&r, "insert Chassis ;");
		fake_server_change(&r.f, "[{'op':'update','table':'Chassis','where':[],'row':"
					 "{'pair':['set',[3,4]]}}]");
		NEXT(&r, "modify Chassis {\"pair\":[1,2]};");
		TEST_ROW(json_equal(ovsdb_replica(r.seen.o), r.f.db.rows), methods[i], "pair");
		/* one transaction, one callback */
		fake_server_change(&r.f, "[{'op':'delete','table':'Switch','where':[]},"
					 "{'op':'insert','table':'Chassis','row':{'name':'c'}}]");
		NEXT(&r, "insert Chassis ;delete Switch ;delete Port ;");
		CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(r.seen.o, "Port")), 0);
		CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(r.seen.o, "Nope")), 0);
		rig_close(&r);
	}
}

static void test_columns(void)
{
	_cleanup_free_ char *row = NULL, *sw = NULL;
	struct rig r;

	rig_open(&r, "monitor_cond_since", "Mini",
		 "{'Switch':['name','nope'],'Nope':null,'Port':null}", two_rows);
	NEXT(&r, "ready;");
	sw = jtext(ovsdb_first(r.seen.o, "Switch"));
	TEST_STR(sw, "{\"_uuid\":\"00000000-0000-4000-9000-000000000002\",\"name\":\"s\"}");
	/* counters come along unasked, in their table's own right */
	fake_server_change(&r.f, "[{'op':'insert','table':'NB_Global','row':{'nb_cfg':3}}]");
	NEXT(&r, "insert NB_Global ;");
	row = jtext(ovsdb_first(r.seen.o, "NB_Global"));
	TEST_STR(row, "{\"_uuid\":\"00000000-0000-4000-9000-000000000004\",\"hv_cfg\":0,"
		      "\"nb_cfg\":3,\"sb_cfg\":0}");
	rig_close(&r);
}

static void test_find(void)
{
	static const struct {
		const char *table, *index;
		size_t n;
	} rows[] = {
		{"Switch", "{'name':'s'}", 2},
		{"Switch", "{'name':'x'}", 0},
		{"Switch", "{'external_ids':{'a':'1'}}", 2},
		{"Switch", "{'external_ids':{'a':'1','b':'3'}}", 1},
		{"Switch", "{'tags':[2,1]}", 1},
		{"Switch", "{'tags':[1]}", 0},
		{"Switch", "{'nope':1}", 0},
		{"Switch", "{'name':1}", 0},
		{"Switch", "{}", 2},
		{"Nope", "{}", 0},
	};
	struct rig r;

	rig_open(&r, "monitor_cond_since", "Mini", NULL,
		 "[{'op':'insert','table':'Switch','row':{'name':'s','tags':['set',[1,2]],"
		 "'external_ids':['map',[['a','1'],['b','2']]]}},"
		 "{'op':'insert','table':'Switch','row':{'name':'s',"
		 "'external_ids':['map',[['a','1'],['b','3']]]}}]");
	NEXT(&r, "ready;");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *all =
			ovsdb_find_all(r.seen.o, rows[i].table, fake_json(rows[i].index));
		const json_t *one = ovsdb_find(r.seen.o, rows[i].table, fake_json(rows[i].index));

		TEST_ROW(json_array_size(all) == rows[i].n, rows[i].index, "got %zu",
			 json_array_size(all));
		TEST_ROW(one == json_array_get(all, 0), rows[i].index, "not the first");
	}
	rig_close(&r);
}

static int was_asked(void *arg)
{
	return json_array_size(((struct rig *)arg)->f.seen) > 0;
}

static void test_handshake_failures(void)
{
	struct rig r;

	rig_open(&r, "monitor_cond_since", "Other", NULL, "[]");
	NEXT(&r, "closed: Other: get_schema: unknown database;");
	CU_ASSERT_PTR_NULL(r.seen.o);
	rig_close(&r);
	rig_open(&r, "no_monitor_at_all", "Mini", NULL, "[]");
	NEXT(&r, "closed: Mini: monitor: unknown method;");
	rig_close(&r);
	rig_open(&r, "monitor", "Mini", NULL, "[]");
	r.f.mute = true;
	CU_ASSERT_EQUAL(loop_wait(r.ev, WAIT, was_asked, &r, "the first request", NULL), 0);
	jrpc_free(TAKE_PTR(r.f.j));
	NEXT(&r, "closed: Mini: get_schema: connection closed;");
	rig_close(&r);
}

static void test_bad_updates(void)
{
	static const struct {
		const char *update, *want;
	} rows[] = {
		{"null", "malformed update"},
		{"{'Nope':{}}", "update of unknown table Nope"},
		{"{'Switch':[]}", "update of unknown table Switch"},
		{"{'Switch':{'x':{'delete':null}}}", "Switch x: not a uuid"},
		{"{'Switch':{'00000000-0000-4000-9000-000000000009':{'delete':null}}}",
		 "Switch 00000000-0000-4000-9000-000000000009: deletes a row that is not there"},
		{"{'Switch':{'00000000-0000-4000-9000-000000000009':{'modify':{}}}}",
		 "Switch 00000000-0000-4000-9000-000000000009: modifies a row that is not there"},
		{"{'Switch':{'00000000-0000-4000-9000-000000000009':{}}}",
		 "Switch 00000000-0000-4000-9000-000000000009: malformed row update"},
		{"{'Switch':{'00000000-0000-4000-9000-000000000009':{'insert':{'nope':1}}}}",
		 "Switch 00000000-0000-4000-9000-000000000009: unknown column nope"},
		{"{'Switch':{'00000000-0000-4000-9000-000000000002':{'modify':{'name':1}}}}",
		 "Switch 00000000-0000-4000-9000-000000000002: column name: expected string, "
		 "found an integer"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *want = xasprintf("closed: Mini: update: %s;", rows[i].want);
		struct rig r;

		rig_open(&r, "monitor_cond_since", "Mini", NULL, two_rows);
		NEXT(&r, "ready;");
		jrpc_notify(r.f.j, "update3",
			    json_pack("[s,s,o]", "ovnbed", "1", fake_json(rows[i].update)));
		NEXT(&r, want);
		rig_close(&r);
	}
}

static void on_done(void *arg, const json_t *results, const struct err *e)
{
	struct seen *s = arg;
	_cleanup_free_ char *text = jtext(results);

	buf_printf(&s->b, "%s;", e ? err_msg(e) : text);
}

static void test_transact(void)
{
	static const struct {
		const char *ops, *want;
	} rows[] = {
		{"[{'op':'insert','table':'Chassis','row':{'name':'c'}}]",
		 "insert Chassis ;[{\"uuid\":[\"uuid\","
		 "\"00000000-0000-4000-9000-000000000004\"]}];"},
		{"[{'op':'select','table':'Chassis','where':[]},"
		 "{'op':'insert','table':'Chassis','row':{'name':7}}]",
		 "Mini: transact: op 1 (insert Chassis): bad column;"},
		{"[{'op':'insert','table':'Binding','row':{}},"
		 "{'op':'update','table':'Binding','where':[],'row':{'datapath':"
		 "['uuid','00000000-0000-4000-9000-000000000009']}}]",
		 "Mini: transact: commit: referential integrity violation;"},
		{"[{'op':'delete','table':'Chassis','where':[['_uuid','==',"
		 "['uuid','00000000-0000-4000-9000-000000000009']]]}]",
		 "Mini: transact: op 0 (delete Chassis): the row is gone;"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rig r;

		rig_open(&r, "monitor_cond_since", "Mini", NULL, two_rows);
		NEXT(&r, "ready;");
		CU_ASSERT(ovsdb_transact(r.seen.o, fake_json(rows[i].ops), WAIT, on_done, &r.seen) >
			  0);
		NEXT(&r, rows[i].want);
		rig_close(&r);
	}
}

/* Pending transactions end with an error; cancelled ones are silent. */
static void test_transact_ends(void)
{
	struct rig r;
	long id;

	rig_open(&r, "monitor_cond_since", "Mini", NULL, "[]");
	NEXT(&r, "ready;");
	r.f.mute = true;
	id = ovsdb_transact(r.seen.o, json_array(), 0, on_done, &r.seen);
	CU_ASSERT(id > 0);
	ovsdb_cancel(r.seen.o, id);
	ovsdb_transact(r.seen.o, json_array(), 20 * USEC_PER_MSEC, on_done, &r.seen);
	NEXT(&r, "Mini: transact: no answer within 0.0 s;");
	ovsdb_transact(r.seen.o, json_array(), 0, on_done, &r.seen);
	ovsdb_free(TAKE_PTR(r.seen.o));
	NEXT(&r, "Mini: transact: connection closed;");
	rig_close(&r);
}

static void on_watch(void *arg, const json_t *changes)
{
	buf_adds(arg, changes ? "change;" : "end;");
}

static void test_watch(void)
{
	_cleanup_buf_ struct buf a = BUF_INIT, b = BUF_INIT;
	struct ovsdb_watch *w;
	struct rig r;

	rig_open(&r, "monitor_cond_since", "Mini", NULL, "[]");
	NEXT(&r, "ready;");
	ovsdb_watch(r.seen.o, on_watch, &a);
	w = ovsdb_watch(r.seen.o, on_watch, &b);
	fake_server_change(&r.f, "[{'op':'insert','table':'Chassis','row':{'name':'c'}}]");
	NEXT(&r, "insert Chassis ;");
	ovsdb_unwatch(r.seen.o, w);
	fake_server_change(&r.f, "[{'op':'delete','table':'Chassis','where':[]}]");
	NEXT(&r, "delete Chassis ;");
	jrpc_free(TAKE_PTR(r.f.j));
	NEXT(&r, "closed: connection closed;");
	TEST_STR(buf_str(&a), "change;change;end;");
	TEST_STR(buf_str(&b), "change;");
	rig_close(&r);
}

static void test_free_inside(void)
{
	struct rig r;

	rig_open(&r, "monitor_cond_since", "Mini", NULL, two_rows);
	r.seen.free_when_ready = true;
	NEXT(&r, "ready;");
	r.seen.o = NULL;
	rig_close(&r);
	rig_open(&r, "monitor_cond_since", "Mini", NULL, two_rows);
	NEXT(&r, "ready;");
	r.seen.free_when_changed = true;
	fake_server_change(&r.f, "[{'op':'delete','table':'Switch','where':[]}]");
	NEXT(&r, "delete Switch ;delete Port ;");
	r.seen.o = NULL;
	rig_close(&r);
}

TEST_SUITE(ovsdb_client, {"monitors", test_monitors}, {"columns", test_columns},
	   {"find", test_find}, {"handshake_failures", test_handshake_failures},
	   {"bad_updates", test_bad_updates}, {"transact", test_transact},
	   {"transact_ends", test_transact_ends}, {"watch", test_watch},
	   {"free_inside", test_free_inside})
