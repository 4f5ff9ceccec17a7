/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses out of a CIDR. */
#include "lab/topology.h"

#include "base/ip.h"

char *cidr_addr(const char *cidr)
{
	return xstrndup(cidr, strcspn(cidr, "/"));
}

char *cidr_nth(const char *cidr, unsigned n, bool with_len)
{
	char text[IP_TEXT_MAX];
	struct ipnet net;
	struct ip a;

	if (!ipnet_parse(cidr, &net))
		return NULL;
	net = ipnet_masked(&net);
	if (!ip_add(&net.ip, n, &a) || !ipnet_has(&net, &a))
		return NULL;
	ip_text(&a, text);
	return with_len ? xasprintf("%s/%d", text, net.len) : xstrdup(text);
}
