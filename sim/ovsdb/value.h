/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Column values in three forms.
 *  wire:    RFC 7047 §5.1: atom, ["uuid",u], ["set",[…]], ["map",[[k,v],…]]
 *  natural: what planners write: maps are objects, sets are arrays (a single member may stand bare,
 *           null is the empty set), atoms bare, uuids as text, {"$ref":"Table/key"} for the uuid of
 * a row of the same plan canon:   natural, with sets always arrays, sorted and without duplicates,
 * reals always reals, and $ref replaced by uuid text, or "@NAME" for a row inserted as named-uuid
 * NAME. Two values of a column are the same exactly when json_equal() says so. An optional column
 * (0 or 1 member) is a set: [] or [x]; so jstr(row, "chassis.0", NULL).
 */
#ifndef OVNBED_OVSDB_VALUE_H
#define OVNBED_OVSDB_VALUE_H

#include "ovsdb/schema.h"

/* What "Table/key" stands for: uuid text, "@NAME", "" to leave the member out, NULL when unknown.
 */
typedef const char *(*ovsdb_resolve_fn)(void *arg, const char *ref);

/* Natural to canon. resolve NULL: $ref is refused. -EINVAL with e: "expected integer, found …". */
int ovsdb_canon(const struct ovsdb_column *c, const json_t *natural, ovsdb_resolve_fn resolve,
		void *arg, json_t **ret, struct err *e);
/* Canon to wire, maps and sets in sorted order. New reference. */
json_t *ovsdb_to_wire(const struct ovsdb_column *c, const json_t *canon);
/* Wire to canon. -EPROTO with e. */
int ovsdb_from_wire(const struct ovsdb_column *c, const json_t *wire, json_t **ret, struct err *e);
/* What a column holds that nobody has set (RFC 7047 §5.2.1). New reference. */
json_t *ovsdb_default(const struct ovsdb_column *c);
/*
 * Canon value after a "modify" of update2/update3 (ovsdb-server(7) 4.1.14): columns of several
 * members carry the difference, others the new value. New reference.
 */
json_t *ovsdb_apply_diff(const struct ovsdb_column *c, const json_t *old, const json_t *diff);
/* Members of one canon set that another lacks. New reference. */
json_t *ovsdb_set_minus(const json_t *a, const json_t *b);
/*
 * True when row (canon) has index' values: sets and atoms must be equal, of a map every listed key.
 * index is canon, too.
 */
bool ovsdb_row_matches(const json_t *row, const json_t *index);

#endif
