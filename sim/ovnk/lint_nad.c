/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/lint_priv.h"
#include "ovnk/mtu.h"
#include "ovnk/nad_priv.h"
#include "ovnk/names.h"

static void warn(const struct lint *l, const struct lint_nad *n, const char *rule, const char *key,
		 const char *hint, const char *fmt, ...) PRINTF(6, 7);
static void warn(const struct lint *l, const struct lint_nad *n, const char *rule, const char *key,
		 const char *hint, const char *fmt, ...)
{
	_cleanup_free_ char *path = xasprintf("spec.config.%s", key), *msg = NULL;
	_cleanup_free_ char *object = xasprintf("NetworkAttachmentDefinition %s", n->key);
	size_t from = l->d->n;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diag_hint(diags_add(l->d, DIAG_WARNING, rule, path, "%s", msg), "%s", hint);
	diags_locate(l->d, from, NULL, object);
}

static void check_mtu(const struct lint *l, const struct lint_nad *n)
{
	const struct netconf *c = &n->conf;
	bool v6 = false;

	for (size_t i = 0; i < c->subnets.n; i++)
		v6 |= c->subnets.v[i].ip.family == 6;
	if (c->mtu_given && !c->mtu)
		warn(l, n, "lint/mtu-zero", "mtu", "leave mtu out for the cluster's, or write it",
		     "mtu 0 means the kernel's default of %d, not the cluster MTU of %d",
		     MTU_KERNEL_DEFAULT, l->config->mtu);
	if (c->mtu_given && c->mtu && (c->mtu < 576 || c->mtu > 65536))
		warn(l, n, "lint/mtu-range", "mtu", "use 576 to 65536",
		     "mtu %d is not a usable MTU; a ClusterUserDefinedNetwork would refuse it",
		     c->mtu);
	else if (v6 && netconf_mtu(c) < 1280)
		warn(l, n, "lint/mtu-ipv6", "mtu", "use at least 1280",
		     "mtu %d is below IPv6's minimum of 1280: the kernel turns IPv6 off on such an "
		     "interface",
		     netconf_mtu(c));
	if (!c->mtu_given && c->topology == OVNK_LOCALNET)
		warn(l, n, "lint/mtu-localnet", "mtu",
		     "write the physical network's MTU, 1500 as a rule",
		     "a localnet without mtu gets the cluster MTU of %d, not the physical "
		     "network's",
		     l->config->mtu);
}

static void check_localnet_keys(const struct lint *l, const struct lint_nad *n)
{
	const struct netconf *c = &n->conf;
	const char *topology = ovnk_topology_name(c->topology);

	if (c->topology == OVNK_LOCALNET) {
		if (c->vlan == 4095)
			warn(l, n, "lint/vlan-4095", "vlanID", "use 1 to 4094",
			     "VLAN 4095 is reserved (IEEE 802.1Q); switches drop it");
		return;
	}
	if (c->vlan)
		warn(l, n, "lint/vlan-layer2", "vlanID", "remove it, or use topology localnet",
		     "vlanID %d has no effect on topology %s", c->vlan, topology);
	if (c->physical_network)
		warn(l, n, "lint/physnet-layer2", "physicalNetworkName",
		     "remove it, or use topology localnet",
		     "physicalNetworkName %s has no effect on topology %s: the network never "
		     "reaches a physical one",
		     c->physical_network, topology);
}

static void check_families(const struct lint *l, const struct lint_nad *n)
{
	size_t v4 = 0, v6 = 0;

	for (size_t i = 0; i < n->conf.subnets.n; i++) {
		v4 += n->conf.subnets.v[i].ip.family == 4;
		v6 += n->conf.subnets.v[i].ip.family == 6;
	}
	if (v4 > 1 || v6 > 1)
		warn(l, n, "lint/subnet-family", "subnets", "give one subnet a family",
		     "%zu subnets of IPv%d: every pod gets an address of each, but the logical "
		     "switch knows only the last",
		     v4 > 1 ? v4 : v6, v4 > 1 ? 4 : 6);
}

static void check_host_bits(const struct lint *l, const struct lint_nad *n, const char *key)
{
	_cleanup_free_ char *copy = xstrdup(nad_text(&n->conf, key));
	char *save = NULL, text[IPNET_TEXT_MAX];

	for (char *s = strtok_r(copy, ", \t\r\n", &save); s;
	     s = strtok_r(NULL, ", \t\r\n", &save)) {
		struct ipnet given, masked;

		if (!ipnet_parse(s, &given))
			continue;
		masked = ipnet_masked(&given);
		if (!ip_eq(&given.ip, &masked.ip))
			warn(l, n, "lint/host-bits", key, "write the network address",
			     "%s is read as %s", s, ipnet_text(&masked, text));
	}
}

static void check_subnets(const struct lint *l, const struct lint_nad *n)
{
	const struct netconf *c = &n->conf;
	char text[IPNET_TEXT_MAX];

	if (c->topology == OVNK_LAYER3 && *nad_text(c, "excludeSubnets"))
		warn(l, n, "lint/exclude-layer3", "excludeSubnets", "remove it",
		     "excludeSubnets has no effect on topology layer3");
	check_families(l, n);
	check_host_bits(l, n, "subnets");
	check_host_bits(l, n, "excludeSubnets");
	for (size_t i = 0; i < c->subnets.n; i++)
		for (size_t k = 0; k < c->exclude.n; k++)
			if (ipnet_contains(&c->exclude.v[k], &c->subnets.v[i]))
				warn(l, n, "lint/exclude-all", "excludeSubnets",
				     "leave some addresses for pods",
				     "all of %s is excluded: no pod will get an address",
				     ipnet_text(&c->subnets.v[i], text));
}

/* Networks "a-b" and "a.b" have one prefix in OVN's databases. */
static void check_collisions(const struct lint *l, const struct lint_nad *n)
{
	_cleanup_free_ char *prefix = names_prefix(n->conf.name);

	for (const struct lint_nad *o = l->v; o < n; o++) {
		_cleanup_free_ char *other = names_prefix(o->conf.name);

		if (streq(o->conf.name, n->conf.name) || !streq(prefix, other))
			continue;
		warn(l, n, "lint/name-collision", "name", "rename one of the networks",
		     "network %s and network %s of %s share the names of their OVN objects (%s…): "
		     "OVN-Kubernetes would let them overwrite each other",
		     n->conf.name, o->conf.name, o->key, prefix);
		return;
	}
}

void lint_nads(const struct lint *l)
{
	for (size_t i = 0; i < l->n; i++) {
		check_mtu(l, &l->v[i]);
		check_localnet_keys(l, &l->v[i]);
		check_subnets(l, &l->v[i]);
		check_collisions(l, &l->v[i]);
	}
}
