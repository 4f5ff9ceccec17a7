/* SPDX-License-Identifier: Apache-2.0 */
/* Topologies from bytes: refused with a message, or a tree that everybody can read. */
#include <assert.h>

#include "lab/topology.h"

static void check_nics(const json_t *nics)
{
	json_t *nic;
	size_t i;

	json_array_foreach(nics, i, nic) {
		assert(*jstr(nic, "name", "") && strlen(jstr(nic, "name", "")) < 16);
		assert(*jstr(nic, "network", ""));
		assert(jint(nic, "vlan", -1) >= 0 && jint(nic, "vlan", -1) <= 4094);
	}
}

static void check_hosts(const json_t *hosts)
{
	json_t *h, *iface;
	size_t i, k;

	json_array_foreach(hosts, i, h) {
		assert(json_array_size(json_object_get(h, "interfaces")) > 0);
		json_array_foreach(json_object_get(h, "interfaces"), k, iface)
			assert(strlen(jstr(iface, "mac", "")) == 17);
	}
}

static void check(const json_t *t)
{
	json_t *v;
	size_t i;

	assert(json_array_size(json_object_get(t, "nodes")) > 0);
	json_array_foreach(json_object_get(t, "nodes"), i, v)
		check_nics(json_object_get(v, "nics"));
	check_hosts(jget(t, "underlay.hosts"));
	json_array_foreach(json_object_get(t, "networks"), i, v)
		check_hosts(json_object_get(v, "hosts"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	yaml_parse((const char *)data, size, "t.yaml", &docs, &d);
	for (size_t i = 0; i < docs.n; i++) {
		size_t before = diags_count(&d, DIAG_ERROR);
		_cleanup_json_ json_t *t = topology_expand(&docs.v[i], "t.yaml", &d);

		assert((t != NULL) == (diags_count(&d, DIAG_ERROR) == before));
		if (t)
			check(t);
	}
	return 0;
}
