/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/hop.h"

#include <errno.h>

#include "fabric/fabric.h"
#include "lab/endpoint.h"
#include "lab/hop_points.h"
#include "lab/mtu.h"
#include "lab/sampler.h"
#include "lab/verbs.h"
#include "probe/hub.h"
#include "sys/ns.h"

#define CALL_TIMEOUT_US (20 * USEC_PER_SEC)
#define TRIES 3
#define SMALLEST 128 /* size when nothing is known to pass */
#define ETHERNET 14

struct trace {
	struct probe_job job;
	struct lab *lab;
	char *from, *to, *src, *dst, *nonce;
	json_t *a, *b;
	long long control, size;
	struct hop_points points;
	struct sampler *sampler;
	json_t *sniffed[2];	   /* sniff-stop of from, to */
	struct counting *counting; /* a question to the switches that is out, or NULL */
	long long counted[2];	   /* too long frames from the sender's cable before, after; -1 */
	long long sent;
	char *why; /* why nothing can be said */
};

/* Outlives the trace when that ends first. */
struct counting {
	struct trace *t;
	int slot;
};

static void trace_destroy(struct probe_job *job)
{
	struct trace *t = (struct trace *)job;

	if (t->counting)
		t->counting->t = NULL;
	sampler_free(t->sampler);
	hop_points_free(&t->points);
	json_decref(t->sniffed[0]);
	json_decref(t->sniffed[1]);
	json_decref(t->a);
	json_decref(t->b);
	free(t->from);
	free(t->to);
	free(t->src);
	free(t->dst);
	free(t->nonce);
	free(t->why);
}

static void give_up(struct trace *t, const struct err *e)
{
	if (!t->why)
		t->why = xstrdup(err_msg(e));
}

/* ---- counters of the switch ---- */

/* The switch port that the frames come in by, or NULL. */
static const struct hop_point *ingress(const struct trace *t)
{
	for (size_t i = 0; i < t->points.n; i++)
		if (t->points.v[i].network && !t->points.v[i].outgoing)
			return &t->points.v[i];
	return NULL;
}

static bool has_dev(const struct hop_point *p, const char *dev)
{
	for (size_t i = 0; i < p->n_devs; i++)
		if (streq(p->devs[i], dev))
			return true;
	return false;
}

/* -1 when the switch does not count. */
static long long over_mtu(const json_t *switches, const struct hop_point *p)
{
	long long n = -1;
	json_t *sw, *port;
	size_t i, k;

	json_array_foreach(switches, i, sw)
		json_array_foreach(json_object_get(sw, "ports"), k, port)
			if (has_dev(p, jstr(port, "port", "")) && json_object_get(port, "over_mtu"))
				n = MAX(n, 0) + jint(port, "over_mtu", 0);
	return n;
}

static void on_counted(void *arg, const json_t *result, const struct err *e)
{
	struct counting *c = arg;
	struct trace *t = c->t;

	if (t) {
		t->counted[c->slot] = result ? over_mtu(result, ingress(t)) : -1;
		t->counting = NULL;
		if (!e || e->code != ECANCELED)
			job_release(&t->job);
	}
	free(c);
}

static void count_switches(struct trace *t, int slot)
{
	struct counting *c;

	if (!ingress(t))
		return;
	c = xcalloc(1, sizeof(*c));
	*c = (struct counting){.t = t, .slot = slot};
	if (fabric_switch_counters(t->lab->fabric, on_counted, c, NULL) < 0) {
		free(c);
		return;
	}
	t->counting = c;
	job_hold(&t->job);
}

/* ---- phases ---- */

static void on_sniffing(struct probe_job *job, void *tag UNUSED, const json_t *result,
			const struct err *e)
{
	if (!result)
		give_up((struct trace *)job, e);
}

static int sample_node(struct trace *t, const char *where, struct err *e)
{
	const struct lab_node *n = lab_node_find(t->lab, str_after(where, "node/") ?: "");
	_cleanup_close_ int netns = -1;

	if (!n || !n->pid)
		return err_set(e, ESRCH, "%s does not run", where);
	netns = ns_open(n->pid, "net", e);
	return netns < 0 ? netns : sampler_add(t->sampler, where, netns, e);
}

static int sample_all(struct trace *t, struct err *e)
{
	_cleanup_json_ json_t *places = hop_points_places(&t->points);
	json_t *v;
	size_t i;
	int r = 0;

	t->sampler = sampler_new(t->lab->ev, t->nonce,
				 (size_t)(t->control ? t->control : t->size) + ETHERNET, e);
	if (!t->sampler)
		return -e->code;
	json_array_foreach(places, i, v) {
		const char *where = json_string_value(v);

		if (r >= 0)
			r = streq(where, HOP_SWITCHES) ? sampler_add(t->sampler, where, -1, e)
						       : sample_node(t, where, e);
	}
	return r;
}

static void listen_all(struct trace *t)
{
	const char *names[2] = {t->from, t->to};
	const json_t *ifaces[2] = {t->a, t->b};
	_cleanup_err_ struct err e = ERR_INIT;

	if (sample_all(t, &e) < 0)
		give_up(t, &e);
	count_switches(t, 0);
	for (int i = 0; i < 2; i++)
		job_call(&t->job, names[i], "sniff-start",
			 json_pack("{s:s, s:s, s:s, s:b}", "id", t->nonce, "nonce", t->nonce,
				   "ifname", jstr(ifaces[i], "name", ""), "outgoing", i == 0),
			 CALL_TIMEOUT_US, on_sniffing, NULL);
}

static void on_forced(struct probe_job *job, void *tag, const json_t *result, const struct err *e)
{
	struct trace *t = (struct trace *)job;

	if (!result)
		give_up(t, e);
	else if (tag)
		t->sent = jint(result, "sent", 0);
}

static void force(struct trace *t, long long size, bool is_test)
{
	if (!t->why && size)
		job_call(&t->job, t->from, "mtu-force",
			 json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:[I], s:i}", "nonce", t->nonce,
				   "id", 0, "dst", t->dst, "src", t->src, "ifname",
				   jstr(t->a, "name", ""), "dstMac", jstr(t->b, "mac", ""), "sizes",
				   (json_int_t)size, "tries", TRIES),
			 CALL_TIMEOUT_US, on_forced, is_test ? t : NULL);
}

/* A ping behind the frames: when it is answered, they are where they can get to. */
static void settle(struct trace *t)
{
	if (!t->why)
		job_call(&t->job, t->from, "run",
			 json_pack("{s:s, s:[{s:s, s:s, s:s, s:i, s:i}]}", "nonce", t->nonce,
				   "cells", "proto", "icmp", "dst", t->dst, "src", t->src, "tries",
				   1, "timeoutMs", 300),
			 CALL_TIMEOUT_US, NULL, NULL);
}

static void on_sniffed(struct probe_job *job UNUSED, void *tag, const json_t *result,
		       const struct err *e UNUSED)
{
	json_t **slot = tag;

	*slot = result ? json_deep_copy(result) : NULL;
}

static void read_all(struct trace *t)
{
	const char *names[2] = {t->from, t->to};

	count_switches(t, 1);
	for (int i = 0; i < 2; i++)
		job_call(&t->job, names[i], "sniff-stop", json_pack("{s:s}", "id", t->nonce),
			 CALL_TIMEOUT_US, on_sniffed, &t->sniffed[i]);
}

/* ---- result ---- */

static long long sniffed(const json_t *result, bool outgoing, long long size)
{
	long long n = 0;
	json_t *flow;
	size_t i;

	json_array_foreach(json_object_get(result, "flows"), i, flow)
		if (jint(flow, "cell", 0) == size && jbool(flow, "outgoing", false) == outgoing)
			n += jint(flow, "frames", 0);
	return n;
}

static long long seen(const struct trace *t, const struct hop_point *p, long long size)
{
	long long n = 0;

	if (!size)
		return 0;
	if (p->agent)
		return sniffed(t->sniffed[p->outgoing ? 0 : 1], p->outgoing, size);
	for (size_t i = 0; i < p->n_devs; i++)
		n += sampler_count(t->sampler, p->where, p->devs[i], p->outgoing, (uint32_t)size);
	return n;
}

static void finish(struct trace *t)
{
	json_t *out = json_pack("{s:I, s:I, s:I}", "size", (json_int_t)t->size, "control",
				(json_int_t)t->control, "sent", (json_int_t)t->sent);

	if (!t->why) {
		sampler_drain(t->sampler);
		for (size_t i = 0; i < t->points.n; i++) {
			struct hop_point *p = &t->points.v[i];

			p->control = seen(t, p, t->control);
			p->test = seen(t, p, t->size);
		}
		if (sampler_lost(t->sampler))
			json_object_set_new(out, "lost", json_integer(sampler_lost(t->sampler)));
	}
	json_object_set_new(out, "points", hop_points_json(&t->points));
	if (t->counted[0] >= 0 && t->counted[1] >= 0)
		json_object_set_new(out, "overMtu", json_integer(t->counted[1] - t->counted[0]));
	hop_points_judge(&t->points, t->control, t->size, t->sent, t->why, out);
	job_done(&t->job, out);
}

static void trace_step(struct probe_job *job)
{
	struct trace *t = (struct trace *)job;

	switch (job->phase) {
	case 1:
		listen_all(t);
		break;
	case 2:
		force(t, t->control, false);
		break;
	case 3: /* behind a frame that a port refuses, OVS' userspace datapath drops a batch */
		settle(t);
		break;
	case 4:
		force(t, t->size, true);
		break;
	case 5:
		settle(t);
		break;
	case 6:
		read_all(t);
		break;
	default:
		finish(t);
	}
}

struct probe_job *hop_trace(struct lab *lab, const struct hop_request *r, probe_done_fn done,
			    void *arg)
{
	struct trace *t = xcalloc(1, sizeof(*t));

	t->lab = lab;
	t->from = xstrdup(r->from);
	t->to = xstrdup(r->to);
	t->src = xstrdup(r->src);
	t->dst = xstrdup(r->dst);
	t->a = json_incref((json_t *)r->a);
	t->b = json_incref((json_t *)r->b);
	t->control = r->largest;
	t->size = r->largest ? r->largest + 1 : SMALLEST;
	t->nonce = probe_nonce();
	t->counted[0] = t->counted[1] = -1;
	hop_points_make(lab, r, &t->points);
	return job_start(&t->job, lab->hub, done, arg, trace_step, trace_destroy);
}
