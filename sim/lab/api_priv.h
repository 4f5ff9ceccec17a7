/* SPDX-License-Identifier: Apache-2.0 */
/* Shared between the files of api_request.h. */
#ifndef OVNBED_LAB_API_PRIV_H
#define OVNBED_LAB_API_PRIV_H

#include "api/status.h"
#include "lab/api_request.h"

/* A request on a resource, taken apart. Strings are borrowed from segments and query. */
struct api_target {
	const struct kind *kind;
	const char *ns;	  /* NULL: all namespaces, or a cluster-scoped kind */
	const char *name; /* NULL: the collection */
	const char *sub;  /* "status", or NULL */
	const json_t *query;
};

/* Answers with a Status (stolen) and its own code. */
void api_fail(struct api_response *ret, json_t *status);
/* A parameter of the query, or NULL. */
const char *api_param(const struct api_target *t, const char *name);
/* True for ?name, ?name=true and ?name=1. */
bool api_param_bool(const struct api_target *t, const char *name);

/* Verbs on objects (api_objects.c). */
void api_object_verb(struct store *s, const struct api_request *r, const struct api_target *t,
		     struct api_response *ret);
/* Opens a watch (api_watch.c). */
void api_watch_open(const struct store *s, const struct api_request *r, const struct api_target *t,
		    struct api_response *ret);
/*
 * Label and field selectors of the query; NULL for none. Returns 0, or -EINVAL with ret answered
 * 400. Owned by the caller.
 */
int api_selectors(const struct api_target *t, struct selector **ret_labels,
		  struct field_selector **ret_fields, struct api_response *ret);

#endif
