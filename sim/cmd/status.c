/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/buf.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "cmd/verbs.h"

struct status_args {
	const char *lab, *output;
	bool ports, switches;
};

static const struct opt status_opts[] = {
	SESSION_OPT(struct status_args),
	{"output", 'o', OPT_STRING, offsetof(struct status_args, output), "table|json",
	 "How to print", NULL},
	{"ports", 0, OPT_FLAG, offsetof(struct status_args, ports), NULL,
	 "Logical ports of every zone instead", NULL},
	{"switches", 0, OPT_FLAG, offsetof(struct status_args, switches), NULL,
	 "Ports of the physical switches instead, and the frames they dropped", NULL},
	{0},
};

static void print_daemons(const json_t *o, const char *key)
{
	json_t *d;
	size_t i;

	json_array_foreach(json_object_get(o, key), i, d) {
		const char *state = jstr(d, "state", "?");
		bool runs = streq(state, "running");

		printf("    %-16s %-8s %s\n", jstr(d, "name", "?"), state,
		       runs ? "" : jstr(d, "status", ""));
	}
}

/* "VLAN 10", "VLANs 10, 20", "all VLANs" … of a switch port. Caller frees. */
static char *port_vlans(const json_t *p)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *trunks = json_object_get(p, "trunks"), *v;
	long long vlan = jint(p, "vlan", 0);
	size_t i;

	if (!json_is_array(trunks))
		return vlan ? xasprintf("VLAN %lld", vlan) : xstrdup("all VLANs");
	json_array_foreach(trunks, i, v) {
		if (json_integer_value(v))
			buf_printf(&b, "%sVLAN %lld", i ? ", " : "", json_integer_value(v));
		else
			buf_printf(&b, "%suntagged", i ? ", " : "");
	}
	if (vlan)
		buf_printf(&b, "; native VLAN %lld", vlan);
	return buf_take(&b);
}

/* Where a machine is plugged in, besides the underlay. */
static void print_nics(const json_t *switches, const char *machine)
{
	json_t *sw, *p;
	size_t i, k;

	json_array_foreach(switches, i, sw) {
		json_array_foreach(json_object_get(sw, "ports"), k, p) {
			_cleanup_free_ char *vlans = port_vlans(p);

			if (!streq(jstr(p, "machine", ""), machine) ||
			    streq(jstr(p, "nic", ""), "eth0"))
				continue;
			printf("    %-16s %s, %s%s\n", jstr(p, "nic", ""), jstr(sw, "name", ""),
			       vlans,
			       !jbool(p, "plugged", true) ? ", unplugged"
			       : !jbool(p, "up", true)	  ? ", no link"
							  : "");
		}
	}
}

static void print_switches(const json_t *switches)
{
	json_t *sw;
	size_t i;

	printf("networks:\n");
	json_array_foreach(switches, i, sw)
		printf("  %-18s MTU %lld, %s%s, %zu ports\n", jstr(sw, "name", ""),
		       jint(sw, "mtu", 0),
		       streq(jstr(sw, "kind", ""), "ovs") ? "VLAN switch" : "plain switch",
		       jbool(sw, "mcast_snooping", false) ? " with multicast snooping" : "",
		       json_array_size(json_object_get(sw, "ports")));
}

static void print_hosts(const json_t *hosts)
{
	json_t *h, *iface, *a;
	size_t i, k, m;

	if (json_array_size(hosts))
		printf("hosts:\n");
	json_array_foreach(hosts, i, h) {
		json_array_foreach(json_object_get(h, "interfaces"), k, iface) {
			long long vlan = jint(iface, "vlan", 0);
			_cleanup_free_ char *tag =
				vlan ? xasprintf(" VLAN %lld", vlan) : xstrdup("");
			_cleanup_free_ char *net =
				xasprintf("%s%s", jstr(iface, "network", ""), tag);

			printf("  %-18s %-9s %-26s", k ? "" : jstr(h, "name", ""),
			       !jbool(h, "alive", false) ? "Dead" : jstr(iface, "name", ""), net);
			json_array_foreach(json_object_get(iface, "addresses"), m, a)
				printf(" %s", json_string_value(a));
			putchar('\n');
		}
	}
}

static void print_list(const char *title, const json_t *list)
{
	json_t *v;
	size_t i;

	if (json_array_size(list))
		printf("%s:\n", title);
	json_array_foreach(list, i, v)
		printf("  %s\n", json_string_value(v));
}

static void print_faults(const json_t *faults)
{
	json_t *f;
	size_t i;

	if (json_array_size(faults))
		printf("faults, on purpose (ovnbed fault heal NAME):\n");
	json_array_foreach(faults, i, f)
		printf("  %-18s %s%s%s\n", jstr(f, "name", ""), jstr(f, "text", ""),
		       json_object_get(f, "problem") ? ": " : "", jstr(f, "problem", ""));
}

static void print_timings(const json_t *t)
{
	const char *key;
	json_t *v;
	bool any = false;

	json_object_foreach((json_t *)t, key, v) {
		printf("%s%s %.2f s", any ? ", " : "start:    ", key, json_number_value(v));
		any = true;
	}
	if (any)
		putchar('\n');
}

static void print_status(const json_t *st)
{
	bool color = color_wanted(STDOUT_FILENO);
	const char *state = jstr(st, "state", "?");
	json_t *n;
	size_t i;

	printf("lab:      %s\nstate:    %s%s%s\ntopology: %s, zones %s, datapath %s\n",
	       jstr(st, "name", "?"), status_color(streq(state, "Ready") ? "ok" : "fail", color),
	       state, color_off(color), jstr(st, "topology", "?"), jstr(st, "zones", "?"),
	       jstr(st, "datapath", "?"));
	print_timings(json_object_get(st, "timings"));
	print_list("reasons", json_object_get(st, "reasons"));
	print_switches(json_object_get(st, "switches"));
	printf("nodes:\n");
	json_array_foreach(json_object_get(st, "nodes"), i, n) {
		printf("  %-18s %-9s %-18s %lld pods, %lld VMs\n", jstr(n, "name", "?"),
		       jstr(n, "state", "?"), jstr(n, "addresses.0", "-"), jint(n, "pods", 0),
		       jint(n, "vms", 0));
		print_nics(json_object_get(st, "switches"), jstr(n, "name", ""));
		print_daemons(n, "daemons");
	}
	if (json_array_size(json_object_get(st, "fabric"))) {
		printf("fabric:\n");
		print_daemons(st, "fabric");
	}
	print_hosts(json_object_get(st, "hosts"));
	print_faults(json_object_get(st, "faults"));
	print_list("deviations", json_object_get(st, "deviations"));
}

static void print_ports(const json_t *ports)
{
	json_t *p;
	size_t i;

	printf("%-18s %-44s %-8s %-5s %s\n", "ZONE", "PORT", "TYPE", "UP", "ADDRESSES");
	json_array_foreach(json_object_get(ports, "ports"), i, p)
		printf("%-18s %-44s %-8s %-5s %s\n", jstr(p, "zone", ""), jstr(p, "port", ""),
		       *jstr(p, "type", "") ? jstr(p, "type", "") : "-",
		       jbool(p, "up", false) ? "true" : "false", jstr(p, "addresses.0", "-"));
	print_list("problems", json_object_get(ports, "problems"));
}

static void print_switch_ports(const json_t *fabric)
{
	json_t *sw, *p;
	size_t i, k;

	printf("%-18s %-24s %-8s %-24s %s\n", "SWITCH", "MACHINE:NIC", "PORT", "VLANS", "OVER MTU");
	json_array_foreach(json_object_get(fabric, "switches"), i, sw) {
		json_array_foreach(json_object_get(sw, "ports"), k, p) {
			_cleanup_free_ char *vlans = port_vlans(p);
			_cleanup_free_ char *nic =
				xasprintf("%s:%s", jstr(p, "machine", ""), jstr(p, "nic", ""));
			long long n = jint(p, "over_mtu", -1);
			_cleanup_free_ char *over = n < 0 ? xstrdup("-") : xasprintf("%lld", n);

			printf("%-18s %-24s %-8s %-24s %s\n", jstr(sw, "name", ""), nic,
			       jstr(p, "port", ""), vlans, over);
		}
	}
}

static int run(int argc, char **argv)
{
	struct status_args a = {.output = "table"};
	_cleanup_session_ struct session s = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *st = NULL;
	struct operands ops;
	int r;

	if (opts_parse(&cmd_status, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	r = session_open(a.lab ? a.lab : ops.n ? ops.v[0] : NULL, &s);
	if (r != CMD_OK)
		return r;
	st = client_verb(s.client, a.ports ? "ports" : a.switches ? "fabric" : "status", NULL, &e);
	if (!st)
		return cmd_err(&e);
	if (streq(a.output, "json")) {
		_cleanup_free_ char *text = jtext_pretty(st);

		puts(text);
	} else if (a.ports) {
		print_ports(st);
	} else if (a.switches) {
		print_switch_ports(st);
	} else {
		print_status(st);
	}
	if (a.ports)
		return json_array_size(json_object_get(st, "problems")) ? CMD_FAIL : CMD_OK;
	return streq(jstr(st, "state", ""), "Degraded") ? CMD_FAIL : CMD_OK;
}

const struct cmd cmd_status = {
	.name = "status",
	.args = "[LAB]",
	.summary = "State of a lab: networks, nodes, daemons, hosts, what is dead and why",
	.help = "Exit code 1 when the lab is Degraded, with --ports when a port is down or "
		"missing.",
	.run = run,
	.opts = status_opts,
};
