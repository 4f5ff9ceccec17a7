/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any object that the kind's schema admits as a MultiNetworkPolicy: the verdict and the findings
 * agree, lints give no errors, and what is planned has unique keys, in both profiles.
 */
#include "api/kind.h"
#include "ovnk/lint_policy.h"
#include "ovnk/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "violated: %s\n", what);
	abort();
}

static json_t *parse(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	json_t *j;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = jparse(copy, strlen(copy), NULL);
	require(j != NULL, "the fixture parses");
	return j;
}

static json_t *cluster(void)
{
	return parse(
		"{'topology': {'underlay': {'mtu': 1500}, 'nodes': [{'name': 'worker-a', "
		"'chassis': 'ca', 'encap_ip': '172.31.0.11'}]},"
		"'nads': [{'kind': 'NetworkAttachmentDefinition', 'metadata': {'namespace': "
		"'ns', 'name': 'l2'}, 'spec': {'config': '{}'}}, {'kind': "
		"'NetworkAttachmentDefinition', 'metadata': {'namespace': 'ns', 'name': 'flat'},"
		" 'spec': {'config': '{}'}}],"
		"'pods': [{'kind': 'Pod', 'metadata': {'namespace': 'ns', 'name': 'a', 'uid': "
		"'u', 'labels': {'app': 'a'}, 'annotations': {'k8s.v1.cni.cncf.io/networks': "
		"'l2,flat'}}, 'spec': {'nodeName': 'worker-a', 'containers': [{'name': 'c', "
		"'ports': [{'name': 'web', 'containerPort': 80}]}]}}]}");
}

static void check_plan(const struct ovnk_view *v)
{
	_cleanup_json_ json_t *plan = plan_nb(v, "worker-a"), *seen = json_object();
	const json_t *r;
	size_t i;

	json_array_foreach(plan, i, r) {
		_cleanup_free_ char *key =
			xasprintf("%s/%s", jstr(r, "table", ""), jstr(r, "key", ""));

		require(!json_object_get(seen, key), "keys are unique");
		json_object_set_new(seen, key, json_true());
	}
}

static void check(const json_t *obj, enum policy_profile profile)
{
	static const char *const configs[] = {
		"{\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"l2\",\"topology\":\"layer2\","
		"\"netAttachDefName\":\"ns/l2\",\"subnets\":\"10.1.0.0/24,fd00:1::/64\"}",
		"{\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"flat\",\"topology\":\"layer2\","
		"\"netAttachDefName\":\"ns/flat\"}"};
	_cleanup_diags_ struct diags d = DIAGS_INIT, ignored = DIAGS_INIT, lint = DIAGS_INIT;
	_cleanup_json_ json_t *in = cluster(), *list = json_pack("[O]", obj);
	_cleanup_json_ json_t *namespaces = json_array();
	_cleanup_ovnk_config_ struct ovnk_config c = {0};
	_cleanup_networks_ struct networks n = {0};
	_cleanup_podnets_ struct podnets p = {0};
	_cleanup_policies_ struct policies all = {0};
	struct ovnk_view v = {&c, &n, &p, &all};

	for (size_t i = 0; i < ARRAY_SIZE(configs); i++)
		jset_str(json_array_get(json_object_get(in, "nads"), i), "spec.config", configs[i]);
	require(ovnk_config_from_topology(&c, json_object_get(in, "topology"), NULL) == 0,
		"topology");
	networks_build(json_object_get(in, "nads"), &c, NULL, &n, &ignored);
	podnets_build(json_object_get(in, "pods"), &n, &c, &p, &ignored);
	policies_build(list, json_object_get(in, "pods"), namespaces, &n, &p, profile, &all, &d);
	require((all.v[0].state == POLICY_REJECTED) == (diags_count(&d, DIAG_ERROR) > 0),
		"errors and verdict agree");
	require((all.v[0].state == POLICY_APPLIED) == !all.v[0].reason, "a reason unless applied");
	lint_policies(&all, &n, list, &lint);
	require(!diags_count(&lint, DIAG_ERROR), "lint gives no errors");
	check_plan(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ json_t *spec = jparse((const char *)data, size, NULL), *obj = NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT;

	if (!json_is_object(spec))
		return 0;
	obj = json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}}, s:O}", "apiVersion",
			"k8s.cni.cncf.io/v1beta1", "kind", "MultiNetworkPolicy", "metadata", "name",
			"p", "namespace", "ns", "annotations", POLICY_FOR, "l2, flat", "spec",
			spec);
	if (kind_admit(obj, NULL, KIND_STRICT, &d) < 0)
		return 0;
	check(obj, POLICY_OVNK);
	check(obj, POLICY_SPEC);
	return 0;
}
