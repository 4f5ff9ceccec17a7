/* SPDX-License-Identifier: Apache-2.0 */
/* One rule of a policy against one packet, and in words. */
#include "oracle/policy_priv.h"

#include <strings.h>

#include "api/meta.h"
#include "base/buf.h"

/* ---- peers ---- */

static bool in_cidr(const char *cidr, const struct ip *a)
{
	struct ipnet net;

	if (!cidr || !ipnet_parse(cidr, &net))
		return false;
	net = ipnet_masked(&net);
	return ipnet_has(&net, a);
}

static bool in_block(const json_t *block, const struct ip *a)
{
	json_t *x;
	size_t i;

	if (!in_cidr(jstr(block, "cidr", NULL), a))
		return false;
	json_array_foreach(json_object_get(block, "except"), i, x)
		if (in_cidr(json_string_value(x), a))
			return false;
	return true;
}

static bool selected(const json_t *selector, const json_t *labels)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_selector_ struct selector *s = selector_from_object(selector, "selector", &d);

	return s && selector_match(s, labels);
}

static bool peer_matches(const struct oracle *o, const struct opolicy *p, const json_t *peer,
			 const struct opacket *k)
{
	const json_t *block = json_object_get(peer, "ipBlock");
	const json_t *pods = json_object_get(peer, "podSelector");
	const json_t *spaces = json_object_get(peer, "namespaceSelector");

	if (block)
		return in_block(block, &k->peer);
	if (!k->pod || !k->ns)
		return false;
	if (spaces ? !selected(spaces, jget(json_object_get(o->spaces, k->ns), "metadata.labels"))
		   : !streq(k->ns, p->ns))
		return false;
	return !pods || selected(pods, opod_labels(o, k->ns, k->pod));
}

/* Without subnets, upstream's "everybody" is IPv4 (deviation v4-only). */
static bool everybody(const struct oracle *o, const struct opacket *k)
{
	const char *subnets = json_string_value(json_object_get(o->subnets, k->network));

	return o->opts.spec || (subnets && *subnets) || k->peer.family == 4;
}

static bool peers_match(const struct oracle *o, const struct opolicy *p, const json_t *list,
			const struct opacket *k)
{
	json_t *peer;
	size_t i;

	if (!json_array_size(list))
		return everybody(o, k);
	json_array_foreach(list, i, peer)
		if (peer_matches(o, p, peer, k))
			return true;
	return false;
}

/* ---- ports ---- */

/* Number of the container port of that name; 0 when the pod has none. */
static int container_port(const struct oracle *o, const struct opacket *k, const char *name)
{
	_cleanup_free_ char *key = xasprintf("%s/%s", k->dst_ns ?: "", k->dst_pod ?: "");
	json_t *c, *port;
	size_t i, n;

	json_array_foreach(jget(json_object_get(o->pods, key), "spec.containers"), i, c)
		json_array_foreach(json_object_get(c, "ports"), n, port)
			if (streq(jstr(port, "name", ""), name) &&
			    strcasecmp(jstr(port, "protocol", "TCP"), k->proto) == 0)
				return (int)jint(port, "containerPort", 0);
	return 0;
}

static bool port_matches(const struct oracle *o, const json_t *entry, const struct opacket *k)
{
	const json_t *port = json_object_get(entry, "port");
	long long low = jint(entry, "port", 0), high = jint(entry, "endPort", 0);

	if (!port)
		return true;
	if (json_is_string(port))
		return o->opts.spec && container_port(o, k, json_string_value(port)) == k->port;
	return k->port >= low && k->port <= (high ? high : low);
}

static bool is_proto(const json_t *entry, const struct opacket *k)
{
	return strcasecmp(jstr(entry, "protocol", "TCP"), k->proto) == 0;
}

/*
 * As upstream reads it, only numbers count; where a protocol has none, its entries stand for the
 * whole protocol (deviations named-port and protocol-lost).
 */
static bool ports_match_ovnk(const struct oracle *o, const json_t *list, const struct opacket *k)
{
	bool named = false, numbers = false, hit = false;
	json_t *e;
	size_t i;

	json_array_foreach(list, i, e) {
		if (!is_proto(e, k))
			continue;
		named = true;
		if (!json_is_integer(json_object_get(e, "port")))
			continue;
		numbers = true;
		hit |= port_matches(o, e, k);
	}
	return numbers ? hit : named;
}

static bool ports_match(const struct oracle *o, const json_t *list, const struct opacket *k)
{
	json_t *e;
	size_t i;

	if (!json_array_size(list))
		return true;
	if (!o->opts.spec)
		return ports_match_ovnk(o, list, k);
	json_array_foreach(list, i, e)
		if (is_proto(e, k) && port_matches(o, e, k))
			return true;
	return false;
}

bool orule_matches(const struct oracle *o, const struct opolicy *p, const json_t *rule,
		   const char *peers, const struct opacket *k)
{
	return peers_match(o, p, json_object_get(rule, peers), k) &&
	       ports_match(o, json_object_get(rule, "ports"), k);
}

/* ---- in words ---- */

static void add_ports(struct buf *b, const json_t *list)
{
	json_t *e;
	size_t i;

	if (!json_array_size(list))
		buf_adds(b, "everything");
	json_array_foreach(list, i, e) {
		const json_t *port = json_object_get(e, "port");

		buf_printf(b, "%s%s", i ? ", " : "", jstr(e, "protocol", "TCP"));
		if (json_is_string(port))
			buf_printf(b, " port \"%s\"", json_string_value(port));
		else if (json_is_integer(port))
			buf_printf(b, " %lld", (long long)json_integer_value(port));
		if (jint(e, "endPort", 0))
			buf_printf(b, "-%lld", jint(e, "endPort", 0));
	}
}

static void add_selector(struct buf *b, const json_t *selector, const char *what)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_selector_ struct selector *s = selector_from_object(selector, what, &d);
	_cleanup_free_ char *text = s ? selector_text(s) : xstrdup("malformed");

	if (json_object_size(selector))
		buf_printf(b, "%s with %s", what, text);
	else
		buf_printf(b, "all %s", what);
}

static void add_peer(struct buf *b, const json_t *peer)
{
	const json_t *block = json_object_get(peer, "ipBlock"), *x;
	const json_t *pods = json_object_get(peer, "podSelector");
	const json_t *spaces = json_object_get(peer, "namespaceSelector");
	size_t i;

	if (block) {
		buf_printf(b, "%s", jstr(block, "cidr", "?"));
		json_array_foreach(json_object_get(block, "except"), i, x)
			buf_printf(b, "%s%s", i ? ", " : " except ", json_string_value(x) ?: "?");
		return;
	}
	if (pods)
		add_selector(b, pods, "pods");
	if (pods && spaces)
		buf_adds(b, " of ");
	if (spaces)
		add_selector(b, spaces, "namespaces");
	else
		buf_adds(b, " of the policy's namespace");
}

char *orule_text(const json_t *rule, enum side s)
{
	const json_t *list = json_object_get(rule, s == SIDE_INGRESS ? "from" : "to"), *peer;
	struct buf b = BUF_INIT;
	size_t i;

	add_ports(&b, json_object_get(rule, "ports"));
	buf_printf(&b, " %s ", s == SIDE_INGRESS ? "from" : "to");
	if (!json_array_size(list))
		buf_adds(&b, "everybody");
	json_array_foreach(list, i, peer) {
		buf_adds(&b, i ? ", or " : "");
		add_peer(&b, peer);
	}
	return buf_take(&b);
}
