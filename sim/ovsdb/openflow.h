/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenFlow 1.3 client on an sd-event loop, over a bridge's service socket (RUNDIR/BRIDGE.mgmt):
 * flows in, statistics and ports out. Everything is asynchronous; callbacks run from the loop only,
 * and may free the client.
 *
 * Flow changes are sent at once and answered by nobody when they succeed: a barrier tells when they
 * are in force, and what became of each that was not. Numbers are in host order.
 *
 *	struct openflow_flow f = {.priority = 100, .match = {.in_port = 3}};
 *
 *	openflow_check_pkt_larger(&f.actions, 1518, 0);
 *	openflow_resubmit(&f.actions, 1);
 *	openflow_add(of, &f);
 *	openflow_flow_clear(&f);
 *	openflow_barrier(of, 0, done, arg);
 */
#ifndef OVNBED_OVSDB_OPENFLOW_H
#define OVNBED_OVSDB_OPENFLOW_H

#include <netinet/in.h>

#include "base/buf.h"
#include "base/loop.h"

/* Reserved ports (OpenFlow 1.3.5 §A.2.1). */
#define OPENFLOW_IN_PORT 0xfffffff8u
#define OPENFLOW_NORMAL 0xfffffffau
#define OPENFLOW_FLOOD 0xfffffffbu
#define OPENFLOW_LOCAL 0xfffffffeu
#define OPENFLOW_ANY_TABLE 0xff

/* A member that is zero (for pairs: whose mask is zero) matches anything. */
struct openflow_match {
	uint32_t in_port;		    /* or OPENFLOW_LOCAL */
	uint8_t dl_src[6], dl_src_mask[6];  /* an address without a mask is matched exactly */
	uint8_t dl_dst[6], dl_dst_mask[6];  /* likewise */
	uint16_t dl_type;		    /* 0x0800 … */
	uint16_t vlan_tci, vlan_tci_mask;   /* bit 12: there is a tag (ovs-fields(7) vlan_tci) */
	uint8_t nw_proto;		    /* with dl_type 0x0800 or 0x86dd */
	struct in_addr nw_src, nw_src_mask; /* with dl_type 0x0800 */
	struct in_addr nw_dst, nw_dst_mask; /* likewise */
	struct in6_addr ipv6_src, ipv6_src_mask; /* with dl_type 0x86dd */
	struct in6_addr ipv6_dst, ipv6_dst_mask; /* likewise */
	uint16_t udp_dst;			 /* with nw_proto 17 */
	uint8_t icmpv6_type;			 /* with dl_type 0x86dd and nw_proto 58 */
	uint32_t reg0, reg0_mask;
};

struct openflow_flow {
	uint8_t table;
	uint16_t priority;
	uint64_t cookie;
	struct openflow_match match;
	uint32_t meter;	    /* that counts the frames ahead of the actions; 0: none */
	struct buf actions; /* see below; empty drops */
};
void openflow_flow_clear(struct openflow_flow *f); /* frees the actions, zeroes all */
/* "table=0,priority=102,cookie=0x1,in_port=2,dl_type=0x0800,…", of a match without actions. Caller
 * frees. */
char *openflow_flow_text(const struct openflow_flow *f);

/* ---- actions: each is added behind those in b ---- */

void openflow_output(struct buf *b, uint32_t port); /* number, or OPENFLOW_… */
/* reg0[bit] = 1 when the frame (Ethernet header with tags included, no FCS) is longer than len. */
void openflow_check_pkt_larger(struct buf *b, uint16_t len, unsigned bit);
/* Looks the frame up once more, in that table. */
void openflow_resubmit(struct buf *b, uint8_t table);
void openflow_load_reg0(struct buf *b, uint32_t value);
/* ct(commit,zone=N): the frame itself goes on with the next action. */
void openflow_ct_commit(struct buf *b, uint16_t zone);
void openflow_push_vlan(struct buf *b, uint16_t vid); /* 802.1Q */
void openflow_pop_vlan(struct buf *b);

/* ---- connection ---- */

struct openflow;
struct openflow_ops {
	/* Versions are agreed upon: calls below may be made (earlier ones are held back). */
	void (*ready)(void *arg, struct openflow *of);
	/* The switch is gone, or its messages make no sense; called once. */
	void (*closed)(void *arg, struct openflow *of, const char *why);
};

/*
 * Connects to a .mgmt socket. Any member of ops, and ops, may be NULL. NULL with e set when the
 * connection fails at once; later failures come through closed() and every pending callback.
 */
struct openflow *openflow_open(sd_event *ev, const char *path, const struct openflow_ops *ops,
			       void *arg, struct err *e);
/* The same on a connected stream socket, which is taken over; name is for messages. */
struct openflow *openflow_open_fd(sd_event *ev, int fd, const char *name,
				  const struct openflow_ops *ops, void *arg);
/* Pending calls end with an error; closed() is not called. NULL is fine. */
void openflow_free(struct openflow *of);
static inline void openflow_freep_(struct openflow **of)
{
	openflow_free(*of);
}
#define _cleanup_openflow_ _cleanup_(openflow_freep_)
bool openflow_is_ready(const struct openflow *of);

/* ---- flows ---- */

/* Adds, or replaces the flow of the same table, priority and match; its counters start at 0. */
int openflow_add(struct openflow *of, const struct openflow_flow *f);
/* New actions for that very flow, if it is there; counters and cookie stay. */
int openflow_modify(struct openflow *of, const struct openflow_flow *f);
/* Deletes that very flow (table, priority, match), if it is there. */
int openflow_delete(struct openflow *of, const struct openflow_flow *f);

/* Which flows: cookie_mask 0 is any cookie; match (may be NULL): flows that are at least so narrow. */
struct openflow_filter {
	uint8_t table; /* or OPENFLOW_ANY_TABLE */
	uint64_t cookie, cookie_mask;
	const struct openflow_match *match;
};
/* Deletes all such flows. */
int openflow_delete_all(struct openflow *of, const struct openflow_filter *filter);

/*
 * e is NULL when everything sent before is in force. Else it names what the switch refused since
 * the barrier before ("/run/…/br-ex.mgmt: add table=0,priority=102,…: OFPBAC_BAD_OUT_PORT").
 */
typedef void (*openflow_done_fn)(void *arg, const struct err *e);
/* timeout_us 0 = 10 s, here and below. Returns 0, or -errno when the connection is gone. */
int openflow_barrier(struct openflow *of, uint64_t timeout_us, openflow_done_fn done, void *arg);

struct openflow_stats {
	uint8_t table;
	uint16_t priority;
	uint64_t cookie, packets, bytes;
	struct openflow_match match;
	bool other; /* it matches on fields that struct openflow_match lacks, too */
	bool drop;  /* it has no actions (a meter may be there) */
};
/* One flow; s is borrowed. */
typedef void (*openflow_stats_fn)(void *arg, const struct openflow_stats *s);
/*
 * Calls row for each such flow, in the switch's order, then done once. With an error rows may have
 * come already. Counters of the userspace datapath lag (revalidator/purge makes them current).
 */
int openflow_stats(struct openflow *of, const struct openflow_filter *filter, uint64_t timeout_us,
		   openflow_stats_fn row, openflow_done_fn done, void *arg);

/*
 * A meter that counts and lets everything pass. Unlike a flow's counters, which also count frames
 * that another branch of openflow_check_pkt_larger() would have sent here, those of a meter are
 * exact and never lag. id from 1 on; one that exists is refused.
 */
int openflow_meter_add(struct openflow *of, uint32_t id);
typedef void (*openflow_meter_fn)(void *arg, uint32_t id, uint64_t packets, uint64_t bytes);
/* Calls row for each meter, then done once. */
int openflow_meters(struct openflow *of, uint64_t timeout_us, openflow_meter_fn row,
		    openflow_done_fn done, void *arg);

struct openflow_port {
	uint32_t number;
	char name[16]; /* terminated; as OVSDB's Interface.name, cut off at 15 */
	uint8_t mac[6];
	bool up; /* neither down by configuration nor without a link */
};
typedef void (*openflow_port_fn)(void *arg, const struct openflow_port *p);
/* Calls row for each port, then done once. */
int openflow_ports(struct openflow *of, uint64_t timeout_us, openflow_port_fn row,
		   openflow_done_fn done, void *arg);

#endif
