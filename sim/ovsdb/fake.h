/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a small database engine, and a server on a socketpair with it behind. */
#ifndef OVNBED_OVSDB_FAKE_H
#define OVNBED_OVSDB_FAKE_H

#include "base/jrpc.h"
#include "ovsdb/schema.h"

#define FAKE_SCHEMA "sim/ovsdb/testdata/mini.ovsschema"

struct fake_db {
	struct ovsdb_schema *s;
	json_t *schema; /* the text */
	json_t *rows;	/* canon, as ovsdb_replica() */
	unsigned next_uuid;
};

void fake_db_init(struct fake_db *db);
void fake_db_free(struct fake_db *db);
/*
 * Carries out a transaction: insert, update, mutate (insert, delete, +=), delete, select. Rows that
 * nothing keeps vanish, weak references to rows that are gone too; a strong one is an error.
 * Returns the results as a server would.
 */
json_t *fake_transact(struct fake_db *db, const json_t *ops);
/* From single-quoted JSON. */
json_t *fake_json(const char *text);

struct fake_server {
	struct fake_db db;
	struct jrpc *j;
	json_t *columns;     /* monitored, {TABLE:[COLUMN…]} */
	const char *monitor; /* the newest monitor method it knows */
	bool mute;	     /* does not answer */
	json_t *seen;	     /* methods called */
};
/* Returns the client's end. */
int fake_server_open(struct fake_server *f, sd_event *ev, const char *monitor);
/* A transaction by somebody else: clients get the update. */
void fake_server_change(struct fake_server *f, const char *ops);
void fake_server_close(struct fake_server *f);

#endif
