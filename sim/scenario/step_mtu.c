/* SPDX-License-Identifier: Apache-2.0 */
/* mtu: the path between two endpoints by search, its hop by evidence, its TCP. */
#include "scenario/step_verbs.h"

#include "scenario/step_cells.h"

/* Members of the verb's "expect"; the rest goes to the lab as it is. */
static const char *const expected[] = {"path", "beyond",  "class",  "slack",
				       "hop",  "planHop", "counted"};

static void check_one(const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {
		"from!",   "to!",    "path",	   "beyond", "class",	  "slack", "hop", "planHop",
		"counted", "family", "proto",	   "both",   "raise",	  "trace", "tcp", "network",
		"planned", "max",    "advertised", "tries",  "timeoutMs", NULL};
	static const char *const classes[] = {"LOCAL_EMSGSIZE", "BLACKHOLE", "PTB", "FRAGMENTED"};
	const char *class = jstr(v, "class", NULL);
	bool known = !class;

	step_check_keys(v, path, keys, d);
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		known |= streq0(class, classes[i]);
	if (!known) {
		_cleanup_free_ char *p = xasprintf("%s.class", path);

		diags_add(d, DIAG_ERROR, "scenario", p,
			  "expected LOCAL_EMSGSIZE, BLACKHOLE, PTB or FRAGMENTED, found \"%s\"",
			  class);
	}
}

void step_check_mtu(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	json_t *one;
	size_t i;

	(void)s;
	if (!json_is_array(v)) {
		check_one(v, path, d);
		return;
	}
	json_array_foreach(v, i, one) {
		_cleanup_free_ char *p = xasprintf("%s.%zu", path, i);

		check_one(one, p, d);
	}
}

static enum outcome outcome_of(const json_t *o)
{
	const char *st = jstr(o, "verdict.status", "error");

	return streq(st, "pass") ? OUTCOME_PASS : streq(st, "fail") ? OUTCOME_FAIL : OUTCOME_ERROR;
}

static enum outcome judge_direction(struct step_ctx *c, const json_t *family, const char *which)
{
	const json_t *dir = json_object_get(family, which);
	const char *evidence = jstr(dir, "hop.evidence", NULL);
	enum outcome o = dir ? outcome_of(dir) : OUTCOME_PASS;

	if (o == OUTCOME_PASS)
		return o;
	c->want_evidence = true;
	json_array_append_new(c->pairs,
			      json_pack("{s:s, s:s, s:s, s:O?, s:O?}", "from",
					jstr(dir, "from", ""), "to", jstr(dir, "to", ""), "proto",
					"icmp", "family", json_object_get(family, "family"),
					"network", json_object_get(family, "network")));
	return step_say(c, o, "%s > %s (IPv%lld): %s%s%s", jstr(dir, "from", "?"),
			jstr(dir, "to", "?"), jint(family, "family", 4),
			jstr(dir, "verdict.reason", "no verdict"), evidence ? ": " : "",
			evidence ? evidence : "");
}

static enum outcome judge_family(struct step_ctx *c, const json_t *family)
{
	const json_t *tcp = json_object_get(family, "tcp");
	enum outcome o = judge_direction(c, family, "forward");

	o = MAX(o, judge_direction(c, family, "reverse"));
	if (tcp && outcome_of(tcp) != OUTCOME_PASS)
		o = MAX(o, step_say(c, outcome_of(tcp), "IPv%lld: %s", jint(family, "family", 4),
				    jstr(tcp, "verdict.reason", "no verdict")));
	return o;
}

static json_t *body_of(const json_t *v)
{
	json_t *body = json_deep_copy(v);

	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		json_t *x = json_object_get(body, expected[i]);
		_cleanup_free_ char *path = xasprintf("expect.%s", expected[i]);

		if (x)
			jset(body, path, json_incref(x));
		json_object_del(body, expected[i]);
	}
	return body;
}

static enum outcome run_one(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	enum outcome worst = OUTCOME_PASS;
	const json_t *families, *f;
	size_t i;
	int code = step_post(c, "mtu", body_of(v), &reply, &e);

	if (code < 0)
		return step_say(c, OUTCOME_ERROR, "mtu: %s", err_msg(&e));
	if (code != 200)
		return step_say(c, OUTCOME_ERROR, "mtu: %s", jstr(reply, "message", "refused"));
	families = json_object_get(reply, "families");
	if (!json_array_size(families))
		return step_say(c, OUTCOME_ERROR, "mtu: nothing was measured");
	json_array_append(c->details, reply);
	json_array_foreach(families, i, f)
		worst = MAX(worst, judge_family(c, f));
	return worst;
}

enum outcome step_run_mtu(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	enum outcome worst = OUTCOME_PASS;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		worst = MAX(worst, run_one(c, one));
	return worst;
}
