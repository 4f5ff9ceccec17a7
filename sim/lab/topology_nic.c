/* SPDX-License-Identifier: Apache-2.0 */
/* The NICs of a node besides eth0, and the switch ports that they are plugged into. */
#include "lab/topology_priv.h"

/* Interface names as the kernel takes them, and as NodeNetworkConfigurationPolicies write them. */
static bool nic_name_ok(const char *s)
{
	return s && *s && strlen(s) <= 15 && !strpbrk(s, "/: \t\n") && !streq(s, ".") &&
	       !streq(s, "..");
}

/* Names that a node gives to its own devices. */
static bool nic_name_taken(const char *s)
{
	static const char *const own[] = {"eth0",	"lo",	      "br-ex",	       "br-int",
					  "ovs-netdev", "ovs-system", "genev_sys_6081"};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (streq(own[i], s))
			return true;
	return false;
}

static const char *nic_name(struct topo *t, const json_t *nic, const char *path, json_t *seen)
{
	const char *name = jstr(nic, "name", NULL);
	_cleanup_free_ char *p = xasprintf("%s.name", path);

	if (!nic_name_ok(name) || nic_name_taken(name)) {
		topo_bad(t, p, "eth0 is the underlay NIC; use eth1, eth2 …",
			 "expected a NIC name of at most 15 characters other than eth0, found "
			 "\"%s\"",
			 name ? name : "");
		return NULL;
	}
	if (json_object_get(seen, name)) {
		topo_bad(t, p, NULL, "the node has two NICs \"%s\"", name);
		return NULL;
	}
	json_object_set_new(seen, name, json_true());
	return name;
}

/* null: all VLANs and untagged frames. 0 in the list: untagged frames. */
static json_t *trunks(struct topo *t, const json_t *nic, const char *path)
{
	json_t *list = topo_list(t, nic, "trunks", path), *v;
	size_t i;

	if (!list)
		return json_null();
	if (!json_array_size(list)) {
		_cleanup_free_ char *p = xasprintf("%s.trunks", path);

		topo_bad(t, p, "leave it out for all VLANs", "expected at least one VLAN id");
	}
	json_array_foreach(list, i, v) {
		_cleanup_free_ char *p = xasprintf("%s.trunks.%zu", path, i);

		if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		    json_integer_value(v) > 4094)
			topo_bad(t, p, "0 stands for untagged frames",
				 "expected a VLAN id of 0 to 4094");
	}
	return json_incref(list);
}

static json_t *expand_nic(struct topo *t, const json_t *nic, const char *path, const char *node,
			  json_t *seen)
{
	static const char *const known[] = {"name",   "network", "mtu", "vlan",
					    "trunks", "mac",	 "lag", NULL};
	const char *name = nic_name(t, nic, path, seen);
	const char *network = topo_network(t, nic, path, NULL);
	_cleanup_free_ char *id = xasprintf("%s/%s", node, name ? name : "");
	long long vlan = topo_vlan(t, nic, path);
	_cleanup_json_ json_t *ids = trunks(t, nic, path);

	topo_keys(t, nic, path, known);
	if (!name || !network)
		return NULL;
	if (streq(network, TOPO_UNDERLAY) &&
	    (vlan || json_is_array(ids) || json_object_get(nic, "lag")))
		t->underlay_ovs = true;
	return json_pack("{s:s, s:s, s:I, s:I, s:O, s:o, s:o}", "name", name, "network", network,
			 "mtu", (json_int_t)topo_mtu(t, nic, path, 1500), "vlan", (json_int_t)vlan,
			 "trunks", ids, "mac", topo_mac(t, nic, path, "nic", id), "lag",
			 jstring(jstr(nic, "lag", NULL)));
}

/* Members of a link aggregation group: at least two, all alike. */
static void check_lag(struct topo *t, const json_t *nics, const json_t *nic, const char *path)
{
	static const char *const same[] = {"network", "vlan", "trunks"};
	const char *lag = jstr(nic, "lag", NULL);
	_cleanup_free_ char *p = xasprintf("%s.lag", path);
	size_t i, members = 0;
	json_t *o;

	if (!lag)
		return;
	if (!topo_name_ok(lag))
		topo_bad(t, p, NULL, "expected a name of a-z, 0-9 and -");
	json_array_foreach(nics, i, o) {
		if (!streq0(jstr(o, "lag", NULL), lag))
			continue;
		members++;
		for (size_t k = 0; k < ARRAY_SIZE(same); k++)
			if (!json_equal(json_object_get(o, same[k]), json_object_get(nic, same[k])))
				topo_bad(t, p, NULL,
					 "%s and %s are in group \"%s\", but differ in %s",
					 jstr(o, "name", ""), jstr(nic, "name", ""), lag, same[k]);
	}
	if (members < 2)
		topo_bad(t, p, NULL, "group \"%s\" has no other member on this node", lag);
}

json_t *topo_nics(struct topo *t, const json_t *node, const char *path, const char *name)
{
	_cleanup_json_ json_t *seen = json_object();
	json_t *out = json_array(), *nic;
	size_t i;

	json_array_foreach(topo_list(t, node, "nics", path), i, nic) {
		_cleanup_free_ char *p = xasprintf("%s.nics.%zu", path, i);
		json_t *row = expand_nic(t, nic, p, name, seen);

		if (row)
			json_array_append_new(out, row);
	}
	json_array_foreach(out, i, nic) {
		_cleanup_free_ char *p = xasprintf("%s.nics.%zu", path, i);

		check_lag(t, out, nic, p);
	}
	return out;
}
