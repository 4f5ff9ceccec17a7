/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/lint_policy.h"

#include "api/meta.h"

#define FOR_PATH "metadata.annotations." POLICY_FOR

/* A policy at work. */
struct lint {
	const struct policies *all;
	const struct networks *networks;
	const json_t *objects;
	struct diags *d;
	const struct policy_entry *e;
	const struct policy *p;
	bool ovnk; /* quirks hold */
};

static void say(const struct lint *l, enum diag_severity s, const char *rule, const char *path,
		const char *hint, const char *fmt, ...) PRINTF(6, 7);
static void say(const struct lint *l, enum diag_severity s, const char *rule, const char *path,
		const char *hint, const char *fmt, ...)
{
	_cleanup_free_ char *who = xasprintf("MultiNetworkPolicy %s/%s", l->e->ns, l->e->name);
	_cleanup_free_ char *msg = NULL;
	size_t from = l->d->n;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diag_hint(diags_add(l->d, s, rule, path, "%s", msg), "%s", hint);
	diags_locate(l->d, from, NULL, who);
}

static const char *section_of(enum gress g)
{
	return g == INGRESS ? "ingress" : "egress";
}

/* ---- networks ---- */

/* Another namespace's NAD of the same name, or NULL. */
static const struct nad_entry *namesake(const struct networks *n, const char *key)
{
	const char *slash = strchr(key, '/');

	for (size_t i = 0; slash && i < n->n_nads; i++)
		if (streq(n->nads[i].name, slash + 1))
			return &n->nads[i];
	return NULL;
}

static void check_nad(const struct lint *l, const char *key)
{
	const struct nad_entry *nad = networks_nad(l->networks, key);
	const struct nad_entry *other = nad ? NULL : namesake(l->networks, key);
	_cleanup_free_ char *hint = NULL;

	if (nad && nad->network)
		return;
	if (nad) {
		say(l, DIAG_WARNING, "lint/policy-nad", FOR_PATH,
		    "policies hold on networks that OVN-Kubernetes has accepted",
		    "NetworkAttachmentDefinition %s is %s: the policy has no effect there", key,
		    nad_state_name(nad->state));
		return;
	}
	hint = other ? xasprintf("write %s: without a namespace it is the policy's own (%s)",
				 other->key, l->e->ns)
		     : xstrdup("create it, or name it \"namespace/name\" when it is in another "
			       "namespace");
	say(l, DIAG_WARNING, "lint/policy-nad", FOR_PATH, hint,
	    "there is no NetworkAttachmentDefinition %s: the policy has no effect there", key);
}

static void check_networks(const struct lint *l)
{
	if (!l->p->n_nads)
		say(l, DIAG_WARNING, "lint/policy-for", "metadata",
		    "add the annotation with the NetworkAttachmentDefinitions, \"ns/name, …\"",
		    "there is no annotation %s: the policy does nothing", POLICY_FOR);
	for (size_t i = 0; i < l->p->n_nads; i++)
		check_nad(l, l->p->nads[i]);
}

/* ---- whom it selects ---- */

static const struct network *network_of(const struct lint *l, const char *nad, const char *ns)
{
	_cleanup_free_ char *key = strchr(nad, '/') ? xstrdup(nad) : xasprintf("%s/%s", ns, nad);
	const struct nad_entry *e = networks_nad(l->networks, key);

	return e && e->network ? networks_find(l->networks, e->network) : NULL;
}

/* The VM, or its instance, has an interface on the network and the labels. */
static bool selects_vm(const struct lint *l, const struct network *n, const json_t *obj)
{
	bool vm = streq(jstr(obj, "kind", ""), "VirtualMachine");
	const json_t *spec = vm ? jget(obj, "spec.template.spec") : json_object_get(obj, "spec");
	const json_t *labels =
		vm ? jget(obj, "spec.template.metadata.labels") : jget(obj, "metadata.labels");
	_cleanup_json_ json_t *all =
		labels ? json_copy((json_t *)(uintptr_t)labels) : json_object();
	const json_t *v;
	size_t i;

	if (!streq(meta_ns(obj), l->p->ns))
		return false;
	json_object_set_new(all, "kubevirt.io", json_string("virt-launcher"));
	json_object_set_new(all, "vm.kubevirt.io/name", jstring(meta_name(obj)));
	if (!selector_match(l->p->pods, all))
		return false;
	json_array_foreach(json_object_get(spec, "networks"), i, v) {
		const char *nad = jstr(v, "multus.networkName", NULL);

		if (nad && network_of(l, nad, meta_ns(obj)) == n)
			return true;
	}
	return false;
}

static bool selects_some(const struct lint *l, const struct policy_use *u)
{
	const json_t *obj;
	size_t i;

	if (u->n_targets)
		return true;
	json_array_foreach(l->objects, i, obj) {
		const char *kind = jstr(obj, "kind", "");

		if ((streq(kind, "VirtualMachine") || streq(kind, "VirtualMachineInstance")) &&
		    selects_vm(l, u->network, obj))
			return true;
	}
	return false;
}

static void check_selection(const struct lint *l)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < l->all->n_uses; i++) {
		const struct policy_use *u = &l->all->uses[i];

		if (u->policy != l->p || u->rejected)
			continue;
		if (selects_some(l, u))
			return;
		buf_printf(&b, "%s%s", n++ ? ", " : "", u->network->name);
	}
	if (n)
		say(l, DIAG_WARNING, "lint/policy-selects-nothing", "spec.podSelector",
		    "compare its labels with those of the pods, or of spec.template.metadata of "
		    "the "
		    "VMs",
		    "no pod or VM of namespace %s with these labels is attached to network %s: the "
		    "policy does nothing yet",
		    l->p->ns, buf_str(&b));
}

/* ---- directions ---- */

static void check_types(const struct lint *l)
{
	bool egress = l->p->section[EGRESS];
	_cleanup_free_ char *hint = NULL;

	if (l->p->types_given || !l->ovnk)
		return;
	hint = xasprintf("write policyTypes: [Ingress%s], which the API's text means",
			 egress ? ", Egress" : "");
	say(l, DIAG_WARNING, "lint/policy-types", "spec", hint,
	    "policyTypes is missing: nobody fills it in, and OVN-Kubernetes then isolates nothing, "
	    "whatever the rules say (#5372)");
}

static void check_dead(const struct lint *l, enum gress g)
{
	_cleanup_free_ char *path = xasprintf("spec.%s", section_of(g));
	_cleanup_free_ char *hint = NULL;

	if (!l->p->types_given || l->p->type[g] || !l->p->n_rules[g])
		return;
	hint = xasprintf("add %s to policyTypes, or take the rules out", gress_name(g));
	say(l, DIAG_WARNING, "lint/policy-dead-rules", path, hint,
	    "policyTypes does not list %s: these rules isolate nobody%s", gress_name(g),
	    l->ovnk ? "; OVN-Kubernetes still opens with them what another policy denies" : "");
}

/* A rule that lets everybody do everything. */
static bool opens_all(const struct policy *p, enum gress g)
{
	for (size_t i = 0; i < p->n_rules[g]; i++)
		if (!p->rules[g][i].n_ports && !p->rules[g][i].n_peers)
			return true;
	return false;
}

static void check_extremes(const struct lint *l, enum gress g)
{
	_cleanup_free_ char *path = xasprintf("spec.%s", section_of(g));

	if (!policy_isolates(l->p, g, l->all->profile))
		return;
	if (!l->p->n_rules[g])
		say(l, DIAG_NOTE, "lint/policy-blocked", l->p->section[g] ? path : "spec",
		    "add rules, or other policies that allow, unless that is meant",
		    "it has no %s rules: all %s of what it selects is denied", section_of(g),
		    section_of(g));
	else if (opens_all(l->p, g))
		say(l, DIAG_NOTE, "lint/policy-allowed", path,
		    "take the direction out of policyTypes, unless that is meant",
		    "a rule without ports and peers allows all %s: no other rule changes that",
		    section_of(g));
}

/* ---- rules ---- */

static bool numbered(const struct policy_rule *r, enum policy_proto proto)
{
	for (size_t i = 0; i < r->n_ports; i++)
		if (r->ports[i].proto == proto && r->ports[i].port)
			return true;
	return false;
}

static void check_port(const struct lint *l, const struct policy_rule *r, size_t i,
		       const char *path)
{
	const struct policy_port *port = &r->ports[i];
	bool others = numbered(r, port->proto);
	_cleanup_free_ char *p = xasprintf("%s.ports.%zu", path, i);
	_cleanup_free_ char *pp = xasprintf("%s.port", p);

	if (!l->ovnk)
		return;
	if (port->name)
		say(l, DIAG_WARNING, "lint/policy-named-port", pp, "write the port's number",
		    others ? "OVN-Kubernetes does not resolve port names: \"%s\" is lost beside "
			     "the "
			     "numbers of its protocol"
			   : "OVN-Kubernetes does not resolve port names: \"%s\" allows every port "
			     "of its protocol",
		    port->name);
	else if (!port->port && others)
		say(l, DIAG_WARNING, "lint/policy-protocol-lost", p,
		    "put it into a rule of its own, or leave the numbers out",
		    "an entry for all of %s is lost beside numbered ports of it: only those are "
		    "allowed",
		    policy_proto_name(port->proto));
}

static bool serves(const struct network *n, int family)
{
	for (size_t i = 0; i < n->conf.subnets.n; i++)
		if (n->conf.subnets.v[i].ip.family == family)
			return true;
	return !n->conf.subnets.n;
}

static void check_block(const struct lint *l, const struct policy_peer *peer, const char *path)
{
	int family = peer->cidr.ip.family;

	for (size_t i = 0; i < l->all->n_uses; i++) {
		const struct policy_use *u = &l->all->uses[i];
		_cleanup_free_ char *p = xasprintf("%s.ipBlock.cidr", path);

		if (u->policy == l->p && !serves(u->network, family))
			say(l, DIAG_WARNING, "lint/policy-family", p,
			    "name a block of a family that the network's subnets have",
			    "network %s has no IPv%d: the block matches nothing there",
			    u->network->name, family);
	}
}

/* Without subnets, "everybody" is IPv4 alone upstream. */
static void check_everybody(const struct lint *l, const struct policy_rule *r, const char *path)
{
	for (size_t i = 0; i < l->all->n_uses && l->ovnk && !r->n_peers; i++) {
		const struct policy_use *u = &l->all->uses[i];

		if (u->policy == l->p && !u->network->conf.subnets.n)
			say(l, DIAG_WARNING, "lint/policy-v4-only", path,
			    "add a peer with ipBlock ::/0 beside one with 0.0.0.0/0 if IPv6 is in "
			    "use",
			    "network %s has no subnets: a rule without peers allows IPv4 alone "
			    "there",
			    u->network->name);
	}
}

static void check_rule(const struct lint *l, enum gress g, size_t i)
{
	const struct policy_rule *r = &l->p->rules[g][i];
	_cleanup_free_ char *path = xasprintf("spec.%s.%zu", section_of(g), i);

	for (size_t k = 0; k < r->n_ports; k++)
		check_port(l, r, k, path);
	for (size_t k = 0; k < r->n_peers; k++) {
		_cleanup_free_ char *p =
			xasprintf("%s.%s.%zu", path, g == INGRESS ? "from" : "to", k);

		if (r->peers[k].is_block)
			check_block(l, &r->peers[k], p);
	}
	check_everybody(l, r, path);
}

/* ---- what depends on the network ---- */

static bool has_rules(const struct policy *p)
{
	return p->n_rules[INGRESS] || p->n_rules[EGRESS];
}

static bool network_tracks(const struct policies *all, const struct network *n)
{
	for (size_t i = 0; i < all->n_uses; i++)
		if (all->uses[i].network == n && !all->uses[i].rejected &&
		    has_rules(all->uses[i].policy))
			return true;
	return false;
}

/* OVN tracks connections of a switch only when some ACL of it is allow-related. */
static void check_lone(const struct lint *l, const struct policy_use *u)
{
	enum gress g = policy_isolates(l->p, INGRESS, l->all->profile) ? INGRESS : EGRESS;
	_cleanup_free_ char *path = xasprintf("spec.%s", section_of(g));

	if (!l->ovnk || !policy_isolates(l->p, g, l->all->profile) ||
	    network_tracks(l->all, u->network))
		return;
	say(l, DIAG_WARNING, "lint/policy-lone-deny", l->p->section[g] ? path : "spec",
	    "add any rule to a policy of the network, for example one from ipBlock "
	    "192.0.2.255/32, which nobody has",
	    "no policy on network %s has a rule, so that OVN tracks no connections there: the deny "
	    "also drops the answers to what %s (#5667)",
	    u->network->name,
	    g == INGRESS ? "the selected endpoints begin" : "others begin with them");
}

static bool selectors_only(const struct policy *p, enum gress g)
{
	bool some = false;

	for (size_t i = 0; i < p->n_rules[g]; i++) {
		if (!p->rules[g][i].n_peers)
			return false;
		for (size_t k = 0; k < p->rules[g][i].n_peers; k++) {
			if (p->rules[g][i].peers[k].is_block)
				return false;
			some = true;
		}
	}
	return some;
}

/* What is behind a localnet port is no pod: selectors never mean it. */
static void check_localnet(const struct lint *l, const struct policy_use *u)
{
	for (int g = INGRESS; g <= EGRESS; g++) {
		_cleanup_free_ char *path = xasprintf("spec.%s", section_of((enum gress)g));

		if (u->network->conf.topology == OVNK_LOCALNET &&
		    policy_isolates(l->p, (enum gress)g, l->all->profile) &&
		    selectors_only(l->p, (enum gress)g))
			say(l, DIAG_NOTE, "lint/policy-localnet", path,
			    "add a peer with ipBlock for hosts of the physical network",
			    "selectors mean pods alone: hosts of the physical network behind %s "
			    "are "
			    "denied",
			    u->network->name);
	}
}

static void check_uses(const struct lint *l)
{
	for (size_t i = 0; i < l->all->n_uses; i++) {
		const struct policy_use *u = &l->all->uses[i];

		if (u->policy != l->p || u->rejected)
			continue;
		check_lone(l, u);
		check_localnet(l, u);
	}
}

void lint_policies(const struct policies *p, const struct networks *n, const json_t *objects,
		   struct diags *d)
{
	for (size_t i = 0; i < p->n; i++) {
		struct lint l = {.all = p,
				 .networks = n,
				 .objects = objects,
				 .d = d,
				 .e = &p->v[i],
				 .p = &p->v[i].policy,
				 .ovnk = p->profile == POLICY_OVNK};

		if (!l.p->obj)
			continue;
		check_networks(&l);
		check_selection(&l);
		check_types(&l);
		for (int g = INGRESS; g <= EGRESS; g++) {
			check_dead(&l, (enum gress)g);
			check_extremes(&l, (enum gress)g);
			for (size_t k = 0; k < l.p->n_rules[g]; k++)
				check_rule(&l, (enum gress)g, k);
		}
		check_uses(&l);
	}
}
