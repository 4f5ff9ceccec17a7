/* SPDX-License-Identifier: Apache-2.0 */
/* The bridge section of an ovs-bridge: options, ports, VLANs, bonds. */
#include "api/text.h"
#include "nmstate/nmstate_priv.h"

static bool check_bool(const json_t *o, const char *key, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, key);
	const json_t *v = json_object_get(o, key);

	if (!v || json_is_null(v))
		return false;
	if (nms_bool(v) < 0)
		nms_wrong(d, at, v, "true or false");
	return nms_bool(v) == 1;
}

static void check_stp(const json_t *options, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "stp");
	const json_t *stp = json_object_get(options, "stp");

	if (!stp || json_is_null(stp))
		return;
	if (nms_stp(stp) < 0) {
		nms_wrong(d, at, stp, "true, false or {enabled: …}");
	} else if (json_is_string(stp) && nms_bool(stp) != 1) {
		diag_hint(diags_add(d, DIAG_WARNING, "N12", at,
				    "the text \"%.*s\" switches STP on: nmstate takes any text "
				    "here for true",
				    text_clip(json_string_value(stp)), json_string_value(stp)),
			  "write the boolean: stp: false, without quotes");
	} else if (nms_stp(stp) == 1) {
		diag_hint(diags_add(d, DIAG_WARNING, "lint/nmstate-stp", at,
				    "STP blocks a port for up to 30 s after a change: the "
				    "documentation demands it off for live migration"),
			  "stp: false");
	}
}

static void check_options(const json_t *options, const char *path, struct diags *d)
{
	static const char *const known[] = {"stp",	 "rstp",     "mcast-snooping-enable",
					    "fail-mode", "datapath", NULL};
	_cleanup_free_ char *at_mode = nms_at(path, "fail-mode");
	const json_t *mode = json_object_get(options, "fail-mode");
	const char *m = json_string_value(mode);

	if (!json_is_object(options)) {
		nms_wrong(d, path, options, "an object");
		return;
	}
	nms_unknown(options, known, path, true, d);
	check_stp(options, path, d);
	check_bool(options, "rstp", path, d);
	check_bool(options, "mcast-snooping-enable", path, d);
	if (mode && !json_is_null(mode) &&
	    (!m || (*m && !streq(m, "standalone") && !streq(m, "secure"))))
		nms_wrong(d, at_mode, mode, "standalone, secure or \"\"");
	if (json_object_get(options, "datapath")) {
		_cleanup_free_ char *at = nms_at(path, "datapath");

		diags_add(d, DIAG_NOTE, "ignored", at,
			  "kept, not acted on: the lab's datapath is "
			  "the topology's");
	}
}

/* ---- VLANs: N13 to N16 ---- */

static void check_trunk_entry(const json_t *entry, const char *path, bool seen[static NMS_VLANS],
			      struct diags *d)
{
	static const char *const known[] = {"id", "id-range", NULL};
	long long min, max;

	if (!json_is_object(entry)) {
		nms_wrong(d, path, entry, "{id: N} or {id-range: {min, max}}");
		return;
	}
	nms_unknown(entry, known, path, true, d);
	if (!nms_trunk_range(entry, &min, &max)) {
		diags_add(d, DIAG_ERROR, "nmstate", path,
			  "expected {id: N} or {id-range: {min, max}} with 0 to %d", NMS_VLANS - 2);
		return;
	}
	for (long long id = min; id <= max; id++)
		if (seen[id]) {
			diag_hint(diags_add(d, DIAG_ERROR, "N16", path,
					    "VLAN %lld is in the trunk twice: ranges may not "
					    "overlap",
					    id),
				  "merge the entries");
			break;
		}
	for (long long id = min; id <= max; id++)
		seen[id] = true;
}

static void check_trunk(const json_t *vlan, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "trunk-tags"), *at_tag = nms_at(path, "tag");
	const json_t *tags = json_object_get(vlan, "trunk-tags");
	bool native = nms_bool(json_object_get(vlan, "enable-native")) == 1;
	bool seen[NMS_VLANS] = {false};
	size_t i;
	json_t *entry;

	if (!json_array_size(tags))
		diag_hint(diags_add(d, DIAG_ERROR, "N13", path, "a trunk needs trunk-tags"),
			  "trunk-tags: [{id: 10}, {id-range: {min: 20, max: 29}}]");
	json_array_foreach(tags, i, entry) {
		_cleanup_free_ char *at_entry = nms_at_index(at, i);

		check_trunk_entry(entry, at_entry, seen, d);
	}
	if (json_object_get(vlan, "tag") && !native)
		diag_hint(
			diags_add(d, DIAG_ERROR, "N14", at_tag,
				  "the tag of a trunk is its native VLAN: it needs enable-native"),
			"add enable-native: true, or drop the tag");
	else if (native && !json_object_get(vlan, "tag"))
		diags_add(d, DIAG_ERROR, "N14", path, "enable-native needs the native VLAN's tag");
}

static void check_access(const json_t *vlan, const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "trunk-tags");
	_cleanup_free_ char *at_native = nms_at(path, "enable-native");

	if (json_array_size(json_object_get(vlan, "trunk-tags")))
		diag_hint(diags_add(d, DIAG_ERROR, "N15", at, "an access port has no trunk-tags"),
			  "mode: trunk");
	if (nms_bool(json_object_get(vlan, "enable-native")) == 1)
		diag_hint(diags_add(d, DIAG_ERROR, "N15", at_native,
				    "an access port has no native VLAN"),
			  "mode: trunk");
	if (!json_object_get(vlan, "tag"))
		diags_add(d, DIAG_ERROR, "nmstate", path, "an access port needs a tag");
}

void nms_check_vlan(const json_t *vlan, const char *path, struct diags *d)
{
	static const char *const known[] = {"mode", "tag", "trunk-tags", "enable-native", NULL};
	_cleanup_free_ char *at_mode = nms_at(path, "mode"), *at_tag = nms_at(path, "tag");
	_cleanup_free_ char *at_trunk = nms_at(path, "trunk-tags");
	const json_t *tag = json_object_get(vlan, "tag"), *trunk;
	const char *mode = jstr(vlan, "mode", "");
	long long n;

	if (!json_is_object(vlan)) {
		nms_wrong(d, path, vlan, "{mode, tag, trunk-tags, enable-native}");
		return;
	}
	if (!json_object_size(vlan)) /* takes the VLAN away */
		return;
	nms_unknown(vlan, known, path, true, d);
	check_bool(vlan, "enable-native", path, d);
	trunk = json_object_get(vlan, "trunk-tags");
	if (trunk && !json_is_array(trunk))
		nms_wrong(d, at_trunk, trunk, "a list of {id} or {id-range}");
	if (tag && !nms_int(tag, 0, NMS_VLANS - 2, &n))
		nms_wrong(d, at_tag, tag, "a VLAN from 0 to 4094");
	if (streq(mode, "trunk"))
		check_trunk(vlan, path, d);
	else if (streq(mode, "access"))
		check_access(vlan, path, d);
	else
		nms_wrong(d, at_mode, json_object_get(vlan, "mode"), "access or trunk");
}

/* ---- bonds ---- */

static void check_bond_mode(const json_t *mode, const char *path, struct diags *d)
{
	static const char *const known[] = {"active-backup", "balance-slb", "balance-tcp", "lacp"};
	const char *m = json_string_value(mode);

	for (size_t i = 0; m && i < ARRAY_SIZE(known); i++)
		if (streq(m, known[i]))
			return;
	nms_wrong(d, path, mode,
		  "an OVS bond mode: active-backup, balance-slb, balance-tcp or lacp");
	diag_hint(&d->v[d->n - 1], "Linux bond modes (balance-rr, 802.3ad, …) are not OVS's; modes "
				   "0, 5 and 6 are not supported under a bridge at all");
}

static void check_bond_ports(const json_t *bond, const char *path, struct diags *d)
{
	static const char *const known[] = {"name", NULL};
	const char *key = json_object_get(bond, "port") ? "port" : "ports";
	_cleanup_free_ char *at = nms_at(path, key);
	const json_t *list = json_object_get(bond, key);
	size_t i;
	json_t *port;

	if (list && !json_is_array(list)) {
		nms_wrong(d, at, list, "a list of {name}");
		return;
	}
	json_array_foreach(list, i, port) {
		_cleanup_free_ char *at_port = nms_at_index(at, i);

		if (!*jstr(port, "name", ""))
			nms_wrong(d, at_port, port, "{name: NIC}");
		else
			nms_unknown(port, known, at_port, true, d);
	}
	if (json_array_size(list) < 2)
		diags_add(d, DIAG_ERROR, "nmstate", path, "an OVS bond needs at least two ports");
}

static void check_bond(const json_t *bond, const char *path, struct diags *d)
{
	static const char *const known[] = {"mode",	      "port",	"ports", "bond-updelay",
					    "bond-downdelay", "ovs-db", NULL};
	_cleanup_free_ char *at_mode = nms_at(path, "mode");
	const json_t *mode = json_object_get(bond, "mode");

	if (!json_is_object(bond)) {
		nms_wrong(d, path, bond, "{mode, port}");
		return;
	}
	nms_unknown(bond, known, path, true, d);
	if (mode && !json_is_null(mode))
		check_bond_mode(mode, at_mode, d);
	check_bond_ports(bond, path, d);
	for (int i = 3; i < 5; i++) {
		_cleanup_free_ char *at = nms_at(path, known[i]);
		const json_t *v = json_object_get(bond, known[i]);
		long long n;

		if (v && !nms_int(v, 0, INT32_MAX, &n))
			nms_wrong(d, at, v, "milliseconds");
	}
}

/* ---- ports ---- */

void nms_check_port(const json_t *port, const char *path, struct diags *d)
{
	static const char *const known[] = {"name",	  "vlan",   "link-aggregation",
					    "identifier", "ovs-db", NULL};
	_cleanup_free_ char *at = nms_at(path, "name"), *at_vlan = nms_at(path, "vlan");
	_cleanup_free_ char *at_bond = nms_at(path, "link-aggregation");
	_cleanup_free_ char *at_id = nms_at(path, "identifier");
	const json_t *vlan = json_object_get(port, "vlan");
	const json_t *bond = json_object_get(port, "link-aggregation");
	const char *name = jstr(port, "name", NULL);

	if (!json_is_object(port)) {
		nms_wrong(d, path, port, "a port {name, vlan, link-aggregation}");
		return;
	}
	nms_unknown(port, known, path, true, d);
	if (!name || !*name || strlen(name) > 15)
		nms_wrong(d, at, json_object_get(port, "name"), "the port's name");
	if (!streq(jstr(port, "identifier", "name"), "name"))
		diags_add(d, DIAG_ERROR, "nmstate/unsupported", at_id,
			  "finding a port by its MAC address is not emulated");
	if (vlan && !json_is_null(vlan))
		nms_check_vlan(vlan, at_vlan, d);
	if (bond && !json_is_null(bond))
		check_bond(bond, at_bond, d);
}

void nms_check_bridge(const json_t *bridge, const char *path, struct diags *d)
{
	static const char *const known[] = {"allow-extra-patch-ports", "options", "port", "ports",
					    NULL};
	const char *key = json_object_get(bridge, "port") ? "port" : "ports";
	_cleanup_free_ char *at = nms_at(path, key), *at_options = nms_at(path, "options");
	const json_t *list, *options = json_object_get(bridge, "options");
	size_t i;
	json_t *port;

	if (!json_is_object(bridge)) {
		nms_wrong(d, path, bridge, "{allow-extra-patch-ports, options, port}");
		return;
	}
	nms_unknown(bridge, known, path, true, d);
	check_bool(bridge, "allow-extra-patch-ports", path, d);
	if (options && !json_is_null(options))
		check_options(options, at_options, d);
	if (json_object_get(bridge, "port") && json_object_get(bridge, "ports"))
		diags_add(d, DIAG_ERROR, "nmstate", path,
			  "port and ports are one key: keep one of them");
	list = json_object_get(bridge, key);
	if (list && !json_is_null(list) && !json_is_array(list))
		nms_wrong(d, at, list, "a list of ports");
	json_array_foreach(list, i, port) {
		_cleanup_free_ char *at_port = nms_at_index(at, i);

		nms_check_port(port, at_port, d);
	}
}
