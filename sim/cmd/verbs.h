/* SPDX-License-Identifier: Apache-2.0 */
/* Every verb's struct; verbs.c lists them. A new verb is one file and one line in each. */
#ifndef OVNBED_CMD_VERBS_H
#define OVNBED_CMD_VERBS_H

#include "cmd/cmd.h"

extern const struct cmd cmd_up;
extern const struct cmd cmd_down;
extern const struct cmd cmd_ls;
extern const struct cmd cmd_status;
extern const struct cmd cmd_apply;
extern const struct cmd cmd_delete;
extern const struct cmd cmd_get;
extern const struct cmd cmd_describe;
extern const struct cmd cmd_wait;
extern const struct cmd cmd_validate;
extern const struct cmd cmd_exec;
extern const struct cmd cmd_console;
extern const struct cmd cmd_start;
extern const struct cmd cmd_stop;
extern const struct cmd cmd_restart;
extern const struct cmd cmd_probe;
extern const struct cmd cmd_matrix;
extern const struct cmd cmd_explain;
extern const struct cmd cmd_mtu;
extern const struct cmd cmd_trace;
extern const struct cmd cmd_capture;
extern const struct cmd cmd_fault;
extern const struct cmd cmd_run;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_completion;
extern const struct cmd cmd_version;

#endif
