/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/run.h"

#include <errno.h>

#include "kubevirt/testing.h"

/* strategy, the VM's status as JSON, the VMI (phase, "" none; '-' in front: being deleted). */
static json_t *make_vm(const char *strategy, const char *status)
{
	json_t *vm = json_object();

	if (streq(strategy, "true") || streq(strategy, "false"))
		jset(vm, "spec.running", json_boolean(streq(strategy, "true")));
	else
		jset_str(vm, "spec.runStrategy", strategy);
	jset(vm, "status", parse(status));
	return vm;
}

static json_t *make_vmi(const char *phase)
{
	json_t *vmi;

	if (!*phase)
		return NULL;
	vmi = json_pack("{s:{s:s}, s:{s:s}}", "metadata", "uid", "u1", "status", "phase",
			*phase == '-' ? phase + 1 : phase);
	if (*phase == '-')
		jset_str(vmi, "metadata.deletionTimestamp", "2026-01-01T00:00:00Z");
	return vmi;
}

#define STOP "{\"action\":\"Stop\",\"uid\":\"u1\"}"
#define START "{\"action\":\"Start\"}"
#define REQUESTS(list) "{\"stateChangeRequests\":[" list "]}"

static void test_next(void)
{
	static const struct {
		const char *strategy, *status, *phase;
		enum kubevirt_run want;
		bool runs;
	} rows[] = {
		{"Always", "{}", "", KUBEVIRT_START, true},
		{"Always", "{}", "Running", KUBEVIRT_KEEP, true},
		{"Always", "{}", "Scheduling", KUBEVIRT_KEEP, true},
		{"Always", "{}", "Succeeded", KUBEVIRT_STOP, false},
		{"Always", "{}", "Failed", KUBEVIRT_STOP, false},
		{"Always", "{}", "-Running", KUBEVIRT_KEEP, false},
		{"Always", REQUESTS(STOP "," START), "Running", KUBEVIRT_STOP, false},
		{"true", "{}", "", KUBEVIRT_START, true},
		{"false", "{}", "", KUBEVIRT_KEEP, false},
		{"false", "{}", "Running", KUBEVIRT_STOP, false},
		{"Halted", "{}", "", KUBEVIRT_KEEP, false},
		{"Halted", "{}", "Running", KUBEVIRT_STOP, false},
		{"Halted", "{}", "-Running", KUBEVIRT_KEEP, false},
		{"Manual", "{}", "", KUBEVIRT_KEEP, false},
		{"Manual", REQUESTS(START), "", KUBEVIRT_START, true},
		{"Manual", "{}", "Running", KUBEVIRT_KEEP, true},
		{"Manual", "{}", "Failed", KUBEVIRT_KEEP, false},
		{"Manual", REQUESTS(STOP), "Running", KUBEVIRT_STOP, false},
		{"Manual", REQUESTS("{\"action\":\"Stop\",\"uid\":\"u0\"}"), "Running",
		 KUBEVIRT_KEEP, true},
		{"RerunOnFailure", "{}", "", KUBEVIRT_START, true},
		{"RerunOnFailure", "{\"runStrategy\":\"RerunOnFailure\"}", "", KUBEVIRT_KEEP,
		 false},
		{"RerunOnFailure", "{\"runStrategy\":\"Halted\"}", "", KUBEVIRT_START, true},
		{"RerunOnFailure",
		 "{\"runStrategy\":\"RerunOnFailure\",\"stateChangeRequests\":[" START "]}", "",
		 KUBEVIRT_START, true},
		{"RerunOnFailure", "{}", "Succeeded", KUBEVIRT_STOP, false},
		{"RerunOnFailure", "{}", "Failed", KUBEVIRT_STOP, false},
		{"Once", "{}", "", KUBEVIRT_START, true},
		{"Once", "{}", "Succeeded", KUBEVIRT_KEEP, false},
		{"Once", "{}", "Running", KUBEVIRT_KEEP, true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *vm = make_vm(rows[i].strategy, rows[i].status);
		_cleanup_json_ json_t *vmi = make_vmi(rows[i].phase);
		enum kubevirt_run got = kubevirt_run_next(vm, vmi);

		TEST_ROW(got == rows[i].want && kubevirt_wants_running(vm, vmi) == rows[i].runs,
			 rows[i].strategy, "%s, VMI \"%s\": got %d, runs %d", rows[i].status,
			 rows[i].phase, got, kubevirt_wants_running(vm, vmi));
	}
}

static void test_trim(void)
{
	static const struct {
		const char *strategy, *status, *phase, *want; /* status afterwards */
	} rows[] = {
		{"Always", REQUESTS(STOP "," START), "Running", NULL},
		{"Always", REQUESTS(STOP "," START), "-Running", NULL},
		{"Always", REQUESTS(STOP "," START), "", REQUESTS(START)},
		{"Always", REQUESTS(START), "Pending", "{}"},
		{"Manual", REQUESTS(START), "-Running", NULL},
		{"Manual", REQUESTS("{\"action\":\"Stop\",\"uid\":\"u0\"}"), "Running", "{}"},
		{"RerunOnFailure", "{}", "Failed", REQUESTS(START)},
		{"RerunOnFailure", REQUESTS(START), "Failed", NULL},
		{"RerunOnFailure", "{}", "-Failed", NULL},
		{"RerunOnFailure", "{}", "Succeeded", NULL},
		{"Always", "{}", "", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *vm = make_vm(rows[i].strategy, rows[i].status);
		_cleanup_json_ json_t *vmi = make_vmi(rows[i].phase);
		bool changed = kubevirt_trim_requests(vm, vmi);
		_cleanup_free_ char *got = jtext(json_object_get(vm, "status"));

		TEST_ROW(changed == (rows[i].want != NULL) &&
				 streq(got, rows[i].want ? rows[i].want : rows[i].status),
			 rows[i].status, "%s, VMI \"%s\": got %s", rows[i].strategy, rows[i].phase,
			 got);
	}
}

static void test_requests(void)
{
	static const struct {
		const char *verb, *strategy, *status, *phase;
		const char *want; /* the VM afterwards, or the refusal */
	} rows[] = {
		{"start", "Halted", "{}", "",
		 "{\"spec\":{\"runStrategy\":\"Always\"},\"status\":{}}"},
		{"start", "false", "{}", "", "{\"spec\":{\"running\":true},\"status\":{}}"},
		{"start", "Always", "{}", "", "Always does not support manual start requests"},
		{"start", "Manual", "{}", "Running", "VM is already running"},
		{"start", "Manual", "{}", "",
		 "{\"spec\":{\"runStrategy\":\"Manual\"},\"status\":" REQUESTS(START) "}"},
		{"start", "Manual", "{}", "Succeeded",
		 "{\"spec\":{\"runStrategy\":\"Manual\"},\"status\":" REQUESTS(STOP "," START) "}"},
		{"start", "RerunOnFailure", "{}", "Failed",
		 "RerunOnFailure does not support starting VM from failed state"},
		{"start", "Manual", REQUESTS(START), "",
		 "unable to complete request: stop/start already underway"},
		{"stop", "Always", "{}", "Running",
		 "{\"spec\":{\"runStrategy\":\"Halted\"},\"status\":{}}"},
		{"stop", "Halted", "{}", "", "VM is not running"},
		{"stop", "Halted", "{}", "Running",
		 "Halted only supports manual stop requests with a shorter graceperiod"},
		{"stop", "Manual", REQUESTS(START), "Running",
		 "{\"spec\":{\"runStrategy\":\"Manual\"},\"status\":" REQUESTS(STOP) "}"},
		{"restart", "Always", "{}", "Running",
		 "{\"spec\":{\"runStrategy\":\"Always\"},\"status\":" REQUESTS(STOP "," START) "}"},
		{"restart", "Always", "{}", "", "VM is not running"},
		{"restart", "Halted", "{}", "",
		 "RunStrategy Halted does not support manual restart requests"},
		{"restart", "Always", REQUESTS(STOP "," START), "Running",
		 "unable to complete request: stop/start already underway"},
		{"dance", "Always", "{}", "",
		 "unknown verb \"dance\": expected start, stop or restart"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *vm = make_vm(rows[i].strategy, rows[i].status);
		_cleanup_json_ json_t *vmi = make_vmi(rows[i].phase);
		_cleanup_err_ struct err e = ERR_INIT;
		int r = kubevirt_request(vm, vmi, rows[i].verb, &e);
		_cleanup_free_ char *got = r < 0 ? xstrdup(err_msg(&e)) : jtext(vm);

		TEST_ROW(streq(got, rows[i].want), rows[i].verb, "%s, VMI \"%s\": got %s",
			 rows[i].strategy, rows[i].phase, got);
	}
}

/* A whole restart, as the controller goes through it. */
static void test_restart(void)
{
	_cleanup_json_ json_t *vm = make_vm("Always", "{}");
	_cleanup_json_ json_t *vmi = make_vmi("Running"), *gone = make_vmi("-Running");

	CU_ASSERT_EQUAL(kubevirt_request(vm, vmi, "restart", NULL), 0);
	CU_ASSERT_EQUAL(kubevirt_run_next(vm, vmi), KUBEVIRT_STOP);
	CU_ASSERT_FALSE(kubevirt_trim_requests(vm, gone));
	CU_ASSERT_EQUAL(kubevirt_run_next(vm, gone), KUBEVIRT_KEEP);
	CU_ASSERT(kubevirt_trim_requests(vm, NULL));
	CU_ASSERT_EQUAL(kubevirt_run_next(vm, NULL), KUBEVIRT_START);
	jset_str(vmi, "metadata.uid", "u2");
	CU_ASSERT(kubevirt_trim_requests(vm, vmi));
	CU_ASSERT_EQUAL(kubevirt_run_next(vm, vmi), KUBEVIRT_KEEP);
	CU_ASSERT_PTR_NULL(jget(vm, "status.stateChangeRequests"));
}

TEST_SUITE(kubevirt_run, {"next", test_next}, {"trim", test_trim}, {"requests", test_requests},
	   {"restart", test_restart})
