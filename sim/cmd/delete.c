/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "api/meta.h"
#include "api/status.h"
#include "base/log.h"
#include "cmd/findings.h"
#include "cmd/session.h"
#include "cmd/sync.h"
#include "cmd/verbs.h"
#include "cmd/waiting.h"
#include "lab/apply_set.h"
#include "lab/fileset.h"

struct delete_args {
	const char *lab, *ns, *selector, *output, *cascade;
	struct opt_list files;
	uint64_t timeout;
	bool all, all_ns, ignore, wait, dry_run;
};

static const struct opt delete_opts[] = {
	FILE_OPT(struct delete_args),
	{"all", 0, OPT_FLAG, offsetof(struct delete_args, all), NULL, "All objects of the kind",
	 NULL},
	SELECTOR_OPT(struct delete_args),
	NAMESPACE_OPT(struct delete_args),
	ALL_NS_OPT(struct delete_args),
	{"ignore-not-found", 0, OPT_FLAG, offsetof(struct delete_args, ignore), NULL,
	 "An object that does not exist is no error", NULL},
	{"wait", 0, OPT_FLAG, offsetof(struct delete_args, wait), NULL,
	 "Wait until the objects and all that they owned are gone (default true)", NULL},
	{"timeout", 0, OPT_DURATION, offsetof(struct delete_args, timeout), "TIME",
	 "How long to wait (default 60s)", NULL},
	{"cascade", 0, OPT_STRING, offsetof(struct delete_args, cascade),
	 "background|foreground|orphan", "What becomes of objects that they own", NULL},
	{"dry-run", 0, OPT_FLAG, offsetof(struct delete_args, dry_run), NULL,
	 "Only say what would be deleted", NULL},
	{"output", 'o', OPT_STRING, offsetof(struct delete_args, output), "text|name",
	 "How to print", NULL},
	SESSION_OPT(struct delete_args),
	{0},
};

static void print_deleted(const struct delete_args *a, const struct obj_ref *r)
{
	_cleanup_free_ char *name = apply_object_name(r->kind, r->name);

	if (streq(a->output, "name"))
		printf("%s\n", name);
	else
		printf("%s deleted%s\n", name, a->dry_run ? " (dry run)" : "");
}

static json_t *delete_options(const struct delete_args *a)
{
	const char *policy = "Background";
	json_t *o;

	if (a->cascade && !streq(a->cascade, "background"))
		policy = streq(a->cascade, "orphan") ? "Orphan" : "Foreground";
	o = json_pack("{s:s, s:s, s:s}", "apiVersion", "v1", "kind", "DeleteOptions",
		      "propagationPolicy", policy);
	if (a->dry_run)
		json_object_set_new(o, "dryRun", json_pack("[s]", "All"));
	return o;
}

/* What goes with the object is to be waited for as well. */
static void add_owned(struct client *c, const struct delete_args *a, const struct obj_ref *r,
		      struct obj_refs *out)
{
	_cleanup_free_ char *path = obj_path(r, NULL, NULL);
	_cleanup_json_ json_t *obj = NULL, *owned = NULL;
	json_t *o;
	size_t i;

	if (!a->wait || (a->cascade && streq(a->cascade, "orphan")))
		return;
	obj = client_call(c, "GET", path, NULL, NULL);
	owned = objects_owned(c, obj);
	json_array_foreach(owned, i, o)
		obj_refs_add(out, kind_of(o), meta_ns(o), meta_name(o));
}

/* CMD_OK also when it was not there and that is no error. gone gets what is to be waited for. */
static int delete_one(struct client *c, const struct delete_args *a, const struct obj_ref *r,
		      struct obj_refs *gone)
{
	_cleanup_free_ char *path = obj_path(r, NULL, NULL);
	_cleanup_json_ json_t *body = delete_options(a), *reply = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	add_owned(c, a, r, gone);
	reply = client_call(c, "DELETE", path, body, &e);
	if (!reply && e.code == ENOENT && a->ignore)
		return CMD_OK;
	if (!reply)
		return client_fail(c, &e);
	print_deleted(a, r);
	obj_refs_add(gone, r->kind, r->ns, r->name);
	return CMD_OK;
}

/* Names of all objects that a reference without a name means. */
static int expand(struct client *c, const struct delete_args *a, const struct obj_refs *in,
		  struct obj_refs *out)
{
	for (size_t i = 0; i < in->n; i++) {
		_cleanup_free_ char *path = obj_path(&in->v[i], a->selector, NULL);
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_json_ json_t *list = NULL;
		json_t *obj;
		size_t k;

		if (in->v[i].name) {
			obj_refs_add(out, in->v[i].kind, in->v[i].ns, in->v[i].name);
			continue;
		}
		list = client_call(c, "GET", path, NULL, &e);
		if (!list)
			return client_fail(c, &e);
		json_array_foreach(json_object_get(list, "items"), k, obj)
			obj_refs_add(out, in->v[i].kind, meta_ns(obj), meta_name(obj));
	}
	return CMD_OK;
}

static int wait_gone(struct client *c, const struct obj_ref *r, uint64_t deadline)
{
	static const struct goal gone = {.type = GOAL_DELETE};
	_cleanup_json_ json_t *last = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *f;
	size_t i;

	if (wait_until(c, r, &gone, deadline, &last, &e) == 0)
		return CMD_OK;
	cmd_error(CMD_FAIL, "%s", err_msg(&e));
	json_array_foreach(jget(last, "metadata.finalizers"), i, f)
		fprintf(stderr, "  held by finalizer %s\n", json_string_value(f));
	if (json_array_size(jget(last, "status.conditions")))
		wait_explain(c, last);
	return e.code == ETIMEDOUT ? CMD_FAIL : CMD_INTERNAL;
}

/* Until the objects are gone and the databases have followed. */
static int settle(struct client *c, const struct delete_args *a, const struct obj_refs *gone)
{
	uint64_t deadline = mono_usec() + a->timeout;
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL;
	int worst = CMD_OK, code;

	for (size_t i = 0; i < gone->n; i++) {
		code = wait_gone(c, &gone->v[i], deadline);
		worst = MAX(worst, code);
	}
	reply = sync_lab(c, &e);
	code = reply ? sync_report(reply) : client_fail(c, &e);
	return MAX(worst, code);
}

static int delete_all(struct client *c, const struct delete_args *a, const struct obj_refs *named)
{
	_cleanup_obj_refs_ struct obj_refs refs = OBJ_REFS_INIT, gone = OBJ_REFS_INIT;
	int worst = expand(c, a, named, &refs), code;

	for (size_t i = 0; i < refs.n; i++) {
		code = delete_one(c, a, &refs.v[i], &gone);
		worst = MAX(worst, code);
	}
	if (!refs.n && worst == CMD_OK)
		fprintf(stderr, "no resources found\n");
	if (a->wait && !a->dry_run && gone.n) {
		code = settle(c, a, &gone);
		worst = MAX(worst, code);
	}
	return worst;
}

/* The files' objects, what needs others first. */
static int refs_of_files(const struct delete_args *a, struct obj_refs *ret)
{
	_cleanup_fileset_ struct fileset f = FILESET_INIT;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	const char *def = a->ns ? a->ns : "default";

	for (size_t i = 0; i < a->files.n; i++)
		fileset_add(&f, a->files.v[i], &d);
	findings_print(&d);
	fileset_sort(&f);
	for (size_t i = f.ms.n; i-- > 0;) {
		const json_t *obj = f.ms.v[i].obj;

		obj_refs_add(ret, f.ms.v[i].kind, *meta_ns(obj) ? meta_ns(obj) : def,
			     meta_name(obj));
	}
	return diags_count(&d, DIAG_ERROR) ? CMD_USAGE : CMD_OK;
}

static int parse(const struct delete_args *a, const struct operands *ops, struct obj_refs *refs)
{
	const char *ns = a->all_ns ? NULL : a->ns ? a->ns : "default";
	_cleanup_err_ struct err e = ERR_INIT;

	if (a->files.n && ops->n)
		return cmd_error(CMD_USAGE, "name objects or files, not both");
	if (a->files.n)
		return refs_of_files(a, refs);
	if (obj_refs_parse(ops, ns, refs, &e) < 0)
		return cmd_err(&e);
	for (size_t i = 0; i < refs->n; i++)
		if (!refs->v[i].name && !a->all && !a->selector)
			return cmd_error(CMD_USAGE, "name objects, or give --all or -l LABELS");
	return CMD_OK;
}

static int run(int argc, char **argv)
{
	struct delete_args a = {.output = "text", .wait = true, .timeout = 60 * USEC_PER_SEC};
	_cleanup_(opt_list_freep) struct opt_list *files UNUSED = &a.files;
	_cleanup_session_ struct session s = {0};
	_cleanup_obj_refs_ struct obj_refs refs = OBJ_REFS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;
	int code;

	if (opts_parse(&cmd_delete, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	code = parse(&a, &ops, &refs);
	if (code == CMD_OK)
		code = session_open(a.lab, &s);
	return code == CMD_OK ? delete_all(s.client, &a, &refs) : code;
}

const struct cmd cmd_delete = {
	.name = "delete",
	.args = "-f FILE… | KIND/NAME… | KIND NAME… | KIND --all",
	.summary = "Delete objects",
	.run = run,
	.opts = delete_opts,
};
