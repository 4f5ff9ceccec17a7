/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attachments of all pods: selections resolved to networks, with MAC, addresses and tunnel id, and
 * the k8s.ovn.org/pod-networks annotation that records them.
 */
#ifndef OVNBED_OVNK_PODNET_H
#define OVNBED_OVNK_PODNET_H

#include "ovnk/attach.h"
#include "ovnk/network.h"

#define PODNET_ANNOTATION "k8s.ovn.org/pod-networks"

enum attachment_state {
	ATTACHMENT_READY,   /* to be plugged */
	ATTACHMENT_PENDING, /* waits: NAD missing, pod not scheduled */
	ATTACHMENT_FAILED,  /* never works as it is: NAD refused, E24, pool exhausted … */
};

struct attachment {
	enum attachment_state state;
	char *rule;    /* "E24" … or NULL */
	char *reason;  /* one sentence; NULL when ready */
	char *nad;     /* "ns/name" */
	char *nad_key; /* "ns/name/1" */
	char *network; /* NULL when unknown */
	char *ifname;  /* inside the pod */
	char *port;    /* logical port and iface-id */
	char *mac;     /* NULL unless ready */
	char **ips;    /* "10.0.0.1/24" */
	size_t n_ips;
	char **gateways;
	size_t n_gateways;
	int tunnel_id; /* 0: none */
	int mtu;
};

struct podnet {
	char *ns, *name, *uid;
	char *node;	      /* "" while not scheduled */
	struct attachment *v; /* in the order of the annotation */
	size_t n;
	char *error; /* the annotation could not be parsed; NULL otherwise */
	/*
	 * Text that the pod's k8s.ovn.org/pod-networks should have and has not; NULL when there is
	 * nothing to write.
	 */
	char *annotation;
};

struct podnets {
	struct podnet *v; /* sorted by ns/name; pods without attachments are left out */
	size_t n;
};

/*
 * pods: array of Pod objects. What they already hold by annotation is kept; pods without are
 * served in order of creation. Pods of the host's network, and finished ones (phase Succeeded or
 * Failed), hold nothing. Findings go to d with the Pod as object. Pure.
 */
void podnets_build(const json_t *pods, const struct networks *n, const struct ovnk_config *c,
		   struct podnets *ret, struct diags *d);
void podnets_free(struct podnets *p);
#define _cleanup_podnets_ _cleanup_(podnets_free)
const struct podnet *podnets_find(const struct podnets *p, const char *ns, const char *name);

#endif
