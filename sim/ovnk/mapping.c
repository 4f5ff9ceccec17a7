/* SPDX-License-Identifier: Apache-2.0 */
/* E23: OVN-Kubernetes cni/cni.go, checkBridgeMapping. */
#include "ovnk/mapping.h"

#include <errno.h>

#include "api/text.h"
#include "base/buf.h"

#define REFUSAL "failed to find OVN bridge-mapping for network: \"%s\""

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
	return err_set(e, ENOENT, REFUSAL, wanted);
}

/* ---- the story around it ---- */

/* The entry that is meant for wanted and is none, as written: "dc", "dc:br:x". Caller frees. */
static char *malformed_entry(const char *mappings, const char *wanted)
{
	for (const char *p = mappings ?: "";; p++) {
		size_t n = strcspn(p, ","), key = strcspn(p, ":,");

		if (key == strlen(wanted) && !memcmp(p, wanted, key))
			return xstrndup(p, n);
		p += n;
		if (!*p)
			return NULL;
	}
}

/* A mapping whose name is close to wanted. Caller frees. */
static char *similar(const char *mappings, const char *wanted)
{
	for (const char *p = mappings ?: "";; p++) {
		_cleanup_free_ char *key = xstrndup(p, strcspn(p, ":,"));

		if (*key && text_plausible(wanted, key))
			return TAKE_PTR(key);
		p += strcspn(p, ",");
		if (!*p)
			return NULL;
	}
}

static void add_elsewhere(struct buf *b, const struct netconf *c, const struct mapping_node *v,
			  size_t n, size_t self)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *bridge = NULL;

		if (i == self || network_check_mapping(c, v[i].mappings, &bridge, NULL) < 0)
			continue;
		buf_printf(b, "%s%s to bridge %s", found++ ? ", " : "; mapped on node ", v[i].name,
			   bridge);
	}
	if (!found && n > 1)
		buf_adds(b, "; no other node maps it either");
}

static char *refusal(const struct netconf *c, const struct mapping_node *v, size_t n, size_t i)
{
	const char *wanted = netconf_mapping(c), *mappings = v[i].mappings;
	_cleanup_free_ char *bad = malformed_entry(mappings, wanted);
	_cleanup_free_ char *near = bad ? NULL : similar(mappings, wanted);
	struct buf b = BUF_INIT;

	buf_printf(&b, "node %s cannot attach network %s: " REFUSAL, v[i].name, c->name, wanted);
	if (bad)
		buf_printf(&b,
			   "; its entry \"%s\" is malformed: expected %s:BRIDGE with exactly one "
			   "colon",
			   bad, wanted);
	else if (*mappings)
		buf_printf(&b, "; the node's ovn-bridge-mappings are %s", mappings);
	else
		buf_adds(&b, "; the node has no ovn-bridge-mappings");
	if (near)
		buf_printf(&b, " (is %s meant?)", near);
	add_elsewhere(&b, c, v, n, i);
	buf_printf(&b,
		   "; add {localnet: %s, bridge: BRIDGE} to desiredState.ovn.bridge-mappings of a "
		   "NodeNetworkConfigurationPolicy that selects %s",
		   wanted, v[i].name);
	return buf_take(&b);
}

static char *dangling(const struct netconf *c, const struct mapping_node *node, const char *bridge)
{
	struct buf b = BUF_INIT;
	const json_t *v;
	size_t i;

	buf_printf(
		&b,
		"node %s maps %s of network %s to bridge \"%s\", which does not exist in its Open "
		"vSwitch: what runs there has no path to the physical network; make the bridge "
		"by a NodeNetworkConfigurationPolicy, or map %s to one of ",
		node->name, netconf_mapping(c), c->name, bridge, netconf_mapping(c));
	json_array_foreach(node->bridges, i, v)
		buf_printf(&b, "%s%s", i ? ", " : "", json_string_value(v));
	return buf_take(&b);
}

enum mapping_fate mapping_judge(const struct netconf *c, const struct mapping_node *v,
				size_t n_nodes, size_t i, char **ret_why)
{
	_cleanup_free_ char *bridge = NULL;

	*ret_why = NULL;
	if (c->topology != OVNK_LOCALNET)
		return MAPPING_GOOD;
	if (!v[i].mappings) {
		*ret_why = xasprintf("node %s has not reported its bridge mappings yet", v[i].name);
		return MAPPING_UNKNOWN;
	}
	if (network_check_mapping(c, v[i].mappings, &bridge, NULL) < 0) {
		*ret_why = refusal(c, v, n_nodes, i);
		return MAPPING_REFUSED;
	}
	if (json_array_size(v[i].bridges) && !jhas_str(v[i].bridges, bridge)) {
		*ret_why = dangling(c, &v[i], bridge);
		return MAPPING_DANGLING;
	}
	return MAPPING_GOOD;
}
