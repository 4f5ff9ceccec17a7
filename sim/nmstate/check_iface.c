/* SPDX-License-Identifier: Apache-2.0 */
/* One interface of a desiredState. */
#include "api/text.h"
#include "base/ip.h"
#include "nmstate/nmstate_priv.h"

#define IFNAME_MAX 15

static const char *const emulated[] = {"ethernet", "ovs-bridge", "ovs-interface", NULL};
static const char *const foreign[] = {
	"bond",	    "vlan",   "linux-bridge", "dummy",	    "veth",	"vxlan",  "team",
	"mac-vlan", "vrf",    "mac-vtap",     "infiniband", "loopback", "macsec", "ipsec",
	"hsr",	    "ipvlan", "tun",	      "wireguard",  "xfrm",	"other",  "802-3-ethernet",
	"unknown",  NULL};

static bool in(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (streq(*list, s))
			return true;
	return false;
}

/* Modes in which one MAC address is seen on several ports of the switch, or moves between them. */
static const char *bad_bond_mode(const json_t *mode)
{
	static const char *const modes[][3] = {
		{"0", "balance-rr", "mode 0 (balance-rr)"},
		{"5", "balance-tlb", "mode 5 (balance-tlb)"},
		{"6", "balance-alb", "mode 6 (balance-alb)"},
	};
	_cleanup_free_ char *text = nms_text(mode);

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (streq(text, modes[i][0]) || streq(text, modes[i][1]))
			return modes[i][2];
	return NULL;
}

static void check_linux_bond(const json_t *iface, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "link-aggregation.mode");
	_cleanup_free_ char *at_type = nms_at(path, "type");
	const char *bad = bad_bond_mode(jget(iface, "link-aggregation.mode"));

	if (bad)
		diag_hint(diags_add(d, DIAG_ERROR, "nmstate/bond-mode", at,
				    "bond %s is not supported under a bridge: it sends one MAC "
				    "address through several ports, or answers for a guest with "
				    "another one",
				    bad),
			  "use link-aggregation {mode: balance-slb} on a port of an ovs-bridge, or "
			  "active-backup");
	else
		diag_hint(diags_add(d, DIAG_ERROR, "nmstate/unsupported", at_type,
				    "Linux bonds are not emulated"),
			  "give a port of the ovs-bridge a link-aggregation with mode "
			  "active-backup, balance-slb, balance-tcp or lacp");
}

static void check_type(const json_t *iface, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "type");
	const json_t *type = json_object_get(iface, "type");
	const char *t = json_string_value(type);

	if (!type)
		return;
	if (!t)
		nms_wrong(d, at, type, "ethernet, ovs-bridge or ovs-interface");
	else if (streq(t, "bond"))
		check_linux_bond(iface, path, d);
	else if (in(foreign, t))
		diag_hint(diags_add(d, DIAG_ERROR, "nmstate/unsupported", at,
				    "interfaces of type %s are not emulated", t),
			  "ovnbed configures ethernet, ovs-bridge and ovs-interface");
	else if (!in(emulated, t))
		nms_wrong(d, at, type, "ethernet, ovs-bridge or ovs-interface");
}

static void check_name(const json_t *iface, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "name");
	const char *name = jstr(iface, "name", NULL);

	if (!name || !*name)
		nms_wrong(d, at, json_object_get(iface, "name"), "the interface's name");
	else if (strlen(name) > IFNAME_MAX || strpbrk(name, "/ \t"))
		diags_add(d, DIAG_ERROR, "nmstate", at,
			  "\"%.*s\": names of interfaces have at most %d characters, no blanks "
			  "and no '/'",
			  text_clip(name), name, IFNAME_MAX);
	else if (streq(name, NMS_BR_INT))
		diags_add(d, DIAG_ERROR, "nmstate", at,
			  "br-int is OVN's integration bridge: not to be configured");
}

static void check_state(const json_t *iface, const char *path, struct diags *d)
{
	static const char *const states[] = {"up", "down", "absent", "ignore", NULL};
	_cleanup_free_ char *at = nms_at(path, "state");
	const json_t *state = json_object_get(iface, "state");
	const char *s = json_string_value(state), *type = jstr(iface, "type", "");

	if (!state)
		return;
	if (!s || !in(states, s))
		nms_wrong(d, at, state, "up, down, absent or ignore");
	else if (streq(s, "down") && str_after(type, "ovs-"))
		diag_hint(diags_add(d, DIAG_ERROR, "nmstate/unsupported", at,
				    "state down of an %s is not emulated", type),
			  "state: absent removes it");
}

static bool is_mac(const char *s)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (i > 16 || (i % 3 == 2 ? s[i] != ':' : !strchr("0123456789abcdefABCDEF", s[i])))
			return false;
	return i == 17;
}

static void check_mac(const json_t *iface, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "mac-address");
	const json_t *mac = json_object_get(iface, "mac-address");
	const char *s = json_string_value(mac);

	if (!mac || (s && !*s))
		return;
	if (!s || !is_mac(s))
		nms_wrong(d, at, mac, "a MAC address such as 02:00:00:00:00:01");
	else if (streq(jstr(iface, "type", ""), "ovs-bridge"))
		diag_hint(diags_add(d, DIAG_ERROR, "N9", at,
				    "an ovs-bridge has no MAC address of its own"),
			  "set it on the ovs-interface of the same name");
}

static void check_mtu(const json_t *iface, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "mtu");
	const json_t *mtu = json_object_get(iface, "mtu");
	long long n;

	if (!mtu)
		return;
	if (!nms_int(mtu, 68, 65535, &n))
		nms_wrong(d, at, mtu, "an MTU from 68 to 65535");
	else if (streq(jstr(iface, "type", ""), "ovs-bridge"))
		diag_hint(diags_add(d, DIAG_WARNING, "N9", at,
				    "an ovs-bridge has no MTU: nmstate ignores it"),
			  "set it on the ports: the NIC and the ovs-interface of the same name");
}

/* ---- addresses ---- */

static void check_address(const json_t *a, int family, const char *path, struct diags *d)
{
	static const char *const known[] = {
		"ip", "prefix-length", "valid-life-time", "preferred-life-time", "mptcp-flags",
		NULL};
	_cleanup_free_ char *at = nms_at(path, "ip"), *at_len = nms_at(path, "prefix-length");
	const json_t *text = json_object_get(a, "ip"), *len = json_object_get(a, "prefix-length");
	struct ip ip;
	long long n;

	if (!json_is_object(a)) {
		nms_wrong(d, path, a, "{ip, prefix-length}");
		return;
	}
	nms_unknown(a, known, path, true, d);
	if (!json_is_string(text) || !ip_parse(json_string_value(text), &ip) || ip.family != family)
		nms_wrong(d, at, text, family == 4 ? "an IPv4 address" : "an IPv6 address");
	if (!nms_int(len, 0, family == 4 ? 32 : 128, &n))
		nms_wrong(d, at_len, len, family == 4 ? "0 to 32" : "0 to 128");
}

static void check_dynamic(const json_t *ip, const char *key, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, key);
	const json_t *v = json_object_get(ip, key);

	if (!v)
		return;
	if (nms_bool(v) < 0)
		nms_wrong(d, at, v, "true or false");
	else if (nms_bool(v) && nms_bool(json_object_get(ip, "enabled")) != 0)
		diag_hint(diags_add(d, DIAG_ERROR, "nmstate/unsupported", at,
				    "the nodes of a lab have no %s client",
				    streq(key, "dhcp") ? "DHCP" : "router advertisement"),
			  "give static addresses: address: [{ip, prefix-length}]");
}

void nms_check_ip(const json_t *ip, int family, const char *path, struct diags *d)
{
	static const char *const known[] = {"enabled",
					    "address",
					    "dhcp",
					    "autoconf",
					    "auto-dns",
					    "auto-gateway",
					    "auto-routes",
					    "auto-route-table-id",
					    "auto-route-metric",
					    "dhcp-client-id",
					    "dhcp-duid",
					    "dhcp-send-hostname",
					    "dhcp-custom-hostname",
					    "allow-extra-address",
					    "addr-gen-mode",
					    "token",
					    "forwarding",
					    NULL};
	_cleanup_free_ char *at = nms_at(path, "address"), *at_on = nms_at(path, "enabled");
	const json_t *list = json_object_get(ip, "address"), *on = json_object_get(ip, "enabled");
	size_t i;
	json_t *a;

	if (!json_is_object(ip)) {
		nms_wrong(d, path, ip, "{enabled, address}");
		return;
	}
	nms_unknown(ip, known, path, true, d);
	if (on && nms_bool(on) < 0)
		nms_wrong(d, at_on, on, "true or false");
	check_dynamic(ip, "dhcp", path, d);
	if (family == 6)
		check_dynamic(ip, "autoconf", path, d);
	if (list && !json_is_array(list))
		nms_wrong(d, at, list, "a list of {ip, prefix-length}");
	json_array_foreach(list, i, a) {
		_cleanup_free_ char *at_entry = nms_at_index(at, i);

		check_address(a, family, at_entry, d);
	}
	if (json_array_size(list) && nms_bool(on) == 0)
		diag_hint(diags_add(d, DIAG_WARNING, "nmstate", at,
				    "addresses of a disabled family are ignored"),
			  "enabled: true");
}

static bool has_ip(const json_t *ip)
{
	return json_is_object(ip) && (nms_bool(json_object_get(ip, "enabled")) == 1 ||
				      json_array_size(json_object_get(ip, "address")));
}

static void check_family(const json_t *iface, const char *key, int family, const char *path,
			 struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, key);
	const json_t *ip = json_object_get(iface, key);

	if (!ip || json_is_null(ip))
		return;
	if (!streq(jstr(iface, "type", ""), "ovs-bridge"))
		nms_check_ip(ip, family, at, d);
	else if (has_ip(ip))
		diag_hint(diags_add(d, DIAG_WARNING, "N9", at,
				    "an ovs-bridge has no addresses: nmstate drops them silently"),
			  "add {name: %s} to bridge.port and an interface of type ovs-interface "
			  "with this name that has the addresses",
			  jstr(iface, "name", "NAME"));
}

/* ---- ovs-interface ---- */

static void check_patch(const json_t *iface, const char *path, struct diags *d)
{
	static const char *const known[] = {"peer", NULL};
	_cleanup_free_ char *at = nms_at(path, "patch"), *at_peer = nms_at(at, "peer");
	const json_t *patch = json_object_get(iface, "patch"), *peer;

	if (!patch)
		return;
	if (!json_is_object(patch)) {
		nms_wrong(d, at, patch, "{peer: NAME}");
		return;
	}
	nms_unknown(patch, known, at, true, d);
	peer = json_object_get(patch, "peer");
	if (!json_is_string(peer) || !*json_string_value(peer))
		nms_wrong(d, at_peer, peer, "the name of the other patch port");
	else if (streq(json_string_value(peer), jstr(iface, "name", "")))
		diags_add(d, DIAG_ERROR, "nmstate", at_peer, "a patch port is its own peer");
	if (json_object_get(iface, "mtu") || has_ip(json_object_get(iface, "ipv4")) ||
	    has_ip(json_object_get(iface, "ipv6")))
		diags_add(d, DIAG_ERROR, "nmstate", path,
			  "a patch port has neither MTU nor addresses");
}

/* Keys that would change what the network does, and that ovnbed does not act on. */
static void check_unsupported(const json_t *iface, const char *path, struct diags *d)
{
	static const char *const keys[][2] = {
		{"controller", "list the interface in the bridge's port"},
		{"dpdk", "use an internal port or a NIC"},
		{"copy-mac-from", "write the address as mac-address"},
		{"sr-iov", "list the NICs of the topology by name"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_free_ char *at = nms_at(path, keys[i][0]);

		if (json_object_get(iface, keys[i][0]))
			diag_hint(diags_add(d, DIAG_ERROR, "nmstate/unsupported", at,
					    "%s is not emulated", keys[i][0]),
				  "%s", keys[i][1]);
	}
	if (streq(jstr(iface, "identifier", "name"), "mac-address")) {
		_cleanup_free_ char *at = nms_at(path, "identifier");

		diag_hint(diags_add(d, DIAG_ERROR, "nmstate/unsupported", at,
				    "finding an interface by its MAC address is not emulated"),
			  "identifier: name");
	}
}

static void check_section(const json_t *iface, const char *key, const char *type, const char *path,
			  struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, key);
	const char *t = jstr(iface, "type", NULL);

	if (t && json_object_get(iface, key) && !streq(t, type) && in(emulated, t))
		diag_hint(diags_add(d, DIAG_WARNING, "nmstate", at,
				    "%s means nothing on type %s: nmstate ignores it", key, t),
			  "it belongs to type %s", type);
}

static void check_keys(const json_t *iface, const char *path, struct diags *d)
{
	static const char *const known[] = {"name",
					    "type",
					    "state",
					    "mtu",
					    "mac-address",
					    "ipv4",
					    "ipv6",
					    "bridge",
					    "patch",
					    "description",
					    "controller",
					    "dpdk",
					    "copy-mac-from",
					    "sr-iov",
					    "identifier",
					    "ethernet",
					    "ethtool",
					    "lldp",
					    "802.1x",
					    "accept-all-mac-addresses",
					    "wait-ip",
					    "ovs-db",
					    "profile-name",
					    "alt-names",
					    "min-mtu",
					    "max-mtu",
					    "mptcp",
					    "dispatch",
					    "link-aggregation",
					    "driver",
					    "pci-address",
					    "permanent-mac-address",
					    NULL};

	nms_unknown(iface, known, path, false, d);
	check_section(iface, "bridge", "ovs-bridge", path, d);
	check_section(iface, "patch", "ovs-interface", path, d);
	check_section(iface, "link-aggregation", "bond", path, d);
}

void nms_check_interface(const json_t *iface, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "bridge");
	const json_t *bridge = json_object_get(iface, "bridge");
	const char *type = jstr(iface, "type", "ovs-bridge");

	if (!json_is_object(iface)) {
		nms_wrong(d, path, iface, "an interface {name, type, state, …}");
		return;
	}
	check_name(iface, path, d);
	check_type(iface, path, d);
	check_state(iface, path, d);
	check_mac(iface, path, d);
	check_mtu(iface, path, d);
	check_family(iface, "ipv4", 4, path, d);
	check_family(iface, "ipv6", 6, path, d);
	if (!streq(type, "bond"))
		check_keys(iface, path, d);
	check_unsupported(iface, path, d);
	if (streq(jstr(iface, "type", "ovs-interface"), "ovs-interface"))
		check_patch(iface, path, d);
	if (bridge && !json_is_null(bridge) && streq(type, "ovs-bridge"))
		nms_check_bridge(bridge, at, d);
}
