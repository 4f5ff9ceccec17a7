/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules on the VM itself and on the parts of a VMI spec that are neither networks nor volumes.
 * Source of the rules: KubeVirt pkg/virt-api/webhooks/validating-webhook/admitters.
 */
#include "kubevirt/admission.h"

#include "api/meta.h"
#include "api/quantity.h"
#include "kubevirt/network.h"
#include "kubevirt/run.h"

#define MIN_MEMORY 1000000 /* "1M" */

/* ---- memory and CPU (V26) ---- */

/* The quantity at spec.PATH; 0 when absent, and a finding when it is no quantity. */
static long long quantity_at(const json_t *spec, const char *path, const char *prefix,
			     struct diags *d)
{
	_cleanup_free_ char *field = xasprintf("%s.%s", prefix, path);
	const json_t *v = jget(spec, path);
	long long n = 0;

	if (!v || json_is_null(v))
		return 0;
	if (quantity_value(v, &n) < 0)
		diags_add(d, DIAG_ERROR, "V26", field, "expected a quantity such as \"1Gi\"");
	else if (n < 0)
		diags_add(d, DIAG_ERROR, "V26", field, "must be greater than or equal to 0");
	return n;
}

static void admit_memory(const json_t *spec, const char *prefix, struct diags *d)
{
	_cleanup_free_ char *request = xasprintf("%s.domain.resources.requests.memory", prefix);
	long long req = quantity_at(spec, "domain.resources.requests.memory", prefix, d);
	long long limit = quantity_at(spec, "domain.resources.limits.memory", prefix, d);
	long long guest = quantity_at(spec, "domain.memory.guest", prefix, d);
	bool huge = kubevirt_has(jget(spec, "domain.memory"), "hugepages");

	if (req > 0 && req < MIN_MEMORY)
		diags_add(d, DIAG_ERROR, "V26", request, "must be greater than or equal to 1M");
	if (limit > 0 && req > limit)
		diags_add(d, DIAG_ERROR, "V26", request,
			  "%lld bytes are more than resources.limits.memory, which is %lld", req,
			  limit);
	if (guest > 0 && guest < MIN_MEMORY)
		diags_add(d, DIAG_ERROR, "V26", request,
			  "domain.memory.guest must be greater than or equal to 1M");
	if (!req && !guest && !limit && !huge) {
		_cleanup_free_ char *field = xasprintf("%s.domain.memory", prefix);

		diag_hint(diags_add(d, DIAG_ERROR, "V26", field,
				    "no memory requested: one of domain.memory.guest, "
				    "domain.memory.hugepages and domain.resources.requests.memory "
				    "must be set"),
			  "set domain.resources.requests.memory, for example to 1024Mi");
	}
}

static void admit_cpu(const json_t *spec, const char *prefix, struct diags *d)
{
	static const char *const parts[] = {"cores", "sockets", "threads"};
	unsigned long long vcpus = 1;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const json_t *v = json_object_get(jget(spec, "domain.cpu"), parts[i]);
		long long n = json_is_integer(v) ? json_integer_value(v) : 0;
		_cleanup_free_ char *field = xasprintf("%s.domain.cpu.%s", prefix, parts[i]);

		if (n < 0 || n > 512)
			diags_add(d, DIAG_ERROR, NULL, field, "%lld is not between 0 and 512", n);
		else if (n > 0)
			vcpus *= (unsigned long long)n;
	}
	if (vcpus > 512) {
		_cleanup_free_ char *field = xasprintf("%s.domain.cpu", prefix);

		diags_add(d, DIAG_ERROR, NULL, field, "%llu vCPUs are more than 512", vcpus);
	}
	quantity_at(spec, "domain.resources.requests.cpu", prefix, d);
	quantity_at(spec, "domain.resources.limits.cpu", prefix, d);
}

/* ---- machine, host name, start strategy ---- */

static void admit_machine(const json_t *spec, const char *prefix, struct diags *d)
{
	const char *type = jstr(spec, "domain.machine.type", "");
	_cleanup_free_ char *field = xasprintf("%s.domain.machine.type", prefix);

	if (*type && !streq(type, "q35") && !str_after(type, "pc-q35-"))
		diags_add(d, DIAG_ERROR, NULL, field,
			  "%s is not supported (allowed values: q35*, pc-q35*)", type);
}

static void admit_names(const json_t *spec, const char *prefix, struct diags *d)
{
	const char *host = jstr(spec, "hostname", NULL);
	const char *why = host ? meta_check_label_name(host) : NULL;
	_cleanup_free_ char *field = xasprintf("%s.hostname", prefix);

	if (why)
		diags_add(d, DIAG_ERROR, NULL, field,
			  "\"%s\" does not conform to the kubernetes DNS_LABEL rules: %s", host,
			  why);
}

static void admit_strategies(const json_t *spec, const char *prefix, struct diags *d)
{
	static const char *const evictions[] = {"None", "LiveMigrate", "LiveMigrateIfPossible",
						"External"};
	const char *start = jstr(spec, "startStrategy", NULL);
	const char *evict = jstr(spec, "evictionStrategy", NULL);
	bool known = !evict;

	for (size_t i = 0; evict && i < ARRAY_SIZE(evictions); i++)
		known |= streq(evict, evictions[i]);
	if (!known) {
		_cleanup_free_ char *field = xasprintf("%s.evictionStrategy", prefix);

		diags_add(d, DIAG_ERROR, NULL, field, "unrecognized option: %s", evict);
	}
	if (start && !streq(start, "Paused")) {
		_cleanup_free_ char *field = xasprintf("%s.startStrategy", prefix);

		diags_add(d, DIAG_ERROR, NULL, field, "unrecognized option: %s", start);
	}
}

/* ---- readiness and liveness probes (V27) ---- */

static void admit_probe(const json_t *spec, const char *name, const char *prefix, bool pod_network,
			struct diags *d)
{
	static const char *const handlers[] = {"httpGet", "tcpSocket", "exec", "guestAgentPing"};
	const json_t *probe = json_object_get(spec, name);
	_cleanup_free_ char *field = xasprintf("%s.%s", prefix, name);
	unsigned n = 0;

	if (!json_is_object(probe))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
		_cleanup_free_ char *sub = xasprintf("%s.%s", field, handlers[i]);

		if (!kubevirt_has(probe, handlers[i]))
			continue;
		n++;
		if (i < 2 && !pod_network)
			diags_add(d, DIAG_ERROR, "V27", sub,
				  "only allowed if the Pod Network is attached");
	}
	if (n > 1)
		diags_add(d, DIAG_ERROR, "V27", field, "must have exactly one probe type set");
	if (n == 0)
		diags_add(d, DIAG_ERROR, "V27", field,
			  "one of tcpSocket, exec, httpGet and guestAgentPing must be set");
}

void kubevirt_admit_probes(const json_t *spec, const char *prefix, struct diags *d)
{
	bool pod_network = false;
	json_t *net;
	size_t i;

	json_array_foreach(json_object_get(spec, "networks"), i, net)
		pod_network |= kubevirt_has(net, "pod");
	admit_probe(spec, "readinessProbe", prefix, pod_network, d);
	admit_probe(spec, "livenessProbe", prefix, pod_network, d);
}

/* ---- whole objects ---- */

void kubevirt_admit_spec(const json_t *spec, const char *prefix, struct diags *d)
{
	if (!json_is_object(spec))
		return;
	admit_names(spec, prefix, d);
	admit_memory(spec, prefix, d);
	admit_machine(spec, prefix, d);
	admit_cpu(spec, prefix, d);
	admit_strategies(spec, prefix, d);
	kubevirt_admit_networks(spec, prefix, d);
	kubevirt_admit_probes(spec, prefix, d);
	kubevirt_admit_volumes(spec, prefix, d);
	kubevirt_note_ignored(spec, prefix, d);
}

static void admit_running(const json_t *vm, struct diags *d)
{
	const json_t *spec = json_object_get(vm, "spec");
	bool running = kubevirt_has(spec, "running");
	bool strategy = kubevirt_has(spec, "runStrategy");

	if (running && strategy)
		diags_add(d, DIAG_ERROR, "V23", "spec.running",
			  "Running and RunStrategy are mutually exclusive");
	else if (!running && !strategy)
		diag_hint(diags_add(d, DIAG_ERROR, "V23", "spec.running",
				    "one of Running or RunStrategy must be specified"),
			  "set spec.runStrategy: Always");
	else if (running)
		diag_hint(diags_add(d, DIAG_WARNING, "running-deprecated", "spec.running",
				    "spec.running is deprecated, use spec.runStrategy instead"),
			  "spec.runStrategy: %s",
			  jbool(spec, "running", false) ? "Always" : "Halted");
	if (strategy && !kubevirt_run_strategy_known(jstr(spec, "runStrategy", "")))
		diags_add(d, DIAG_ERROR, "V23", "spec.runStrategy",
			  "Invalid RunStrategy (%s): expected Always, Halted, Manual, "
			  "RerunOnFailure or Once",
			  jstr(spec, "runStrategy", ""));
}

/* KubeVirt: the name also becomes a label value of the launcher pod and part of its host name. */
static void admit_name(const json_t *obj, struct diags *d)
{
	const char *name = meta_name(obj);

	if (strlen(name) > 63)
		diags_add(d, DIAG_ERROR, NULL, "metadata.name",
			  "\"%s\" is longer than the 63 characters of a label value", name);
}

void kubevirt_admit_vm(const json_t *vm, const json_t *old UNUSED, struct diags *d)
{
	admit_name(vm, d);
	admit_running(vm, d);
	kubevirt_admit_spec(jget(vm, "spec.template.spec"), "spec.template.spec", d);
}

void kubevirt_admit_vmi(const json_t *vmi, const json_t *old, struct diags *d)
{
	admit_name(vmi, d);
	kubevirt_admit_spec(json_object_get(vmi, "spec"), "spec", d);
	if (old && !json_equal(json_object_get(vmi, "spec"), json_object_get(old, "spec")))
		diags_add(d, DIAG_ERROR, NULL, "spec",
			  "update of VMI object is restricted: change the VirtualMachine instead");
}
