/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs that send packets share: a call that waits for agents, then for a job of probe/. */
#ifndef OVNBED_LAB_VERB_PROBE_H
#define OVNBED_LAB_VERB_PROBE_H

#include "lab/verbs.h"
#include "probe/probe.h"

struct probe_call;

/* Builds the engine's request from live interfaces (lab/endpoint.h); NULL with e set. */
typedef json_t *(*probe_build_fn)(struct probe_call *j, const json_t *ifaces, struct err *e);
typedef struct probe_job *(*probe_start_fn)(struct probe_hub *h, const json_t *request,
					    probe_done_fn fn, void *arg);

struct probe_call {
	struct lab *lab;
	struct api_call *call;
	json_t *request; /* body with canonical endpoint names; owned */
	json_t *names;	 /* of all endpoints; owned */
	struct probe_job *running;
	probe_build_fn build;
	probe_start_fn start;
	json_t *infra; /* cells without an agent: answered, not tried; owned */
	bool cancelled;
};

/*
 * Canonicalises o[key] in place and adds it to names. An endpoint whose node is dead is accepted: it
 * is found out later, as INFRA.
 */
int probe_call_endpoint(struct lab *lab, json_t *o, const char *key, json_t *names, struct err *e);
/* As endpoint_check(), but what does not run because its node is dead is accepted likewise. */
int probe_call_check(struct lab *lab, const char *name, struct err *e);
/* Answers the call by what start(build(request)) comes to. request is stolen. */
void probe_call_begin(struct lab *lab, struct api_call *call, json_t *request, const json_t *names,
		      probe_build_fn build, probe_start_fn start);

/* First global address of a family of an interface of endpoints_ask(), or NULL. Borrowed. */
const char *probe_call_address(const json_t *iface, int family);
/* Families to try: the wanted one, else those that both ends have, else IPv4. Returns their number. */
size_t probe_call_families(const json_t *from, const json_t *to, long long wanted, int out[2]);

#endif
