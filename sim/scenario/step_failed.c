/* SPDX-License-Identifier: Apache-2.0 */
/* failed: verdicts of the controllers on objects that are stored. */
#include "scenario/step_verbs.h"

#include <errno.h>

#include "lab/client.h"

void step_check_failed(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"reason", "object", "severity", "rule", NULL};
	_cleanup_json_ json_t *list = step_as_list(v);
	json_t *one;
	size_t i;

	(void)s;
	json_array_foreach(list, i, one) {
		step_check_keys(one, path, keys, d);
		if (!json_object_get(one, "reason") && !json_object_get(one, "rule"))
			diags_add(d, DIAG_ERROR, "scenario", path, "expected a reason or a rule");
	}
}

/* Reasons why something in the lab does not work, as {severity, object, message, rule}: verdicts,
 * pending pods (severity "pending") and warning events ("event", with their reason as rule). */
static json_t *complaints(struct step_ctx *c, struct err *e)
{
	_cleanup_json_ json_t *reply = NULL, *events = NULL;
	int code = step_post(c, "reconcile", json_object(), &reply, e);
	json_t *out, *v;
	size_t i;

	if (code >= 0 && code != 200)
		err_set(e, EIO, "%s", jstr(reply, "message", "refused"));
	if (code != 200)
		return NULL;
	out = json_array();
	json_array_extend(out, json_object_get(reply, "verdicts"));
	json_array_foreach(json_object_get(reply, "pending"), i, v)
		json_array_append_new(out,
				      json_pack("{s:s, s:o, s:O?}", "severity", "pending", "object",
						jstringf("Pod %s/%s", jstr(v, "namespace", ""),
							 jstr(v, "name", "")),
						"message", json_object_get(v, "reason")));
	step_get(c->client, "/api/v1/events?fieldSelector=type%3DWarning", &events, e);
	json_array_foreach(json_object_get(events, "items"), i, v)
		json_array_append_new(
			out, json_pack("{s:s, s:o, s:O?, s:O?}", "severity", "event", "object",
				       jstringf("%s %s/%s", jstr(v, "involvedObject.kind", ""),
						jstr(v, "involvedObject.namespace", ""),
						jstr(v, "involvedObject.name", "")),
				       "message", json_object_get(v, "message"), "rule",
				       json_object_get(v, "reason")));
	return out;
}

/* "NetworkAttachmentDefinition ns/name" is meant by itself, by "ns/name" and by "name". */
static bool same_object(const char *want, const char *have)
{
	size_t w = strlen(want), h = strlen(have);

	return w <= h && streq(have + h - w, want) &&
	       (w == h || have[h - w - 1] == ' ' || have[h - w - 1] == '/');
}

static bool fits(const json_t *want, const json_t *have)
{
	const char *object = jstr(want, "object", NULL), *rule = jstr(want, "rule", NULL);
	const char *severity = jstr(want, "severity", NULL);

	return strcasestr(jstr(have, "message", ""), jstr(want, "reason", "")) &&
	       (!object || same_object(object, jstr(have, "object", ""))) &&
	       (!rule || streq(rule, jstr(have, "rule", ""))) &&
	       (!severity || streq(severity, jstr(have, "severity", "")));
}

/* What was said of the object instead: the step's author wants to see that. */
static const json_t *nearest(const json_t *want, const json_t *found)
{
	const char *object = jstr(want, "object", NULL);
	json_t *f;
	size_t i;

	json_array_foreach(found, i, f)
		if (object && same_object(object, jstr(f, "object", "")))
			return f;
	return object ? NULL : json_array_get(found, 0);
}

static enum outcome judge_one(struct step_ctx *c, const json_t *want, const json_t *found)
{
	const char *object = jstr(want, "object", "any object");
	const char *rule = jstr(want, "rule", NULL), *reason = jstr(want, "reason", NULL);
	const json_t *near = nearest(want, found);
	json_t *f;
	size_t i;

	json_array_foreach(found, i, f) {
		if (fits(want, f)) {
			json_array_append(c->details, f);
			return OUTCOME_PASS;
		}
	}
	return step_say(c, OUTCOME_FAIL, "expected a verdict%s%s%s%s%s on %s, found %s%s%s%s",
			rule ? " " : "", rule ? rule : "", reason ? " with \"" : "",
			reason ? reason : "", reason ? "\"" : "", object,
			near ? jstr(near, "message", "?") : "none", near ? " [" : "",
			near ? jstr(near, "rule", "no rule") : "", near ? "]" : "");
}

enum outcome step_run_failed(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *found = complaints(c, &e);
	enum outcome worst = OUTCOME_PASS, o;
	json_t *w;
	size_t i;

	if (!found)
		return step_say(c, OUTCOME_ERROR, "reconcile: %s", err_msg(&e));
	json_array_foreach(list, i, w) {
		o = judge_one(c, w, found);
		worst = MAX(worst, o);
	}
	return worst;
}
