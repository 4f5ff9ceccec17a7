/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the probe engine share: the hub's inside, and jobs made of phases of calls. */
#ifndef OVNBED_PROBE_HUB_H
#define OVNBED_PROBE_HUB_H

#include "base/jrpc.h"
#include "probe/probe.h"

struct endpoint;
struct call;

struct probe_hub {
	sd_event *ev;
	struct endpoint *endpoints;
	struct call *calls; /* sent or about to fail */
	struct probe_job *jobs;
	hub_state_fn state_fn;
	void *state_arg;
};

/*
 * A job runs in phases: each issues calls with job_call(); when all are answered, step() starts the
 * next. step() ends the job with job_done() or job_fail(), and does neither as long as it has calls
 * pending. A phase without calls is followed by the next one at once.
 */
struct probe_job {
	struct probe_job *next;
	struct probe_hub *hub;
	probe_done_fn done;
	void *arg;
	void (*step)(struct probe_job *job);
	void (*destroy)(struct probe_job *job); /* frees what the job's owner holds, not the job */
	sd_event_source *defer, *wait;
	int phase;   /* counts the steps taken */
	int pending; /* calls */
	bool over;   /* its callback ran or is not wanted */
	uint64_t started;
};

typedef void (*job_reply_fn)(struct probe_job *job, void *tag, const json_t *result,
			     const struct err *e);

/* Begins a job; job is the first member of the owner's structure, zeroed. The first step comes from
 * the loop. Returns job. */
struct probe_job *job_start(struct probe_job *job, struct probe_hub *h, probe_done_fn done,
			    void *arg, void (*step)(struct probe_job *job),
			    void (*destroy)(struct probe_job *job));
/* params is stolen; tag is the caller's. fn may be NULL. */
void job_call(struct probe_job *job, const char *name, const char *method, json_t *params,
	      uint64_t timeout_us, job_reply_fn fn, void *tag);
/* The phase lasts at least so long: what is on its way may still arrive. Once a phase. */
void job_wait(struct probe_job *job, uint64_t delay_us);
/*
 * What a phase waits for besides calls, such as another job: one job_release() for each job_hold(),
 * from the loop and not when the other ends with ECANCELED, for then the job ends as well.
 */
void job_hold(struct probe_job *job);
void job_release(struct probe_job *job);
/* End the job; result is stolen. Nothing of the job may be touched afterwards. */
void job_done(struct probe_job *job, json_t *result);
void job_fail(struct probe_job *job, const struct err *e);
double job_seconds(const struct probe_job *job);
/* For hub_free(). */
void job_end_all(struct probe_hub *h);
void job_free_all(struct probe_hub *h);

/* ---- endpoints of a job (endpoints.c) ---- */

/* 16 random hex digits. Caller frees. */
char *probe_nonce(void);
/* Address family of text, 4 or 6; 0: no address. */
int probe_family(const char *addr);
/* Adds {proto, port, family} to a list of listener specs, once. */
void probe_add_spec(json_t *specs, const char *proto, long long port, int family);
/* True when an ifaces result has the address. */
bool probe_owns(const json_t *ifaces, const char *addr);
/* The interface entry of an ifaces result, or NULL. */
const json_t *probe_iface(const json_t *ifaces, const char *name);

#endif
