/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/reconcile.h"

#include <errno.h>

#include "api/meta.h"
#include "lab/controllers.h"
#include "lab/endpoint.h"
#include "lab/mtu.h"
#include "lab/net.h"
#include "lab/upload.h"
#include "lab/zones.h"
#include "ovnk/lint.h"
#include "ovnk/lint_policy.h"
#include "ovnk/udn.h"

#define MAX_ROUNDS 32
/* A burst of writes ends with so long a pause, and is cut off after so long. */
#define BURST_PAUSE (30 * USEC_PER_MSEC)
#define BURST_MAX (500 * USEC_PER_MSEC)

struct sync {
	struct lab *lab;
	uint64_t start, timeout;
	size_t waiting; /* zones whose barrier has not come back */
	bool barriers;	/* sent */
	json_t *problems;
	reconcile_done_fn done;
	void *arg;
	sd_event_source *timer;
	struct sync *next;
};

struct reconcile {
	sd_event_source *defer;
	bool running;
	uint64_t first, last;	/* write of the burst, 0: none */
	sd_event_source *pause; /* until its end */
	struct sync *syncs;
};

/* ---- one run ---- */

/* Controllers until the store stands still. */
static void converge(struct lab *lab)
{
	for (int round = 0; round < MAX_ROUNDS; round++) {
		long long rv = store_rv(lab->store);

		ctl_vm_reconcile(lab);
		ctl_sched_reconcile(lab);
		ctl_udn_reconcile(lab);
		ctl_net_reconcile(lab);
		ctl_policy_reconcile(lab);
		ctl_pod_reconcile(lab);
		ctl_nmstate_reconcile(lab);
		if (store_rv(lab->store) == rv)
			return;
	}
	log_error("the controllers do not agree after %d rounds", MAX_ROUNDS);
}

static void run(struct lab *lab)
{
	lab->rec->running = true;
	lab->rec->first = lab->rec->last = 0;
	converge(lab);
	for (size_t i = 0; i < lab->n_zones; i++)
		zone_apply(&lab->zones[i]);
	for (size_t i = 0; i < lab->n_nodes; i++)
		if (!lab->nodes[i].control_plane && lab->nodes[i].started)
			lab_node_desire(&lab->nodes[i], ctl_node_desired(lab, &lab->nodes[i]));
	endpoints_update(lab);
	uploads_update(lab);
	lab->rec->running = false;
	sd_event_source_set_enabled(lab->rec->defer, SD_EVENT_OFF);
}

static int on_pause(sd_event_source *s, uint64_t usec, void *arg)
{
	struct lab *lab = arg;

	(void)s;
	(void)usec;
	lab->rec->pause = sd_event_source_unref(lab->rec->pause);
	reconcile_kick(lab);
	return 0;
}

/* True, with a timer set, while clients are writing and nobody waits for the result. */
static bool in_burst(struct lab *lab)
{
	struct reconcile *r = lab->rec;
	uint64_t now = mono_usec(), end = MIN(r->last + BURST_PAUSE, r->first + BURST_MAX);

	for (struct sync *s = r->syncs; s; s = s->next)
		if (!s->barriers)
			return false;
	if (!r->first || now >= end)
		return false;
	return r->pause || loop_after(lab->ev, end - now, on_pause, lab, &r->pause) >= 0;
}

static int on_defer(sd_event_source *s, void *arg)
{
	struct lab *lab = arg;

	sd_event_source_set_enabled(s, SD_EVENT_OFF);
	if (in_burst(lab))
		return 0;
	run(lab);
	reconcile_progress(lab);
	return 0;
}

void reconcile_kick(struct lab *lab)
{
	if (lab->rec && !lab->rec->running)
		sd_event_source_set_enabled(lab->rec->defer, SD_EVENT_ONESHOT);
}

void reconcile_written(struct lab *lab)
{
	if (!lab->rec || lab->rec->running)
		return;
	lab->rec->last = mono_usec();
	if (!lab->rec->first)
		lab->rec->first = lab->rec->last;
	reconcile_kick(lab);
}

int reconcile_init(struct lab *lab, struct err *e)
{
	int r;

	lab->rec = xcalloc(1, sizeof(*lab->rec));
	r = sd_event_add_defer(lab->ev, &lab->rec->defer, on_defer, lab);
	if (r < 0)
		return err_errno(e, -r, "event loop");
	sd_event_source_set_priority(lab->rec->defer, SD_EVENT_PRIORITY_IDLE);
	return sd_event_source_set_enabled(lab->rec->defer, SD_EVENT_OFF);
}

/* ---- what a sync reports ---- */

static bool add_pending(void *arg, json_t *pod)
{
	json_t *out = arg, *c = meta_condition(pod, "PodReadyToStartContainers");
	const char *why = jstr(c, "message", NULL);

	if (streq(jstr(pod, "status.phase", ""), "Running"))
		return true;
	if (!why) {
		c = meta_condition(pod, "PodScheduled");
		why = jstr(c, "message", "starting");
	}
	json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", "Pod",
					     "namespace", meta_ns(pod), "name", meta_name(pod),
					     "reason", why, "cause", jstr(c, "reason", "")));
	return true;
}

static json_t *verdicts(struct lab *lab)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *dump = store_dump(lab->store);

	diags_merge(&d, &lab->net->udn);
	diags_merge(&d, &lab->net->findings);
	lint_objects(json_object_get(dump, "items"), &lab->net->config, &d);
	lint_policies(&lab->net->policies, &lab->net->networks, json_object_get(dump, "items"), &d);
	lab_mtu_lint(lab, json_object_get(dump, "items"), &d);
	udn_retitle(json_object_get(dump, "items"), &d);
	ctl_nmstate_verdicts(lab, json_object_get(dump, "items"), &d);
	return diags_to_json(&d);
}

/* One row that a database refuses takes all of its plan with it: nobody may miss that. */
static void add_refusals(const struct lab_zone *z, json_t *problems)
{
	if (z->refused_nb)
		json_array_append_new(problems, jstringf("zone %s: %s", z->name, z->refused_nb));
	if (z->refused_sb)
		json_array_append_new(problems, jstringf("zone %s: %s", z->name, z->refused_sb));
}

static json_t *sync_result(struct sync *s)
{
	struct lab *lab = s->lab;
	struct store_query pods = {.kind = &kind_pod};
	json_t *rows = json_array(), *pending = json_array();
	long long changed = 0, repaired = 0;

	for (size_t i = 0; i < lab->n_zones; i++) {
		struct lab_zone *z = &lab->zones[i];

		changed += z->changed;
		repaired += z->repaired;
		z->changed = z->repaired = 0;
		add_refusals(z, s->problems);
		json_array_extend(rows, z->rows);
		json_array_clear(z->rows);
	}
	store_each(lab->store, &pods, add_pending, pending);
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:O, s:f}", "changed", (json_int_t)changed,
			 "repaired", (json_int_t)repaired, "rows", rows, "verdicts", verdicts(lab),
			 "pending", pending, "problems", s->problems, "barrier_ms",
			 (double)(mono_usec() - s->start) / 1e3);
}

/* ---- syncs ---- */

static void sync_unlink(struct sync *s)
{
	struct sync **p = &s->lab->rec->syncs;

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
}

static void sync_finish(struct sync *s)
{
	_cleanup_json_ json_t *result = sync_result(s);

	sync_unlink(s);
	s->done(s->arg, result, NULL);
	sd_event_source_disable_unref(s->timer);
	json_decref(s->problems);
	free(s);
}

struct zone_wait {
	struct sync *sync;
	struct lab_zone *zone;
};

static void on_barrier(void *arg, const char *error)
{
	struct zone_wait *w = arg;
	struct sync *s = w->sync;

	if (error)
		json_array_append_new(s->problems, jstringf("zone %s: %s", w->zone->name, error));
	free(w);
	if (--s->waiting == 0)
		sync_finish(s);
}

static uint64_t sync_left(const struct sync *s)
{
	uint64_t now = mono_usec(), end = s->start + s->timeout;

	return now + USEC_PER_MSEC < end ? end - now : USEC_PER_MSEC;
}

static void sync_barriers(struct sync *s)
{
	struct lab *lab = s->lab;

	s->barriers = true;
	s->waiting = lab->n_zones;
	sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
	for (size_t i = 0; i < lab->n_zones; i++) {
		struct zone_wait *w = xcalloc(1, sizeof(*w));

		w->sync = s;
		w->zone = &lab->zones[i];
		zone_barrier(&lab->zones[i], sync_left(s), on_barrier, w);
	}
}

static bool zones_settled(const struct lab *lab)
{
	for (size_t i = 0; i < lab->n_zones; i++)
		if (!zone_settled(&lab->zones[i]) && !zone_problem(&lab->zones[i]))
			return false;
	return true;
}

void reconcile_progress(struct lab *lab)
{
	int dirty = 0;

	if (!lab->rec || lab->rec->running)
		return;
	sd_event_source_get_enabled(lab->rec->defer, &dirty);
	if (dirty != SD_EVENT_OFF || !zones_settled(lab) || !ctl_nmstate_settled(lab))
		return;
	for (struct sync *s = lab->rec->syncs; s; s = s->next)
		if (!s->barriers)
			sync_barriers(s);
}

/* Transactions did not come back in time: the barriers will say which zone. */
static int on_sync_timeout(sd_event_source *src, uint64_t usec, void *arg)
{
	struct sync *s = arg;

	(void)src;
	(void)usec;
	if (!ctl_nmstate_settled(s->lab))
		json_array_append_new(s->problems,
				      json_string("network policies are still being applied"));
	if (!s->barriers)
		sync_barriers(s);
	return 0;
}

void reconcile_sync(struct lab *lab, uint64_t timeout_us, reconcile_done_fn done, void *arg)
{
	struct sync *s = xcalloc(1, sizeof(*s));

	*s = (struct sync){.lab = lab,
			   .start = mono_usec(),
			   .timeout = timeout_us,
			   .problems = json_array(),
			   .done = done,
			   .arg = arg,
			   .next = lab->rec->syncs};
	lab->rec->syncs = s;
	for (size_t i = 0; i < lab->n_zones; i++)
		lab->zones[i].stale = true;
	if (loop_after(lab->ev, timeout_us, on_sync_timeout, s, &s->timer) < 0)
		abort();
	reconcile_kick(lab);
}
