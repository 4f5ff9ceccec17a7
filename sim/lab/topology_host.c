/* SPDX-License-Identifier: Apache-2.0 */
/* External hosts: machines of the physical world with one interface, or routers with several. */
#include "lab/topology_priv.h"

#include "base/ip.h"

static json_t *check_listen(struct topo *t, const json_t *host, const char *path)
{
	json_t *out = json_array(), *v;
	size_t i;

	json_array_foreach(topo_list(t, host, "listen", path), i, v) {
		_cleanup_free_ char *p = xasprintf("%s.listen.%zu", path, i);
		const char *s = json_string_value(v);
		const char *port = s ? str_after(s, "tcp/") : NULL;
		long long n;

		if (s && !port)
			port = str_after(s, "udp/");
		if (port && parse_int(port, 1, 65535, &n) == 0)
			json_array_append(out, v);
		else
			topo_bad(t, p, NULL, "expected tcp/PORT or udp/PORT");
	}
	return out;
}

/* A next hop must be on one of the host's own networks. */
static void check_hop(struct topo *t, const json_t *o, const char *key, const char *path,
		      const json_t *ifaces)
{
	_cleanup_free_ char *p = xasprintf("%s.%s", path, key);
	const char *text = jstr(o, key, "");
	json_t *iface, *a;
	struct ipnet net;
	struct ip ip;
	size_t i, k;

	if (!ip_parse(text, &ip)) {
		topo_bad(t, p, NULL, "expected an IP address, found \"%s\"", text);
		return;
	}
	json_array_foreach(ifaces, i, iface)
		json_array_foreach(json_object_get(iface, "addresses"), k, a)
			if (ipnet_parse(json_string_value(a), &net) && ipnet_has(&net, &ip))
				return;
	topo_bad(t, p, NULL, "%s is on none of the host's own networks", text);
}

static json_t *expand_routes(struct topo *t, const json_t *host, const char *path,
			     const json_t *ifaces)
{
	static const char *const known[] = {"to", "via", NULL};
	json_t *out = json_array(), *route;
	struct ipnet net;
	size_t i;

	json_array_foreach(topo_list(t, host, "routes", path), i, route) {
		_cleanup_free_ char *p = xasprintf("%s.routes.%zu", path, i);
		_cleanup_free_ char *pt = xasprintf("%s.to", p);
		const char *to = jstr(route, "to", "");

		topo_keys(t, route, p, known);
		if (!ipnet_parse(to, &net))
			topo_bad(t, pt, NULL, "expected address/prefix length, found \"%s\"", to);
		check_hop(t, route, "via", p, ifaces);
		json_array_append_new(
			out, json_pack("{s:s, s:s}", "to", to, "via", jstr(route, "via", "")));
	}
	return out;
}

/* o: an entry of `interfaces`, or the host itself when it has only one. */
static json_t *expand_iface(struct topo *t, const json_t *o, const char *path, const char *host,
			    const char *name, const char *network)
{
	const char *net = topo_network(t, o, path, network);
	_cleanup_free_ char *id = xasprintf("%s/%s", host, name);
	long long vlan = topo_vlan(t, o, path);
	json_t *addrs = topo_cidrs(t, o, "addresses", path);
	bool first = streq(name, "eth0");

	topo_claim(t, net ? net : "", vlan, addrs, path);
	if (vlan && net && streq(net, TOPO_UNDERLAY))
		t->underlay_ovs = true;
	return json_pack("{s:s, s:s, s:I, s:o, s:o, s:I}", "name", name, "network", net ? net : "",
			 "vlan", (json_int_t)vlan, "addresses", addrs, "mac",
			 topo_mac(t, o, path, "host", first ? host : id), "mtu",
			 (json_int_t)topo_mtu(t, o, path, jint(t->mtus, net ? net : "", 1500)));
}

static json_t *expand_ifaces(struct topo *t, const json_t *host, const char *path, const char *name,
			     const char *network)
{
	static const char *const known[] = {"name", "network", "vlan", "addresses",
					    "mac",  "mtu",     NULL};
	json_t *list = topo_list(t, host, "interfaces", path), *out = json_array(), *o;
	_cleanup_json_ json_t *seen = json_object();
	size_t i;

	if (!json_array_size(list))
		json_array_append_new(out, expand_iface(t, host, path, name, "eth0", network));
	json_array_foreach(list, i, o) {
		_cleanup_free_ char *p = xasprintf("%s.interfaces.%zu", path, i);
		_cleanup_free_ char *def = xasprintf("eth%zu", i);
		const char *ifname = jstr(o, "name", def);

		topo_keys(t, o, p, known);
		if (!*ifname || strlen(ifname) > 15 || strpbrk(ifname, "/: "))
			topo_bad(t, p, NULL, "expected a name of at most 15 characters");
		else if (json_object_get(seen, ifname))
			topo_bad(t, p, NULL, "the host has two interfaces \"%s\"", ifname);
		json_object_set_new(seen, ifname, json_true());
		json_array_append_new(out, expand_iface(t, o, p, name, ifname, network));
	}
	return out;
}

/* With `interfaces`, what would describe the only interface belongs into its entries. */
static void check_single(struct topo *t, const json_t *host, const char *path)
{
	static const char *const single[] = {"addresses", "vlan", "mac", "mtu"};

	for (size_t i = 0; json_object_get(host, "interfaces") && i < ARRAY_SIZE(single); i++) {
		_cleanup_free_ char *p = xasprintf("%s.%s", path, single[i]);

		if (json_object_get(host, single[i]))
			topo_bad(t, p, "write it into an entry of interfaces",
				 "not possible beside interfaces");
	}
}

static json_t *expand_host(struct topo *t, const json_t *h, const char *path, const char *name,
			   const char *network)
{
	json_t *ifaces = expand_ifaces(t, h, path, name, network);
	const json_t *first = json_array_get(ifaces, 0);

	check_single(t, h, path);
	if (json_object_get(h, "gateway"))
		check_hop(t, h, "gateway", path, ifaces);
	return json_pack("{s:s, s:O, s:O, s:o, s:o, s:O, s:o, s:o, s:b}", "name", name, "addresses",
			 json_object_get(first, "addresses"), "vlan",
			 json_object_get(first, "vlan"), "listen", check_listen(t, h, path),
			 "gateway", jstring(jstr(h, "gateway", NULL)), "mac",
			 json_object_get(first, "mac"), "interfaces", ifaces, "routes",
			 expand_routes(t, h, path, ifaces), "forward",
			 (int)topo_bool(t, h, "forward", path));
}

json_t *topo_hosts(struct topo *t, const json_t *net, const char *path, const char *network,
		   json_t *seen)
{
	static const char *const known[] = {"name",   "addresses", "vlan",    "mac",
					    "mtu",    "listen",	   "gateway", "interfaces",
					    "routes", "forward",   NULL};
	json_t *out = json_array(), *h;
	size_t i;

	json_array_foreach(topo_list(t, net, "hosts", path), i, h) {
		_cleanup_free_ char *p = xasprintf("%s.hosts.%zu", path, i);
		const char *name = topo_name(t, h, p, seen);

		topo_keys(t, h, p, known);
		if (name)
			json_array_append_new(out, expand_host(t, h, p, name, network));
	}
	return out;
}

static const json_t *find(const json_t *hosts, const char *name)
{
	json_t *h;
	size_t i;

	json_array_foreach(hosts, i, h)
		if (streq(jstr(h, "name", ""), name))
			return h;
	return NULL;
}

const json_t *topology_host(const json_t *topology, const char *name)
{
	const json_t *h = find(jget(topology, "underlay.hosts"), name);
	json_t *net;
	size_t i;

	json_array_foreach(json_object_get(topology, "networks"), i, net)
		if (!h)
			h = find(json_object_get(net, "hosts"), name);
	return h;
}
