/* SPDX-License-Identifier: Apache-2.0 */
/* network-config version 2 (netplan's form): ethernets and vlans. */
#include "config_priv.h"

static void addresses(const json_t *in, json_t *itf, const char *path, struct diags *d)
{
	_cleanup_json_ json_t *list = nc_list(json_object_get(in, "addresses"));
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		_cleanup_free_ char *at = xasprintf("%s.addresses.%zu", path, i);
		/* netplan also takes {"10.0.0.1/24": {label, lifetime}} */
		const char *key =
			json_is_object(v) ? json_object_iter_key(json_object_iter(v)) : NULL;
		_cleanup_free_ char *text = key ? xstrdup(key) : nc_text(v);

		nc_net_add_address(itf, text, NULL, at, d);
	}
}

static void routes(const json_t *in, json_t *itf, const char *path, struct diags *d)
{
	_cleanup_json_ json_t *list = nc_list(json_object_get(in, "routes"));
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		_cleanup_free_ char *at = xasprintf("%s.routes.%zu", path, i);
		_cleanup_free_ char *to = nc_text(json_object_get(v, "to"));
		_cleanup_free_ char *via = nc_text(json_object_get(v, "via"));

		if (to)
			nc_net_add_route(json_object_get(itf, "routes"), to, NULL, via, v, at, d);
		else
			diags_add(d, DIAG_ERROR, NULL, at, "a route without \"to\"");
	}
}

static void match(const json_t *in, json_t *itf, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = xasprintf("%s.match.macaddress", path), *mac = NULL;
	json_t *m = json_object_get(in, "match"), *out;
	const char *set_name = jstr(in, "set-name", NULL);

	if (json_is_object(m) && json_object_size(m)) {
		out = json_object();
		json_object_set_new(itf, "match", out);
		if (nc_net_mac(json_object_get(m, "macaddress"), at, d, &mac))
			jset_str(out, "mac", mac);
		jset_str(out, "name", jstr(m, "name", NULL));
		jset_str(out, "driver", jstr(m, "driver", NULL));
	}
	jset_str(itf, "rename", set_name);
}

static void common(const json_t *in, json_t *itf, const char *path, struct diags *d)
{
	_cleanup_free_ char *at_mtu = xasprintf("%s.mtu", path), *mac = NULL;
	_cleanup_free_ char *at_mac = xasprintf("%s.macaddress", path);
	_cleanup_free_ char *at_gw4 = xasprintf("%s.gateway4", path);
	_cleanup_free_ char *at_gw6 = xasprintf("%s.gateway6", path);
	_cleanup_free_ char *at_dns = xasprintf("%s.nameservers", path);

	addresses(in, itf, path, d);
	routes(in, itf, path, d);
	nc_net_add_gateway(itf, json_object_get(in, "gateway4"), at_gw4, d);
	nc_net_add_gateway(itf, json_object_get(in, "gateway6"), at_gw6, d);
	nc_net_set_mtu(itf, json_object_get(in, "mtu"), at_mtu, d);
	if (nc_net_mac(json_object_get(in, "macaddress"), at_mac, d, &mac))
		jset_str(itf, "mac", mac);
	nc_net_add_dns(itf, jget(in, "nameservers.addresses"), jget(in, "nameservers.search"),
		       at_dns, d);
	if (nc_bool(json_object_get(in, "dhcp4"), false))
		json_object_set_new(itf, "dhcp4", json_true());
	if (nc_bool(json_object_get(in, "dhcp6"), false))
		json_object_set_new(itf, "dhcp6", json_true());
}

static json_t *interface(const char *name, const json_t *in, const char *path, struct diags *d)
{
	static const char *const known[] = {
		"match", "set-name",   "addresses", "routes", "gateway4",    "gateway6",
		"mtu",	 "macaddress", "dhcp4",	    "dhcp6",  "nameservers", "optional",
		"id",	 "link",       "accept-ra", NULL,
	};
	json_t *itf = nc_net_interface(name);

	common(in, itf, path, d);
	nc_unknown_keys(in, known, path, d);
	return itf;
}

static void ethernets(const json_t *cfg, json_t *net, struct diags *d)
{
	const char *name;
	json_t *in;

	json_object_foreach(json_object_get(cfg, "ethernets"), name, in) {
		_cleanup_free_ char *path = xasprintf("ethernets.%s", name);
		json_t *itf = interface(name, in, path, d);

		match(in, itf, path, d);
		json_array_append_new(json_object_get(net, "interfaces"), itf);
	}
}

static void vlans(const json_t *cfg, json_t *net, struct diags *d)
{
	const char *name;
	json_t *in;

	json_object_foreach(json_object_get(cfg, "vlans"), name, in) {
		_cleanup_free_ char *path = xasprintf("vlans.%s", name);
		long long id = jint(in, "id", -1);
		const char *link = jstr(in, "link", NULL);
		json_t *itf;

		if (id < 0 || id > 4094 || !link) {
			diags_add(d, DIAG_ERROR, NULL, path,
				  "expected \"id\" from 0 to 4094 and \"link\"");
			continue;
		}
		itf = interface(name, in, path, d);
		json_object_set_new(itf, "vlan", json_pack("{s:I, s:s}", "id", id, "link", link));
		json_array_append_new(json_object_get(net, "interfaces"), itf);
	}
}

void nc_net_v2(const json_t *cfg, json_t *net, struct diags *d)
{
	static const char *const known[] = {"version", "renderer", "ethernets", "vlans", NULL};

	ethernets(cfg, net, d);
	vlans(cfg, net, d);
	nc_unknown_keys(cfg, known, NULL, d);
}
