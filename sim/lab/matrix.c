/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/matrix_priv.h"

#include <errno.h>

#include "api/meta.h"
#include "lab/drops.h"
#include "lab/endpoint.h"
#include "lab/net.h"
#include "lab/verb_probe.h"
#include "probe/verdict.h"

#define MIN_TRIES 3 /* a deny needs that many without success */
/*
 * Cells at work at once, all sources together: the userspace datapath loses packets of larger bursts
 * ahead of every counter (facts/policy-mtu-reports.md, design: Datapath).
 */
#define IN_FLIGHT 192
#define FULL_CELLS 2000 /* of a larger matrix, passing cells are told in short */
#define ROUNDS 3	/* of what is in doubt, each with half as much at once */
#define DOUBTS_MAX 50	/* that are told */
#define FLUSH_US (5 * USEC_PER_SEC)

struct matrix {
	struct lab *lab;
	struct api_call *call;
	json_t *body, *request, *result; /* the latter two of this round */
	json_t *cells;			 /* {KEY: cell} to be tried, in order */
	json_t *left;			 /* [KEY] of this round */
	json_t *done;			 /* {KEY: cell} with the verdict of its last round */
	json_t *doubts;			 /* what was measured again, and why; the first ones */
	size_t n_doubts;
	int round;
	double seconds;
	json_t *parts;	  /* [{"network","endpoints":[name],"sends":[text]}] */
	json_t *names;	  /* of all endpoints, each once */
	json_t *drops[2]; /* before, after */
	struct probe_job *job;
	unsigned flushing; /* agents that have not answered */
	bool cancelled;
	bool waiting; /* for something that cannot be cancelled */
};

static void matrix_free(struct matrix *m)
{
	json_decref(m->body);
	json_decref(m->parts);
	json_decref(m->names);
	json_decref(m->request);
	json_decref(m->result);
	json_decref(m->cells);
	json_decref(m->left);
	json_decref(m->done);
	json_decref(m->doubts);
	json_decref(m->drops[0]);
	json_decref(m->drops[1]);
	free(m);
}

static void on_cancel(void *arg)
{
	struct matrix *m = arg;

	m->cancelled = true;
	if (m->job)
		probe_cancel(m->job);
	if (!m->waiting)
		matrix_free(m);
}

static void refuse(struct matrix *m, const struct err *e)
{
	verb_refuse(m->call, e);
	matrix_free(m);
}

/* True when the client has gone meanwhile; m is freed then. */
static bool gone(struct matrix *m)
{
	m->waiting = false;
	if (m->cancelled)
		matrix_free(m);
	return m->cancelled;
}

/* ---- 5: the answer ---- */

static json_t *outcomes(const json_t *cells)
{
	json_t *out = json_object(), *cell;
	size_t i;

	json_array_foreach(cells, i, cell)
		json_object_set(out, jstr(cell, "key", ""), json_object_get(cell, "outcome"));
	return out;
}

static json_t *count_verdicts(const json_t *cells)
{
	json_t *n = json_pack("{s:i, s:i, s:i}", "pass", 0, "fail", 0, "error", 0), *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		const char *status = jstr(cell, "verdict.status", "error");

		json_object_set_new(n, status, json_integer(jint(n, status, 0) + 1));
	}
	return n;
}

/* Takes what nobody reads out of cells that passed. */
static void shorten(json_t *cells)
{
	static const char *const members[] = {"attempts", "neigh", "selfCheck", "addressOk",
					      "ifname"};
	json_t *cell;
	size_t i;

	json_array_foreach(cells, i, cell)
		for (size_t k = 0; k < ARRAY_SIZE(members); k++)
			if (streq(jstr(cell, "verdict.status", ""), "pass"))
				json_object_del(cell, members[k]);
}

/* What became of the cells, in their order. New reference. */
static json_t *in_order(const struct matrix *m)
{
	json_t *out = json_array(), *cell;
	const char *key;

	json_object_foreach(m->cells, key, cell)
		json_array_append(out, json_object_get(m->done, key));
	return out;
}

static void answer(struct matrix *m)
{
	json_t *cells = in_order(m), *reply;

	if (json_array_size(cells) > FULL_CELLS)
		shorten(cells);
	reply = json_pack("{s:f, s:s, s:o, s:o, s:O?, s:O?, s:I, s:O}", "seconds", m->seconds,
			  "status", verdict_worst(cells), "counts", count_verdicts(cells),
			  "outcomes", outcomes(cells), "acls", json_object_get(m->drops[1], "acls"),
			  "problems", json_object_get(m->drops[1], "problems"), "again",
			  (json_int_t)m->n_doubts, "doubts", m->doubts);
	json_object_set_new(reply, "cells", cells);
	if (json_object_get(m->body, "networks"))
		json_object_set(reply, "networks", m->parts);
	else
		json_object_update(reply, json_array_get(m->parts, 0));
	api_call_reply(m->call, 200, reply);
	matrix_free(m);
}

/* ---- 4: what a round has shown ---- */

static void begin_round(struct matrix *m);

/*
 * Packets that a busy machine lost ahead of the switch are neither answered nor counted, and put in
 * doubt whatever else the same ACL denies: that is measured again, with fewer at once. What arrived
 * or was answered although it is denied is no loss.
 */
static bool in_doubt(const json_t *cell)
{
	bool denied = streq(jstr(cell, "expect", ""), "denied");

	if (streq(jstr(cell, "verdict.status", "error"), "pass") ||
	    streq(jstr(cell, "outcome", ""), "INFRA"))
		return false;
	if (streq(jstr(cell, "expect", ""), "allowed"))
		return true;
	return !streq(jstr(cell, "outcome", ""), "ALLOWED") &&
	       !streq(jstr(cell, "outcome", ""), "REFUSED") &&
	       (!denied || jint(cell, "received.frames", 0) == 0);
}

static void note_doubt(struct matrix *m, const json_t *cell)
{
	m->n_doubts++;
	if (json_array_size(m->doubts) < DOUBTS_MAX)
		json_array_append_new(m->doubts, jstringf("%s: %s", jstr(cell, "key", "?"),
							  jstr(cell, "verdict.reason", "?")));
}

/* Takes the round's cells over; those in doubt are left for another one. */
static void take_round(struct matrix *m)
{
	bool last = m->round + 1 >= (int)jint(m->body, "rounds", ROUNDS);
	json_t *left = json_array(), *cell;
	size_t i;

	json_array_foreach(json_object_get(m->result, "cells"), i, cell) {
		const char *key = jstr(cell, "key", "");

		json_object_set_new(cell, "measurements", json_integer(m->round + 1));
		json_object_set(m->done, key, cell);
		/* that the path was open does not show when its denied cells are alone */
		if (json_object_get(cell, "control"))
			json_object_set(json_object_get(m->cells, key), "control",
					json_object_get(cell, "control"));
		if (last || !in_doubt(cell))
			continue;
		note_doubt(m, cell);
		json_array_append_new(left, json_string(key));
	}
	json_decref(m->left);
	m->left = left;
}

static void on_after(void *arg, json_t *result)
{
	struct matrix *m = arg;

	json_decref(m->drops[1]);
	m->drops[1] = result;
	if (gone(m))
		return;
	matrix_judge(m->lab, json_object_get(m->result, "cells"),
		     json_object_get(m->body, "before"), m->drops[0], m->drops[1]);
	take_round(m);
	m->round++;
	if (json_array_size(m->left))
		begin_round(m);
	else
		answer(m);
}

static void on_probed(void *arg, json_t *result, const struct err *e)
{
	struct matrix *m = arg;

	m->job = NULL;
	if (!result) {
		refuse(m, e);
		return;
	}
	json_decref(m->result);
	m->result = result;
	m->seconds += json_number_value(json_object_get(result, "seconds"));
	m->waiting = true;
	drops_read(m->lab, false, on_after, m);
}

/* ---- 3: packets ---- */

/* Whoever cannot be asked shows in his cells. */
static void on_flushed(void *arg, const json_t *result, const struct err *e)
{
	struct matrix *m = arg;

	(void)result;
	(void)e;
	if (--m->flushing == 0 && !gone(m))
		m->job = probe_run(m->lab->hub, m->request, on_probed, m);
}

/* Addresses are resolved anew, once a round: policies must let that pass. */
static void on_before(void *arg, json_t *result)
{
	struct matrix *m = arg;
	json_t *name;
	size_t i;

	json_decref(m->drops[0]);
	m->drops[0] = result;
	if (gone(m))
		return;
	m->waiting = true;
	m->flushing = (unsigned)json_array_size(m->names);
	json_array_foreach(m->names, i, name)
		hub_call(m->lab->hub, json_string_value(name), "neigh-flush", NULL, FLUSH_US,
			 on_flushed, m);
}

/* ---- 2: cells ---- */

/* The cells of this round. The engine judges what is allowed; a lost answer is a silence, as a deny
 * is. */
static json_t *round_cells(const struct matrix *m)
{
	long long patience = jint(m->body, "allowedMs", 0) * (m->round + 1);
	json_t *out = json_array(), *key;
	size_t i;

	json_array_foreach(m->left, i, key) {
		json_t *cell = json_copy(json_object_get(m->cells, json_string_value(key)));
		bool allowed = streq(jstr(cell, "expect", ""), "allowed");

		if (!allowed && jint(m->body, "tries", MIN_TRIES) < MIN_TRIES)
			json_object_set_new(cell, "tries", json_integer(MIN_TRIES));
		if (allowed && patience)
			json_object_set_new(cell, "timeoutMs", json_integer(patience));
		json_array_append_new(out, cell);
	}
	return out;
}

static json_t *engine_request(const struct matrix *m)
{
	static const char *const copied[] = {"tries", "timeoutMs"};
	long long window =
		jint(m->body, "window",
		     (long long)MAX(IN_FLIGHT / MAX(json_array_size(m->names), 1ul), 2ul));
	/* a flush for one cell would take the neighbour from another that is at work */
	json_t *r = json_pack("{s:o, s:b, s:I}", "cells", round_cells(m), "flushNeigh", false,
			      "window", (json_int_t)MAX(window >> m->round, 1ll));

	for (size_t i = 0; i < ARRAY_SIZE(copied); i++)
		if (json_object_get(m->body, copied[i]))
			json_object_set(r, copied[i], json_object_get(m->body, copied[i]));
	return r;
}

static void begin_round(struct matrix *m)
{
	json_decref(m->request);
	m->request = engine_request(m);
	m->waiting = true;
	drops_read(m->lab, true, on_before, m);
}

static void on_ifaces(void *arg, json_t *ifaces)
{
	struct matrix *m = arg;
	_cleanup_json_ json_t *own = ifaces;
	_cleanup_err_ struct err e = ERR_INIT;
	const char *key;
	json_t *cell;

	if (gone(m))
		return;
	m->cells = matrix_cells(m->lab, m->body, m->parts, ifaces, &e);
	if (!m->cells) {
		refuse(m, &e);
		return;
	}
	json_object_foreach(m->cells, key, cell)
		json_array_append_new(m->left, json_string(key));
	begin_round(m);
}

/* ---- 1: who and what ---- */

void verb_matrix(void *arg, struct api_call *call)
{
	struct matrix *m = xcalloc(1, sizeof(*m));
	_cleanup_err_ struct err e = ERR_INIT;

	*m = (struct matrix){.lab = arg,
			     .call = call,
			     .body = json_deep_copy(api_call_body(call)),
			     .parts = json_array(),
			     .left = json_array(),
			     .done = json_object(),
			     .doubts = json_array(),
			     .names = json_array()};
	if (matrix_read(m->lab, m->body, m->parts, m->names, &e) < 0) {
		refuse(m, &e);
		return;
	}
	api_call_on_cancel(call, on_cancel, m);
	m->waiting = true;
	endpoints_ask(m->lab, m->names, on_ifaces, m);
}
