/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diagnostics: every finding about user input, collected, so that all errors of a file are shown at
 * once. The pure rooms fill lists of these and never print.
 */
#ifndef OVNBED_BASE_DIAG_H
#define OVNBED_BASE_DIAG_H

#include "base/buf.h"
#include "base/json.h"

enum diag_severity {
	DIAG_ERROR,   /* upstream rejects it: the object is not accepted or not acted on */
	DIAG_WARNING, /* lint: upstream lets it through, but it will hurt */
	DIAG_NOTE,    /* a field that is kept and ignored, a deviation */
};

struct diag {
	enum diag_severity severity;
	char *rule;    /* id such as "E4", "V9", "lint/mtu", or NULL */
	char *file;    /* NULL when unknown */
	int line, col; /* 1-based; 0 when unknown */
	char *object;  /* "NetworkAttachmentDefinition ns/name", or NULL */
	char *path;    /* "spec.config.mtu" as dotted JSON path, or NULL */
	char *msg;     /* what was expected, what was found */
	char *hint;    /* what to do, or NULL */
};

struct diags {
	struct diag *v;
	size_t n, cap;
};
#define DIAGS_INIT         \
	{                  \
		NULL, 0, 0 \
	}

void diags_free(struct diags *d);
#define _cleanup_diags_ _cleanup_(diags_free)
/*
 * Appends a finding and returns it (valid until the next call) so that the caller may set file,
 * line, col, object, hint (each xstrdup'ed by the caller). rule and path are copied; may be NULL.
 */
struct diag *diags_add(struct diags *d, enum diag_severity s, const char *rule, const char *path,
		       const char *fmt, ...) PRINTF(5, 6);
/* Sets the hint of a finding. */
void diag_hint(struct diag *g, const char *fmt, ...) PRINTF(2, 3);
/* Number of findings of exactly this severity. */
size_t diags_count(const struct diags *d, enum diag_severity s);
/* Fills object and file where still unset, on the findings from index `from` on. */
void diags_locate(struct diags *d, size_t from, const char *file, const char *object);
/* Appends copies of src to dst. */
void diags_merge(struct diags *dst, const struct diags *src);
/* "file:line:col: error: Kind ns/name: path: msg [rule]\n    hint: …\n" for one finding. */
void diag_print(const struct diag *g, struct buf *out);
/* Array of {severity, rule, file, line, col, object, path, message, hint}. New reference. */
json_t *diags_to_json(const struct diags *d);
int diags_from_json(struct diags *d, const json_t *a);

#endif
