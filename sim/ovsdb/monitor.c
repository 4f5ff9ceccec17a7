/* SPDX-License-Identifier: Apache-2.0 */
#include "ovsdb/client.h"

/* What barriers wait for (apply.h) is monitored whether asked for or not. */
static const struct {
	const char *table, *columns[4];
} always[] = {
	{"NB_Global", {"nb_cfg", "sb_cfg", "hv_cfg"}},
	{"Open_vSwitch", {"next_cfg", "cur_cfg"}},
};

static json_t *all_columns(const struct ovsdb_table *t)
{
	json_t *a = json_array();

	for (size_t i = 0; i < t->n_columns; i++)
		json_array_append_new(a, json_string(t->columns[i].name));
	return a;
}

static json_t *known_columns(const struct ovsdb_table *t, const json_t *wanted)
{
	json_t *a = json_array(), *v;
	size_t i;

	json_array_foreach(wanted, i, v)
		if (json_is_string(v) && ovsdb_table_column(t, json_string_value(v)))
			jadd_str(a, json_string_value(v));
	return a;
}

static void add_always(const struct ovsdb_schema *s, json_t *columns)
{
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		const struct ovsdb_table *t = ovsdb_schema_table(s, always[i].table);
		json_t *a = json_object_get(columns, always[i].table);

		if (!t)
			continue;
		if (!a) {
			a = json_array();
			json_object_set_new(columns, always[i].table, a);
		}
		for (size_t k = 0; always[i].columns[k]; k++)
			if (ovsdb_table_column(t, always[i].columns[k]))
				jadd_str(a, always[i].columns[k]);
	}
}

json_t *ovsdb_monitor_columns(const struct ovsdb_schema *s, const json_t *monitored)
{
	json_t *columns = json_object();

	for (size_t i = 0; i < s->n_tables; i++) {
		const struct ovsdb_table *t = &s->tables[i];
		const json_t *wanted = json_object_get(monitored, t->name);

		if (json_is_array(wanted))
			json_object_set_new(columns, t->name, known_columns(t, wanted));
		else if (!monitored || wanted)
			json_object_set_new(columns, t->name, all_columns(t));
	}
	add_always(s, columns);
	return columns;
}
