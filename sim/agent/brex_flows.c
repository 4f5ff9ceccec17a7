/* SPDX-License-Identifier: Apache-2.0 */
/* The flows themselves. Pure. */
#include "agent/brex.h"

#include <errno.h>

#include "base/ip.h"

#define IP4 0x0800
#define IP6 0x86dd
#define UDP 17
#define ICMP6 58
#define GENEVE 6081

struct maker {
	brex_flow_fn fn;
	void *arg;
	uint8_t mac[6];
};

static void emit(const struct maker *m, uint16_t priority, const struct openflow_match *match,
		 bool commit)
{
	struct openflow_flow f = {.priority = priority, .cookie = BREX_COOKIE, .match = *match};

	if (commit)
		openflow_ct_commit(&f.actions, BREX_ZONE);
	openflow_output(&f.actions, OPENFLOW_NORMAL);
	m->fn(m->arg, &f);
	openflow_flow_clear(&f);
}

static struct openflow_match from(const struct maker *m, uint32_t port, uint16_t type)
{
	struct openflow_match match = {.in_port = port, .dl_type = type};

	memcpy(match.dl_src, m->mac, sizeof(match.dl_src));
	return match;
}

static void set_mask(void *mask, size_t size, int len)
{
	uint8_t *p = mask;

	for (size_t i = 0; i < size; i++, len -= 8)
		p[i] = (uint8_t)(len >= 8 ? 0xff : len > 0 ? 0xff << (8 - len) : 0);
}

/* To a host subnet. */
static void to_subnet(const struct maker *m, uint32_t port, const struct ipnet *net)
{
	struct openflow_match match = from(m, port, net->ip.family == 6 ? IP6 : IP4);

	if (net->ip.family == 6) {
		memcpy(&match.ipv6_dst, net->ip.b, 16);
		set_mask(&match.ipv6_dst_mask, 16, net->len);
	} else {
		memcpy(&match.nw_dst, net->ip.b, 4);
		set_mask(&match.nw_dst_mask, 4, net->len);
	}
	emit(m, 102, &match, true);
}

/* Neighbours are asked at multicast addresses, which are in no host subnet. */
static void to_neighbours(const struct maker *m, uint32_t port)
{
	for (uint8_t type = 135; type <= 136; type++) {
		struct openflow_match match = from(m, port, IP6);

		match.nw_proto = ICMP6;
		match.icmpv6_type = type;
		emit(m, 102, &match, true);
	}
}

/*
 * The node's own tunnels go past conntrack, as upstream: they leave by LOCAL with the bridge's MAC,
 * on the userspace datapath too.
 */
static void tunnels(const struct maker *m, uint16_t type)
{
	struct openflow_match match = {
		.in_port = OPENFLOW_LOCAL, .dl_type = type, .nw_proto = UDP, .udp_dst = GENEVE};

	emit(m, 200, &match, false);
}

static int subnets(const json_t *addresses, struct ipnets *ret, struct err *e)
{
	json_t *v;
	size_t i;

	json_array_foreach(addresses, i, v) {
		struct ipnet net;

		if (!json_is_string(v) || !ipnet_parse(json_string_value(v), &net))
			return err_set(e, EINVAL, "addresses[%zu]: expected ADDRESS/LENGTH", i);
		net = ipnet_masked(&net);
		ipnets_add(ret, &net);
	}
	return 0;
}

static bool has_family(const struct ipnets *l, int family)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].ip.family == family)
			return true;
	return false;
}

static void from_port(const struct maker *m, uint32_t port, const struct ipnets *nets)
{
	for (size_t i = 0; i < nets->n; i++)
		to_subnet(m, port, &nets->v[i]);
	if (has_family(nets, 6))
		to_neighbours(m, port);
}

int brex_flows(const json_t *ports, const char *mac, const json_t *addresses, brex_flow_fn fn,
	       void *arg, struct err *e)
{
	_cleanup_(ipnets_free) struct ipnets nets = {0};
	struct maker m = {.fn = fn, .arg = arg};
	json_t *port;
	size_t i;

	if (!json_array_size(ports))
		return 0;
	if (mac_parse(mac ? mac : "", m.mac) < 0)
		return err_set(e, EINVAL, "mac: expected an address, found \"%s\"", mac ? mac : "");
	if (subnets(addresses, &nets, e) < 0)
		return -EINVAL;
	if (has_family(&nets, 4))
		tunnels(&m, IP4);
	if (has_family(&nets, 6))
		tunnels(&m, IP6);
	from_port(&m, OPENFLOW_LOCAL, &nets);
	json_array_foreach(ports, i, port)
		from_port(&m, (uint32_t)json_integer_value(port), &nets);
	return 0;
}
