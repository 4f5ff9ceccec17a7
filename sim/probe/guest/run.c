/* SPDX-License-Identifier: Apache-2.0 */
/* Method run: all cells at once within a window, each up to its number of tries. */
#include <errno.h>

#include "probe/guest/agent.h"
#include "probe/guest/cell.h"
#include "probe/guest/neigh.h"

#define MAX_CELLS 65536
/*
 * The window bounds work, not waiting: what has been silent for that long costs nothing any more and
 * makes room, or a matrix of denied cells would take a deadline per window.
 */
#define GRACE_US (100 * USEC_PER_MSEC)
#define MAX_OPEN 2048
/* Between tries that failed at once: an answer such as REFUSED may be of the moment. */
#define RETRY_US (50 * USEC_PER_MSEC)

struct slot {
	struct cell c;
	struct run *run;
	struct attempt a;
	struct evl_timer pause, grace;
	bool in_window;
	struct attempt_result best; /* what the cell reports */
	json_t *attempts;
	int tried, sent; /* sent: those that left this machine */
};

struct run {
	struct req *req;
	uint64_t started;
	struct slot *slots;
	size_t n, next, done;
	long long window, in_window, open;
	json_t *results; /* by index */
	struct evl_timer kick;
};

static void run_free(void *arg)
{
	struct run *r = arg;

	evl_cancel(r->req->ag->evl, &r->kick);
	for (size_t i = 0; i < r->n; i++) {
		attempt_close(&r->slots[i].a);
		evl_cancel(r->req->ag->evl, &r->slots[i].pause);
		evl_cancel(r->req->ag->evl, &r->slots[i].grace);
		json_decref(r->slots[i].attempts);
		json_decref(r->slots[i].best.bulk);
	}
	free(r->slots);
	json_decref(r->results);
	free(r);
}

static void run_done(struct run *r)
{
	struct req *q = r->req;
	json_t *result = json_pack("{s:O}", "cells", r->results);

	run_free(r);
	req_ok(q, result);
}

static void set_result(struct slot *s)
{
	const struct attempt_result *r = &s->best;
	char src[INET6_ADDRSTRLEN];
	json_t *j =
		json_pack("{s:I, s:s, s:O, s:i}", "id", (json_int_t)s->c.t.cell, "outcome",
			  probe_outcome_name(r->outcome), "attempts", s->attempts, "sent", s->sent);
	json_t *neigh = neigh_evidence(s->run->req->ag->nl, &s->c.t.dst,
				       s->c.t.src.family ? &s->c.t.src : NULL,
				       s->c.t.ifname[0] ? s->c.t.ifname : NULL);

	if (r->src.family)
		jset_str(j, "src", addr_text(&r->src, src));
	if (r->err)
		json_object_set_new(j, "errno", json_integer(r->err));
	if (r->detail[0])
		json_object_set_new(j, "detail", jstring(r->detail));
	if (r->rtt_us)
		json_object_set_new(j, "rttUs", json_integer((json_int_t)r->rtt_us));
	if (r->peer[0])
		json_object_set_new(j, "peer", jstring(r->peer));
	if (r->bulk)
		json_object_set(j, "bulk", r->bulk);
	if (neigh)
		json_object_set_new(j, "neigh", neigh);
	json_array_set_new(s->run->results, (size_t)(s - s->run->slots), j);
}

static void on_attempt(struct attempt *a);

static void next_try(struct evl_timer *t)
{
	struct slot *s = container_of(t, struct slot, pause);

	attempt_close(&s->a);
	s->c.t.seq = (uint16_t)++s->tried;
	attempt_start(&s->a, s->run->req->ag->evl, &s->c.t, on_attempt);
}

static void leave_window(struct slot *s)
{
	evl_cancel(s->run->req->ag->evl, &s->grace);
	s->run->in_window -= s->in_window;
	s->in_window = false;
}

static void prepare_neigh(struct slot *s)
{
	const struct target *t = &s->c.t;
	const struct addr *src = t->src.family ? &t->src : NULL;
	const char *ifname = t->ifname[0] ? t->ifname : NULL;
	struct nl *nl = s->run->req->ag->nl;

	if (addr_is_loopback(&t->dst))
		return;
	if (s->c.flush_neigh)
		neigh_forget(nl, &t->dst, src, ifname);
	neigh_reserve(nl, &t->dst, src, ifname);
}

static void fill_window(struct run *r)
{
	while (r->next < r->n && r->in_window < r->window && r->open < MAX_OPEN) {
		struct slot *s = &r->slots[r->next++];

		r->open++;
		r->in_window++;
		s->in_window = true;
		evl_after(r->req->ag->evl, &s->grace, GRACE_US);
		prepare_neigh(s);
		next_try(&s->pause);
	}
	if (r->done == r->n)
		run_done(r);
}

static void on_grace(struct evl_timer *t)
{
	struct slot *s = container_of(t, struct slot, grace);

	leave_window(s);
	fill_window(s->run);
}

/* Silence has waited already. */
static uint64_t pause_after(const struct attempt_result *r)
{
	return r->outcome == PROBE_TIMEOUT || r->outcome == PROBE_ALLOWED ? 0 : RETRY_US;
}

/* Errors from the path are rate-limited: one among silences still says what happens there. */
static void keep_best(struct slot *s, struct attempt_result *r)
{
	s->sent += r->outcome != PROBE_LOCAL_ERROR;
	if (s->tried > 1 && outcome_rank(r->outcome) < outcome_rank(s->best.outcome))
		return;
	json_decref(s->best.bulk);
	s->best = *r;
	r->bulk = NULL;
}

static void on_attempt(struct attempt *a)
{
	struct slot *s = container_of(a, struct slot, a);
	struct run *r = s->run;

	json_array_append_new(s->attempts, cell_attempt_json(&a->r, r->started));
	keep_best(s, &a->r);
	if (s->tried < s->c.tries && (s->c.all || a->r.outcome != PROBE_ALLOWED)) {
		evl_after(r->req->ag->evl, &s->pause, pause_after(&a->r));
		return;
	}
	set_result(s);
	attempt_close(a);
	leave_window(s);
	r->open--;
	r->done++;
	fill_window(r);
}

static void on_kick(struct evl_timer *t)
{
	fill_window(container_of(t, struct run, kick));
}

static int parse_cells(struct run *r, const json_t *params, struct err *e)
{
	const json_t *cells = json_object_get(params, "cells"), *j;
	uint64_t nonce;
	size_t i;

	if (!json_is_array(cells) || json_array_size(cells) > MAX_CELLS)
		return err_set(e, EINVAL, "cells: up to %d in a list are required", MAX_CELLS);
	if (cell_nonce(params, &nonce, e) < 0 ||
	    cell_int(params, "window", 64, 1, 4096, &r->window, e) < 0)
		return -EINVAL;
	r->slots = xcalloc(json_array_size(cells) + 1, sizeof(*r->slots));
	json_array_foreach(cells, i, j) {
		struct slot *s = &r->slots[i];

		s->run = r;
		s->pause.fn = next_try;
		s->grace.fn = on_grace;
		s->attempts = json_array();
		json_array_append_new(r->results, json_null());
		r->n++;
		if (cell_parse(j, nonce, &s->c, e) < 0)
			return err_wrap(e, "cells[%zu]", i);
	}
	return 0;
}

static void run_method(struct req *req, const json_t *params)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct run *r = xcalloc(1, sizeof(*r));

	r->req = req;
	r->started = mono_usec();
	r->results = json_array();
	r->kick.fn = on_kick;
	req->cancel = run_free;
	req->arg = r;
	if (parse_cells(r, params, &e) < 0) {
		run_free(r);
		req_fail(req, &e);
		return;
	}
	evl_after(req->ag->evl, &r->kick, 0);
}

const struct method run_methods[] = {{"run", NULL, run_method}, {0}};
