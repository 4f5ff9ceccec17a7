/* SPDX-License-Identifier: Apache-2.0 */
/* E23: OVN-Kubernetes cni/cni.go, checkBridgeMapping. */
#include "ovnk/network.h"

#include <errno.h>

/* The bridge of an entry "net:bridge" when net is wanted; NULL otherwise. Caller frees. */
static char *match(const char *entry, size_t n, const char *wanted)
{
	const char *colon = memchr(entry, ':', n);
	size_t len = strlen(wanted);

	if (!colon || memchr(colon + 1, ':', n - (size_t)(colon + 1 - entry)))
		return NULL;
	if ((size_t)(colon - entry) != len || memcmp(entry, wanted, len))
		return NULL;
	return xstrndup(colon + 1, n - len - 1);
}

int network_check_mapping(const struct netconf *c, const char *bridge_mappings, char **ret_bridge,
			  struct err *e)
{
	const char *wanted = netconf_mapping(c), *p = bridge_mappings ?: "";

	if (c->topology != OVNK_LOCALNET)
		return 0;
	for (;; p++) {
		size_t n = strcspn(p, ",");
		char *bridge = match(p, n, wanted);

		if (bridge && ret_bridge)
			*ret_bridge = bridge;
		else
			free(bridge);
		if (bridge)
			return 0;
		p += n;
		if (!*p)
			break;
	}
	return err_set(e, ENOENT, "failed to find OVN bridge-mapping for network: \"%s\"", wanted);
}
