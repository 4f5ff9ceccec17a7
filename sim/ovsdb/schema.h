/* SPDX-License-Identifier: Apache-2.0 */
/* Database schemas (RFC 7047 §3.2): what get_schema answers and what .ovsschema files hold. */
#ifndef OVNBED_OVSDB_SCHEMA_H
#define OVNBED_OVSDB_SCHEMA_H

#include "base/json.h"

enum ovsdb_atomic { OVSDB_INTEGER, OVSDB_REAL, OVSDB_BOOLEAN, OVSDB_STRING, OVSDB_UUID };
const char *ovsdb_atomic_name(enum ovsdb_atomic t); /* "integer" … */

struct ovsdb_base {
	enum ovsdb_atomic type;
	char *ref_table; /* NULL unless a uuid that refers to a row */
	bool ref_weak;
	json_t *values; /* enum: array of the allowed atoms, or NULL */
};
struct ovsdb_column {
	char *name;
	struct ovsdb_base key, value; /* value only with is_map */
	bool is_map;
	unsigned min, max; /* elements; max UINT_MAX = unlimited */
	bool ephemeral, immutable;
};
struct ovsdb_table {
	char *name;
	bool is_root;		      /* rows stay without being referred to */
	unsigned max_rows;	      /* UINT_MAX = unlimited */
	struct ovsdb_column *columns; /* sorted by name; without _uuid and _version */
	size_t n_columns;
	json_t *indexes; /* array of arrays of column names; never NULL */
};
struct ovsdb_schema {
	char *name, *version;
	struct ovsdb_table *tables; /* sorted by name */
	size_t n_tables;
};

/* From a parsed schema. NULL with e set when malformed. */
struct ovsdb_schema *ovsdb_schema_parse(const json_t *j, struct err *e);
/* From an .ovsschema file. */
struct ovsdb_schema *ovsdb_schema_load(const char *path, struct err *e);
void ovsdb_schema_free(struct ovsdb_schema *s);
static inline void ovsdb_schema_freep_(struct ovsdb_schema **s)
{
	ovsdb_schema_free(*s);
}
#define _cleanup_schema_ _cleanup_(ovsdb_schema_freep_)

/* NULL when there is none. */
const struct ovsdb_table *ovsdb_schema_table(const struct ovsdb_schema *s, const char *name);
const struct ovsdb_column *ovsdb_table_column(const struct ovsdb_table *t, const char *name);
/* Whether the database knows a column at all: the probe for what an older OVN lacks. */
bool ovsdb_schema_has(const struct ovsdb_schema *s, const char *table, const char *column);

/* One bare atom, rather than a set or map. */
static inline bool ovsdb_column_is_atom(const struct ovsdb_column *c)
{
	return !c->is_map && c->min == 1 && c->max == 1;
}

#endif
