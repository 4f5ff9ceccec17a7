/* SPDX-License-Identifier: Apache-2.0 */
/* ovsdb-server and ovs-vswitchd of the fabric: starting, ending, telling. */
#include "fabric/switchd_priv.h"

#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "sys/prefix.h"

#define LOG_LINES 12

void switchd_proc_init(struct switchd *s, int which, const char *name)
{
	struct switchd_proc *d = &s->v[which];

	*d = (struct switchd_proc){.s = s, .name = name, .pidfd = -1};
	d->log = xasprintf("%s/n/" FABRIC_NODE "/log/openvswitch/%s.log", s->f->c.state, name);
}

void switchd_proc_clear(struct switchd_proc *d)
{
	if (d->state == PROC_RUNNING)
		reaper_unwatch(d->s->f->c.reaper, d->pid);
	close_fd(d->pidfd);
	json_decref(d->tail);
	free(d->log);
}

/* ---- ends ---- */

char *switchd_proc_text(const struct switchd_proc *d)
{
	_cleanup_free_ char *why = proc_status_text(d->wstatus);

	return xasprintf(FABRIC_NODE ": %s %s: %s", d->name,
			 d->state == PROC_STOPPED ? "was stopped" : "ended", why);
}

static void note_end(struct switchd_proc *d, int wstatus)
{
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *text = NULL;

	d->wstatus = wstatus;
	d->state = d->stopping ? PROC_STOPPED : PROC_EXITED;
	d->stopping = false;
	d->pidfd = close_fd(d->pidfd);
	json_decref(d->tail);
	d->tail = proc_log_tail(d->log, LOG_LINES);
	text = switchd_proc_text(d);
	if (d->state == PROC_EXITED)
		log_warn("%s", text);
	else
		log_info("%s", text);
	err_set(&e, ECHILD, "%s", text);
	waiters_end(&d->for_end, NULL);
	waiters_end(&d->for_ready, &e);
}

static void on_end(void *arg, pid_t pid, int wstatus)
{
	struct switchd_proc *d = arg;

	(void)pid;
	note_end(d, wstatus);
	switchd_ended(d->s, d);
}

/* ---- starts ---- */

static int run(struct switchd_proc *d, const char *const *argv, const char *const *env, int log_fd,
	       struct err *e)
{
	_cleanup_free_ char *path = prefix_program(d->s->f->c.prefix, d->name, e);
	struct proc_spec s = PROC_SPEC_INIT;

	if (!path)
		return -e->code;
	s.path = path;
	s.argv = argv;
	s.envp = env;
	s.log_fd = log_fd;
	s.pdeathsig = SIGKILL;
	d->pid = proc_spawn(&s, &d->pidfd, e);
	return d->pid < 0 ? (int)d->pid : 0;
}

static int spawn(struct switchd_proc *d, struct err *e)
{
	const char *dir = d->s->dir;
	_cleanup_free_ char *log = xasprintf("--log-file=%s", d->log);
	_cleanup_free_ char *remote = xasprintf("--remote=punix:%s", d->s->sock);
	_cleanup_free_ char *db = xasprintf("unix:%s", d->s->sock);
	_cleanup_free_ char *file = xasprintf("%s/conf.db", dir);
	_cleanup_free_ char *rundir = xasprintf("OVS_RUNDIR=%s", dir);
	_cleanup_free_ char *etc = xasprintf("OVS_SYSCONFDIR=%s", dir);
	const char *const server[] = {d->name,	      "--pidfile", log,	 "-vconsole:off",
				      "-vsyslog:off", remote,	   file, NULL};
	const char *const vswitchd[] = {d->name,	"--pidfile",	    log, "-vconsole:off",
					"-vsyslog:off", "--disable-system", db,	 NULL};
	/* see the agent's: fewer page faults, and jumbo buffers that are not given back each time */
	const char *const extra[] = {
		rundir, etc,
		"GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=268435456",
		NULL};
	_cleanup_close_ int log_fd = proc_log_open(d->log, e);
	char **env;
	int r;

	if (log_fd < 0)
		return log_fd;
	env = prefix_env(d->s->f->c.prefix, extra);
	r = run(d, d == &d->s->v[SERVER] ? server : vswitchd, (const char *const *)env, log_fd, e);
	prefix_env_free(env);
	return r;
}

void switchd_proc_start(struct switchd_proc *d)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (spawn(d, &e) >= 0) {
		d->state = PROC_RUNNING;
		reaper_watch(d->s->f->c.reaper, d->pid, on_end, d);
		return;
	}
	log_error(FABRIC_NODE ": %s", err_msg(&e));
	d->pid = 0;
	note_end(d, 127 << 8); /* as a shell would say it */
	json_decref(d->tail);
	d->tail = json_pack("[s]", err_msg(&e));
}

json_t *switchd_proc_status(const struct switchd_proc *d)
{
	static const char *const names[] = {"stopped", "running", "exited", "stopped"};
	json_t *j = json_pack("{s:s, s:i, s:s}", "name", d->name, "pid", (int)d->pid, "state",
			      names[d->state]);

	if (d->state == PROC_EXITED || d->state == PROC_STOPPED) {
		_cleanup_free_ char *text = proc_status_text(d->wstatus);

		jset_str(j, "status", text);
		json_object_set(j, "log", d->tail);
	}
	return j;
}
