/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "cmd/opts.h"
#include "cmd/progress.h"
#include "cmd/verbs.h"
#include "lab/launch.h"
#include "lab/options.h"
#include "lab/topology.h"

struct up_args {
	const char *name, *zones, *profile;
	bool quiet;
};

static const struct opt up_opts[] = {
	{"name", 0, OPT_STRING, offsetof(struct up_args, name), "NAME",
	 "Name of the lab (default: $OVNBED_LAB, or the topology's)", NULL},
	{"zones", 0, OPT_STRING, offsetof(struct up_args, zones), "interconnect|central",
	 "Instead of what the topology says", NULL},
	{"profile", 0, OPT_STRING, offsetof(struct up_args, profile), "ovnk|spec",
	 "How policies are compiled: as OVN-Kubernetes does, or by the API's text", NULL},
	{"quiet", 'q', OPT_FLAG, offsetof(struct up_args, quiet), NULL, "No progress", NULL},
	{0},
};

static int print_diags(const struct diags *d)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (size_t i = 0; i < d->n; i++)
		diag_print(&d->v[i], &b);
	fputs(buf_str(&b), stderr);
	return CMD_USAGE;
}

static void on_phase(void *arg, const char *phase, double seconds)
{
	if (!arg)
		return;
	progress_phase(arg, phase, seconds);
}

static int up(const struct up_args *a, const char *file)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *topo = topology_load_zones(file, a->zones, &d), *options = NULL;
	_cleanup_lab_paths_ struct lab_paths p = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	const char *env = getenv("OVNBED_LAB");
	_cleanup_progress_ struct progress *pr = a->quiet ? NULL : progress_new();

	if (!topo)
		return print_diags(&d);
	if (a->profile)
		jset_str(topo, "profile", a->profile);
	if (lab_paths_init(&p, a->name ?: env && *env ? env : jstr(topo, "name", ""), &e) < 0)
		return cmd_err(&e);
	options = lab_options(&p, topo, &e);
	if (!options)
		return cmd_error(CMD_MACHINE, "%s", err_msg(&e));
	if (lab_launch(&p, topo, options, on_phase, pr, &e) < 0) {
		if (e.code == EPERM)
			return cmd_error(CMD_MACHINE, "%s; run as root (sudo)", err_msg(&e));
		return cmd_error(e.code == EEXIST ? CMD_USAGE : CMD_INTERNAL, "%s", err_msg(&e));
	}
	if (!a->quiet)
		fprintf(stderr, "lab %s is ready: %zu nodes, zones %s\n", p.name,
			json_array_size(json_object_get(topo, "nodes")), jstr(topo, "zones", ""));
	return CMD_OK;
}

static int run(int argc, char **argv)
{
	struct up_args a = {0};
	_cleanup_free_ char *def = NULL;
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;

	if (opts_parse(&cmd_up, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n > 1)
		return cmd_error(CMD_USAGE, "unexpected operand \"%s\"", ops.v[1]);
	if (!ops.n) {
		def = data_file("topo/two-workers.yaml");
		if (!def)
			return cmd_error(CMD_USAGE, "name a topology file");
	}
	return up(&a, ops.n ? ops.v[0] : def);
}

const struct cmd cmd_up = {
	.name = "up",
	.args = "[TOPOLOGY]",
	.summary = "Build the cluster that a topology describes",
	.help = "Without TOPOLOGY, topo/two-workers.yaml. The lab then runs on its own until\n"
		"`ovnbed down`; when its supervisor dies, everything in it goes with it.",
	.run = run,
	.opts = up_opts,
};
