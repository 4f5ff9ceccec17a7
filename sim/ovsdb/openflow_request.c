/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the switch. */
#include "ovsdb/openflow_priv.h"

#include <errno.h>

#define DEFAULT_TIMEOUT (10 * USEC_PER_SEC)

/* ---- changes: answered only when refused ---- */

static void remember(struct openflow *of, uint32_t xid, const char *verb,
		     const struct openflow_flow *f)
{
	_cleanup_free_ char *flow = openflow_flow_text(f);
	struct of_change *c = xcalloc(1, sizeof(*c));

	*c = (struct of_change){.xid = xid, .text = xasprintf("%s %s", verb, flow)};
	*of->changes_end = c;
	of->changes_end = &c->next;
}

static int change(struct openflow *of, enum ofp_command cmd, const char *verb,
		  const struct openflow_flow *f, uint64_t cookie_mask)
{
	if (of->dead)
		return -ECONNRESET;
	remember(of, ++of->xid, verb, f);
	ofp_put_flow_mod(&of->out, of->xid, cmd, f, cookie_mask);
	of_flush(of);
	return 0;
}

int openflow_add(struct openflow *of, const struct openflow_flow *f)
{
	return change(of, OFPFC_ADD, "add", f, 0);
}

int openflow_modify(struct openflow *of, const struct openflow_flow *f)
{
	return change(of, OFPFC_MODIFY_STRICT, "modify", f, 0);
}

int openflow_delete(struct openflow *of, const struct openflow_flow *f)
{
	struct openflow_flow bare = *f;

	bare.actions = (struct buf)BUF_INIT;
	return change(of, OFPFC_DELETE_STRICT, "delete", &bare, 0);
}

int openflow_delete_all(struct openflow *of, const struct openflow_filter *filter)
{
	struct openflow_flow f = {.table = filter->table, .cookie = filter->cookie};

	if (filter->match)
		f.match = *filter->match;
	return change(of, OFPFC_DELETE, "delete all of", &f, filter->cookie_mask);
}

int openflow_meter_add(struct openflow *of, uint32_t id)
{
	struct of_change *c;

	if (of->dead)
		return -ECONNRESET;
	c = xcalloc(1, sizeof(*c));
	*c = (struct of_change){.xid = ++of->xid, .text = xasprintf("add meter %u", id)};
	*of->changes_end = c;
	of->changes_end = &c->next;
	ofp_put_meter_mod(&of->out, of->xid, id);
	of_flush(of);
	return 0;
}

/* ---- calls ---- */

static int on_timeout(sd_event_source *s, uint64_t usec, void *arg)
{
	struct of_call *c = arg;
	_cleanup_err_ struct err e = ERR_INIT;

	(void)s;
	(void)usec;
	of_take_call(c->of, c->xid);
	err_set(&e, ETIMEDOUT, "%s: %s: no answer within %.1f s", c->of->name, c->what,
		(double)c->timeout_us / 1e6);
	of_end_call(c, &e);
	return 0;
}

/* The message with of->xid has been put into the output. */
static int call(struct openflow *of, struct of_call proto, uint64_t timeout_us)
{
	struct of_call *c = xmemdup(&proto, sizeof(proto));

	c->of = of;
	c->xid = of->xid;
	c->timeout_us = timeout_us ? timeout_us : DEFAULT_TIMEOUT;
	*of->calls_end = c;
	of->calls_end = &c->next;
	loop_after(of->ev, c->timeout_us, on_timeout, c, &c->timer);
	of_flush(of);
	return 0;
}

int openflow_barrier(struct openflow *of, uint64_t timeout_us, openflow_done_fn done, void *arg)
{
	if (of->dead)
		return -ECONNRESET;
	ofp_end(&of->out, ofp_begin(&of->out, OFPT_BARRIER_REQUEST, ++of->xid));
	return call(of, (struct of_call){.what = "barrier", .done = done, .arg = arg}, timeout_us);
}

int openflow_stats(struct openflow *of, const struct openflow_filter *filter, uint64_t timeout_us,
		   openflow_stats_fn row, openflow_done_fn done, void *arg)
{
	if (of->dead)
		return -ECONNRESET;
	ofp_put_flow_request(&of->out, ++of->xid, filter);
	return call(of,
		    (struct of_call){
			    .what = "flow statistics", .on_stats = row, .done = done, .arg = arg},
		    timeout_us);
}

int openflow_ports(struct openflow *of, uint64_t timeout_us, openflow_port_fn row,
		   openflow_done_fn done, void *arg)
{
	if (of->dead)
		return -ECONNRESET;
	ofp_put_port_request(&of->out, ++of->xid);
	return call(of, (struct of_call){.what = "ports", .on_port = row, .done = done, .arg = arg},
		    timeout_us);
}

int openflow_meters(struct openflow *of, uint64_t timeout_us, openflow_meter_fn row,
		    openflow_done_fn done, void *arg)
{
	if (of->dead)
		return -ECONNRESET;
	ofp_put_meter_request(&of->out, ++of->xid);
	return call(of,
		    (struct of_call){.what = "meters", .on_meter = row, .done = done, .arg = arg},
		    timeout_us);
}

void openflow_flow_clear(struct openflow_flow *f)
{
	buf_free(&f->actions);
	*f = (struct openflow_flow){0};
}
