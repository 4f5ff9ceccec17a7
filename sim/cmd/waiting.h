/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting until an object is as somebody wants it. */
#ifndef OVNBED_CMD_WAITING_H
#define OVNBED_CMD_WAITING_H

#include "cmd/objects.h"
#include "lab/client.h"

enum goal_type { GOAL_CONDITION, GOAL_FIELD, GOAL_DELETE, GOAL_CREATE };
struct goal {
	enum goal_type type;
	char *what;  /* condition's type, or JSON path as written */
	char *value; /* condition's status; field's text, NULL: any value */
};

/*
 * "condition=Ready", "condition=Ready=False", "jsonpath={.status.phase}=Running", "delete",
 * "create". Returns 0 or -EINVAL.
 */
int goal_parse(const char *text, struct goal *ret, struct err *e);
/* What `wait` and `apply --wait` mean by ready for this kind: a VM's agent is connected, a Pod is
 * Ready. */
void goal_default(const struct kind *k, struct goal *ret);
void goal_free(struct goal *g);
#define _cleanup_goal_ _cleanup_(goal_free)
/* "condition Ready"; caller frees. */
char *goal_text(const struct goal *g);
/* obj NULL: there is none. */
bool goal_met(const struct goal *g, const json_t *obj);

/*
 * The value at a JSON path of kubectl's form, "{.a.b[0]['c.d']}" (braces optional): borrowed, NULL
 * when absent or when the path is malformed.
 */
json_t *jsonpath_get(const json_t *obj, const char *path);

/*
 * Waits until the object meets the goal, at the latest until deadline (mono_usec()). *ret_last (new
 * reference, may be NULL): the object as last seen. Returns 0, -ETIMEDOUT, or another negative
 * value; e is set.
 */
int wait_until(struct client *c, const struct obj_ref *r, const struct goal *g, uint64_t deadline,
	       json_t **ret_last, struct err *e);
/* What stands in the way, on stderr: conditions that are not True and the last events. */
void wait_explain(struct client *c, const json_t *obj);

/* The Events about an object, oldest first: new array. */
json_t *events_about(struct client *c, const json_t *obj, struct err *e);
/* What obj controls, directly or not: a VM's instance and its Pods. New array, owners first. */
json_t *objects_owned(struct client *c, const json_t *obj);

#endif
