/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first contents of a node's databases, written as whole files before ovsdb-server starts: no
 * tool to run and no transaction to wait for (facts: performance-limits, recommendation 2).
 */
#include "agent/agent_priv.h"

#include "ovsdb/dbfile.h"
#include "sys/mnt.h"
#include "sys/prefix.h"

/* A value per row of the table that ovn-kubernetes' node start sets (go-controller/pkg/node). */
static json_t *ovs_external_ids(const struct agent *a)
{
	const char *remote =
		a->role == ROLE_CENTRAL_NODE ? jstr(a->config, "sb_remote", "") : "unix:" SB_SOCK;
	json_t *x = json_object();

	jset_str(x, "system-id", jstr(a->config, "chassis", a->name));
	jset_str(x, "hostname", a->name);
	jset_str(x, "rundir", OVS_RUN);
	jset_str(x, "ovn-remote", remote);
	jset_str(x, "ovn-encap-type", "geneve");
	jset_str(x, "ovn-encap-ip", jstr(a->config, "encap_ip", NULL));
	/* Outer UDP checksums are computed in software on the userspace datapath, for no gain. */
	jset_str(x, "ovn-encap-csum", a->netdev ? "false" : "true");
	jset_str(x, "ovn-bridge-datapath-type", a->netdev ? "netdev" : "system");
	jset_str(x, "ovn-bridge-mappings", "physnet:" BR_EX);
	jset_str(x, "ovn-is-interconn", a->role == ROLE_INTERCONNECT_NODE ? "true" : "false");
	jset_str(x, "ovn-monitor-all", "true");
	jset_str(x, "ovn-enable-lflow-cache", "true");
	jset_str(x, "ovn-remote-probe-interval", "100000");
	jset_str(x, "ovn-openflow-probe-interval", "180");
	jset_str(x, "ovn-ofctrl-wait-before-clear", "0");
	return x;
}

static void add(json_t *rows, const char *table, const char *key, json_t *row)
{
	json_array_append_new(rows,
			      json_pack("{s:s, s:s, s:o}", "table", table, "key", key, "row", row));
}

static json_t *ref(const char *table, const char *key)
{
	return json_pack("{s:s+++}", "$ref", table, "/", key, "");
}

/* A port with one interface of its own name; returns the reference. */
static json_t *add_port(json_t *rows, const char *name, json_t *iface)
{
	jset_str(iface, "name", name);
	add(rows, "Interface", name, iface);
	add(rows, "Port", name,
	    json_pack("{s:s, s:[o]}", "name", name, "interfaces", ref("Interface", name)));
	return ref("Port", name);
}

static json_t *add_bridge(json_t *rows, const char *name, const char *datapath, json_t *row,
			  json_t *ports)
{
	jset_str(row, "name", name);
	jset_str(row, "datapath_type", datapath);
	json_object_set_new(row, "ports", ports);
	add(rows, "Bridge", name, row);
	return ref("Bridge", name);
}

/*
 * br-ex holds eth0; its LOCAL port holds the node's address, which is the Geneve endpoint, and has
 * eth0's MAC. br-int is OVN's own.
 */
static json_t *conf_rows(const struct agent *a)
{
	const char *dp = a->netdev ? "netdev" : "system", *mac = jstr(a->config, "mac", NULL);
	json_t *rows = json_array(), *int_ports, *ex_ports, *bridges, *root;
	json_t *local = json_pack("{s:s, s:I}", "type", "internal", "mtu_request",
				  (json_int_t)jint(a->config, "mtu", 1500));
	json_t *ex = json_pack("{s:s, s:{s:s, s:s}}", "fail_mode", "standalone", "external_ids",
			       "bridge-id", BR_EX, "bridge-uplink", "eth0");

	if (mac)
		jset_str(ex, "other_config.hwaddr", mac);
	int_ports =
		json_pack("[o]", add_port(rows, BR_INT, json_pack("{s:s}", "type", "internal")));
	ex_ports = json_pack("[o, o]", add_port(rows, BR_EX, local),
			     add_port(rows, "eth0", json_object()));
	bridges = json_pack("[o, o]",
			    add_bridge(rows, BR_INT, dp,
				       json_pack("{s:s, s:{s:s}}", "fail_mode", "secure",
						 "other_config", "disable-in-band", "true"),
				       int_ports),
			    add_bridge(rows, BR_EX, dp, ex, ex_ports));
	root = json_pack("{s:o, s:o, s:i, s:{s:s, s:s}}", "bridges", bridges, "external_ids",
			 ovs_external_ids(a), "next_cfg", 1, "other_config", "n-handler-threads",
			 "1", "n-revalidator-threads", "1");
	/* ovs-vswitchd fills in the capabilities; zsnat.c corrects one before OVN reads them. */
	add(rows, "Datapath", dp, json_pack("{s:s}", "datapath_version", "<unknown>"));
	json_object_set_new(root, "datapaths", json_pack("{s:o}", dp, ref("Datapath", dp)));
	add(rows, "Open_vSwitch", ".", root);
	return rows;
}

/* The one row that ovn-northd and the supervisor would both insert if it were missing. */
static json_t *global_rows(const char *table)
{
	json_t *rows = json_array();

	add(rows, table, ".", json_object());
	return rows;
}

/* file: below the node's run directory, which is bound at /etc/… inside the node. */
static int write_db(const struct agent *a, const char *schema, const char *file, json_t *rows,
		    json_t *deviations, struct err *e)
{
	_cleanup_json_ json_t *own = rows, *parsed = NULL;
	_cleanup_free_ char *path = prefix_schema(a->prefix, schema, e);
	_cleanup_free_ char *out = xasprintf("%s/%s", a->run, file);

	if (!path)
		return -e->code;
	parsed = jload_file(path, e);
	if (!parsed)
		return err_wrap(e, "%s", path);
	return ovsdb_write_db(out, parsed, rows, deviations, e);
}

int dbs_write(const struct agent *a, struct err *e)
{
	_cleanup_free_ char *list = xasprintf("%s/deviations.json", a->run);
	_cleanup_free_ char *ovs = xasprintf("%s/ovsetc", a->run);
	_cleanup_free_ char *ovn = xasprintf("%s/ovnetc", a->run);
	_cleanup_json_ json_t *dev = json_array();
	int r = mnt_mkdirs(ovs, e);

	if (r >= 0)
		r = mnt_mkdirs(ovn, e);
	if (r >= 0 && (a->role & ROLE_NODE))
		r = write_db(a, "vswitch", "ovsetc/conf.db", conf_rows(a), dev, e);
	if (r >= 0 && (a->role & ROLE_DATABASES))
		r = write_db(a, "ovn-nb", "ovnetc/ovnnb_db.db", global_rows("NB_Global"), dev, e);
	if (r >= 0 && (a->role & ROLE_DATABASES))
		r = write_db(a, "ovn-sb", "ovnetc/ovnsb_db.db", global_rows("SB_Global"), dev, e);
	return r < 0 ? r : jsave_file(list, dev, e);
}

int dbs_use(struct agent *a, struct err *e)
{
	_cleanup_free_ char *list = xasprintf("%s/deviations.json", a->run);
	_cleanup_json_ json_t *dev = NULL;
	json_t *text;
	size_t i;
	int r = access(list, F_OK) == 0 ? 0 : dbs_write(a, e);

	if (r < 0)
		return r;
	dev = jload_file(list, e);
	json_array_foreach(dev, i, text)
		agent_note(a, a->deviations, json_string_value(text), true);
	return dev ? 0 : -e->code;
}
