/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's loop: what the supervisor says, and what it is told. */
#include "agent/agent_priv.h"

#include <errno.h>
#include <signal.h>

#include "agent/brex.h"
#include "agent/daemons.h"
#include "agent/nmstate.h"
#include "agent/pods.h"
#include "agent/reach.h"
#include "agent/prober.h"
#include "agent/vms.h"
#include "agent/zsnat.h"
#include "sys/prefix.h"

#define START_US (110 * USEC_PER_SEC)

/* ---- status ---- */

void agent_note(struct agent *a, json_t *set, const char *text, bool on)
{
	json_t *row;
	size_t i;

	json_array_foreach(set, i, row) {
		int c = strcmp(json_string_value(row), text);

		if (c == 0 && !on)
			json_array_remove(set, i);
		if (c >= 0)
			break;
	}
	if (on && !jhas_str(set, text))
		json_array_insert_new(set, i, json_string(text));
	agent_touch(a);
}

static json_t *status(struct agent *a)
{
	_cleanup_json_ json_t *interfaces = a->ovs ? ovs_interfaces(a) : json_object();

	return json_pack("{s:I, s:o, s:o, s:o, s:O, s:O, s:o}", "gen", (json_int_t)a->gen_done,
			 "daemons", daemons_status(a), "pods",
			 a->ovs ? pods_status(a, interfaces) : json_array(), "vms",
			 a->ovs ? vms_status(a, interfaces) : json_array(), "deviations",
			 a->deviations, "problems", a->problems, "network", nmstate_status(a));
}

static int send_status(sd_event_source *s, void *arg)
{
	struct agent *a = arg;
	json_t *now = status(a);

	(void)s;
	if (a->status_sent && json_equal(now, a->status_sent)) {
		json_decref(now);
		return 0;
	}
	json_decref(a->status_sent);
	a->status_sent = json_deep_copy(now);
	jrpc_notify(a->sup, "status", json_pack("[o]", now));
	return 0;
}

void agent_touch(struct agent *a)
{
	/* Behind everything else that is due: many changes make one message. */
	if (!a->status_src) {
		sd_event_add_defer(a->ev, &a->status_src, send_status, a);
		sd_event_source_set_priority(a->status_src, SD_EVENT_PRIORITY_IDLE);
	}
	sd_event_source_set_enabled(a->status_src, SD_EVENT_ONESHOT);
}

/* ---- start ---- */

void agent_phase(struct agent *a, const char *phase)
{
	if (!json_object_get(a->timings, phase))
		json_object_set_new(a->timings, phase,
				    json_real((double)(mono_usec() - a->epoch) / 1e6));
}

static void answer_start(struct agent *a, json_t *error)
{
	json_t *id = TAKE_PTR(a->start_id);

	a->start_deadline = sd_event_source_disable_unref(a->start_deadline);
	jrpc_reply(a->sup, id,
		   error ? NULL
			 : json_pack("{s:O, s:o}", "timings", a->timings, "daemons",
				     daemons_status(a)),
		   error);
	json_decref(id);
}

/* A daemon that has ended will not become ready by waiting. */
static char *dead_daemon(struct agent *a)
{
	_cleanup_json_ json_t *list = daemons_status(a);
	json_t *d;
	size_t i;

	json_array_foreach(list, i, d) {
		const json_t *log = json_object_get(d, "log");
		const json_t *last = json_array_get(log, json_array_size(log) - 1);

		if (!streq(jstr(d, "state", ""), "running"))
			return xasprintf("%s ended: %s%s%s", jstr(d, "name", ""),
					 jstr(d, "status", ""), last ? "; its last words: " : "",
					 last ? json_string_value(last) : "");
	}
	return NULL;
}

void agent_check_started(struct agent *a)
{
	_cleanup_free_ char *dead = NULL;

	if (!a->start_id)
		return;
	dead = dead_daemon(a);
	if (dead) {
		answer_start(a, jstring(dead));
	} else if (daemons_ready(a, NULL)) {
		agent_phase(a, "ready");
		answer_start(a, NULL);
		nmstate_started(a);
	}
}

static int on_start_deadline(sd_event_source *s, uint64_t usec, void *arg)
{
	struct agent *a = arg;
	_cleanup_free_ char *what = NULL;

	(void)s;
	(void)usec;
	daemons_ready(a, &what);
	answer_start(a, jstringf("timed out after %.0f s waiting for %s to be ready",
				 START_US / 1e6, what ? what : "the daemons"));
	return 0;
}

static void on_start(struct agent *a, const json_t *params, const json_t *id)
{
	_cleanup_err_ struct err e = ERR_INIT;
	int r;

	(void)params;
	if (a->started) {
		jrpc_reply(a->sup, id, NULL, jstring("the node has been started already"));
		return;
	}
	r = network_nics(a, &e);
	if (r >= 0 && a->role == ROLE_CONTROL_PLANE)
		r = network_addresses(a, &e);
	if (r < 0) {
		jrpc_reply(a->sup, id, NULL, jstring(err_msg(&e)));
		return;
	}
	a->started = true;
	a->start_id = json_incref((json_t *)(uintptr_t)id);
	agent_phase(a, "nics");
	loop_after(a->ev, START_US, on_start_deadline, a, &a->start_deadline);
	agent_pump(a);
}

/* ---- desired state ---- */

/* A pass is over: what was asked for before it began is carried out, as far as it can be. */
void agent_pass_done(struct agent *a, long long gen)
{
	if (!vms_leaving(a))
		a->gen_done = gen;
	agent_touch(a);
}

static void on_desired(struct agent *a, const json_t *params, const json_t *id)
{
	_cleanup_err_ struct err e = ERR_INIT;

	(void)id;
	json_decref(a->desired);
	a->desired = json_incref((json_t *)(uintptr_t)params);
	if (agent_hosts(a, &e) < 0)
		log_warn("%s", err_msg(&e));
	neighbours_apply(a);
	if (!a->ovs) {
		agent_pass_done(a, jint(params, "gen", 0));
		return;
	}
	pods_apply(a, json_object_get(params, "pods"));
	vms_apply(a, json_object_get(params, "vms"));
	ovs_ports_pass(a);
	agent_touch(a);
}

/* ---- requests ---- */

static void on_status(struct agent *a, const json_t *params, const json_t *id)
{
	(void)params;
	jrpc_reply(a->sup, id, status(a), NULL);
}

static const struct method {
	const char *name;
	bool request;
	bool node_only;
	void (*fn)(struct agent *a, const json_t *params, const json_t *id);
} methods[] = {
	{"start", true, false, on_start},
	{"desired", false, false, on_desired},
	{"daemon", true, false, daemon_request},
	{"spawn", true, false, daemon_spawn_request},
	{"unixctl", true, false, daemon_unixctl_request},
	{"vm", true, true, vms_request},
	{"network", true, true, nmstate_request},
	{"reach", true, false, reach_request},
	{"status", true, false, on_status},
};

static const struct method *find_method(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (streq(methods[i].name, name))
			return &methods[i];
	return NULL;
}

static void on_request(void *arg, struct jrpc *j, const char *name, const json_t *params,
		       const json_t *id)
{
	struct agent *a = arg;
	const struct method *m = find_method(name);
	const json_t *p = json_is_array(params) ? json_array_get(params, 0) : params;

	if (m && m->request == (id != NULL) && (!m->node_only || a->ovs))
		m->fn(a, p, id);
	else if (id)
		jrpc_reply(j, id, NULL, jstringf("no such request here: \"%s\"", name));
}

/* The supervisor is gone, and so is the lab. As PID 1 this ends every process of the node. */
static void on_closed(void *arg, struct jrpc *j, const char *why)
{
	struct agent *a = arg;

	(void)j;
	log_info("supervisor: %s", why);
	sd_event_exit(a->ev, 0);
}

/* ---- set-up ---- */

void agent_pump(struct agent *a)
{
	if (a->pumping) {
		a->pump_again = true;
		return;
	}
	a->pumping = true;
	do {
		a->pump_again = false;
		if (a->ovs) {
			ovs_pump(a);
			zsnat_pump(a);
			brex_pump(a);
		}
		daemons_pump(a);
	} while (a->pump_again);
	a->pumping = false;
}

static enum role role_of(const json_t *config)
{
	if (streq(jstr(config, "role", "node"), "control-plane"))
		return ROLE_CONTROL_PLANE;
	return streq(jstr(config, "zones", "interconnect"), "central") ? ROLE_CENTRAL_NODE
								       : ROLE_INTERCONNECT_NODE;
}

void agent_config(struct agent *a, const json_t *config)
{
	const char *prefix;

	a->config = json_deep_copy(config);
	a->role = role_of(config);
	a->netdev = !streq(jstr(config, "datapath", "netdev"), "system");
	a->name = jstr(a->config, "name", "node");
	a->run = jstr(a->config, "run", "");
	a->state = jstr(a->config, "state", "");
	a->cache = jstr(a->config, "cache", "");
	prefix = jstr(a->config, "prefix", NULL);
	a->prefix = prefix ? xstrdup(prefix) : prefix_dir(a->cache);
	a->timings = json_object();
	a->deviations = json_array();
	a->problems = json_array();
}

static int init_loop(struct agent *a, struct err *e)
{
	int r = sd_event_new(&a->ev);

	return r < 0 ? err_errno(e, -r, "event loop") : reaper_new(a->ev, &a->reaper, e);
}

static int init_node(struct agent *a, struct err *e)
{
	int r = agent_mounts(a, e);

	if (r >= 0)
		r = link_open(-1, &a->net, e);
	if (r >= 0)
		r = network_prepare(a, e);
	agent_phase(a, "namespace");
	if (r >= 0)
		r = dbs_use(a, e);
	agent_phase(a, "files");
	if (r >= 0)
		r = daemons_new(a, e);
	if (r >= 0 && (a->role & ROLE_NODE)) {
		ovs_new(a);
		nmstate_new(a);
		zsnat_new(a);
		brex_new(a);
		pods_new(a);
		vms_new(a);
		r = prober_new(a, e);
	}
	return r;
}

/* A node that cannot be set up says why in answer to everything. */
static void refuse(void *arg, struct jrpc *j, const char *name, const json_t *params,
		   const json_t *id)
{
	(void)name;
	(void)params;
	if (id)
		jrpc_reply(j, id, NULL, jstring(err_msg(arg)));
}

static void on_refused_closed(void *arg, struct jrpc *j, const char *why)
{
	(void)arg;
	(void)j;
	(void)why;
	_exit(1);
}

static void refuse_all(struct agent *a, int fd, struct err *e)
{
	static const struct jrpc_ops ops = {.request = refuse, .closed = on_refused_closed};

	log_error("%s", err_msg(e));
	jrpc_new(a->ev, fd, &ops, e);
	sd_event_loop(a->ev);
}

int agent_main(const json_t *config, int fd)
{
	static const struct jrpc_ops ops = {.request = on_request, .closed = on_closed};
	_cleanup_err_ struct err e = ERR_INIT;
	struct agent *a = xcalloc(1, sizeof(*a));

	a->epoch = mono_usec();
	signal(SIGPIPE, SIG_IGN);
	agent_config(a, config);
	if (init_loop(a, &e) < 0) {
		log_error("%s", err_msg(&e));
		return 1;
	}
	if (init_node(a, &e) < 0) {
		refuse_all(a, fd, &e);
		return 1;
	}
	a->sup = jrpc_new(a->ev, fd, &ops, a);
	agent_pump(a);
	return sd_event_loop(a->ev) < 0;
}
