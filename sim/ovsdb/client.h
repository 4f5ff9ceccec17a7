/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the client: for the files of this room only. */
#ifndef OVNBED_OVSDB_CLIENT_H
#define OVNBED_OVSDB_CLIENT_H

#include "base/jrpc.h"
#include "ovsdb/ovsdb.h"

struct ovsdb_watch {
	struct ovsdb_watch *next;
	ovsdb_watch_fn fn; /* NULL: has ended */
	void *arg;
};

struct txn;

struct ovsdb {
	sd_event *ev;
	struct jrpc *j;
	char *db;
	const struct ovsdb_ops *ops;
	void *arg;
	json_t *monitored; /* as the caller gave it, or NULL */
	json_t *columns;   /* {TABLE: [COLUMN…]}: what is monitored in fact */
	struct ovsdb_schema *schema;
	json_t *replica;
	struct ovsdb_watch *watches;
	struct txn *txns;
	size_t method; /* which monitor method is being tried */
	int busy;      /* callbacks on the stack */
	bool ready, closed, freed;
};

/* Around everything that may call back; leave returns false when o is gone for good. */
void ovsdb_enter(struct ovsdb *o);
bool ovsdb_leave(struct ovsdb *o);

sd_event *ovsdb_event(const struct ovsdb *o);

/* {TABLE: [COLUMN…]} out of what the caller asked for, limited to the schema. New reference. */
json_t *ovsdb_monitor_columns(const struct ovsdb_schema *s, const json_t *monitored);

/*
 * Applies a <table-updates> (RFC 7047 §4.1.6) or, with v2, a <table-updates2> (ovsdb-server(7)
 * 4.1.14) to replica and notes in changes what it did. -EPROTO with e when it makes no sense; the
 * replica is then useless.
 */
int ovsdb_update(const struct ovsdb_schema *s, const json_t *columns, json_t *replica,
		 const json_t *updates, bool v2, json_t *changes, struct err *e);

#endif
