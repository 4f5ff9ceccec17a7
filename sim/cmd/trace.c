/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "cmd/session.h"
#include "cmd/verbs.h"
#include "scenario/step.h"

struct trace_args {
	const char *lab, *network, *output;
	long long family;
};

static const struct opt trace_opts[] = {
	SESSION_OPT(struct trace_args),
	{"network", 0, OPT_STRING, offsetof(struct trace_args, network), "NAME",
	 "Network to use (default: the first that both share)", NULL},
	{"family", 0, OPT_INT, offsetof(struct trace_args, family), "4|6", "Address family", NULL},
	{"output", 'o', OPT_STRING, offsetof(struct trace_args, output), "text|json",
	 "How to print", NULL},
	{0},
};

static int run(int argc, char **argv)
{
	struct trace_args a = {.output = "text"};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL, *body = NULL;
	struct operands ops;
	int r;

	if (opts_parse(&cmd_trace, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n < 2 || ops.n > 3)
		return cmd_error(CMD_USAGE, "expected FROM TO [icmp|tcp/PORT|udp/PORT]");
	body = json_pack("{s:s, s:s}", "from", ops.v[0], "to", ops.v[1]);
	if (!step_parse_send(ops.n > 2 ? ops.v[2] : "icmp", body))
		return cmd_error(CMD_USAGE, "\"%s\": expected icmp, tcp/PORT or udp/PORT",
				 ops.v[2]);
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	jset_str(body, "network", a.network);
	if (a.family)
		json_object_set_new(body, "family", json_integer(a.family));
	reply = client_verb(s.client, "trace", body, &e);
	if (!reply)
		return cmd_err(&e);
	if (streq(a.output, "json")) {
		_cleanup_free_ char *text = jtext_pretty(reply);

		puts(text);
	} else {
		fputs(jstr(reply, "text", ""), stdout);
		fprintf(stderr, "%s\n", jstr(reply, "summary", ""));
	}
	return CMD_OK;
}

const struct cmd cmd_trace = {
	.name = "trace",
	.args = "FROM TO [icmp|tcp/PORT|udp/PORT]",
	.summary = "Follow a packet through OVN's logical pipeline, zone by zone",
	.run = run,
	.opts = trace_opts,
};
