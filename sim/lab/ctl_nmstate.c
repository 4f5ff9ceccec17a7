/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network policies of nodes. What is decided comes from nmstate/, what happens on a node from
 * nmstate_work.c; this file keeps one enactment a policy and matching node, lets as many work as
 * the policy allows, and writes the conditions. kubernetes-nmstate: controllers/handler.
 */
#include "lab/controllers.h"

#include "api/meta.h"
#include "lab/nmstate_work.h"
#include "nmstate/lint.h"
#include "nmstate/nmstate.h"

/* One policy at one reconciliation. */
struct pass {
	struct lab *lab;
	json_t *policy; /* owned */
	long long generation;
	size_t matching, limit;
	json_t *nodes; /* [Node] that match */
};

static json_t *enactment(const struct pass *p, const struct lab_node *n)
{
	_cleanup_free_ char *name = nmstate_work_name(p->policy, n);

	return store_peek(p->lab->store, &kind_nnce, NULL, name);
}

static bool is_ready(const struct lab_node *n)
{
	return n->started && lab_node_healthy(n) && lab_node_network(n);
}

/* ---- enactments ---- */

static void set_phase(const struct pass *p, const json_t *nnce, enum nmstate_phase phase,
		      const char *message)
{
	_cleanup_json_ json_t *status = json_deep_copy(json_object_get(nnce, "status"));

	if (!status)
		status = json_object();
	if (nmstate_set_phase(status, phase, message, store_now(p->lab->store)))
		store_update_status(p->lab->store, nnce, status);
}

/* A new enactment, or one of an older generation that starts over. */
static void renew(const struct pass *p, const struct lab_node *n, const json_t *old)
{
	_cleanup_json_ json_t *fresh = nmstate_enactment(p->policy, n->name), *made = NULL;
	json_t *status = json_object_get(fresh, "status");

	if (!old) {
		made = store_create(p->lab->store, fresh, NULL, NULL);
		old = made;
	}
	if (!old)
		return;
	nmstate_set_phase(status, NMSTATE_PENDING, NULL, store_now(p->lab->store));
	store_update_status(p->lab->store, old, status);
}

/* Nodes without a handler get no enactment: upstream's runs on the node itself. */
static void ensure(const struct pass *p, const struct lab_node *n)
{
	const json_t *nnce = enactment(p, n);

	if (is_ready(n) && (!nnce || jint(nnce, "status.policyGeneration", -1) != p->generation))
		renew(p, n, nnce);
}

/* N22: what a policy no longer selects loses its enactment, not its configuration. */
static void drop(const struct pass *p, const struct lab_node *n)
{
	_cleanup_free_ char *name = nmstate_work_name(p->policy, n);

	if (enactment(p, n))
		json_decref(store_delete(p->lab->store, &kind_nnce, NULL, name, NULL, NULL));
}

static int phase_of(const struct pass *p, const struct lab_node *n)
{
	const json_t *nnce = enactment(p, n);

	return nnce && jint(nnce, "status.policyGeneration", -1) == p->generation
		       ? nmstate_get_phase(nnce)
		       : -1;
}

/* The first node that failed, or NULL. */
static const struct lab_node *failed_node(const struct pass *p)
{
	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		int phase = phase_of(p, &p->lab->nodes[i]);

		if (phase == NMSTATE_FAILING || phase == NMSTATE_ABORTED)
			return &p->lab->nodes[i];
	}
	return NULL;
}

/* N21: never more than maxUnavailable at once, and none after one has failed. */
static void start(const struct pass *p)
{
	struct lab *lab = p->lab;

	for (size_t i = 0; i < lab->n_nodes; i++) {
		struct lab_node *n = &lab->nodes[i];

		if (phase_of(p, n) != NMSTATE_PENDING)
			continue;
		if (failed_node(p))
			set_phase(p, enactment(p, n), NMSTATE_ABORTED, NULL);
		else if (!nmstate_work_goes_on(lab, p->policy, n) &&
			 !nmstate_work_on_node(lab, n) &&
			 nmstate_work_count(lab, p->policy) < p->limit)
			nmstate_work_begin(lab, n, p->policy);
	}
}

/* ---- conditions ---- */

static void conditions(const struct pass *p)
{
	_cleanup_json_ json_t *status = json_deep_copy(json_object_get(p->policy, "status"));
	_cleanup_json_ json_t *list = json_array();
	struct store *s = p->lab->store;

	if (!status)
		status = json_object();
	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		json_t *nnce = enactment(p, &p->lab->nodes[i]);

		if (nnce)
			json_array_append(list, nnce);
	}
	if (nmstate_set_conditions(status, list, p->nodes, p->generation, store_now(s)))
		store_update_status(s, p->policy, status);
}

/* ---- policies ---- */

static bool reconcile_policy(void *arg, json_t *policy)
{
	struct lab *lab = arg;
	struct pass p = {.lab = lab,
			 .policy = json_incref(policy),
			 .generation = meta_generation(policy),
			 .nodes = json_array()};

	for (size_t i = 0; i < lab->n_nodes; i++) {
		struct lab_node *n = &lab->nodes[i];
		json_t *node =
			n->control_plane ? NULL : store_peek(lab->store, &kind_node, NULL, n->name);

		if (!node)
			continue;
		if (!nmstate_selects(policy, node)) {
			drop(&p, n);
			continue;
		}
		json_array_append(p.nodes, node);
		p.matching++;
		ensure(&p, n);
	}
	p.limit = nmstate_max_unavailable(policy, p.matching);
	start(&p);
	conditions(&p);
	json_decref(p.nodes);
	json_decref(p.policy);
	return true;
}

/* ---- NodeNetworkState ---- */

static void reconcile_state(struct lab *lab, struct lab_node *n)
{
	const json_t *network = lab_node_network(n);
	const json_t *node = store_peek(lab->store, &kind_node, NULL, n->name);
	const json_t *old = store_peek(lab->store, &kind_nns, NULL, n->name);
	_cleanup_json_ json_t *fresh = NULL, *made = NULL;
	bool same = old && (network == n->network || json_equal(network, n->network));

	if (!network || !node || same)
		return;
	json_decref(n->network);
	n->network = json_incref((json_t *)(uintptr_t)network);
	fresh = nmstate_node_state(node, network, store_now(lab->store));
	if (!old) {
		made = store_create(lab->store, fresh, NULL, NULL);
		old = made;
	}
	if (old)
		store_update_status(lab->store, old, json_object_get(fresh, "status"));
}

void ctl_nmstate_reconcile(struct lab *lab)
{
	struct store_query q = {.kind = &kind_nncp};

	for (size_t i = 0; i < lab->n_nodes; i++)
		if (!lab->nodes[i].control_plane)
			reconcile_state(lab, &lab->nodes[i]);
	store_each(lab->store, &q, reconcile_policy, lab);
}

bool ctl_nmstate_settled(const struct lab *lab)
{
	return !nmstate_work_any(lab);
}

/* ---- verdicts ---- */

struct verdicts {
	struct lab *lab;
	struct diags *d;
};

/* "worker-b, worker-c" of the enactments in this phase. Caller frees. */
static char *nodes_in(const struct pass *p, int phase)
{
	char *out = NULL;

	for (size_t i = 0; i < p->lab->n_nodes; i++) {
		char *more;

		if (phase_of(p, &p->lab->nodes[i]) != phase)
			continue;
		more = xasprintf("%s%s%s", out ? out : "", out ? ", " : "", p->lab->nodes[i].name);
		free(out);
		out = more;
	}
	return out;
}

static void add_failure(const struct pass *p, const struct lab_node *n, struct diags *d)
{
	const json_t *c = meta_condition(enactment(p, n), "Failing");
	_cleanup_free_ char *aborted = nodes_in(p, NMSTATE_ABORTED);
	struct diag *g = diags_add(d, DIAG_ERROR, "FailedToConfigure", NMSTATE_PATH, "Degraded: %s",
				   jstr(c, "message", n->name));

	g->object = meta_title(p->policy);
	if (aborted)
		diag_hint(g, "not begun on %s (Aborted)", aborted);
}

static bool add_verdict(void *arg, json_t *policy)
{
	struct verdicts *v = arg;
	struct pass p = {.lab = v->lab, .policy = policy, .generation = meta_generation(policy)};
	_cleanup_free_ char *title = meta_title(policy);
	size_t from = v->d->n;

	for (size_t i = 0; i < v->lab->n_nodes; i++)
		if (phase_of(&p, &v->lab->nodes[i]) == NMSTATE_FAILING)
			add_failure(&p, &v->lab->nodes[i], v->d);
	diags_locate(v->d, from, NULL, title);
	return true;
}

/* Errors show on the nodes; what is only unwise shows nowhere else. */
static void add_lints(const struct lab *lab, const json_t *objects, struct diags *d)
{
	_cleanup_diags_ struct diags found = DIAGS_INIT;

	nmstate_lint(objects, lab->topo, &found);
	for (size_t i = 0; i < found.n; i++) {
		struct diags one = {.v = &found.v[i], .n = 1};

		if (found.v[i].severity != DIAG_ERROR)
			diags_merge(d, &one);
	}
}

void ctl_nmstate_verdicts(struct lab *lab, const json_t *objects, struct diags *d)
{
	struct store_query q = {.kind = &kind_nncp};
	struct verdicts v = {lab, d};

	store_each(lab->store, &q, add_verdict, &v);
	add_lints(lab, objects, d);
}
