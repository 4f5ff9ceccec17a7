/* SPDX-License-Identifier: Apache-2.0 */
/*
 * isolate_run(): networks that must not hear each other. Phases: 1 listeners, sniffers, addresses;
 * 2 everybody sends everything; 3 sniffers read; 4 the verdict (isolate_eval.c).
 */
#include <errno.h>

#include "probe/isolate.h"
#include "probe/proto.h"

#define CALL_TIMEOUT_US (20 * USEC_PER_SEC)

struct member {
	struct member *next;
	struct isolate *owner;
	const char *endpoint, *ifname, *network; /* borrowed from the request */
	const json_t *addresses;
	int net, index;
	bool routed;
	char *mac;
	json_t *cells; /* sent to the agent; results are merged in */
	json_t *sniff;
};

/* A resolution: what was asked, by whom. */
struct question {
	struct question *next;
	struct member *m;
	char *addr;
};

struct isolate {
	struct probe_job job;
	json_t *request;
	char *nonce;
	struct member *members, **tail;
	int n_members;
	struct question *questions;
	json_t *infra, *resolves, *cells;
	json_int_t port;
};

static void isolate_destroy(struct probe_job *job)
{
	struct isolate *s = (struct isolate *)job;
	struct question *q;
	struct member *m;

	while ((q = s->questions)) {
		s->questions = q->next;
		free(q->addr);
		free(q);
	}
	while ((m = s->members)) {
		s->members = m->next;
		free(m->mac);
		json_decref(m->cells);
		json_decref(m->sniff);
		free(m);
	}
	free(s->nonce);
	json_decref(s->infra);
	json_decref(s->resolves);
	json_decref(s->cells);
	json_decref(s->request);
}

static void add_infra(struct member *m, const char *why)
{
	json_array_append_new(m->owner->infra, json_pack("{s:s, s:o}", "endpoint", m->endpoint,
							 "why", jstring(why)));
}

/* ---- request ---- */

static int parse_member(struct isolate *s, const json_t *j, const char *network, int net,
			struct err *e)
{
	struct member *m = xcalloc(1, sizeof(*m));

	m->owner = s;
	m->index = s->n_members++;
	m->net = net;
	m->network = network;
	m->endpoint = jstr(j, "endpoint", NULL);
	m->ifname = jstr(j, "ifname", NULL);
	m->addresses = json_object_get(j, "addresses");
	m->mac = xstrdup(jstr(j, "mac", NULL));
	m->routed = jbool(j, "routed", false);
	m->cells = json_array();
	*s->tail = m;
	s->tail = &m->next;
	if (!m->endpoint || !m->ifname)
		return err_set(e, EINVAL, "members of %s: endpoint and ifname are required",
			       network);
	return 0;
}

static int parse(struct isolate *s, struct err *e)
{
	const json_t *nets = json_object_get(s->request, "networks"), *net, *j;
	size_t i, k;

	if (json_array_size(nets) < 2)
		return err_set(e, EINVAL, "networks: at least two are required");
	s->port = jint(s->request, "port", PROBE_PORT_MTU);
	json_array_foreach(nets, i, net) {
		const json_t *members = json_object_get(net, "members");

		if (!json_array_size(members))
			return err_set(e, EINVAL, "networks[%zu].members: at least one is required",
				       i);
		json_array_foreach(members, k, j)
			if (parse_member(s, j, jstr(net, "name", "?"), (int)i, e) < 0)
				return -EINVAL;
	}
	return 0;
}

/* ---- phase 1 ---- */

static void on_plain(struct probe_job *job UNUSED, void *tag, const json_t *result UNUSED,
		     const struct err *e)
{
	if (e)
		add_infra(tag, err_msg(e));
}

static void on_ifaces(struct probe_job *job UNUSED, void *tag, const json_t *result,
		      const struct err *e)
{
	struct member *m = tag;
	const json_t *iface = probe_iface(result, m->ifname);

	if (e)
		add_infra(m, err_msg(e));
	else if (!iface)
		add_infra(m, "the endpoint has no such interface");
	else if (!m->mac)
		m->mac = xstrdup(jstr(iface, "mac", NULL));
}

static json_t *listen_params(const struct isolate *s, const struct member *m)
{
	json_t *specs = json_array();

	for (int family = 4; family <= 6; family += 2) {
		probe_add_spec(specs, "tcp", s->port, family);
		probe_add_spec(specs, "udp", s->port, family);
	}
	return json_pack("{s:s, s:o}", "identity", m->endpoint, "specs", specs);
}

/* One sniffer an interface; what it hears names the sender by the cell. */
static char *sniffer_id(const struct member *m)
{
	return xasprintf("isolate-%s-%d", m->owner->nonce, m->index);
}

static void prepare(struct isolate *s)
{
	for (struct member *m = s->members; m; m = m->next) {
		_cleanup_free_ char *id = sniffer_id(m);

		job_call(&s->job, m->endpoint, "listen", listen_params(s, m), CALL_TIMEOUT_US,
			 on_plain, m);
		job_call(&s->job, m->endpoint, "ifaces", NULL, CALL_TIMEOUT_US, on_ifaces, m);
		job_call(&s->job, m->endpoint, "sniff-start",
			 json_pack("{s:s, s:s, s:s, s:b, s:b, s:b}", "id", id, "nonce", s->nonce,
				   "ifname", m->ifname, "outgoing", 1, "promisc", 1, "syn", 1),
			 CALL_TIMEOUT_US, on_plain, m);
	}
}

/* ---- phase 2 ---- */

static void add_frame(json_t *frames, const char *mac)
{
	json_array_append_new(frames, json_pack("{s:s}", "dstMac", mac));
}

static void send_frames(struct isolate *s, struct member *m)
{
	json_t *groups = json_array();

	job_call(&s->job, m->endpoint, "l2-send",
		 json_pack("{s:s, s:s, s:i, s:i, s:[{s:s}]}", "ifname", m->ifname, "nonce",
			   s->nonce, "id", ISOLATE_ID(m->index, ISOLATE_BROADCAST), "count",
			   ISOLATE_COPIES, "frames", "dstMac", "ff:ff:ff:ff:ff:ff"),
		 CALL_TIMEOUT_US, on_plain, m);
	add_frame(groups, "01:00:5e:7f:00:07");
	add_frame(groups, "33:33:00:00:70:07");
	for (struct member *o = s->members; o; o = o->next)
		if (o->net != m->net && o->mac)
			add_frame(groups, o->mac);
	job_call(&s->job, m->endpoint, "l2-send",
		 json_pack("{s:s, s:s, s:i, s:i, s:o}", "ifname", m->ifname, "nonce", s->nonce,
			   "id", ISOLATE_ID(m->index, ISOLATE_FRAME), "count", ISOLATE_COPIES,
			   "frames", groups),
		 CALL_TIMEOUT_US, on_plain, m);
}

static void announce(struct isolate *s, struct member *m)
{
	size_t i;
	json_t *a;

	json_array_foreach(m->addresses, i, a)
		job_call(&s->job, m->endpoint, "garp",
			 json_pack("{s:s, s:s, s:i, s:O, s:i}", "ifname", m->ifname, "nonce",
				   s->nonce, "id", ISOLATE_ID(m->index, ISOLATE_ANNOUNCEMENT),
				   "addr", a, "count", ISOLATE_COPIES),
			 CALL_TIMEOUT_US, on_plain, m);
}

/* A member whose MAC is not known (its agent is dead: an error anyway) may be the one. */
static bool is_own_mac(const struct member *m, const char *mac)
{
	for (const struct member *o = m->owner->members; o; o = o->next)
		if (o->net == m->net && (!o->mac || streq(o->mac, mac)))
			return true;
	return false;
}

static void on_resolved(struct probe_job *job UNUSED, void *tag, const json_t *result,
			const struct err *e)
{
	struct question *q = tag;
	json_t *foreign = json_array(), *a;
	size_t i;

	if (e)
		add_infra(q->m, err_msg(e));
	json_array_foreach(json_object_get(result, "answers"), i, a)
		if (!is_own_mac(q->m, jstr(a, "mac", "")))
			jadd_str(foreign, jstr(a, "mac", ""));
	if (result)
		json_array_append_new(q->m->owner->resolves,
				      json_pack("{s:s, s:s, s:s, s:O, s:o}", "from", q->m->endpoint,
						"network", q->m->network, "addr", q->addr,
						"answers", json_object_get(result, "answers"),
						"foreign", foreign));
	else
		json_decref(foreign);
}

static void resolve(struct isolate *s, struct member *m, const char *addr)
{
	struct question *q = xcalloc(1, sizeof(*q));

	q->m = m;
	q->addr = xstrdup(addr);
	q->next = s->questions;
	s->questions = q;
	job_call(&s->job, m->endpoint, "resolve",
		 json_pack("{s:s, s:s, s:s, s:i, s:i}", "ifname", m->ifname, "addr", addr, "nonce",
			   s->nonce, "id", ISOLATE_ID(m->index, ISOLATE_FRAME), "tries", 2),
		 CALL_TIMEOUT_US, on_resolved, q);
}

static void add_cell(struct member *m, const char *proto, const char *addr, bool shared)
{
	size_t n = json_array_size(m->owner->cells);
	json_int_t port = streq(proto, "icmp") ? 0 : m->owner->port;
	const json_t *ms = json_object_get(m->owner->request, "timeoutMs");
	json_t *cell = json_pack("{s:i, s:s, s:s, s:I, s:s, s:I, s:I}", "id",
				 ISOLATE_ID(m->index, ISOLATE_CELLS + (int)n), "proto", proto,
				 "dst", addr, "port", port, "ifname", m->ifname, "tries",
				 (json_int_t)jint(m->owner->request, "tries", 2), "timeoutMs",
				 json_is_integer(ms) ? json_integer_value(ms) : 500);

	json_array_append(m->cells, cell);
	json_object_set_new(cell, "slot", json_integer((json_int_t)n));
	json_array_append_new(m->owner->cells,
			      json_pack("{s:s, s:s, s:i, s:s, s:s, s:I, s:b}", "from", m->endpoint,
					"network", m->network, "member", m->index, "proto", proto,
					"dst", addr, "port", port, "shared", shared));
	json_decref(cell);
}

static void on_cells(struct probe_job *job UNUSED, void *tag, const json_t *result,
		     const struct err *e)
{
	struct member *m = tag;
	size_t i;
	json_t *r;

	if (e)
		add_infra(m, err_msg(e));
	json_array_foreach(json_object_get(result, "cells"), i, r) {
		const json_t *sent = json_array_get(m->cells, i);
		json_t *cell = json_array_get(m->owner->cells, (size_t)jint(sent, "slot", 0));

		json_object_update(cell, r);
		json_object_del(cell, "id");
	}
}

static bool owns(const json_t *addresses, const char *addr)
{
	return jhas_str(addresses, addr);
}

/* The own network may have the same address: then an answer is no leak in itself. */
static bool network_has(const struct isolate *s, int net, const char *addr)
{
	for (const struct member *m = s->members; m; m = m->next)
		if (m->net == net && owns(m->addresses, addr))
			return true;
	return false;
}

/* What is in both networks answers at its near side for all its addresses, as Linux does: that says
 * nothing of the far side. */
static bool is_near(const struct isolate *s, const char *endpoint, int net)
{
	for (const struct member *m = s->members; m; m = m->next)
		if (m->net == net && streq(m->endpoint, endpoint))
			return true;
	return false;
}

static void probe_foreign(struct isolate *s, struct member *m)
{
	_cleanup_json_ json_t *done = json_array();
	size_t i;
	json_t *a;

	for (struct member *o = s->members; o; o = o->next) {
		if (o->net == m->net)
			continue;
		json_array_foreach(o->addresses, i, a) {
			const char *addr = json_string_value(a);
			bool shared;

			if (!addr || owns(m->addresses, addr) || jhas_str(done, addr))
				continue;
			shared = network_has(s, m->net, addr) || is_near(s, o->endpoint, m->net);
			jadd_str(done, addr);
			resolve(s, m, addr);
			if (m->routed)
				continue;
			add_cell(m, "icmp", addr, shared);
			add_cell(m, "tcp", addr, shared);
			add_cell(m, "udp", addr, shared);
		}
	}
	if (json_array_size(m->cells))
		job_call(&s->job, m->endpoint, "run",
			 json_pack("{s:s, s:O}", "nonce", s->nonce, "cells", m->cells),
			 6 * CALL_TIMEOUT_US, on_cells, m);
}

static void send_all(struct isolate *s)
{
	for (struct member *m = s->members; m; m = m->next) {
		send_frames(s, m);
		announce(s, m);
		probe_foreign(s, m);
	}
}

/* ---- phases 3 and 4 ---- */

static void on_sniffed(struct probe_job *job UNUSED, void *tag, const json_t *result,
		       const struct err *e)
{
	struct member *m = tag;

	if (e)
		add_infra(m, err_msg(e));
	m->sniff = result ? json_deep_copy(result) : NULL;
}

static void read_sniffers(struct isolate *s)
{
	for (struct member *m = s->members; m; m = m->next) {
		_cleanup_free_ char *id = sniffer_id(m);

		job_call(&s->job, m->endpoint, "sniff-stop", json_pack("{s:s}", "id", id),
			 CALL_TIMEOUT_US, on_sniffed, m);
	}
}

static void finish(struct isolate *s)
{
	json_t *members = json_array(), *result;

	for (struct member *m = s->members; m; m = m->next)
		json_array_append_new(members,
				      json_pack("{s:s, s:s, s:i, s:s, s:i, s:O?}", "endpoint",
						m->endpoint, "network", m->network, "net", m->net,
						"ifname", m->ifname, "announced",
						(int)json_array_size(m->addresses) * ISOLATE_COPIES,
						"sniff", m->sniff));
	result = isolate_evaluate(members, s->cells);
	json_decref(members);
	json_object_set(result, "resolves", s->resolves);
	json_object_set(result, "cells", s->cells);
	json_object_set(result, "infra", s->infra);
	json_object_set_new(result, "seconds", json_real(job_seconds(&s->job)));
	json_object_set_new(result, "verdict", verdict_isolation(result));
	jset_str(result, "status", jstr(result, "verdict.status", "error"));
	job_done(&s->job, result);
}

static void isolate_step(struct probe_job *job)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct isolate *s = (struct isolate *)job;

	switch (job->phase) {
	case 1:
		if (parse(s, &e) < 0)
			job_fail(job, &e);
		else
			prepare(s);
		break;
	case 2:
		send_all(s);
		break;
	case 3:
		read_sniffers(s);
		break;
	default:
		finish(s);
	}
}

struct probe_job *isolate_run(struct probe_hub *h, const json_t *request, probe_done_fn fn,
			      void *arg)
{
	struct isolate *s = xcalloc(1, sizeof(*s));
	const char *nonce = jstr(request, "nonce", NULL);

	s->request = json_deep_copy(request);
	s->nonce = nonce ? xstrdup(nonce) : probe_nonce();
	s->tail = &s->members;
	s->infra = json_array();
	s->resolves = json_array();
	s->cells = json_array();
	return job_start(&s->job, h, fn, arg, isolate_step, isolate_destroy);
}
