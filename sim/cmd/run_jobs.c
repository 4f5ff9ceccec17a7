/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/run_jobs.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/proc.h"

struct running {
	pid_t pid; /* 0: not started, -1: ended */
	int out;   /* what it prints on stderr, until it has ended */
	json_t *result;
};

static char *result_path(const struct run_job *j, const struct run_opts *o)
{
	return xasprintf("%s/%s-%s/result.json", o->out, j->s->name, j->zones);
}

/* Does not return. */
static void child(const struct run_job *j, const struct run_opts *o, int out, pid_t parent)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *result = NULL;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(1);
	dup2(out, STDERR_FILENO);
	fprintf(stderr, "%s (%s)\n", j->s->name, j->zones);
	if (scenario_run(j->s, j->zones, o, &result, &e) < 0) {
		fprintf(stderr, "error: %s\n", err_msg(&e));
		_exit(1);
	}
	fflush(NULL);
	_exit(0);
}

static int start(const struct run_job *j, const struct run_opts *o, struct running *r,
		 struct err *e)
{
	_cleanup_free_ char *path = result_path(j, o);
	pid_t self = getpid();

	unlink(path); /* of an earlier run into the same directory */
	r->out = memfd_create("ovnbed-run", MFD_CLOEXEC);
	if (r->out < 0)
		return err_errno(e, errno, "memfd_create");
	fflush(NULL);
	r->pid = fork();
	if (r->pid < 0)
		return err_errno(e, errno, "fork");
	if (r->pid == 0)
		child(j, o, r->out, self);
	return 0;
}

static void show_output(struct running *r)
{
	char text[4096];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(r->out, text, sizeof(text), at)) > 0) {
		fwrite(text, 1, (size_t)n, stderr);
		at += n;
	}
	fflush(stderr);
	close(r->out);
}

/* The result that the job's process left, or one that says how it ended. */
static json_t *result_of(const struct run_job *j, const struct run_opts *o, int status)
{
	_cleanup_free_ char *path = result_path(j, o), *how = proc_status_text(status);
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *r = status == 0 ? jload_file(path, &e) : NULL, *check;

	if (r)
		return r;
	check = json_pack("{s:s, s:s, s:s, s:o, s:f, s:[]}", "id", "run", "name",
			  "the scenario runs to its end", "status", "error", "reason",
			  jstringf("its process ended: %s", how), "seconds", 0.0, "details");
	return json_pack("{s:s, s:s, s:s, s:O?, s:s, s:f, s:s, s:[o], s:[]}", "scenario",
			 j->s->name, "zones", j->zones, "file", j->s->file, "labels", j->s->labels,
			 "topology", j->s->topology, "seconds", 0.0, "status", "error", "checks",
			 check, "log");
}

/* Waits for one job of ours; its index, or -errno. */
static ssize_t reap(const struct run_job *jobs, struct running *r, size_t n,
		    const struct run_opts *o)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0 && errno != EINTR)
			return -errno;
		for (size_t i = 0; pid > 0 && i < n; i++) {
			if (r[i].pid != pid)
				continue;
			r[i].pid = -1;
			show_output(&r[i]);
			r[i].result = result_of(&jobs[i], o, status);
			return (ssize_t)i;
		}
	}
}

json_t *run_jobs(const struct run_job *jobs, size_t n, unsigned width, const struct run_opts *o,
		 struct err *e)
{
	_cleanup_free_ struct running *r = xcalloc(n ?: 1, sizeof(*r));
	size_t next = 0, active = 0;
	json_t *out = json_array();
	int code = 0;

	while (next < n || active) {
		while (next < n && active < width && code >= 0) {
			code = start(&jobs[next], o, &r[next], e);
			active += code >= 0;
			next++;
		}
		if (!active || reap(jobs, r, n, o) < 0)
			break;
		active--;
	}
	for (size_t i = 0; i < n; i++)
		if (r[i].result)
			json_array_append_new(out, r[i].result);
	if (code >= 0 && json_array_size(out) == n)
		return out;
	if (code >= 0)
		err_set(e, ECHILD, "the processes of the scenarios cannot be waited for");
	json_decref(out);
	return NULL;
}
