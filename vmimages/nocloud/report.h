/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the client did and what went wrong: shown on the console, kept in a log file and as JSON. An
 * error never stops the rest of the work.
 */
#ifndef OVNBED_NOCLOUD_REPORT_H
#define OVNBED_NOCLOUD_REPORT_H

#include "base/diag.h"

struct nc_report {
	json_t *root; /* {"errors":[text],"warnings":[text], …facts set by callers} */
	FILE *log;    /* NULL when the file could not be opened */
};

/* Starts an empty report; log_path is appended to, NULL for none. */
void nc_report_open(struct nc_report *r, const char *log_path);
/* An error or warning: console, log and JSON. A note: log only. */
void nc_error(struct nc_report *r, const char *fmt, ...) PRINTF(2, 3);
void nc_warn(struct nc_report *r, const char *fmt, ...) PRINTF(2, 3);
void nc_note(struct nc_report *r, const char *fmt, ...) PRINTF(2, 3);
/* All findings of a parser, each by its severity. */
void nc_report_diags(struct nc_report *r, const struct diags *d);
/* Writes the JSON (atomically) and closes. */
int nc_report_close(struct nc_report *r, const char *json_path, struct err *e);

#endif
