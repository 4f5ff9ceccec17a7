/* SPDX-License-Identifier: Apache-2.0 */
/* MAC addresses of VMs: canonical form, and KubeMacPool's allocation. */
#include "kubevirt/admission.h"

#include "kubevirt/network.h"

#define POOL_BITS 40
#define POOL_SIZE (1ULL << POOL_BITS)
#define RULE "kubemacpool"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

unsigned kubevirt_mac_parse(const char *s, uint8_t out[static 20])
{
	char separator = *s && s[1] ? s[2] : '\0';
	unsigned n = 0;

	if (separator && separator != ':' && separator != '-')
		return 0;
	for (;; s += 3) {
		int high = hex(s[0]), low = high < 0 ? -1 : hex(s[1]);

		if (low < 0 || n == 20)
			return 0;
		out[n++] = (uint8_t)(high << 4 | low);
		if (!s[2])
			return n == 6 || n == 8 || n == 20 ? n : 0;
		if (s[2] != separator)
			return 0;
	}
}

bool kubevirt_mac_canon(const char *mac, char out[static 18])
{
	uint8_t b[20];

	if (kubevirt_mac_parse(mac, b) != 6)
		return false;
	snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
	return true;
}

/* ---- KubeMacPool ---- */

static json_t *interfaces_of(const json_t *vm)
{
	return jget(vm, "spec.template.spec.domain.devices.interfaces");
}

static bool taken_within(const json_t *ifaces, const char *mac, const json_t *except)
{
	json_t *other;
	size_t i;

	json_array_foreach(ifaces, i, other) {
		char canon[18];

		if (other != except && kubevirt_mac_canon(jstr(other, "macAddress", ""), canon) &&
		    streq(canon, mac))
			return true;
	}
	return false;
}

/* The next address of the pool that nobody has; false when the whole pool is taken. */
static bool pool_next(const json_t *ifaces, uint64_t *cursor, kubevirt_mac_used_fn used, void *arg,
		      char out[static 18])
{
	for (uint64_t tries = 0; tries < POOL_SIZE; tries++) {
		uint64_t v = *cursor = (*cursor + 1) % POOL_SIZE;

		if (!v) /* 02:00:00:00:00:00 belongs to masquerade's bridge (V8) */
			continue;
		snprintf(out, 18, "02:%02x:%02x:%02x:%02x:%02x", (unsigned)(v >> 32) & 0xff,
			 (unsigned)(v >> 24) & 0xff, (unsigned)(v >> 16) & 0xff,
			 (unsigned)(v >> 8) & 0xff, (unsigned)v & 0xff);
		if (!taken_within(ifaces, out, NULL) && !(used && used(arg, out)))
			return true;
	}
	return false;
}

static void assign(json_t *iface, size_t i, const json_t *ifaces, const json_t *old_ifaces,
		   uint64_t *cursor, kubevirt_mac_used_fn used, void *arg, struct diags *d)
{
	const json_t *before = kubevirt_find_named(old_ifaces, jstr(iface, "name", ""));
	const char *kept = jstr(before, "macAddress", NULL);
	char mac[18];

	if (kept && kubevirt_mac_canon(kept, mac) && !taken_within(ifaces, mac, iface)) {
		jset_str(iface, "macAddress", kept);
	} else if (pool_next(ifaces, cursor, used, arg, mac)) {
		jset_str(iface, "macAddress", mac);
	} else {
		_cleanup_free_ char *path = xasprintf(
			"spec.template.spec.domain.devices.interfaces[%zu].macAddress", i);

		diags_add(d, DIAG_ERROR, RULE, path, "the range is full");
	}
}

/* Each MAC that an earlier interface of the VM has already. */
static void refuse_twice(const json_t *ifaces, struct diags *d)
{
	_cleanup_json_ json_t *seen = json_object();
	json_t *iface;
	size_t i;

	json_array_foreach(ifaces, i, iface) {
		_cleanup_free_ char *path = xasprintf(
			"spec.template.spec.domain.devices.interfaces[%zu].macAddress", i);
		const json_t *first;
		char mac[18];

		if (!kubevirt_mac_canon(jstr(iface, "macAddress", ""), mac))
			continue;
		first = json_object_get(seen, mac);
		if (first)
			diags_add(d, DIAG_ERROR, RULE, path,
				  "failed to allocate requested mac address: %s is also that of "
				  "interface %s",
				  mac, json_string_value(first));
		else
			json_object_set_new(seen, mac, jstring(jstr(iface, "name", "")));
	}
}

void kubevirt_assign_macs(json_t *vm, const json_t *old, uint64_t *cursor,
			  kubevirt_mac_used_fn used, void *arg, struct diags *d)
{
	json_t *ifaces = interfaces_of(vm), *iface;
	const json_t *networks = jget(vm, "spec.template.spec.networks");
	size_t i;

	refuse_twice(ifaces, d);
	json_array_foreach(ifaces, i, iface) {
		const json_t *net = kubevirt_find_named(networks, jstr(iface, "name", NULL));

		if (json_is_object(iface) && !*jstr(iface, "macAddress", "") &&
		    kubevirt_has(net, "multus"))
			assign(iface, i, ifaces, interfaces_of(old), cursor, used, arg, d);
	}
}
