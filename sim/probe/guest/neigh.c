/* SPDX-License-Identifier: Apache-2.0 */
/* Methods neigh and neigh-flush, and the neighbour evidence of cells. */
#include "probe/guest/neigh.h"

#include <errno.h>
#include <linux/neighbour.h>

#include "probe/guest/phdr.h"

static const char *state_name(uint16_t state)
{
	static const struct {
		uint16_t state;
		const char *name;
	} names[] = {{NUD_REACHABLE, "reachable"}, {NUD_STALE, "stale"},
		     {NUD_DELAY, "delay"},	   {NUD_PROBE, "probe"},
		     {NUD_PERMANENT, "permanent"}, {NUD_INCOMPLETE, "incomplete"},
		     {NUD_FAILED, "failed"},	   {NUD_NOARP, "noarp"}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (state & names[i].state)
			return names[i].name;
	return "none";
}

static json_t *neigh_json(const struct addr *a, int index, const char *state, const uint8_t *mac)
{
	char text[INET6_ADDRSTRLEN], name[IF_NAMESIZE] = "", m[MAC_TEXT];
	json_t *j;

	if (index)
		if_indextoname((unsigned int)index, name);
	j = json_pack("{s:o, s:o, s:s}", "addr", jstring(addr_text(a, text)), "ifname",
		      jstring(name), "state", state);
	if (mac) {
		phdr_mac_text(mac, m);
		jset_str(j, "mac", m);
	}
	return j;
}

static json_t *entry_json(const struct nl_neigh *n)
{
	return neigh_json(&n->addr, n->index, state_name(n->state), n->has_mac ? n->mac : NULL);
}

json_t *neigh_evidence(struct nl *nl, const struct addr *dst, const struct addr *src,
		       const char *ifname)
{
	struct nl_route r = {0};
	struct nl_neigh n;
	const struct addr *hop = dst;

	if (nl_route_get(nl, dst, src, ifname, &r, NULL) < 0)
		return neigh_json(dst, 0, "noroute", NULL);
	if (r.type == RTN_LOCAL)
		return NULL;
	if (r.type != RTN_UNICAST)
		return neigh_json(dst, r.oif, "noroute", NULL);
	if (r.has_via)
		hop = &r.via;
	if (nl_neigh_get(nl, r.oif, hop, &n) < 0)
		return neigh_json(hop, r.oif, "none", NULL);
	return entry_json(&n);
}

void neigh_reserve(struct nl *nl, const struct addr *dst, const struct addr *src,
		   const char *ifname)
{
	struct nl_route r = {0};

	if (nl_route_get(nl, dst, src, ifname, &r, NULL) == 0 && r.type == RTN_UNICAST)
		nl_neigh_reserve(nl, r.oif, r.has_via ? &r.via : dst, NULL);
}

void neigh_forget(struct nl *nl, const struct addr *dst, const struct addr *src, const char *ifname)
{
	struct nl_route r = {0};

	if (nl_route_get(nl, dst, src, ifname, &r, NULL) == 0 && r.type == RTN_UNICAST)
		nl_neigh_del(nl, r.oif, r.has_via ? &r.via : dst, NULL);
}

struct filter {
	int index;
	struct addr addr;
	struct nl_neigh *v;
	size_t n, cap;
};

static void collect(void *arg, const struct nl_neigh *n)
{
	struct filter *f = arg;

	if ((f->index && f->index != n->index) ||
	    (f->addr.family && !addr_eq(&f->addr, &n->addr)) || (n->state & NUD_NOARP))
		return;
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 16;
		f->v = xrealloc(f->v, f->cap * sizeof(*f->v));
	}
	f->v[f->n++] = *n;
}

static int select_neighs(struct agent *ag, const json_t *params, struct filter *f, struct err *e)
{
	const char *name = jstr(params, "ifname", NULL), *addr = jstr(params, "addr", NULL);
	struct nl_link l;

	*f = (struct filter){0};
	if (name) {
		if (nl_link_get(ag->nl, name, &l, e) < 0)
			return -ENODEV;
		f->index = l.index;
	}
	if (addr && !addr_parse(addr, &f->addr))
		return err_set(e, EINVAL, "addr: \"%s\" is not an address", addr);
	return nl_neighs(ag->nl, collect, f, e);
}

static int neigh(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	struct filter f;
	int r = select_neighs(ag, params, &f, e);

	if (r == 0) {
		json_t *entries = json_array();

		for (size_t i = 0; i < f.n; i++)
			json_array_append_new(entries, entry_json(&f.v[i]));
		*ret = json_pack("{s:o}", "entries", entries);
	}
	free(f.v);
	return r;
}

static int neigh_flush(struct agent *ag, const json_t *params, json_t **ret, struct err *e)
{
	json_int_t removed = 0;
	struct filter f;
	int r = select_neighs(ag, params, &f, e);

	for (size_t i = 0; r == 0 && i < f.n; i++) {
		if (f.v[i].state & NUD_PERMANENT)
			continue;
		r = nl_neigh_del(ag->nl, f.v[i].index, &f.v[i].addr, e);
		removed++;
	}
	if (r == 0)
		*ret = json_pack("{s:I}", "removed", removed);
	free(f.v);
	return r;
}

static int neigh_reserve_method(struct agent *ag, const json_t *params, json_t **ret UNUSED,
				struct err *e)
{
	const json_t *addrs = json_object_get(params, "addrs"), *j;
	struct addr a;
	size_t i;

	json_array_foreach(addrs, i, j) {
		if (!addr_parse(json_string_value(j), &a))
			return err_set(e, EINVAL, "addrs[%zu]: not an address", i);
		neigh_reserve(ag->nl, &a, NULL, jstr(params, "ifname", NULL));
	}
	return 0;
}

const struct method neigh_methods[] = {{"neigh-reserve", neigh_reserve_method, NULL},
				       {"neigh", neigh, NULL},
				       {"neigh-flush", neigh_flush, NULL},
				       {0}};
