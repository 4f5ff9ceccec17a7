/* SPDX-License-Identifier: Apache-2.0 */
/* status of a VM (KubeVirt: pkg/virt-controller/watch/vm). */
#include "kubevirt/status.h"

#include "api/meta.h"
#include "kubevirt/run.h"
#include "kubevirt/status_priv.h"

static bool unschedulable(const json_t *vmi)
{
	const json_t *c = meta_condition(vmi, "PodScheduled");

	return streq(jstr(c, "status", ""), "False") &&
	       streq(jstr(c, "reason", ""), "Unschedulable");
}

static const char *printable(const json_t *vm, const json_t *vmi)
{
	if (meta_deleting(vm))
		return "Terminating";
	if (vmi && meta_deleting(vmi))
		return "Stopping";
	if (vmi && meta_condition_true(vmi, "Paused"))
		return "Paused";
	if (streq(jstr(vmi, "status.phase", ""), "Running"))
		return "Running";
	if (vmi && unschedulable(vmi))
		return "ErrorUnschedulable";
	if (vmi && !kubevirt_vmi_final(vmi))
		return "Starting";
	return kubevirt_run_next(vm, vmi) == KUBEVIRT_START ? "Starting" : "Stopped";
}

/* Conditions of the VMI that the VM shows as its own. */
static void mirror(json_t *conds, const json_t *vmi, const char *now)
{
	static const char *const types[] = {"Ready",  "AgentConnected", "LiveMigratable",
					    "Paused", "PodScheduled",	"Synchronized"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const json_t *c = vmi ? meta_condition(vmi, types[i]) : NULL;

		kubevirt_set_condition(conds, types[i], jstr(c, "status", NULL),
				       jstr(c, "reason", NULL), jstr(c, "message", NULL), now);
	}
	if (!vmi)
		kubevirt_set_condition(conds, "Ready", "False", "VMINotExists",
				       "VMI does not exist", now);
}

static void put_restart(json_t *conds, const json_t *vm, const json_t *vmi, const json_t *started,
			const char *now)
{
	const json_t *wanted = jget(vm, "spec.template.spec");
	const char *reason = NULL;
	_cleanup_free_ char *why = NULL;

	if (vmi && started && !kubevirt_vmi_final(vmi) && !meta_deleting(vmi)) {
		why = kubevirt_restart_required(started, wanted,
						meta_condition_true(vmi, "LiveMigratable"));
		if (!why) {
			why = kubevirt_live_changes(started, wanted);
			reason = why ? "LiveUpdateNotEmulated" : NULL;
		}
	}
	kubevirt_set_condition(conds, "RestartRequired", why ? "True" : NULL, reason, why, now);
}

json_t *kubevirt_vm_status(const json_t *vm, const json_t *vmi, const json_t *started,
			   const char *now)
{
	json_t *conds, *status = status_begin(vm, &conds);

	mirror(conds, vmi, now);
	put_restart(conds, vm, vmi, started, now);
	jset_str(status, "printableStatus", printable(vm, vmi));
	jset_str(status, "runStrategy", kubevirt_run_strategy(vm));
	if (vmi)
		json_object_set_new(status, "created", json_true());
	else
		json_object_del(status, "created");
	if (vmi && meta_condition_true(vmi, "Ready"))
		json_object_set_new(status, "ready", json_true());
	else
		json_object_del(status, "ready");
	json_object_set_new(status, "observedGeneration", json_integer(meta_generation(vm)));
	json_object_set_new(status, "desiredGeneration", json_integer(meta_generation(vm)));
	status_end(status);
	return status;
}
