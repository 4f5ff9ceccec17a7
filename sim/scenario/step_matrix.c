/* SPDX-License-Identifier: Apache-2.0 */
/* matrix: every pair of a network against the oracle, and against what the scenario says itself. */
#include "scenario/step_verbs.h"

#include <errno.h>
#include <fnmatch.h>

#include "ovnk/mutate.h"
#include "probe/verdict.h"
#include "scenario/grid.h"
#include "scenario/step_matrix_trace.h"

#define FINDINGS_MAX 8
#define LAYERS_MAX 2 /* cells of which the layer is found out */

static void bad(struct diags *d, const char *path, const char *key, const char *fmt, ...)
	PRINTF(4, 5);
static void bad(struct diags *d, const char *path, const char *key, const char *fmt, ...)
{
	_cleanup_free_ char *p = xasprintf("%s.%s", path, key), *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diags_add(d, DIAG_ERROR, "scenario", p, "%s", msg);
}

static void check_patterns(const json_t *v, const char *path, const char *key, struct diags *d)
{
	const json_t *list = json_object_get(v, key), *e;
	size_t i;

	if (list && !json_is_array(list))
		bad(d, path, key, "expected a list of \"FROM>TO SEND\"");
	json_array_foreach(list, i, e)
		if (!strchr(json_string_value(e) ?: "", '>'))
			bad(d, path, key, "expected \"FROM>TO SEND\", found \"%s\"",
			    json_string_value(e) ?: "");
}

/* key, when it is there, is the name of a check. */
static void check_earlier(const struct scenario *s, const json_t *v, const char *path,
			  const char *key, struct diags *d)
{
	const char *id = jstr(v, key, NULL);
	bool known = !json_object_get(v, key);
	json_t *step;
	size_t i;

	json_array_foreach(s->steps, i, step)
		known |= id && streq(jstr(step, "check", ""), id);
	if (!known)
		bad(d, path, key, "the scenario has no check \"%s\"", id ?: "");
}

/* of: what an earlier matrix has brought is judged, and nothing sent. */
static void check_of(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"of!",	  "network!",	"denied",
					   "replyDenied", "deviations", NULL};

	step_check_keys(v, path, keys, d);
	check_earlier(s, v, path, "of", d);
	check_patterns(v, path, "denied", d);
	check_patterns(v, path, "replyDenied", d);
}

static void check_send(const json_t *v, const char *path, struct diags *d)
{
	json_t *send;
	size_t i;

	json_array_foreach(json_object_get(v, "send"), i, send) {
		_cleanup_json_ json_t *cell = json_object();

		if (!step_parse_send(json_string_value(send) ?: "", cell) ||
		    streq(jstr(cell, "proto", ""), "bulk") || json_object_get(cell, "kind"))
			bad(d, path, "send", "expected icmp, tcp/PORT or udp/PORT");
	}
}

/* Several networks at once. */
static void check_networks(const json_t *list, const char *path, struct diags *d)
{
	static const char *const keys[] = {"network!", "endpoints", "send", NULL};
	json_t *v;
	size_t i;

	if (list && !json_is_array(list))
		bad(d, path, "networks", "expected a list of {network, endpoints, send}");
	json_array_foreach(list, i, v) {
		_cleanup_free_ char *p = xasprintf("%s.networks.%zu", path, i);

		step_check_keys(v, p, keys, d);
		check_send(v, p, d);
	}
}

void step_check_matrix(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {
		"network", "networks", "endpoints",   "send",	 "family",    "before",
		"expect",  "denied",   "replyDenied", "tries",	 "timeoutMs", "window",
		"rounds",  "trace",    "deviations",  "verdict", NULL};
	const char *expect = jstr(v, "expect", "oracle");

	if (json_object_get(v, "of")) {
		check_of(s, v, path, d);
		return;
	}
	step_check_keys(v, path, keys, d);
	if (!streq(expect, "oracle") && !streq(expect, "allowed"))
		bad(d, path, "expect", "expected oracle or allowed, found \"%s\"", expect);
	check_send(v, path, d);
	check_networks(json_object_get(v, "networks"), path, d);
	check_earlier(s, v, path, "before", d);
	if (json_object_get(v, "verdict")) {
		_cleanup_free_ char *p = xasprintf("%s.verdict", path);
		static const char *const wanted[] = {"status!", "reason!", "layer", NULL};

		step_check_keys(json_object_get(v, "verdict"), p, wanted, d);
	}
	check_patterns(v, path, "denied", d);
	check_patterns(v, path, "replyDenied", d);
}

/* ---- what the scenario itself expects ---- */

/* "pod/default/a" as "a", "pod/ns/a" as "ns/a". */
static char *short_name(const char *endpoint)
{
	const char *p = strchr(endpoint, '/');
	const char *rest = p ? str_after(p + 1, "default/") : NULL;

	return xstrdup(rest ? rest : p ? p + 1 : endpoint);
}

/* "a>b tcp/80", which patterns are matched against. */
static char *short_key(const json_t *cell)
{
	_cleanup_free_ char *from = short_name(jstr(cell, "from", ""));
	_cleanup_free_ char *to = short_name(jstr(cell, "to", ""));
	long long port = jint(cell, "port", 0);

	return port ? xasprintf("%s>%s %s/%lld", from, to, jstr(cell, "proto", ""), port)
		    : xasprintf("%s>%s %s", from, to, jstr(cell, "proto", ""));
}

static bool listed(const json_t *patterns, const char *key, json_t *used)
{
	bool hit = false;
	json_t *p;
	size_t i;

	json_array_foreach(patterns, i, p) {
		if (fnmatch(json_string_value(p), key, 0) != 0)
			continue;
		jadd_str(used, json_string_value(p));
		hit = true;
	}
	return hit;
}

static enum outcome unused(struct step_ctx *c, const json_t *patterns, const json_t *used)
{
	enum outcome o = OUTCOME_PASS;
	json_t *p;
	size_t i;

	json_array_foreach(patterns, i, p)
		if (!jhas_str(used, json_string_value(p)))
			o = step_say(c, OUTCOME_ERROR, "no cell is called \"%s\"",
				     json_string_value(p));
	return o;
}

/* The oracle must say what the scenario's author says. */
static enum outcome compare(struct step_ctx *c, const json_t *v, const json_t *cells)
{
	const json_t *denied = json_object_get(v, "denied");
	const json_t *reply = json_object_get(v, "replyDenied");
	_cleanup_json_ json_t *used = json_array();
	enum outcome worst = OUTCOME_PASS;
	json_t *cell;
	size_t i;

	if (!denied && !reply)
		return OUTCOME_PASS;
	json_array_foreach(cells, i, cell) {
		_cleanup_free_ char *key = short_key(cell);
		const char *want = listed(denied, key, used)  ? "denied"
				   : listed(reply, key, used) ? "reply-denied"
							      : "allowed";

		if (streq(want, jstr(cell, "expect", "")))
			continue;
		worst = step_say(c, OUTCOME_FAIL,
				 "%s: the scenario expects %s, the oracle says %s: %s", key, want,
				 jstr(cell, "expect", "?"), jstr(cell, "why", ""));
	}
	return MAX(worst, MAX(unused(c, denied, used), unused(c, reply, used)));
}

/* deviations: false: both profiles must agree on every cell; true: at least one must differ. */
static enum outcome check_deviations(struct step_ctx *c, const json_t *v, const json_t *cells)
{
	const json_t *want = json_object_get(v, "deviations");
	size_t i, n = 0;
	json_t *cell;

	json_array_foreach(cells, i, cell)
		n += json_object_get(cell, "deviation") != NULL;
	if (!want || json_is_true(want) == (n > 0))
		return OUTCOME_PASS;
	return step_say(c, OUTCOME_FAIL, "%zu cells deviate from the API's text, expected %s", n,
			json_is_true(want) ? "some" : "none");
}

/* ---- mutate ---- */

void step_check_mutate(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	const char *name = json_string_value(v);
	_cleanup_buf_ struct buf known = BUF_INIT;

	(void)s;
	for (const struct mutation *m = mutations; m->name; m++)
		buf_printf(&known, ", %s", m->name);
	if (!name || (!streq(name, "none") && !mutation_find(name)))
		diags_add(d, DIAG_ERROR, "scenario", path, "expected one of none%s",
			  buf_str(&known));
}

enum outcome step_run_mutate(struct step_ctx *c, const json_t *v)
{
	return step_simple(c, "mutate", json_pack("{s:O}", "name", v));
}

/* ---- running it ---- */

static bool lacks_before(const struct step_ctx *c, const json_t *v)
{
	return json_object_get(v, "before") &&
	       !json_object_size(step_earlier(c, jstr(v, "before", ""), "outcomes"));
}

static json_t *request(const struct step_ctx *c, const json_t *v)
{
	static const char *const own[] = {"denied", "replyDenied", "trace", "deviations",
					  "verdict"};
	json_t *body = json_deep_copy(v);

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		json_object_del(body, own[i]);
	if (json_object_get(v, "before"))
		json_object_set(
			body, "before",
			(json_t *)(uintptr_t)step_earlier(c, jstr(v, "before", ""), "outcomes"));
	/* what must fail would only be measured in vain again */
	if (json_object_get(v, "verdict") && !json_object_get(v, "rounds"))
		json_object_set_new(body, "rounds", json_integer(1));
	return body;
}

/* The cells that failed, for traces; all others only count. */
static void note_pairs(struct step_ctx *c, const json_t *cells)
{
	json_t *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		if (streq(jstr(cell, "verdict.status", "error"), "pass") ||
		    json_array_size(c->pairs) >= FINDINGS_MAX)
			continue;
		json_array_append(c->pairs, cell);
		c->want_evidence = true;
	}
}

/* Says of the first failing cells which layer is wrong. */
static void say_layers(struct step_ctx *c, const json_t *reply)
{
	size_t i, n = 0;
	json_t *cell;

	json_array_foreach(json_object_get(reply, "cells"), i, cell) {
		_cleanup_free_ char *why = NULL;
		const char *layer;

		if (n == LAYERS_MAX || streq(jstr(cell, "verdict.status", ""), "pass"))
			continue;
		layer = matrix_layer(c, cell, &why);
		step_say(c, OUTCOME_PASS, "%s: layer %s: %s (%s)", jstr(cell, "key", "?"), layer,
			 matrix_layer_text(layer), why ?: "");
		n++;
	}
}

static enum outcome judge(struct step_ctx *c, const json_t *v, json_t *reply)
{
	_cleanup_free_ char *findings = grid_findings(reply, FINDINGS_MAX);
	const char *status = jstr(reply, "status", "error");
	const json_t *cells = json_object_get(reply, "cells");
	enum outcome o = streq(status, "pass")	 ? OUTCOME_PASS
			 : streq(status, "fail") ? OUTCOME_FAIL
						 : OUTCOME_ERROR;

	if (o != OUTCOME_PASS) {
		step_say(c, o, "%.*s", (int)strlen(findings) - 1, findings);
		note_pairs(c, cells);
		say_layers(c, reply);
	} else if (jint(v, "trace", 0) > 0) {
		o = matrix_trace(c, reply, (size_t)jint(v, "trace", 0));
	}
	o = MAX(o, compare(c, v, cells));
	return MAX(o, check_deviations(c, v, cells));
}

/* The first cell that is not as expected and whose finding has reason in it, or NULL. */
static const json_t *wanted_cell(const json_t *reply, const char *reason)
{
	size_t i;
	json_t *cell;

	json_array_foreach(json_object_get(reply, "cells"), i, cell) {
		_cleanup_json_ json_t *one = json_pack("{s:[O]}", "cells", cell);
		_cleanup_free_ char *line = grid_findings(one, 0);

		if (*line && strstr(line, reason))
			return cell;
	}
	return NULL;
}

/*
 * verdict: {status, reason, layer?}: the matrix must fail (or end as error), with a finding that has
 * reason in it, in that layer: a suite that cannot fail proves nothing.
 */
static enum outcome judge_wanted(struct step_ctx *c, const json_t *v, const json_t *reply)
{
	_cleanup_free_ char *findings = grid_findings(reply, 1), *why = NULL;
	const char *want = jstr(v, "verdict.status", "fail");
	const char *reason = jstr(v, "verdict.reason", "");
	const char *layer = jstr(v, "verdict.layer", NULL), *found;
	const json_t *cell = wanted_cell(reply, reason);

	if (!streq(jstr(reply, "status", "error"), want) || !cell)
		return step_say(c, OUTCOME_FAIL, "expected %s with \"%s\", found %s: %.*s", want,
				reason, jstr(reply, "status", "error"),
				(int)strcspn(findings, "\n"), findings);
	if (!layer)
		return OUTCOME_PASS;
	found = matrix_layer(c, cell, &why);
	if (streq(found, layer))
		return OUTCOME_PASS;
	return step_say(c, OUTCOME_FAIL, "%s: expected layer %s, found %s (%s)",
			jstr(cell, "key", "?"), layer, found, why ?: "");
}

/* The cells of one network that an earlier matrix has brought. */
static enum outcome run_of(struct step_ctx *c, const json_t *v)
{
	const char *network = jstr(v, "network", "");
	json_t *cells = json_array(), *cell;
	_cleanup_json_ json_t *part = json_pack("{s:s, s:o}", "network", network, "cells", cells);
	size_t i;

	json_array_foreach(step_earlier(c, jstr(v, "of", ""), "cells"), i, cell)
		if (streq(jstr(cell, "network", ""), network))
			json_array_append(cells, cell);
	if (!json_array_size(cells))
		return step_say(c, OUTCOME_ERROR, "check %s has no cells of network %s",
				jstr(v, "of", ""), network);
	jset_str(part, "status", verdict_worst(cells));
	json_array_append(c->details, part);
	return judge(c, v, part);
}

enum outcome step_run_matrix(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code;

	if (json_object_get(v, "of"))
		return run_of(c, v);
	if (lacks_before(c, v))
		return step_say(c, OUTCOME_ERROR, "check %s has not shown that anything was open",
				jstr(v, "before", ""));
	code = step_post(c, "matrix", request(c, v), &reply, &e);
	if (code != 200)
		return step_say(c, OUTCOME_ERROR, "matrix: %s",
				code < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
	json_array_append(c->details, reply);
	return json_object_get(v, "verdict") ? judge_wanted(c, v, reply) : judge(c, v, reply);
}
