/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/brex.h"

#include "agent/nmstate.h"
#include "agent/ovs.h"

#define SOCKET OVS_RUN "/" BR_EX ".mgmt"
#define TIMEOUT_US (5 * USEC_PER_SEC)

struct brex {
	struct openflow *of; /* while flows are being written */
	json_t *ports;	     /* those that the flows in force are for */
	json_t *sent;	     /* those that are being written */
	char *problem;	     /* as noted, or NULL */
};

void brex_new(struct agent *a)
{
	a->brex = xcalloc(1, sizeof(*a->brex));
	a->brex->ports = json_array();
}

/* Numbers of the patch ports of br-ex, ascending. New reference. */
static json_t *patch_ports(const struct agent *a)
{
	struct ovsdb *db = ovs_db(a);
	const json_t *bridge = nmstate_row(ovsdb_replica(db), "Bridge", BR_EX);
	json_t *list = json_array(), *port, *iface;
	size_t i, k;

	json_array_foreach(json_object_get(bridge, "ports"), i, port) {
		const json_t *p = ovsdb_row(db, "Port", json_string_value(port));

		json_array_foreach(json_object_get(p, "interfaces"), k, iface) {
			const json_t *x = ovsdb_row(db, "Interface", json_string_value(iface));
			long long n = jint(x, "ofport.0", -1);
			size_t at = 0;

			if (!streq(jstr(x, "type", ""), "patch") || n <= 0)
				continue;
			while (json_integer_value(json_array_get(list, at)) < n &&
			       at < json_array_size(list))
				at++;
			json_array_insert_new(list, at, json_integer(n));
		}
	}
	return list;
}

static void note(struct agent *a, const struct err *e)
{
	struct brex *b = a->brex;

	if (b->problem)
		agent_note(a, a->problems, b->problem, false);
	free(b->problem);
	b->problem = e ? xasprintf("flows of %s: %s", BR_EX, err_msg(e)) : NULL;
	if (b->problem) {
		log_error("%s", b->problem);
		agent_note(a, a->problems, b->problem, true);
	}
}

/* Whatever came of it, the same is not tried again before something changes. */
static void finish(struct agent *a, const struct err *e)
{
	struct brex *b = a->brex;

	json_decref(b->ports);
	b->ports = TAKE_PTR(b->sent);
	note(a, e);
	openflow_free(TAKE_PTR(b->of));
}

static void on_done(void *arg, const struct err *e)
{
	struct agent *a = arg;

	if (!a->brex->of) /* given up */
		return;
	finish(a, e);
	agent_pump(a);
}

static void add(void *arg, const struct openflow_flow *f)
{
	openflow_add(arg, f);
}

static int write_flows(struct agent *a, struct err *e)
{
	static const struct openflow_filter ours = {
		.table = OPENFLOW_ANY_TABLE, .cookie = BREX_COOKIE, .cookie_mask = ~0ull};
	struct brex *b = a->brex;
	int r;

	b->of = openflow_open(a->ev, SOCKET, NULL, NULL, e);
	if (!b->of)
		return -e->code;
	openflow_delete_all(b->of, &ours);
	r = brex_flows(b->sent, jstr(a->config, "mac", NULL),
		       json_object_get(a->config, "addresses"), add, b->of, e);
	return r < 0 ? r : openflow_barrier(b->of, TIMEOUT_US, on_done, a);
}

void brex_pump(struct agent *a)
{
	struct brex *b = a->brex;
	_cleanup_json_ json_t *ports = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (b->of || !ovs_configured(a) || !ovs_switch_is_up(a))
		return;
	ports = patch_ports(a);
	if (json_equal(ports, b->ports))
		return;
	b->sent = TAKE_PTR(ports);
	if (write_flows(a, &e) < 0)
		finish(a, &e);
}

void brex_reset(struct agent *a)
{
	struct brex *b = a->brex;

	json_decref(b->sent);
	b->sent = NULL;
	openflow_free(TAKE_PTR(b->of));
	json_decref(b->ports);
	b->ports = json_array();
	note(a, NULL);
}
