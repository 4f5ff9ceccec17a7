/* SPDX-License-Identifier: Apache-2.0 */
/*
 * br-ex, the NIC in it and the node's addresses are what the lab reaches a node by. Policies are
 * judged before (nmstate/nmstate.h); this is the last gate, at the node itself.
 */
#include "agent/nmstate.h"

#include <errno.h>

static const char *uplink(const json_t *replica)
{
	const json_t *row = nmstate_row(replica, "Bridge", BR_EX);

	return jstr(json_object_get(row, "external_ids"), "bridge-uplink", "eth0");
}

static bool has_port(const json_t *bridge, const char *name)
{
	return jget(json_object_get(json_object_get(bridge, "ports"), name), "interfaces") != NULL;
}

/* The bridge of BRIDGES that shall have the interface, or NULL. */
static const char *holder(const json_t *bridges, const char *iface)
{
	const char *name, *key;
	json_t *bridge, *port;

	json_object_foreach((json_t *)(uintptr_t)bridges, name, bridge)
		json_object_foreach(json_object_get(bridge, "ports"), key, port)
			if (json_object_get(json_object_get(port, "interfaces"), iface))
				return name;
	return NULL;
}

static int guard_bridge(const struct nmstate_wanted *w, const char *nic, struct err *e)
{
	const json_t *bridge = json_object_get(w->bridges, BR_EX);
	const char *now = holder(w->bridges, nic);

	if (json_is_null(bridge))
		return err_set(e, EPERM, "bridge %s: it carries the node's own network", BR_EX);
	if (now && !streq(now, BR_EX))
		return err_set(e, EPERM, "interface %s: it is the uplink of %s and stays there",
			       nic, BR_EX);
	if (bridge && (!has_port(bridge, nic) || !has_port(bridge, BR_EX)))
		return err_set(e, EPERM, "bridge %s: its ports %s and %s carry the node's network",
			       BR_EX, nic, BR_EX);
	return 0;
}

static int guard_link(const struct nmstate_wanted *w, const char *name, struct err *e)
{
	const json_t *wish = json_object_get(w->links, name);

	if (wish && !jbool(wish, "up", true))
		return err_set(e, EPERM, "interface %s: down or absent, it would cut the node off",
			       name);
	return 0;
}

int nmstate_guard(const struct nmstate_wanted *w, const json_t *replica, const json_t *addresses,
		  struct err *e)
{
	const char *nic = uplink(replica);
	const json_t *list = json_object_get(json_object_get(w->links, BR_EX), "addresses");
	json_t *a;
	size_t i;
	int r = guard_bridge(w, nic, e);

	if (r >= 0)
		r = guard_link(w, nic, e);
	if (r >= 0)
		r = guard_link(w, BR_EX, e);
	if (r < 0 || !json_is_array(list))
		return r;
	json_array_foreach(addresses, i, a)
		if (!jhas_str(list, json_string_value(a)))
			return err_set(e, EPERM, "interface %s: the node's address %s stays on it",
				       BR_EX, json_string_value(a));
	return 0;
}
