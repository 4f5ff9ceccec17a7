/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs on objects: get, list, create, replace, patch, delete, and the status subresource. */
#include <errno.h>

#include "api/meta.h"
#include "lab/api_priv.h"

/* One request at work. */
struct work {
	struct store *s;
	const struct api_request *r;
	const struct api_target *t;
	struct api_response *ret;
	struct store_opts opts;
	struct diags findings;
};

/* ---- answers ---- */

static void refuse(struct work *w, json_t *status)
{
	api_fail(w->ret, status);
}

/* An object or list (stolen), as Table when the client asked for one. */
static void answer(struct work *w, int code, json_t *obj)
{
	struct table_env env = store_table_env(w->s);
	enum table_include include;

	w->ret->code = code;
	w->ret->json = obj;
	if (!streq(w->r->method, "GET") || !table_accepted(w->r->accept))
		return;
	if (table_include_of(api_param(w->t, "includeObject"), &include) < 0) {
		refuse(w, status_failure(400, "includeObject: want Metadata, Object or None"));
		return;
	}
	w->ret->json = table_make(w->t->kind, obj, include, &env, true);
	json_decref(obj);
}

/* The result of a store verb: an object, or a Status; both stolen. */
static void answer_store(struct work *w, int code, json_t *obj, json_t *status)
{
	if (obj)
		answer(w, code, obj);
	else
		refuse(w, status);
}

/* ---- options of a write ---- */

static json_t *dry_run_of(const json_t *v, bool *ret)
{
	const char *text =
		json_is_array(v) ? json_string_value(json_array_get(v, 0)) : json_string_value(v);

	if (!text || !*text)
		return NULL;
	if (!streq(text, "All"))
		return status_failure(400, "invalid dryRun: \"%s\"; supported values: \"All\"",
				      text);
	*ret = true;
	return NULL;
}

static json_t *unknown_of(const char *v, enum kind_unknown *ret)
{
	static const struct {
		const char *name;
		enum kind_unknown value;
	} t[] = {{"Warn", KIND_WARN}, {"Strict", KIND_STRICT}, {"Ignore", KIND_IGNORE}};

	if (!v || !*v)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		if (streq(v, t[i].name)) {
			*ret = t[i].value;
			return NULL;
		}
	}
	return status_failure(400,
			      "invalid fieldValidation: \"%s\"; supported values: \"Ignore\", "
			      "\"Strict\", \"Warn\"",
			      v);
}

/* Fills w->opts from the query. False when it is answered already. */
static bool read_options(struct work *w)
{
	json_t *status = dry_run_of(json_object_get(w->t->query, "dryRun"), &w->opts.dry_run);

	if (!status)
		status = unknown_of(api_param(w->t, "fieldValidation"), &w->opts.unknown);
	if (status)
		refuse(w, status);
	return !status;
}

/* ---- bodies ---- */

static json_t *mismatch(const char *what, const char *body, const char *url)
{
	return status_failure(400,
			      "the %s of the provided object (%s) does not match the %s on the "
			      "URL (%s)",
			      what, body, what, url);
}

/* Makes obj agree with the URL: fills in what it leaves out. NULL, or a Status. */
static json_t *fit_type(const struct kind *k, json_t *obj)
{
	_cleanup_free_ char *version = kind_api_version(k);
	const char *have_version = jstr(obj, "apiVersion", ""), *have = jstr(obj, "kind", "");

	if (!json_is_object(obj))
		return status_failure(400, "the body is not an object");
	if (!json_object_get(obj, "apiVersion"))
		jset_str(obj, "apiVersion", have_version = version);
	if (!json_object_get(obj, "kind"))
		jset_str(obj, "kind", have = k->kind);
	if (kind_by_gvk(have_version, have) != k)
		return status_failure(400,
				      "the API version in the data (%s, Kind=%s) does not match "
				      "the expected one (%s, Kind=%s)",
				      have_version, have, version, k->kind);
	return NULL;
}

static json_t *fit_metadata(const struct api_target *t, json_t *obj)
{
	json_t *meta = json_object_get(obj, "metadata");
	const char *ns = jstr(meta, "namespace", ""), *name = jstr(meta, "name", "");

	if (meta && !json_is_object(meta))
		return NULL; /* the store refuses it, with better words */
	if (t->kind->namespaced && t->ns && *ns && !streq(ns, t->ns))
		return mismatch("namespace", ns, t->ns);
	if (t->name && *name && !streq(name, t->name))
		return mismatch("name", name, t->name);
	if (t->kind->namespaced && t->ns && !*ns)
		jset_str(obj, "metadata.namespace", t->ns);
	if (t->name && !*name)
		jset_str(obj, "metadata.name", t->name);
	return NULL;
}

/* The body as an object that fits the URL, or NULL with the answer given. New reference. */
static json_t *read_object(struct work *w)
{
	json_t *status = NULL;
	_cleanup_json_ json_t *obj = api_body(w->r, &status);

	if (obj)
		status = fit_type(w->t->kind, obj);
	if (!status)
		status = fit_metadata(w->t, obj);
	if (!status)
		return TAKE_PTR(obj);
	refuse(w, status);
	return NULL;
}

/* ---- reading ---- */

static void do_get(struct work *w)
{
	const struct api_target *t = w->t;
	json_t *status = NULL, *obj;

	if (api_param_bool(t, "watch")) {
		api_watch_open(w->s, w->r, t, w->ret);
		return;
	}
	obj = store_get(w->s, t->kind, t->ns, t->name, &status);
	answer_store(w, 200, obj, status);
}

static void do_list(struct work *w)
{
	_cleanup_selector_ struct selector *labels = NULL;
	_cleanup_field_selector_ struct field_selector *fields = NULL;
	struct store_query q = {.kind = w->t->kind, .ns = w->t->ns};

	if (api_param_bool(w->t, "watch")) {
		api_watch_open(w->s, w->r, w->t, w->ret);
		return;
	}
	if (api_selectors(w->t, &labels, &fields, w->ret) < 0)
		return;
	q.labels = labels;
	q.fields = fields;
	answer(w, 200, store_list(w->s, &q));
}

/* ---- writing ---- */

static void do_create(struct work *w)
{
	_cleanup_json_ json_t *obj = read_object(w);
	json_t *status = NULL, *made;

	if (!obj)
		return;
	made = store_create(w->s, obj, &w->opts, &status);
	answer_store(w, 201, made, status);
}

static void do_replace(struct work *w)
{
	_cleanup_json_ json_t *obj = read_object(w);
	json_t *status = NULL, *made;

	if (!obj)
		return;
	made = w->t->sub ? store_replace_status(w->s, obj, &w->opts, &status)
			 : store_replace(w->s, obj, &w->opts, &status);
	answer_store(w, 200, made, status);
}

static void patch(struct work *w, enum patch_type type, const json_t *p)
{
	const struct api_target *t = w->t;
	json_t *status = NULL, *made;

	made = (t->sub ? store_patch_status : store_patch)(w->s, t->kind, t->ns, t->name, type, p,
							   &w->opts, &status);
	answer_store(w, 200, made, status);
}

/*
 * Server-side apply, without field ownership: creates the object, or merges the manifest into it.
 * What a manifest no longer names stays.
 */
static void do_server_apply(struct work *w)
{
	const struct api_target *t = w->t;
	_cleanup_json_ json_t *obj = read_object(w);
	json_t *status = NULL, *made;

	if (!obj)
		return;
	if (t->sub || store_peek(w->s, t->kind, t->ns, t->name)) {
		patch(w, t->kind->builtin ? PATCH_STRATEGIC : PATCH_MERGE, obj);
		return;
	}
	made = store_create(w->s, obj, &w->opts, &status);
	answer_store(w, 201, made, status);
}

static void do_patch(struct work *w)
{
	enum patch_type type;
	json_t *status = NULL;
	_cleanup_json_ json_t *p = NULL;

	if (api_media_is(w->r->content_type, "application/apply-patch+yaml")) {
		do_server_apply(w);
		return;
	}
	if (patch_type_of(w->r->content_type ? w->r->content_type : "", &type) < 0) {
		refuse(w, status_failure(415, "the body of the request was in an unknown format - "
					      "accepted media types include: "
					      "application/json-patch+json, "
					      "application/merge-patch+json, "
					      "application/strategic-merge-patch+json, "
					      "application/apply-patch+yaml"));
		return;
	}
	p = api_body(w->r, &status);
	if (p)
		patch(w, type, p);
	else
		refuse(w, status);
}

/* ---- deleting ---- */

static json_t *read_propagation(struct store_opts *o, const char *v)
{
	if (!v || !*v || streq(v, "Background") || streq(v, "Foreground"))
		return NULL;
	if (!streq(v, "Orphan"))
		return status_failure(400,
				      "invalid propagationPolicy: \"%s\"; supported values: "
				      "\"Background\", \"Foreground\", \"Orphan\"",
				      v);
	o->orphan = true;
	return NULL;
}

/* DeleteOptions, from the body and the query. The strings stay the body's. NULL, or a Status. */
static json_t *read_delete_options(struct work *w, const json_t *body)
{
	struct store_opts *o = &w->opts;
	json_t *status;

	if (body && !json_is_object(body))
		return status_failure(400, "the body is not a DeleteOptions object");
	o->precondition_uid = jstr(body, "preconditions.uid", NULL);
	o->precondition_rv = jstr(body, "preconditions.resourceVersion", NULL);
	o->orphan =
		jbool(body, "orphanDependents", false) || api_param_bool(w->t, "orphanDependents");
	status = dry_run_of(json_object_get(body, "dryRun"), &o->dry_run);
	if (!status)
		status = read_propagation(o, jstr(body, "propagationPolicy", NULL));
	if (!status)
		status = read_propagation(o, api_param(w->t, "propagationPolicy"));
	return status;
}

static bool still_there(const struct work *w, const json_t *obj)
{
	const json_t *now = store_peek_uid(w->s, meta_uid(obj));

	return !w->opts.dry_run && now;
}

static void delete_one(struct work *w)
{
	const struct api_target *t = w->t;
	json_t *status = NULL;
	_cleanup_json_ json_t *obj = store_delete(w->s, t->kind, t->ns, t->name, &w->opts, &status);

	if (!obj)
		refuse(w, status);
	else if (still_there(w, obj))
		answer(w, 200, json_incref(obj));
	else
		answer(w, 200, status_success(t->kind, obj));
}

static void delete_all(struct work *w)
{
	_cleanup_selector_ struct selector *labels = NULL;
	_cleanup_field_selector_ struct field_selector *fields = NULL;
	struct store_query q = {.kind = w->t->kind, .ns = w->t->ns};
	json_t *status = NULL, *list;

	if (api_selectors(w->t, &labels, &fields, w->ret) < 0)
		return;
	q.labels = labels;
	q.fields = fields;
	list = store_delete_all(w->s, &q, &w->opts, &status);
	answer_store(w, 200, list, status);
}

static void do_delete(struct work *w)
{
	json_t *status = NULL;
	_cleanup_json_ json_t *body = NULL;

	if (w->r->body_len)
		body = api_body(w->r, &status);
	if (!status)
		status = read_delete_options(w, body);
	if (status)
		refuse(w, status);
	else if (w->t->name)
		delete_one(w);
	else
		delete_all(w);
}

/* ---- dispatch ---- */

/* Warnings of admission go out as Warning headers, as Kubernetes sends them. */
static void take_warnings(struct work *w)
{
	for (size_t i = 0; i < w->findings.n; i++) {
		const struct diag *g = &w->findings.v[i];
		_cleanup_free_ char *field = g->path && *g->path ? status_field(g->path) : NULL;

		if (g->severity != DIAG_WARNING)
			continue;
		if (!w->ret->warnings)
			w->ret->warnings = json_array();
		json_array_append_new(w->ret->warnings,
				      jstringf("%s%s%s%s%s%s", field ? field : "",
					       field ? ": " : "", g->msg, g->rule ? " [" : "",
					       g->rule ? g->rule : "", g->rule ? "]" : ""));
	}
}

void api_object_verb(struct store *s, const struct api_request *r, const struct api_target *t,
		     struct api_response *ret)
{
	struct work w = {.s = s, .r = r, .t = t, .ret = ret, .findings = DIAGS_INIT};

	w.opts.findings = &w.findings;
	if (streq(r->method, "GET"))
		(t->name ? do_get : do_list)(&w);
	else if (!read_options(&w))
		; /* answered */
	else if (streq(r->method, "POST"))
		do_create(&w);
	else if (streq(r->method, "PUT"))
		do_replace(&w);
	else if (streq(r->method, "PATCH"))
		do_patch(&w);
	else
		do_delete(&w);
	take_warnings(&w);
	diags_free(&w.findings);
}
