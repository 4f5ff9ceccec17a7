/* SPDX-License-Identifier: Apache-2.0 */
/* Bring-up: all machines at once, then the databases, then the first plan, then the API. */
#ifndef OVNBED_LAB_BRINGUP_H
#define OVNBED_LAB_BRINGUP_H

#include "lab/lab.h"

/*
 * Asks the agent of a new node to start its daemons: they come up while further nodes are made. Goes
 * on by itself once all are there; ends in lab_ready() or lab_failed().
 */
int bringup_node(struct lab_node *n, struct err *e);
/*
 * The same for a node that was started again in a lab that is ready (lab_node_respawn()): done is
 * called with its answer.
 */
int bringup_again(struct lab_node *n, jrpc_reply_fn done, void *arg, struct err *e);
/* Such a node's daemons run: its databases are opened. result is what done was called with. */
void bringup_back(struct lab_node *n, const json_t *result);
/* All nodes are made: the first phase is over. */
void bringup_all_made(struct lab *lab);
/* The fabric's switches have become ready, or have ended. */
void bringup_fabric(struct lab *lab);
/* Called by zones.c when a zone has opened its databases. */
void bringup_zone_ready(struct lab *lab);

/* lab.c */
void lab_ready(struct lab *lab);
void lab_failed(struct lab *lab, const struct err *e);
int lab_serve(struct lab *lab, struct err *e);

#endif
