/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST …/mtu: the path between two endpoints, in each family that both have: the search of
 * probe/mtu.c each way, the hop that eats what is larger, and a TCP transfer that must agree.
 */
#include "lab/verb_probe.h"

#include <errno.h>

#include "lab/endpoint.h"
#include "lab/fault.h"
#include "lab/hop.h"
#include "lab/mtu.h"
#include "lab/mtu_judge.h"
#include "probe/hub.h"

#define TCP_TIMEOUT_MS 1000 /* without progress: a black hole does not clear */

enum state { SEARCH, TRACE_FORWARD, TRACE_REVERSE, TCP, JUDGE };

struct measure {
	struct probe_job job;
	struct probe_call *call; /* borrowed: gone once job.over */
	struct lab *lab;
	json_t *request; /* {"families":[REQUEST of mtu_run()], …}, see build() */
	size_t family;	 /* index of the one at work */
	enum state state;
	json_t *now;   /* result of the search at work */
	json_t *trace; /* of the direction at work */
	json_t *done;  /* results of families */
};

static void measure_destroy(struct probe_job *job)
{
	struct measure *m = (struct measure *)job;

	json_decref(m->request);
	json_decref(m->now);
	json_decref(m->trace);
	json_decref(m->done);
}

static const json_t *request_of(const struct measure *m)
{
	return json_array_get(json_object_get(m->request, "families"), m->family);
}

static json_t *direction(const struct measure *m, bool reverse)
{
	return json_object_get(m->now, reverse ? "reverse" : "forward");
}

/* The end of a job that this one waited for: true when this one goes on. */
static bool ended(struct measure *m, const struct err *e)
{
	return !m->job.over && !(e && e->code == ECANCELED);
}

/* ---- search ---- */

static void on_search(void *arg, json_t *result, const struct err *e)
{
	struct measure *m = arg;

	if (ended(m, e) && result)
		m->now = json_incref(result);
	else if (ended(m, e))
		job_fail(&m->job, e);
	json_decref(result);
	if (!e || e->code != ECANCELED)
		job_release(&m->job);
}

static void search(struct measure *m)
{
	job_hold(&m->job);
	mtu_run(m->job.hub, request_of(m), on_search, m);
}

/* ---- hops ---- */

static void on_trace(void *arg, json_t *result, const struct err *e)
{
	struct measure *m = arg;

	if (ended(m, e))
		m->trace = json_incref(result);
	json_decref(result);
	if (!e || e->code != ECANCELED)
		job_release(&m->job);
}

static void trace(struct measure *m, bool reverse)
{
	const json_t *r = request_of(m), *dir = direction(m, reverse);
	long long largest = mtu_passes(dir);
	struct hop_request h = {.from = jstr(dir, "from", ""),
				.to = jstr(dir, "to", ""),
				.network = jstr(r, "planNetwork", ""),
				.a = json_object_get(r, reverse ? "toIface" : "fromIface"),
				.b = json_object_get(r, reverse ? "fromIface" : "toIface"),
				.src = jstr(r, reverse ? "toAddr" : "fromAddr", ""),
				.dst = jstr(r, reverse ? "fromAddr" : "toAddr", ""),
				.largest = largest};

	if (!dir || largest < 0 || !jbool(r, "trace", true))
		return;
	job_hold(&m->job);
	hop_trace(m->lab, &h, on_trace, m);
}

static void judge(struct measure *m, bool reverse)
{
	const json_t *r = request_of(m);
	json_t *dir = direction(m, reverse);
	const json_t *plan = json_object_get(r, reverse ? "planReverse" : "plan");

	if (dir) {
		json_object_set(dir, "plan", (json_t *)plan);
		mtu_judge_hop(dir, m->trace, json_object_get(r, "expect"));
	}
	json_decref(m->trace);
	m->trace = NULL;
}

/* ---- TCP ---- */

static void on_tcp(void *arg, json_t *result, const struct err *e)
{
	struct measure *m = arg;
	const json_t *cell = jget(result, "cells.0");

	if (ended(m, e) && cell)
		json_object_set_new(m->now, "tcp",
				    mtu_judge_tcp(cell, direction(m, false), direction(m, true),
						  (int)jint(request_of(m), "family", 4)));
	json_decref(result);
	if (!e || e->code != ECANCELED)
		job_release(&m->job);
}

static void tcp(struct measure *m)
{
	const json_t *r = request_of(m);
	_cleanup_json_ json_t *req = NULL;

	if (!jbool(r, "tcp", true) || jstr(m->now, "forward.infra", NULL))
		return;
	req = json_pack("{s:b, s:[{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i}]}", "sniff", 0, "cells",
			"from", jstr(r, "from", ""), "to", jstr(r, "to", ""), "proto", "bulk",
			"dst", jstr(r, "toAddr", ""), "src", jstr(r, "fromAddr", ""), "ifname",
			jstr(r, "fromIf", ""), "tries", 1, "timeoutMs", TCP_TIMEOUT_MS);
	job_hold(&m->job);
	probe_run(m->job.hub, req, on_tcp, m);
}

/* ---- results ---- */

/* error over fail over pass. */
static const char *worse(const char *a, const char *b)
{
	if (streq(a, "error") || streq(b, "error"))
		return "error";
	return streq(a, "fail") || streq(b, "fail") ? "fail" : "pass";
}

static const char *status_of(const json_t *o)
{
	return o ? jstr(o, "verdict.status", "error") : "pass";
}

static void family_done(struct measure *m)
{
	const json_t *r = request_of(m);
	const char *st = worse(status_of(direction(m, false)), status_of(direction(m, true)));

	st = worse(st, status_of(json_object_get(m->now, "tcp")));
	jset_str(m->now, "status", st);
	json_object_set(m->now, "family", json_object_get(r, "family"));
	json_array_append_new(m->done, m->now);
	m->now = NULL;
	m->family++;
	m->state = SEARCH;
}

/* The first family's directions stand at the top as well. */
static void finish(struct measure *m)
{
	const json_t *first = json_array_get(m->done, 0);
	const char *st = "pass";
	json_t *out, *f;
	size_t i;

	json_array_foreach(m->done, i, f)
		st = worse(st, jstr(f, "status", "error"));
	out = json_pack("{s:f, s:s, s:O?, s:O?, s:O?, s:O?, s:O}", "seconds", job_seconds(&m->job),
			"status", st, "network", json_object_get(m->request, "network"), "forward",
			json_object_get(first, "forward"), "reverse",
			json_object_get(first, "reverse"), "tcp", json_object_get(first, "tcp"),
			"families", m->done);
	json_array_foreach(m->done, i, f)
		fault_mark(m->lab, f, m->call->names);
	job_done(&m->job, out);
}

static void measure_step(struct probe_job *job)
{
	struct measure *m = (struct measure *)job;

	switch (m->state) {
	case SEARCH:
		if (m->family == json_array_size(json_object_get(m->request, "families"))) {
			finish(m);
			return;
		}
		search(m);
		break;
	case TRACE_FORWARD:
		trace(m, false);
		break;
	case TRACE_REVERSE:
		judge(m, false);
		trace(m, true);
		break;
	case TCP:
		judge(m, true);
		tcp(m);
		break;
	case JUDGE:
		family_done(m);
		return;
	}
	m->state++;
}

/* arg is the probe_call, as probe_call_begin() has it. */
static struct probe_job *measure_start(struct probe_hub *h, const json_t *request, probe_done_fn fn,
				       void *arg)
{
	struct measure *m = xcalloc(1, sizeof(*m));

	m->call = arg;
	m->lab = m->call->lab;
	m->request = json_incref((json_t *)request);
	m->done = json_array();
	return job_start(&m->job, h, fn, arg, measure_step, measure_destroy);
}

/* ---- request ---- */

/* The secondary network that decides about the path: a host's interface is on a physical one. */
static const char *plan_network(const char *from, const json_t *a, const json_t *b)
{
	return jstr(str_after(from, "host/") ? b : a, "network", "");
}

static json_t *plan_of(struct lab *lab, const char *network, const char *from, const char *to,
		       long long promised)
{
	_cleanup_pathmtu_path_ struct pathmtu_path p;

	lab_mtu_path(lab, network, from, to, &p);
	return mtu_plan_json(&p, promised);
}

/* What an interface was promised goes as "advertised" of the direction that starts there. */
static void set_plan(struct lab *lab, json_t *r, const json_t *a, const json_t *b)
{
	const char *from = jstr(r, "from", ""), *to = jstr(r, "to", "");
	const char *network = plan_network(from, a, b);
	json_t *there, *back;

	jset_str(r, "planNetwork", network);
	if (!json_object_get(r, "advertised")) {
		if (json_object_get(a, "planned"))
			json_object_set(r, "advertised", json_object_get(a, "planned"));
		if (json_object_get(b, "planned"))
			json_object_set(r, "advertisedReverse", json_object_get(b, "planned"));
	}
	there = plan_of(lab, network, from, to, jint(r, "advertised", 0));
	back = plan_of(lab, network, to, from,
		       jint(r, "advertisedReverse", jint(r, "advertised", 0)));
	if (!json_object_get(r, "planned"))
		json_object_set_new(r, "planned", json_integer(jint(there, "limit", 0)));
	json_object_set_new(r, "plan", there);
	json_object_set_new(r, "planReverse", back);
}

static json_t *family_request(struct probe_call *j, const json_t *a, const json_t *b, int family,
			      struct err *e)
{
	const char *src = endpoint_address(a, b, family), *dst = endpoint_address(b, a, family);
	json_t *r;

	if (!src || !dst) {
		err_set(e, EINVAL, "%s and %s have no IPv%d addresses on %s",
			jstr(j->request, "from", ""), jstr(j->request, "to", ""), family,
			jstr(a, "network", "?"));
		return NULL;
	}
	r = json_deep_copy(j->request);
	jset_str(r, "fromAddr", src);
	jset_str(r, "toAddr", dst);
	jset_str(r, "fromIf", jstr(a, "name", NULL));
	jset_str(r, "toIf", jstr(b, "name", NULL));
	json_object_set(r, "fromIface", (json_t *)a);
	json_object_set(r, "toIface", (json_t *)b);
	jset_str(r, "network", jstr(a, "network", NULL));
	json_object_set_new(r, "family", json_integer(family));
	set_plan(j->lab, r, a, b);
	return r;
}

static json_t *build(struct probe_call *j, const json_t *ifaces, struct err *e)
{
	const char *from = jstr(j->request, "from", ""), *to = jstr(j->request, "to", "");
	const json_t *fa = json_object_get(ifaces, from), *fb = json_object_get(ifaces, to);
	_cleanup_json_ json_t *list = json_array();
	const json_t *a, *b;
	int fam[2];
	size_t n;

	if (jstr(fa, "why", NULL) || jstr(fb, "why", NULL)) {
		err_set(e, EAGAIN, "no traffic agent: %s", jstr(fa, "why", jstr(fb, "why", "")));
		return NULL;
	}
	if (!endpoint_pair(fa, fb, jstr(j->request, "network", NULL), &a, &b)) {
		err_set(e, EINVAL, "%s and %s share no network", from, to);
		return NULL;
	}
	n = probe_call_families(a, b, jint(j->request, "family", 0), fam);
	for (size_t i = 0; i < n; i++) {
		json_t *r = family_request(j, a, b, fam[i], e);

		if (!r)
			return NULL;
		json_array_append_new(list, r);
	}
	return json_pack("{s:O, s:O?}", "families", list, "network", json_object_get(a, "network"));
}

/* An endpoint that expect.hop names by its short name. */
static void canon_hop(json_t *body)
{
	const char *hop = jstr(body, "expect.hop", "");
	_cleanup_free_ char *name =
		str_after(hop, "pod/") || str_after(hop, "vm/") ? endpoint_canon(hop, NULL) : NULL;

	if (name)
		jset_str(body, "expect.hop", name);
}

void verb_mtu(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	_cleanup_json_ json_t *names = json_array();
	json_t *body = json_deep_copy(api_call_body(call));
	_cleanup_err_ struct err e = ERR_INIT;

	if (probe_call_endpoint(lab, body, "from", names, &e) < 0 ||
	    probe_call_endpoint(lab, body, "to", names, &e) < 0) {
		verb_refuse(call, &e);
		json_decref(body);
		return;
	}
	canon_hop(body);
	probe_call_begin(lab, call, body, names, build, measure_start);
}
