/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole database files (OVSDB log format: schema record and one transaction record, each with its
 * SHA-1), so that a daemon starts with its rows in place: no ovsdb-tool, no transaction.
 */
#ifndef OVNBED_OVSDB_DBFILE_H
#define OVNBED_OVSDB_DBFILE_H

#include "base/json.h"

/*
 * Writes path atomically, mode 0640. schema: the parsed .ovsschema; desired: rows as in diff.h
 * (index is not needed), may be NULL. Row uuids are made from table and key, so equal plans give
 * equal files. Deviations (diff.h) are added to the array, which may be NULL.
 */
int ovsdb_write_db(const char *path, const json_t *schema, const json_t *desired,
		   json_t *deviations, struct err *e);
/* The uuid that ovsdb_write_db() gives a row. Caller frees. */
char *ovsdb_row_uuid(const char *table, const char *key);

#endif
