/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OVNBED_AGENT_OVS_PRIV_H
#define OVNBED_AGENT_OVS_PRIV_H

#include "agent/ovs.h"

struct ovs {
	struct ovsdb *db;
	sd_event_source *retry;
	bool dirty;	       /* holds reports of an ovs-vswitchd that is gone */
	bool taking_back;      /* they are being removed */
	bool addressed;	       /* br-ex has the node's addresses */
	bool in_flight, again; /* ports pass */
	long long pass_gen;    /* of the desired state that it carries out */
};

/* Removes the reports of the former ovs-vswitchd. */
void ovs_take_back(struct agent *a);

#endif
