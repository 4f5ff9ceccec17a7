/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/objects.h"

#include <errno.h>

#include "base/yaml.h"
#include "lab/client.h"

void obj_refs_add(struct obj_refs *r, const struct kind *k, const char *ns, const char *name)
{
	r->v = xrealloc(r->v, (r->n + 1) * sizeof(*r->v));
	r->v[r->n++] = (struct obj_ref){
		.kind = k, .ns = k->namespaced ? xstrdup(ns) : NULL, .name = xstrdup(name)};
}

void obj_refs_free(struct obj_refs *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].ns);
		free(r->v[i].name);
	}
	free(r->v);
	*r = (struct obj_refs)OBJ_REFS_INIT;
}

static int unknown_kind(const char *word, struct err *e)
{
	const char *names[256], *near;
	_cleanup_free_ char *known = kind_names();
	size_t n = 0;

	KIND_FOREACH(k) {
		if (n + 3 > ARRAY_SIZE(names))
			break;
		names[n++] = k->plural;
		names[n++] = k->singular;
		names[n++] = k->kind;
	}
	near = suggest(word, names, n);
	if (near)
		return err_set(e, EINVAL, "unknown kind \"%s\"; did you mean \"%s\"?", word, near);
	return err_set(e, EINVAL, "unknown kind \"%s\"; known are: %s", word, known);
}

/* KIND/NAME or KIND/NS/NAME. */
static int add_slashed(struct obj_refs *ret, const char *text, const char *ns, struct err *e)
{
	size_t n = strcspn(text, "/");
	_cleanup_free_ char *word = xstrndup(text, n), *own = NULL;
	const struct kind *k = kind_by_name(word);
	const char *name = text[n] ? text + n + 1 : "", *slash = strchr(name, '/');

	if (!text[n])
		return err_set(e, EINVAL, "\"%s\": expected KIND/NAME, as the operands before it",
			       text);
	if (!k)
		return unknown_kind(word, e);
	if (slash && k->namespaced) {
		own = xstrndup(name, (size_t)(slash - name));
		name = slash + 1;
	}
	if (!*name || strchr(name, '/'))
		return err_set(e, EINVAL, "\"%s\": expected KIND/NAME or KIND/NAMESPACE/NAME",
			       text);
	if (k->namespaced && !own && !ns)
		return err_set(e, EINVAL, "%s: one object is in one namespace: leave -A out", text);
	obj_refs_add(ret, k, own ? own : ns, name);
	return 0;
}

static int add_kind(struct obj_refs *ret, const struct kind *k, const struct operands *ops,
		    const char *ns, struct err *e)
{
	if (ops->n == 1)
		obj_refs_add(ret, k, ns, NULL);
	for (int i = 1; i < ops->n; i++) {
		if (strchr(ops->v[i], '/'))
			return err_set(e, EINVAL,
				       "\"%s\": expected a name, as the operands before it",
				       ops->v[i]);
		if (k->namespaced && !ns)
			return err_set(e, EINVAL,
				       "%s: one object is in one namespace: leave -A out",
				       ops->v[i]);
		obj_refs_add(ret, k, ns, ops->v[i]);
	}
	return 0;
}

/* The first operand is a list of kinds, the others are names. */
static int add_kinds(struct obj_refs *ret, const struct operands *ops, const char *ns,
		     struct err *e)
{
	const char *p = ops->v[0];

	while (*p) {
		size_t n = strcspn(p, ",");
		_cleanup_free_ char *word = xstrndup(p, n);
		const struct kind *k = kind_by_name(word);
		bool any = false;

		KIND_FOREACH(c) {
			if (k || !kind_in_category(c, word))
				continue;
			any = true;
			if (add_kind(ret, c, ops, ns, e) < 0)
				return -EINVAL;
		}
		if (!k && !any)
			return unknown_kind(word, e);
		if (k && add_kind(ret, k, ops, ns, e) < 0)
			return -EINVAL;
		p += n + (p[n] == ',');
	}
	return 0;
}

int obj_refs_parse(const struct operands *ops, const char *ns, struct obj_refs *ret, struct err *e)
{
	if (!ops->n)
		return err_set(e, EINVAL, "expected KIND, KIND NAME or KIND/NAME");
	if (!strchr(ops->v[0], '/'))
		return add_kinds(ret, ops, ns, e);
	for (int i = 0; i < ops->n; i++)
		if (add_slashed(ret, ops->v[i], ns, e) < 0)
			return -EINVAL;
	return 0;
}

char *obj_path(const struct obj_ref *r, const char *labels, const char *fields)
{
	char *path = client_path(r->kind, r->ns, r->name, NULL);

	if (labels)
		client_add_query(&path, "labelSelector", labels);
	if (fields)
		client_add_query(&path, "fieldSelector", fields);
	return path;
}

void print_tree(const json_t *j, const char *format)
{
	_cleanup_free_ char *text = streq(format, "json") ? jtext_pretty(j) : yaml_text(j);

	fputs(text, stdout);
	if (*text && text[strlen(text) - 1] != '\n')
		putchar('\n');
}
