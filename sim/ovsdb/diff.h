/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The difference between a plan (array of desired rows) and a replica, as one transaction. Pure.
 *
 * A desired row:
 *	{"table":T, "key":K,		K is unique per table within the plan
 *	 "index":{column: natural},	finds the live row; of a map every listed key must be equal
 *	 "row":{column: natural},	columns not listed are left alone
 *	 "merge":[column…],		of these only the listed keys / members are ensured
 *	 "owner":text}			who caused it, for messages
 * - {"$ref":"T/K"} is the row's uuid, live or inserted by the same transaction.
 * - Of a map in "merge", null as value removes that key. Of a set of references in "merge", live
 *   members that owned() claims and the plan lacks are taken out (that deletes our own non-root
 *rows from a parent we share with others, such as ports of br-int).
 * - Rows of root tables that owned() claims and the plan lacks are deleted.
 * - Rows of other tables vanish with the last strong reference; they are counted as deleted and
 *   listed, without an operation of their own.
 * - A column whose live value the plan already has is not sent: a second diff is empty.
 * - Tables, columns and enumerated map keys that the schema lacks are left out and become
 *deviations
 *   ("Table", "Table.column", "Table.column:key"), as do rows that hang on one of them only.
 * - The result does not depend on the order of the plan.
 */
#ifndef OVNBED_OVSDB_DIFF_H
#define OVNBED_OVSDB_DIFF_H

#include "ovsdb/schema.h"

/* Whether a live row is ours (row: canon, with "_uuid"). */
typedef bool (*ovsdb_owned_fn)(const char *table, const json_t *row, void *arg);

struct ovsdb_delta {
	json_t *ops; /* for "transact"; empty when nothing differs */
	size_t inserted, updated, deleted;
	size_t relinked; /* rows where only references to inserted or deleted rows change */
	json_t *changes; /* [{"op":"insert"|"update"|"relink"|"delete","table","key","columns":[…],
			  * "owner"}]; key of a deleted row: its name, or its uuid; owner may lack
			  */
	json_t *deviations; /* sorted texts */
};
#define OVSDB_DELTA_INIT \
	{                \
		0        \
	}
void ovsdb_delta_free(struct ovsdb_delta *d);
#define _cleanup_delta_ _cleanup_(ovsdb_delta_free)

/*
 * replica: {table:{uuid:row}} as ovsdb_replica() gives it. owned may be NULL: nothing is deleted.
 * -EINVAL with e when the plan contradicts itself: a key twice, two keys for one live row, a
 * reference to nothing, a value of a wrong type, a non-root row that nothing refers to, a column
 * that is not monitored.
 */
int ovsdb_diff(const struct ovsdb_schema *s, const json_t *replica, const json_t *desired,
	       ovsdb_owned_fn owned, void *arg, struct ovsdb_delta *ret, struct err *e);

#endif
