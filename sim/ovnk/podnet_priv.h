/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that build pods' attachments; not for others. */
#ifndef OVNBED_OVNK_PODNET_PRIV_H
#define OVNBED_OVNK_PODNET_PRIV_H

#include "ovnk/ipam.h"
#include "ovnk/podnet.h"

/*
 * Parses the pod's k8s.ovn.org/pod-networks: *ret (new reference) is {} when there is none.
 * -EINVAL with upstream's words.
 */
int podnet_read(const json_t *pod, json_t **ret, struct err *e);
/*
 * The annotation that the pod should carry: what it has (have), with the ready attachments' entries
 * added. NULL when that is what it has. Caller frees.
 */
char *podnet_write(const struct podnet *p, const json_t *have);

/* Everything one attachment's allocation depends on. */
struct allocation {
	const struct ovnk_config *config;
	const struct network *network;
	struct ipam *ipam;
	const struct podnet *pod;
	const struct selection *selection;
	const json_t *entry; /* the pod's own for this NAD key, NULL when there is none */
};
/* Marks what the entry holds, before anybody allocates. */
void allocation_reserve(const struct allocation *a);
/* Fills mac, ips, gateways and tunnel_id of att, or its state and reason. */
void allocation_run(const struct allocation *a, struct attachment *att);
/* Sets state, rule and reason of an attachment that is not ready. */
void attachment_stop(struct attachment *att, enum attachment_state state, const char *rule,
		     const char *fmt, ...) PRINTF(4, 5);

#endif
