/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NMState and kubernetes-nmstate as pure functions: what a policy's desiredState means on a node,
 * whether the node came out as asked, and what the conditions then say.
 *
 * Three documents of one schema, nmstate's own:
 * - desired: spec.desiredState of a NodeNetworkConfigurationPolicy, as the user wrote it;
 * - NODE_NETWORK: what a node has: {"interfaces": [complete definitions, sorted by name and type],
 *   "ovn": {"bridge-mappings": [{"localnet", "bridge"}]}}; br-int is not listed. Patch ports that
 *   ovn-controller made on a bridge are listed as its ports and as ovs-interface with "patch";
 * - target: what to make of a node: complete new definitions of those interfaces that change
 *   (state "absent" removes), and the complete list of mappings.
 *
 * Normal forms in NODE_NETWORK and target: `port` never `ports`; stp is {"enabled": bool}; mtu, tag
 * and prefix-length are integers; an access port is {"mode": "access", "tag"}; a trunk is
 * {"mode": "trunk", "trunk-tags": [{"id"} | {"id-range": {"min", "max"}}], "enable-native", "tag"?};
 * a port of a bridge has "controller"; ports sorted by name. Interfaces are told apart by name and
 * type: an ovs-bridge and an ovs-interface may have one name.
 *
 * Paths of findings start with NMSTATE_PATH. Rules are N1 to N16 as in the project's list.
 */
#ifndef OVNBED_NMSTATE_NMSTATE_H
#define OVNBED_NMSTATE_NMSTATE_H

#include "base/diag.h"

#define NMSTATE_PATH "spec.desiredState"

/*
 * Everything that can be said of a desiredState without a node: structure, N1 to N4, N9, N12 to
 * N16. NULL counts as {}. Errors are what nmstate refuses at configuration time; what ovnbed does
 * not emulate is an error too when ignoring it would change what the network does, else a note.
 * Returns 0, or -EINVAL when d gained an error.
 */
int nmstate_check(const json_t *desired, struct diags *d);

/*
 * What desired makes of a node that has `current` (NODE_NETWORK): *ret_target is a target document,
 * new reference; without changes its "interfaces" is empty and its mappings equal the current ones
 * (nmstate_changes()). Includes nmstate_check(). Partial editing (mappings by localnet, interfaces
 * by name and type, options key by key), N6, N7, N8, N11, and protection of br-ex. A port that
 * neither document knows becomes an internal port, as nmstate does it, with a warning. Returns 0,
 * or -EINVAL when d gained an error; *ret_target is untouched then.
 */
int nmstate_merge(const json_t *current, const json_t *desired, json_t **ret_target,
		  struct diags *d);
/* True when target asks for anything that current does not have. */
bool nmstate_changes(const json_t *current, const json_t *target);
/*
 * The target document that brings a node from `target` back to `current`: the touched interfaces
 * as they were, absent where there were none, and the old mappings. New reference.
 */
json_t *nmstate_rollback(const json_t *current, const json_t *target);
/* What target changes, for messages: "ovs-bridge ovs-br1", "ethernet eth1", "bridge mapping
 * localnet2". Sorted array of strings, new reference. */
json_t *nmstate_touched(const json_t *current, const json_t *target);
/* NODE_NETWORK as it should be after target was applied to current. New reference. */
json_t *nmstate_applied(const json_t *current, const json_t *target);

/*
 * Is `actual` (NODE_NETWORK) what desired asked for? Compares what desired names only: mappings by
 * localnet (N5), interfaces key by key, ports of a bridge when they are given; ports that desired
 * does not list, ovn-controller's patch ports among them, fail unless they are patch ports and
 * allow-extra-patch-ports is set (N10). Each difference is an error that names interface, key,
 * desired and actual value. desired must have passed nmstate_check(). Returns 0 or -EINVAL.
 */
int nmstate_verify(const json_t *desired, const json_t *actual, struct diags *d);

/* The errors of d as one message for a condition: "path: message; …". Caller frees. */
char *nmstate_message(const struct diags *d);

/*
 * NODE_NETWORK of a freshly booted node, from its entry in a normalised topology tree ("nodes"[i]):
 * br-ex over eth0, further NICs by their names, mapping physnet. mtu: of the underlay. New
 * reference. For judging policies without a lab.
 */
json_t *nmstate_booted(const json_t *node, int mtu);

/* ---- policies and nodes ---- */

/* Does the policy's spec.nodeSelector choose this Node? Absent or {}: every node. */
bool nmstate_selects(const json_t *policy, const json_t *node);
/*
 * How many of n matching nodes may be at work at once, from spec.maxUnavailable: a number, a
 * percentage rounded up, default 50%; never less than 1. A malformed value counts as the default
 * (admission refuses it). kubernetes-nmstate: pkg/node/nodes.go.
 */
size_t nmstate_max_unavailable(const json_t *policy, size_t n);

/* States of a NodeNetworkConfigurationEnactment: which condition is True. */
enum nmstate_phase {
	NMSTATE_PENDING,     /* waits for a place under maxUnavailable */
	NMSTATE_PROGRESSING, /* being applied */
	NMSTATE_RETRYING,    /* failed, will be tried again: Failing and Progressing */
	NMSTATE_FAILING,     /* given up */
	NMSTATE_ABORTED,     /* not begun, because another node failed */
	NMSTATE_AVAILABLE,   /* applied and verified */
};
/* "Pending" … "Available": the condition that tells (Failing for RETRYING). */
const char *nmstate_phase_name(enum nmstate_phase p);
/*
 * Sets the five conditions of an enactment's status in place, with upstream's reasons. message NULL:
 * upstream's text ("successfully reconciled", …). now: seconds since the epoch. Returns true when
 * anything changed.
 */
bool nmstate_set_phase(json_t *status, enum nmstate_phase p, const char *message, int64_t now);
/* The phase that an enactment's conditions tell, or -1 when they tell none. */
int nmstate_get_phase(const json_t *enactment);

/*
 * A new enactment `NODE.POLICY`: labels nmstate.io/policy and nmstate.io/node, owned by the policy
 * (so that deleting it deletes its enactments, N23), status with policyGeneration and desiredState,
 * no conditions. New reference.
 */
json_t *nmstate_enactment(const json_t *policy, const char *node);
/* Sets the Unknown conditions of a fresh policy in its status, in place. */
bool nmstate_reset_conditions(json_t *status, int64_t now);
/*
 * Sets the conditions Available, Degraded, Progressing and Ignored of a policy's status in place
 * (N17, N18) from its enactments (array; those of another generation do not count) and the nodes it
 * matches (array of Node; NotReady ones are not waited for). Returns true when anything changed.
 */
bool nmstate_set_conditions(json_t *status, const json_t *enactments, const json_t *nodes,
			    long long generation, int64_t now);

/*
 * The NodeNetworkState of a node, owned by its Node object: status.currentState is NODE_NETWORK, an
 * empty list of mappings shown as `ovn: {}`. New reference.
 */
json_t *nmstate_node_state(const json_t *node, const json_t *network, int64_t now);

#endif
