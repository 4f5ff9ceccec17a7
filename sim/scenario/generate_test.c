/* SPDX-License-Identifier: Apache-2.0 */
/* Generated suites: repeatable, complete by tags, and legal. */
#include "api/manifest.h"
#include "api/meta.h"
#include "base/yaml.h"
#include "ovnk/policy.h"
#include "scenario/generate.h"
#include "scenario/suite_report.h"
#include "test/test.h"

#define GOLDEN "sim/scenario/testdata/"

static json_t *suite(uint64_t seed, unsigned cases, unsigned networks, const json_t *tags)
{
	struct generate_opts o = {.seed = seed, .cases = cases, .networks = networks, .tags = tags};

	return generate_suite(&o);
}

/* Cases of two seeds, as text; another order of dealing would make reports of old seeds worthless. */
static void test_cases(void)
{
	_cleanup_json_ json_t *s = suite(7, 12, 4, NULL);
	_cleanup_free_ char *text = yaml_text(json_object_get(s, "cases"));

	test_golden(GOLDEN "generate.cases", text);
}

static void test_same(void)
{
	_cleanup_json_ json_t *a = suite(1, 60, 28, NULL), *b = suite(1, 60, 28, NULL);
	_cleanup_json_ json_t *c = suite(2, 60, 28, NULL);

	CU_ASSERT(json_equal(a, b));
	CU_ASSERT(!json_equal(json_object_get(a, "cases"), json_object_get(c, "cases")));
}

/* What one case needs in a lab of its own. */
static void test_manifests(void)
{
	_cleanup_json_ json_t *s = suite(7, 4, 4, NULL);
	_cleanup_json_ json_t *m = generate_manifests(s, jget(s, "cases.3"));
	_cleanup_free_ char *text = yaml_text(m);

	test_golden(GOLDEN "generate.manifests", text);
}

/* Every policy is one that admission and the compiler take. */
static void check_policy(const char *id, const json_t *obj)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	struct policy p;
	bool ok = policy_decode(obj, &p, &d) == 0;

	TEST_ROW(ok, id, "%s: %s", d.n ? d.v[0].path : "", d.n ? d.v[0].msg : "");
	if (ok)
		policy_free(&p);
}

static void test_legal(void)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		_cleanup_json_ json_t *s = suite(seed, 224, 28, NULL);
		json_t *one, *p;
		size_t i, k;

		CU_ASSERT_EQUAL(json_array_size(json_object_get(s, "cases")), 224);
		CU_ASSERT_EQUAL(json_array_size(json_object_get(s, "batches")), 8);
		json_array_foreach(json_object_get(s, "cases"), i, one)
			json_array_foreach(json_object_get(one, "policies"), k, p)
				check_policy(jstr(one, "id", "?"), p);
	}
}

/* Whatever the seed, each of these comes up more than once. */
static void test_tags(void)
{
	static const char *const wanted[] = {
		"action=create-policy",
		"action=update-policy",
		"action=delete-policy",
		"action=set-pod-labels",
		"action=set-namespace-labels",
		"action=create-pod",
		"action=delete-pod",
		"target=namespace",
		"target=pod-selector",
		"direction=ingress",
		"direction=egress",
		"direction=both",
		"policy-stack=one",
		"policy-stack=several",
		"rule=deny-all",
		"rule=allow-all",
		"rule=any-peer",
		"rule=any-port-protocol",
		"rule=multi-peer",
		"rule=multi-port-protocol",
		"peer-pods=all-pods",
		"peer-pods=by-label",
		"peer-pods=all-namespaces",
		"peer-pods=namespaces-by-label",
		"peer-pods=policy-namespace",
		"peer-ipblock=no-except",
		"peer-ipblock=with-except",
		"port=any",
		"port=numbered",
		"port=named",
		"port=end-port",
		"port=protocol",
		"protocol=tcp",
		"protocol=udp",
		"protocol=sctp",
		"misc=conflict",
		"misc=pathological",
		"misc=no-policy-types",
		"network=layer2",
		"network=localnet",
		"network=vlan",
		"network=ipam-less",
		"family=v4",
		"family=v6",
		"family=dual",
	};

	for (uint64_t seed = 1; seed <= 5; seed++) {
		_cleanup_json_ json_t *s = suite(seed, 224, 28, NULL);
		_cleanup_json_ json_t *tags = suite_tags(json_object_get(s, "cases"));

		for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
			TEST_ROW(jint(json_object_get(tags, wanted[i]), "total", 0) > 1, wanted[i],
				 "of seed %d: %lld", (int)seed,
				 jint(json_object_get(tags, wanted[i]), "total", 0));
	}
}

static void test_filter(void)
{
	_cleanup_json_ json_t *tags = json_pack("[s, s]", "port=end-port", "direction=egress");
	_cleanup_json_ json_t *none = json_pack("[s]", "port=left");
	_cleanup_json_ json_t *s = suite(3, 20, 6, tags), *empty = suite(3, 20, 6, none);
	json_t *one;
	size_t i;

	CU_ASSERT_EQUAL(json_array_size(json_object_get(s, "cases")), 20);
	json_array_foreach(json_object_get(s, "cases"), i, one)
		TEST_ROW(jhas_str(json_object_get(one, "tags"), "port=end-port") &&
				 jhas_str(json_object_get(one, "tags"), "direction=egress"),
			 jstr(one, "id", "?"), "lacks a tag");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(empty, "cases")), 0);
}

/* ---- what a suite came to ---- */

static json_t *cell(const char *key, const char *expect, const char *status)
{
	return json_pack("{s:s, s:s, s:s, s:{s:s, s:s}}", "key", key, "expect", expect, "why",
			 "a rule allows it", "verdict", "status", status, "reason",
			 "answered although denied");
}

static void test_report(void)
{
	_cleanup_json_ json_t *one =
		json_pack("{s:s, s:[s, s], s:s, s:s, s:i}", "id", "c001", "tags", "rule=deny-all",
			  "direction=ingress", "text", "x/g00-a: all pods; ingress nothing",
			  "network", "g00", "batch", 0);
	_cleanup_json_ json_t *good =
		json_pack("[o, o]", cell("a>b", "denied", "pass"), cell("b>a", "allowed", "pass"));
	_cleanup_json_ json_t *bad =
		json_pack("[o, o]", cell("a>b", "denied", "fail"), cell("b>a", "allowed", "pass"));
	_cleanup_json_ json_t *results = json_pack("[o, o, o]", suite_case(one, good),
						   suite_case(one, bad), suite_case(one, NULL));
	_cleanup_free_ char *text = suite_text(results, "seed 7");

	TEST_STR(jstr(results, "0.status", ""), "pass");
	TEST_STR(jstr(results, "1.status", ""), "fail");
	TEST_STR(jstr(results, "2.status", ""), "error");
	CU_ASSERT_EQUAL(suite_failed(results), 2);
	CU_ASSERT_EQUAL(suite_sum(results, "denied"), 2);
	test_golden(GOLDEN "generate.report", text);
}

TEST_SUITE(generate, {"cases", test_cases}, {"same seed, same suite", test_same},
	   {"manifests", test_manifests}, {"legal", test_legal}, {"tags", test_tags},
	   {"filter", test_filter}, {"report", test_report})
