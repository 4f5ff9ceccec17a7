/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "api/meta.h"
#include "cmd/findings.h"
#include "cmd/get_watch.h"
#include "cmd/session.h"
#include "cmd/verbs.h"
#include "lab/apply_set.h"

static const struct opt get_opts[] = {
	{"output", 'o', OPT_STRING, offsetof(struct get_args, output), "table|wide|json|yaml|name",
	 "How to print", NULL},
	{"watch", 'w', OPT_FLAG, offsetof(struct get_args, watch), NULL,
	 "Then go on with every change", NULL},
	SELECTOR_OPT(struct get_args),
	{"field-selector", 0, OPT_STRING, offsetof(struct get_args, fields), "FIELDS",
	 "Only objects with these fields: status.phase=Running,spec.nodeName!=a", NULL},
	NAMESPACE_OPT(struct get_args),
	ALL_NS_OPT(struct get_args),
	{"show-labels", 0, OPT_FLAG, offsetof(struct get_args, labels), NULL,
	 "With a column LABELS", NULL},
	{"no-headers", 0, OPT_FLAG, offsetof(struct get_args, no_headers), NULL,
	 "Without the line of column names", NULL},
	{"ignore-not-found", 0, OPT_FLAG, offsetof(struct get_args, ignore), NULL,
	 "An object that does not exist is no error", NULL},
	SESSION_OPT(struct get_args),
	{0},
};

/* What has been fetched: for tables, one table a kind. */
struct got {
	const struct get_args *a;
	struct client *c;
	const struct kind *kind; /* of table */
	json_t *table;
	json_t *objects; /* the other formats */
	bool several;	 /* kinds: names carry theirs */
	bool printed;
	int code;
};

char *get_prefix(const struct kind *k)
{
	char *text = apply_object_name(k, "");

	text[strlen(text) - 1] = '\0';
	return text;
}

void get_style(const struct get_args *a, const char *prefix, struct table_style *ret)
{
	*ret = (struct table_style){.wide = streq(a->output, "wide"),
				    .namespaces = a->all_ns,
				    .no_headers = a->no_headers,
				    .labels = a->labels,
				    .name_prefix = prefix};
}

static void print_table(struct got *g)
{
	_cleanup_free_ char *prefix = g->several ? get_prefix(g->kind) : NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct table_style style;

	get_style(g->a, prefix, &style);
	style.namespaces &= g->kind->namespaced;
	if (json_array_size(json_object_get(g->table, "rows"))) {
		table_text(g->table, &style, &b);
		printf("%s%s", g->printed ? "\n" : "", buf_str(&b));
		g->printed = true;
	}
	json_decref(g->table);
	g->table = NULL;
}

static void add_table(struct got *g, const struct obj_ref *r, json_t *table)
{
	if (g->table && g->kind != r->kind)
		print_table(g);
	g->kind = r->kind;
	if (!g->table) {
		g->table = table;
		return;
	}
	json_array_extend(json_object_get(g->table, "rows"), json_object_get(table, "rows"));
	json_decref(table);
}

static void add_objects(struct got *g, json_t *reply)
{
	const json_t *items = json_object_get(reply, "items");

	if (json_is_array(items))
		json_array_extend(g->objects, (json_t *)items);
	else
		json_array_append(g->objects, reply);
	json_decref(reply);
}

static bool is_table(const struct get_args *a)
{
	return streq(a->output, "table") || streq(a->output, "wide");
}

static void fetch(struct got *g, const struct obj_ref *r)
{
	_cleanup_free_ char *path = obj_path(r, g->a->selector, g->a->fields);
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *reply = is_table(g->a) ? client_table(g->c, path, &e)
				       : client_call(g->c, "GET", path, NULL, &e);
	int code;

	if (!reply && e.code == ENOENT && g->a->ignore)
		return;
	if (!reply) {
		code = client_fail(g->c, &e);
		g->code = MAX(g->code, code);
	} else if (is_table(g->a)) {
		add_table(g, r, reply);
	} else {
		add_objects(g, reply);
	}
}

static void print_names(const json_t *objects)
{
	json_t *obj;
	size_t i;

	json_array_foreach(objects, i, obj) {
		const struct kind *k = kind_of(obj);
		_cleanup_free_ char *name = k ? apply_object_name(k, meta_name(obj)) : NULL;

		printf("%s\n", name ? name : meta_name(obj));
	}
}

static void print_objects(const struct got *g, bool single)
{
	_cleanup_json_ json_t *list = NULL;

	if (single && json_array_size(g->objects) == 0)
		return;
	if (streq(g->a->output, "name")) {
		print_names(g->objects);
		return;
	}
	if (single)
		list = json_incref(json_array_get(g->objects, 0));
	else
		list = json_pack("{s:s, s:s, s:{s:s}, s:O}", "apiVersion", "v1", "kind", "List",
				 "metadata", "resourceVersion", "", "items", g->objects);
	print_tree(list, g->a->output);
}

static void say_empty(const struct got *g)
{
	const char *ns = g->a->ns ? g->a->ns : "default";

	if (g->printed || g->code != CMD_OK || g->a->ignore)
		return;
	if (g->a->all_ns || (g->kind && !g->kind->namespaced))
		fprintf(stderr, "no resources found\n");
	else
		fprintf(stderr, "no resources found in namespace %s\n", ns);
}

static bool several_kinds(const struct obj_refs *refs)
{
	for (size_t i = 1; i < refs->n; i++)
		if (refs->v[i].kind != refs->v[0].kind)
			return true;
	return false;
}

static int get(const struct get_args *a, struct client *c, const struct obj_refs *refs)
{
	struct got g = {.a = a, .c = c, .objects = json_array(), .several = several_kinds(refs)};

	for (size_t i = 0; i < refs->n; i++)
		fetch(&g, &refs->v[i]);
	if (g.table)
		print_table(&g);
	if (!is_table(a))
		print_objects(&g, refs->n == 1 && refs->v[0].name);
	else
		say_empty(&g);
	json_decref(g.objects);
	return g.code;
}

static int run(int argc, char **argv)
{
	struct get_args a = {.output = "table"};
	_cleanup_session_ struct session s = {0};
	_cleanup_obj_refs_ struct obj_refs refs = OBJ_REFS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;
	int code;

	if (opts_parse(&cmd_get, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (obj_refs_parse(&ops, a.all_ns ? NULL : a.ns ? a.ns : "default", &refs, &e) < 0)
		return cmd_err(&e);
	if (a.watch && refs.n != 1)
		return cmd_error(CMD_USAGE, "--watch wants one kind or one object");
	code = session_open(a.lab, &s);
	if (code != CMD_OK)
		return code;
	return a.watch ? get_watch(&a, s.client, &refs.v[0]) : get(&a, s.client, &refs);
}

const struct cmd cmd_get = {
	.name = "get",
	.args = "KIND[/NAME]… | KIND NAME… | all",
	.summary = "List objects",
	.help = "Several kinds are written with commas: get vm,vmi,pod. \"all\" are VMs, their\n"
		"instances and Pods.",
	.run = run,
	.opts = get_opts,
};
