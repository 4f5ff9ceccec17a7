/* SPDX-License-Identifier: Apache-2.0 */
/* The cluster's networks and attachments as last computed; what the planners and agents read. */
#ifndef OVNBED_LAB_NET_H
#define OVNBED_LAB_NET_H

#include "lab/lab.h"
#include "ovnk/plan.h"

struct lab_net {
	struct ovnk_config config;
	struct networks networks;
	struct podnets pods;
	struct policies policies; /* point into networks and pods */
	struct diags findings;	  /* of the last run: refusals of NADs and Pods, notes */
	struct diags udn;	  /* of the last run: about (Cluster)UserDefinedNetworks */
};

struct lab_net *lab_net_new(const json_t *topology, struct err *e);
void lab_net_free(struct lab_net *n);

/*
 * The verdict on a NAD, written on it: "Accepted", "Rejected", "Ignored", "Unsupported", and the
 * rule and reason ("E4: …") when not accepted.
 */
#define ANNOTATION_STATE "ovnbed.io/state"
#define ANNOTATION_REASON "ovnbed.io/reason"
/* On a Pod: what is wrong with its network although it runs. */
#define ANNOTATION_WARNING "ovnbed.io/network-warning"

/* Index of a network's attachment in a podnet by pod interface name, or NULL. */
const struct attachment *podnet_by_ifname(const struct podnet *p, const char *ifname);
/* True when every attachment can be plugged; else *ret_why (borrowed) says what is missing. */
bool podnet_ready(const struct podnet *p, const char **ret_why);
/* Name of a VM's tap in its node: "tap", eight hex digits of the VMI's uid, the NIC's index. */
void lab_tap_name(const char *vmi_uid, size_t index, char out[static 16]);

#endif
