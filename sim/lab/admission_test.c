/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/admission.h"

#include "api/meta.h"
#include "api/status.h"
#include "lab/fileset.h"
#include "test/test.h"

static const char vm_text[] = "apiVersion: kubevirt.io/v1\n"
			      "kind: VirtualMachine\n"
			      "metadata: {name: %s, namespace: default}\n"
			      "spec:\n"
			      "  runStrategy: Always\n"
			      "  template:\n"
			      "    spec:\n"
			      "      domain:\n"
			      "        devices: {interfaces: [{name: n, bridge: {}%s}]}\n"
			      "        resources: {requests: {memory: 64Mi}}\n"
			      "      networks: [{name: n, multus: {networkName: blue}}]\n";

static const char nad_text[] = "apiVersion: k8s.cni.cncf.io/v1\n"
			       "kind: NetworkAttachmentDefinition\n"
			       "metadata: {name: blue}\n"
			       "spec:\n"
			       "  config: '{\"cniVersion\":\"0.3.1\",\"name\":\"blue\",\"type\":"
			       "\"ovn-k8s-cni-overlay\",\"topology\":\"%s\",\"netAttachDefName\":"
			       "\"default/blue\"%s}'\n";

static json_t *parse_one(const char *text)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};

	yaml_parse(text, strlen(text), "t", &docs, &d);
	return docs.n ? json_incref(docs.v[0].root) : NULL;
}

static json_t *vm(const char *name, const char *iface)
{
	_cleanup_free_ char *text = xasprintf(vm_text, name, iface);

	return parse_one(text);
}

static const char *mac_of(const json_t *obj)
{
	return jstr(obj, "spec.template.spec.domain.devices.interfaces.0.macAddress", NULL);
}

static void test_store(void)
{
	struct store_config c = {.seed = 1};
	_cleanup_store_ struct store *s = store_new(&c);
	struct store_opts dry = {.dry_run = true};
	_cleanup_json_ json_t *a = vm("a", ""), *b = vm("b", ""), *bad = vm("bad", ", model: x");
	_cleanup_json_ json_t *status = NULL, *tried = NULL, *made = NULL, *made_b = NULL;
	_cleanup_json_ json_t *again = NULL;

	admission_register(s);
	tried = store_create(s, a, &dry, NULL);
	made = store_create(s, a, NULL, &status);
	TEST_ROW(made != NULL, "vm", "%s", status ? status_message(status) : "");
	TEST_STR(mac_of(made), "02:00:00:00:00:01");
	TEST_STR(mac_of(tried), mac_of(made));
	made_b = store_create(s, b, NULL, NULL);
	TEST_STR(mac_of(made_b), "02:00:00:00:00:02");
	/* An update that leaves the address out keeps it and changes nothing. */
	again = store_replace(s, a, NULL, NULL);
	TEST_STR(meta_rv(again), meta_rv(made));
	CU_ASSERT_PTR_NULL(store_create(s, bad, NULL, &status));
	CU_ASSERT_EQUAL(status_code(status), 422);
}

struct row {
	const char *name, *topology, *config, *iface;
	enum diag_severity severity;
	const char *rule; /* of a finding that must be there; NULL: no error */
	int line;
};

static const struct diag *find(const struct diags *d, const char *rule)
{
	for (size_t i = 0; i < d->n; i++)
		if (streq0(d->v[i].rule, rule))
			return &d->v[i];
	return NULL;
}

static void run_row(const struct row *t)
{
	_cleanup_free_ char *nad = xasprintf(nad_text, t->topology, t->config);
	_cleanup_free_ char *machine = xasprintf(vm_text, "a", t->iface);
	_cleanup_free_ char *text = xasprintf("%s---\n%s", nad, machine);
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_manifests_ struct manifests ms = MANIFESTS_INIT;
	const struct diag *g;
	int r;

	yaml_parse(text, strlen(text), "f.yaml", &docs, &d);
	manifest_decode_docs(&docs, "f.yaml", &ms, &d);
	r = admission_validate(&ms, "default", NULL, &d);
	TEST_ROW((r < 0) == (diags_count(&d, DIAG_ERROR) > 0), t->name, "result %d", r);
	if (!t->rule) {
		TEST_ROW(r == 0, t->name, "%s", d.n ? d.v[0].msg : "");
		return;
	}
	g = find(&d, t->rule);
	if (!TEST_ROW(g != NULL, t->name, "no finding [%s] among %zu", t->rule, d.n))
		return;
	TEST_ROW(g->severity == t->severity, t->name, "severity %d", (int)g->severity);
	TEST_ROW(streq0(g->file, "f.yaml"), t->name, "file %s", g->file ? g->file : "(null)");
	TEST_ROW(g->line == t->line, t->name, "line %d, want %d", g->line, t->line);
}

static void test_validate(void)
{
	static const struct row rows[] = {
		{"good", "layer2", "", "", DIAG_ERROR, NULL, 0},
		{"interface model", "layer2", "", ", model: vmxnet", DIAG_ERROR, "V6", 15},
		{"unknown field", "layer2", "", ", modell: e1000", DIAG_ERROR, "unknown-field", 15},
		{"unknown topology", "layer7", "", "", DIAG_ERROR, "E16", 5},
		{"vlan on layer2", "layer2", ",\"vlanID\":7", "", DIAG_WARNING, "lint/vlan-layer2",
		 5},
		{"subnets for a VM", "layer2", ",\"subnets\":\"10.0.0.0/24\"", "", DIAG_WARNING,
		 "lint/vm-ipam", 17},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		run_row(&rows[i]);
}

/* A literal block has the file's lines: the finding points at the value inside it. */
static void test_block(void)
{
	char path[] = "/tmp/ovnbed-nad-XXXXXX";
	int fd = mkstemp(path);
	_cleanup_fileset_ struct fileset f = FILESET_INIT;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	const struct diag *g;

	dprintf(fd, "apiVersion: k8s.cni.cncf.io/v1\n"
		    "kind: NetworkAttachmentDefinition\n"
		    "metadata: {name: blue}\n"
		    "spec:\n"
		    "  config: |-\n"
		    "    {\n"
		    "      \"name\": \"blue\", \"type\": \"ovn-k8s-cni-overlay\",\n"
		    "      \"netAttachDefName\": \"default/blue\",\n"
		    "      \"topology\": \"layer7\"\n"
		    "    }\n");
	close(fd);
	fileset_add(&f, path, &d);
	admission_validate(&f.ms, "default", NULL, &d);
	unlink(path);
	g = find(&d, "E16");
	if (!TEST_ROW(g != NULL, "block", "no finding among %zu", d.n))
		return;
	CU_ASSERT_EQUAL(g->line, 9);
	CU_ASSERT_EQUAL(g->col, 19);
}

/* Every mistake of a policy (§1.5) at its place, and what will surprise. */
static void test_policies(void)
{
	static const char text[] = "apiVersion: k8s.cni.cncf.io/v1beta2\n"
				   "kind: MultiNetworkPolicy\n"
				   "metadata:\n"
				   "  name: p\n"
				   "  annotations: {k8s.v1.cni.cncf.io/policy-for: gone}\n"
				   "spec:\n"
				   "  %s\n"
				   "  policyTypes: [Ingress%s]\n"
				   "  ingress:\n"
				   "  - ports:\n"
				   "    - {port: %d}\n"
				   "    - {port: 90, endPort: %d}\n"
				   "    from:\n"
				   "    - ipBlock: {cidr: 10.0.0.0/8, except: [1%d.0.0.0/9]}\n";
	static const struct {
		const char *name, *selector, *types;
		int port, end, except;
		const char *want;
	} cases[] = {
		{"good", "podSelector: {}", "", 80, 91, 0, "5:48 lint/policy-nad"},
		{"null selector", "podSelector:", "", 80, 91, 0, "5:48 lint/policy-nad"},
		{"no selector", "# none", "", 80, 91, 0,
		 "8:3 policy-selector, 5:48 lint/policy-nad"},
		{"three at once", "podSelector: {}", ", foo", 0, 80, 0,
		 "8:26 policy, 11:14 policy, 12:27 policy"},
		{"except", "podSelector: {}", "", 80, 91, 1, "14:44 policy"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *file = xasprintf(text, cases[i].selector, cases[i].types,
						      cases[i].port, cases[i].end, cases[i].except);
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_yaml_ struct yaml_docs docs = {0};
		_cleanup_manifests_ struct manifests ms = MANIFESTS_INIT;
		_cleanup_buf_ struct buf got = BUF_INIT;

		yaml_parse(file, strlen(file), "f.yaml", &docs, &d);
		manifest_decode_docs(&docs, "f.yaml", &ms, &d);
		admission_validate(&ms, "default", NULL, &d);
		for (size_t k = 0; k < d.n; k++)
			buf_printf(&got, "%s%d:%d %s", k ? ", " : "", d.v[k].line, d.v[k].col,
				   d.v[k].rule);
		TEST_ROW(streq(buf_str(&got), cases[i].want), cases[i].name, "%s", buf_str(&got));
	}
}

TEST_SUITE(lab_admission, {"policies", test_policies}, {"in the store", test_store},
	   {"without a lab", test_validate}, {"inside a NAD", test_block})
