/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of one generated case, and what they are in words. */
#include "api/selector.h"
#include "scenario/generate_priv.h"

#define RULES_MAX 2

struct draft {
	struct generator *g;
	const struct gen_network *net;
	json_t *tags;
	struct buf text;
	const char *ns; /* of the policy that is written */
	bool blocks;	/* peers are ipBlocks only: a network without subnets takes no others */
};

void generate_tag(json_t *tags, const char *group, const char *value)
{
	_cleanup_free_ char *tag = xasprintf("%s=%s", group, value);

	if (!jhas_str(tags, tag))
		json_array_append_new(tags, jstring(tag));
}

static void tag(struct draft *d, const char *group, const char *value)
{
	generate_tag(d->tags, group, value);
}

/* ---- selectors ---- */

static json_t *by_label(const char *key, const char *value)
{
	return json_pack("{s:{s:s}}", "matchLabels", key, value);
}

static json_t *by_expression(const char *key, const char *operator, json_t * values)
{
	return json_pack("{s:[{s:s, s:s, s:o*}]}", "matchExpressions", "key", key,
			 "operator", operator, "values", values);
}

static json_t *some_pods(struct generator *g)
{
	switch (prng_below(&g->rng, 8)) {
	case 0:
		return by_expression("tier", "In", json_pack("[s, s]", "web", "db"));
	case 1:
		return by_expression("pod", "NotIn", json_pack("[s]", "b"));
	case 2:
		return by_expression("tier", "Exists", NULL);
	case 3:
		return by_expression("tier", "DoesNotExist", NULL);
	case 4:
		return json_pack("{s:{s:s, s:s}}", "matchLabels", "pod", "a", "tier", "web");
	case 5:
		return by_label("tier", "web");
	case 6:
		return by_label("pod", "a");
	default:
		return by_label("pod", "b");
	}
}

static json_t *some_namespaces(struct generator *g)
{
	switch (prng_below(&g->rng, 6)) {
	case 0:
		return by_expression("ns", "In", json_pack("[s, s]", "x", "z"));
	case 1:
		return by_expression("ns", "NotIn", json_pack("[s]", "x"));
	case 2:
		return by_label("team", "blue");
	case 3:
		return by_label("kubernetes.io/metadata.name", "y");
	case 4:
		return by_label("ns", "x");
	default:
		return by_label("ns", "y");
	}
}

static void say_selector(struct draft *d, const char *what, const json_t *selector)
{
	_cleanup_diags_ struct diags diags = DIAGS_INIT;
	_cleanup_selector_ struct selector *s = selector_from_object(selector, what, &diags);
	_cleanup_free_ char *text = s ? selector_text(s) : xstrdup("malformed");

	if (json_object_size(selector))
		buf_printf(&d->text, "%s {%s}", what, text);
	else
		buf_printf(&d->text, "all %s", what);
}

/* ---- peers ---- */

/* A part of the network's range in which the pods' addresses (.1 to .4) may lie or not. */
static char *some_range(struct draft *d, bool v6, unsigned from, unsigned to)
{
	unsigned len = from + (unsigned)prng_below(&d->g->rng, to - from + 1);
	unsigned host = (unsigned)prng_below(&d->g->rng, 6) & ~((1u << (32 - len)) - 1);

	return v6 ? xasprintf("fd00:%x::%x/%u", d->net->index + 1, host, len + 96)
		  : xasprintf("10.%u.0.%u/%u", d->net->index + 1, host, len);
}

static json_t *block(struct draft *d)
{
	static const char *const kinds[] = {"no-except", "with-except"};
	unsigned kind = generate_deal(d->g, DIM_BLOCK, 2);
	bool v6 = d->net->v6 && (!d->net->v4 || generate_chance(d->g, 50));
	_cleanup_free_ char *cidr = NULL, *hole = NULL;
	json_t *b;

	tag(d, "peer-ipblock", kinds[kind]);
	if (!kind) {
		cidr = some_range(d, v6, 30, 32);
		buf_adds(&d->text, cidr);
		return json_pack("{s:{s:s}}", "ipBlock", "cidr", cidr);
	}
	cidr = v6 ? xasprintf("fd00:%x::/64", d->net->index + 1)
		  : xasprintf("10.%u.0.0/%d", d->net->index + 1,
			      generate_chance(d->g, 50) ? 24 : 29);
	hole = some_range(d, v6, 30, 32);
	buf_printf(&d->text, "%s except %s", cidr, hole);
	b = json_pack("{s:s, s:[s]}", "cidr", cidr, "except", hole);
	if (generate_chance(d->g, 30)) {
		_cleanup_free_ char *more = some_range(d, v6, 31, 32);

		if (!streq(more, hole)) {
			buf_printf(&d->text, ", %s", more);
			json_array_append_new(json_object_get(b, "except"), jstring(more));
		}
	}
	return json_pack("{s:o}", "ipBlock", b);
}

enum peer {
	PEER_ALL_PODS,
	PEER_BY_LABEL,
	PEER_ALL_NAMESPACES,
	PEER_NAMESPACES,
	PEER_BOTH,
	PEER_BLOCK,
	PEER_BLOCK_AGAIN,
	N_PEERS,
};

static json_t *selector_peer(struct draft *d, enum peer kind)
{
	json_t *pods = NULL, *spaces = NULL;

	if (kind == PEER_ALL_PODS || kind == PEER_BY_LABEL) {
		tag(d, "peer-pods", "policy-namespace");
		tag(d, "peer-pods", kind == PEER_ALL_PODS ? "all-pods" : "by-label");
		pods = kind == PEER_ALL_PODS ? json_object() : some_pods(d->g);
	} else {
		tag(d, "peer-pods",
		    kind == PEER_ALL_NAMESPACES ? "all-namespaces" : "namespaces-by-label");
		spaces = kind == PEER_ALL_NAMESPACES ? json_object() : some_namespaces(d->g);
		if (kind == PEER_BOTH) {
			tag(d, "peer-pods", "by-label");
			pods = some_pods(d->g);
		}
	}
	if (pods)
		say_selector(d, "pods", pods);
	buf_adds(&d->text, pods && spaces ? " of " : "");
	if (spaces)
		say_selector(d, "namespaces", spaces);
	return json_pack("{s:o*, s:o*}", "podSelector", pods, "namespaceSelector", spaces);
}

static json_t *peer(struct draft *d)
{
	enum peer kind = (enum peer)generate_deal(d->g, DIM_PEER, N_PEERS);

	return d->blocks || kind >= PEER_BLOCK ? block(d) : selector_peer(d, kind);
}

static json_t *peers(struct draft *d, unsigned n, const char *preposition)
{
	json_t *list = json_array();

	buf_printf(&d->text, " %s ", preposition);
	for (unsigned i = 0; i < n; i++) {
		buf_adds(&d->text, i ? " or " : "");
		json_array_append_new(list, peer(d));
	}
	return list;
}

/* ---- ports ---- */

static json_t *port(struct draft *d)
{
	static const char *const protocols[] = {"TCP", "UDP", "TCP", "SCTP", "TCP", "UDP"};
	static const char *const kinds[] = {"numbered", "numbered", "end-port",
					    "end-port", "named",    "protocol"};
	const char *proto = protocols[generate_deal(d->g, DIM_PROTOCOL, ARRAY_SIZE(protocols))];
	const char *kind = kinds[generate_deal(d->g, DIM_PORT, ARRAY_SIZE(kinds))];
	json_int_t number = 80 + (json_int_t)prng_below(&d->g->rng, 2), end;
	json_t *p = json_pack("{s:s}", "protocol", proto);

	tag(d, "port", kind);
	tag(d, "protocol", streq(proto, "TCP") ? "tcp" : streq(proto, "UDP") ? "udp" : "sctp");
	buf_printf(&d->text, "%s", proto);
	if (streq(kind, "protocol"))
		return p;
	if (streq(kind, "named")) {
		jset_str(p, "port", streq(proto, "UDP") ? "dns" : "web");
		buf_printf(&d->text, " \"%s\"", jstr(p, "port", ""));
		return p;
	}
	if (streq(kind, "end-port")) {
		number -= (json_int_t)prng_below(&d->g->rng, 3);
		end = number + (json_int_t)prng_below(&d->g->rng, 3);
		json_object_set_new(p, "endPort", json_integer(end));
	}
	json_object_set_new(p, "port", json_integer(number));
	buf_printf(&d->text, " %lld", (long long)number);
	if (json_object_get(p, "endPort"))
		buf_printf(&d->text, "-%lld", jint(p, "endPort", 0));
	return p;
}

static json_t *ports(struct draft *d, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++) {
		buf_adds(&d->text, i ? ", " : "");
		json_array_append_new(list, port(d));
	}
	return list;
}

/* ---- rules ---- */

enum rule {
	RULE_DENY_ALL,
	RULE_ALLOW_ALL,
	RULE_ANY_PEER,
	RULE_ANY_PORT,
	RULE_MULTI_PEER,
	RULE_MULTI_PORT,
	RULE_ONE,
	N_RULES,
};

static json_t *rule(struct draft *d, enum rule kind, const char *side)
{
	static const char *const names[] = {
		"deny-all",   "allow-all",	     "any-peer",	 "any-port-protocol",
		"multi-peer", "multi-port-protocol", "one-peer-one-port"};
	json_t *r = json_object();

	tag(d, "rule", names[kind]);
	if (kind == RULE_ALLOW_ALL || kind == RULE_ANY_PORT ||
	    (kind == RULE_MULTI_PEER && generate_chance(d->g, 50))) {
		buf_adds(&d->text, "everything");
		tag(d, "port", "any");
	} else {
		json_object_set_new(r, "ports", ports(d, kind == RULE_MULTI_PORT ? 2 : 1));
	}
	if (kind == RULE_ALLOW_ALL || kind == RULE_ANY_PEER)
		buf_printf(&d->text, " %s everybody", side);
	else
		json_object_set_new(r, side, peers(d, kind == RULE_MULTI_PEER ? 2 : 1, side));
	return r;
}

static json_t *rules(struct draft *d, const char *section, const char *side)
{
	enum rule kind = (enum rule)generate_deal(d->g, DIM_RULE, N_RULES);
	unsigned n = generate_chance(d->g, 25) ? RULES_MAX : 1;
	json_t *list = json_array();

	buf_printf(&d->text, "; %s ", section);
	if (kind == RULE_DENY_ALL) {
		tag(d, "rule", "deny-all");
		buf_adds(&d->text, "nothing");
		return list;
	}
	for (unsigned i = 0; i < n; i++) {
		buf_adds(&d->text, i ? " and " : "");
		json_array_append_new(list, rule(d, i ? RULE_ONE : kind, side));
	}
	return list;
}

/* ---- policies ---- */

static json_t *target(struct draft *d)
{
	json_t *s;

	if (generate_deal(d->g, DIM_TARGET, 3) == 0) {
		tag(d, "target", "namespace");
		s = json_object();
	} else {
		tag(d, "target", "pod-selector");
		s = some_pods(d->g);
	}
	return s;
}

enum direction { DIR_INGRESS, DIR_EGRESS, DIR_BOTH, N_DIRECTIONS };

static const char *const direction_names[] = {"ingress", "egress", "both"};

static json_t *types_of(enum direction dir)
{
	json_t *types = json_array();

	if (dir != DIR_EGRESS)
		json_array_append_new(types, json_string("Ingress"));
	if (dir != DIR_INGRESS)
		json_array_append_new(types, json_string("Egress"));
	return types;
}

/* An empty policy of this name. The annotation may leave out the NAD's own namespace. */
static json_t *policy(struct draft *d, unsigned index, json_t *selector, enum direction dir)
{
	_cleanup_free_ char *name = xasprintf("%s-%c", d->net->name, 'a' + (char)index);
	bool bare = streq(d->ns, "x") && generate_chance(d->g, 50);
	_cleanup_free_ char *nad = xasprintf("%s%s", bare ? "" : "x/", d->net->name);

	tag(d, "direction", direction_names[dir]);
	buf_printf(&d->text, "%s%s/%s: ", index ? " | " : "", d->ns, name);
	say_selector(d, "pods", selector);
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:{s:o, s:o}}", "apiVersion",
			 "k8s.cni.cncf.io/v1beta1", "kind", "MultiNetworkPolicy", "metadata",
			 "name", name, "namespace", d->ns, "annotations",
			 "k8s.v1.cni.cncf.io/policy-for", nad, "spec", "podSelector", selector,
			 "policyTypes", types_of(dir));
}

static const char *some_namespace(struct generator *g)
{
	static const char *const names[] = {"x", "x", "x", "y", "z"};

	return names[generate_deal(g, DIM_NAMESPACE, ARRAY_SIZE(names))];
}

static json_t *plain_policy(struct draft *d, unsigned index)
{
	enum direction dir = (enum direction)generate_deal(d->g, DIM_DIRECTION, N_DIRECTIONS);
	json_t *p;

	d->ns = some_namespace(d->g);
	p = policy(d, index, target(d), dir);
	if (dir != DIR_EGRESS)
		jset(p, "spec.ingress", rules(d, "ingress", "from"));
	if (dir != DIR_INGRESS)
		jset(p, "spec.egress", rules(d, "egress", "to"));
	if (generate_deal(d->g, DIM_TYPES, 12) == 0) { /* as upstream's own files do */
		jdel(p, "spec.policyTypes");
		tag(d, "misc", "no-policy-types");
		buf_adds(&d->text, "; policyTypes left out");
	}
	return p;
}

/* Policies that say the opposite of each other: what is allowed adds up. */
static void conflict(struct draft *d, json_t *list)
{
	enum direction dir = generate_chance(d->g, 50) ? DIR_INGRESS : DIR_EGRESS;
	const char *section = dir == DIR_INGRESS ? "ingress" : "egress";
	const char *side = dir == DIR_INGRESS ? "from" : "to";
	_cleanup_free_ char *path = xasprintf("spec.%s", section);
	json_t *selector = generate_chance(d->g, 50) ? json_object() : some_pods(d->g);
	json_t *deny, *allow;

	tag(d, "misc", "conflict");
	d->ns = some_namespace(d->g);
	deny = policy(d, 0, json_incref(selector), dir);
	buf_printf(&d->text, "; %s nothing", section);
	tag(d, "rule", "deny-all");
	jset(deny, path, json_array());
	json_array_append_new(list, deny);
	allow = policy(d, 1, selector, dir);
	buf_printf(&d->text, "; %s ", section);
	jset(allow, path,
	     json_pack("[o]",
		       rule(d, generate_chance(d->g, 50) ? RULE_ALLOW_ALL : RULE_ONE, side)));
	json_array_append_new(list, allow);
}

static json_t *peculiar_ports(struct draft *d, unsigned kind)
{
	static const char *const said[] = {"TCP and TCP 80", "UDP 80-80", "TCP 1-65535",
					   "TCP 80, TCP 80 and TCP 80-81"};

	buf_adds(&d->text, said[kind]);
	switch (kind) {
	case 0: /* the entry without a port is lost (deviation protocol-lost) */
		return json_pack("[{s:s}, {s:s, s:i}]", "protocol", "TCP", "protocol", "TCP",
				 "port", 80);
	case 1:
		return json_pack("[{s:s, s:i, s:i}]", "protocol", "UDP", "port", 80, "endPort", 80);
	case 2:
		return json_pack("[{s:i, s:i}]", "port", 1, "endPort", 65535);
	default:
		return json_pack("[{s:i}, {s:s, s:i}, {s:i, s:i}]", "port", 80, "protocol", "TCP",
				 "port", 80, "port", 80, "endPort", 81);
	}
}

static json_t *halves(const struct draft *d)
{
	return d->net->v4 ? json_pack("{s:o, s:[o, o]}", "cidr",
				      jstringf("10.%u.0.0/24", d->net->index + 1), "except",
				      jstringf("10.%u.0.0/25", d->net->index + 1),
				      jstringf("10.%u.0.128/25", d->net->index + 1))
			  : json_pack("{s:o, s:[o, o]}", "cidr",
				      jstringf("fd00:%x::/64", d->net->index + 1), "except",
				      jstringf("fd00:%x::/65", d->net->index + 1),
				      jstringf("fd00:%x:0:0:8000::/65", d->net->index + 1));
}

/* Legal, and hardly meant: nobody selected, nobody admitted, everything excepted, odd ports. */
static json_t *pathological(struct draft *d)
{
	enum { NO_TARGET, NO_PEER, ALL_EXCEPTED, ODD_PORTS };
	unsigned kind = generate_deal(d->g, DIM_PECULIAR, 7);
	json_t *p, *r;

	tag(d, "misc", "pathological");
	d->ns = some_namespace(d->g);
	p = policy(d, 0, kind == NO_TARGET ? by_label("pod", "nobody") : json_object(),
		   DIR_INGRESS);
	buf_adds(&d->text, "; ingress ");
	if (kind >= ODD_PORTS) {
		r = json_pack("{s:o}", "ports", peculiar_ports(d, kind - ODD_PORTS));
		buf_adds(&d->text, " from everybody");
	} else if (kind == ALL_EXCEPTED) {
		r = json_pack("{s:[{s:o}]}", "from", "ipBlock", halves(d));
		buf_adds(&d->text, "everything from a range of which both halves are excepted");
	} else {
		r = json_pack("{s:[{s:o}]}", "from", "podSelector", by_label("pod", "nobody"));
		buf_adds(&d->text, "everything from pods {pod=nobody}");
	}
	jset(p, "spec.ingress", json_pack("[o]", r));
	return p;
}

static void stack(struct draft *d, json_t *list)
{
	static const uint8_t sizes[] = {1, 1, 1, 1, 2, 2, 3};
	unsigned n = sizes[generate_deal(d->g, DIM_STACK, ARRAY_SIZE(sizes))];

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, plain_policy(d, i));
}

json_t *generate_policies(struct generator *g, const struct gen_network *net)
{
	struct draft d = {.g = g, .net = net, .tags = json_array()};
	unsigned misc = generate_deal(g, DIM_MISC, 10);
	json_t *list = json_array(), *out;

	d.blocks = net->kind == NETWORK_BARE && !generate_chance(g, 25);
	if (misc == 0)
		conflict(&d, list);
	else if (misc == 1)
		json_array_append_new(list, pathological(&d));
	else
		stack(&d, list);
	if (json_array_size(list) > 1)
		tag(&d, "policy-stack", "several");
	else
		tag(&d, "policy-stack", "one");
	out = json_pack("{s:o, s:s, s:o}", "tags", d.tags, "text", buf_str(&d.text), "policies",
			list);
	buf_free(&d.text);
	return out;
}
