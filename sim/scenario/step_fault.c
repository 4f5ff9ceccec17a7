/* SPDX-License-Identifier: Apache-2.0 */
/* fault, heal: breaking the physical world on purpose. */
#include "scenario/step_verbs.h"

#include <errno.h>

#include "lab/client.h"
#include "lab/fault_spec.h"

#define OWN "/apis/ovnbed.io/v1alpha1/"
#define UNTIL "until" /* "step": healed when the step's verbs are done */

/* ---- fault ---- */

static void check_one(const json_t *v, const char *path, struct diags *d)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *words = json_copy((json_t *)(uintptr_t)v), *spec = NULL;
	const char *until = jstr(words, UNTIL, NULL);

	if (!json_is_object(v)) {
		diags_add(d, DIAG_ERROR, "scenario", path, "expected a mapping");
		return;
	}
	if (json_object_get(words, UNTIL) && !streq0(until, "step"))
		diags_add(d, DIAG_ERROR, "scenario", path, "until: expected step");
	json_object_del(words, UNTIL);
	spec = fault_spec_parse(words, &e);
	if (!spec)
		diags_add(d, DIAG_ERROR, "scenario", path, "%s", err_msg(&e));
}

void step_check_fault(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	json_t *one;
	size_t i;

	(void)s;
	if (!json_array_size(list))
		diags_add(d, DIAG_ERROR, "scenario", path, "expected a fault or a list of them");
	json_array_foreach(list, i, one) {
		_cleanup_free_ char *p =
			json_is_array(v) ? xasprintf("%s.%zu", path, i) : xstrdup(path);

		check_one(one, p, d);
	}
}

static enum outcome fault_one(struct step_ctx *c, const json_t *v)
{
	json_t *body = json_copy((json_t *)(uintptr_t)v);
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	bool until = json_object_get(body, UNTIL) != NULL;
	int code;

	json_object_del(body, UNTIL);
	code = step_post(c, "faults", body, &reply, &e);
	if (code == 501)
		return step_say(c, OUTCOME_SKIP, "fault: %s", jstr(reply, "message", "?"));
	if (code != 200 && code != 201)
		return step_say(c, OUTCOME_ERROR, "fault: %s",
				code < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
	json_array_append(c->details, reply);
	if (until && jstr(reply, "name", NULL))
		json_array_append(c->heal, json_object_get(reply, "name"));
	return OUTCOME_PASS;
}

enum outcome step_run_fault(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	enum outcome worst = OUTCOME_PASS, o;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		o = fault_one(c, one);
		worst = MAX(worst, o);
		if (o != OUTCOME_PASS)
			break;
	}
	return worst;
}

/* ---- heal ---- */

void step_check_heal(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	json_t *one;
	size_t i;

	(void)s;
	if (!json_array_size(list))
		diags_add(d, DIAG_ERROR, "scenario", path, "expected a fault's name, or all");
	json_array_foreach(list, i, one)
		if (!json_is_string(one))
			diags_add(d, DIAG_ERROR, "scenario", path, "expected names of faults");
}

/* name NULL: all of them. */
static enum outcome heal_one(struct step_ctx *c, const char *name)
{
	_cleanup_free_ char *path = name ? xasprintf(OWN "faults/%s", name) : xstrdup(OWN "faults");
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code = 0;

	if (client_request(c->client, "DELETE", path, NULL, NULL, &code, &reply, &e) < 0)
		return step_say(c, OUTCOME_ERROR, "heal: %s", err_msg(&e));
	if (code != 200)
		return step_say(c, OUTCOME_ERROR, "heal: %s", jstr(reply, "message", "refused"));
	json_array_append(c->details, reply);
	if (json_array_size(json_object_get(reply, "problems")))
		return step_say(c, OUTCOME_ERROR, "heal: %s", jstr(reply, "problems.0", "?"));
	return OUTCOME_PASS;
}

enum outcome step_run_heal(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	enum outcome worst = OUTCOME_PASS, o;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		bool all = streq0(json_string_value(one), "all");

		o = heal_one(c, all ? NULL : json_string_value(one));
		worst = MAX(worst, o);
	}
	return worst;
}

enum outcome step_heal_due(struct step_ctx *c)
{
	return json_array_size(c->heal) ? step_run_heal(c, c->heal) : OUTCOME_PASS;
}

/* ---- the end of a scenario ---- */

json_t *faults_active(struct client *client)
{
	_cleanup_json_ json_t *reply = NULL;
	json_t *names = json_array(), *f;
	size_t i;

	if (step_get(client, OWN "faults", &reply, NULL) != 200)
		return names;
	json_array_foreach(json_object_get(reply, "faults"), i, f)
		jadd_str(names, jstr(f, "name", ""));
	return names;
}

char *faults_heal_but(struct client *client, const json_t *keep)
{
	_cleanup_json_ json_t *names = faults_active(client);
	json_t *v;
	struct buf why = BUF_INIT;
	size_t i;

	json_array_foreach(names, i, v) {
		_cleanup_free_ char *path = xasprintf(OWN "faults/%s", json_string_value(v));
		_cleanup_json_ json_t *reply = NULL;
		_cleanup_err_ struct err e = ERR_INIT;
		int code = 0, r;

		if (jhas_str(keep, json_string_value(v)))
			continue;
		r = client_request(client, "DELETE", path, NULL, NULL, &code, &reply, &e);
		if (r < 0 || code != 200)
			buf_printf(&why, "%s%s: %s", why.len ? "\n" : "", json_string_value(v),
				   r < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
	}
	return why.len ? buf_take(&why) : NULL;
}
