/* SPDX-License-Identifier: Apache-2.0 */
/* nmstate's partial editing: what a node has, changed by what is desired. */
#include <errno.h>

#include "nmstate/merge_priv.h"

/* ---- members shared by all interfaces ---- */

static void set_unless_same(json_t *to, const json_t *from, const char *key)
{
	json_t *v = json_object_get(from, key);

	if (v)
		json_object_set_new(to, key, json_deep_copy(v));
}

static void edit_ip(json_t *iface, const json_t *want, const char *family)
{
	json_t *ip = json_object_get(want, family), *old = json_object_get(iface, family);

	if (!ip)
		return;
	if (jbool(ip, "enabled", false) && !json_object_get(ip, "address") &&
	    jbool(old, "enabled", false))
		return; /* enabled stays enabled, with the addresses there are */
	json_object_set_new(iface, family, json_deep_copy(ip));
}

static void edit_base(json_t *iface, const json_t *want)
{
	set_unless_same(iface, want, "mtu");
	set_unless_same(iface, want, "mac-address");
	set_unless_same(iface, want, "state");
	edit_ip(iface, want, "ipv4");
	edit_ip(iface, want, "ipv6");
}

static void disable_ip(json_t *iface)
{
	json_object_set_new(iface, "ipv4", json_pack("{s:b}", "enabled", 0));
	json_object_set_new(iface, "ipv6", json_pack("{s:b}", "enabled", 0));
}

static void remove_iface(json_t *interfaces, const json_t *iface)
{
	size_t i;
	json_t *v;

	json_array_foreach(interfaces, i, v)
		if (v == iface) {
			json_array_remove(interfaces, i);
			return;
		}
}

/* ---- ethernet ---- */

static void edit_ethernet(struct merge *m, const json_t *want)
{
	const char *name = jstr(want, "name", "");
	bool absent = streq(jstr(want, "state", ""), "absent");
	json_t *iface = nms_find(m->next, name, "ethernet");

	if (!iface && absent)
		return;
	if (!iface) {
		diag_hint(diags_add(m->d, DIAG_ERROR, "nmstate", jstr(want, "path", NULL),
				    "the node has no NIC %s", name),
			  "the NICs of a node are those of the topology; choose its nodes with "
			  "nodeSelector");
		return;
	}
	if (!absent) {
		edit_base(iface, want);
		return;
	}
	/* A physical NIC cannot go: it is taken off its bridge, without addresses, and down. */
	nms_detach(m, name, NULL);
	disable_ip(iface);
	jset_str(iface, "state", "down");
}

/* ---- ovs-interface ---- */

static void edit_ovs_interface(struct merge *m, const json_t *want)
{
	const char *name = jstr(want, "name", "");
	json_t *iface = nms_find(m->next, name, "ovs-interface");

	if (streq(jstr(want, "state", ""), "absent")) {
		nms_detach(m, name, NULL);
		if (iface)
			remove_iface(m->next, iface);
		return;
	}
	if (!iface)
		iface = nms_new_ovs_interface(m, name);
	edit_base(iface, want);
	if (!json_object_get(want, "patch"))
		return;
	json_object_set_new(iface, "patch", json_deep_copy(json_object_get(want, "patch")));
	json_object_del(iface, "ipv4");
	json_object_del(iface, "ipv6");
	json_object_del(iface, "mtu");
}

json_t *nms_new_ovs_interface(struct merge *m, const char *name)
{
	json_t *iface =
		json_pack("{s:s, s:s, s:s}", "name", name, "type", "ovs-interface", "state", "up");

	disable_ip(iface);
	json_array_append_new(m->next, iface);
	return iface;
}

/* ---- the whole ---- */

static void edit_interface(struct merge *m, const json_t *want)
{
	if (nms_is(want, "ethernet"))
		edit_ethernet(m, want);
	else if (nms_is(want, "ovs-interface"))
		edit_ovs_interface(m, want);
	else if (nms_is(want, "ovs-bridge"))
		nms_edit_bridge(m, want);
}

/* Interfaces before bridges: a bridge's ports look for them; what is absent goes first. */
static void edit_interfaces(struct merge *m)
{
	size_t i;
	json_t *want;

	for (int pass = 0; pass < 3; pass++)
		json_array_foreach(m->wanted, i, want) {
			bool absent = streq(jstr(want, "state", ""), "absent");
			int turn = absent ? 0 : nms_is(want, "ovs-bridge") ? 2 : 1;

			if (turn == pass)
				edit_interface(m, want);
		}
}

static json_t *merged_mappings(const json_t *current, const json_t *desired)
{
	json_t *index = json_object(), *out = json_array(), *m;
	const char *key;
	size_t i;

	json_array_foreach(nms_mappings(current), i, m)
		json_object_set(index, jstr(m, "localnet", ""), json_object_get(m, "bridge"));
	json_array_foreach(nms_mappings(desired), i, m) {
		const char *localnet = jstr(m, "localnet", "");

		if (streq(jstr(m, "state", "present"), "absent"))
			json_object_del(index, localnet);
		else
			json_object_set(index, localnet, json_object_get(m, "bridge"));
	}
	json_object_foreach(index, key, m)
		json_array_append_new(out, json_pack("{s:s, s:O}", "localnet", key, "bridge", m));
	json_decref(index);
	nms_sort_mappings(out);
	return out;
}

/* N6: what desired maps, and what is mapped to a bridge that desired removes. */
static void check_mapped_bridges(struct merge *m, const json_t *current, const json_t *desired)
{
	size_t i;
	json_t *entry;

	json_array_foreach(m->mappings, i, entry) {
		const char *bridge = jstr(entry, "bridge", ""),
			   *localnet = jstr(entry, "localnet", "");
		bool ours = nms_mapping(nms_mappings(desired), localnet) != NULL;
		bool had = nms_find(current, bridge, "ovs-bridge") != NULL;

		if (nms_find(m->next, bridge, "ovs-bridge") || (!ours && !had) ||
		    (had && streq(bridge, NMS_BR_EX)))
			continue; /* br-ex has its own protection */
		if (had)
			diag_hint(diags_add(m->d, DIAG_ERROR, "N6", NMSTATE_PATH ".ovn",
					    "localnet %s is mapped to bridge %s, which this policy "
					    "removes",
					    localnet, bridge),
				  "remove the mapping in the same policy, with state: absent");
		else
			diag_hint(
				diags_add(m->d, DIAG_ERROR, "N6", NMSTATE_PATH ".ovn",
					  "localnet %s is mapped to bridge %s, which the node does "
					  "not have",
					  localnet, bridge),
				"add an interface %s of type ovs-bridge to the policy, or map "
				"onto br-ex",
				bridge);
	}
}

static json_t *absent(const json_t *iface)
{
	return json_pack("{s:s, s:s, s:s}", "name", jstr(iface, "name", ""), "type",
			 jstr(iface, "type", ""), "state", "absent");
}

static bool same(const json_t *a, const json_t *b)
{
	_cleanup_json_ json_t *x = a ? nms_canonical(a) : NULL, *y = b ? nms_canonical(b) : NULL;

	return x && y && json_equal(x, y);
}

/* Definitions in `to` that `from` lacks or has otherwise, and absences of what `to` lacks. */
static json_t *difference(const json_t *from, const json_t *to)
{
	json_t *out = json_array(), *iface;
	size_t i;

	json_array_foreach(to, i, iface)
		if (!same(nms_find(from, jstr(iface, "name", ""), jstr(iface, "type", "")), iface))
			json_array_append_new(out, nms_canonical(iface));
	json_array_foreach(from, i, iface)
		if (!nms_find(to, jstr(iface, "name", ""), jstr(iface, "type", "")))
			json_array_append_new(out, absent(iface));
	nms_sort(out);
	return out;
}

int nmstate_merge(const json_t *current, const json_t *desired, json_t **ret_target,
		  struct diags *d)
{
	size_t errors = diags_count(d, DIAG_ERROR);
	struct merge m = {.d = d};
	_cleanup_json_ json_t *had = NULL, *wanted = NULL, *next = NULL, *mappings = NULL;

	if (nmstate_check(desired, d) < 0)
		return -EINVAL;
	had = json_incref(json_object_get(current, "interfaces"));
	m.had = had;
	m.next = next = had ? json_deep_copy(had) : json_array();
	m.wanted = wanted = nms_desired(desired);
	nms_resolve_types(wanted, had, d);
	if (diags_count(d, DIAG_ERROR) > errors)
		return -EINVAL;
	edit_interfaces(&m);
	nms_settle_ports(&m);
	m.mappings = mappings = merged_mappings(current, desired);
	check_mapped_bridges(&m, had, desired);
	nms_protect(&m, current);
	if (diags_count(d, DIAG_ERROR) > errors)
		return -EINVAL;
	*ret_target = json_pack("{s:o, s:{s:O}}", "interfaces", difference(had, next), "ovn",
				"bridge-mappings", mappings);
	return 0;
}

/* ---- target documents ---- */

static json_t *sorted_mappings(const json_t *doc)
{
	json_t *out = json_array(), *m;
	size_t i;

	json_array_foreach(nms_mappings(doc), i, m)
		json_array_append_new(out,
				      json_pack("{s:s, s:s}", "localnet", jstr(m, "localnet", ""),
						"bridge", jstr(m, "bridge", "")));
	nms_sort_mappings(out);
	return out;
}

bool nmstate_changes(const json_t *current, const json_t *target)
{
	_cleanup_json_ json_t *a = sorted_mappings(current), *b = sorted_mappings(target);

	return json_array_size(json_object_get(target, "interfaces")) || !json_equal(a, b);
}

json_t *nmstate_rollback(const json_t *current, const json_t *target)
{
	const json_t *had = json_object_get(current, "interfaces");
	json_t *list = json_array(), *iface;
	size_t i;

	json_array_foreach(json_object_get(target, "interfaces"), i, iface) {
		json_t *old = nms_find(had, jstr(iface, "name", ""), jstr(iface, "type", ""));

		json_array_append_new(list, old ? nms_canonical(old) : absent(iface));
	}
	nms_sort(list);
	return json_pack("{s:o, s:{s:o}}", "interfaces", list, "ovn", "bridge-mappings",
			 sorted_mappings(current));
}

static void touch_mappings(const json_t *a, const json_t *b, json_t *out)
{
	size_t i;
	json_t *m;

	json_array_foreach(a, i, m) {
		const json_t *other = nms_mapping(b, jstr(m, "localnet", ""));
		_cleanup_free_ char *title =
			xasprintf("bridge mapping %s", jstr(m, "localnet", ""));

		if (!other || !streq(jstr(other, "bridge", ""), jstr(m, "bridge", "")))
			jadd_str(out, title);
	}
}

json_t *nmstate_touched(const json_t *current, const json_t *target)
{
	json_t *out = json_array(), *iface;
	size_t i;

	touch_mappings(nms_mappings(target), nms_mappings(current), out);
	touch_mappings(nms_mappings(current), nms_mappings(target), out);
	json_array_foreach(json_object_get(target, "interfaces"), i, iface) {
		_cleanup_free_ char *title = nms_title(iface);

		jadd_str(out, title);
	}
	return out;
}

json_t *nmstate_applied(const json_t *current, const json_t *target)
{
	json_t *list = json_array(), *iface;
	const json_t *changed = json_object_get(target, "interfaces");
	size_t i;

	json_array_foreach(json_object_get(current, "interfaces"), i, iface)
		if (!nms_find(changed, jstr(iface, "name", ""), jstr(iface, "type", "")))
			json_array_append(list, iface);
	json_array_foreach(changed, i, iface)
		if (!streq(jstr(iface, "state", ""), "absent"))
			json_array_append(list, iface);
	nms_sort(list);
	return json_pack("{s:o, s:{s:o}}", "interfaces", list, "ovn", "bridge-mappings",
			 sorted_mappings(target));
}
