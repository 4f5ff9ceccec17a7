/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile server may say, as JSON texts behind one another: a schema, the columns of interest,
 * then update messages (arrays count as <table-updates>, objects as <table-updates2>). Whatever is
 * accepted must be canon: it survives the way to the wire and back.
 */
#include "ovsdb/client.h"
#include "ovsdb/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next JSON text; NULL at the end. */
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

static void check_row(const struct ovsdb_table *t, const json_t *row)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct ovsdb_column *c = &t->columns[i];
		const json_t *v = json_object_get(row, c->name);
		_cleanup_json_ json_t *wire = NULL, *back = NULL;
		struct ovsdb_column loose = *c;

		if (!v)
			continue;
		if (c->max > 1) { /* differences may leave too few or too many members */
			loose.min = 0;
			loose.max = UINT32_MAX;
		}
		wire = ovsdb_to_wire(c, v);
		if (ovsdb_from_wire(&loose, wire, &back, NULL) < 0 || !json_equal(back, v))
			abort();
	}
}

static void check(const struct ovsdb_schema *s, const json_t *replica)
{
	const char *table, *uuid;
	json_t *rows, *row;

	json_object_foreach((json_t *)replica, table, rows)
		json_object_foreach(rows, uuid, row)
			check_row(ovsdb_schema_table(s, table), row);
}

static void run(const struct ovsdb_schema *s, const char *p, size_t left)
{
	_cleanup_json_ json_t *monitored = next(&p, &left), *columns = NULL;
	_cleanup_json_ json_t *replica = json_object();
	json_t *j;
	int r = 0;

	columns = ovsdb_monitor_columns(s, json_is_object(monitored) ? monitored : NULL);
	while (r == 0 && (j = next(&p, &left))) {
		_cleanup_json_ json_t *update = j, *changes = json_object();
		bool v2 = json_is_object(update);

		r = ovsdb_update(s, columns, replica, v2 ? update : json_array_get(update, 0), v2,
				 changes, NULL);
		if (r == 0)
			check(s, replica);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data;
	_cleanup_json_ json_t *schema = next(&p, &size);
	_cleanup_schema_ struct ovsdb_schema *s = ovsdb_schema_parse(schema, NULL);

	if (s)
		run(s, p, size);
	return 0;
}
