/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/topology.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "base/prng.h"

#define NODE_OFFSET 11
#define MAX_NODES 200

char *cidr_addr(const char *cidr)
{
	return xstrndup(cidr, strcspn(cidr, "/"));
}

/* Parses "a.b.c.d/n" or "x::y/n". Returns AF_INET or AF_INET6, or 0 when malformed. */
static int cidr_parse(const char *cidr, unsigned char addr[16], long long *ret_len)
{
	_cleanup_free_ char *a = cidr_addr(cidr);
	const char *slash = strchr(cidr, '/');
	int family = strchr(a, ':') ? AF_INET6 : AF_INET;

	if (!slash || inet_pton(family, a, addr) != 1)
		return 0;
	return parse_int(slash + 1, 0, family == AF_INET ? 32 : 128, ret_len) < 0 ? 0 : family;
}

char *cidr_nth(const char *cidr, unsigned n, bool with_len)
{
	unsigned char addr[16] = {0};
	char text[INET6_ADDRSTRLEN];
	long long len = 0;
	int family = cidr_parse(cidr, addr, &len);
	int bytes = family == AF_INET ? 4 : 16;
	int host_bits = bytes * 8 - (int)len;

	if (!family || (host_bits < 31 && n >= 1u << host_bits))
		return NULL;
	for (int i = 0; i < host_bits; i++) /* clear the host part */
		addr[bytes - 1 - i / 8] &= (unsigned char)~(1u << (i % 8));
	for (int i = bytes - 1; n && i >= 0; i--, n >>= 8)
		addr[i] |= (unsigned char)n;
	inet_ntop(family, addr, text, sizeof(text));
	return with_len ? xasprintf("%s/%lld", text, len) : xstrdup(text);
}

/* ---- validation of the document as written ---- */

struct topo {
	const json_t *spec;
	struct diags *d;
	struct prng rng;
	const char *zones;
};

static void bad(struct topo *t, const char *path, const char *hint, const char *fmt, ...)
	PRINTF(4, 5);
static void bad(struct topo *t, const char *path, const char *hint, const char *fmt, ...)
{
	_cleanup_free_ char *msg = NULL;
	struct diag *g;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	g = diags_add(t->d, DIAG_ERROR, "topology", path, "%s", msg);
	if (hint)
		diag_hint(g, "%s", hint);
}

static void check_keys(struct topo *t, const json_t *o, const char *path, const char *const *known)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		_cleanup_free_ char *p = xasprintf("%s.%s", path, key);
		_cleanup_buf_ struct buf list = BUF_INIT;
		bool found = false;

		for (size_t i = 0; known[i]; i++) {
			found |= streq(known[i], key);
			buf_printf(&list, "%s%s", i ? ", " : "", known[i]);
		}
		if (!found)
			bad(t, p, NULL, "unknown field; expected one of %s", buf_str(&list));
	}
}

static bool name_ok(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (n < 1 || n > 40 || !isalnum((unsigned char)s[0]) || !isalnum((unsigned char)s[n - 1]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)s[i]) && !isdigit((unsigned char)s[i]) && s[i] != '-')
			return false;
	return true;
}

static const char *check_name(struct topo *t, const json_t *o, const char *path, json_t *seen)
{
	const char *name = jstr(o, "name", NULL);
	_cleanup_free_ char *p = xasprintf("%s.name", path);

	if (!name_ok(name)) {
		bad(t, p, NULL,
		    "expected a name of a-z, 0-9 and - (at most 40 characters), found %s%s%s",
		    name ? "\"" : "", name ? name : "none", name ? "\"" : "");
		return NULL;
	}
	if (json_object_get(seen, name)) {
		bad(t, p, "names must be unique", "\"%s\" is used twice", name);
		return NULL;
	}
	json_object_set_new(seen, name, json_true());
	return name;
}

static long long check_mtu(struct topo *t, const json_t *o, const char *path, long long def)
{
	json_t *v = json_object_get(o, "mtu");
	_cleanup_free_ char *p = xasprintf("%s.mtu", path);

	if (!v)
		return def;
	if (!json_is_integer(v) || json_integer_value(v) < 576 || json_integer_value(v) > 65535) {
		bad(t, p, NULL, "expected an integer of 576 to 65535");
		return def;
	}
	return json_integer_value(v);
}

static const char *check_enum(struct topo *t, const char *key, const char *const *values)
{
	json_t *v = json_object_get(t->spec, key);
	_cleanup_free_ char *p = xasprintf("spec.%s", key);
	_cleanup_buf_ struct buf list = BUF_INIT;

	if (!v)
		return values[0];
	for (size_t i = 0; values[i]; i++) {
		if (streq0(json_string_value(v), values[i]))
			return values[i];
		buf_printf(&list, "%s%s", i ? ", " : "", values[i]);
	}
	bad(t, p, NULL, "expected one of %s", buf_str(&list));
	return values[0];
}

static json_t *check_cidrs(struct topo *t, const json_t *o, const char *key, const char *path)
{
	_cleanup_free_ char *p = xasprintf("%s.%s", path, key);
	json_t *list = json_object_get(o, key), *out = json_array(), *v;
	size_t i;

	if (list && !json_is_array(list))
		bad(t, p, NULL, "expected a list of CIDRs such as 172.31.0.0/24");
	json_array_foreach(list, i, v) {
		_cleanup_free_ char *pi = xasprintf("%s.%zu", p, i);
		unsigned char addr[16];
		long long len;

		if (json_is_string(v) && cidr_parse(json_string_value(v), addr, &len))
			json_array_append(out, v);
		else
			bad(t, pi, NULL, "expected address/prefix length, found \"%s\"",
			    json_is_string(v) ? json_string_value(v) : "a value of another type");
	}
	return out;
}

static json_t *check_listen(struct topo *t, const json_t *host, const char *path)
{
	json_t *out = json_array(), *v;
	size_t i;

	json_array_foreach(json_object_get(host, "listen"), i, v) {
		_cleanup_free_ char *p = xasprintf("%s.listen.%zu", path, i);
		const char *s = json_string_value(v);
		const char *port = s ? str_after(s, "tcp/") : NULL;
		long long n;

		if (s && !port)
			port = str_after(s, "udp/");
		if (port && parse_int(port, 1, 65535, &n) == 0)
			json_array_append(out, v);
		else
			bad(t, p, NULL, "expected tcp/PORT or udp/PORT");
	}
	return out;
}

/* ---- expansion ---- */

static json_t *make_mac(struct topo *t, const char *what, const char *name)
{
	uint64_t v = prng_hash(t->rng.seed, what, name);

	return jstringf("0a:%02x:%02x:%02x:%02x:%02x", (unsigned)(v & 0xff),
			(unsigned)(v >> 8 & 0xff), (unsigned)(v >> 16 & 0xff),
			(unsigned)(v >> 24 & 0xff), (unsigned)(v >> 32 & 0xff));
}

static json_t *make_uuid(struct topo *t, const char *what, const char *name)
{
	char uuid[37];

	prng_uuid(prng_hash(t->rng.seed, what, name), uuid);
	return jstring(uuid);
}

static json_t *expand_hosts(struct topo *t, const json_t *net, const char *path, json_t *seen)
{
	static const char *const known[] = {"name", "addresses", "vlan", "listen", "gateway", NULL};
	json_t *out = json_array(), *h;
	size_t i;

	json_array_foreach(json_object_get(net, "hosts"), i, h) {
		_cleanup_free_ char *p = xasprintf("%s.hosts.%zu", path, i);
		_cleanup_free_ char *pv = xasprintf("%s.vlan", p);
		long long vlan = jint(h, "vlan", 0);
		const char *name = check_name(t, h, p, seen);

		check_keys(t, h, p, known);
		if (vlan < 0 || vlan > 4094)
			bad(t, pv, NULL, "expected 0 (untagged) to 4094, found %lld", vlan);
		if (!name)
			continue;
		json_array_append_new(out, json_pack("{s:s, s:o, s:I, s:o, s:o, s:o}", "name", name,
						     "addresses", check_cidrs(t, h, "addresses", p),
						     "vlan", (json_int_t)vlan, "listen",
						     check_listen(t, h, p), "gateway",
						     jstring(jstr(h, "gateway", NULL)), "mac",
						     make_mac(t, "host", name)));
	}
	return out;
}

static json_t *nth_addresses(const json_t *subnets, unsigned n, bool *ret_ok)
{
	json_t *out = json_array(), *s;
	size_t i;

	json_array_foreach(subnets, i, s) {
		_cleanup_free_ char *a = cidr_nth(json_string_value(s), n, true);

		if (a)
			json_array_append_new(out, jstring(a));
		else
			*ret_ok = false;
	}
	return out;
}

static json_t *first_addr(const json_t *addresses)
{
	const char *cidr = json_string_value(json_array_get(addresses, 0));
	_cleanup_free_ char *a = cidr ? cidr_addr(cidr) : NULL;

	return jstring(a);
}

static json_t *expand_nics(struct topo *t, const json_t *node, const char *path,
			   const json_t *networks)
{
	json_t *out = json_array(), *nic;
	size_t i;

	json_array_foreach(json_object_get(node, "nics"), i, nic) {
		_cleanup_free_ char *p = xasprintf("%s.nics.%zu", path, i);
		const char *name = jstr(nic, "name", NULL), *net = jstr(nic, "network", NULL);
		bool found = false;
		json_t *n;
		size_t k;

		if (!name_ok(name) || strlen(name) > 15 || streq(name, "eth0"))
			bad(t, p, "eth0 is the underlay NIC; use eth1, eth2 …",
			    "expected a NIC name of at most 15 characters other than eth0");
		json_array_foreach(networks, k, n)
			found |= streq0(jstr(n, "name", NULL), net);
		if (!found)
			bad(t, p, "declare it under spec.networks", "network \"%s\" does not exist",
			    net ? net : "");
		json_array_append_new(out, json_pack("{s:s, s:s}", "name", name ? name : "",
						     "network", net ? net : ""));
	}
	return out;
}

static json_t *expand_node(struct topo *t, const json_t *node, size_t i, const char *path,
			   const char *name, const json_t *subnets, const json_t *networks)
{
	bool ok = true;
	json_t *addrs = nth_addresses(subnets, NODE_OFFSET + (unsigned)i, &ok);
	json_t *labels = json_object_get(node, "labels");
	const char *zone = streq(t->zones, "central") ? "global" : name;

	if (!ok)
		bad(t, path, "use a larger subnet", "spec.underlay.subnets has no address left");
	labels = json_is_object(labels) ? json_deep_copy(labels) : json_object();
	json_object_set_new(labels, "kubernetes.io/hostname", jstring(name));
	json_object_set_new(labels, "kubernetes.io/os", json_string("linux"));
	return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "name", name,
			 "index", (int)i, "labels", labels, "addresses", addrs, "encap_ip",
			 first_addr(addrs), "mac", make_mac(t, "node", name), "chassis",
			 make_uuid(t, "chassis", name), "zone", zone, "host_uuid",
			 make_uuid(t, "host", name), "nics", expand_nics(t, node, path, networks));
}

static json_t *expand_nodes(struct topo *t, const json_t *subnets, const json_t *networks,
			    json_t *seen)
{
	static const char *const known[] = {"name", "labels", "nics", NULL};
	json_t *list = json_object_get(t->spec, "nodes"), *out = json_array(), *node;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > MAX_NODES)
		bad(t, "spec.nodes", NULL, "expected a list of 1 to %d nodes", MAX_NODES);
	json_array_foreach(list, i, node) {
		_cleanup_free_ char *p = xasprintf("spec.nodes.%zu", i);
		const char *name = check_name(t, node, p, seen);

		check_keys(t, node, p, known);
		if (name && i < MAX_NODES)
			json_array_append_new(out,
					      expand_node(t, node, i, p, name, subnets, networks));
	}
	return out;
}

static json_t *expand_networks(struct topo *t, json_t *seen)
{
	static const char *const known[] = {"name", "mtu", "hosts", NULL};
	json_t *out = json_array(), *net;
	size_t i;

	json_array_foreach(json_object_get(t->spec, "networks"), i, net) {
		_cleanup_free_ char *p = xasprintf("spec.networks.%zu", i);
		const char *name = check_name(t, net, p, seen);

		check_keys(t, net, p, known);
		if (name)
			json_array_append_new(out,
					      json_pack("{s:s, s:I, s:o}", "name", name, "mtu",
							(json_int_t)check_mtu(t, net, p, 1500),
							"hosts", expand_hosts(t, net, p, seen)));
	}
	return out;
}

static json_t *expand_underlay(struct topo *t, json_t *seen)
{
	static const char *const known[] = {"mtu", "subnets", "hosts", NULL};
	const json_t *u = json_object_get(t->spec, "underlay");
	json_t *subnets = check_cidrs(t, u, "subnets", "spec.underlay");
	const char *first;

	check_keys(t, u, "spec.underlay", known);
	if (!json_array_size(subnets))
		json_array_append_new(subnets, json_string("172.31.0.0/24"));
	first = json_string_value(json_array_get(subnets, 0));
	return json_pack("{s:I, s:i, s:o, s:o}", "mtu",
			 (json_int_t)check_mtu(t, u, "spec.underlay", 1500), "family",
			 strchr(first, ':') ? 6 : 4, "subnets", subnets, "hosts",
			 expand_hosts(t, u, "spec.underlay", seen));
}

static json_t *expand(struct topo *t, const char *name)
{
	static const char *const known[] = {"zones",	"mtu",	    "datapath", "seed",
					    "underlay", "networks", "nodes",	NULL};
	static const char *const zones[] = {"interconnect", "central", NULL};
	static const char *const datapaths[] = {"auto", "netdev", "system", NULL};
	_cleanup_json_ json_t *node_names = json_object(), *host_names = json_object();
	json_t *networks, *underlay, *cp_addrs, *nodes;
	bool ok = true;

	check_keys(t, t->spec, "spec", known);
	t->zones = check_enum(t, "zones", zones);
	underlay = expand_underlay(t, host_names);
	networks = expand_networks(t, host_names);
	cp_addrs = nth_addresses(json_object_get(underlay, "subnets"), 2, &ok);
	nodes = expand_nodes(t, json_object_get(underlay, "subnets"), networks, node_names);
	return json_pack("{s:s, s:s, s:I, s:s, s:I, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o}}", "name",
			 name, "zones", t->zones, "mtu",
			 (json_int_t)check_mtu(t, t->spec, "spec", 1400), "datapath",
			 check_enum(t, "datapath", datapaths), "seed", (json_int_t)t->rng.seed,
			 "underlay", underlay, "networks", networks, "nodes", nodes,
			 "control_plane", "addresses", cp_addrs, "ip", first_addr(cp_addrs), "mac",
			 make_mac(t, "control-plane", ""), "host_uuid",
			 make_uuid(t, "host", "control-plane"));
}

json_t *topology_expand(const struct yaml_doc *doc, const char *file, struct diags *d)
{
	size_t from = d->n, errors = diags_count(d, DIAG_ERROR);
	const char *api = jstr(doc->root, "apiVersion", ""), *kind = jstr(doc->root, "kind", "");
	const char *name = jstr(doc->root, "metadata.name", NULL);
	struct topo t = {.spec = jget(doc->root, "spec"), .d = d};
	bool known = streq(kind, "Topology") && streq(api, "ovnbed.io/v1alpha1");
	json_t *out = NULL;

	if (!known)
		bad(&t, "kind", NULL,
		    "expected kind Topology of ovnbed.io/v1alpha1, found kind \"%s\" of \"%s\"",
		    kind, api);
	if (known && !name_ok(name))
		bad(&t, "metadata.name", NULL, "expected a name of a-z, 0-9 and -");
	if (known && !json_is_object(t.spec))
		bad(&t, "spec", NULL, "expected a mapping with at least `nodes`");
	if (known && json_is_object(t.spec)) {
		prng_init(&t.rng, (uint64_t)jint(t.spec, "seed", 1));
		out = expand(&t, name ? name : "");
	}
	marks_locate(doc->marks, d, from, file, NULL);
	if (diags_count(d, DIAG_ERROR) > errors) {
		json_decref(out);
		return NULL;
	}
	return out;
}

json_t *topology_load(const char *path, struct diags *d)
{
	return topology_load_zones(path, NULL, d);
}

json_t *topology_load_zones(const char *path, const char *zones, struct diags *d)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};

	if (yaml_parse_file(path, &docs, d) < 0)
		return NULL;
	if (docs.n != 1) {
		struct diag *g = diags_add(d, DIAG_ERROR, "topology", NULL,
					   "expected one document, found %zu", docs.n);

		g->file = xstrdup(path);
		return NULL;
	}
	if (zones && json_is_object(json_object_get(docs.v[0].root, "spec")))
		jset_str(docs.v[0].root, "spec.zones", zones);
	return topology_expand(&docs.v[0], path, d);
}
