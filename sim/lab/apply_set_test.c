/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/apply_set.h"

#include <sys/stat.h>

#include "api/meta.h"
#include "lab/admission.h"
#include "lab/fileset.h"
#include "lab/http_testing.h"

static const char nad[] = "apiVersion: k8s.cni.cncf.io/v1\n"
			  "kind: NetworkAttachmentDefinition\n"
			  "metadata: {name: blue, namespace: net}\n"
			  "spec: {config: '{\"a\":1}'}\n";
static const char namespace[] = "apiVersion: v1\nkind: Namespace\nmetadata: {name: net}\n";
static const char pod[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: b}}\n"
			  "spec: {containers: [{name: c, image: i}]}\n";
static const char own[] = "apiVersion: ovnbed.io/v1alpha1\nkind: Scenario\nmetadata: {name: x}\n";

/* Writes a file below the folder; its path, which the caller frees. */
static char *put(const char *dir, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	if (f)
		fputs(text, f);
	return path;
}

static void drop(char **path)
{
	unlink(*path);
	free(*path);
}
#define _cleanup_drop_ _cleanup_(drop)

/* ---- files ---- */

static void test_folder(void)
{
	char dir[] = "/tmp/ovnbed-files-XXXXXX";
	_cleanup_drop_ char *a = NULL, *b = NULL, *c = NULL, *hidden = NULL;
	_cleanup_fileset_ struct fileset f = FILESET_INIT;
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	CU_ASSERT_PTR_NOT_NULL(mkdtemp(dir));
	CU_ASSERT_TRUE(fileset_add(&f, dir, &d) < 0); /* nothing there */
	a = put(dir, "1-pod.yaml", pod);
	b = put(dir, "2-nad.yml", nad);
	c = put(dir, "0-own.yaml", own);
	hidden = put(dir, ".hidden.yaml", "a: [");
	diags_free(&d);
	CU_ASSERT_EQUAL(fileset_add(&f, dir, &d), 0);
	CU_ASSERT_EQUAL(f.ms.n, 2);
	/* Named itself, a document of ovnbed.io is an error. */
	CU_ASSERT_TRUE(fileset_add(&f, c, &d) < 0);
	CU_ASSERT_TRUE(fileset_add(&f, "/nonexistent.yaml", &d) < 0);
	CU_ASSERT_EQUAL(diags_count(&d, DIAG_ERROR), 2);
	unlink(a);
	unlink(b);
	unlink(c);
	unlink(hidden);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static void test_order(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"vm pod nad ns", "Namespace NetworkAttachmentDefinition Pod VirtualMachine "},
		{"secret vm ns secret", "Namespace Secret Secret VirtualMachine "},
		{"", ""},
	};
	static const struct {
		const char *word, *version, *kind;
	} kinds[] = {{"vm", "kubevirt.io/v1", "VirtualMachine"},
		     {"pod", "v1", "Pod"},
		     {"nad", "k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition"},
		     {"ns", "v1", "Namespace"},
		     {"secret", "v1", "Secret"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_fileset_ struct fileset f = FILESET_INIT;
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_free_ char *copy = xstrdup(rows[i].text);
		char *save = NULL;

		for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
			for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
				_cleanup_json_ json_t *o = NULL;

				if (!streq(w, kinds[k].word))
					continue;
				o = json_pack("{s:s, s:s, s:{s:o}}", "apiVersion", kinds[k].version,
					      "kind", kinds[k].kind, "metadata", "name",
					      jstringf("%s-%zu", w, f.ms.n));
				manifest_decode(o, NULL, NULL, &f.ms, &d);
			}
		fileset_sort(&f);
		for (size_t k = 0; k < f.ms.n; k++)
			buf_printf(&b, "%s ", f.ms.v[k].kind->kind);
		TEST_STR(buf_str(&b), rows[i].want);
		if (i == 1)
			TEST_STR(meta_name(f.ms.v[1].obj),
				 "secret-0"); /* equals keep their order */
	}
}

/* ---- against a server ---- */

static void on_result(void *arg, const struct manifest *m, enum apply_result r, const json_t *obj)
{
	buf_printf(arg, "%s %s, ", meta_name(m->obj), apply_result_name(r));
	TEST_STR(meta_name(obj), meta_name(m->obj));
}

/* Applies texts; the results in words, or the findings' messages. Caller frees. */
static char *apply(struct client *c, bool dry, const char *const *texts, size_t n)
{
	struct apply_config config = {.ns = "default", .dry_run = dry};
	_cleanup_fileset_ struct fileset f = FILESET_INIT;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct buf b = BUF_INIT;
	char dir[] = "/tmp/ovnbed-apply-XXXXXX";
	int r;

	if (!mkdtemp(dir))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *name = xasprintf("%zu.yaml", i);
		_cleanup_drop_ char *path = put(dir, name, texts[i]);

		fileset_add(&f, path, &d);
	}
	rmdir(dir);
	fileset_sort(&f);
	r = apply_set(c, &f.ms, &config, on_result, &b, &d, &e);
	if (r < 0)
		buf_printf(&b, "%d: ", r);
	for (size_t i = 0; i < d.n; i++) {
		const struct diag *g = &d.v[i];

		if (g->severity == DIAG_NOTE) /* of changed objects only */
			buf_adds(&b, "(note)");
		else
			buf_printf(&b, "%d %s %s; ", g->line, g->path ? g->path : "-", g->msg);
	}
	return buf_take(&b);
}
#define APPLY(c, dry, ...)                                    \
	apply((c), (dry), (const char *const[]){__VA_ARGS__}, \
	      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void rounds(struct fixture *f)
{
	_cleanup_client_ struct client *c = new_client(f);
	_cleanup_free_ char *bad = NULL, *none = NULL, *dry = NULL, *first = NULL, *second = NULL;
	_cleanup_free_ char *third = NULL, *changed = NULL, *twice = NULL;
	const char *pod2 = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: c}}\n"
			   "spec: {containers: [{name: c, image: i}]}\n";
	const char *broken = "apiVersion: v1\nkind: Pod\nmetadata: {name: q}\nspec:\n"
			     "  containers: [{name: c, image: i}]\n  nosuch: 1\n";
	int code = 0;

	/* One bad object: nothing is stored. */
	bad = APPLY(c, false, namespace, nad, broken);
	CU_ASSERT_PTR_NOT_NULL(strstr(bad, "-22: 6 spec.nosuch"));
	client_request(c, "GET", "/api/v1/namespaces/net", NULL, NULL, &code, NULL, NULL);
	CU_ASSERT_EQUAL(code, 404);
	/* A namespace that nobody makes is found out by the server. */
	none = APPLY(c, false, nad);
	CU_ASSERT_PTR_NOT_NULL(strstr(none, "namespaces \"net\" not found"));
	dry = APPLY(c, true, pod, nad, namespace);
	TEST_STR(dry, "net created, blue created, p created, (note)");
	first = APPLY(c, false, pod, nad, namespace);
	TEST_STR(first, "net created, blue created, p created, (note)");
	second = APPLY(c, false, pod, nad, namespace);
	TEST_STR(second, "net unchanged, blue unchanged, p unchanged, ");
	changed = APPLY(c, true, pod2, nad);
	TEST_STR(changed, "blue unchanged, p configured, (note)");
	third = APPLY(c, false, pod2, nad);
	TEST_STR(third, "blue unchanged, p configured, (note)");
	twice = APPLY(c, false, pod2, pod);
	CU_ASSERT_PTR_NOT_NULL(strstr(twice, "more than once"));
}

static void prepare(struct fixture *f)
{
	admission_register(f->store);
}

static void test_rounds(void)
{
	struct fixture f = {.prepare = prepare};

	serve(&f, rounds);
	tear_down(&f);
}

static void removed(struct fixture *f)
{
	_cleanup_client_ struct client *c = new_client(f);
	_cleanup_free_ char *a = NULL, *b = NULL;
	_cleanup_json_ json_t *got = NULL;
	const char *bare = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
			   "spec: {containers: [{name: c, image: i}]}\n";

	a = APPLY(c, false, pod);
	b = APPLY(c, false, bare);
	TEST_STR(b, "p configured, (note)");
	got = client_call(c, "GET", "/api/v1/namespaces/default/pods/p", NULL, NULL);
	CU_ASSERT_PTR_NULL(meta_label(got, "a"));
	CU_ASSERT_PTR_NOT_NULL(got);
}

static void test_removed(void)
{
	struct fixture f = {.prepare = prepare};

	serve(&f, removed);
	tear_down(&f);
}

static void test_names(void)
{
	_cleanup_free_ char *vm = apply_object_name(&kind_vm, "A"),
			    *p = apply_object_name(&kind_pod, "b");
	_cleanup_free_ char *n = apply_object_name(&kind_nad, "c");

	TEST_STR(vm, "virtualmachine.kubevirt.io/A");
	TEST_STR(p, "pod/b");
	TEST_STR(n, "networkattachmentdefinition.k8s.cni.cncf.io/c");
}

TEST_SUITE(apply_set, {"folder", test_folder}, {"order", test_order}, {"rounds", test_rounds},
	   {"what a manifest drops is removed", test_removed}, {"names", test_names})
