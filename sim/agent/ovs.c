/* SPDX-License-Identifier: Apache-2.0 */
/* Connection to the node's Open_vSwitch database, and the life of the switch. */
#include "agent/ovs_priv.h"

#include <errno.h>

#include "agent/brex.h"
#include "agent/daemons.h"
#include "agent/nmstate.h"
#include "agent/zsnat.h"

#define RETRY_US (5 * USEC_PER_MSEC)
#define TRANSACT_US (10 * USEC_PER_SEC)

static const char monitored[] =
	"{\"Open_vSwitch\":[\"cur_cfg\",\"next_cfg\",\"datapaths\",\"bridges\","
	"\"external_ids\"],"
	"\"Bridge\":[\"name\",\"ports\",\"datapath_type\",\"fail_mode\",\"stp_enable\","
	"\"rstp_enable\",\"mcast_snooping_enable\",\"other_config\",\"external_ids\"],"
	"\"Port\":[\"name\",\"interfaces\",\"tag\",\"vlan_mode\",\"trunks\",\"bond_mode\",\"lacp\","
	"\"bond_updelay\",\"bond_downdelay\",\"other_config\",\"external_ids\"],"
	"\"Interface\":[\"name\",\"type\",\"options\",\"mtu_request\",\"mac\",\"other_config\","
	"\"external_ids\",\"ofport\",\"error\"],"
	"\"Datapath\":[\"capabilities\"]}";

bool ovs_is_ready(const struct agent *a)
{
	return a->ovs && a->ovs->db && ovsdb_is_ready(a->ovs->db);
}

struct ovsdb *ovs_db(const struct agent *a)
{
	return ovs_is_ready(a) ? a->ovs->db : NULL;
}

/* ---- connection ---- */

static void on_ready(void *arg, struct ovsdb *db)
{
	struct agent *a = arg;

	(void)db;
	agent_phase(a, "ovsdb");
	agent_pump(a);
}

static void on_changed(void *arg, struct ovsdb *db, const json_t *changes)
{
	struct agent *a = arg;

	(void)db;
	(void)changes;
	agent_touch(a);
	agent_pump(a);
}

static void on_closed(void *arg, struct ovsdb *db, const char *why)
{
	struct agent *a = arg;

	(void)db;
	log_warn("Open_vSwitch database: %s", why);
	ovs_server_gone(a);
}

static int on_retry(sd_event_source *s, uint64_t usec, void *arg)
{
	struct agent *a = arg;

	(void)s;
	(void)usec;
	a->ovs->retry = sd_event_source_unref(a->ovs->retry);
	ovs_pump(a);
	return 0;
}

void ovs_pump(struct agent *a)
{
	static const struct ovsdb_ops ops = {on_ready, on_changed, on_closed};
	_cleanup_json_ json_t *m = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!a->ovs || !daemon_runs(a, "ovsdb-server"))
		return;
	if (!a->ovs->db && !a->ovs->retry && access(OVS_DB_SOCK, F_OK) == 0) {
		m = jparse(monitored, sizeof(monitored) - 1, &e);
		a->ovs->db = ovsdb_open(a->ev, OVS_DB_SOCK, "Open_vSwitch", m, &ops, a, &e);
		/* The file is there a moment before anyone listens on it. */
		if (!a->ovs->db)
			loop_after(a->ev, RETRY_US, on_retry, a, &a->ovs->retry);
	}
	if (ovs_is_ready(a) && a->ovs->dirty)
		ovs_take_back(a);
}

int ovs_new(struct agent *a)
{
	a->ovs = xcalloc(1, sizeof(*a->ovs));
	return 0;
}

static void close_db(struct agent *a)
{
	struct ovsdb *db = TAKE_PTR(a->ovs->db);

	a->ovs->in_flight = a->ovs->again = false;
	ovsdb_free(db);
}

void ovs_server_gone(struct agent *a)
{
	if (!a->ovs)
		return;
	close_db(a);
	agent_touch(a);
}

/* ---- the switch ---- */

/*
 * A restarted ovs-vswitchd finds its predecessor's cur_cfg and datapath capabilities in the
 * database; with them in place nobody could tell when the new one has done its work.
 */
bool ovs_is_clean(const struct agent *a)
{
	return !a->ovs->dirty;
}

static void on_taken_back(void *arg, const json_t *results, const struct err *e)
{
	struct agent *a = arg;

	(void)results;
	a->ovs->taking_back = false;
	if (e) {
		log_warn("prepare a restart of ovs-vswitchd: %s", err_msg(e));
		return;
	}
	a->ovs->dirty = false;
	agent_pump(a);
}

void ovs_take_back(struct agent *a)
{
	json_t *ops;

	if (a->ovs->taking_back)
		return;
	ops = json_pack("[{s:s, s:s, s:[], s:{s:i}}, {s:s, s:s, s:[], s:{s:[s,[]]}}]", "op",
			"update", "table", "Open_vSwitch", "where", "row", "cur_cfg", 0, "op",
			"update", "table", "Datapath", "where", "row", "capabilities", "map");
	a->ovs->taking_back = ovsdb_transact(a->ovs->db, ops, TRANSACT_US, on_taken_back, a) > 0;
}

bool ovs_configured(const struct agent *a)
{
	const json_t *root = ovs_is_ready(a) ? ovsdb_first(a->ovs->db, "Open_vSwitch") : NULL;

	return root && !a->ovs->dirty && jint(root, "cur_cfg", 0) > 0;
}

bool ovs_switch_is_up(const struct agent *a)
{
	const struct daemon *d = daemon_find((struct agent *)a, "ovs-vswitchd");

	return d && d->state == DAEMON_RUNNING && d->ready && a->ovs->addressed;
}

void ovs_switch_ready(struct agent *a)
{
	_cleanup_err_ struct err e = ERR_INIT;

	agent_phase(a, "vswitchd");
	/* Its taps are new, so br-ex has lost its addresses. */
	if (network_addresses(a, &e) < 0) {
		_cleanup_free_ char *text = xasprintf("addresses of %s: %s", BR_EX, err_msg(&e));

		log_error("%s", text);
		agent_note(a, a->problems, text, true);
		return;
	}
	a->ovs->addressed = true;
	nmstate_switch_ready(a);
	neighbours_apply(a);
	ovs_ports_pass(a);
}

void ovs_switch_gone(struct agent *a)
{
	a->ovs->dirty = true;
	a->ovs->addressed = false;
	json_decref(a->neighbours);
	a->neighbours = NULL;
	zsnat_reset(a);
	brex_reset(a);
	ovs_pump(a);
}
