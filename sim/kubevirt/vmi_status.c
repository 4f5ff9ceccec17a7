/* SPDX-License-Identifier: Apache-2.0 */
/* status of a VMI (KubeVirt: virt-controller's VMI controller and virt-handler). */
#include "kubevirt/status.h"

#include "api/meta.h"
#include "kubevirt/network.h"
#include "kubevirt/run.h"
#include "kubevirt/status_priv.h"

void kubevirt_set_condition(json_t *conds, const char *type, const char *status, const char *reason,
			    const char *message, const char *now)
{
	size_t i = 0, n = json_array_size(conds);
	json_t *fresh, *c;

	while (i < n && !streq(jstr(json_array_get(conds, i), "type", ""), type))
		i++;
	c = json_array_get(conds, i);
	if (!status) {
		if (c)
			json_array_remove(conds, i);
		return;
	}
	fresh = json_pack("{s:s, s:s}", "type", type, "status", status);
	if (reason)
		json_object_set_new(fresh, "reason", jstring(reason));
	if (message)
		json_object_set_new(fresh, "message", jstring(message));
	if (c && streq(jstr(c, "status", ""), status))
		now = jstr(c, "lastTransitionTime", now);
	json_object_set_new(fresh, "lastTransitionTime", jstring(now));
	if (c)
		json_array_set_new(conds, i, fresh);
	else
		json_array_append_new(conds, fresh);
}

json_t *status_begin(const json_t *obj, json_t **conds)
{
	const json_t *old = json_object_get(obj, "status");
	json_t *status = json_is_object(old) ? json_deep_copy(old) : json_object();

	*conds = json_object_get(status, "conditions");
	if (!json_is_array(*conds)) {
		*conds = json_array();
		json_object_set_new(status, "conditions", *conds);
	}
	return status;
}

void status_end(json_t *status)
{
	if (!json_array_size(json_object_get(status, "conditions")))
		json_object_del(status, "conditions");
}

/* ---- phase ---- */

static bool domain_runs(const char *state)
{
	return streq(state, "running") || streq(state, "paused");
}

/* virt-handler calculateVmPhaseForStatusReason: a domain that ended by itself has succeeded. */
static const char *end_phase(const json_t *rt)
{
	const char *reason = jstr(rt, "reason", "");
	bool bad = streq(jstr(rt, "state", ""), "failed") || streq(reason, "crashed") ||
		   streq(reason, "panicked") || streq(reason, "failed");

	return bad ? "Failed" : "Succeeded";
}

static const char *phase_of(const json_t *vmi, const json_t *pod, const json_t *rt)
{
	const char *old = jstr(vmi, "status.phase", ""), *state = jstr(rt, "state", "");

	if (kubevirt_vmi_final(vmi))
		return old;
	if (domain_runs(state))
		return "Running";
	if (streq(state, "shutoff") || (streq(state, "failed") && streq(old, "Running")))
		return end_phase(rt);
	if (streq(old, "Running")) /* the node is silent: what was last known stays */
		return old;
	if (!pod)
		return "Pending";
	if (!jstr(pod, "spec.nodeName", NULL) || !*state)
		return "Scheduling";
	return "Scheduled";
}

static void put_phase(json_t *status, const char *phase, const char *now)
{
	json_t *times = json_object_get(status, "phaseTransitionTimestamps");

	if (streq(jstr(status, "phase", ""), phase))
		return;
	jset_str(status, "phase", phase);
	if (!json_is_array(times)) {
		times = json_array();
		json_object_set_new(status, "phaseTransitionTimestamps", times);
	}
	json_array_append_new(times, json_pack("{s:s, s:o}", "phase", phase,
					       "phaseTransitionTimestamp", jstring(now)));
}

/* ---- conditions ---- */

static void put_ready(json_t *conds, const char *phase, const json_t *pod, const json_t *rt,
		      const char *now)
{
	const char *pod_ready = meta_condition_status(pod, "Ready");

	if (streq(phase, "Running") && streq(jstr(rt, "state", ""), "running") &&
	    (!*pod_ready || streq(pod_ready, "True")))
		kubevirt_set_condition(conds, "Ready", "True", NULL, NULL, now);
	else if (streq(phase, "Running"))
		kubevirt_set_condition(conds, "Ready", "False", "GuestNotRunning",
				       streq(jstr(rt, "state", ""), "paused")
					       ? "Guest VM is paused"
					       : "Guest VM is not reported as running",
				       now);
	else
		kubevirt_set_condition(conds, "Ready", "False",
				       pod ? "GuestNotRunning" : "PodNotExists",
				       pod ? "Guest VM is not reported as running"
					   : "virt-launcher pod has not yet been scheduled",
				       now);
}

/* Only the pod network can stand in the way, and only with plain bridge binding. */
static bool migratable(const json_t *spec)
{
	_cleanup_free_ struct kubevirt_nic *nics = NULL;
	size_t n = kubevirt_nics(spec, &nics);

	for (size_t i = 0; i < n; i++)
		if (kubevirt_has(nics[i].network, "pod") && kubevirt_has(nics[i].iface, "bridge"))
			return false;
	return true;
}

static void put_migratable(json_t *conds, const json_t *spec, const char *now)
{
	bool yes = migratable(spec);

	kubevirt_set_condition(
		conds, "LiveMigratable", yes ? "True" : "False",
		yes ? NULL : "InterfaceNotLiveMigratable",
		yes ? NULL
		    : "cannot migrate VMI which uses bridge binding to connect to the "
		      "pod network",
		now);
}

/* Why the Pod cannot be placed, or the domain cannot be started: in the scheduler's or agent's words. */
static void put_obstacles(json_t *conds, const json_t *pod, const json_t *rt, const char *phase,
			  const char *now)
{
	const json_t *sched = meta_condition(pod, "PodScheduled");
	const char *message = jstr(rt, "message", NULL);
	bool stuck = streq(jstr(sched, "status", ""), "False");
	bool failing =
		streq(jstr(rt, "state", ""), "failed") && message && !streq(phase, "Running");

	kubevirt_set_condition(conds, "PodScheduled", stuck ? "False" : NULL,
			       jstr(sched, "reason", NULL), jstr(sched, "message", NULL), now);
	kubevirt_set_condition(conds, "Synchronized", failing ? "False" : NULL,
			       "Synchronizing with the Domain failed.", message, now);
}

/* ---- whole status ---- */

static void put_guest(json_t *status, const json_t *spec, const json_t *rt,
		      const json_t *attachments, bool running)
{
	bool agent = running && jbool(rt, "agent_connected", false);
	const json_t *guest = agent ? json_object_get(rt, "interfaces") : NULL;
	const json_t *os = agent ? json_object_get(rt, "os") : NULL;
	json_t *ifaces =
		status_interfaces(spec, attachments, json_is_array(guest) ? guest : NULL, running);

	if (json_array_size(ifaces))
		json_object_set(status, "interfaces", ifaces);
	else
		json_object_del(status, "interfaces");
	json_decref(ifaces);
	if (json_object_size(os))
		json_object_set_new(status, "guestOSInfo", json_deep_copy(os));
	else if (!json_object_get(status, "guestOSInfo"))
		json_object_set_new(status, "guestOSInfo", json_object());
}

static void put_place(json_t *status, const json_t *pod)
{
	const char *node = jstr(pod, "spec.nodeName", NULL);

	if (!node)
		return;
	jset_str(status, "nodeName", node);
	json_object_set_new(status, "activePods", json_object());
	json_object_set_new(json_object_get(status, "activePods"), meta_uid(pod), jstring(node));
}

json_t *kubevirt_vmi_status(const json_t *vmi, const json_t *pod, const json_t *rt,
			    const json_t *attachments, const char *now)
{
	const json_t *spec = json_object_get(vmi, "spec");
	json_t *conds, *status = status_begin(vmi, &conds);
	const char *phase = phase_of(vmi, pod, rt);
	bool running = streq(phase, "Running");

	put_phase(status, phase, now);
	put_place(status, pod);
	put_ready(conds, phase, pod, rt, now);
	put_obstacles(conds, pod, rt, phase, now);
	if (running)
		put_migratable(conds, spec, now);
	kubevirt_set_condition(conds, "Paused",
			       running && streq(jstr(rt, "state", ""), "paused") ? "True" : NULL,
			       "PausedByUser", "VMI was paused by user", now);
	kubevirt_set_condition(conds, "AgentConnected",
			       running && jbool(rt, "agent_connected", false) ? "True" : NULL, NULL,
			       NULL, now);
	if (running || !kubevirt_vmi_final(vmi))
		put_guest(status, spec, rt, attachments, running);
	status_end(status);
	return status;
}
