/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/ctl_localnet.h"

#include "api/meta.h"
#include "lab/mapping_nodes.h"

/* Of several attachments the one that keeps the pod from starting is told. */
static const int severity[] = {
	[MAPPING_GOOD] = 0, [MAPPING_DANGLING] = 1, [MAPPING_UNKNOWN] = 2, [MAPPING_REFUSED] = 3};

/* What the others have matters only to the words of a refusal. */
static enum mapping_fate judge_one(struct lab *lab, const struct lab_node *node,
				   const struct netconf *c, char **ret_why)
{
	enum mapping_fate f = MAPPING_GOOD;

	for (int all = 0; all <= 1; all++) {
		_cleanup_mapping_nodes_ struct mapping_nodes w = {0};

		free(*ret_why);
		mapping_nodes_add(&w, node->name, lab_node_network(node));
		for (size_t i = 0; all && i < lab->n_nodes; i++)
			if (!lab->nodes[i].control_plane && &lab->nodes[i] != node)
				mapping_nodes_add(&w, lab->nodes[i].name,
						  lab_node_network(&lab->nodes[i]));
		f = mapping_judge(c, w.v, w.n, 0, ret_why);
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
