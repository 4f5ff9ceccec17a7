/* SPDX-License-Identifier: Apache-2.0 */
/* apply, refused, delete: verbs that write objects. */
#include "scenario/step_verbs.h"

#include <errno.h>

#include "api/apply.h"
#include "api/manifest.h"
#include "api/meta.h"
#include "lab/client.h"
#include "scenario/ref.h"

/* ---- apply, refused ---- */

void step_check_apply(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	step_check_files(s, v, path, d);
}

int step_apply_object(struct step_ctx *c, const struct kind *k, const json_t *obj,
		      json_t **ret_refusal, struct err *e)
{
	const char *ns = *meta_ns(obj) ? meta_ns(obj) : "default";
	_cleanup_free_ char *one = client_path(k, ns, meta_name(obj), NULL);
	_cleanup_free_ char *all = client_path(k, ns, NULL, NULL);
	_cleanup_json_ json_t *current = NULL, *body = NULL, *reply = NULL;
	enum patch_type type;
	int code, r = client_request(c->client, "GET", one, NULL, NULL, &code, &current, e);

	if (r < 0)
		return r;
	if (code == 404) {
		body = apply_annotated(obj);
		r = client_request(c->client, "POST", all, body, NULL, &code, &reply, e);
	} else {
		body = apply_plan(k, current, obj, &type);
		if (!json_object_size(body))
			return 0;
		r = client_request(c->client, "PATCH", one, body, patch_content_type(type), &code,
				   &reply, e);
	}
	if (r >= 0 && code >= 400)
		*ret_refusal = TAKE_PTR(reply);
	return r;
}

static int load_files(struct step_ctx *c, const json_t *files, struct yaml_docs *docs,
		      struct manifests *ms, struct diags *d)
{
	json_t *f;
	size_t i;

	json_array_foreach(files, i, f) {
		_cleanup_free_ char *path = scenario_path(c->scenario, json_string_value(f));

		if (yaml_parse_file(path, &docs[i], d) < 0)
			return -EINVAL;
		manifest_decode_docs(&docs[i], path, ms, d);
	}
	return diags_count(d, DIAG_ERROR) ? -EINVAL : 0;
}

static enum outcome say_diags(struct step_ctx *c, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;

		diag_print(&d->v[i], &b);
		step_say(c, OUTCOME_ERROR, "%s", buf_str(&b));
	}
	return OUTCOME_ERROR;
}

/* True when a refusal (a Status) is what an element of "refused" asks for. */
static bool refusal_fits(const json_t *want, const json_t *status)
{
	const char *object = jstr(want, "object", NULL);

	return strcasestr(jstr(status, "message", ""), jstr(want, "reason", "")) &&
	       (!object || streq(object, jstr(status, "details.name", "")));
}

/* Every refusal must be expected, and every expectation met. */
static enum outcome judge_refusals(struct step_ctx *c, const json_t *refusals)
{
	_cleanup_json_ json_t *wants = step_as_list(json_object_get(c->step, "refused"));
	enum outcome worst = OUTCOME_PASS;
	json_t *r, *w;
	size_t i, k;

	json_array_foreach(refusals, i, r) {
		bool hit = false;

		json_array_append(c->details, r);
		json_array_foreach(wants, k, w)
			hit |= refusal_fits(w, r);
		if (!hit)
			worst = step_say(c, OUTCOME_FAIL, "refused: %s", jstr(r, "message", "?"));
	}
	json_array_foreach(wants, k, w) {
		bool hit = false;

		json_array_foreach(refusals, i, r)
			hit |= refusal_fits(w, r);
		if (!hit)
			worst = step_say(c, OUTCOME_FAIL,
					 "expected a refusal of %s with \"%s\"; %zu were refused",
					 jstr(w, "object", "an object"), jstr(w, "reason", ""),
					 json_array_size(refusals));
	}
	return worst;
}

static enum outcome apply_all(struct step_ctx *c, const struct manifests *ms)
{
	_cleanup_json_ json_t *refusals = json_array();
	enum outcome o;

	for (size_t i = 0; i < ms->n; i++) {
		_cleanup_err_ struct err e = ERR_INIT;
		json_t *refusal = NULL;

		if (step_apply_object(c, ms->v[i].kind, ms->v[i].obj, &refusal, &e) < 0)
			return step_say(c, OUTCOME_ERROR, "apply: %s", err_msg(&e));
		if (refusal)
			json_array_append_new(refusals, refusal);
	}
	o = judge_refusals(c, refusals);
	if (o == OUTCOME_PASS && !json_object_get(c->step, "failed"))
		return step_run_reconcile(c, NULL);
	return o;
}

enum outcome step_run_apply(struct step_ctx *c, const json_t *v)
{
	size_t n = json_array_size(v);
	struct yaml_docs *docs = xcalloc(n, sizeof(*docs));
	_cleanup_manifests_ struct manifests ms = MANIFESTS_INIT;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	enum outcome o = load_files(c, v, docs, &ms, &d) < 0 ? say_diags(c, &d) : apply_all(c, &ms);

	for (size_t i = 0; i < n; i++)
		yaml_docs_free(&docs[i]);
	free(docs);
	return o;
}

void step_check_refused(const struct scenario *s, const json_t *v, const char *path,
			struct diags *d)
{
	static const char *const keys[] = {"reason!", "object", NULL};
	_cleanup_json_ json_t *list = step_as_list(v);
	json_t *one;
	size_t i;

	(void)s;
	json_array_foreach(list, i, one)
		step_check_keys(one, path, keys, d);
}

enum outcome step_run_refused(struct step_ctx *c, const json_t *v)
{
	(void)c;
	(void)v;
	return OUTCOME_PASS;
}

/* ---- delete ---- */

static void check_held(const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"object", "held", NULL};
	struct ref r;

	step_check_keys(v, path, keys, d);
	if (ref_parse(jstr(v, "object", ""), &r))
		ref_free(&r);
	else
		diags_add(d, DIAG_ERROR, "scenario", path, "object: expected KIND/NAME");
	if (!jstr(v, "held", NULL))
		diags_add(d, DIAG_ERROR, "scenario", path, "held: expected text");
}

/* KIND/NAME references, manifest files, or what will be held back. */
void step_check_delete(const struct scenario *s, const json_t *v, const char *path, struct diags *d)
{
	json_t *f;
	size_t i;

	if (!json_array_size(v))
		diags_add(d, DIAG_ERROR, "scenario", path,
			  "expected a list of files or KIND/NAME references");
	json_array_foreach(v, i, f) {
		_cleanup_json_ json_t *one = json_pack("[O]", f);
		struct ref r;

		if (json_is_object(f))
			check_held(f, path, d);
		else if (json_is_string(f) && ref_parse(json_string_value(f), &r))
			ref_free(&r);
		else
			step_check_files(s, one, path, d);
	}
}

static enum outcome delete_path(struct step_ctx *c, const struct kind *k, const char *ns,
				const char *name)
{
	_cleanup_free_ char *path = client_path(k, ns, name, NULL);
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code, r = client_request(c->client, "DELETE", path, NULL, NULL, &code, &reply, &e);

	if (r < 0)
		return step_say(c, OUTCOME_ERROR, "delete %s: %s", name, err_msg(&e));
	if (code >= 400 && code != 404)
		return step_say(c, OUTCOME_ERROR, "delete %s: %s", name,
				jstr(reply, "message", "refused"));
	return OUTCOME_PASS;
}

static enum outcome delete_manifests(struct step_ctx *c, const char *file)
{
	_cleanup_free_ char *path = scenario_path(c->scenario, file);
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_manifests_ struct manifests ms = MANIFESTS_INIT;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	enum outcome worst = OUTCOME_PASS, o;

	if (yaml_parse_file(path, &docs, &d) < 0 || manifest_decode_docs(&docs, path, &ms, &d) < 0)
		return say_diags(c, &d);
	for (size_t i = ms.n; i-- > 0;) {
		const json_t *obj = ms.v[i].obj;
		const char *ns = *meta_ns(obj) ? meta_ns(obj) : "default";

		o = delete_path(c, ms.v[i].kind, ns, meta_name(obj));
		worst = MAX(worst, o);
	}
	for (size_t i = ms.n; i-- > 0 && worst == OUTCOME_PASS;) {
		const json_t *obj = ms.v[i].obj;

		worst = step_wait_gone(c, ms.v[i].kind, *meta_ns(obj) ? meta_ns(obj) : "default",
				       meta_name(obj));
	}
	return worst;
}

/* True when a condition of the object has text in its message. */
static bool says(const json_t *obj, const char *text)
{
	json_t *cond;
	size_t i;

	json_array_foreach(jget(obj, "status.conditions"), i, cond)
		if (strcasestr(jstr(cond, "message", ""), text))
			return true;
	return false;
}

/* Deletion that must not come to its end, for a reason that a condition gives. */
static enum outcome delete_held(struct step_ctx *c, const json_t *v)
{
	const char *name = jstr(v, "object", ""), *held = jstr(v, "held", "");
	_cleanup_free_ char *path = NULL;
	_cleanup_json_ json_t *obj = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	enum outcome o;
	struct ref r;
	int code;

	if (!ref_parse(name, &r))
		return step_say(c, OUTCOME_ERROR, "%s is no object", name);
	path = client_path(r.kind, r.ns, r.name, NULL);
	o = delete_path(c, r.kind, r.ns, r.name);
	ref_free(&r);
	if (o == OUTCOME_PASS)
		o = step_run_reconcile(c, NULL);
	if (o != OUTCOME_PASS)
		return o;
	code = step_get(c->client, path, &obj, &e);
	if (code < 0)
		return step_say(c, OUTCOME_ERROR, "%s: %s", name, err_msg(&e));
	if (code != 200 || !meta_deleting(obj))
		return step_say(c, OUTCOME_FAIL,
				"%s is gone: expected it to be held back by \"%s\"", name, held);
	if (says(obj, held))
		return OUTCOME_PASS;
	json_array_append(c->details, json_object_get(obj, "status"));
	return step_say(c, OUTCOME_FAIL, "%s stays, but no condition of it says \"%s\"", name,
			held);
}

enum outcome step_run_delete(struct step_ctx *c, const json_t *v)
{
	enum outcome worst = OUTCOME_PASS, o;
	json_t *f;
	size_t i;

	json_array_foreach(v, i, f) {
		const char *text = json_string_value(f);
		struct ref r;

		if (json_is_object(f)) {
			o = delete_held(c, f);
		} else if (ref_parse(text, &r)) {
			o = delete_path(c, r.kind, r.ns, r.name);
			if (o == OUTCOME_PASS)
				o = step_wait_gone(c, r.kind, r.ns, r.name);
			ref_free(&r);
		} else {
			o = delete_manifests(c, text);
		}
		worst = MAX(worst, o);
	}
	return worst == OUTCOME_PASS ? step_run_reconcile(c, NULL) : worst;
}
