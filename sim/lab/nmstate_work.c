/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/nmstate_work.h"

#include "api/meta.h"
#include "lab/reconcile.h"
#include "lab/topology.h"
#include "nmstate/nmstate.h"

#define SOURCE "nmstate-handler"
/* N20: five tries. Upstream pauses 1 s to 30 s between them; nothing here takes that long. */
#define TRIES 5
#define PAUSE_MIN (50 * USEC_PER_MSEC)
#define PAUSE_MAX (1600 * USEC_PER_MSEC)
#define APPLY_SECONDS 10
#define APPLY_US ((APPLY_SECONDS + 15) * USEC_PER_SEC) /* with its rollback */
#define CALL_US (15 * USEC_PER_SEC)
/* Upstream gives each probe 120 s. */
#define BEFORE_SECONDS 0.5
#define AFTER_SECONDS 1.5
#define MAX_TARGETS 5

struct nmstate_work {
	struct lab *lab;
	struct lab_node *node;
	char *policy, *uid;
	long long generation;
	int tries;
	bool paused;	 /* waits to be tried again */
	json_t *desired; /* spec.desiredState of that generation */
	json_t *target;
	json_t *targets; /* {IP: whose} */
	json_t *alive;	 /* [IP] that answered before */
	char *failure;	 /* why it is being rolled back */
	bool retry;	 /* and whether another try may help */
	sd_event_source *timer;
	struct nmstate_work *next;
};

/* ---- which there are ---- */

static bool is_of(const struct nmstate_work *w, const json_t *policy)
{
	return streq(w->uid, meta_uid(policy));
}

bool nmstate_work_any(const struct lab *lab)
{
	return lab->nmstate_works != NULL;
}

bool nmstate_work_on_node(const struct lab *lab, const struct lab_node *n)
{
	for (const struct nmstate_work *w = lab->nmstate_works; w; w = w->next)
		if (w->node == n && !w->paused)
			return true;
	return false;
}

size_t nmstate_work_count(const struct lab *lab, const json_t *policy)
{
	size_t n = 0;

	for (const struct nmstate_work *w = lab->nmstate_works; w; w = w->next)
		n += is_of(w, policy);
	return n;
}

char *nmstate_work_name(const json_t *policy, const struct lab_node *n)
{
	return xasprintf("%s.%s", n->name, meta_name(policy));
}

/* ---- results ---- */

/* The policy, as long as it is the one and the generation that this works for; borrowed. */
static const json_t *current_policy(const struct nmstate_work *w)
{
	const json_t *p = store_peek(w->lab->store, &kind_nncp, NULL, w->policy);

	return p && is_of(w, p) && meta_generation(p) == w->generation ? p : NULL;
}

static void set_phase(struct nmstate_work *w, enum nmstate_phase phase, const char *message)
{
	_cleanup_free_ char *name = xasprintf("%s.%s", w->node->name, w->policy);
	const json_t *nnce = store_peek(w->lab->store, &kind_nnce, NULL, name);
	_cleanup_json_ json_t *status = NULL;

	if (!nnce || !current_policy(w))
		return;
	status = json_deep_copy(json_object_get(nnce, "status"));
	if (!status)
		status = json_object();
	if (nmstate_set_phase(status, phase, message, store_now(w->lab->store)))
		store_update_status(w->lab->store, nnce, status);
}

static void work_free(struct nmstate_work *w)
{
	struct nmstate_work **p = &w->lab->nmstate_works;
	struct lab *lab = w->lab;

	while (*p != w)
		p = &(*p)->next;
	*p = w->next;
	sd_event_source_disable_unref(w->timer);
	json_decref(w->desired);
	json_decref(w->target);
	json_decref(w->targets);
	json_decref(w->alive);
	free(w->failure);
	free(w->policy);
	free(w->uid);
	free(w);
	reconcile_kick(lab);
}

bool nmstate_work_goes_on(struct lab *lab, const json_t *policy, const struct lab_node *n)
{
	for (struct nmstate_work *w = lab->nmstate_works; w; w = w->next) {
		if (w->node != n || !is_of(w, policy))
			continue;
		if (!w->paused || w->generation == meta_generation(policy))
			return true;
		work_free(w);
		return false;
	}
	return false;
}

static void succeed(struct nmstate_work *w)
{
	set_phase(w, NMSTATE_AVAILABLE, NULL);
	work_free(w);
}

/* ---- failure ---- */

static void attempt(struct nmstate_work *w);

static int on_pause_over(sd_event_source *s, uint64_t usec, void *arg)
{
	struct nmstate_work *w = arg;

	(void)s;
	(void)usec;
	w->timer = sd_event_source_disable_unref(w->timer);
	/* Another policy is at work here: one at a time. */
	if (nmstate_work_on_node(w->lab, w->node)) {
		loop_after(w->lab->ev, PAUSE_MIN, on_pause_over, w, &w->timer);
		return 0;
	}
	w->paused = false;
	attempt(w);
	return 0;
}

static void try_again(struct nmstate_work *w, const char *message)
{
	uint64_t pause = PAUSE_MIN << (w->tries - 1);

	set_phase(w, NMSTATE_RETRYING, message);
	w->paused = true;
	loop_after(w->lab->ev, MIN(pause, PAUSE_MAX), on_pause_over, w, &w->timer);
	reconcile_kick(w->lab);
}

/* Why the node cannot be worked on, or NULL. Caller frees. */
static char *node_trouble(const struct lab_node *n)
{
	json_t *d;
	size_t i;

	if (n->death)
		return xstrdup(n->death);
	json_array_foreach(json_object_get(n->status, "daemons"), i, d)
		if (!streq(jstr(d, "state", ""), "running"))
			return xasprintf("%s on it ended: %s", jstr(d, "name", "a daemon"),
					 jstr(d, "status", "?"));
	return lab_node_network(n) ? NULL : xstrdup("it has not reported its network yet");
}

static void fail(struct nmstate_work *w, bool retry, const char *why)
{
	_cleanup_free_ char *trouble = node_trouble(w->node);
	const json_t *policy = current_policy(w);
	_cleanup_free_ char *message = xasprintf(
		"error reconciling NodeNetworkConfigurationPolicy on node %s at desired state "
		"apply: %s%s%s%s",
		w->node->name, why, trouble ? " (the node is not ready: " : "",
		trouble ? trouble : "", trouble ? ")" : "");

	log_info("%s: %s", w->policy, message);
	if (policy && retry && !trouble && ++w->tries < TRIES) {
		try_again(w, message);
		return;
	}
	set_phase(w, NMSTATE_FAILING, message);
	policy = current_policy(w);
	if (policy)
		store_event(w->lab->store, policy, "Warning", "ReconcileFailed", SOURCE, "%s",
			    message);
	work_free(w);
}

/* ---- talking to the agent ---- */

static const char *error_text(const json_t *error)
{
	return json_is_string(error) ? json_string_value(error) : "the node agent gave no reason";
}

static void ask(struct nmstate_work *w, const char *method, json_t *params, uint64_t timeout,
		jrpc_reply_fn reply)
{
	_cleanup_json_ json_t *gone = NULL;

	if (!w->node->death && w->node->rpc &&
	    jrpc_call(w->node->rpc, method, json_pack("[o]", params), timeout, reply, w) > 0)
		return;
	gone = jstringf("node %s is gone", w->node->name);
	reply(w, NULL, gone);
}

/* ---- rollback ---- */

static void on_rolled_back(void *arg, const json_t *result, const json_t *error)
{
	struct nmstate_work *w = arg;
	_cleanup_free_ char *why = TAKE_PTR(w->failure);
	_cleanup_free_ char *more = NULL;

	(void)result;
	if (error)
		more = xasprintf("%s; %s", why, error_text(error));
	fail(w, w->retry, more ? more : why);
}

static void roll_back(struct nmstate_work *w, bool retry, char *why)
{
	w->failure = why;
	w->retry = retry;
	ask(w, "network", json_pack("{s:s}", "action", "rollback"), APPLY_US, on_rolled_back);
}

/* ---- commit ---- */

static void on_committed(void *arg, const json_t *result, const json_t *error)
{
	(void)result;
	if (error)
		fail(arg, true, error_text(error));
	else
		succeed(arg);
}

/* ---- probes ---- */

static void add_target(struct nmstate_work *w, const json_t *addresses, const char *whose)
{
	json_t *a;
	size_t i;

	json_array_foreach(addresses, i, a) {
		_cleanup_free_ char *ip = cidr_addr(json_string_value(a));

		if (json_object_size(w->targets) < MAX_TARGETS)
			json_object_set_new(w->targets, ip, jstring(whose));
	}
}

/*
 * Upstream probes API server and node readiness, gateway and DNS if they worked before. Ours are
 * the machine with the databases, the hosts of the underlay, the next nodes: whatever answered.
 */
static void choose_targets(struct nmstate_work *w)
{
	struct lab *lab = w->lab;
	size_t self = (size_t)(w->node - lab->nodes), k;
	json_t *host;

	json_decref(w->targets);
	w->targets = json_object();
	if (lab->nodes[lab->n_nodes - 1].control_plane && !lab->nodes[lab->n_nodes - 1].death)
		add_target(w, json_object_get(lab->nodes[lab->n_nodes - 1].spec, "addresses"),
			   "the control plane");
	json_array_foreach(jget(lab->topo, "underlay.hosts"), k, host)
		if (k < 2 && !jint(host, "vlan", 0)) {
			_cleanup_free_ char *whose = xasprintf("host/%s", jstr(host, "name", ""));

			add_target(w, json_object_get(host, "addresses"), whose);
		}
	for (k = 1; k < lab->n_nodes; k++) {
		const struct lab_node *n = &lab->nodes[(self + k) % lab->n_nodes];
		_cleanup_free_ char *whose = xasprintf("node/%s", n->name);

		if (!n->control_plane && !n->death)
			add_target(w, json_object_get(n->spec, "addresses"), whose);
	}
}

static json_t *reach_params(const json_t *ips, double seconds)
{
	return json_pack("{s:O, s:f}", "targets", ips, "timeout", seconds);
}

static void on_controller(void *arg, const json_t *result, const json_t *error)
{
	struct nmstate_work *w = arg;
	const char *text =
		json_is_string(result) ? json_string_value(result) : jstr(result, "text", "");

	if (error || str_after(text, "not connected"))
		roll_back(w, false,
			  xasprintf("rolled back because a probe failed: ovn-controller is %s",
				    error ? error_text(error) : text));
	else
		ask(w, "network", json_pack("{s:s}", "action", "commit"), CALL_US, on_committed);
}

static char *lost(const struct nmstate_work *w, const json_t *reached)
{
	json_t *ip;
	size_t i;

	json_array_foreach(w->alive, i, ip)
		if (!jhas_str(reached, json_string_value(ip)))
			return xasprintf("rolled back because a probe failed: %s (%s) answered the "
					 "node before the change and does not any more",
					 json_string_value(json_object_get(w->targets,
									   json_string_value(ip))),
					 json_string_value(ip));
	return NULL;
}

/* N19 */
static void on_after(void *arg, const json_t *result, const json_t *error)
{
	struct nmstate_work *w = arg;
	char *why = error ? xasprintf("rolled back because the probes did not come back: %s",
				      error_text(error))
			  : lost(w, json_object_get(result, "reached"));

	if (why)
		roll_back(w, false, why);
	else
		ask(w, "unixctl",
		    json_pack("{s:s, s:s, s:[], s:i}", "daemon", "ovn-controller", "command",
			      "connection-status", "args", "timeout", 2),
		    CALL_US, on_controller);
}

/* ---- apply ---- */

/* A change of the node must be seen by whatever is planned next, not only when it reports it. */
static void note_network(struct nmstate_work *w, json_t *network)
{
	if (w->node->status && json_is_object(network))
		json_object_set(w->node->status, "network", network);
}

static void on_applied(void *arg, const json_t *result, const json_t *error)
{
	struct nmstate_work *w = arg;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	json_t *network = json_object_get(result, "network");

	if (error) {
		fail(w, true, error_text(error));
		return;
	}
	if (nmstate_verify(w->desired, network, &d) < 0) {
		roll_back(w, true, nmstate_message(&d));
		return;
	}
	note_network(w, network);
	ask(w, "reach", reach_params(w->alive, AFTER_SECONDS), CALL_US, on_after);
}

static void on_before(void *arg, const json_t *result, const json_t *error)
{
	struct nmstate_work *w = arg;

	if (error) {
		fail(w, true, error_text(error));
		return;
	}
	json_decref(w->alive);
	w->alive = json_deep_copy(json_object_get(result, "reached"));
	ask(w, "network",
	    json_pack("{s:s, s:O, s:i}", "action", "apply", "target", w->target, "timeout",
		      APPLY_SECONDS),
	    APPLY_US, on_applied);
}

/* Nothing to change: is it what was asked for? */
static void already(struct nmstate_work *w, const json_t *network)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *why = NULL;

	if (nmstate_verify(w->desired, network, &d) >= 0) {
		succeed(w);
		return;
	}
	why = nmstate_message(&d);
	fail(w, true, why);
}

static void attempt(struct nmstate_work *w)
{
	const json_t *network = lab_node_network(w->node);
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *trouble = node_trouble(w->node);
	_cleanup_json_ json_t *ips = NULL;
	const char *ip;
	json_t *whose;

	if (trouble || !current_policy(w)) {
		fail(w, false, "the change was not begun");
		return;
	}
	set_phase(w, NMSTATE_PROGRESSING, NULL);
	json_decref(w->target);
	w->target = NULL;
	if (nmstate_merge(network, w->desired, &w->target, &d) < 0) {
		_cleanup_diags_ struct diags always = DIAGS_INIT;
		_cleanup_free_ char *why = nmstate_message(&d);

		/* Upstream tries again whatever the reason; what no node can do need not wait. */
		fail(w, nmstate_check(w->desired, &always) >= 0, why);
		return;
	}
	if (!nmstate_changes(network, w->target)) {
		already(w, network);
		return;
	}
	choose_targets(w);
	ips = json_array();
	json_object_foreach(w->targets, ip, whose)
		json_array_append_new(ips, json_string(ip));
	ask(w, "reach", reach_params(ips, BEFORE_SECONDS), CALL_US, on_before);
}

void nmstate_work_begin(struct lab *lab, struct lab_node *n, const json_t *policy)
{
	const json_t *desired = jget(policy, "spec.desiredState");
	struct nmstate_work *w = xcalloc(1, sizeof(*w));

	*w = (struct nmstate_work){.lab = lab,
				   .node = n,
				   .policy = xstrdup(meta_name(policy)),
				   .uid = xstrdup(meta_uid(policy)),
				   .generation = meta_generation(policy),
				   .desired = desired ? json_deep_copy(desired) : json_object(),
				   .next = lab->nmstate_works};
	lab->nmstate_works = w;
	attempt(w);
}
