/* SPDX-License-Identifier: Apache-2.0 */
/* KubeVirt's mutating webhook and pkg/defaults, as far as they show in what we run. */
#include "kubevirt/admission.h"

#include "kubevirt/network.h"

static void default_network(json_t *spec)
{
	json_t *devices = jget(spec, "domain.devices");

	if (json_array_size(json_object_get(spec, "networks")) ||
	    json_array_size(json_object_get(devices, "interfaces")) ||
	    !jbool(devices, "autoattachPodInterface", true))
		return;
	json_object_set_new(spec, "networks", json_pack("[{s:s, s:{}}]", "name", "default", "pod"));
	jset(spec, "domain.devices.interfaces",
	     json_pack("[{s:s, s:{}}]", "name", "default", "bridge"));
}

/* Every volume is attached, whether a disk names it or not (SetDefaultVolumeDisk). */
static void default_disks(json_t *spec)
{
	json_t *volumes = json_object_get(spec, "volumes"), *v;
	json_t *disks = jget(spec, "domain.devices.disks");
	size_t i;

	json_array_foreach(volumes, i, v) {
		const char *name = jstr(v, "name", NULL);

		if (!name || kubevirt_find_named(disks, name) ||
		    kubevirt_find_named(jget(spec, "domain.devices.filesystems"), name))
			continue;
		if (!json_is_array(disks)) {
			disks = json_array();
			jset(spec, "domain.devices.disks", disks);
		}
		json_array_append_new(disks, json_pack("{s:s}", "name", name));
	}
}

static void default_targets(json_t *spec)
{
	static const char *const targets[] = {"disk", "cdrom", "lun"};
	json_t *d;
	size_t i;

	json_array_foreach(jget(spec, "domain.devices.disks"), i, d) {
		bool any = false;

		if (!json_is_object(d))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(targets); k++) {
			json_t *t = json_object_get(d, targets[k]);

			any |= json_is_object(t);
			if (json_is_object(t) && !*jstr(t, "bus", ""))
				jset_str(t, "bus", "sata");
		}
		if (!any)
			json_object_set_new(d, "disk", json_pack("{s:s}", "bus", "sata"));
	}
}

void kubevirt_default_spec(json_t *spec)
{
	if (!json_is_object(spec) || !json_is_object(json_object_get(spec, "domain")))
		return;
	if (!*jstr(spec, "domain.machine.type", ""))
		jset_str(spec, "domain.machine.type", "q35");
	default_network(spec);
	default_disks(spec);
	default_targets(spec);
}

void kubevirt_default_vm(json_t *vm)
{
	kubevirt_default_spec(jget(vm, "spec.template.spec"));
}

void kubevirt_default_vmi(json_t *vmi)
{
	kubevirt_default_spec(json_object_get(vmi, "spec"));
}

/* ---- what is kept without effect ---- */

static void note(struct diags *d, const char *prefix, const char *where, size_t i,
		 const char *member, const char *what)
{
	_cleanup_free_ char *path = xasprintf("%s.%s[%zu].%s", prefix, where, i, member);

	diags_add(d, DIAG_NOTE, "ignored", path, "%s", what);
}

static void note_networks(const json_t *spec, const char *prefix, struct diags *d)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(spec, "networks"), i, v) {
		if (kubevirt_has(v, "pod"))
			note(d, prefix, "networks", i, "pod",
			     "the pod network is not emulated: the VM gets no NIC for it");
		if (kubevirt_has(v, "resourceClaim"))
			note(d, prefix, "networks", i, "resourceClaim",
			     "resource claims are not emulated: the VM gets no NIC for it");
		if (jbool(v, "multus.default", false))
			note(d, prefix, "networks", i, "multus.default",
			     "attached as a secondary network: pods have no default network here");
	}
}

static void note_bindings(const json_t *spec, const char *prefix, struct diags *d)
{
	static const char *const bindings[] = {"sriov", "passtBinding", "binding"};
	const json_t *networks = json_object_get(spec, "networks");
	json_t *v;
	size_t i;

	json_array_foreach(jget(spec, "domain.devices.interfaces"), i, v)
		for (size_t k = 0; k < ARRAY_SIZE(bindings); k++)
			if (kubevirt_has(v, bindings[k]) &&
			    kubevirt_has(kubevirt_find_named(networks, jstr(v, "name", NULL)),
					 "multus"))
				note(d, prefix, "domain.devices.interfaces", i, bindings[k],
				     "attached as with bridge");
}

static void note_volumes(const json_t *spec, const char *prefix, struct diags *d)
{
	static const char *const none[] = {"ephemeral",	      "configMap",  "secret",
					   "serviceAccount",  "sysprep",    "downwardAPI",
					   "downwardMetrics", "memoryDump", "containerPath"};
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(spec, "volumes"), i, v) {
		for (size_t k = 0; k < ARRAY_SIZE(none); k++)
			if (kubevirt_has(v, none[k]))
				note(d, prefix, "volumes", i, none[k],
				     "the VM gets no disk for it");
		if (kubevirt_has(v, "dataVolume"))
			note(d, prefix, "volumes", i, "dataVolume",
			     "there is no storage: the fallback image boots instead");
		if (kubevirt_has(v, "persistentVolumeClaim"))
			note(d, prefix, "volumes", i, "persistentVolumeClaim",
			     "there is no storage: the fallback image boots instead");
		if (kubevirt_has(v, "cloudInitConfigDrive"))
			note(d, prefix, "volumes", i, "cloudInitConfigDrive",
			     "given to the guest as a NoCloud seed");
	}
}

static void note_credentials(const json_t *spec, const char *prefix, struct diags *d)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(spec, "accessCredentials"), i, v) {
		if (kubevirt_has(jget(v, "sshPublicKey.propagationMethod"), "qemuGuestAgent"))
			note(d, prefix, "accessCredentials", i, "sshPublicKey",
			     "keys reach the guest by cloud-init only");
		if (kubevirt_has(v, "userPassword"))
			note(d, prefix, "accessCredentials", i, "userPassword",
			     "passwords reach the guest by cloud-init only");
	}
}

static void note_devices(const json_t *spec, const char *prefix, struct diags *d)
{
	_cleanup_free_ char *multiqueue =
		xasprintf("%s.domain.devices.networkInterfaceMultiqueue", prefix);
	_cleanup_free_ char *model = xasprintf("%s.domain.cpu.model", prefix);

	if (jbool(spec, "domain.devices.networkInterfaceMultiqueue", false))
		diags_add(d, DIAG_NOTE, "ignored", multiqueue, "every NIC has one queue");
	if (*jstr(spec, "domain.cpu.model", ""))
		diags_add(d, DIAG_NOTE, "ignored", model, "applies only where the machine has KVM");
}

void kubevirt_note_ignored(const json_t *spec, const char *prefix, struct diags *d)
{
	note_devices(spec, prefix, d);
	note_networks(spec, prefix, d);
	note_bindings(spec, prefix, d);
	note_volumes(spec, prefix, d);
	note_credentials(spec, prefix, d);
}
