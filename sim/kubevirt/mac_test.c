/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/admission.h"

#include "kubevirt/testing.h"

static void test_canon(void)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{"02:00:00:00:00:0a", "02:00:00:00:00:0a"},
		{"02-AB-cd-00-00-0A", "02:ab:cd:00:00:0a"},
		{"", NULL},
		{"02", NULL},
		{"02:00:00:00:00:0", NULL},
		{"02:00:00:00:00:0a:", NULL},
		{"02:00:00:00:00:0a:00:01", NULL},
		{"2:0:0:0:0:a", NULL},
		{"02:00:00-00:00:0a", NULL},
		{"0200.0000.000a", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[18];
		bool ok = kubevirt_mac_canon(rows[i].text, out);

		TEST_ROW(ok == (rows[i].want != NULL) && (!ok || streq(out, rows[i].want)),
			 rows[i].text, "got %s", ok ? out : "(refused)");
	}
}

#define IFACES "spec.template.spec.domain.devices.interfaces"

/* A VM with interfaces a, b (multus) and p (pod network), and their MACs ("" for none). */
static json_t *vm_with(const char *a, const char *b)
{
	json_t *vm = json_object();

	jset(vm, "spec.template.spec.networks",
	     parse("[{\"name\":\"p\",\"pod\":{}},{\"name\":\"a\",\"multus\":{}},"
		   "{\"name\":\"b\",\"multus\":{}}]"));
	jset(vm, IFACES,
	     json_pack("[{s:s}, {s:s, s:s}, {s:s, s:s}]", "name", "p", "name", "a", "macAddress", a,
		       "name", "b", "macAddress", b));
	return vm;
}

static bool used(void *arg, const char *mac)
{
	return streq(mac, arg);
}

static void test_assign(void)
{
	_cleanup_json_ json_t *vm = vm_with("", ""), *next = vm_with("", "02:00:00:00:00:04");
	_cleanup_json_ json_t *again = vm_with("", "");
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	char taken[] = "02:00:00:00:00:02";
	uint64_t cursor = 0;

	kubevirt_assign_macs(vm, NULL, &cursor, used, taken, &d);
	TEST_STR(jstr(vm, IFACES ".1.macAddress", NULL), "02:00:00:00:00:01");
	TEST_STR(jstr(vm, IFACES ".2.macAddress", NULL), "02:00:00:00:00:03");
	TEST_STR(jstr(vm, IFACES ".0.macAddress", NULL), NULL);
	/* the pool steps over what the VM itself asks for */
	kubevirt_assign_macs(next, NULL, &cursor, used, taken, &d);
	TEST_STR(jstr(next, IFACES ".1.macAddress", NULL), "02:00:00:00:00:05");
	TEST_STR(jstr(next, IFACES ".2.macAddress", NULL), "02:00:00:00:00:04");
	/* an update without MACs keeps them */
	kubevirt_assign_macs(again, vm, &cursor, used, taken, &d);
	TEST_STR(jstr(again, IFACES ".1.macAddress", NULL), "02:00:00:00:00:01");
	TEST_STR(jstr(again, IFACES ".2.macAddress", NULL), "02:00:00:00:00:03");
	CU_ASSERT_EQUAL(d.n, 0);
}

static void test_wrap(void)
{
	_cleanup_json_ json_t *vm = vm_with("", "");
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	uint64_t cursor = (1ull << 40) - 2;

	kubevirt_assign_macs(vm, NULL, &cursor, NULL, NULL, &d);
	TEST_STR(jstr(vm, IFACES ".1.macAddress", NULL), "02:ff:ff:ff:ff:ff");
	TEST_STR(jstr(vm, IFACES ".2.macAddress", NULL), "02:00:00:00:00:01");
}

static void test_twice(void)
{
	_cleanup_json_ json_t *vm = vm_with("02:00:00:00:00:aa", "02-00-00-00-00-AA");
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	uint64_t cursor = 0;

	kubevirt_assign_macs(vm, NULL, &cursor, NULL, NULL, &d);
	CU_ASSERT_EQUAL(d.n, 1);
	if (d.n == 1) {
		TEST_STR(d.v[0].path, IFACES "[2].macAddress");
		TEST_STR(d.v[0].rule, "kubemacpool");
	}
}

TEST_SUITE(kubevirt_mac, {"canon", test_canon}, {"assign", test_assign}, {"wrap", test_wrap},
	   {"twice", test_twice})
