/* SPDX-License-Identifier: Apache-2.0 */
/* transition: a steady stream of connections on several pairs while something changes. */
#include "scenario/step_verbs.h"

#include <errno.h>

#define AFTER_MS 300
#define MIN_ATTEMPTS 3 /* on each side of the change; fewer prove nothing */

/* ---- checks ---- */

static bool known_state(const char *s)
{
	return streq(s, "allowed") || streq(s, "denied");
}

/* What becomes of a held connection is a fact to report where nobody promises anything. */
static bool is_open(const json_t *flow)
{
	return jbool(flow, "hold", false) && streq(jstr(flow, "becomes", ""), "any");
}

static void check_flow(const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"from!",	"to!",	   "send!",  "was!",
					   "becomes!",	"network", "family", "intervalMs",
					   "timeoutMs", "hold",	   NULL};
	_cleanup_json_ json_t *cell = json_object();
	const char *proto;

	step_check_keys(v, path, keys, d);
	if (!known_state(jstr(v, "was", "")) ||
	    !(known_state(jstr(v, "becomes", "")) || is_open(v)))
		diags_add(d, DIAG_ERROR, "scenario", path,
			  "was, becomes: allowed or denied; becomes: any with hold");
	step_parse_send(jstr(v, "send", ""), cell);
	proto = jstr(cell, "proto", "");
	if (!streq(proto, "tcp") && !streq(proto, "udp"))
		diags_add(d, DIAG_ERROR, "scenario", path, "send: expected tcp/PORT or udp/PORT");
	if (jbool(v, "hold", false) &&
	    (!streq(proto, "tcp") || !streq(jstr(v, "was", ""), "allowed")))
		diags_add(d, DIAG_ERROR, "scenario", path,
			  "hold: only TCP connections that are allowed can be held");
}

void step_check_transition(const struct scenario *s, const json_t *v, const char *path,
			   struct diags *d)
{
	static const char *const keys[] = {"flows!", "apply", "delete", "daemon", "afterMs", NULL};
	_cleanup_json_ json_t *daemons = step_as_list(json_object_get(v, "daemon"));
	_cleanup_free_ char *pa = xasprintf("%s.apply", path), *pd = xasprintf("%s.delete", path);
	_cleanup_free_ char *pm = xasprintf("%s.daemon", path), *pf = xasprintf("%s.flows", path);
	json_t *one;
	size_t i;

	step_check_keys(v, path, keys, d);
	if (json_object_get(v, "apply"))
		step_check_apply(s, json_object_get(v, "apply"), pa, d);
	if (json_object_get(v, "delete"))
		step_check_delete(s, json_object_get(v, "delete"), pd, d);
	json_array_foreach(daemons, i, one)
		step_check_daemon(s, one, pm, d);
	if (!json_array_size(json_object_get(v, "flows")))
		diags_add(d, DIAG_ERROR, "scenario", pf, "expected a list of at least one flow");
	json_array_foreach(json_object_get(v, "flows"), i, one)
		check_flow(one, pf, d);
}

/* ---- the change ---- */

struct change {
	uint64_t from, barrier; /* monotonic: it began; all nodes were said to have it */
};

/* "zones" is the machine of every zone's databases, as in exec. */
static enum outcome on_zones(struct step_ctx *c, json_t *action)
{
	_cleanup_json_ json_t *st = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	enum outcome o = OUTCOME_PASS;
	json_t *n;
	size_t i;

	jset_str(action, "node", "control-plane");
	if (streq(c->zones, "central"))
		return step_run_daemon(c, action);
	if (step_get(c->client, "/apis/ovnbed.io/v1alpha1/status", &st, &e) != 200)
		return step_say(c, OUTCOME_ERROR, "status: %s", err_msg(&e));
	json_array_foreach(json_object_get(st, "nodes"), i, n) {
		jset_str(action, "node", jstr(n, "name", ""));
		if (o == OUTCOME_PASS)
			o = step_run_daemon(c, action);
	}
	return o;
}

static enum outcome do_daemons(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	enum outcome o = OUTCOME_PASS;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		_cleanup_json_ json_t *action = json_deep_copy(one);

		if (o == OUTCOME_PASS)
			o = streq(jstr(one, "node", ""), "zones") ? on_zones(c, action)
								  : step_run_daemon(c, action);
	}
	return o == OUTCOME_PASS ? step_run_reconcile(c, NULL) : o;
}

static enum outcome do_change(struct step_ctx *c, const json_t *v, struct change *ch)
{
	const json_t *daemon = json_object_get(v, "daemon"), *apply = json_object_get(v, "apply");
	const json_t *del = json_object_get(v, "delete");
	enum outcome o = OUTCOME_PASS;

	ch->from = mono_usec();
	if (daemon)
		o = do_daemons(c, daemon);
	if (del && o == OUTCOME_PASS)
		o = step_run_delete(c, del);
	if (apply && o == OUTCOME_PASS)
		o = step_run_apply(c, apply);
	ch->barrier = mono_usec();
	return o;
}

/* ---- streams ---- */

static json_t *flows_request(const json_t *v)
{
	json_t *flows = json_array(), *f;
	size_t i;

	json_array_foreach(json_object_get(v, "flows"), i, f) {
		json_t *flow = json_deep_copy(f);

		step_parse_send(jstr(f, "send", ""), flow);
		json_object_del(flow, "send");
		if (!json_object_get(flow, "timeoutMs"))
			json_object_set_new(flow, "timeoutMs", json_integer(500));
		json_array_append_new(flows, flow);
	}
	return json_pack("{s:o}", "flows", flows);
}

static int agent_post(struct step_ctx *c, const json_t *flow, long long more, json_t **ret,
		      struct err *e)
{
	json_t *params = json_pack("{s:O, s:I}", "id", json_object_get(flow, "id"), "moreMs",
				   (json_int_t)more);
	int code = step_post(c, "agent",
			     json_pack("{s:O, s:s, s:o}", "endpoint", json_object_get(flow, "from"),
				       "method", "stream-stop", "params", params),
			     ret, e);

	if (code < 0 || code == 200)
		return code < 0 ? code : 0;
	return err_set(e, EIO, "%s", jstr(*ret, "message", "refused"));
}

/* The first one goes on for more ms, and all others meanwhile. */
static enum outcome stop(struct step_ctx *c, json_t *flows, long long more)
{
	enum outcome o = OUTCOME_PASS;
	json_t *flow;
	size_t i;

	json_array_foreach(flows, i, flow) {
		_cleanup_json_ json_t *reply = NULL;
		_cleanup_err_ struct err e = ERR_INIT;

		if (agent_post(c, flow, more, &reply, &e) < 0)
			o = step_say(c, OUTCOME_ERROR, "%s: %s", jstr(flow, "from", "?"),
				     err_msg(&e));
		else
			json_object_update(flow, reply);
		more = 0;
	}
	return o;
}

/* ---- the verdict on one flow ---- */

struct phase {
	size_t n, allowed;
};

struct timeline {
	struct phase before, during, after; /* of the barrier; by the time of sending */
	uint64_t last_allowed, first_allowed, last_denied; /* from the change on; 0: none */
};

/* What was under way when the change began, and could be its victim, is not of the time before. */
static struct timeline read_timeline(const json_t *flow, const struct change *ch)
{
	bool was = streq(jstr(flow, "was", ""), "allowed");
	struct timeline t = {0};
	json_t *a;
	size_t i;

	json_array_foreach(json_object_get(flow, "attempts"), i, a) {
		uint64_t at = (uint64_t)json_integer_value(json_array_get(a, 0));
		uint64_t end = at + (uint64_t)json_integer_value(json_array_get(a, 2));
		bool ok = streq0(json_string_value(json_array_get(a, 1)), "ALLOWED");
		bool settled = at < ch->from && (end <= ch->from || (!ok && !was));
		struct phase *p = at >= ch->barrier ? &t.after : settled ? &t.before : &t.during;

		p->n++;
		p->allowed += ok;
		if (at < ch->from)
			continue;
		if (ok) {
			t.last_allowed = MAX(t.last_allowed, at);
			if (!t.first_allowed || at < t.first_allowed)
				t.first_allowed = at;
		} else {
			t.last_denied = MAX(t.last_denied, at);
		}
	}
	return t;
}

static double ms_after(uint64_t at, const struct change *ch)
{
	return at > ch->from ? (double)(at - ch->from) / 1e3 : 0.0;
}

static void note(json_t *flow, const struct timeline *t, const struct change *ch)
{
	bool deny = streq(jstr(flow, "becomes", ""), "denied");

	json_object_set_new(flow, "barrierMs", json_real(ms_after(ch->barrier, ch)));
	if (deny && t->last_allowed)
		json_object_set_new(flow, "lastAllowedMs",
				    json_real(ms_after(t->last_allowed, ch)));
	if (!deny && t->first_allowed)
		json_object_set_new(flow, "firstAllowedMs",
				    json_real(ms_after(t->first_allowed, ch)));
	json_object_set_new(flow, "before", json_integer((json_int_t)t->before.n));
	json_object_set_new(flow, "during", json_integer((json_int_t)t->during.n));
	json_object_set_new(flow, "after", json_integer((json_int_t)t->after.n));
	if (is_open(flow))
		return;
	json_object_set_new(flow, "wrongAfter",
			    json_integer((json_int_t)(deny ? t->after.allowed
							   : t->after.n - t->after.allowed)));
}

static enum outcome judge_flow(struct step_ctx *c, const json_t *flow, const struct timeline *t,
			       const struct change *ch)
{
	_cleanup_free_ char *name =
		xasprintf("%s > %s %s/%lld", jstr(flow, "from", "?"), jstr(flow, "to", "?"),
			  jstr(flow, "proto", "?"), jint(flow, "port", 0));
	bool was = streq(jstr(flow, "was", ""), "allowed");
	bool becomes = streq(jstr(flow, "becomes", ""), "allowed");
	size_t wrong;

	if (t->before.n < MIN_ATTEMPTS || t->after.n < MIN_ATTEMPTS)
		return step_say(
			c, OUTCOME_ERROR,
			"%s: %zu attempts before the change and %zu after the barrier prove "
			"nothing",
			name, t->before.n, t->after.n);
	wrong = was ? t->before.n - t->before.allowed : t->before.allowed;
	if (wrong)
		return step_say(c, OUTCOME_ERROR,
				"%s: was not %s: %zu of %zu attempts before the change", name,
				was ? "allowed" : "denied", wrong, t->before.n);
	if (is_open(flow))
		return OUTCOME_PASS;
	if (!becomes && t->after.allowed)
		return step_say(c, OUTCOME_FAIL,
				"%s: %zu of %zu probes sent after the barrier (%.0f ms) leaked, "
				"the last one %.0f ms after the change",
				name, t->after.allowed, t->after.n, ms_after(ch->barrier, ch),
				ms_after(t->last_allowed, ch));
	if (becomes && t->after.allowed < t->after.n)
		return step_say(c, OUTCOME_FAIL,
				"%s: %zu of %zu probes sent after the barrier (%.0f ms) did not "
				"pass, the last one %.0f ms after the change",
				name, t->after.n - t->after.allowed, t->after.n,
				ms_after(ch->barrier, ch), ms_after(t->last_denied, ch));
	if (!was && !becomes && t->during.allowed)
		return step_say(c, OUTCOME_FAIL, "%s: %zu of %zu probes leaked during the change",
				name, t->during.allowed, t->during.n);
	return OUTCOME_PASS;
}

static void summarise(struct buf *b, const json_t *flow, const struct timeline *t,
		      const struct change *ch)
{
	bool was = streq(jstr(flow, "was", ""), "allowed");
	bool becomes = streq(jstr(flow, "becomes", ""), "allowed");

	if (b->len)
		buf_adds(b, "; ");
	buf_printf(b, "%s > %s %s/%lld%s ", jstr(flow, "from", "?"), jstr(flow, "to", "?"),
		   jstr(flow, "proto", "?"), jint(flow, "port", 0),
		   jbool(flow, "hold", false) ? ", held," : "");
	if (is_open(flow) && t->after.allowed)
		buf_printf(b, "survived (%zu of %zu passed after the barrier)", t->after.allowed,
			   t->after.n);
	else if (was == becomes)
		buf_printf(b, "stayed %s (%zu of %zu passed during the change)",
			   jstr(flow, "was", ""), t->during.allowed, t->during.n);
	else if (becomes && !t->first_allowed)
		buf_adds(b, "never passed");
	else if (becomes)
		buf_printf(b, "first passed after %.0f ms", ms_after(t->first_allowed, ch));
	else if (t->last_allowed)
		buf_printf(b, "last passed after %.0f ms", ms_after(t->last_allowed, ch));
	else
		buf_adds(b, "was cut at once");
}

static enum outcome judge(struct step_ctx *c, json_t *flows, const struct change *ch)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	enum outcome worst = OUTCOME_PASS, o;
	json_t *flow;
	size_t i;

	json_array_foreach(flows, i, flow) {
		struct timeline t = read_timeline(flow, ch);

		note(flow, &t, ch);
		summarise(&b, flow, &t, ch);
		o = judge_flow(c, flow, &t, ch);
		worst = MAX(worst, o);
	}
	free(c->summary);
	c->summary = xasprintf("barrier after %.0f ms; %s", ms_after(ch->barrier, ch), buf_str(&b));
	return worst;
}

/* Those that could not be started have no verdict. */
static enum outcome started(struct step_ctx *c, const json_t *flows)
{
	enum outcome o = OUTCOME_PASS;
	json_t *flow;
	size_t i;

	json_array_foreach(flows, i, flow)
		if (json_object_get(flow, "outcome"))
			o = step_say(c, OUTCOME_ERROR, "%s > %s: %s", jstr(flow, "from", "?"),
				     jstr(flow, "to", "?"), jstr(flow, "detail", "not started"));
	return o;
}

enum outcome step_run_transition(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code = step_post(c, "streams", flows_request(v), &reply, &e);
	json_t *flows = json_object_get(reply, "flows");
	enum outcome o, p;
	struct change ch = {0};

	if (code != 200)
		return step_say(c, OUTCOME_ERROR, "streams: %s",
				code < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
	json_array_append(c->details, reply);
	o = started(c, flows);
	if (o == OUTCOME_PASS)
		o = do_change(c, v, &ch);
	p = stop(c, flows, o == OUTCOME_PASS ? jint(v, "afterMs", AFTER_MS) : 0);
	o = MAX(o, p);
	return o == OUTCOME_PASS ? judge(c, flows, &ch) : o;
}
