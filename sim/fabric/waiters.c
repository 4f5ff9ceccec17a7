/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that come from the loop. */
#include "fabric/fabric_priv.h"

void waiter_add(struct waiter **list, fabric_done_fn done, void *arg)
{
	struct waiter *w = xcalloc(1, sizeof(*w));

	*w = (struct waiter){*list, done, arg};
	*list = w;
}

void waiters_end(struct waiter **list, const struct err *e)
{
	struct waiter *w = TAKE_PTR(*list), *next;

	for (; w; w = next) {
		next = w->next;
		if (w->done)
			w->done(w->arg, e);
		free(w);
	}
}

struct later {
	struct waiter *one;
	struct err e;
	sd_event_source *source;
};

static int on_later(sd_event_source *s, void *arg)
{
	struct later *l = arg;

	(void)s;
	sd_event_source_disable_unref(l->source);
	waiters_end(&l->one, l->e.code ? &l->e : NULL);
	err_clear(&l->e);
	free(l);
	return 0;
}

void fabric_later(struct fabric *f, fabric_done_fn done, void *arg, const struct err *e)
{
	struct later *l = xcalloc(1, sizeof(*l));

	waiter_add(&l->one, done, arg);
	if (e)
		err_set(&l->e, e->code, "%s", err_msg(e));
	if (sd_event_add_defer(f->c.ev, &l->source, on_later, l) < 0)
		abort();
}
