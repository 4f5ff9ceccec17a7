/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the store share. */
#ifndef OVNBED_API_STORE_PRIV_H
#define OVNBED_API_STORE_PRIV_H

#include "api/store.h"

/* Objects of one kind, sorted by namespace, name. */
struct store_set {
	json_t **v;
	size_t n, cap;
};

/* One change: an entry of the watch log, and of the queue to the listeners. */
struct store_entry {
	long long rv;
	enum store_change change;
	const struct kind *kind;
	json_t *obj, *old; /* owned; old may be NULL */
};

struct store_hook {
	const struct kind *kind; /* NULL: all */
	store_admission_fn *fn;
	void *arg;
};

struct store_listener {
	store_listener_fn *fn; /* NULL: removed during delivery */
	void *arg;
};

struct store {
	struct store_config config;
	struct store_set *sets; /* parallel to kind_table */
	size_t n_sets;
	long long rv;

	struct store_entry *log; /* ring of config.log_size */
	size_t log_head, log_n;	 /* oldest entry, number of entries */
	long long log_floor;	 /* rv of the newest change that is no longer in the log */

	struct store_entry *queue; /* changes not yet delivered */
	size_t queue_n, queue_cap;
	bool delivering;

	struct store_hook *mutators, *validators;
	size_t n_mutators, n_validators;
	struct store_listener *listeners;
	size_t n_listeners;

	json_t *counters; /* how often a key got a uid, a prefix a suffix */
};

/* store.c */
struct store_set *store_set_of(const struct store *s, const struct kind *k);
/* Position of (ns, name), or where it would be inserted. */
size_t store_search(const struct store_set *set, const char *ns, const char *name, bool *ret_found);
/*
 * Makes a change: obj (stolen) gets the next resourceVersion and becomes visible, or disappears on
 * STORE_DELETED. Returns the tree that was stored, borrowed.
 */
json_t *store_commit(struct store *s, const struct kind *k, enum store_change c, json_t *obj);
/* Tells listeners; a no-op while a delivery is under way. The last act of every public write. */
void store_deliver(struct store *s);
/* A copy of obj whose metadata may be changed and members replaced; the rest is shared. */
json_t *store_shallow(const json_t *obj);
/* ns for a kind: "" when cluster-scoped, "default" for none. */
const char *store_scope(const struct kind *k, const char *ns);

/* store_gc.c: trees returned are borrowed; the queue holds them until store_deliver(). */
/* Removes an object that nothing holds any more, then what depended on it. */
json_t *store_remove(struct store *s, const struct kind *k, json_t *obj, bool orphan);
/* Asks for deletion: removes, or marks when finalizers (or a namespace's content) hold the object.
 */
json_t *store_request_delete(struct store *s, const struct kind *k, json_t *obj, bool orphan);
/* Removes a namespace that is being deleted and has become empty. */
void store_finish_namespace(struct store *s, const char *ns);
/* After an update: removes obj (stored) when it is being deleted and nothing holds it. */
void store_finish_delete(struct store *s, const struct kind *k, json_t *obj);

/* store_admit.c */
/* Before admission: draws a name for generateName. */
void store_stamp_name(struct store *s, const struct kind *k, json_t *obj, bool dry_run);
/* After it: uid, time, generation, first status. */
void store_stamp_new(struct store *s, const struct kind *k, json_t *obj, bool dry_run);
/*
 * Runs the whole of admission on obj, in place. NULL when accepted, else a Status (new reference).
 * Findings that do not refuse go to o->findings.
 */
json_t *store_admit(struct store *s, enum store_op op, const struct kind *k, json_t *obj,
		    const json_t *old, const struct store_opts *o);

#endif
