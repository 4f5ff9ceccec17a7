/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pods.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>

#include "agent/sandbox.h"

struct pods {
	struct sandbox **v;
	size_t n;
};

void pods_new(struct agent *a)
{
	a->pods = xcalloc(1, sizeof(*a->pods));
}

static struct sandbox *find(struct agent *a, const char *uid)
{
	for (size_t i = 0; i < a->pods->n; i++)
		if (streq(jstr(a->pods->v[i]->spec, "uid", ""), uid))
			return a->pods->v[i];
	return NULL;
}

static struct sandbox *add(struct agent *a)
{
	struct sandbox *s = sandbox_new(a);

	a->pods->v = xrealloc(a->pods->v, (a->pods->n + 1) * sizeof(*a->pods->v));
	a->pods->v[a->pods->n++] = s;
	return s;
}

static void forget_absent(struct agent *a, const json_t *list)
{
	for (size_t i = 0; i < a->pods->n; i++) {
		struct sandbox *s = a->pods->v[i];
		bool there = false;
		json_t *spec;
		size_t k;

		json_array_foreach(list, k, spec)
			there |= streq(jstr(spec, "uid", ""), jstr(s->spec, "uid", ""));
		/* One that comes back before it was buried has been left alone so far. */
		s->leaving = !there;
	}
}

void pods_apply(struct agent *a, const json_t *list)
{
	json_t *spec;
	size_t i;

	forget_absent(a, list);
	json_array_foreach(list, i, spec) {
		const char *uid = jstr(spec, "uid", NULL);
		struct sandbox *s = uid ? find(a, uid) : NULL;

		if (!uid)
			continue;
		sandbox_apply(s ? s : add(a), spec);
	}
}

void pods_ports(struct agent *a, void (*fn)(void *arg, const struct ovs_port *p), void *arg)
{
	for (size_t i = 0; i < a->pods->n; i++)
		sandbox_ports(a->pods->v[i], fn, arg);
}

/* Their ports are out of the switch now: a link that vanishes earlier makes ovs-vswitchd warn. */
static void bury(struct agent *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->pods->n; i++) {
		struct sandbox *s = a->pods->v[i];

		if (s->leaving && s->unplugged)
			sandbox_free(s);
		else
			a->pods->v[kept++] = s;
	}
	a->pods->n = kept;
}

bool pods_plugged(struct agent *a, const struct err *e)
{
	bool more = false;

	for (size_t i = 0; i < a->pods->n; i++)
		more |= sandbox_plugged(a->pods->v[i], e);
	bury(a);
	return more;
}

json_t *pods_status(struct agent *a, const json_t *interfaces)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->pods->n; i++)
		if (!a->pods->v[i]->leaving)
			json_array_append_new(list, sandbox_status(a->pods->v[i], interfaces));
	return list;
}
