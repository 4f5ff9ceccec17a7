/* SPDX-License-Identifier: Apache-2.0 */
/* probe, isolate, soak: verbs that send packets and judge what came of them. */
#include "scenario/step_verbs.h"

#include <errno.h>

#include "scenario/step_cells.h"

static const char *const expects[] = {"allowed", "denied", "rejected", "isolated", "blocked"};

bool step_parse_send(const char *text, json_t *cell)
{
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *proto = slash ? xstrndup(text, (size_t)(slash - text)) : xstrdup(text);
	long long port = 0;

	if (streq(proto, "icmp") && !slash) {
		jset_str(cell, "proto", "icmp");
		return true;
	}
	if (streq(proto, "bulk")) {
		jset_str(cell, "proto", "bulk");
		if (!slash)
			return true;
		if (parse_int(slash + 1, 1, 65535, &port) < 0)
			return false;
		json_object_set_new(cell, "port", json_integer(port));
		return true;
	}
	if (frames_kind_known(text)) {
		jset_str(cell, "proto", text);
		jset_str(cell, "kind", text);
		return true;
	}
	if ((!streq(proto, "tcp") && !streq(proto, "udp")) || !slash ||
	    parse_int(slash + 1, 1, 65535, &port) < 0)
		return false;
	jset_str(cell, "proto", proto);
	json_object_set_new(cell, "port", json_integer(port));
	return true;
}

static void bad(struct diags *d, const char *path, const char *key, const char *fmt, ...)
	PRINTF(4, 5);
static void bad(struct diags *d, const char *path, const char *key, const char *fmt, ...)
{
	_cleanup_free_ char *p = key ? xasprintf("%s.%s", path, key) : xstrdup(path);
	_cleanup_free_ char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diags_add(d, DIAG_ERROR, "scenario", p, "%s", msg);
}

/* ---- probe ---- */

/*
 * A step may expect that a probe fails, or that there can be no verdict (a dead node), but must name
 * the layer: any failure would do otherwise.
 */
static void check_verdict(const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"status!", "layer!", "reason", NULL};
	_cleanup_free_ char *p = xasprintf("%s.verdict", path);

	if (v)
		step_check_keys(v, p, keys, d);
	if (v && !streq(jstr(v, "status", "fail"), "fail") &&
	    !streq(jstr(v, "status", ""), "error"))
		bad(d, p, "status", "expected fail or error: a pass is what expect asks for");
}

static bool has_check(const struct scenario *s, const char *id)
{
	json_t *step;
	size_t i;

	json_array_foreach(s->steps, i, step)
		if (streq(jstr(step, "check", ""), id))
			return true;
	return false;
}

/* What a policy does, frames do not meet; what a switch does to frames, packets do not. */
static void check_expect(bool frames, const char *expect, const char *path, struct diags *d)
{
	if (frames && (streq(expect, "denied") || streq(expect, "rejected")))
		bad(d, path, "expect", "of frames: allowed, blocked or isolated");
	if (!frames && streq(expect, "blocked"))
		bad(d, path, "expect", "blocked is for kinds of frames; packets are denied");
}

static void check_probe_one(const struct scenario *s, const json_t *v, const char *path,
			    struct diags *d)
{
	static const char *const keys[] = {"from!",   "to!",   "send",	    "expect",  "family",
					   "network", "tries", "timeoutMs", "size",    "bytes",
					   "plain",   "dst",   "before",    "verdict", "toNetwork",
					   "copies",  NULL};
	const char *expect = jstr(v, "expect", "allowed");
	json_t *send;
	bool known = false;
	size_t i;

	step_check_keys(v, path, keys, d);
	for (i = 0; i < ARRAY_SIZE(expects); i++)
		known |= streq(expect, expects[i]);
	if (!known)
		bad(d, path, "expect",
		    "expected allowed, denied, rejected, isolated or blocked, found \"%s\"",
		    expect);
	json_array_foreach(json_object_get(v, "send"), i, send) {
		_cleanup_json_ json_t *cell = json_object();

		if (!json_is_string(send) || !step_parse_send(json_string_value(send), cell))
			bad(d, path, "send", "expected " STEP_SEND_TEXT);
		else
			check_expect(json_object_get(cell, "kind") != NULL, expect, path, d);
	}
	if (json_object_get(v, "before") && !has_check(s, jstr(v, "before", "")))
		bad(d, path, "before", "the scenario has no check \"%s\"", jstr(v, "before", ""));
	check_verdict(json_object_get(v, "verdict"), path, d);
}

void step_check_probe(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	json_t *one;
	size_t i;

	if (json_is_array(v)) {
		json_array_foreach(v, i, one) {
			_cleanup_free_ char *p = xasprintf("%s.%zu", path, i);

			check_probe_one(s, one, p, d);
		}
		return;
	}
	check_probe_one(s, v, path, d);
}

/* "vm/default/vm-a > vm/default/vm-b tcp/80 (IPv4): TIMEOUT: reason" */
static void say_cell(struct step_ctx *c, const json_t *cell)
{
	long long port = jint(cell, "port", 0);
	_cleanup_free_ char *pt = port ? xasprintf("/%lld", port) : xstrdup("");
	_cleanup_free_ char *family = json_object_get(cell, "kind")
					      ? xstrdup("")
					      : xasprintf(" (IPv%lld)", jint(cell, "family", 4));

	step_say(c, OUTCOME_PASS, "%s > %s %s%s%s: expected %s, found %s: %s%s%s%s",
		 jstr(cell, "from", "?"), jstr(cell, "to", "?"), jstr(cell, "proto", "?"), pt,
		 family, jstr(cell, "expect", "?"), jstr(cell, "outcome", "?"),
		 jstr(cell, "verdict.reason", ""), jstr(cell, "verdict.layer", NULL) ? " [" : "",
		 jstr(cell, "verdict.layer", ""), jstr(cell, "verdict.layer", NULL) ? "]" : "");
}

static enum outcome outcome_of(const json_t *cell)
{
	const char *st = jstr(cell, "verdict.status", "error");

	return streq(st, "pass") ? OUTCOME_PASS : streq(st, "fail") ? OUTCOME_FAIL : OUTCOME_ERROR;
}

/* The step wants a failure, or an error, of a certain layer; anything else is a fail, or an error. */
static enum outcome judge_wanted(struct step_ctx *c, const json_t *cell, const json_t *want)
{
	const char *layer = jstr(want, "layer", ""), *reason = jstr(want, "reason", "");
	enum outcome o = outcome_of(cell);

	if (streq(jstr(cell, "verdict.status", ""), jstr(want, "status", "fail")) &&
	    streq(jstr(cell, "verdict.layer", ""), layer) &&
	    strstr(jstr(cell, "verdict.reason", ""), reason))
		return OUTCOME_PASS;
	step_say(c, o, "expected %s in layer %s%s%s", jstr(want, "status", "fail"), layer,
		 *reason ? " with " : "", reason);
	return MAX(o, OUTCOME_FAIL);
}

static enum outcome judge_cells(struct step_ctx *c, const json_t *cells)
{
	enum outcome worst = json_array_size(cells) ? OUTCOME_PASS : OUTCOME_ERROR;
	json_t *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		const json_t *want = json_object_get(cell, STEP_WANTED);
		enum outcome o = want ? judge_wanted(c, cell, want) : outcome_of(cell);

		json_array_append(c->details, cell);
		if (o != OUTCOME_PASS) {
			say_cell(c, cell);
			if (!json_object_get(cell, "kind")) /* frames cannot be traced */
				json_array_append(c->pairs, cell);
			c->want_evidence = true;
		}
		worst = MAX(worst, o);
	}
	return worst;
}

/* Sends cells to one of the lab's verbs, and judges them. */
static enum outcome send_cells(struct step_ctx *c, const char *verb, json_t *body)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	enum outcome o;
	size_t i;
	json_t *x;
	int code;

	jset_str(body, "nonce", c->nonce);
	code = step_post(c, verb, body, &reply, &e);
	if (code < 0)
		return step_say(c, OUTCOME_ERROR, "probe: %s", err_msg(&e));
	if (code != 200)
		return step_say(c, OUTCOME_ERROR, "probe: %s", jstr(reply, "message", "refused"));
	json_array_foreach(json_object_get(reply, "infra"), i, x)
		step_say(c, OUTCOME_ERROR, "probe: %s: %s", jstr(x, "endpoint", "?"),
			 jstr(x, "why", "?"));
	o = judge_cells(c, json_object_get(reply, "cells"));
	return json_array_size(json_object_get(reply, "infra")) ? OUTCOME_ERROR : o;
}

json_t *step_take_frames(json_t *cells)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < json_array_size(cells);) {
		json_t *cell = json_array_get(cells, i);

		if (json_object_get(cell, "kind")) {
			json_array_append(frames, cell);
			json_array_remove(cells, i);
		} else {
			i++;
		}
	}
	return frames;
}

enum outcome step_run_probe(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *list = step_as_list(v), *cells = json_array(), *frames = NULL;
	enum outcome o = OUTCOME_PASS, p;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		step_add_cells(c, cells, one);
	frames = step_take_frames(cells);
	if (json_array_size(cells) || !json_array_size(frames))
		o = send_cells(c, "probes", json_pack("{s:O}", "cells", cells));
	if (!json_array_size(frames))
		return o;
	p = send_cells(c, "frames",
		       json_pack("{s:O, s:O?, s:O?}", "cells", frames, "copies",
				 jget(frames, "0.copies"), "timeoutMs",
				 jget(frames, "0.timeoutMs")));
	return MAX(o, p);
}

/* ---- isolate ---- */

void step_check_isolate(const struct scenario *s, const json_t *v, const char *path,
			struct diags *d)
{
	static const char *const keys[] = {"networks", "endpoints", "port",
					   "tries",    "timeoutMs", NULL};

	(void)s;
	step_check_keys(v, path, keys, d);
}

enum outcome step_run_isolate(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *body = json_deep_copy(v);
	const char *st;
	int code;

	jset_str(body, "nonce", c->nonce);
	code = step_post(c, "isolate", body, &reply, &e);
	if (code < 0)
		return step_say(c, OUTCOME_ERROR, "isolate: %s", err_msg(&e));
	if (code != 200)
		return step_say(c, OUTCOME_ERROR, "isolate: %s", jstr(reply, "message", "refused"));
	json_array_append(c->details, reply);
	st = jstr(reply, "verdict.status", "error");
	if (streq(st, "pass"))
		return OUTCOME_PASS;
	return step_say(c, streq(st, "fail") ? OUTCOME_FAIL : OUTCOME_ERROR, "%s",
			jstr(reply, "verdict.reason", "no verdict"));
}

/* ---- soak ---- */

void step_check_soak(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"flows!", "deadlineS", NULL};
	static const char *const flow_keys[] = {"from!",   "to!",    "proto!", "port!",
						"count!",  "family", "window", "timeoutMs",
						"network", NULL};
	json_t *f;
	size_t i;

	(void)s;
	step_check_keys(v, path, keys, d);
	json_array_foreach(json_object_get(v, "flows"), i, f) {
		_cleanup_free_ char *p = xasprintf("%s.flows.%zu", path, i);

		step_check_keys(f, p, flow_keys, d);
	}
}

enum outcome step_run_soak(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code = step_post(c, "soak", json_deep_copy(v), &reply, &e);
	enum outcome worst = OUTCOME_PASS;
	json_t *f;
	size_t i;

	if (code < 0)
		return step_say(c, OUTCOME_ERROR, "soak: %s", err_msg(&e));
	if (code != 200)
		return step_say(c, OUTCOME_ERROR, "soak: %s", jstr(reply, "message", "refused"));
	if (!json_array_size(json_object_get(reply, "flows")))
		return step_say(c, OUTCOME_ERROR, "soak: no flow was run");
	json_array_append(c->details, reply);
	json_array_foreach(json_object_get(reply, "flows"), i, f) {
		const char *st = jstr(f, "verdict.status", "error");

		if (streq(st, "pass"))
			continue;
		worst = MAX(worst, streq(st, "fail") ? OUTCOME_FAIL : OUTCOME_ERROR);
		step_say(c, worst, "%s > %s %s: %s", jstr(f, "from", "?"), jstr(f, "to", "?"),
			 jstr(f, "proto", "?"), jstr(f, "verdict.reason", "no verdict"));
	}
	return worst;
}
