/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults that somebody asked for and that are in force: what they are called, what they hold, how
 * they are undone. Words: fault_spec.h. What is dead without anybody having asked: fault.h.
 */
#ifndef OVNBED_LAB_FAULT_LIST_H
#define OVNBED_LAB_FAULT_LIST_H

#include "lab/apiserver.h"
#include "lab/lab.h"

enum fault_state {
	FAULT_WAITING, /* for the time that its "after" says */
	FAULT_APPLYING,
	FAULT_ACTIVE,
	FAULT_HEALING,
	FAULT_FAILED, /* it waited and could then not be applied: problem says why */
	FAULT_GONE,   /* refused, or undone; freed after the callback */
};

struct fault;
/* e is NULL when the fault is in force, or healed. f is borrowed. */
typedef void (*fault_fn)(void *arg, const struct fault *f, const struct err *e);

/* How a kind of fault comes and goes. */
struct fault_ops {
	const char *kind; /* of the spec */
	/*
	 * 0: done. FAULT_LATER: fault_finished() tells. Negative with e set: nothing has changed.
	 * apply may fill saved (what undo needs) and machines.
	 */
	int (*apply)(struct fault *f, struct err *e);
	int (*undo)(struct fault *f, struct err *e);
	/* Tells whether the spec is one for these ops; NULL: every one of the kind. */
	bool (*takes)(const json_t *spec);
};
#define FAULT_LATER 1

struct fault {
	struct lab *lab;
	const struct fault_ops *ops;
	char *name;
	json_t *spec, *claims;
	json_t *saved;	  /* object */
	json_t *machines; /* that it touches, as the fabric names them: array */
	enum fault_state state;
	sd_event_source *timer; /* of "after", then of "for" */
	size_t waiting;		/* answers that ops wait for */
	char *problem;		/* first of them, or why it could not be undone; NULL */
	fault_fn done;
	void *arg;
	struct fault *next;
};

/*
 * Applies a parsed spec (fault_spec_parse(), borrowed). fn is called once, now or later (with
 * "after": now, whatever becomes of it), unless this returns negative: -EBUSY for a conflict with an active fault or name, -ENOENT for machines,
 * NICs and networks that are not there, -EOPNOTSUPP when the kernel cannot (named).
 */
int fault_add(struct lab *lab, const json_t *spec, fault_fn fn, void *arg, struct err *e);
/*
 * Undoes a fault; as above. -EBUSY while it is being applied or healed; -ECANCELED for one that came
 * to nothing, which is forgotten thereby. One that waits will not be applied.
 */
int fault_heal(struct fault *f, fault_fn fn, void *arg, struct err *e);
/* By name; NULL with -ENOENT, naming those that there are. */
struct fault *fault_find(struct lab *lab, const char *name, struct err *e);
/* The active fault that a spec with "undo" undoes, or NULL. */
struct fault *fault_undone_by(struct lab *lab, const json_t *spec);
/* For ops: the answer to FAULT_LATER. e NULL: well. */
void fault_finished(struct fault *f, const struct err *e);
/* A node has died: faults that wait for it go on. */
void faults_node_died(struct lab *lab, const char *node);

/* [{"name","kind","state":"active"|"waiting"|"applying"|"healing"|"failed","text","machines",…members of the spec,
 * "problem"?}]; new reference. */
json_t *faults_json(const struct lab *lab);
/*
 * "link-down-1 (link-down worker-a:eth1), …": the active faults that touch the machine of one of the
 * endpoints (array of canonical names), or NULL. A fault of the control plane touches all. Caller
 * frees.
 */
char *faults_touching(struct lab *lab, const json_t *endpoints);
/*
 * Adds to the reason of every verdict in a measurement's result that is not pass which active faults
 * touch the machines of its endpoints. names: of all endpoints, as for fault_mark().
 */
void faults_mention(struct lab *lab, json_t *result, const json_t *names);

/* Tables: fault_fabric.c, fault_nic.c, fault_node.c; kind NULL ends. */
extern const struct fault_ops fault_fabric_ops[];
extern const struct fault_ops fault_nic_ops[];
extern const struct fault_ops fault_node_ops[];

/* POST, GET, DELETE …/faults and DELETE …/faults/NAME (fault_verbs.c); arg is the lab. */
void verb_fault_post(void *arg, struct api_call *call);
void verb_fault_list(void *arg, struct api_call *call);
void verb_fault_delete(void *arg, struct api_call *call);

#endif
