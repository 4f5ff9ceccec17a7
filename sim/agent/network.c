/* SPDX-License-Identifier: Apache-2.0 */
/* The node's own network: NICs, the address on br-ex, sysctls. */
#include "agent/agent_priv.h"

#include <errno.h>

/*
 * The userspace datapath reads NICs and pod ports as packet sockets, so the node's own stack sees
 * every frame too. It must neither answer ARP for br-ex' address there nor take in a second copy of
 * what arrives through br-ex (facts C2), nor forward.
 */
static const char *const sysctls[][2] = {
	{"ipv4/conf/all/arp_ignore", "1"},
	{"ipv4/conf/all/arp_announce", "2"},
	{"ipv4/conf/all/rp_filter", "1"},
	{"ipv4/ip_forward", "0"},
	/* Neighbours are asked again soon: a lost first packet must not cost a second. */
	{"ipv4/neigh/default/retrans_time_ms", "50"},
	{"ipv4/neigh/default/gc_thresh1", "1024"},
};

int network_prepare(struct agent *a, struct err *e)
{
	int r = link_ipv6_off(a->net, e);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(sysctls); i++) {
		r = link_sysctl(a->net, sysctls[i][0], sysctls[i][1], e);
		if (r == -ENOENT || r == -EACCES) { /* some are the initial namespace's only */
			err_clear(e);
			r = 0;
		}
	}
	return r;
}

static bool has_v6(const struct agent *a)
{
	json_t *addr;
	size_t i;

	json_array_foreach(json_object_get(a->config, "addresses"), i, addr)
		if (strchr(json_string_value(addr), ':'))
			return true;
	return false;
}

/* Neighbours are asked again soon: a lost first packet must not cost a second at start. */
static void ask_sooner(struct agent *a, const char *dev)
{
	static const char *const families[] = {"ipv4", "ipv6"};

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		_cleanup_free_ char *path =
			xasprintf("%s/neigh/%s/retrans_time_ms", families[i], dev);

		link_sysctl(a->net, path, "100", NULL);
	}
}

int network_ipv6(struct agent *a, const char *dev, bool on, struct err *e)
{
	_cleanup_free_ char *dis = xasprintf("ipv6/conf/%s/disable_ipv6", dev);
	_cleanup_free_ char *dad = xasprintf("ipv6/conf/%s/accept_dad", dev);
	_cleanup_free_ char *ra = xasprintf("ipv6/conf/%s/accept_ra", dev);
	int r = link_sysctl(a->net, dad, "0", e);

	if (r >= 0)
		r = link_sysctl(a->net, ra, "0", e);
	return r < 0 ? r : link_sysctl(a->net, dis, on ? "0" : "1", e);
}

int network_nics(struct agent *a, struct err *e)
{
	json_t *nic;
	size_t i;

	json_array_foreach(json_object_get(a->config, "nics"), i, nic) {
		const char *name = json_string_value(nic);
		_cleanup_free_ char *dis = xasprintf("ipv6/conf/%s/disable_ipv6", name);
		int r;

		/* It may have been born before the default was set. */
		link_sysctl(a->net, dis, "1", NULL);
		r = link_set_up(a->net, name, true, e);
		if (r < 0)
			return err_wrap(e, "NIC %s", name);
	}
	return 0;
}

int network_addresses(struct agent *a, struct err *e)
{
	const char *dev = a->role == ROLE_CONTROL_PLANE ? "eth0" : BR_EX;
	const char *gw = jstr(a->config, "gateway", NULL);
	json_t *addr;
	size_t i;
	int r = has_v6(a) ? network_ipv6(a, dev, true, e) : 0;

	if (r < 0)
		return r;
	ask_sooner(a, dev);
	if (a->role == ROLE_CONTROL_PLANE && a->netdev)
		r = link_tx_csum_off(a->net, dev, e);
	json_array_foreach(json_object_get(a->config, "addresses"), i, addr) {
		if (r >= 0)
			r = link_addr_add(a->net, dev, json_string_value(addr), e);
	}
	if (r >= 0)
		r = link_set_up(a->net, dev, true, e);
	if (r >= 0 && gw)
		r = link_route_add(a->net, NULL, gw, dev, e);
	return r;
}
