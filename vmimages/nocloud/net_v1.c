/* SPDX-License-Identifier: Apache-2.0 */
/* network-config version 1: a list of typed items. */
#include "config_priv.h"

static void subnet_routes(const json_t *in, json_t *routes, const char *path, struct diags *d)
{
	_cleanup_json_ json_t *list = nc_list(json_object_get(in, "routes"));
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		static const char *const names[] = {"network", "destination", "address"};
		_cleanup_free_ char *at = xasprintf("%s.routes.%zu", path, i), *to = NULL;
		_cleanup_free_ char *mask = nc_text(json_object_get(v, "netmask"));
		_cleanup_free_ char *prefix = nc_text(json_object_get(v, "prefix"));
		_cleanup_free_ char *via = nc_text(json_object_get(v, "gateway"));

		for (size_t k = 0; !to && k < ARRAY_SIZE(names); k++)
			to = nc_text(json_object_get(v, names[k]));
		nc_net_add_route(routes, to, mask ? mask : prefix, via, v, at, d);
	}
}

static void static_subnet(const json_t *in, json_t *itf, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = xasprintf("%s.address", path);
	_cleanup_free_ char *address = nc_text(json_object_get(in, "address"));
	_cleanup_free_ char *mask = nc_text(json_object_get(in, "netmask"));
	_cleanup_free_ char *at_gw = xasprintf("%s.gateway", path);

	nc_net_add_address(itf, address, mask, at, d);
	nc_net_add_gateway(itf, json_object_get(in, "gateway"), at_gw, d);
}

static void subnet(const json_t *in, json_t *itf, const char *path, struct diags *d)
{
	const char *type = jstr(in, "type", "");

	if (streq(type, "dhcp") || streq(type, "dhcp4"))
		json_object_set_new(itf, "dhcp4", json_true());
	else if (streq(type, "dhcp6") || streq(type, "ipv6_dhcpv6-stateful"))
		json_object_set_new(itf, "dhcp6", json_true());
	else if (streq(type, "static") || streq(type, "static6"))
		static_subnet(in, itf, path, d);
	else if (!streq(type, "manual") && !streq(type, "ipv6_slaac") &&
		 !streq(type, "ipv6_dhcpv6-stateless"))
		diags_add(d, DIAG_ERROR, NULL, path, "unknown subnet type \"%s\"", type);
	subnet_routes(in, json_object_get(itf, "routes"), path, d);
	nc_net_add_dns(itf, json_object_get(in, "dns_nameservers"),
		       json_object_get(in, "dns_search"), path, d);
}

static json_t *interface(const json_t *in, const char *path, struct diags *d)
{
	_cleanup_json_ json_t *subnets = nc_list(json_object_get(in, "subnets"));
	_cleanup_free_ char *at_mtu = xasprintf("%s.mtu", path);
	json_t *itf = nc_net_interface(jstr(in, "name", "")), *v;
	size_t i;

	nc_net_set_mtu(itf, json_object_get(in, "mtu"), at_mtu, d);
	json_array_foreach(subnets, i, v) {
		_cleanup_free_ char *at = xasprintf("%s.subnets.%zu", path, i);

		subnet(v, itf, at, d);
	}
	return itf;
}

/* With a MAC address the name is what the interface will be called. */
static void physical(const json_t *in, json_t *net, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = xasprintf("%s.mac_address", path), *mac = NULL;
	const char *name = jstr(in, "name", NULL);
	json_t *itf = interface(in, path, d);

	if (nc_net_mac(json_object_get(in, "mac_address"), at, d, &mac)) {
		json_object_set_new(itf, "match", json_pack("{s:s}", "mac", mac));
		jset_str(itf, "rename", name);
	} else if (!name) {
		diags_add(d, DIAG_ERROR, NULL, path, "an interface without name and mac_address");
	}
	json_array_append_new(json_object_get(net, "interfaces"), itf);
}

static void vlan(const json_t *in, json_t *net, const char *path, struct diags *d)
{
	long long id = jint(in, "vlan_id", -1);
	const char *link = jstr(in, "vlan_link", NULL);
	json_t *itf;

	if (id < 0 || id > 4094 || !link || !jstr(in, "name", NULL)) {
		diags_add(d, DIAG_ERROR, NULL, path,
			  "expected \"name\", \"vlan_link\" and \"vlan_id\" from 0 to 4094");
		return;
	}
	itf = interface(in, path, d);
	json_object_set_new(itf, "vlan", json_pack("{s:I, s:s}", "id", id, "link", link));
	json_array_append_new(json_object_get(net, "interfaces"), itf);
}

static void nameserver(const json_t *in, json_t *net, const char *path, struct diags *d)
{
	nc_net_add_dns(net, json_object_get(in, "address"), json_object_get(in, "search"), path, d);
}

static void route(const json_t *in, json_t *net, const char *path, struct diags *d)
{
	_cleanup_json_ json_t *one = json_pack("{s:[O]}", "routes", in);

	subnet_routes(one, json_object_get(net, "routes"), path, d);
}

static void nothing(const json_t *in UNUSED, json_t *net UNUSED, const char *path UNUSED,
		    struct diags *d UNUSED)
{
}

static const struct {
	const char *type;
	void (*fn)(const json_t *in, json_t *net, const char *path, struct diags *d);
} types[] = {
	{"physical", physical}, {"vlan", vlan},	       {"nameserver", nameserver},
	{"route", route},	{"loopback", nothing},
};

static void item(const json_t *in, json_t *net, const char *path, struct diags *d)
{
	const char *type = jstr(in, "type", "");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (streq(types[i].type, type)) {
			types[i].fn(in, net, path, d);
			return;
		}
	diags_add(d, DIAG_WARNING, NULL, path, "type \"%s\" is not supported", type);
}

void nc_net_v1(const json_t *cfg, json_t *net, struct diags *d)
{
	_cleanup_json_ json_t *list = nc_list(json_object_get(cfg, "config"));
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		_cleanup_free_ char *path = xasprintf("config.%zu", i);

		item(v, net, path, d);
	}
}
