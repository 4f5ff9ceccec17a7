/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/guest/agent.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "probe/guest/server.h"

static bool can_open(int domain, int type, int protocol)
{
	int fd = socket(domain, type | SOCK_CLOEXEC, protocol);

	close_fd(fd);
	return fd >= 0;
}

/* Probed each time: modules and privileges come and go. */
static json_t *capabilities(struct agent *ag)
{
	bool admin = false;
	struct nl_link lo;

	/* Setting lo's MTU to what it is changes nothing and needs CAP_NET_ADMIN. */
	if (nl_link_get(ag->nl, "lo", &lo, NULL) == 0)
		admin = nl_link_set(ag->nl, "lo", lo.mtu, NULL, -1, NULL) == 0;
	return json_pack("{s:b, s:b, s:b, s:b, s:b}", "ipv6", can_open(AF_INET6, SOCK_DGRAM, 0),
			 "sctp", can_open(AF_INET, SOCK_STREAM, IPPROTO_SCTP), "packet",
			 can_open(AF_PACKET, SOCK_RAW, 0), "raw",
			 can_open(AF_INET, SOCK_RAW, IPPROTO_ICMP), "netAdmin", admin);
}

json_t *agent_hello(struct agent *ag)
{
	struct utsname u;

	uname(&u);
	return json_pack("{s:i, s:s, s:i, s:o, s:o, s:o}", "version", PROBE_PROTO_VERSION, "boot",
			 ag->boot, "pid", (int)getpid(), "host", jstring(u.nodename), "identity",
			 jstring(server_identity(ag->server)), "caps", capabilities(ag));
}

static int hello(struct agent *ag, const json_t *params UNUSED, json_t **ret, struct err *e UNUSED)
{
	*ret = agent_hello(ag);
	return 0;
}

static const struct method own_methods[] = {{"hello", hello, NULL}, {0}};

static const struct method *const tables[] = {
	own_methods,  iface_methods, neigh_methods,  server_methods,  run_methods,
	mtu_methods,  sniff_methods, l2_methods,     resolve_methods, soak_methods,
	dhcp_methods, group_methods, stream_methods,
};

const struct method *method_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct method *m = tables[i]; m->name; m++)
			if (streq(m->name, name))
				return m;
	return NULL;
}
