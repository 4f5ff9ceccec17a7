/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/scenario.h"

#include <errno.h>
#include <sys/stat.h>

#include "scenario/step.h"

/* Keys of a step that are no verbs. */
static const char *const step_keys[] = {"check", "name", "timeout", "xfail", "expectLog", NULL};

static void bad(struct diags *d, const char *path, const char *fmt, ...) PRINTF(3, 4);
static void bad(struct diags *d, const char *path, const char *fmt, ...)
{
	_cleanup_free_ char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diags_add(d, DIAG_ERROR, "scenario", path, "%s", msg);
}

static bool is_step_key(const char *key)
{
	for (size_t i = 0; step_keys[i]; i++)
		if (streq(step_keys[i], key))
			return true;
	return false;
}

static char *verb_names(void)
{
	struct buf b = BUF_INIT;

	for (const struct step_verb *v = step_verbs; v->name; v++)
		buf_printf(&b, "%s%s", b.len ? ", " : "", v->name);
	return buf_take(&b);
}

static void check_logs(const json_t *list, const char *path, struct diags *d)
{
	json_t *v;
	size_t i;

	if (list && !json_is_array(list))
		bad(d, path, "expected a list of regular expressions");
	json_array_foreach(list, i, v) {
		_cleanup_free_ char *p = xasprintf("%s.%zu", path, i);

		step_check_regex(v, p, d);
	}
}

static void check_xfail(const struct scenario *s, const json_t *x, const char *path,
			struct diags *d)
{
	static const char *const keys[] = {"reason!", "if", NULL};
	_cleanup_free_ char *p = xasprintf("%s.xfail", path), *pi = xasprintf("%s.if", p);

	if (!x || json_is_string(x))
		return;
	step_check_keys(x, p, keys, d);
	if (json_object_get(x, "if"))
		step_verb_find("exec")->check(s, json_object_get(x, "if"), pi, d);
}

/* Keys of a step that are no verbs. */
static void check_step_keys(const struct scenario *s, const json_t *step, const char *path,
			    struct diags *d)
{
	_cleanup_free_ char *pt = xasprintf("%s.timeout", path);
	_cleanup_free_ char *pl = xasprintf("%s.expectLog", path);
	const json_t *timeout = json_object_get(step, "timeout");
	_cleanup_free_ char *text = !timeout		      ? NULL
				    : json_is_string(timeout) ? xstrdup(json_string_value(timeout))
							      : jtext(timeout);
	uint64_t usec;

	if (text && step_duration(text, &usec) < 0)
		bad(d, pt, "expected a duration such as 30s, 500ms or 2m, found \"%s\"", text);
	check_logs(json_object_get(step, "expectLog"), pl, d);
	check_xfail(s, json_object_get(step, "xfail"), path, d);
}

static void check_step(const struct scenario *s, const json_t *step, const char *path,
		       struct diags *d)
{
	size_t verbs = 0;
	const char *key;
	json_t *v;

	if (!json_is_object(step)) {
		bad(d, path, "expected a mapping of verbs");
		return;
	}
	json_object_foreach((json_t *)step, key, v) {
		_cleanup_free_ char *p = xasprintf("%s.%s", path, key);
		const struct step_verb *verb = step_verb_find(key);
		_cleanup_free_ char *names = NULL;

		if (verb) {
			verbs += !verb->modifier;
			verb->check(s, v, p, d);
		} else if (!is_step_key(key)) {
			names = verb_names();
			bad(d, p, "unknown verb; expected one of %s", names);
		}
	}
	check_step_keys(s, step, path, d);
	if (!verbs)
		bad(d, path, "the step does nothing: it has no verb");
}

static void check_ids(const json_t *steps, struct diags *d)
{
	_cleanup_json_ json_t *seen = json_object();
	json_t *step;
	size_t i;

	json_array_foreach(steps, i, step) {
		_cleanup_free_ char *path = xasprintf("spec.steps.%zu.check", i);
		const char *id = jstr(step, "check", NULL);

		if (!id)
			continue;
		if (json_object_get(seen, id))
			bad(d, path, "\"%s\" is used twice; reports need unique names", id);
		json_object_set_new(seen, id, json_true());
	}
}

static void check_spec(struct scenario *s, const json_t *spec, struct diags *d)
{
	static const char *const keys[] = {"topology!", "steps!",      "zones",
					   "expectLog", "description", NULL};
	const char *topo = jstr(spec, "topology", NULL);
	struct stat st;
	json_t *step;
	size_t i;

	step_check_keys(spec, "spec", keys, d);
	s->topology = topo ? scenario_path(s, topo) : NULL;
	if (s->topology && stat(s->topology, &st) < 0)
		bad(d, "spec.topology", "%s: %s", s->topology, strerror(errno));
	s->zones = json_incref(json_object_get(spec, "zones"));
	if (!s->zones)
		s->zones = json_pack("[s, s]", "interconnect", "central");
	if (!json_array_size(s->zones))
		bad(d, "spec.zones", "expected a list of interconnect or central");
	json_array_foreach(s->zones, i, step)
		if (!streq0(json_string_value(step), "interconnect") &&
		    !streq0(json_string_value(step), "central"))
			bad(d, "spec.zones", "expected a list of interconnect or central");
	check_logs(json_object_get(spec, "expectLog"), "spec.expectLog", d);
	s->expect_log = json_incref(json_object_get(spec, "expectLog"));
	s->steps = json_incref(json_object_get(spec, "steps"));
	if (!json_array_size(s->steps))
		bad(d, "spec.steps", "expected a list of at least one step");
	json_array_foreach(s->steps, i, step) {
		_cleanup_free_ char *path = xasprintf("spec.steps.%zu", i);

		check_step(s, step, path, d);
	}
	check_ids(s->steps, d);
}

static void check_doc(struct scenario *s, const struct yaml_doc *doc, struct diags *d)
{
	const json_t *root = doc->root, *spec = json_object_get(root, "spec");
	const char *name = jstr(root, "metadata.name", NULL);

	if (!streq(jstr(root, "kind", ""), "Scenario") ||
	    !streq(jstr(root, "apiVersion", ""), "ovnbed.io/v1alpha1")) {
		bad(d, "kind", "expected kind Scenario of ovnbed.io/v1alpha1");
		return;
	}
	if (!name)
		bad(d, "metadata.name", "a scenario needs a name");
	s->name = xstrdup(name ? name : "");
	s->labels = json_incref(jget(root, "metadata.labels"));
	if (!json_is_object(spec))
		bad(d, "spec", "expected a mapping with topology and steps");
	else
		check_spec(s, spec, d);
}

static char *find_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return xasprintf("%s/scenario.yaml", path);
	return xstrdup(path);
}

struct scenario *scenario_load(const char *path, struct diags *d)
{
	size_t before = diags_count(d, DIAG_ERROR), from = d->n;
	_cleanup_yaml_ struct yaml_docs docs = {0};
	struct scenario *s = xcalloc(1, sizeof(*s));
	const char *slash;

	s->file = find_file(path);
	slash = strrchr(s->file, '/');
	s->dir = slash ? xstrndup(s->file, (size_t)(slash - s->file)) : xstrdup(".");
	if (yaml_parse_file(s->file, &docs, d) >= 0) {
		from = d->n;
		if (docs.n != 1)
			bad(d, NULL, "expected one document, found %zu", docs.n);
		else
			check_doc(s, &docs.v[0], d);
		marks_locate(docs.n ? docs.v[0].marks : NULL, d, from, s->file, NULL);
	}
	if (diags_count(d, DIAG_ERROR) > before) {
		scenario_free(s);
		return NULL;
	}
	return s;
}

void scenario_free(struct scenario *s)
{
	if (!s)
		return;
	free(s->file);
	free(s->dir);
	free(s->name);
	free(s->topology);
	json_decref(s->labels);
	json_decref(s->zones);
	json_decref(s->expect_log);
	json_decref(s->steps);
	free(s);
}

char *scenario_path(const struct scenario *s, const char *file)
{
	return *file == '/' ? xstrdup(file) : xasprintf("%s/%s", s->dir, file);
}
