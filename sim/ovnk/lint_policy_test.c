/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/lint_policy.h"

#include "test/test.h"

/* JSON with ' for ". */
static json_t *parse(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j;

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	j = jparse(copy, strlen(copy), &e);
	TEST_ROW(j, text, "%s", err_msg(&e));
	return j;
}

static json_t *object(const char *kind, const char *ns, const char *name)
{
	return json_pack("{s:s, s:{s:s, s:s}}", "kind", kind, "metadata", "namespace", ns, "name",
			 name);
}

static json_t *nad(const char *ns, const char *name, const char *tail)
{
	json_t *o = object("NetworkAttachmentDefinition", ns, name);

	jset(o, "spec.config",
	     jstringf("{\"type\":\"ovn-k8s-cni-overlay\",\"name\":\"%s\",\"netAttachDefName\":"
		      "\"%s/%s\"%s}",
		      name, ns, name, tail));
	return o;
}

static json_t *nads(void)
{
	json_t *all = json_array(), *other = object("NetworkAttachmentDefinition", "ns1", "cni");

	jset_str(other, "spec.config", "{\"type\":\"macvlan\",\"name\":\"m\"}");
	json_array_append_new(all, nad("ns1", "dual",
				       ",\"topology\":\"layer2\",\"subnets\":\"10.1.0.0/24,"
				       "fd00:1::/64\""));
	json_array_append_new(
		all, nad("ns1", "four", ",\"topology\":\"layer2\",\"subnets\":\"10.2.0.0/24\""));
	json_array_append_new(all, nad("ns1", "flat", ",\"topology\":\"layer2\""));
	json_array_append_new(all, nad("ns1", "phys",
				       ",\"topology\":\"localnet\",\"mtu\":1500,\"subnets\":"
				       "\"10.4.0.0/24\""));
	json_array_append_new(
		all, nad("ns2", "red", ",\"topology\":\"layer2\",\"subnets\":\"10.5.0.0/24\""));
	json_array_append_new(all, other);
	return all;
}

/* A pod on every network but flat, and a VM on flat. */
static json_t *pods(void)
{
	json_t *all = json_array(), *pod = object("Pod", "ns1", "web");

	jset(pod, "metadata.labels", json_pack("{s:s}", "app", "web"));
	jset(pod, "metadata.annotations",
	     json_pack("{s:s}", ATTACH_ANNOTATION, "dual,four,phys,ns2/red"));
	jset_str(pod, "spec.nodeName", "worker-a");
	json_array_append_new(all, pod);
	return all;
}

static json_t *vm(void)
{
	json_t *o = object("VirtualMachine", "ns1", "vm-a");

	jset(o, "spec.template.metadata.labels", json_pack("{s:s}", "app", "web"));
	jset(o, "spec.template.spec.networks",
	     json_pack("[{s:s, s:{s:s}}]", "name", "n", "multus", "networkName", "flat"));
	return o;
}

static json_t *policy(const char *networks, const char *spec)
{
	json_t *o = object("MultiNetworkPolicy", "ns1", "p");

	if (networks)
		jset(o, "metadata.annotations", json_pack("{s:s}", POLICY_FOR, networks));
	json_object_set_new(o, "spec", parse(spec));
	return o;
}

static void lint(json_t *policies, enum policy_profile profile, struct diags *d)
{
	_cleanup_json_ json_t *topology =
		parse("{'underlay': {'mtu': 1500}, 'nodes': [{'name': 'worker-a', 'chassis': 'ca', "
		      "'encap_ip': '172.31.0.11'}]}");
	_cleanup_json_ json_t *n = nads(), *p = pods(), *namespaces = json_array();
	_cleanup_json_ json_t *objects = json_pack("[o]", vm());
	_cleanup_diags_ struct diags ignored = DIAGS_INIT;
	_cleanup_ovnk_config_ struct ovnk_config c = {0};
	_cleanup_networks_ struct networks nets = {0};
	_cleanup_podnets_ struct podnets podnets = {0};
	_cleanup_policies_ struct policies all = {0};

	CU_ASSERT_EQUAL(ovnk_config_from_topology(&c, topology, NULL), 0);
	networks_build(n, &c, NULL, &nets, &ignored);
	podnets_build(p, &nets, &c, &podnets, &ignored);
	policies_build(policies, p, namespaces, &nets, &podnets, profile, &all, d);
	lint_policies(&all, &nets, objects, d);
}

/* Findings as "rule path", notes with a "-" before. Caller frees. */
static char *found(const struct diags *d)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < d->n; i++) {
		const struct diag *g = &d->v[i];

		buf_printf(&b, "%s%s%s %s", i ? "; " : "", g->severity == DIAG_NOTE ? "-" : "",
			   str_after(g->rule, "lint/policy-") ?: g->rule, g->path);
		TEST_ROW(streq0(g->object, "MultiNetworkPolicy ns1/p") && g->hint, g->msg,
			 "object %s, hint %s", g->object ? g->object : "(null)",
			 g->hint ? g->hint : "(null)");
	}
	return buf_take(&b);
}

#define WEB "'podSelector': {'matchLabels': {'app': 'web'}}"
#define IN "'policyTypes': ['Ingress']"
#define FROM_BLOCK "'from': [{'ipBlock': {'cidr': '10.1.0.0/25'}}]"
#define FROM_PODS "'from': [{'podSelector': {}}]"
#define NAD_PATH "metadata.annotations.k8s.v1.cni.cncf.io/policy-for"
#define TCP_80 "'ports': [{'port': 80}]"

static const struct row {
	const char *networks, *spec, *ovnk, *text; /* findings in profiles ovnk and spec */
	const char *says;			   /* part of the first message or hint */
} rows[] = {
	/* nothing to say */
	{"dual", "{" WEB ", " IN ", 'ingress': [{" FROM_BLOCK ", " TCP_80 "}]}", "", "", ""},
	{"dual", "{" WEB ", " IN ", 'ingress': [{" FROM_PODS "}]}", "", "", ""},
	{"flat", "{" WEB ", " IN ", 'ingress': [{" FROM_BLOCK "}]}", "", "", ""},
	{"dual, ns2/red",
	 "{" WEB ", 'policyTypes': ['Egress'], 'egress': [{'to': [{'podSelector': {}}]}]}", "", "",
	 ""},
	/* networks */
	{NULL, "{" WEB ", " IN ", 'ingress': [{" FROM_PODS "}]}", "for metadata", "for metadata",
	 "the policy does nothing"},
	{"gone", "{" WEB ", " IN ", 'ingress': [{" FROM_PODS "}]}", "nad " NAD_PATH,
	 "nad " NAD_PATH, "there is no NetworkAttachmentDefinition ns1/gone"},
	{"red", "{" WEB ", " IN ", 'ingress': [{" FROM_PODS "}]}", "nad " NAD_PATH, "nad " NAD_PATH,
	 "write ns2/red: without a namespace it is the policy's own (ns1)"},
	{"cni", "{" WEB ", " IN ", 'ingress': [{" FROM_PODS "}]}", "nad " NAD_PATH, "nad " NAD_PATH,
	 "ns1/cni is Ignored"},
	{"flat", "{" WEB ", " IN ", 'ingress': [{" FROM_BLOCK "}, {" FROM_PODS "}]}",
	 "policy-ipam spec.ingress.1.from.0", "policy-ipam spec.ingress.1.from.0",
	 "the whole policy is not applied"},
	/* whom it selects */
	{"dual",
	 "{'podSelector': {'matchLabels': {'app': 'db'}}, " IN ", 'ingress': [{" FROM_PODS "}]}",
	 "selects-nothing spec.podSelector", "selects-nothing spec.podSelector",
	 "no pod or VM of namespace ns1"},
	{"flat",
	 "{'podSelector': {'matchLabels': {'app': 'db'}}, " IN ", 'ingress': [{" FROM_BLOCK "}]}",
	 "selects-nothing spec.podSelector", "selects-nothing spec.podSelector", "network flat"},
	{"flat",
	 "{'podSelector': {'matchLabels': {'vm.kubevirt.io/name': 'vm-a'}}, " IN
	 ", 'ingress': [{" FROM_BLOCK "}]}",
	 "", "", ""},
	/* directions */
	{"dual", "{" WEB ", 'ingress': [{" FROM_PODS "}]}", "types spec", "", "(#5372)"},
	{"dual", "{" WEB ", 'egress': [{" TCP_80 "}]}", "types spec", "-blocked spec",
	 "write policyTypes: [Ingress, Egress]"},
	{"dual", "{" WEB ", " IN ", 'ingress': [{" FROM_PODS "}], 'egress': [{" TCP_80 "}]}",
	 "dead-rules spec.egress", "dead-rules spec.egress", "add Egress to policyTypes"},
	{"dual", "{" WEB ", " IN "}", "-blocked spec; lone-deny spec", "-blocked spec",
	 "all ingress of what it selects is denied"},
	{"dual", "{" WEB ", 'policyTypes': ['Egress'], 'egress': []}",
	 "-blocked spec.egress; lone-deny spec.egress", "-blocked spec.egress", ""},
	{"dual", "{" WEB ", " IN ", 'ingress': [{}]}", "-allowed spec.ingress",
	 "-allowed spec.ingress", ""},
	/* rules */
	{"dual", "{" WEB ", " IN ", 'ingress': [{'ports': [{'port': 'http'}]}]}",
	 "named-port spec.ingress.0.ports.0.port", "", "allows every port"},
	{"dual", "{" WEB ", " IN ", 'ingress': [{'ports': [{'port': 'http'}, {'port': 80}]}]}",
	 "named-port spec.ingress.0.ports.0.port", "", "is lost beside"},
	{"dual",
	 "{" WEB ", " IN ", 'ingress': [{'ports': [{'port': 80}, {'protocol': 'TCP'}, "
	 "{'protocol': 'UDP'}]}]}",
	 "protocol-lost spec.ingress.0.ports.1", "", "all of tcp is lost"},
	{"four",
	 "{" WEB ", " IN ", 'ingress': [{'from': [{'ipBlock': {'cidr': 'fd00::/8'}}, {'ipBlock': "
	 "{'cidr': '10.0.0.0/8'}}]}]}",
	 "family spec.ingress.0.from.0.ipBlock.cidr", "family spec.ingress.0.from.0.ipBlock.cidr",
	 "network four has no IPv6"},
	{"flat", "{" WEB ", " IN ", 'ingress': [{" TCP_80 "}]}", "v4-only spec.ingress.0", "",
	 "allows IPv4 alone"},
	{"phys", "{" WEB ", " IN ", 'ingress': [{" FROM_PODS "}]}", "-localnet spec.ingress",
	 "-localnet spec.ingress", "hosts of the physical network behind phys"},
	{"phys", "{" WEB ", " IN ", 'ingress': [{" FROM_PODS "}, {" FROM_BLOCK "}]}", "", "", ""},
};

static void test_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_diags_ struct diags ovnk = DIAGS_INIT, spec = DIAGS_INIT;
		_cleanup_json_ json_t *list =
			json_pack("[o]", policy(rows[i].networks, rows[i].spec));
		_cleanup_free_ char *got = NULL, *text = NULL;

		lint(list, POLICY_OVNK, &ovnk);
		lint(list, POLICY_SPEC, &spec);
		got = found(&ovnk);
		text = found(&spec);
		TEST_ROW(streq(got, rows[i].ovnk), rows[i].spec, "ovnk: %s, want %s", got,
			 rows[i].ovnk);
		TEST_ROW(streq(text, rows[i].text), rows[i].spec, "spec: %s, want %s", text,
			 rows[i].text);
		if (ovnk.n)
			TEST_ROW(strstr(ovnk.v[0].msg, rows[i].says) ||
					 strstr(ovnk.v[0].hint, rows[i].says),
				 rows[i].says, "%s: %s", ovnk.v[0].msg, ovnk.v[0].hint);
	}
}

/* One rule anywhere on the network has OVN track connections: the deny is no lone one. */
static void test_lone(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	json_t *other = policy("dual", "{'podSelector': {}, 'policyTypes': ['Egress'], 'egress': "
				       "[{" TCP_80 "}]}");
	_cleanup_json_ json_t *list =
		json_pack("[o, o]", policy("dual", "{" WEB ", " IN "}"), other);

	json_object_set_new(json_object_get(other, "metadata"), "name", json_string("q"));
	lint(list, POLICY_OVNK, &d);
	CU_ASSERT_EQUAL(d.n, 1);
	TEST_STR(d.v[0].rule, "lint/policy-blocked");
}

TEST_SUITE(lint_policy, {"rows", test_rows}, {"lone deny", test_lone})
