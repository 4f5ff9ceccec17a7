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

static void view_init(struct view *w, struct lab *lab)
{
	*w = (struct view){xcalloc(lab->n_nodes, sizeof(*w->v)),
			   xcalloc(lab->n_nodes, sizeof(*w->mappings)),
			   xcalloc(lab->n_nodes, sizeof(*w->bridges)), 0};
	for (size_t i = 0; i < lab->n_nodes; i++) {
		const struct lab_node *n = &lab->nodes[i];

		if (n->control_plane)
			continue;
		if (lab_node_network(n))
			w->mappings[w->n] = lab_node_mappings(n) ?: xstrdup("");
		w->bridges[w->n] = bridge_names(n);
		w->v[w->n] = (struct mapping_node){n->name, w->mappings[w->n], w->bridges[w->n]};
		w->n++;
	}
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

/* The first attachment of p whose fate on its node is fate or worse; *ret_why is the caller's. */
static enum mapping_fate judge(struct lab *lab, const struct podnet *p, char **ret_why)
{
	enum mapping_fate worst = MAPPING_GOOD;
	struct view w = {0};

	*ret_why = NULL;
	for (size_t i = 0; i < p->n; i++) {
		const struct network *net =
			p->v[i].network ? networks_find(&lab->net->networks, p->v[i].network)
					: NULL;
		_cleanup_free_ char *why = NULL;
		enum mapping_fate f;
		size_t k = 0;

		if (!net || net->conf.topology != OVNK_LOCALNET)
			continue;
		if (!w.v)
			view_init(&w, lab);
		while (k < w.n && !streq(w.v[k].name, p->node))
			k++;
		f = k < w.n ? mapping_judge(&net->conf, w.v, w.n, k, &why) : MAPPING_GOOD;
		if (f == MAPPING_GOOD || (*ret_why && f >= worst))
			continue;
		free(*ret_why);
		*ret_why = TAKE_PTR(why);
		worst = f;
	}
	view_free(&w);
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
