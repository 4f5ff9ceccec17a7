/* SPDX-License-Identifier: Apache-2.0 */
/*
 * soak_run(): many short connections on several flows at once, and stream_run(): the same as a steady
 * stream that others end. Phases: 1 listeners, 2 connections.
 */
#include <errno.h>

#include "probe/hub.h"
#include "probe/proto.h"

#define CALL_TIMEOUT_US (20 * USEC_PER_SEC)
#define LEAD_US (200 * USEC_PER_MSEC) /* how long streams run before anybody is told */

struct soak {
	struct probe_job job;
	json_t *request, *flows;
	bool stream;
};

static void soak_destroy(struct probe_job *job)
{
	struct soak *s = (struct soak *)job;

	json_decref(s->request);
	json_decref(s->flows);
}

static void set_infra(json_t *flow, const char *why)
{
	jset_str(flow, "outcome", probe_outcome_name(PROBE_INFRA));
	jset_str(flow, "detail", why);
}

static void on_listen(struct probe_job *job UNUSED, void *tag, const json_t *result,
		      const struct err *e)
{
	json_t *flow = tag;

	if (!result)
		set_infra(flow, err_msg(e));
	else if (json_array_size(jget(result, "failed")))
		set_infra(flow, jstr(result, "failed.0.error", "cannot listen"));
}

static int start_flow(struct soak *s, json_t *flow, size_t i, struct err *e)
{
	const char *from = jstr(flow, "from", NULL), *to = jstr(flow, "to", NULL);
	const char *proto = jstr(flow, "proto", "");
	int family = probe_family(jstr(flow, "dst", NULL));
	json_t *specs;

	if (!from || !to || !family)
		return err_set(e, EINVAL, "flows[%zu]: from, to and dst are required", i);
	if ((!streq(proto, "tcp") && !streq(proto, "udp")) || jint(flow, "port", 0) < 1 ||
	    (!s->stream && jint(flow, "count", 0) < 1))
		return err_set(e, EINVAL, "flows[%zu]: proto, port%s are required", i,
			       s->stream ? "" : " and count");
	specs = json_array();
	probe_add_spec(specs, proto, jint(flow, "port", 0), family);
	job_call(&s->job, to, "listen", json_pack("{s:s, s:o}", "identity", to, "specs", specs),
		 CALL_TIMEOUT_US, on_listen, flow);
	return 0;
}

static void prepare(struct soak *s)
{
	_cleanup_err_ struct err e = ERR_INIT;
	size_t i;
	json_t *flow;
	int r = 0;

	s->flows = json_deep_copy(json_object_get(s->request, "flows"));
	if (!json_array_size(s->flows))
		r = err_set(&e, EINVAL, "flows: a list with at least one flow is required");
	json_array_foreach(s->flows, i, flow)
		if (r == 0)
			r = start_flow(s, flow, i, &e);
	if (r < 0)
		job_fail(&s->job, &e);
}

static void on_soak(struct probe_job *job UNUSED, void *tag, const json_t *result,
		    const struct err *e)
{
	json_t *flow = tag;

	if (result)
		json_object_update(flow, (json_t *)result);
	else
		set_infra(flow, err_msg(e));
}

static void soak_flows(struct soak *s)
{
	static const char *const keys[] = {"dst",	"port", "proto",  "count",	"window",
					   "timeoutMs", "src",	"ifname", "intervalMs", "hold"};
	uint64_t deadline = (uint64_t)jint(s->request, "deadlineS", 600) * USEC_PER_SEC;
	size_t i;
	json_t *flow;

	if (s->stream)
		job_wait(&s->job, LEAD_US);
	json_array_foreach(s->flows, i, flow) {
		_cleanup_free_ char *nonce = probe_nonce();
		json_t *params =
			json_pack("{s:s, s:s}", "nonce", nonce, "peer", jstr(flow, "to", ""));

		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			if (json_object_get(flow, keys[k]))
				json_object_set(params, keys[k], json_object_get(flow, keys[k]));
		if (s->stream) {
			jset_str(params, "id", nonce);
			jset_str(flow, "id", nonce);
		}
		if (jstr(flow, "outcome", NULL))
			json_decref(params);
		else
			job_call(&s->job, jstr(flow, "from", ""),
				 s->stream ? "stream-start" : "soak", params, deadline, on_soak,
				 flow);
	}
}

static void finish(struct soak *s)
{
	size_t i;
	json_t *flow;

	if (s->stream) {
		job_done(&s->job, json_pack("{s:O}", "flows", s->flows));
		return;
	}
	json_array_foreach(s->flows, i, flow)
		json_object_set_new(flow, "verdict", verdict_soak(flow));
	job_done(&s->job, json_pack("{s:f, s:s, s:O}", "seconds", job_seconds(&s->job), "status",
				    verdict_worst(s->flows), "flows", s->flows));
}

static void soak_step(struct probe_job *job)
{
	struct soak *s = (struct soak *)job;

	if (job->phase == 1)
		prepare(s);
	else if (job->phase == 2)
		soak_flows(s);
	else
		finish(s);
}

static struct probe_job *start(struct probe_hub *h, const json_t *request, bool stream,
			       probe_done_fn fn, void *arg)
{
	struct soak *s = xcalloc(1, sizeof(*s));

	s->request = json_deep_copy(request);
	s->stream = stream;
	return job_start(&s->job, h, fn, arg, soak_step, soak_destroy);
}

struct probe_job *soak_run(struct probe_hub *h, const json_t *request, probe_done_fn fn, void *arg)
{
	return start(h, request, false, fn, arg);
}

struct probe_job *stream_run(struct probe_hub *h, const json_t *request, probe_done_fn fn,
			     void *arg)
{
	return start(h, request, true, fn, arg);
}
