/* SPDX-License-Identifier: Apache-2.0 */
/* network-config: what both versions share. */
#include "config_priv.h"

#include <ctype.h>

json_t *nc_net_interface(const char *name)
{
	return json_pack("{s:s, s:[], s:[]}", "name", name, "addresses", "routes");
}

/* "255.255.255.0" or "24" → 24; -1 when it is no mask. */
static int mask_len(const char *mask, int family)
{
	struct ip m;
	long long n;
	int len = 0;

	if (parse_int(mask, 0, family == 4 ? 32 : 128, &n) == 0)
		return (int)n;
	if (!ip_parse(mask, &m) || m.family != family)
		return -1;
	while (len < ip_bits(&m) && m.b[len / 8] & (0x80 >> len % 8))
		len++;
	for (int i = len; i < ip_bits(&m); i++)
		if (m.b[i / 8] & (0x80 >> i % 8))
			return -1;
	return len;
}

bool nc_net_address(const char *address, const char *netmask, struct ipnet *ret)
{
	struct ipnet n;

	if (strchr(address, '/')) {
		_cleanup_free_ char *ip = xstrndup(address, strcspn(address, "/"));

		if (!ip_parse(ip, &n.ip))
			return false;
		n.len = mask_len(strchr(address, '/') + 1, n.ip.family);
	} else {
		if (!ip_parse(address, &n.ip))
			return false;
		n.len = netmask ? mask_len(netmask, n.ip.family) : ip_bits(&n.ip);
	}
	if (n.len < 0)
		return false;
	*ret = n;
	return true;
}

void nc_net_add_address(json_t *itf, const char *address, const char *netmask, const char *path,
			struct diags *d)
{
	char text[IPNET_TEXT_MAX];
	struct ipnet n;

	if (!address || !nc_net_address(address, netmask, &n)) {
		diags_add(d, DIAG_ERROR, NULL, path,
			  "expected an address with prefix length, found \"%s%s%s\"",
			  address ? address : "", netmask ? "\" and netmask \"" : "",
			  netmask ? netmask : "");
		return;
	}
	if (!netmask && !strchr(address, '/'))
		diags_add(d, DIAG_WARNING, NULL, path, "no prefix length: taken as /%d", n.len);
	jadd_str(json_object_get(itf, "addresses"), ipnet_text(&n, text));
}

/* "default" takes its family from the gateway. */
static bool route_target(const char *to, const char *netmask, const struct ip *via,
			 struct ipnet *ret)
{
	if (to && !streq(to, "default")) {
		if (!nc_net_address(to, netmask, ret))
			return false;
		*ret = ipnet_masked(ret);
		return true;
	}
	*ret = (struct ipnet){.ip.family = via->family ? via->family : 4};
	return true;
}

void nc_net_add_route(json_t *routes, const char *to, const char *netmask, const char *via,
		      const json_t *extra, const char *path, struct diags *d)
{
	char text[IPNET_TEXT_MAX], gw[IP_TEXT_MAX];
	json_t *r, *metric = json_object_get(extra, "metric");
	struct ip g = {0};
	struct ipnet n;

	if (via && !ip_parse(via, &g)) {
		diags_add(d, DIAG_ERROR, NULL, path, "expected a gateway address, found \"%s\"",
			  via);
		return;
	}
	if (!route_target(to, netmask, &g, &n) || (g.family && g.family != n.ip.family)) {
		diags_add(d, DIAG_ERROR, NULL, path,
			  "expected \"default\" or a prefix of the gateway's family, found \"%s\"",
			  to ? to : "");
		return;
	}
	r = json_pack("{s:s}", "to", ipnet_text(&n, text));
	if (via)
		json_object_set_new(r, "via", jstring(ip_text(&g, gw)));
	if (json_is_integer(metric))
		json_object_set(r, "metric", metric);
	if (nc_bool(json_object_get(extra, "on-link"), false))
		json_object_set_new(r, "onlink", json_true());
	json_array_append_new(routes, r);
}

void nc_net_add_gateway(json_t *itf, const json_t *gateway, const char *path, struct diags *d)
{
	_cleanup_free_ char *via = nc_text(gateway);

	if (via)
		nc_net_add_route(json_object_get(itf, "routes"), NULL, NULL, via, NULL, path, d);
}

void nc_net_set_mtu(json_t *itf, const json_t *mtu, const char *path, struct diags *d)
{
	_cleanup_free_ char *text = nc_text(mtu);
	long long n;

	if (!text)
		return;
	if (parse_int(text, 68, 65535, &n) < 0) {
		diags_add(d, DIAG_ERROR, NULL, path,
			  "expected an MTU from 68 to 65535, found \"%s\"", text);
		return;
	}
	json_object_set_new(itf, "mtu", json_integer(n));
}

bool nc_net_mac(const json_t *v, const char *path, struct diags *d, char **ret)
{
	_cleanup_free_ char *text = nc_text(v);
	unsigned b[6];
	int end = 0;

	if (!text)
		return false;
	for (char *p = text; *p; p++)
		*p = *p == '-' ? ':' : (char)tolower((unsigned char)*p);
	if (strlen(text) > 17 ||
	    sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
		   &end) != 6 ||
	    text[end]) {
		diags_add(d, DIAG_ERROR, NULL, path, "expected a MAC address, found \"%s\"", text);
		return false;
	}
	*ret = xasprintf("%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return true;
}

static json_t *member_list(json_t *o, const char *key)
{
	json_t *a = json_object_get(o, key);

	if (!a) {
		a = json_array();
		json_object_set_new(o, key, a);
	}
	return a;
}

void nc_net_add_dns(json_t *o, const json_t *addresses, const json_t *search, const char *path,
		    struct diags *d)
{
	_cleanup_json_ json_t *texts = json_array(), *domains = json_array();
	json_t *v;
	size_t i;

	nc_add_texts(texts, addresses);
	nc_add_texts(domains, search);
	json_array_foreach(texts, i, v) {
		const char *text = json_string_value(v);
		char canonical[IP_TEXT_MAX];
		struct ip a;

		if (ip_parse(text, &a))
			jadd_str(member_list(o, "dns"), ip_text(&a, canonical));
		else
			diags_add(d, DIAG_ERROR, NULL, path,
				  "expected a name server's address, found \"%s\"", text);
	}
	json_array_foreach(domains, i, v)
		jadd_str(member_list(o, "search"), json_string_value(v));
}

static json_t *convert(const json_t *cfg, struct diags *d)
{
	_cleanup_json_ json_t *net = json_pack("{s:[], s:[]}", "interfaces", "routes");
	json_t *version = json_object_get(cfg, "version"), *config = json_object_get(cfg, "config");

	if (json_is_string(config) && streq(json_string_value(config), "disabled"))
		return TAKE_PTR(net);
	if (json_integer_value(version) == 1)
		nc_net_v1(cfg, net, d);
	else if (json_integer_value(version) == 2 ||
		 (!version && json_object_get(cfg, "ethernets")))
		nc_net_v2(cfg, net, d);
	else {
		_cleanup_free_ char *found = nc_text(version);

		diags_add(d, DIAG_ERROR, NULL, "version", "expected version 1 or 2, found %s",
			  found ? found : "none");
		return NULL;
	}
	return TAKE_PTR(net);
}

json_t *nc_net_parse(const char *text, size_t len, struct diags *d)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	size_t from = d->n;
	json_t *root = nc_yaml(text, len, "network-config", &docs, d), *inner, *net;

	if (!root)
		return NULL;
	inner = json_object_get(root, "network");
	net = convert(json_is_object(inner) ? inner : root, d);
	/* Findings name paths below "network", positions are those of the whole file. */
	for (size_t i = from; json_is_object(inner) && i < d->n; i++) {
		char *path = xasprintf("network.%s", d->v[i].path ? d->v[i].path : "");

		free(d->v[i].path);
		d->v[i].path = path;
	}
	nc_locate(&docs, d, from, "network-config");
	return net;
}
