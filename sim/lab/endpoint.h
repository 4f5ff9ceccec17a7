/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints of probes by the names that users write: vm/NAME, pod/NAME, host/NAME, node/NAME, with
 * NS/ before NAME when not "default". Addresses are read from the live interfaces by the endpoint's traffic
 * agent, networks from the attachments.
 */
#ifndef OVNBED_LAB_ENDPOINT_H
#define OVNBED_LAB_ENDPOINT_H

#include "lab/lab.h"

/* "vm/vm-a" -> "vm/default/vm-a"; "host/x" stays. Caller frees; NULL with e set when malformed. */
char *endpoint_canon(const char *text, struct err *e);
/*
 * -ENOENT when the object does not exist, -EAGAIN when it does not run; name is canonical. A node's
 * traffic agent is started by it.
 */
int endpoint_check(struct lab *lab, const char *name, struct err *e);
/* Where its traffic agent listens, as the supervisor sees it; caller frees, NULL when unknown. */
char *endpoint_socket(struct lab *lab, const char *name);
/* Keeps the hub's endpoints equal to what runs in the lab. Called by every reconciliation. */
void endpoints_update(struct lab *lab);

/*
 * [{"network","nad","mac","mtu"}] of what the endpoint is attached to, in order; hosts have one
 * entry with network "underlay". Nodes have "ifname" instead of "mac": br-ex on the underlay, and
 * interfaces on spec.networks. New reference.
 */
json_t *endpoint_attachments(struct lab *lab, const char *name);

/*
 * Asks the agents of all endpoints (array of canonical names) for their live interfaces and joins
 * them with the attachments by MAC. done gets {NAME: {"interfaces":[{"name","mac","mtu","network",
 * "nad","planned","addresses4":["a"],"addresses6":["a"],"cidrs":["a/p"]}]} or {"why":text}} (new
 * reference, the callee's). Global addresses only. Interfaces without an attachment have network
 * null.
 */
/* An agent has connected: questions that waited for it go out. Called on the hub's state changes. */
void endpoints_ready(struct lab *lab);

typedef void (*endpoints_fn)(void *arg, json_t *result);
void endpoints_ask(struct lab *lab, const json_t *names, endpoints_fn done, void *arg);

/*
 * Chooses the interfaces for traffic from a to b (entries of endpoints_ask()'s result), the best pair
 * in this order: one network, one layer 2 domain, one subnet, both on physical networks, a common
 * address family; else each one's first on any network. network: only interfaces on it, by the name
 * of a network or of a physical one ("dc", "dc vlan 10"); an end that has none there must share its
 * domain or subnet with the other's, or be on a physical network like it. False when there is no
 * pair; *ret_a and *ret_b are then what each has on the network, or NULL.
 */
bool endpoint_pair(const json_t *a, const json_t *b, const char *network, const json_t **ret_a,
		   const json_t **ret_b);
/*
 * self's address of the family that shares a subnet with one of peer's, else its first; NULL when
 * it has none. Both are interfaces of endpoints_ask(). Borrowed.
 */
const char *endpoint_address(const json_t *self, const json_t *peer, int family);

/* Opens what the topology wants open on a host ("host/NAME") whose agent has connected. */
void endpoint_host_listen(struct lab *lab, const char *name);

#endif
