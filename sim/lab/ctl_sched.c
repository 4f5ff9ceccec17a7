/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduler: nodeSelector, required and preferred anti-affinity by hostname, least loaded. */
#include "lab/controllers.h"

#include "api/meta.h"

#define SOURCE "default-scheduler"
#define HOSTNAME_KEY "kubernetes.io/hostname"

struct placement {
	struct lab *lab;
	const json_t *pod; /* being placed, or NULL when counting */
	size_t *load;	   /* pods a node, by index in lab->nodes */
	bool *conflict;	   /* node holds a pod that pod must not meet */
	size_t *penalty;   /* pods there that pod would rather not meet */
};

static size_t node_index(struct lab *lab, const char *name)
{
	for (size_t i = 0; i < lab->n_nodes; i++)
		if (!lab->nodes[i].control_plane && streq0(lab->nodes[i].name, name))
			return i;
	return lab->n_nodes;
}

static bool count_load(void *arg, json_t *pod)
{
	struct placement *p = arg;
	size_t i = node_index(p->lab, jstr(pod, "spec.nodeName", NULL));

	if (i < p->lab->n_nodes)
		p->load[i]++;
	return true;
}

/* True when an anti-affinity term by hostname in the list at path selects other. */
static bool repels(const json_t *pod, const json_t *other, const char *path, const char *inner)
{
	json_t *term;
	size_t i;

	json_array_foreach(jget(pod, path), i, term) {
		const json_t *t = inner ? json_object_get(term, inner) : term;
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_selector_ struct selector *sel = NULL;

		if (!streq(jstr(t, "topologyKey", ""), HOSTNAME_KEY) ||
		    !streq(meta_ns(pod), meta_ns(other)))
			continue;
		sel = selector_from_object(json_object_get(t, "labelSelector"), "", &d);
		if (sel && selector_match_object(sel, other))
			return true;
	}
	return false;
}

static bool required(const json_t *pod, const json_t *other)
{
	return repels(
		pod, other,
		"spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution",
		NULL);
}

static bool preferred(const json_t *pod, const json_t *other)
{
	return repels(
		pod, other,
		"spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution",
		"podAffinityTerm");
}

static bool mark_conflict(void *arg, json_t *other)
{
	struct placement *p = arg;
	size_t i = node_index(p->lab, jstr(other, "spec.nodeName", NULL));

	if (i == p->lab->n_nodes || streq(meta_uid(p->pod), meta_uid(other)))
		return true;
	p->conflict[i] |= required(p->pod, other) || required(other, p->pod);
	p->penalty[i] += preferred(p->pod, other);
	return true;
}

static bool selected(const json_t *pod, const struct lab_node *n)
{
	const json_t *labels = json_object_get(n->spec, "labels");
	const char *key;
	json_t *v;

	json_object_foreach(jget(pod, "spec.nodeSelector"), key, v)
		if (!json_equal(json_object_get(labels, key), v))
			return false;
	return true;
}

static void assign(struct lab *lab, const json_t *pod, const char *node)
{
	_cleanup_json_ json_t *patch = json_pack("{s:{s:s}}", "spec", "nodeName", node);

	json_decref(store_patch(lab->store, &kind_pod, meta_ns(pod), meta_name(pod), PATCH_MERGE,
				patch, NULL, NULL));
	store_set_condition(lab->store, pod, "PodScheduled", "True", NULL, NULL);
	store_event(lab->store, pod, "Normal", "Scheduled", SOURCE,
		    "Successfully assigned %s/%s to %s", meta_ns(pod), meta_name(pod), node);
}

static bool better(const struct placement *p, size_t a, size_t b)
{
	if (p->penalty[a] != p->penalty[b])
		return p->penalty[a] < p->penalty[b];
	return p->load[a] < p->load[b];
}

static void place(struct placement *p, const json_t *pod)
{
	struct lab *lab = p->lab;
	struct store_query q = {.kind = &kind_pod};
	size_t best = lab->n_nodes, miss = 0, repelled = 0, workers = 0;

	p->pod = pod;
	memset(p->conflict, 0, lab->n_nodes * sizeof(*p->conflict));
	memset(p->penalty, 0, lab->n_nodes * sizeof(*p->penalty));
	store_each(lab->store, &q, mark_conflict, p);
	for (size_t i = 0; i < lab->n_nodes; i++) {
		if (lab->nodes[i].control_plane)
			continue;
		workers++;
		if (!selected(pod, &lab->nodes[i]))
			miss++;
		else if (p->conflict[i])
			repelled++;
		else if (best == lab->n_nodes || better(p, i, best))
			best = i;
	}
	if (best < lab->n_nodes) {
		p->load[best]++;
		assign(lab, pod, lab->nodes[best].name);
		return;
	}
	if (store_set_condition(lab->store, pod, "PodScheduled", "False", "Unschedulable",
				"no node fits") > 0)
		store_event(lab->store, pod, "Warning", "FailedScheduling", SOURCE,
			    "0/%zu nodes are available: %zu node(s) didn't match Pod's node "
			    "affinity/selector, %zu node(s) didn't match pod anti-affinity rules.",
			    workers, miss, repelled);
}

static bool place_pending(void *arg, json_t *pod)
{
	struct placement *p = arg;
	const char *node = jstr(pod, "spec.nodeName", NULL);

	if (!node && !meta_deleting(pod))
		place(p, pod);
	else if (node && node_index(p->lab, node) == p->lab->n_nodes &&
		 store_set_condition(p->lab->store, pod, "PodScheduled", "False", "NodeNotFound",
				     "its node does not exist") > 0)
		store_event(p->lab->store, pod, "Warning", "NodeNotFound", SOURCE,
			    "spec.nodeName \"%s\" is not a node of this topology", node);
	return true;
}

void ctl_sched_reconcile(struct lab *lab)
{
	_cleanup_free_ size_t *load = xcalloc(lab->n_nodes, sizeof(*load));
	_cleanup_free_ bool *conflict = xcalloc(lab->n_nodes, sizeof(*conflict));
	_cleanup_free_ size_t *penalty = xcalloc(lab->n_nodes, sizeof(*penalty));
	struct placement p = {.lab = lab, .load = load, .conflict = conflict, .penalty = penalty};
	struct store_query q = {.kind = &kind_pod};

	store_each(lab->store, &q, count_load, &p);
	store_each(lab->store, &q, place_pending, &p);
}
