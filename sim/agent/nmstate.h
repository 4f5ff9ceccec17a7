/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's network in nmstate's own schema: reporting it, changing it, putting it back.
 *
 *   nmstate_report.c  database and links -> NODE_NETWORK                         pure
 *   nmstate_wanted.c  target document -> what shall be in the database           pure
 *   nmstate_plan.c    that -> rows for ovsdb/diff.h; checkpoints of what is      pure
 *   nmstate_guard.c   what would cut the node off                                pure
 *   nmstate_links.c   reading and setting links and addresses
 *   nmstate.c         the request "network": apply, commit, rollback
 *
 * LINKS: {NAME: {"index","mac","mtu","up":bool,"nic":bool,"addresses":["192.0.2.1/24"],"ipv6":bool}}
 * of the node's NICs and internal ports; addresses without link-local ones, ipv6: it has any.
 *
 * BRIDGES: {NAME: null | {"row":COLUMNS,"ports":{PORT: {"row":COLUMNS,"interfaces":{NAME:COLUMNS}}}}},
 * complete bridges as they shall be; null: none of that name. COLUMNS are natural (ovsdb/value.h);
 * those not listed are left alone, of a map only the listed keys are touched.
 */
#ifndef OVNBED_AGENT_NMSTATE_H
#define OVNBED_AGENT_NMSTATE_H

#include "agent/agent_priv.h"

/* ---- nmstate_report.c ---- */

/*
 * NODE_NETWORK (agent.h) of a replica of Open_vSwitch (ovsdb/ovsdb.h) and LINKS; br-int and its
 * ports are not listed. New reference.
 */
json_t *nmstate_report(const json_t *replica, const json_t *links);
/* Names of the internal ports outside br-int: array of strings. New reference. */
json_t *nmstate_internal_ports(const json_t *replica);
/* Whether an Interface row is one of the patch ports that ovn-controller makes and removes. */
bool nmstate_ovn_patch(const json_t *iface);
/* The row of a table with that name, or NULL. */
const json_t *nmstate_row(const json_t *replica, const char *table, const char *name);
/* Value of ovn-bridge-mappings, or NULL. */
const char *nmstate_mappings(const json_t *replica);

/* ---- nmstate_wanted.c ---- */

struct nmstate_wanted {
	json_t *bridges;  /* BRIDGES */
	json_t *mappings; /* string, null (remove the key), or NULL: leave alone */
	json_t *links;	  /* WISH by name, see nmstate_links.c */
};
void nmstate_wanted_free(struct nmstate_wanted *w);
#define _cleanup_wanted_ _cleanup_(nmstate_wanted_free)

/*
 * What a target document (nmstate/nmstate.h) asks of this node; bridges outside the document that
 * lose a port to it are included. datapath: type of the node's bridges. -EINVAL with e.
 */
int nmstate_want(const json_t *target, const json_t *replica, const json_t *links,
		 const char *datapath, struct nmstate_wanted *ret, struct err *e);

/* ---- nmstate_plan.c ---- */

/* The live bridge as BRIDGES has it, without ovn-controller's patch ports; null when there is none.
 * New reference. */
json_t *nmstate_snapshot(const json_t *replica, const char *bridge);
/*
 * Rows for ovsdb_apply(), with nmstate_removes() as owned() and bridges as its argument. The patch
 * ports of ovn-controller stay on bridges that stay. exact: keys of maps that are not listed go.
 * New reference.
 */
json_t *nmstate_plan(const json_t *replica, const json_t *bridges, const json_t *mappings,
		     bool exact);
bool nmstate_removes(const char *table, const json_t *row, void *arg);

/* ---- nmstate_guard.c ---- */

/* -EPERM with e when w would take br-ex, its uplink or its addresses (array of CIDRs) away. */
int nmstate_guard(const struct nmstate_wanted *w, const json_t *replica, const json_t *addresses,
		  struct err *e);

/* ---- nmstate_links.c ---- */

/* LINKS as they are, from the kernel only after a change. Borrowed until the next call. */
const json_t *nmstate_links(struct agent *a);
/* The same, read in any case. */
const json_t *nmstate_links_now(struct agent *a);
/*
 * Makes links as wished: {NAME: {"nic":bool,"up":bool,"mtu":N?,"mac"?,"addresses":[CIDR]?,
 * "ipv6":bool?}}, what lacks is left alone. Of internal ports, mtu is the switch's to set: it is
 * waited for here. A link that does not exist is an error, unless lenient. e names the link.
 */
int nmstate_links_set(struct agent *a, const json_t *wishes, bool lenient, struct err *e);
/* The part of wishes that is about NICs, or about internal ports. New reference. */
json_t *nmstate_wishes(const json_t *wishes, bool nics);
/* Wishes that make the links with these names (keys) what LINKS says. New reference. */
json_t *nmstate_links_snapshot(const json_t *links, const json_t *names);
/* Begins to listen for changes: the node is up. */
void nmstate_links_watch(struct agent *a);

/* ---- nmstate.c ---- */

void nmstate_new(struct agent *a);
/* The node has started: its network is reported from now on. */
void nmstate_started(struct agent *a);
/* For STATUS.network: JSON null as long as it is not known. New reference. */
json_t *nmstate_status(struct agent *a);
/* ovs-vswitchd is back, with new internal ports: what was committed for them is put back. */
void nmstate_switch_ready(struct agent *a);
/* Request "network". Answers id, now or later. */
void nmstate_request(struct agent *a, const json_t *params, const json_t *id);

#endif
