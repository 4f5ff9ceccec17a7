/* SPDX-License-Identifier: Apache-2.0 */
/* wait, assert, healthy, start, stop, restart: verbs that look at objects, or ask for a change of state. */
#include "scenario/step_verbs.h"

#include "api/meta.h"
#include "lab/client.h"
#include "scenario/ref.h"
#include "scenario/subset.h"

/* ---- wait ---- */

void step_check_wait(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"for!", "of!", NULL};

	if (json_is_object(v)) {
		_cleanup_free_ char *p = xasprintf("%s.of", path);

		step_check_keys(v, path, keys, d);
		step_check_refs(s, json_object_get(v, "of"), p, d);
		return;
	}
	step_check_refs(s, v, path, d);
}

struct waiting {
	const char *condition; /* "Ready" … or "path=value" */
	json_t *last;
};

/* True when a dotted path holds the text, or a condition is True. */
static bool met(const json_t *obj, const char *want)
{
	const char *eq = strchr(want, '=');
	_cleanup_free_ char *path = eq ? xstrndup(want, (size_t)(eq - want)) : NULL;
	_cleanup_free_ char *text = NULL;
	const json_t *v;

	if (!eq)
		return meta_condition_true(obj, want);
	v = jget(obj, path);
	text = json_is_string(v) ? xstrdup(json_string_value(v)) : v ? jtext(v) : xstrdup("");
	return streq(text, eq + 1);
}

static int on_object(void *arg, const char *type, const json_t *obj)
{
	struct waiting *w = arg;

	json_decref(w->last);
	w->last = json_incref((json_t *)obj);
	return !streq(type, "DELETED") && met(obj, w->condition);
}

/* Default: a VM's guest agent is connected, a network policy is done, everything else is Ready. */
static const char *default_condition(const struct kind *k)
{
	if (k == &kind_nncp || k == &kind_nnce)
		return "Available";
	return k == &kind_vm || k == &kind_vmi ? "AgentConnected" : "Ready";
}

static void say_state(struct step_ctx *c, const char *ref, const json_t *obj)
{
	const json_t *cond = jget(obj, "status.conditions");
	json_t *v;
	size_t i;

	step_say(c, OUTCOME_ERROR, "%s: phase %s", ref,
		 jstr(obj, "status.printableStatus", jstr(obj, "status.phase", "unknown")));
	json_array_foreach(cond, i, v)
		if (!streq(jstr(v, "status", ""), "True"))
			step_say(c, OUTCOME_ERROR, "  %s=%s %s %s", jstr(v, "type", ""),
				 jstr(v, "status", ""), jstr(v, "reason", ""),
				 jstr(v, "message", ""));
}

/* A VM waits for its pod, whose conditions say for what. */
static void say_launcher(struct step_ctx *c, const struct kind *k, const json_t *obj)
{
	_cleanup_free_ char *path = client_path(&kind_pod, meta_ns(obj), NULL, NULL);
	_cleanup_free_ char *prefix = xasprintf("virt-launcher-%s-", meta_name(obj));
	_cleanup_json_ json_t *list = NULL;
	json_t *pod;
	size_t i;

	if (!obj || (k != &kind_vm && k != &kind_vmi) || step_get(c->client, path, &list, NULL) < 0)
		return;
	json_array_foreach(json_object_get(list, "items"), i, pod) {
		_cleanup_free_ char *ref = xasprintf("pod/%s", meta_name(pod));

		if (str_after(meta_name(pod), prefix) &&
		    !streq(jstr(pod, "status.phase", ""), "Running"))
			say_state(c, ref, pod);
	}
}

static enum outcome wait_for(struct step_ctx *c, const char *text, const char *condition)
{
	struct waiting w = {.condition = condition};
	_cleanup_free_ char *sel = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	struct ref r;
	char *list;
	int rc;

	if (!ref_parse(text, &r))
		return step_say(c, OUTCOME_ERROR, "wait: \"%s\": unknown kind", text);
	if (condition && streq(condition, "deleted")) {
		enum outcome o = step_wait_gone(c, r.kind, r.ns, r.name);

		ref_free(&r);
		return o;
	}
	if (!condition)
		w.condition = default_condition(r.kind);
	list = client_path(r.kind, r.ns, NULL, NULL);
	sel = xasprintf("metadata.name=%s", r.name);
	client_add_query(&list, "fieldSelector", sel);
	rc = client_watch(c->client, list, NULL, c->timeout, on_object, &w, &e);
	free(list);
	if (rc <= 0) {
		step_say(c, OUTCOME_ERROR, "wait: %s did not reach %s within %.0f s", text,
			 w.condition, (double)c->timeout / 1e6);
		say_state(c, text, w.last);
		say_launcher(c, r.kind, w.last);
	}
	ref_free(&r);
	json_decref(w.last);
	return rc > 0 ? OUTCOME_PASS : OUTCOME_ERROR;
}

enum outcome step_run_wait(struct step_ctx *c, const json_t *v)
{
	const char *condition = jstr(v, "for", NULL);
	const json_t *of = json_is_object(v) ? json_object_get(v, "of") : v;
	enum outcome worst = OUTCOME_PASS, o;
	json_t *f;
	size_t i;

	if (json_is_string(of))
		return wait_for(c, json_string_value(of), condition);
	json_array_foreach(of, i, f) {
		o = wait_for(c, json_string_value(f), condition);
		worst = MAX(worst, o);
	}
	return worst;
}

/* ---- assert ---- */

void step_check_assert(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"object!", "fields", "absent", "subset", NULL};
	json_t *one;
	size_t i;

	(void)s;
	if (!json_is_array(v)) {
		step_check_keys(v, path, keys, d);
		return;
	}
	json_array_foreach(v, i, one) {
		_cleanup_free_ char *p = xasprintf("%s.%zu", path, i);

		step_check_keys(one, p, keys, d);
	}
}

static enum outcome assert_fields(struct step_ctx *c, const char *ref, const json_t *v,
				  const json_t *obj)
{
	enum outcome worst = OUTCOME_PASS;
	_cleanup_free_ char *differs = NULL;
	const char *path;
	json_t *want;
	size_t i;

	json_object_foreach(json_object_get(v, "fields"), path, want) {
		_cleanup_free_ char *why = NULL;

		if (!subset_holds(want, jget(obj, path), &why))
			worst = step_say(c, OUTCOME_FAIL, "%s: %s: %s", ref, path, why);
	}
	json_array_foreach(json_object_get(v, "absent"), i, want)
		if (jget(obj, json_string_value(want)))
			worst = step_say(c, OUTCOME_FAIL, "%s: %s: expected none", ref,
					 json_string_value(want));
	want = json_object_get(v, "subset");
	if (want && !subset_holds(want, obj, &differs))
		worst = step_say(c, OUTCOME_FAIL, "%s: %s", ref, differs);
	return worst;
}

static enum outcome assert_one(struct step_ctx *c, const json_t *v)
{
	const char *text = jstr(v, "object", "");
	_cleanup_free_ char *path = NULL;
	_cleanup_json_ json_t *obj = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	struct ref r;
	int code = 0, rc;

	if (!ref_parse(text, &r))
		return step_say(c, OUTCOME_ERROR, "assert: \"%s\": unknown kind", text);
	path = client_path(r.kind, r.ns, r.name, NULL);
	ref_free(&r);
	rc = client_request(c->client, "GET", path, NULL, NULL, &code, &obj, &e);
	if (rc < 0)
		return step_say(c, OUTCOME_ERROR, "%s: %s", text, err_msg(&e));
	json_array_append(c->details, obj);
	if (code != 200)
		return step_say(c, OUTCOME_FAIL, "%s: %s", text, jstr(obj, "message", "?"));
	return assert_fields(c, text, v, obj);
}

enum outcome step_run_assert(struct step_ctx *c, const json_t *v)
{
	enum outcome worst = OUTCOME_PASS, o;
	json_t *one;
	size_t i;

	if (!json_is_array(v))
		return assert_one(c, v);
	json_array_foreach(v, i, one) {
		o = assert_one(c, one);
		worst = MAX(worst, o);
	}
	return worst;
}

/* ---- healthy ---- */

void step_check_healthy(const struct scenario *s, const json_t *v, const char *path,
			struct diags *d)
{
	(void)s;
	if (!json_is_true(v))
		diags_add(d, DIAG_ERROR, "scenario", path, "expected true");
}

/* Every daemon of every node runs and every zone answers. */
enum outcome step_run_healthy(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *st = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *reason;
	size_t i;

	(void)v;
	if (step_get(c->client, "/apis/ovnbed.io/v1alpha1/status", &st, &e) != 200)
		return step_say(c, OUTCOME_ERROR, "status: %s", err_msg(&e));
	json_array_append(c->details, st);
	if (streq(jstr(st, "state", ""), "Ready"))
		return OUTCOME_PASS;
	json_array_foreach(json_object_get(st, "reasons"), i, reason)
		step_say(c, OUTCOME_FAIL, "%s", json_string_value(reason));
	return step_say(c, OUTCOME_FAIL, "the lab is %s", jstr(st, "state", "in no known state"));
}

/* ---- start, stop, restart ---- */

void step_check_power(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	step_check_refs(s, v, path, d);
}

struct successor {
	const char *old_uid;
};

static int another_uid(void *arg, const char *type, const json_t *obj)
{
	const struct successor *w = arg;

	return streq(type, "ADDED") && !streq(meta_uid(obj), w->old_uid);
}

/* A restarted VM has another instance: waits until that exists. */
static enum outcome wait_successor(struct step_ctx *c, const char *ns, const char *name,
				   const char *old_uid)
{
	struct successor w = {.old_uid = old_uid};
	_cleanup_free_ char *sel = xasprintf("metadata.name=%s", name);
	char *list = client_path(&kind_vmi, ns, NULL, NULL);
	_cleanup_err_ struct err e = ERR_INIT;
	int r;

	client_add_query(&list, "fieldSelector", sel);
	r = client_watch(c->client, list, NULL, c->timeout, another_uid, &w, &e);
	free(list);
	if (r > 0)
		return OUTCOME_PASS;
	return step_say(c, OUTCOME_ERROR, "restart: %s has no new instance: %s", name, err_msg(&e));
}

static char *instance_uid(struct step_ctx *c, const char *ns, const char *name)
{
	_cleanup_free_ char *path = client_path(&kind_vmi, ns, name, NULL);
	_cleanup_json_ json_t *obj = client_call(c->client, "GET", path, NULL, NULL);

	return obj ? xstrdup(meta_uid(obj)) : NULL;
}

static enum outcome power_one(struct step_ctx *c, const char *text, const char *verb)
{
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_free_ char *path = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *old = NULL;
	enum outcome o = OUTCOME_PASS;
	struct ref r;
	int code = 0, rc;

	if (!ref_parse(text, &r))
		return step_say(c, OUTCOME_ERROR, "%s: \"%s\": unknown kind", verb, text);
	old = instance_uid(c, r.ns, r.name);
	path = xasprintf("/apis/subresources.kubevirt.io/v1/namespaces/%s/virtualmachines/%s/%s",
			 r.ns, r.name, verb);
	rc = client_request(c->client, "PUT", path, NULL, NULL, &code, &reply, &e);
	if (rc < 0 || code >= 400)
		o = step_say(c, OUTCOME_FAIL, "%s %s: %s", verb, text,
			     rc < 0 ? err_msg(&e) : jstr(reply, "message", "refused"));
	else if (streq(verb, "restart") && old)
		o = wait_successor(c, r.ns, r.name, old);
	ref_free(&r);
	return o;
}

static enum outcome power(struct step_ctx *c, const json_t *v, const char *verb)
{
	enum outcome worst = OUTCOME_PASS, o;
	json_t *f;
	size_t i;

	if (json_is_string(v))
		return power_one(c, json_string_value(v), verb);
	json_array_foreach(v, i, f) {
		o = power_one(c, json_string_value(f), verb);
		worst = MAX(worst, o);
	}
	return worst;
}

enum outcome step_run_start(struct step_ctx *c, const json_t *v)
{
	return power(c, v, "start");
}
enum outcome step_run_stop(struct step_ctx *c, const json_t *v)
{
	return power(c, v, "stop");
}
enum outcome step_run_restart(struct step_ctx *c, const json_t *v)
{
	return power(c, v, "restart");
}
