/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: a real node under a supervisor that is the test, in namespaces of its own. Needs root
 * and the programs; otherwise a test says so and is skipped.
 */
#ifndef OVNBED_AGENT_RIG_H
#define OVNBED_AGENT_RIG_H

#include "test/test.h"

#include "base/jrpc.h"
#include "sys/link.h"
#include "sys/proc.h"

#define NODE_IP "172.31.0.11"
#define WAIT_US (20 * USEC_PER_SEC)

struct rig {
	char dir[40]; /* run, state and programs of this lab */
	char *run, *state, *prefix;
	sd_event *ev;
	struct reaper *reaper;
	struct link_ctx *net;
	struct jrpc *rpc;
	pid_t agent;
	json_t *status; /* the agent's last */
	json_t *pods;
	int gen;
	int nics; /* eth1, eth2 … besides eth0 */
	bool answered, ended;
	json_t *answer, *refusal; /* of the last question */
	char *wrong;		  /* first failure, or NULL */
};

/* Notes a failure; false. */
#define RIG_BAD(r, ...)                                      \
	({                                                   \
		if (!(r)->wrong)                             \
			(r)->wrong = xasprintf(__VA_ARGS__); \
		false;                                       \
	})

/* Runs a test in namespaces of its own and reports its failure under name. */
void rig_run(const char *name, void (*scenario)(struct rig *r));
/* The agent with its NICs, and the same started. */
bool rig_up(struct rig *r);
bool rig_start(struct rig *r);
/* NIC number n (eth0, eth1 …) on a cable of its own, "cableN" in r->net. */
bool rig_plug(struct rig *r, int n);
/* Asks and waits; the answer (borrowed), or NULL with r->refusal set. params is stolen. */
json_t *rig_ask(struct rig *r, const char *method, json_t *params);
json_t *rig_daemon(struct rig *r, const char *name, const char *action);
/* The member of a list whose key has that value, or NULL. */
const json_t *rig_row(const json_t *list, const char *key, const char *value);
bool rig_wait(struct rig *r, bool (*fn)(struct rig *r), const char *what);
/* Output of a shell inside the node, as a user would have it. Caller frees. */
char *rig_shell(struct rig *r, const char *command);
bool rig_says(struct rig *r, const char *command, const char *want);

#endif
