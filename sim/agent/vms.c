/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vms.h"

#include "agent/daemons.h"
#include "agent/vm.h"
#include "agent/vm_helper.h"
#include "virt/virt.h"

#define REQUEST_US (300 * USEC_PER_SEC)

struct vms {
	struct vm **v;
	size_t n;
	struct vm_helper *helper;
};

void vms_new(struct agent *a)
{
	a->vms = xcalloc(1, sizeof(*a->vms));
}

struct vm_helper *vms_helper(const struct agent *a)
{
	return a->vms->helper;
}

struct vm *vms_find(const struct agent *a, const char *uid)
{
	for (size_t i = 0; uid && i < a->vms->n; i++)
		if (streq(a->vms->v[i]->uid, uid))
			return a->vms->v[i];
	return NULL;
}

/* ---- desired state ---- */

static void step_all(struct agent *a)
{
	for (size_t i = 0; i < a->vms->n; i++)
		vm_step(a->vms->v[i]);
}

static struct vm *add(struct agent *a, const json_t *spec)
{
	struct vm *v = vm_new(a, spec);

	a->vms->v = xrealloc(a->vms->v, (a->vms->n + 1) * sizeof(*a->vms->v));
	a->vms->v[a->vms->n++] = v;
	return v;
}

void vms_apply(struct agent *a, const json_t *list)
{
	json_t *spec;
	size_t i;

	for (i = 0; i < a->vms->n; i++)
		a->vms->v[i]->leaving = true;
	json_array_foreach(list, i, spec) {
		struct vm *v = vms_find(a, jstr(spec, "uid", NULL));

		if (!v)
			v = add(a, spec);
		v->leaving = v->unplugged = false;
		vm_apply(v, spec);
	}
	if (a->vms->n) {
		struct daemon *d = daemon_find(a, "libvirtd");

		daemon_want(a, "libvirtd");
		if (d && d->ready)
			vms_libvirtd_ready(a);
	}
	step_all(a);
}

/* ---- ports ---- */

void vms_ports(struct agent *a, void (*fn)(void *arg, const struct ovs_port *p), void *arg)
{
	for (size_t i = 0; i < a->vms->n; i++) {
		struct vm *v = a->vms->v[i];
		json_t *att;
		size_t k;

		/* The ports of a domain that still runs stay until it has ended. */
		v->pass_without = v->leaving && !v->domain;
		v->plugging = !v->pass_without;
		json_array_foreach(v->taps, k, att) {
			struct ovs_port p = {jstr(att, "tap", ""), att};

			if (v->plugging)
				fn(arg, &p);
		}
	}
}

static void bury(struct agent *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->vms->n; i++) {
		struct vm *v = a->vms->v[i];

		if (vm_is_over(v))
			vm_free(v);
		else
			a->vms->v[kept++] = v;
	}
	a->vms->n = kept;
}

void vms_plugged(struct agent *a, const struct err *e)
{
	for (size_t i = 0; i < a->vms->n; i++) {
		struct vm *v = a->vms->v[i];

		v->plugged |= v->plugging && !e;
		v->unplugged |= v->leaving && (v->pass_without || (e && !v->domain));
	}
	step_all(a);
	bury(a);
}

bool vms_leaving(const struct agent *a)
{
	for (size_t i = 0; i < a->vms->n; i++)
		if (a->vms->v[i]->leaving)
			return true;
	return false;
}

/* A domain that has ended after its VM was given up frees its ports. */
static void after_change(struct agent *a)
{
	step_all(a);
	for (size_t i = 0; i < a->vms->n; i++) {
		struct vm *v = a->vms->v[i];

		if (v->leaving && !v->domain && !v->unplugged) {
			ovs_ports_pass(a);
			return;
		}
	}
}

/* ---- libvirtd and its helper ---- */

void vms_before_libvirtd(struct agent *a)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (virt_prepare_node(jstr(a->config, "host_uuid", ""), &e) < 0)
		log_error("prepare libvirt: %s", err_msg(&e));
	unlink(VIRT_SOCKET);
}

void vms_libvirtd_ready(struct agent *a)
{
	_cleanup_err_ struct err e = ERR_INIT;

	if (!a->vms->helper && vm_helper_new(a, &a->vms->helper, &e) < 0)
		log_error("%s", err_msg(&e));
}

void vms_libvirtd_gone(struct agent *a)
{
	vms_helper_gone(a, "libvirtd has ended");
}

static void ignore(void *arg, const json_t *result, const json_t *error)
{
	(void)arg;
	(void)result;
	(void)error;
}

/* Domains outlive libvirtd: one that is started again knows those of the former. */
static void on_list(void *arg, const json_t *result, const json_t *error)
{
	struct agent *a = arg;
	json_t *row;
	size_t i;

	(void)error;
	json_array_foreach(result, i, row) {
		const char *uid = jstr(row, "uid", "");
		struct vm *v = vms_find(a, uid);

		if (v)
			vm_found(v, jstr(row, "state", ""), jbool(row, "agent_connected", false));
		else
			vm_helper_call(a->vms->helper, "destroy", json_pack("{s:s}", "uid", uid),
				       REQUEST_US, ignore, NULL);
	}
	step_all(a);
}

void vms_helper_ready(struct agent *a)
{
	agent_phase(a, "libvirt");
	vm_helper_call(a->vms->helper, "list", json_object(), REQUEST_US, on_list, a);
}

void vms_helper_gone(struct agent *a, const char *why)
{
	struct vm_helper *h = TAKE_PTR(a->vms->helper);

	if (h)
		log_warn("%s", why);
	for (size_t i = 0; i < a->vms->n; i++)
		vm_lost(a->vms->v[i], why);
	vm_helper_free(h);
	after_change(a);
	agent_touch(a);
}

void vms_helper_event(struct agent *a, const char *method, const json_t *params)
{
	struct vm *v = vms_find(a, jstr(params, "uid", NULL));

	if (!v)
		return;
	if (streq(method, "event")) {
		vm_event(v, jstr(params, "event", ""), jstr(params, "reason", NULL));
	} else if (streq(method, "guest")) {
		json_decref(v->guest);
		v->guest = json_incref((json_t *)(uintptr_t)params);
		agent_touch(a);
	}
	after_change(a);
}

/* ---- status and requests ---- */

json_t *vms_status(struct agent *a, const json_t *interfaces)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->vms->n; i++)
		if (!a->vms->v[i]->leaving)
			json_array_append_new(list, vm_status(a->vms->v[i], interfaces));
	return list;
}

struct forward {
	struct agent *a;
	json_t *id;
};

static void on_reply(void *arg, const json_t *result, const json_t *error)
{
	struct forward *f = arg;

	jrpc_reply(f->a->sup, f->id, result ? json_deep_copy(result) : NULL,
		   result ? NULL : json_deep_copy(error));
	json_decref(f->id);
	free(f);
}

void vms_request(struct agent *a, const json_t *params, const json_t *id)
{
	json_t *args = json_deep_copy(json_object_get(params, "args"));
	struct forward *f = xcalloc(1, sizeof(*f));

	if (!json_is_object(args)) {
		json_decref(args);
		args = json_object();
	}
	jset_str(args, "uid", jstr(params, "uid", NULL));
	f->a = a;
	f->id = json_incref((json_t *)(uintptr_t)id);
	vm_helper_call(a->vms->helper, jstr(params, "verb", ""), args, REQUEST_US, on_reply, f);
}
