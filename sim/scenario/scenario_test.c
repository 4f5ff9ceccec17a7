/* SPDX-License-Identifier: Apache-2.0 */
/* Loading: what is wrong in a scenario is found before a lab is built. */
#include <sys/stat.h>
#include <unistd.h>

#include "scenario/logs.h"
#include "scenario/run.h"
#include "scenario/step_cells.h"
#include "scenario/subset.h"
#include "test/test.h"

#define HEAD                                               \
	"apiVersion: ovnbed.io/v1alpha1\nkind: Scenario\n" \
	"metadata: {name: t}\nspec:\n  topology: topo.yaml\n  steps:\n"

/* ---- loading ---- */

static void put(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	CU_ASSERT(f && fputs(text, f) >= 0);
}

static void drop(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);

	unlink(path);
}

/* First finding of a scenario with the given text, "" when it loads. Caller frees. */
static char *load(const char *text)
{
	char dir[] = "/tmp/ovnbed-scenario-XXXXXX";
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_scenario_ struct scenario *s = NULL;
	_cleanup_buf_ struct buf b = BUF_INIT;

	CU_ASSERT(mkdtemp(dir) != NULL);
	put(dir, "topo.yaml", "{}\n");
	put(dir, "nad.yaml", "{}\n");
	put(dir, "scenario.yaml", text);
	s = scenario_load(dir, &d);
	CU_ASSERT_EQUAL(s == NULL, diags_count(&d, DIAG_ERROR) > 0);
	for (size_t i = 0; i < d.n; i++)
		buf_printf(&b, "%s:%d: %s|", d.v[i].path ? d.v[i].path : "", d.v[i].line,
			   d.v[i].msg);
	drop(dir, "topo.yaml");
	drop(dir, "nad.yaml");
	drop(dir, "scenario.yaml");
	rmdir(dir);
	return buf_take(&b);
}

static void test_load(void)
{
	static const struct {
		const char *name, *text, *want; /* "" loads */
	} rows[] = {
		{"good", HEAD "  - apply: [nad.yaml]\n    wait: [pod/a]\n", ""},
		{"no steps",
		 "apiVersion: ovnbed.io/v1alpha1\nkind: Scenario\nmetadata: {name: t}\n"
		 "spec: {topology: topo.yaml, steps: []}\n",
		 "at least one step"},
		{"other kind", "apiVersion: v1\nkind: Pod\n", "expected kind Scenario"},
		{"unknown verb", HEAD "  - aply: [nad.yaml]\n", "unknown verb; expected one of"},
		{"verb's line", HEAD "  - wait: [pod/a]\n  - aply: [nad.yaml]\n",
		 "spec.steps.1.aply:8:"},
		{"no verb", HEAD "  - check: a\n", "it has no verb"},
		{"refused alone", HEAD "  - refused: {reason: x}\n", "it has no verb"},
		{"failed alone", HEAD "  - failed: {reason: x}\n", ""},
		{"unsupported", HEAD "  - {check: a, unsupported: no bond here}\n", ""},
		{"unsupported for no reason", HEAD "  - {check: a, unsupported: true}\n",
		 "expected the reason"},
		{"part of a matrix",
		 HEAD "  - {check: a, matrix: {network: n}}\n"
		      "  - {check: b, matrix: {of: a, network: n, denied: [\"a>b *\"]}}\n",
		 ""},
		{"part of no matrix", HEAD "  - matrix: {of: a, network: n}\n",
		 "has no check \"a\""},
		{"part of a matrix, sent again",
		 HEAD "  - {check: a, matrix: {network: n}}\n"
		      "  - matrix: {of: a, network: n, send: [icmp]}\n",
		 "unknown field"},
		{"failed by nothing", HEAD "  - failed: {object: x}\n", "a reason or a rule"},
		{"missing file", HEAD "  - apply: [other.yaml]\n", "other.yaml: No such file"},
		{"missing topology",
		 "apiVersion: ovnbed.io/v1alpha1\nkind: Scenario\nmetadata: {name: t}\n"
		 "spec: {topology: none.yaml, steps: [{wait: [pod/a]}]}\n",
		 "none.yaml: No such file"},
		{"duplicate check",
		 HEAD "  - {check: a, wait: [pod/a]}\n  - {check: a, wait: [pod/a]}\n",
		 "\"a\" is used twice"},
		{"reference without kind", HEAD "  - wait: [a]\n", "expected KIND/NAME"},
		{"unknown kind", HEAD "  - wait: [thing/a]\n", "\"thing/a\": unknown kind"},
		{"unknown kind of one", HEAD "  - stop: thing/a\n", "unknown kind"},
		{"delete", HEAD "  - delete: [pod/a, nad.yaml]\n", ""},
		{"delete of nothing", HEAD "  - delete: [other.yaml]\n", "No such file"},
		{"healthy", HEAD "  - healthy: false\n", "expected true"},
		{"xfail's field", HEAD "  - {wait: [pod/a], xfail: {why: x}}\n",
		 "reason is missing"},
		{"unknown field", HEAD "  - probe: {from: pod/a, to: pod/b, port: 80}\n",
		 "spec.steps.0.probe.port"},
		{"missing field", HEAD "  - probe: {from: pod/a}\n", "to is missing"},
		{"expectation", HEAD "  - probe: {from: pod/a, to: pod/b, expect: open}\n",
		 "expected allowed, denied, rejected, isolated or blocked"},
		{"send", HEAD "  - probe: {from: pod/a, to: pod/b, send: [tcp]}\n",
		 "expected icmp, tcp/PORT"},
		{"verdict's layer",
		 HEAD "  - probe: {from: pod/a, to: pod/b, verdict: {status: fail}}\n",
		 "layer is missing"},
		{"verdict of a pass",
		 HEAD "  - probe: {from: pod/a, to: pod/b, verdict: {status: pass, layer: x}}\n",
		 "a pass is what expect asks for"},
		{"fault", HEAD "  - fault: {link-down: worker-a, name: x, until: step}\n", ""},
		{"faults",
		 HEAD "  - fault: [{kill: node/a}, {impair: \"a:eth0\", loss: 5%, for: 2s}]\n", ""},
		{"fault's word", HEAD "  - fault: {link: worker-a}\n", "expected one of link-down"},
		{"fault's field", HEAD "  - fault: [{mtu: underlay}]\n",
		 "spec.steps.0.fault.0:7: mtu: bytes: expected a number"},
		{"fault until", HEAD "  - fault: {link-down: a, until: noon}\n",
		 "until: expected step"},
		{"no fault", HEAD "  - fault: []\n", "expected a fault"},
		{"heal", HEAD "  - heal: [x, all]\n", ""},
		{"heal nothing", HEAD "  - heal: {x: 1}\n", "expected names of faults"},
		{"before", HEAD "  - probe: {from: pod/a, to: pod/b, expect: denied, before: x}\n",
		 "no check \"x\""},
		{"argument", HEAD "  - exec: {in: pod/a, argv: [ip, -6]}\n",
		 "argument 1 is not text"},
		{"no argument", HEAD "  - exec: {in: pod/a, argv: []}\n", "at least one argument"},
		{"regex", HEAD "  - exec: {in: pod/a, argv: [x], stdout: \"(\"}\n",
		 "spec.steps.0.exec.stdout"},
		{"regex in a list", HEAD "  - exec:\n    - {in: pod/a, argv: [x], stderr: \"[\"}\n",
		 "spec.steps.0.exec.0.stderr"},
		{"timeout", HEAD "  - {wait: [pod/a], timeout: soon}\n", "expected a duration"},
		{"zones", HEAD "  - wait: [pod/a]\n  zones: [both]\n", "interconnect or central"},
		{"log regex", HEAD "  - {wait: [pod/a], expectLog: [\"(\"]}\n",
		 "spec.steps.0.expectLog.0"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = load(rows[i].text);
		bool ok = *rows[i].want ? strstr(got, rows[i].want) != NULL : !*got;

		TEST_ROW(ok, rows[i].name, "got \"%s\"", got);
	}
}

static void test_duration(void)
{
	static const struct {
		const char *text;
		int ret;
		uint64_t usec;
	} rows[] = {
		{"30s", 0, 30000000},  {"500ms", 0, 500000}, {"2m", 0, 120000000},
		{"1.5", 0, 1500000},   {"", -EINVAL, 0},     {"s", -EINVAL, 0},
		{"-1s", -EINVAL, 0},   {"1h", -EINVAL, 0},   {"nan", -EINVAL, 0},
		{"1e30s", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t v = 0;
		int r = step_duration(rows[i].text, &v);

		TEST_ROW(r == rows[i].ret && v == rows[i].usec, rows[i].text, "%d, %llu", r,
			 (unsigned long long)v);
	}
}

static void test_send(void)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{"icmp", "{\"proto\":\"icmp\"}"},
		{"tcp/80", "{\"port\":80,\"proto\":\"tcp\"}"},
		{"udp/65535", "{\"port\":65535,\"proto\":\"udp\"}"},
		{"bulk", "{\"proto\":\"bulk\"}"},
		{"bulk/9", "{\"port\":9,\"proto\":\"bulk\"}"},
		{"icmp/1", NULL},
		{"tcp", NULL},
		{"tcp/", NULL},
		{"tcp/0", NULL},
		{"tcp/65536", NULL},
		{"sctp/1", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *cell = json_object();
		bool ok = step_parse_send(rows[i].text, cell);
		_cleanup_free_ char *got = jtext(cell);

		TEST_ROW(ok == (rows[i].want != NULL), rows[i].text, "accepted: %d", ok);
		if (ok && rows[i].want)
			TEST_STR(got, rows[i].want);
	}
}

/* ---- cells ---- */

#define CELLS "[{\"from\":\"pod/default/a\",\"to\":\"pod/default/b\",\"proto\":\"tcp\","
static const char checks[] =
	"[{\"id\":\"open\",\"details\":" CELLS
	"\"port\":22,\"family\":4,\"outcome\":\"ALLOWED\"},{\"from\":\"pod/default/a\","
	"\"to\":\"pod/default/b\",\"proto\":\"tcp\",\"port\":22,\"family\":6,"
	"\"outcome\":\"TIMEOUT\"}]}]";

static void test_before(void)
{
	static const struct {
		const char *probe, *want;
	} rows[] = {
		{"{\"from\":\"pod/a\",\"to\":\"pod/b\",\"family\":4,\"send\":[\"tcp/22\"],"
		 "\"before\":\"open\"}",
		 "ALLOWED"},
		{"{\"from\":\"pod/a\",\"to\":\"pod/b\",\"send\":[\"tcp/22\"],\"before\":\"open\"}",
		 "TIMEOUT"},
		{"{\"from\":\"pod/a\",\"to\":\"pod/b\",\"send\":[\"tcp/23\"],\"before\":\"open\"}",
		 "not tried in open"},
		{"{\"from\":\"pod/b\",\"to\":\"pod/a\",\"send\":[\"tcp/22\"],\"before\":\"open\"}",
		 "not tried in open"},
		{"{\"from\":\"pod/a\",\"to\":\"pod/b\",\"send\":[\"tcp/22\"],\"before\":\"later\"}",
		 "not tried in later"},
	};
	_cleanup_json_ json_t *done = json_loads(checks, 0, NULL);
	struct step_ctx c = {.checks = done};

	CU_ASSERT(done != NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *p = json_loads(rows[i].probe, 0, NULL);
		_cleanup_json_ json_t *cells = json_array();

		step_add_cells(&c, cells, p);
		TEST_STR(jstr(json_array_get(cells, 0), "before", NULL), rows[i].want);
	}
}

static void test_pairs(void)
{
	_cleanup_json_ json_t *p = json_pack("{s:[ss], s:[ss], s:[ss]}", "from", "pod/a", "pod/b",
					     "to", "pod/a", "pod/c", "send", "icmp", "tcp/80");
	_cleanup_json_ json_t *cells = json_array();
	struct step_ctx c = {0};

	step_add_cells(&c, cells, p);
	CU_ASSERT_EQUAL(json_array_size(cells), 6); /* a > c, b > a, b > c */
	TEST_STR(jstr(json_array_get(cells, 0), "to", NULL), "pod/c");
	TEST_STR(jstr(json_array_get(cells, 0), "expect", NULL), "allowed");
}

/* ---- comparison ---- */

static void test_subset(void)
{
	static const char have[] =
		"{\"a\":{\"b\":1,\"c\":\"x\"},\"l\":[{\"n\":1,\"m\":2},{\"n\":3}],\"z\":null}";
	static const struct {
		const char *want, *why; /* NULL: contained */
	} rows[] = {
		{"{}", NULL},
		{"{\"a\":{\"b\":1}}", NULL},
		{"{\"a\":{\"b\":\"*\"}}", NULL},
		{"{\"l\":[{\"n\":3}]}", NULL},
		{"{\"l\":[{\"n\":3},{\"m\":2}]}", NULL},
		{"{\"l\":[]}", NULL},
		{"{\"a\":{\"b\":2}}", "a.b: expected 2, found 1"},
		{"{\"a\":{\"d\":\"*\"}}", "a.d: expected \"*\", found nothing"},
		{"{\"a\":[]}", "a: expected [], found {\"b\":1,\"c\":\"x\"}"},
		{"{\"l\":[{\"n\":4}]}",
		 "l: expected {\"n\":4}, found [{\"m\":2,\"n\":1},{\"n\":3}]"},
		{"{\"l\":{}}", "l: expected {}, found [{\"m\":2,\"n\":1},{\"n\":3}]"},
		{"{\"a\":{\"c\":1}}", "a.c: expected 1, found \"x\""},
	};
	_cleanup_json_ json_t *h = json_loads(have, 0, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *w = json_loads(rows[i].want, 0, NULL);
		_cleanup_free_ char *why = NULL;
		bool ok = subset_holds(w, h, &why);

		TEST_ROW(ok == !rows[i].why, rows[i].want, "%s", why ? why : "contained");
		TEST_STR(why, rows[i].why);
	}
	CU_ASSERT(!subset_holds(h, NULL, NULL));
}

/* ---- outcomes ---- */

static void test_worst(void)
{
	static const struct {
		const char *list, *want;
	} rows[] = {
		{"[]", "error"},
		{"[{\"status\":\"pass\"}]", "pass"},
		{"[{\"status\":\"pass\"},{\"status\":\"xfail\"}]", "xfail"},
		{"[{\"status\":\"fail\"},{\"status\":\"pass\"}]", "fail"},
		{"[{\"status\":\"fail\"},{\"status\":\"error\"}]", "error"},
		{"[{\"status\":\"xpass\"},{\"status\":\"skip\"}]", "xpass"},
		{"[{\"status\":\"nonsense\"}]", "error"},
		{"[{}]", "error"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *list = json_loads(rows[i].list, 0, NULL);

		TEST_ROW(streq(run_worst(list), rows[i].want), rows[i].list, "%s", run_worst(list));
	}
}

TEST_SUITE(scenario, {"load", test_load}, {"duration", test_duration}, {"send", test_send},
	   {"before", test_before}, {"pairs", test_pairs}, {"subset", test_subset},
	   {"worst", test_worst})
