/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"
#include "api/meta.h"

static const char *const versions[] = {"v1", NULL};
static const char *const short_names[] = {"ev", NULL};

static const struct field fields[] = {
	FIELD("involvedObject", OBJECT, .flags = FIELD_REQUIRED),
	FIELD("reason", STRING),
	FIELD("message", STRING),
	FIELD("source", OBJECT),
	FIELD("firstTimestamp", STRING),
	FIELD("lastTimestamp", STRING),
	FIELD("eventTime", STRING),
	FIELD("count", INT),
	FIELD("type", STRING),
	FIELD("action", STRING),
	FIELD("series", OBJECT),
	FIELD("related", OBJECT),
	FIELD("reportingComponent", STRING),
	FIELD("reportingInstance", STRING),
	FIELDS_END,
};

static json_t *cell_object(const json_t *obj, const struct table_env *env UNUSED)
{
	_cleanup_free_ char *kind = xstrdup(jstr(obj, "involvedObject.kind", ""));

	for (char *p = kind; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	return jstringf("%s/%s", kind, jstr(obj, "involvedObject.name", ""));
}

static json_t *cell_last_seen(const json_t *obj, const struct table_env *env)
{
	int64_t t = meta_parse_time(
		jstr(obj, "lastTimestamp", jstr(obj, "metadata.creationTimestamp", "")));
	_cleanup_free_ char *age = t < 0 ? NULL : meta_age(env->now - t);

	return age ? jstring(age) : NULL;
}

/* kubectl shows the message and not the name. */
static const struct column columns[] = {
	COLUMN("Last Seen", "string", "Time since the event was last seen.",
	       .cell = cell_last_seen),
	COLUMN("Type", "string", "Normal or Warning.", .path = "type"),
	COLUMN("Reason", "string", "Short, machine-readable reason.", .path = "reason"),
	COLUMN("Object", "string", "What the event is about.", .cell = cell_object),
	COLUMN("Source", "string", "Component that reported it.", .priority = 1,
	       .path = "source.component"),
	COLUMN("Message", "string", "Description.", .path = "message"),
	COLUMN("First Seen", "date", "Time since the event was first seen.", .priority = 1,
	       .path = "firstTimestamp"),
	COLUMN("Count", "integer", "How many times it was seen.", .priority = 1, .path = "count"),
	COLUMN("Name", "string", "Name of the event.", .priority = 1, .path = "metadata.name"),
	COLUMNS_END,
};

static void validate(const json_t *obj, const json_t *old UNUSED, struct diags *d)
{
	const char *ns = jstr(obj, "involvedObject.namespace", "");

	/* kubernetes: pkg/apis/core/validation/events.go */
	if (*ns ? !streq(ns, meta_ns(obj)) : !streq(meta_ns(obj), "default"))
		diags_add(d, DIAG_ERROR, NULL, "involvedObject.namespace",
			  "Invalid value: \"%s\": does not match event.namespace", ns);
}

const struct kind kind_event = {
	.group = "",
	.versions = versions,
	.kind = "Event",
	.plural = "events",
	.singular = "event",
	.short_names = short_names,
	.namespaced = true,
	.builtin = true,
	.fields = fields,
	.columns = columns,
	.validate_fn = validate,
};
