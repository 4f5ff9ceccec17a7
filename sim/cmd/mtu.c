/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "cmd/session.h"
#include "cmd/verbs.h"

struct mtu_args {
	const char *lab, *network, *output;
	long long family, max;
};

static const struct opt mtu_opts[] = {
	SESSION_OPT(struct mtu_args),
	{"network", 0, OPT_STRING, offsetof(struct mtu_args, network), "NAME",
	 "Network to use (default: the first that both share)", NULL},
	{"family", 0, OPT_INT, offsetof(struct mtu_args, family), "4|6", "Address family", NULL},
	{"max", 0, OPT_INT, offsetof(struct mtu_args, max), "BYTES", "Upper end of the search",
	 NULL},
	{"output", 'o', OPT_STRING, offsetof(struct mtu_args, output), "table|json", "How to print",
	 NULL},
	{0},
};

/* "1500: interface at node/worker-a 9000, node/worker-a:eth1 9000, switch datacenter 1500, …" */
static void print_plan(const json_t *plan)
{
	const json_t *h;
	size_t i;

	if (jstr(plan, "why", NULL))
		printf("  planned            unknown: %s\n", jstr(plan, "why", ""));
	else
		printf("  planned            %-5lld ", jint(plan, "limit", 0));
	json_array_foreach(json_object_get(plan, "hops"), i, h)
		if (!jstr(plan, "why", NULL))
			printf("%s%s %lld", i ? ", " : "(", jstr(h, "name", "?"),
			       jint(h, "room", 0));
	if (!jstr(plan, "why", NULL))
		printf(")\n");
	if (jstr(plan, "first", NULL))
		printf("  too small by plan  %s\n", jstr(plan, "first", ""));
}

static void print_hop(const json_t *d)
{
	if (json_object_get(d, "hop"))
		printf("  lost %-13s %s: %s\n", jint(d, "hop.mtu", 0) ? "at" : "",
		       jstr(d, "hop.name", "?"), jstr(d, "hop.evidence", ""));
	else if (jstr(d, "hopWhy", NULL))
		printf("  lost at            unknown: %s\n", jstr(d, "hopWhy", ""));
}

static void print_direction(const json_t *d, long long family)
{
	const json_t *beyond = json_object_get(d, "beyond");

	if (!d)
		return;
	printf("%s > %s, IPv%lld\n", jstr(d, "from", "?"), jstr(d, "to", "?"), family);
	printf("  interface MTU      %-5lld (advertised %lld)\n", jint(d, "ifMtu", 0),
	       jint(d, "advertised", 0));
	print_plan(json_object_get(d, "plan"));
	printf("  largest that pass  %-5lld (one byte more: %s)\n", jint(d, "path", 0),
	       jstr(d, "class", "?"));
	if (json_object_get(beyond, "largest"))
		printf("  of the path itself %-5lld (one byte more: %s, probes made to leave by "
		       "%s)\n",
		       jint(beyond, "largest", 0), jstr(beyond, "class", "?"),
		       jstr(beyond, "how", "?"));
	else if (jstr(beyond, "why", NULL))
		printf("  of the path itself unknown: %s\n", jstr(beyond, "why", ""));
	print_hop(d);
	printf("  verdict            %s: %s\n", jstr(d, "verdict.status", "?"),
	       jstr(d, "verdict.reason", ""));
}

static void print_families(const json_t *reply)
{
	const json_t *f, *tcp;
	size_t i;

	json_array_foreach(json_object_get(reply, "families"), i, f) {
		long long family = jint(f, "family", 4);

		print_direction(json_object_get(f, "forward"), family);
		print_direction(json_object_get(f, "reverse"), family);
		tcp = json_object_get(f, "tcp");
		if (tcp)
			printf("TCP over IPv%lld, both ways\n  verdict            %s: %s\n", family,
			       jstr(tcp, "verdict.status", "?"),
			       str_after(jstr(tcp, "verdict.reason", ""), "TCP: ") ?: "");
	}
}

static int run(int argc, char **argv)
{
	struct mtu_args a = {.output = "table"};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL, *body = NULL;
	struct operands ops;
	const char *st;
	int r;

	if (opts_parse(&cmd_mtu, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (ops.n != 2)
		return cmd_error(CMD_USAGE, "expected FROM TO");
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	body = json_pack("{s:s, s:s}", "from", ops.v[0], "to", ops.v[1]);
	jset_str(body, "network", a.network);
	if (a.family)
		json_object_set_new(body, "family", json_integer(a.family));
	if (a.max)
		json_object_set_new(body, "max", json_integer(a.max));
	reply = client_verb(s.client, "mtu", body, &e);
	if (!reply)
		return cmd_err(&e);
	if (streq(a.output, "json")) {
		_cleanup_free_ char *text = jtext_pretty(reply);

		puts(text);
	} else {
		print_families(reply);
	}
	st = jstr(reply, "status", "error");
	return streq(st, "pass") ? CMD_OK : streq(st, "fail") ? CMD_FAIL : CMD_INTERNAL;
}

const struct cmd cmd_mtu = {
	.name = "mtu",
	.args = "FROM TO",
	.summary = "Find the path MTU between two endpoints, each way",
	.help = "Searches with packets that must not be fragmented: first as the sender's "
		"interface\n"
		"is configured, then with probes that really leave it, so that a black hole above\n"
		"the path's MTU shows. Compares with what the interfaces were promised and with "
		"the\n"
		"plan, and names the hop that loses larger packets by where they are seen last. A\n"
		"TCP transfer each way must agree.",
	.run = run,
	.opts = mtu_opts,
};
