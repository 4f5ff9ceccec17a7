/* SPDX-License-Identifier: Apache-2.0 */
/* Method soak: very many short connections, as fast as a bounded window allows. */
#include <errno.h>

#include "probe/guest/agent.h"
#include "probe/guest/cell.h"

#define MAX_COUNT 10000000
#define MAX_ERRORS 8

struct soak_slot {
	struct soak *soak;
	struct attempt a;
	struct target t;
};

struct soak {
	struct req *req;
	struct cell model;
	struct soak_slot *slots;
	long long count, window, started_n, done;
	long long counts[PROBE_N_OUTCOMES];
	uint64_t started;
	json_t *errors;
	struct evl_timer kick;
};

static void soak_free(void *arg)
{
	struct soak *s = arg;

	evl_cancel(s->req->ag->evl, &s->kick);
	for (long long i = 0; s->slots && i < s->window; i++)
		attempt_close(&s->slots[i].a);
	free(s->slots);
	json_decref(s->errors);
	free(s);
}

static json_t *soak_result(const struct soak *s)
{
	double seconds = (double)(mono_usec() - s->started) / 1e6;
	json_t *counts = json_object();

	for (int i = 0; i < PROBE_N_OUTCOMES; i++)
		if (s->counts[i])
			json_object_set_new(counts, probe_outcome_name((enum probe_outcome)i),
					    json_integer(s->counts[i]));
	return json_pack("{s:o, s:f, s:f, s:O}", "counts", counts, "seconds", seconds, "rate",
			 seconds > 0 ? (double)s->done / seconds : 0.0, "firstErrors", s->errors);
}

static void on_soak(struct attempt *a);

/* Every connection has its own cell id, so that an old answer is no new one's. */
static void start_next(struct soak_slot *slot)
{
	slot->t = slot->soak->model.t;
	slot->t.cell += (uint32_t)slot->soak->started_n++;
	attempt_close(&slot->a);
	attempt_start(&slot->a, slot->soak->req->ag->evl, &slot->t, on_soak);
}

static void on_soak(struct attempt *a)
{
	struct soak_slot *slot = container_of(a, struct soak_slot, a);
	struct soak *s = slot->soak;

	s->counts[a->r.outcome]++;
	s->done++;
	if (a->r.outcome != PROBE_ALLOWED && json_array_size(s->errors) < MAX_ERRORS)
		json_array_append_new(s->errors, cell_attempt_json(&a->r, s->started));
	if (s->started_n < s->count) {
		start_next(slot);
	} else if (s->done == s->count) {
		struct req *req = s->req;
		json_t *result = soak_result(s);

		soak_free(s);
		req_ok(req, result);
	}
}

static void on_kick(struct evl_timer *t)
{
	struct soak *s = container_of(t, struct soak, kick);

	for (long long i = 0; i < s->window; i++)
		start_next(&s->slots[i]);
}

static int soak_parse(struct soak *s, const json_t *params, struct err *e)
{
	_cleanup_json_ json_t *model = json_copy((json_t *)params);
	uint64_t nonce;

	if (!json_object_get(model, "timeoutMs"))
		json_object_set_new(model, "timeoutMs", json_integer(2000));
	if (cell_nonce(params, &nonce, e) < 0 || cell_parse(model, nonce, &s->model, e) < 0 ||
	    cell_int(params, "count", 0, 1, MAX_COUNT, &s->count, e) < 0 ||
	    cell_int(params, "window", 64, 1, 1024, &s->window, e) < 0)
		return -EINVAL;
	s->window = MIN(s->window, s->count);
	return 0;
}

static void soak_method(struct req *req, const json_t *params)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct soak *s = xcalloc(1, sizeof(*s));

	s->req = req;
	s->errors = json_array();
	s->started = mono_usec();
	s->kick.fn = on_kick;
	req->cancel = soak_free;
	req->arg = s;
	if (soak_parse(s, params, &e) < 0) {
		soak_free(s);
		req_fail(req, &e);
		return;
	}
	s->slots = xcalloc((size_t)s->window, sizeof(*s->slots));
	for (long long i = 0; i < s->window; i++)
		s->slots[i].soak = s;
	evl_after(req->ag->evl, &s->kick, 0);
}

const struct method soak_methods[] = {{"soak", NULL, soak_method}, {0}};
