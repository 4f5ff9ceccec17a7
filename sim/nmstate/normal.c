/* SPDX-License-Identifier: Apache-2.0 */
/* A checked desiredState in normal form. */
#include "base/ip.h"
#include "nmstate/nmstate_priv.h"

static void copy_int(json_t *to, const json_t *from, const char *key)
{
	long long n;

	if (nms_int(json_object_get(from, key), 0, INT32_MAX, &n))
		json_object_set_new(to, key, json_integer(n));
}

static void copy_text(json_t *to, const json_t *from, const char *key)
{
	const char *s = jstr(from, key, NULL);

	if (s && *s)
		json_object_set_new(to, key, jstring(s));
}

static json_t *normal_address(const json_t *a)
{
	char text[IP_TEXT_MAX];
	struct ip ip;
	json_t *out = json_object();

	if (ip_parse(jstr(a, "ip", ""), &ip))
		jset_str(out, "ip", ip_text(&ip, text));
	copy_int(out, a, "prefix-length");
	return out;
}

/* Without `enabled`, addresses enable a family. */
static json_t *normal_ip(const json_t *ip)
{
	json_t *list = json_object_get(ip, "address"), *a, *addresses = json_array();
	const json_t *on = json_object_get(ip, "enabled");
	bool enabled = on ? nms_bool(on) == 1 : json_array_size(list) > 0;
	json_t *out = json_pack("{s:b}", "enabled", enabled);
	size_t i;

	json_array_foreach(list, i, a)
		json_array_append_new(addresses, normal_address(a));
	if (enabled && list)
		json_object_set(out, "address", addresses);
	json_decref(addresses);
	return out;
}

static json_t *normal_bond(const json_t *bond)
{
	json_t *out = json_object(), *ports = json_array(), *port;
	size_t i;

	copy_text(out, bond, "mode");
	copy_int(out, bond, "bond-updelay");
	copy_int(out, bond, "bond-downdelay");
	json_array_foreach(json_object_get(bond, json_object_get(bond, "port") ? "port" : "ports"),
			   i, port)
		json_array_append_new(ports, json_pack("{s:s}", "name", jstr(port, "name", "")));
	nms_sort(ports);
	json_object_set_new(out, "port", ports);
	return out;
}

/* vlan null stands for one that desired takes away ({}). */
static json_t *normal_port(const json_t *port)
{
	json_t *out = json_pack("{s:s}", "name", jstr(port, "name", "")), *vlan;
	const json_t *v = json_object_get(port, "vlan"), *bond;

	bond = json_object_get(port, "link-aggregation");
	if (json_is_object(v)) {
		vlan = nms_vlan(v);
		json_object_set_new(out, "vlan", vlan ? vlan : json_null());
	}
	if (json_is_object(bond))
		json_object_set_new(out, "link-aggregation", normal_bond(bond));
	return out;
}

static json_t *normal_options(const json_t *options)
{
	static const char *const bools[] = {"rstp", "mcast-snooping-enable"};
	const json_t *stp = json_object_get(options, "stp"), *mode;
	json_t *out = json_object();

	if (stp && !json_is_null(stp))
		json_object_set_new(out, "stp", json_pack("{s:b}", "enabled", nms_stp(stp) == 1));
	for (size_t i = 0; i < ARRAY_SIZE(bools); i++) {
		const json_t *v = json_object_get(options, bools[i]);

		if (v && !json_is_null(v))
			json_object_set_new(out, bools[i], json_boolean(nms_bool(v) == 1));
	}
	mode = json_object_get(options, "fail-mode");
	if (json_is_string(mode))
		json_object_set_new(out, "fail-mode", jstring(json_string_value(mode)));
	return out;
}

static json_t *normal_bridge(const json_t *bridge)
{
	json_t *out = json_object(), *list, *ports, *port;
	size_t i;

	list = json_object_get(bridge, json_object_get(bridge, "port") ? "port" : "ports");
	if (nms_bool(json_object_get(bridge, "allow-extra-patch-ports")) == 1)
		json_object_set_new(out, "allow-extra-patch-ports", json_true());
	json_object_set_new(out, "options", normal_options(json_object_get(bridge, "options")));
	if (!json_is_array(list))
		return out;
	ports = json_array();
	json_array_foreach(list, i, port)
		json_array_append_new(ports, normal_port(port));
	nms_sort(ports);
	json_object_set_new(out, "port", ports);
	return out;
}

static void lower_mac(json_t *iface)
{
	_cleanup_free_ char *mac = xstrdup(jstr(iface, "mac-address", NULL));

	for (char *c = mac; c && *c; c++)
		*c = *c >= 'A' && *c <= 'F' ? (char)(*c + 32) : *c;
	if (mac)
		jset_str(iface, "mac-address", mac);
}

static json_t *normal_iface(const json_t *iface)
{
	static const char *const families[] = {"ipv4", "ipv6"};
	json_t *out = json_object();

	copy_text(out, iface, "name");
	copy_text(out, iface, "type");
	jset_str(out, "state", jstr(iface, "state", "up"));
	copy_int(out, iface, "mtu");
	copy_text(out, iface, "mac-address");
	lower_mac(out);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (json_is_object(json_object_get(iface, families[i])))
			json_object_set_new(out, families[i],
					    normal_ip(json_object_get(iface, families[i])));
	if (json_is_object(json_object_get(iface, "bridge")))
		json_object_set_new(out, "bridge", normal_bridge(json_object_get(iface, "bridge")));
	if (json_is_object(json_object_get(iface, "patch")))
		json_object_set_new(out, "patch",
				    json_pack("{s:s}", "peer", jstr(iface, "patch.peer", "")));
	return out;
}

/* What nmstate does not keep on a type. */
static void drop_foreign(json_t *iface)
{
	static const char *const no_bridge[] = {"mtu", "ipv4", "ipv6", "mac-address", "patch"};

	if (nms_is(iface, "ovs-bridge"))
		for (size_t i = 0; i < ARRAY_SIZE(no_bridge); i++)
			json_object_del(iface, no_bridge[i]);
	else if (json_object_get(iface, "type"))
		json_object_del(iface, "bridge");
	if (nms_is(iface, "ethernet"))
		json_object_del(iface, "patch");
}

static void replace(json_t *out, json_t *iface)
{
	size_t i;
	json_t *old;

	json_array_foreach(out, i, old)
		if (streq(jstr(old, "name", ""), jstr(iface, "name", "")) &&
		    streq(jstr(old, "type", ""), jstr(iface, "type", ""))) {
			json_array_set_new(out, i, iface);
			return;
		}
	json_array_append_new(out, iface);
}

json_t *nms_desired(const json_t *desired)
{
	json_t *out = json_array(), *iface;
	size_t i;

	json_array_foreach(json_object_get(desired, "interfaces"), i, iface) {
		json_t *normal;

		if (streq(jstr(iface, "state", "up"), "ignore"))
			continue;
		normal = normal_iface(iface);
		json_object_set_new(normal, "path", jstringf(NMSTATE_PATH ".interfaces.%zu", i));
		drop_foreign(normal);
		replace(out, normal);
	}
	return out;
}

void nms_resolve_types(json_t *wanted, const json_t *interfaces, struct diags *d)
{
	size_t i;
	json_t *iface;

	json_array_foreach(wanted, i, iface) {
		const char *name = jstr(iface, "name", ""), *path = jstr(iface, "path", "");
		size_t n = json_object_get(iface, "type") ? 1 : nms_count(interfaces, name);

		if (n == 1 && !json_object_get(iface, "type"))
			jset_str(iface, "type", jstr(nms_find(interfaces, name, NULL), "type", ""));
		else if (n > 1)
			diags_add(d, DIAG_ERROR, "nmstate", path,
				  "%s is an ovs-bridge and an ovs-interface here: write its type",
				  name);
		else if (n == 0 && !streq(jstr(iface, "state", ""), "absent"))
			diags_add(d, DIAG_ERROR, "nmstate", path,
				  "the node has no interface %s: write its type to make one", name);
		drop_foreign(iface);
	}
}
