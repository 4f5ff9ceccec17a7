/* SPDX-License-Identifier: Apache-2.0 */
/* What the supervisor may ask of daemons: kill, stop, start, spawn, and words on a control socket. */
#include "agent/daemons_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

#define READY_US (30 * USEC_PER_SEC)
#define STOP_US (10 * USEC_PER_SEC)

/* Answers a list of waiting requests, all alike, and forgets it. Steals result and error. */
static void answer(struct daemon *d, json_t **ids, json_t *result, json_t *error)
{
	_cleanup_json_ json_t *list = TAKE_PTR(*ids), *r = result, *x = error;
	json_t *id;
	size_t i;

	json_array_foreach(list, i, id)
		jrpc_reply(d->a->sup, id, json_incref(r), json_incref(x));
	if (!d->for_ready && !d->for_end)
		d->deadline = sd_event_source_disable_unref(d->deadline);
}

static json_t *answer_of(const struct daemon *d)
{
	_cleanup_free_ char *ctl = daemon_ctl(d);
	json_t *j = daemon_status(d);

	if (ctl)
		jset_str(j, "ctl", ctl);
	return j;
}

void daemon_answer_end(struct daemon *d)
{
	json_t *last = json_array_get(d->log, json_array_size(d->log) - 1);

	answer(d, &d->for_end, answer_of(d), NULL);
	answer(d, &d->for_ready, NULL,
	       jstringf("%s ended before it was ready: %s", d->t->name,
			last ? json_string_value(last) : "it has left no log"));
}

void daemon_answer_ready(struct daemon *d)
{
	answer(d, &d->for_ready, answer_of(d), NULL);
}

/* A pid file of a process that has detached: its parent is gone, so it is ours. */
bool daemon_adopt(struct daemon *d, reaper_fn on_end)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.pid", d->t->rundir, d->t->name);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char line[32] = "";
	long long pid;

	if (!f || !fgets(line, sizeof(line), f))
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (parse_int(line, 2, INT32_MAX, &pid) < 0)
		return false;
	d->pidfd = close_fd(d->pidfd);
	d->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (d->pidfd < 0)
		return false;
	d->pid = (pid_t)pid;
	reaper_watch(d->a->reaper, d->pid, on_end, d);
	return true;
}

/* ---- waiting ---- */

static int on_deadline(sd_event_source *s, uint64_t usec, void *arg)
{
	struct daemon *d = arg;

	(void)s;
	(void)usec;
	d->deadline = sd_event_source_unref(d->deadline);
	/* It ignored SIGTERM; its end comes through the reaper. */
	if (d->for_end)
		proc_kill(d->pidfd, SIGKILL, NULL);
	answer(d, &d->for_ready, NULL,
	       jstringf("timed out after %.0f s waiting for %s to be ready", READY_US / 1e6,
			d->t->name));
	return 0;
}

static void wait_for(struct daemon *d, json_t **ids, uint64_t timeout_us, const json_t *id)
{
	if (!*ids)
		*ids = json_array();
	json_array_append(*ids, (json_t *)(uintptr_t)id);
	d->deadline = sd_event_source_disable_unref(d->deadline);
	loop_after(d->a->ev, timeout_us, on_deadline, d, &d->deadline);
}

/* ---- requests ---- */

static void signal_daemon(struct daemon *d, int sig, const json_t *id)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (proc_kill(d->pidfd, sig, &e) < 0)
		jrpc_reply(d->a->sup, id, NULL, jstring(err_msg(&e)));
	else if (sig == SIGSTOP || sig == SIGCONT)
		jrpc_reply(d->a->sup, id, answer_of(d), NULL);
	else
		wait_for(d, &d->for_end, STOP_US, id);
}

static void start_daemon(struct daemon *d, const json_t *id)
{
	d->wanted = true;
	d->state = DAEMON_WAITING;
	wait_for(d, &d->for_ready, READY_US, id);
	daemons_pump(d->a);
}

static void act(struct daemon *d, const char *action, const json_t *params, const json_t *id)
{
	bool runs = d->state == DAEMON_RUNNING;

	if (streq(action, "start") && runs && d->ready) {
		jrpc_reply(d->a->sup, id, answer_of(d), NULL);
	} else if (streq(action, "start") && (runs || d->state == DAEMON_WAITING)) {
		d->wanted = true;
		wait_for(d, &d->for_ready, READY_US, id);
		daemons_pump(d->a);
	} else if (streq(action, "start")) {
		start_daemon(d, id);
	} else if (!runs) {
		jrpc_reply(d->a->sup, id, NULL, jstringf("%s does not run", d->t->name));
	} else if (streq(action, "stop")) {
		d->stopping = true;
		signal_daemon(d, SIGTERM, id);
	} else if (streq(action, "kill")) {
		signal_daemon(d, (int)jint(params, "signal", SIGKILL), id);
	} else {
		jrpc_reply(d->a->sup, id, NULL, jstringf("unknown action \"%s\"", action));
	}
}

void daemon_request(struct agent *a, const json_t *params, const json_t *id)
{
	const char *name = jstr(params, "name", "");
	struct daemon *d = daemon_find(a, name);

	if (!d)
		jrpc_reply(a->sup, id, NULL, jstringf("this node has no daemon \"%s\"", name));
	else
		act(d, jstr(params, "action", ""), params, id);
}

void daemon_spawn_request(struct agent *a, const json_t *params, const json_t *id)
{
	const char *name = jstr(params, "name", "");
	struct daemon *d = daemon_find(a, name);

	if (!d)
		jrpc_reply(a->sup, id, NULL, jstringf("this node has no daemon \"%s\"", name));
	else
		act(d, "start", params, id);
}

/* ---- control socket ---- */

struct talk {
	struct agent *a;
	json_t *id;
};

static void on_words(void *arg, const char *text, const struct err *e)
{
	struct talk *t = arg;

	jrpc_reply(t->a->sup, t->id, text ? jstring(text) : NULL,
		   text ? NULL : jstring(err_msg(e)));
	json_decref(t->id);
	free(t);
}

void daemon_unixctl_request(struct agent *a, const json_t *params, const json_t *id)
{
	const char *name = jstr(params, "daemon", "");
	struct daemon *d = daemon_find(a, name);
	_cleanup_free_ char *ctl = daemon_ctl(d);
	_cleanup_err_ struct err e = ERR_INIT;
	struct talk *t;

	if (!ctl) {
		jrpc_reply(a->sup, id, NULL, jstringf("%s does not run on this node", name));
		return;
	}
	t = xcalloc(1, sizeof(*t));
	t->a = a;
	t->id = json_incref((json_t *)(uintptr_t)id);
	if (!unixctl_call(a->ev, ctl, jstr(params, "command", ""),
			  json_deep_copy(json_object_get(params, "args")),
			  (uint64_t)jint(params, "timeout", 0) * USEC_PER_SEC, on_words, t, &e))
		on_words(t, NULL, &e);
}
