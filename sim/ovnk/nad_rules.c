/* SPDX-License-Identifier: Apache-2.0 */
/* OVN-Kubernetes util/multi_network.go, ValidateNetConf and newNetInfo, in their order. */
#include "ovnk/nad_priv.h"

#include <errno.h>

static bool primary(const struct netconf *c)
{
	return streq(c->role, "primary");
}

/* E7–E9 */
static int check_role(const struct nad_ctx *x, const struct netconf *c)
{
	const char *topology = nad_text(c, "topology");

	if (c->allow_persistent_ips && streq(topology, "layer3"))
		return nad_fail(x, "E7", "allowPersistentIPs",
				"layer3 topology does not allow persistent IPs");
	if (*c->role && !streq(c->role, "secondary") && streq(topology, "localnet"))
		return nad_fail(x, "E8", "role",
				"unexpected network field \"role\" %s for \"localnet\" topology, "
				"localnet topology does not allow network roles to be set since "
				"its always a secondary network",
				c->role);
	if (*c->role && !primary(c) && !streq(c->role, "secondary"))
		return nad_fail(x, "E9", "role", "invalid network role value %s", c->role);
	return 0;
}

/* E11. No error text of upstream is known to us: the words are ours. */
static int check_transport(const struct nad_ctx *x, const struct netconf *c)
{
	bool no_overlay = streq(c->transport, "no-overlay");

	if (*c->transport && !no_overlay && !streq(c->transport, "evpn") &&
	    !streq(c->transport, "geneve"))
		return nad_fail(x, "E11", "transport", "invalid network transport value %s",
				c->transport);
	if (*c->outbound_snat && !no_overlay)
		return nad_fail(x, "E11", "outboundSNAT",
				"outboundSNAT is only supported for transport no-overlay");
	if (*c->outbound_snat && !streq(c->outbound_snat, "enabled") &&
	    !streq(c->outbound_snat, "disabled"))
		return nad_fail(x, "E11", "outboundSNAT",
				"invalid outboundSNAT value %s, expected enabled or disabled",
				c->outbound_snat);
	if (*c->uplink && !x->config->shared_gateway)
		return nad_fail(x, "E11", "uplink",
				"uplink is only supported in shared gateway mode");
	return 0;
}

/* E14 */
static int check_layer2_only(const struct nad_ctx *x, const struct netconf *c)
{
	static const char *const keys[] = {"infrastructureSubnets", "reservedSubnets",
					   "defaultGatewayIPs"};

	if (streq(nad_text(c, "topology"), "layer2"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (*nad_text(c, keys[i]))
			return nad_fail(x, "E14", keys[i],
					"%s is only supported for layer2 topology", keys[i]);
	return 0;
}

/* E4 and E7–E14: what needs no subnet parsing. */
static int check_fields(const struct nad_ctx *x, const struct netconf *c)
{
	const char *topology = nad_text(c, "topology");
	int r;

	if (!streq(c->name, "default") && !streq(c->nad_name, x->key))
		return nad_fail(x, "E4", "netAttachDefName",
				"net-attach-def name (%s) is inconsistent with config (%s)", x->key,
				c->nad_name);
	r = check_role(x, c);
	if (r < 0)
		return r;
	if (*nad_ipam_type(c))
		return nad_fail(x, "E10", "ipam",
				"error parsing Network Attachment Definition %s: IPAM key is not "
				"supported. Use OVN-K provided IPAM via the `subnets` attribute",
				x->key);
	r = check_transport(x, c);
	if (r < 0)
		return r;
	if (*nad_text(c, "joinSubnet") && streq(topology, "localnet"))
		return nad_fail(x, "E12", "joinSubnet",
				"localnet topology does not allow specifying join-subnet as "
				"services are not supported");
	if (primary(c) && !*nad_text(c, "subnets") && streq(topology, "layer2"))
		return nad_fail(x, "E13", "subnets",
				"the subnet attribute must be defined for layer2 primary user "
				"defined networks");
	return check_layer2_only(x, c);
}

static int find_topology(const struct nad_ctx *x, struct netconf *c)
{
	const char *topology = nad_text(c, "topology");

	if (!*topology)
		return c->topology = OVNK_DEFAULT_NET, 0;
	if (streq(topology, "layer2"))
		return c->topology = OVNK_LAYER2, 0;
	if (streq(topology, "layer3"))
		return c->topology = OVNK_LAYER3, 0;
	if (streq(topology, "localnet"))
		return c->topology = OVNK_LOCALNET, 0;
	return nad_fail(x, "E16", "topology",
			"invalid subnet configuration: error while parsing subnets: topology %s "
			"not supported",
			topology);
}

/* E19, for primary networks */
static int check_families(const struct nad_ctx *x, const struct netconf *c)
{
	if (!primary(c))
		return 0;
	for (size_t i = 0; i < c->subnets.n; i++) {
		int family = c->subnets.v[i].ip.family;

		if (family == 4 ? x->config->ipv4 : x->config->ipv6)
			continue;
		return nad_fail(x, "E19", "subnets",
				"network %s is attempting to use ipv%d subnets but the cluster "
				"does not support ipv%d",
				c->name, family, family);
	}
	return 0;
}

int nad_validate(const struct nad_ctx *x, struct netconf *c)
{
	int r = check_fields(x, c);

	if (r < 0)
		return r;
	r = find_topology(x, c);
	if (r < 0 || c->topology == OVNK_DEFAULT_NET)
		return r;
	r = nad_parse_subnets(x, c);
	if (r < 0)
		return r;
	r = check_families(x, c);
	if (r < 0)
		return r;
	r = c->topology == OVNK_LOCALNET ? 0 : nad_check_overlap(x, c);
	if (r < 0)
		return r;
	if (c->topology == OVNK_LOCALNET && (c->vlan < 0 || c->vlan > 4095))
		return nad_fail(
			x, "E22", "vlanID",
			"failed to create the logical switch of network %s: constraint violation: "
			"%d is not in the valid range 0 to 4095 of Logical_Switch_Port.tag_request",
			c->name, c->vlan);
	return 0;
}
