/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the node agent share. Nothing outside sim/agent includes this. */
#ifndef OVNBED_AGENT_PRIV_H
#define OVNBED_AGENT_PRIV_H

#include "agent/agent.h"
#include "base/jrpc.h"
#include "sys/link.h"
#include "sys/proc.h"

/* Standard paths inside a node. */
#define OVS_RUN "/run/openvswitch"
#define OVN_RUN "/run/ovn"
#define OVS_DB_SOCK OVS_RUN "/db.sock"
#define NB_SOCK OVN_RUN "/ovnnb_db.sock"
#define SB_SOCK OVN_RUN "/ovnsb_db.sock"
#define OVS_DB_FILE "/etc/openvswitch/conf.db"
#define NB_DB_FILE "/etc/ovn/ovnnb_db.db"
#define SB_DB_FILE "/etc/ovn/ovnsb_db.db"
#define BR_INT "br-int"
#define BR_EX "br-ex"

enum role {
	ROLE_CENTRAL_NODE = 1,	    /* switch and controller; the databases are elsewhere */
	ROLE_INTERCONNECT_NODE = 2, /* a zone of its own */
	ROLE_CONTROL_PLANE = 4,	    /* databases only */
	ROLE_NODE = ROLE_CENTRAL_NODE | ROLE_INTERCONNECT_NODE,
	ROLE_DATABASES = ROLE_INTERCONNECT_NODE | ROLE_CONTROL_PLANE,
	ROLE_ANY = ROLE_NODE | ROLE_CONTROL_PLANE,
};

struct brex;
struct daemons;
struct nmstate;
struct ovs;
struct pods;
struct remote;
struct vms;
struct zsnat;

struct agent {
	sd_event *ev;
	struct reaper *reaper;
	struct jrpc *sup;
	struct link_ctx *net; /* of the node */

	json_t *config;
	enum role role;
	bool netdev;
	const char *name, *run, *state, *cache; /* of config */
	char *prefix;

	struct daemons *daemons;
	struct ovs *ovs; /* NULL in a control plane */
	struct zsnat *zsnat;
	struct brex *brex;
	struct nmstate *nmstate;
	struct remote *remote;
	struct pods *pods;
	struct vms *vms;

	bool started;	  /* start was asked for: the NICs are in place */
	json_t *start_id; /* request to be answered when all is ready, or NULL */
	sd_event_source *start_deadline;
	uint64_t epoch;
	bool pumping, pump_again;
	long long gen_done;	       /* last desired state that has been carried out */
	json_t *timings;	       /* {PHASE: seconds since the agent's birth} */
	json_t *desired;	       /* last one, or NULL */
	json_t *neighbours;	       /* those in place; NULL after a restart of the switch */
	json_t *deviations, *problems; /* sorted sets of texts */

	sd_event_source *status_src;
	json_t *status_sent;
};

/* ---- agent.c ---- */

/* Something in the status may have changed: it is sent when the loop is idle, if so. */
void agent_touch(struct agent *a);
/* Notes a phase of the start, once. */
void agent_phase(struct agent *a, const char *phase);
/* Looks whether the start is complete, and answers it. */
void agent_check_started(struct agent *a);
/* Adds a text to, or removes it from, deviations or problems. */
void agent_note(struct agent *a, json_t *set, const char *text, bool on);
/* The daemons, the switch or the desired state have moved: take the next steps. */
void agent_pump(struct agent *a);

/* A ports pass for the desired state number gen is over. */
void agent_pass_done(struct agent *a, long long gen);
/* The fields of a that derive from config. */
void agent_config(struct agent *a, const json_t *config);
/* Runs the agent in its fresh namespaces until fd is closed; an exit status. */
int agent_main(const json_t *config, int fd);

/* ---- mounts.c ---- */

int agent_mounts(struct agent *a, struct err *e);
/* Rewrites the node's /etc/hosts from config and desired state. */
int agent_hosts(struct agent *a, struct err *e);

/* ---- dbs.c ---- */

/* Writes the database files of the role; config, role, netdev, run and prefix of a are enough. */
int dbs_write(const struct agent *a, struct err *e);
/* Takes what agent_prepare() has written, or writes it now. */
int dbs_use(struct agent *a, struct err *e);

/* ---- network.c ---- */

/* Sysctls of the node, before any NIC is there. */
int network_prepare(struct agent *a, struct err *e);
/* The NICs of config: up, silent towards the node's own stack. */
int network_nics(struct agent *a, struct err *e);
/* IPv6 on a link, without duplicate address detection and router advertisements; or off. */
int network_ipv6(struct agent *a, const char *dev, bool on, struct err *e);
/* Addresses and routes: on br-ex once the switch has made it, on eth0 in a control plane. */
int network_addresses(struct agent *a, struct err *e);

/* ---- neighbours.c ---- */

/* Static neighbours of the tunnels and of the node's own stack, from the desired state. */
void neighbours_apply(struct agent *a);

#endif
