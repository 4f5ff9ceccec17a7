/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/run.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/log.h"
#include "lab/client.h"
#include "lab/launch.h"
#include "lab/options.h"
#include "lab/topology.h"
#include "scenario/evidence.h"
#include "scenario/logs.h"
#include "scenario/step_capture.h"
#include "scenario/step_verbs.h"

#define STEP_TIMEOUT (60 * USEC_PER_SEC)

struct run {
	const struct scenario *s;
	const struct run_opts *o;
	const char *zones;
	char *dir; /* of this scenario and zone mode */
	struct lab_paths paths;
	struct client *client;
	int tether; /* of the scenario's own lab: it ends with us; -1: none */
	struct logs *logs;
	json_t *result, *checks;
};

/* ---- outcomes ---- */

static const char *const outcome_names[] = {"pass",  "skip", "unsupported", "xfail",
					    "xpass", "fail", "error"};

const char *outcome_name(enum outcome o)
{
	return outcome_names[o];
}

static enum outcome outcome_parse(const char *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(outcome_names); i++)
		if (streq(outcome_names[i], s))
			return (enum outcome)i;
	return OUTCOME_ERROR;
}

const char *run_worst(const json_t *list)
{
	enum outcome worst = json_array_size(list) ? OUTCOME_PASS : OUTCOME_ERROR;
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		enum outcome o = outcome_parse(jstr(v, "status", "error"));

		worst = MAX(worst, o);
	}
	return outcome_name(worst);
}

json_t *run_counts(const json_t *results)
{
	json_t *counts = json_object(), *r, *c;
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(outcome_names); i++)
		json_object_set_new(counts, outcome_names[i], json_integer(0));
	json_array_foreach(results, i, r) {
		json_array_foreach(json_object_get(r, "checks"), k, c) {
			const char *st = jstr(c, "status", "error");

			json_object_set_new(counts, st, json_integer(jint(counts, st, 0) + 1));
		}
	}
	return counts;
}

/* ---- steps ---- */

static void progress(struct run *r, const char *what, const char *status, double seconds)
{
	if (r->o->progress)
		r->o->progress(r->o->arg, what, status, seconds);
}

static enum outcome run_verbs(struct step_ctx *c)
{
	enum outcome worst = OUTCOME_PASS, o;

	for (const struct step_verb *v = step_verbs; v->name; v++) {
		const json_t *param = json_object_get(c->step, v->name);

		if (!param || v->modifier)
			continue;
		o = v->run(c, param);
		worst = MAX(worst, o);
		if (o >= OUTCOME_FAIL || o == OUTCOME_SKIP)
			break;
	}
	o = step_capture_end(c);
	return worst == OUTCOME_SKIP ? worst : MAX(worst, o);
}

/*
 * xfail: text, or {reason, if: EXEC}: with `if` only where that command (form of the exec verb)
 * succeeds, so that a deviation is recognised by behaviour and not by version.
 */
static bool deviates(struct step_ctx *c)
{
	const json_t *x = json_object_get(c->step, "xfail"), *cond = json_object_get(x, "if");
	struct step_ctx probe = *c;
	bool hit;

	if (!x || !cond)
		return x != NULL;
	probe.why = (struct buf)BUF_INIT;
	probe.details = json_array();
	hit = step_run_exec(&probe, cond) == OUTCOME_PASS;
	buf_free(&probe.why);
	json_decref(probe.details);
	return hit;
}

/* A known upstream deviation turns a fail into xfail and a pass into xpass. */
static enum outcome expected_failure(struct step_ctx *c, enum outcome o)
{
	if ((o != OUTCOME_FAIL && o != OUTCOME_PASS) || !deviates(c))
		return o;
	return o == OUTCOME_FAIL ? OUTCOME_XFAIL : OUTCOME_XPASS;
}

static const char *xfail_reason(const json_t *step)
{
	return jstr(step, "xfail.reason", jstr(step, "xfail", NULL));
}

/* Notes the daemon lines of this step that nobody expected. */
static void note_logs(struct run *r, const json_t *step, const char *id)
{
	_cleanup_json_ json_t *expected = json_array(), *lines = NULL;
	json_t *l;
	size_t i;

	json_array_extend(expected, json_object_get(step, "expectLog"));
	for (const struct step_verb *v = step_verbs; v->name; v++)
		if (v->provokes && json_object_get(step, v->name))
			json_array_append_new(expected, jstring(v->provokes));
	lines = logs_unexpected(r->logs, r->s->expect_log, expected);

	json_array_foreach(lines, i, l)
		jset_str(l, "step", id);
	json_array_extend(json_object_get(r->result, "log"), lines);
}

/* The check that closes every scenario: no daemon complained of anything unexpected. */
static void judge_logs(struct run *r)
{
	const json_t *lines = json_object_get(r->result, "log");
	struct buf why = BUF_INIT;
	json_t *l;
	size_t i;

	json_array_foreach(lines, i, l)
		if (i < 5)
			buf_printf(&why, "%snode/%s (%s): %s", i ? "\n" : "", jstr(l, "node", "?"),
				   jstr(l, "step", "?"), jstr(l, "line", "?"));
	json_array_append_new(r->checks,
			      json_pack("{s:s, s:s, s:s, s:o, s:f, s:[]}", "id", "daemon-logs",
					"name", "no daemon logged an unexpected warning or error",
					"status", json_array_size(lines) ? "fail" : "pass",
					"reason", why.len ? jstring(buf_str(&why)) : json_null(),
					"seconds", 0.0, "details"));
	if (why.len)
		fprintf(stderr, "    daemon-logs\n      %s\n", buf_str(&why));
	buf_free(&why);
}

static void add_check(struct run *r, struct step_ctx *c, const char *id, enum outcome o,
		      double seconds)
{
	json_t *check =
		json_pack("{s:s, s:o, s:s, s:o, s:f, s:O}", "id", id, "name",
			  jstring(jstr(c->step, "name", id)), "status", outcome_name(o), "reason",
			  jstring(c->why.len && o != OUTCOME_XFAIL ? buf_str(&c->why)
								   : xfail_reason(c->step)),
			  "seconds", seconds, "details", c->details);

	if (c->summary)
		jset_str(check, "summary", c->summary);
	if (o >= OUTCOME_FAIL && r->client)
		json_object_set_new(check, "evidence", evidence_collect(c, r->dir, id));
	json_array_append_new(r->checks, check);
	json_array_extend(r->checks, c->parts);
}

/* Runs one step. False when the scenario cannot go on. */
static bool run_step(struct run *r, const json_t *step, size_t index)
{
	_cleanup_free_ char *id = jstr(step, "check", NULL) ? xstrdup(jstr(step, "check", NULL))
							    : xasprintf("step-%zu", index + 1);
	bool is_check = jstr(step, "check", NULL) != NULL;
	_cleanup_json_ json_t *details = json_array(), *pairs = json_array();
	_cleanup_json_ json_t *heal = json_array(), *parts = json_array();
	struct step_ctx c = {.scenario = r->s,
			     .step = step,
			     .client = r->client,
			     .paths = &r->paths,
			     .checks = r->checks,
			     .zones = r->zones,
			     .timeout = STEP_TIMEOUT,
			     .heal = heal,
			     .dir = r->dir,
			     .seed = r->o->seed,
			     .parts = parts,
			     .details = details,
			     .pairs = pairs};
	uint64_t start = mono_usec();
	enum outcome o, healed;
	double seconds;

	if (jstr(step, "timeout", NULL))
		step_duration(jstr(step, "timeout", NULL), &c.timeout);
	else if (jint(step, "timeout", 0))
		c.timeout = (uint64_t)jint(step, "timeout", 0) * USEC_PER_SEC;
	progress(r, id, NULL, -1);
	o = expected_failure(&c, run_verbs(&c));
	healed = step_heal_due(&c);
	o = MAX(o, healed);
	note_logs(r, step, id);
	seconds = (double)(mono_usec() - start) / 1e6;
	if (!is_check && o >= OUTCOME_FAIL)
		o = OUTCOME_ERROR;
	if (is_check || o != OUTCOME_PASS)
		add_check(r, &c, id, o, seconds);
	progress(r, id, outcome_name(o), seconds);
	if (c.summary && r->o->progress)
		fprintf(stderr, "    %s\n", c.summary);
	free(c.summary);
	buf_free(&c.why);
	step_capture_free(c.capture);
	return is_check || o < OUTCOME_FAIL;
}

static void skip_rest(struct run *r, size_t from)
{
	for (size_t i = from; i < json_array_size(r->s->steps); i++) {
		const json_t *step = json_array_get(r->s->steps, i);
		const char *id = jstr(step, "check", NULL);

		if (id)
			json_array_append_new(r->checks,
					      json_pack("{s:s, s:s, s:s, s:s, s:f, s:[]}", "id", id,
							"name", jstr(step, "name", id), "status",
							"error", "reason",
							"not run: an earlier step failed",
							"seconds", 0.0, "details"));
	}
}

/* ---- lab ---- */

static void lab_phase(void *arg, const char *phase, double seconds)
{
	struct run *r = arg;
	_cleanup_free_ char *what = xasprintf("up: %s", phase);

	if (seconds >= 0)
		progress(r, what, "ok", seconds);
}

static json_t *topology_for(struct run *r, struct err *e)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	json_t *t = topology_load_zones(r->s->topology, r->zones, &d);

	if (!t) {
		_cleanup_buf_ struct buf b = BUF_INIT;

		for (size_t i = 0; i < d.n; i++)
			diag_print(&d.v[i], &b);
		err_set(e, EINVAL, "%s", buf_str(&b));
	}
	return t;
}

/* Takes away what runs that were killed have left of their labs. */
static void sweep(void)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *labs = lab_list(&e);
	json_t *lab;
	size_t i;

	json_array_foreach(labs, i, lab) {
		_cleanup_lab_paths_ struct lab_paths p = {0};
		_cleanup_err_ struct err x = ERR_INIT;
		const char *name = jstr(lab, "name", "");

		if (str_after(name, "run-") && streq(jstr(lab, "state", ""), "dead") &&
		    lab_paths_init(&p, name, &x) >= 0)
			lab_stop(&p, &x);
	}
}

static int lab_open(struct run *r, struct err *e)
{
	_cleanup_json_ json_t *topo = NULL, *options = NULL;
	_cleanup_free_ char *own = xasprintf("run-%d", (int)getpid());
	int code = lab_paths_init(&r->paths, r->o->lab ? r->o->lab : own, e);

	if (code < 0)
		return code;
	if (!r->o->lab) {
		topo = topology_for(r, e);
		options = topo ? lab_options(&r->paths, topo, e) : NULL;
		if (!options)
			return -e->code;
		sweep();
		code = lab_launch_tethered(&r->paths, topo, options, lab_phase, r, &r->tether, e);
		if (code < 0)
			return code;
	}
	r->client = client_open(r->paths.sock, e);
	return r->client ? 0 : -e->code;
}

static void lab_facts(struct run *r)
{
	_cleanup_json_ json_t *st = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (step_get(r->client, "/apis/ovnbed.io/v1alpha1/status", &st, &e) != 200)
		return;
	json_object_set(r->result, "timings", json_object_get(st, "timings"));
	json_object_set(r->result, "deviations", json_object_get(st, "deviations"));
	json_object_set(r->result, "versions", json_object_get(st, "versions"));
}

/* ---- the whole ---- */

static void run_steps(struct run *r)
{
	json_t *step;
	size_t i;

	json_array_foreach(r->s->steps, i, step) {
		if (!run_step(r, step, i)) {
			skip_rest(r, i + 1);
			break;
		}
	}
}

/* Undoes the faults of the scenario's own, whatever came of it; one that stays is an error. */
static void heal_rest(struct run *r, const json_t *before)
{
	_cleanup_free_ char *why = faults_heal_but(r->client, before);

	if (why)
		json_array_append_new(r->checks,
				      json_pack("{s:s, s:s, s:s, s:s, s:f, s:[]}", "id",
						"faults-healed", "name",
						"faults are undone at the end", "status", "error",
						"reason", why, "seconds", 0.0, "details"));
}

static void save(struct run *r)
{
	_cleanup_free_ char *path = xasprintf("%s/result.json", r->dir);
	_cleanup_err_ struct err e = ERR_INIT;

	if (jsave_file(path, r->result, &e) < 0)
		log_warn("%s", err_msg(&e));
}

static void fail_all(struct run *r, const struct err *e)
{
	json_array_append_new(r->checks,
			      json_pack("{s:s, s:s, s:s, s:s, s:f, s:[]}", "id", "lab-up", "name",
					"the lab comes up", "status", "error", "reason", err_msg(e),
					"seconds", 0.0, "details"));
	skip_rest(r, 0);
}

int scenario_run(const struct scenario *s, const char *zones, const struct run_opts *o,
		 json_t **ret, struct err *e)
{
	struct run r = {.s = s, .o = o, .zones = zones, .tether = -1, .checks = json_array()};
	_cleanup_err_ struct err up = ERR_INIT, down = ERR_INIT;
	_cleanup_json_ json_t *before = NULL;
	uint64_t start = mono_usec();
	int code;

	r.dir = xasprintf("%s/%s-%s", o->out, s->name, zones);
	code = path_mkdirs(r.dir, e);
	if (code < 0) {
		free(r.dir);
		json_decref(r.checks);
		return code;
	}
	r.result = json_pack("{s:s, s:s, s:s, s:O?, s:s, s:s, s:o, s:[]}", "scenario", s->name,
			     "zones", zones, "file", s->file, "labels", s->labels, "topology",
			     s->topology, "dir", r.dir, "checks", r.checks, "log");
	if (lab_open(&r, &up) < 0) {
		fail_all(&r, &up);
	} else {
		jset_str(r.result, "lab", r.paths.name);
		r.logs = logs_new(r.paths.state, o->lab != NULL);
		lab_facts(&r);
		before = faults_active(r.client);
		run_steps(&r);
		heal_rest(&r, before);
		lab_facts(&r); /* what this OVN lacks shows when it is used */
		judge_logs(&r);
		evidence_dump(r.client, r.paths.state, r.dir);
	}
	if (!o->lab && !(o->keep && r.client) && r.paths.name) {
		evidence_logs(r.paths.state, r.dir);
		lab_stop(&r.paths, &down);
	}
	if (r.tether >= 0 && o->keep)
		lab_untether(r.tether);
	else if (r.tether >= 0)
		close_fd(r.tether);
	jset_str(r.result, "status", run_worst(r.checks));
	json_object_set_new(r.result, "seconds", json_real((double)(mono_usec() - start) / 1e6));
	save(&r);
	logs_free(r.logs);
	client_free(r.client);
	lab_paths_free(&r.paths);
	free(r.dir);
	*ret = r.result;
	return 0;
}
