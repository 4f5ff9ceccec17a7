/* SPDX-License-Identifier: Apache-2.0 */
/* Object metadata, conditions and RFC 3339 times: reading, writing, checking. */
#ifndef OVNBED_API_META_H
#define OVNBED_API_META_H

#include "api/kind.h"

/* metadata members; borrowed. meta_ns(): "" for none; the others "" when absent. */
const char *meta_name(const json_t *obj);
const char *meta_ns(const json_t *obj);
const char *meta_uid(const json_t *obj);
const char *meta_rv(const json_t *obj);
long long meta_generation(const json_t *obj);
/* Value of a label or annotation, or NULL. Borrowed. */
const char *meta_label(const json_t *obj, const char *key);
const char *meta_annotation(const json_t *obj, const char *key);
/* Sets one in place (v NULL removes). For objects that the caller owns, never for stored ones. */
void meta_set_label(json_t *obj, const char *key, const char *v);
void meta_set_annotation(json_t *obj, const char *key, const char *v);
/* "ns/name", or "name" without a namespace. Caller frees. */
char *meta_key(const json_t *obj);
/* "VirtualMachine ns/name": the object member of a diag. Caller frees. */
char *meta_title(const json_t *obj);
/* True once deletion was asked for (finalizers hold the object). */
bool meta_deleting(const json_t *obj);

bool meta_has_finalizer(const json_t *obj, const char *finalizer);
void meta_add_finalizer(json_t *obj, const char *finalizer);
void meta_del_finalizer(json_t *obj, const char *finalizer);

/* The owner reference with controller: true, or NULL. Borrowed. */
json_t *meta_controller(const json_t *obj);
bool meta_owned_by(const json_t *obj, const char *owner_uid);
/* Adds (or replaces) an owner reference to owner with controller and blockOwnerDeletion set. */
void meta_set_controller(json_t *obj, const json_t *owner);

/* A new object {apiVersion, kind, metadata{name, namespace}} of the stored version; ns "" or NULL:
 * none. */
json_t *meta_new(const struct kind *k, const char *ns, const char *name);

/* The condition of that type in status.conditions, or NULL. Borrowed. */
json_t *meta_condition(const json_t *obj, const char *type);
/* Its status: "True", "False" or "Unknown"; "" when there is none. */
const char *meta_condition_status(const json_t *obj, const char *type);
bool meta_condition_true(const json_t *obj, const char *type);
/*
 * Sets a condition in obj's status.conditions, in place; lastTransitionTime (now, seconds since the
 * epoch) moves only when status changes. reason and message may be NULL. Returns true when anything
 * changed.
 */
bool meta_set_condition(json_t *obj, const char *type, const char *status, const char *reason,
			const char *message, int64_t now);
/* The same on a bare status object, for use with store_update_status(). */
bool meta_set_status_condition(json_t *status, const char *type, const char *st, const char *reason,
			       const char *message, int64_t now);
bool meta_del_condition(json_t *obj, const char *type);

/* "2026-11-24T08:00:00Z" of seconds since the epoch. */
void meta_time(int64_t t, char out[static 21]);
/* Seconds since the epoch of an RFC 3339 time (fraction dropped, offset applied), or -1. */
int64_t meta_parse_time(const char *s);
/* "5s", "3m12s", "4h", "2d3h": as kubectl prints ages. Caller frees. */
char *meta_age(int64_t seconds);

/*
 * Checks of one value, in the words of Kubernetes. Each returns NULL when good, else a static text
 * of what is wrong.
 */
const char *meta_check_label_name(const char *s);     /* RFC 1123 label */
const char *meta_check_subdomain(const char *s);      /* RFC 1123 subdomain */
const char *meta_check_qualified_name(const char *s); /* label or annotation key */
const char *meta_check_label_value(const char *s);

/* Checks metadata of an object of kind k: names, scope, labels, annotations, immutability against
 * old. */
void meta_validate(const struct kind *k, const json_t *obj, const json_t *old, struct diags *d);
/* Checks labels and annotations of any metadata object (a template's, say). path: its path. */
void meta_validate_labels(const json_t *metadata, const char *path, struct diags *d);

#endif
