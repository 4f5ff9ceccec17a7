/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/zsnat.h"

#include "agent/daemons.h"
#include "agent/ovs.h"

#define DEVIATION                                                                              \
	"Datapath.capabilities:ct_zero_snat=false (userspace conntrack of this OVS aborts on " \
	"commits with nat(src))"
#define PROBLEM "flows of br-int commit with nat(src): userspace conntrack may abort"
#define TRANSACT_US (10 * USEC_PER_SEC)
#define UNSEEN \
	"flows of br-int have not come back after a restart: commits with nat(src) not looked for"
/* Off the path of what is being plugged or restarted, and late enough to see its flows. */
#define VERIFY_AFTER_US (1 * USEC_PER_SEC)
#define VERIFY_RETRY_US (200 * USEC_PER_MSEC)
#define VERIFY_TRIES 50

enum step {
	STEP_WAIT, /* for ovs-vswitchd to write its capabilities */
	STEP_SENT, /* the correction is under way */
	STEP_DONE,
};

struct zsnat {
	enum step step;
	bool restarted; /* ovn-controller may have seen the capability */
	int tries;	/* of the verification under way; 0: none */
	sd_event_source *timer;
};

void zsnat_new(struct agent *a)
{
	a->zsnat = xcalloc(1, sizeof(*a->zsnat));
	if (a->netdev)
		agent_note(a, a->deviations, DEVIATION, true);
}

bool zsnat_may_start(struct agent *a)
{
	return ovs_is_clean(a);
}

bool zsnat_settled(const struct agent *a)
{
	return !a->netdev || a->zsnat->step == STEP_DONE;
}

void zsnat_arm(struct agent *a)
{
	a->zsnat->step = STEP_WAIT;
}

void zsnat_reset(struct agent *a)
{
	a->zsnat->step = STEP_WAIT;
	a->zsnat->restarted = true;
}

/* ---- verification ---- */

static void look(struct agent *a);

static int on_timer(sd_event_source *s, uint64_t usec, void *arg)
{
	struct agent *a = arg;

	(void)s;
	(void)usec;
	a->zsnat->timer = sd_event_source_unref(a->zsnat->timer);
	look(a);
	return 0;
}

/*
 * Whether ovn-controller's flows are in: it always fills table 64 (OFTABLE_SAVE_INPORT); table 254
 * is the switch's own. Without this, an empty switch would pass for a good one.
 */
static bool has_ovn_flows(const char *text)
{
	return strstr(text, "table_id=64,") != NULL;
}

static void on_flows(void *arg, const char *text, const struct err *e)
{
	struct agent *a = arg;
	struct zsnat *z = a->zsnat;
	bool seen = text && has_ovn_flows(text), bad = text && strstr(text, "nat(src");

	if (!text)
		log_warn("look for nat(src) in the flows of %s: %s", BR_INT, err_msg(e));
	/* ovn-controller takes a second to come back, and a moment to recompute. */
	if ((bad || !seen) && z->tries++ < VERIFY_TRIES) {
		loop_after(a->ev, VERIFY_RETRY_US, on_timer, a, &z->timer);
		return;
	}
	z->tries = 0;
	agent_note(a, a->problems, PROBLEM, bad);
	agent_note(a, a->problems, UNSEEN, !seen);
}

static void look(struct agent *a)
{
	_cleanup_err_ struct err e = ERR_INIT;

	/* When either has gone its restart comes back here. */
	if (!daemon_runs(a, "ovn-controller") || !zsnat_settled(a) ||
	    !daemon_call(a, "ovs-vswitchd", "bridge/dump-flows", json_pack("[s]", BR_INT), on_flows,
			 a, &e))
		a->zsnat->tries = 0;
}

void zsnat_verify(struct agent *a)
{
	struct zsnat *z = a->zsnat;

	if (!a->netdev || !zsnat_settled(a))
		return;
	z->tries = 0;
	z->timer = sd_event_source_disable_unref(z->timer);
	loop_after(a->ev, VERIFY_AFTER_US, on_timer, a, &z->timer);
}

static void on_recomputed(void *arg, const char *text, const struct err *e)
{
	if (!text)
		log_warn("recompute of ovn-controller: %s", err_msg(e));
	zsnat_verify(arg);
}

static void recompute(struct agent *a)
{
	a->zsnat->restarted = false;
	/* Without a controller there is nothing to recompute; it will read the corrected row. */
	daemon_call(a, "ovn-controller", "inc-engine/recompute", NULL, on_recomputed, a, NULL);
}

/* ---- correction ---- */

static void settle(struct agent *a)
{
	a->zsnat->step = STEP_DONE;
	agent_phase(a, "zero-snat");
	if (a->zsnat->restarted)
		recompute(a);
}

static void on_corrected(void *arg, const json_t *results, const struct err *e)
{
	struct agent *a = arg;

	(void)results;
	if (e) {
		log_error("switch ct_zero_snat off: %s", err_msg(e));
		a->zsnat->step = STEP_WAIT;
		return;
	}
	settle(a);
	agent_pump(a);
}

static void correct(struct agent *a, const char *uuid)
{
	json_t *ops =
		json_pack("[{s:s, s:s, s:[[s,s,[s,s]]], s:[[s,s,[s,[s]]],[s,s,[s,[[s,s]]]]]}]",
			  "op", "mutate", "table", "Datapath", "where", "_uuid", "==", "uuid", uuid,
			  "mutations", "capabilities", "delete", "set", "ct_zero_snat",
			  "capabilities", "insert", "map", "ct_zero_snat", "false");

	if (ovsdb_transact(ovs_db(a), ops, TRANSACT_US, on_corrected, a) > 0)
		a->zsnat->step = STEP_SENT;
}

void zsnat_pump(struct agent *a)
{
	const json_t *row, *caps;
	const char *flag;

	if (!a->netdev || !a->zsnat || a->zsnat->step != STEP_WAIT || !ovs_configured(a))
		return;
	/* A node has one datapath; OVN's own row is this one, too. */
	row = ovsdb_first(ovs_db(a), "Datapath");
	caps = json_object_get(row, "capabilities");
	if (!json_object_size(caps))
		return;
	flag = json_string_value(json_object_get(caps, "ct_zero_snat"));
	if (flag && streq(flag, "true"))
		correct(a, jstr(row, "_uuid", ""));
	else
		settle(a);
}
