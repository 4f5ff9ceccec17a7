/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical world of a lab, in the supervisor's own network namespace: the underlay switch (a
 * kernel bridge), the cables to the nodes, and external hosts (a network, UTS and mount namespace
 * each, whose first process is the traffic agent).
 */
#ifndef OVNBED_FABRIC_FABRIC_H
#define OVNBED_FABRIC_FABRIC_H

#include "base/json.h"
#include "sys/proc.h"

struct fabric;

struct fabric_config {
	const json_t *topology; /* normalised (lab/topology.h); borrowed for the fabric's life */
	const char *run;	/* RUN of the lab: hosts listen on RUN/h/NAME.sock */
	const char *state;	/* STATE: hosts log to STATE/h/NAME.log */
	const char *agent;	/* path of ovnbed-agent */
	struct reaper *reaper;
};

/* Makes the underlay switch and the hosts of the underlay. Call in the lab's network namespace. */
int fabric_new(const struct fabric_config *c, struct fabric **ret, struct err *e);
void fabric_free(struct fabric *f);
/* Plugs a machine into the underlay: its eth0 is born in netns_fd (borrowed) with that MAC. */
int fabric_attach(struct fabric *f, const char *machine, int netns_fd, const char *mac,
		  struct err *e);
/* Cable of a machine's NIC out or in (carrier lost or back). nic: "eth0". */
int fabric_link(struct fabric *f, const char *machine, const char *nic, bool up, struct err *e);
/* {"hosts":[{"name","pid","socket","addresses","alive"}],"ports":{MACHINE:[{"nic","port"}]}}. */
json_t *fabric_status(const struct fabric *f);

#endif
