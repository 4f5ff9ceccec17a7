/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/ctl_localnet.h"

#include "api/meta.h"
#include "ovnk/mapping.h"

/* The nodes as mapping_judge() wants them; owns what they point to. */
struct view {
	struct mapping_node *v;
	char **mappings;
	json_t **bridges;
	size_t n;
};

static json_t *bridge_names(const struct lab_node *n)
{
	json_t *out = json_array(), *f;
	size_t i;

	json_array_foreach(jget(lab_node_network(n), "interfaces"), i, f)
		if (streq(jstr(f, "type", ""), "ovs-bridge"))
			json_array_append_new(out, jstring(jstr(f, "name", "")));
	return out;
}

static void view_add(struct view *w, const struct lab_node *n)
{
	if (lab_node_network(n))
		w->mappings[w->n] = lab_node_mappings(n) ?: xstrdup("");
	w->bridges[w->n] = bridge_names(n);
	w->v[w->n] = (struct mapping_node){n->name, w->mappings[w->n], w->bridges[w->n]};
	w->n++;
}

/* The node first, and the others only when all is set. */
static void view_init(struct view *w, struct lab *lab, const struct lab_node *node, bool all)
{
	*w = (struct view){xcalloc(lab->n_nodes, sizeof(*w->v)),
			   xcalloc(lab->n_nodes, sizeof(*w->mappings)),
			   xcalloc(lab->n_nodes, sizeof(*w->bridges)), 0};
	view_add(w, node);
	for (size_t i = 0; all && i < lab->n_nodes; i++)
		if (!lab->nodes[i].control_plane && &lab->nodes[i] != node)
			view_add(w, &lab->nodes[i]);
}

static void view_free(struct view *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->mappings[i]);
		json_decref(w->bridges[i]);
	}
	free(w->v);
	free(w->mappings);
	free(w->bridges);
}

/* Of several attachments the one that keeps the pod from starting is told. */
static const int severity[] = {
	[MAPPING_GOOD] = 0, [MAPPING_DANGLING] = 1, [MAPPING_UNKNOWN] = 2, [MAPPING_REFUSED] = 3};

/* What the others have matters only to the words of a refusal. */
static enum mapping_fate judge_one(struct lab *lab, const struct lab_node *node,
				   const struct netconf *c, char **ret_why)
{
	enum mapping_fate f = MAPPING_GOOD;

	for (int all = 0; all <= 1; all++) {
		struct view w;

		free(*ret_why);
		view_init(&w, lab, node, all);
		f = mapping_judge(c, w.v, w.n, 0, ret_why);
		view_free(&w);
		if (f != MAPPING_REFUSED)
			break;
	}
	return f;
}

/* The worst fate of p's attachments on its node; *ret_why is the caller's. */
static enum mapping_fate judge(struct lab *lab, const struct podnet *p, char **ret_why)
{
	const struct lab_node *node = lab_node_find(lab, p->node);
	enum mapping_fate worst = MAPPING_GOOD;

	/* of a dead node there is worse to tell */
	for (size_t i = 0; node && !node->death && i < p->n; i++) {
		const struct network *net =
			p->v[i].network ? networks_find(&lab->net->networks, p->v[i].network)
					: NULL;
		char *why = NULL;
		enum mapping_fate f;

		if (!net || net->conf.topology != OVNK_LOCALNET)
			continue;
		f = judge_one(lab, node, &net->conf, &why);
		if (severity[f] > severity[worst]) {
			free(*ret_why);
			*ret_why = TAKE_PTR(why);
			worst = f;
		}
		free(why);
	}
	return worst;
}

/* ADD has been done: the agent knows it, and did not fail. */
static bool added(struct lab *lab, const json_t *pod)
{
	bool vm = streq0(meta_label(pod, "kubevirt.io"), "virt-launcher");
	const json_t *rt = vm ? lab_vm_runtime(lab, jstr(meta_controller(pod), "uid", ""))
			      : lab_pod_runtime(lab, meta_uid(pod));

	return rt && !streq(jstr(rt, "state", ""), "failed");
}

char *localnet_refusal(struct lab *lab, const json_t *pod, const struct podnet *p)
{
	_cleanup_free_ char *why = NULL;
	enum mapping_fate f;

	if (!*p->node || added(lab, pod))
		return NULL;
	f = judge(lab, p, &why);
	return f == MAPPING_REFUSED || f == MAPPING_UNKNOWN ? TAKE_PTR(why) : NULL;
}

char *localnet_warning(struct lab *lab, const json_t *pod, const struct podnet *p)
{
	_cleanup_free_ char *why = NULL;
	enum mapping_fate f = *p->node ? judge(lab, p, &why) : MAPPING_GOOD;

	if (f == MAPPING_DANGLING)
		return TAKE_PTR(why);
	if (f == MAPPING_REFUSED && added(lab, pod))
		return xasprintf("its mapping has gone: it runs on, taken off the physical network "
				 "by ovn-controller, and would not start again: %s",
				 why);
	return NULL;
}
