/* SPDX-License-Identifier: Apache-2.0 */
/* One error with its chain of contexts. Callees set it, callers wrap it, main prints it. */
#ifndef OVNBED_BASE_ERR_H
#define OVNBED_BASE_ERR_H

#include "base/util.h"

struct err {
	int code;  /* positive errno, 0 = no error */
	char *msg; /* owned; "context: context: cause" */
};
#define ERR_INIT        \
	{               \
		0, NULL \
	}

/* Records an error (replacing an older one) and returns -code. e may be NULL. code is a positive errno. */
int err_set(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);
/* As err_set() with ": " and strerror(code) appended. */
int err_errno(struct err *e, int code, const char *fmt, ...) PRINTF(3, 4);
/* Puts "context: " in front of the message and returns -e->code (-EIO when e is NULL). */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3);
/* The message, never NULL. */
const char *err_msg(const struct err *e);
void err_clear(struct err *e);
#define _cleanup_err_ _cleanup_(err_clear)

#endif
