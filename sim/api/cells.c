/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"

#include "api/meta.h"

json_t *cell_ready(const json_t *obj, const struct table_env *env UNUSED)
{
	const char *s = meta_condition_status(obj, "Ready");

	return *s ? jstring(s) : NULL;
}

json_t *cell_vmi_ips(const json_t *vmi)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t i, j;
	json_t *nic, *ip;

	json_array_foreach(jget(vmi, "status.interfaces"), i, nic) {
		json_t *ips = json_object_get(nic, "ipAddresses");

		json_array_foreach(ips, j, ip)
			if (json_is_string(ip))
				buf_printf(&b, "%s%s", b.len ? "," : "", json_string_value(ip));
		if (json_array_size(ips) == 0 && *jstr(nic, "ipAddress", ""))
			buf_printf(&b, "%s%s", b.len ? "," : "", jstr(nic, "ipAddress", ""));
	}
	return b.len ? jstring(buf_str(&b)) : NULL;
}
