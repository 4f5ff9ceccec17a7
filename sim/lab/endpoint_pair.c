/* SPDX-License-Identifier: Apache-2.0 */
/* Which interfaces and addresses of two endpoints speak to each other. Pure. */
#include "lab/endpoint.h"

#include "base/ip.h"

enum {
	SAME_NETWORK = 64,
	SAME_DOMAIN = 32,
	SAME_SUBNET = 16,
	BOTH_PHYSICAL = 8, /* a router may lie between them */
	COMMON_FAMILY = 4,
};

static const char *text(const json_t *iface, const char *key)
{
	return jstr(iface, key, NULL);
}

static const json_t *addresses(const json_t *iface, int family)
{
	return json_object_get(iface, family == 6 ? "addresses6" : "addresses4");
}

/* The prefix that an interface gives to one of its addresses. */
static bool prefix_of(const json_t *iface, const char *address, struct ipnet *ret)
{
	size_t n = strlen(address), i;
	json_t *v;

	json_array_foreach(json_object_get(iface, "cidrs"), i, v) {
		const char *cidr = json_string_value(v) ?: "";

		if (!strncmp(cidr, address, n) && cidr[n] == '/')
			return ipnet_parse(cidr, ret);
	}
	return false;
}

/* True when address, of self, lies in a subnet of peer's, and the other way round. */
static bool on_link(const json_t *self, const char *address, const json_t *peer, int family)
{
	struct ipnet mine, theirs;
	const json_t *v;
	size_t i;

	if (!prefix_of(self, address, &mine))
		return false;
	json_array_foreach(addresses(peer, family), i, v)
		if (prefix_of(peer, json_string_value(v), &theirs) &&
		    ipnet_has(&mine, &theirs.ip) && ipnet_has(&theirs, &mine.ip))
			return true;
	return false;
}

const char *endpoint_address(const json_t *self, const json_t *peer, int family)
{
	const json_t *list = addresses(self, family), *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (on_link(self, json_string_value(v), peer, family))
			return json_string_value(v);
	return json_string_value(json_array_get(list, 0));
}

static bool share_subnet(const json_t *f, const json_t *g)
{
	for (int family = 4; family <= 6; family += 2) {
		const json_t *v;
		size_t i;

		json_array_foreach(addresses(f, family), i, v)
			if (on_link(f, json_string_value(v), g, family))
				return true;
	}
	return false;
}

/* A domain of the physical world (lab/domain.h), out of which a router may lead. */
static bool physical(const char *domain)
{
	return domain && !str_after(domain, "layer2 ") && !str_after(domain, "network ");
}

static int score(const json_t *f, const json_t *g)
{
	const char *df = text(f, "domain"), *dg = text(g, "domain");
	int s = 0;

	/* Interfaces on one physical network may be in different VLANs of it. */
	if (text(f, "network") && streq0(text(f, "network"), text(g, "network")) &&
	    (!df || !dg || streq(df, dg)))
		s += SAME_NETWORK;
	if (df && dg && streq(df, dg))
		s += SAME_DOMAIN;
	else if (physical(df) && physical(dg))
		s += BOTH_PHYSICAL;
	if (share_subnet(f, g))
		s += SAME_SUBNET;
	if ((json_array_size(addresses(f, 4)) && json_array_size(addresses(g, 4))) ||
	    (json_array_size(addresses(f, 6)) && json_array_size(addresses(g, 6))))
		s += COMMON_FAMILY;
	return s;
}

/* "dc" and "dc vlan 10" both name the domain "dc vlan 10". */
static bool is_on(const json_t *iface, const char *network)
{
	const char *domain = text(iface, "domain");
	const char *rest = domain ? str_after(domain, network) : NULL;

	return streq0(text(iface, "network"), network) || (rest && (!*rest || *rest == ' '));
}

/* The endpoint's first interface on a network, or NULL. */
static const json_t *first_on(const json_t *endpoint, const char *network)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(endpoint, "interfaces"), i, f)
		if (network && is_on(f, network))
			return f;
	return NULL;
}

struct best {
	const json_t *a, *b;
	int score;
};

/* known: only interfaces whose network is known count. */
static void search(const json_t *a, const json_t *b, const char *wanted_a, const char *wanted_b,
		   bool known, struct best *best)
{
	json_t *f, *g;
	size_t i, k;

	json_array_foreach(json_object_get(a, "interfaces"), i, f) {
		if ((known && !text(f, "network")) || (wanted_a && !is_on(f, wanted_a)))
			continue;
		json_array_foreach(json_object_get(b, "interfaces"), k, g) {
			int s;

			if ((known && !text(g, "network")) || (wanted_b && !is_on(g, wanted_b)))
				continue;
			s = score(f, g);
			if (s > best->score)
				*best = (struct best){f, g, s};
		}
	}
}

bool endpoint_pair(const json_t *a, const json_t *b, const char *network, const json_t **ret_a,
		   const json_t **ret_b)
{
	const json_t *on_a = first_on(a, network), *on_b = first_on(b, network);
	/* The end that is not on the wanted network must have to do with the one that is. */
	struct best best = {on_a, on_b, network && (!on_a || !on_b) ? COMMON_FAMILY : -1};
	const char *wanted_a = on_a ? network : NULL, *wanted_b = on_b ? network : NULL;

	if (!network || on_a || on_b) {
		search(a, b, wanted_a, wanted_b, true, &best);
		/* One with another MAC than its attachment's is on no network that is known. */
		if (!best.a || !best.b)
			search(a, b, wanted_a, wanted_b, false, &best);
	}
	*ret_a = best.a;
	*ret_b = best.b;
	return best.a && best.b;
}
