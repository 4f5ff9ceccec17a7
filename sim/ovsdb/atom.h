/* SPDX-License-Identifier: Apache-2.0 */
/* Single atoms between wire, plan and canon (value.h). */
#ifndef OVNBED_OVSDB_ATOM_H
#define OVNBED_OVSDB_ATOM_H

#include "ovsdb/schema.h"

/* Canonical order: of numbers by value, of strings (uuids too) by bytes. */
int ovsdb_atom_cmp(const json_t *a, const json_t *b);
/* Wire or natural atom to canon; new reference. -EINVAL with e. */
int ovsdb_atom_from_wire(enum ovsdb_atomic t, const json_t *j, json_t **ret, struct err *e);
int ovsdb_atom_from_natural(enum ovsdb_atomic t, const json_t *j, json_t **ret, struct err *e);
/* Map keys: objects have text keys only. Caller frees. */
int ovsdb_atom_from_text(enum ovsdb_atomic t, const char *s, json_t **ret, struct err *e);
char *ovsdb_atom_text(const json_t *canon);
/* Canon to wire; uuids become ["uuid",u] or ["named-uuid",n]. New reference. */
json_t *ovsdb_atom_to_wire(enum ovsdb_atomic t, const json_t *canon);
/* 0, 0.0, false, "" or the zero uuid. New reference. */
json_t *ovsdb_atom_default(enum ovsdb_atomic t);
/* 36 characters, hexadecimal and dashes at their places. */
bool ovsdb_is_uuid(const char *s);

#endif
