/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/network.h"

#include <openssl/evp.h>

#define HASH_DIGITS 11

/* KubeVirt pkg/network/namescheme: a hashed name leaves room for a prefix within IFNAMSIZ. */
static void hash_name(const char *name, char out[static HASH_DIGITS + 1])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(name, strlen(name), md, &n, EVP_sha256(), NULL) != 1 || n < 6)
		abort();
	for (unsigned i = 0; i < HASH_DIGITS; i++)
		out[i] = "0123456789abcdef"[i % 2 ? md[i / 2] & 15 : md[i / 2] >> 4];
	out[HASH_DIGITS] = '\0';
}

void kubevirt_pod_ifname(const char *network, char out[static 16])
{
	char h[HASH_DIGITS + 1];

	hash_name(network, h);
	snprintf(out, 16, "pod%s", h);
}

void kubevirt_tap_name(const char *network, char out[static 16])
{
	char h[HASH_DIGITS + 1];

	hash_name(network, h);
	snprintf(out, 16, "tap%s", h);
}

json_t *kubevirt_find_named(const json_t *list, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (name && streq0(json_string_value(json_object_get(v, "name")), name))
			return v;
	return NULL;
}

bool kubevirt_has(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	return v && !json_is_null(v);
}

size_t kubevirt_nics(const json_t *spec, struct kubevirt_nic **ret)
{
	const json_t *ifaces = jget(spec, "domain.devices.interfaces");
	const json_t *networks = json_object_get(spec, "networks");
	struct kubevirt_nic *v = xcalloc(json_array_size(networks) + 1, sizeof(*v));
	json_t *net;
	size_t i, n = 0;

	json_array_foreach(networks, i, net) {
		const char *name = jstr(net, "name", NULL);
		const json_t *iface = kubevirt_find_named(ifaces, name);

		if (!iface || streq(jstr(iface, "state", ""), "absent"))
			continue;
		v[n].name = name;
		v[n].iface = iface;
		v[n].network = net;
		v[n].nad = jstr(net, "multus.networkName", NULL);
		v[n].is_default = jbool(net, "multus.default", false);
		hash_name(name, v[n].hash);
		n++;
	}
	*ret = v;
	return n;
}

void kubevirt_split_nad(const char *ref, const char *def, char **ret_ns, char **ret_name)
{
	const char *slash = strchr(ref, '/');

	*ret_ns = slash ? xstrndup(ref, (size_t)(slash - ref)) : xstrdup(def);
	*ret_name = xstrdup(slash ? slash + 1 : ref);
}
