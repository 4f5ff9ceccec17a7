/* SPDX-License-Identifier: Apache-2.0 */
/* A VM as JSON or YAML through everything that happens to one: defaults, admission, MACs, VMI, Pod,
 * seed, domain, statuses. */
#include "base/yaml.h"
#include "kubevirt/admission.h"
#include "kubevirt/cloudinit.h"
#include "kubevirt/domain.h"
#include "kubevirt/network.h"
#include "kubevirt/render.h"
#include "kubevirt/run.h"
#include "kubevirt/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One attachment a NIC, as the controller resolves them. */
static json_t *attach(const json_t *vmi)
{
	_cleanup_free_ struct kubevirt_nic *nics = NULL;
	size_t n = kubevirt_nics(json_object_get(vmi, "spec"), &nics);
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, json_pack("{s:s, s:s, s:i, s:s}", "network",
						     nics[i].name, "mac", "02:00:00:00:00:01",
						     "mtu", 1400, "tap", "tap0"));
	return out;
}

static void domains(const json_t *vmi, const json_t *atts)
{
	char tiny[] = "tiny", kernel[] = "/k", disk[] = "/d", format[] = "qcow2";
	struct kubevirt_image images[] = {{.name = tiny, .kernel = kernel, .format = format},
					  {.name = tiny, .disk = disk, .format = format}};
	_cleanup_kubevirt_paths_ struct kubevirt_paths paths = {0};

	kubevirt_paths_init(&paths, vmi);
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		struct kubevirt_domain d = {.vmi = vmi,
					    .attachments = atts,
					    .image = &images[i],
					    .paths = &paths,
					    .has_seed = true,
					    .kvm = i == 1};
		_cleanup_err_ struct err e = ERR_INIT;

		free(kubevirt_domain_xml(&d, &e));
		json_decref(kubevirt_domain_files(&d));
	}
}

static void run(json_t *vm)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *vmi = NULL, *pod = NULL, *atts = NULL, *seed = NULL, *vs = NULL,
			      *s = NULL, *old = json_deep_copy(vm);
	uint64_t cursor = 0;

	kubevirt_default_vm(vm);
	kubevirt_admit_vm(vm, NULL, &d);
	kubevirt_assign_macs(vm, old, &cursor, NULL, NULL, &d);
	kubevirt_trim_requests(vm, NULL);
	kubevirt_run_next(vm, NULL);
	kubevirt_request(vm, NULL, "start", NULL);
	vmi = kubevirt_render_vmi(vm);
	jset_str(vmi, "metadata.uid", "11111111-2222-4333-8444-555555555555");
	kubevirt_admit_vmi(vmi, NULL, &d);
	pod = kubevirt_render_pod(vmi, cursor);
	atts = attach(vmi);
	domains(vmi, atts);
	kubevirt_seed(vmi, NULL, NULL, &seed, NULL);
	vs = kubevirt_vmi_status(vmi, pod, json_object_get(vm, "status"), atts, "now");
	json_object_set(vmi, "status", vs);
	s = kubevirt_vm_status(vm, vmi, jget(old, "spec.template.spec"), "now");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	yaml_parse((const char *)data, size, NULL, &docs, &d);
	for (size_t i = 0; i < docs.n; i++)
		run(docs.v[i].root);
	return 0;
}
