/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/apply_set.h"

#include <ctype.h>
#include <errno.h>

#include "api/apply.h"
#include "api/meta.h"
#include "api/status.h"
#include "lab/admission.h"

const char *apply_result_name(enum apply_result r)
{
	static const char *const names[] = {"created", "configured", "unchanged"};

	return names[r];
}

char *apply_object_name(const struct kind *k, const char *name)
{
	char *text = xasprintf("%s%s%s/%s", k->kind, *k->group ? "." : "", k->group, name);

	for (char *p = text; *p && *p != '.' && *p != '/'; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

/* A set at work. */
struct work {
	struct client *c;
	const struct manifests *ms;
	const struct apply_config *config;
	struct diags *found; /* of each manifest, from the client's own check */
	apply_fn fn;
	void *arg;
};

static const char *ns_of(const struct work *w, const struct manifest *m)
{
	return *meta_ns(m->obj) ? meta_ns(m->obj) : w->config->ns;
}

/* The set itself makes the namespace, which the server does not know yet in a dry run. */
static bool makes_namespace(const struct work *w, const char *ns)
{
	for (size_t i = 0; i < w->ms->n; i++)
		if (w->ms->v[i].kind == &kind_namespace && streq(meta_name(w->ms->v[i].obj), ns))
			return true;
	return false;
}

/* ---- one object ---- */

static char *query(char *path, bool dry)
{
	client_add_query(&path, "fieldValidation", "Strict");
	client_add_query(&path, "fieldManager", "ovnbed");
	if (dry)
		client_add_query(&path, "dryRun", "All");
	return path;
}

static int create(struct work *w, const struct manifest *m, const char *ns, bool dry, int *ret_code,
		  json_t **ret_reply, struct err *e)
{
	_cleanup_free_ char *path = query(client_path(m->kind, ns, NULL, NULL), dry);
	_cleanup_json_ json_t *body = apply_annotated(m->obj);

	return client_request(w->c, "POST", path, body, NULL, ret_code, ret_reply, e);
}

/* The patch, or nothing when the object is as the manifest wants it. */
static int update(struct work *w, const struct manifest *m, const char *ns, bool dry,
		  const json_t *current, int *ret_code, json_t **ret_reply, enum apply_result *ret,
		  struct err *e)
{
	_cleanup_free_ char *path = query(client_path(m->kind, ns, meta_name(m->obj), NULL), dry);
	enum patch_type type;
	_cleanup_json_ json_t *patch = apply_plan(m->kind, current, m->obj, &type);
	int r;

	*ret = APPLY_UNCHANGED;
	if (!json_object_size(patch)) {
		*ret_code = 200;
		*ret_reply = json_incref((json_t *)current);
		return 0;
	}
	r = client_request(w->c, "PATCH", path, patch, patch_content_type(type), ret_code,
			   ret_reply, e);
	if (r == 0 && *ret_code < 300 && !streq(meta_rv(*ret_reply), meta_rv(current)))
		*ret = APPLY_CONFIGURED;
	/* A dry run has no resourceVersion to tell by. */
	if (r == 0 && *ret_code < 300 && dry && !json_equal(*ret_reply, current))
		*ret = APPLY_CONFIGURED;
	return r;
}

/*
 * 0 with the object in *ret_obj; -EINVAL with findings in d when the server refused it; another
 * negative value with e set.
 */
static int apply_one(struct work *w, const struct manifest *m, bool dry, enum apply_result *ret,
		     json_t **ret_obj, struct diags *d, struct err *e)
{
	const char *ns = ns_of(w, m);
	_cleanup_free_ char *path = client_path(m->kind, ns, meta_name(m->obj), NULL);
	_cleanup_json_ json_t *current = NULL, *reply = NULL;
	size_t from = d->n;
	int code = 0, r = client_request(w->c, "GET", path, NULL, NULL, &code, &current, e);

	*ret = APPLY_CREATED;
	if (r == 0 && code == 404)
		r = create(w, m, ns, dry, &code, &reply, e);
	else if (r == 0 && code == 200)
		r = update(w, m, ns, dry, current, &code, &reply, ret, e);
	else if (r == 0)
		reply = json_incref(current);
	if (r < 0)
		return r;
	if (dry && code == 404 && streq(jstr(reply, "details.kind", ""), "namespaces") &&
	    makes_namespace(w, ns)) {
		*ret_obj = json_incref(m->obj);
		return 0;
	}
	if (code < 300) {
		*ret_obj = TAKE_PTR(reply);
		return 0;
	}
	status_to_diags(reply, NULL, d);
	for (size_t i = from; i < d->n; i++) {
		free(d->v[i].object); /* the manifest knows its name better than the Status */
		d->v[i].object = NULL;
	}
	manifest_locate(m, d, from);
	return -EINVAL;
}

/* ---- the three rounds ---- */

static void check_own(const struct manifest *m, struct diags *d)
{
	size_t from = d->n;

	if (*meta_name(m->obj))
		return;
	diags_add(d, DIAG_ERROR, NULL, "metadata.name",
		  "Required value: apply needs a name; generateName would make a new object each "
		  "time");
	manifest_locate(m, d, from);
}

/* What needs no server. All findings go to d when there is an error. */
static int check_all(struct work *w, struct diags *d)
{
	int r = manifest_check_unique(w->ms, w->config->ns, d);

	for (size_t i = 0; i < w->ms->n; i++) {
		_cleanup_json_ json_t *obj = NULL;

		check_own(&w->ms->v[i], &w->found[i]);
		obj = admission_check(&w->ms->v[i], w->config->ns, &w->found[i]);
		if (diags_count(&w->found[i], DIAG_ERROR))
			r = -EINVAL;
	}
	for (size_t i = 0; r < 0 && i < w->ms->n; i++)
		diags_merge(d, &w->found[i]);
	return r;
}

static void report(struct work *w, size_t i, enum apply_result result, const json_t *obj,
		   struct diags *d)
{
	if (result != APPLY_UNCHANGED)
		diags_merge(d, &w->found[i]);
	if (w->fn)
		w->fn(w->arg, &w->ms->v[i], result, obj);
}

/* One round over all objects; tells about them when it is the last one. */
static int apply_all(struct work *w, bool dry, bool last, struct diags *d, struct err *e)
{
	int worst = 0;

	for (size_t i = 0; i < w->ms->n; i++) {
		const struct manifest *m = &w->ms->v[i];
		_cleanup_json_ json_t *obj = NULL;
		enum apply_result result;
		int r;

		r = apply_one(w, m, dry, &result, &obj, d, e);
		if (r < 0 && r != -EINVAL)
			return r;
		if (r < 0)
			worst = r;
		else if (last)
			report(w, i, result, obj, d);
	}
	return worst;
}

int apply_set(struct client *c, const struct manifests *ms, const struct apply_config *config,
	      apply_fn fn, void *arg, struct diags *d, struct err *e)
{
	struct work w = {.c = c,
			 .ms = ms,
			 .config = config,
			 .found = xcalloc(ms->n + 1, sizeof(*w.found)),
			 .fn = fn,
			 .arg = arg};
	int r = check_all(&w, d);

	if (r == 0)
		r = apply_all(&w, true, config->dry_run, d, e);
	if (r == 0 && !config->dry_run)
		r = apply_all(&w, false, true, d, e);
	for (size_t i = 0; i < ms->n; i++)
		diags_free(&w.found[i]);
	free(w.found);
	return r;
}
