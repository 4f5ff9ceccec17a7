/* SPDX-License-Identifier: Apache-2.0 */
/* The MTU model of oracle/pathmtu.h on what a lab, or a set of files, holds. */
#ifndef OVNBED_LAB_MTU_H
#define OVNBED_LAB_MTU_H

#include "lab/lab.h"
#include "oracle/pathmtu.h"
#include "ovnk/network.h"

/*
 * pathmtu_lint() on objects of which the NADs that OVN-Kubernetes refuses (nets) are left out.
 * live: see pathmtu_new(); policies of objects are taken as applied.
 */
void mtu_lint(const json_t *topology, const json_t *objects, const struct networks *nets,
	      const json_t *live, struct diags *d);

/* The same for a running lab. */
void lab_mtu_lint(struct lab *lab, const json_t *objects, struct diags *d);

/*
 * The path of network between two endpoints ("pod/ns/p", "host/x"), as their nodes are now.
 * network: of a pod or VM, or of the topology between hosts. The caller frees ret.
 */
void lab_mtu_path(struct lab *lab, const char *network, const char *from, const char *to,
		  struct pathmtu_path *ret);

#endif
