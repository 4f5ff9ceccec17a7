/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers on jansson: every object, row, message and report in ovnbed is a json_t tree. */
#ifndef OVNBED_BASE_JSON_H
#define OVNBED_BASE_JSON_H

#include <jansson.h>

#include "base/err.h"

static inline void json_decrefp_(json_t **j)
{
	json_decref(*j);
}
#define _cleanup_json_ _cleanup_(json_decrefp_)

/*
 * Walks a dotted path ("metadata.labels", "spec.networks.0.name"; a number indexes an array).
 * Keys that contain dots are reached with json_object_get(). Borrowed; NULL when absent.
 */
json_t *jget(const json_t *j, const char *path);
/* String / integer / boolean at path; def (borrowed) when absent or of another type. */
const char *jstr(const json_t *j, const char *path, const char *def);
long long jint(const json_t *j, const char *path, long long def);
bool jbool(const json_t *j, const char *path, bool def);
/*
 * Sets path (dotted, objects made on the way, no array indices) to v. Steals v. A non-object on the
 * way is replaced by an object.
 */
void jset(json_t *j, const char *path, json_t *v);
void jset_str(json_t *j, const char *path, const char *v); /* v NULL: removes the key */
void jdel(json_t *j, const char *path);

/* Canonical text: sorted keys, compact (or indented by 2 when pretty). Caller frees. */
char *jtext(const json_t *j);
char *jtext_pretty(const json_t *j);
/* Parses text; duplicate keys are refused. New reference, or NULL with e set ("line:col: why"). */
json_t *jparse(const char *text, size_t len, struct err *e);
/* json_string(), or json_null() for NULL or invalid UTF-8. New reference. */
json_t *jstring(const char *s);
/* printf into a JSON string. New reference. */
json_t *jstringf(const char *fmt, ...) PRINTF(1, 2);
/* True when array a holds a string equal to s. */
bool jhas_str(const json_t *a, const char *s);
/* Appends s to array a unless already there. */
void jadd_str(json_t *a, const char *s);

/* RFC 7386 merge patch: a new tree; null in patch removes. Both arguments stay untouched. */
json_t *jmerge_patch(const json_t *target, const json_t *patch);

/* Reads or atomically writes (temporary file and rename) a JSON file. */
json_t *jload_file(const char *path, struct err *e);
int jsave_file(const char *path, const json_t *j, struct err *e);

#endif
