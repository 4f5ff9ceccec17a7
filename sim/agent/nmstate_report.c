/* SPDX-License-Identifier: Apache-2.0 */
/* What a node has, in nmstate's words. */
#include "agent/nmstate.h"

/* nmstate stores mappings sorted by localnet, comma-joined (rust/src/lib/ovsdb/global_conf.rs). */
static int by_localnet(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int c = strcmp(jstr(x, "localnet", ""), jstr(y, "localnet", ""));

	return c ? c : strcmp(jstr(x, "bridge", ""), jstr(y, "bridge", ""));
}

static json_t *sorted(json_t *list, int (*cmp)(const void *, const void *))
{
	size_t n = json_array_size(list), i;
	_cleanup_free_ json_t **v = xcalloc(n + 1, sizeof(json_t *));
	json_t *row, *out = json_array();

	json_array_foreach(list, i, row)
		v[i] = row;
	qsort(v, n, sizeof(json_t *), cmp);
	for (i = 0; i < n; i++)
		json_array_append(out, v[i]);
	json_decref(list);
	return out;
}

/* "physnet:br-ex,dc:ovs-br1"; what is no pair is left out, as ovn-controller ignores it. */
static json_t *mappings(const char *text)
{
	json_t *out = json_array();

	while (*text) {
		size_t len = strcspn(text, ","), key = strcspn(text, ":,");

		if (key > 0 && key + 1 < len)
			json_array_append_new(
				out,
				json_pack("{s:o, s:o}", "localnet", json_stringn(text, key),
					  "bridge", json_stringn(text + key + 1, len - key - 1)));
		text += len + (text[len] == ',');
	}
	return sorted(out, by_localnet);
}

/* The one row of a table that has one. */
static const json_t *only(const json_t *replica, const char *table)
{
	return json_object_iter_value(json_object_iter(json_object_get(replica, table)));
}

json_t *nmstate_report(const json_t *replica)
{
	const json_t *ids = json_object_get(only(replica, "Open_vSwitch"), "external_ids");
	const char *text = json_string_value(json_object_get(ids, "ovn-bridge-mappings"));

	return json_pack("{s:[], s:{s:o}}", "interfaces", "ovn", "bridge-mappings",
			 mappings(text ? text : ""));
}
