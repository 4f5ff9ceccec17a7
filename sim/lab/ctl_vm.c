/* SPDX-License-Identifier: Apache-2.0 */
/* The kubevirt controller: VirtualMachine → VirtualMachineInstance → virt-launcher Pod, and the
 * statuses on the way back. What is decided comes from kubevirt/; this file reads and writes the
 * store. */
#include "lab/controllers.h"

#include "api/meta.h"
#include "base/log.h"
#include "kubevirt/render.h"
#include "kubevirt/run.h"
#include "kubevirt/status.h"

#define SOURCE "virtualmachine-controller"

static void now_text(struct lab *lab, char out[static 21])
{
	meta_time(store_now(lab->store), out);
}

static bool final_phase(const json_t *vmi)
{
	const char *phase = jstr(vmi, "status.phase", "");

	return streq(phase, "Succeeded") || streq(phase, "Failed");
}

/* ---- VirtualMachine ---- */

static void vm_start(struct lab *lab, const json_t *vm)
{
	_cleanup_json_ json_t *vmi = kubevirt_render_vmi(vm);
	_cleanup_json_ json_t *status = NULL;
	_cleanup_json_ json_t *made = store_create(lab->store, vmi, NULL, &status);

	if (made)
		store_event(lab->store, vm, "Normal", "SuccessfulCreate", SOURCE,
			    "Started the virtual machine by creating the new virtual machine "
			    "instance %s",
			    meta_name(vm));
	else
		store_event(lab->store, vm, "Warning", "FailedCreate", SOURCE, "%s",
			    jstr(status, "message", "cannot create the instance"));
}

static void vm_stop(struct lab *lab, const json_t *vm, const json_t *vmi)
{
	json_decref(store_delete(lab->store, &kind_vmi, meta_ns(vmi), meta_name(vmi), NULL, NULL));
	store_event(lab->store, vm, "Normal", "SuccessfulDelete", SOURCE,
		    "Stopped the virtual machine by deleting the virtual machine instance %s",
		    meta_name(vmi));
}

static bool reconcile_vm(void *arg, json_t *vm)
{
	struct lab *lab = arg;
	const json_t *vmi = store_peek(lab->store, &kind_vmi, meta_ns(vm), meta_name(vm));
	_cleanup_json_ json_t *copy = json_deep_copy(vm);
	_cleanup_json_ json_t *status = NULL;
	char now[21];

	if (kubevirt_trim_requests(copy, vmi))
		store_update_status(lab->store, vm, json_object_get(copy, "status"));
	if (!meta_deleting(vm)) {
		switch (kubevirt_run_next(copy, vmi)) {
		case KUBEVIRT_START:
			vm_start(lab, copy);
			break;
		case KUBEVIRT_STOP:
			vm_stop(lab, copy, vmi);
			break;
		case KUBEVIRT_KEEP:
			break;
		}
	}
	vmi = store_peek(lab->store, &kind_vmi, meta_ns(vm), meta_name(vm));
	now_text(lab, now);
	status = kubevirt_vm_status(copy, vmi, jget(vmi, "spec"), now);
	store_update_status(lab->store, vm, status);
	return true;
}

/* ---- VirtualMachineInstance ---- */

struct find_pod {
	const char *uid;
	json_t *pod;
};

static bool match_launcher(void *arg, json_t *pod)
{
	struct find_pod *f = arg;

	if (meta_owned_by(pod, f->uid) && !meta_deleting(pod))
		f->pod = pod;
	return !f->pod;
}

json_t *ctl_launcher_pod(struct lab *lab, const json_t *vmi)
{
	struct store_query q = {.kind = &kind_pod, .ns = meta_ns(vmi)};
	struct find_pod f = {.uid = meta_uid(vmi)};

	store_each(lab->store, &q, match_launcher, &f);
	/* still in the store, which keeps it alive until the next write */
	return f.pod ? store_peek(lab->store, &kind_pod, meta_ns(f.pod), meta_name(f.pod)) : NULL;
}

static void pod_create(struct lab *lab, const json_t *vmi)
{
	_cleanup_json_ json_t *pod = kubevirt_render_pod(vmi, prng_next(&lab->rng));
	_cleanup_json_ json_t *status = NULL;
	_cleanup_json_ json_t *made = store_create(lab->store, pod, NULL, &status);

	if (made)
		store_event(lab->store, vmi, "Normal", "SuccessfulCreate", SOURCE,
			    "Created virtual machine pod %s", meta_name(made));
	else
		log_error("virt-launcher pod of %s/%s: %s", meta_ns(vmi), meta_name(vmi),
			  jstr(status, "message", "?"));
}

/* The domain has ended on its own: the pod goes; the VM decides whether a new instance comes. */
static bool domain_ended(const json_t *vmi, const json_t *rt)
{
	const char *state = jstr(rt, "state", "");

	return streq(jstr(vmi, "status.phase", ""), "Running") &&
	       (streq(state, "shutoff") || streq(state, "failed"));
}

static bool reconcile_vmi(void *arg, json_t *vmi)
{
	struct lab *lab = arg;
	const json_t *rt = lab_vm_runtime(lab, meta_uid(vmi)), *pod;
	_cleanup_json_ json_t *status = NULL, *atts = NULL;
	bool ended = domain_ended(vmi, rt);
	char now[21];

	pod = ctl_launcher_pod(lab, vmi);
	if (meta_deleting(vmi)) {
		const char *state = jstr(rt, "state", "");

		if (!rt || streq(state, "shutoff") || streq(state, "failed") ||
		    !jstr(pod, "spec.nodeName", NULL))
			store_del_finalizer(lab->store, vmi, VMI_FINALIZER);
		return true;
	}
	if (!pod && !final_phase(vmi) && !ended) {
		pod_create(lab, vmi);
		pod = ctl_launcher_pod(lab, vmi);
	}
	atts = lab_pod_attachments(lab, pod);
	now_text(lab, now);
	status = kubevirt_vmi_status(vmi, pod, rt, atts, now);
	if (store_update_status(lab->store, vmi, status) > 0 &&
	    !streq(jstr(vmi, "status.phase", ""), jstr(status, "phase", "")))
		store_event(lab->store, vmi, "Normal", jstr(status, "phase", "Changed"), SOURCE,
			    "VirtualMachineInstance is %s", jstr(status, "phase", ""));
	return true;
}

void ctl_vm_reconcile(struct lab *lab)
{
	struct store_query vms = {.kind = &kind_vm}, vmis = {.kind = &kind_vmi};

	store_each(lab->store, &vms, reconcile_vm, lab);
	store_each(lab->store, &vmis, reconcile_vmi, lab);
	/* statuses of VMs follow those of their instances */
	store_each(lab->store, &vms, reconcile_vm, lab);
}

void ctl_vmi_finalizer(void *arg, struct store *s, enum store_op op, const struct kind *k,
		       json_t *obj, const json_t *old, struct diags *d)
{
	(void)arg;
	(void)s;
	(void)k;
	(void)old;
	(void)d;
	if (op == STORE_CREATE)
		meta_add_finalizer(obj, VMI_FINALIZER);
}
