/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs: phases of calls to agents, ended exactly once. */
#include <errno.h>

#include "probe/hub.h"

struct job_call {
	struct probe_job *job;
	job_reply_fn fn;
	void *tag;
};

static void job_free(struct probe_job *job)
{
	for (struct probe_job **p = &job->hub->jobs; *p; p = &(*p)->next)
		if (*p == job) {
			*p = job->next;
			break;
		}
	sd_event_source_disable_unref(job->defer);
	sd_event_source_disable_unref(job->wait);
	job->destroy(job);
	free(job);
}

/* Calls in flight still point to the job. */
static void free_when_idle(struct probe_job *job)
{
	job->over = true;
	if (!job->pending)
		job_free(job);
}

static void step_later(struct probe_job *job);

/* One call less; the last one frees the job or starts its next phase. */
static void release(struct probe_job *job)
{
	if (--job->pending)
		return;
	if (job->over)
		job_free(job);
	else
		step_later(job);
}

static int on_step(sd_event_source *s UNUSED, void *arg)
{
	struct probe_job *job = arg;

	job->defer = sd_event_source_disable_unref(job->defer);
	job->phase++;
	job->pending++; /* holds the job while it steps */
	job->step(job);
	release(job);
	return 0;
}

/* From the loop, so that no step runs inside another. */
static void step_later(struct probe_job *job)
{
	if (sd_event_add_defer(job->hub->ev, &job->defer, on_step, job) < 0)
		abort();
}

struct probe_job *job_start(struct probe_job *job, struct probe_hub *h, probe_done_fn done,
			    void *arg, void (*step)(struct probe_job *job),
			    void (*destroy)(struct probe_job *job))
{
	job->hub = h;
	job->done = done;
	job->arg = arg;
	job->step = step;
	job->destroy = destroy;
	job->started = mono_usec();
	job->next = h->jobs;
	h->jobs = job;
	step_later(job);
	return job;
}

static void on_reply(void *arg, const json_t *result, const struct err *e)
{
	struct job_call *c = arg;
	struct probe_job *job = c->job;

	if (!job->over && c->fn)
		c->fn(job, c->tag, result, e);
	free(c);
	release(job);
}

void job_call(struct probe_job *job, const char *name, const char *method, json_t *params,
	      uint64_t timeout_us, job_reply_fn fn, void *tag)
{
	struct job_call *c = xcalloc(1, sizeof(*c));

	c->job = job;
	c->fn = fn;
	c->tag = tag;
	job->pending++;
	hub_call(job->hub, name, method, params, timeout_us, on_reply, c);
}

static int on_wait(sd_event_source *s, uint64_t usec UNUSED, void *arg)
{
	struct probe_job *job = arg;

	sd_event_source_set_enabled(s, SD_EVENT_OFF);
	release(job);
	return 0;
}

void job_wait(struct probe_job *job, uint64_t delay_us)
{
	job->wait = sd_event_source_disable_unref(job->wait);
	job->pending++;
	if (loop_after(job->hub->ev, delay_us, on_wait, job, &job->wait) < 0)
		abort();
}

void job_hold(struct probe_job *job)
{
	job->pending++;
}

void job_release(struct probe_job *job)
{
	release(job);
}

void job_done(struct probe_job *job, json_t *result)
{
	probe_done_fn done = job->done;
	void *arg = job->arg;

	free_when_idle(job);
	done(arg, result, NULL);
}

void job_fail(struct probe_job *job, const struct err *e)
{
	probe_done_fn done = job->done;
	void *arg = job->arg;
	struct err copy = {.code = e->code, .msg = xstrdup(err_msg(e))};

	free_when_idle(job);
	done(arg, NULL, &copy);
	err_clear(&copy);
}

double job_seconds(const struct probe_job *job)
{
	return (double)(mono_usec() - job->started) / 1e6;
}

void probe_cancel(struct probe_job *job)
{
	if (job && !job->over)
		free_when_idle(job);
}

void job_end_all(struct probe_hub *h)
{
	_cleanup_err_ struct err e = ERR_INIT;

	err_set(&e, ECANCELED, "the lab is shutting down");
	for (struct probe_job *job = h->jobs, *next; job; job = next) {
		next = job->next;
		if (job->over)
			continue;
		job->over = true;
		job->done(job->arg, NULL, &e);
	}
}

void job_free_all(struct probe_hub *h)
{
	while (h->jobs)
		job_free(h->jobs);
}
