/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: real OVS and OVN daemons in a directory of their own, without root. */
#ifndef OVNBED_OVSDB_LIVE_H
#define OVNBED_OVSDB_LIVE_H

#include <systemd/sd-event.h>

#include "base/json.h"

#define LIVE_WAIT (10 * USEC_PER_SEC)

struct live {
	sd_event *ev;
	const char *prefix;
	char dir[32];
	pid_t pids[4];
	size_t n;
};

/*
 * False with a line "skip - NAME: why" when the machine has no such programs: below $OVNBED_PREFIX,
 * the default cache, or /.
 */
bool live_open(struct live *l, const char *name);
/* Kills the daemons and removes the directory. */
void live_close(struct live *l);
/* DIR/NAME. Caller frees. */
char *live_path(const struct live *l, const char *name);
/* A parsed schema file ("ovn/ovn-nb"). */
json_t *live_schema(const struct live *l, const char *name);
/* Desired rows out of testdata/NAME.json. */
json_t *live_plan(const char *name);
/* Writes DIR/NAME.db with the rows of a plan. */
bool live_db(const struct live *l, const char *name, const char *schema, const char *plan);
/* Starts argv (NULL-terminated; argv[0] below the prefix) and waits until DIR/socket exists. */
bool live_start(struct live *l, const char *const *argv, const char *socket);
/* An ovsdb-server for DIR/a.db and DIR/b.db on DIR/db.sock, control socket DIR/server.ctl. */
bool live_server(struct live *l, const char *a, const char *b);

#endif
