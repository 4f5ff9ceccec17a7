/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a MultiNetworkPolicy and the checks that its definition lacks (§1.5). */
#include "ovnk/policy.h"

#include <ctype.h>
#include <errno.h>

#include "api/meta.h"

#define RULE "policy"

struct reader {
	struct diags *d;
	bool bad;
};

const char *gress_name(enum gress g)
{
	return g == INGRESS ? "Ingress" : "Egress";
}

const char *policy_proto_name(enum policy_proto p)
{
	static const char *const names[] = {"tcp", "udp", "sctp"};

	return names[p];
}

static void bad(struct reader *r, const char *path, const char *fmt, ...) PRINTF(3, 4);
static void bad(struct reader *r, const char *path, const char *fmt, ...)
{
	_cleanup_free_ char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diags_add(r->d, DIAG_ERROR, RULE, path, "%s", msg);
	r->bad = true;
}

/* ---- ports ---- */

/* IANA_SVC_NAME: 1 to 15 of a-z, 0-9 and -, with a letter, no - at an end nor two in a row. */
static bool port_name_ok(const char *s)
{
	size_t n = strlen(s);
	bool letter = false;

	if (n < 1 || n > 15 || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!islower((unsigned char)s[i]) && !isdigit((unsigned char)s[i]) && s[i] != '-')
			return false;
		if (s[i] == '-' && s[i + 1] == '-')
			return false;
		letter |= islower((unsigned char)s[i]) != 0;
	}
	return letter;
}

static void read_proto(struct reader *r, const json_t *o, const char *path, struct policy_port *ret)
{
	static const char *const names[] = {"TCP", "UDP", "SCTP"};
	const char *text = jstr(o, "protocol", "TCP");
	_cleanup_free_ char *p = xasprintf("%s.protocol", path);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(text, names[i])) {
			ret->proto = (enum policy_proto)i;
			return;
		}
	bad(r, p, "Unsupported value: \"%s\": expected TCP, UDP or SCTP", text);
}

static void read_port_number(struct reader *r, const json_t *o, const char *path,
			     struct policy_port *ret)
{
	const json_t *v = json_object_get(o, "port");
	_cleanup_free_ char *p = xasprintf("%s.port", path);

	if (json_is_integer(v)) {
		json_int_t n = json_integer_value(v);

		if (n < 1 || n > 65535)
			bad(r, p, "Invalid value: %lld: expected 1 to 65535", (long long)n);
		else
			ret->port = (int)n;
	} else if (json_is_string(v)) {
		ret->name = json_string_value(v);
		if (!port_name_ok(ret->name))
			bad(r, p,
			    "Invalid value: \"%s\": expected a number, or a port name of at most "
			    "15 characters a-z, 0-9 and -, with a letter",
			    ret->name);
	}
}

static void read_end_port(struct reader *r, const json_t *o, const char *path,
			  struct policy_port *ret)
{
	const json_t *v = json_object_get(o, "endPort");
	long long n = (long long)json_integer_value(v);
	_cleanup_free_ char *p = xasprintf("%s.endPort", path);

	if (!v)
		return;
	if (!json_object_get(o, "port"))
		bad(r, p, "Forbidden: needs port beside it");
	else if (ret->name)
		bad(r, p, "Forbidden: port is a name (\"%s\"), a range needs a number", ret->name);
	else if (n > 65535)
		bad(r, p, "Invalid value: %lld: expected at most 65535", n);
	else if (n < ret->port)
		bad(r, p, "Invalid value: %lld: expected at least port (%d)", n, ret->port);
	else
		ret->end = (int)n;
}

static void read_ports(struct reader *r, const json_t *list, const char *path,
		       struct policy_rule *ret)
{
	json_t *o;
	size_t i;

	ret->ports = xcalloc(json_array_size(list) ?: 1, sizeof(*ret->ports));
	json_array_foreach(list, i, o) {
		_cleanup_free_ char *p = xasprintf("%s.ports.%zu", path, i);
		struct policy_port *port = &ret->ports[ret->n_ports++];

		read_proto(r, o, p, port);
		read_port_number(r, o, p, port);
		read_end_port(r, o, p, port);
	}
}

/* ---- peers ---- */

static bool read_cidr(struct reader *r, const json_t *v, const char *path, struct ipnet *ret)
{
	const char *text = json_string_value(v);

	if (text && ipnet_parse(text, ret))
		return true;
	bad(r, path, "Invalid value: \"%s\": expected address/prefix length", text ? text : "");
	return false;
}

static void read_block(struct reader *r, const json_t *o, const char *path, struct policy_peer *ret)
{
	_cleanup_free_ char *pc = xasprintf("%s.cidr", path);
	bool ok = read_cidr(r, json_object_get(o, "cidr"), pc, &ret->cidr);
	json_t *v;
	size_t i;

	ret->is_block = true;
	json_array_foreach(json_object_get(o, "except"), i, v) {
		_cleanup_free_ char *p = xasprintf("%s.except.%zu", path, i);
		struct ipnet net, cidr = ipnet_masked(&ret->cidr), inner;

		if (!read_cidr(r, v, p, &net))
			continue;
		inner = ipnet_masked(&net);
		ipnets_add(&ret->except, &net);
		if (ok && (net.ip.family != cidr.ip.family || net.len <= cidr.len ||
			   !ipnet_contains(&cidr, &inner)))
			bad(r, p, "Invalid value: \"%s\": must lie inside cidr %s and be smaller",
			    json_string_value(v), jstr(o, "cidr", ""));
	}
}

static struct selector *read_selector(struct reader *r, const json_t *o, const char *path)
{
	struct selector *s;

	if (!o)
		return NULL;
	s = selector_from_object(o, path, r->d);
	r->bad |= !s;
	return s;
}

static void read_peer(struct reader *r, const json_t *o, const char *path, struct policy_peer *ret)
{
	const json_t *block = json_object_get(o, "ipBlock");
	_cleanup_free_ char *pp = xasprintf("%s.podSelector", path);
	_cleanup_free_ char *pn = xasprintf("%s.namespaceSelector", path);
	_cleanup_free_ char *pb = xasprintf("%s.ipBlock", path);

	ret->pods_obj = json_object_get(o, "podSelector");
	ret->namespaces_obj = json_object_get(o, "namespaceSelector");
	ret->pods = read_selector(r, ret->pods_obj, pp);
	ret->namespaces = read_selector(r, ret->namespaces_obj, pn);
	if (block)
		read_block(r, block, pb, ret);
	if (block && (ret->pods_obj || ret->namespaces_obj))
		bad(r, path, "Forbidden: ipBlock may not stand beside a selector in one peer");
	if (!block && !ret->pods_obj && !ret->namespaces_obj)
		bad(r, path, "Required value: expected ipBlock, podSelector or namespaceSelector");
}

/* ---- rules ---- */

static void read_rules(struct reader *r, const json_t *spec, enum gress g, struct policy *ret)
{
	const char *section = g == INGRESS ? "ingress" : "egress";
	const char *peers = g == INGRESS ? "from" : "to";
	const json_t *list = json_object_get(spec, section);
	json_t *o, *peer;
	size_t i, k;

	ret->section[g] = list != NULL;
	ret->rules[g] = xcalloc(json_array_size(list) ?: 1, sizeof(*ret->rules[g]));
	json_array_foreach(list, i, o) {
		struct policy_rule *rule = &ret->rules[g][ret->n_rules[g]++];
		_cleanup_free_ char *path = xasprintf("spec.%s.%zu", section, i);
		const json_t *from = json_object_get(o, peers);

		read_ports(r, json_object_get(o, "ports"), path, rule);
		rule->peers = xcalloc(json_array_size(from) ?: 1, sizeof(*rule->peers));
		json_array_foreach(from, k, peer) {
			_cleanup_free_ char *p = xasprintf("%s.%s.%zu", path, peers, k);

			read_peer(r, peer, p, &rule->peers[rule->n_peers++]);
		}
	}
}

static void read_types(struct reader *r, const json_t *list, struct policy *ret)
{
	json_t *v;
	size_t i;

	ret->types_given = json_array_size(list) > 0;
	json_array_foreach(list, i, v) {
		_cleanup_free_ char *path = xasprintf("spec.policyTypes.%zu", i);
		const char *text = json_string_value(v) ?: "";

		if (streq(text, "Ingress"))
			ret->type[INGRESS] = true;
		else if (streq(text, "Egress"))
			ret->type[EGRESS] = true;
		else
			bad(r, path, "Unsupported value: \"%s\": expected Ingress or Egress", text);
	}
	if (json_array_size(list) > 2)
		bad(r, "spec.policyTypes", "Too many: %zu: expected at most 2",
		    json_array_size(list));
}

/* The annotation: a comma list, blanks do not count, the namespace is the policy's when left out.
 */
static void read_networks(struct policy *ret)
{
	_cleanup_free_ char *text = xstrdup(meta_annotation(ret->obj, POLICY_FOR) ?: "");
	char *out = text, *save = NULL;

	for (const char *in = text; *in; in++)
		if (!isspace((unsigned char)*in))
			*out++ = *in;
	*out = '\0';
	for (char *item = strtok_r(text, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		ret->nads = xrealloc(ret->nads, (ret->n_nads + 1) * sizeof(*ret->nads));
		ret->nads[ret->n_nads++] =
			strchr(item, '/') ? xstrdup(item) : xasprintf("%s/%s", ret->ns, item);
	}
}

int policy_decode(const json_t *obj, struct policy *ret, struct diags *d)
{
	const json_t *spec = json_object_get(obj, "spec");
	struct reader r = {.d = d};

	*ret = (struct policy){.obj = json_incref((json_t *)(uintptr_t)obj),
			       .ns = xstrdup(meta_ns(obj)),
			       .name = xstrdup(meta_name(obj)),
			       .uid = xstrdup(meta_uid(obj) ?: "")};
	ret->pods = read_selector(&r, json_object_get(spec, "podSelector"), "spec.podSelector");
	read_types(&r, json_object_get(spec, "policyTypes"), ret);
	read_rules(&r, spec, INGRESS, ret);
	read_rules(&r, spec, EGRESS, ret);
	read_networks(ret);
	ret->stateless = streq(meta_annotation(obj, POLICY_STATELESS) ?: "", "true");
	if (!r.bad)
		return 0;
	policy_free(ret);
	return -EINVAL;
}

static void rule_free(struct policy_rule *r)
{
	for (size_t i = 0; i < r->n_peers; i++) {
		ipnets_free(&r->peers[i].except);
		selector_free(r->peers[i].pods);
		selector_free(r->peers[i].namespaces);
	}
	free(r->peers);
	free(r->ports);
}

void policy_free(struct policy *p)
{
	for (int g = INGRESS; g <= EGRESS; g++) {
		for (size_t i = 0; i < p->n_rules[g]; i++)
			rule_free(&p->rules[g][i]);
		free(p->rules[g]);
	}
	for (size_t i = 0; i < p->n_nads; i++)
		free(p->nads[i]);
	free(p->nads);
	selector_free(p->pods);
	free(p->ns);
	free(p->name);
	free(p->uid);
	json_decref(p->obj);
	*p = (struct policy){0};
}

bool policy_isolates(const struct policy *p, enum gress g, enum policy_profile profile)
{
	if (p->types_given || profile == POLICY_OVNK)
		return p->type[g];
	return g == INGRESS || p->section[EGRESS];
}
