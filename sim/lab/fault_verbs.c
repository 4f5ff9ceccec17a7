/* SPDX-License-Identifier: Apache-2.0 */
/* POST, GET and DELETE …/faults. */
#include "lab/fault_list.h"

#include <errno.h>

#include "api/status.h"
#include "lab/fault_spec.h"
#include "lab/verbs.h"

/* A call that waits for faults to come or go; its client may leave before. */
struct fault_call {
	struct lab *lab;
	struct api_call *call; /* NULL once cancelled */
	size_t waiting;
	json_t *healed, *problems;
};

static void on_cancel(void *arg)
{
	struct fault_call *c = arg;

	c->call = NULL;
}

static struct fault_call *call_new(struct lab *lab, struct api_call *call)
{
	struct fault_call *c = xcalloc(1, sizeof(*c));

	*c = (struct fault_call){.lab = lab,
				 .call = call,
				 .waiting = 1,
				 .healed = json_array(),
				 .problems = json_array()};
	api_call_on_cancel(call, on_cancel, c);
	return c;
}

static void call_free(struct fault_call *c)
{
	json_decref(c->healed);
	json_decref(c->problems);
	free(c);
}

/* What the machine lacks is an answer of its own: 501. */
static void refuse(struct fault_call *c, const struct err *e)
{
	if (c->call && e->code == EOPNOTSUPP)
		api_call_reply(c->call, 501, status_failure(501, "%s", err_msg(e)));
	else if (c->call)
		verb_refuse(c->call, e);
	call_free(c);
}

/* ---- adding ---- */

static void on_added(void *arg, const struct fault *f, const struct err *e)
{
	struct fault_call *c = arg;

	if (e) {
		refuse(c, e);
		return;
	}
	if (c->call)
		api_call_reply(c->call, 201,
			       json_pack("{s:s, s:O, s:O}", "name", f->name, "text",
					 json_object_get(f->spec, "text"), "kind",
					 json_object_get(f->spec, "kind")));
	call_free(c);
}

/* ---- healing ---- */

static void heal_done(struct fault_call *c)
{
	if (--c->waiting > 0)
		return;
	if (c->call && json_array_size(c->problems) && !json_array_size(c->healed))
		api_call_reply(c->call, 409,
			       status_failure(409, "%s", jstr(c->problems, "0", "?")));
	else if (c->call)
		api_call_reply(
			c->call, 200,
			json_pack("{s:O, s:O}", "healed", c->healed, "problems", c->problems));
	call_free(c);
}

static void on_healed(void *arg, const struct fault *f, const struct err *e)
{
	struct fault_call *c = arg;

	if (e)
		json_array_append_new(c->problems, jstringf("%s: %s", f->name, err_msg(e)));
	else
		jadd_str(c->healed, f->name);
	heal_done(c);
}

static void heal(struct fault_call *c, struct fault *f)
{
	_cleanup_err_ struct err e = ERR_INIT;

	c->waiting++;
	if (fault_heal(f, on_healed, c, &e) < 0) {
		json_array_append_new(c->problems, jstring(err_msg(&e)));
		c->waiting--;
	}
}

static void heal_all(struct fault_call *c)
{
	struct fault *next;

	for (struct fault *f = c->lab->faults; f; f = next) {
		next = f->next;
		heal(c, f);
	}
}

/* A word that undoes: link-up, plug, start. */
static void undo(struct fault_call *c, const json_t *spec)
{
	struct fault *f = fault_undone_by(c->lab, spec);
	_cleanup_err_ struct err e = ERR_INIT;

	if (!f) {
		err_set(&e, ENOENT, "there is no active fault %s", jstr(spec, "text", "?"));
		refuse(c, &e);
		return;
	}
	heal(c, f);
	heal_done(c);
}

/* ---- verbs ---- */

void verb_fault_post(void *arg, struct api_call *call)
{
	struct fault_call *c = call_new(arg, call);
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_json_ json_t *spec = fault_spec_parse(api_call_body(call), &e);

	if (!spec)
		refuse(c, &e);
	else if (jbool(spec, "undo", false))
		undo(c, spec);
	else if (fault_add(c->lab, spec, on_added, c, &e) < 0)
		refuse(c, &e);
}

void verb_fault_list(void *arg, struct api_call *call)
{
	api_call_reply(call, 200, json_pack("{s:o}", "faults", faults_json(arg)));
}

void verb_fault_delete(void *arg, struct api_call *call)
{
	struct fault_call *c = call_new(arg, call);
	const char *name = api_call_part(call, 0);
	_cleanup_err_ struct err e = ERR_INIT;
	struct fault *f = name ? fault_find(arg, name, &e) : NULL;

	if (name && !f) {
		refuse(c, &e);
		return;
	}
	if (name)
		heal(c, f);
	else
		heal_all(c);
	heal_done(c);
}
