/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/place.h"

#include <errno.h>

#include "base/buf.h"
#include "fabric/fabric.h"
#include "lab/controllers.h"

bool place_is_fabric(const char *name)
{
	return streq(name, "fabric") || str_after(name, "switch/");
}

static bool switch_exists(struct lab *lab, const char *name, struct err *e)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *net;
	size_t i;

	if (streq(name, "underlay"))
		return true;
	json_array_foreach(json_object_get(lab->topo, "networks"), i, net) {
		if (streq(jstr(net, "name", ""), name))
			return true;
		buf_printf(&b, ", %s", jstr(net, "name", "?"));
	}
	err_set(e, ENOENT, "the topology has no switch/%s; there are underlay%s", name,
		buf_str(&b));
	return false;
}

static json_t *devices_of(struct lab *lab, const char *network)
{
	_cleanup_json_ json_t *status = fabric_status(lab->fabric);
	json_t *out = json_array(), *sw, *p;
	size_t i, k;

	json_array_foreach(json_object_get(status, "switches"), i, sw) {
		if (!streq(jstr(sw, "name", ""), network))
			continue;
		json_array_foreach(json_object_get(sw, "ports"), k, p) {
			const char *machine = jstr(p, "machine", "?"),
				   *host = str_after(machine, "host/");

			json_array_append_new(out,
					      json_pack("{s:o, s:s}", "port",
							jstringf("%s:%s", host ? host : machine,
								 jstr(p, "nic", "?")),
							"device", jstr(p, "port", "")));
		}
	}
	return out;
}

json_t *place_describe(struct lab *lab, const char *name, struct err *e)
{
	const char *network = str_after(name, "switch/");

	if (!network)
		return json_pack("{s:[]}", "pids");
	if (!switch_exists(lab, network, e))
		return NULL;
	return json_pack("{s:[], s:o}", "pids", "devices", devices_of(lab, network));
}

json_t *place_taps(struct lab *lab, const json_t *pod)
{
	_cleanup_json_ json_t *atts = lab_pod_attachments(lab, pod);
	json_t *out = json_array(), *a;
	size_t i;

	json_array_foreach(atts, i, a)
		json_array_append_new(out, json_pack("{s:s, s:s}", "port", jstr(a, "network", "?"),
						     "device", jstr(a, "tap", "?")));
	return out;
}
