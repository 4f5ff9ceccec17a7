/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of pods and VMs on br-int, as OVN-Kubernetes' CNI plugs them (facts §2.4). */
#include "agent/ovs_priv.h"

#include <errno.h>

#include "agent/daemons.h"
#include "agent/pods.h"
#include "agent/vms.h"
#include "agent/zsnat.h"
#include "ovsdb/apply.h"

#define APPLY_US (10 * USEC_PER_SEC)

struct pass {
	struct agent *a;
	json_t *rows;
	json_t *refs;	   /* of br-int's ports */
	json_t *iface_ids; /* set of those to be plugged */
};

static json_t *external_ids(const json_t *att)
{
	json_t *x = json_object_get(att, "external_ids"), *ips;
	const char *text;

	if (json_is_object(x))
		return json_incref(x);
	x = json_object();
	jset_str(x, "iface-id", jstr(att, "iface_id", NULL));
	jset_str(x, "iface-id-ver", jstr(att, "iface_id_ver", NULL));
	jset_str(x, "attached_mac", jstr(att, "mac", NULL));
	json_object_set_new(x, "k8s.ovn.org/nad", jstring(jstr(att, "nad", "")));
	json_object_set_new(x, "k8s.ovn.org/network", jstring(jstr(att, "network", "")));
	ips = json_object_get(att, "ips");
	text = jstr(ips, "0", NULL);
	if (text)
		jset_str(x, "ip_addresses", text);
	return x;
}

static void add_port(void *arg, const struct ovs_port *p)
{
	struct pass *s = arg;
	json_t *x = external_ids(p->att);
	const char *id = jstr(x, "iface-id", "");

	json_object_set_new(s->iface_ids, id, json_true());
	json_array_append_new(s->rows, json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:o}, s:[s]}",
						 "table", "Interface", "key", p->name, "index",
						 "name", p->name, "row", "name", p->name,
						 "external_ids", x, "merge", "external_ids"));
	json_array_append_new(
		s->rows, json_pack("{s:s, s:s, s:{s:s}, s:{s:s, s:[{s:s+}], s:{s:s}}, s:[s]}",
				   "table", "Port", "key", p->name, "index", "name", p->name, "row",
				   "name", p->name, "interfaces", "$ref", "Interface/", p->name,
				   "other_config", "transient", "true", "merge", "other_config"));
	json_array_append_new(s->refs, json_pack("{s:s+}", "$ref", "Port/", p->name));
}

/*
 * Our ports are the transient ones. Any other port with the iface-id of one that is to be plugged
 * is deleted first, as upstream's CNI does.
 */
static bool owned(const char *table, const json_t *row, void *arg)
{
	struct pass *s = arg;
	json_t *ref;
	size_t i;

	if (!streq(table, "Port"))
		return false;
	if (streq(jstr(row, "other_config.transient", ""), "true"))
		return true;
	json_array_foreach(json_object_get(row, "interfaces"), i, ref) {
		const json_t *iface = ovsdb_row(s->a->ovs->db, "Interface", json_string_value(ref));
		const json_t *x = json_object_get(iface, "external_ids");
		const char *id = json_string_value(json_object_get(x, "iface-id"));

		if (id && json_object_get(s->iface_ids, id))
			return true;
	}
	return false;
}

static void pass_done(struct agent *a, const struct err *e)
{
	bool more = pods_plugged(a, e);

	vms_plugged(a, e);
	zsnat_verify(a);
	/* After a failure the next desired state tries again; this one cannot do better. */
	if ((more && !e) || a->ovs->again)
		ovs_ports_pass(a);
	else
		agent_pass_done(a, a->ovs->pass_gen);
	agent_touch(a);
}

static void on_applied(void *arg, const struct ovsdb_delta *delta, const struct err *e)
{
	struct agent *a = arg;

	(void)delta;
	a->ovs->in_flight = false;
	if (e)
		log_warn("ports of %s: %s", BR_INT, err_msg(e));
	pass_done(a, e);
}

static int apply(struct agent *a, struct err *e)
{
	struct ovsdb_barrier_opts opts = {.kind = OVSDB_BARRIER_VSWITCHD, .timeout_us = APPLY_US};
	_cleanup_json_ json_t *rows = json_array(), *refs = json_array(), *ids = json_object();
	struct pass s = {a, rows, refs, ids};

	if (!ovs_is_ready(a))
		return err_set(e, ENOTCONN, "no connection to the Open_vSwitch database");
	/* A dead switch acknowledges nothing; it will read the rows when it is back. */
	if (!daemon_runs(a, "ovs-vswitchd"))
		opts.kind = OVSDB_NO_BARRIER;
	a->ovs->pass_gen = jint(a->desired, "gen", 0);
	pods_ports(a, add_port, &s);
	vms_ports(a, add_port, &s);
	json_array_append_new(rows, json_pack("{s:s, s:s, s:{s:s}, s:{s:O}, s:[s]}", "table",
					      "Bridge", "key", BR_INT, "index", "name", BR_INT,
					      "row", "ports", refs, "merge", "ports"));
	return ovsdb_apply(a->ovs->db, rows, owned, &s, &opts, on_applied, a, e);
}

void ovs_ports_pass(struct agent *a)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (!a->ovs)
		return;
	a->ovs->again = a->ovs->in_flight;
	if (a->ovs->in_flight)
		return;
	if (apply(a, &e) < 0)
		pass_done(a, &e);
	else
		a->ovs->in_flight = true;
}

json_t *ovs_interfaces(const struct agent *a)
{
	json_t *map = json_object(), *row;
	const char *uuid;

	if (!ovs_is_ready(a))
		return map;
	json_object_foreach((json_t *)(uintptr_t)ovsdb_rows(a->ovs->db, "Interface"), uuid, row)
		json_object_set(map, jstr(row, "name", ""), row);
	return map;
}

json_t *ovs_att_status(const json_t *interfaces, const char *name, const json_t *att)
{
	const json_t *row = json_object_get(interfaces, name);
	const json_t *x = json_object_get(row, "external_ids");
	const json_t *flag = json_object_get(x, "ovn-installed");
	const json_t *id = json_object_get(x, "iface-id");
	bool ours = streq0(json_string_value(id), jstr(att, "iface_id", NULL));

	return json_pack("{s:s, s:s, s:b, s:I}", "nad", jstr(att, "nad", ""), "ifname",
			 jstr(att, "ifname", name), "installed",
			 ours && streq0(json_string_value(flag), "true"), "ofport",
			 (json_int_t)jint(row, "ofport.0", -1));
}
