/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vm.h"

#include "agent/vm_helper.h"

#define START_US (120 * USEC_PER_SEC)
#define CALL_US (30 * USEC_PER_SEC)

struct vm *vm_new(struct agent *a, const json_t *spec)
{
	struct vm *v = xcalloc(1, sizeof(*v));

	v->a = a;
	v->uid = xstrdup(jstr(spec, "uid", ""));
	v->taps = json_array();
	return v;
}

static void set_state(struct vm *v, enum vm_state state, const char *message)
{
	char *copy = xstrdup(message); /* it may be the present one */

	v->state = state;
	free(v->message);
	v->message = copy;
	agent_touch(v->a);
}

/* ---- taps ---- */

static const char *tap_name(const json_t *att)
{
	return jstr(att, "tap", "");
}

static bool tap_exists(const struct vm *v, const json_t *att)
{
	json_t *t;
	size_t i;

	json_array_foreach(v->taps, i, t)
		if (streq(tap_name(t), tap_name(att)))
			return true;
	return false;
}

/* QEMU opens it; the MAC is the guest's affair, the tap's own is never seen. */
static int make_taps(struct vm *v, struct err *e)
{
	json_t *att;
	size_t i;

	json_array_foreach(json_object_get(v->spec, "attachments"), i, att) {
		int r;

		if (tap_exists(v, att))
			continue;
		r = link_add_tap(v->a->net, tap_name(att), NULL, (unsigned)jint(att, "mtu", 1400),
				 e);
		if (r >= 0)
			r = link_set_up(v->a->net, tap_name(att), true, e);
		if (r < 0)
			return err_wrap(e, "tap of %s", jstr(att, "nad", "?"));
		json_array_append(v->taps, att);
	}
	return 0;
}

static void drop_taps(struct vm *v)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *att;
	size_t i;

	json_array_foreach(v->taps, i, att)
		if (link_del(v->a->net, tap_name(att), &e) < 0)
			log_warn("%s", err_msg(&e));
	json_array_clear(v->taps);
}

void vm_free(struct vm *v)
{
	drop_taps(v);
	sd_event_source_disable_unref(v->grace);
	json_decref(v->spec);
	json_decref(v->taps);
	json_decref(v->guest);
	free(v->message);
	free(v->reason);
	free(v->uid);
	free(v);
}

/* ---- calls ---- */

/* A call outlives its VM, so it carries the uid. */
struct call {
	struct agent *a;
	char *uid;
	void (*done)(struct vm *v, const char *error);
};

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	struct call *c = arg;
	struct agent *a = c->a;
	struct vm *v = vms_find(a, c->uid);
	_cleanup_free_ char *text = NULL;

	if (!result)
		text = json_is_string(error) ? xstrdup(json_string_value(error)) : jtext(error);
	if (v)
		c->done(v, text);
	free(c->uid);
	free(c);
	agent_pump(a);
}

static void call(struct vm *v, const char *method, json_t *args, uint64_t timeout_us,
		 void (*done)(struct vm *v, const char *error))
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->a = v->a;
	c->uid = xstrdup(v->uid);
	c->done = done;
	jset_str(args, "uid", v->uid);
	vm_helper_call(vms_helper(v->a), method, args, timeout_us, on_reply, c);
}

static void started(struct vm *v, const char *error)
{
	if (!error)
		return; /* the event says so */
	v->domain = false;
	set_state(v, VM_FAILED, error);
}

static void start(struct vm *v)
{
	json_t *args = json_object();

	json_object_set(args, "xml", json_object_get(v->spec, "domain"));
	json_object_set(args, "name", json_object_get(v->spec, "domain_name"));
	json_object_set(args, "files", json_object_get(v->spec, "files"));
	json_object_set(args, "seed", json_object_get(v->spec, "seed"));
	json_object_set(args, "seed_path", json_object_get(v->spec, "seed_path"));
	v->domain = true;
	set_state(v, VM_STARTING, NULL);
	call(v, "start", args, START_US, started);
}

static void destroyed(struct vm *v, const char *error)
{
	v->destroying = false;
	if (error)
		log_warn("VM %s: destroy: %s", v->uid, error);
	v->domain = false;
	if (v->state != VM_FAILED)
		set_state(v, VM_SHUTOFF, NULL);
}

static void destroy(struct vm *v)
{
	v->grace = sd_event_source_disable_unref(v->grace);
	if (v->destroying)
		return;
	v->destroying = true;
	call(v, "destroy", json_object(), CALL_US, destroyed);
}

static void shut_down_asked(struct vm *v, const char *error)
{
	if (error) /* the deadline will end it */
		log_info("VM %s: shutdown: %s", v->uid, error);
}

static int on_grace(sd_event_source *s, uint64_t usec, void *arg)
{
	struct vm *v = arg;

	(void)s;
	(void)usec;
	log_info("VM %s: grace period is over", v->uid);
	destroy(v);
	return 0;
}

static void shut_down(struct vm *v)
{
	long long grace = jint(v->spec, "grace", 30);

	v->ending = true;
	if (grace <= 0) {
		destroy(v);
		return;
	}
	loop_after(v->a->ev, (uint64_t)grace * USEC_PER_SEC, on_grace, v, &v->grace);
	call(v, "shutdown", json_object(), CALL_US, shut_down_asked);
}

/* ---- steps ---- */

void vm_apply(struct vm *v, const json_t *spec)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (v->spec && v->state != VM_FAILED && json_equal(v->spec, (json_t *)(uintptr_t)spec))
		return;
	json_decref(v->spec);
	v->spec = json_incref((json_t *)(uintptr_t)spec);
	/* Tried again, unless it had run: an ended domain stays ended. */
	if (v->state == VM_FAILED && !v->reason)
		set_state(v, VM_PENDING, NULL);
	if (make_taps(v, &e) < 0)
		set_state(v, VM_FAILED, err_msg(&e));
}

void vm_step(struct vm *v)
{
	bool run = !v->leaving && jbool(v->spec, "running", true);

	if (v->leaving && v->domain) {
		destroy(v);
	} else if (!run && !v->domain && v->state == VM_PENDING) {
		set_state(v, VM_SHUTOFF, NULL);
	} else if (!run && v->domain && !v->ending && v->state != VM_STARTING) {
		shut_down(v);
	} else if (run && v->state == VM_PENDING && v->plugged &&
		   vm_helper_ready(vms_helper(v->a))) {
		start(v);
	}
}

bool vm_is_over(const struct vm *v)
{
	return v->leaving && !v->domain && !v->destroying && v->unplugged;
}

/* ---- events ---- */

static void set_reason(struct vm *v, const char *reason)
{
	free(v->reason);
	v->reason = xstrdup(reason);
}

void vm_lost(struct vm *v, const char *why)
{
	bool ran = v->domain;

	v->domain = v->destroying = v->agent_connected = false;
	v->grace = sd_event_source_disable_unref(v->grace);
	if (!ran) {
		set_state(v, v->state, v->state == VM_PENDING ? why : v->message);
		return;
	}
	set_reason(v, "lost");
	set_state(v, VM_FAILED, why);
}

static void ended(struct vm *v, enum vm_state state, const char *event, const char *reason)
{
	v->domain = v->agent_connected = false;
	v->grace = sd_event_source_disable_unref(v->grace);
	json_decref(v->guest);
	v->guest = NULL;
	set_reason(v, reason ? reason : event);
	set_state(v, state, state == VM_FAILED ? "the domain crashed" : NULL);
}

void vm_event(struct vm *v, const char *event, const char *reason)
{
	if (streq(event, "started") || streq(event, "resumed") || streq(event, "rebooted"))
		set_state(v, VM_RUNNING, NULL);
	else if (streq(event, "suspended"))
		set_state(v, VM_PAUSED, NULL);
	else if (streq(event, "stopped"))
		ended(v, VM_SHUTOFF, event, reason);
	else if (streq(event, "crashed"))
		ended(v, VM_FAILED, event, reason);
	else if (streq(event, "agent-connected") || streq(event, "agent-disconnected"))
		v->agent_connected = streq(event, "agent-connected");
	agent_touch(v->a);
}

void vm_found(struct vm *v, const char *state, bool agent_connected)
{
	v->domain = true;
	v->agent_connected = agent_connected;
	free(v->reason);
	v->reason = NULL;
	set_state(v, streq(state, "paused") ? VM_PAUSED : VM_RUNNING, NULL);
}

/* ---- status ---- */

static const char *state_name(const struct vm *v)
{
	static const char *const names[] = {"pending", "starting", "running",
					    "paused",  "shutoff",  "failed"};

	return names[v->state];
}

json_t *vm_status(const struct vm *v, const json_t *interfaces)
{
	json_t *atts = json_array(), *att, *j;
	bool all = true;
	size_t i;

	json_array_foreach(v->taps, i, att) {
		json_t *x = ovs_att_status(interfaces, tap_name(att), att);

		all &= jbool(x, "installed", false);
		json_array_append_new(atts, x);
	}
	j = json_pack("{s:s, s:s, s:s, s:b, s:b, s:o}", "uid", v->uid, "state", state_name(v),
		      "message", v->message ? v->message : "", "installed", all, "agent_connected",
		      v->agent_connected, "attachments", atts);
	if (v->reason)
		jset_str(j, "reason", v->reason);
	if (v->guest) {
		json_object_set(j, "interfaces", json_object_get(v->guest, "interfaces"));
		json_object_set(j, "hostname", json_object_get(v->guest, "hostname"));
		json_object_set(j, "os", json_object_get(v->guest, "os"));
	}
	return j;
}
