/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the OpenFlow client: for the openflow*.c files only. */
#ifndef OVNBED_OVSDB_OPENFLOW_PRIV_H
#define OVNBED_OVSDB_OPENFLOW_PRIV_H

#include "ovsdb/openflow_wire.h"

/* A flow change that no barrier has covered yet. */
struct of_change {
	struct of_change *next;
	uint32_t xid;
	char *text;
};

/* A request that is answered. */
struct of_call {
	struct of_call *next;
	struct openflow *of;
	uint32_t xid;
	const char *what;
	openflow_stats_fn on_stats;
	openflow_port_fn on_port;
	openflow_meter_fn on_meter;
	openflow_done_fn done;
	void *arg;
	uint64_t timeout_us;
	sd_event_source *timer;
};

struct openflow {
	sd_event *ev;
	int fd;
	sd_event_source *io, *defer;
	char *name;
	const struct openflow_ops *ops;
	void *arg;
	struct buf in, out;
	uint32_t xid;
	struct of_change *changes, **changes_end;
	struct of_call *calls, **calls_end;
	struct err refused; /* first refusal since the last barrier that was answered */
	unsigned n_refused;
	int busy; /* callbacks on the stack */
	bool ready, dead, freed;
};

/* Takes a call off the list; NULL when it is not there (any more). */
struct of_call *of_take_call(struct openflow *of, uint32_t xid);
/* c is off the list: the last word to its caller. */
void of_end_call(struct of_call *c, const struct err *e);
/* Forgets changes ahead of xid, which is that of a barrier. */
void of_forget_changes(struct openflow *of, uint32_t xid);
/* Writes what can be written; what fails is told from the loop, not from inside of a call. */
void of_flush(struct openflow *of);
/* The connection is over. */
void of_die(struct openflow *of, const char *why);
/* Takes all complete messages out of the buffer. 0 or -EPROTO. */
int of_take_messages(struct openflow *of);

#endif
