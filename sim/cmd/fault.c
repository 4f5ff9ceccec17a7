/* SPDX-License-Identifier: Apache-2.0 */
/* fault WORD …: faults of the physical world, their list, and undoing them. */
#include <errno.h>
#include <stddef.h>

#include "cmd/session.h"
#include "cmd/verbs.h"

#define OWN "/apis/ovnbed.io/v1alpha1/"

struct fault_args {
	const char *lab, *output, *name, *span, *after, *network, *rate, *loss, *delay;
	long long signal;
	bool all;
};

static const struct opt fault_opts[] = {
	SESSION_OPT(struct fault_args),
	{"name", 0, OPT_STRING, offsetof(struct fault_args, name), "NAME",
	 "What the fault is called (default: WORD-1, WORD-2 …)", NULL},
	{"for", 0, OPT_STRING, offsetof(struct fault_args, span), "TIME",
	 "Heal it after this time: 2s, 500ms", NULL},
	{"after", 0, OPT_STRING, offsetof(struct fault_args, after), "TIME",
	 "Apply it only after this time, and do not wait for it", NULL},
	{"network", 0, OPT_STRING, offsetof(struct fault_args, network), "NAME",
	 "Which switch to partition (default: underlay)", NULL},
	{"rate", 0, OPT_STRING, offsetof(struct fault_args, rate), "RATE",
	 "With impair: 10mbit, 500kbit, 1gbit each way", NULL},
	{"loss", 0, OPT_STRING, offsetof(struct fault_args, loss), "PERCENT",
	 "With impair: 20%, 0.5% of the packets each way", NULL},
	{"delay", 0, OPT_STRING, offsetof(struct fault_args, delay), "TIME",
	 "With impair: 20ms, 500us each way", NULL},
	{"signal", 0, OPT_INT, offsetof(struct fault_args, signal), "N",
	 "With kill: the signal (default: 9)", NULL},
	{"all", 0, OPT_FLAG, offsetof(struct fault_args, all), NULL, "With heal: every fault",
	 NULL},
	{"output", 'o', OPT_STRING, offsetof(struct fault_args, output), "table|json",
	 "How to print", NULL},
	{0},
};

/* ---- words ---- */

/* What stands behind a word on the command line. */
static const struct word {
	const char *name, *usage;
	const char *second; /* field of the second operand, or NULL */
	bool optional;	    /* that may be left out */
} words[] = {
	{"link-down", "MACHINE[:NIC]", NULL, false},
	{"link-up", "MACHINE[:NIC]", NULL, false},
	{"unplug", "MACHINE:NIC", NULL, false},
	{"plug", "MACHINE:NIC", NULL, false},
	{"partition", "[--network N] A,B C…", NULL, false},
	{"vlan-remove", "MACHINE:NIC VID", "vid", false},
	{"mtu", "NETWORK|MACHINE:NIC BYTES", "bytes", false},
	{"impair", "MACHINE:NIC [--rate R] [--loss P] [--delay T]", NULL, false},
	{"kill", "node/NAME [DAEMON]", "daemon", true},
	{"stop", "node/NAME DAEMON", "daemon", false},
	{"start", "node/NAME DAEMON", "daemon", false},
};

static const struct word *find_word(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (streq(words[i].name, name))
			return &words[i];
	return NULL;
}

static int bad_word(const char *name)
{
	const char *names[ARRAY_SIZE(words) + 2], *near;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		names[i] = words[i].name;
	names[ARRAY_SIZE(words)] = "heal";
	names[ARRAY_SIZE(words) + 1] = "ls";
	near = suggest(name, names, ARRAY_SIZE(names));
	return cmd_error(CMD_USAGE, "unknown fault \"%s\"%s%s%s; see `ovnbed fault --help`", name,
			 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* Groups of machines: an operand each, or with "|" between them. */
static char *join_groups(const struct operands *ops)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	bool open = false;

	for (int i = 1; i < ops->n; i++) {
		bool bar = streq(ops->v[i], "|");

		buf_printf(&b, "%s%s", open && !bar ? "|" : "", ops->v[i]);
		open = !bar;
	}
	return buf_take(&b);
}

static json_t *make_body(const struct fault_args *a, const struct word *w,
			 const struct operands *ops)
{
	_cleanup_free_ char *groups = streq(w->name, "partition") ? join_groups(ops) : NULL;
	json_t *body = json_object();

	jset_str(body, w->name, groups ? groups : ops->v[1]);
	if (w->second && ops->n > 2)
		jset_str(body, w->second, ops->v[2]);
	jset_str(body, "name", a->name);
	jset_str(body, "for", a->span);
	jset_str(body, "after", a->after);
	jset_str(body, "network", a->network);
	jset_str(body, "rate", a->rate);
	jset_str(body, "loss", a->loss);
	jset_str(body, "delay", a->delay);
	if (a->signal)
		json_object_set_new(body, "signal", json_integer(a->signal));
	return body;
}

/* ---- talking ---- */

static int print_json(const json_t *j)
{
	_cleanup_free_ char *text = jtext_pretty(j);

	puts(text);
	return CMD_OK;
}

/* 501 is a machine that cannot; what is refused for its words is bad input. */
static int refused(int status, const json_t *reply, const struct err *e)
{
	enum cmd_exit code = status == 501		      ? CMD_MACHINE
			     : status == 400 || status == 404 ? CMD_USAGE
			     : status == 409 || status == 503 ? CMD_FAIL
							      : CMD_INTERNAL;

	return cmd_error(code, "%s", status ? jstr(reply, "message", "refused") : err_msg(e));
}

static int print_healed(const struct fault_args *a, const json_t *reply)
{
	json_t *v;
	size_t i;

	if (streq(a->output, "json")) {
		print_json(reply);
	} else {
		json_array_foreach(json_object_get(reply, "healed"), i, v)
			printf("%s: healed\n", json_string_value(v));
	}
	json_array_foreach(json_object_get(reply, "problems"), i, v)
		cmd_error(CMD_FAIL, "%s", json_string_value(v));
	return json_array_size(json_object_get(reply, "problems")) ? CMD_FAIL : CMD_OK;
}

static int post(struct session *s, const struct fault_args *a, const json_t *body)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL;
	int status = 0;

	if (client_request(s->client, "POST", OWN "faults", body, NULL, &status, &reply, &e) < 0)
		return cmd_err(&e);
	if (status == 200)
		return print_healed(a, reply);
	if (status != 201)
		return refused(status, reply, &e);
	if (streq(a->output, "json"))
		return print_json(reply);
	printf("%s: %s\n", jstr(reply, "name", "?"), jstr(reply, "text", ""));
	return CMD_OK;
}

static int heal_one(struct session *s, const struct fault_args *a, const char *name)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_free_ char *path = name ? xasprintf(OWN "faults/%s", name) : xstrdup(OWN "faults");
	int status = 0;

	if (client_request(s->client, "DELETE", path, NULL, NULL, &status, &reply, &e) < 0)
		return cmd_err(&e);
	return status == 200 ? print_healed(a, reply) : refused(status, reply, &e);
}

static int heal(struct session *s, const struct fault_args *a, const struct operands *ops)
{
	int worst = CMD_OK, r;

	if (a->all == (ops->n > 1))
		return cmd_error(CMD_USAGE, "expected the names of faults, or --all");
	if (a->all)
		return heal_one(s, a, NULL);
	for (int i = 1; i < ops->n; i++) {
		r = heal_one(s, a, ops->v[i]);
		worst = MAX(worst, r);
	}
	return worst;
}

static int list(struct session *s, const struct fault_args *a)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = client_verb(s->client, "faults", NULL, &e);
	json_t *f;
	size_t i;

	if (!reply)
		return cmd_err(&e);
	if (streq(a->output, "json"))
		return print_json(json_object_get(reply, "faults"));
	if (!json_array_size(json_object_get(reply, "faults")))
		fprintf(stderr, "no faults\n");
	else
		printf("%-18s %-9s %s\n", "NAME", "STATE", "FAULT");
	json_array_foreach(json_object_get(reply, "faults"), i, f)
		printf("%-18s %-9s %s\n", jstr(f, "name", ""), jstr(f, "state", ""),
		       jstr(f, "text", ""));
	return CMD_OK;
}

static int run(int argc, char **argv)
{
	struct fault_args a = {.output = "table"};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *body = NULL;
	const struct word *w = NULL;
	struct operands ops;
	bool is_ls, is_heal;
	int r;

	if (opts_parse(&cmd_fault, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (!ops.n)
		return cmd_error(CMD_USAGE,
				 "expected a fault, heal or ls; see `ovnbed fault --help`");
	is_ls = streq(ops.v[0], "ls");
	is_heal = streq(ops.v[0], "heal");
	w = find_word(ops.v[0]);
	if (!w && !is_ls && !is_heal)
		return bad_word(ops.v[0]);
	if (w && (ops.n < 2 + (w->second && !w->optional) ||
		  (ops.n > 2 + !!w->second && !streq(w->name, "partition"))))
		return cmd_error(CMD_USAGE, "expected %s %s", w->name, w->usage);
	r = session_open(a.lab, &s);
	if (r != CMD_OK)
		return r;
	if (is_ls)
		return list(&s, &a);
	if (is_heal)
		return heal(&s, &a, &ops);
	body = make_body(&a, w, &ops);
	return post(&s, &a, body);
}

const struct cmd cmd_fault = {
	.name = "fault",
	.args = "WORD …",
	.summary = "Break the physical world on purpose, and heal it",
	.help = "  link-down|link-up MACHINE[:NIC]     the cable out or in: carrier lost or back\n"
		"  unplug|plug MACHINE:NIC             the NIC disappears from its machine\n"
		"  partition [--network N] A,B C       splits a switch; A,B '|' C is fine, too;\n"
		"                                      machines not named stay with the first "
		"group\n"
		"  vlan-remove MACHINE:NIC VID         from the switch port\n"
		"  mtu NETWORK|MACHINE:NIC BYTES       of a switch, or of a NIC\n"
		"  impair MACHINE:NIC [--rate R] [--loss P] [--delay T]   each way\n"
		"  kill node/NAME [DAEMON]             the whole node, or one daemon\n"
		"  stop|start node/NAME DAEMON         (fabric: of the switches with VLANs)\n"
		"  heal NAME…|--all                    undo\n"
		"  ls                                  what is in force\n"
		"Machines are nodes (worker-a) and hosts (host/server); NIC is eth0 when left "
		"out.\n"
		"A fault has a name, is shown by `status` and in the verdicts of probes that it\n"
		"touches, and holds its cable, switch or daemon: two faults of one thing "
		"conflict.\n"
		"Exit code 3 when the kernel lacks what the fault needs.",
	.run = run,
	.opts = fault_opts,
	.words = "link-down link-up unplug plug partition vlan-remove mtu impair kill stop start "
		 "heal ls",
};
