/* SPDX-License-Identifier: Apache-2.0 */
/* Every verb's struct; verbs.c lists them. A new verb is one file and one line in each. */
#ifndef OVNBED_CMD_VERBS_H
#define OVNBED_CMD_VERBS_H

#include "cmd/cmd.h"

extern const struct cmd cmd_version;

#endif
