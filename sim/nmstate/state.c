/* SPDX-License-Identifier: Apache-2.0 */
/* What a node reports, and what it starts with. */
#include "api/meta.h"
#include "nmstate/nmstate_priv.h"

json_t *nmstate_node_state(const json_t *node, const json_t *network, int64_t now)
{
	json_t *obj = meta_new(&kind_nns, NULL, meta_name(node)), *state = json_deep_copy(network);
	char time[21];

	if (!state)
		state = json_object();
	if (!json_array_size(nms_mappings(state)))
		json_object_set_new(state, "ovn", json_object());
	meta_set_controller(obj, node);
	meta_time(now, time);
	json_object_set_new(
		obj, "status",
		json_pack("{s:o, s:s}", "currentState", state, "lastSuccessfulUpdateTime", time));
	return obj;
}

static json_t *nic(const char *name, int mtu, const char *controller)
{
	json_t *out = json_pack("{s:s, s:s, s:s, s:i, s:{s:b}, s:{s:b}}", "name", name, "type",
				"ethernet", "state", "up", "mtu", mtu, "ipv4", "enabled", 0, "ipv6",
				"enabled", 0);

	jset_str(out, "controller", controller);
	return out;
}

static json_t *br_ex(void)
{
	return json_pack("{s:s, s:s, s:s, s:{s:{s:{s:b}, s:b, s:b, s:s}, s:[{s:s}, {s:s}]}}",
			 "name", NMS_BR_EX, "type", "ovs-bridge", "state", "up", "bridge",
			 "options", "stp", "enabled", 0, "rstp", 0, "mcast-snooping-enable", 0,
			 "fail-mode", "", "port", "name", NMS_BR_EX, "name", "eth0");
}

json_t *nmstate_booted(const json_t *node, int mtu)
{
	json_t *list = json_array(), *v, *own;
	size_t i;

	json_array_append_new(list, br_ex());
	own = nic(NMS_BR_EX, mtu, NMS_BR_EX);
	jset_str(own, "type", "ovs-interface");
	json_array_append_new(list, own);
	json_array_append_new(list, nic("eth0", mtu, NMS_BR_EX));
	json_array_foreach(json_object_get(node, "nics"), i, v)
		json_array_append_new(list,
				      nic(jstr(v, "name", ""), (int)jint(v, "mtu", 1500), NULL));
	nms_sort(list);
	return json_pack("{s:o, s:{s:[{s:s, s:s}]}}", "interfaces", list, "ovn", "bridge-mappings",
			 "localnet", NMS_PHYSNET, "bridge", NMS_BR_EX);
}
