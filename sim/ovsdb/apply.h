/* SPDX-License-Identifier: Apache-2.0 */
/* A plan into a database: difference, one transaction, barrier. */
#ifndef OVNBED_OVSDB_APPLY_H
#define OVNBED_OVSDB_APPLY_H

#include "ovsdb/diff.h"
#include "ovsdb/ovsdb.h"

enum ovsdb_barrier {
	OVSDB_NO_BARRIER,
	OVSDB_BARRIER_SB,	/* Northbound: ovn-northd has written the Southbound (sb_cfg) */
	OVSDB_BARRIER_HV,	/* Northbound: every chassis has it in its flows (hv_cfg) */
	OVSDB_BARRIER_VSWITCHD, /* Open_vSwitch: ovs-vswitchd has configured it (cur_cfg) */
};

struct ovsdb_barrier_opts {
	enum ovsdb_barrier kind;
	uint64_t timeout_us; /* of transaction and wait together; 0 = 10 s */
	/*
	 * OVSDB_BARRIER_HV only. OVN calls zero chassis caught up: with sb (a client of the zone's
	 * Southbound that monitors Chassis and Chassis_Private; may be NULL) the barrier waits for
	 * at least `chassis` of them that are not is-remote, and names those that lag behind.
	 */
	struct ovsdb *sb;
	unsigned chassis;
};

/* delta (borrowed) is set whenever a difference was computed; e is NULL on success. */
typedef void (*ovsdb_applied_fn)(void *arg, const struct ovsdb_delta *delta, const struct err *e);
/*
 * Sends the difference and waits for the barrier, then calls done once, from the loop. With an
 * empty difference nothing is sent or waited for. desired is borrowed during the call; barrier may
 * be NULL. Returns 0, or -errno with e (done does not run): not ready, or a plan that contradicts
 * itself. e of done: -ETIMEDOUT names what lags, -ESTALE: the replica was behind, apply again.
 */
int ovsdb_apply(struct ovsdb *o, const json_t *desired, ovsdb_owned_fn owned, void *owned_arg,
		const struct ovsdb_barrier_opts *barrier, ovsdb_applied_fn done, void *arg,
		struct err *e);

/* e is NULL when the barrier has passed. */
typedef void (*ovsdb_barrier_fn)(void *arg, const struct err *e);
/* A barrier alone: raises the counter and waits for the answer. */
int ovsdb_barrier(struct ovsdb *o, const struct ovsdb_barrier_opts *opts, ovsdb_barrier_fn done,
		  void *arg, struct err *e);

#endif
