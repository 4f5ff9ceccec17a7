/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/cmd.h"

#include <errno.h>

static int exit_code(int code)
{
	switch (code) {
	case EINVAL:
	case ENOENT:
	case EISDIR:
		return CMD_USAGE;
	case EPERM:
	case EACCES:
	case ENOSYS:
	case EOPNOTSUPP:
		return CMD_MACHINE;
	default:
		return CMD_INTERNAL;
	}
}

int cmd_error(enum cmd_exit code, const char *fmt, ...)
{
	_cleanup_free_ char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
	fprintf(stderr, "ovnbed: %s\n", msg);
	return code;
}

int cmd_err(const struct err *e)
{
	return cmd_error(exit_code(e->code), "%s", err_msg(e));
}
