/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/names.h"

#include <ctype.h>
#include <openssl/sha.h>

char *names_prefix(const char *name)
{
	char *r = xasprintf("%s_", name);

	for (char *p = r; *p; p++)
		if (*p == '-' || *p == '/')
			*p = '.';
	return r;
}

static char *scoped(const char *network, const char *what)
{
	_cleanup_free_ char *prefix = names_prefix(network);

	return xasprintf("%s%s", prefix, what);
}

char *names_layer2_switch(const char *network)
{
	return scoped(network, "ovn_layer2_switch");
}

char *names_localnet_switch(const char *network)
{
	return scoped(network, "ovn_localnet_switch");
}

char *names_localnet_port(const char *network)
{
	return scoped(network, "ovn_localnet_port");
}

char *names_pod_port(const char *nad_key, const char *ns, const char *pod)
{
	_cleanup_free_ char *prefix = names_prefix(nad_key);

	return xasprintf("%s%s_%s", prefix, ns, pod);
}

char *names_controller(const char *network)
{
	return xasprintf("%s-network-controller", network);
}

char *names_default_deny(const char *network, const char *ns, const char *direction)
{
	_cleanup_free_ char *controller = names_controller(network);

	return xasprintf("%s:NetpolNamespace:%s:%s:defaultDeny", controller, ns, direction);
}

char *names_nad_key(const char *ns, const char *nad, unsigned n)
{
	return n ? xasprintf("%s/%s/%u", ns, nad, n) : xasprintf("%s/%s", ns, nad);
}

uint64_t names_fnv1a64(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (; *s; s++) {
		h ^= (uint8_t)*s;
		h *= 0x100000001b3ULL;
	}
	return h;
}

char *names_hash(const char *primary_id)
{
	return xasprintf("a%llu", (unsigned long long)names_fnv1a64(primary_id));
}

static const char *mac_text(const uint8_t m[6], char out[static MAC_TEXT_MAX])
{
	snprintf(out, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
		 m[5]);
	return out;
}

const char *names_mac_from_ip(const struct ip *ip, char out[static MAC_TEXT_MAX])
{
	uint8_t mac[6] = {0x0a, 0x58}, digest[SHA256_DIGEST_LENGTH];
	char text[IP_TEXT_MAX];

	if (ip->family == 4) {
		memcpy(mac + 2, ip->b, 4);
	} else {
		ip_text(ip, text);
		SHA256((const unsigned char *)text, strlen(text), digest);
		memcpy(mac + 2, digest, 4);
	}
	return mac_text(mac, out);
}

const char *names_mac_random(uint64_t random, char out[static MAC_TEXT_MAX])
{
	uint8_t mac[6];

	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)(random >> (40 - 8 * i));
	mac[0] = (mac[0] & 0xfe) | 0x02;
	return mac_text(mac, out);
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* "xx:xx:…" and "xx-xx-…", or "xxxx.xxxx.xxxx": the forms of Go's net.ParseMAC for six bytes. */
bool names_mac_canon(const char *text, char out[static MAC_TEXT_MAX])
{
	char sep = strlen(text) > 2 ? text[2] : '\0';
	int group = sep == ':' || sep == '-' ? 2 : 4, n = 0;
	uint8_t mac[6];

	if (strlen(text) != (group == 2 ? 17 : 14))
		return false;
	if (group == 4)
		sep = '.';
	for (const char *p = text; *p; p += 2) {
		if (n && n % (group / 2) == 0 && *p++ != sep)
			return false;
		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]))
			return false;
		mac[n++] = (uint8_t)(hex(p[0]) << 4 | hex(p[1]));
	}
	mac_text(mac, out);
	return true;
}

const char *names_host_iface(const char *sandbox_id, int pod_ifindex,
			     char out[static HOST_IFACE_MAX])
{
	char tail[HOST_IFACE_MAX];
	size_t n = (size_t)snprintf(tail, sizeof(tail), "_%d", pod_ifindex);
	size_t keep = MIN(strlen(sandbox_id), HOST_IFACE_MAX - 1 - n);

	memcpy(out, sandbox_id, keep);
	memcpy(out + keep, tail, n + 1);
	return out;
}
