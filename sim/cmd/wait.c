/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "api/meta.h"
#include "base/log.h"
#include "cmd/findings.h"
#include "cmd/session.h"
#include "cmd/verbs.h"
#include "cmd/waiting.h"
#include "lab/fileset.h"

struct wait_args {
	const char *lab, *ns, *selector, *goal;
	struct opt_list files;
	uint64_t timeout;
	bool all, all_ns;
};

static const struct opt wait_opts[] = {
	{"for", 0, OPT_STRING, offsetof(struct wait_args, goal), "GOAL",
	 "condition=TYPE[=STATUS], jsonpath={.PATH}=VALUE, delete or create", NULL},
	{"timeout", 0, OPT_DURATION, offsetof(struct wait_args, timeout), "TIME",
	 "How long for all of them together (default 60s)", NULL},
	{"all", 0, OPT_FLAG, offsetof(struct wait_args, all), NULL, "All objects of the kind",
	 NULL},
	SELECTOR_OPT(struct wait_args),
	FILE_OPT(struct wait_args),
	NAMESPACE_OPT(struct wait_args),
	ALL_NS_OPT(struct wait_args),
	SESSION_OPT(struct wait_args),
	{0},
};

/* Replaces "all of a kind" by the objects that exist. */
static int expand(struct client *c, const struct wait_args *a, const struct obj_refs *in,
		  struct obj_refs *out, struct err *e)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct obj_ref *r = &in->v[i];
		_cleanup_free_ char *path = NULL;
		_cleanup_json_ json_t *list = NULL;
		json_t *obj;
		size_t k;

		if (r->name) {
			obj_refs_add(out, r->kind, r->ns, r->name);
			continue;
		}
		path = obj_path(r, a->selector, NULL);
		list = client_call(c, "GET", path, NULL, e);
		if (!list)
			return -e->code;
		json_array_foreach(json_object_get(list, "items"), k, obj)
			obj_refs_add(out, r->kind, meta_ns(obj), meta_name(obj));
	}
	return 0;
}

static int refs_of_files(const struct wait_args *a, const char *ns, struct obj_refs *ret)
{
	_cleanup_fileset_ struct fileset f = FILESET_INIT;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	int r = 0;

	for (size_t i = 0; i < a->files.n; i++)
		if (fileset_add(&f, a->files.v[i], &d) < 0)
			r = -EINVAL;
	findings_print(&d);
	for (size_t i = 0; i < f.ms.n; i++) {
		const json_t *obj = f.ms.v[i].obj;

		obj_refs_add(ret, f.ms.v[i].kind, *meta_ns(obj) ? meta_ns(obj) : ns,
			     meta_name(obj));
	}
	return r;
}

static bool exists(struct client *c, const struct obj_ref *r, int *ret_code)
{
	_cleanup_free_ char *path = obj_path(r, NULL, NULL);
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *obj = client_call(c, "GET", path, NULL, &e);

	*ret_code = obj ? CMD_OK : client_fail(c, &e);
	return obj != NULL;
}

static int wait_one(struct client *c, const struct obj_ref *r, const struct goal *wanted,
		    uint64_t deadline)
{
	_cleanup_goal_ struct goal def = {0};
	const struct goal *g = wanted ? wanted : &def;
	_cleanup_json_ json_t *last = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int code;

	goal_default(r->kind, &def);
	/* A name with a typing error is not worth the whole time. */
	if (g->type != GOAL_DELETE && g->type != GOAL_CREATE && !exists(c, r, &code))
		return code;
	if (wait_until(c, r, g, deadline, &last, &e) == 0) {
		printf("%s/%s %s\n", r->kind->singular, r->name,
		       g->type == GOAL_DELETE ? "is deleted" : "condition met");
		return CMD_OK;
	}
	code = cmd_error(e.code == ETIMEDOUT || client_status(c) ? CMD_FAIL : CMD_INTERNAL, "%s",
			 err_msg(&e));
	if (e.code == ETIMEDOUT)
		wait_explain(c, last);
	return code;
}

static int wait_all(struct client *c, const struct wait_args *a, const struct obj_refs *named)
{
	_cleanup_obj_refs_ struct obj_refs refs = OBJ_REFS_INIT;
	_cleanup_goal_ struct goal g = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	uint64_t deadline = mono_usec() + a->timeout;
	int worst = CMD_OK;

	if (a->goal && goal_parse(a->goal, &g, &e) < 0)
		return cmd_err(&e);
	if (expand(c, a, named, &refs, &e) < 0)
		return client_fail(c, &e);
	if (!refs.n && g.type != GOAL_DELETE)
		return cmd_error(CMD_FAIL, "no matching objects");
	for (size_t i = 0; i < refs.n; i++) {
		int code = wait_one(c, &refs.v[i], a->goal ? &g : NULL, deadline);

		worst = MAX(worst, code);
	}
	return worst;
}

static int parse(const struct wait_args *a, const struct operands *ops, struct obj_refs *refs)
{
	const char *ns = a->all_ns ? NULL : a->ns ? a->ns : "default";
	_cleanup_err_ struct err e = ERR_INIT;

	if (a->files.n && ops->n)
		return cmd_error(CMD_USAGE, "name objects or files, not both");
	if (a->files.n)
		return refs_of_files(a, ns ? ns : "default", refs) < 0 ? CMD_USAGE : CMD_OK;
	if (obj_refs_parse(ops, ns, refs, &e) < 0)
		return cmd_err(&e);
	for (size_t i = 0; i < refs->n; i++)
		if (!refs->v[i].name && !a->all && !a->selector)
			return cmd_error(CMD_USAGE, "name objects, or give --all or -l LABELS");
	return CMD_OK;
}

static int run(int argc, char **argv)
{
	struct wait_args a = {.timeout = 60 * USEC_PER_SEC};
	_cleanup_(opt_list_freep) struct opt_list *files = &a.files;
	_cleanup_session_ struct session s = {0};
	_cleanup_obj_refs_ struct obj_refs refs = OBJ_REFS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;
	int code;

	(void)files;
	if (opts_parse(&cmd_wait, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	code = parse(&a, &ops, &refs);
	if (code == CMD_OK)
		code = session_open(a.lab, &s);
	return code == CMD_OK ? wait_all(s.client, &a, &refs) : code;
}

const struct cmd cmd_wait = {
	.name = "wait",
	.args = "KIND/NAME…",
	.summary = "Wait until objects are ready, gone, or as described",
	.help = "Without --for: the guest agent of a VM is connected, a Pod is Ready, other\n"
		"objects exist. When time is up, conditions and last events say what is\n"
		"missing, and the exit code is 1.",
	.run = run,
	.opts = wait_opts,
};
