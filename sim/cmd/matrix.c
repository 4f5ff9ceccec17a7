/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "cmd/session.h"
#include "cmd/verbs.h"
#include "scenario/grid.h"

#define FINDINGS_MAX 20
#define ALLOWED_MS 3000

struct matrix_args {
	const char *lab, *network, *output;
	long long family, tries, timeout_ms, window;
	struct opt_list send;
	bool allowed;
};

static const struct opt matrix_opts[] = {
	SESSION_OPT(struct matrix_args),
	{"network", 0, OPT_STRING, offsetof(struct matrix_args, network), "NAME",
	 "Network to use (default: the only one)", NULL},
	{"send", 's', OPT_LIST, offsetof(struct matrix_args, send), "PROBE",
	 "icmp, tcp/PORT or udp/PORT; may be repeated (default: icmp tcp/80 udp/53)", NULL},
	{"family", 0, OPT_INT, offsetof(struct matrix_args, family), "4|6",
	 "Address family (default: all that a pair shares)", NULL},
	{"expect-allowed", 0, OPT_FLAG, offsetof(struct matrix_args, allowed), NULL,
	 "Expect everything to pass, whatever the policies say", NULL},
	{"tries", 0, OPT_INT, offsetof(struct matrix_args, tries), "N",
	 "Tries of a cell (a deny has at least 3)", NULL},
	{"timeout-ms", 0, OPT_INT, offsetof(struct matrix_args, timeout_ms), "MS",
	 "Of a try (default: 1000); of cells that may pass at least 3000", NULL},
	{"window", 0, OPT_INT, offsetof(struct matrix_args, window), "N",
	 "Cells at work at once, a source", NULL},
	{"output", 'o', OPT_STRING, offsetof(struct matrix_args, output), "table|json",
	 "How to print", NULL},
	{0},
};

static void put(json_t *body, const char *key, long long v)
{
	if (v)
		json_object_set_new(body, key, json_integer(v));
}

static json_t *request(const struct matrix_args *a, const struct operands *ops)
{
	json_t *body = json_object(), *list = json_array(), *send = json_array();

	for (int i = 0; i < ops->n; i++)
		json_array_append_new(list, json_string(ops->v[i]));
	for (size_t i = 0; i < a->send.n; i++)
		json_array_append_new(send, json_string(a->send.v[i]));
	if (ops->n)
		json_object_set(body, "endpoints", list);
	if (a->send.n)
		json_object_set(body, "send", send);
	json_decref(list);
	json_decref(send);
	jset_str(body, "network", a->network);
	if (a->allowed)
		jset_str(body, "expect", "allowed");
	put(body, "family", a->family);
	put(body, "tries", a->tries);
	put(body, "timeoutMs", a->timeout_ms);
	put(body, "allowedMs", MAX(a->timeout_ms, ALLOWED_MS));
	put(body, "window", a->window);
	return body;
}

static void print_table(const json_t *reply)
{
	_cleanup_free_ char *grid = grid_text(reply), *bad = grid_findings(reply, FINDINGS_MAX);
	json_t *cell;
	size_t i, deviations = 0;

	printf("network %s\n\n%s\n%s", jstr(reply, "network", "?"), grid, bad);
	json_array_foreach(json_object_get(reply, "cells"), i, cell)
		deviations += json_object_get(cell, "deviation") != NULL;
	printf("%s%zu cells: %lld pass, %lld fail, %lld error in %.2f s\n", *bad ? "\n" : "",
	       json_array_size(json_object_get(reply, "cells")), jint(reply, "counts.pass", 0),
	       jint(reply, "counts.fail", 0), jint(reply, "counts.error", 0),
	       json_number_value(json_object_get(reply, "seconds")));
	if (jint(reply, "again", 0))
		printf("%lld cells measured again: lost packets had put them in doubt\n",
		       jint(reply, "again", 0));
	if (deviations)
		printf("%zu cells where OVN-Kubernetes is known to deviate from the API's text\n",
		       deviations);
}

static int run(int argc, char **argv)
{
	struct matrix_args a = {.output = "table"};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL, *body = NULL;
	struct operands ops;
	const char *st;
	int r = opts_parse(&cmd_matrix, argc, argv, &a, &ops, &e);

	if (r >= 0)
		r = session_open(a.lab, &s);
	else
		r = cmd_err(&e);
	if (r == CMD_OK) {
		body = request(&a, &ops);
		reply = client_verb(s.client, "matrix", body, &e);
		r = reply ? CMD_OK : cmd_err(&e);
	}
	opt_list_free(&a.send);
	if (r != CMD_OK)
		return r;
	if (streq(a.output, "json")) {
		_cleanup_free_ char *text = jtext_pretty(reply);

		puts(text);
	} else {
		print_table(reply);
	}
	st = jstr(reply, "status", "error");
	return streq(st, "pass") ? CMD_OK : streq(st, "fail") ? CMD_FAIL : CMD_INTERNAL;
}

const struct cmd cmd_matrix = {
	.name = "matrix",
	.args = "[ENDPOINT…]",
	.summary = "Probe every pair of a network and compare with what policies say",
	.help = "Every endpoint sends to every other, all at once. What is expected comes from an\n"
		"oracle that shares no code with the policy compiler; a deny is believed only "
		"when\n"
		"the drop counter of its ACL accounts for it and nothing reached the destination.\n"
		"Without ENDPOINTs, all running pods and VMs of the network.",
	.run = run,
	.opts = matrix_opts,
};
