/* SPDX-License-Identifier: Apache-2.0 */
#include "api/cells.h"
#include "api/meta.h"
#include "api/pod_spec.h"
#include "api/text.h"

static const char *const versions[] = {"v1", NULL};
static const char *const short_names[] = {"po", NULL};
static const char *const categories[] = {"all", NULL};

static const struct field status_fields[] = {
	FIELD("conditions", LIST_ANY, .merge_key = "type"),
	FIELD("podIPs", LIST_ANY, .merge_key = "ip"),
	FIELDS_END,
};
static const struct field fields[] = {
	FIELD("spec", OBJECT, .flags = FIELD_REQUIRED, .fields = schema_pod_spec),
	FIELD("status", OBJECT, .flags = FIELD_OPEN, .fields = status_fields),
	FIELDS_END,
};

static void default_str(json_t *o, const char *key, const char *v)
{
	if (!json_object_get(o, key))
		json_object_set_new(o, key, jstring(v));
}

static void set_default(json_t *obj)
{
	json_t *spec = json_object_get(obj, "spec");

	default_str(spec, "restartPolicy", "Always");
	if (!json_object_get(spec, "terminationGracePeriodSeconds"))
		json_object_set_new(spec, "terminationGracePeriodSeconds", json_integer(30));
}

static void on_create(json_t *obj)
{
	jset_str(obj, "status.phase", "Pending");
}

static void check_containers(const json_t *spec, const char *member, json_t *names, struct diags *d)
{
	size_t i;
	json_t *c;

	json_array_foreach(json_object_get(spec, member), i, c) {
		const char *name = jstr(c, "name", ""), *why = meta_check_label_name(name);
		_cleanup_free_ char *path = xasprintf("spec.%s.%zu.name", member, i);

		if (why)
			diags_add(d, DIAG_ERROR, NULL, path, "Invalid value: \"%.*s\": %s",
				  text_clip(name), name, why);
		if (json_object_get(names, name))
			diags_add(d, DIAG_ERROR, NULL, path, "Duplicate value: \"%.*s\"",
				  text_clip(name), name);
		json_object_set_new(names, name, json_true());
	}
}

/* Pods without containers are handy in a lab, but no real cluster takes them. */
static void lint_containers(const json_t *spec, struct diags *d)
{
	json_t *list = json_object_get(spec, "containers"), *c;
	size_t i;

	if (json_array_size(list) == 0)
		diags_add(d, DIAG_WARNING, "lint/containers", "spec.containers",
			  "no containers: a real cluster refuses this Pod");
	json_array_foreach(list, i, c) {
		_cleanup_free_ char *path = xasprintf("spec.containers.%zu.image", i);

		if (!*jstr(c, "image", ""))
			diags_add(d, DIAG_WARNING, "lint/containers", path,
				  "no image: a real cluster refuses this Pod");
	}
}

/* A copy of spec without what may change on a live Pod (Kubernetes: ValidatePodUpdate). */
static json_t *fixed_part(const json_t *spec, bool bound)
{
	static const char *const free_members[] = {"tolerations", "activeDeadlineSeconds",
						   "terminationGracePeriodSeconds",
						   "schedulingGates", "ephemeralContainers"};
	static const char *const lists[] = {"containers", "initContainers"};
	json_t *copy = json_deep_copy(spec), *c;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(free_members); i++)
		json_object_del(copy, free_members[i]);
	for (j = 0; j < ARRAY_SIZE(lists); j++)
		json_array_foreach(json_object_get(copy, lists[j]), i, c)
			json_object_del(c, "image");
	if (!bound)
		json_object_del(copy, "nodeName");
	return copy;
}

static void check_update(const json_t *obj, const json_t *old, struct diags *d)
{
	bool bound = *jstr(old, "spec.nodeName", "") != '\0';
	_cleanup_json_ json_t *a = fixed_part(json_object_get(obj, "spec"), bound);
	_cleanup_json_ json_t *b = fixed_part(json_object_get(old, "spec"), bound);

	if (!json_equal(a, b))
		diag_hint(diags_add(d, DIAG_ERROR, NULL, "spec",
				    "Forbidden: pod updates may not change fields other than "
				    "`spec.containers[*].image`, `spec.initContainers[*].image`, "
				    "`spec.activeDeadlineSeconds`, `spec.tolerations` and "
				    "`spec.terminationGracePeriodSeconds`"),
			  "delete the Pod and create it again");
}

static void validate(const json_t *obj, const json_t *old, struct diags *d)
{
	const json_t *spec = json_object_get(obj, "spec");
	const char *hostname = jstr(spec, "hostname", "");
	_cleanup_json_ json_t *names = json_object();

	check_containers(spec, "containers", names, d);
	check_containers(spec, "initContainers", names, d);
	if (*hostname && meta_check_label_name(hostname))
		diags_add(d, DIAG_ERROR, NULL, "spec.hostname", "Invalid value: \"%.*s\": %s",
			  text_clip(hostname), hostname, meta_check_label_name(hostname));
	if (old)
		check_update(obj, old, d);
	else
		lint_containers(spec, d);
}

static json_t *cell_ready_count(const json_t *obj, const struct table_env *env UNUSED)
{
	json_t *list = jget(obj, "status.containerStatuses"), *c;
	size_t ready = 0, total = json_array_size(jget(obj, "spec.containers")), i;

	json_array_foreach(list, i, c)
		ready += jbool(c, "ready", false);
	total = MAX(total, json_array_size(list));
	if (total == 0) { /* the sandbox alone */
		total = 1;
		ready = meta_condition_true(obj, "Ready");
	}
	return jstringf("%zu/%zu", ready, total);
}

/* As kubectl's STATUS: why a container waits or ended, before the phase. */
static json_t *cell_status(const json_t *obj, const struct table_env *env UNUSED)
{
	const char *s = jstr(obj, "status.reason", jstr(obj, "status.phase", "Unknown"));
	size_t i;
	json_t *c;

	json_array_foreach(jget(obj, "status.containerStatuses"), i, c) {
		s = jstr(c, "state.terminated.reason", s);
		s = jstr(c, "state.waiting.reason", s);
	}
	return jstring(meta_deleting(obj) ? "Terminating" : s);
}

static json_t *cell_restarts(const json_t *obj, const struct table_env *env UNUSED)
{
	long long n = 0;
	size_t i;
	json_t *c;

	json_array_foreach(jget(obj, "status.containerStatuses"), i, c)
		n += jint(c, "restartCount", 0);
	return json_integer(n);
}

static const struct column columns[] = {
	COLUMN("Ready", "string", "Ready containers of all.", .cell = cell_ready_count),
	COLUMN("Status", "string", "State of the pod.", .cell = cell_status),
	COLUMN("Restarts", "integer", "Restarts of its containers.", .cell = cell_restarts),
	COLUMN_AGE,
	COLUMN("IP", "string", "Address on the cluster network.", .priority = 1,
	       .path = "status.podIP"),
	COLUMN("Node", "string", "Node it runs on.", .priority = 1, .path = "spec.nodeName"),
	COLUMNS_END,
};

const struct kind kind_pod = {
	.group = "",
	.versions = versions,
	.kind = "Pod",
	.plural = "pods",
	.singular = "pod",
	.short_names = short_names,
	.categories = categories,
	.namespaced = true,
	.has_status = true,
	.has_generation = true,
	.builtin = true,
	.fields = fields,
	.columns = columns,
	.default_fn = set_default,
	.create_fn = on_create,
	.validate_fn = validate,
};
