/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fields a kind has, as data. One table serves type checks, unknown-field findings, the report
 * of fields that ovnbed keeps but ignores, and strategic merge keys.
 */
#ifndef OVNBED_API_SCHEMA_H
#define OVNBED_API_SCHEMA_H

#include "base/diag.h"

enum field_type {
	FIELD_ANY, /* free form: not looked into */
	FIELD_STRING,
	FIELD_BOOL,
	FIELD_INT,
	FIELD_NUMBER,
	FIELD_INT_OR_STRING,
	FIELD_QUANTITY,	    /* Kubernetes resource quantity: "1Gi", "500m", 2 */
	FIELD_OBJECT,	    /* fields: its members */
	FIELD_LIST,	    /* of objects with members `fields`; of strings when fields is NULL */
	FIELD_LIST_ANY,	    /* list of free-form elements */
	FIELD_MAP,	    /* string -> string */
	FIELD_MAP_QUANTITY, /* string -> quantity */
};

enum field_flags {
	FIELD_IGNORED = 1 << 0,	 /* the real system acts on it, ovnbed does not */
	FIELD_REQUIRED = 1 << 1, /* refused when absent or null */
	FIELD_OPEN = 1 << 3,	 /* object that may have members besides `fields` */
	FIELD_SET = 1 << 2, /* list of strings that strategic merge unites instead of replacing */
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_type type;
	unsigned flags;
	const struct field *fields;
	const char
		*merge_key; /* strategic merge key of a list of objects, or NULL: replaced whole */
	const char *const *enums; /* NULL-terminated values of a string, or NULL: any */
};

/* Table entries: FIELD("name", STRING, .flags = FIELD_REQUIRED), FIELDS_END. */
#define FIELD(n, t, ...)                                      \
	{                                                     \
		.name = (n), .type = FIELD_##t, ##__VA_ARGS__ \
	}
#define FIELD_KEPT(n, t) FIELD(n, t, .flags = FIELD_IGNORED) /* known, kept, not acted on */
#define FIELDS_END           \
	{                    \
		.name = NULL \
	}

/* The entry called name, or NULL. fields may be NULL. */
const struct field *field_find(const struct field *fields, const char *name);

/*
 * Checks obj against fields. Wrong types, missing required fields and values outside an enumeration
 * are DIAG_ERROR in the words of the Kubernetes API server; unknown fields are `unknown` (rule
 * "unknown-field", with the nearest known name as hint). null counts as absent. path is the prefix
 * of reported paths ("" at the top).
 */
void schema_check(const struct field *fields, const json_t *obj, const char *path,
		  enum diag_severity unknown, struct diags *d);

/* One DIAG_NOTE (rule "ignored") for each field present in obj that is marked FIELD_IGNORED. */
void schema_ignored(const struct field *fields, const json_t *obj, const char *path,
		    struct diags *d);

/*
 * Removes null members in place: typed structures have no nulls, a null field is an absent one.
 * What is FIELD_ANY keeps its own. fields NULL: everywhere.
 */
void schema_drop_nulls(const struct field *fields, json_t *v);

/* Members of metadata of every object, and of a pod or VMI template's metadata. */
extern const struct field schema_metadata[];
/* Members of a LabelSelector. */
extern const struct field schema_label_selector[];

#endif
