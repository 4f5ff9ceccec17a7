/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4648 §4 base64. */
#ifndef OVNBED_BASE_BASE64_H
#define OVNBED_BASE_BASE64_H

#include "base/buf.h"

/* Standard alphabet with padding, no line breaks. Caller frees. */
char *base64_encode(const void *p, size_t n);
/*
 * Appends the decoded bytes to out (which may be NULL: check only). Line breaks are skipped,
 * padding is required, nothing may follow it. 0, or -EINVAL with out as it was.
 */
int base64_decode(const char *s, size_t n, struct buf *out);

#endif
