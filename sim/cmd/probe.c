/* SPDX-License-Identifier: Apache-2.0 */
/* probe FROM TO [icmp tcp/80 …]: one line a cell, exit code by what was expected. */
#include <stddef.h>

#include "cmd/progress.h"
#include "cmd/session.h"
#include "cmd/verbs.h"
#include "scenario/step.h"

struct probe_args {
	const char *lab, *expect, *network, *output;
	long long family, tries;
};

static const struct opt probe_opts[] = {
	SESSION_OPT(struct probe_args),
	{"expect", 0, OPT_STRING, offsetof(struct probe_args, expect),
	 "allowed|denied|rejected|isolated|blocked", "What should come of it (default: allowed)",
	 NULL},
	{"network", 0, OPT_STRING, offsetof(struct probe_args, network), "NAME",
	 "Network to use (default: the first that both share)", NULL},
	{"family", 0, OPT_INT, offsetof(struct probe_args, family), "4|6",
	 "Address family (default: all that both have)", NULL},
	{"tries", 0, OPT_INT, offsetof(struct probe_args, tries), "N", "Attempts a cell", NULL},
	{"output", 'o', OPT_STRING, offsetof(struct probe_args, output), "table|json",
	 "How to print", NULL},
	{0},
};

static json_t *make_cell(const struct probe_args *a, const char *from, const char *to,
			 const char *send)
{
	json_t *c = json_pack("{s:s, s:s, s:s}", "from", from, "to", to, "expect",
			      a->expect ? a->expect : "allowed");

	if (!step_parse_send(send, c)) {
		json_decref(c);
		return NULL;
	}
	jset_str(c, "network", a->network);
	if (a->family)
		json_object_set_new(c, "family", json_integer(a->family));
	if (a->tries)
		json_object_set_new(c, "tries", json_integer(a->tries));
	return c;
}

static json_t *make_cells(const struct probe_args *a, const struct operands *ops)
{
	static const char *const def[] = {"icmp", "tcp/80", "udp/53"};
	size_t n = ops->n > 2 ? (size_t)ops->n - 2 : ARRAY_SIZE(def);
	json_t *cells = json_array();

	for (size_t i = 0; i < n; i++) {
		const char *send = ops->n > 2 ? ops->v[i + 2] : def[i];
		json_t *c = make_cell(a, ops->v[0], ops->v[1], send);

		if (!c) {
			cmd_error(CMD_USAGE, "\"%s\": expected " STEP_SEND_TEXT, send);
			json_decref(cells);
			return NULL;
		}
		json_array_append_new(cells, c);
	}
	return cells;
}

static void print_cell(const json_t *c, bool color)
{
	const char *st = jstr(c, "verdict.status", "error");
	long long port = jint(c, "port", 0), rtt = jint(c, "rttUs", -1);
	bool frames = json_object_get(c, "kind") != NULL;
	_cleanup_free_ char *what = port ? xasprintf("%s/%lld", jstr(c, "proto", "?"), port)
					 : xstrdup(jstr(c, "proto", "?"));
	_cleanup_free_ char *time =
		rtt >= 0 ? xasprintf("%.2f ms", (double)rtt / 1e3) : xstrdup("-");

	printf("%s%-5s%s %-10s %-24s > %-24s %-10s %9s  %s\n", status_color(st, color), st,
	       color_off(color), what, jstr(c, frames ? "from" : "src", "-"),
	       jstr(c, frames ? "to" : "dst", "-"), jstr(c, "outcome", "?"), time,
	       streq(st, "pass") && !frames ? "" : jstr(c, "verdict.reason", ""));
}

static int judge(const json_t *reply)
{
	const char *st = jstr(reply, "status", "error");

	return streq(st, "pass") ? CMD_OK : streq(st, "fail") ? CMD_FAIL : CMD_INTERNAL;
}

/* Sends cells to a verb of the lab and adds what came of them to *result. */
static int send_cells(struct client *client, const char *verb, const json_t *cells, json_t **result,
		      struct err *e)
{
	_cleanup_json_ json_t *body = json_pack("{s:O}", "cells", (json_t *)cells), *reply = NULL;
	const char *st;

	if (!json_array_size(cells))
		return 0;
	reply = client_verb(client, verb, body, e);
	if (!reply)
		return -e->code;
	if (!*result) {
		*result = TAKE_PTR(reply);
		return 0;
	}
	json_array_extend(json_object_get(*result, "cells"), json_object_get(reply, "cells"));
	st = jstr(reply, "status", "error");
	if (streq(jstr(*result, "status", ""), "pass") || streq(st, "error"))
		jset_str(*result, "status", st);
	return 0;
}

static int run(int argc, char **argv)
{
	struct probe_args a = {.output = "table"};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL, *cells = NULL, *frames = NULL;
	struct operands ops;
	json_t *c;
	size_t i;
	int r;

	if (opts_parse(&cmd_probe, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n < 2)
		return cmd_error(CMD_USAGE, "expected FROM TO [icmp tcp/80 …]");
	cells = make_cells(&a, &ops);
	if (!cells)
		return CMD_USAGE;
	frames = step_take_frames(cells);
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	if (send_cells(s.client, "probes", cells, &reply, &e) < 0 ||
	    send_cells(s.client, "frames", frames, &reply, &e) < 0)
		return cmd_err(&e);
	if (streq(a.output, "json")) {
		_cleanup_free_ char *text = jtext_pretty(reply);

		puts(text);
		return judge(reply);
	}
	json_array_foreach(json_object_get(reply, "cells"), i, c)
		print_cell(c, color_wanted(STDOUT_FILENO));
	return judge(reply);
}

const struct cmd cmd_probe = {
	.name = "probe",
	.args = "FROM TO [icmp|tcp/PORT|udp/PORT|bulk|broadcast|…]",
	.summary = "Send packets between two endpoints and judge what comes of them",
	.help = "Endpoints are vm/NAME, pod/NAME, host/NAME, node/NAME, with NS/ before NAME for\n"
		"another namespace than default. Without probes: icmp, tcp/80 and udp/53.\n"
		"Raw frames, whose copies are counted at every member: broadcast, unicast,\n"
		"multicast/GROUP, ethertype/0xNNNN, garp, mpls, vlan/ID, qinq/OUTER.INNER, lldp, "
		"dhcp.",
	.run = run,
	.opts = probe_opts,
};
