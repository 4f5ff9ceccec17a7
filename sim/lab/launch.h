/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of labs as seen from outside: start one, find them, end one. Used by the command line
 * only; the supervisor itself is lab/lab.h.
 */
#ifndef OVNBED_LAB_LAUNCH_H
#define OVNBED_LAB_LAUNCH_H

#include "base/json.h"
#include "lab/paths.h"

enum lab_state {
	LAB_NONE,     /* no run directory */
	LAB_DEAD,     /* a run directory without a supervisor */
	LAB_STARTING, /* a supervisor that is not ready, or an `up` at work */
	LAB_RUNNING,
};
const char *lab_state_name(enum lab_state s);

/* State of a lab; *ret_pid (may be NULL) gets the supervisor's pid in the caller's PID namespace. */
enum lab_state lab_state_of(const struct lab_paths *p, pid_t *ret_pid);

/*
 * Progress of a start: text lines ("nodes", 0.21 s). seconds < 0: the phase begins.
 */
typedef void (*lab_progress_fn)(void *arg, const char *phase, double seconds);

/*
 * Starts a lab and waits until it is ready. topology: normalised tree (borrowed). options:
 * {"restore":bool}. Removes what a dead lab of that name left. -EEXIST when it runs or is being
 * started. When the caller dies before it is ready the supervisor sees it and goes too.
 */
int lab_launch(const struct lab_paths *p, const json_t *topology, const json_t *options,
	       lab_progress_fn progress, void *arg, struct err *e);

/*
 * The same for a lab that ends with its caller: the supervisor goes when *ret_tether (the caller's,
 * closed on exec) is closed, by the death of its last holder at the latest. lab_untether() lets the
 * lab live alone, and closes it.
 */
int lab_launch_tethered(const struct lab_paths *p, const json_t *topology, const json_t *options,
			lab_progress_fn progress, void *arg, int *ret_tether, struct err *e);
void lab_untether(int tether);

/* Kills the supervisor (and with it everything in the lab), waits, removes both directories. A lab
 * that does not exist is -ENOENT. */
int lab_stop(const struct lab_paths *p, struct err *e);

/* Array of {"name","state","pid","topology","nodes"}, sorted by name. New reference. */
json_t *lab_list(struct err *e);

/*
 * Path of the /proc/PID directory of a process of a nested PID namespace: chain[0] is the
 * supervisor's pid as seen here, each further one a pid in the namespace of the process before.
 * Caller frees.
 */
char *lab_proc_path(const pid_t *chain, size_t n);

#endif
