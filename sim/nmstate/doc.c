/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/ip.h"
#include "nmstate/nmstate_priv.h"

bool nms_is(const json_t *iface, const char *type)
{
	return streq(jstr(iface, "type", ""), type);
}

bool nms_is_patch(const json_t *iface)
{
	return nms_is(iface, "ovs-interface") && json_object_get(iface, "patch");
}

json_t *nms_find(const json_t *interfaces, const char *name, const char *type)
{
	size_t i;
	json_t *iface;

	json_array_foreach(interfaces, i, iface)
		if (streq(jstr(iface, "name", ""), name) &&
		    (type ? nms_is(iface, type) : !nms_is_patch(iface)))
			return iface;
	return NULL;
}

size_t nms_count(const json_t *interfaces, const char *name)
{
	size_t i, n = 0;
	json_t *iface;

	json_array_foreach(interfaces, i, iface)
		n += streq(jstr(iface, "name", ""), name) && !nms_is_patch(iface);
	return n;
}

json_t *nms_ports(const json_t *bridge)
{
	return jget(bridge, "bridge.port");
}

json_t *nms_port(const json_t *bridge, const char *name)
{
	size_t i;
	json_t *port;

	json_array_foreach(nms_ports(bridge), i, port)
		if (streq(jstr(port, "name", ""), name))
			return port;
	return NULL;
}

void nms_each_member(const json_t *port, void (*fn)(void *arg, const char *name, bool bonded),
		     void *arg)
{
	const json_t *bond = json_object_get(port, "link-aggregation");
	size_t i;
	json_t *member;

	if (!bond) {
		fn(arg, jstr(port, "name", ""), false);
		return;
	}
	json_array_foreach(json_object_get(bond, json_object_get(bond, "port") ? "port" : "ports"),
			   i, member)
		fn(arg, jstr(member, "name", ""), true);
}

struct search {
	const char *name;
	bool found;
};

static void match_member(void *arg, const char *name, bool bonded UNUSED)
{
	struct search *s = arg;

	s->found |= streq(s->name, name);
}

bool nms_has_member(const json_t *bridge, const char *name)
{
	struct search s = {.name = name};
	size_t i;
	json_t *port;

	json_array_foreach(nms_ports(bridge), i, port)
		nms_each_member(port, match_member, &s);
	return s.found;
}

json_t *nms_bridge_of(const json_t *interfaces, const char *member)
{
	size_t i;
	json_t *iface;

	json_array_foreach(interfaces, i, iface)
		if (nms_is(iface, "ovs-bridge") && nms_has_member(iface, member))
			return iface;
	return NULL;
}

static int compare(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int r = strcmp(jstr(x, "name", ""), jstr(y, "name", ""));

	return r ? r : strcmp(jstr(x, "type", ""), jstr(y, "type", ""));
}

void nms_sort(json_t *interfaces)
{
	size_t n = json_array_size(interfaces);
	json_t **v = xcalloc(n + 1, sizeof(json_t *));

	for (size_t i = 0; i < n; i++)
		v[i] = json_incref(json_array_get(interfaces, i));
	qsort(v, n, sizeof(json_t *), compare);
	json_array_clear(interfaces);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(interfaces, v[i]);
	free(v);
}

char *nms_title(const json_t *iface)
{
	return xasprintf("%s %s", jstr(iface, "type", "interface"), jstr(iface, "name", "?"));
}

static bool is_link_local(const char *text)
{
	struct ip ip;

	return ip_parse(text, &ip) && ip.family == 6 && ip.b[0] == 0xfe && (ip.b[1] & 0xc0) == 0x80;
}

static void canonical_ip(json_t *iface, const char *family)
{
	json_t *ip = json_object_get(iface, family), *list = json_object_get(ip, "address"), *a;
	json_t *kept = json_array();
	size_t i;

	json_array_foreach(list, i, a)
		if (!is_link_local(jstr(a, "ip", "")))
			json_array_append_new(kept,
					      json_pack("{s:s, s:I}", "ip", jstr(a, "ip", ""),
							"prefix-length",
							(json_int_t)jint(a, "prefix-length", 0)));
	if (jbool(ip, "enabled", false) && json_array_size(kept))
		json_object_set_new(iface, family,
				    json_pack("{s:b, s:o}", "enabled", 1, "address", kept));
	else {
		json_object_set_new(iface, family,
				    json_pack("{s:b}", "enabled", jbool(ip, "enabled", false)));
		json_decref(kept);
	}
}

static void canonical_bridge(json_t *iface)
{
	size_t i;
	json_t *port;

	json_array_foreach(nms_ports(iface), i, port) {
		json_t *vlan = nms_vlan(json_object_get(port, "vlan"));

		if (vlan)
			json_object_set_new(port, "vlan", vlan);
		else
			json_object_del(port, "vlan");
		nms_sort(jget(port, "link-aggregation.port"));
	}
	nms_sort(nms_ports(iface));
}

json_t *nms_canonical(const json_t *iface)
{
	json_t *out = json_deep_copy(iface);

	if (nms_is(out, "ovs-bridge")) {
		canonical_bridge(out);
		json_object_del(out, "ipv4");
		json_object_del(out, "ipv6");
		json_object_del(out, "mtu");
	} else {
		canonical_ip(out, "ipv4");
		canonical_ip(out, "ipv6");
	}
	return out;
}

json_t *nms_mapping(const json_t *mappings, const char *localnet)
{
	size_t i;
	json_t *m;

	json_array_foreach(mappings, i, m)
		if (streq(jstr(m, "localnet", ""), localnet))
			return m;
	return NULL;
}

json_t *nms_mappings(const json_t *doc)
{
	return jget(doc, "ovn.bridge-mappings");
}

static int compare_localnets(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;

	return strcmp(jstr(x, "localnet", ""), jstr(y, "localnet", ""));
}

void nms_sort_mappings(json_t *mappings)
{
	size_t n = json_array_size(mappings);
	json_t **v = xcalloc(n + 1, sizeof(json_t *));

	for (size_t i = 0; i < n; i++)
		v[i] = json_incref(json_array_get(mappings, i));
	qsort(v, n, sizeof(json_t *), compare_localnets);
	json_array_clear(mappings);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(mappings, v[i]);
	free(v);
}
