/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical world of a lab, in the supervisor's own network namespace: switches, the cables to
 * the nodes, and external hosts (a network, UTS and mount namespace each, whose first process is the
 * traffic agent).
 *
 * The underlay is a kernel bridge unless somebody uses VLANs on it; that one and all of
 * spec.networks are bridges of one userspace Open vSwitch (ovsdb-server and ovs-vswitchd in
 * RUN/fabric), which runs only where the topology needs it. A switch passes IP packets up to its MTU:
 * the frame is at most 14 bytes longer, 18 when tagged; a second tag is not granted. An Open vSwitch
 * drops longer frames at the port where they come in, exactly, and counts them; a kernel bridge
 * grants 4 bytes more and does not count.
 *
 * Machines are named by the node ("worker-a", "control-plane") or as "host/NAME"; a cable by its
 * machine and NIC ("eth1").
 */
#ifndef OVNBED_FABRIC_FABRIC_H
#define OVNBED_FABRIC_FABRIC_H

#include "base/json.h"
#include "sys/proc.h"

struct fabric;

struct fabric_config {
	sd_event *ev;
	const json_t *topology; /* normalised (lab/topology.h); borrowed for the fabric's life */
	const char *run;	/* RUN of the lab: hosts listen on RUN/h/NAME.sock */
	const char *state;	/* STATE: hosts log to STATE/h/NAME.log, the switch to
				   STATE/n/fabric/log/openvswitch */
	const char *agent;	/* path of ovnbed-agent */
	const char *prefix;	/* where Open vSwitch is (sys/prefix.h) */
	struct reaper *reaper;
	/* The switch has become ready, or a daemon of it has ended. May be NULL. */
	void (*changed)(void *arg);
	void *arg;
};

/* ---- life ---- */

/*
 * Makes the switches and the hosts with their cables. Call in the lab's network namespace. An Open
 * vSwitch is prepared here and starts with fabric_start().
 */
int fabric_new(const struct fabric_config *c, struct fabric **ret, struct err *e);
void fabric_free(struct fabric *f);
/*
 * Plugs a machine in: its eth0 into the underlay with that MAC, and its NICs (entries of
 * nodes[].nics of the topology; may be NULL) into their networks. pid is of a process in the
 * machine, netns_fd (borrowed) its network namespace, where the NICs are born down, with their own
 * MTUs and without TX checksum offload where the switch is an Open vSwitch.
 */
int fabric_attach(struct fabric *f, const char *machine, pid_t pid, int netns_fd, const char *mac,
		  const json_t *nics, struct err *e);
/* All machines are plugged in: the Open vSwitch, if any, starts. Its end comes by changed(). */
int fabric_start(struct fabric *f, struct err *e);
/* True when all switches forward. Else *ret_what (may be NULL) says what is missing; caller frees. */
bool fabric_ready(const struct fabric *f, char **ret_what);
/*
 * Why switches do not forward although they once did ("fabric: ovs-vswitchd ended: signal 9 (KILL)"),
 * or NULL (so for a NULL fabric). A daemon that was stopped on request is no fault. Caller frees.
 */
char *fabric_fault(const struct fabric *f);

/* ---- looking ---- */

/* A switch port and the cable in it. */
struct fabric_port {
	char *machine, *nic;
	const char *network; /* the switch: "underlay" or a name of spec.networks */
	char dev[16];	     /* the switch's end of the cable, in the lab's network namespace */
	char mac[18];	     /* of the NIC, as it was born */
	unsigned mtu;	     /* of the NIC, as it was born */
	unsigned vlan;	     /* access port of it, or a trunk's native VLAN; 0: neither */
	json_t *trunks;	     /* VLAN ids (0: untagged), or NULL: all */
	char *lag;	     /* the machine's group of links (LACP) that it is in, or NULL */
	int segment;	     /* 0, or which part of a partitioned switch */
	bool up;	     /* the cable is in, as far as fabric_link() is concerned */
	bool plugged;	     /* the cable exists */
	bool ovs;	     /* the switch is an Open vSwitch */
};
/* The port that a machine's NIC is plugged into; NULL with -ENOENT in e. */
const struct fabric_port *fabric_port(const struct fabric *f, const char *machine, const char *nic,
				      struct err *e);
/* All ports, in order of their making; *ret_n is their number. */
const struct fabric_port *const *fabric_ports(const struct fabric *f, size_t *ret_n);
/* The MTU that a switch enforces now; 0 when there is no such switch. */
unsigned fabric_mtu(const struct fabric *f, const char *network);

/*
 * {"hosts":[{"name","pid","socket","addresses","alive","interfaces":[{"name","network","vlan",
 *            "addresses","mac","mtu"}],"listen"}],
 *  "switches":[{"name","kind":"bridge"|"ovs","device","mtu","mcast_snooping","ports":[PORT]}],
 *  "daemons":[{"name","pid","state":"running"|"exited"|"stopped","status","log"}]}
 * PORT: {"machine","nic","port","vlan","trunks":[…]|null,"lag":NAME|null,"segment","up","plugged"}. New reference.
 */
json_t *fabric_status(const struct fabric *f);

/* result is borrowed; NULL with e on failure. */
typedef void (*fabric_result_fn)(void *arg, const json_t *result, const struct err *e);
/*
 * The switches of fabric_status() as an array, whose PORTs on an Open vSwitch have current counters,
 * too: "over_mtu": frames that came in from this NIC and were dropped because they were too long.
 * done runs once, from the loop.
 */
int fabric_switch_counters(struct fabric *f, fabric_result_fn done, void *arg, struct err *e);

/* ---- changing ---- */

/* e is NULL when the change is in force. Runs once, from the loop. */
typedef void (*fabric_done_fn)(void *arg, const struct err *e);

/* Cable of a machine's NIC out or in (carrier lost or back). */
int fabric_link(struct fabric *f, const char *machine, const char *nic, bool up, struct err *e);
/* The NIC disappears from its machine, and the port from its switch. */
int fabric_unplug(struct fabric *f, const char *machine, const char *nic, fabric_done_fn done,
		  void *arg, struct err *e);
/*
 * The process whose network namespace a machine's NICs are plugged into: a node that died, all of
 * its NICs unplugged, was started again.
 */
void fabric_rehome(struct fabric *f, const char *machine, pid_t pid);
/* It is back, as it was born. */
int fabric_plug(struct fabric *f, const char *machine, const char *nic, fabric_done_fn done,
		void *arg, struct err *e);
/*
 * Reconfigures a port of an Open vSwitch (-EOPNOTSUPP elsewhere): access port of vlan (trunks NULL
 * or JSON null), trunk of the ids in trunks, with vlan as native VLAN when not 0; all VLANs when
 * vlan is 0 and trunks is null. trunks is borrowed. A group of links changes as a whole.
 */
int fabric_port_vlans(struct fabric *f, const char *machine, const char *nic, unsigned vlan,
		      const json_t *trunks, fabric_done_fn done, void *arg, struct err *e);
/*
 * Moves ports of one switch to its segment number `segment` (0 is where all are at first):
 * segments do not hear each other. ports: [{"machine","nic"}], borrowed. Kernel bridges, too.
 */
int fabric_segment(struct fabric *f, const json_t *ports, int segment, fabric_done_fn done,
		   void *arg, struct err *e);
/* Sets the MTU that a switch enforces. */
int fabric_set_mtu(struct fabric *f, const char *network, unsigned mtu, fabric_done_fn done,
		   void *arg, struct err *e);
/* Ends a daemon of the Open vSwitch by a signal, or starts it ("ovs-vswitchd", "ovsdb-server"). */
int fabric_daemon(struct fabric *f, const char *name, const char *action, int sig,
		  fabric_done_fn done, void *arg, struct err *e);

#endif
