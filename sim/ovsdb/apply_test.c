/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>

#include "base/buf.h"
#include "ovsdb/apply.h"
#include "ovsdb/fake.h"

#define WAIT (5 * USEC_PER_SEC)
#define SHORT (30 * USEC_PER_MSEC)

struct rig {
	sd_event *ev;
	struct fake_server f, g;
	struct ovsdb *nb, *sb;
	struct buf said;
};

static int both_ready(void *arg)
{
	struct rig *r = arg;

	return ovsdb_is_ready(r->nb) && ovsdb_is_ready(r->sb);
}

static void rig_open(struct rig *r, const char *nb, const char *sb)
{
	*r = (struct rig){0};
	sd_event_new(&r->ev);
	r->nb = ovsdb_open_fd(r->ev, fake_server_open(&r->f, r->ev, "monitor_cond_since"), "Mini",
			      NULL, NULL, NULL);
	r->sb = ovsdb_open_fd(r->ev, fake_server_open(&r->g, r->ev, "monitor_cond_since"), "Mini",
			      NULL, NULL, NULL);
	fake_server_change(&r->f, nb);
	fake_server_change(&r->g, sb);
	CU_ASSERT_EQUAL(loop_wait(r->ev, WAIT, both_ready, r, "clients", NULL), 0);
}

static void rig_close(struct rig *r)
{
	ovsdb_free(r->nb);
	ovsdb_free(r->sb);
	fake_server_close(&r->f);
	fake_server_close(&r->g);
	buf_free(&r->said);
	sd_event_unref(r->ev);
}

static int nb_gone(void *arg)
{
	return !ovsdb_is_ready(((struct rig *)arg)->nb);
}

struct cfg {
	struct rig *r;
	long long want;
};

static int cfg_reached(void *arg)
{
	struct cfg *c = arg;

	return jint(ovsdb_first(c->r->nb, "NB_Global"), "nb_cfg", 0) >= c->want;
}

/* Until a barrier's transaction is in the replica. */
static bool wait_cfg(struct rig *r, long long want)
{
	struct cfg c = {r, want};

	return loop_wait(r->ev, WAIT, cfg_reached, &c, "nb_cfg", NULL) == 0;
}

static int said_something(void *arg)
{
	return ((struct rig *)arg)->said.len > 0;
}

#define NEXT(r, want)                                                                         \
	({                                                                                    \
		int loop_ = loop_wait((r)->ev, WAIT, said_something, (r), "an answer", NULL); \
		_cleanup_free_ char *n_ = buf_take(&(r)->said);                               \
		CU_ASSERT_EQUAL(loop_, 0);                                                    \
		TEST_STR(n_, want);                                                           \
	})

static void on_applied(void *arg, const struct ovsdb_delta *d, const struct err *e)
{
	struct rig *r = arg;

	buf_printf(&r->said, "%zu/%zu/%zu/%zu %s;", d->inserted, d->updated, d->deleted,
		   d->relinked, e ? err_msg(e) : "ok");
}

static void on_passed(void *arg, const struct err *e)
{
	struct rig *r = arg;

	buf_printf(&r->said, "%s;", e ? err_msg(e) : "passed");
}

static int apply(struct rig *r, const char *plan, const struct ovsdb_barrier_opts *b, struct err *e)
{
	_cleanup_json_ json_t *desired = fake_json(plan);

	return ovsdb_apply(r->nb, desired, NULL, NULL, b, on_applied, r, e);
}

static const char plan[] =
	"[{'table':'Switch','key':'s','index':{'name':'s'},'row':{'name':'s','ports':"
	"[{'$ref':'Port/p'}]}},"
	"{'table':'Port','key':'p','index':{'name':'p'},'row':{'name':'p'}}]";

static const char global[] = "[{'op':'insert','table':'NB_Global','row':{}}]";

/* How many transactions the server has seen. */
static size_t transactions(const struct fake_server *f)
{
	size_t n = 0, i;
	json_t *v;

	json_array_foreach(f->seen, i, v)
		n += streq(json_string_value(v), "transact");
	return n;
}

static void test_apply(void)
{
	struct rig r;

	rig_open(&r, global, "[]");
	CU_ASSERT_EQUAL(apply(&r, plan, NULL, NULL), 0);
	TEST_STR(buf_str(&r.said), ""); /* never from within */
	NEXT(&r, "2/0/0/0 ok;");
	CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(r.nb, "Port")), 1);
	CU_ASSERT_EQUAL(apply(&r, plan, NULL, NULL), 0);
	NEXT(&r, "0/0/0/0 ok;");
	CU_ASSERT_EQUAL(transactions(&r.f), 1);
	/* without a barrier the counter stays */
	CU_ASSERT_EQUAL(jint(ovsdb_first(r.nb, "NB_Global"), "nb_cfg", -1), 0);
	rig_close(&r);
}

static void test_apply_refused(void)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct rig r;

	rig_open(&r, global, "[]");
	CU_ASSERT_EQUAL(apply(&r, "[{'table':'Port','key':'p','index':{},'row':{}}]", NULL, &e),
			-EINVAL);
	/* the server's refusal, with the operation named */
	CU_ASSERT_EQUAL(apply(&r,
			      "[{'table':'Binding','key':'b','index':{'logical_port':'x'},"
			      "'row':{'logical_port':'x'}}]",
			      NULL, &e),
			0);
	NEXT(&r, "1/0/0/0 Mini: transact: commit: referential integrity violation;");
	jrpc_free(TAKE_PTR(r.f.j));
	CU_ASSERT_EQUAL(loop_wait(r.ev, WAIT, nb_gone, &r, "end", NULL), 0);
	CU_ASSERT_EQUAL(apply(&r, plan, NULL, &e), -ENOTCONN);
	TEST_STR(err_msg(&e), "Mini: not connected");
	rig_close(&r);
}

static void test_barrier_sb(void)
{
	struct ovsdb_barrier_opts b = {.kind = OVSDB_BARRIER_SB, .timeout_us = WAIT};
	struct ovsdb_barrier_opts soon = {.kind = OVSDB_BARRIER_SB, .timeout_us = SHORT};
	struct rig r;

	rig_open(&r, global, "[]");
	CU_ASSERT_EQUAL(apply(&r, plan, &b, NULL), 0);
	CU_ASSERT(wait_cfg(&r, 1));
	CU_ASSERT_EQUAL(transactions(&r.f), 1); /* rows and counter in one */
	sd_event_run(r.ev, SHORT);
	TEST_STR(buf_str(&r.said), "");
	fake_server_change(&r.f,
			   "[{'op':'update','table':'NB_Global','where':[],'row':{'sb_cfg':1}}]");
	NEXT(&r, "2/0/0/0 ok;");
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &soon, on_passed, &r, NULL), 0);
	NEXT(&r, "timed out after 0.0 s waiting for ovn-northd: sb_cfg is 1, expected 2;");
	rig_close(&r);
}

/* Zero chassis are caught up for OVN, not for us; remote ones do not count. */
static void test_barrier_hv(void)
{
	static const char sb[] =
		"[{'op':'insert','table':'Chassis','uuid-name':'a','row':{'name':'ca',"
		"'hostname':'worker-a'}},"
		"{'op':'insert','table':'Chassis','uuid-name':'r','row':{'name':'cr',"
		"'other_config':['map',[['is-remote','true']]]}},"
		"{'op':'insert','table':'Chassis_Private','row':{'name':'ca',"
		"'chassis':['named-uuid','a']}},"
		"{'op':'insert','table':'Chassis_Private','row':{'name':'cr',"
		"'chassis':['named-uuid','r']}}]";
	struct ovsdb_barrier_opts b = {.kind = OVSDB_BARRIER_HV, .timeout_us = SHORT, .chassis = 2};
	struct rig r;

	rig_open(&r, "[{'op':'insert','table':'NB_Global','row':{'hv_cfg':9,'sb_cfg':9}}]", sb);
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, NULL), 0);
	NEXT(&r, "passed;"); /* without a Southbound client nobody can tell */
	b.sb = r.sb;
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, NULL), 0);
	NEXT(&r, "timed out after 0.0 s waiting for the chassis: hv_cfg is 9, expected 2; "
		 "1 of 2 chassis registered; behind: worker-a (nb_cfg 0);");
	b.timeout_us = WAIT;
	b.chassis = 1;
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, NULL), 0);
	CU_ASSERT(wait_cfg(&r, 3));
	sd_event_run(r.ev, SHORT);
	TEST_STR(buf_str(&r.said), "");
	fake_server_change(&r.g, "[{'op':'update','table':'Chassis_Private','where':[],"
				 "'row':{'nb_cfg':3}}]");
	NEXT(&r, "passed;");
	/* all there are have it, but there should be more */
	fake_server_change(&r.g, "[{'op':'update','table':'Chassis_Private','where':[],"
				 "'row':{'nb_cfg':9}}]");
	b.timeout_us = SHORT;
	b.chassis = 2;
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, NULL), 0);
	NEXT(&r, "timed out after 0.0 s waiting for the chassis: hv_cfg is 9, expected 4; "
		 "1 of 2 chassis registered;");
	rig_close(&r);
}

static void test_barrier_ends(void)
{
	struct ovsdb_barrier_opts b = {.kind = OVSDB_BARRIER_HV, .timeout_us = WAIT};
	_cleanup_err_ struct err e = ERR_INIT;
	struct rig r;

	/* no row to count in */
	rig_open(&r, "[]", "[]");
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, &e), 0);
	NEXT(&r, "the database has no row for its configuration counter;");
	rig_close(&r);
	/* no answer to the transaction */
	rig_open(&r, global, "[]");
	r.f.mute = true;
	b.timeout_us = SHORT;
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, &e), 0);
	NEXT(&r, "timed out after 0.0 s waiting for the answer to a transaction on Mini;");
	rig_close(&r);
	/* the connection ends while it waits */
	rig_open(&r, global, "[]");
	b.timeout_us = WAIT;
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, &e), 0);
	CU_ASSERT(wait_cfg(&r, 1));
	sd_event_run(r.ev, SHORT);
	jrpc_free(TAKE_PTR(r.f.j));
	NEXT(&r, "the database connection was closed;");
	rig_close(&r);
	/* the other database's does */
	rig_open(&r, global, "[]");
	b.sb = r.sb;
	b.chassis = 1;
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, &e), 0);
	ovsdb_free(TAKE_PTR(r.sb));
	NEXT(&r, "the Southbound connection was closed;");
	/* freeing the client ends what is under way */
	b.sb = NULL;
	CU_ASSERT_EQUAL(ovsdb_barrier(r.nb, &b, on_passed, &r, &e), 0);
	ovsdb_free(TAKE_PTR(r.nb));
	NEXT(&r, "Mini: transact: connection closed;");
	rig_close(&r);
}

/* A row that is gone although the replica still has it. */
static void test_stale(void)
{
	_cleanup_json_ json_t *del = fake_json("[{'op':'delete','table':'Switch','where':[]}]");
	struct rig r;
	json_t *results;

	rig_open(&r, "[{'op':'insert','table':'Switch','row':{'name':'s'}}]", "[]");
	results = fake_transact(&r.f.db, del); /* silently */
	json_decref(results);
	CU_ASSERT_EQUAL(apply(&r, plan, NULL, NULL), 0);
	NEXT(&r, "1/0/0/1 Mini: transact: op 1 (update Switch): the row is gone;");
	rig_close(&r);
}

TEST_SUITE(ovsdb_apply, {"apply", test_apply}, {"apply_refused", test_apply_refused},
	   {"barrier_sb", test_barrier_sb}, {"barrier_hv", test_barrier_hv},
	   {"barrier_ends", test_barrier_ends}, {"stale", test_stale})
