/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <sys/random.h>

#include "probe/hub.h"

char *probe_nonce(void)
{
	uint64_t v = 0;

	while (!v)
		if (getrandom(&v, sizeof(v), 0) != sizeof(v))
			abort();
	return xasprintf("%016llx", (unsigned long long)v);
}

int probe_family(const char *addr)
{
	uint8_t b[16];

	if (addr && inet_pton(AF_INET, addr, b) == 1)
		return 4;
	return addr && inet_pton(AF_INET6, addr, b) == 1 ? 6 : 0;
}

void probe_add_spec(json_t *specs, const char *proto, long long port, int family)
{
	json_t *spec = json_pack("{s:s, s:I, s:i}", "proto", proto, "port", (json_int_t)port,
				 "family", family);
	size_t i;
	json_t *have;

	json_array_foreach(specs, i, have) {
		if (json_equal(have, spec)) {
			json_decref(spec);
			return;
		}
	}
	json_array_append_new(specs, spec);
}

/* Compares as addresses: "2001:db8:0::1" is "2001:db8::1". */
static bool same_addr(const char *text, const char *prefixed)
{
	_cleanup_free_ char *bare = xstrndup(prefixed, strcspn(prefixed, "/"));
	uint8_t a[16] = {0}, b[16] = {0};
	int af = probe_family(text) == 6 ? AF_INET6 : AF_INET;

	return inet_pton(af, text, a) == 1 && inet_pton(af, bare, b) == 1 &&
	       memcmp(a, b, sizeof(a)) == 0;
}

bool probe_owns(const json_t *ifaces, const char *addr)
{
	size_t i, k;
	json_t *iface, *a;

	json_array_foreach(jget(ifaces, "interfaces"), i, iface)
		json_array_foreach(json_object_get(iface, "addresses"), k, a)
			if (same_addr(addr, jstr(a, "address", "")))
				return true;
	return false;
}

const json_t *probe_iface(const json_t *ifaces, const char *name)
{
	size_t i;
	json_t *iface;

	json_array_foreach(jget(ifaces, "interfaces"), i, iface)
		if (streq(jstr(iface, "name", ""), name))
			return iface;
	return NULL;
}
