/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/hop_points.h"

#include "fabric/fabric.h"
#include "lab/mtu.h"
#include "lab/verbs.h"

/* Room for one VLAN tag, which the userspace datapath grants to any frame that it receives. */
#define SLACK 4

void hop_points_free(struct hop_points *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (size_t k = 0; k < p->v[i].n_devs; k++)
			free(p->v[i].devs[k]);
		free(p->v[i].name);
		free(p->v[i].where);
		free(p->v[i].port);
		free(p->v[i].network);
	}
	free(p->v);
	*p = (struct hop_points){0};
}

static struct hop_point *add(struct hop_points *p, const char *where, bool outgoing)
{
	p->v = xrealloc(p->v, (p->n + 1) * sizeof(*p->v));
	p->v[p->n] = (struct hop_point){.where = xstrdup(where), .outgoing = outgoing};
	return &p->v[p->n++];
}

static void add_dev(struct hop_point *p, const char *dev)
{
	if (p->n_devs < HOP_DEVS)
		p->devs[p->n_devs++] = xstrdup(dev);
}

/* ---- one machine each ---- */

static void add_endpoint(struct hop_points *p, const char *name, const json_t *iface, bool outgoing)
{
	struct hop_point *h = add(p, NULL, outgoing);

	h->agent = true;
	h->name = xasprintf("%s:%s", name, jstr(iface, "name", "?"));
	h->mtu = (int)jint(iface, "mtu", 0);
}

/* What the node was told about the attachment that has this MAC. Borrowed, or NULL. */
static const json_t *attachment(const struct lab_node *n, const char *mac)
{
	static const char *const lists[] = {"pods", "vms"};
	json_t *pod, *att;
	size_t i, k;

	for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
		json_array_foreach(json_object_get(n->desired, lists[l]), i, pod)
			json_array_foreach(json_object_get(pod, "attachments"), k, att)
				if (strcasecmp(jstr(att, "mac", ""), mac) == 0)
					return att;
	return NULL;
}

/* The veth or tap behind the endpoint's interface. */
static void add_port(struct hop_points *p, struct lab *lab, const char *endpoint,
		     const json_t *iface, bool outgoing)
{
	const char *node = lab_endpoint_node(lab, endpoint);
	const struct lab_node *n = lab_node_find(lab, node);
	const json_t *att = n ? attachment(n, jstr(iface, "mac", "-")) : NULL;
	const char *dev = jstr(att, "tap", jstr(att, "host_ifname", NULL));
	_cleanup_free_ char *where = xasprintf("node/%s", node);
	struct hop_point *h;

	if (!dev)
		return;
	h = add(p, where, outgoing);
	h->name = xasprintf("%s:%s", where, dev);
	h->port = xstrdup(endpoint);
	h->mtu = (int)jint(att, "mtu", 0);
	add_dev(h, dev);
}

/* The NICs of the machine on the path, as one point. */
static void add_nics(struct hop_points *p, const struct pathmtu_path *path, const char *machine,
		     bool outgoing)
{
	struct hop_point *h = NULL;

	for (size_t i = 0; i < path->n; i++) {
		const struct pathmtu_hop *hop = &path->v[i];

		if (hop->kind != PATHMTU_NIC || !streq(hop->machine, machine))
			continue;
		if (!h) {
			h = add(p, machine, outgoing);
			h->name = xstrdup(hop->name);
			h->mtu = hop->mtu;
			h->overhead = hop->overhead;
		}
		add_dev(h, hop->device);
	}
}

static bool is_uplink(const struct pathmtu_hop *hop, const char *machine)
{
	return (hop->kind == PATHMTU_NIC || hop->kind == PATHMTU_HOST) &&
	       streq0(hop->machine, machine);
}

/* The switch's ends of the machine's cables on the path. */
static void add_switch_port(struct hop_points *p, struct lab *lab, const struct pathmtu_path *path,
			    const char *machine, bool outgoing)
{
	struct hop_point *h = NULL;

	for (size_t i = 0; i < path->n; i++) {
		const struct pathmtu_hop *hop = &path->v[i];
		const struct fabric_port *f;

		if (!is_uplink(hop, machine))
			continue;
		f = fabric_port(lab->fabric, str_after(machine, "node/") ?: machine, hop->device,
				NULL);
		if (!f)
			continue;
		if (!h) {
			h = add(p, HOP_SWITCHES, outgoing);
			h->name =
				xasprintf("switch %s, port %s:%s", f->network, f->machine, f->nic);
			h->network = xstrdup(f->network);
			h->switch_mtu = (int)fabric_mtu(lab->fabric, f->network);
			h->overhead = hop->overhead;
		}
		add_dev(h, f->dev);
	}
}

static char *machine_of(struct lab *lab, const char *endpoint)
{
	if (str_after(endpoint, "host/"))
		return xstrdup(endpoint);
	return xasprintf("node/%s", lab_endpoint_node(lab, endpoint));
}

void hop_points_make(struct lab *lab, const struct hop_request *r, struct hop_points *ret)
{
	_cleanup_free_ char *a = machine_of(lab, r->from), *b = machine_of(lab, r->to);
	_cleanup_pathmtu_path_ struct pathmtu_path path;
	bool host_a = str_after(a, "host/") != NULL, host_b = str_after(b, "host/") != NULL;

	lab_mtu_path(lab, r->network, r->from, r->to, &path);
	*ret = (struct hop_points){0};
	add_endpoint(ret, r->from, r->a, true);
	if (!host_a)
		add_port(ret, lab, r->from, r->a, false);
	if (!streq(a, b)) {
		if (!host_a)
			add_nics(ret, &path, a, true);
		add_switch_port(ret, lab, &path, a, false);
		add_switch_port(ret, lab, &path, b, true);
		if (!host_b)
			add_nics(ret, &path, b, false);
	}
	if (!host_b)
		add_port(ret, lab, r->to, r->b, true);
	add_endpoint(ret, r->to, r->b, false);
}

/* ---- views ---- */

json_t *hop_points_places(const struct hop_points *p)
{
	json_t *out = json_array();

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].where)
			jadd_str(out, p->v[i].where);
	return out;
}

json_t *hop_points_json(const struct hop_points *p)
{
	json_t *out = json_array();

	for (size_t i = 0; i < p->n; i++) {
		const struct hop_point *h = &p->v[i];
		int mtu = h->mtu ? h->mtu : h->switch_mtu;
		json_t *j = json_pack("{s:s, s:I, s:I}", "name", h->name, "control",
				      (json_int_t)h->control, "test", (json_int_t)h->test);

		if (mtu)
			json_object_set_new(j, "mtu", json_integer(mtu));
		json_array_append_new(out, j);
	}
	return out;
}

/* ---- judgement ---- */

static bool too_small(int mtu, int slack, int overhead, long long size)
{
	return mtu && mtu + slack - overhead < size;
}

static void set_hop(json_t *hop, const char *name, int mtu, int overhead)
{
	jset_str(hop, "name", name);
	json_object_set_new(hop, "mtu", json_integer(mtu));
	json_object_set_new(hop, "overhead", json_integer(overhead));
}

static void set_port(json_t *hop, const struct hop_point *p)
{
	set_hop(hop, p->name, p->mtu, p->overhead);
	jset_str(hop, "port", p->port);
}

/*
 * What lies between the last point that saw the frames and the first that did not: the device that
 * they came in by (it limits what is received), the switch, the device that they should have left
 * by. The first one that is too small is it.
 */
static bool name_hop(const struct hop_point *a, const struct hop_point *b, long long size,
		     json_t *hop)
{
	if (!a->outgoing && too_small(a->mtu, SLACK, a->overhead, size)) {
		set_port(hop, a);
	} else if (a->network && too_small(a->switch_mtu, 0, a->overhead, size)) {
		_cleanup_free_ char *name = xasprintf("switch %s", a->network);

		set_hop(hop, name, a->switch_mtu, a->overhead);
	} else if (too_small(b->mtu, 0, b->overhead, size)) {
		set_port(hop, b);
	} else if (!a->outgoing && too_small(a->mtu, 0, a->overhead, size)) {
		set_port(hop, a);
	} else {
		return false;
	}
	return true;
}

static char *evidence(const struct hop_point *a, const struct hop_point *b, long long control,
		      long long size, long long sent, long long counted)
{
	_cleanup_free_ char *by =
		counted > 0 ? xasprintf("; the switch counted %lld as too long", counted)
			    : xstrdup("");

	_cleanup_free_ char *with = control ? xasprintf("; of %lld bytes, %lld and %lld", control,
							a->control, b->control)
					    : xstrdup("");

	return xasprintf("of %lld frames of %lld bytes, %lld seen at %s and %lld at %s%s%s", sent,
			 size, a->test, a->name, b->test, b->name, with, by);
}

/* Index of the first point that must have seen the frames and did not; p->n when there is none. */
static size_t first_unseen(const struct hop_points *p, long long control)
{
	size_t i = 1;

	while (i < p->n && (p->v[i].test || (control && !p->v[i].control)))
		i++;
	return i;
}

static size_t last_seen(const struct hop_points *p, size_t before)
{
	while (before-- > 1)
		if (p->v[before].test)
			return before;
	return 0;
}

void hop_points_judge(const struct hop_points *p, long long control, long long size, long long sent,
		      const char *trouble, json_t *out)
{
	size_t to = trouble || !p->n ? 0 : first_unseen(p, control), from;
	_cleanup_free_ char *text = NULL;
	json_t *hop;

	json_object_set_new(out, "hop", json_null());
	if (trouble)
		jset_str(out, "why", trouble);
	else if (!p->n || !p->v[0].test)
		jset_str(out, "why", "the frames did not leave the sender");
	else if (to == p->n)
		jset_str(out, "why", "the frames arrived: what is lost is the answer");
	if (json_object_get(out, "why"))
		return;
	from = last_seen(p, to);
	text = evidence(&p->v[from], &p->v[to], control, size, sent, jint(out, "overMtu", 0));
	hop = json_pack("{s:s, s:s, s:s}", "from", p->v[from].name, "to", p->v[to].name, "evidence",
			text);
	if (!name_hop(&p->v[from], &p->v[to], size, hop)) {
		_cleanup_free_ char *name =
			xasprintf("between %s and %s", p->v[from].name, p->v[to].name);

		jset_str(hop, "name", name);
	}
	json_object_set_new(out, "hop", hop);
}
