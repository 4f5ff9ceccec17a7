/* SPDX-License-Identifier: Apache-2.0 */
/* From what probes and counters saw to verdicts. */
#include "lab/drops.h"
#include "lab/matrix_priv.h"
#include "lab/verbs.h"
#include "ovnk/names.h"
#include "probe/verdict.h"

static bool expects(const json_t *cell, const char *what)
{
	return streq(jstr(cell, "expect", ""), what);
}

/* "network from>to family" of a cell: the path that a positive control is about. */
static char *path_of(const json_t *cell)
{
	return xasprintf("%s %s>%s %lld", jstr(cell, "network", ""), jstr(cell, "from", ""),
			 jstr(cell, "to", ""), jint(cell, "family", 4));
}

/* {path: true} of the paths on which something that may pass has passed. */
static json_t *open_paths(const json_t *cells)
{
	json_t *out = json_object(), *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		_cleanup_free_ char *path = path_of(cell);

		if (expects(cell, "allowed") && streq(jstr(cell, "outcome", ""), "ALLOWED"))
			json_object_set_new(out, path, json_true());
	}
	return out;
}

/* ---- attribution ---- */

/* The node and ACL that must have dropped what this cell sent, as "node acl"; NULL: none. */
static char *drop_place(struct lab *lab, const json_t *cell, char **ret_node, char **ret_acl)
{
	const char *at = jstr(cell, "at", NULL), *slash = at ? strchr(at, '/') : NULL;
	_cleanup_free_ char *ns = NULL, *endpoint = NULL;

	if (!slash)
		return NULL;
	ns = xstrndup(at, (size_t)(slash - at));
	endpoint = xasprintf("pod/%s", at);
	*ret_node = xstrdup(lab_endpoint_node(lab, endpoint));
	*ret_acl = names_default_deny(jstr(cell, "network", ""), ns,
				      jstr(cell, "direction", "Ingress"));
	return xasprintf("%s %s", *ret_node, *ret_acl);
}

/* {"node acl": packets that all denied cells together must have lost there}. */
static json_t *totals(struct lab *lab, const json_t *cells)
{
	json_t *out = json_object(), *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		_cleanup_free_ char *node = NULL, *acl = NULL;
		_cleanup_free_ char *place = drop_place(lab, cell, &node, &acl);

		if (place)
			json_object_set_new(
				out, place,
				json_integer(json_integer_value(json_object_get(out, place)) +
					     jint(cell, "sent", 0)));
	}
	return out;
}

static void attribute(struct lab *lab, json_t *cell, const json_t *all, const json_t *before,
		      const json_t *after)
{
	_cleanup_free_ char *node = NULL, *acl = NULL;
	_cleanup_free_ char *place = drop_place(lab, cell, &node, &acl);
	const json_t *known;
	long long count;

	if (!place)
		return;
	known = json_object_get(json_object_get(after, "acls"), acl);
	count = drops_delta(before, after, node, acl);
	json_object_set_new(cell, "drops",
			    json_pack("{s:s, s:s, s:s, s:I, s:O?}", "acl",
				      known ? jstr(known, "name", acl) : "no ACL", "id", acl,
				      "node", node, "count", (json_int_t)(count > 0 ? count : 0),
				      "expected", json_object_get(all, place)));
}

/* ---- verdicts ---- */

/*
 * What was sent arrived, the answer did not: the deny of the side that waits for it counted.
 */
static json_t *judge_reply(const json_t *cell)
{
	const char *outcome = jstr(cell, "outcome", "?");
	const json_t *drops = json_object_get(cell, "drops");
	long long count = jint(drops, "count", 0), want = jint(drops, "expected", 0);

	if (streq(outcome, "ALLOWED"))
		return verdict_new("fail", "policy",
				   "answered, although the lone deny should have dropped the "
				   "answer");
	if (!streq(outcome, "TIMEOUT"))
		return verdict_new("error", "path", "%s: %s", outcome, jstr(cell, "detail", ""));
	if (!jint(cell, "received.frames", 0))
		return verdict_new(
			"fail", "policy",
			"nothing arrived at the destination: not only the answer is lost");
	if (count < want)
		return verdict_new(
			"fail", "policy",
			"unattributed: %lld packets waited for answers, the drop counter "
			"of %s rose by %lld",
			want, jstr(drops, "acl", "the ACL"), count);
	return verdict_new("pass", NULL, "arrived, its answer was dropped by %s",
			   jstr(drops, "acl", "the ACL"));
}

static void add_control(json_t *cell, const json_t *paths, const json_t *before)
{
	_cleanup_free_ char *path = path_of(cell);
	const json_t *was = json_object_get(before, jstr(cell, "key", ""));

	if (was)
		json_object_set(cell, "before", (json_t *)(uintptr_t)was);
	if (json_object_get(paths, path))
		jset_str(cell, "control", "ALLOWED");
}

static void judge_cell(json_t *cell)
{
	json_t *v;

	if (streq(jstr(cell, "outcome", ""), "INFRA"))
		return;
	if (expects(cell, "reply-denied"))
		v = judge_reply(cell);
	else if (expects(cell, "denied"))
		v = verdict_cell("denied", cell, NULL);
	else
		return; /* probe_run() has judged it */
	json_object_set_new(cell, "verdict", v);
}

void matrix_judge(struct lab *lab, json_t *cells, const json_t *before, const json_t *drops_before,
		  const json_t *drops_after)
{
	_cleanup_json_ json_t *paths = open_paths(cells), *all = totals(lab, cells);
	json_t *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		if (!expects(cell, "allowed")) {
			attribute(lab, cell, all, drops_before, drops_after);
			add_control(cell, paths, before);
		}
		judge_cell(cell);
	}
}
