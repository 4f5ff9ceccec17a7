/* SPDX-License-Identifier: Apache-2.0 */
/* The node's own Open_vSwitch database: connection, switch state, ports on br-int. */
#ifndef OVNBED_AGENT_OVS_H
#define OVNBED_AGENT_OVS_H

#include "agent/agent_priv.h"
#include "ovsdb/ovsdb.h"

/* A port that br-int should have. */
struct ovs_port {
	const char *name;  /* the link */
	const json_t *att; /* ATT of agent.h */
};

int ovs_new(struct agent *a);
/* Connects when ovsdb-server is there and the connection is not. */
void ovs_pump(struct agent *a);
/* Connected, with the database's contents. */
bool ovs_is_ready(const struct agent *a);
/* The client, while ready; else NULL. */
struct ovsdb *ovs_db(const struct agent *a);
/* ovs-vswitchd has configured what the database asks for. */
bool ovs_configured(const struct agent *a);
/* ovs-vswitchd runs, is configured, and br-ex has its addresses. */
bool ovs_switch_is_up(const struct agent *a);
/* ovs-vswitchd may be started: what a former one reported has been taken back. */
bool ovs_is_clean(const struct agent *a);

/* Daemon events. */
void ovs_server_gone(struct agent *a);
void ovs_switch_ready(struct agent *a);
void ovs_switch_gone(struct agent *a);

/*
 * Brings br-int's pod and VM ports in line with pods_ports() and vms_ports(), all in one
 * transaction, then calls pods_plugged() and vms_plugged(). A call while one is in flight makes
 * another follow.
 */
void ovs_ports_pass(struct agent *a);
/* {name: Interface row} of all interfaces; borrowed rows, new reference; empty when not ready. */
json_t *ovs_interfaces(const struct agent *a);
/* {"nad","ifname","installed","ofport"} of an attachment whose port is name. New reference. */
json_t *ovs_att_status(const json_t *interfaces, const char *name, const json_t *att);

#endif
