/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the fabric: for the files of this room only. */
#ifndef OVNBED_FABRIC_FABRIC_PRIV_H
#define OVNBED_FABRIC_FABRIC_PRIV_H

#include "fabric/fabric.h"
#include "sys/link.h"

#define UNDERLAY "underlay"
#define FABRIC_NODE "fabric" /* its name in logs and messages */
#define FABRIC_MTU_MAX 65000 /* a frame's length fits into 16 bits */
#define FABRIC_SEGMENTS 10

/* A switch as the topology has it. */
struct sw {
	const char *name;
	bool ovs, snooping;
	unsigned mtu;	 /* enforced now */
	unsigned device; /* fabric_device_mtu() of the largest MTU it ever had */
	char dev[14];	 /* segment 0; the others are "DEV.N" */
};

struct port {
	struct fabric_port pub;
	struct sw *sw;
	pid_t pid;	 /* of a process in the machine */
	unsigned number; /* OpenFlow port and meter; from 1 on, never used twice */
	/* what the switch has been told; segment -1: nothing */
	int flow_segment;
	unsigned flow_mtu;
	unsigned meters;   /* bit N: its meter is in segment N */
	uint64_t over_mtu; /* as last counted */
};

struct host {
	const json_t *spec; /* borrowed from the topology */
	pid_t pid;	    /* 0 once dead */
	char *sock;
};

struct switchd;

struct fabric {
	struct fabric_config c;
	struct link_ctx *link;
	struct sw *sw;
	size_t n_sw;
	struct port **ports;
	const struct fabric_port **view; /* the same, for those outside */
	size_t n_ports;
	struct host *hosts;
	size_t n_hosts;
	struct switchd *ovs; /* NULL: no switch needs it */
};

/* ---- fabric.c ---- */

struct sw *fabric_sw(const struct fabric *f, const char *network);
/* As fabric_port(). */
struct port *fabric_find(const struct fabric *f, const char *machine, const char *nic,
			 struct err *e);
/* Device of a switch's segment. */
void sw_device(const struct sw *sw, int segment, char out[static 16]);
/*
 * MTU of the switch's ends of cables, well above what is enforced: frames that are too long must get
 * in to be counted.
 */
unsigned fabric_device_mtu(unsigned mtu);
/*
 * done for a change that took place at once: from the loop, like any other. e is copied; NULL is
 * success.
 */
void fabric_later(struct fabric *f, fabric_done_fn done, void *arg, const struct err *e);

/* ---- cable.c ---- */

struct cable_spec {
	const char *machine, *nic, *network, *mac;
	unsigned mtu, vlan;
	const json_t *trunks; /* NULL or JSON null: all */
	const char *lag;      /* NULL: none */
	pid_t pid;
	int netns;
};
/* Makes a port and its cable. */
int cable_new(struct fabric *f, const struct cable_spec *s, struct err *e);
void cable_free(struct port *p);

/* ---- host.c ---- */

int hosts_start(struct fabric *f, struct err *e);
json_t *hosts_status(const struct fabric *f);
void hosts_free(struct fabric *f);

/* ---- switch_plan.c (pure) ---- */

/* Whether two ports are members of one group of links. */
bool port_group(const struct port *a, const struct port *b);

/* Rows (ovsdb/diff.h) of the Open vSwitch: a bridge a segment of each switch, plugged ports. */
json_t *switch_plan(const struct fabric *f);
/* Names of those bridges, sorted. New reference to an array. */
json_t *switch_bridges(const struct fabric *f);

/* ---- switchd.c: the daemons and their database ---- */

/* Writes the database with all ports that are there, and starts the daemons. */
int switchd_new(struct fabric *f, struct switchd **ret, struct err *e);
void switchd_free(struct switchd *s);
/* Makes the switch what the ports say; done (may be NULL) runs when it is in force. */
void switchd_sync(struct switchd *s, fabric_done_fn done, void *arg);
/* Directory of its sockets. */
const char *switchd_dir(const struct switchd *s);
struct flows *switchd_flows(const struct switchd *s);
/* As fabric_ready() and fabric_fault(), fabric_status()["daemons"], and fabric_daemon(). */
bool switchd_ready(const struct switchd *s, char **ret_what);
char *switchd_fault(const struct switchd *s);
json_t *switchd_status(const struct switchd *s);
int switchd_daemon(struct switchd *s, const char *name, const char *action, int sig,
		   fabric_done_fn done, void *arg, struct err *e);

/* ---- waiters.c: those who wait for one and the same thing ---- */

struct waiter {
	struct waiter *next;
	fabric_done_fn done;
	void *arg;
};
void waiter_add(struct waiter **list, fabric_done_fn done, void *arg); /* done may be NULL */
/* Ends all of them; those that come meanwhile stay. */
void waiters_end(struct waiter **list, const struct err *e);

/* ---- switch_flows.c: what the bridges are told by OpenFlow ---- */

struct flows;
/* moved: something has become ready or failed; see flows_ready(). */
struct flows *flows_new(struct fabric *f, const char *dir, void (*moved)(void *arg), void *arg);
void switch_flows_free(struct flows *fl);
/* The bridges are gone, and all that they were told. */
void flows_reset(struct flows *fl);
/* Connects to bridges whose sockets are there, and tells them what they do not know yet. */
void flows_pump(struct flows *fl);
/* True when every bridge does what the ports say; else *ret_what as fabric_ready(). */
bool flows_ready(const struct flows *fl, char **ret_what);
/* Whether a bridge was told anything since this was asked last. */
bool flows_told(struct flows *fl);
/* The last refusal of a bridge, or NULL; forgotten by flows_reset(). Borrowed. */
const char *flows_problem(const struct flows *fl);
/* Updates over_mtu of all ports. */
int flows_count(struct flows *fl, fabric_done_fn done, void *arg, struct err *e);

#endif
