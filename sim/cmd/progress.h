/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progress on stderr: one live line a phase on a terminal, plain lines elsewhere. NO_COLOR and
 * TERM=dumb are honoured.
 */
#ifndef OVNBED_CMD_PROGRESS_H
#define OVNBED_CMD_PROGRESS_H

#include "base/util.h"

struct progress;

struct progress *progress_new(void);
/* Without the live line: for what is printed later. */
struct progress *progress_new_plain(void);
void progress_free(struct progress *p);
static inline void progress_freep_(struct progress **p)
{
	progress_free(*p);
}
#define _cleanup_progress_ _cleanup_(progress_freep_)
/* seconds < 0: the phase begins; else it has ended. p may be NULL (silent). */
void progress_phase(struct progress *p, const char *phase, double seconds);
/* A finished item with its status ("pass", "fail" …), coloured on a terminal. */
void progress_item(struct progress *p, const char *what, const char *status, double seconds);
/* True when text for people may be coloured: stdout (or stderr) is a terminal that can. */
bool color_wanted(int fd);
/* "\033[32m" and the like for a status, "" when !on. */
const char *status_color(const char *status, bool on);
const char *color_off(bool on);

#endif
