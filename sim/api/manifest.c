/* SPDX-License-Identifier: Apache-2.0 */
#include "api/manifest.h"

#include <errno.h>

#include "api/meta.h"
#include "api/text.h"

#define MAX_LIST_DEPTH 8

void manifests_free(struct manifests *ms)
{
	for (size_t i = 0; i < ms->n; i++) {
		json_decref(ms->v[i].obj);
		free(ms->v[i].file);
		free(ms->v[i].prefix);
	}
	free(ms->v);
	*ms = (struct manifests)MANIFESTS_INIT;
}

/* The document that is being decoded. */
struct source {
	const struct marks *marks;
	const char *file;
	struct diags *d;
};

static void locate(const struct marks *marks, const char *file, const char *prefix, struct diags *d,
		   size_t from, const char *object)
{
	for (size_t i = from; i < d->n; i++) {
		struct diag *g = &d->v[i];
		_cleanup_free_ char *path = NULL;

		if (g->line > 0)
			continue;
		path = xasprintf("%s%s%s", prefix, *prefix && g->path ? "." : "",
				 g->path ? g->path : "");
		marks_find(marks, path, &g->line, &g->col);
	}
	diags_locate(d, from, file, object);
}

/* The kind whose name comes nearest to a misspelt one, or NULL. */
static const struct kind *nearest_kind(const char *name)
{
	const struct kind *best = NULL;

	KIND_FOREACH(k)
		if (text_plausible(name, k->kind) &&
		    (!best || text_distance(name, k->kind) < text_distance(name, best->kind)))
			best = k;
	return best;
}

static void unknown_version(const char *api_version, const char *kind, struct diags *d)
{
	_cleanup_buf_ struct buf served = BUF_INIT;

	KIND_FOREACH(k)
		for (const char *const *v = k->versions; streq(k->kind, kind) && *v; v++)
			buf_printf(&served, "%s%s%s%s", served.len ? " or " : "", k->group,
				   *k->group ? "/" : "", *v);
	diag_hint(diags_add(d, DIAG_ERROR, "unknown-kind", "apiVersion", "there is no %s in %.*s",
			    kind, text_clip(api_version), api_version),
		  "use apiVersion: %s", buf_str(&served));
}

static void unknown_kind(const char *api_version, const char *kind, struct diags *d)
{
	_cleanup_free_ char *known = kind_names();
	const struct kind *near = nearest_kind(kind);
	struct diag *g;

	KIND_FOREACH(k) {
		if (streq(k->kind, kind)) {
			unknown_version(api_version, kind, d);
			return;
		}
	}
	g = diags_add(d, DIAG_ERROR, "unknown-kind", "kind",
		      "no kind \"%.*s\" in %.*s is known here; known are: %s", text_clip(kind),
		      kind, text_clip(api_version), api_version, known);
	if (str_after(api_version, "ovnbed.io/"))
		diag_hint(g, "topologies go to `ovnbed up`, scenarios to `ovnbed run`");
	else if (near)
		diag_hint(g, "did you mean \"%s\"?", near->kind);
}

/* apiVersion and kind as strings, or findings. */
static bool read_type(const json_t *obj, const char **ret_version, const char **ret_kind,
		      struct diags *d)
{
	static const char *const members[] = {"apiVersion", "kind"};
	const char **const out[] = {ret_version, ret_kind};
	bool good = true;

	if (!json_is_object(obj)) {
		diags_add(d, DIAG_ERROR, NULL, NULL,
			  "expected an object with apiVersion, kind and metadata, found %s",
			  json_is_array(obj)	? "a list"
			  : json_is_string(obj) ? "text"
						: "a single value");
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		*out[i] = jstr(obj, members[i], "");
		if (**out[i])
			continue;
		diags_add(d, DIAG_ERROR, NULL, members[i],
			  json_object_get(obj, members[i]) ? "Invalid value: must be a string"
							   : "Required value");
		good = false;
	}
	return good;
}

static void check_metadata(const json_t *obj, struct diags *d)
{
	const json_t *m = json_object_get(obj, "metadata");

	if (!json_is_object(m))
		diags_add(d, DIAG_ERROR, NULL, "metadata",
			  m && !json_is_null(m) ? "Invalid value: must be an object"
						: "Required value");
	else if (!json_object_get(m, "name") && !json_object_get(m, "generateName"))
		diags_add(d, DIAG_ERROR, NULL, "metadata.name",
			  "Required value: name or generateName is required");
}

static void append(struct manifests *out, const struct source *src, const struct kind *k,
		   const json_t *obj, const char *prefix)
{
	if (out->n == out->cap) {
		out->cap = out->cap * 2 + 8;
		out->v = xrealloc(out->v, out->cap * sizeof(*out->v));
	}
	out->v[out->n++] = (struct manifest){
		.obj = json_deep_copy(obj),
		.kind = k,
		.file = xstrdup(src->file),
		.marks = src->marks,
		.prefix = xstrdup(prefix),
	};
}

/* Items of a typed list ("VirtualMachineList") may leave out what the list says. */
static json_t *typed_item(const json_t *list, const json_t *item)
{
	const char *kind = jstr(list, "kind", "");
	json_t *copy = json_copy((json_t *)item);

	if (json_is_object(copy) && !streq(kind, "List") && !json_object_get(copy, "kind")) {
		json_object_set_new(copy, "kind",
				    jstringf("%.*s", (int)(strlen(kind) - strlen("List")), kind));
		json_object_set_new(copy, "apiVersion", jstring(jstr(list, "apiVersion", "")));
	}
	return copy;
}

static void decode(const struct source *src, const json_t *obj, const char *prefix, int depth,
		   struct manifests *out);

static void decode_list(const struct source *src, const json_t *list, const char *prefix, int depth,
			struct manifests *out)
{
	json_t *items = json_object_get(list, "items"), *item;
	size_t i;

	if ((items && !json_is_array(items)) || depth > MAX_LIST_DEPTH) {
		diags_add(src->d, DIAG_ERROR, NULL, "items",
			  depth > MAX_LIST_DEPTH ? "lists nest too deeply"
						 : "Invalid value: must be a list");
		return;
	}
	json_array_foreach(items, i, item) {
		_cleanup_free_ char *p = xasprintf("%s%sitems.%zu", prefix, *prefix ? "." : "", i);
		_cleanup_json_ json_t *typed = typed_item(list, item);

		decode(src, typed, p, depth + 1, out);
	}
}

static void decode(const struct source *src, const json_t *obj, const char *prefix, int depth,
		   struct manifests *out)
{
	const char *version = "", *kind = "";
	size_t from = src->d->n;
	const struct kind *k;

	if (!read_type(obj, &version, &kind, src->d)) {
		locate(src->marks, src->file, prefix, src->d, from, NULL);
		return;
	}
	k = kind_by_gvk(version, kind);
	if (k) {
		_cleanup_free_ char *title = meta_title(obj);

		check_metadata(obj, src->d);
		locate(src->marks, src->file, prefix, src->d, from, title);
		if (src->d->n == from)
			append(out, src, k, obj, prefix);
		return;
	}
	if (str_ends(kind, "List"))
		decode_list(src, obj, prefix, depth, out);
	else
		unknown_kind(version, kind, src->d);
	locate(src->marks, src->file, prefix, src->d, from, NULL);
}

int manifest_decode(const json_t *root, const struct marks *m, const char *file,
		    struct manifests *out, struct diags *d)
{
	const struct source src = {m, file, d};
	size_t before = diags_count(d, DIAG_ERROR);

	decode(&src, root, "", 0, out);
	return diags_count(d, DIAG_ERROR) > before ? -EINVAL : 0;
}

int manifest_decode_docs(const struct yaml_docs *docs, const char *file, struct manifests *out,
			 struct diags *d)
{
	int r = 0;

	for (size_t i = 0; i < docs->n; i++)
		if (manifest_decode(docs->v[i].root, docs->v[i].marks, file, out, d) < 0)
			r = -EINVAL;
	return r;
}

void manifest_locate(const struct manifest *m, struct diags *d, size_t from)
{
	_cleanup_free_ char *title = meta_title(m->obj);

	locate(m->marks, m->file, m->prefix, d, from, title);
}

/* A deep copy with the namespace that a client fills in. */
static json_t *placed(const struct manifest *m, const char *ns)
{
	json_t *obj = json_deep_copy(m->obj);

	if (m->kind->namespaced && !*meta_ns(obj) && ns && !jget(obj, "metadata.namespace"))
		jset_str(obj, "metadata.namespace", ns);
	return obj;
}

json_t *manifest_check(const struct manifest *m, const char *ns, struct diags *d)
{
	_cleanup_json_ json_t *obj = placed(m, ns);
	size_t from = d->n;
	int r = kind_admit(obj, NULL, KIND_STRICT, d);

	if (r == 0)
		kind_ignored_fields(m->obj, d);
	manifest_locate(m, d, from);
	return r == 0 ? TAKE_PTR(obj) : NULL;
}

int manifest_check_unique(const struct manifests *ms, const char *ns, struct diags *d)
{
	_cleanup_json_ json_t *seen = json_object();
	int r = 0;

	for (size_t i = 0; i < ms->n; i++) {
		const struct manifest *m = &ms->v[i];
		_cleanup_json_ json_t *obj = placed(m, ns);
		_cleanup_free_ char *key = xasprintf("%s.%s %s %s", m->kind->plural, m->kind->group,
						     meta_ns(obj), meta_name(obj));
		size_t from = d->n;

		if (*meta_name(obj) && json_object_get(seen, key)) {
			diags_add(
				d, DIAG_ERROR, "duplicate-object", "metadata.name",
				"Duplicate value: this object stands more than once in the input");
			manifest_locate(m, d, from);
			r = -EINVAL;
		}
		json_object_set_new(seen, key, json_true());
	}
	return r;
}
