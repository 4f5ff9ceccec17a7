/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stddef.h>
#include <time.h>

#include "api/apply.h"
#include "api/meta.h"
#include "base/yaml.h"
#include "cmd/findings.h"
#include "cmd/session.h"
#include "cmd/verbs.h"
#include "cmd/waiting.h"

struct describe_args {
	const char *lab, *ns, *selector;
	bool all_ns;
};

static const struct opt describe_opts[] = {
	SELECTOR_OPT(struct describe_args),
	NAMESPACE_OPT(struct describe_args),
	ALL_NS_OPT(struct describe_args),
	SESSION_OPT(struct describe_args),
	{0},
};

static void line(const char *name, const char *value)
{
	printf("%-14s%s\n", name, *value ? value : "<none>");
}

static char *age_of(const char *stamp)
{
	int64_t t = meta_parse_time(stamp);

	return t < 0 ? xstrdup("-") : meta_age((int64_t)time(NULL) - t);
}

/* ---- metadata ---- */

static void print_map(const char *title, const json_t *map, const char *separator)
{
	const char *key;
	json_t *v;
	bool first = true;

	json_object_foreach((json_t *)map, key, v) {
		const char *text = json_string_value(v);

		if (streq(key, APPLY_ANNOTATION))
			continue;
		printf("%-14s%s%s%s\n", first ? title : "", key, separator, text ? text : "?");
		first = false;
	}
	if (first)
		line(title, "");
}

static void print_owner(const json_t *obj)
{
	const json_t *owner = meta_controller(obj);
	_cleanup_free_ char *text = NULL;

	if (!owner)
		return;
	text = xasprintf("%s/%s", jstr(owner, "kind", ""), jstr(owner, "name", ""));
	line("Controlled by:", text);
}

static void print_metadata(const json_t *obj)
{
	const char *stamp = jstr(obj, "metadata.creationTimestamp", "");
	_cleanup_free_ char *age = age_of(stamp), *created = xasprintf("%s (%s ago)", stamp, age);
	_cleanup_free_ char *kind =
		xasprintf("%s (%s)", jstr(obj, "kind", ""), jstr(obj, "apiVersion", ""));

	line("Name:", meta_name(obj));
	if (*meta_ns(obj))
		line("Namespace:", meta_ns(obj));
	line("Kind:", kind);
	line("UID:", meta_uid(obj));
	line("Created:", created);
	if (meta_deleting(obj))
		line("Deleting:", jstr(obj, "metadata.deletionTimestamp", ""));
	print_owner(obj);
	print_map("Labels:", jget(obj, "metadata.labels"), "=");
	print_map("Annotations:", jget(obj, "metadata.annotations"), ": ");
}

/* ---- body ---- */

static void print_section(const char *name, const json_t *v)
{
	_cleanup_free_ char *title = xstrdup(name), *text = NULL;
	char *save = NULL;

	if (*title >= 'a' && *title <= 'z')
		*title -= 'a' - 'A';
	if (!json_is_object(v) && !json_is_array(v)) {
		text = json_is_string(v) ? xstrdup(json_string_value(v)) : jtext(v);
		printf("%s: %s\n", title, text);
		return;
	}
	printf("%s:\n", title);
	text = yaml_text(v);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		printf("  %s\n", l);
}

static void print_body(const json_t *obj)
{
	static const char *const shown_elsewhere[] = {"apiVersion", "kind", "metadata"};
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)obj, key, v) {
		_cleanup_json_ json_t *rest = NULL;
		bool skip = false;

		for (size_t i = 0; i < ARRAY_SIZE(shown_elsewhere); i++)
			skip |= streq(key, shown_elsewhere[i]);
		if (skip)
			continue;
		rest = json_copy(v);
		if (streq(key, "status"))
			json_object_del(rest, "conditions");
		if (streq(key, "data") && streq(jstr(obj, "kind", ""), "Secret"))
			printf("Data: %zu entries, not shown\n", json_object_size(rest));
		else if (!json_is_object(rest) || json_object_size(rest))
			print_section(key, rest);
	}
}

static void print_conditions(const json_t *obj)
{
	const json_t *list = jget(obj, "status.conditions");
	json_t *c;
	size_t i;

	if (!json_array_size(list))
		return;
	printf("Conditions:\n  %-28s %-8s %-8s%s\n", "TYPE", "STATUS", "SINCE", "REASON, MESSAGE");
	json_array_foreach(list, i, c) {
		_cleanup_free_ char *age = age_of(jstr(c, "lastTransitionTime", ""));
		const char *reason = jstr(c, "reason", ""), *msg = jstr(c, "message", "");
		_cleanup_free_ char *why =
			xasprintf("%s%s%s", reason, *reason && *msg ? ": " : "", msg);

		printf("  %-28s %-8s %*s%s\n", jstr(c, "type", ""), jstr(c, "status", ""),
		       *why ? -8 : 0, age, why);
	}
}

/* ---- events ---- */

/* The events of obj and of all that it controls. */
static json_t *all_events(struct client *c, const json_t *obj)
{
	_cleanup_json_ json_t *owned = objects_owned(c, obj);
	json_t *events = events_about(c, obj, NULL), *o;
	size_t i;

	if (!events)
		events = json_array();
	json_array_foreach(owned, i, o) {
		_cleanup_json_ json_t *more = events_about(c, o, NULL);

		json_array_extend(events, more);
	}
	return events;
}

static int by_time(const void *a, const void *b)
{
	const json_t *const *x = a, *const *y = b;

	return strcmp(jstr(*x, "lastTimestamp", ""), jstr(*y, "lastTimestamp", ""));
}

static void print_event(const json_t *ev)
{
	_cleanup_free_ char *age = age_of(jstr(ev, "lastTimestamp", ""));
	long long count = jint(ev, "count", 1);
	_cleanup_free_ char *times = count > 1 ? xasprintf(" (%lld times)", count) : xstrdup("");

	printf("  %-7s %-8s %-24s %s/%s: %s%s\n", age, jstr(ev, "type", ""), jstr(ev, "reason", ""),
	       jstr(ev, "involvedObject.kind", ""), jstr(ev, "involvedObject.name", ""),
	       jstr(ev, "message", ""), times);
}

static void print_events(struct client *c, const json_t *obj)
{
	_cleanup_json_ json_t *events = all_events(c, obj);
	size_t n = json_array_size(events);
	_cleanup_free_ json_t **sorted = xcalloc(n + 1, sizeof(*sorted));

	for (size_t i = 0; i < n; i++)
		sorted[i] = json_array_get(events, i);
	qsort(sorted, n, sizeof(*sorted), by_time);
	printf(n ? "Events:\n  LAST    TYPE     REASON                   OBJECT: MESSAGE\n"
		 : "Events: <none>\n");
	for (size_t i = 0; i < n; i++)
		print_event(sorted[i]);
}

/* ---- the verb ---- */

static void describe(struct client *c, const json_t *obj, bool *printed)
{
	if (*printed)
		printf("\n\n");
	*printed = true;
	print_metadata(obj);
	print_body(obj);
	print_conditions(obj);
	print_events(c, obj);
}

static int describe_ref(struct client *c, const struct describe_args *a, const struct obj_ref *r,
			bool *printed)
{
	_cleanup_free_ char *path = obj_path(r, a->selector, NULL);
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *reply = client_call(c, "GET", path, NULL, &e);
	json_t *obj;
	size_t i;

	if (!reply)
		return client_fail(c, &e);
	if (r->name)
		describe(c, reply, printed);
	else
		json_array_foreach(json_object_get(reply, "items"), i, obj)
			describe(c, obj, printed);
	return CMD_OK;
}

static int run(int argc, char **argv)
{
	struct describe_args a = {0};
	_cleanup_session_ struct session s = {0};
	_cleanup_obj_refs_ struct obj_refs refs = OBJ_REFS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	struct operands ops;
	bool printed = false;
	int worst;

	if (opts_parse(&cmd_describe, argc, argv, &a, &ops, &e) < 0)
		return cmd_err(&e);
	if (obj_refs_parse(&ops, a.all_ns ? NULL : a.ns ? a.ns : "default", &refs, &e) < 0)
		return cmd_err(&e);
	worst = session_open(a.lab, &s);
	if (worst != CMD_OK)
		return worst;
	for (size_t i = 0; i < refs.n; i++) {
		int code = describe_ref(s.client, &a, &refs.v[i], &printed);

		worst = MAX(worst, code);
	}
	if (!printed && worst == CMD_OK)
		fprintf(stderr, "no resources found\n");
	return worst;
}

const struct cmd cmd_describe = {
	.name = "describe",
	.args = "KIND[/NAME]…",
	.summary = "Show objects in full, with conditions and events",
	.help = "A VM's events include those of its instance and of the virt-launcher Pod.",
	.run = run,
	.opts = describe_opts,
};
