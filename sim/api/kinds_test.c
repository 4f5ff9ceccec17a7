/* SPDX-License-Identifier: Apache-2.0 */
/* What each kind accepts, refuses, defaults and reports as ignored. */
#include "api/kind.h"

#include "api/meta.h"
#include "api/testing.h"

/* Admits body (members besides apiVersion, kind, metadata) and returns the findings. */
static char *admit(const struct kind *k, const char *body, const json_t *old, json_t **ret)
{
	_cleanup_json_ json_t *obj = meta_new(k, "ns", "a"), *more = J(body);
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	json_object_update(obj, more);
	kind_admit(obj, old, KIND_STRICT, &d);
	if (ret)
		*ret = TAKE_PTR(obj);
	return findings(&d);
}

struct row {
	const char *name, *body, *want;
};

static void run(const struct kind *k, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *got = admit(k, rows[i].body, NULL, NULL);

		TEST_ROW(streq(got, rows[i].want), rows[i].name, "got:\n%s\nwant:\n%s", got,
			 rows[i].want);
	}
}

#define VM(spec) "{'spec': {'template': {'spec': " spec "}}}"
#define DEVICES(x) VM("{'domain': {'devices': " x "}}")

static void test_vm(void)
{
	static const struct row rows[] = {
		{"smallest", DEVICES("{}"), ""},
		{"nothing", "{}", "error spec: Required value"},
		{"empty spec", "{'spec': {}}", "error spec.template: Required value"},
		{"null template", "{'spec': {'template': null}}",
		 "error spec.template: Required value"},
		{"no domain", VM("{}"), "error spec.template.spec.domain: Required value"},
		{"no devices", VM("{'domain': {}}"),
		 "error spec.template.spec.domain.devices: Required value"},
		{"running as text",
		 "{'spec': {'running': 'yes', 'template': {'spec': {'domain': {'devices': {}}}}}}",
		 "error spec.running: Invalid value: \"yes\": must be a boolean, found a string"},
		{"mtu of an interface (C1)",
		 DEVICES("{'interfaces': [{'name': 'a', 'bridge': {}, 'mtu': 1400}]}"),
		 "error spec.template.spec.domain.devices.interfaces.0.mtu: unknown field \"mtu\""},
		{"misspelt list", DEVICES("{'interface': []}"),
		 "error spec.template.spec.domain.devices.interface: unknown field \"interface\""},
		{"interface without name", DEVICES("{'interfaces': [{'bridge': {}}]}"),
		 "error spec.template.spec.domain.devices.interfaces.0.name: Required value"},
		{"interface that is text", DEVICES("{'interfaces': ['a']}"),
		 "error spec.template.spec.domain.devices.interfaces.0: Invalid value: \"a\": must "
		 "be an object, found a string"},
		{"memory", VM("{'domain': {'devices': {}, 'memory': {'guest': '1 Gi'}}}"),
		 "error spec.template.spec.domain.memory.guest: Invalid value: \"1 Gi\": must be a "
		 "quantity such as 1Gi or 500m, found a string"},
		{"memory request",
		 VM("{'domain': {'devices': {}, 'resources': {'requests': {'memory': '1024Mi', "
		    "'cpu': 'many'}}}}"),
		 "error spec.template.spec.domain.resources.requests.cpu: Invalid value: "
		 "\"many\": must be a quantity such as 1Gi or 500m, found a string"},
		{"networkName absent (V11)",
		 VM("{'domain': {'devices': {}}, 'networks': [{'name': 'a', 'multus': {}}]}"),
		 "error spec.template.spec.networks.0.multus.networkName: Required value"},
		{"node selector with a boolean",
		 VM("{'domain': {'devices': {}}, 'nodeSelector': {'fast': true}}"),
		 "error spec.template.spec.nodeSelector.fast: Invalid value: true: must be a "
		 "string, found a boolean"},
		{"template labels",
		 "{'spec': {'template': {'metadata': {'labels': {'a': 'x y'}}, 'spec': {'domain': "
		 "{'devices': {}}}}}}",
		 "error spec.template.metadata.labels: Invalid value: \"x y\": a valid label must "
		 "be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
		 "must start and end with an alphanumeric character"},
		{"status from an export",
		 "{'status': {'printableStatus': 'Running', 'any': 1}, 'spec': {'template': "
		 "{'spec': {'domain': {'devices': {}}}}}}",
		 ""},
	};

	run(&kind_vm, rows, ARRAY_SIZE(rows));
}

static void test_ignored(void)
{
	_cleanup_json_ json_t *obj =
		J("{'apiVersion': 'kubevirt.io/v1', 'kind': 'VirtualMachine', 'metadata': {'name': "
		  "'a'}, 'spec': {'runStrategy': 'Always', 'instancetype': {'name': 'u1.small'}, "
		  "'template': {'spec': {'tolerations': [{'key': 'a'}, {'key': 'b'}], "
		  "'evictionStrategy': 'LiveMigrate', 'domain': {'resources': {'requests': "
		  "{'memory': '1Gi'}, 'limits': {'memory': '1Gi'}}, 'devices': {'disks': "
		  "[{'name': 'a', 'cache': 'none'}, {'name': 'b', 'cache': 'none', 'serial': "
		  "'x'}]}}}}}}");
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_free_ char *got = NULL;

	kind_ignored_fields(obj, &d);
	got = findings(&d);
	TEST_STR(got, "note spec.template.spec.domain.devices.disks.0.cache: kept, but ovnbed does "
		      "not act on it\n"
		      "note spec.template.spec.domain.devices.disks.1.serial: kept, but ovnbed "
		      "does not act on it\n"
		      "note spec.template.spec.domain.resources.limits: kept, but ovnbed does not "
		      "act on it\n"
		      "note spec.template.spec.evictionStrategy: kept, but ovnbed does not act on "
		      "it\n"
		      "note spec.template.spec.tolerations: kept, but ovnbed does not act on it\n"
		      "note spec.instancetype: kept, but ovnbed does not act on it");
	TEST_STR(d.v[0].rule, "ignored");
}

static void test_nad(void)
{
	static const struct row rows[] = {
		{"config", "{'spec': {'config': 'not looked at here'}}", ""},
		{"empty", "{}", ""},
		{"config as an object", "{'spec': {'config': {'name': 'a'}}}",
		 "error spec.config: Invalid value: must be a string, found an object"},
		{"topology beside config", "{'spec': {'topology': 'layer2'}}",
		 "error spec.topology: unknown field \"topology\""},
	};

	run(&kind_nad, rows, ARRAY_SIZE(rows));
}

#define NO_CONTAINERS "warning spec.containers: no containers: a real cluster refuses this Pod"
#define POD(containers) "{'spec': {'containers': " containers "}}"

static void test_pod(void)
{
	static const struct row rows[] = {
		{"as usual", POD("[{'name': 'a', 'image': 'busybox'}]"), ""},
		{"no spec", "{}", "error spec: Required value"},
		{"empty spec", "{'spec': {}}", NO_CONTAINERS},
		{"no image", POD("[{'name': 'a'}]"),
		 "warning spec.containers.0.image: no image: a real cluster refuses this Pod"},
		{"bad name", POD("[{'name': 'A', 'image': 'x'}]"),
		 "error spec.containers.0.name: Invalid value: \"A\": a lowercase RFC 1123 label "
		 "must consist of lower case alphanumeric characters or '-', and must start and "
		 "end with an alphanumeric character"},
		{"same name twice",
		 POD("[{'name': 'a', 'image': 'x'}, {'name': 'a', 'image': 'x'}]"),
		 "error spec.containers.1.name: Duplicate value: \"a\""},
		{"bad hostname",
		 "{'spec': {'hostname': 'a.b', 'containers': [{'name': 'a', 'image': 'x'}]}}",
		 "error spec.hostname: Invalid value: \"a.b\": a lowercase RFC 1123 label must "
		 "consist of lower case alphanumeric characters or '-', and must start and end "
		 "with an alphanumeric character"},
		{"command as text", POD("[{'name': 'a', 'image': 'x', 'command': 'sleep'}]"),
		 "error spec.containers.0.command: Invalid value: \"sleep\": must be a list, found "
		 "a string"},
		{"command with a number",
		 POD("[{'name': 'a', 'image': 'x', 'command': ['sleep', 1]}]"),
		 "error spec.containers.0.command.1: Invalid value: 1: must be a string, found an "
		 "integer"},
		{"unknown", "{'spec': {'nodename': 'n', 'containers': []}}",
		 "error spec.nodename: unknown field \"nodename\""},
	};

	run(&kind_pod, rows, ARRAY_SIZE(rows));
}

static void test_pod_update(void)
{
	static const struct row rows[] = {
		{"the same",
		 "{'spec': {'nodeName': 'n', 'containers': [{'name': 'a', 'image': "
		 "'x'}]}}",
		 ""},
		{"image",
		 "{'spec': {'nodeName': 'n', 'containers': [{'name': 'a', 'image': "
		 "'y'}]}}",
		 ""},
		{"tolerations",
		 "{'spec': {'nodeName': 'n', 'tolerations': [{'key': 'a'}], 'containers': "
		 "[{'name': 'a', 'image': 'x'}]}}",
		 ""},
		{"node", "{'spec': {'nodeName': 'm', 'containers': [{'name': 'a', 'image': 'x'}]}}",
		 "error spec: Forbidden: pod updates may not change fields other than "
		 "`spec.containers[*].image`, `spec.initContainers[*].image`, "
		 "`spec.activeDeadlineSeconds`, `spec.tolerations` and "
		 "`spec.terminationGracePeriodSeconds`"},
	};
	_cleanup_json_ json_t *bound = NULL, *unbound = NULL;
	_cleanup_free_ char *first = admit(&kind_pod, rows[0].body, NULL, &bound);
	_cleanup_free_ char *second = NULL;

	TEST_STR(first, "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = admit(&kind_pod, rows[i].body, bound, NULL);

		TEST_ROW(streq(got, rows[i].want), rows[i].name, "got %s", got);
	}
	unbound = json_deep_copy(bound);
	jdel(unbound, "spec.nodeName");
	second = admit(&kind_pod, rows[0].body, unbound, NULL);
	TEST_STR(second, ""); /* binding */
}

static void test_pod_defaults(void)
{
	_cleanup_json_ json_t *obj = NULL;
	_cleanup_free_ char *got =
		admit(&kind_pod, POD("[{'name': 'a', 'image': 'x'}]"), NULL, &obj);

	TEST_JSON(json_object_get(obj, "spec"),
		  "{'containers': [{'name': 'a', 'image': 'x'}], 'restartPolicy': 'Always', "
		  "'terminationGracePeriodSeconds': 30}",
		  "defaults");
	TEST_STR(got, "");
}

static void test_secret(void)
{
	static const struct row rows[] = {
		{"plain", "{'stringData': {'a': 'b'}}", ""},
		{"encoded", "{'data': {'a': 'Zm9v'}, 'type': 'Opaque'}", ""},
		{"not base64", "{'data': {'a': 'foo!'}}",
		 "error data.a: Invalid value: illegal base64 data"},
		{"key", "{'stringData': {'a b': 'c'}}",
		 "error data.a b: Invalid value: \"a b\": a valid config key must consist of "
		 "alphanumeric characters, '-', '_' or '.'"},
		{"dots", "{'stringData': {'..a': 'c'}}",
		 "error data...a: Invalid value: \"..a\": must not be '.' or start with '..'"},
		{"number", "{'stringData': {'port': 80}}",
		 "error stringData.port: Invalid value: 80: must be a string, found an integer"},
	};
	_cleanup_json_ json_t *obj = NULL;
	_cleanup_free_ char *got = NULL;

	run(&kind_secret, rows, ARRAY_SIZE(rows));
	got = admit(&kind_secret,
		    "{'data': {'a': 'Zm9v', 'b': 'Zm9v'}, 'stringData': {'a': 'bar'}}", NULL, &obj);
	TEST_JSON(json_object_get(obj, "data"), "{'a': 'YmFy', 'b': 'Zm9v'}", "stringData wins");
	CU_ASSERT_PTR_NULL(json_object_get(obj, "stringData"));
	TEST_STR(jstr(obj, "type", ""), "Opaque");
}

static void test_immutable_data(void)
{
	_cleanup_json_ json_t *old = J("{'type': 'a', 'immutable': true, 'data': {'a': 'Zm9v'}, "
				       "'metadata': {'name': 'a', 'namespace': 'ns'}}");
	_cleanup_free_ char *changed = admit(
		&kind_secret, "{'type': 'b', 'immutable': true, 'data': {'a': 'YmFy'}}", old, NULL);
	_cleanup_free_ char *unlocked =
		admit(&kind_secret, "{'type': 'a', 'data': {'a': 'Zm9v'}}", old, NULL);
	_cleanup_free_ char *same = admit(
		&kind_secret, "{'type': 'a', 'immutable': true, 'data': {'a': 'Zm9v'}}", old, NULL);

	TEST_STR(changed, "error type: Invalid value: \"b\": field is immutable\n"
			  "error data: Forbidden: field is immutable when `immutable` is set");
	TEST_STR(unlocked,
		 "error immutable: Forbidden: field is immutable when `immutable` is set");
	TEST_STR(same, "");
}

static void test_configmap(void)
{
	static const struct row rows[] = {
		{"both", "{'data': {'a': 'any text'}, 'binaryData': {'b': 'Zm9v'}}", ""},
		{"same key", "{'data': {'a': 'x'}, 'binaryData': {'a': 'Zm9v'}}",
		 "error binaryData.a: Invalid value: duplicate of key present in data"},
		{"not base64", "{'binaryData': {'a': '?'}}",
		 "error binaryData.a: Invalid value: illegal base64 data"},
		{"boolean", "{'data': {'a': true}}",
		 "error data.a: Invalid value: true: must be a string, found a boolean"},
	};
	_cleanup_json_ json_t *big = J("{'data': {}}");
	_cleanup_free_ char *text = xcalloc(1, 1024 * 1024 + 2), *got = NULL, *body = NULL;

	run(&kind_configmap, rows, ARRAY_SIZE(rows));
	memset(text, 'x', 1024 * 1024 + 1);
	jset(big, "data.a", jstring(text));
	body = jtext(big);
	got = admit(&kind_configmap, body, NULL, NULL);
	TEST_STR(got, "error data: Too long: may not be more than 1048576 bytes");
}

static void test_namespace(void)
{
	_cleanup_json_ json_t *obj = meta_new(&kind_namespace, "", "blue");
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	CU_ASSERT_EQUAL(kind_admit(obj, NULL, KIND_STRICT, &d), 0);
	TEST_STR(meta_label(obj, "kubernetes.io/metadata.name"), "blue");
	jset_str(obj, "metadata.name", "a.b");
	CU_ASSERT(kind_admit(obj, NULL, KIND_STRICT, &d) < 0);
}

static void test_event(void)
{
	static const struct row rows[] = {
		{"good", "{'involvedObject': {'kind': 'Pod', 'namespace': 'ns'}}", ""},
		{"elsewhere", "{'involvedObject': {'kind': 'Pod', 'namespace': 'other'}}",
		 "error involvedObject.namespace: Invalid value: \"other\": does not match "
		 "event.namespace"},
		{"about nothing", "{}", "error involvedObject: Required value"},
	};

	run(&kind_event, rows, ARRAY_SIZE(rows));
}

#define MNP(spec) "{'spec': " spec "}"
#define RULE(rule) MNP("{'podSelector': {}, 'ingress': [" rule "]}")

/* What the definition checks; what a policy may say beyond is ovnk/policy.h's. */
static void test_mnp(void)
{
	static const struct row rows[] = {
		{"smallest", MNP("{'podSelector': {}}"), ""},
		{"no spec", "{}", "error spec: Required value"},
		{"port as a number or a name", RULE("{'ports': [{'port': 80}, {'port': 'http'}]}"),
		 ""},
		{"out of range is admitted", RULE("{'ports': [{'port': 0, 'protocol': 'x'}]}"), ""},
		{"port as a boolean", RULE("{'ports': [{'port': true}]}"),
		 "error spec.ingress.0.ports.0.port: Invalid value: true: must be an integer or a "
		 "string, found a boolean"},
		{"endPort as text", RULE("{'ports': [{'port': 80, 'endPort': '90'}]}"),
		 "error spec.ingress.0.ports.0.endPort: Invalid value: \"90\": must be an integer, "
		 "found a string"},
		{"ipBlock without cidr", RULE("{'from': [{'ipBlock': {'except': []}}]}"),
		 "error spec.ingress.0.from.0.ipBlock.cidr: Required value"},
		{"to in ingress", RULE("{'to': []}"),
		 "error spec.ingress.0.to: unknown field \"to\""},
		{"expression without operator",
		 MNP("{'podSelector': {'matchExpressions': [{'key': 'a'}]}}"),
		 "error spec.podSelector.matchExpressions.0.operator: Required value"},
	};

	run(&kind_mnp, rows, ARRAY_SIZE(rows));
}

/* v1beta2 is stored as v1beta1; a selector without value, or left out, selects every pod. */
static void test_mnp_conversion(void)
{
	static const char *const specs[] = {"{'podSelector': {}}", "{'podSelector': null}",
					    "{'policyTypes': ['Egress']}"};

	CU_ASSERT_PTR_EQUAL(kind_by_gvk("k8s.cni.cncf.io/v1beta2", "MultiNetworkPolicy"),
			    &kind_mnp);
	CU_ASSERT_PTR_NULL(kind_by_gvk("k8s.cni.cncf.io/v1", "MultiNetworkPolicy"));
	for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
		_cleanup_json_ json_t *obj = meta_new(&kind_mnp, "ns", "a");
		_cleanup_diags_ struct diags d = DIAGS_INIT;

		jset_str(obj, "apiVersion", "k8s.cni.cncf.io/v1beta2");
		json_object_set_new(obj, "spec", J(specs[i]));
		kind_admit(obj, NULL, KIND_STRICT, &d);
		TEST_ROW(d.n == 0, specs[i], "%s", d.n ? d.v[0].msg : "");
		TEST_STR(jstr(obj, "apiVersion", ""), "k8s.cni.cncf.io/v1beta1");
		TEST_ROW(json_is_object(jget(obj, "spec.podSelector")) &&
				 json_object_size(jget(obj, "spec.podSelector")) == 0,
			 specs[i], "no {}");
	}
}

TEST_SUITE(api_kinds, {"VirtualMachine", test_vm}, {"ignored fields", test_ignored},
	   {"NetworkAttachmentDefinition", test_nad}, {"Pod", test_pod},
	   {"Pod update", test_pod_update}, {"Pod defaults", test_pod_defaults},
	   {"Secret", test_secret}, {"immutable data", test_immutable_data},
	   {"ConfigMap", test_configmap}, {"Namespace", test_namespace}, {"Event", test_event},
	   {"policies", test_mnp}, {"v1beta2", test_mnp_conversion})
