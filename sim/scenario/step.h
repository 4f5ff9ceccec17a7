/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs of scenario steps: a const table; adding one is one function and one line. */
#ifndef OVNBED_SCENARIO_STEP_H
#define OVNBED_SCENARIO_STEP_H

#include "base/buf.h"
#include "probe/frames.h"
#include "scenario/scenario.h"

struct client;
struct kind;
struct lab_paths;
struct step_capture;

/* What a verb, a check or a scenario came to. Worse ones are larger. */
enum outcome {
	OUTCOME_PASS,
	OUTCOME_SKIP,	     /* the machine lacks a capability, named in the reason */
	OUTCOME_UNSUPPORTED, /* this OVN or datapath cannot */
	OUTCOME_XFAIL,	     /* failed as a known upstream deviation does */
	OUTCOME_XPASS,	     /* was expected to fail and did not */
	OUTCOME_FAIL,
	OUTCOME_ERROR, /* no statement possible: harness, infrastructure, bad scenario */
};
const char *outcome_name(enum outcome o);

struct step_ctx {
	const struct scenario *scenario;
	const json_t *step; /* the whole mapping */
	struct client *client;
	const struct lab_paths *paths;
	const json_t *checks; /* results of the checks that are done */
	const char *zones;    /* of the run: "interconnect" or "central" */
	uint64_t timeout;     /* of waiting, microseconds */
	json_t *heal;	      /* array: faults that end with the step */
	const char *nonce;    /* of all packets that the step sends; NULL: each verb has its own */
	struct step_capture *capture; /* running or ended (step_capture.h), or NULL */
	const char *dir;	      /* run directory of the scenario */
	const char *seed;	      /* of generated suites, when the user gave one; or NULL */
	json_t *parts;		      /* array: checks that a verb reports beside its own */
	char *summary;	    /* one line for people, whatever the outcome; owned; or NULL */
	json_t *details;    /* array: what was measured, for the report (cells, refusals, …) */
	struct buf why;	    /* one sentence a finding; first line is the failure message */
	bool want_evidence; /* set by a verb whose failure is worth traces */
	json_t *pairs;	    /* [{from,to,proto,port,family}] that failed, for the evidence */
};
/* Adds a sentence to ctx->why and returns o. */
enum outcome step_say(struct step_ctx *c, enum outcome o, const char *fmt, ...) PRINTF(3, 4);

struct step_verb {
	const char *name;
	/* Checks the parameter; findings under path. */
	void (*check)(const struct scenario *s, const json_t *param, const char *path,
		      struct diags *d);
	enum outcome (*run)(struct step_ctx *c, const json_t *param);
	bool modifier;	      /* only changes how another verb is judged (refused) */
	const char *provokes; /* regex of daemon log lines that the verb itself causes, or NULL */
};
/* In order of execution within a step; name NULL ends. */
extern const struct step_verb step_verbs[];
const struct step_verb *step_verb_find(const char *name);

/* Checks of parameters, for the tables: each adds findings under path. */
void step_check_files(const struct scenario *s, const json_t *v, const char *path, struct diags *d);
void step_check_refs(const struct scenario *s, const json_t *v, const char *path, struct diags *d);
/* A POSIX extended regular expression. */
void step_check_regex(const json_t *v, const char *path, struct diags *d);
/* keys: NULL-terminated names that v may have; those with a trailing '!' must be there. */
void step_check_keys(const json_t *v, const char *path, const char *const *keys, struct diags *d);
/* Posts to /apis/ovnbed.io/v1alpha1/VERB; reply in *ret (new reference) whatever the status. Returns
 * the HTTP status or -errno with e set. */
int step_post(struct step_ctx *c, const char *verb, json_t *body, json_t **ret, struct err *e);
/* A step that is one post and nothing to judge: error when it is refused. body is stolen. */
enum outcome step_simple(struct step_ctx *c, const char *verb, json_t *body);
/* GET path; as above. */
int step_get(struct client *client, const char *path, json_t **ret, struct err *e);
/* Stores one object as `ovnbed apply` does; a refusal is a Status (new reference), not an error. */
int step_apply_object(struct step_ctx *c, const struct kind *k, const json_t *obj,
		      json_t **ret_refusal, struct err *e);
/* The member `part` of what an earlier check measured, borrowed, or NULL. */
const json_t *step_earlier(const struct step_ctx *c, const char *id, const char *part);
/* A parameter that may be one or a list, as a list; empty for NULL. New reference. */
json_t *step_as_list(const json_t *v);
/* "30s", "500ms", "2m" or seconds. 0 or -EINVAL. */
int step_duration(const char *text, uint64_t *ret);
#define STEP_SEND_TEXT "icmp, tcp/PORT, udp/PORT, bulk[/PORT], " FRAMES_KINDS_TEXT
/* "tcp/80" → members {"proto":"tcp","port":80} set in cell, "vlan/10" → {"proto":"vlan/10","kind":
 * "vlan/10"} for kinds of frames; false when malformed. */
bool step_parse_send(const char *text, json_t *cell);
/* Takes the cells of raw frames out of cells: those are for the lab's verb `frames`, the others for
 * `probes`. New reference. */
json_t *step_take_frames(json_t *cells);

#endif
