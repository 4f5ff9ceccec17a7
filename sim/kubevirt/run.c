/* SPDX-License-Identifier: Apache-2.0 */
/* KubeVirt: pkg/virt-controller/watch/vm (strategies), pkg/virt-api/rest/lifecycle.go (requests). */
#include "kubevirt/run.h"

#include <errno.h>

#include "api/meta.h"
#include "kubevirt/network.h"

#define REQUESTS "stateChangeRequests"

bool kubevirt_run_strategy_known(const char *s)
{
	static const char *const all[] = {"Always", "Halted", "Manual", "RerunOnFailure", "Once"};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (streq(s, all[i]))
			return true;
	return false;
}

const char *kubevirt_run_strategy(const json_t *vm)
{
	const char *s = jstr(vm, "spec.runStrategy", NULL);

	if (s)
		return s;
	return jbool(vm, "spec.running", false) ? "Always" : "Halted";
}

bool kubevirt_vmi_final(const json_t *vmi)
{
	const char *phase = jstr(vmi, "status.phase", "");

	return streq(phase, "Succeeded") || streq(phase, "Failed");
}

static bool strategy_is(const json_t *vm, const char *s)
{
	return streq(kubevirt_run_strategy(vm), s);
}

static bool failed(const json_t *vmi)
{
	return streq(jstr(vmi, "status.phase", ""), "Failed");
}

/* ---- requests: only the first one counts, the next waits for it ---- */

static json_t *requests_of(const json_t *vm)
{
	return json_object_get(json_object_get(vm, "status"), REQUESTS);
}

static bool start_requested(const json_t *vm)
{
	return streq(jstr(json_array_get(requests_of(vm), 0), "action", ""), "Start");
}

static bool stop_requested(const json_t *vm, const json_t *vmi)
{
	const json_t *first = json_array_get(requests_of(vm), 0);

	return streq(jstr(first, "action", ""), "Stop") &&
	       streq(jstr(first, "uid", ""), meta_uid(vmi));
}

static bool fulfilled(const json_t *request, const json_t *vmi)
{
	if (streq(jstr(request, "action", ""), "Stop"))
		return !vmi || !streq(jstr(request, "uid", ""), meta_uid(vmi));
	return vmi && !kubevirt_vmi_final(vmi) && !meta_deleting(vmi);
}

static void add_request(json_t *vm, json_t *request)
{
	json_t *list = requests_of(vm);

	if (!json_is_array(list)) {
		list = json_array();
		jset(vm, "status." REQUESTS, list);
	}
	json_array_append_new(list, request);
}

static json_t *start_request(void)
{
	return json_pack("{s:s}", "action", "Start");
}

static json_t *stop_request(const json_t *vmi)
{
	return json_pack("{s:s, s:s}", "action", "Stop", "uid", meta_uid(vmi));
}

bool kubevirt_trim_requests(json_t *vm, const json_t *vmi)
{
	json_t *list = requests_of(vm);
	bool changed = false;

	while (json_array_size(list) && fulfilled(json_array_get(list, 0), vmi)) {
		json_array_remove(list, 0);
		changed = true;
	}
	if (changed && !json_array_size(list))
		jdel(vm, "status." REQUESTS);
	if (strategy_is(vm, "RerunOnFailure") && failed(vmi) && !meta_deleting(vmi) &&
	    !json_array_size(requests_of(vm))) {
		add_request(vm, start_request());
		changed = true;
	}
	return changed;
}

/* ---- strategies ---- */

static enum kubevirt_run without_vmi(const json_t *vm)
{
	const char *s = kubevirt_run_strategy(vm);
	bool start = streq(s, "Always") || streq(s, "Once");

	if (streq(s, "Manual"))
		start = start_requested(vm);
	else if (streq(s, "RerunOnFailure"))
		/* the first start needs no request; status.runStrategy tells that it has been */
		start = start_requested(vm) || !streq(jstr(vm, "status.runStrategy", ""), s);
	return start ? KUBEVIRT_START : KUBEVIRT_KEEP;
}

static enum kubevirt_run with_vmi(const json_t *vm, const json_t *vmi)
{
	const char *s = kubevirt_run_strategy(vm);
	bool stop = stop_requested(vm, vmi);

	if (streq(s, "Always") || streq(s, "RerunOnFailure"))
		stop |= kubevirt_vmi_final(vmi);
	else if (streq(s, "Halted"))
		stop = true;
	else if (streq(s, "Once"))
		stop = false;
	return stop ? KUBEVIRT_STOP : KUBEVIRT_KEEP;
}

enum kubevirt_run kubevirt_run_next(const json_t *vm, const json_t *vmi)
{
	if (meta_deleting(vm) || (vmi && meta_deleting(vmi)))
		return KUBEVIRT_KEEP;
	return vmi ? with_vmi(vm, vmi) : without_vmi(vm);
}

bool kubevirt_wants_running(const json_t *vm, const json_t *vmi)
{
	switch (kubevirt_run_next(vm, vmi)) {
	case KUBEVIRT_START:
		return true;
	case KUBEVIRT_STOP:
		return false;
	case KUBEVIRT_KEEP:
		break;
	}
	return vmi && !kubevirt_vmi_final(vmi) && !meta_deleting(vmi);
}

/* ---- subresources ---- */

static void set_running(json_t *vm, bool on)
{
	if (kubevirt_has(json_object_get(vm, "spec"), "runStrategy"))
		jset_str(vm, "spec.runStrategy", on ? "Always" : "Halted");
	else
		jset(vm, "spec.running", json_boolean(on));
}

/* Requests already queued: a stop replaces them, anything else is refused. */
static int queue_free(const json_t *vm, struct err *e)
{
	if (json_array_size(requests_of(vm)))
		return err_set(e, EBUSY, "unable to complete request: stop/start already underway");
	return 0;
}

static int request_start(json_t *vm, const json_t *vmi, struct err *e)
{
	const char *s = kubevirt_run_strategy(vm);
	int r;

	if (vmi && !kubevirt_vmi_final(vmi) && *jstr(vmi, "status.phase", ""))
		return err_set(e, EBUSY, "VM is already running");
	if (streq(s, "Halted")) {
		set_running(vm, true);
		return 0;
	}
	if (streq(s, "Always") || streq(s, "Once"))
		return err_set(e, EBUSY, "%s does not support manual start requests", s);
	if (streq(s, "RerunOnFailure") && failed(vmi))
		return err_set(e, EBUSY, "%s does not support starting VM from failed state", s);
	r = queue_free(vm, e);
	if (r < 0)
		return r;
	if (vmi)
		add_request(vm, stop_request(vmi));
	add_request(vm, start_request());
	return 0;
}

static int request_stop(json_t *vm, const json_t *vmi, struct err *e)
{
	const char *s = kubevirt_run_strategy(vm);

	if (streq(s, "Always") || streq(s, "Once")) {
		set_running(vm, false);
		return 0;
	}
	if (!vmi || kubevirt_vmi_final(vmi))
		return err_set(e, EBUSY, "VM is not running");
	if (streq(s, "Halted"))
		return err_set(e, EBUSY,
			       "%s only supports manual stop requests with a shorter graceperiod",
			       s);
	jdel(vm, "status." REQUESTS);
	add_request(vm, stop_request(vmi));
	return 0;
}

static int request_restart(json_t *vm, const json_t *vmi, struct err *e)
{
	const char *s = kubevirt_run_strategy(vm);
	int r;

	if (streq(s, "Halted") || streq(s, "Once"))
		return err_set(e, EBUSY, "RunStrategy %s does not support manual restart requests",
			       s);
	if (!vmi)
		return err_set(e, EBUSY, "VM is not running");
	r = queue_free(vm, e);
	if (r < 0)
		return r;
	add_request(vm, stop_request(vmi));
	add_request(vm, start_request());
	return 0;
}

int kubevirt_request(json_t *vm, const json_t *vmi, const char *verb, struct err *e)
{
	if (streq(verb, "start"))
		return request_start(vm, vmi, e);
	if (streq(verb, "stop"))
		return request_stop(vm, vmi, e);
	if (streq(verb, "restart"))
		return request_restart(vm, vmi, e);
	return err_set(e, EINVAL, "unknown verb \"%s\": expected start, stop or restart", verb);
}
