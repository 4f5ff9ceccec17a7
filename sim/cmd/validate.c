/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>

#include "cmd/findings.h"
#include "cmd/objects.h"
#include "cmd/verbs.h"
#include "lab/admission.h"
#include "lab/fileset.h"
#include "lab/topology.h"
#include "scenario/scenario.h"

struct validate_args {
	const char *ns, *topology, *output;
	struct opt_list files;
};

static const struct opt validate_opts[] = {
	FILE_OPT(struct validate_args),
	{"topology", 0, OPT_STRING, offsetof(struct validate_args, topology), "FILE",
	 "Cluster that the manifests are meant for", NULL},
	NAMESPACE_OPT(struct validate_args),
	{"output", 'o', OPT_STRING, offsetof(struct validate_args, output), "text|json",
	 "How to print", NULL},
	{0},
};

/* One validation at work. */
struct validating {
	const struct validate_args *a;
	struct fileset f;
	struct diags d;
	char *topology; /* of a scenario that was met; owned */
	size_t topologies, scenarios;
	bool unreadable;
};

/* A file whose first document is one of ovnbed's own kinds is judged by that kind. */
static const char *own_kind(const char *path, char *buf, size_t size)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};

	if (streq(path, "-"))
		return NULL;
	yaml_parse_file(path, &docs, &d);
	if (!docs.n || !str_after(jstr(docs.v[0].root, "apiVersion", ""), "ovnbed.io/"))
		return NULL;
	snprintf(buf, size, "%s", jstr(docs.v[0].root, "kind", ""));
	return buf;
}

static void check_scenario(struct validating *v, const char *path)
{
	_cleanup_scenario_ struct scenario *s = scenario_load(path, &v->d);

	v->scenarios++;
	if (!s || v->topology)
		return;
	v->topology = xstrdup(s->topology);
}

static void check_topology(struct validating *v, const char *path)
{
	json_decref(topology_load(path, &v->d));
	v->topologies++;
}

static void add_file(struct validating *v, const char *path)
{
	char buf[64];
	const char *own = own_kind(path, buf, sizeof(buf));

	if (own && streq(own, "Scenario"))
		check_scenario(v, path);
	else if (own && streq(own, "Topology"))
		check_topology(v, path);
	else if (fileset_add(&v->f, path, &v->d) < 0)
		v->unreadable = true;
}

/* A folder: its manifests, and its scenario when it is one. */
static void add_path(struct validating *v, const char *path)
{
	_cleanup_free_ char *scenario = xasprintf("%s/scenario.yaml", path);
	struct stat st;

	if (streq(path, "-") || stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		add_file(v, path);
		return;
	}
	if (stat(scenario, &st) == 0)
		check_scenario(v, scenario);
	if (fileset_add(&v->f, path, &v->d) < 0)
		v->unreadable = true;
}

static void judge(struct validating *v)
{
	const char *file = v->a->topology ? v->a->topology : v->topology;
	_cleanup_json_ json_t *topology = file ? topology_load(file, &v->d) : NULL;

	if (file && !topology)
		v->unreadable |= v->a->topology != NULL;
	fileset_sort(&v->f);
	admission_validate(&v->f.ms, v->a->ns ? v->a->ns : "default", topology, &v->d);
}

static void print(const struct validating *v)
{
	_cleanup_free_ char *count = findings_count(&v->d);

	if (streq(v->a->output, "json")) {
		_cleanup_json_ json_t *out =
			json_pack("{s:I, s:o}", "objects", (json_int_t)v->f.ms.n, "findings",
				  diags_to_json(&v->d));

		print_tree(out, "json");
		return;
	}
	findings_print(&v->d);
	printf("%zu object%s", v->f.ms.n, v->f.ms.n == 1 ? "" : "s");
	if (v->topologies)
		printf(", %zu topolog%s", v->topologies, v->topologies == 1 ? "y" : "ies");
	if (v->scenarios)
		printf(", %zu scenario%s", v->scenarios, v->scenarios == 1 ? "" : "s");
	printf(": %s\n", count);
}

static int validate(const struct validate_args *a)
{
	struct validating v = {.a = a, .f = FILESET_INIT, .d = DIAGS_INIT};
	int code;

	for (size_t i = 0; i < a->files.n; i++)
		add_path(&v, a->files.v[i]);
	judge(&v);
	print(&v);
	code = v.unreadable ? CMD_USAGE : diags_count(&v.d, DIAG_ERROR) ? CMD_FAIL : CMD_OK;
	if (code == CMD_OK && !v.f.ms.n && !v.topologies && !v.scenarios)
		code = cmd_error(CMD_USAGE, "the files hold no objects");
	fileset_free(&v.f);
	diags_free(&v.d);
	free(v.topology);
	return code;
}

static int run(int argc, char **argv)
{
	struct validate_args a = {.output = "text"};
	_cleanup_(opt_list_freep) struct opt_list *files UNUSED = &a.files;
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;

	if (opts_parse(&cmd_validate, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	for (int i = 0; i < ops.n; i++)
		opt_list_add(&a.files, ops.v[i]);
	if (!a.files.n)
		return cmd_error(CMD_USAGE, "name files or folders");
	return validate(&a);
}

const struct cmd cmd_validate = {
	.name = "validate",
	.args = "FILE…",
	.summary = "Judge manifests, topologies and scenarios without a lab",
	.help = "Structure, KubeVirt's admission, OVN-Kubernetes' verdicts, what policies may "
		"say,\n"
		"and lints. Exit code 0 without errors (warnings are none), 1 with some, 2 when a\n"
		"file cannot be read.\n"
		"Without --topology, the topology of a scenario among the files, else defaults.",
	.run = run,
	.opts = validate_opts,
};
