/* SPDX-License-Identifier: Apache-2.0 */
/* V1–V18, V20–V22: networks and interfaces (KubeVirt: pkg/network/admitter). */
#include "kubevirt/admission.h"

#include "base/ip.h"
#include "kubevirt/network.h"

struct ctx {
	const char *prefix;
	const json_t *ifaces, *networks;
	struct diags *d;
};

/* A finding at PREFIX.domain.devices.interfaces[i].MEMBER. */
#define IFACE_ERROR(c, i, member, rule, ...)                                                   \
	({                                                                                     \
		_cleanup_free_ char *path_ = xasprintf("%s.domain.devices.interfaces[%zu].%s", \
						       (c)->prefix, (size_t)(i), (member));    \
		diags_add((c)->d, DIAG_ERROR, (rule), path_, __VA_ARGS__);                     \
	})
/* A finding at PREFIX.networks[i]MEMBER (".name", or "" for the entry itself). */
#define NETWORK_ERROR(c, i, member, rule, ...)                                               \
	({                                                                                   \
		_cleanup_free_ char *path_ =                                                 \
			xasprintf("%s.networks[%zu]%s", (c)->prefix, (size_t)(i), (member)); \
		diags_add((c)->d, DIAG_ERROR, (rule), path_, __VA_ARGS__);                   \
	})

static const char *name_of(const json_t *v)
{
	return jstr(v, "name", "");
}

/* ---- networks ---- */

static bool is_default(const json_t *net)
{
	return kubevirt_has(net, "pod") || jbool(net, "multus.default", false);
}

static void admit_source(const struct ctx *c, size_t i, const json_t *net)
{
	static const char *const types[] = {"pod", "multus", "resourceClaim"};
	unsigned n = 0;

	for (size_t k = 0; k < ARRAY_SIZE(types); k++)
		n += kubevirt_has(net, types[k]);
	if (n == 0)
		NETWORK_ERROR(c, i, "", "V10", "should have a network type");
	else if (n > 1)
		NETWORK_ERROR(c, i, "", "V10", "should have only one network type");
	if (kubevirt_has(net, "multus") && !*jstr(net, "multus.networkName", ""))
		diag_hint(NETWORK_ERROR(c, i, ".multus.networkName", "V11",
					"CNI delegating plugin must have a networkName"),
			  "name the NetworkAttachmentDefinition: \"nad\" or \"namespace/nad\"");
}

static void admit_default_networks(const struct ctx *c)
{
	size_t i, pods = 0, defaults = 0;
	json_t *net;

	json_array_foreach(c->networks, i, net) {
		bool pod = kubevirt_has(net, "pod"), def = jbool(net, "multus.default", false);

		if (pod && pods++)
			NETWORK_ERROR(c, i, ".pod", "V12",
				      "more than one interface is connected to a pod network");
		if (def && defaults++)
			NETWORK_ERROR(c, i, ".multus.default", "V13",
				      "Multus CNI should only have one default network");
	}
	if (pods && defaults) {
		_cleanup_free_ char *field = xasprintf("%s.networks", c->prefix);

		diags_add(c->d, DIAG_ERROR, "V14", field,
			  "Pod network cannot be defined when Multus default network is defined");
	}
}

static void admit_network_names(const struct ctx *c)
{
	json_t *net;
	size_t i;

	json_array_foreach(c->networks, i, net) {
		const json_t *first = kubevirt_find_named(c->networks, name_of(net));

		if (first && first != net)
			NETWORK_ERROR(c, i, ".name", "V3",
				      "Network with name \"%s\" already exists, every network "
				      "must have a unique name",
				      name_of(net));
		if (!kubevirt_find_named(c->ifaces, name_of(net)))
			diag_hint(NETWORK_ERROR(c, i, ".name", "V1",
						"'%s' not found: no interface has this name",
						name_of(net)),
				  "add {name: %s, bridge: {}} to domain.devices.interfaces",
				  name_of(net));
	}
}

/* ---- bindings ---- */

static void admit_binding_count(const struct ctx *c, size_t i, const json_t *iface)
{
	static const char *const bindings[] = {"bridge", "masquerade", "sriov", "passtBinding",
					       "binding"};
	static const char *const gone[] = {"slirp", "passt", "macvtap"};
	unsigned n = 0, old = 0;

	for (size_t k = 0; k < ARRAY_SIZE(bindings); k++)
		n += kubevirt_has(iface, bindings[k]);
	for (size_t k = 0; k < ARRAY_SIZE(gone); k++) {
		if (!kubevirt_has(iface, gone[k]))
			continue;
		old++;
		IFACE_ERROR(c, i, gone[k], "V22",
			    "%s interface support has been discontinued since v1.3", gone[k]);
	}
	if (n + old == 0)
		diag_hint(IFACE_ERROR(c, i, "name", "V9",
				      "logical %s interface has no binding method", name_of(iface)),
			  "add bridge: {}");
	else if (n > 1)
		IFACE_ERROR(c, i, kubevirt_has(iface, "binding") ? "binding" : "name", "V9",
			    "logical %s interface cannot have more than one binding",
			    name_of(iface));
}

static void admit_masquerade(const struct ctx *c, size_t i, const json_t *iface, const json_t *net)
{
	char mac[18];

	if (!kubevirt_has(iface, "masquerade"))
		return;
	if (!kubevirt_has(net, "pod"))
		IFACE_ERROR(c, i, "name", "V8",
			    "Masquerade interface only implemented with pod network");
	if (kubevirt_mac_canon(jstr(iface, "macAddress", ""), mac) &&
	    streq(mac, "02:00:00:00:00:00"))
		IFACE_ERROR(c, i, "macAddress", "V8",
			    "The requested MAC address is reserved for the in-pod bridge. Please "
			    "choose another one.");
}

/* ---- fields of an interface ---- */

static void admit_iface_name(const struct ctx *c, size_t i, const json_t *iface)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789-_";
	const char *name = name_of(iface);
	const json_t *first = kubevirt_find_named(c->ifaces, name);

	if (!*name || name[strspn(name, good)])
		IFACE_ERROR(c, i, "name", "V5",
			    "Network interface name can only contain alphabetical characters, "
			    "numbers, dashes (-) or underscores (_): \"%s\"",
			    name);
	if (first && first != iface)
		IFACE_ERROR(c, i, "name", "V4",
			    "Only one interface can be connected to one specific network");
	if (!kubevirt_find_named(c->networks, name))
		IFACE_ERROR(c, i, "name", "V2", "'%s' not found: no network has this name", name);
}

static void admit_model(const struct ctx *c, size_t i, const json_t *iface)
{
	static const char *const models[] = {"virtio", "e1000",	   "e1000e", "igb",
					     "pcnet",  "ne2k_pci", "rtl8139"};
	const char *model = jstr(iface, "model", "");

	for (size_t k = 0; k < ARRAY_SIZE(models); k++)
		if (streq(model, models[k]))
			return;
	if (*model)
		IFACE_ERROR(c, i, "model", "V6", "interface %s uses model %s that is not supported",
			    name_of(iface), model);
}

static void admit_mac(const struct ctx *c, size_t i, const json_t *iface)
{
	const char *mac = jstr(iface, "macAddress", "");
	uint8_t b[20];
	unsigned n = *mac ? kubevirt_mac_parse(mac, b) : 6;

	if (n == 0)
		IFACE_ERROR(c, i, "macAddress", "V7", "interface %s has malformed MAC address (%s)",
			    name_of(iface), mac);
	else if (n > 6)
		IFACE_ERROR(c, i, "macAddress", "V7",
			    "interface %s has MAC address (%s) that is too long", name_of(iface),
			    mac);
	else if (*mac && b[0] & 1)
		diag_hint(IFACE_ERROR(c, i, "macAddress", "libvirt/mac",
				      "interface %s has multicast MAC address (%s); libvirt "
				      "refuses it",
				      name_of(iface), mac),
			  "the first byte must be even: 02:… is a locally administered address");
}

static bool hex_run(const char *s, size_t n)
{
	return strspn(s, "0123456789abcdefABCDEF") >= n;
}

bool kubevirt_pci_valid(const char *s)
{
	return strlen(s) == 12 && hex_run(s, 4) && s[4] == ':' && hex_run(s + 5, 2) &&
	       s[7] == ':' && hex_run(s + 8, 2) && s[10] == '.' && s[11] >= '0' && s[11] <= '7';
}

static void admit_addresses(const struct ctx *c, size_t i, const json_t *iface)
{
	const char *pci = jstr(iface, "pciAddress", "");
	long long acpi = jint(iface, "acpiIndex", 1);

	if (*pci && !kubevirt_pci_valid(pci))
		IFACE_ERROR(c, i, "pciAddress", "V20",
			    "interface %s has malformed PCI address (%s)", name_of(iface), pci);
	if (acpi < 1 || acpi > 16383)
		IFACE_ERROR(c, i, "acpiIndex", "V20", "%lld is not between 1 and 16383", acpi);
}

static void admit_state(const struct ctx *c, size_t i, const json_t *iface, const json_t *net)
{
	const char *state = jstr(iface, "state", "");
	bool absent = streq(state, "absent"), link = streq(state, "up") || streq(state, "down");

	if (*state && !absent && !link)
		IFACE_ERROR(c, i, "state", "V15",
			    "logical %s interface state value is unsupported: %s (up, down or "
			    "absent)",
			    name_of(iface), state);
	if (link && kubevirt_has(iface, "sriov"))
		IFACE_ERROR(c, i, "state", "V16",
			    "\"%s\" interface's state \"%s\" is not supported for SR-IOV",
			    name_of(iface), state);
	if (absent && !kubevirt_has(iface, "bridge"))
		IFACE_ERROR(c, i, "state", "V17",
			    "\"%s\" interface's state \"absent\" is supported only for bridge "
			    "binding",
			    name_of(iface));
	if (absent && is_default(net))
		IFACE_ERROR(c, i, "state", "V18",
			    "\"%s\" interface's state \"absent\" is not supported on default "
			    "networks",
			    name_of(iface));
}

/* ---- DHCP options (V21) ---- */

static void admit_dhcp(const struct ctx *c, size_t i, const json_t *iface)
{
	const json_t *options = json_object_get(iface, "dhcpOptions");
	_cleanup_json_ json_t *seen = json_object();
	json_t *v;
	size_t k;

	json_array_foreach(json_object_get(options, "privateOptions"), k, v) {
		long long n = jint(v, "option", 0);
		_cleanup_free_ char *key = xasprintf("%lld", n);

		if (n < 224 || n > 254)
			IFACE_ERROR(c, i, "dhcpOptions.privateOptions", "V21",
				    "provided DHCPPrivateOptions %lld are out of range, must be in "
				    "range 224 to 254",
				    n);
		else if (json_object_get(seen, key))
			IFACE_ERROR(c, i, "dhcpOptions.privateOptions", "V21",
				    "Found Duplicates: you have provided duplicate "
				    "DHCPPrivateOptions %lld",
				    n);
		json_object_set_new(seen, key, json_true());
	}
	json_array_foreach(json_object_get(options, "ntpServers"), k, v) {
		struct ip a;

		if (!json_is_string(v) || !ip_parse(json_string_value(v), &a) || a.family != 4)
			IFACE_ERROR(c, i, "dhcpOptions.ntpServers", "V21",
				    "NTP servers must be a list of valid IPv4 addresses");
	}
}

void kubevirt_admit_networks(const json_t *spec, const char *prefix, struct diags *d)
{
	struct ctx c = {
		.prefix = prefix,
		.ifaces = jget(spec, "domain.devices.interfaces"),
		.networks = json_object_get(spec, "networks"),
		.d = d,
	};
	json_t *v;
	size_t i;

	admit_default_networks(&c);
	json_array_foreach(c.networks, i, v)
		admit_source(&c, i, v);
	admit_network_names(&c);
	json_array_foreach(c.ifaces, i, v) {
		const json_t *net = kubevirt_find_named(c.networks, jstr(v, "name", NULL));

		admit_iface_name(&c, i, v);
		admit_binding_count(&c, i, v);
		admit_masquerade(&c, i, v, net);
		admit_state(&c, i, v, net);
		admit_model(&c, i, v);
		admit_mac(&c, i, v);
		admit_addresses(&c, i, v);
		admit_dhcp(&c, i, v);
	}
}
