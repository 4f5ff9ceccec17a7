/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the fault_*.c files of the fabric. */
#ifndef OVNBED_LAB_FAULT_FABRIC_H
#define OVNBED_LAB_FAULT_FABRIC_H

#include "fabric/fabric.h"
#include "lab/fault_list.h"

/*
 * The port that the spec's machine and NIC are plugged into; NULL with -ENOENT in e, which lists the
 * NICs of the machine, or the machines.
 */
const struct fabric_port *fault_port(const struct fault *f, struct err *e);

/*
 * What whoever configured a NIC gave it: up, mtu and addresses, put into saved, and given to it again
 * when it is back. -EHOSTDOWN when the machine is dead.
 */
int fault_nic_save(struct lab *lab, const char *machine, const char *nic, json_t *saved,
		   struct err *e);
int fault_nic_restore(struct lab *lab, const char *machine, const char *nic, const json_t *saved,
		      struct err *e);

/* What a call of the fabric that answers later comes to for ops. */
static inline int fault_later(int r)
{
	return r < 0 ? r : FAULT_LATER;
}

#endif
