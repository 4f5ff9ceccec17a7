/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hop eats frames that are too large: marked frames of the size that just passes (the control)
 * and of one byte more leave the sender, whatever its interface's MTU, while packet sockets on the
 * way count where they are seen.
 */
#ifndef OVNBED_LAB_HOP_H
#define OVNBED_LAB_HOP_H

#include "lab/lab.h"
#include "probe/probe.h"

struct hop_request {
	const char *from, *to; /* canonical endpoint names */
	const char *network;   /* as for lab_mtu_path() */
	const json_t *a, *b;   /* their interfaces, entries of endpoints_ask() */
	const char *src, *dst; /* addresses on them, of one family */
	long long largest;     /* IP packet that passes; 0: none does */
};

/*
 * All of r is copied. Result:
 * {"size","control","sent","hop":{"name","mtu"?,"room"?,"port"?,"from","to","evidence"} or null,
 *  "why"? (no hop: why),"points":[{"name","mtu"?,"control","test"}],"overMtu"?,"lost"?}
 * hop.name is that of the model ("node/worker-b:eth1", "switch datacenter"); port is the endpoint
 * behind a node's port. overMtu: frames that the switch counted as too long meanwhile. from and to are the points between which the frames vanished.
 */
struct probe_job *hop_trace(struct lab *lab, const struct hop_request *r, probe_done_fn done,
			    void *arg);

#endif
