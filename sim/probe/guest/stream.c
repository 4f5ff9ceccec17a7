/* SPDX-License-Identifier: Apache-2.0 */
/* Methods stream-*: one probe every few milliseconds, each with its time, until told to stop. */
#include <errno.h>

#include "probe/guest/agent.h"
#include "probe/guest/cell.h"
#include "probe/guest/held.h"

#define MAX_STREAMS 16
#define MAX_ATTEMPTS 20000
#define MAX_MORE_MS 60000

struct shot {
	struct shot *next;
	struct stream *stream;
	struct attempt a;
	struct target t;
	bool done;
};

struct stream {
	struct stream *next;
	struct agent *ag;
	char *id;
	struct cell model;
	uint64_t interval_us, due;
	struct evl_timer tick, stop;
	struct shot *shots; /* in flight, or ended and not yet freed */
	struct held *held;  /* instead of shots, or NULL */
	size_t flying;
	uint32_t sent;
	bool stopping;
	json_t *attempts;
	struct req *asker; /* of stream-stop, or NULL */
};

static void stream_free(struct stream *s)
{
	struct shot *shot;

	evl_cancel(s->ag->evl, &s->tick);
	evl_cancel(s->ag->evl, &s->stop);
	while ((shot = s->shots)) {
		s->shots = shot->next;
		attempt_close(&shot->a);
		free(shot);
	}
	held_free(s->held);
	json_decref(s->attempts);
	free(s->id);
	free(s);
}

static struct stream **find(struct agent *ag, const char *id)
{
	struct stream **p = &ag->streams;

	while (*p && !streq((*p)->id, id))
		p = &(*p)->next;
	return p;
}

static void take_out(struct stream *s)
{
	struct stream **p = find(s->ag, s->id);

	*p = s->next;
	stream_free(s);
}

void stream_free_all(struct agent *ag)
{
	while (ag->streams)
		take_out(ag->streams);
}

/* Not where they end: their protocol is still at work there. */
static void sweep(struct stream *s)
{
	struct shot **p = &s->shots, *shot;

	while ((shot = *p)) {
		if (!shot->done) {
			p = &shot->next;
			continue;
		}
		*p = shot->next;
		attempt_close(&shot->a);
		free(shot);
	}
}

/* Answers when all that was sent has come to an end. */
static void answer(struct stream *s)
{
	struct req *asker = s->asker;
	json_t *result;

	if (!asker || s->flying || !s->stopping)
		return;
	if (s->held)
		held_report(s->held, s->attempts);
	result = json_pack("{s:O}", "attempts", s->attempts);
	take_out(s);
	req_ok(asker, result);
}

static void on_shot(struct attempt *a)
{
	struct shot *shot = container_of(a, struct shot, a);
	struct stream *s = shot->stream;

	json_array_append_new(s->attempts, json_pack("[I, s, I]", (json_int_t)a->r.at_us,
						     probe_outcome_name(a->r.outcome),
						     (json_int_t)(mono_usec() - a->r.at_us)));
	shot->done = true;
	s->flying--;
	if (s->stopping && !s->flying)
		evl_after(s->ag->evl, &s->stop, 0);
}

static void shoot(struct stream *s)
{
	struct shot *shot = xcalloc(1, sizeof(*shot));

	shot->stream = s;
	shot->t = s->model.t;
	shot->t.cell += s->sent++;
	shot->next = s->shots;
	s->shots = shot;
	s->flying++;
	attempt_start(&shot->a, s->ag->evl, &shot->t, on_shot);
}

/* What a busy machine made us miss is not made up for: a burst would measure itself. */
static void on_tick(struct evl_timer *t)
{
	struct stream *s = container_of(t, struct stream, tick);
	uint64_t now = mono_usec();

	sweep(s);
	if (s->held && s->sent++ < MAX_ATTEMPTS)
		held_send(s->held);
	else if (!s->held && s->sent < MAX_ATTEMPTS)
		shoot(s);
	s->due += s->interval_us;
	if (s->due < now)
		s->due = now + s->interval_us;
	evl_after(s->ag->evl, &s->tick, s->due > now ? s->due - now : 0);
}

/* The time is over, or the last probe. */
static void on_stop(struct evl_timer *t)
{
	struct stream *s = container_of(t, struct stream, stop);

	bool first = !s->stopping;

	evl_cancel(s->ag->evl, &s->tick);
	s->stopping = true;
	if (first && s->held && !held_idle(s->held))
		evl_after(s->ag->evl, t, s->model.t.timeout_us);
	else
		answer(s);
}

static int stream_start(struct agent *ag, const json_t *params, json_t **ret UNUSED, struct err *e)
{
	const char *id = jstr(params, "id", NULL);
	_cleanup_json_ json_t *model = json_copy((json_t *)params);
	long long ms, n = 0;
	struct stream *s;
	struct cell cell;
	uint64_t nonce;

	json_object_del(model, "id"); /* a cell's is a number */
	if (!id || *find(ag, id))
		return err_set(e, EINVAL, "id: a name that no stream has is required");
	for (s = ag->streams; s; s = s->next)
		n++;
	if (n >= MAX_STREAMS)
		return err_set(e, EBUSY, "%d streams run already", MAX_STREAMS);
	if (cell_nonce(params, &nonce, e) < 0 || cell_parse(model, nonce, &cell, e) < 0 ||
	    cell_int(params, "intervalMs", 10, 1, 60000, &ms, e) < 0)
		return -EINVAL;
	if (jbool(params, "hold", false) && cell.t.ops != &attempt_tcp)
		return err_set(e, EINVAL, "hold: TCP only");
	s = xcalloc(1, sizeof(*s));
	*s = (struct stream){.next = ag->streams,
			     .ag = ag,
			     .id = xstrdup(id),
			     .model = cell,
			     .interval_us = (uint64_t)ms * USEC_PER_MSEC,
			     .due = mono_usec(),
			     .tick = {.fn = on_tick},
			     .stop = {.fn = on_stop},
			     .attempts = json_array()};
	if (jbool(params, "hold", false))
		s->held = held_new(ag->evl, &s->model.t);
	ag->streams = s;
	evl_after(ag->evl, &s->tick, 0);
	return 0;
}

static void stop_cancel(void *arg)
{
	take_out(arg);
}

static void stream_stop(struct req *req, const json_t *params)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct stream *s = *find(req->ag, jstr(params, "id", ""));
	long long ms;

	if (!s)
		err_set(&e, ENOENT, "no stream \"%s\"", jstr(params, "id", ""));
	else if (s->asker)
		err_set(&e, EBUSY, "stream \"%s\" is being stopped already", s->id);
	else
		cell_int(params, "moreMs", 0, 0, MAX_MORE_MS, &ms, &e);
	if (e.code) {
		req_fail(req, &e);
		return;
	}
	s->asker = req;
	req->cancel = stop_cancel;
	req->arg = s;
	evl_after(s->ag->evl, &s->stop, (uint64_t)ms * USEC_PER_MSEC);
}

const struct method stream_methods[] = {
	{"stream-start", stream_start, NULL},
	{"stream-stop", NULL, stream_stop},
	{0},
};
