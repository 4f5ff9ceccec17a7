/* SPDX-License-Identifier: Apache-2.0 */
/* What policies mean, in words: for a pod on a network, and one by one. */
#include "oracle/policy_priv.h"

#include "api/meta.h"

/* ---- explanations ---- */

static json_t *explain_side(const struct oracle *o, enum side s, const char *network,
			    const char *ns, const char *pod)
{
	json_t *policies = json_array(), *rules = json_array(), *rule;
	bool isolated = false;
	size_t r;

	for (size_t i = 0; i < o->n; i++) {
		const struct opolicy *p = &o->v[i];

		if (!p->applied || !streq(p->network, network) || !opolicy_selects(o, p, ns, pod))
			continue;
		isolated |= p->isolates[s];
		if (p->isolates[s])
			json_array_append_new(policies, jstringf("%s/%s", p->ns, p->name));
		json_array_foreach(opolicy_rules(p, s), r, rule) {
			_cleanup_free_ char *text = orule_text(rule, s);

			json_array_append_new(rules, json_pack("{s:o, s:i, s:s}", "policy",
							       jstringf("%s/%s", p->ns, p->name),
							       "rule", (int)r, "text", text));
		}
	}
	return json_pack("{s:b, s:o, s:o}", "isolated", isolated, "policies", policies, "rules",
			 rules);
}

json_t *oracle_explain(const struct oracle *o, const char *network, const char *ns, const char *pod)
{
	return json_pack("{s:o, s:o}", "ingress", explain_side(o, SIDE_INGRESS, network, ns, pod),
			 "egress", explain_side(o, SIDE_EGRESS, network, ns, pod));
}

/* ---- one policy ---- */

static const json_t *policy_object(const struct oracle *o, const char *ns, const char *name)
{
	json_t *obj;
	size_t i;

	json_array_foreach(o->objects, i, obj)
		if (streq(jstr(obj, "kind", ""), "MultiNetworkPolicy") && streq(meta_ns(obj), ns) &&
		    streq(meta_name(obj), name))
			return obj;
	return NULL;
}

static json_t *policy_side(const struct opolicy *p, enum side s)
{
	json_t *rules = json_array(), *rule;
	size_t i;

	json_array_foreach(opolicy_rules(p, s), i, rule) {
		_cleanup_free_ char *text = orule_text(rule, s);

		json_array_append_new(rules, jstring(text));
	}
	return json_pack("{s:b, s:o}", "isolates", p->isolates[s], "rules", rules);
}

static json_t *selected_on(const struct oracle *o, const struct opolicy *p)
{
	json_t *out = json_array(), *pod;
	const char *key;

	json_object_foreach(o->pods, key, pod)
		if (opolicy_selects(o, p, meta_ns(pod), meta_name(pod)) &&
		    opod_attached(o, pod, p->network))
			jadd_str(out, key);
	return out;
}

json_t *oracle_explain_policy(const struct oracle *o, const char *ns, const char *name)
{
	struct opolicy as_written = {.obj = policy_object(o, ns, name)};
	json_t *networks = json_array();

	if (!as_written.obj) {
		json_decref(networks);
		return NULL;
	}
	opolicy_read_types(&as_written, o->opts.spec);
	for (size_t i = 0; i < o->n; i++)
		if (o->v[i].obj == as_written.obj)
			json_array_append_new(networks,
					      json_pack("{s:s, s:b, s:o}", "network",
							o->v[i].network, "applied", o->v[i].applied,
							"selects", selected_on(o, &o->v[i])));
	return json_pack("{s:o, s:o, s:o}", "networks", networks, "ingress",
			 policy_side(&as_written, SIDE_INGRESS), "egress",
			 policy_side(&as_written, SIDE_EGRESS));
}
