/* SPDX-License-Identifier: Apache-2.0 */
/* The points between two endpoints where frames can be seen, and what their counts say. */
#ifndef OVNBED_LAB_HOP_POINTS_H
#define OVNBED_LAB_HOP_POINTS_H

#include "lab/hop.h"

#define HOP_SWITCHES "switch" /* place of all switch ports: the lab's own namespace */
#define HOP_DEVS 8

struct hop_point {
	char *name;	      /* "node/worker-a:eth1" */
	char *where;	      /* place of the sampler; NULL for agents */
	char *devs[HOP_DEVS]; /* any of these: members of a bond */
	size_t n_devs;
	char *port;		 /* endpoint whose node port this is, or NULL */
	char *network;		 /* switch whose port this is, or NULL */
	bool agent;		 /* the endpoint's own interface */
	bool outgoing;		 /* seen as it leaves the machine */
	int mtu;		 /* of the device; 0: unknown */
	int overhead;		 /* that Geneve takes of it */
	int switch_mtu;		 /* of the switch, 0: none */
	long long control, test; /* frames seen */
};

struct hop_points {
	struct hop_point *v; /* in the order in which a frame meets them */
	size_t n;
};
void hop_points_free(struct hop_points *p);
void hop_points_make(struct lab *lab, const struct hop_request *r, struct hop_points *ret);
/* Names of the places, each once; new reference. */
json_t *hop_points_places(const struct hop_points *p);
/* [{"name","mtu"?,"control","test"}]; new reference. */
json_t *hop_points_json(const struct hop_points *p);
/*
 * From the counts: sets "hop" (an object, or null and "why") in out. control: size of the frames
 * that should pass, 0 when there are none; sent: how many of size left. trouble: why nothing was
 * counted, or NULL. Pure.
 */
void hop_points_judge(const struct hop_points *p, long long control, long long size, long long sent,
		      const char *trouble, json_t *out);

#endif
