/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lab supervisor: PID 1 of the lab's PID, mount and network namespaces. It owns the objects, is
 * the only writer of every northbound database, and drives the node agents. One thread, one loop.
 */
#ifndef OVNBED_LAB_LAB_H
#define OVNBED_LAB_LAB_H

#include "api/store.h"
#include "base/jrpc.h"
#include "base/prng.h"
#include "kubevirt/images.h"
#include "lab/paths.h"
#include "sys/proc.h"

#define LAB_COMM "ovnbed-lab" /* process name of a supervisor */

struct apiserver;
struct ask;
struct fabric;
struct nmstate_work;
struct fault;
struct lab_net;
struct mutation;
struct ovsdb;
struct probe_hub;

/* A node, or (role control-plane) the machine that holds the central databases. */
struct lab_node {
	struct lab *lab;
	const json_t *spec; /* its entry of the topology (borrowed), or topology.control_plane */
	char *name;
	bool control_plane;
	pid_t pid; /* of the agent, in the lab's PID namespace; 0 once dead */
	struct jrpc *rpc;
	json_t *timings; /* of its start, or NULL */
	json_t *status;	 /* last STATUS of the agent (agent/agent.h), or NULL */
	json_t *desired; /* last desired state sent, without gen */
	long long gen;	 /* of it */
	bool started;	 /* all daemons were ready once */
	char *death;	 /* how the agent ended, or NULL */
	json_t *network; /* what its NodeNetworkState shows, or NULL */
};

/* A zone: one northbound and one southbound database and the nodes that use them. */
struct lab_zone {
	struct lab *lab;
	char *name;
	struct lab_node *host; /* where the databases run */
	size_t n_chassis;      /* nodes of this zone */
	struct ovsdb *nb, *sb;
	bool nb_ready, sb_ready;
	int in_flight;		       /* transactions not answered yet */
	bool again;		       /* a plan came while one was in flight */
	bool stale;		       /* write even a plan that has not changed */
	json_t *sent_nb, *sent_sb;     /* plans in flight */
	json_t *last_nb, *last_sb;     /* {TABLE/KEY: row} of the last plans written */
	long long repaired, changed;   /* rows since the last report, see reconcile.h */
	json_t *rows;		       /* of them, see reconcile.h */
	json_t *mutated;	       /* what a mutation remembers of this zone, or NULL */
	char *problem;		       /* why the zone cannot be written, or NULL */
	char *refused_nb, *refused_sb; /* what the database said to the last plan, or NULL */
};

struct lab {
	sd_event *ev;
	struct reaper *reaper;
	const struct lab_paths *paths;
	const json_t *topo, *options;
	uint64_t epoch; /* mono_usec() at the start of `up` */
	struct prng rng;

	struct store *store;
	struct apiserver *api;
	struct probe_hub *hub;
	struct fabric *fabric;
	struct fault *faults; /* that were asked for (lab/fault_list.h), oldest first */
	bool spec; /* policies by the API's text (profile spec), else as OVN-Kubernetes does */
	const struct mutation *mutation; /* deliberate fault of the policy compiler, or NULL */
	struct lab_node *nodes;		 /* topology order; the control plane, if any, is last */
	size_t n_nodes;			 /* control plane included */
	struct lab_zone *zones;
	size_t n_zones;

	struct reconcile *rec;
	struct bringup *up;
	json_t *endpoints;   /* {endpoint name: socket} known to the hub */
	struct ask *asks;    /* questions to agents that wait for a connection (endpoint.c) */
	json_t *timings;     /* {PHASE: seconds} of the start */
	struct lab_net *net; /* networks and attachments (lab/net.h) */
	struct nmstate_work *nmstate_works; /* enactments being carried out (nmstate_work.h) */
	json_t *deviations; /* set of texts: what this OVN lacks, what was switched off */
	struct kubevirt_images images;
	bool kvm; /* the machine can run guests under KVM */
	bool ready;
	int hold, out; /* pipe from, and progress pipe to, `ovnbed up`; -1 when over */
};

/*
 * Runs the supervisor; called once, in the freshly forked PID 1. hold: closed by `up` when it dies,
 * one byte when it is satisfied. out: progress lines of JSON. Returns an exit code.
 */
int lab_main(const struct lab_paths *p, const json_t *topology, const json_t *options, int hold,
	     int out);

/* ---- nodes.c ---- */

/* Starts the agents of all nodes and plugs them into the fabric. */
int lab_nodes_spawn(struct lab *lab, struct err *e);
struct lab_node *lab_node_find(struct lab *lab, const char *name);
/*
 * Starts the agent of a dead node again, as a machine that is switched on: its databases are those
 * that it had, what it had in /run is gone. It has no NICs yet.
 */
int lab_node_respawn(struct lab_node *n, struct err *e);
/* Sends the agent its desired state when it differs from the last one. desired is stolen. */
void lab_node_desire(struct lab_node *n, json_t *desired);
/* Forgets what was sent, so that the next lab_node_desire() goes out whatever it holds. */
void lab_node_forget(struct lab_node *n);
/* Row of STATUS.pods / STATUS.vms by object uid, on whichever node has it; borrowed, or NULL. */
const json_t *lab_pod_runtime(struct lab *lab, const char *uid);
const json_t *lab_vm_runtime(struct lab *lab, const char *vmi_uid);
/* True when the node's agent lives and all its daemons run. */
bool lab_node_healthy(const struct lab_node *n);
/* Path, as the supervisor sees it, of a file below a directory of the node ("ovn", "ovs" …). */
char *lab_node_path(const struct lab_node *n, const char *dir, const char *file);

/* NODE_NETWORK of agent/agent.h, borrowed until the next status, or NULL as long as unknown. */
const json_t *lab_node_network(const struct lab_node *n);
/* "dc:ovs-br1,physnet:br-ex", as in ovn-bridge-mappings, sorted; "" for none. Caller frees. */
char *lab_node_mappings(const struct lab_node *n);

/* ---- zones.c ---- */

int lab_zones_init(struct lab *lab, struct err *e);
/* Opens the databases of a zone whose host has started. */
void lab_zone_open(struct lab_zone *z);
/* True when every zone has both databases. */
bool lab_zones_ready(const struct lab *lab);

/* One line of progress to `up`. seconds < 0: the phase begins. */
void lab_progress(struct lab *lab, const char *phase, double seconds);

#endif
