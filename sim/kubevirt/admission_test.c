/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/admission.h"

#include "kubevirt/testing.h"

#define SPEC "spec.template.spec."
#define IFACE SPEC "domain.devices.interfaces"
#define DISK SPEC "domain.devices.disks"

/* A VM with one bridge NIC, to be changed by merge patches (lists are replaced whole). */
static const char good[] =
	"{'metadata': {'name': 'v', 'namespace': 'n'}, 'spec': {'runStrategy': 'Always', "
	"'template': {'spec': {'domain': {'devices': {'disks': [{'name': 'a', 'disk': {'bus': "
	"'virtio'}}], 'interfaces': [{'name': 'x', 'bridge': {}}]}, 'resources': {'requests': "
	"{'memory': '64Mi'}}}, 'networks': [{'name': 'x', 'multus': {'networkName': 'nad'}}], "
	"'volumes': [{'name': 'a', 'containerDisk': {'image': 'i'}}]}}}}";

/* JSON with ' for ", to keep the tables readable. */
static json_t *quoted(const char *text)
{
	_cleanup_free_ char *s = xstrdup(text);

	for (char *p = s; *p; p++)
		if (*p == '\'')
			*p = '"';
	return parse(s);
}

static json_t *patched(const char *patch)
{
	_cleanup_json_ json_t *vm = quoted(good), *p = quoted(patch);

	return jmerge_patch(vm, p);
}

/* Patches below spec.template.spec. */
#define IN(json) "{'spec': {'template': {'spec': " json "}}}"
#define NICS(nics, nets) \
	IN("{'domain': {'devices': {'interfaces': " nics "}}, 'networks': " nets "}")
#define NIC(nic) NICS("[" nic "]", "[{'name': 'x', 'multus': {'networkName': 'nad'}}]")
#define POD_NIC(nic) NICS("[" nic "]", "[{'name': 'x', 'pod': {}}]")
#define NAD(name) "{'name': '" name "', 'multus': {'networkName': 'nad'}}"
#define BRIDGE(name) "{'name': '" name "', 'bridge': {}}"
#define VOLUMES(disks, volumes) \
	IN("{'domain': {'devices': {'disks': " disks "}}, 'volumes': " volumes "}")
#define CLOUD(ci) VOLUMES("[{'name': 'a'}]", "[{'name': 'a', 'cloudInitNoCloud': " ci "}]")
#define K "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define K1 K K K K K K K K K K K K K K K K
#define K2 K1 K1

static const struct {
	const char *rule, *path, *patch;
} refused[] = {
	{"V1", SPEC "networks[1].name", NICS("[" BRIDGE("x") "]", "[" NAD("x") "," NAD("y") "]")},
	{"V2", IFACE "[1].name", NICS("[" BRIDGE("x") "," BRIDGE("y") "]", "[" NAD("x") "]")},
	{"V3", SPEC "networks[1].name", NICS("[" BRIDGE("x") "]", "[" NAD("x") "," NAD("x") "]")},
	{"V4", IFACE "[1].name", NICS("[" BRIDGE("x") "," BRIDGE("x") "]", "[" NAD("x") "]")},
	{"V5", IFACE "[0].name", NICS("[" BRIDGE("sec.net") "]", "[" NAD("sec.net") "]")},
	{"V6", IFACE "[0].model", NIC("{'name': 'x', 'bridge': {}, 'model': 'vmxnet3'}")},
	{"V7", IFACE "[0].macAddress", NIC("{'name': 'x', 'bridge': {}, 'macAddress': 'no'}")},
	{"V7", IFACE "[0].macAddress",
	 NIC("{'name': 'x', 'bridge': {}, 'macAddress': '02:00:00:00:00'}")},
	{"V7", IFACE "[0].macAddress",
	 NIC("{'name': 'x', 'bridge': {}, 'macAddress': '02:00-00:00:00:01'}")},
	{"V7", IFACE "[0].macAddress",
	 NIC("{'name': 'x', 'bridge': {}, 'macAddress': '02:00:00:00:00:00:00:01'}")},
	{"libvirt/mac", IFACE "[0].macAddress",
	 NIC("{'name': 'x', 'bridge': {}, 'macAddress': '03:00:00:00:00:01'}")},
	{"V8", IFACE "[0].name", NIC("{'name': 'x', 'masquerade': {}}")},
	{"V8", IFACE "[0].macAddress",
	 POD_NIC("{'name': 'x', 'masquerade': {}, 'macAddress': '02:00:00:00:00:00'}")},
	{"V9", IFACE "[0].name", NIC("{'name': 'x'}")},
	{"V9", IFACE "[0].name", NIC("{'name': 'x', 'bridge': {}, 'sriov': {}}")},
	{"V9", IFACE "[0].binding", NIC("{'name': 'x', 'bridge': {}, 'binding': {'name': 'p'}}")},
	{"V10", SPEC "networks[0]", NICS("[" BRIDGE("x") "]", "[{'name': 'x'}]")},
	{"V10", SPEC "networks[0]",
	 NICS("[" BRIDGE("x") "]", "[{'name': 'x', 'pod': {}, 'multus': {'networkName': 'n'}}]")},
	{"V11", SPEC "networks[0].multus.networkName",
	 NICS("[" BRIDGE("x") "]", "[{'name': 'x', 'multus': {'networkName': ''}}]")},
	{"V12", SPEC "networks[1].pod",
	 NICS("[" BRIDGE("x") "," BRIDGE("y") "]",
	      "[{'name': 'x', 'pod': {}}, {'name': 'y', 'pod': {}}]")},
	{"V13", SPEC "networks[1].multus.default",
	 NICS("[" BRIDGE("x") "," BRIDGE("y") "]",
	      "[{'name': 'x', 'multus': {'networkName': 'n', 'default': true}}, "
	      "{'name': 'y', 'multus': {'networkName': 'n', 'default': true}}]")},
	{"V14", SPEC "networks",
	 NICS("[" BRIDGE("x") "," BRIDGE("y") "]",
	      "[{'name': 'x', 'multus': {'networkName': 'n', 'default': true}}, "
	      "{'name': 'y', 'pod': {}}]")},
	{"V15", IFACE "[0].state", NIC("{'name': 'x', 'bridge': {}, 'state': 'off'}")},
	{"V16", IFACE "[0].state", NIC("{'name': 'x', 'sriov': {}, 'state': 'down'}")},
	{"V17", IFACE "[0].state", NIC("{'name': 'x', 'sriov': {}, 'state': 'absent'}")},
	{"V18", IFACE "[0].state", POD_NIC("{'name': 'x', 'bridge': {}, 'state': 'absent'}")},
	{"V19", IFACE "[0].bootOrder", NIC("{'name': 'x', 'bridge': {}, 'bootOrder': 0}")},
	{"V19", IFACE "[0].bootOrder",
	 IN("{'domain': {'devices': {'disks': [{'name': 'a', 'bootOrder': 1}], 'interfaces': "
	    "[{'name': 'x', 'bridge': {}, 'bootOrder': 1}]}}}")},
	{"V20", IFACE "[0].pciAddress", NIC("{'name': 'x', 'bridge': {}, 'pciAddress': '1:2.3'}")},
	{"V20", IFACE "[0].acpiIndex", NIC("{'name': 'x', 'bridge': {}, 'acpiIndex': 16384}")},
	{"V21", IFACE "[0].dhcpOptions.privateOptions",
	 NIC("{'name': 'x', 'bridge': {}, 'dhcpOptions': {'privateOptions': [{'option': 223}]}}")},
	{"V21", IFACE "[0].dhcpOptions.privateOptions",
	 NIC("{'name': 'x', 'bridge': {}, 'dhcpOptions': {'privateOptions': [{'option': 224}, "
	     "{'option': 224}]}}")},
	{"V21", IFACE "[0].dhcpOptions.privateOptions",
	 NIC("{'name': 'x', 'bridge': {}, 'dhcpOptions': {'privateOptions': [{'option': 255}]}}")},
	{"V21", IFACE "[0].dhcpOptions.ntpServers",
	 NIC("{'name': 'x', 'bridge': {}, 'dhcpOptions': {'ntpServers': ['fd00::1']}}")},
	{"V22", IFACE "[0].slirp", NIC("{'name': 'x', 'slirp': {}}")},
	{"V22", IFACE "[0].macvtap", NIC("{'name': 'x', 'macvtap': {}}")},
	{"V23", "spec.running", "{'spec': {'running': true}}"},
	{"V23", "spec.running", "{'spec': {'runStrategy': null}}"},
	{"V23", "spec.runStrategy", "{'spec': {'runStrategy': 'Sometimes'}}"},
	{"V24", DISK "[0].name", VOLUMES("[{'name': 'b'}]", "[]")},
	{"V24", DISK "[1].name",
	 VOLUMES("[{'name': 'a'}, {'name': 'a'}]",
		 "[{'name': 'a', 'containerDisk': {'image': 'i'}}]")},
	{"V24", DISK "[0].name",
	 VOLUMES("[{'name': 'A.b'}]", "[{'name': 'A.b', 'containerDisk': {'image': 'i'}}]")},
	{"V24", DISK "[0]",
	 VOLUMES("[{'name': 'a', 'disk': {}, 'cdrom': {}}]",
		 "[{'name': 'a', 'containerDisk': {'image': 'i'}}]")},
	{"V24", DISK "[0].lun",
	 VOLUMES("[{'name': 'a', 'lun': {}}]", "[{'name': 'a', 'containerDisk': {'image': 'i'}}]")},
	{"V24", SPEC "volumes[1].name",
	 VOLUMES("[{'name': 'a'}]", "[{'name': 'a', 'containerDisk': {'image': 'i'}}, "
				    "{'name': 'a', 'containerDisk': {'image': 'i'}}]")},
	{"V24", SPEC "volumes[0]", VOLUMES("[{'name': 'a'}]", "[{'name': 'a'}]")},
	{"V24", SPEC "volumes[0]",
	 VOLUMES("[{'name': 'a'}]", "[{'name': 'a', 'containerDisk': {'image': 'i'}, "
				    "'emptyDisk': {'capacity': '1Gi'}}]")},
	{"V24", SPEC "volumes[0]", VOLUMES("[{'name': 'a'}]", "[{'name': 'a', 'dataVolume': {}}]")},
	{"V25", SPEC "volumes[0].cloudInitNoCloud", CLOUD("{}")},
	{"V25", SPEC "volumes[0].cloudInitNoCloud", CLOUD("{'userData': '" K2 "x'}")},
	{"V25", SPEC "volumes[0].cloudInitNoCloud", CLOUD("{'networkData': '" K2 "x'}")},
	{"V25", SPEC "volumes[0].cloudInitNoCloud",
	 CLOUD("{'userData': 'a', 'secretRef': {'name': 's'}}")},
	{"V25", SPEC "volumes[0].cloudInitNoCloud",
	 CLOUD("{'userData': 'a', 'userDataBase64': 'YQ=='}")},
	{"V25", SPEC "volumes[0].cloudInitNoCloud.userDataBase64",
	 CLOUD("{'userDataBase64': '!!'}")},
	{"V25", SPEC "accessCredentials[0].sshPublicKey.propagationMethod",
	 IN("{'accessCredentials': [{'sshPublicKey': {'source': {'secret': {'secretName': 's'}}, "
	    "'propagationMethod': {'noCloud': {}}}}]}")},
	{"V25", SPEC "accessCredentials[0]", IN("{'accessCredentials': [{}]}")},
	{"V26", SPEC "domain.memory", IN("{'domain': {'resources': null}}")},
	{"V26", SPEC "domain.resources.requests.memory",
	 IN("{'domain': {'resources': {'requests': {'memory': '999k'}}}}")},
	{"V26", SPEC "domain.resources.requests.memory",
	 IN("{'domain': {'resources': {'limits': {'memory': '32Mi'}}}}")},
	{"V26", SPEC "domain.memory.guest", IN("{'domain': {'memory': {'guest': 'lots'}}}")},
	{"V27", SPEC "readinessProbe", IN("{'readinessProbe': {'periodSeconds': 1}}")},
	{"V27", SPEC "livenessProbe", IN("{'livenessProbe': {'guestAgentPing': {}, 'exec': {}}}")},
	{"V27", SPEC "livenessProbe.tcpSocket",
	 IN("{'livenessProbe': {'tcpSocket': {'port': 22}}}")},
	{NULL, SPEC "hostname", IN("{'hostname': 'Not_A_Label'}")},
	{NULL, SPEC "domain.machine.type", IN("{'domain': {'machine': {'type': 'pc'}}}")},
	{NULL, DISK "[0].cdrom.bus",
	 VOLUMES("[{'name': 'a', 'cdrom': {'bus': 'virtio'}}]",
		 "[{'name': 'a', 'containerDisk': {'image': 'i'}}]")},
};

static void admit(json_t *vm, struct diags *d)
{
	kubevirt_default_vm(vm);
	kubevirt_admit_vm(vm, NULL, d);
}

static void test_refused(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		_cleanup_json_ json_t *vm = patched(refused[i].patch);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_buf_ struct buf all = BUF_INIT;
		bool found = false, others = false;

		admit(vm, &d);
		for (size_t k = 0; k < d.n; k++) {
			bool this = streq0(d.v[k].rule, refused[i].rule) &&
				    streq0(d.v[k].path, refused[i].path);

			if (d.v[k].severity != DIAG_ERROR)
				continue;
			diag_print(&d.v[k], &all);
			found |= this;
			/* one mistake must not drown in findings about something else */
			others |= !streq0(d.v[k].rule, refused[i].rule);
		}
		TEST_ROW(found, refused[i].rule ? refused[i].rule : "other", "%s not at %s: %s",
			 refused[i].patch, refused[i].path, buf_str(&all));
		TEST_ROW(!others, refused[i].rule ? refused[i].rule : "other", "more: %s",
			 buf_str(&all));
	}
}

static const char *const accepted[] = {
	"{}",
	"{'spec': {'runStrategy': null, 'running': true}}",
	NIC("{'name': 'x', 'bridge': {}, 'model': 'e1000e', 'macAddress': '02-00-00-00-00-0F'}"),
	NIC("{'name': 'x', 'bridge': {}, 'state': 'down', 'acpiIndex': 16383, 'pciAddress': "
	    "'0000:81:00.1', 'bootOrder': 1}"),
	NIC("{'name': 'x', 'bridge': {}, 'state': 'absent'}"),
	NIC("{'name': 'x', 'sriov': {}}"),
	POD_NIC("{'name': 'x', 'masquerade': {}}"),
	CLOUD("{'userData': '" K2 "'}"),
	CLOUD("{'userDataBase64': 'YQ==', 'networkDataSecretRef': {'name': 's'}}"),
	IN("{'domain': {'resources': null, 'memory': {'guest': '128Mi'}}}"),
	IN("{'domain': {'resources': null, 'memory': {'hugepages': {'pageSize': '2Mi'}}}}"),
	IN("{'readinessProbe': {'guestAgentPing': {}}}"),
	IN("{'networks': null, 'domain': {'devices': {'interfaces': null}}, "
	   "'livenessProbe': {'tcpSocket': {'port': 1}}}"),
	IN("{'networks': [], 'domain': {'devices': {'interfaces': [], "
	   "'autoattachPodInterface': false}}}"),
};

static void test_accepted(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
		_cleanup_json_ json_t *vm = patched(accepted[i]);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_buf_ struct buf all = BUF_INIT;

		admit(vm, &d);
		for (size_t k = 0; k < d.n; k++)
			if (d.v[k].severity == DIAG_ERROR)
				diag_print(&d.v[k], &all);
		TEST_ROW(!all.len, accepted[i], "%s", buf_str(&all));
	}
}

static void test_documentation_vm(void)
{
	_cleanup_json_ json_t *vm = load(TESTDATA "vm.yaml");
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	admit(vm, &d);
	CU_ASSERT_EQUAL(d.n, 0);
}

static bool has(const struct diags *d, enum diag_severity s, const char *rule, const char *path)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].severity == s && streq0(d->v[i].rule, rule) &&
		    streq0(d->v[i].path, path))
			return true;
	return false;
}

static void test_warnings_and_notes(void)
{
	_cleanup_json_ json_t *vm = patched(
		"{'spec': {'runStrategy': null, 'running': false, 'template': {'spec': "
		"{'networks': "
		"[{'name': 'x', 'pod': {}}, {'name': 'y', 'multus': {'networkName': 'n'}}], "
		"'domain': {'devices': {'interfaces': [{'name': 'x', 'masquerade': {}}, "
		"{'name': 'y', 'sriov': {}}]}}, 'volumes': [{'name': 'a', 'dataVolume': {'name': "
		"'d'}}]}}}}");
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	admit(vm, &d);
	CU_ASSERT_EQUAL(diags_count(&d, DIAG_ERROR), 0);
	CU_ASSERT(has(&d, DIAG_WARNING, "running-deprecated", "spec.running"));
	CU_ASSERT(has(&d, DIAG_NOTE, "ignored", SPEC "networks[0].pod"));
	CU_ASSERT(has(&d, DIAG_NOTE, "ignored", IFACE "[1].sriov"));
	CU_ASSERT(has(&d, DIAG_NOTE, "ignored", SPEC "volumes[0].dataVolume"));
	CU_ASSERT_EQUAL(d.n, 4);
}

static void test_defaults(void)
{
	_cleanup_json_ json_t *vm = quoted("{'spec': {'template': {'spec': {'domain': {'devices': "
					   "{}}, 'volumes': [{'name': 'a', 'containerDisk': "
					   "{'image': 'i'}}]}}}}");
	_cleanup_json_ json_t *none = patched(accepted[ARRAY_SIZE(accepted) - 1]);
	_cleanup_free_ char *once = NULL, *twice = NULL;

	kubevirt_default_vm(vm);
	once = jtext(jget(vm, "spec.template.spec"));
	TEST_STR(once, "{\"domain\":{\"devices\":{\"disks\":[{\"disk\":{\"bus\":\"sata\"},"
		       "\"name\":\"a\"}],\"interfaces\":[{\"bridge\":{},\"name\":\"default\"}]},"
		       "\"machine\":{\"type\":\"q35\"}},\"networks\":[{\"name\":\"default\","
		       "\"pod\":{}}],\"volumes\":[{\"containerDisk\":{\"image\":\"i\"},"
		       "\"name\":\"a\"}]}");
	kubevirt_default_vm(vm);
	twice = jtext(jget(vm, "spec.template.spec"));
	TEST_STR(twice, once);
	kubevirt_default_vm(none);
	CU_ASSERT_EQUAL(json_array_size(jget(none, "spec.template.spec.networks")), 0);
	kubevirt_default_vm(vm = (json_decref(vm), json_string("no object")));
}

static void test_vmi_update(void)
{
	_cleanup_json_ json_t *vm = quoted(good), *old = NULL;
	_cleanup_json_ json_t *vmi = json_pack("{s:{s:s}, s:O}", "metadata", "name", "v", "spec",
					       jget(vm, "spec.template.spec"));
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	old = json_deep_copy(vmi);
	kubevirt_admit_vmi(vmi, old, &d);
	CU_ASSERT_EQUAL(d.n, 0);
	jset_str(vmi, "spec.hostname", "other");
	kubevirt_admit_vmi(vmi, old, &d);
	CU_ASSERT(has(&d, DIAG_ERROR, NULL, "spec"));
}

TEST_SUITE(kubevirt_admission, {"refused", test_refused}, {"accepted", test_accepted},
	   {"documentation_vm", test_documentation_vm},
	   {"warnings_and_notes", test_warnings_and_notes}, {"defaults", test_defaults},
	   {"vmi_update", test_vmi_update})
