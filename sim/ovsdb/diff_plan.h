/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the difference: the plan as entries. For diff*.c only. */
#ifndef OVNBED_OVSDB_DIFF_PLAN_H
#define OVNBED_OVSDB_DIFF_PLAN_H

#include "ovsdb/diff.h"
#include "ovsdb/value.h"

enum match_state { UNMATCHED, MATCHING, MATCHED };

/* One desired row. */
struct entry {
	const char *table, *key, *owner;
	const json_t *j;	     /* as written */
	const struct ovsdb_table *t; /* NULL: the schema lacks it */
	char *ref;		     /* "Table/key" */
	enum match_state state;
	const json_t *live; /* row of the replica, or NULL */
	char *id;	    /* uuid text, or "@rowN" of a row to be inserted */
	bool mentioned;	    /* some row of the plan refers to it */
	bool reached;	    /* it will exist: a root, live, or strongly referred to by such a row */
	json_t *row;	    /* canon values of the columns that the schema has */
	json_t *remove_keys; /* {column: [key…]}: keys of merge maps that shall be absent */
};

struct diff {
	const struct ovsdb_schema *s;
	const json_t *replica; /* NULL: nothing is live */
	ovsdb_owned_fn owned;
	void *arg;
	struct err *e;
	struct entry *v; /* sorted by table and key */
	size_t n;
	json_t *by_ref;	    /* {"Table/key": index into v} */
	json_t *taken;	    /* {uuid: "Table/key"}: live rows that entries stand for */
	json_t *cache;	    /* rows by index values, see match */
	json_t *deviations; /* {text: true} */
	json_t *refs; /* {uuid: strong references}, made when first needed, see diff_vanish.c */
	struct ovsdb_delta *ret;
};

/* "Table key" in front of the error. */
int entry_error(struct diff *d, const struct entry *n, const char *column);
void add_deviation(struct diff *d, const char *fmt, ...) PRINTF(2, 3);
/* The entry of a reference, or NULL. */
struct entry *find_entry(struct diff *d, const char *ref);
/* Whether a column's references keep the rows they point to alive. */
bool column_is_strong(const struct ovsdb_column *c);
/* The table that a column refers to, or NULL. */
const char *column_ref_table(const struct ovsdb_column *c);
/* Whether values of this column are added to what is there, not put in its place. */
bool is_merge(const struct entry *n, const struct ovsdb_column *c);

/* Reads the plan into entries. */
int plan_load(struct diff *d, const json_t *desired);
/* Finds every entry's live row. */
int plan_match(struct diff *d);
/* Decides which rows will exist, notes deviations for those that cannot. */
int plan_reach(struct diff *d);
/* Computes the canon rows. */
int plan_canon(struct diff *d);
/* Operations for one entry. */
int plan_emit(struct diff *d, const struct entry *n);

/* One line of delta.changes. columns is stolen (NULL for none). */
void add_change(struct diff *d, const char *op, const char *table, const char *key, json_t *columns,
		const char *owner);
/* A live row is deleted by an operation: lists it and what vanishes with it. */
void row_deleted(struct diff *d, const struct ovsdb_table *t, const json_t *row);
/* A live row loses one strong reference; lists it when that was the last. */
void row_unlinked(struct diff *d, const char *table, const char *uuid);

#endif
