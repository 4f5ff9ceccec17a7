/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "sys/proc.h"

struct watch {
	pid_t pid;
	reaper_fn fn;
	void *arg;
};

struct reaper {
	sd_event_source *src;
	struct watch *v;
	size_t n;
};

static bool take(struct reaper *r, pid_t pid, struct watch *ret)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->v[i].pid != pid)
			continue;
		*ret = r->v[i];
		r->v[i] = r->v[--r->n];
		return true;
	}
	return false;
}

static int on_sigchld(sd_event_source *s, const struct signalfd_siginfo *si, void *arg)
{
	struct reaper *r = arg;
	struct watch w;
	int st;
	pid_t pid;

	(void)s;
	(void)si;
	/* Signals of one kind merge: one may stand for many children. */
	while ((pid = waitpid(-1, &st, WNOHANG)) > 0)
		if (take(r, pid, &w))
			w.fn(w.arg, pid, st);
	return 0;
}

int reaper_new(sd_event *ev, struct reaper **ret, struct err *e)
{
	struct reaper *r = xcalloc(1, sizeof(*r));
	sigset_t chld;
	int rc;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	rc = sd_event_add_signal(ev, &r->src, SIGCHLD, on_sigchld, r);
	if (rc < 0) {
		free(r);
		return err_errno(e, -rc, "watch SIGCHLD");
	}
	*ret = r;
	return 0;
}

void reaper_free(struct reaper *r)
{
	if (!r)
		return;
	sd_event_source_disable_unref(r->src);
	free(r->v);
	free(r);
}

void reaper_watch(struct reaper *r, pid_t pid, reaper_fn fn, void *arg)
{
	r->v = xrealloc(r->v, (r->n + 1) * sizeof(*r->v));
	r->v[r->n++] = (struct watch){pid, fn, arg};
}

void reaper_unwatch(struct reaper *r, pid_t pid)
{
	struct watch w;

	take(r, pid, &w);
}
