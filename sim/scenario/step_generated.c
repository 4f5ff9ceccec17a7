/* SPDX-License-Identifier: Apache-2.0 */
/* generated: a suite of policy cases that is made from a seed (scenario/generate.h). */
#include "scenario/step_verbs.h"

#include <errno.h>

#include "api/meta.h"
#include "lab/client.h"
#include "lab/paths.h"
#include "scenario/generate.h"
#include "scenario/ref.h"
#include "scenario/suite_report.h"

#define CASES 224
#define NETWORKS 28
#define WINDOW 12 /* more connections at once are lost in bursts */
#define TIMEOUT_MS 300
#define ALLOWED_MS 1000
#define ROUNDS_RED 2 /* where something must fail: it must do so twice */
#define SLOW_MAX 2
#define ROUNDS 3 /* of what is not as expected; each with fewer at once, and more patience */
#define SHOWN 8	 /* cases in the check's reason */
#define TRACED 2

struct suite {
	struct step_ctx *c;
	const json_t *param, *before; /* outcomes of the matrix without policies */
	json_t *suite, *results, *outcomes;
	json_t *policies; /* {"ns/name": object} that are in the lab */
	json_t *doubts;	  /* the first findings that were measured again in each matrix */
	long long again;  /* cells that were */
	json_t *times;	  /* {"name","apply":seconds,"matrices":[seconds]} of each batch */
	json_t *last;	  /* of these; borrowed */
	int slow;	  /* how often the machine has shown that it cannot do as much at once */
	uint64_t start;
};

void step_check_generated(const struct scenario *s, const json_t *v, const char *path,
			  struct diags *d)
{
	static const char *const keys[] = {"seed",   "cases",	  "networks", "tags", "before",
					   "window", "timeoutMs", "verdict",  NULL};
	static const char *const wanted[] = {"status", "reason!", NULL};
	_cleanup_free_ char *pv = xasprintf("%s.verdict", path);
	long long n = jint(v, "networks", NETWORKS), cases = jint(v, "cases", CASES);

	(void)s;
	step_check_keys(v, path, keys, d);
	if (json_object_get(v, "verdict"))
		step_check_keys(json_object_get(v, "verdict"), pv, wanted, d);
	if (n < 1 || n > GENERATE_NETWORKS_MAX)
		diags_add(d, DIAG_ERROR, "scenario", path, "networks: expected 1 to %d",
			  GENERATE_NETWORKS_MAX);
	if (cases < 1 || cases > 10000)
		diags_add(d, DIAG_ERROR, "scenario", path, "cases: expected 1 to 10000");
}

static double seconds_since(uint64_t start)
{
	return (double)(mono_usec() - start) / 1e6;
}

/* From here on times are of another batch. */
static void new_times(struct suite *s, const char *name, double apply)
{
	s->last = json_pack("{s:s, s:f, s:[]}", "name", name, "apply", apply, "matrices");
	json_array_append_new(s->times, s->last);
}

/* ---- writing ---- */

static enum outcome apply_one(struct suite *s, const json_t *obj)
{
	const struct kind *k = kind_of(obj);
	_cleanup_json_ json_t *refusal = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (step_apply_object(s->c, k, obj, &refusal, &e) < 0)
		return step_say(s->c, OUTCOME_ERROR, "apply: %s", err_msg(&e));
	if (refusal)
		return step_say(s->c, OUTCOME_ERROR, "%s %s/%s: %s", k->kind, meta_ns(obj),
				meta_name(obj), jstr(refusal, "message", "refused"));
	return OUTCOME_PASS;
}

static enum outcome apply_list(struct suite *s, const json_t *list)
{
	enum outcome o = OUTCOME_PASS;
	json_t *obj;
	size_t i;

	json_array_foreach(list, i, obj) {
		if (o == OUTCOME_PASS)
			o = apply_one(s, obj);
	}
	return o;
}

static enum outcome delete_policy(struct suite *s, const json_t *obj)
{
	_cleanup_free_ char *path = client_path(kind_of(obj), meta_ns(obj), meta_name(obj), NULL);
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = client_call(s->c->client, "DELETE", path, NULL, &e);

	return reply ? OUTCOME_PASS
		     : step_say(s->c, OUTCOME_ERROR, "delete %s: %s", meta_name(obj), err_msg(&e));
}

/* Until the lab's policies are those, and no others of ours. wanted: {"ns/name": object}. */
static enum outcome set_policies(struct suite *s, json_t *wanted)
{
	enum outcome o = OUTCOME_PASS;
	const char *key;
	json_t *obj;

	json_object_foreach(s->policies, key, obj) {
		if (o == OUTCOME_PASS && !json_object_get(wanted, key))
			o = delete_policy(s, obj);
	}
	json_object_foreach(wanted, key, obj) {
		if (o == OUTCOME_PASS)
			o = apply_one(s, obj);
	}
	json_decref(s->policies);
	s->policies = json_incref(wanted);
	return o;
}

static json_t *policies_of(const struct suite *s, size_t batch)
{
	json_t *out = json_object(), *one, *p;
	size_t i, k;

	json_array_foreach(json_object_get(s->suite, "cases"), i, one) {
		if (jint(one, "batch", -1) != (long long)batch)
			continue;
		json_array_foreach(json_object_get(one, "policies"), k, p) {
			_cleanup_free_ char *key = xasprintf("%s/%s", meta_ns(p), meta_name(p));

			json_object_set(out, key, p);
		}
	}
	return out;
}

/* Until everything is in force, and every pod of the list runs. */
static enum outcome settle(struct suite *s, const json_t *objects)
{
	_cleanup_json_ json_t *pods = json_array();
	enum outcome o = step_run_reconcile(s->c, NULL);
	json_t *obj;
	size_t i;

	json_array_foreach(objects, i, obj)
		if (streq(jstr(obj, "kind", ""), "Pod"))
			json_array_append_new(pods,
					      jstringf("pod/%s/%s", meta_ns(obj), meta_name(obj)));
	if (o == OUTCOME_PASS && json_array_size(pods))
		o = step_run_wait(s->c, pods);
	return o;
}

static enum outcome run_stage(struct suite *s, const json_t *stage, json_t *policies)
{
	const json_t *gone = json_object_get(stage, "delete");
	const json_t *apply = json_object_get(stage, "apply");
	enum outcome o = json_array_size(gone) ? step_run_delete(s->c, gone) : OUTCOME_PASS;

	if (o == OUTCOME_PASS)
		o = apply_list(s, apply);
	if (o == OUTCOME_PASS && policies)
		o = set_policies(s, policies);
	return o == OUTCOME_PASS ? settle(s, apply) : o;
}

/* ---- packets ---- */

static void add_network(json_t *list, const char *name, const json_t *send)
{
	json_array_append_new(list, json_pack("{s:s, s:O}", "network", name, "send", send));
}

/* The matrices of the networks, all at once; NULL after saying why. */
static json_t *ask(struct suite *s, const json_t *networks, bool open)
{
	bool red = json_object_get(s->param, "verdict") != NULL;
	long long window = MAX(jint(s->param, "window", WINDOW) >> s->slow, 1);
	json_t *body =
		json_pack("{s:O, s:I, s:I, s:i, s:i, s:O?}", "networks", networks, "window",
			  (json_int_t)window, "timeoutMs",
			  (json_int_t)jint(s->param, "timeoutMs", TIMEOUT_MS), "allowedMs",
			  ALLOWED_MS, "rounds", red ? ROUNDS_RED : ROUNDS, "before", s->before);
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	uint64_t start = mono_usec();
	int code;

	if (open)
		jset_str(body, "expect", "allowed");
	code = step_post(s->c, "matrix", body, &reply, &e);
	json_array_append_new(jget(s->last, "matrices"), json_real(seconds_since(start)));
	if (code == 200)
		return TAKE_PTR(reply);
	step_say(s->c, OUTCOME_ERROR, "matrix: %s",
		 code < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
	return NULL;
}

/* {network: [cell]} */
static json_t *by_network(const json_t *cells)
{
	json_t *out = json_object(), *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		const char *name = jstr(cell, "network", "");

		if (!json_object_get(out, name))
			json_object_set_new(out, name, json_array());
		json_array_append(json_object_get(out, name), cell);
	}
	return out;
}

/* {network: [cell]}, NULL after saying why. A machine that is in doubt of much gets less at once. */
static json_t *matrices(struct suite *s, const json_t *networks, bool open)
{
	_cleanup_json_ json_t *reply = ask(s, networks, open);
	const json_t *cells = json_object_get(reply, "cells");
	long long again = jint(reply, "again", 0);

	if (!reply)
		return NULL;
	s->again += again;
	json_array_extend(s->doubts, json_object_get(reply, "doubts"));
	s->slow += s->slow < SLOW_MAX && again > (long long)json_array_size(cells) / 4;
	return by_network(cells);
}

/* Before any policy everything must pass: a deny is believed of what was open. */
static enum outcome open_matrix(struct suite *s)
{
	const json_t *send = jget(s->suite, "cases.0.send");
	_cleanup_json_ json_t *networks = json_array(), *cells = NULL;
	json_t *n, *list, *cell;
	const char *name;
	size_t i;

	json_array_foreach(json_object_get(s->suite, "networks"), i, n)
		add_network(networks, jstr(n, "name", ""), send);
	cells = matrices(s, networks, true);
	if (!cells)
		return OUTCOME_ERROR;
	s->outcomes = json_object();
	s->before = s->outcomes;
	json_object_foreach(cells, name, list) {
		json_array_foreach(list, i, cell) {
			json_object_set(s->outcomes, jstr(cell, "key", ""),
					json_object_get(cell, "outcome"));
			if (!streq(jstr(cell, "verdict.status", "error"), "pass"))
				return step_say(s->c, OUTCOME_ERROR, "without policies: %s: %s",
						jstr(cell, "key", "?"),
						jstr(cell, "verdict.reason", "?"));
		}
	}
	return OUTCOME_PASS;
}

/* Cells that are traced when the check fails. */
static void note_pairs(struct step_ctx *c, const json_t *cells)
{
	json_t *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		if (streq(jstr(cell, "verdict.status", "error"), "pass"))
			continue;
		if (json_array_size(c->pairs) < TRACED)
			json_array_append(c->pairs, cell);
		c->want_evidence = true;
		return;
	}
}

static enum outcome measure(struct suite *s, size_t batch)
{
	_cleanup_json_ json_t *networks = json_array(), *cells = NULL;
	json_t *one, *mine;
	size_t i;

	json_array_foreach(json_object_get(s->suite, "cases"), i, one)
		if (jint(one, "batch", -1) == (long long)batch)
			add_network(networks, jstr(one, "network", ""),
				    json_object_get(one, "send"));
	cells = matrices(s, networks, false);
	if (!cells)
		return OUTCOME_ERROR;
	json_array_foreach(json_object_get(s->suite, "cases"), i, one) {
		if (jint(one, "batch", -1) != (long long)batch)
			continue;
		mine = json_object_get(cells, jstr(one, "network", ""));
		json_array_append_new(s->results, suite_case(one, mine));
		note_pairs(s->c, mine);
	}
	return OUTCOME_PASS;
}

static enum outcome run_batch(struct suite *s, size_t batch, const json_t *b)
{
	_cleanup_json_ json_t *policies = policies_of(s, batch);
	uint64_t start = mono_usec();
	enum outcome o = OUTCOME_PASS;
	json_t *stage;
	size_t i;

	if (!json_object_size(policies)) /* no case of it has the tags */
		return OUTCOME_PASS;
	json_array_foreach(json_object_get(b, "stages"), i, stage) {
		if (o == OUTCOME_PASS)
			o = run_stage(s, stage, i ? NULL : policies);
	}
	new_times(s, jstr(b, "action", "?"), seconds_since(start));
	return o == OUTCOME_PASS ? measure(s, batch) : o;
}

static enum outcome run_suite(struct suite *s)
{
	const json_t *world = json_object_get(s->suite, "world");
	_cleanup_json_ json_t *none = json_object();
	uint64_t start = mono_usec();
	enum outcome o = apply_list(s, world), end;
	json_t *b;
	size_t i;

	if (o == OUTCOME_PASS)
		o = settle(s, world);
	new_times(s, "open", seconds_since(start));
	if (o == OUTCOME_PASS && !s->before)
		o = open_matrix(s);
	s->start = mono_usec();
	json_array_foreach(json_object_get(s->suite, "batches"), i, b) {
		if (o == OUTCOME_PASS)
			o = run_batch(s, i, b);
	}
	end = set_policies(s, none);
	if (end == OUTCOME_PASS)
		end = step_run_reconcile(s->c, NULL);
	return MAX(o, end);
}

/* ---- report ---- */

static void save_text(struct step_ctx *c, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", c->dir, name);
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	if (!f || fputs(text, f) < 0)
		step_say(c, OUTCOME_ERROR, "%s: %s", path, strerror(errno));
}

/* What shows the case in a lab of its own. Returns the file's name below the run directory. */
static char *save_case(struct suite *s, const char *folder, const json_t *one)
{
	_cleanup_json_ json_t *objects = generate_manifests(s->suite, one);
	char *name = xasprintf("%s/%s.yaml", folder, jstr(one, "id", "case"));
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *obj, *send;
	size_t i;

	buf_printf(&b, "# %s of seed %lld: %s\n# ovnbed apply -f THIS; ovnbed matrix --network %s",
		   jstr(one, "id", "?"), jint(s->suite, "seed", 0), jstr(one, "text", ""),
		   jstr(one, "network", "?"));
	json_array_foreach(json_object_get(one, "send"), i, send)
		buf_printf(&b, " -s %s", json_string_value(send));
	buf_addc(&b, '\n');
	json_array_foreach(objects, i, obj) {
		_cleanup_free_ char *text = yaml_text(obj);

		buf_printf(&b, "%s%s", i ? "---\n" : "", text);
	}
	save_text(s->c, name, buf_str(&b));
	return name;
}

static const json_t *case_of(const struct suite *s, const json_t *result)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(s->suite, "cases"), i, one)
		if (streq(jstr(one, "id", ""), jstr(result, "id", "-")))
			return one;
	return NULL;
}

/* Each case that is not as expected: its manifests are kept, the first ones are told. */
static enum outcome tell_failed(struct suite *s)
{
	_cleanup_free_ char *folder =
		xasprintf("checks/%s", jstr(s->c->step, "check", "generated"));
	_cleanup_free_ char *dir = xasprintf("%s/%s", s->c->dir, folder);
	_cleanup_err_ struct err e = ERR_INIT;
	enum outcome worst = OUTCOME_PASS, o;
	size_t i, n = 0;
	json_t *r;

	json_array_foreach(s->results, i, r) {
		_cleanup_free_ char *file = NULL;

		if (streq(jstr(r, "status", "error"), "pass"))
			continue;
		o = streq(jstr(r, "status", "error"), "fail") ? OUTCOME_FAIL : OUTCOME_ERROR;
		worst = MAX(worst, o);
		if (!n++ && path_mkdirs(dir, &e) < 0)
			return step_say(s->c, OUTCOME_ERROR, "%s", err_msg(&e));
		file = save_case(s, folder, case_of(s, r));
		jset_str(r, "manifest", file);
		if (n <= SHOWN)
			step_say(s->c, o, "%s (%s): %s [%s]", jstr(r, "id", "?"),
				 jstr(r, "text", ""), jstr(r, "findings.0", "no cells"), file);
	}
	if (n > SHOWN)
		step_say(s->c, worst, "and %zu more cases", n - SHOWN);
	return worst;
}

static char *headline(const struct suite *s)
{
	double seconds = seconds_since(s->start);
	size_t n = json_array_size(s->results), bad = suite_failed(s->results);

	return xasprintf("seed %lld: %zu cases, %zu as expected, %lld cells, %lld denied, %lld "
			 "known deviations, %lld cells measured again, %.1f s, %.1f cases/s",
			 jint(s->suite, "seed", 0), n, n - bad, suite_sum(s->results, "cells"),
			 suite_sum(s->results, "denied"), suite_sum(s->results, "deviations"),
			 s->again, seconds, (double)n / MAX(seconds, 0.001));
}

static json_t *part_of(const struct suite *s, const char *tag, const json_t *t)
{
	const json_t *failed = json_object_get(t, "failed");
	_cleanup_buf_ struct buf why = BUF_INIT;
	json_t *id;
	size_t i;

	json_array_foreach(failed, i, id)
		buf_printf(&why, "%s%s", i ? ", " : "not as expected: ", json_string_value(id));
	return json_pack("{s:o, s:o, s:s, s:o, s:f, s:[]}", "id",
			 jstringf("%s/%s", jstr(s->c->step, "check", "generated"), tag), "name",
			 jstringf("%lld of %lld cases", jint(t, "passed", 0), jint(t, "total", 0)),
			 "status", why.len ? "fail" : "pass", "reason",
			 why.len ? jstring(buf_str(&why)) : json_null(), "seconds", 0.0, "details");
}

/* A check for each tag, so that reports show what kind of case fails. */
static void add_parts(struct suite *s)
{
	_cleanup_json_ json_t *tags = suite_tags(s->results);
	_cleanup_free_ char *text = jtext(tags); /* in order */
	_cleanup_json_ json_t *sorted = jparse(text, strlen(text), NULL);
	const char *tag;
	json_t *t;

	json_object_foreach(sorted, tag, t)
		json_array_append_new(s->c->parts, part_of(s, tag, t));
}

/* Some case must fail with this text in one of its findings. */
static enum outcome judge_wanted(struct suite *s)
{
	const json_t *want = json_object_get(s->param, "verdict");
	const char *status = jstr(want, "status", "fail"), *reason = jstr(want, "reason", "");
	json_t *r, *f;
	size_t i, k;

	json_array_foreach(s->results, i, r)
		json_array_foreach(json_object_get(r, "findings"), k, f)
			if (str_after(json_string_value(f), status) &&
			    strstr(json_string_value(f), reason))
				return OUTCOME_PASS;
	return step_say(s->c, OUTCOME_FAIL,
			"expected a case to %s with \"%s\"; %zu of %zu cases are not as expected",
			status, reason, suite_failed(s->results), json_array_size(s->results));
}

static enum outcome report(struct suite *s)
{
	_cleanup_free_ char *head = headline(s), *text = suite_text(s->results, head);
	_cleanup_free_ char *name = xasprintf("%s.txt", jstr(s->c->step, "check", "generated"));
	enum outcome o;

	save_text(s->c, name, text);
	free(s->c->summary);
	s->c->summary = TAKE_PTR(head);
	if (json_object_get(s->param, "verdict")) {
		o = judge_wanted(s);
	} else {
		o = tell_failed(s);
		add_parts(s);
	}
	json_array_append_new(s->c->details,
			      json_pack("{s:O, s:O, s:O, s:O, s:O?, s:s}", "seed",
					json_object_get(s->suite, "seed"), "cases", s->results,
					"doubts", s->doubts, "batches", s->times, "outcomes",
					s->outcomes, "table", name));
	return o;
}

/* ---- the step ---- */

static uint64_t seed_of(const struct step_ctx *c, const json_t *v)
{
	return c->seed ? strtoull(c->seed, NULL, 10) : (uint64_t)jint(v, "seed", 1);
}

enum outcome step_run_generated(struct step_ctx *c, const json_t *v)
{
	struct generate_opts opts = {.seed = seed_of(c, v),
				     .cases = (unsigned)jint(v, "cases", CASES),
				     .networks = (unsigned)jint(v, "networks", NETWORKS),
				     .tags = json_object_get(v, "tags")};
	_cleanup_json_ json_t *suite = generate_suite(&opts), *results = json_array();
	struct suite s = {.c = c,
			  .param = v,
			  .before = step_earlier(c, jstr(v, "before", ""), "outcomes"),
			  .suite = suite,
			  .results = results,
			  .policies = json_object(),
			  .doubts = json_array(),
			  .times = json_array()};
	enum outcome o, judged;

	if (!json_array_size(json_object_get(suite, "cases")))
		o = step_say(c, OUTCOME_ERROR, "no case has these tags");
	else
		o = run_suite(&s);
	judged = json_array_size(results) ? report(&s) : o;
	json_decref(s.policies);
	json_decref(s.doubts);
	json_decref(s.times);
	json_decref(s.outcomes);
	return MAX(o, judged);
}
