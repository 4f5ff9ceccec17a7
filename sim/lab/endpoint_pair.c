/* SPDX-License-Identifier: Apache-2.0 */
/* Which interfaces of two endpoints speak to each other. Pure. */
#include "lab/endpoint.h"

static const json_t *iface_of(const json_t *endpoint, const char *network)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(endpoint, "interfaces"), i, f)
		if (network ? streq0(jstr(f, "network", NULL), network)
			    : jstr(f, "network", NULL) != NULL)
			return f;
	return NULL;
}

/* The interface of an endpoint that is in the layer 2 domain of another's. */
static const json_t *peer_of(const json_t *endpoint, const json_t *iface)
{
	const char *domain = jstr(iface, "domain", NULL);
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(endpoint, "interfaces"), i, f)
		if (domain && streq0(jstr(f, "domain", NULL), domain))
			return f;
	return NULL;
}

/* Both on one network, or at least in one layer 2 domain. */
static bool shared(const json_t *a, const json_t *b, bool domain, const json_t **ret_a,
		   const json_t **ret_b)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(a, "interfaces"), i, f) {
		const char *net = jstr(f, "network", NULL);
		const json_t *peer = domain ? peer_of(b, f) : net ? iface_of(b, net) : NULL;

		if (!peer)
			continue;
		*ret_a = f;
		*ret_b = peer;
		return true;
	}
	return false;
}

bool endpoint_pair(const json_t *a, const json_t *b, const char *network, const json_t **ret_a,
		   const json_t **ret_b)
{
	*ret_a = iface_of(a, network);
	*ret_b = iface_of(b, network);
	if (!network && (shared(a, b, false, ret_a, ret_b) || shared(a, b, true, ret_a, ret_b)))
		return true;
	if (*ret_a && !*ret_b)
		*ret_b = peer_of(b, *ret_a);
	else if (*ret_b && !*ret_a)
		*ret_a = peer_of(a, *ret_b);
	return *ret_a && *ret_b;
}
