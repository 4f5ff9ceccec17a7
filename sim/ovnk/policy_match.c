/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/policy_match.h"

/* ---- selectors ---- */

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted texts joined by separator; frees the texts. */
static void join_sorted(struct buf *out, char **texts, size_t n, const char *separator)
{
	if (n)
		qsort(texts, n, sizeof(*texts), text_cmp);
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s%s", i ? separator : "", texts[i]);
		free(texts[i]);
	}
}

static char *requirement_text(const json_t *e)
{
	const json_t *values = json_object_get(e, "values");
	_cleanup_free_ char **texts = xcalloc(json_array_size(values) ?: 1, sizeof(*texts));
	struct buf b = BUF_INIT;
	size_t n = 0, i;
	json_t *v;

	json_array_foreach(values, i, v)
		texts[n++] = xstrdup(json_string_value(v) ?: "");
	buf_printf(&b, "LSR{Key:%s,Operator:%s,Values:[", jstr(e, "key", ""),
		   jstr(e, "operator", ""));
	join_sorted(&b, texts, n, " ");
	buf_adds(&b, "],}");
	return buf_take(&b);
}

static void add_labels(struct buf *b, const json_t *labels)
{
	_cleanup_free_ char **texts = xcalloc(json_object_size(labels) + 1, sizeof(*texts));
	size_t n = 0;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)labels, key, v)
		texts[n++] = xasprintf("%s: %s,", key, json_string_value(v) ?: "");
	if (!n)
		return;
	buf_adds(b, "ML:{");
	join_sorted(b, texts, n, "");
	buf_adds(b, "},");
}

char *match_selector_text(const json_t *selector)
{
	const json_t *list = json_object_get(selector, "matchExpressions");
	_cleanup_free_ char **texts = xcalloc(json_array_size(list) + 1, sizeof(*texts));
	struct buf b = BUF_INIT;
	size_t n = 0, i;
	json_t *e;

	buf_adds(&b, "LS{");
	add_labels(&b, json_object_get(selector, "matchLabels"));
	json_array_foreach(list, i, e)
		texts[n++] = requirement_text(e);
	if (n) {
		buf_adds(&b, "ME:{");
		join_sorted(&b, texts, n, ",");
		buf_adds(&b, "},");
	}
	buf_adds(&b, "}");
	return buf_take(&b);
}

char *match_peer_key(const struct policy_peer *peer, const char *policy_ns)
{
	_cleanup_free_ char *ns = peer->namespaces_obj ? match_selector_text(peer->namespaces_obj)
						       : xstrdup(policy_ns);
	_cleanup_free_ char *pods = match_selector_text(peer->pods_obj);

	return xasprintf("%s_%s%s", ns, pods,
			 peer->namespaces_obj && !peer->pods_obj ? "_LNM" : "");
}

/* ---- layer 4 ---- */

bool match_has_proto(const struct policy_rule *rule, enum policy_proto proto)
{
	for (size_t i = 0; i < rule->n_ports; i++)
		if (rule->ports[i].proto == proto)
			return true;
	return false;
}

/* An entry for the whole protocol: no port at all. A port's name counts as none (quirk, #2117). */
static bool covers_all(const struct policy_rule *rule, enum policy_proto proto)
{
	for (size_t i = 0; i < rule->n_ports; i++)
		if (rule->ports[i].proto == proto && !rule->ports[i].port && !rule->ports[i].name)
			return true;
	return false;
}

static size_t add_numbers(struct buf *b, const struct policy_rule *rule, enum policy_proto proto)
{
	size_t n = 0;

	for (size_t i = 0; i < rule->n_ports; i++) {
		const struct policy_port *p = &rule->ports[i];

		if (p->proto == proto && p->port && (!p->end || p->end == p->port))
			buf_printf(b, "%s%d", n++ ? "," : "", p->port);
	}
	return n;
}

/*
 * Beside numbers, an entry for the whole protocol is lost (quirk: the rule is narrower than
 * written).
 */
char *match_l4(const struct policy_rule *rule, enum policy_proto proto, enum policy_profile profile)
{
	const char *name = policy_proto_name(proto);
	_cleanup_buf_ struct buf numbers = BUF_INIT, all = BUF_INIT;
	size_t n = add_numbers(&numbers, rule, proto), parts = n > 0;

	if (profile == POLICY_SPEC && covers_all(rule, proto))
		return xstrdup(name);
	if (n)
		buf_printf(&all, n > 1 ? "%s.dst=={%s}" : "%s.dst==%s", name, buf_str(&numbers));
	for (size_t i = 0; i < rule->n_ports; i++) {
		const struct policy_port *p = &rule->ports[i];

		if (p->proto != proto || !p->end || p->end == p->port)
			continue;
		buf_printf(&all, "%s%d<=%s.dst<=%d", parts++ ? " || " : "", p->port, name, p->end);
	}
	if (!parts)
		return profile == POLICY_SPEC ? NULL : xstrdup(name);
	return xasprintf(parts > 1 ? "%s && (%s)" : "%s && %s", name, buf_str(&all));
}

/* ---- layer 3 ---- */

static const char *side(enum gress g)
{
	return g == INGRESS ? "src" : "dst";
}

static void add_block(struct buf *b, const struct policy_peer *p, enum gress g)
{
	char text[IPNET_TEXT_MAX];
	int family = p->cidr.ip.family;

	if (p->except.n)
		buf_adds(b, "(");
	buf_printf(b, "ip%d.%s == %s", family, side(g), ipnet_text(&p->cidr, text));
	if (!p->except.n)
		return;
	buf_printf(b, " && ip%d.%s != {", family, side(g));
	for (size_t i = 0; i < p->except.n; i++)
		buf_printf(b, "%s%s", i ? ", " : "", ipnet_text(&p->except.v[i], text));
	buf_adds(b, "})");
}

char *match_blocks(const struct policy_rule *rule, enum gress g)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t n = 0;

	for (size_t i = 0; i < rule->n_peers; i++) {
		if (!rule->peers[i].is_block)
			continue;
		buf_adds(&b, n++ ? " || " : "");
		add_block(&b, &rule->peers[i], g);
	}
	if (!n)
		return NULL;
	return xasprintf(n > 1 ? "(%s)" : "%s", buf_str(&b));
}

static void add_sets(struct buf *b, const json_t *names, int family, enum gress g)
{
	json_t *v;
	size_t i;

	if (!json_array_size(names))
		return;
	buf_printf(b, "%sip%d.%s == {", b->len ? " || " : "", family, side(g));
	json_array_foreach(names, i, v)
		buf_printf(b, "%s$%s", i ? ", " : "", json_string_value(v));
	buf_adds(b, "}");
}

char *match_sets(const json_t *v4, const json_t *v6, enum gress g)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	add_sets(&b, v4, 4, g);
	add_sets(&b, v6, 6, g);
	if (!b.len)
		return NULL;
	return xasprintf(json_array_size(v4) && json_array_size(v6) ? "(%s)" : "%s", buf_str(&b));
}

char *match_anybody(const struct netconf *c, enum policy_profile profile)
{
	bool v4 = false, v6 = false;

	for (size_t i = 0; i < c->subnets.n; i++) {
		v4 |= c->subnets.v[i].ip.family == 4;
		v6 |= c->subnets.v[i].ip.family == 6;
	}
	if (!c->subnets.n) {
		v4 = true;
		v6 = profile == POLICY_SPEC;
	}
	return xstrdup(v4 && v6 ? "(ip4 || ip6)" : v6 ? "ip6" : "ip4");
}
