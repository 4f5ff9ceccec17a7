/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MTU of switches, by OpenFlow. A port's frames are measured as they come in: those that are too
 * long end in the port's meter, which counts them; the rest is switched as without flows. Flows
 * cannot count them: the userspace datapath credits both outcomes of check_pkt_larger.
 */
#include "fabric/fabric_priv.h"

#include <errno.h>

#include "ovsdb/openflow.h"

#define RETRY_US (5 * USEC_PER_MSEC)
#define ETHERNET 14
#define TAG 4
#define VLAN_PRESENT 0x1000 /* of vlan_tci */
#define TOO_LONG 1	    /* reg0 */

struct bridge {
	struct flows *fl;
	char dev[16];
	const struct sw *sw;
	int segment;
	struct openflow *of;
	bool told; /* of what all ports share */
	bool busy; /* a barrier is under way */
};

struct flows {
	struct fabric *f;
	const char *dir; /* borrowed */
	void (*moved)(void *arg);
	void *arg;
	struct bridge **v;
	size_t n;
	sd_event_source *retry;
	char *problem;
	bool told; /* something, since flows_told() was asked */
};

struct flows *flows_new(struct fabric *f, const char *dir, void (*moved)(void *arg), void *arg)
{
	struct flows *fl = xcalloc(1, sizeof(*fl));

	*fl = (struct flows){.f = f, .dir = dir, .moved = moved, .arg = arg};
	return fl;
}

/* ---- bridges ---- */

static bool on_bridge(const struct bridge *b, const struct port *p)
{
	return p->sw == b->sw && p->pub.segment == b->segment && p->pub.plugged;
}

/* What a bridge has been told is lost. */
static void forget(struct bridge *b)
{
	struct openflow *of = TAKE_PTR(b->of);

	b->told = b->busy = false;
	for (size_t i = 0; i < b->fl->f->n_ports; i++) {
		struct port *p = b->fl->f->ports[i];

		if (p->sw != b->sw)
			continue;
		p->meters &= ~(1u << b->segment);
		if (p->flow_segment == b->segment)
			p->flow_segment = -1;
	}
	openflow_free(of);
}

static void bridge_free(struct bridge *b)
{
	forget(b);
	free(b);
}

void flows_reset(struct flows *fl)
{
	while (fl->n)
		bridge_free(fl->v[--fl->n]);
	fl->retry = sd_event_source_disable_unref(fl->retry);
	free(fl->problem);
	fl->problem = NULL;
}

void switch_flows_free(struct flows *fl)
{
	if (!fl)
		return;
	flows_reset(fl);
	free(fl->v);
	free(fl);
}

static int on_retry(sd_event_source *s, uint64_t usec, void *arg)
{
	struct flows *fl = arg;

	(void)s;
	(void)usec;
	fl->retry = sd_event_source_unref(fl->retry);
	fl->moved(fl->arg);
	return 0;
}

static void retry(struct flows *fl)
{
	if (!fl->retry)
		loop_after(fl->f->c.ev, RETRY_US, on_retry, fl, &fl->retry);
}

static void on_ready(void *arg, struct openflow *of)
{
	struct bridge *b = arg;

	(void)of;
	b->fl->moved(b->fl->arg);
}

static void on_closed(void *arg, struct openflow *of, const char *why)
{
	struct bridge *b = arg;

	(void)of;
	(void)why;
	forget(b);
	retry(b->fl);
}

static void connect_bridge(struct bridge *b)
{
	static const struct openflow_ops ops = {on_ready, on_closed};
	_cleanup_free_ char *path = xasprintf("%s/%s.mgmt", b->fl->dir, b->dev);

	if (b->of || access(path, F_OK) < 0)
		return;
	b->of = openflow_open(b->fl->f->c.ev, path, &ops, b, NULL);
	if (!b->of) /* the file is there a moment before anyone listens on it */
		retry(b->fl);
}

static struct bridge *bridge_find(struct flows *fl, const char *dev)
{
	for (size_t i = 0; i < fl->n; i++)
		if (streq(fl->v[i]->dev, dev))
			return fl->v[i];
	return NULL;
}

static void bridge_add(struct flows *fl, const struct sw *sw, int segment, const char *dev)
{
	struct bridge *b = xcalloc(1, sizeof(*b));

	*b = (struct bridge){.fl = fl, .sw = sw, .segment = segment};
	snprintf(b->dev, sizeof(b->dev), "%s", dev);
	fl->v = xrealloc(fl->v, (fl->n + 1) * sizeof(*fl->v));
	fl->v[fl->n++] = b;
}

/* The bridges that the ports need, and no others. */
static void match_bridges(struct flows *fl, const json_t *names)
{
	char dev[16];

	for (size_t i = fl->n; i-- > 0;) {
		if (jhas_str(names, fl->v[i]->dev))
			continue;
		bridge_free(fl->v[i]);
		fl->v[i] = fl->v[--fl->n];
	}
	for (size_t i = 0; i < fl->f->n_sw; i++) {
		for (int k = 0; k < FABRIC_SEGMENTS; k++) {
			sw_device(&fl->f->sw[i], k, dev);
			if (jhas_str(names, dev) && !bridge_find(fl, dev))
				bridge_add(fl, &fl->f->sw[i], k, dev);
		}
	}
}

/* ---- telling ---- */

typedef int (*flow_fn)(struct openflow *of, const struct openflow_flow *f);

static void send_flow(struct bridge *b, flow_fn fn, struct openflow_flow *f)
{
	fn(b->of, f);
	openflow_flow_clear(f);
}

/* A frame is measured with its tag, if it has one; a second tag counts as payload. */
static void tell_limits(struct bridge *b, const struct port *p, flow_fn fn)
{
	for (int tagged = 0; tagged <= 1; tagged++) {
		struct openflow_flow f = {.table = 0,
					  .priority = (uint16_t)(100 + tagged),
					  .cookie = p->number,
					  .match = {.in_port = p->number}};

		if (tagged)
			f.match.vlan_tci = f.match.vlan_tci_mask = VLAN_PRESENT;
		openflow_check_pkt_larger(
			&f.actions, (uint16_t)(p->sw->mtu + ETHERNET + (tagged ? TAG : 0)), 0);
		openflow_resubmit(&f.actions, 1);
		send_flow(b, fn, &f);
	}
}

static void tell_new(struct bridge *b, struct port *p)
{
	struct openflow_flow drop = {
		.table = 1,
		.priority = 100,
		.cookie = p->number,
		.match = {.in_port = p->number, .reg0 = TOO_LONG, .reg0_mask = TOO_LONG},
		.meter = p->number};

	if (!(p->meters & 1u << b->segment))
		openflow_meter_add(b->of, p->number);
	p->meters |= 1u << b->segment;
	send_flow(b, openflow_add, &drop);
	tell_limits(b, p, openflow_add);
	p->flow_segment = b->segment;
}

static void tell_gone(struct bridge *b, struct port *p)
{
	struct openflow_filter mine = {OPENFLOW_ANY_TABLE, p->number, UINT64_MAX, NULL};

	openflow_delete_all(b->of, &mine);
	p->flow_segment = -1;
}

static void tell_base(struct bridge *b)
{
	struct openflow_flow pass = {.table = 1};

	openflow_output(&pass.actions, OPENFLOW_NORMAL);
	send_flow(b, openflow_add, &pass);
	b->told = true;
}

/* True when something was said. */
static bool tell_port(struct bridge *b, struct port *p)
{
	bool here = p->flow_segment == b->segment && p->sw == b->sw;

	if (here && !on_bridge(b, p)) {
		tell_gone(b, p);
		return true;
	}
	if (!on_bridge(b, p) || (here && p->flow_mtu == p->sw->mtu))
		return false;
	if (here)
		tell_limits(b, p, openflow_modify);
	else
		tell_new(b, p);
	p->flow_mtu = p->sw->mtu;
	return true;
}

static void on_told(void *arg, const struct err *e)
{
	struct bridge *b = arg;

	if (!b->of) /* the connection has ended */
		return;
	b->busy = false;
	if (e) {
		free(b->fl->problem);
		b->fl->problem = xstrdup(err_msg(e));
	}
	b->fl->moved(b->fl->arg);
}

static void tell(struct bridge *b)
{
	bool said = !b->told;

	if (!openflow_is_ready(b->of) || b->busy)
		return;
	if (!b->told)
		tell_base(b);
	for (size_t i = 0; i < b->fl->f->n_ports; i++)
		said |= tell_port(b, b->fl->f->ports[i]);
	b->fl->told |= said;
	if (said)
		b->busy = openflow_barrier(b->of, 0, on_told, b) == 0;
}

void flows_pump(struct flows *fl)
{
	_cleanup_json_ json_t *names = switch_bridges(fl->f);

	match_bridges(fl, names);
	for (size_t i = 0; i < fl->n; i++)
		connect_bridge(fl->v[i]);
	for (size_t i = 0; i < fl->n; i++)
		tell(fl->v[i]);
}

bool flows_ready(const struct flows *fl, char **ret_what)
{
	for (size_t i = 0; i < fl->n; i++) {
		const struct bridge *b = fl->v[i];

		if (b->of && b->told && !b->busy)
			continue;
		if (ret_what)
			*ret_what = xasprintf("the flows of bridge %s (network %s)", b->dev,
					      b->sw->name);
		return false;
	}
	return fl->n > 0;
}

bool flows_told(struct flows *fl)
{
	bool told = fl->told;

	fl->told = false;
	return told;
}

const char *flows_problem(const struct flows *fl)
{
	return fl->problem;
}

/* ---- counting ---- */

struct count {
	struct fabric *f;
	uint64_t *sums; /* by port number */
	size_t n, waiting;
	struct err e; /* the first */
	fabric_done_fn done;
	void *arg;
};

static void on_meter(void *arg, uint32_t id, uint64_t packets, uint64_t bytes)
{
	struct count *c = arg;

	(void)bytes;
	if (id < c->n)
		c->sums[id] += packets;
}

static void on_counted(void *arg, const struct err *e)
{
	struct count *c = arg;

	if (e && !c->e.code)
		err_set(&c->e, e->code, "%s", err_msg(e));
	if (--c->waiting)
		return;
	for (size_t i = 0; !c->e.code && i < c->f->n_ports; i++)
		if (c->f->ports[i]->number < c->n)
			c->f->ports[i]->over_mtu = c->sums[c->f->ports[i]->number];
	c->done(c->arg, c->e.code ? &c->e : NULL);
	err_clear(&c->e);
	free(c->sums);
	free(c);
}

int flows_count(struct flows *fl, fabric_done_fn done, void *arg, struct err *e)
{
	_cleanup_free_ char *what = NULL;
	struct count *c;

	if (!flows_ready(fl, &what))
		return err_set(e, EAGAIN, "the fabric's switch does not run: %s",
			       what ? what : "ovs-vswitchd");
	c = xcalloc(1, sizeof(*c));
	*c = (struct count){.f = fl->f, .n = fl->f->n_ports + 1, .done = done, .arg = arg};
	c->sums = xcalloc(c->n, sizeof(*c->sums));
	c->waiting = 1;
	for (size_t i = 0; i < fl->n; i++)
		if (openflow_meters(fl->v[i]->of, 0, on_meter, on_counted, c) == 0)
			c->waiting++;
	fabric_later(fl->f, on_counted, c, NULL);
	return 0;
}
