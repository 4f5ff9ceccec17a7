/* SPDX-License-Identifier: Apache-2.0 */
/* Default control plane protection: OVN-Kubernetes ovn/copp.go. */
#include "ovnk/plan_priv.h"

#define BAND "drop-25"

/* Equal bands are one row, as upstream's lookup by contents makes them. */
static void add_band(json_t *plan)
{
	json_t *r = json_object(), *row = json_object(), *index = json_object();

	json_object_set_new(row, "action", jstring("drop"));
	json_object_set_new(row, "rate", json_integer(25));
	json_object_update(index, row);
	json_object_set_new(r, "table", jstring("Meter_Band"));
	json_object_set_new(r, "key", jstring(BAND));
	json_object_set_new(r, "index", index);
	json_object_set_new(r, "row", row);
	json_object_set_new(r, "owner", jstring("cluster"));
	json_array_append_new(plan, r);
}

static void add_meter(json_t *plan, const char *name)
{
	json_t *row = json_object(), *bands = json_array();

	json_array_append_new(bands, plan_ref("Meter_Band", BAND));
	json_object_set_new(row, "name", jstring(name));
	json_object_set_new(row, "unit", jstring("pktps"));
	json_object_set_new(row, "fair", json_true());
	json_object_set_new(row, "bands", bands);
	plan_add(plan, "Meter", name, "name", row, NULL, "cluster");
}

void plan_infra(json_t *plan)
{
	json_t *copp = json_object(), *meters = json_object();

	add_band(plan);
	for (size_t i = 0; plan_copp_protocols[i]; i++) {
		_cleanup_free_ char *name = xasprintf("%s" METER_SUFFIX, plan_copp_protocols[i]);

		add_meter(plan, name);
		plan_put(meters, plan_copp_protocols[i], name);
	}
	json_object_set_new(copp, "name", jstring(COPP_NAME));
	json_object_set_new(copp, "meters", meters);
	plan_add(plan, "Copp", COPP_NAME, "name", copp, NULL, "cluster");
}
