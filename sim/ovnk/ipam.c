/* SPDX-License-Identifier: Apache-2.0 */
/* OVN-Kubernetes allocator/ip and allocator/id, for one network. */
#include "ovnk/ipam.h"

#include <errno.h>

#define V6_RANGE 65535 /* hosts of an IPv6 subnet that upstream's bitmap covers */

struct pool {
	struct ipnet net;
	bool usable;	       /* first and last are valid */
	struct ip first, last; /* what may be handed out, but for excludes */
	struct ip *held;       /* sorted */
	size_t n;
};

struct ipam {
	struct pool *pools;
	size_t n;
	struct ipnets exclude;
	bool tunnel[IPAM_TUNNEL_LAST + 1];
	int tunnel_high; /* highest held id, at least IPAM_TUNNEL_FIRST - 1 */
};

/* The network address is held back, and IPv4's broadcast address. */
static void pool_init(struct pool *p, const struct ipnet *net)
{
	struct ip last = ipnet_last(net), limit;

	*p = (struct pool){.net = *net};
	p->last = last;
	if (net->ip.family == 4) {
		uint64_t size = ip_distance(&net->ip, &last);

		p->usable = size >= 2 && ip_add(&net->ip, 1, &p->first) &&
			    ip_add(&net->ip, size - 1, &p->last);
		return;
	}
	if (ip_add(&net->ip, V6_RANGE, &limit) && ip_cmp(&limit, &last) < 0)
		p->last = limit;
	p->usable = ip_add(&net->ip, 1, &p->first) && ip_cmp(&p->first, &p->last) <= 0;
}

struct ipam *ipam_new(const struct netconf *c)
{
	struct ipam *p = xcalloc(1, sizeof(*p));

	p->pools = xcalloc(c->subnets.n + 1, sizeof(*p->pools));
	for (; p->n < c->subnets.n; p->n++)
		pool_init(&p->pools[p->n], &c->subnets.v[p->n]);
	for (size_t i = 0; i < c->exclude.n; i++)
		ipnets_add(&p->exclude, &c->exclude.v[i]);
	p->tunnel_high = IPAM_TUNNEL_FIRST - 1;
	return p;
}

void ipam_free(struct ipam *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->pools[i].held);
	free(p->pools);
	ipnets_free(&p->exclude);
	free(p);
}

/* Index of the first held address >= a. */
static size_t lower_bound(const struct pool *p, const struct ip *a)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ip_cmp(&p->held[mid], a) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_held(const struct pool *p, const struct ip *a)
{
	size_t i = lower_bound(p, a);

	return i < p->n && ip_eq(&p->held[i], a);
}

static void hold(struct pool *p, const struct ip *a)
{
	size_t i = lower_bound(p, a);

	p->held = xrealloc(p->held, (p->n + 1) * sizeof(*p->held));
	memmove(&p->held[i + 1], &p->held[i], (p->n - i) * sizeof(*p->held));
	p->held[i] = *a;
	p->n++;
}

int ipam_reserve(struct ipam *p, const struct ip *a)
{
	int r = -ERANGE;

	for (size_t i = 0; i < p->n; i++) {
		struct pool *pool = &p->pools[i];

		if (!ipnet_has(&pool->net, a))
			continue;
		if (is_held(pool, a))
			return -EEXIST;
		hold(pool, a);
		r = 0;
	}
	return r;
}

void ipam_release(struct ipam *p, const struct ip *a)
{
	for (size_t i = 0; i < p->n; i++) {
		struct pool *pool = &p->pools[i];
		size_t k = lower_bound(pool, a);

		if (k == pool->n || !ip_eq(&pool->held[k], a))
			continue;
		pool->n--;
		memmove(&pool->held[k], &pool->held[k + 1], (pool->n - k) * sizeof(*pool->held));
	}
}

/* Moves *a behind every exclude that has it. False when that leaves the address range. */
static bool skip_excludes(const struct ipam *p, struct ip *a)
{
	for (size_t i = 0; i < p->exclude.n; i++) {
		struct ip last;

		if (!ipnet_has(&p->exclude.v[i], a))
			continue;
		last = ipnet_last(&p->exclude.v[i]);
		if (!ip_add(&last, 1, a))
			return false;
		i = (size_t)-1; /* another exclude may begin there */
	}
	return true;
}

/* The first free address of [from, last]. */
static bool find_free(const struct ipam *p, const struct pool *pool, struct ip from, struct ip *ret)
{
	while (skip_excludes(p, &from) && ip_cmp(&from, &pool->last) <= 0) {
		if (!is_held(pool, &from)) {
			*ret = from;
			return true;
		}
		if (!ip_add(&from, 1, &from))
			return false;
	}
	return false;
}

static bool pool_next(const struct ipam *p, const struct pool *pool, struct ip *ret)
{
	size_t behind = lower_bound(pool, &pool->last);
	struct ip from;

	if (!pool->usable)
		return false;
	if (behind < pool->n && ip_eq(&pool->held[behind], &pool->last))
		behind++;
	if (behind && ip_cmp(&pool->held[behind - 1], &pool->first) >= 0 &&
	    ip_add(&pool->held[behind - 1], 1, &from) && find_free(p, pool, from, ret))
		return true;
	return find_free(p, pool, pool->first, ret);
}

int ipam_next(struct ipam *p, struct ipnets *ret, struct err *e)
{
	struct ipnets got = {NULL, 0};

	for (size_t i = 0; i < p->n; i++) {
		struct ipnet a = {.len = p->pools[i].net.len};
		char text[IPNET_TEXT_MAX];

		if (pool_next(p, &p->pools[i], &a.ip) && ipam_reserve(p, &a.ip) == 0) {
			ipnets_add(&got, &a);
			continue;
		}
		for (size_t k = 0; k < got.n; k++)
			ipam_release(p, &got.v[k].ip);
		ipnets_free(&got);
		return err_set(e, ENOSPC, "subnet address pool exhausted: no free address in %s",
			       ipnet_text(&p->pools[i].net, text));
	}
	*ret = got;
	return 0;
}

int ipam_reserve_tunnel(struct ipam *p, int id)
{
	if (id < 1 || id > IPAM_TUNNEL_LAST)
		return -ERANGE;
	if (p->tunnel[id])
		return -EEXIST;
	p->tunnel[id] = true;
	p->tunnel_high = MAX(p->tunnel_high, id);
	return 0;
}

int ipam_next_tunnel(struct ipam *p, int *ret, struct err *e)
{
	int id = p->tunnel_high + 1;

	if (id > IPAM_TUNNEL_LAST)
		id = IPAM_TUNNEL_FIRST;
	while (id <= IPAM_TUNNEL_LAST && p->tunnel[id])
		id++;
	if (ipam_reserve_tunnel(p, id) < 0)
		return err_set(e, ENOSPC, "no tunnel id of %d to %d is free", IPAM_TUNNEL_FIRST,
			       IPAM_TUNNEL_LAST);
	*ret = id;
	return 0;
}
