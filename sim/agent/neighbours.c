/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Static neighbours. The userspace datapath has a neighbour cache of its own for tunnels, and drops
 * the packet that finds it empty: the first probe to every peer would be lost (facts C2, tunnels).
 */
#include "agent/agent_priv.h"

#include <errno.h>

#include "agent/daemons.h"
#include "agent/ovs.h"

#define CALL_US (10 * USEC_PER_SEC)
#define AGING "3600" /* seconds; the most that OVS takes */

struct priming {
	struct jrpc *j;
	size_t left;
};

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	struct priming *p = arg;

	(void)result;
	if (error)
		log_warn("static tunnel neighbour: %s",
			 json_is_string(error) ? json_string_value(error) : "refused");
	if (--p->left == 0) {
		jrpc_free(p->j);
		free(p);
	}
}

static const struct jrpc_ops no_ops = {0};

static void call(struct priming *p, const char *cmd, json_t *args)
{
	p->left++;
	if (jrpc_call(p->j, cmd, args, CALL_US, on_reply, p) < 0)
		on_reply(p, NULL, NULL);
}

/* All in one connection: unixctl is JSON-RPC, and 63 peers are 63 commands. */
static void prime_tunnels(struct agent *a, const json_t *list)
{
	_cleanup_free_ char *ctl = daemon_ctl(daemon_find(a, "ovs-vswitchd"));
	_cleanup_err_ struct err e = ERR_INIT;
	int fd = ctl ? unix_connect(ctl, &e) : -ENOTCONN;
	struct priming *p;
	json_t *n;
	size_t i;

	if (fd < 0) {
		log_warn("static tunnel neighbours: %s", err_msg(&e));
		return;
	}
	p = xcalloc(1, sizeof(*p));
	p->j = jrpc_new(a->ev, fd, &no_ops, NULL);
	p->left = 1;
	call(p, "tnl/neigh/aging", json_pack("[s]", AGING));
	json_array_foreach(list, i, n)
		call(p, "tnl/neigh/set",
		     json_pack("[s, s, s]", BR_EX, jstr(n, "ip", ""), jstr(n, "mac", "")));
	on_reply(p, json_true(), NULL);
}

void neighbours_apply(struct agent *a)
{
	const json_t *list = json_object_get(a->desired, "neighbours");
	const char *dev = a->role == ROLE_CONTROL_PLANE ? "eth0" : BR_EX;
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *n;
	size_t i;

	if (!json_array_size(list) || !a->started || (a->ovs && !ovs_switch_is_up(a)) ||
	    (a->neighbours && json_equal(a->neighbours, list)))
		return;
	json_decref(a->neighbours);
	a->neighbours = json_deep_copy(list);
	json_array_foreach(list, i, n) {
		if (link_neigh_set(a->net, dev, jstr(n, "ip", ""), jstr(n, "mac", ""), &e) < 0)
			log_warn("%s", err_msg(&e));
	}
	if (a->ovs && a->netdev)
		prime_tunnels(a, list);
}
