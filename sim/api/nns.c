/* SPDX-License-Identifier: Apache-2.0 */
/* What network a node has; made by the lab, to read back. */
#include "api/cells.h"

static const char *const versions[] = {"v1", "v1beta1", NULL};
static const char *const short_names[] = {"nns", NULL};

static const struct field fields[] = {
	FIELD("status", OBJECT),
	FIELDS_END,
};

static json_t *cell_mappings(const json_t *obj, const struct table_env *env UNUSED)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	size_t i;
	json_t *m;

	json_array_foreach(jget(obj, "status.currentState.ovn.bridge-mappings"), i, m)
		buf_printf(&b, "%s%s:%s", i ? "," : "", jstr(m, "localnet", ""),
			   jstr(m, "bridge", ""));
	return b.len ? jstring(buf_str(&b)) : NULL;
}

static const struct column columns[] = {
	COLUMN_AGE,
	COLUMN("Mappings", "string", "OVN bridge mappings.", .priority = 1, .cell = cell_mappings),
	COLUMNS_END,
};

const struct kind kind_nns = {
	.group = "nmstate.io",
	.versions = versions,
	.kind = "NodeNetworkState",
	.plural = "nodenetworkstates",
	.singular = "nodenetworkstate",
	.short_names = short_names,
	.has_status = true,
	.fields = fields,
	.columns = columns,
};
