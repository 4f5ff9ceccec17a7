/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe_run(): prepare all destinations, let all sources work at once, collect the evidence, judge.
 * Phases: 1 listeners, sniffers, addresses; 2 cells and self-checks; 3 self-checks again, sniffers
 * read; 4 the verdicts.
 */
#include <errno.h>

#include "probe/evidence.h"
#include "probe/hub.h"
#include "probe/proto.h"

#define MESH 16 /* endpoints from which on neighbour tables are prepared */
#define ALLOWED_MS 3000
#define CALL_TIMEOUT_US (20 * USEC_PER_SEC)

struct ep {
	struct ep *next;
	char *name, *why; /* why: this agent failed us */
	bool is_dest;
	json_t *specs;	/* listeners it needs */
	json_t *cells;	/* what it sends, as the agent wants it */
	json_t *checks; /* its self-check */
	json_t *own;	/* addresses by which others reach it */
	json_t *peers;	/* addresses that it reaches */
	json_t *listen, *ifaces, *sniff, *results, *self[2];
	uint64_t budget_us; /* how long the cells may take */
};

struct run {
	struct probe_job job;
	json_t *request, *cells;
	char *nonce, *sniffer;
	bool want_sniff, want_self;
	json_int_t window;
	struct ep *eps;
};

static void run_destroy(struct probe_job *job)
{
	struct run *r = (struct run *)job;
	struct ep *ep;

	while ((ep = r->eps)) {
		r->eps = ep->next;
		free(ep->name);
		free(ep->why);
		json_decref(ep->specs);
		json_decref(ep->cells);
		json_decref(ep->checks);
		json_decref(ep->own);
		json_decref(ep->peers);
		json_decref(ep->listen);
		json_decref(ep->ifaces);
		json_decref(ep->sniff);
		json_decref(ep->results);
		json_decref(ep->self[0]);
		json_decref(ep->self[1]);
		free(ep);
	}
	json_decref(r->request);
	json_decref(r->cells);
	free(r->nonce);
	free(r->sniffer);
}

static struct ep *find_ep(struct run *r, const char *name)
{
	struct ep *ep = r->eps;

	while (ep && !streq(ep->name, name))
		ep = ep->next;
	return ep;
}

static struct ep *get_ep(struct run *r, const char *name)
{
	struct ep **p = &r->eps, *ep;

	while (*p && !streq((*p)->name, name))
		p = &(*p)->next;
	if (*p)
		return *p;
	ep = *p = xcalloc(1, sizeof(*ep));
	ep->name = xstrdup(name);
	ep->specs = json_array();
	ep->cells = json_array();
	ep->checks = json_array();
	ep->own = json_object();
	ep->peers = json_object();
	if (!hub_ready(r->job.hub, name))
		ep->why = xasprintf("agent not connected: %s", hub_why(r->job.hub, name));
	return ep;
}

static bool usable(const struct ep *ep)
{
	return ep && !ep->why;
}

/* ---- request ---- */

static void add_check(struct ep *ep, const char *proto, long long port, int family)
{
	json_t *check = json_pack("{s:s, s:s, s:I, s:i, s:i, s:s}", "proto", proto, "dst",
				  family == 4 ? "127.0.0.1" : "::1", "port", (json_int_t)port,
				  "tries", 1, "timeoutMs", 3000, "peer", ep->name);

	for (size_t i = 0; i < json_array_size(ep->checks); i++) {
		if (json_equal(json_array_get(ep->checks, i), check)) {
			json_decref(check);
			return;
		}
	}
	json_array_append_new(ep->checks, check);
}

static void need_listener(struct ep *to, const char *proto, long long port, int family)
{
	to->is_dest = true;
	if (streq(proto, "bulk"))
		proto = "tcp";
	if (!streq(proto, "icmp"))
		probe_add_spec(to->specs, proto, port, family);
	add_check(to, proto, streq(proto, "icmp") ? 0 : port, family);
}

/* Members that the agent knows, from the cell or the request. */
static json_t *agent_cell(const struct run *r, const json_t *cell, size_t id, bool has_to)
{
	static const char *const keys[] = {"proto",  "dst",   "port",	   "src",
					   "ifname", "tries", "timeoutMs", "size",
					   "bytes",  "plain", "flushNeigh"};
	const char *expect = jstr(cell, "expect", "");
	json_t *c = json_pack("{s:I}", "id", (json_int_t)id);

	if (streq(expect, "denied") || streq(expect, "isolated"))
		json_object_set_new(c, "flushNeigh", json_true());
	/* A busy machine must not look like a wall; a wall must be waited for. */
	if (streq(expect, "allowed") && !streq(jstr(cell, "proto", ""), "bulk"))
		json_object_set_new(c, "timeoutMs", json_integer(ALLOWED_MS));
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *v = json_object_get(cell, keys[i]);

		if (!v)
			v = json_object_get(r->request, keys[i]);
		if (v && !json_is_null(v))
			json_object_set(c, keys[i], v);
	}
	if (has_to && !streq(jstr(cell, "proto", ""), "icmp"))
		jset_str(c, "peer", jstr(cell, "to", NULL));
	return c;
}

static int parse_cell(struct run *r, json_t *cell, size_t id, struct err *e)
{
	const char *from = jstr(cell, "from", NULL), *to = jstr(cell, "to", NULL);
	const char *dst = jstr(cell, "dst", NULL), *proto = jstr(cell, "proto", "");
	int family = probe_family(dst);
	struct ep *src;

	if (!from)
		return err_set(e, EINVAL, "cells[%zu].from: an endpoint is required", id);
	if (!family)
		return err_set(e, EINVAL, "cells[%zu].dst: \"%s\" is not an address", id,
			       dst ? dst : "");
	if (streq(proto, "bulk") && !json_object_get(cell, "port"))
		json_object_set_new(cell, "port", json_integer(PROBE_PORT_BULK));
	if (!streq(proto, "icmp") && jint(cell, "port", 0) < 1)
		return err_set(e, EINVAL, "cells[%zu].port: a port is required for \"%s\"", id,
			       proto);
	src = get_ep(r, from);
	json_object_set_new(src->peers, dst, json_true());
	if (to) {
		need_listener(get_ep(r, to), proto, jint(cell, "port", 0), family);
		json_object_set_new(get_ep(r, to)->own, dst, json_true());
	}
	if (!usable(src) || (to && !usable(find_ep(r, to))))
		return 0;
	json_array_append_new(src->cells, agent_cell(r, cell, id, to != NULL));
	return 0;
}

static uint64_t cell_budget(const json_t *c)
{
	bool bulk = streq(jstr(c, "proto", ""), "bulk");
	long long tries = jint(c, "tries", 3), ms = jint(c, "timeoutMs", bulk ? 5000 : 1000);

	/* A bulk transfer may be slow as long as it goes on: 100 kB/s each way is assumed. */
	if (bulk)
		ms += jint(c, "bytes", 262144) / 50;
	return (uint64_t)(tries * (ms + 60)) * USEC_PER_MSEC;
}

/* The sources share one machine: many of them take smaller steps. */
static void set_window(struct run *r)
{
	json_int_t n = 0, window;

	for (struct ep *ep = r->eps; ep; ep = ep->next)
		n += json_array_size(ep->cells) > 0;
	window = MIN(MAX(1024 / MAX(n, 1), 16), 64);
	r->window = MAX(jint(r->request, "window", window), 1);
}

static void set_budgets(struct run *r)
{
	uint64_t window = (uint64_t)r->window;

	for (struct ep *ep = r->eps; ep; ep = ep->next) {
		uint64_t sum = 0, longest = 0;
		size_t i;
		json_t *c;

		json_array_foreach(ep->cells, i, c) {
			uint64_t b = cell_budget(c);

			sum += b;
			longest = MAX(longest, b);
		}
		ep->budget_us = sum / window + longest + CALL_TIMEOUT_US;
	}
}

static int parse_request(struct run *r, struct err *e)
{
	const json_t *cells = json_object_get(r->request, "cells");
	const char *nonce = jstr(r->request, "nonce", NULL);
	size_t i;
	json_t *cell;

	if (!json_array_size(cells))
		return err_set(e, EINVAL, "cells: a list with at least one cell is required");
	r->cells = json_deep_copy(cells);
	r->nonce = nonce ? xstrdup(nonce) : probe_nonce();
	r->sniffer = xasprintf("run-%s", r->nonce);
	r->want_sniff = jbool(r->request, "sniff", true);
	r->want_self = jbool(r->request, "selfCheck", true);
	json_array_foreach(r->cells, i, cell)
		if (parse_cell(r, cell, i, e) < 0)
			return -EINVAL;
	set_window(r);
	set_budgets(r);
	return 0;
}

/* ---- phase 1 ---- */

/* An agent that dies takes its cells with it; an agent that answers with an error does not. */
static void note_failure(struct ep *ep, const struct err *e)
{
	if (e && (e->code == EHOSTDOWN || e->code == ETIMEDOUT) && !ep->why)
		ep->why = xstrdup(err_msg(e));
}

static json_t *keep(struct ep *ep, const json_t *result, const struct err *e)
{
	note_failure(ep, e);
	return result ? json_deep_copy(result) : NULL;
}

static void on_listen(struct probe_job *job UNUSED, void *tag, const json_t *result,
		      const struct err *e)
{
	struct ep *ep = tag;

	ep->listen = keep(ep, result, e);
}

static void on_ifaces(struct probe_job *job UNUSED, void *tag, const json_t *result,
		      const struct err *e)
{
	struct ep *ep = tag;

	ep->ifaces = keep(ep, result, e);
}

static void on_plain(struct probe_job *job UNUSED, void *tag, const json_t *result UNUSED,
		     const struct err *e)
{
	note_failure(tag, e);
}

/*
 * In a large mesh everybody makes room for the neighbours to come, also for those that will ask first:
 * a neighbour table that is full answers nobody.
 */
static void reserve(struct run *r, struct ep *ep)
{
	json_t *addrs = json_array();
	const char *addr;
	json_t *v;

	for (const struct ep *o = r->eps; o; o = o->next) {
		const json_t *from = o == ep ? ep->peers : o->own;

		json_object_foreach((json_t *)from, addr, v)
			json_array_append_new(addrs, jstring(addr));
	}
	job_call(&r->job, ep->name, "neigh-reserve", json_pack("{s:o}", "addrs", addrs),
		 CALL_TIMEOUT_US, on_plain, ep);
}

static void prepare(struct run *r)
{
	size_t n = 0;

	for (struct ep *ep = r->eps; ep; ep = ep->next)
		n++;
	for (struct ep *ep = r->eps; n > MESH && ep; ep = ep->next)
		if (usable(ep))
			reserve(r, ep);
	for (struct ep *ep = r->eps; ep; ep = ep->next) {
		if (!usable(ep) || !ep->is_dest)
			continue;
		job_call(&r->job, ep->name, "listen",
			 json_pack("{s:s, s:O}", "identity", ep->name, "specs", ep->specs),
			 CALL_TIMEOUT_US, on_listen, ep);
		job_call(&r->job, ep->name, "ifaces", NULL, CALL_TIMEOUT_US, on_ifaces, ep);
		if (r->want_sniff)
			job_call(&r->job, ep->name, "sniff-start",
				 json_pack("{s:s, s:s, s:b}", "id", r->sniffer, "nonce", r->nonce,
					   "syn", 1),
				 CALL_TIMEOUT_US, on_plain, ep);
	}
}

/* ---- phases 2 and 3 ---- */

static void on_results(struct probe_job *job UNUSED, void *tag, const json_t *result,
		       const struct err *e)
{
	struct ep *ep = tag;

	ep->results = keep(ep, result, e);
	if (e && !ep->why)
		ep->why = xstrdup(err_msg(e));
}

static void on_self0(struct probe_job *job UNUSED, void *tag, const json_t *result,
		     const struct err *e)
{
	struct ep *ep = tag;

	ep->self[0] = keep(ep, result, e);
}

static void on_self1(struct probe_job *job UNUSED, void *tag, const json_t *result,
		     const struct err *e)
{
	struct ep *ep = tag;

	ep->self[1] = keep(ep, result, e);
}

static void on_sniff(struct probe_job *job UNUSED, void *tag, const json_t *result,
		     const struct err *e)
{
	struct ep *ep = tag;

	ep->sniff = keep(ep, result, e);
}

/* Its own nonce: the sniffer must not take it for probes. */
static void self_check(struct run *r, struct ep *ep, job_reply_fn fn)
{
	_cleanup_free_ char *nonce = probe_nonce();

	if (r->want_self && ep->is_dest && usable(ep))
		job_call(&r->job, ep->name, "run",
			 json_pack("{s:s, s:O}", "nonce", nonce, "cells", ep->checks),
			 CALL_TIMEOUT_US, fn, ep);
}

static void send_cells(struct run *r)
{
	for (struct ep *ep = r->eps; ep; ep = ep->next) {
		self_check(r, ep, on_self0);
		if (usable(ep) && json_array_size(ep->cells))
			job_call(&r->job, ep->name, "run",
				 json_pack("{s:s, s:I, s:O}", "nonce", r->nonce, "window",
					   r->window, "cells", ep->cells),
				 ep->budget_us, on_results, ep);
	}
}

static void collect(struct run *r)
{
	for (struct ep *ep = r->eps; ep; ep = ep->next) {
		self_check(r, ep, on_self1);
		if (r->want_sniff && usable(ep) && ep->is_dest)
			job_call(&r->job, ep->name, "sniff-stop",
				 json_pack("{s:s}", "id", r->sniffer), CALL_TIMEOUT_US, on_sniff,
				 ep);
	}
}

/* ---- phase 4 ---- */

static void set_infra(json_t *cell, const char *who, const char *why)
{
	jset_str(cell, "outcome", probe_outcome_name(PROBE_INFRA));
	json_object_set_new(cell, "detail", jstringf("%s: %s", who, why));
}

static void merge_results(struct run *r, struct ep *ep)
{
	size_t i;
	json_t *result;

	json_array_foreach(jget(ep->results, "cells"), i, result) {
		json_t *cell = json_array_get(r->cells, (size_t)jint(result, "id", -1));

		json_object_del(result, "id");
		json_object_update(cell, result);
	}
}

/* Both self-checks, before and after, must have passed: the first failure counts. */
static const char *self_outcome(const struct ep *ep, const json_t *cell)
{
	const char *proto = jstr(cell, "proto", ""), *worst = NULL;
	int family = probe_family(jstr(cell, "dst", ""));
	size_t i;
	json_t *c;

	if (streq(proto, "bulk"))
		proto = "tcp";
	json_array_foreach(ep->checks, i, c) {
		if (!streq(jstr(c, "proto", ""), proto) ||
		    probe_family(jstr(c, "dst", "")) != family ||
		    jint(c, "port", 0) != (streq(proto, "icmp") ? 0 : jint(cell, "port", 0)))
			continue;
		for (int k = 0; k < 2; k++) {
			const json_t *list = json_object_get(ep->self[k], "cells");
			const char *o = jstr(json_array_get(list, i), "outcome", NULL);

			if (!o)
				return NULL;
			if (!worst || streq(worst, "ALLOWED"))
				worst = o;
		}
	}
	return worst;
}

static void add_dest_evidence(json_t *cell, const struct ep *to)
{
	jset_str(cell, "selfCheck", self_outcome(to, cell));
	if (to->ifaces)
		json_object_set_new(cell, "addressOk",
				    json_boolean(probe_owns(to->ifaces, jstr(cell, "dst", ""))));
}

static void finish_cell(struct run *r, json_t *cell)
{
	struct ep *from = find_ep(r, jstr(cell, "from", "")),
		  *to = jstr(cell, "to", NULL) ? find_ep(r, jstr(cell, "to", "")) : NULL;

	if (from->why)
		set_infra(cell, from->name, from->why);
	else if (to && to->why)
		set_infra(cell, to->name, to->why);
	else if (!jstr(cell, "outcome", NULL))
		set_infra(cell, from->name, "no result");
	else if (to)
		add_dest_evidence(cell, to);
}

static void judge(struct run *r)
{
	_cleanup_json_ json_t *icmp = evidence_icmp_index(r->cells);
	size_t i;
	json_t *cell;

	json_array_foreach(r->cells, i, cell) {
		const char *expect = jstr(cell, "expect", NULL);

		if (expect)
			json_object_set_new(
				cell, "verdict",
				verdict_cell(expect, cell, evidence_sibling(icmp, r->cells, cell)));
	}
}

static json_t *ep_json(const struct run *r, const struct ep *ep)
{
	json_t *j = json_pack("{s:b}", "ready", !ep->why);

	if (ep->why)
		jset_str(j, "why", ep->why);
	jset_str(j, "boot", jstr(hub_hello(r->job.hub, ep->name), "boot", NULL));
	if (ep->listen)
		json_object_set(j, "listeners", ep->listen);
	if (ep->sniff)
		json_object_set_new(j, "sniffer",
				    json_pack("{s:O, s:O, s:O, s:O}", "frames",
					      json_object_get(ep->sniff, "frames"), "seen",
					      json_object_get(ep->sniff, "seen"), "dropped",
					      json_object_get(ep->sniff, "dropped"), "overflow",
					      json_object_get(ep->sniff, "overflow")));
	return j;
}

static json_t *counts(const json_t *cells)
{
	json_t *n = json_pack("{s:i, s:i, s:i}", "pass", 0, "fail", 0, "error", 0), *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		const char *status = jstr(cell, "verdict.status", NULL);

		if (status)
			json_object_set_new(n, status, json_integer(jint(n, status, 0) + 1));
	}
	return n;
}

static void finish(struct run *r)
{
	_cleanup_json_ json_t *index = NULL;
	json_t *eps = json_object(), *cell, *result;
	size_t i;

	for (struct ep *ep = r->eps; ep; ep = ep->next)
		merge_results(r, ep);
	index = evidence_index(r->cells);
	for (struct ep *ep = r->eps; ep; ep = ep->next) {
		evidence_received(r->cells, index, ep->name, ep->sniff);
		json_object_set_new(eps, ep->name, ep_json(r, ep));
	}
	json_array_foreach(r->cells, i, cell)
		finish_cell(r, cell);
	judge(r);
	result = json_pack("{s:s, s:f, s:s, s:o, s:o, s:O}", "nonce", r->nonce, "seconds",
			   job_seconds(&r->job), "status", verdict_worst(r->cells), "counts",
			   counts(r->cells), "endpoints", eps, "cells", r->cells);
	job_done(&r->job, result);
}

static void run_step(struct probe_job *job)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct run *r = (struct run *)job;

	switch (job->phase) {
	case 1:
		if (parse_request(r, &e) < 0)
			job_fail(job, &e);
		else
			prepare(r);
		break;
	case 2:
		send_cells(r);
		break;
	case 3:
		collect(r);
		break;
	default:
		finish(r);
	}
}

struct probe_job *probe_run(struct probe_hub *h, const json_t *request, probe_done_fn fn, void *arg)
{
	struct run *r = xcalloc(1, sizeof(*r));

	r->request = json_deep_copy(request);
	return job_start(&r->job, h, fn, arg, run_step, run_destroy);
}
