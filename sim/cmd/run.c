/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/opts.h"
#include "cmd/progress.h"
#include "cmd/run_jobs.h"
#include "cmd/verbs.h"
#include "lab/paths.h"
#include "report/junit.h"
#include "scenario/run.h"

struct run_args {
	const char *zones, *out, *lab, *output, *seed;
	long long jobs;
	bool keep, quiet;
};

static const struct opt run_opts[] = {
	{"zones", 0, OPT_STRING, offsetof(struct run_args, zones), "interconnect|central|both",
	 "Zone modes to run in (default: the topology's)", NULL},
	{"out", 0, OPT_STRING, offsetof(struct run_args, out), "DIR",
	 "Run directory (default: a new one below the state directory)", NULL},
	{"lab", 0, OPT_STRING, offsetof(struct run_args, lab), "NAME",
	 "Use a running lab instead of one of its own", NULL},
	{"jobs", 'j', OPT_INT, offsetof(struct run_args, jobs), "N",
	 "Scenarios to run at once, each on a lab of its own (default: 1)", NULL},
	{"seed", 0, OPT_STRING, offsetof(struct run_args, seed), "N",
	 "Of generated suites, instead of the scenario's", NULL},
	{"keep", 0, OPT_FLAG, offsetof(struct run_args, keep), NULL,
	 "Leave the scenario's lab running", NULL},
	{"output", 'o', OPT_STRING, offsetof(struct run_args, output), "table|tap|json",
	 "What to print on stdout", NULL},
	{"quiet", 'q', OPT_FLAG, offsetof(struct run_args, quiet), NULL, "No progress", NULL},
	{0},
};

static void on_progress(void *arg, const char *what, const char *status, double seconds)
{
	progress_item(arg, what, status ? status : "", seconds);
}

static char *default_out(struct err *e)
{
	_cleanup_free_ char *base = geteuid() == 0 ? xstrdup("/var/lib/ovnbed")
				    : getenv("HOME")
					    ? xasprintf("%s/.local/state/ovnbed", getenv("HOME"))
					    : NULL;
	char stamp[32];
	time_t t = time(NULL);
	struct tm tm;

	if (!base) {
		err_set(e, EINVAL, "HOME is not set; name a run directory with --out");
		return NULL;
	}
	gmtime_r(&t, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	return xasprintf("%s/runs/%s-%d", base, stamp, (int)getpid());
}

static int save(const char *dir, const char *name, char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name), *own = text;
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	if (!f || fputs(own, f) < 0)
		return cmd_error(CMD_INTERNAL, "%s: %s", path, strerror(errno));
	return CMD_OK;
}

static int save_reports(const json_t *results, const char *dir)
{
	char now[21];
	int a, b, c;

	wall_rfc3339(now);
	a = save(dir, "junit.xml", junit_text(results, now));
	b = save(dir, "results.tap", tap_text(results));
	c = save(dir, "results.json", jtext_pretty(results));
	return MAX(MAX(a, b), c);
}

static void print_summary(const json_t *results, const char *dir)
{
	_cleanup_json_ json_t *counts = run_counts(results);
	_cleanup_free_ char *table = verdict_table(results);
	const char *key;
	json_t *v;

	fputs(table, stdout);
	printf("\n");
	json_object_foreach(counts, key, v)
		if (json_integer_value(v) || streq(key, "pass") || streq(key, "fail"))
			printf("%lld %s  ", (long long)json_integer_value(v), key);
	printf("\nreport: %s/junit.xml\n", dir);
}

static int exit_code(const json_t *results)
{
	const char *worst = run_worst(results);

	if (streq(worst, "error"))
		return CMD_INTERNAL;
	return streq(worst, "fail") || streq(worst, "xpass") ? CMD_FAIL : CMD_OK;
}

static bool zone_wanted(const struct run_args *a, const struct scenario *s, const char *zones)
{
	if (!jhas_str(s->zones, zones))
		return false;
	if (a->zones)
		return streq(a->zones, "both") || streq(a->zones, zones);
	return streq0(json_string_value(json_array_get(s->zones, 0)), zones);
}

/* The jobs of the scenarios in the zone modes that are wanted; array owned by the caller. */
static struct run_job *jobs_of(const struct run_args *a, struct scenario **list, size_t n,
			       size_t *ret_n)
{
	static const char *const modes[] = {"interconnect", "central"};
	struct run_job *jobs = xcalloc(n * ARRAY_SIZE(modes) + 1, sizeof(*jobs));

	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t m = 0; m < ARRAY_SIZE(modes); m++)
			if (zone_wanted(a, list[i], modes[m]))
				jobs[(*ret_n)++] = (struct run_job){list[i], modes[m]};
	return jobs;
}

static json_t *run_each(const struct run_job *jobs, size_t n, const struct run_args *a,
			const struct run_opts *o, struct err *e)
{
	json_t *results = json_array(), *r;

	for (size_t i = 0; i < n; i++) {
		if (!a->quiet)
			fprintf(stderr, "%s (%s)\n", jobs[i].s->name, jobs[i].zones);
		if (scenario_run(jobs[i].s, jobs[i].zones, o, &r, e) < 0) {
			json_decref(results);
			return NULL;
		}
		json_array_append_new(results, r);
	}
	return results;
}

static void print_results(const struct run_args *a, const json_t *results, const char *dir)
{
	_cleanup_free_ char *text = NULL;

	if (streq(a->output, "tap"))
		text = tap_text(results);
	else if (streq(a->output, "json"))
		text = jtext_pretty(results);
	else
		print_summary(results, dir);
	if (text)
		printf("%s%s", text, streq(a->output, "json") ? "\n" : "");
}

static int run_all(const struct run_args *a, struct scenario **list, size_t n, const char *dir)
{
	bool many = a->jobs > 1;
	_cleanup_progress_ struct progress *pr = a->quiet ? NULL
						 : many	  ? progress_new_plain()
							  : progress_new();
	struct run_opts o = {.out = dir,
			     .lab = a->lab,
			     .seed = a->seed,
			     .keep = a->keep,
			     .progress = on_progress,
			     .arg = pr};
	size_t n_jobs;
	_cleanup_free_ struct run_job *jobs = jobs_of(a, list, n, &n_jobs);
	_cleanup_json_ json_t *results = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	int saved;

	results = many ? run_jobs(jobs, n_jobs, (unsigned)a->jobs, &o, &e)
		       : run_each(jobs, n_jobs, a, &o, &e);
	if (!results)
		return cmd_err(&e);
	saved = save_reports(results, dir);
	print_results(a, results, dir);
	return MAX(saved, exit_code(results));
}

static int load_all(const struct operands *ops, struct scenario **list)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (int i = 0; i < ops->n; i++)
		list[i] = scenario_load(ops->v[i], &d);
	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.v[i], &b);
	fputs(buf_str(&b), stderr);
	return diags_count(&d, DIAG_ERROR) ? CMD_USAGE : CMD_OK;
}

static int run(int argc, char **argv)
{
	struct run_args a = {.output = "table", .jobs = 1};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ struct scenario **list = NULL;
	_cleanup_free_ char *dir = NULL;
	struct operands ops;
	int r;

	if (opts_parse(&cmd_run, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (!ops.n)
		return cmd_error(CMD_USAGE, "expected scenario folders or files");
	if (a.seed && strspn(a.seed, "0123456789") != strlen(a.seed))
		return cmd_error(CMD_USAGE, "--seed: expected a number");
	if (a.jobs < 1 || a.jobs > 64)
		return cmd_error(CMD_USAGE, "--jobs: expected 1 to 64");
	if (a.jobs > 1 && (a.lab || a.keep))
		return cmd_error(CMD_USAGE,
				 "--jobs: several at once need labs of their own: not with "
				 "--lab or --keep");
	dir = a.out ? xstrdup(a.out) : default_out(&e);
	if (!dir || path_mkdirs(dir, &e) < 0)
		return cmd_err(&e);
	list = xcalloc((size_t)ops.n, sizeof(*list));
	r = load_all(&ops, list);
	if (r == CMD_OK)
		r = run_all(&a, list, (size_t)ops.n, dir);
	for (int i = 0; i < ops.n; i++)
		scenario_free(list[i]);
	return r;
}

const struct cmd cmd_run = {
	.name = "run",
	.args = "SCENARIO…",
	.summary = "Run scenarios, each on a lab of its own, and report",
	.help = "Exit code 0: all checks conform; 1: some do not; 4: the run is incomplete (an\n"
		"error, or no check at all). The run directory gets junit.xml, results.tap,\n"
		"results.json, and for each scenario its logs, dumps and evidence.",
	.run = run,
	.opts = run_opts,
};
