/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 and IPv6 addresses of the agent, as text and as sockets want them. */
#ifndef OVNBED_PROBE_GUEST_ADDR_H
#define OVNBED_PROBE_GUEST_ADDR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/util.h"

struct addr {
	int family;    /* 4, 6; 0: none */
	uint8_t b[16]; /* network order, 4 or 16 bytes, the rest 0 */
};

static inline size_t addr_len(const struct addr *a)
{
	return a->family == 6 ? 16 : 4;
}
static inline int addr_af(const struct addr *a)
{
	return a->family == 6 ? AF_INET6 : AF_INET;
}
/* False: s is NULL or no numeric address; *ret untouched. */
bool addr_parse(const char *s, struct addr *ret);
/* "address/prefix", or a bare address (full length). */
bool addr_parse_prefix(const char *s, struct addr *ret, int *ret_prefix);
const char *addr_text(const struct addr *a, char out[static INET6_ADDRSTRLEN]);
void addr_from(struct addr *a, int af, const void *bytes);
bool addr_eq(const struct addr *a, const struct addr *b);
bool addr_is_loopback(const struct addr *a);
bool addr_is_link_local(const struct addr *a);

union sa {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};
/* scope: interface index of link-local IPv6 addresses, else 0. Returns the length. */
socklen_t addr_sockaddr(const struct addr *a, uint16_t port, int scope, union sa *ret);
/* False when sa is neither AF_INET nor AF_INET6. */
bool addr_from_sockaddr(const union sa *sa, struct addr *ret, uint16_t *ret_port);

#endif
