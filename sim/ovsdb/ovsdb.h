/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OVSDB client (RFC 7047, ovsdb-server(7)) on an sd-event loop: connects to a unix socket, reads
 * the schema, monitors, and keeps a replica of the database. Everything is asynchronous; callbacks
 * run from the loop only, and may free the client.
 *
 * Related: diff.h (plan -> operations), apply.h (diff + one transaction + barrier), unixctl.h,
 * dbfile.h (whole database files), value.h (how values look in rows).
 */
#ifndef OVNBED_OVSDB_OVSDB_H
#define OVNBED_OVSDB_OVSDB_H

#include "base/loop.h"
#include "ovsdb/schema.h"

struct ovsdb;

struct ovsdb_ops {
	/* Schema and first contents are there. */
	void (*ready)(void *arg, struct ovsdb *o);
	/*
	 * After each update message, with the replica up to date (borrowed):
	 * {TABLE: {UUID: {"op":"insert"|"modify"|"delete", "old":{…}}}}; old: of a delete the whole
	 * row, of a modify the changed columns as they were, absent for an insert.
	 */
	void (*changed)(void *arg, struct ovsdb *o, const json_t *changes);
	/* The connection is gone or the server's answers make no sense; called once. */
	void (*closed)(void *arg, struct ovsdb *o, const char *why);
};

/*
 * Connects to the server behind a unix socket. monitored (borrowed): {TABLE: [COLUMN…] or null for
 * all columns}, NULL for everything; what the schema lacks is left out, and the counters that
 * barriers wait for are always added. Any member of ops may be NULL. Returns NULL with e set when
 * the connection fails at once; later failures come through closed().
 */
struct ovsdb *ovsdb_open(sd_event *ev, const char *path, const char *db, const json_t *monitored,
			 const struct ovsdb_ops *ops, void *arg, struct err *e);
/* The same on a connected stream socket, which is taken over. */
struct ovsdb *ovsdb_open_fd(sd_event *ev, int fd, const char *db, const json_t *monitored,
			    const struct ovsdb_ops *ops, void *arg);
/* Pending transactions and barriers end with an error; closed() is not called. NULL is fine. */
void ovsdb_free(struct ovsdb *o);
static inline void ovsdb_freep_(struct ovsdb **o)
{
	ovsdb_free(*o);
}
#define _cleanup_ovsdb_ _cleanup_(ovsdb_freep_)

bool ovsdb_is_ready(const struct ovsdb *o);  /* ready, and still connected */
const char *ovsdb_db(const struct ovsdb *o); /* "OVN_Northbound" */
/* NULL before ready(). */
const struct ovsdb_schema *ovsdb_schema(const struct ovsdb *o);
/* {TABLE: {UUID: row}}; rows are canon (value.h) and hold "_uuid" and every monitored column. */
const json_t *ovsdb_replica(const struct ovsdb *o);
/* {UUID: row} of one table; never NULL. */
const json_t *ovsdb_rows(const struct ovsdb *o, const char *table);
/* One row; NULL when absent. */
const json_t *ovsdb_row(const struct ovsdb *o, const char *table, const char *uuid);
/* The row of a table that has one only (NB_Global, Open_vSwitch …); else that of the lowest uuid.
 */
const json_t *ovsdb_first(const struct ovsdb *o, const char *table);
/*
 * The row whose columns hold what index (stolen, natural) says; of maps, the listed keys. With
 *several the one of the lowest uuid, with none or an unknown column NULL. ovsdb_find(nb,
 *"Logical_Switch", json_pack("{s:s}", "name", "x")) ovsdb_find(nb, "ACL", json_pack("{s:{s:s}}",
 *"external_ids", "k8s.ovn.org/name", "x"))
 */
const json_t *ovsdb_find(const struct ovsdb *o, const char *table, json_t *index);
/* All such rows, in order of uuid. New reference to an array of (shared, read-only) rows. */
json_t *ovsdb_find_all(const struct ovsdb *o, const char *table, json_t *index);

/*
 * Result of a transaction: results (borrowed) has one element an operation; e is NULL on success,
 * else names the operation that failed ("OVN_Northbound: transact: op 2 (insert
 * Logical_Switch_Port): constraint violation: …"). Updates that the transaction causes are in the
 * replica before.
 */
typedef void (*ovsdb_done_fn)(void *arg, const json_t *results, const struct err *e);
/* Sends ops (stolen array). Returns an id > 0 for ovsdb_cancel(), or -errno (done() does not run).
 */
long ovsdb_transact(struct ovsdb *o, json_t *ops, uint64_t timeout_us, ovsdb_done_fn done,
		    void *arg);
/* The transaction goes on, but its done() will not be called. */
void ovsdb_cancel(struct ovsdb *o, long id);
/*
 * The error in the reply to ops, or 0: -EIO with e. A "wait" that failed is -EAGAIN; an update,
 * mutate or delete by _uuid that found no row is -ESTALE.
 */
int ovsdb_reply_error(const char *db, const json_t *ops, const json_t *results, struct err *e);

/*
 * More listeners: fn runs behind each update message (before ops->changed), and a last time with
 * changes NULL when the connection ends. The watch is freed with the client at the latest.
 */
struct ovsdb_watch;
typedef void (*ovsdb_watch_fn)(void *arg, const json_t *changes);
struct ovsdb_watch *ovsdb_watch(struct ovsdb *o, ovsdb_watch_fn fn, void *arg);
void ovsdb_unwatch(struct ovsdb *o, struct ovsdb_watch *w);

#endif
