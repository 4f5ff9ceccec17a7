/* SPDX-License-Identifier: Apache-2.0 */
#include "oracle/policy_priv.h"

#include "api/meta.h"
#include "base/buf.h"

#define POLICY_FOR "k8s.v1.cni.cncf.io/policy-for"
#define ATTACHMENTS "k8s.v1.cni.cncf.io/networks"

/* ---- reading the objects ---- */

/* Name and subnets of a NAD's network; the configuration may be a list of one plugin. */
static void read_nad(struct oracle *o, const json_t *nad)
{
	const char *text = jstr(nad, "spec.config", "");
	_cleanup_json_ json_t *config = jparse(text, strlen(text), NULL);
	const json_t *plugin = jget(config, "plugins.0") ? jget(config, "plugins.0") : config;
	const char *name = jstr(config, "name", jstr(plugin, "name", NULL));
	_cleanup_free_ char *key = xasprintf("%s/%s", meta_ns(nad), meta_name(nad));
	const char *state = meta_annotation(nad, "ovnbed.io/state");

	if (!name || (state && *state && !streq(state, "Accepted")))
		return;
	json_object_set_new(o->nads, key, jstring(name));
	json_object_set_new(o->subnets, name, jstring(jstr(plugin, "subnets", "")));
}

static bool has_selector_peer(const json_t *policy)
{
	static const char *const paths[][2] = {{"spec.ingress", "from"}, {"spec.egress", "to"}};
	json_t *rule, *peer;
	size_t i, k;

	for (size_t s = 0; s < ARRAY_SIZE(paths); s++)
		json_array_foreach(jget(policy, paths[s][0]), i, rule)
			json_array_foreach(json_object_get(rule, paths[s][1]), k, peer)
				if (!json_object_get(peer, "ipBlock"))
					return true;
	return false;
}

void opolicy_read_types(struct opolicy *p, bool spec)
{
	const json_t *types = jget(p->obj, "spec.policyTypes");

	p->isolates[SIDE_INGRESS] = jhas_str(types, "Ingress");
	p->isolates[SIDE_EGRESS] = jhas_str(types, "Egress");
	if (json_array_size(types) || !spec)
		return;
	p->isolates[SIDE_INGRESS] = true;
	p->isolates[SIDE_EGRESS] = jget(p->obj, "spec.egress") != NULL;
}

static void add_policy(struct oracle *o, const json_t *obj, const char *network)
{
	const char *subnets = json_string_value(json_object_get(o->subnets, network));
	const json_t *selector = jget(obj, "spec.podSelector");
	struct opolicy *p;

	o->v = xrealloc(o->v, (o->n + 1) * sizeof(*o->v));
	p = &o->v[o->n++];
	*p = (struct opolicy){.obj = obj,
			      .ns = meta_ns(obj),
			      .name = meta_name(obj),
			      .network = xstrdup(network),
			      .applied = (subnets && *subnets) || !has_selector_peer(obj)};
	if (selector) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		p->pods = selector_from_object(selector, "spec.podSelector", &d);
		p->applied &= p->pods != NULL;
	}
	opolicy_read_types(p, o->opts.spec);
}

/* A policy holds once for each network that its annotation comes to. */
static void read_policy(struct oracle *o, const json_t *obj)
{
	_cleanup_free_ char *text = xstrdup(meta_annotation(obj, POLICY_FOR) ?: "");
	_cleanup_json_ json_t *seen = json_object();
	char *save = NULL;

	for (char *item = strtok_r(text, ", \t\n", &save); item;
	     item = strtok_r(NULL, ", \t\n", &save)) {
		_cleanup_free_ char *key =
			strchr(item, '/') ? xstrdup(item) : xasprintf("%s/%s", meta_ns(obj), item);
		const char *network = json_string_value(json_object_get(o->nads, key));

		if (!network || json_object_get(seen, network))
			continue;
		json_object_set_new(seen, network, json_true());
		add_policy(o, obj, network);
	}
}

static void read_object(struct oracle *o, const json_t *obj)
{
	const char *kind = jstr(obj, "kind", "");
	_cleanup_free_ char *key = xasprintf("%s/%s", meta_ns(obj), meta_name(obj));

	if (streq(kind, "Pod"))
		json_object_set(o->pods, key, (json_t *)(uintptr_t)obj);
	else if (streq(kind, "Namespace"))
		json_object_set(o->spaces, meta_name(obj), (json_t *)(uintptr_t)obj);
	else if (streq(kind, "NetworkAttachmentDefinition"))
		read_nad(o, obj);
}

struct oracle *oracle_new(const json_t *objects, const struct oracle_opts *opts)
{
	struct oracle *o = xcalloc(1, sizeof(*o));
	json_t *obj;
	size_t i;

	o->opts = *opts;
	o->objects = json_incref((json_t *)(uintptr_t)objects);
	o->pods = json_object();
	o->spaces = json_object();
	o->subnets = json_object();
	o->nads = json_object();
	json_array_foreach(objects, i, obj)
		read_object(o, obj);
	json_array_foreach(objects, i, obj)
		if (streq(jstr(obj, "kind", ""), "MultiNetworkPolicy"))
			read_policy(o, obj);
	return o;
}

void oracle_free(struct oracle *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++) {
		selector_free(o->v[i].pods);
		free(o->v[i].network);
	}
	free(o->v);
	json_decref(o->pods);
	json_decref(o->spaces);
	json_decref(o->subnets);
	json_decref(o->nads);
	json_decref(o->objects);
	free(o);
}

/* ---- small questions ---- */

static const json_t *pod_object(const struct oracle *o, const char *ns, const char *pod)
{
	_cleanup_free_ char *key = xasprintf("%s/%s", ns ?: "", pod ?: "");

	return pod ? json_object_get(o->pods, key) : NULL;
}

const json_t *opod_labels(const struct oracle *o, const char *ns, const char *pod)
{
	return jget(pod_object(o, ns, pod), "metadata.labels");
}

bool opolicy_selects(const struct oracle *o, const struct opolicy *p, const char *ns,
		     const char *pod)
{
	const json_t *obj = pod_object(o, ns, pod);

	return obj && streq(p->ns, ns) && selector_match(p->pods, jget(obj, "metadata.labels"));
}

const json_t *opolicy_rules(const struct opolicy *p, enum side s)
{
	return jget(p->obj, s == SIDE_INGRESS ? "spec.ingress" : "spec.egress");
}

/* ---- one direction at one end ---- */

struct half {
	bool isolated, open;
	const struct opolicy *by; /* a policy that isolates, or the one that opens */
	int rule;		  /* the one of it that opens; -1: none */
};

/* What the policies on the network say of k at one end (ns/pod). */
static struct half judge_half(const struct oracle *o, enum side s, const char *ns, const char *pod,
			      const struct opacket *k)
{
	struct half h = {.open = true, .rule = -1};
	json_t *rule;
	size_t r;

	for (size_t i = 0; i < o->n; i++) {
		const struct opolicy *p = &o->v[i];

		if (!p->applied || !streq(p->network, k->network) ||
		    !opolicy_selects(o, p, ns, pod))
			continue;
		if (p->isolates[s] && !h.isolated) {
			h.isolated = true;
			h.by = p;
		}
	}
	if (!h.isolated)
		return h;
	h.open = o->opts.icmp && streq(k->proto, "icmp");
	for (size_t i = 0; i < o->n && !h.open; i++) {
		const struct opolicy *p = &o->v[i];

		if (!p->applied || !streq(p->network, k->network) ||
		    !opolicy_selects(o, p, ns, pod) || (o->opts.spec && !p->isolates[s]))
			continue;
		json_array_foreach(opolicy_rules(p, s), r, rule)
			if (!h.open &&
			    orule_matches(o, p, rule, s == SIDE_INGRESS ? "from" : "to", k)) {
				h.open = true;
				h.by = p;
				h.rule = (int)r;
			}
	}
	return h;
}

/* ---- connection tracking ---- */

static const char *node_of(const struct oracle *o, const char *ns, const char *pod)
{
	return jstr(pod_object(o, ns, pod), "spec.nodeName", "");
}

static bool is_on(const struct oracle *o, const char *ns, const char *nad, const char *network)
{
	_cleanup_free_ char *key = xasprintf("%s/%s", ns, nad);

	return streq0(json_string_value(json_object_get(o->nads, key)), network);
}

/* One element of the short form: [NS/]NAD[@INTERFACE]. */
static bool element_on(const struct oracle *o, const char *pod_ns, char *text, const char *network)
{
	char *slash = strchr(text, '/');

	text[strcspn(text, "@")] = '\0';
	if (!slash)
		return is_on(o, pod_ns, text, network);
	*slash = '\0';
	return is_on(o, text, slash + 1, network);
}

bool opod_attached(const struct oracle *o, const json_t *pod, const char *network)
{
	const char *text = meta_annotation(pod, ATTACHMENTS) ?: "";
	_cleanup_json_ json_t *list = jparse(text, strlen(text), NULL);
	_cleanup_free_ char *copy = xstrdup(text);
	char *save = NULL;
	json_t *e;
	size_t i;

	json_array_foreach(list, i, e)
		if (is_on(o, jstr(e, "namespace", meta_ns(pod)), jstr(e, "name", ""), network))
			return true;
	for (char *item = list ? NULL : strtok_r(copy, ", \t\n", &save); item;
	     item = strtok_r(NULL, ", \t\n", &save))
		if (element_on(o, meta_ns(pod), item, network))
			return true;
	return false;
}

static bool has_rules(const struct opolicy *p)
{
	return json_array_size(opolicy_rules(p, SIDE_INGRESS)) ||
	       json_array_size(opolicy_rules(p, SIDE_EGRESS));
}

/*
 * Does the network's switch, as the database of this pod's zone has it, track connections? OVN does
 * so when an allow-related ACL is in a port group with a port of that switch, and a port group holds
 * the zone's own ports only.
 */
static bool tracks(const struct oracle *o, const char *network, const char *ns, const char *pod)
{
	const char *node = node_of(o, ns, pod), *key;
	json_t *other;

	for (size_t i = 0; i < o->n; i++) {
		const struct opolicy *p = &o->v[i];

		if (!p->applied || !streq(p->network, network) || !has_rules(p))
			continue;
		json_object_foreach(o->pods, key, other) {
			if (!o->opts.central && !streq(jstr(other, "spec.nodeName", ""), node))
				continue;
			if (opolicy_selects(o, p, meta_ns(other), meta_name(other)) &&
			    opod_attached(o, other, network))
				return true;
		}
	}
	return false;
}

/* ---- the verdict ---- */

static json_t *verdict(const char *expect, const char *why)
{
	return json_pack("{s:s, s:s, s:[]}", "expect", expect, "why", why, "policies");
}

static void name_policy(json_t *v, const struct opolicy *p)
{
	if (p)
		json_array_append_new(json_object_get(v, "policies"),
				      jstringf("%s/%s", p->ns, p->name));
}

static const char *side_name(enum side s)
{
	return s == SIDE_INGRESS ? "Ingress" : "Egress";
}

/* The rule that opens one end, when the end is isolated. */
static void name_rule(json_t *v, enum side s, const struct half *h)
{
	json_t *list = json_object_get(v, "rules");

	if (!h->isolated || h->rule < 0)
		return;
	if (!list) {
		list = json_array();
		json_object_set_new(v, "rules", list);
	}
	json_array_append_new(list, json_pack("{s:s, s:o, s:i}", "direction", side_name(s),
					      "policy", jstringf("%s/%s", h->by->ns, h->by->name),
					      "rule", h->rule));
}

static json_t *denied(const char *expect, enum side s, const struct oracle_end *at,
		      const struct opolicy *by, const char *why)
{
	json_t *v = verdict(expect, why);

	name_policy(v, by);
	jset_str(v, "direction", side_name(s));
	json_object_set_new(v, "at", jstringf("%s/%s", at->ns, at->pod));
	return v;
}

/* True when the answer of a connection that `end` began, or took, is dropped at that end: it is
 * isolated on the answer's side, and its switch tracks nothing. */
static bool reply_lost(const struct oracle *o, const struct oracle_cell *c,
		       const struct oracle_end *end, enum side s, struct half *ret)
{
	const struct oracle_end *other = end == &c->from ? &c->to : &c->from;
	/* the answer's ports are those of a fresh connection's source: no rule is about them */
	struct opacket k = {.network = c->network,
			    .ns = other->ns,
			    .pod = other->pod,
			    .proto = streq(c->proto, "icmp") ? "icmp" : "reply"};

	if (!end->pod || o->opts.spec || !ip_parse(other->address, &k.peer))
		return false;
	*ret = judge_half(o, s, end->ns, end->pod, &k);
	return ret->isolated && !ret->open && !tracks(o, c->network, end->ns, end->pod);
}

static json_t *judge(const struct oracle *o, const struct oracle_cell *c)
{
	struct opacket out = {.network = c->network,
			      .ns = c->to.ns,
			      .pod = c->to.pod,
			      .dst_ns = c->to.ns,
			      .dst_pod = c->to.pod,
			      .proto = c->proto,
			      .port = c->port};
	struct opacket in = out;
	struct half egress = {.open = true, .rule = -1}, ingress = egress, reply;
	_cleanup_free_ char *why = NULL;
	json_t *v;

	in.ns = c->from.ns;
	in.pod = c->from.pod;
	ip_parse(c->to.address, &out.peer);
	ip_parse(c->from.address, &in.peer);
	if (c->from.pod)
		egress = judge_half(o, SIDE_EGRESS, c->from.ns, c->from.pod, &out);
	if (c->to.pod)
		ingress = judge_half(o, SIDE_INGRESS, c->to.ns, c->to.pod, &in);
	if (!egress.open)
		return denied("denied", SIDE_EGRESS, &c->from, egress.by,
			      "the source is isolated for egress and no rule allows it");
	if (!ingress.open)
		return denied("denied", SIDE_INGRESS, &c->to, ingress.by,
			      "the destination is isolated for ingress and no rule allows it");
	if (reply_lost(o, c, &c->to, SIDE_EGRESS, &reply))
		return denied("reply-denied", SIDE_EGRESS, &c->to, reply.by,
			      "allowed, but nothing tracks connections at the destination: its "
			      "answers meet the deny for egress");
	if (reply_lost(o, c, &c->from, SIDE_INGRESS, &reply))
		return denied("reply-denied", SIDE_INGRESS, &c->from, reply.by,
			      "allowed, but nothing tracks connections at the source: answers to "
			      "it meet the deny for ingress");
	v = verdict("allowed", ingress.isolated || egress.isolated
				       ? "a rule allows it"
				       : "no policy isolates either end");
	name_policy(v, egress.isolated ? egress.by : NULL);
	name_policy(v, ingress.isolated ? ingress.by : NULL);
	name_rule(v, SIDE_EGRESS, &egress);
	name_rule(v, SIDE_INGRESS, &ingress);
	return v;
}

json_t *oracle_judge(const struct oracle *o, const struct oracle_cell *c)
{
	return judge(o, c);
}
