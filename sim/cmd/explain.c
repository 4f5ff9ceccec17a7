/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "api/kind.h"
#include "cmd/session.h"
#include "cmd/verbs.h"

struct explain_args {
	const char *lab, *network, *output;
	long long family;
	bool why;
};

static const struct opt explain_opts[] = {
	SESSION_OPT(struct explain_args),
	{"network", 0, OPT_STRING, offsetof(struct explain_args, network), "NAME",
	 "Network to look at (default: every one, or the first that both share)", NULL},
	{"why", 0, OPT_FLAG, offsetof(struct explain_args, why), NULL,
	 "Of a pair; what FROM TO means anyway", NULL},
	{"family", 0, OPT_INT, offsetof(struct explain_args, family), "4|6", "Address family",
	 NULL},
	{"output", 'o', OPT_STRING, offsetof(struct explain_args, output), "table|json",
	 "How to print", NULL},
	{0},
};

static void print_side(const char *what, const json_t *side)
{
	json_t *rule, *p;
	size_t i;

	if (!jbool(side, "isolated", false)) {
		printf("  %s: everything is allowed: no policy isolates it\n", what);
		return;
	}
	printf("  %s: isolated by", what);
	json_array_foreach(json_object_get(side, "policies"), i, p)
		printf("%s %s", i ? "," : "", json_string_value(p));
	printf("; allowed is%s\n",
	       json_array_size(json_object_get(side, "rules")) ? "" : " nothing");
	json_array_foreach(json_object_get(side, "rules"), i, rule)
		printf("    %s   (%s, rule %lld)\n", jstr(rule, "text", "?"),
		       jstr(rule, "policy", "?"), jint(rule, "rule", 0));
}

static void print_endpoint(const json_t *reply)
{
	const char *network;
	json_t *v;

	if (!jbool(reply, "selectable", true))
		printf("%s: no policy selects what is not a pod\n", jstr(reply, "endpoint", "?"));
	json_object_foreach(json_object_get(reply, "networks"), network, v) {
		printf("%s on network %s\n", jstr(reply, "endpoint", "?"), network);
		print_side("ingress", json_object_get(v, "ingress"));
		print_side("egress", json_object_get(v, "egress"));
	}
}

/* ---- a policy ---- */

static void print_state(const json_t *reply)
{
	const char *state = jstr(reply, "state", "?"), *message = jstr(reply, "message", "");

	printf("policy %s: %s%s%s\n", jstr(reply, "policy", "?"),
	       streq(state, "Applied")	 ? "applied"
	       : streq(state, "Unknown") ? "not judged yet"
					 : "not applied",
	       *message ? ": " : "", message);
}

static void print_networks(const json_t *reply)
{
	json_t *n, *v;
	size_t i, k;

	json_array_foreach(json_object_get(reply, "networks"), i, n) {
		const json_t *selects = json_object_get(n, "selects");

		printf("  on network %s it selects%s", jstr(n, "network", "?"),
		       json_array_size(selects) ? "" : " nobody");
		json_array_foreach(selects, k, v)
			printf("%s %s", k ? "," : "", json_string_value(v));
		printf("%s\n", jbool(n, "applied", true) ? "" : ", but is not applied there");
	}
}

static void print_direction(const char *what, const json_t *side)
{
	const json_t *rules = json_object_get(side, "rules");
	bool isolates = jbool(side, "isolates", false);
	json_t *v;
	size_t i;

	if (!isolates && !json_array_size(rules))
		return;
	printf("  %s: %s\n", what,
	       !isolates		? "isolates nobody; its rules:"
	       : json_array_size(rules) ? "denied but for"
					: "everything is denied");
	json_array_foreach(rules, i, v)
		printf("    %s   (rule %zu)\n", json_string_value(v), i);
}

static void print_policy(const json_t *reply)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	print_state(reply);
	print_networks(reply);
	print_direction("ingress", json_object_get(reply, "ingress"));
	print_direction("egress", json_object_get(reply, "egress"));
	diags_from_json(&d, json_object_get(reply, "findings"));
	for (size_t i = 0; i < d.n; i++) {
		static const char *const names[] = {"error", "warning", "note"};

		printf("  %s: %s%s%s [%s]\n", names[d.v[i].severity], d.v[i].path ?: "",
		       d.v[i].path ? ": " : "", d.v[i].msg, d.v[i].rule ?: "");
	}
}

/* "NS/NAME" or "NAME" of "policy/…", or of the kind's own names; NULL when it is no policy. */
static const char *policy_name(const char *operand)
{
	const char *slash = strchr(operand, '/');
	_cleanup_free_ char *kind = slash ? xstrndup(operand, (size_t)(slash - operand)) : NULL;

	if (kind && (streq(kind, "policy") || kind_by_name(kind) == &kind_mnp))
		return slash + 1;
	return NULL;
}

/* ---- a pair ---- */

static void print_cell(const json_t *c)
{
	json_t *p;
	size_t i;

	printf("%s  %s > %s: %s\n", jstr(c, "proto", "?"), jstr(c, "src", "?"), jstr(c, "dst", "?"),
	       jstr(c, "expect", "?"));
	printf("  because %s\n", jstr(c, "why", "?"));
	json_array_foreach(json_object_get(c, "policies"), i, p)
		printf("  policy %s\n", json_string_value(p));
	json_array_foreach(json_object_get(c, "rules"), i, p)
		printf("  %s by rule %lld of %s: %s\n", jstr(p, "direction", "?"),
		       jint(p, "rule", 0), jstr(p, "policy", "?"), jstr(p, "text", "?"));
	if (json_object_get(c, "acl"))
		printf("  dropped on node %s by ACL %s\n", jstr(c, "node", "?"),
		       jstr(c, "acl", "?"));
	if (json_object_get(c, "deviation"))
		printf("  known deviation: by the API's text it would be %s (%s)\n",
		       jstr(c, "deviation.spec", "?"), jstr(c, "deviation.why", ""));
}

static int run(int argc, char **argv)
{
	struct explain_args a = {.output = "table"};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL, *body = NULL;
	struct operands ops;
	json_t *cell;
	size_t i;
	int r;

	if (opts_parse(&cmd_explain, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n < (a.why ? 2 : 1) || ops.n > 3)
		return cmd_error(CMD_USAGE, "expected %sFROM TO [icmp|tcp/PORT|udp/PORT]",
				 a.why ? "" : "ENDPOINT, policy/NAME, or ");
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	body = ops.n == 1 && policy_name(ops.v[0])
		       ? json_pack("{s:s}", "policy", policy_name(ops.v[0]))
	       : ops.n == 1 ? json_pack("{s:s}", "endpoint", ops.v[0])
			    : json_pack("{s:s, s:s, s:s}", "from", ops.v[0], "to", ops.v[1], "send",
					ops.n == 3 ? ops.v[2] : "icmp");
	jset_str(body, "network", a.network);
	if (a.family)
		json_object_set_new(body, "family", json_integer(a.family));
	reply = client_verb(s.client, "explain", body, &e);
	if (!reply)
		return cmd_err(&e);
	if (streq(a.output, "json")) {
		_cleanup_free_ char *text = jtext_pretty(reply);

		puts(text);
		return CMD_OK;
	}
	if (json_object_get(reply, "policy"))
		print_policy(reply);
	else if (ops.n == 1)
		print_endpoint(reply);
	json_array_foreach(json_object_get(reply, "cells"), i, cell)
		print_cell(cell);
	return CMD_OK;
}

const struct cmd cmd_explain = {
	.name = "explain",
	.args = "ENDPOINT | policy/[NS/]NAME | [--why] FROM TO [icmp|tcp/PORT|udp/PORT]",
	.summary = "Say what policies mean for an endpoint, or why a packet passes or not",
	.help = "For an endpoint: which policies select it, and what they allow. For a policy: "
		"whether\n"
		"it is applied and why not, whom it selects, what it allows, what surprises. For "
		"a\n"
		"pair: the verdict, the rule or the deny that decides, and the ACL that carries it "
		"out.",
	.run = run,
	.opts = explain_opts,
};
