/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle against tables written by hand: the upstream suites' cases
 * (facts/policy-mtu-reports.md §2.1) and what the profiles make of quirks (§1.4).
 */
#include "oracle/policy.h"
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

/* Pods of the tables: name, namespace, label app, node, address. */
static const struct {
	const char *name, *ns, *app, *node, *ip;
} pods[] = {
	{"s", "ns1", "s", "n1", "10.0.0.1"},  {"a", "ns1", "a", "n1", "10.0.0.11"},
	{"b", "ns1", "b", "n2", "10.0.0.12"}, {"c", "ns1", "c", "n2", "10.0.0.13"},
	{"o", "ns2", "s", "n2", "10.0.0.21"},
};

static void add_objects(json_t *list, const char *subnets)
{
	static const char *const spaces[] = {"ns1", "ns2"};
	_cleanup_free_ char *config = xasprintf("{\"name\":\"net\",\"subnets\":\"%s\"}", subnets);

	for (size_t i = 0; i < ARRAY_SIZE(spaces); i++)
		json_array_append_new(list, json_pack("{s:s, s:{s:s, s:{s:s}}}", "kind",
						      "Namespace", "metadata", "name", spaces[i],
						      "labels", "team", spaces[i]));
	json_array_append_new(list,
			      json_pack("{s:s, s:{s:s, s:s}, s:{s:s}}", "kind",
					"NetworkAttachmentDefinition", "metadata", "namespace",
					"ns1", "name", "nad", "spec", "config", config));
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:{s:s, s:s, s:{s:s}, s:{s:s}}, s:{s:s}}",
						"kind", "Pod", "metadata", "namespace", pods[i].ns,
						"name", pods[i].name, "labels", "app", pods[i].app,
						"annotations", "k8s.v1.cni.cncf.io/networks",
						"ns1/nad", "spec", "nodeName", pods[i].node));
}

static void add_policies(json_t *list, const char *text)
{
	_cleanup_json_ json_t *specs = parse(text);
	json_t *spec;
	size_t i;

	json_array_foreach(specs, i, spec)
		json_array_append_new(
			list, json_pack("{s:s, s:{s:s, s:o, s:{s:s}}, s:O}", "kind",
					"MultiNetworkPolicy", "metadata", "namespace", "ns1",
					"name", jstringf("p%zu", i), "annotations",
					"k8s.v1.cni.cncf.io/policy-for", "nad", "spec", spec));
}

static struct oracle_end end(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++)
		if (strlen(pods[i].name) == len && strncmp(pods[i].name, name, len) == 0)
			return (struct oracle_end){pods[i].ns, pods[i].name, pods[i].ip};
	return (struct oracle_end){NULL, NULL, "10.0.0.99"}; /* a host */
}

/* "a>s tcp/80": "." allowed, "X" denied, "r" reply denied. */
static char judge(const struct oracle *o, const char *cell)
{
	const char *gt = strchr(cell, '>'), *space = strchr(cell, ' '), *slash = strchr(cell, '/');
	_cleanup_free_ char *proto =
		xstrndup(space + 1, slash ? (size_t)(slash - space - 1) : strlen(space + 1));
	struct oracle_cell c = {.network = "net",
				.from = end(cell, (size_t)(gt - cell)),
				.to = end(gt + 1, (size_t)(space - gt - 1)),
				.proto = proto,
				.port = slash ? atoi(slash + 1) : 0};
	_cleanup_json_ json_t *v = oracle_judge(o, &c);
	const char *expect = jstr(v, "expect", "");

	return streq(expect, "allowed") ? '.' : streq(expect, "denied") ? 'X' : 'r';
}

/* cells: "a>s tcp/80 ., b>s tcp/80 X". */
static void check(const char *row, const char *policies, bool spec, const char *subnets,
		  const char *cells)
{
	_cleanup_json_ json_t *objects = json_array();
	struct oracle_opts opts = {.spec = spec};
	_cleanup_oracle_ struct oracle *o = NULL;
	_cleanup_free_ char *copy = xstrdup(cells);
	char *save = NULL;

	add_objects(objects, subnets);
	add_policies(objects, policies);
	o = oracle_new(objects, &opts);
	for (char *item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char want, got;

		item += strspn(item, " ");
		want = item[strlen(item) - 1];
		item[strlen(item) - 2] = '\0';
		got = judge(o, item);
		TEST_ROW(got == want, row, "%s: got %c, want %c", item, got, want);
	}
}

#define SUBNET "10.0.0.0/24"
#define SEL(app) "{'podSelector': {'matchLabels': {'app': '" app "'}}}"
#define S "'podSelector': {'matchLabels': {'app': 's'}}"

static void test_upstream(void)
{
	static const struct {
		const char *name, *policies, *cells;
	} rows[] = {
		{"ingress from a",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [" SEL("a") "]}]}]",
		 "a>s tcp/1 ., b>s tcp/1 X, s>a tcp/1 ., s>b tcp/1 ., a>s icmp ., b>s icmp X"},
		{"two rules",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [" SEL(
			 "a") "]}, "
			      "{'from': [" SEL("c") "]}]}]",
		 "a>s tcp/1 ., b>s tcp/1 X, c>s tcp/1 ., s>b tcp/1 ."},
		{"egress to a",
		 "[{" S ", 'policyTypes': ['Egress'], 'egress': [{'to': [" SEL("a") "]}]}]",
		 "s>a tcp/1 ., s>b tcp/1 X, a>s tcp/1 ., b>s tcp/1 ."},
		{"stacked",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [" SEL(
			 "a") "]}]}, {" S
			      ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [" SEL(
				      "b") "]}]}]",
		 "a>s tcp/1 ., b>s tcp/1 ., c>s tcp/1 X"},
		{"blocks in one rule",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [{'ipBlock': {'cidr': "
		 "'10.0.0.11/32'}}, {'ipBlock': {'cidr': '10.0.0.12/32'}}]}]}]",
		 "a>s tcp/1 ., b>s tcp/1 ., c>s tcp/1 X, h>s tcp/1 X"},
		{"except",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [{'ipBlock': {'cidr': "
		 "'10.0.0.0/24', 'except': ['10.0.0.12/31']}}]}]}]",
		 "a>s tcp/1 ., b>s tcp/1 X, c>s tcp/1 X, h>s tcp/1 ."},
		{"port range",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'ports': [{'port': 5000, "
		 "'endPort': 5900}]}]}]",
		 "a>s tcp/4999 X, a>s tcp/5000 ., a>s tcp/5900 ., a>s tcp/5901 X, a>s udp/5500 X"},
		{"protocol only",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'ports': [{'protocol': "
		 "'UDP'}]}]}]",
		 "a>s tcp/1 X, a>s udp/1 ., a>s icmp X"},
		{"namespace without pods",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': "
		 "[{'namespaceSelector': {'matchLabels': {'team': 'none'}}}]}]}]",
		 "a>s tcp/1 X, o>s tcp/1 X, s>a tcp/1 ."},
		{"namespaces and pods",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': "
		 "[{'namespaceSelector': {'matchLabels': {'team': 'ns2'}}, 'podSelector': "
		 "{'matchLabels': {'app': 's'}}}]}]}]",
		 "o>s tcp/1 ., a>s tcp/1 X"},
		{"policy of one namespace", "[{'podSelector': {}, 'policyTypes': ['Ingress']}]",
		 "a>s tcp/1 X, o>s tcp/1 X, a>o tcp/1 r, h>o tcp/1 ."},
		{"both ends",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [" SEL(
			 "a") "]}]}, {'podSelector': {'matchLabels': {'app': 'a'}}, 'policyTypes': "
			      "['Egress']}]",
		 "a>s tcp/1 X, b>s tcp/1 X, s>a tcp/1 ."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(rows[i].name, rows[i].policies, false, SUBNET, rows[i].cells);
}

/* Each row: what the profiles ovnk and spec say of the same cells. */
static void test_deviations(void)
{
	static const struct {
		const char *name, *policies, *subnets, *ovnk, *spec;
	} rows[] = {
		{"policy-types", "[{" S ", 'ingress': [{'from': [" SEL("a") "]}]}]", SUBNET,
		 "a>s tcp/1 ., b>s tcp/1 .", "a>s tcp/1 ., b>s tcp/1 X"},
		{"lone-deny", "[{" S ", 'policyTypes': ['Ingress']}]", SUBNET,
		 "a>s tcp/1 X, s>a tcp/1 r, s>a icmp r", "a>s tcp/1 X, s>a tcp/1 ., s>a icmp ."},
		{"lone egress deny", "[{" S ", 'policyTypes': ['Egress']}]", SUBNET,
		 "a>s tcp/1 r, s>a tcp/1 X", "a>s tcp/1 ., s>a tcp/1 X"},
		{"tracked by another policy of the node",
		 "[{" S ", 'policyTypes': ['Ingress']}, {'podSelector': {'matchLabels': {'app': "
		 "'a'}}, 'policyTypes': ['Ingress'], 'ingress': [{}]}]",
		 SUBNET, "b>s tcp/1 X, s>b tcp/1 .", "b>s tcp/1 X, s>b tcp/1 ."},
		{"not by one of another node",
		 "[{" S ", 'policyTypes': ['Ingress']}, {'podSelector': {'matchLabels': {'app': "
		 "'b'}}, 'policyTypes': ['Ingress'], 'ingress': [{}]}]",
		 SUBNET, "s>b tcp/1 r", "s>b tcp/1 ."},
		{"named-port",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'ports': [{'port': 'web'}]}]}]",
		 SUBNET, "a>s tcp/1 ., a>s udp/1 X", "a>s tcp/1 X, a>s udp/1 X"},
		{"protocol-lost",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'ports': [{'protocol': "
		 "'TCP'}, {'port': 80}]}]}]",
		 SUBNET, "a>s tcp/80 ., a>s tcp/81 X", "a>s tcp/80 ., a>s tcp/81 ."},
		{"ipam-less",
		 "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [" SEL("a") "]}]}]", "",
		 "a>s tcp/1 ., b>s tcp/1 .", "a>s tcp/1 ., b>s tcp/1 ."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		check(rows[i].name, rows[i].policies, false, rows[i].subnets, rows[i].ovnk);
		check(rows[i].name, rows[i].policies, true, rows[i].subnets, rows[i].spec);
	}
}

static void test_explain(void)
{
	_cleanup_json_ json_t *objects = json_array(), *x = NULL;
	struct oracle_opts opts = {0};
	_cleanup_oracle_ struct oracle *o = NULL;

	add_objects(objects, SUBNET);
	add_policies(objects, "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': [" SEL(
				      "a") ", {'ipBlock': {'cidr': '10.0.0.0/8', 'except': "
					   "['10.1.0.0/16']}}], 'ports': [{'port': 80, "
					   "'endPort': 90}, {'protocol': 'UDP'}]}]}]");
	o = oracle_new(objects, &opts);
	x = oracle_explain(o, "net", "ns1", "s");
	CU_ASSERT_TRUE(jbool(x, "ingress.isolated", false));
	CU_ASSERT_FALSE(jbool(x, "egress.isolated", true));
	TEST_STR(jstr(x, "ingress.rules.0.text", NULL),
		 "TCP 80-90, UDP from pods with app=a of the policy's namespace, or 10.0.0.0/8 "
		 "except 10.1.0.0/16");
}

static void test_explain_policy(void)
{
	_cleanup_json_ json_t *objects = json_array(), *x = NULL, *none = NULL, *v = NULL;
	struct oracle_opts opts = {0};
	_cleanup_oracle_ struct oracle *o = NULL;
	_cleanup_free_ char *text = NULL;
	struct oracle_cell c = {
		"net", {"ns1", "a", "10.0.0.11"}, {"ns1", "s", "10.0.0.1"}, "udp", 53};

	add_objects(objects, SUBNET);
	add_policies(objects, "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'ports': "
			      "[{'port': 80}]}, {'from': [" SEL("a") "]}], 'egress': [{}]}]");
	o = oracle_new(objects, &opts);
	x = oracle_explain_policy(o, "ns1", "p0");
	text = x ? jtext(x) : xstrdup("none");
	TEST_STR(text, "{\"egress\":{\"isolates\":false,\"rules\":[\"everything to everybody\"]},"
		       "\"ingress\":{\"isolates\":true,\"rules\":[\"TCP 80 from everybody\","
		       "\"everything from pods with app=a of the policy's namespace\"]},"
		       "\"networks\":[{\"applied\":true,\"network\":\"net\",\"selects\":"
		       "[\"ns1/s\"]}]}");
	none = oracle_explain_policy(o, "ns2", "p0");
	CU_ASSERT_PTR_NULL(none);
	/* the rule that decides */
	v = oracle_judge(o, &c);
	TEST_STR(jstr(v, "expect", ""), "allowed");
	CU_ASSERT_EQUAL(jint(v, "rules.0.rule", -1), 1);
	TEST_STR(jstr(v, "rules.0.direction", ""), "Ingress");
}

/*
 * However a pod asks for its network, its policy's rules make the switch track connections; a name
 * that only begins like the NAD's is another one.
 */
static void test_attached(void)
{
	static const struct {
		const char *annotation, *expect;
	} rows[] = {
		{"nad", "allowed"},
		{"ns1/nad", "allowed"},
		{"other, ns1/nad@net3", "allowed"},
		{"[{'name': 'nad'}]", "allowed"},
		{"[{'name': 'x'}, {'name': 'nad', 'namespace': 'ns1'}]", "allowed"},
		{"nad2", "reply-denied"},
		{"[{'name': 'nad', 'namespace': 'ns2'}]", "reply-denied"},
	};
	struct oracle_cell c = {.network = "net",
				.from = {"ns1", "s", "10.0.0.1"},
				.to = {"ns1", "b", "10.0.0.12"},
				.proto = "tcp",
				.port = 80};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *objects = json_array(), *v = NULL;
		_cleanup_free_ char *text = xstrdup(rows[i].annotation);
		_cleanup_oracle_ struct oracle *oracle = NULL;
		struct oracle_opts opts = {0};
		json_t *o;
		size_t k;

		for (char *p = text; *p; p++)
			*p = *p == '\'' ? '"' : *p;
		add_objects(objects, SUBNET);
		json_array_foreach(objects, k, o)
			if (streq(jstr(o, "metadata.name", ""), "s"))
				json_object_set_new(jget(o, "metadata.annotations"),
						    "k8s.v1.cni.cncf.io/networks", jstring(text));
		add_policies(objects, "[{" S ", 'policyTypes': ['Ingress'], 'ingress': [{'from': "
				      "[" SEL("nobody") "]}]}]");
		oracle = oracle_new(objects, &opts);
		v = oracle_judge(oracle, &c);
		TEST_ROW(streq(jstr(v, "expect", ""), rows[i].expect), rows[i].annotation,
			 "%s, want %s", jstr(v, "expect", ""), rows[i].expect);
	}
}

TEST_SUITE(oracle_policy, {"explain policy", test_explain_policy}, {"upstream", test_upstream},
	   {"deviations", test_deviations}, {"explain", test_explain}, {"attached", test_attached})
