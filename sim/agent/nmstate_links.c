/* SPDX-License-Identifier: Apache-2.0 */
/* Links and addresses of a node: NICs, and the internal ports of its bridges. */
#include "agent/nmstate_priv.h"

#include <errno.h>

#include "agent/ovs.h"
#include "sys/link_watch.h"

/* ---- reading ---- */

struct address_walk {
	json_t *addresses;
	bool v6;
};

/* Link-local addresses are the kernel's business: nmstate does not compare them either. */
static int add_address(void *arg, const char *addr)
{
	struct address_walk *w = arg;

	w->v6 |= strchr(addr, ':') != NULL;
	if (!str_after(addr, "fe80:"))
		json_array_append_new(w->addresses, json_string(addr));
	return 0;
}

static json_t *read_link(struct agent *a, const char *name, bool nic)
{
	struct address_walk w = {json_array(), false};
	struct link_info i;

	if (link_get(a->net, name, &i, NULL) < 0 ||
	    link_each_addr(a->net, name, add_address, &w, NULL) < 0) {
		json_decref(w.addresses);
		return NULL;
	}
	return json_pack("{s:i, s:s, s:i, s:b, s:b, s:b, s:o}", "index", i.ifindex, "mac", i.mac,
			 "mtu", (int)i.mtu, "up", i.up, "nic", nic, "ipv6", w.v6, "addresses",
			 w.addresses);
}

static const char *nic_name(const json_t *nic)
{
	return json_is_string(nic) ? json_string_value(nic) : jstr(nic, "name", "");
}

/* {name: is it a NIC} */
static json_t *names(struct agent *a)
{
	json_t *out = json_object(), *row;
	_cleanup_json_ json_t *internal = NULL;
	size_t i;

	if (ovs_is_ready(a))
		internal = nmstate_internal_ports(ovsdb_replica(ovs_db(a)));
	json_array_foreach(internal, i, row)
		json_object_set_new(out, json_string_value(row), json_false());
	json_array_foreach(json_object_get(a->config, "nics"), i, row)
		json_object_set_new(out, nic_name(row), json_true());
	return out;
}

/* A NIC that was unplugged comes back as it was made; a policy may have changed it since. */
static void welcome(struct agent *a, const char *name, const json_t *old, const json_t *link)
{
	json_t *wish = json_object_get(a->nmstate->committed, name);
	_cleanup_json_ json_t *wishes = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!old || !wish || !jbool(wish, "nic", false) ||
	    jint(json_object_get(old, name), "index", 0) == jint(link, "index", 0))
		return;
	wishes = json_pack("{s:O}", name, wish);
	if (nmstate_links_set(a, wishes, true, &e) < 0)
		log_warn("the node's network: %s", err_msg(&e));
}

const json_t *nmstate_links_now(struct agent *a)
{
	struct nmstate *n = a->nmstate;
	_cleanup_json_ json_t *old = n->links;
	const char *name;
	json_t *nic;

	json_decref(n->names);
	n->names = names(a);
	n->links = json_object();
	n->links_changed = false;
	json_object_foreach(n->names, name, nic) {
		json_t *link = read_link(a, name, json_is_true(nic));

		if (link)
			json_object_set_new(n->links, name, link);
		if (link && json_is_true(nic))
			welcome(a, name, old, link);
	}
	return n->links;
}

const json_t *nmstate_links(struct agent *a)
{
	struct nmstate *n = a->nmstate;
	_cleanup_json_ json_t *now = names(a);

	return n->links && !n->links_changed && json_equal(now, n->names) ? n->links
									  : nmstate_links_now(a);
}

/* Pods come and go without making us look again. */
static void on_news(void *arg, int index, const char *name)
{
	struct agent *a = arg;
	struct nmstate *n = a->nmstate;
	bool ours = index == 0 || (name && json_object_get(n->names, name));
	const char *key;
	json_t *link;

	json_object_foreach(n->links, key, link)
		ours |= jint(link, "index", 0) == index;
	if (!ours || n->links_changed)
		return;
	n->links_changed = true;
	agent_touch(a);
}

void nmstate_links_watch(struct agent *a)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (link_watch(a->ev, on_news, a, NULL, &e) < 0)
		log_warn("%s", err_msg(&e));
}

/* ---- setting ---- */

static int set_addresses(struct agent *a, const char *name, const json_t *now, const json_t *wish,
			 struct err *e)
{
	const json_t *have = json_object_get(now, "addresses");
	const json_t *want = json_object_get(wish, "addresses"),
		     *v6 = json_object_get(wish, "ipv6");
	json_t *addr;
	size_t i;
	int r = 0;

	if (json_is_true(v6))
		r = network_ipv6(a, name, true, e);
	json_array_foreach(have, i, addr)
		if (r >= 0 && want && !jhas_str(want, json_string_value(addr)))
			r = link_addr_del(a->net, name, json_string_value(addr), e);
	json_array_foreach(want, i, addr)
		if (r >= 0 && !jhas_str(have, json_string_value(addr)))
			r = link_addr_add(a->net, name, json_string_value(addr), e);
	if (r >= 0 && json_is_false(v6) && jbool(now, "ipv6", false))
		r = network_ipv6(a, name, false, e);
	return r;
}

static int set_nic(struct agent *a, const char *name, const json_t *now, const json_t *wish,
		   struct err *e)
{
	long long mtu = jint(wish, "mtu", 0);
	const char *mac = jstr(wish, "mac", NULL);
	int r = 0;

	if (mac && strcasecmp(mac, jstr(now, "mac", "")) != 0)
		r = link_set_mac(a->net, name, mac, e);
	if (r >= 0 && mtu && mtu != jint(now, "mtu", 0))
		r = link_set_mtu(a->net, name, (unsigned)mtu, e);
	/* Its frames end in a packet socket of the userspace datapath (facts C2). */
	if (r >= 0 && a->netdev)
		r = link_tx_csum_off(a->net, name, e);
	return r;
}

/* ovs-vswitchd has set mtu_request by now, or has logged why it could not. */
static int check_mtu(const json_t *now, const json_t *wish, struct err *e)
{
	long long mtu = jint(wish, "mtu", 0), have = jint(now, "mtu", 0);

	if (mtu && mtu != have)
		return err_set(e, EINVAL, "MTU %lld was not taken, it is %lld", mtu, have);
	return 0;
}

static int set_link(struct agent *a, const char *name, const json_t *now, const json_t *wish,
		    struct err *e)
{
	int r = jbool(wish, "nic", false) ? set_nic(a, name, now, wish, e)
					  : check_mtu(now, wish, e);

	if (r >= 0)
		r = set_addresses(a, name, now, wish, e);
	if (r >= 0 && jbool(wish, "up", true) != jbool(now, "up", false))
		r = link_set_up(a->net, name, jbool(wish, "up", true), e);
	return r;
}

int nmstate_links_set(struct agent *a, const json_t *wishes, bool lenient, struct err *e)
{
	const char *name;
	json_t *wish;

	json_object_foreach((json_t *)(uintptr_t)wishes, name, wish) {
		_cleanup_json_ json_t *now = read_link(a, name, jbool(wish, "nic", false));
		int r = now	  ? set_link(a, name, now, wish, e)
			: lenient ? 0
				  : err_set(e, ENODEV, "there is no such link on this node");

		if (r < 0)
			return err_wrap(e, "interface %s", name);
	}
	return 0;
}

json_t *nmstate_wishes(const json_t *wishes, bool nics)
{
	json_t *out = json_object(), *wish;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)wishes, name, wish)
		if (jbool(wish, "nic", false) == nics)
			json_object_set(out, name, wish);
	return out;
}

json_t *nmstate_links_snapshot(const json_t *links, const json_t *names)
{
	json_t *out = json_object(), *any;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)names, name, any) {
		const json_t *link = json_object_get(links, name);

		if (link)
			json_object_set_new(out, name,
					    json_pack("{s:O, s:O, s:O, s:O, s:O, s:O}", "nic",
						      json_object_get(link, "nic"), "up",
						      json_object_get(link, "up"), "mtu",
						      json_object_get(link, "mtu"), "mac",
						      json_object_get(link, "mac"), "addresses",
						      json_object_get(link, "addresses"), "ipv6",
						      json_object_get(link, "ipv6")));
	}
	return out;
}
