/* SPDX-License-Identifier: Apache-2.0 */
/* RestartRequired: what of a changed template a running VMI can follow (facts §2.3). */
#include "kubevirt/status.h"

#include "kubevirt/admission.h"
#include "kubevirt/network.h"

#define IFACES "domain.devices.interfaces"

static bool is_absent(const json_t *iface)
{
	return streq(jstr(iface, "state", ""), "absent");
}

/* True when a and b are equal apart from the member key. */
static bool equal_but(const json_t *a, const json_t *b, const char *key)
{
	_cleanup_json_ json_t *x = json_deep_copy(a), *y = json_deep_copy(b);

	jdel(x, key);
	jdel(y, key);
	return json_equal(x, y);
}

/* ---- interfaces ---- */

static char *iface_reason(const json_t *started, const json_t *wanted)
{
	json_t *old;
	size_t i;

	json_array_foreach(jget(started, IFACES), i, old) {
		const char *name = jstr(old, "name", "");
		const json_t *now = kubevirt_find_named(jget(wanted, IFACES), name);

		if (!now && !is_absent(old))
			return xasprintf("interface %s was removed (set its state to absent to "
					 "unplug it)",
					 name);
		if (now && !equal_but(old, now, "state"))
			return xasprintf("interface %s changed in more than its state", name);
	}
	return NULL;
}

/* ---- networks ---- */

static char *changed_network(const json_t *old, const json_t *now, bool migratable)
{
	const char *name = jstr(old, "name", "");

	if (!equal_but(old, now, "multus.networkName"))
		return xasprintf("network %s changed in more than its networkName", name);
	if (!json_equal(old, now) && !migratable)
		return xasprintf("networkName of network %s changed, and the VM is not migratable",
				 name);
	return NULL;
}

static char *network_reason(const json_t *started, const json_t *wanted, bool migratable)
{
	const json_t *before = json_object_get(started, "networks");
	json_t *net;
	size_t i;

	json_array_foreach(before, i, net) {
		const char *name = jstr(net, "name", "");
		const json_t *now = kubevirt_find_named(json_object_get(wanted, "networks"), name);
		char *why;

		if (!now && is_absent(kubevirt_find_named(jget(started, IFACES), name)))
			continue;
		if (!now)
			return xasprintf("network %s was removed", name);
		why = changed_network(net, now, migratable);
		if (why)
			return why;
	}
	json_array_foreach(json_object_get(wanted, "networks"), i, net) {
		const char *name = jstr(net, "name", "");
		const json_t *iface = kubevirt_find_named(jget(wanted, IFACES), name);

		if (kubevirt_find_named(before, name))
			continue;
		if (kubevirt_has(net, "pod"))
			return xasprintf("pod network %s was added", name);
		if (!kubevirt_has(iface, "bridge") && !kubevirt_has(iface, "sriov"))
			return xasprintf("network %s was added with a binding that cannot be "
					 "hotplugged",
					 name);
	}
	return NULL;
}

/* ---- everything else ---- */

static char *other_reason(const json_t *started, const json_t *wanted)
{
	/* networks have their own rules; placement is followed by the next migration */
	static const char *const live[] = {"networks", IFACES, "nodeSelector", "affinity",
					   "tolerations"};
	_cleanup_json_ json_t *a = json_deep_copy(started), *b = json_deep_copy(wanted);

	for (size_t i = 0; i < ARRAY_SIZE(live); i++) {
		jdel(a, live[i]);
		jdel(b, live[i]);
	}
	return json_equal(a, b) ? NULL
				: xstrdup("a non-live-updatable field was changed in the template "
					  "spec");
}

/* A defaulted copy, so that a VMI's spec compares with its VM's template. */
static json_t *defaulted(const json_t *spec)
{
	json_t *copy = json_is_object(spec) ? json_deep_copy(spec) : json_object();

	kubevirt_default_spec(copy);
	return copy;
}

char *kubevirt_restart_required(const json_t *started, const json_t *wanted, bool migratable)
{
	_cleanup_json_ json_t *a = defaulted(started), *b = defaulted(wanted);
	char *why = iface_reason(a, b);

	if (!why)
		why = network_reason(a, b, migratable);
	return why ? why : other_reason(a, b);
}

/* ---- live changes ---- */

static char *live_iface(const json_t *a, const json_t *b)
{
	json_t *now;
	size_t i;

	json_array_foreach(jget(b, IFACES), i, now) {
		const char *name = jstr(now, "name", "");
		const json_t *old = kubevirt_find_named(jget(a, IFACES), name);

		if (!old && !is_absent(now))
			return xasprintf("interface %s was added", name);
		if (old && !streq(jstr(old, "state", "up"), jstr(now, "state", "up")))
			return xasprintf("state of interface %s changed", name);
	}
	return NULL;
}

char *kubevirt_live_changes(const json_t *started, const json_t *wanted)
{
	_cleanup_json_ json_t *a = defaulted(started), *b = defaulted(wanted);
	char *why = live_iface(a, b);
	json_t *net;
	size_t i;

	if (why)
		return why;
	json_array_foreach(json_object_get(b, "networks"), i, net) {
		const json_t *old =
			kubevirt_find_named(json_object_get(a, "networks"), jstr(net, "name", ""));

		if (old && !json_equal(old, net))
			return xasprintf("networkName of network %s changed",
					 jstr(net, "name", ""));
	}
	return NULL;
}
