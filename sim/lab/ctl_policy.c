/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: what is decided comes from ovnk/policy.h; this file reads and writes the store. */
#include "lab/controllers.h"

#include "lab/net.h"

#define SOURCE "ovnkube-controller"

static void report(struct lab *lab, const struct policy_entry *p)
{
	json_t *obj = store_peek(lab->store, &kind_mnp, p->ns, p->name);
	bool applied = p->state == POLICY_APPLIED;

	if (!obj)
		return;
	if (store_set_condition(lab->store, obj, "Applied", applied ? "True" : "False",
				policy_state_name(p->state), p->reason) <= 0 ||
	    p->state != POLICY_REJECTED)
		return;
	obj = store_peek(lab->store, &kind_mnp, p->ns, p->name);
	if (obj)
		store_event(lab->store, obj, "Warning", "ErrorAddingResource", SOURCE, "%s",
			    p->reason);
}

void ctl_policy_reconcile(struct lab *lab)
{
	_cleanup_json_ json_t *policies = lab_items(lab, &kind_mnp, NULL),
			      *pods = lab_items(lab, &kind_pod, NULL);
	_cleanup_json_ json_t *namespaces = lab_items(lab, &kind_namespace, NULL);
	struct lab_net *net = lab->net;

	policies_free(&net->policies);
	policies_build(policies, pods, namespaces, &net->networks, &net->pods,
		       lab->spec ? POLICY_SPEC : POLICY_OVNK, &net->policies, &net->findings);
	for (size_t i = 0; i < net->policies.n; i++)
		report(lab, &net->policies.v[i]);
}
