/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies on networks: OVN-Kubernetes ovn/base_network_controller_multipolicy.go. A policy's
 * annotation names NADs; it then holds for every attachment to their networks, through whatever NAD.
 */
#include "ovnk/policy.h"

#include "api/meta.h"

const char *policy_state_name(enum policy_state s)
{
	static const char *const names[] = {"Applied", "Ignored", "Rejected"};

	return names[s];
}

/* ---- labels ---- */

static const json_t *labels_in(const json_t *list, const char *ns, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
		if (streq(meta_name(o), name) && (!ns || streq(meta_ns(o), ns)))
			return jget(o, "metadata.labels");
	return NULL;
}

const json_t *policies_pod_labels(const struct policies *p, const char *ns, const char *name)
{
	_cleanup_free_ char *key = xasprintf("%s/%s", ns, name);

	return jget(json_object_get(p->pods, key), "metadata.labels");
}

const json_t *policies_pod_containers(const struct policies *p, const char *ns, const char *name)
{
	_cleanup_free_ char *key = xasprintf("%s/%s", ns, name);

	return jget(json_object_get(p->pods, key), "spec.containers");
}

/* Every namespace carries its name as a label, as the API server sees to. */
const json_t *policies_namespace_labels(const struct policies *p, const char *name)
{
	return labels_in(p->namespaces, NULL, name);
}

/* {"ns/name": pod}. */
static json_t *by_key(const json_t *pods)
{
	json_t *out = json_object(), *o;
	size_t i;

	json_array_foreach(pods, i, o) {
		_cleanup_free_ char *key = xasprintf("%s/%s", meta_ns(o), meta_name(o));

		if (!json_object_get(out, key)) /* a file may hold an object twice, an error */
			json_object_set(out, key, o);
	}
	return out;
}

/* ---- one policy ---- */

struct build {
	const struct networks *networks;
	const struct podnets *podnets;
	struct policies *out;
	struct diags *d;
};

/* Path of the first peer with a selector; NULL without any. Caller frees. */
static char *selector_peer(const struct policy *p)
{
	for (int g = INGRESS; g <= EGRESS; g++)
		for (size_t i = 0; i < p->n_rules[g]; i++)
			for (size_t k = 0; k < p->rules[g][i].n_peers; k++)
				if (!p->rules[g][i].peers[k].is_block)
					return xasprintf("spec.%s.%zu.%s.%zu",
							 g == INGRESS ? "ingress" : "egress", i,
							 g == INGRESS ? "from" : "to", k);
	return NULL;
}

/* Upstream refuses the whole policy, by an Event alone: what it should deny stays open. */
static void reject(struct build *b, struct policy_entry *e, const struct network *n,
		   const char *path)
{
	_cleanup_free_ char *who = xasprintf("MultiNetworkPolicy %s/%s", e->ns, e->name);
	size_t from = b->d->n;

	e->state = POLICY_REJECTED;
	free(e->reason);
	e->reason = xasprintf("network %s: IPAM-less networks can only have `ipBlock` peers; "
			      "the whole policy is not applied",
			      n->name);
	diag_hint(diags_add(b->d, DIAG_ERROR, "policy-ipam", path, "%s", e->reason),
		  "write the peers as ipBlock, or give the network subnets");
	diags_locate(b->d, from, NULL, who);
}

static void add_target(struct policy_use *u, const struct podnet *pod, const struct attachment *a)
{
	u->targets = xrealloc(u->targets, (u->n_targets + 1) * sizeof(*u->targets));
	u->targets[u->n_targets++] = (struct policy_target){pod, a};
}

static void select_targets(const struct build *b, struct policy_use *u)
{
	for (size_t i = 0; i < b->podnets->n; i++) {
		const struct podnet *pod = &b->podnets->v[i];

		if (!streq(pod->ns, u->policy->ns) ||
		    !selector_match(u->policy->pods,
				    policies_pod_labels(b->out, pod->ns, pod->name)))
			continue;
		for (size_t k = 0; k < pod->n; k++)
			if (pod->v[k].state == ATTACHMENT_READY &&
			    streq0(pod->v[k].network, u->network->name))
				add_target(u, pod, &pod->v[k]);
	}
}

static bool uses_network(const struct policies *p, size_t from, const struct network *n)
{
	for (size_t i = from; i < p->n_uses; i++)
		if (p->uses[i].network == n)
			return true;
	return false;
}

static void add_use(struct build *b, struct policy_entry *e, const struct network *n)
{
	_cleanup_free_ char *path = n->conf.subnets.n ? NULL : selector_peer(&e->policy);
	struct policies *p = b->out;
	struct policy_use *u;

	p->uses = xrealloc(p->uses, (p->n_uses + 1) * sizeof(*p->uses));
	u = &p->uses[p->n_uses++];
	*u = (struct policy_use){.policy = &e->policy, .network = n};
	if (path) {
		u->rejected = true;
		reject(b, e, n, path);
		return;
	}
	select_targets(b, u);
}

/* The networks of the policy's NADs, each once. */
static void resolve(struct build *b, struct policy_entry *e)
{
	size_t from = b->out->n_uses;

	for (size_t i = 0; i < e->policy.n_nads; i++) {
		const struct nad_entry *nad = networks_nad(b->networks, e->policy.nads[i]);
		const struct network *n =
			nad && nad->network ? networks_find(b->networks, nad->network) : NULL;

		if (n && !uses_network(b->out, from, n))
			add_use(b, e, n);
	}
	if (b->out->n_uses == from && e->state == POLICY_APPLIED) {
		e->state = POLICY_IGNORED;
		e->reason = e->policy.n_nads
				    ? xasprintf("none of the networks in its annotation exists "
						"here (%s)",
						e->policy.nads[0])
				    : xasprintf("it has no annotation %s", POLICY_FOR);
	}
}

/* ---- all of them ---- */

static int entry_cmp(const void *a, const void *b)
{
	const struct policy_entry *x = a, *y = b;

	return strcmp(x->ns, y->ns) ?: strcmp(x->name, y->name);
}

static int use_cmp(const void *a, const void *b)
{
	const struct policy_use *x = a, *y = b;

	return strcmp(x->network->name, y->network->name)
		       ?: strcmp(x->policy->ns, y->policy->ns)
				  ?: strcmp(x->policy->name, y->policy->name);
}

static void read_entry(struct build *b, struct policy_entry *e, const json_t *obj)
{
	_cleanup_free_ char *who = xasprintf("MultiNetworkPolicy %s/%s", e->ns, e->name);
	size_t from = b->d->n;

	if (policy_decode(obj, &e->policy, b->d) < 0) {
		e->state = POLICY_REJECTED;
		e->reason = xasprintf("%s: %s", b->d->v[from].path ?: "spec", b->d->v[from].msg);
	}
	diags_locate(b->d, from, NULL, who);
}

void policies_build(const json_t *policies, const json_t *pods, const json_t *namespaces,
		    const struct networks *n, const struct podnets *p, enum policy_profile profile,
		    struct policies *ret, struct diags *d)
{
	struct build b = {n, p, ret, d};
	json_t *o;
	size_t i;

	*ret = (struct policies){.profile = profile,
				 .pods = by_key(pods),
				 .namespaces = json_incref((json_t *)(uintptr_t)namespaces),
				 .podnets = p};
	ret->v = xcalloc(json_array_size(policies) ?: 1, sizeof(*ret->v));
	json_array_foreach(policies, i, o)
		ret->v[ret->n++] = (struct policy_entry){.ns = xstrdup(meta_ns(o)),
							 .name = xstrdup(meta_name(o)),
							 .uid = xstrdup(meta_uid(o)),
							 .policy.obj = o};
	qsort(ret->v, ret->n, sizeof(*ret->v), entry_cmp);
	for (i = 0; i < ret->n; i++) {
		const json_t *obj = TAKE_PTR(ret->v[i].policy.obj);

		read_entry(&b, &ret->v[i], obj);
	}
	for (i = 0; i < ret->n; i++)
		resolve(&b, &ret->v[i]);
	if (ret->n_uses)
		qsort(ret->uses, ret->n_uses, sizeof(*ret->uses), use_cmp);
}

void policies_free(struct policies *p)
{
	for (size_t i = 0; i < p->n; i++) {
		policy_free(&p->v[i].policy);
		free(p->v[i].ns);
		free(p->v[i].name);
		free(p->v[i].uid);
		free(p->v[i].reason);
	}
	for (size_t i = 0; i < p->n_uses; i++)
		free(p->uses[i].targets);
	free(p->uses);
	free(p->v);
	json_decref(p->pods);
	json_decref(p->namespaces);
	*p = (struct policies){0};
}
