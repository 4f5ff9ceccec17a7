/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding, query strings and paths of URLs (RFC 3986). */
#ifndef OVNBED_LAB_URL_H
#define OVNBED_LAB_URL_H

#include "base/buf.h"
#include "base/json.h"

/* Appends s with everything but unreserved characters encoded. */
void url_encode(struct buf *out, const char *s);
/*
 * Decodes n bytes; plus: '+' is a blank, as in queries. NULL when an escape is malformed or the
 * result holds a NUL byte or is not UTF-8. Caller frees.
 */
char *url_decode(const char *s, size_t n, bool plus);
/*
 * "a=1&b=x%20y&flag" to {"a":"1","b":"x y","flag":""}; the first of several equal names counts.
 * NULL when a part does not decode. New reference.
 */
json_t *url_query(const char *query);
/*
 * A path to the array of its decoded segments; empty ones (a trailing or double slash) are left
 * out. NULL when it does not start with '/' or a segment does not decode. New reference.
 */
json_t *url_segments(const char *path);

#endif
