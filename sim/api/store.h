/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object store: Kubernetes verbs on an in-memory set of objects, with a bounded event log for
 * watches. Single-threaded; no I/O.
 *
 * Stored trees are never changed: a write replaces the tree. Every json_t returned here is a new
 * reference to a shared tree: read it, json_decref() it, json_deep_copy() before changing it.
 *
 * Verbs return the object, or NULL with *ret_status set to a Kubernetes Status (new reference).
 * ret_status may be NULL. A write that changes nothing succeeds, keeps resourceVersion and makes no
 * event.
 */
#ifndef OVNBED_API_STORE_H
#define OVNBED_API_STORE_H

#include "api/kind.h"
#include "api/patch.h"
#include "api/selector.h"

struct store;

struct store_config {
	int64_t (*now)(void *arg); /* seconds since the epoch; NULL: always 0 */
	void *now_arg;
	uint64_t seed;	   /* of uids and generated names */
	size_t log_size;   /* changes kept for watches; 0: 4096 */
	size_t max_events; /* Event objects kept, oldest dropped; 0: 2048 */
};

/* A store with the namespaces default and kube-system. */
struct store *store_new(const struct store_config *c);
void store_free(struct store *s);
static inline void store_freep_(struct store **s)
{
	store_free(*s);
}
#define _cleanup_store_ _cleanup_(store_freep_)

/* ---- admission ---- */

enum store_op { STORE_CREATE, STORE_UPDATE, STORE_DELETE };

/*
 * Called before an object is stored. Mutators may change obj; validators only add findings. old is
 * NULL on create; obj is NULL on delete. Errors in d refuse the write with 422; warnings go to
 * store_opts.findings. Not called for status writes, nor when obj equals old. Must not write to the
 * store. Mutators run before defaults and validation of the kind, validators after; each in order
 * of registration. kind NULL: all kinds.
 */
typedef void store_admission_fn(void *arg, struct store *s, enum store_op op, const struct kind *k,
				json_t *obj, const json_t *old, struct diags *d);
void store_add_mutator(struct store *s, const struct kind *k, store_admission_fn *fn, void *arg);
void store_add_admission(struct store *s, const struct kind *k, store_admission_fn *fn, void *arg);

/* ---- changes ---- */

enum store_change { STORE_ADDED, STORE_MODIFIED, STORE_DELETED };
const char *store_change_name(enum store_change c); /* "ADDED" … */

/*
 * Called after each change, in order of resourceVersion, never nested: changes that a listener
 * makes are delivered after the current one has reached all listeners, before the outermost verb
 * returns. obj: the new tree (on STORE_DELETED the last one, with the resourceVersion of the
 * deletion); old: the previous one or NULL.
 */
typedef void store_listener_fn(void *arg, enum store_change c, const struct kind *k, json_t *obj,
			       json_t *old);
void store_add_listener(struct store *s, store_listener_fn *fn, void *arg);
void store_del_listener(struct store *s, store_listener_fn *fn, void *arg);

/* ---- verbs ---- */

struct store_opts {
	bool dry_run;		   /* everything but the storing */
	enum kind_unknown unknown; /* fieldValidation= */
	struct diags *findings;	   /* warnings and notes of admission; may be NULL */
	const char *precondition_uid, *precondition_rv; /* delete; NULL: none */
	bool orphan; /* delete: dependents stay, their owner reference is dropped */
};

/*
 * obj is borrowed and copied. Any served version. generateName is honoured. A missing namespace on
 * a namespaced kind is "default". Errors: 404 namespace missing, 403 namespace terminating, 409
 * AlreadyExists, 422 Invalid, 400 unknown kind. opts may be NULL in all verbs.
 */
json_t *store_create(struct store *s, const json_t *obj, const struct store_opts *o,
		     json_t **ret_status);
/* ns is ignored for cluster-scoped kinds. */
json_t *store_get(const struct store *s, const struct kind *k, const char *ns, const char *name,
		  json_t **ret_status);
/* As store_get(), borrowed until the next write to the store, and NULL without a Status. */
json_t *store_peek(const struct store *s, const struct kind *k, const char *ns, const char *name);
/* The object with this uid, borrowed like store_peek(), or NULL. */
json_t *store_peek_uid(const struct store *s, const char *uid);

/* Which objects: ns NULL is all namespaces; selectors may be NULL. */
struct store_query {
	const struct kind *kind;
	const char *ns;
	const char *name; /* exactly this one; NULL: all */
	const struct selector *labels;
	const struct field_selector *fields;
};
bool store_query_match(const struct store_query *q, const json_t *obj);
/* {kind: VirtualMachineList, apiVersion, metadata{resourceVersion}, items[]} sorted by ns, name. */
json_t *store_list(const struct store *s, const struct store_query *q);
/* Calls fn for each match in the same order (on a snapshot: fn may write). Stops when fn returns
 * false. */
void store_each(const struct store *s, const struct store_query *q,
		bool (*fn)(void *arg, json_t *obj), void *arg);
size_t store_count(const struct store *s, const struct store_query *q);

/*
 * Replaces by the object's own kind, namespace, name. With metadata.resourceVersion set it must be
 * the current one (409 Conflict). status is kept from the stored object when the kind has a status
 * subresource.
 */
json_t *store_replace(struct store *s, const json_t *obj, const struct store_opts *o,
		      json_t **ret_status);
/* Replaces only status (and nothing else) from obj. */
json_t *store_replace_status(struct store *s, const json_t *obj, const struct store_opts *o,
			     json_t **ret_status);
/* 415 for a strategic patch of a custom resource, 400 or 422 for one that does not apply. */
json_t *store_patch(struct store *s, const struct kind *k, const char *ns, const char *name,
		    enum patch_type t, const json_t *patch, const struct store_opts *o,
		    json_t **ret_status);
json_t *store_patch_status(struct store *s, const struct kind *k, const char *ns, const char *name,
			   enum patch_type t, const json_t *patch, const struct store_opts *o,
			   json_t **ret_status);
/*
 * With finalizers, sets deletionTimestamp and returns the object; it goes when the last finalizer
 * is removed. Otherwise removes it and returns it. Dependents (ownerReferences) follow, a
 * namespace's content with it.
 */
json_t *store_delete(struct store *s, const struct kind *k, const char *ns, const char *name,
		     const struct store_opts *o, json_t **ret_status);
/* Deletes every match; returns the list of what matched. */
json_t *store_delete_all(struct store *s, const struct store_query *q, const struct store_opts *o,
			 json_t **ret_status);

/* ---- for controllers ---- */

/*
 * Each returns 1 when something changed, 0 when not, -ENOENT when the object is gone, -EINVAL on a
 * refused write. obj names the object (any version of its tree).
 */
/* Sets status as a whole; status is borrowed and copied. */
int store_update_status(struct store *s, const json_t *obj, const json_t *status);
/* Sets one condition, time from the store's clock. */
int store_set_condition(struct store *s, const json_t *obj, const char *type, const char *status,
			const char *reason, const char *message);
/* v NULL removes. */
int store_annotate(struct store *s, const json_t *obj, const char *key, const char *v);
int store_label(struct store *s, const json_t *obj, const char *key, const char *v);
int store_add_finalizer(struct store *s, const json_t *obj, const char *finalizer);
int store_del_finalizer(struct store *s, const json_t *obj, const char *finalizer);

/*
 * Records an Event about obj (in its namespace, else "default"). type is "Normal" or "Warning";
 * source the component. The same (object, type, reason, message, source) again raises count and
 * lastTimestamp.
 */
void store_event(struct store *s, const json_t *obj, const char *type, const char *reason,
		 const char *source, const char *fmt, ...) PRINTF(6, 7);

/* ---- watches ---- */

/* The resourceVersion of the newest change, as a number; metadata.resourceVersion is its decimal.
 */
long long store_rv(const struct store *s);
/*
 * Watch events {"type": …, "object": …} of the query after resourceVersion rv, oldest first. rv
 * NULL,
 * "" or "0": an ADDED for every match that exists now. A selector's matches come and go as ADDED
 * and DELETED, as in Kubernetes. NULL with 410 Expired when rv has left the log, 400 when it is no
 * number.
 */
json_t *store_events_since(const struct store *s, const struct store_query *q, const char *rv,
			   json_t **ret_status);
/*
 * What a change means to a watcher of q: false when nothing, else *ret is the type to send. For
 * listeners that feed watches.
 */
bool store_query_change(const struct store_query *q, enum store_change c, const struct kind *k,
			const json_t *obj, const json_t *old, enum store_change *ret);

/* ---- misc ---- */

int64_t store_now(const struct store *s);
/* A UUID (version 4 in form) that depends only on the seed and the key. */
void store_uuid(const struct store *s, const char *key, char out[static 37]);
/* For table_make(): the store's clock and objects. Valid as long as the store. */
struct table_env store_table_env(const struct store *s);
/* All objects as one v1 List, sorted by kind order, namespace, name. */
json_t *store_dump(const struct store *s);

#endif
