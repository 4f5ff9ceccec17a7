/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemons of a node. A daemon is a row of a const table (daemon_table.c); the engine
 * (daemons.c) is level-triggered: whatever moves, daemons_pump() starts what may start and notes
 * what has become ready. None is started a second time unless asked for.
 */
#ifndef OVNBED_AGENT_DAEMONS_H
#define OVNBED_AGENT_DAEMONS_H

#include "agent/agent_priv.h"
#include "ovsdb/unixctl.h"

struct argv {
	const char *v[24];
	size_t n;
	char *owned[8]; /* texts to be freed with it */
	size_t n_owned;
};
void argv_add(struct argv *a, const char *s);
void argv_addf(struct argv *a, const char *fmt, ...) PRINTF(2, 3);

struct daemon;

struct daemon_type {
	const char *name;   /* of the program, too */
	unsigned roles;	    /* ROLE_*: where it runs */
	const char *rundir; /* of its control socket PROG.PID.ctl; NULL: it has none */
	const char *log;    /* file of its output */
	bool lazy;	    /* started on demand only */
	bool detaches; /* its first process ends once it is ready; a pid file names the real one */
	const char *env[2];   /* more environment, NULL-terminated */
	const char *needs[3]; /* files that must exist first */
	void (*args)(const struct agent *a, struct argv *v);
	bool (*may_start)(struct agent *a);			   /* NULL: yes */
	bool (*is_ready)(struct agent *a, const struct daemon *d); /* NULL: control socket there */
	void (*before_start)(struct agent *a);			   /* may be NULL */
	void (*on_ready)(struct agent *a);			   /* may be NULL */
	void (*on_exit)(struct agent *a);			   /* may be NULL */
};

enum daemon_state {
	DAEMON_WAITING, /* never started, or to be started again */
	DAEMON_RUNNING,
	DAEMON_EXITED,	/* on its own, or killed */
	DAEMON_STOPPED, /* on request */
};

struct daemon {
	struct agent *a;
	const struct daemon_type *t;
	enum daemon_state state;
	bool wanted, ever, ready, stopping;
	pid_t pid;
	int pidfd;
	int wstatus;
	uint64_t since;
	json_t *log;		     /* last lines, when it has ended */
	json_t *for_ready, *for_end; /* ids of requests that wait; NULL: none */
	sd_event_source *deadline;
};

extern const struct daemon_type *const daemon_types[];
extern const size_t n_daemon_types;

int daemons_new(struct agent *a, struct err *e);
void daemons_pump(struct agent *a);
/* Array of DAEMON. New reference. */
json_t *daemons_status(const struct agent *a);
/* NULL when the role has no such daemon. */
struct daemon *daemon_find(struct agent *a, const char *name);
bool daemon_runs(struct agent *a, const char *name);
/* True when all that are not lazy are ready; otherwise, text of what is missing in *ret_what. */
bool daemons_ready(const struct agent *a, char **ret_what);
/* Lets a lazy one start. */
void daemon_want(struct agent *a, const char *name);
/* Path of its control socket, or NULL while it does not run. Caller frees. */
char *daemon_ctl(const struct daemon *d);
/* One command to a running daemon; as unixctl_call(). args is stolen. */
struct unixctl *daemon_call(struct agent *a, const char *name, const char *cmd, json_t *args,
			    unixctl_fn done, void *arg, struct err *e);
/* Requests "daemon", "spawn" and "unixctl". They answer id, now or later. */
void daemon_request(struct agent *a, const json_t *params, const json_t *id);
void daemon_spawn_request(struct agent *a, const json_t *params, const json_t *id);
void daemon_unixctl_request(struct agent *a, const json_t *params, const json_t *id);

#endif
