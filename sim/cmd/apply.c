/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "api/meta.h"
#include "base/log.h"
#include "cmd/findings.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "cmd/sync.h"
#include "cmd/verbs.h"
#include "cmd/waiting.h"
#include "lab/admission.h"
#include "lab/apply_set.h"
#include "lab/fileset.h"

struct apply_args {
	const char *lab, *ns, *output;
	struct opt_list files;
	uint64_t wait; /* 0: do not */
	bool dry_run;
};

static const struct opt apply_opts[] = {
	FILE_OPT(struct apply_args),
	NAMESPACE_OPT(struct apply_args),
	{"dry-run", 0, OPT_FLAG, offsetof(struct apply_args, dry_run), NULL,
	 "Check everything, store nothing", NULL},
	{"wait", 0, OPT_DURATION, offsetof(struct apply_args, wait), "TIME",
	 "Wait until VMs and Pods are ready (default 120s)", "120s"},
	{"output", 'o', OPT_STRING, offsetof(struct apply_args, output), "text|name|json",
	 "How to print", NULL},
	SESSION_OPT(struct apply_args),
	{0},
};

/* One apply at work. */
struct applying {
	const struct apply_args *a;
	struct client *c;
	const char *ns;
	size_t n[3];	 /* by result */
	json_t *results; /* [{object, namespace, result}] */
	json_t *titles;	 /* "Kind ns/name", as findings name objects */
	struct diags d;
	json_t *sync;	/* the lab's reply, or NULL */
	size_t others;	/* errors about objects that are not ours */
	size_t waiting; /* Pods that are not ours and cannot start */
	int code;
};

static void on_result(void *arg, const struct manifest *m, enum apply_result r, const json_t *obj)
{
	struct applying *x = arg;
	_cleanup_free_ char *name = apply_object_name(m->kind, meta_name(obj));
	_cleanup_free_ char *title = meta_title(obj);

	x->n[r]++;
	jadd_str(x->titles, title);
	json_array_append_new(x->results, json_pack("{s:s, s:s, s:s}", "object", name, "namespace",
						    meta_ns(obj), "result", apply_result_name(r)));
	if (streq(x->a->output, "text"))
		printf("%s %s%s\n", name, apply_result_name(r), x->a->dry_run ? " (dry run)" : "");
	else if (streq(x->a->output, "name"))
		printf("%s\n", name);
}

static void worsen(struct applying *x, int code)
{
	x->code = MAX(x->code, code);
}

/* ---- after storing ---- */

/*
 * "unchanged", "unchanged; repaired 1 row", "2 created, 1 unchanged; wrote 14 rows".
 */
static void print_summary(const struct applying *x)
{
	long long changed = jint(x->sync, "changed", 0), repaired = jint(x->sync, "repaired", 0);
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (int r = APPLY_CREATED; r <= APPLY_UNCHANGED; r++)
		if (x->n[r])
			buf_printf(&b, "%s%zu %s", b.len ? ", " : "", x->n[r],
				   apply_result_name((enum apply_result)r));
	if (!x->n[APPLY_CREATED] && !x->n[APPLY_CONFIGURED]) {
		buf_free(&b);
		buf_adds(&b, "unchanged");
	}
	if (changed)
		buf_printf(&b, "; wrote %lld row%s", changed, changed == 1 ? "" : "s");
	if (repaired)
		buf_printf(&b, "; repaired %lld row%s", repaired, repaired == 1 ? "" : "s");
	printf("%s\n", buf_str(&b));
}

/* A verdict about an object of ours, or about the Pod of one of our VMs. */
static bool concerns(const struct applying *x, const struct manifests *ms, const char *object)
{
	if (!object || jhas_str(x->titles, object))
		return true;
	for (size_t i = 0; i < ms->n; i++) {
		const char *ns = *meta_ns(ms->v[i].obj) ? meta_ns(ms->v[i].obj) : x->ns;
		_cleanup_free_ char *pod =
			xasprintf("Pod %s/virt-launcher-%s-", ns, meta_name(ms->v[i].obj));

		if (ms->v[i].kind == &kind_vm && str_after(object, pod))
			return true;
	}
	return false;
}

static bool has_error(const struct diags *found, const char *object)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->v[i].severity == DIAG_ERROR && streq0(found->v[i].object, object))
			return true;
	return false;
}

/* Pods of ours that cannot start as things are: no error, as a real cluster sees it. */
static void print_pending(struct applying *x, const struct manifests *ms, const struct diags *found)
{
	json_t *p;
	size_t i;

	json_array_foreach(json_object_get(x->sync, "pending"), i, p) {
		const char *cause = jstr(p, "cause", "");
		_cleanup_free_ char *pod =
			xasprintf("Pod %s/%s", jstr(p, "namespace", ""), jstr(p, "name", ""));

		if (!streq(cause, "FailedCreatePodSandBox") && !streq(cause, "Unschedulable"))
			continue;
		if (!concerns(x, ms, pod))
			x->waiting++;
		else if (!has_error(found, pod))
			fprintf(stderr, "pending: %s: %s\n", pod, jstr(p, "reason", ""));
	}
}

/* Lets the lab follow; its verdicts about what was applied join the findings. */
static void reconcile(struct applying *x, const struct manifests *ms)
{
	_cleanup_diags_ struct diags found = DIAGS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;

	x->sync = sync_lab(x->c, &e);
	if (!x->sync) {
		worsen(x, client_fail(x->c, &e));
		return;
	}
	worsen(x, sync_report(x->sync));
	diags_from_json(&found, json_object_get(x->sync, "verdicts"));
	for (size_t i = 0; i < found.n; i++) {
		struct diags one = {.v = &found.v[i], .n = 1};
		bool error = found.v[i].severity == DIAG_ERROR;

		if (!concerns(x, ms, found.v[i].object)) {
			x->others += error;
			continue;
		}
		admission_locate(ms, x->ns, &one, &x->d);
		if (error)
			worsen(x, CMD_FAIL);
	}
	print_pending(x, ms, &found);
}

/* VMs that are meant to run, and Pods. */
static bool worth_waiting(const struct kind *k, const json_t *obj)
{
	const char *strategy = jstr(obj, "spec.runStrategy", NULL);

	if (k == &kind_pod)
		return true;
	if (k == &kind_vm)
		return strategy ? streq(strategy, "Always") || streq(strategy, "RerunOnFailure")
				: jbool(obj, "spec.running", false);
	return k == &kind_vmi;
}

static void wait_one(struct applying *x, const struct manifest *m, uint64_t deadline,
		     struct progress *pr)
{
	const char *ns = *meta_ns(m->obj) ? meta_ns(m->obj) : x->ns;
	struct obj_ref r = {.kind = m->kind, .ns = (char *)ns, .name = (char *)meta_name(m->obj)};
	_cleanup_free_ char *label = xasprintf("%s/%s", m->kind->singular, r.name);
	_cleanup_goal_ struct goal g = {0};
	_cleanup_json_ json_t *last = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	uint64_t start = mono_usec();

	goal_default(m->kind, &g);
	progress_phase(pr, label, -1);
	if (wait_until(x->c, &r, &g, deadline, &last, &e) == 0) {
		progress_phase(pr, label, (double)(mono_usec() - start) / 1e6);
		return;
	}
	worsen(x, cmd_error(e.code == ETIMEDOUT ? CMD_FAIL : CMD_INTERNAL, "%s", err_msg(&e)));
	if (e.code == ETIMEDOUT)
		wait_explain(x->c, last);
}

static void wait_ready(struct applying *x, const struct manifests *ms)
{
	uint64_t deadline = mono_usec() + x->a->wait;
	_cleanup_progress_ struct progress *pr = progress_new();

	for (size_t i = 0; i < ms->n; i++)
		if (worth_waiting(ms->v[i].kind, ms->v[i].obj))
			wait_one(x, &ms->v[i], deadline, pr);
}

/* ---- the verb ---- */

static void print_json(const struct applying *x)
{
	_cleanup_json_ json_t *out =
		json_pack("{s:O, s:o, s:O?}", "results", x->results, "findings",
			  diags_to_json(&x->d), "reconcile", x->sync);

	print_tree(out, "json");
}

static void store_all(struct applying *x, const struct manifests *ms)
{
	struct apply_config config = {.ns = x->ns, .dry_run = x->a->dry_run};
	_cleanup_err_ struct err e = ERR_INIT;
	int r = apply_set(x->c, ms, &config, on_result, x, &x->d, &e);

	if (r == -EINVAL)
		worsen(x, CMD_FAIL);
	else if (r < 0)
		worsen(x, client_fail(x->c, &e));
	/* What was stored before something went wrong is followed up all the same. */
	if (!x->a->dry_run && json_array_size(x->results))
		reconcile(x, ms);
}

static int apply(const struct apply_args *a, struct client *c, const struct fileset *f)
{
	struct applying x = {.a = a,
			     .c = c,
			     .ns = a->ns ? a->ns : "default",
			     .results = json_array(),
			     .titles = json_array(),
			     .d = DIAGS_INIT};

	store_all(&x, &f->ms);
	findings_print(&x.d);
	if (x.others)
		fprintf(stderr, "%zu error%s about other objects; see ovnbed get events -A\n",
			x.others, x.others == 1 ? "" : "s");
	if (x.waiting)
		fprintf(stderr, "%zu other pod%s cannot start yet; see ovnbed get events -A\n",
			x.waiting, x.waiting == 1 ? "" : "s");
	if (x.code == CMD_OK && a->wait && !a->dry_run)
		wait_ready(&x, &f->ms);
	if (streq(a->output, "json"))
		print_json(&x);
	else if (x.sync && streq(a->output, "text"))
		print_summary(&x);
	json_decref(x.results);
	json_decref(x.titles);
	json_decref(x.sync);
	diags_free(&x.d);
	return x.code;
}

/* All files at once, and what their readable objects have wrong with them beside. */
static int load(const struct apply_args *a, struct fileset *f)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	for (size_t i = 0; i < a->files.n; i++)
		fileset_add(f, a->files.v[i], &d);
	for (size_t i = 0; diags_count(&d, DIAG_ERROR) && i < f->ms.n; i++)
		json_decref(admission_check(&f->ms.v[i], a->ns ? a->ns : "default", &d));
	findings_print(&d);
	if (diags_count(&d, DIAG_ERROR))
		return CMD_USAGE;
	if (!f->ms.n)
		return cmd_error(CMD_USAGE, "the files hold no objects");
	fileset_sort(f);
	return CMD_OK;
}

static int run(int argc, char **argv)
{
	struct apply_args a = {.output = "text"};
	_cleanup_(opt_list_freep) struct opt_list *files UNUSED = &a.files;
	_cleanup_session_ struct session s = {0};
	_cleanup_fileset_ struct fileset f = FILESET_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;
	int code;

	if (opts_parse(&cmd_apply, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	for (int i = 0; i < ops.n; i++)
		opt_list_add(&a.files, ops.v[i]);
	if (!a.files.n)
		return cmd_error(CMD_USAGE, "name manifests with -f FILE");
	code = load(&a, &f);
	if (code == CMD_OK)
		code = session_open(a.lab, &s);
	return code == CMD_OK ? apply(&a, s.client, &f) : code;
}

const struct cmd cmd_apply = {
	.name = "apply",
	.args = "-f FILE…",
	.summary = "Create or update objects from manifests",
	.help = "All files are checked, and tried as a whole, before anything is stored. Then the\n"
		"lab follows: what OVN-Kubernetes would refuse to act on is printed as an error "
		"and\n"
		"the object stays, as in a real cluster; Pods that cannot start are listed as\n"
		"pending, with the reason. A folder stands for the manifests in it.",
	.run = run,
	.opts = apply_opts,
};
