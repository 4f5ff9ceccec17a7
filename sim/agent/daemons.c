/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/daemons.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/inotify.h>

#include "agent/daemons_priv.h"
#include "sys/prefix.h"

#define LOG_LINES 12

/* ---- arguments ---- */

void argv_add(struct argv *a, const char *s)
{
	if (a->n + 1 >= ARRAY_SIZE(a->v))
		abort();
	a->v[a->n++] = s;
}

void argv_addf(struct argv *a, const char *fmt, ...)
{
	va_list ap;

	if (a->n_owned == ARRAY_SIZE(a->owned))
		abort();
	va_start(ap, fmt);
	a->owned[a->n_owned] = xvasprintf(fmt, ap);
	va_end(ap);
	argv_add(a, a->owned[a->n_owned++]);
}

static void argv_free(struct argv *a)
{
	for (size_t i = 0; i < a->n_owned; i++)
		free(a->owned[i]);
}

/* ---- looking ---- */

struct daemon *daemon_find(struct agent *a, const char *name)
{
	for (size_t i = 0; i < a->daemons->n; i++)
		if (streq(a->daemons->v[i].t->name, name))
			return &a->daemons->v[i];
	return NULL;
}

bool daemon_runs(struct agent *a, const char *name)
{
	const struct daemon *d = daemon_find(a, name);

	return d && d->state == DAEMON_RUNNING;
}

char *daemon_ctl(const struct daemon *d)
{
	if (!d || d->state != DAEMON_RUNNING || !d->t->rundir)
		return NULL;
	return xasprintf("%s/%s.%d.ctl", d->t->rundir, d->t->name, (int)d->pid);
}

static bool ctl_exists(const struct daemon *d)
{
	_cleanup_free_ char *path = daemon_ctl(d);

	return path && access(path, F_OK) == 0;
}

struct unixctl *daemon_call(struct agent *a, const char *name, const char *cmd, json_t *args,
			    unixctl_fn done, void *arg, struct err *e)
{
	struct daemon *d = daemon_find(a, name);
	_cleanup_free_ char *ctl = daemon_ctl(d);

	if (!ctl || access(ctl, F_OK) < 0) {
		json_decref(args);
		err_set(e, ENOTCONN, "%s does not run", name);
		return NULL;
	}
	return unixctl_call(a->ev, ctl, cmd, args, 0, done, arg, e);
}

static const char *state_name(const struct daemon *d)
{
	return d->state == DAEMON_RUNNING  ? "running"
	       : d->state == DAEMON_EXITED ? "exited"
					   : "stopped";
}

json_t *daemon_status(const struct daemon *d)
{
	json_t *j = json_pack("{s:s, s:i, s:s, s:b}", "name", d->t->name, "pid", (int)d->pid,
			      "state", state_name(d), "ready", d->ready);

	if (d->state == DAEMON_EXITED || d->state == DAEMON_STOPPED) {
		_cleanup_free_ char *text = proc_status_text(d->wstatus);

		jset_str(j, "status", text);
		json_object_set(j, "log", d->log);
	}
	return j;
}

json_t *daemons_status(const struct agent *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->daemons->n; i++)
		if (a->daemons->v[i].ever)
			json_array_append_new(list, daemon_status(&a->daemons->v[i]));
	return list;
}

bool daemons_ready(const struct agent *a, char **ret_what)
{
	for (size_t i = 0; i < a->daemons->n; i++) {
		const struct daemon *d = &a->daemons->v[i];

		if (d->t->lazy || d->ready)
			continue;
		if (ret_what)
			*ret_what = xasprintf("%s (%s)", d->t->name,
					      !d->ever ? "not started yet" : state_name(d));
		return false;
	}
	return true;
}

/* ---- ends ---- */

static void note_end(struct daemon *d, int wstatus)
{
	_cleanup_free_ char *text = proc_status_text(wstatus);

	d->wstatus = wstatus;
	d->state = d->stopping ? DAEMON_STOPPED : DAEMON_EXITED;
	d->ready = d->stopping = false;
	json_decref(d->log);
	d->log = proc_log_tail(d->t->log, LOG_LINES);
	d->pidfd = close_fd(d->pidfd);
	d->deadline = sd_event_source_disable_unref(d->deadline);
	if (d->state == DAEMON_EXITED)
		log_warn("%s ended: %s", d->t->name, text);
	else
		log_info("%s stopped: %s", d->t->name, text);
}

static void on_end(void *arg, pid_t pid, int wstatus)
{
	struct daemon *d = arg;
	struct agent *a = d->a;

	/* The first process of a daemon that detaches hands over to the one in its pid file. */
	if (d->t->detaches && pid == d->pid && !d->ready && wstatus == 0 &&
	    daemon_adopt(d, on_end)) {
		daemons_pump(a);
		return;
	}
	note_end(d, wstatus);
	if (d->t->on_exit)
		d->t->on_exit(a);
	daemon_answer_end(d);
	agent_touch(a);
	agent_pump(a);
}

/* ---- starts ---- */

static bool may_start(struct daemon *d)
{
	if (d->state != DAEMON_WAITING || !d->wanted)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(d->t->needs) && d->t->needs[i]; i++)
		if (access(d->t->needs[i], F_OK) < 0)
			return false;
	return !d->t->may_start || d->t->may_start(d->a);
}

static int spawn(struct daemon *d, struct err *e)
{
	struct agent *a = d->a;
	_cleanup_free_ char *path = prefix_program(a->prefix, d->t->name, e);
	_cleanup_close_ int log_fd = -1;
	struct proc_spec s = PROC_SPEC_INIT;
	struct argv argv = {0};
	char **env;

	if (!path)
		return -e->code;
	log_fd = proc_log_open(d->t->log, e);
	if (log_fd < 0)
		return log_fd;
	argv_add(&argv, d->t->name);
	d->t->args(a, &argv);
	env = prefix_env(a->prefix, d->t->env);
	s.path = path;
	s.argv = argv.v;
	s.envp = (const char *const *)env;
	s.log_fd = log_fd;
	d->pid = proc_spawn(&s, &d->pidfd, e);
	prefix_env_free(env);
	argv_free(&argv);
	return d->pid < 0 ? (int)d->pid : 0;
}

static void start(struct daemon *d)
{
	_cleanup_err_ struct err e = ERR_INIT;

	d->ready = false;
	if (d->t->before_start)
		d->t->before_start(d->a);
	d->ever = true;
	d->since = mono_usec();
	if (spawn(d, &e) < 0) {
		d->pid = 0;
		d->state = DAEMON_EXITED;
		d->wstatus = 127 << 8; /* as a shell would say it */
		json_decref(d->log);
		d->log = json_pack("[s]", err_msg(&e));
		log_error("%s", err_msg(&e));
		daemon_answer_end(d);
	} else {
		d->state = DAEMON_RUNNING;
		reaper_watch(d->a->reaper, d->pid, on_end, d);
	}
	agent_touch(d->a);
}

static bool is_ready(struct daemon *d)
{
	if (d->state != DAEMON_RUNNING || d->ready)
		return false;
	return d->t->is_ready ? d->t->is_ready(d->a, d) : ctl_exists(d);
}

static void become_ready(struct daemon *d)
{
	d->ready = true;
	log_debug("%s ready after %.3f s", d->t->name, (double)(mono_usec() - d->since) / 1e6);
	if (d->t->on_ready)
		d->t->on_ready(d->a);
	daemon_answer_ready(d);
	agent_touch(d->a);
}

void daemons_pump(struct agent *a)
{
	bool moved;

	do {
		moved = false;
		for (size_t i = 0; i < a->daemons->n; i++) {
			struct daemon *d = &a->daemons->v[i];

			if (may_start(d)) {
				start(d);
				moved = true;
			}
			if (is_ready(d)) {
				become_ready(d);
				moved = true;
			}
		}
	} while (moved);
	agent_check_started(a);
}

void daemon_want(struct agent *a, const char *name)
{
	struct daemon *d = daemon_find(a, name);

	if (!d || d->wanted)
		return;
	d->wanted = true;
	daemons_pump(a);
}

/* ---- sockets appear ---- */

static int on_inotify(sd_event_source *s, const struct inotify_event *ev, void *arg)
{
	(void)s;
	(void)ev;
	agent_pump(arg);
	return 0;
}

int daemons_new(struct agent *a, struct err *e)
{
	static const char *const dirs[] = {OVS_RUN, OVN_RUN, "/run/libvirt"};

	a->daemons = xcalloc(1, sizeof(*a->daemons));
	a->daemons->v = xcalloc(n_daemon_types, sizeof(*a->daemons->v));
	for (size_t i = 0; i < n_daemon_types; i++) {
		struct daemon *d = &a->daemons->v[a->daemons->n];

		if (!(daemon_types[i]->roles & a->role))
			continue;
		d->a = a;
		d->t = daemon_types[i];
		d->pidfd = -1;
		d->wanted = !d->t->lazy;
		a->daemons->n++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		int r = sd_event_add_inotify(a->ev, NULL, dirs[i], IN_CREATE | IN_MOVED_TO,
					     on_inotify, a);

		if (r < 0)
			return err_errno(e, -r, "watch %s", dirs[i]);
	}
	return 0;
}
