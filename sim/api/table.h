/* SPDX-License-Identifier: Apache-2.0 */
/* meta.k8s.io/v1 Table: what the server sends for `get`, and how a client prints it. */
#ifndef OVNBED_API_TABLE_H
#define OVNBED_API_TABLE_H

#include "api/kind.h"

enum table_include { TABLE_METADATA, TABLE_OBJECT, TABLE_NONE }; /* ?includeObject= */

/* "Metadata" (also NULL, ""), "Object", "None". -EINVAL otherwise. */
int table_include_of(const char *s, enum table_include *ret);
/* True when an Accept header asks for a Table of meta.k8s.io/v1. */
bool table_accepted(const char *accept);
/*
 * A Table of one object or a List of them. headers: false
 * leaves columnDefinitions out, as later events of a watch do. New reference.
 */
json_t *table_make(const struct kind *k, const json_t *obj_or_list, enum table_include include,
		   const struct table_env *env, bool headers);

struct table_style {
	bool wide;	 /* columns of priority > 0 too */
	bool namespaces; /* NAMESPACE first, from each row's object */
	bool no_headers;
	bool labels;		 /* LABELS last, from each row's object */
	const char *name_prefix; /* "pod": names as pod/NAME; NULL: bare */
};
/* Aligned text, one line a row, three blanks between columns, none trailing. */
void table_text(const json_t *table, const struct table_style *style, struct buf *out);

#endif
