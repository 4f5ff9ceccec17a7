/* SPDX-License-Identifier: Apache-2.0 */
/* Has the node become what was desired? Only what desired names is compared. */
#include <errno.h>

#include "api/text.h"
#include "nmstate/nmstate_priv.h"

struct verify {
	const json_t *want;   /* desired interface in normal form */
	const json_t *actual; /* the node's */
	const json_t *all;    /* all interfaces of the node */
	struct diags *d;
};

static void differs(const struct verify *v, const char *key, const json_t *want, const json_t *got)
{
	_cleanup_free_ char *title = nms_title(v->want), *a = nms_text(want), *b = nms_text(got);
	_cleanup_free_ char *path = xasprintf("%s.%s", jstr(v->want, "path", ""), key);

	diags_add(v->d, DIAG_ERROR, "verify", path,
		  "verification failed: %s: %s: desired %.*s, actual %.*s", title, key,
		  text_clip(a), a, text_clip(b), b);
}

static void compare(const struct verify *v, const char *key, const json_t *want, const json_t *got)
{
	if (want && !(got && json_equal(want, got)))
		differs(v, key, want, got);
}

static void verify_ip(const struct verify *v, const char *family)
{
	const json_t *want = json_object_get(v->want, family);
	const json_t *got = json_object_get(v->actual, family), *list, *a;
	bool on = jbool(want, "enabled", false), is = jbool(got, "enabled", false);
	_cleanup_free_ char *key = xasprintf("%s.address", family);
	_cleanup_free_ char *key_on = xasprintf("%s.enabled", family);
	size_t i, j;

	if (!want)
		return;
	if (on != is) {
		_cleanup_json_ json_t *x = json_boolean(on), *y = json_boolean(is);

		differs(v, key_on, x, y);
		return;
	}
	list = json_object_get(got, "address");
	json_array_foreach(json_object_get(want, "address"), i, a) {
		const json_t *b;
		bool found = false;

		json_array_foreach(list, j, b)
			found |= streq(jstr(a, "ip", ""), jstr(b, "ip", "")) &&
				 jint(a, "prefix-length", -1) == jint(b, "prefix-length", -2);
		if (!found) {
			differs(v, key, a, list);
			return;
		}
	}
}

/* ---- bridges ---- */

static void verify_options(const struct verify *v)
{
	const json_t *got = jget(v->actual, "bridge.options");
	const char *key;
	json_t *want;

	json_object_foreach(jget(v->want, "bridge.options"), key, want) {
		_cleanup_free_ char *at = xasprintf("bridge.options.%s", key);

		compare(v, at, want, json_object_get(got, key));
	}
}

static json_t *bond_of(const json_t *port)
{
	json_t *bond = json_deep_copy(json_object_get(port, "link-aggregation"));

	if (!bond)
		return json_null();
	if (!json_object_get(bond, "mode"))
		jset_str(bond, "mode", "active-backup");
	nms_sort(json_object_get(bond, "port"));
	return bond;
}

static void verify_bond(const struct verify *v, const json_t *want, const json_t *got)
{
	_cleanup_free_ char *at =
		xasprintf("bridge.port[%s].link-aggregation", jstr(want, "name", ""));
	_cleanup_json_ json_t *a = bond_of(want), *b = bond_of(got);
	const char *key;
	json_t *x;

	if (json_is_object(a) != json_is_object(b)) {
		differs(v, at, a, b);
		return;
	}
	json_object_foreach(a, key, x) {
		_cleanup_free_ char *at_key = nms_at(at, key);

		compare(v, at_key, x, json_object_get(b, key));
	}
}

static void verify_port(const struct verify *v, const json_t *want)
{
	const char *name = jstr(want, "name", "");
	_cleanup_free_ char *at = xasprintf("bridge.port[%s].vlan", name);
	const json_t *got = nms_port(v->actual, name), *vlan = json_object_get(want, "vlan");
	_cleanup_json_ json_t *is = nms_vlan(json_object_get(got, "vlan"));

	if (!got) {
		_cleanup_json_ json_t *x = jstring(name);

		differs(v, "bridge.port", x, NULL);
		return;
	}
	if (json_is_null(vlan) ? is != NULL : vlan && !(is && json_equal(vlan, is)))
		differs(v, at, vlan, is);
	verify_bond(v, want, got);
}

static void extra_port(const struct verify *v, const char *name, bool patch)
{
	_cleanup_free_ char *title = nms_title(v->want);
	_cleanup_free_ char *path = xasprintf("%s.bridge.port", jstr(v->want, "path", ""));
	struct diag *g = diags_add(v->d, DIAG_ERROR, patch ? "N10" : "verify", path,
				   "verification failed: %s: bridge.port: actual has %s %s, which "
				   "is not desired",
				   title, patch ? "the patch port" : "the port", name);

	if (patch)
		diag_hint(g, "OVN made it for a localnet: set bridge.allow-extra-patch-ports: true "
			     "in every policy that lists this bridge's ports");
}

static void verify_ports(const struct verify *v)
{
	bool allowed = jbool(v->want, "bridge.allow-extra-patch-ports", false);
	size_t i;
	json_t *port;

	if (!nms_ports(v->want))
		return;
	json_array_foreach(nms_ports(v->want), i, port)
		verify_port(v, port);
	json_array_foreach(nms_ports(v->actual), i, port) {
		const char *name = jstr(port, "name", "");
		bool patch = nms_is_patch(nms_find(v->all, name, "ovs-interface"));
		bool own = !json_array_size(nms_ports(v->want)) &&
			   streq(name, jstr(v->want, "name", ""));

		if (!nms_port(v->want, name) && !own && !(patch && allowed))
			extra_port(v, name, patch);
	}
}

/* ---- one interface ---- */

static void verify_absent(const struct verify *v)
{
	_cleanup_json_ json_t *absent = jstring("absent");
	const char *state = jstr(v->actual, "state", "up");

	if (v->actual && !(nms_is(v->want, "ethernet") && streq(state, "down")))
		differs(v, "state", absent, json_object_get(v->actual, "state"));
}

static void verify_iface(const struct verify *v)
{
	static const char *const keys[] = {"state", "mtu", "mac-address", "patch"};
	_cleanup_json_ json_t *missing = jstring("absent");

	if (streq(jstr(v->want, "state", ""), "absent")) {
		verify_absent(v);
		return;
	}
	if (!v->actual) {
		differs(v, "state", json_object_get(v->want, "state"), missing);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		compare(v, keys[i], json_object_get(v->want, keys[i]),
			json_object_get(v->actual, keys[i]));
	if (nms_is(v->want, "ovs-bridge")) {
		verify_options(v);
		verify_ports(v);
	} else if (!json_object_get(v->want, "patch")) {
		verify_ip(v, "ipv4");
		verify_ip(v, "ipv6");
	}
}

static void verify_mapping(const json_t *want, size_t i, const json_t *actual, struct diags *d)
{
	_cleanup_free_ char *path = xasprintf(NMSTATE_PATH ".ovn.bridge-mappings.%zu", i);
	const char *localnet = jstr(want, "localnet", "");
	const json_t *got = nms_mapping(actual, localnet);
	const char *bridge = jstr(want, "bridge", NULL), *is = jstr(got, "bridge", NULL);

	if (streq(jstr(want, "state", "present"), "absent"))
		bridge = NULL;
	if (!streq0(bridge, is))
		diags_add(d, DIAG_ERROR, "N5", path,
			  "verification failed: ovn.bridge-mappings: %s: desired %s, actual %s",
			  localnet, bridge ? bridge : "absent", is ? is : "absent");
}

int nmstate_verify(const json_t *desired, const json_t *actual, struct diags *d)
{
	size_t i, errors = diags_count(d, DIAG_ERROR);
	const json_t *all = json_object_get(actual, "interfaces");
	_cleanup_json_ json_t *wanted = nms_desired(desired);
	json_t *want;

	nms_resolve_types(wanted, all, d);
	json_array_foreach(wanted, i, want) {
		struct verify v = {.want = want, .all = all, .d = d};

		if (!json_object_get(want, "type"))
			continue;
		v.actual = nms_find(all, jstr(want, "name", ""), jstr(want, "type", ""));
		verify_iface(&v);
	}
	json_array_foreach(nms_mappings(desired), i, want)
		verify_mapping(want, i, nms_mappings(actual), d);
	return diags_count(d, DIAG_ERROR) > errors ? -EINVAL : 0;
}
