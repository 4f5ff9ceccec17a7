/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/names.h"
#include "ovnk/plan.h"
#include "ovnk/policy_match.h"
#include "ovnk/policy_named.h"
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

static json_t *policy(const char *name, const char *spec)
{
	json_t *obj =
		parse("{'apiVersion': 'k8s.cni.cncf.io/v1beta1', 'kind': "
		      "'MultiNetworkPolicy', 'metadata': {'namespace': 'ns1', 'uid': 'u', "
		      "'annotations': {'k8s.v1.cni.cncf.io/policy-for': ' blue , ns2/red'}}}");

	json_object_set_new(json_object_get(obj, "metadata"), "name", json_string(name));
	json_object_set_new(obj, "spec", parse(spec));
	return obj;
}

/* facts/ovn-kubernetes.md §3.2 */
static void test_hashes(void)
{
	static const struct {
		const char *id, *name;
	} rows[] = {
		{"default-network-controller:EgressIP:node-ips:v4:default", "a712973235162149816"},
		{"bluenet-network-controller:NetpolNamespace:ns1:Ingress", "a6183693467859528656"},
		{"bluenet-network-controller:NetpolNamespace:ns1:Egress", "a4750852137212592934"},
		{"bluenet-network-controller:NetworkPolicy:ns1:allow-web", "a5129479757375638624"},
		{"bluenet-network-controller:PodSelector:ns1_LS{ML:{role: trusted,},}:v4",
		 "a8606492701979504510"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *name = names_hash(rows[i].id);

		TEST_STR(name, rows[i].name);
	}
}

static void test_selector_text(void)
{
	static const struct {
		const char *selector, *want;
	} rows[] = {
		{"{}", "LS{}"},
		{"{'matchLabels': {'role': 'trusted'}}", "LS{ML:{role: trusted,},}"},
		{"{'matchLabels': {'b': '2', 'a': '1'}}", "LS{ML:{a: 1,b: 2,},}"},
		{"{'matchExpressions': [{'key': 'x', 'operator': 'In', 'values': ['b', 'a']}]}",
		 "LS{ME:{LSR{Key:x,Operator:In,Values:[a b],}},}"},
		{"{'matchLabels': {'a': '1'}, 'matchExpressions': [{'key': 'y', 'operator': "
		 "'Exists'}, {'key': 'x', 'operator': 'DoesNotExist'}]}",
		 "LS{ML:{a: 1,},ME:{LSR{Key:x,Operator:DoesNotExist,Values:[],},"
		 "LSR{Key:y,Operator:Exists,Values:[],}},}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *s = parse(rows[i].selector);
		_cleanup_free_ char *got = match_selector_text(s);

		TEST_STR(got, rows[i].want);
	}
}

/* §1.5: each row is one mistake, with its path. */
static void test_validation(void)
{
	static const struct {
		const char *spec, *want;
	} rows[] = {
		{"{'podSelector': {}, 'policyTypes': ['ingress']}",
		 "spec.policyTypes.0: Unsupported value: \"ingress\": expected Ingress or Egress"},
		{"{'podSelector': {}, 'policyTypes': ['Ingress', 'Egress', 'Ingress']}",
		 "spec.policyTypes: Too many: 3: expected at most 2"},
		{"{'podSelector': {}, 'ingress': [{'ports': [{'protocol': 'ICMP'}]}]}",
		 "spec.ingress.0.ports.0.protocol: Unsupported value: \"ICMP\": expected TCP, UDP "
		 "or "
		 "SCTP"},
		{"{'podSelector': {}, 'ingress': [{'ports': [{'port': 0}]}]}",
		 "spec.ingress.0.ports.0.port: Invalid value: 0: expected 1 to 65535"},
		{"{'podSelector': {}, 'egress': [{'ports': [{'port': 'a--b'}]}]}",
		 "spec.egress.0.ports.0.port: Invalid value: \"a--b\": expected a number, or a "
		 "port "
		 "name of at most 15 characters a-z, 0-9 and -, with a letter"},
		{"{'podSelector': {}, 'ingress': [{'ports': [{'endPort': 90}]}]}",
		 "spec.ingress.0.ports.0.endPort: Forbidden: needs port beside it"},
		{"{'podSelector': {}, 'ingress': [{'ports': [{'port': 'web', 'endPort': 90}]}]}",
		 "spec.ingress.0.ports.0.endPort: Forbidden: port is a name (\"web\"), a range "
		 "needs "
		 "a number"},
		{"{'podSelector': {}, 'ingress': [{'ports': [{'port': 80, 'endPort': 79}]}]}",
		 "spec.ingress.0.ports.0.endPort: Invalid value: 79: expected at least port (80)"},
		{"{'podSelector': {}, 'ingress': [{'ports': [{'port': 80, 'endPort': 70000}]}]}",
		 "spec.ingress.0.ports.0.endPort: Invalid value: 70000: expected at most 65535"},
		{"{'podSelector': {}, 'ingress': [{'from': [{}]}]}",
		 "spec.ingress.0.from.0: Required value: expected ipBlock, podSelector or "
		 "namespaceSelector"},
		{"{'podSelector': {}, 'ingress': [{'from': [{'podSelector': {}, 'ipBlock': "
		 "{'cidr': "
		 "'10.0.0.0/8'}}]}]}",
		 "spec.ingress.0.from.0: Forbidden: ipBlock may not stand beside a selector in one "
		 "peer"},
		{"{'podSelector': {}, 'egress': [{'to': [{'ipBlock': {'cidr': '10.0.0.300/8'}}]}]}",
		 "spec.egress.0.to.0.ipBlock.cidr: Invalid value: \"10.0.0.300/8\": expected "
		 "address/prefix length"},
		{"{'podSelector': {}, 'egress': [{'to': [{'ipBlock': {'cidr': '10.0.0.0/8', "
		 "'except': ['10.0.0.0/8']}}]}]}",
		 "spec.egress.0.to.0.ipBlock.except.0: Invalid value: \"10.0.0.0/8\": must lie "
		 "inside "
		 "cidr 10.0.0.0/8 and be smaller"},
		{"{'podSelector': {}, 'egress': [{'to': [{'ipBlock': {'cidr': '10.0.0.0/8', "
		 "'except': ['fd00::/64']}}]}]}",
		 "spec.egress.0.to.0.ipBlock.except.0: Invalid value: \"fd00::/64\": must lie "
		 "inside "
		 "cidr 10.0.0.0/8 and be smaller"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_json_ json_t *obj = policy("p", rows[i].spec);
		_cleanup_free_ char *got = NULL;
		struct policy p;

		TEST_ROW(policy_decode(obj, &p, &d) < 0, rows[i].want, "accepted");
		TEST_ROW(d.n == 1, rows[i].want, "%zu findings", d.n);
		got = d.n ? xasprintf("%s: %s", d.v[0].path, d.v[0].msg) : NULL;
		TEST_STR(got, rows[i].want);
	}
}

/* All mistakes of a policy at once. */
static void test_all_at_once(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *obj =
		policy("p", "{'podSelector': {}, 'policyTypes': ['x'], 'ingress': [{'from': [{}], "
			    "'ports': [{'port': 0}, {'protocol': 'x'}]}]}");
	struct policy p;

	CU_ASSERT(policy_decode(obj, &p, &d) < 0);
	CU_ASSERT_EQUAL(d.n, 4);
}

static void test_networks(void)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *obj = policy("p", "{'podSelector': {}}");
	_cleanup_policy_ struct policy p = {0};

	CU_ASSERT_EQUAL(policy_decode(obj, &p, &d), 0);
	CU_ASSERT_EQUAL(p.n_nads, 2);
	TEST_STR(p.nads[0], "ns1/blue");
	TEST_STR(p.nads[1], "ns2/red");
}

/* Who is isolated: {types, sections} against both profiles (#5372). */
static void test_isolates(void)
{
	static const struct {
		const char *spec;
		bool ovnk[2], spec_profile[2];
	} rows[] = {
		{"{'podSelector': {}, 'policyTypes': ['Ingress']}", {true, false}, {true, false}},
		{"{'podSelector': {}, 'policyTypes': ['Egress']}", {false, true}, {false, true}},
		{"{'podSelector': {}}", {false, false}, {true, false}},
		{"{'podSelector': {}, 'ingress': [{}]}", {false, false}, {true, false}},
		{"{'podSelector': {}, 'egress': []}", {false, false}, {true, true}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_json_ json_t *obj = policy("p", rows[i].spec);
		_cleanup_policy_ struct policy p = {0};

		CU_ASSERT_EQUAL(policy_decode(obj, &p, &d), 0);
		for (int g = INGRESS; g <= EGRESS; g++) {
			TEST_ROW(policy_isolates(&p, g, POLICY_OVNK) == rows[i].ovnk[g],
				 rows[i].spec, "ovnk %s", gress_name(g));
			TEST_ROW(policy_isolates(&p, g, POLICY_SPEC) == rows[i].spec_profile[g],
				 rows[i].spec, "spec %s", gress_name(g));
		}
	}
}

/* §3.1: layer 4 parts, and what the profiles make of quirks. */
static void test_l4(void)
{
	static const struct {
		const char *ports, *ovnk, *spec;
	} rows[] = {
		{"[{'protocol': 'TCP'}]", "tcp", "tcp"},
		{"[{'port': 80}]", "tcp && tcp.dst==80", "tcp && tcp.dst==80"},
		{"[{'port': 80}, {'port': 81}]", "tcp && tcp.dst=={80,81}",
		 "tcp && tcp.dst=={80,81}"},
		{"[{'port': 80, 'endPort': 90}]", "tcp && 80<=tcp.dst<=90",
		 "tcp && 80<=tcp.dst<=90"},
		{"[{'port': 80, 'endPort': 80}]", "tcp && tcp.dst==80", "tcp && tcp.dst==80"},
		{"[{'port': 70}, {'port': 80, 'endPort': 90}, {'port': 75}]",
		 "tcp && (tcp.dst=={70,75} || 80<=tcp.dst<=90)",
		 "tcp && (tcp.dst=={70,75} || 80<=tcp.dst<=90)"},
		{"[{'protocol': 'TCP'}, {'port': 80}]", "tcp && tcp.dst==80", "tcp"},
		{"[{'port': 'web'}]", "tcp", NULL},
		{"[{'port': 'web'}, {'port': 80}]", "tcp && tcp.dst==80", "tcp && tcp.dst==80"},
		{"[{'port': 'web'}, {'protocol': 'TCP'}]", "tcp", "tcp"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *spec =
			xasprintf("{'podSelector': {}, 'ingress': [{'ports': %s}]}", rows[i].ports);
		_cleanup_json_ json_t *obj = policy("p", spec);
		_cleanup_policy_ struct policy p = {0};
		_cleanup_free_ char *ovnk = NULL, *text = NULL;

		CU_ASSERT_EQUAL(policy_decode(obj, &p, &d), 0);
		ovnk = match_l4(&p.rules[INGRESS][0], POLICY_TCP, POLICY_OVNK);
		text = match_l4(&p.rules[INGRESS][0], POLICY_TCP, POLICY_SPEC);
		TEST_STR(ovnk, rows[i].ovnk);
		TEST_STR(text, rows[i].spec);
		CU_ASSERT_FALSE(match_has_proto(&p.rules[INGRESS][0], POLICY_UDP));
	}
}

static void test_blocks(void)
{
	static const struct {
		const char *peers, *in, *out;
	} rows[] = {
		{"[{'podSelector': {}}]", NULL, NULL},
		{"[{'ipBlock': {'cidr': '10.0.0.0/8'}}]", "ip4.src == 10.0.0.0/8",
		 "ip4.dst == 10.0.0.0/8"},
		{"[{'ipBlock': {'cidr': '10.0.0.0/8', 'except': ['10.1.0.0/16', '10.2.0.0/16']}}]",
		 "(ip4.src == 10.0.0.0/8 && ip4.src != {10.1.0.0/16, 10.2.0.0/16})",
		 "(ip4.dst == 10.0.0.0/8 && ip4.dst != {10.1.0.0/16, 10.2.0.0/16})"},
		{"[{'ipBlock': {'cidr': '10.0.0.0/8'}}, {'ipBlock': {'cidr': 'fd00::/8'}}]",
		 "(ip4.src == 10.0.0.0/8 || ip6.src == fd00::/8)",
		 "(ip4.dst == 10.0.0.0/8 || ip6.dst == fd00::/8)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_diags_ struct diags d = DIAGS_INIT;
		_cleanup_free_ char *spec =
			xasprintf("{'podSelector': {}, 'ingress': [{'from': %s}]}", rows[i].peers);
		_cleanup_json_ json_t *obj = policy("p", spec);
		_cleanup_policy_ struct policy p = {0};
		_cleanup_free_ char *in = NULL, *out = NULL;

		CU_ASSERT_EQUAL(policy_decode(obj, &p, &d), 0);
		in = match_blocks(&p.rules[INGRESS][0], INGRESS);
		out = match_blocks(&p.rules[INGRESS][0], EGRESS);
		TEST_STR(in, rows[i].in);
		TEST_STR(out, rows[i].out);
	}
}

/* ---- plans ---- */

struct cluster {
	json_t *in;
	struct ovnk_config c;
	struct networks n;
	struct podnets p;
	struct policies pol;
	struct diags d;
	struct ovnk_view v;
};

static void cluster_load(struct cluster *l, const char *name, enum policy_profile profile)
{
	_cleanup_free_ char *path = xasprintf("sim/ovnk/testdata/%s.in.json", name);
	_cleanup_err_ struct err e = ERR_INIT;

	*l = (struct cluster){.in = jload_file(path, &e)};
	TEST_ROW(l->in, path, "%s", err_msg(&e));
	CU_ASSERT_EQUAL(ovnk_config_from_topology(&l->c, jget(l->in, "topology"), &e), 0);
	networks_build(jget(l->in, "nads"), &l->c, NULL, &l->n, &l->d);
	podnets_build(jget(l->in, "pods"), &l->n, &l->c, &l->p, &l->d);
	policies_build(jget(l->in, "policies"), jget(l->in, "pods"), jget(l->in, "namespaces"),
		       &l->n, &l->p, profile, &l->pol, &l->d);
	l->v = (struct ovnk_view){&l->c, &l->n, &l->p, &l->pol};
}

static void cluster_free(struct cluster *l)
{
	policies_free(&l->pol);
	podnets_free(&l->p);
	networks_free(&l->n);
	ovnk_config_free(&l->c);
	diags_free(&l->d);
	json_decref(l->in);
}
#define _cleanup_cluster_ _cleanup_(cluster_free)

/* The rows of policies alone, readable: what the goldens hold. */
static json_t *policy_rows(json_t *plan)
{
	static const char *const tables[] = {"Port_Group", "ACL", "Address_Set"};
	json_t *out = json_array(), *r;
	size_t i;

	json_array_foreach(plan, i, r)
		for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
			if (streq(jstr(r, "table", ""), tables[t]))
				json_array_append(out, r);
	json_decref(plan);
	return out;
}

static void golden(const char *name, json_t *rows)
{
	_cleanup_free_ char *path = xasprintf("sim/ovnk/testdata/%s.json", name);
	_cleanup_free_ char *pretty = jtext_pretty(rows), *text = xasprintf("%s\n", pretty);

	test_golden(path, text);
	json_decref(rows);
}

static void test_plan(void)
{
	_cleanup_cluster_ struct cluster l;

	cluster_load(&l, "policy", POLICY_OVNK);
	golden("policy.a", policy_rows(plan_nb(&l.v, "worker-a")));
	golden("policy.b", policy_rows(plan_nb(&l.v, "worker-b")));
}

static void test_plan_spec(void)
{
	_cleanup_cluster_ struct cluster l;

	cluster_load(&l, "policy", POLICY_SPEC);
	golden("policy.spec.a", policy_rows(plan_nb(&l.v, "worker-a")));
}

/* Ports by name: pod by pod, whatever peers the rule has. */
static void test_named(void)
{
	_cleanup_cluster_ struct cluster l;
	static const struct {
		const char *policy;
		enum gress g;
		const char *want;
	} cases[] = {
		{"named-in", INGRESS,
		 "tcp && ((outport == {\"ns1.blue_ns1_s1\"} && tcp.dst == 8080) || "
		 "(outport == {\"ns1.blue_ns1_s2\", \"ns1.blue_ns1_s3\"} && tcp.dst == 9090))"},
		{"named-out", EGRESS,
		 "tcp && ((ip4.dst == {10.1.0.1} && tcp.dst == 8080) || (ip4.dst == {10.1.0.2, "
		 "10.1.0.3} && tcp.dst == 9090) || (ip6.dst == {fd00:1::1} && tcp.dst == 8080) || "
		 "(ip6.dst == {fd00:1::2, fd00:1::3} && tcp.dst == 9090))"},
		{"named-udp", INGRESS,
		 "udp && ((outport == {\"ns1.blue_ns1_s1\"} && udp.dst == 53))"},
		{"named-nobody", INGRESS, NULL},
	};

	cluster_load(&l, "policy-named", POLICY_SPEC);
	CU_ASSERT_EQUAL(l.pol.n_uses, ARRAY_SIZE(cases));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < l.pol.n_uses; k++) {
			const struct policy_use *u = &l.pol.uses[k];
			_cleanup_free_ char *got = NULL;

			if (!streq(u->policy->name, cases[i].policy))
				continue;
			got = named_match(&l.pol, u, cases[i].g,
					  &u->policy->rules[cases[i].g][0].ports[0]);
			TEST_STR(got, cases[i].want);
		}
	golden("policy-named.a", policy_rows(plan_nb(&l.v, "worker-a")));
}

static const struct policy_entry *entry(const struct cluster *l, const char *name)
{
	for (size_t i = 0; i < l->pol.n; i++)
		if (streq(l->pol.v[i].name, name))
			return &l->pol.v[i];
	return NULL;
}

/* What becomes of policies that do not hold: each says why. */
static void test_states(void)
{
	_cleanup_cluster_ struct cluster l;
	static const struct {
		const char *name;
		enum policy_state state;
		const char *reason;
	} rows[] = {
		{"allow-web", POLICY_APPLIED, NULL},
		{"no-annotation", POLICY_IGNORED,
		 "it has no annotation k8s.v1.cni.cncf.io/policy-for"},
		{"unknown-nad", POLICY_IGNORED,
		 "none of the networks in its annotation exists here (ns1/gone)"},
		{"selectors-without-ipam", POLICY_REJECTED,
		 "network flat: IPAM-less networks can only have `ipBlock` peers; the whole policy "
		 "is not applied"},
		{"malformed", POLICY_REJECTED,
		 "spec.ingress.0.ports.0.port: Invalid value: 70000: expected 1 to 65535"},
	};

	cluster_load(&l, "policy", POLICY_OVNK);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct policy_entry *e = entry(&l, rows[i].name);

		if (!TEST_ROW(e, rows[i].name, "not found"))
			continue;
		TEST_ROW(e->state == rows[i].state, rows[i].name, "%s",
			 policy_state_name(e->state));
		TEST_STR(e->reason, rows[i].reason);
	}
}

TEST_SUITE(policy, {"hashes", test_hashes}, {"selector text", test_selector_text},
	   {"validation", test_validation}, {"all at once", test_all_at_once},
	   {"networks", test_networks}, {"isolates", test_isolates}, {"layer 4", test_l4},
	   {"blocks", test_blocks}, {"plan", test_plan}, {"plan of profile spec", test_plan_spec},
	   {"named ports", test_named}, {"states", test_states})
