/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Method mtu: the largest IP packet that arrives, by search. Each round probes up to ROUND sizes
 * at once, so that silence costs one deadline a round and not one a size.
 */
#include <errno.h>

#include "probe/guest/agent.h"
#include "probe/guest/cell.h"
#include "probe/guest/mtu.h"

#define ROUND 16
#define MAX_TRIES 8
/* Tries of one size are this far apart, or one burst could lose them all. */
#define STAGGER_US (30 * USEC_PER_MSEC)
/* Sizes of a round are this far apart, the smaller ones first: OVS' userspace datapath drops the
 * rest of a batch behind a frame that its port refuses. */
#define SPACING_US USEC_PER_MSEC

struct try_ {
	struct point *point;
	struct attempt a;
	struct target t;
	struct evl_timer start;
};

struct point {
	struct search *s;
	uint32_t size;
	struct try_ tries[MAX_TRIES];
	int done;
	bool decided;
	enum probe_mtu_class class;
	uint32_t ptb_mtu;
	int err;
};

struct raised {
	struct raised *next;
	char ifname[IF_NAMESIZE];
	uint32_t mtu; /* to go back to */
};

struct search {
	struct req *req;
	struct target model;
	long long min, max, tries;
	uint32_t lo,
		hi; /* largest that passed (0: none yet), smallest above that did not (0: none) */
	struct point round[ROUND];
	size_t n_round, n_open;
	json_t *probes, *hints;
	struct nl_link link;
	struct raised *raised;
	uint32_t raised_to;
	struct evl_timer kick;
};

/* ---- raised interfaces ---- */

static void restore(struct agent *ag, struct raised *r)
{
	struct raised **p = &ag->raised;

	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	nl_link_set(ag->nl, r->ifname, r->mtu, NULL, -1, NULL);
	free(r);
}

void mtu_restore_all(struct agent *ag)
{
	while (ag->raised)
		restore(ag, ag->raised);
}

static int raise_mtu(struct search *s, struct err *e)
{
	struct agent *ag = s->req->ag;
	struct raised *r;
	int n;

	for (r = ag->raised; r; r = r->next)
		if (streq(r->ifname, s->link.name))
			return err_set(e, EBUSY, "the MTU of %s is raised by another search",
				       s->link.name);
	if (s->link.mtu >= s->max)
		return 0;
	n = nl_link_set(ag->nl, s->link.name, (uint32_t)s->max, NULL, -1, e);
	if (n < 0)
		return n;
	r = xcalloc(1, sizeof(*r));
	memcpy(r->ifname, s->link.name, sizeof(r->ifname));
	r->mtu = s->link.mtu;
	r->next = ag->raised;
	ag->raised = s->raised = r;
	s->raised_to = (uint32_t)s->max;
	return 0;
}

/* ---- one search ---- */

static void search_free(void *arg)
{
	struct search *s = arg;
	struct agent *ag = s->req->ag;

	evl_cancel(ag->evl, &s->kick);
	for (size_t i = 0; i < ROUND; i++)
		for (int k = 0; k < MAX_TRIES; k++) {
			attempt_close(&s->round[i].tries[k].a);
			evl_cancel(ag->evl, &s->round[i].tries[k].start);
		}
	if (s->raised)
		restore(ag, s->raised);
	json_decref(s->probes);
	json_decref(s->hints);
	free(s);
}

static const struct point *probed(const struct search *s, uint32_t size)
{
	for (size_t i = 0; i < s->n_round; i++)
		if (s->round[i].size == size)
			return &s->round[i];
	return NULL;
}

static json_t *point_json(const struct point *p)
{
	json_t *j = json_pack("{s:I, s:s}", "size", (json_int_t)p->size, "class",
			      probe_mtu_class_name(p->class));

	if (p->ptb_mtu)
		json_object_set_new(j, "ptbMtu", json_integer(p->ptb_mtu));
	if (p->err)
		json_object_set_new(j, "errno", json_integer(p->err));
	return j;
}

static const json_t *probe_of(const struct search *s, uint32_t size)
{
	size_t i;
	json_t *j;

	json_array_foreach(s->probes, i, j)
		if (jint(j, "size", 0) == size)
			return j;
	return NULL;
}

static void search_done(struct search *s)
{
	const json_t *fail = s->hi ? probe_of(s, s->hi) : NULL;
	struct req *req = s->req;
	json_t *j = json_pack("{s:I, s:I, s:I, s:s, s:O}", "ifMtu", (json_int_t)s->link.mtu,
			      "ifMaxMtu", (json_int_t)s->link.max_mtu, "largest", (json_int_t)s->lo,
			      "class", jstr(fail, "class", "PASS"), "probes", s->probes);

	if (s->hi)
		json_object_set_new(j, "firstFail", json_integer(s->hi));
	if (jint(fail, "ptbMtu", 0))
		json_object_set_new(j, "ptbMtu", json_integer(jint(fail, "ptbMtu", 0)));
	if (s->raised_to)
		json_object_set_new(j, "raisedTo", json_integer(s->raised_to));
	search_free(s);
	req_ok(req, j);
}

static void on_try(struct attempt *a);

static void start_try(struct evl_timer *timer)
{
	struct try_ *t = container_of(timer, struct try_, start);

	attempt_start(&t->a, t->point->s->req->ag->evl, &t->t, on_try);
}

static void start_point(struct search *s, uint32_t size)
{
	struct point *p = &s->round[s->n_round++];

	*p = (struct point){.s = s, .size = size, .class = PROBE_MTU_ERROR};
	for (int k = 0; k < s->tries; k++) {
		struct try_ *t = &p->tries[k];

		t->point = p;
		t->t = s->model;
		t->t.size = size - mtu_overhead(s->model.dst.family);
		t->t.cell += size;
		t->t.seq = (uint16_t)k;
		t->start.fn = start_try;
	}
	s->n_open++;
}

static void schedule(struct search *s)
{
	for (size_t i = 0; i < s->n_round; i++) {
		struct point *p = &s->round[i];
		uint64_t before = 0;

		for (size_t k = 0; k < s->n_round; k++)
			before += s->round[k].size < p->size;
		for (int k = 0; k < s->tries; k++)
			evl_after(s->req->ag->evl, &p->tries[k].start,
				  (uint64_t)k * STAGGER_US + before * SPACING_US);
	}
}

static void add_size(struct search *s, long long size)
{
	if (s->n_round < ROUND && size >= s->min && size <= s->max && size > s->lo &&
	    (!s->hi || size < s->hi) && !probed(s, (uint32_t)size))
		start_point(s, (uint32_t)size);
}

static void spread(struct search *s, long long lo, long long hi)
{
	for (long long n = ROUND - (long long)s->n_round, k = 1; k <= n; k++)
		add_size(s, lo + (hi - lo) * k / (n + 1));
}

/* The first round: the ends, and what the engine expects; later ones: evenly between lo and hi. */
static void start_round(struct search *s)
{
	long long lo = s->lo ? s->lo : s->min - 1, hi = s->hi ? s->hi : s->max + 1;
	size_t i;
	json_t *hint;

	s->n_round = s->n_open = 0;
	if (!s->lo && !s->hi) {
		add_size(s, s->min);
		add_size(s, s->max);
		json_array_foreach(s->hints, i, hint)
			add_size(s, json_integer_value(hint));
	}
	if (s->n_open < 4) /* no hints, or they did not settle it */
		spread(s, lo, hi);
	schedule(s);
	if (!s->n_open)
		search_done(s);
}

static bool found(const struct search *s)
{
	if (s->lo == s->max)
		return true;
	return s->hi && (s->hi == s->lo + 1 || s->hi == s->min);
}

static int by_size(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

static bool passed(const struct point *p)
{
	return p->class == PROBE_MTU_PASS || p->class == PROBE_MTU_FRAGMENTED;
}

/* What passes in pieces does not pass: the search is for whole packets. */
static void end_round(struct search *s)
{
	const struct point *order[ROUND];
	struct point *sorted = xmemdup(s->round, s->n_round * sizeof(*sorted));

	qsort(sorted, s->n_round, sizeof(*sorted), by_size);
	for (size_t i = 0; i < s->n_round; i++) {
		order[i] = &sorted[i];
		json_array_append_new(s->probes, point_json(order[i]));
		if (order[i]->class == PROBE_MTU_PASS)
			s->lo = MAX(s->lo, order[i]->size);
	}
	for (size_t i = s->n_round; i-- > 0;)
		if (order[i]->class != PROBE_MTU_PASS && order[i]->size > s->lo)
			s->hi = order[i]->size;
	free(sorted);
	if (found(s))
		search_done(s);
	else
		start_round(s);
}

static void on_try(struct attempt *a)
{
	struct try_ *t = container_of(a, struct try_, a);
	struct point *p = t->point;
	struct search *s = p->s;
	enum probe_mtu_class c = mtu_class(&a->r, &t->t);

	p->done++;
	if (p->done == 1 || mtu_class_rank(c) > mtu_class_rank(p->class)) {
		p->class = c;
		p->ptb_mtu = a->r.ptb_mtu;
		p->err = a->r.err;
	}
	attempt_close(a);
	if (p->decided || (!passed(p) && p->done < s->tries))
		return;
	p->decided = true;
	for (int k = 0; k < s->tries; k++)
		evl_cancel(s->req->ag->evl, &p->tries[k].start);
	/* The round ends outside of this callback: it reuses the tries. */
	if (--s->n_open == 0)
		evl_after(s->req->ag->evl, &s->kick, 0);
}

static void on_kick(struct evl_timer *timer)
{
	struct search *s = container_of(timer, struct search, kick);

	for (size_t i = 0; i < s->n_round; i++)
		for (int k = 0; k < MAX_TRIES; k++)
			attempt_close(&s->round[i].tries[k].a);
	if (s->n_round)
		end_round(s);
	else
		start_round(s);
}

/* ---- parameters ---- */

static int parse_probe(struct search *s, const json_t *params, struct err *e)
{
	const char *proto = jstr(params, "proto", "udp");
	_cleanup_json_ json_t *cell = json_copy((json_t *)params);
	struct cell c;
	uint64_t nonce;

	if (!streq(proto, "udp") && !streq(proto, "icmp"))
		return err_set(e, EINVAL, "proto: \"%s\" is neither udp nor icmp", proto);
	jset_str(cell, "proto", proto);
	if (!json_object_get(cell, "timeoutMs"))
		json_object_set_new(cell, "timeoutMs", json_integer(500));
	if (cell_nonce(params, &nonce, e) < 0 || cell_parse(cell, nonce, &c, e) < 0)
		return -EINVAL;
	s->model = c.t;
	s->model.kind = PROBE_KIND_SHORT;
	s->model.df = true;
	return 0;
}

static int search_parse(struct search *s, const json_t *params, struct err *e)
{
	long long least;
	int r = parse_probe(s, params, e);

	if (r < 0)
		return r;
	least = mtu_overhead(s->model.dst.family) + PROBE_HDR_LEN;
	if (cell_int(params, "tries", 3, 1, MAX_TRIES, &s->tries, e) < 0 ||
	    cell_int(params, "min", least, least, 65000, &s->min, e) < 0 ||
	    cell_int(params, "max", s->min, s->min, 65000, &s->max, e) < 0)
		return -EINVAL;
	s->hints = json_incref(json_object_get(params, "hints"));
	if (!s->model.ifname[0])
		return err_set(e, EINVAL, "ifname: a string is required");
	r = nl_link_get(s->req->ag->nl, s->model.ifname, &s->link, e);
	if (r == 0 && jbool(params, "raise", false))
		r = raise_mtu(s, e);
	return r;
}

static void mtu_method(struct req *req, const json_t *params)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct search *s = xcalloc(1, sizeof(*s));

	s->req = req;
	s->probes = json_array();
	s->kick.fn = on_kick;
	req->cancel = search_free;
	req->arg = s;
	if (search_parse(s, params, &e) < 0) {
		search_free(s);
		req_fail(req, &e);
		return;
	}
	evl_after(req->ag->evl, &s->kick, 0);
}

const struct method mtu_methods[] = {
	{"mtu", NULL, mtu_method}, {"mtu-force", mtu_force_method, NULL}, {0}};
