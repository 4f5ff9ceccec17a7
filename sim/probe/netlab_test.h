/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks of namespaces with traffic agents in them, for system tests. Needs root and ip(8). */
#ifndef OVNBED_PROBE_NETLAB_TEST_H
#define OVNBED_PROBE_NETLAB_TEST_H

#include "probe/probe.h"

#ifndef NETLAB_MAX
#define NETLAB_MAX 16
#endif

struct netlab {
	sd_event *ev;
	struct probe_hub *hub;
	char *dir, *agent;
	struct {
		char name[16];
		pid_t pid;
		bool has_agent;
	} ns[NETLAB_MAX];
	pid_t forwarder;
};

/* False, with the reason on stderr, when this machine cannot run such tests. */
bool netlab_new(struct netlab *lab);
void netlab_free(struct netlab *lab);
/* A namespace; with an agent it is also an endpoint of the hub by that name. */
void netlab_ns(struct netlab *lab, const char *name, bool agent);
/* Runs `ip ARGS` (split at blanks) in a namespace; false and a message when it fails. */
bool netlab_ip(struct netlab *lab, const char *ns, const char *fmt, ...) PRINTF(3, 4);
/* Lets a namespace route. */
void netlab_router(struct netlab *lab, const char *ns);
/* A veth pair, both ends up. */
void netlab_link(struct netlab *lab, const char *ns1, const char *if1, const char *ns2,
		 const char *if2);
/* Copies frames between two interfaces through packet sockets, as a userspace datapath does: what a
 * sender left to checksum hardware stays undone. */
void netlab_forward(struct netlab *lab, const char *ns, const char *if1, const char *if2);
/* Kills a namespace's agent; netlab_revive() starts another one in the same namespace. */
void netlab_kill(struct netlab *lab, const char *name);
void netlab_revive(struct netlab *lab, const char *name);
/* Waits until all agents are connected. */
bool netlab_ready(struct netlab *lab);

typedef struct probe_job *(*netlab_start_fn)(struct probe_hub *h, const json_t *request,
					     probe_done_fn fn, void *arg);
/* Runs a job (request as JSON text) to its end. New reference; {} when it failed. */
json_t *netlab_run(struct netlab *lab, netlab_start_fn start, const char *request);
/* One call to an agent. New reference; {"error": …} when it failed. */
json_t *netlab_call(struct netlab *lab, const char *name, const char *method, const char *params);

#endif
