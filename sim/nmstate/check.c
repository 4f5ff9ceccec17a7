/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "api/text.h"
#include "nmstate/nmstate_priv.h"

char *nms_at(const char *path, const char *key)
{
	return xasprintf("%s.%s", path, key);
}

char *nms_at_index(const char *path, size_t i)
{
	return xasprintf("%s.%zu", path, i);
}

void nms_wrong(struct diags *d, const char *path, const json_t *v, const char *expected)
{
	if (json_is_string(v) || json_is_number(v) || json_is_boolean(v)) {
		_cleanup_free_ char *text = jtext(v);

		diags_add(d, DIAG_ERROR, "nmstate", path, "expected %s, found %.*s", expected,
			  text_clip(text), text);
	} else {
		diags_add(d, DIAG_ERROR, "nmstate", path, "expected %s, found %s", expected,
			  nms_type_name(v));
	}
}

static bool is_known(const char *const *known, const char *key)
{
	for (const char *const *k = known; *k; k++)
		if (streq(*k, key))
			return true;
	return false;
}

static void hint_known(struct diag *g, const char *const *known)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (const char *const *k = known; *k; k++)
		buf_printf(&b, "%s%s", b.len ? ", " : "", *k);
	diag_hint(g, "known here: %s", buf_str(&b));
}

void nms_unknown(const json_t *o, const char *const *known, const char *path, bool refuse,
		 struct diags *d)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		_cleanup_free_ char *at = nms_at(path, key);
		const char *best = NULL;
		struct diag *g;

		if (is_known(known, key))
			continue;
		g = diags_add(d, refuse ? DIAG_ERROR : DIAG_WARNING, "nmstate", at,
			      "unknown key \"%.*s\"%s", text_clip(key), key,
			      refuse ? "" : ": nmstate ignores it");
		for (const char *const *k = known; *k; k++)
			if (text_plausible(key, *k) &&
			    (!best || text_distance(key, *k) < text_distance(key, best)))
				best = *k;
		if (best)
			diag_hint(g, "did you mean \"%s\"?", best);
		else if (refuse)
			hint_known(g, known);
	}
}

/* ---- ovn ---- */

static void check_bridge_name(const json_t *bridge, bool needed, const char *localnet,
			      const char *path, struct diags *d)
{
	_cleanup_free_ char *at = nms_at(path, "bridge");
	const char *name = json_string_value(bridge);

	if ((!bridge || json_is_null(bridge) || (name && !*name)) && needed)
		diag_hint(diags_add(d, DIAG_ERROR, "N2", path,
				    "the mapping of localnet \"%.*s\" has no bridge",
				    text_clip(localnet), localnet),
			  "name the OVS bridge, or remove the mapping with state: absent");
	else if (bridge && !json_is_null(bridge) && !name)
		nms_wrong(d, at, bridge, "the name of an OVS bridge");
	else if (name && needed && streq(name, NMS_BR_INT))
		diag_hint(diags_add(d, DIAG_ERROR, "nmstate", at,
				    "br-int is OVN's integration bridge: it has no physical side"),
			  "map onto br-ex or onto an OVS bridge of your own");
	else if (name && strpbrk(name, ":,"))
		diags_add(d, DIAG_ERROR, "nmstate", at,
			  "\"%.*s\": ':' and ',' separate the entries of ovn-bridge-mappings",
			  text_clip(name), name);
}

static void check_mapping(const json_t *m, const char *path, json_t *seen, struct diags *d)
{
	static const char *const known[] = {"localnet", "bridge", "state", NULL};
	_cleanup_free_ char *at = nms_at(path, "localnet"), *at_state = nms_at(path, "state");
	const char *localnet = jstr(m, "localnet", NULL), *state = jstr(m, "state", NULL);

	if (!json_is_object(m)) {
		nms_wrong(d, path, m, "{localnet, bridge, state}");
		return;
	}
	nms_unknown(m, known, path, false, d);
	if (!localnet || !*localnet)
		nms_wrong(d, at, json_object_get(m, "localnet"), "the name of a localnet");
	else if (strpbrk(localnet, ":,"))
		diags_add(d, DIAG_ERROR, "nmstate", at,
			  "\"%.*s\": ':' and ',' separate the entries of ovn-bridge-mappings",
			  text_clip(localnet), localnet);
	else if (json_object_get(seen, localnet))
		diag_hint(diags_add(d, DIAG_ERROR, "N1", at,
				    "localnet \"%.*s\" has two mappings in this document",
				    text_clip(localnet), localnet),
			  "a localnet is on one bridge of a node; keep one entry");
	if (localnet)
		json_object_set_new(seen, localnet, json_true());
	if (json_object_get(m, "state") &&
	    (!state || (!streq(state, "present") && !streq(state, "absent"))))
		nms_wrong(d, at_state, json_object_get(m, "state"), "present or absent");
	check_bridge_name(json_object_get(m, "bridge"), !state || !streq(state, "absent"),
			  localnet ? localnet : "", path, d);
}

void nms_check_ovn(const json_t *ovn, const char *path, struct diags *d)
{
	static const char *const known[] = {"bridge-mappings", NULL};
	_cleanup_free_ char *at = nms_at(path, "bridge-mappings");
	_cleanup_json_ json_t *seen = json_object();
	const json_t *list = json_object_get(ovn, "bridge-mappings");
	const char *key;
	size_t i;
	json_t *m;

	if (!json_is_object(ovn)) {
		nms_wrong(d, path, ovn, "{bridge-mappings: […]}");
		return;
	}
	json_object_foreach((json_t *)ovn, key, m) {
		_cleanup_free_ char *at_key = nms_at(path, key);

		if (!is_known(known, key))
			diag_hint(diags_add(d, DIAG_ERROR, "N3", at_key, "unknown key \"%.*s\"",
					    text_clip(key), key),
				  "the only key here is bridge-mappings");
	}
	if (!list || json_is_null(list))
		return;
	if (!json_is_array(list))
		nms_wrong(d, at, list, "a list of {localnet, bridge, state}");
	json_array_foreach(list, i, m) {
		_cleanup_free_ char *at_entry = nms_at_index(at, i);

		check_mapping(m, at_entry, seen, d);
	}
}

/* ---- the whole ---- */

/* (name, type) twice, and members of bridges or bonds twice. */
static void check_twice(const json_t *seen, const char *key, const json_t *iface, const char *path,
			struct diags *d)
{
	if (json_object_get(seen, key))
		diag_hint(diags_add(d, DIAG_WARNING, "lint/nmstate-twice", path,
				    "%s \"%.*s\" is listed twice: the last entry counts",
				    jstr(iface, "type", "interface"),
				    text_clip(jstr(iface, "name", "")), jstr(iface, "name", "")),
			  "merge the two entries");
}

struct members {
	json_t *owner; /* interface → "bridge" that the document puts it into */
	const char *bridge, *path;
	struct diags *d;
};

static void check_member(void *arg, const char *name, bool bonded UNUSED)
{
	struct members *m = arg;
	const char *other = json_string_value(json_object_get(m->owner, name));

	if (!*name)
		return;
	if (other && streq(other, m->bridge))
		diags_add(m->d, DIAG_ERROR, "nmstate", m->path, "%s is a port of %s twice", name,
			  m->bridge);
	else if (other)
		diags_add(m->d, DIAG_ERROR, "nmstate", m->path,
			  "%s is a port of %s and of %s: an interface has one bridge", name, other,
			  m->bridge);
	json_object_set_new(m->owner, name, jstring(m->bridge));
}

static void check_members(const json_t *iface, const char *path, json_t *owner, struct diags *d)
{
	const json_t *bridge = json_object_get(iface, "bridge"), *ports;
	struct members m = {.owner = owner, .bridge = jstr(iface, "name", ""), .d = d};
	const char *key = json_object_get(bridge, "port") ? "port" : "ports";
	size_t i;
	json_t *port;

	ports = json_object_get(bridge, key);
	json_array_foreach(ports, i, port) {
		_cleanup_free_ char *at = xasprintf("%s.bridge.%s.%zu", path, key, i);

		m.path = at;
		nms_each_member(port, check_member, &m);
	}
}

static bool is_kernel(const char *type)
{
	return streq(type, "ethernet") || streq(type, "ovs-interface") || streq(type, "bond");
}

/* An ovs-bridge lives in OVS's database only; the others share the kernel's names. */
static void check_name_shared(json_t *kernel, const json_t *iface, const char *path,
			      struct diags *d)
{
	const char *name = jstr(iface, "name", ""), *type = jstr(iface, "type", "");
	const char *other = json_string_value(json_object_get(kernel, name));

	if (!is_kernel(type) || streq(jstr(iface, "state", "up"), "absent"))
		return;
	if (other && !streq(other, type))
		diags_add(d, DIAG_ERROR, "nmstate", path,
			  "\"%.*s\" is both type %s and type %s: only an ovs-bridge may share the "
			  "name of an interface",
			  text_clip(name), name, other, type);
	json_object_set_new(kernel, name, jstring(type));
}

static void check_interfaces(const json_t *list, struct diags *d)
{
	static const char path[] = NMSTATE_PATH ".interfaces";
	_cleanup_json_ json_t *seen = json_object(), *owner = json_object();
	_cleanup_json_ json_t *kernel = json_object();
	size_t i;
	json_t *iface;

	if (!json_is_array(list)) {
		nms_wrong(d, path, list, "a list of interfaces");
		return;
	}
	json_array_foreach(list, i, iface) {
		_cleanup_free_ char *at = nms_at_index(path, i);
		_cleanup_free_ char *key = nms_title(iface);

		nms_check_interface(iface, at, d);
		check_twice(seen, key, iface, at, d);
		if (!json_object_get(seen, key))
			check_members(iface, at, owner, d);
		check_name_shared(kernel, iface, at, d);
		json_object_set_new(seen, key, json_true());
	}
}

static void note_ignored(const json_t *desired, struct diags *d)
{
	static const char *const keys[] = {"dns-resolver", "routes",	  "route-rules",
					   "hostname",	   "description", "ovs-db"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_free_ char *at = nms_at(NMSTATE_PATH, keys[i]);

		if (json_object_get(desired, keys[i]) && !streq(keys[i], "description"))
			diags_add(d, DIAG_NOTE, "ignored", at, "kept, not acted on");
	}
}

int nmstate_check(const json_t *desired, struct diags *d)
{
	static const char *const known[] = {"interfaces",  "ovn",	  "dns-resolver",
					    "routes",	   "route-rules", "hostname",
					    "description", "ovs-db",	  NULL};
	size_t errors = diags_count(d, DIAG_ERROR);
	const json_t *list = json_object_get(desired, "interfaces");
	const json_t *ovn = json_object_get(desired, "ovn");

	if (!desired || json_is_null(desired))
		return 0;
	if (!json_is_object(desired)) {
		nms_wrong(d, NMSTATE_PATH, desired, "an object with interfaces, ovn, …");
		return -EINVAL;
	}
	nms_unknown(desired, known, NMSTATE_PATH, true, d);
	note_ignored(desired, d);
	if (list && !json_is_null(list))
		check_interfaces(list, d);
	if (ovn && !json_is_null(ovn))
		nms_check_ovn(ovn, NMSTATE_PATH ".ovn", d);
	return diags_count(d, DIAG_ERROR) > errors ? -EINVAL : 0;
}

char *nmstate_message(const struct diags *d)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *g = &d->v[i];
		const char *at = g->path ? str_after(g->path, NMSTATE_PATH ".") : NULL;

		if (g->severity != DIAG_ERROR)
			continue;
		buf_printf(&b, "%s%s%s%s", b.len ? "; " : "", at ? at : "", at ? ": " : "", g->msg);
		if (g->hint)
			buf_printf(&b, " (%s)", g->hint);
	}
	return buf_take(&b);
}
