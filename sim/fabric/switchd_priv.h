/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the Open vSwitch of the fabric: for switchd*.c only. */
#ifndef OVNBED_FABRIC_SWITCHD_PRIV_H
#define OVNBED_FABRIC_SWITCHD_PRIV_H

#include "fabric/fabric_priv.h"
#include "ovsdb/ovsdb.h"
#include "ovsdb/unixctl.h"

enum proc_state {
	PROC_WAITING, /* to be started */
	PROC_RUNNING,
	PROC_EXITED,  /* on its own, or killed */
	PROC_STOPPED, /* on request */
};

struct switchd_proc {
	struct switchd *s;
	const char *name;
	char *log;
	enum proc_state state;
	bool stopping;
	pid_t pid;
	int pidfd, wstatus;
	json_t *tail; /* last lines of the log, once it has ended */
	struct waiter *for_ready, *for_end;
};

enum { SERVER, VSWITCHD, N_DAEMONS };

struct switchd {
	struct fabric *f;
	char *dir, *sock;
	struct switchd_proc v[N_DAEMONS];
	struct ovsdb *db;
	struct flows *flows;
	sd_event_source *retry, *inotify;
	/* the database has a dead ovs-vswitchd's word that all is configured */
	bool dirty, taking_back;
	bool was_ready;
	bool stale; /* the datapath may still do what it did before a change */
	struct unixctl *purge;
	struct waiter *waiting, *flying; /* changes not sent yet, and those that are */
	bool applied;			 /* the flying ones are in the database */
};

/* ---- switchd.c ---- */

#define SWITCHD_RETRY_US (5 * USEC_PER_MSEC)

/* Level-triggered: starts, connects and sends what can be. */
void switchd_pump(struct switchd *s);
/* The same from the loop, after a while. */
void switchd_pump_in(struct switchd *s, uint64_t usec);
bool switchd_has_db(const struct switchd *s); /* connected, and its contents are there */
/* ovs-vswitchd has taken in what the database said when it started. */
bool switchd_configured(const struct switchd *s);

/* ---- switchd_change.c ---- */

/* Sends what waits, once the switch runs. */
void changes_send(struct switchd *s);
/* Ends what has come into force. */
void changes_check(struct switchd *s);
/* A daemon has ended under changes that are in the database already. */
void changes_fail(struct switchd *s, const struct switchd_proc *d);

/* ---- switchd_proc.c: the processes ---- */

void switchd_proc_init(struct switchd *s, int which, const char *name);
void switchd_proc_clear(struct switchd_proc *d);
/* Starts it; a failure is its end. */
void switchd_proc_start(struct switchd_proc *d);
/* Called behind a daemon's end. */
void switchd_ended(struct switchd *s, struct switchd_proc *d);
json_t *switchd_proc_status(const struct switchd_proc *d);
/* "fabric: ovs-vswitchd ended: signal 9 (KILL)". Caller frees. */
char *switchd_proc_text(const struct switchd_proc *d);

#endif
