/* SPDX-License-Identifier: Apache-2.0 */
/* Views of the lab's state for people and evidence. All results are new references. */
#ifndef OVNBED_LAB_STATUS_H
#define OVNBED_LAB_STATUS_H

#include "lab/lab.h"

/*
 * {"name","state":"Ready"|"Degraded"|"Starting","reasons":[],"zones","topology","datapath",
 *  "nodes":[{"name","role","state","pid","daemons","addresses","pods","vms","timings","gen"}],
 *  "hosts":[…],"switches":[…],"fabric":[DAEMON] (fabric/fabric.h),"timings":{},"deviations":[],"versions":{}}
 */
json_t *lab_status(struct lab *lab);
/* {"ports":[{"zone","port","type","up","addresses"}],"problems":[what is down or missing]}. */
json_t *lab_ports(struct lab *lab);
/* {ZONE:{"nb":{…},"sb":{…}}} as the replicas have them. */
json_t *lab_databases(struct lab *lab);

#endif
