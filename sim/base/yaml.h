/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifest text to JSON trees with source marks. YAML through libyaml's document API
 * (multi-document, anchors bounded, duplicate keys refused, depth bounded) with YAML 1.2 core
 * typing of plain scalars as kubectl does (true/false, null/~/empty, ints, floats;
 * "yes"/"no"/"on"/"off" are strings); quoted and block scalars are strings. JSON input is YAML
 * input.
 */
#ifndef OVNBED_BASE_YAML_H
#define OVNBED_BASE_YAML_H

#include "base/diag.h"

struct marks; /* dotted JSON path -> line, column, both 1-based */

struct yaml_doc {
	json_t *root;	     /* never NULL; empty documents are skipped */
	struct marks *marks; /* owned */
	int line;	     /* first line of the document, 1-based */
};
struct yaml_docs {
	struct yaml_doc *v;
	size_t n;
};

/*
 * Parses all documents of text. Problems go to d with file (borrowed name), line and column;
 * parsing goes on with the next document where libyaml allows it. Returns 0, or -EINVAL when d
 * gained an error; *ret holds the good documents in both cases. Free with yaml_docs_free().
 */
int yaml_parse(const char *text, size_t len, const char *file, struct yaml_docs *ret,
	       struct diags *d);
/* Reads a file ("-" is stdin) and parses it. -ENOENT etc. are reported in d as well. */
int yaml_parse_file(const char *path, struct yaml_docs *ret, struct diags *d);
void yaml_docs_free(struct yaml_docs *docs);
#define _cleanup_yaml_ _cleanup_(yaml_docs_free)

/* Line and column of the value at path ("a.0.b" or "a[0].b"), or of its nearest marked ancestor. False when m is NULL. */
bool marks_find(const struct marks *m, const char *path, int *ret_line, int *ret_col);
/* Fills line and col (and file, object) of the findings from index `from` on, by their path. */
void marks_locate(const struct marks *m, struct diags *d, size_t from, const char *file,
		  const char *object);
void marks_free(struct marks *m);

/* JSON tree as YAML text, block style, keys sorted. Caller frees. */
char *yaml_text(const json_t *j);

#endif
