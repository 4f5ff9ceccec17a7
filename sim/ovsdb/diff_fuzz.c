/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any plan against any database, as three JSON texts: schema, {table:{uuid:row on the wire}} as an
 * initial update, and the plan. Both ways of failing are fine; crashing and rewriting rows that are
 * as planned are not.
 */
#include "ovsdb/client.h"
#include "ovsdb/diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static json_t *next(const char **p, size_t *left)
{
	struct jscan scan = {0};
	ssize_t n = jscan_feed(&scan, *p, *left);
	json_t *j;

	if (n <= 0)
		return NULL;
	j = json_loadb(*p, (size_t)n, 0, NULL);
	*p += n;
	*left -= (size_t)n;
	return j;
}

static bool owned(const char *table UNUSED, const json_t *row, void *arg UNUSED)
{
	return json_object_get(row, "name") != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	_cleanup_json_ json_t *schema = next(&p, &size), *rows = next(&p, &size);
	_cleanup_json_ json_t *plan = next(&p, &size), *replica = json_object();
	_cleanup_json_ json_t *changes = json_object(), *columns = NULL;
	_cleanup_schema_ struct ovsdb_schema *s = ovsdb_schema_parse(schema, NULL);
	_cleanup_delta_ struct ovsdb_delta d = OVSDB_DELTA_INIT;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!s)
		return 0;
	columns = ovsdb_monitor_columns(s, NULL);
	if (ovsdb_update(s, columns, replica, rows, true, changes, NULL) < 0)
		return 0;
	if (ovsdb_diff(s, replica, plan, owned, NULL, &d, &e) < 0) {
		if (!e.code || d.ops)
			abort();
	} else if (!json_array_size(d.ops) != !(d.inserted + d.updated + d.relinked + d.deleted)) {
		abort();
	}
	return 0;
}
