/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>

static int set_msg(struct err *e, int code, char *msg)
{
	if (!e) {
		free(msg);
		return -code;
	}
	free(e->msg);
	e->msg = msg;
	e->code = code;
	return -code;
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	char *msg;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	return set_msg(e, code, msg);
}

int err_errno(struct err *e, int code, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL;
	va_list ap;

	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	return set_msg(e, code, xasprintf("%s: %s", what, strerror(code)));
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL;
	va_list ap;

	if (!e)
		return -EIO;
	va_start(ap, fmt);
	what = xvasprintf(fmt, ap);
	va_end(ap);
	return set_msg(e, e->code ? e->code : EIO, xasprintf("%s: %s", what, err_msg(e)));
}

const char *err_msg(const struct err *e)
{
	return e && e->msg ? e->msg : "no error";
}

void err_clear(struct err *e)
{
	free(e->msg);
	e->msg = NULL;
	e->code = 0;
}
