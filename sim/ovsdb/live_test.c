/* SPDX-License-Identifier: Apache-2.0 */
/* The client against real servers with OVN's and OVS's own schemas. */
#include "test/test.h"

#include <errno.h>
#include <signal.h>

#include "base/buf.h"
#include "ovsdb/apply.h"
#include "ovsdb/fake.h"
#include "ovsdb/live.h"
#include "ovsdb/unixctl.h"

/* One client, and what was last said to us. */
struct user {
	struct live *l;
	struct ovsdb *o;
	struct buf said;
	bool changed, closed;
};

static void on_changed(void *arg, struct ovsdb *o UNUSED, const json_t *changes UNUSED)
{
	((struct user *)arg)->changed = true;
}

static void on_closed(void *arg, struct ovsdb *o UNUSED, const char *why)
{
	struct user *u = arg;

	u->closed = true;
	buf_printf(&u->said, "closed: %s", why);
}

static const struct ovsdb_ops ops = {.changed = on_changed, .closed = on_closed};

static int is_ready(void *arg)
{
	struct user *u = arg;

	return u->closed ? -ECONNRESET : ovsdb_is_ready(u->o);
}

static bool user_open(struct user *u, struct live *l, const char *db)
{
	_cleanup_free_ char *sock = live_path(l, "db.sock");
	_cleanup_err_ struct err e = ERR_INIT;

	*u = (struct user){.l = l};
	u->o = ovsdb_open(l->ev, sock, db, NULL, &ops, u, &e);
	if (u->o && loop_wait(l->ev, LIVE_WAIT, is_ready, u, "the database", &e) == 0)
		return true;
	TEST_ROW(false, db, "%s %s", err_msg(&e), buf_str(&u->said));
	return false;
}

static void user_close(struct user *u)
{
	ovsdb_free(u->o);
	buf_free(&u->said);
}

static int said_something(void *arg)
{
	return ((struct user *)arg)->said.len > 0;
}

static char *answer(struct user *u)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (loop_wait(u->l->ev, LIVE_WAIT, said_something, u, "an answer", &e) < 0)
		return xstrdup(err_msg(&e));
	return buf_take(&u->said);
}
#define ANSWER(u, want)                              \
	({                                           \
		_cleanup_free_ char *a_ = answer(u); \
		TEST_STR(a_, want);                  \
	})

static bool owned(const char *table UNUSED, const json_t *row, void *arg UNUSED)
{
	return json_object_get(json_object_get(row, "external_ids"), "me");
}

static void on_applied(void *arg, const struct ovsdb_delta *d, const struct err *e)
{
	struct user *u = arg;
	_cleanup_free_ char *deviations = jtext(d->deviations);

	buf_printf(&u->said, "+%zu ~%zu -%zu &%zu %s %s", d->inserted, d->updated, d->deleted,
		   d->relinked, deviations, e ? err_msg(e) : "ok");
}

static void apply(struct user *u, const char *plan, const struct ovsdb_barrier_opts *b,
		  const char *want)
{
	_cleanup_json_ json_t *desired = live_plan(plan);
	_cleanup_err_ struct err e = ERR_INIT;

	if (TEST_ROW(ovsdb_apply(u->o, desired, owned, NULL, b, on_applied, u, &e) == 0, plan, "%s",
		     err_msg(&e)))
		ANSWER(u, want);
}

static void on_transacted(void *arg, const json_t *results UNUSED, const struct err *e)
{
	buf_adds(&((struct user *)arg)->said, e ? err_msg(e) : "ok");
}

static void transact(struct user *u, const char *text, const char *want)
{
	CU_ASSERT(ovsdb_transact(u->o, fake_json(text), LIVE_WAIT, on_transacted, u) > 0);
	ANSWER(u, want);
}

/* A file written whole, then plans, damage and repair, seen by a second client. */
static void test_northbound(void)
{
	struct user u, other;
	struct live l;

	if (!live_open(&l, "ovsdb_live/northbound"))
		return;
	CU_ASSERT(live_db(&l, "nb", "ovn/ovn-nb", "nb-start"));
	if (live_server(&l, "nb", NULL) && user_open(&u, &l, "OVN_Northbound") &&
	    user_open(&other, &l, "OVN_Northbound")) {
		CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(u.o, "Logical_Switch_Port")), 2);
		apply(&u, "nb-start", NULL, "+0 ~0 -0 &0 [] ok");
		apply(&u, "nb-more", NULL, "+3 ~1 -1 &1 [\"Logical_Switch.no_such\"] ok");
		apply(&u, "nb-more", NULL, "+0 ~0 -0 &0 [\"Logical_Switch.no_such\"] ok");
		transact(&other,
			 "[{'op':'mutate','table':'Logical_Switch','where':[],'mutations':"
			 "[['ports','delete',['uuid','00000000-0000-0000-0000-000000000000']]]},"
			 "{'op':'update','table':'Logical_Switch','where':[],'row':{'ports':['set',"
			 "[]]}}]",
			 "ok");
		CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(other.o, "Logical_Switch_Port")), 0);
		transact(&u, "[]", "ok"); /* its update comes before this answer */
		CU_ASSERT(u.changed);
		CU_ASSERT(json_equal(ovsdb_replica(u.o), ovsdb_replica(other.o)));
		apply(&u, "nb-more", NULL, "+2 ~0 -0 &2 [\"Logical_Switch.no_such\"] ok");
		apply(&u, "nothing", NULL, "+0 ~0 -5 &0 [] ok");
		CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(u.o, "ACL")), 0);
		CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(u.o, "Logical_Switch")), 0);
		transact(&u, "[{'op':'insert','table':'Port_Group','row':{'name':7}}]",
			 "OVN_Northbound: transact: op 0 (insert Port_Group): syntax error: "
			 "expected string");
		kill(l.pids[0], SIGKILL);
		ANSWER(&u, "closed: connection closed");
		user_close(&u);
		user_close(&other);
	} else {
		CU_FAIL("no server");
	}
	live_close(&l);
}

/* Our ports on a bridge that others share come and go alone. */
static void test_open_vswitch(void)
{
	struct ovsdb_barrier_opts b = {.kind = OVSDB_BARRIER_VSWITCHD, .timeout_us = 50000};
	struct user u;
	struct live l;

	if (!live_open(&l, "ovsdb_live/open_vswitch"))
		return;
	CU_ASSERT(live_db(&l, "conf", "openvswitch/vswitch", "ovs-start"));
	if (live_server(&l, "conf", NULL) && user_open(&u, &l, "Open_vSwitch")) {
		apply(&u, "ovs-start", NULL, "+0 ~0 -0 &0 [] ok");
		apply(&u, "ovs-port", &b,
		      "+2 ~0 -0 &1 [] timed out after 0.1 s waiting for ovs-vswitchd: cur_cfg is "
		      "0, "
		      "expected 1");
		apply(&u, "ovs-port", NULL, "+0 ~0 -0 &0 [] ok");
		apply(&u, "ovs-no-port", NULL, "+0 ~0 -2 &1 [] ok");
		CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(u.o, "Interface")), 1);
		user_close(&u);
	} else {
		CU_FAIL("no server");
	}
	live_close(&l);
}

static void on_text(void *arg, const char *text, const struct err *e)
{
	buf_adds(&((struct user *)arg)->said, e ? err_msg(e) : text);
}

static bool start_northd(struct live *l)
{
	_cleanup_free_ char *nb = xasprintf("--ovnnb-db=unix:%s/db.sock", l->dir);
	_cleanup_free_ char *sb = xasprintf("--ovnsb-db=unix:%s/db.sock", l->dir);
	_cleanup_free_ char *ctl = xasprintf("--unixctl=%s/northd.ctl", l->dir);
	const char *argv[] = {"usr/bin/ovn-northd", nb, sb, ctl, NULL};

	return live_start(l, argv, "northd.ctl");
}

/* ovn-northd answers the barrier and its control socket. */
static void test_northd(void)
{
	struct ovsdb_barrier_opts b = {.kind = OVSDB_BARRIER_SB, .timeout_us = LIVE_WAIT};
	_cleanup_free_ char *northd = NULL, *ctl = NULL, *sctl = NULL;
	struct user nb, sb;
	struct live l;

	if (!live_open(&l, "ovsdb_live/northd"))
		return;
	northd = xasprintf("%s/usr/bin/ovn-northd", l.prefix);
	ctl = live_path(&l, "northd.ctl");
	sctl = live_path(&l, "server.ctl");
	CU_ASSERT(live_db(&l, "nb", "ovn/ovn-nb", "nb-start"));
	CU_ASSERT(live_db(&l, "sb", "ovn/ovn-sb", "sb-start"));
	if (access(northd, X_OK) < 0) {
		test_skip("no %s", northd);
	} else if (live_server(&l, "nb", "sb") && start_northd(&l) &&
		   user_open(&nb, &l, "OVN_Northbound") && user_open(&sb, &l, "OVN_Southbound")) {
		apply(&nb, "nb-more", &b, "+3 ~1 -1 &1 [\"Logical_Switch.no_such\"] ok");
		transact(&sb, "[]", "ok");
		CU_ASSERT_EQUAL(json_object_size(ovsdb_rows(sb.o, "Port_Binding")), 2);
		b.kind = OVSDB_BARRIER_HV;
		b.sb = sb.o;
		b.timeout_us = 100000;
		b.chassis = 1;
		apply(&nb, "nb-start", &b,
		      "+1 ~1 -3 &1 [] timed out after 0.1 s waiting for the chassis: hv_cfg is 2, "
		      "expected 2; 0 of 1 chassis registered");
		unixctl_call(l.ev, ctl, "status", NULL, 0, on_text, &nb, NULL);
		ANSWER(&nb, "Status: active\n");
		unixctl_call(l.ev, sctl, "ovsdb-server/list-dbs", NULL, 0, on_text, &nb, NULL);
		ANSWER(&nb, "OVN_Northbound\nOVN_Southbound\n_Server\n");
		unixctl_call(l.ev, sctl, "nonsense", NULL, 0, on_text, &sb, NULL);
		{
			_cleanup_free_ char *got = answer(&sb);

			CU_ASSERT(str_ends(got,
					   "nonsense: \"nonsense\" is not a valid command (use "
					   "\"list-commands\" to see a list of valid commands)"));
		}
		user_close(&nb);
		user_close(&sb);
	} else {
		CU_FAIL("no northd");
	}
	live_close(&l);
}

TEST_SUITE(ovsdb_live, {"northbound", test_northbound}, {"open_vswitch", test_open_vswitch},
	   {"northd", test_northd})
