/* SPDX-License-Identifier: Apache-2.0 */
/* What the switch says. */
#include "ovsdb/openflow_priv.h"

#include <errno.h>

static void on_error(struct openflow *of, const struct ofp_msg *m)
{
	_cleanup_free_ char *text = ofp_error_text(m);
	struct of_call *c = of_take_call(of, m->xid);

	if (c) {
		_cleanup_err_ struct err e = ERR_INIT;

		err_set(&e, EPROTO, "%s: %s: %s", of->name, c->what, text);
		of_end_call(c, &e);
		return;
	}
	if (!of->ready) { /* the answer to our hello */
		of_die(of, text);
		return;
	}
	for (const struct of_change *x = of->changes; x; x = x->next) {
		if (x->xid != m->xid)
			continue;
		if (!of->n_refused++)
			err_set(&of->refused, EINVAL, "%s: %s: %s", of->name, x->text, text);
		return;
	}
}

static void on_barrier(struct openflow *of, uint32_t xid)
{
	struct of_call *c = of_take_call(of, xid);
	struct err e = of->refused;

	of_forget_changes(of, xid);
	if (!c)
		return;
	if (of->n_refused > 1)
		err_set(&e, EINVAL, "%s (and %u more)", err_msg(&of->refused), of->n_refused - 1);
	of->refused = (struct err)ERR_INIT;
	of->n_refused = 0;
	of_end_call(c, e.code ? &e : NULL);
	err_clear(&e);
}

/* Hands out the entries of one part. 0, or -EPROTO. */
static int on_entries(struct openflow *of, const struct of_call *c, uint16_t type, const uint8_t *p,
		      size_t n)
{
	while (n && !of->freed) {
		struct openflow_stats s;
		struct openflow_port port;
		struct ofp_meter meter;
		ssize_t len = type == OFPMP_FLOW    ? ofp_get_stats(p, n, &s)
			      : type == OFPMP_METER ? ofp_get_meter(p, n, &meter)
						    : ofp_get_port(p, n, &port);

		if (len < 0)
			return -EPROTO;
		if (type == OFPMP_FLOW)
			c->on_stats(c->arg, &s);
		else if (type == OFPMP_METER)
			c->on_meter(c->arg, meter.id, meter.packets, meter.bytes);
		else
			c->on_port(c->arg, &port);
		p += len;
		n -= (size_t)len;
	}
	return 0;
}

/* Whether a call waits for such an answer. */
static bool wants(const struct of_call *c, uint16_t type)
{
	return type == OFPMP_FLOW	 ? c->on_stats != NULL
	       : type == OFPMP_METER	 ? c->on_meter != NULL
	       : type == OFPMP_PORT_DESC ? c->on_port != NULL
					 : false;
}

static int on_multipart(struct openflow *of, const struct ofp_msg *m)
{
	struct of_call *c = of->calls;
	uint16_t type;
	bool more;
	const uint8_t *body;
	size_t len;

	while (c && c->xid != m->xid)
		c = c->next;
	if (ofp_get_multipart(m, &type, &more, &body, &len) < 0)
		return -EPROTO;
	if (!c)
		return 0; /* has timed out */
	if (!wants(c, type))
		return -EPROTO;
	if (on_entries(of, c, type, body, len) < 0)
		return -EPROTO;
	if (!more && !of->freed)
		of_end_call(of_take_call(of, m->xid), NULL);
	return 0;
}

static void on_hello(struct openflow *of, const struct ofp_msg *m)
{
	if (of->ready)
		return;
	if (!ofp_hello_ok(m)) {
		of_die(of, "it does not speak OpenFlow 1.3 (Bridge.protocols?)");
		return;
	}
	of->ready = true;
	if (of->ops && of->ops->ready)
		of->ops->ready(of->arg, of);
}

static void on_echo(struct openflow *of, const struct ofp_msg *m)
{
	size_t start = ofp_begin(&of->out, OFPT_ECHO_REPLY, m->xid);

	buf_add(&of->out, m->body, m->len);
	ofp_end(&of->out, start);
	of_flush(of);
}

static int on_message(struct openflow *of, const struct ofp_msg *m)
{
	if (m->type == OFPT_HELLO) {
		on_hello(of, m);
		return 0;
	}
	if (m->type == OFPT_ERROR) {
		on_error(of, m);
		return 0;
	}
	if (!of->ready || m->version != OFP_VERSION)
		return -EPROTO;
	if (m->type == OFPT_MULTIPART_REPLY)
		return on_multipart(of, m);
	if (m->type == OFPT_BARRIER_REPLY)
		on_barrier(of, m->xid);
	else if (m->type == OFPT_ECHO_REQUEST)
		on_echo(of, m);
	return 0; /* ports that come and go, packets, roles: nobody has asked */
}

int of_take_messages(struct openflow *of)
{
	size_t done = 0;
	ssize_t len = 0;

	while (!of->dead && !of->freed && done < of->in.len) {
		struct ofp_msg m;

		len = ofp_get_msg((const uint8_t *)of->in.data + done, of->in.len - done, &m);
		if (len <= 0)
			break;
		if (on_message(of, &m) < 0)
			return -EPROTO;
		done += (size_t)len;
	}
	if (len < 0)
		return -EPROTO;
	if (!of->dead)
		buf_consume(&of->in, done);
	return 0;
}
