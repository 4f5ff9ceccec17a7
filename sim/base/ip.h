/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 and IPv6 addresses and prefixes as values. */
#ifndef OVNBED_BASE_IP_H
#define OVNBED_BASE_IP_H

#include "base/util.h"

struct ip {
	int family;    /* 4, 6, or 0 = none */
	uint8_t b[16]; /* network order; an IPv4 address fills the first four, the rest is zero */
};
struct ipnet {
	struct ip ip;
	int len; /* prefix length */
};
struct ipnets {
	struct ipnet *v;
	size_t n;
};
#define IP_TEXT_MAX 46
#define IPNET_TEXT_MAX 50

/* Parses a plain address (no zone, no prefix). False when malformed. */
bool ip_parse(const char *s, struct ip *ret);
/* Canonical text (RFC 5952); returns out. */
const char *ip_text(const struct ip *a, char out[static IP_TEXT_MAX]);
int ip_cmp(const struct ip *a, const struct ip *b); /* family, then numeric */
static inline bool ip_eq(const struct ip *a, const struct ip *b)
{
	return ip_cmp(a, b) == 0;
}
/* a + n. False when that leaves the family's range; *ret is untouched then. */
bool ip_add(const struct ip *a, uint64_t n, struct ip *ret);
/* Distance from low to high of one family, saturated at UINT64_MAX; high >= low. */
uint64_t ip_distance(const struct ip *low, const struct ip *high);
int ip_bits(const struct ip *a); /* 32 or 128 */

/* Parses "address/length" and keeps the host bits. False when malformed. */
bool ipnet_parse(const char *s, struct ipnet *ret);
/* The same with host bits cleared. */
struct ipnet ipnet_masked(const struct ipnet *n);
const char *ipnet_text(const struct ipnet *n, char out[static IPNET_TEXT_MAX]);
bool ipnet_has(const struct ipnet *n, const struct ip *a);
/* True when inner lies completely inside outer. */
bool ipnet_contains(const struct ipnet *outer, const struct ipnet *inner);
bool ipnet_overlap(const struct ipnet *a, const struct ipnet *b);
/* The highest address of the prefix: the broadcast address for IPv4. */
struct ip ipnet_last(const struct ipnet *n);

void ipnets_add(struct ipnets *l, const struct ipnet *n);
void ipnets_free(struct ipnets *l);
/* "a/b,c/d"; caller frees. */
char *ipnets_text(const struct ipnets *l, const char *separator);

#endif
