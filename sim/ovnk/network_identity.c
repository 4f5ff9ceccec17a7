/* SPDX-License-Identifier: Apache-2.0 */
/* What makes two NADs one network: OVN-Kubernetes util/multi_network.go, canReconcile. */
#include "base/buf.h"
#include "ovnk/network_priv.h"

static int by_address(const void *a, const void *b)
{
	const struct ipnet *x = a, *y = b;
	int r = ip_cmp(&x->ip, &y->ip);

	return r ?: x->len - y->len;
}

/* The order of a list does not count. */
static json_t *sorted_list(const struct ipnets *l)
{
	struct ipnets copy = {xmemdup(l->v, l->n * sizeof(*l->v)), l->n};
	char *text;
	json_t *r;

	qsort(copy.v, copy.n, sizeof(*copy.v), by_address);
	text = ipnets_text(&copy, ",");
	r = jstring(text);
	free(text);
	ipnets_free(&copy);
	return r;
}

json_t *network_identity(const struct netconf *c)
{
	bool localnet = c->topology == OVNK_LOCALNET;
	json_t *o = json_object();

	json_object_set_new(o, "name", jstring(c->name));
	json_object_set_new(o, "topology", jstring(ovnk_topology_name(c->topology)));
	json_object_set_new(o, "mtu", json_integer(c->mtu));
	json_object_set_new(o, "vlanID", json_integer(localnet ? c->vlan : 0));
	json_object_set_new(o, "physicalNetworkName",
			    jstring(localnet && c->physical_network ? c->physical_network : ""));
	json_object_set_new(o, "allowPersistentIPs", json_boolean(c->allow_persistent_ips));
	json_object_set_new(o, "role",
			    jstring(streq(c->role, "primary") ? "primary" : "secondary"));
	json_object_set_new(o, "transport",
			    jstring(streq(c->transport, "geneve") ? "" : c->transport));
	json_object_set_new(o, "outboundSNAT", jstring(c->outbound_snat));
	json_object_set_new(o, "uplink", jstring(c->uplink));
	json_object_set_new(o, "evpn", c->evpn ? json_incref(c->evpn) : json_object());
	json_object_set_new(o, "subnets", sorted_list(&c->subnets));
	json_object_set_new(o, "excludeSubnets", sorted_list(&c->exclude));
	json_object_set_new(o, "reservedSubnets", sorted_list(&c->reserved));
	json_object_set_new(o, "infrastructureSubnets", sorted_list(&c->infrastructure));
	json_object_set_new(o, "joinSubnet", sorted_list(&c->join));
	json_object_set_new(o, "transitSubnet", jstring(c->transit_subnet));
	return o;
}

char *network_difference(const json_t *a, const json_t *b)
{
	struct buf out = BUF_INIT;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)a, key, v) {
		const json_t *w = json_object_get(b, key);
		_cleanup_free_ char *old = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
		_cleanup_free_ char *new = json_dumps(w, JSON_ENCODE_ANY | JSON_COMPACT);

		if (!json_equal(v, w))
			buf_printf(&out, "%s%s is %s, not %s", out.len ? "; " : "", key, new ?: "",
				   old ?: "");
	}
	return out.len ? buf_take(&out) : NULL;
}

const char *network_unsupported(const struct netconf *c)
{
	if (c->topology == OVNK_LAYER3)
		return "topology layer3 is not emulated by ovnbed";
	if (streq(c->role, "primary"))
		return "primary networks are not emulated by ovnbed";
	if (*c->transport && !streq(c->transport, "geneve"))
		return "transports other than Geneve are not emulated by ovnbed";
	return NULL;
}
