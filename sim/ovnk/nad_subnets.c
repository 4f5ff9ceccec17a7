/* SPDX-License-Identifier: Apache-2.0 */
/* Subnet lists of a NAD: E15, E17, E18. */
#include "ovnk/nad_priv.h"

#include <ctype.h>
#include <errno.h>

static char *trimmed(const char *s, size_t n)
{
	while (n && isspace((unsigned char)*s))
		s++, n--;
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return xstrndup(s, n);
}

static bool blank(const char *s)
{
	return !s[strspn(s, " \t\r\n\v\f")];
}

static size_t slashes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '/';
	return n;
}

/* "10.0.0.0/16/24", of layer3: one host subnet a node. */
static int parse_host_part(char *entry, const struct ipnet *net, int host_len, struct err *e)
{
	long long len = host_len;
	char *second = strrchr(entry, '/');

	if (slashes(entry) == 2 && parse_int(second + 1, 0, 128, &len) < 0)
		return err_set(e, EINVAL, "CIDR \"%s\" not properly formatted", entry);
	if (net->ip.family == 6 && len != 64)
		return err_set(e, EINVAL, "IPv6 only supports /64 host subnets");
	if (net->ip.family == 4 && len > 32)
		return err_set(e, EINVAL, "invalid host subnet, IPv4 subnet must be < 32");
	if (len <= net->len)
		return err_set(
			e, EINVAL,
			"cannot use a host subnet length mask shorter than or equal to the cluster "
			"subnet mask. host subnet length: %lld, cluster subnet length: %d",
			len, net->len);
	return 0;
}

static int parse_entry(char *entry, bool host_part, struct ipnets *ret, struct err *e)
{
	size_t n = slashes(entry);
	_cleanup_free_ char *cidr = NULL;
	struct ipnet net;
	char *second;
	int r;

	if (n < 1 || n > (host_part ? 2u : 1u))
		return err_set(e, EINVAL, "CIDR \"%s\" not properly formatted", entry);
	second = strchr(strchr(entry, '/') + 1, '/');
	cidr = xstrndup(entry, second ? (size_t)(second - entry) : strlen(entry));
	if (!ipnet_parse(cidr, &net))
		return err_set(e, EINVAL,
			       "CIDR \"%s\" not properly formatted: invalid CIDR address: %s",
			       entry, cidr);
	net = ipnet_masked(&net);
	if (host_part) {
		r = parse_host_part(entry, &net, net.ip.family == 6 ? 64 : 24, e);
		if (r < 0)
			return r;
	}
	ipnets_add(ret, &net);
	return 0;
}

/* A comma list of CIDRs; nothing for blank text. */
static int parse_list(const char *text, bool host_part, struct ipnets *ret, struct err *e)
{
	if (blank(text))
		return 0;
	for (;;) {
		size_t n = strcspn(text, ",");
		_cleanup_free_ char *entry = trimmed(text, n);
		int r = parse_entry(entry, host_part, ret, e);

		if (r < 0)
			return r;
		if (!text[n])
			return 0;
		text += n + 1;
	}
}

/* How upstream wraps an error of a subnet list: l2 and l3 meet it inside the overlap check. */
static char *context(const struct netconf *c, const char *what)
{
	const char *topology = ovnk_topology_name(c->topology);

	if (c->topology == OVNK_LOCALNET)
		return xasprintf("invalid localnet netconf %s", c->name);
	if (!what)
		return xasprintf("invalid subnet configuration: error while parsing subnets: "
				 "invalid %s netconf %s",
				 topology, c->name);
	return xasprintf("invalid subnet configuration: error while parsing subnets: invalid %s "
			 "for %s netconf %s",
			 what, topology, c->name);
}

/* E17 for one key. */
static int parse_key(const struct nad_ctx *x, struct netconf *c, const char *key, const char *what,
		     struct ipnets *ret)
{
	bool host_part = c->topology == OVNK_LAYER3 && streq(key, "subnets");
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *where = NULL;

	if (parse_list(nad_text(c, key), host_part, ret, &e) == 0)
		return 0;
	where = context(c, what);
	return nad_fail(x, "E17", key, "%s: %s", where, err_msg(&e));
}

static bool inside_any(const struct ipnet *n, const struct ipnets *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (ipnet_contains(&l->v[i], n))
			return true;
	return false;
}

/* E18 for one key. kind: "excluded", "reserved", "infrastructure". */
static int check_inside(const struct nad_ctx *x, const struct netconf *c, const char *key,
			const char *kind, const struct ipnets *l)
{
	for (size_t i = 0; i < l->n; i++) {
		_cleanup_free_ char *where = NULL, *subnets = NULL;
		char text[IPNET_TEXT_MAX];

		if (inside_any(&l->v[i], &c->subnets))
			continue;
		where = context(c, NULL);
		subnets = ipnets_text(&c->subnets, " ");
		return nad_fail(
			x, "E18", key,
			"%s: the provided network subnets [%s] do not contain %s subnets %s", where,
			subnets, kind, ipnet_text(&l->v[i], text));
	}
	return 0;
}

static int parse_inner(const struct nad_ctx *x, struct netconf *c, const char *key,
		       const char *kind, struct ipnets *ret)
{
	_cleanup_free_ char *what =
		xasprintf("%s subnets", streq(kind, "excluded") ? "exclude" : kind);
	int r = parse_key(x, c, key, what, ret);

	return r < 0 ? r : check_inside(x, c, key, kind, ret);
}

/* The default of each family unless given. */
static int parse_join(const struct nad_ctx *x, struct netconf *c)
{
	_cleanup_(ipnets_free) struct ipnets given = {NULL, 0};
	_cleanup_err_ struct err e = ERR_INIT;

	if (parse_list(nad_text(c, "joinSubnet"), false, &given, &e) < 0)
		return nad_fail(x, "E17", "joinSubnet",
				"invalid subnet configuration: error while parsing subnets: %s",
				err_msg(&e));
	for (size_t i = 0; i < x->config->udn_join.n; i++) {
		struct ipnet n = x->config->udn_join.v[i];

		for (size_t k = 0; k < given.n; k++)
			if (given.v[k].ip.family == n.ip.family)
				n = given.v[k];
		ipnets_add(&c->join, &n);
	}
	return 0;
}

int nad_parse_subnets(const struct nad_ctx *x, struct netconf *c)
{
	int r = parse_key(x, c, "subnets", "network subnets", &c->subnets);

	if (r < 0)
		return r;
	if (c->topology != OVNK_LAYER3) /* there excludeSubnets has no effect */
		r = parse_inner(x, c, "excludeSubnets", "excluded", &c->exclude);
	if (r == 0 && c->topology == OVNK_LAYER2 && x->config->preconfigured_udn)
		r = parse_inner(x, c, "reservedSubnets", "reserved", &c->reserved);
	if (r == 0 && c->topology == OVNK_LAYER2 && x->config->preconfigured_udn)
		r = parse_inner(x, c, "infrastructureSubnets", "infrastructure",
				&c->infrastructure);
	if (r == 0 && c->topology != OVNK_LOCALNET)
		r = parse_join(x, c);
	return r;
}

struct labelled {
	const char *what;
	struct ipnet net;
};

static size_t label(struct labelled *v, size_t n, const char *what, const struct ipnets *l,
		    const struct ipnets *exclude)
{
	for (size_t i = 0; i < l->n; i++)
		if (!inside_any(&l->v[i], exclude))
			v[n++] = (struct labelled){what, l->v[i]};
	return n;
}

/*
 * E15. Ranges that an exclude covers completely take no part; the user's own subnets are compared
 * with each other too.
 */
int nad_check_overlap(const struct nad_ctx *x, const struct netconf *c)
{
	const struct ovnk_config *k = x->config;
	_cleanup_free_ struct labelled *v =
		xcalloc(k->cluster.n + k->service.n + k->join.n + k->masquerade.n + c->subnets.n +
				c->join.n + 1,
			sizeof(*v));
	size_t n = 0;

	n = label(v, n, "cluster subnet", &k->cluster, &c->exclude);
	n = label(v, n, "service subnet", &k->service, &c->exclude);
	n = label(v, n, "built-in join subnet", &k->join, &c->exclude);
	n = label(v, n, "masquerade subnet", &k->masquerade, &c->exclude);
	n = label(v, n, "user defined subnet", &c->subnets, &c->exclude);
	n = label(v, n, "user defined join subnet", &c->join, &c->exclude);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			char a[IPNET_TEXT_MAX], b[IPNET_TEXT_MAX];

			if (!ipnet_overlap(&v[i].net, &v[j].net))
				continue;
			return nad_fail(x, "E15", "subnets",
					"invalid subnet configuration: pod or join subnet overlaps "
					"with already configured internal subnets: illegal network "
					"configuration: %s \"%s\" overlaps %s \"%s\"",
					v[i].what, ipnet_text(&v[i].net, a), v[j].what,
					ipnet_text(&v[j].net, b));
		}
	return 0;
}
