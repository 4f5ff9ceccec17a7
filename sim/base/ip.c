/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ip.h"

#include <arpa/inet.h>

bool ip_parse(const char *s, struct ip *ret)
{
	struct ip a = {.family = strchr(s, ':') ? 6 : 4};

	if (inet_pton(a.family == 6 ? AF_INET6 : AF_INET, s, a.b) != 1)
		return false;
	*ret = a;
	return true;
}

const char *ip_text(const struct ip *a, char out[static IP_TEXT_MAX])
{
	if (!a->family || !inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->b, out, IP_TEXT_MAX))
		snprintf(out, IP_TEXT_MAX, "none");
	return out;
}

int ip_cmp(const struct ip *a, const struct ip *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

int ip_bits(const struct ip *a)
{
	return a->family == 6 ? 128 : 32;
}

bool ip_add(const struct ip *a, uint64_t n, struct ip *ret)
{
	struct ip r = *a;
	uint64_t carry = 0;

	for (int i = ip_bits(a) / 8 - 1; i >= 0 && (n || carry); i--) {
		uint64_t v = r.b[i] + (n & 0xff) + carry;

		r.b[i] = (uint8_t)v;
		carry = v >> 8;
		n >>= 8;
	}
	if (n || carry)
		return false;
	*ret = r;
	return true;
}

uint64_t ip_distance(const struct ip *low, const struct ip *high)
{
	int bytes = ip_bits(low) / 8, borrow = 0;
	uint64_t r = 0;
	uint8_t d[16];

	for (int i = bytes - 1; i >= 0; i--) {
		int v = high->b[i] - low->b[i] - borrow;

		borrow = v < 0;
		d[i] = (uint8_t)(v & 0xff);
	}
	for (int i = 0; i < bytes; i++) {
		if (i < bytes - 8 && d[i])
			return UINT64_MAX;
		r = r << 8 | d[i];
	}
	return r;
}

bool ipnet_parse(const char *s, struct ipnet *ret)
{
	const char *slash = strchr(s, '/');
	char addr[IP_TEXT_MAX];
	struct ipnet n;
	long long len;

	if (!slash || (size_t)(slash - s) >= sizeof(addr))
		return false;
	memcpy(addr, s, slash - s);
	addr[slash - s] = '\0';
	if (!ip_parse(addr, &n.ip) || strspn(slash + 1, "0123456789") != strlen(slash + 1) ||
	    parse_int(slash + 1, 0, ip_bits(&n.ip), &len) < 0)
		return false;
	n.len = (int)len;
	*ret = n;
	return true;
}

struct ipnet ipnet_masked(const struct ipnet *n)
{
	struct ipnet r = *n;

	for (int i = 0; i < ip_bits(&n->ip) / 8; i++) {
		int keep = n->len - 8 * i;

		if (keep <= 0)
			r.ip.b[i] = 0;
		else if (keep < 8)
			r.ip.b[i] &= (uint8_t)(0xff << (8 - keep));
	}
	return r;
}

struct ip ipnet_last(const struct ipnet *n)
{
	struct ip r = n->ip;

	for (int i = 0; i < ip_bits(&n->ip) / 8; i++) {
		int keep = n->len - 8 * i;

		if (keep <= 0)
			r.b[i] = 0xff;
		else if (keep < 8)
			r.b[i] |= (uint8_t)(0xff >> keep);
	}
	return r;
}

const char *ipnet_text(const struct ipnet *n, char out[static IPNET_TEXT_MAX])
{
	char addr[IP_TEXT_MAX];

	snprintf(out, IPNET_TEXT_MAX, "%s/%d", ip_text(&n->ip, addr), n->len);
	return out;
}

bool ipnet_has(const struct ipnet *n, const struct ip *a)
{
	struct ipnet other = {*a, n->len}, x, y;

	if (a->family != n->ip.family)
		return false;
	x = ipnet_masked(n);
	y = ipnet_masked(&other);
	return ip_eq(&x.ip, &y.ip);
}

bool ipnet_contains(const struct ipnet *outer, const struct ipnet *inner)
{
	return inner->len >= outer->len && ipnet_has(outer, &inner->ip);
}

bool ipnet_overlap(const struct ipnet *a, const struct ipnet *b)
{
	return a->len <= b->len ? ipnet_has(a, &b->ip) : ipnet_has(b, &a->ip);
}

void ipnets_add(struct ipnets *l, const struct ipnet *n)
{
	l->v = xrealloc(l->v, (l->n + 1) * sizeof(*l->v));
	l->v[l->n++] = *n;
}

void ipnets_free(struct ipnets *l)
{
	free(l->v);
	*l = (struct ipnets){NULL, 0};
}

char *ipnets_text(const struct ipnets *l, const char *separator)
{
	char one[IPNET_TEXT_MAX], *r = xstrdup("");

	for (size_t i = 0; i < l->n; i++) {
		char *longer =
			xasprintf("%s%s%s", r, i ? separator : "", ipnet_text(&l->v[i], one));

		free(r);
		r = longer;
	}
	return r;
}
