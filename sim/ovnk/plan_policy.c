/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Northbound rows of policies: OVN-Kubernetes ovn/base_network_controller_policy.go and
 * ovn/gress_policy.go (facts/ovn-kubernetes.md §3.1, §3.2). Members of port groups are the ports of
 * pods in the zone alone: a remote port in a port group has no effect.
 */
#include "ovnk/names.h"
#include "ovnk/plan_priv.h"
#include "ovnk/policy_match.h"
#include "ovnk/policy_named.h"

#define PRIORITY_DENY 1000
#define PRIORITY_ALLOW 1001
#define TIER 2 /* upstream's DefaultACLTier */
#define NAME_MAX_ACL 63
#define BLOCK_INDEX_NONE "-1"
#define BLOCK_INDEX "-2"

struct nets {
	const struct ovnk_view *view;
	const char *zone;
	const struct network *network;
	char *controller;
	json_t *plan;
	json_t *sets; /* keys of address sets that are planned: {key: true} */
};

/* ---- rows ---- */

/* {"k8s.ovn.org/…": …} of an object; id: controller:type:tail. */
static json_t *ids_new(const struct nets *n, const char *type, const char *name, const char *tail)
{
	json_t *ids = json_object();

	plan_put(ids, ID_OWNER_CONTROLLER, n->controller);
	plan_put(ids, "k8s.ovn.org/owner-type", type);
	plan_put(ids, "k8s.ovn.org/name", name);
	json_object_set_new(ids, "k8s.ovn.org/id", jstringf("%s:%s:%s", n->controller, type, tail));
	return ids;
}

static const char *primary_id(const json_t *ids)
{
	return json_string_value(json_object_get(ids, "k8s.ovn.org/id"));
}

/* Found by its id; row is stolen. */
static void add_by_id(const struct nets *n, const char *table, json_t *row, const char *owner)
{
	const char *id = primary_id(json_object_get(row, "external_ids"));

	json_array_append_new(n->plan, json_pack("{s:s, s:s, s:{s:{s:s}}, s:o, s:s}", "table",
						 table, "key", id, "index", "external_ids",
						 "k8s.ovn.org/id", id, "row", row, "owner", owner));
}

struct acl {
	const char *name; /* cut to 63 characters */
	enum gress g;
	int priority;
	const char *match, *action;
	json_t *ids; /* stolen */
};

/* Adds the row and a reference to it to acls. */
static void add_acl(const struct nets *n, const struct acl *a, json_t *acls, const char *owner)
{
	bool ingress = a->g == INGRESS;
	json_t *row =
		json_pack("{s:o, s:s, s:i, s:s, s:s, s:b, s:[], s:s, s:i, s:{}, s:o}", "name",
			  json_stringn(a->name, strnlen(a->name, NAME_MAX_ACL)), "direction",
			  ingress ? "to-lport" : "from-lport", "priority", a->priority, "match",
			  a->match, "action", a->action, "log", false, "severity", "meter",
			  "acl-logging", "tier", TIER, "options", "external_ids", a->ids);

	if (!ingress)
		plan_put(json_object_get(row, "options"), "apply-after-lb", "true");
	json_array_append_new(acls, plan_ref("ACL", primary_id(a->ids)));
	add_by_id(n, "ACL", row, owner);
}

static void add_group(const struct nets *n, json_t *ids, json_t *ports, json_t *acls,
		      const char *owner)
{
	_cleanup_free_ char *name = names_hash(primary_id(ids));

	add_by_id(n, "Port_Group",
		  json_pack("{s:s, s:o, s:o, s:o}", "name", name, "ports", ports, "acls", acls,
			    "external_ids", ids),
		  owner);
}

/* ---- ports ---- */

static bool is_local(const struct nets *n, const struct podnet *pod)
{
	const struct ovnk_node *node = ovnk_config_node(n->view->config, pod->node);

	return node && plan_is_local(n->view, node, n->zone);
}

/* Adds references to the zone's ports that the use selects, each once. */
static void add_ports(const struct nets *n, const struct policy_use *u, json_t *ports, json_t *seen)
{
	for (size_t i = 0; i < u->n_targets; i++) {
		const char *port = u->targets[i].att->port;

		if (!is_local(n, u->targets[i].pod) || json_object_get(seen, port))
			continue;
		json_object_set_new(seen, port, json_true());
		json_array_append_new(ports, plan_ref("Logical_Switch_Port", port));
	}
}

/* ---- default deny: two groups a namespace that has a policy ---- */

static json_t *deny_ids(const struct nets *n, const char *ns, enum gress g, const char *type)
{
	_cleanup_free_ char *tail = type ? xasprintf("%s:%s:%s", ns, gress_name(g), type)
					 : xasprintf("%s:%s", ns, gress_name(g));
	json_t *ids = ids_new(n, "NetpolNamespace", ns, tail);

	plan_put(ids, "direction", gress_name(g));
	plan_put(ids, "type", type);
	return ids;
}

static void add_deny_acls(const struct nets *n, const char *ns, enum gress g, const char *group,
			  json_t *acls, const char *owner)
{
	_cleanup_free_ char *name = xasprintf("NP:%s:%s", ns, gress_name(g));
	_cleanup_free_ char *lport =
		xasprintf("%s == @%s", g == INGRESS ? "outport" : "inport", group);
	_cleanup_free_ char *arp = xasprintf("%s && (arp || nd)", lport);
	struct acl deny = {name,  g,	  PRIORITY_DENY,
			   lport, "drop", deny_ids(n, ns, g, "defaultDeny")};
	struct acl allow = {name, g, PRIORITY_ALLOW, arp, "allow", deny_ids(n, ns, g, "arpAllow")};

	add_acl(n, &deny, acls, owner);
	add_acl(n, &allow, acls, owner);
	if (n->view->config->allow_icmp_netpol) {
		_cleanup_free_ char *icmp = xasprintf("%s && (icmp || icmp6)", lport);
		struct acl ping = {name, g,	  PRIORITY_ALLOW,
				   icmp, "allow", deny_ids(n, ns, g, "icmpAllow")};

		add_acl(n, &ping, acls, owner);
	}
}

/*
 * Profile spec: replies are always allowed. OVN tracks connections only on switches with an
 * allow-related ACL; this one makes it so and matches nothing (#5667).
 */
static void add_tracking(const struct nets *n, const char *ns, enum gress g, const char *group,
			 json_t *acls, const char *owner)
{
	_cleanup_free_ char *name = xasprintf("NP:%s:%s", ns, gress_name(g));
	_cleanup_free_ char *match =
		xasprintf("%s == @%s && ip4.src == 255.255.255.255 && ip4.dst == 255.255.255.255",
			  g == INGRESS ? "outport" : "inport", group);
	struct acl track = {
		name, g, PRIORITY_ALLOW, match, "allow-related", deny_ids(n, ns, g, "track")};

	add_acl(n, &track, acls, owner);
}

/* uses[first..last) are those of one namespace on the network. */
static void add_deny(const struct nets *n, const struct policies *p, size_t first, size_t last,
		     enum gress g)
{
	const char *ns = p->uses[first].policy->ns;
	_cleanup_free_ char *owner =
		xasprintf("MultiNetworkPolicy %s/%s", ns, p->uses[first].policy->name);
	_cleanup_json_ json_t *seen = json_object();
	json_t *ids = deny_ids(n, ns, g, NULL), *ports = json_array(), *acls = json_array();
	_cleanup_free_ char *group = names_hash(primary_id(ids));

	for (size_t i = first; i < last; i++)
		if (!p->uses[i].rejected && policy_isolates(p->uses[i].policy, g, p->profile))
			add_ports(n, &p->uses[i], ports, seen);
	add_deny_acls(n, ns, g, group, acls, owner);
	if (p->profile == POLICY_SPEC)
		add_tracking(n, ns, g, group, acls, owner);
	add_group(n, ids, ports, acls, owner);
}

/* ---- address sets of selector peers ---- */

static bool peer_matches(const struct policies *p, const struct policy_peer *peer,
			 const char *policy_ns, const struct podnet *pod)
{
	if (peer->namespaces
		    ? !selector_match(peer->namespaces, policies_namespace_labels(p, pod->ns))
		    : !streq(pod->ns, policy_ns))
		return false;
	return !peer->pods ||
	       selector_match(peer->pods, policies_pod_labels(p, pod->ns, pod->name));
}

static void add_addresses(const struct nets *n, const struct podnet *pod, int family, json_t *out)
{
	for (size_t i = 0; i < pod->n; i++) {
		const struct attachment *a = &pod->v[i];

		if (a->state != ATTACHMENT_READY || !streq0(a->network, n->network->name))
			continue;
		for (size_t k = 0; k < a->n_ips; k++)
			if ((strchr(a->ips[k], ':') ? 6 : 4) == family)
				json_array_append_new(
					out, json_stringn(a->ips[k], strcspn(a->ips[k], "/")));
	}
}

static bool has_family(const struct network *n, int family)
{
	for (size_t i = 0; i < n->conf.subnets.n; i++)
		if (n->conf.subnets.v[i].ip.family == family)
			return true;
	return false;
}

/* Plans the peer's set unless it is there; returns its name, NULL when the family has none. */
static char *add_set(const struct nets *n, const struct policies *p, const struct policy_use *u,
		     const struct policy_peer *peer, int family)
{
	_cleanup_free_ char *key = match_peer_key(peer, u->policy->ns);
	_cleanup_free_ char *tail = xasprintf("%s:v%d", key, family);
	_cleanup_free_ char *owner =
		xasprintf("MultiNetworkPolicy %s/%s", u->policy->ns, u->policy->name);
	json_t *ids, *addresses;
	char *name;

	if (!has_family(n->network, family))
		return NULL;
	ids = ids_new(n, "PodSelector", key, tail);
	json_object_set_new(ids, "ip-family", jstringf("v%d", family));
	name = names_hash(primary_id(ids));
	if (json_object_get(n->sets, tail)) {
		json_decref(ids);
		return name;
	}
	json_object_set_new(n->sets, tail, json_true());
	addresses = json_array();
	for (size_t i = 0; i < p->podnets->n; i++)
		if (peer_matches(p, peer, u->policy->ns, &p->podnets->v[i]))
			add_addresses(n, &p->podnets->v[i], family, addresses);
	add_by_id(n, "Address_Set",
		  json_pack("{s:s, s:o, s:o}", "name", name, "addresses", addresses, "external_ids",
			    ids),
		  owner);
	return name;
}

static void add_sorted(json_t *list, char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (strcmp(json_string_value(v), name ?: "") >= 0)
			break;
	if (name && !jhas_str(list, name))
		json_array_insert_new(list, i, json_string(name));
	free(name);
}

/* ---- allow rules ---- */

static json_t *allow_ids(const struct nets *n, const struct policy *p, enum gress g, size_t index,
			 const char *proto, const char *block)
{
	_cleanup_free_ char *name = xasprintf("%s:%s", p->ns, p->name);
	_cleanup_free_ char *tail =
		xasprintf("%s:%s:%zu:%s:%s", name, gress_name(g), index, proto, block);
	json_t *ids = ids_new(n, "NetworkPolicy", name, tail);

	plan_put(ids, "direction", gress_name(g));
	json_object_set_new(ids, "gress-index", jstringf("%zu", index));
	plan_put(ids, "port-policy-protocol", proto);
	plan_put(ids, "ip-block-index", block);
	return ids;
}

struct rule_ctx {
	const struct policy_use *use;
	const struct policies *policies;
	const char *group, *owner;
	enum gress g;
	size_t index;
	json_t *acls;
};

static void add_allow(const struct nets *n, const struct rule_ctx *c, const char *l3,
		      const char *l4, const char *proto, const char *block)
{
	const struct policy *p = c->use->policy;
	_cleanup_free_ char *name =
		xasprintf("NP:%s:%s:%s:%zu", p->ns, p->name, gress_name(c->g), c->index);
	_cleanup_free_ char *match =
		xasprintf("%s && %s%s%s == @%s", l3, l4 ?: "", l4 ? " && " : "",
			  c->g == INGRESS ? "outport" : "inport", c->group);
	struct acl a = {name,
			c->g,
			PRIORITY_ALLOW,
			match,
			p->stateless && n->view->config->stateless_netpol ? "allow-stateless"
									  : "allow-related",
			allow_ids(n, p, c->g, c->index, proto, block)};

	add_acl(n, &a, c->acls, c->owner);
}

/* ports[i] repeats an earlier entry's name. */
static bool repeats(const struct policy_rule *rule, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (rule->ports[k].proto == rule->ports[i].proto &&
		    streq0(rule->ports[k].name, rule->ports[i].name ?: ""))
			return true;
	return false;
}

/* Profile spec: a port's name is what the destination calls so, pod by pod. */
static void add_named(const struct nets *n, const struct rule_ctx *c, const char *l3,
		      const char *block)
{
	const struct policy_rule *rule = &c->use->policy->rules[c->g][c->index];

	if (c->policies->profile != POLICY_SPEC)
		return;
	for (size_t i = 0; i < rule->n_ports; i++) {
		_cleanup_free_ char *match =
			repeats(rule, i) ? NULL
					 : named_match(c->policies, c->use, c->g, &rule->ports[i]);
		_cleanup_free_ char *part = NULL;

		if (!match)
			continue;
		part = xasprintf("%s:%s:%s", block, policy_proto_name(rule->ports[i].proto),
				 rule->ports[i].name);
		add_allow(n, c, l3, match, "None", part);
	}
}

/* One ACL a protocol that the rule names; one without layer 4 when it names none. Without l3: none.
 */
static void add_allows(const struct nets *n, const struct rule_ctx *c, const char *l3,
		       const char *block)
{
	const struct policy_rule *rule = &c->use->policy->rules[c->g][c->index];

	if (!l3)
		return;
	if (!rule->n_ports)
		add_allow(n, c, l3, NULL, "None", block);
	for (int proto = POLICY_TCP; proto <= POLICY_SCTP; proto++) {
		_cleanup_free_ char *l4 = NULL;

		if (!match_has_proto(rule, (enum policy_proto)proto))
			continue;
		l4 = match_l4(rule, (enum policy_proto)proto, c->policies->profile);
		if (l4)
			add_allow(n, c, l3, l4, policy_proto_name((enum policy_proto)proto), block);
	}
	add_named(n, c, l3, block);
}

static void add_rule(const struct nets *n, const struct rule_ctx *c)
{
	const struct policy_rule *rule = &c->use->policy->rules[c->g][c->index];
	_cleanup_json_ json_t *v4 = json_array(), *v6 = json_array();
	_cleanup_free_ char *blocks = match_blocks(rule, c->g), *sets = NULL, *any = NULL;

	for (size_t i = 0; i < rule->n_peers; i++) {
		if (rule->peers[i].is_block)
			continue;
		add_sorted(v4, add_set(n, c->policies, c->use, &rule->peers[i], 4));
		add_sorted(v6, add_set(n, c->policies, c->use, &rule->peers[i], 6));
	}
	sets = match_sets(v4, v6, c->g);
	if (!rule->n_peers)
		any = match_anybody(&n->network->conf, c->policies->profile);
	add_allows(n, c, any, BLOCK_INDEX_NONE);
	add_allows(n, c, blocks, BLOCK_INDEX);
	add_allows(n, c, sets, BLOCK_INDEX_NONE);
}

/* Rules of both directions are written whatever policyTypes says (§3.1). */
static void add_policy(const struct nets *n, const struct policies *p, const struct policy_use *u)
{
	_cleanup_free_ char *name = xasprintf("%s:%s", u->policy->ns, u->policy->name);
	_cleanup_free_ char *owner =
		xasprintf("MultiNetworkPolicy %s/%s", u->policy->ns, u->policy->name);
	_cleanup_json_ json_t *seen = json_object();
	json_t *ids = ids_new(n, "NetworkPolicy", name, name), *ports = json_array();
	_cleanup_free_ char *group = names_hash(primary_id(ids));
	struct rule_ctx c = {u, p, group, owner, INGRESS, 0, json_array()};

	for (int g = INGRESS; g <= EGRESS; g++) {
		c.g = (enum gress)g;
		if (p->profile == POLICY_SPEC && !policy_isolates(u->policy, c.g, p->profile))
			continue;
		for (c.index = 0; c.index < u->policy->n_rules[g]; c.index++)
			add_rule(n, &c);
	}
	add_ports(n, u, ports, seen);
	add_group(n, ids, ports, c.acls, owner);
}

/* ---- a network's policies ---- */

static bool all_rejected(const struct policies *p, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++)
		if (!p->uses[i].rejected)
			return false;
	return true;
}

/* uses[first..last): one namespace's on one network. */
static void add_namespace(struct nets *n, const struct policies *p, size_t first, size_t last)
{
	if (all_rejected(p, first, last))
		return;
	add_deny(n, p, first, last, INGRESS);
	add_deny(n, p, first, last, EGRESS);
	for (size_t i = first; i < last; i++)
		if (!p->uses[i].rejected)
			add_policy(n, p, &p->uses[i]);
}

static bool same_scope(const struct policy_use *a, const struct policy_use *b)
{
	return a->network == b->network && streq(a->policy->ns, b->policy->ns);
}

void plan_policies(json_t *plan, const struct ovnk_view *v, const char *zone)
{
	const struct policies *p = v->policies;
	struct nets n = {.view = v, .zone = zone, .plan = plan};
	size_t last;

	for (size_t i = 0; p && i < p->n_uses; i = last) {
		if (p->uses[i].network != n.network) {
			free(n.controller);
			json_decref(n.sets);
			n.network = p->uses[i].network;
			n.controller = names_controller(n.network->name);
			n.sets = json_object();
		}
		for (last = i + 1; last < p->n_uses && same_scope(&p->uses[i], &p->uses[last]);)
			last++;
		add_namespace(&n, p, i, last);
	}
	free(n.controller);
	json_decref(n.sets);
}
