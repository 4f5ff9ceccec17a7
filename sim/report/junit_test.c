/* SPDX-License-Identifier: Apache-2.0 */
#include "report/junit.h"

#include "test/test.h"

#define DATA "sim/report/testdata/"

/* One check of every status, with text that needs escaping and control characters. */
static const char results[] =
	"[{\"scenario\":\"layer2\",\"zones\":\"central\",\"file\":\"s/scenario.yaml\","
	"\"dir\":\"/r/layer2-central\",\"labels\":{\"feature\":\"l2\"},\"seconds\":3.5,"
	"\"deviations\":[\"a & b\"],\"checks\":["
	"{\"id\":\"D1\",\"name\":\"ping\",\"status\":\"pass\",\"seconds\":0.25},"
	"{\"id\":\"D2\",\"name\":\"D2\",\"status\":\"fail\",\"seconds\":1,"
	"\"reason\":\"a > b: \\\"x\\\" <lost>\\nsecond\\u0001 line\","
	"\"evidence\":[\"checks/D2/trace-1.txt\"]},"
	"{\"id\":\"D3\",\"status\":\"error\",\"seconds\":0,\"reason\":\"agent dead\"},"
	"{\"id\":\"D4\",\"status\":\"skip\",\"seconds\":0,\"reason\":\"no KVM\"},"
	"{\"id\":\"D5\",\"status\":\"unsupported\",\"seconds\":0,\"reason\":\"no SCTP\"},"
	"{\"id\":\"D6\",\"status\":\"xfail\",\"seconds\":0,\"reason\":\"#5667\"},"
	"{\"id\":\"D7\",\"status\":\"xpass\",\"seconds\":0,\"reason\":\"#5667\"}]},"
	"{\"scenario\":\"empty\",\"zones\":\"interconnect\",\"seconds\":0,\"checks\":[]}]";

static void test_formats(void)
{
	_cleanup_json_ json_t *r = json_loads(results, 0, NULL);
	_cleanup_free_ char *junit = junit_text(r, "2026-01-01T00:00:00Z");
	_cleanup_free_ char *tap = tap_text(r), *table = verdict_table(r);

	CU_ASSERT(r != NULL);
	test_golden(DATA "results.xml", junit);
	test_golden(DATA "results.tap", tap);
	test_golden(DATA "results.txt", table);
}

/* Nothing run is a plan of nothing, which TAP readers take for a failure. */
static void test_empty(void)
{
	_cleanup_json_ json_t *none = json_array();
	_cleanup_free_ char *tap = tap_text(none);

	TEST_STR(tap, "TAP version 14\n1..0\n");
}

TEST_SUITE(report, {"formats", test_formats}, {"empty", test_empty})
