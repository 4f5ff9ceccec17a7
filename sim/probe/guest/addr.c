/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/addr.h"

bool addr_parse(const char *s, struct addr *ret)
{
	struct addr a = {0};

	if (s && inet_pton(AF_INET, s, a.b) == 1)
		a.family = 4;
	else if (s && inet_pton(AF_INET6, s, a.b) == 1)
		a.family = 6;
	if (a.family)
		*ret = a;
	return a.family != 0;
}

bool addr_parse_prefix(const char *s, struct addr *ret, int *ret_prefix)
{
	const char *slash = s ? strchr(s, '/') : NULL;
	_cleanup_free_ char *host = slash ? xstrndup(s, (size_t)(slash - s)) : xstrdup(s);
	struct addr a;
	long long n;

	if (!addr_parse(host, &a))
		return false;
	n = (long long)addr_len(&a) * 8;
	if (slash && parse_int(slash + 1, 0, n, &n) < 0)
		return false;
	*ret = a;
	*ret_prefix = (int)n;
	return true;
}

const char *addr_text(const struct addr *a, char out[static INET6_ADDRSTRLEN])
{
	if (!a->family || !inet_ntop(addr_af(a), a->b, out, INET6_ADDRSTRLEN))
		out[0] = '\0';
	return out;
}

void addr_from(struct addr *a, int af, const void *bytes)
{
	*a = (struct addr){.family = af == AF_INET6 ? 6 : 4};
	memcpy(a->b, bytes, addr_len(a));
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->b, b->b, 16) == 0;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	return a->family == 4 ? a->b[0] == 127 : memcmp(a->b, loopback6, 16) == 0;
}

bool addr_is_link_local(const struct addr *a)
{
	return a->family == 6 ? a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80
			      : a->b[0] == 169 && a->b[1] == 254;
}

socklen_t addr_sockaddr(const struct addr *a, uint16_t port, int scope, union sa *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (a->family == 4) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(port);
		memcpy(&ret->in.sin_addr, a->b, 4);
		return sizeof(ret->in);
	}
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons(port);
	memcpy(&ret->in6.sin6_addr, a->b, 16);
	if (addr_is_link_local(a) || a->b[0] == 0xff)
		ret->in6.sin6_scope_id = (uint32_t)scope;
	return sizeof(ret->in6);
}

bool addr_from_sockaddr(const union sa *sa, struct addr *ret, uint16_t *ret_port)
{
	if (sa->sa.sa_family == AF_INET) {
		addr_from(ret, AF_INET, &sa->in.sin_addr);
		*ret_port = ntohs(sa->in.sin_port);
		return true;
	}
	if (sa->sa.sa_family == AF_INET6) {
		addr_from(ret, AF_INET6, &sa->in6.sin6_addr);
		*ret_port = ntohs(sa->in6.sin6_port);
		return true;
	}
	return false;
}
