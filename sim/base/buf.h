/* SPDX-License-Identifier: Apache-2.0 */
/* A growable byte buffer that is always NUL-terminated behind its length. */
#ifndef OVNBED_BASE_BUF_H
#define OVNBED_BASE_BUF_H

#include "base/util.h"

struct buf {
	char *data; /* NULL while empty */
	size_t len, cap;
};
#define BUF_INIT           \
	{                  \
		NULL, 0, 0 \
	}

void buf_free(struct buf *b); /* leaves an empty, usable buffer */
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
/* Drops n bytes from the front (n <= len). */
void buf_consume(struct buf *b, size_t n);
/* The contents as a C string, "" when empty; owned by the buffer. */
const char *buf_str(const struct buf *b);
/* Hands the string to the caller and empties the buffer. */
char *buf_take(struct buf *b);
#define _cleanup_buf_ _cleanup_(buf_free)

#endif
