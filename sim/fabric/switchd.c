/* SPDX-License-Identifier: Apache-2.0 */
/* The Open vSwitch of the fabric: its database and its life. */
#include "fabric/switchd_priv.h"

#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>

#include "base/log.h"
#include "ovsdb/dbfile.h"
#include "sys/mnt.h"
#include "sys/prefix.h"

#define TRANSACT_US (10 * USEC_PER_SEC)

static const char monitored[] =
	"{\"Open_vSwitch\":[\"bridges\",\"cur_cfg\",\"next_cfg\",\"external_ids\",\"other_config\"]"
	","
	"\"Bridge\":[\"name\",\"ports\",\"datapath_type\",\"fail_mode\",\"mcast_snooping_enable\","
	"\"external_ids\"],\"Port\":[\"name\",\"interfaces\",\"tag\",\"trunks\",\"vlan_mode\","
	"\"external_ids\",\"bond_mode\",\"lacp\",\"other_config\"],\"Interface\":[\"name\","
	"\"type\",\"ofport_request\",\"error\"]}";

const char *switchd_dir(const struct switchd *s)
{
	return s->dir;
}

struct flows *switchd_flows(const struct switchd *s)
{
	return s->flows;
}

static bool runs(const struct switchd *s, int which)
{
	return s->v[which].state == PROC_RUNNING;
}

bool switchd_has_db(const struct switchd *s)
{
	return s->db && ovsdb_is_ready(s->db);
}

bool switchd_configured(const struct switchd *s)
{
	const json_t *root = switchd_has_db(s) ? ovsdb_first(s->db, "Open_vSwitch") : NULL;

	return root && runs(s, VSWITCHD) && !s->dirty && jint(root, "cur_cfg", 0) > 0;
}

/* ---- the database ---- */

static void on_db_ready(void *arg, struct ovsdb *db)
{
	(void)db;
	switchd_pump(arg);
}

static void on_db_changed(void *arg, struct ovsdb *db, const json_t *changes)
{
	(void)db;
	(void)changes;
	switchd_pump(arg);
}

static void on_db_closed(void *arg, struct ovsdb *db, const char *why)
{
	struct switchd *s = arg;

	(void)why;
	s->db = NULL;
	ovsdb_free(db);
}

static int on_retry(sd_event_source *src, uint64_t usec, void *arg)
{
	struct switchd *s = arg;

	(void)src;
	(void)usec;
	s->retry = sd_event_source_unref(s->retry);
	switchd_pump(s);
	return 0;
}

void switchd_pump_in(struct switchd *s, uint64_t usec)
{
	if (!s->retry)
		loop_after(s->f->c.ev, usec, on_retry, s, &s->retry);
}

static void connect_db(struct switchd *s)
{
	static const struct ovsdb_ops ops = {on_db_ready, on_db_changed, on_db_closed};
	_cleanup_json_ json_t *m = NULL;

	if (s->db || s->retry || !runs(s, SERVER) || access(s->sock, F_OK) < 0)
		return;
	m = jparse(monitored, sizeof(monitored) - 1, NULL);
	s->db = ovsdb_open(s->f->c.ev, s->sock, "Open_vSwitch", m, &ops, s, NULL);
	if (!s->db) /* the file is there a moment before anyone listens on it */
		switchd_pump_in(s, SWITCHD_RETRY_US);
}

static void on_taken_back(void *arg, const json_t *results, const struct err *e)
{
	struct switchd *s = arg;

	(void)results;
	s->taking_back = false;
	if (e)
		log_warn(FABRIC_NODE ": prepare a restart of ovs-vswitchd: %s", err_msg(e));
	else
		s->dirty = false;
	switchd_pump(s);
}

static void take_back(struct switchd *s)
{
	if (!s->dirty || s->taking_back || !switchd_has_db(s))
		return;
	s->taking_back =
		ovsdb_transact(s->db,
			       json_pack("[{s:s, s:s, s:[], s:{s:i}}]", "op", "update", "table",
					 "Open_vSwitch", "where", "row", "cur_cfg", 0),
			       TRANSACT_US, on_taken_back, s) > 0;
}

/* ---- life ---- */

static void check_ready(struct switchd *s)
{
	if (switchd_has_db(s))
		waiters_end(&s->v[SERVER].for_ready, NULL);
	if (!switchd_ready(s, NULL))
		return;
	waiters_end(&s->v[VSWITCHD].for_ready, NULL);
	if (!s->was_ready && s->f->c.changed) {
		s->was_ready = true;
		s->f->c.changed(s->f->c.arg);
	}
}

void switchd_pump(struct switchd *s)
{
	if (s->v[SERVER].state == PROC_WAITING)
		switchd_proc_start(&s->v[SERVER]);
	connect_db(s);
	take_back(s);
	if (s->v[VSWITCHD].state == PROC_WAITING && switchd_has_db(s) && !s->dirty)
		switchd_proc_start(&s->v[VSWITCHD]);
	changes_send(s);
	if (switchd_configured(s))
		flows_pump(s->flows);
	changes_check(s);
	check_ready(s);
}

void switchd_ended(struct switchd *s, struct switchd_proc *d)
{
	if (d == &s->v[VSWITCHD]) {
		s->dirty = true;
		unixctl_cancel(TAKE_PTR(s->purge));
		flows_reset(s->flows);
	}
	changes_fail(s, d);
	switchd_pump(s);
	s->was_ready = false;
	if (s->f->c.changed)
		s->f->c.changed(s->f->c.arg);
}

static void moved(void *arg)
{
	switchd_pump(arg);
}

static int on_inotify(sd_event_source *src, const struct inotify_event *ev, void *arg)
{
	(void)src;
	(void)ev;
	switchd_pump(arg);
	return 0;
}

static int write_db(struct switchd *s, struct err *e)
{
	_cleanup_free_ char *path = prefix_schema(s->f->c.prefix, "vswitch", e);
	_cleanup_free_ char *out = xasprintf("%s/conf.db", s->dir);
	_cleanup_json_ json_t *schema = path ? jload_file(path, e) : NULL, *plan = NULL;
	json_t *row;
	size_t i;

	if (!schema)
		return -e->code;
	plan = switch_plan(s->f);
	json_array_foreach(plan, i, row)
		if (streq(jstr(row, "table", ""), "Open_vSwitch"))
			jset(row, "row.next_cfg", json_integer(1));
	return ovsdb_write_db(out, schema, plan, NULL, e);
}

int switchd_new(struct fabric *f, struct switchd **ret, struct err *e)
{
	struct switchd *s = xcalloc(1, sizeof(*s));
	int r;

	s->f = f;
	s->dir = xasprintf("%s/" FABRIC_NODE, f->c.run);
	s->sock = xasprintf("%s/db.sock", s->dir);
	switchd_proc_init(s, SERVER, "ovsdb-server");
	switchd_proc_init(s, VSWITCHD, "ovs-vswitchd");
	s->flows = flows_new(f, s->dir, moved, s);
	r = mnt_mkdirs(s->dir, e);
	if (r >= 0)
		r = write_db(s, e);
	if (r >= 0)
		r = sd_event_add_inotify(f->c.ev, &s->inotify, s->dir, IN_CREATE | IN_MOVED_TO,
					 on_inotify, s);
	if (r < 0) {
		if (!e->code)
			err_errno(e, -r, "watch %s", s->dir);
		switchd_free(s);
		return err_wrap(e, "fabric");
	}
	*ret = s;
	switchd_pump(s);
	return 0;
}

void switchd_free(struct switchd *s)
{
	if (!s)
		return;
	unixctl_cancel(s->purge);
	switch_flows_free(s->flows);
	ovsdb_free(s->db);
	for (int i = 0; i < N_DAEMONS; i++)
		switchd_proc_clear(&s->v[i]);
	sd_event_source_disable_unref(s->inotify);
	sd_event_source_disable_unref(s->retry);
	free(s->dir);
	free(s->sock);
	free(s);
}

/* ---- looking ---- */

bool switchd_ready(const struct switchd *s, char **ret_what)
{
	for (int i = 0; i < N_DAEMONS; i++) {
		if (s->v[i].state == PROC_RUNNING)
			continue;
		if (ret_what)
			*ret_what = xasprintf(FABRIC_NODE ": %s", s->v[i].name);
		return false;
	}
	if (!switchd_configured(s)) {
		if (ret_what)
			*ret_what = xstrdup(FABRIC_NODE ": ovs-vswitchd is being configured");
		return false;
	}
	if (s->stale) {
		if (ret_what)
			*ret_what = xstrdup(FABRIC_NODE ": the datapath's flows are being purged");
		return false;
	}
	return flows_ready(s->flows, ret_what) && !flows_problem(s->flows);
}

char *switchd_fault(const struct switchd *s)
{
	for (int i = 0; i < N_DAEMONS; i++)
		if (s->v[i].state == PROC_EXITED)
			return switchd_proc_text(&s->v[i]);
	return flows_problem(s->flows) ? xasprintf(FABRIC_NODE ": %s", flows_problem(s->flows))
				       : NULL;
}

json_t *switchd_status(const struct switchd *s)
{
	json_t *list = json_array();

	for (int i = 0; i < N_DAEMONS; i++)
		json_array_append_new(list, switchd_proc_status(&s->v[i]));
	return list;
}

/* ---- faults ---- */

static int end_daemon(struct switchd_proc *d, bool stop, int sig, fabric_done_fn done, void *arg,
		      struct err *e)
{
	int r;

	if (d->state != PROC_RUNNING)
		return err_set(e, EALREADY, FABRIC_NODE ": %s does not run", d->name);
	r = proc_kill(d->pidfd, sig, e);
	if (r < 0)
		return r;
	d->stopping = stop;
	if (sig == SIGSTOP || sig == SIGCONT)
		fabric_later(d->s->f, done, arg, NULL);
	else
		waiter_add(&d->for_end, done, arg);
	return 0;
}

int switchd_daemon(struct switchd *s, const char *name, const char *action, int sig,
		   fabric_done_fn done, void *arg, struct err *e)
{
	struct switchd_proc *d = NULL;

	for (int i = 0; i < N_DAEMONS; i++)
		if (streq(s->v[i].name, name))
			d = &s->v[i];
	if (!d)
		return err_set(e, ENOENT, "the fabric has no daemon \"%s\"", name);
	if (streq(action, "stop"))
		return end_daemon(d, true, SIGTERM, done, arg, e);
	if (streq(action, "kill"))
		return end_daemon(d, false, sig > 0 ? sig : SIGKILL, done, arg, e);
	if (!streq(action, "start"))
		return err_set(e, EINVAL, "expected start, stop or kill, found \"%s\"", action);
	if (d->state == PROC_RUNNING)
		return err_set(e, EALREADY, FABRIC_NODE ": %s runs", d->name);
	d->state = PROC_WAITING;
	waiter_add(&d->for_ready, done, arg);
	switchd_pump_in(s, 0);
	return 0;
}
