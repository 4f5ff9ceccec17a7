/* SPDX-License-Identifier: Apache-2.0 */
/* The traffic agent: channels to the engine, requests, and the state that methods share. */
#ifndef OVNBED_PROBE_GUEST_AGENT_H
#define OVNBED_PROBE_GUEST_AGENT_H

#include "base/json.h"
#include "probe/guest/evl.h"
#include "probe/guest/nl.h"
#include "probe/proto.h"

struct chan;
struct server;
struct sniffer;
struct raised;
struct dhcp_server;
struct group;
struct stream;

struct agent {
	struct evl *evl;
	struct nl *nl;
	char boot[17]; /* nonce of this start */
	struct chan *chans;
	struct server *server;
	struct sniffer *sniffers;
	struct raised *raised; /* interfaces whose MTU is raised for the time of a search */
	struct dhcp_server *dhcp;
	struct group *groups;
	struct stream *streams;
	bool quit;
};

/* A request that is answered later. */
struct req {
	struct req *next;
	struct agent *ag;
	struct chan *chan; /* NULL: the asker is gone */
	json_t *id;
	void (*cancel)(void *arg); /* the asker is gone: stop and free; do not answer */
	void *arg;
};

/* Both answer and free the request. result is stolen. */
void req_ok(struct req *r, json_t *result);
void req_fail(struct req *r, const struct err *e);

struct method {
	const char *name;
	/* Answers at once: *ret is a new reference (NULL: {}). */
	int (*now)(struct agent *ag, const json_t *params, json_t **ret, struct err *e);
	/* Or takes the request over. */
	void (*later)(struct req *r, const json_t *params);
};
/* The end of each table is marked by a NULL name. */
extern const struct method iface_methods[], neigh_methods[], server_methods[], run_methods[],
	mtu_methods[], sniff_methods[], l2_methods[], resolve_methods[], soak_methods[],
	dhcp_methods[], group_methods[], stream_methods[];

/* Channels. Each is freed when its peer is gone, except ports, which stay. */
int chan_listen(struct agent *ag, const char *path, struct err *e);
/* The same on a socket that listens already, and does not block; taken over. */
int chan_listener(struct agent *ag, int fd, struct err *e);
void chan_stdio(struct agent *ag);
/* Waits for the device to appear, however long that takes. */
void chan_port(struct agent *ag, const char *path);
/* Frees channels that died in this round. */
void chan_sweep(struct agent *ag);
void chan_free_all(struct agent *ag);

/* The method of that name, or NULL. */
const struct method *method_find(const char *name);
/* The hello result. New reference. */
json_t *agent_hello(struct agent *ag);

/* Puts back every raised MTU; at the end of the agent. */
void mtu_restore_all(struct agent *ag);
void sniff_free_all(struct agent *ag);
void dhcp_free_all(struct agent *ag);
void group_free_all(struct agent *ag);
void stream_free_all(struct agent *ag);
void server_free(struct server *s);
/* The identity given with listen, "" before. */
const char *server_identity(const struct server *s);

#endif
