/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pod: network, UTS and mount namespaces with a sysfs of their own, held by the traffic agent as
 * pause process, and a veth for each attachment.
 */
#ifndef OVNBED_AGENT_SANDBOX_H
#define OVNBED_AGENT_SANDBOX_H

#include "agent/ovs.h"

struct sandbox_link {
	json_t *att;   /* ATT as it was made; owned */
	bool wanted;   /* in the pod's present spec */
	bool plugging; /* named to the ports pass that is under way */
};

struct sandbox {
	struct agent *a;
	json_t *spec; /* POD, owned */
	pid_t pid;    /* 0: none */
	int pidfd;
	struct link_ctx *net; /* inside the pod, or NULL */
	struct sandbox_link *links;
	size_t n_links;
	char *failure;	   /* why the pod has failed, or NULL */
	bool leaving;	   /* to be removed */
	bool unplugged;	   /* a ports pass without it is over */
	bool pass_without; /* the pass under way leaves it out */
	bool redo;	   /* a link must be unplugged before it is made anew */
};

struct sandbox *sandbox_new(struct agent *a);
/* Deletes its links and kills its process. */
void sandbox_free(struct sandbox *s);
/* Brings process and links in line with spec (borrowed); trouble becomes its failure. */
void sandbox_apply(struct sandbox *s, const json_t *spec);
void sandbox_ports(struct sandbox *s, void (*fn)(void *arg, const struct ovs_port *p), void *arg);
/* True when another pass must follow. */
bool sandbox_plugged(struct sandbox *s, const struct err *e);
json_t *sandbox_status(struct sandbox *s, const json_t *interfaces);

#endif
