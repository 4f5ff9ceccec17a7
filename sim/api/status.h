/* SPDX-License-Identifier: Apache-2.0 */
/* Kubernetes `Status` objects: how the API says no. */
#ifndef OVNBED_API_STATUS_H
#define OVNBED_API_STATUS_H

#include "api/kind.h"

/*
 * {kind: Status, apiVersion: v1, metadata: {}, status: Failure, message, reason, details, code}.
 * The reason follows from the code (400 BadRequest, 401 Unauthorized, 403 Forbidden, 404 NotFound,
 * 405 MethodNotAllowed, 406 NotAcceptable, 409 Conflict, 410 Expired, 413 RequestEntityTooLarge,
 * 415 UnsupportedMediaType, 422 Invalid, 500 InternalError, 503 ServiceUnavailable, 504 Timeout).
 * New reference, as from all functions here.
 */
json_t *status_failure(int code, const char *fmt, ...) PRINTF(2, 3);
/* With details {name, group, kind: plural}; name may be NULL. */
json_t *status_failure_for(const struct kind *k, const char *name, int code, const char *fmt, ...)
	PRINTF(4, 5);

/* 404: `virtualmachines.kubevirt.io "vm-a" not found`. */
json_t *status_not_found(const struct kind *k, const char *name);
/* 409 AlreadyExists: `pods "p" already exists`. */
json_t *status_already_exists(const struct kind *k, const char *name);
/* 409 Conflict: the object has been modified since it was read. */
json_t *status_conflict(const struct kind *k, const char *name);
/* 410 Expired: a watch's resourceVersion has left the event log. */
json_t *status_expired(const char *rv, const char *oldest);
/* 403 Forbidden: `pods "p" is forbidden: WHY`. */
json_t *status_forbidden(const struct kind *k, const char *name, const char *why);
/*
 * 422 Invalid from the errors of d: `Pod "p" is invalid: FIELD: MESSAGE` ("[a, b]" for several) and
 * details.causes[] {reason, message, field}; rule and hint are kept as extra members of a cause.
 */
json_t *status_invalid(const struct kind *k, const char *name, const struct diags *d);
/* Success, as delete answers: details {name, group, kind, uid}. */
json_t *status_success(const struct kind *k, const json_t *obj);

/* True for a failure Status (not for any other object). */
bool status_is_failure(const json_t *obj);
int status_code(const json_t *status);		  /* 0 when absent */
const char *status_message(const json_t *status); /* borrowed, never NULL */
const char *status_reason(const json_t *status);  /* borrowed, never NULL */
/*
 * The reverse, for clients: one DIAG_ERROR a cause, or one for the whole message when there are no
 * causes. object (may be NULL) becomes their object.
 */
void status_to_diags(const json_t *status, const char *object, struct diags *d);
/* -errno for code: 404 -ENOENT, 409 -EEXIST or -EAGAIN (Conflict), 410 -ESTALE, 4xx -EINVAL, else
 * -EIO. */
int status_errno(const json_t *status);

/* "spec.networks.0.name" -> "spec.networks[0].name", and back. Caller frees. */
char *status_field(const char *path);
char *status_path(const char *field);

#endif
