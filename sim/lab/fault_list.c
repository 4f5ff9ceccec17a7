/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/fault_list.h"

#include <errno.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/loop.h"
#include "lab/fault_spec.h"
#include "lab/verbs.h"

/* ---- the list ---- */

static void fault_free(struct fault *f)
{
	sd_event_source_disable_unref(f->timer);
	json_decref(f->spec);
	json_decref(f->claims);
	json_decref(f->saved);
	json_decref(f->machines);
	free(f->problem);
	free(f->name);
	free(f);
}

static void link_last(struct fault *f)
{
	struct fault **p = &f->lab->faults;

	while (*p)
		p = &(*p)->next;
	*p = f;
}

static void unlink_fault(struct fault *f)
{
	struct fault **p = &f->lab->faults;

	while (*p && *p != f)
		p = &(*p)->next;
	if (*p)
		*p = f->next;
}

static char *list_names(const struct lab *lab)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (const struct fault *f = lab->faults; f; f = f->next)
		buf_printf(&b, "%s%s", b.len ? ", " : "", f->name);
	return b.len ? buf_take(&b) : xstrdup("none");
}

static struct fault *by_name(struct lab *lab, const char *name)
{
	for (struct fault *f = lab->faults; f; f = f->next)
		if (streq(f->name, name))
			return f;
	return NULL;
}

struct fault *fault_find(struct lab *lab, const char *name, struct err *e)
{
	struct fault *f = by_name(lab, name);
	_cleanup_free_ char *names = f ? NULL : list_names(lab);

	if (!f)
		err_set(e, ENOENT, "no fault is called %s; active: %s", name, names);
	return f;
}

static bool same(const json_t *a, const json_t *b, const char *key)
{
	return json_equal(json_object_get(a, key), json_object_get(b, key)) ||
	       (!json_object_get(a, key) && !json_object_get(b, key));
}

struct fault *fault_undone_by(struct lab *lab, const json_t *spec)
{
	const char *kind = jstr(spec, "kind", "");

	for (struct fault *f = lab->faults; f; f = f->next) {
		const char *k = jstr(f->spec, "kind", "");

		/* a daemon that was killed is started as one that was stopped */
		if ((streq(k, kind) || (streq(kind, "stop") && streq(k, "kill"))) &&
		    same(f->spec, spec, "machine") && same(f->spec, spec, "nic") &&
		    same(f->spec, spec, "daemon"))
			return f;
	}
	return NULL;
}

static char *make_name(struct lab *lab, const json_t *spec)
{
	for (unsigned i = 1;; i++) {
		char *name = xasprintf("%s-%u", jstr(spec, "kind", "fault"), i);

		if (!by_name(lab, name))
			return name;
		free(name);
	}
}

/* ---- coming and going ---- */

static const struct fault_ops *find_ops(const json_t *spec)
{
	static const struct fault_ops *const tables[] = {fault_fabric_ops, fault_nic_ops,
							 fault_node_ops};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct fault_ops *o = tables[i]; o->kind; o++)
			if (streq(o->kind, jstr(spec, "kind", "")) && (!o->takes || o->takes(spec)))
				return o;
	return NULL;
}

static int check_free(struct lab *lab, const json_t *spec, const json_t *claims, struct err *e)
{
	const char *name = jstr(spec, "name", NULL);

	if (name && by_name(lab, name))
		return err_set(e, EBUSY, "a fault called %s is active already", name);
	for (const struct fault *f = lab->faults; f; f = f->next)
		if (fault_claims_collide(claims, f->claims))
			return err_set(
				e, EBUSY,
				"%s: conflicts with the active fault %s (%s); heal that first",
				jstr(spec, "text", ""), f->name, jstr(f->spec, "text", ""));
	return 0;
}

static void on_healed(void *arg, const struct fault *f, const struct err *e)
{
	(void)arg;
	if (e)
		log_warn("fault %s: not healed: %s", f->name, err_msg(e));
}

static int on_over(sd_event_source *s, uint64_t usec, void *arg)
{
	struct fault *f = arg;
	_cleanup_err_ struct err e = ERR_INIT;

	(void)s;
	(void)usec;
	if (f->state == FAULT_ACTIVE && fault_heal(f, on_healed, NULL, &e) < 0)
		log_warn("fault %s: not healed: %s", f->name, err_msg(&e));
	return 0;
}

static void start_timer(struct fault *f)
{
	long long usec = jint(f->spec, "for", 0);

	if (usec > 0 && loop_after(f->lab->ev, (uint64_t)usec, on_over, f, &f->timer) < 0)
		abort();
}

static void forget(struct fault *f)
{
	unlink_fault(f);
	fault_free(f);
}

/* Ends applying or healing. */
static void settle(struct fault *f, const struct err *e)
{
	bool applied = f->state == FAULT_APPLYING;
	/* nobody waits for what was to come later: it stays in the list, and says why it failed */
	bool failed = applied && e && json_object_get(f->spec, "after");
	bool gone = !failed && (applied ? e != NULL : e == NULL);
	fault_fn done = f->done;

	f->done = NULL;
	f->state = gone ? FAULT_GONE : failed ? FAULT_FAILED : FAULT_ACTIVE;
	free(f->problem);
	f->problem = e && !gone ? xstrdup(err_msg(e)) : NULL;
	if (gone)
		unlink_fault(f); /* its name is free before anybody hears of it */
	else if (applied && !failed)
		start_timer(f);
	log_info("fault %s (%s): %s", f->name, jstr(f->spec, "text", ""),
		 e	   ? err_msg(e)
		 : applied ? "in force"
			   : "healed");
	if (done)
		done(f->arg, f, e);
	if (gone)
		fault_free(f);
}

void fault_finished(struct fault *f, const struct err *e)
{
	if (f->state == FAULT_APPLYING || f->state == FAULT_HEALING)
		settle(f, e);
}

/* ---- waiting ---- */

static int on_due(sd_event_source *s, uint64_t usec, void *arg)
{
	struct fault *f = arg;
	_cleanup_err_ struct err e = ERR_INIT;
	int r;

	(void)s;
	(void)usec;
	f->timer = sd_event_source_disable_unref(f->timer);
	f->state = FAULT_APPLYING;
	r = f->ops->apply(f, &e);
	if (r < 0)
		settle(f, &e);
	else if (r != FAULT_LATER)
		settle(f, NULL);
	return 0;
}

static void wait_until_due(struct fault *f)
{
	fault_fn done = f->done;

	f->state = FAULT_WAITING;
	f->done = NULL;
	if (loop_after(f->lab->ev, (uint64_t)jint(f->spec, "after", 0), on_due, f, &f->timer) < 0)
		abort();
	if (done)
		done(f->arg, f, NULL);
}

int fault_add(struct lab *lab, const json_t *spec, fault_fn fn, void *arg, struct err *e)
{
	_cleanup_json_ json_t *claims = fault_spec_claims(spec);
	const struct fault_ops *ops = find_ops(spec);
	struct fault *f;
	int r = check_free(lab, spec, claims, e);

	if (!ops)
		return err_set(e, EINVAL, "%s is no fault", jstr(spec, "kind", "?"));
	if (r < 0)
		return r;
	f = xcalloc(1, sizeof(*f));
	*f = (struct fault){
		.lab = lab, .ops = ops, .state = FAULT_APPLYING, .done = fn, .arg = arg};
	f->spec = json_deep_copy(spec);
	f->claims = TAKE_PTR(claims);
	f->saved = json_object();
	f->machines = json_array();
	if (json_object_get(spec, "machine"))
		jadd_str(f->machines, jstr(spec, "machine", ""));
	f->name = json_object_get(spec, "name") ? xstrdup(jstr(spec, "name", ""))
						: make_name(lab, spec);
	link_last(f);
	if (jint(spec, "after", 0)) {
		wait_until_due(f);
		return 0;
	}
	r = ops->apply(f, e);
	if (r < 0) {
		unlink_fault(f);
		fault_free(f);
		return err_wrap(e, "%s", jstr(spec, "text", ""));
	}
	if (r != FAULT_LATER)
		settle(f, NULL);
	return 0;
}

int fault_heal(struct fault *f, fault_fn fn, void *arg, struct err *e)
{
	_cleanup_err_ struct err own = ERR_INIT;
	int r;

	if (f->state == FAULT_FAILED) {
		err_set(e, ECANCELED, "fault %s came to nothing: %s", f->name, f->problem);
		forget(f);
		return -ECANCELED;
	}
	if (f->state == FAULT_WAITING) {
		f->state = FAULT_HEALING;
		f->done = fn;
		f->arg = arg;
		settle(f, NULL);
		return 0;
	}
	if (f->state != FAULT_ACTIVE)
		return err_set(e, EBUSY, "fault %s is being %s", f->name,
			       f->state == FAULT_APPLYING ? "applied" : "healed");
	f->state = FAULT_HEALING;
	f->timer = sd_event_source_disable_unref(f->timer);
	f->done = fn;
	f->arg = arg;
	r = f->ops->undo(f, &own);
	if (r < 0) {
		f->done = NULL;
		settle(f, &own);
		return err_set(e, own.code, "fault %s: %s", f->name, err_msg(&own));
	}
	if (r != FAULT_LATER)
		settle(f, NULL);
	return 0;
}

/* ---- views ---- */

json_t *faults_json(const struct lab *lab)
{
	static const char *const states[] = {"waiting", "applying", "active",
					     "healing", "failed",   "gone"};
	json_t *out = json_array();

	for (const struct fault *f = lab->faults; f; f = f->next) {
		json_t *j = json_copy(f->spec);

		jset_str(j, "name", f->name);
		jset_str(j, "state", states[f->state]);
		json_object_set(j, "machines", f->machines);
		jset_str(j, "problem", f->problem);
		json_array_append_new(out, j);
	}
	return out;
}

/* ---- in verdicts ---- */

static const char *machine_of(struct lab *lab, const char *endpoint)
{
	if (str_after(endpoint, "host/"))
		return endpoint;
	return strchr(endpoint, '/') ? lab_endpoint_node(lab, endpoint) : "";
}

char *faults_touching(struct lab *lab, const json_t *endpoints)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *v;
	size_t i;

	for (const struct fault *f = lab->faults; f; f = f->next) {
		bool hit = jhas_str(f->machines, "control-plane");

		if (f->state == FAULT_WAITING || f->state == FAULT_FAILED)
			continue;
		json_array_foreach(endpoints, i, v)
			hit |= jhas_str(f->machines, machine_of(lab, json_string_value(v)));
		if (hit)
			buf_printf(&b, "%s%s (%s)", b.len ? ", " : "", f->name,
				   jstr(f->spec, "text", ""));
	}
	return b.len ? buf_take(&b) : NULL;
}

static void mention(json_t *o, const char *faults)
{
	json_t *v = json_object_get(o, "verdict");

	if (faults && v && !streq(jstr(v, "status", ""), "pass"))
		json_object_set_new(
			v, "reason",
			jstringf("%s; active faults: %s", jstr(v, "reason", ""), faults));
}

static void mention_pairs(struct lab *lab, json_t *list)
{
	json_t *c;
	size_t i;

	json_array_foreach(list, i, c) {
		_cleanup_json_ json_t *pair =
			json_pack("[s, s]", jstr(c, "from", ""), jstr(c, "to", ""));
		_cleanup_free_ char *faults = faults_touching(lab, pair);

		mention(c, faults);
	}
}

void faults_mention(struct lab *lab, json_t *result, const json_t *names)
{
	const json_t *families = json_object_get(result, "families");
	_cleanup_free_ char *faults = NULL;

	if (!lab->faults)
		return;
	faults = faults_touching(lab, names);
	mention_pairs(lab, json_object_get(result, "cells"));
	mention_pairs(lab, json_object_get(result, "flows"));
	mention(result, faults);
	mention(json_object_get(result, "forward"), faults);
	mention(json_object_get(result, "reverse"), faults);
	for (size_t i = 1; i < json_array_size(families);
	     i++) { /* the first is what stands above */
		mention(json_object_get(json_array_get(families, i), "forward"), faults);
		mention(json_object_get(json_array_get(families, i), "reverse"), faults);
	}
}
