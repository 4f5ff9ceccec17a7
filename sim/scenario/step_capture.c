/* SPDX-License-Identifier: Apache-2.0 */
/* capture: frames at several places while the step's other verbs run, and what is expected of them. */
#include "scenario/step_capture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/log.h"
#include "lab/capture.h"
#include "scenario/step_verbs.h"

#define MAX_PCAP (16LL << 20) /* of evidence at one place */

struct entry {
	const json_t *param;
	size_t first, n; /* its places */
};

struct step_capture {
	struct entry *entries;
	size_t n_entries;
	struct capture_place *places;
	size_t n_places;
	struct capture *running;
	char nonce[17];
};

/* ---- parameters ---- */

static void check_one(const json_t *v, const char *path, struct diags *d)
{
	static const char *const keys[] = {"at!",     "filter",	   "min",   "max",
					   "count",   "vlan",	   "nonce", "name",
					   "control", "direction", NULL};
	const char *direction = jstr(v, "direction", "in");

	step_check_keys(v, path, keys, d);
	if (!json_object_get(v, "min") && !json_object_get(v, "max") &&
	    !json_object_get(v, "count"))
		diags_add(d, DIAG_ERROR, "scenario", path, "min, max or count is missing");
	if (!streq(direction, "in") && !streq(direction, "out"))
		diags_add(d, DIAG_ERROR, "scenario", path, "direction: expected in or out");
}

void step_check_capture(const struct scenario *s, const json_t *v, const char *path,
			struct diags *d)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	json_t *one;
	size_t i;

	(void)s;
	json_array_foreach(list, i, one) {
		_cleanup_free_ char *p =
			json_is_array(v) ? xasprintf("%s.%zu", path, i) : xstrdup(path);

		check_one(one, p, d);
	}
}

/* ---- begin ---- */

static void make_nonce(char out[static 17])
{
	uint64_t v = 0;

	while (!v)
		if (getrandom(&v, sizeof(v), 0) != sizeof(v))
			abort();
	snprintf(out, 17, "%016llx", (unsigned long long)v);
}

static int add_entry(struct step_ctx *c, struct step_capture *s, const json_t *param, struct err *e)
{
	struct entry *x = &s->entries[s->n_entries++];
	int r;

	*x = (struct entry){.param = param, .first = s->n_places};
	r = capture_resolve(c->client, c->paths, jstr(param, "at", ""), &s->places, &s->n_places,
			    e);
	x->n = s->n_places - x->first;
	for (size_t i = x->first; i < s->n_places; i++) {
		struct capture_place *p = &s->places[i];

		p->filter = xstrdup(jstr(param, "filter", NULL));
		p->only_nonce = jbool(param, "nonce", false);
		p->direction = jstr(param, "direction", NULL);
		p->write_all = true;
		p->fd = memfd_create("capture", MFD_CLOEXEC);
	}
	/* of what has several interfaces the result has several entries, too */
	if (r == 0 && x->n == 1 && !s->places[x->first].ifname)
		return err_set(e, EINVAL, "capture: %s: name one interface (%s:INTERFACE)",
			       jstr(param, "at", ""), jstr(param, "at", ""));
	return r;
}

enum outcome step_run_capture(struct step_ctx *c, const json_t *v)
{
	_cleanup_json_ json_t *list = step_as_list(v);
	struct step_capture *s = xcalloc(1, sizeof(*s));
	_cleanup_err_ struct err e = ERR_INIT;
	struct capture_spec spec = {.text_fd = -1, .max_bytes = MAX_PCAP};
	size_t i;
	json_t *one;

	c->capture = s;
	s->entries = xcalloc(json_array_size(list), sizeof(*s->entries));
	make_nonce(s->nonce);
	c->nonce = s->nonce;
	json_array_foreach(list, i, one)
		if (add_entry(c, s, one, &e) < 0)
			return step_say(c, OUTCOME_ERROR, "%s", err_msg(&e));
	spec.places = s->places;
	spec.n = s->n_places;
	spec.nonce = s->nonce;
	if (capture_start(&spec, &s->running, &e) < 0)
		return step_say(c, OUTCOME_ERROR, "capture: %s", err_msg(&e));
	return OUTCOME_PASS;
}

/* ---- judgement ---- */

static const char *name_of(const json_t *entry)
{
	return jstr(entry, "name", jstr(entry, "at", "?"));
}

/* "frames \"icmp\" at node/worker-a:eth1" */
static char *what(const json_t *entry)
{
	const char *filter = jstr(entry, "filter", NULL);

	return xasprintf("%s%s%s%s at %s", jbool(entry, "nonce", false) ? "own frames" : "frames",
			 filter ? " \"" : "", filter ? filter : "", filter ? "\"" : "",
			 jstr(entry, "at", "?"));
}

static long long sum(const json_t *places, const char *key)
{
	long long n = 0;
	size_t i;
	json_t *p;

	json_array_foreach(places, i, p)
		n += jint(p, key, 0);
	return n;
}

static bool control_heard(const json_t *controls, const char *name)
{
	size_t i;
	json_t *c;

	json_array_foreach(controls, i, c)
		if (streq(name_of(c), name))
			return jint(c, "frames", 0) > 0;
	return false;
}

/* Silence is evidence only of ears that hear. */
static enum outcome judge_silence(struct step_ctx *c, const json_t *entry, const json_t *places,
				  const json_t *controls)
{
	const char *control = jstr(entry, "control", NULL);

	if (control && !control_heard(controls, control))
		return step_say(c, OUTCOME_ERROR,
				"capture: %s: nothing, but its control %s counted nothing either",
				jstr(entry, "at", "?"), control);
	if (!control && !sum(places, "seen"))
		return step_say(
			c, OUTCOME_ERROR,
			"capture: %s saw no frame of any kind, so a count of 0 says nothing; "
			"name a control",
			jstr(entry, "at", "?"));
	return OUTCOME_PASS;
}

/* Every frame that counts carries exactly this tag. */
static enum outcome judge_vlans(struct step_ctx *c, const json_t *entry, const json_t *places)
{
	const json_t *v = json_object_get(entry, "vlan");
	_cleanup_free_ char *want = json_is_integer(v)
					    ? xasprintf("%lld", (long long)json_integer_value(v))
					    : xstrdup(json_string_value(v));
	_cleanup_free_ char *w = what(entry);
	enum outcome o = OUTCOME_PASS;
	const char *tag;
	json_t *p, *n;
	size_t i;

	json_array_foreach(places, i, p) {
		json_object_foreach(json_object_get(p, "vlans"), tag, n) {
			if (want && !streq(tag, want))
				o = step_say(c, OUTCOME_FAIL,
					     "capture: %s: %lld of them are %s%s, expected %s%s", w,
					     (long long)json_integer_value(n),
					     streq(tag, "untagged") ? "" : "vlan ", tag,
					     streq(want, "untagged") ? "" : "vlan ", want);
		}
	}
	return o;
}

enum outcome step_capture_judge(struct step_ctx *c, const json_t *entry, const json_t *places,
				const json_t *controls)
{
	long long n = sum(places, "frames"), exact = jint(entry, "count", -1);
	long long min = jint(entry, "min", exact >= 0 ? exact : 0);
	long long max = jint(entry, "max", exact >= 0 ? exact : -1);
	_cleanup_free_ char *w = what(entry);
	size_t i;
	json_t *p;

	json_array_foreach(places, i, p)
		if (jint(p, "dropped", 0) || jstr(p, "why", NULL))
			return step_say(c, OUTCOME_ERROR, "capture: %s: %s", jstr(p, "at", "?"),
					jstr(p, "why", "the kernel lost frames"));
	if (n < min)
		return step_say(c, OUTCOME_FAIL,
				"capture: %lld %s, expected %s%lld (%lld frames seen)", n, w,
				exact >= 0 ? "" : "at least ", min, sum(places, "seen"));
	if (max >= 0 && n > max)
		return step_say(c, OUTCOME_FAIL, "capture: %lld %s, expected %s%lld", n, w,
				exact >= 0 ? "" : "at most ", max);
	if (n == 0)
		return judge_silence(c, entry, places, controls);
	return judge_vlans(c, entry, places);
}

/* The part of the result that belongs to an entry. New reference. */
static json_t *places_of(const struct entry *x, const json_t *result)
{
	json_t *out = json_array();

	for (size_t i = x->first; i < x->first + x->n; i++)
		json_array_append(out, json_array_get(json_object_get(result, "places"), i));
	return out;
}

static enum outcome judge_all(struct step_ctx *c, struct step_capture *s, const json_t *result)
{
	_cleanup_json_ json_t *controls = json_array();
	enum outcome worst = OUTCOME_PASS;

	for (size_t i = 0; i < s->n_entries; i++) {
		_cleanup_json_ json_t *places = places_of(&s->entries[i], result);
		json_t *x = json_copy((json_t *)s->entries[i].param);

		json_object_set_new(x, "frames", json_integer(sum(places, "frames")));
		json_object_set(x, "places", places);
		json_array_append_new(controls, x);
	}
	for (size_t i = 0; i < s->n_entries; i++) {
		const json_t *x = json_array_get(controls, i);
		enum outcome o = step_capture_judge(c, s->entries[i].param,
						    json_object_get(x, "places"), controls);

		worst = MAX(worst, o);
	}
	json_array_append_new(c->details, json_pack("{s:O}", "captures", controls));
	return worst;
}

enum outcome step_capture_end(struct step_ctx *c)
{
	struct step_capture *s = c->capture;
	_cleanup_json_ json_t *result = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!s || !s->running)
		return OUTCOME_PASS;
	if (capture_stop(s->running, &result, &e) < 0)
		return step_say(c, OUTCOME_ERROR, "capture: %s", err_msg(&e));
	return judge_all(c, s, result);
}

/* ---- evidence ---- */

static bool save_one(int from, const char *path)
{
	_cleanup_close_ int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	off_t at = 0;
	struct stat st;

	if (to < 0 || fstat(from, &st) < 0)
		return false;
	while (at < st.st_size && sendfile(to, from, &at, (size_t)(st.st_size - at)) > 0)
		;
	return at == st.st_size;
}

void step_capture_save(const struct step_capture *s, const char *dir, const char *rel,
		       json_t *paths)
{
	for (size_t i = 0; s && i < s->n_places; i++) {
		_cleanup_free_ char *name = xasprintf("%zu-%s.pcap", i + 1, s->places[i].at);
		_cleanup_free_ char *path = NULL, *shown = NULL;

		for (char *p = name; *p; p++)
			*p = *p == '/' || *p == ':' ? '-' : *p;
		path = xasprintf("%s/%s", dir, name);
		shown = xasprintf("%s/%s", rel, name);
		if (save_one(s->places[i].fd, path))
			json_array_append_new(paths, jstring(shown));
		else
			log_warn("%s: %s", path, strerror(errno));
	}
}

void step_capture_free(struct step_capture *s)
{
	if (!s)
		return;
	capture_free(s->running);
	for (size_t i = 0; i < s->n_places; i++) {
		close_fd(s->places[i].fd);
		capture_place_free(&s->places[i]);
	}
	free(s->places);
	free(s->entries);
	free(s);
}
