/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of the guest. */
#ifndef OVNBED_NOCLOUD_COMMAND_H
#define OVNBED_NOCLOUD_COMMAND_H

#include "base/err.h"

/*
 * Runs argv (found on PATH) to its end with stdin from /dev/null. *ret_status, when given, is the
 * exit status, 128 + N after signal N. -errno when it could not be started.
 */
int nc_command_run(const char *const *argv, int *ret_status, struct err *e);
/* Starts argv and goes on. It stays when this program ends. */
int nc_command_start(const char *const *argv, struct err *e);

#endif
