/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/status.h"

#include "kubevirt/admission.h"
#include "kubevirt/render.h"
#include "kubevirt/testing.h"

#define T0 "2026-01-01T00:00:00Z"
#define T1 "2026-01-01T00:01:00Z"

static json_t *make_vmi(void)
{
	_cleanup_json_ json_t *vm = load(TESTDATA "vm.yaml");
	json_t *vmi = kubevirt_render_vmi(vm);

	jset_str(vmi, "metadata.uid", "11111111-2222-4333-8444-555555555555");
	return vmi;
}

static const char *condition(const json_t *status, const char *type)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(status, "conditions"), i, c)
		if (streq(jstr(c, "type", ""), type))
			return jstr(c, "status", "");
	return "";
}

/* ---- VMI ---- */

static void test_phases(void)
{
	static const char unplaced[] = "{\"metadata\":{\"uid\":\"p\"},\"spec\":{}}";
	static const char placed[] = "{\"metadata\":{\"uid\":\"p\"},\"spec\":{\"nodeName\":\"w\"}}";
	static const struct {
		const char *old, *pod, *rt, *want, *ready;
	} rows[] = {
		{"", NULL, NULL, "Pending", "False"},
		{"Pending", unplaced, NULL, "Scheduling", "False"},
		{"Scheduling", placed, NULL, "Scheduling", "False"},
		{"Scheduling", placed, "{\"state\":\"pending\"}", "Scheduled", "False"},
		{"Scheduled", placed, "{\"state\":\"starting\"}", "Scheduled", "False"},
		{"Scheduled", placed, "{\"state\":\"failed\",\"message\":\"no\"}", "Scheduled",
		 "False"},
		{"Scheduled", placed, "{\"state\":\"running\"}", "Running", "True"},
		{"Running", placed, "{\"state\":\"paused\"}", "Running", "False"},
		{"Running", placed, NULL, "Running", "False"},
		{"Running", placed, "{\"state\":\"shutoff\",\"reason\":\"shutdown\"}", "Succeeded",
		 "False"},
		{"Running", placed, "{\"state\":\"shutoff\",\"reason\":\"destroyed\"}", "Succeeded",
		 "False"},
		{"Running", placed, "{\"state\":\"shutoff\",\"reason\":\"failed\"}", "Failed",
		 "False"},
		{"Running", placed, "{\"state\":\"failed\",\"reason\":\"crashed\"}", "Failed",
		 "False"},
		{"Succeeded", placed, "{\"state\":\"running\"}", "Succeeded", "False"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *vmi = make_vmi(), *status = NULL;
		_cleanup_json_ json_t *pod = rows[i].pod ? parse(rows[i].pod) : NULL;
		_cleanup_json_ json_t *rt = rows[i].rt ? parse(rows[i].rt) : NULL;

		if (*rows[i].old)
			jset_str(vmi, "status.phase", rows[i].old);
		status = kubevirt_vmi_status(vmi, pod, rt, NULL, T0);
		TEST_ROW(streq(jstr(status, "phase", ""), rows[i].want) &&
				 streq(condition(status, "Ready"), rows[i].ready),
			 rows[i].want, "row %zu: got %s, Ready %s", i, jstr(status, "phase", ""),
			 condition(status, "Ready"));
	}
}

static const char runtime[] =
	"{\"state\":\"running\",\"agent_connected\":true,\"hostname\":\"host-a\","
	"\"os\":{\"id\":\"debian\"},\"interfaces\":["
	"{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:0A\",\"ips\":[\"192.0.2.10/24\",\"fe80::1/"
	"64\"]},"
	"{\"name\":\"eth1\",\"mac\":\"0a:58:0a:64:00:05\",\"ips\":[\"10.9.9.9/24\"]},"
	"{\"name\":\"docker0\",\"mac\":\"02:42:00:00:00:01\",\"ips\":[\"172.17.0.1/16\"]}]}";

static void test_running_vmi(void)
{
	_cleanup_json_ json_t *vmi = make_vmi(), *atts = load(TESTDATA "attachments.json");
	_cleanup_json_ json_t *pod = parse("{\"metadata\":{\"uid\":\"p\"},\"spec\":{\"nodeName\":"
					   "\"w\"},\"status\":{\"conditions\":[{\"type\":\"Ready\","
					   "\"status\":\"True\"}]}}");
	_cleanup_json_ json_t *rt = parse(runtime), *status = NULL, *later = NULL;
	_cleanup_free_ char *text = NULL;

	status = kubevirt_vmi_status(vmi, pod, rt, atts, T0);
	text = jtext_pretty(status);
	test_golden(TESTDATA "vmi_status.json", text);
	/* nothing moves without a reason */
	json_object_set(vmi, "status", status);
	later = kubevirt_vmi_status(vmi, pod, rt, atts, T1);
	CU_ASSERT(json_equal(status, later));
}

static void test_obstacles(void)
{
	_cleanup_json_ json_t *vmi = make_vmi(), *status = NULL, *good = NULL;
	_cleanup_json_ json_t *pod =
		parse("{\"spec\":{},\"status\":{\"conditions\":[{\"type\":\"PodScheduled\","
		      "\"status\":\"False\",\"reason\":\"Unschedulable\",\"message\":\"0/2\"}]}}");
	_cleanup_json_ json_t *placed = parse("{\"spec\":{\"nodeName\":\"w\"}}");
	_cleanup_json_ json_t *rt = parse("{\"state\":\"failed\",\"message\":\"no tap\"}");

	status = kubevirt_vmi_status(vmi, pod, NULL, NULL, T0);
	TEST_STR(condition(status, "PodScheduled"), "False");
	json_object_set(vmi, "status", status);
	good = kubevirt_vmi_status(vmi, placed, rt, NULL, T0);
	TEST_STR(condition(good, "PodScheduled"), "");
	TEST_STR(condition(good, "Synchronized"), "False");
}

static void test_interfaces(void)
{
	_cleanup_json_ json_t *vmi = make_vmi(), *atts = load(TESTDATA "attachments.json");
	_cleanup_json_ json_t *many = json_array(), *out = NULL, *bare = NULL, *none = NULL;
	_cleanup_json_ json_t *silent =
		parse("[{\"name\":\"eth1\",\"mac\":\"0A-58-0A-64-00-05\",\"ips\":[]}]");

	for (int i = 0; i < 14; i++)
		json_array_append_new(many, json_pack("{s:s, s:o, s:[]}", "name", "dummy", "mac",
						      jstringf("06:00:00:00:00:%02x", i), "ips"));
	jset_str(vmi, "status.phase", "Running");
	out = kubevirt_interfaces_status(vmi, atts, many);
	CU_ASSERT_EQUAL(json_array_size(out), 12); /* two of the spec, at most ten more */
	TEST_STR(jstr(out, "0.infoSource", NULL), "domain, multus-status");
	TEST_STR(jstr(out, "2.infoSource", NULL), "guest-agent");
	/* the CNI's addresses vanish when the guest has none */
	bare = kubevirt_interfaces_status(vmi, atts, silent);
	TEST_STR(jstr(bare, "1.interfaceName", NULL), "eth1");
	TEST_STR(jstr(bare, "1.ipAddress", NULL), NULL);
	TEST_STR(jstr(bare, "1.linkState", NULL), "down");
	none = kubevirt_interfaces_status(vmi, atts, NULL);
	TEST_STR(jstr(none, "1.ipAddress", NULL), "10.100.0.5");
}

/* ---- VM ---- */

static void test_printable(void)
{
	static const struct {
		const char *strategy, *vmi, *want;
	} rows[] = {
		{"Always", NULL, "Starting"},
		{"Halted", NULL, "Stopped"},
		{"Always", "{\"status\":{\"phase\":\"Pending\"}}", "Starting"},
		{"Always", "{\"status\":{\"phase\":\"Running\"}}", "Running"},
		{"Manual", "{\"status\":{\"phase\":\"Succeeded\"}}", "Stopped"},
		{"Always",
		 "{\"metadata\":{\"deletionTimestamp\":\"x\"},\"status\":{\"phase\":\"Running\"}}",
		 "Stopping"},
		{"Always",
		 "{\"status\":{\"phase\":\"Running\",\"conditions\":[{\"type\":\"Paused\","
		 "\"status\":"
		 "\"True\"}]}}",
		 "Paused"},
		{"Always",
		 "{\"status\":{\"phase\":\"Scheduling\",\"conditions\":[{\"type\":\"PodScheduled\","
		 "\"status\":\"False\",\"reason\":\"Unschedulable\"}]}}",
		 "ErrorUnschedulable"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *vm = json_object(), *status = NULL;
		_cleanup_json_ json_t *vmi = rows[i].vmi ? parse(rows[i].vmi) : NULL;

		jset_str(vm, "spec.runStrategy", rows[i].strategy);
		status = kubevirt_vm_status(vm, vmi, NULL, T0);
		TEST_ROW(streq(jstr(status, "printableStatus", ""), rows[i].want), rows[i].want,
			 "got %s", jstr(status, "printableStatus", ""));
	}
}

static void test_vm_status(void)
{
	_cleanup_json_ json_t *vm = load(TESTDATA "vm.yaml"), *vmi = make_vmi(),
			      *rt = parse(runtime);
	_cleanup_json_ json_t *pod = parse("{\"spec\":{\"nodeName\":\"w\"}}"), *before = NULL,
			      *status = NULL, *changed = NULL;
	_cleanup_free_ char *text = NULL;

	before = kubevirt_vm_status(vm, NULL, NULL, T0);
	TEST_STR(condition(before, "Ready"), "False");
	CU_ASSERT_PTR_NULL(json_object_get(before, "created"));
	json_object_set(vm, "status", before);
	jset(vm, "status.stateChangeRequests", parse("[{\"action\":\"Start\"}]"));
	json_object_set_new(vmi, "status", kubevirt_vmi_status(vmi, pod, rt, NULL, T0));
	status = kubevirt_vm_status(vm, vmi, json_object_get(vmi, "spec"), T1);
	text = jtext_pretty(status);
	test_golden(TESTDATA "vm_status.json", text);
	json_object_set(vm, "status", status);
	jset_str(vm, "spec.template.spec.hostname", "other");
	changed = kubevirt_vm_status(vm, vmi, json_object_get(vmi, "spec"), T1);
	TEST_STR(condition(changed, "RestartRequired"), "True");
}

/* ---- RestartRequired (facts §2.3) ---- */

static const char spec[] = "{\"networks\":[{\"name\":\"a\",\"multus\":{\"networkName\":\"n\"}},"
			   "{\"name\":\"b\",\"multus\":{\"networkName\":\"n\"}}],\"domain\":{"
			   "\"devices\":{\"interfaces\":"
			   "[{\"name\":\"a\",\"bridge\":{}},{\"name\":\"b\",\"bridge\":{}}]}}}";

#define A "{\"name\":\"a\",\"bridge\":{}}"
#define B "{\"name\":\"b\",\"bridge\":{}}"
#define NA "{\"name\":\"a\",\"multus\":{\"networkName\":\"n\"}}"
#define NB "{\"name\":\"b\",\"multus\":{\"networkName\":\"n\"}}"
#define BOTH(ifaces, nets) \
	"{\"domain\":{\"devices\":{\"interfaces\":[" ifaces "]}},\"networks\":[" nets "]}"

static void test_restart_required(void)
{
	static const struct {
		const char *patch;
		bool migratable, restart;
		const char *live; /* part of the words for a live change, NULL: none */
	} rows[] = {
		{"{}", true, false, NULL},
		{BOTH(A, NA), true, true, NULL},
		{BOTH(A "," B ",{\"name\":\"c\",\"bridge\":{}}",
		      NA "," NB ",{\"name\":\"c\",\"multus\":{\"networkName\":\"n\"}}"),
		 true, false, "c was added"},
		{BOTH(A "," B ",{\"name\":\"c\",\"masquerade\":{}}",
		      NA "," NB ",{\"name\":\"c\",\"pod\":{}}"),
		 true, true, "c was added"},
		{BOTH(A ",{\"name\":\"b\",\"bridge\":{},\"state\":\"down\"}", NA "," NB), true,
		 false, "state of interface b"},
		{BOTH(A ",{\"name\":\"b\",\"bridge\":{},\"state\":\"absent\"}", NA "," NB), true,
		 false, "state of interface b"},
		{BOTH(A ",{\"name\":\"b\",\"bridge\":{},\"model\":\"e1000e\"}", NA "," NB), true,
		 true, NULL},
		{BOTH(A "," B, NA ",{\"name\":\"b\",\"multus\":{\"networkName\":\"m\"}}"), true,
		 false, "networkName of network b"},
		{BOTH(A "," B, NA ",{\"name\":\"b\",\"multus\":{\"networkName\":\"m\"}}"), false,
		 true, "networkName of network b"},
		{BOTH(A "," B, NA ",{\"name\":\"b\",\"pod\":{}}"), true, true,
		 "networkName of network b"},
		{"{\"hostname\":\"x\"}", true, true, NULL},
		{"{\"nodeSelector\":{\"a\":\"b\"}}", true, false, NULL},
		{"{\"domain\":{\"machine\":{\"type\":\"q35\"}}}", true, false, NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *old = parse(spec), *p = parse(rows[i].patch);
		_cleanup_json_ json_t *now = jmerge_patch(old, p);
		_cleanup_free_ char *why = kubevirt_restart_required(old, now, rows[i].migratable);
		_cleanup_free_ char *live = kubevirt_live_changes(old, now);

		TEST_ROW((why != NULL) == rows[i].restart, rows[i].patch, "got %s",
			 why ? why : "(none)");
		TEST_ROW(rows[i].live ? live && strstr(live, rows[i].live) : !live, rows[i].patch,
			 "live change %s", live ? live : "(none)");
	}
}

static void test_set_condition(void)
{
	_cleanup_json_ json_t *c = json_array();
	_cleanup_free_ char *text = NULL;

	kubevirt_set_condition(c, "A", "True", "r", NULL, T0);
	kubevirt_set_condition(c, "B", "True", NULL, NULL, T0);
	kubevirt_set_condition(c, "A", "True", NULL, "m", T1);
	kubevirt_set_condition(c, "B", "False", NULL, NULL, T1);
	kubevirt_set_condition(c, "C", NULL, NULL, NULL, T1);
	text = jtext(c);
	TEST_STR(text, "[{\"lastTransitionTime\":\"" T0 "\",\"message\":\"m\",\"status\":\"True\","
		       "\"type\":\"A\"},{\"lastTransitionTime\":\"" T1
		       "\",\"status\":\"False\",\"type\":\"B\"}]");
	kubevirt_set_condition(c, "A", NULL, NULL, NULL, T1);
	CU_ASSERT_EQUAL(json_array_size(c), 1);
}

TEST_SUITE(kubevirt_status, {"phases", test_phases}, {"running_vmi", test_running_vmi},
	   {"obstacles", test_obstacles}, {"interfaces", test_interfaces},
	   {"printable", test_printable}, {"vm_status", test_vm_status},
	   {"restart_required", test_restart_required}, {"set_condition", test_set_condition})
