/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include "lab/fault_spec.h"

static json_t *words(const char *text)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j = jparse(text, strlen(text), &e);

	TEST_ROW(j != NULL, text, "%s", err_msg(&e));
	return j;
}

static void test_parse(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"{\"link-down\":\"worker-a\"}",
		 "{\"kind\":\"link-down\",\"machine\":\"worker-a\",\"nic\":\"eth0\","
		 "\"text\":\"link-down worker-a:eth0\"}"},
		{"{\"link-up\":\"node/worker-a:eth1\"}",
		 "{\"kind\":\"link-down\",\"machine\":\"worker-a\",\"nic\":\"eth1\","
		 "\"text\":\"link-down worker-a:eth1\",\"undo\":true}"},
		{"{\"unplug\":\"host/server:eth0\",\"name\":\"x-1\",\"for\":\"500ms\",\"after\":1}",
		 "{\"after\":1000000,\"for\":500000,\"kind\":\"unplug\",\"machine\":\"host/"
		 "server\",\"name\":\"x-1\","
		 "\"nic\":\"eth0\",\"text\":\"unplug host/server:eth0\"}"},
		{"{\"partition\":\"a, b|c | host/d\"}",
		 "{\"groups\":[[\"a\",\"b\"],[\"c\"],[\"host/d\"]],\"kind\":\"partition\","
		 "\"network\":\"underlay\",\"text\":\"partition underlay a,b | c | host/d\"}"},
		{"{\"partition\":[[\"a\",\"b\"],\"c\"],\"network\":\"dc\",\"for\":2}",
		 "{\"for\":2000000,\"groups\":[[\"a\",\"b\"],[\"c\"]],\"kind\":\"partition\","
		 "\"network\":\"dc\",\"text\":\"partition dc a,b | c\"}"},
		{"{\"vlan-remove\":\"a:eth1\",\"vid\":\"10\"}",
		 "{\"kind\":\"vlan-remove\",\"machine\":\"a\",\"nic\":\"eth1\","
		 "\"text\":\"vlan-remove a:eth1 VLAN 10\",\"vid\":10}"},
		{"{\"mtu\":\"dc\",\"bytes\":1400}",
		 "{\"bytes\":1400,\"kind\":\"mtu\",\"network\":\"dc\",\"text\":\"mtu dc 1400\"}"},
		{"{\"mtu\":\"a:eth1\",\"bytes\":1400}",
		 "{\"bytes\":1400,\"kind\":\"mtu\",\"machine\":\"a\",\"nic\":\"eth1\","
		 "\"text\":\"mtu a:eth1 1400\"}"},
		{"{\"impair\":\"a:eth1\",\"rate\":\"10mbit\",\"loss\":\"0.5%\",\"delay\":\"20ms\"}",
		 "{\"delay\":20000,\"kind\":\"impair\",\"loss\":5000,\"machine\":\"a\","
		 "\"nic\":\"eth1\",\"rate\":10000000,"
		 "\"text\":\"impair a:eth1 rate 10mbit loss 0.5% delay 20ms\"}"},
		{"{\"kill\":\"node/a\"}",
		 "{\"kind\":\"kill\",\"machine\":\"a\",\"text\":\"kill node/a\"}"},
		{"{\"kill\":\"node/a\",\"daemon\":\"ovn-northd\",\"signal\":11}",
		 "{\"daemon\":\"ovn-northd\",\"kind\":\"kill\",\"machine\":\"a\",\"signal\":11,"
		 "\"text\":\"kill node/a ovn-northd\"}"},
		{"{\"kill\":\"fabric\",\"daemon\":\"ovs-vswitchd\"}",
		 "{\"daemon\":\"ovs-vswitchd\",\"kind\":\"kill\",\"machine\":\"fabric\","
		 "\"text\":\"kill fabric ovs-vswitchd\"}"},
		{"{\"start\":\"a\",\"daemon\":\"ovn-northd\"}",
		 "{\"daemon\":\"ovn-northd\",\"kind\":\"stop\",\"machine\":\"a\","
		 "\"text\":\"stop node/a ovn-northd\",\"undo\":true}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *in = words(rows[i].in), *out = NULL;
		_cleanup_err_ struct err e = ERR_INIT;
		_cleanup_free_ char *text = NULL;

		out = fault_spec_parse(in, &e);
		text = out ? jtext(out) : xstrdup(err_msg(&e));
		TEST_ROW(streq(text, rows[i].out), rows[i].in, "%s", text);
	}
}

static void test_refuse(void)
{
	static const struct {
		const char *in, *why;
	} rows[] = {
		{"{}", "expected one of link-down"},
		{"{\"link-down\":\"a\",\"unplug\":\"a:eth0\"}", "one fault at a time"},
		{"{\"link-down\":5}", "link-down: expected MACHINE[:NIC]"},
		{"{\"link-down\":\":eth0\"}", "expected MACHINE[:NIC]"},
		{"{\"link-down\":\"a:\"}", "name of a NIC"},
		{"{\"link-down\":\"A_b\"}", "is no machine"},
		{"{\"link-down\":\"a\",\"vid\":5}", "has no field vid"},
		{"{\"link-up\":\"a\",\"for\":5}", "has no field for"},
		{"{\"unplug\":\"a\"}", "expected MACHINE:NIC, such as a:eth1"},
		{"{\"partition\":\"a,b\"}", "at least two groups"},
		{"{\"partition\":\"a,b |\"}", "\"\" is no machine"},
		{"{\"partition\":\"a,,b | c\"}", "\"\" is no machine"},
		{"{\"partition\":\"a,b | b\"}", "b is in two groups"},
		{"{\"partition\":[[],[\"a\"]]}", "at least one in each"},
		{"{\"vlan-remove\":\"a:eth1\"}", "vid: expected a number"},
		{"{\"vlan-remove\":\"a:eth1\",\"vid\":4095}", "1 to 4094"},
		{"{\"mtu\":\"dc\",\"bytes\":9}", "68 to 65535"},
		{"{\"mtu\":\"D C\",\"bytes\":900}", "expected a NETWORK"},
		{"{\"impair\":\"a:eth0\"}", "at least one of rate, loss and delay"},
		{"{\"impair\":\"a:eth0\",\"rate\":\"10\"}", "rate: expected"},
		{"{\"impair\":\"a:eth0\",\"loss\":\"101%\"}", "loss: expected"},
		{"{\"impair\":\"a:eth0\",\"loss\":\"0%\"}", "loss: expected"},
		{"{\"impair\":\"a:eth0\",\"delay\":\"-1ms\"}", "delay: expected"},
		{"{\"impair\":\"a:eth0\",\"delay\":\"nan\"}", "delay: expected"},
		{"{\"kill\":\"host/a\"}", "host/a is no node"},
		{"{\"stop\":\"a\"}", "daemon is missing"},
		{"{\"kill\":\"fabric\"}", "daemon is missing"},
		{"{\"start\":\"a\"}", "daemon is missing"},
		{"{\"kill\":\"a\",\"name\":\"all\"}", "not \"all\""},
		{"{\"kill\":\"a\",\"for\":\"soon\"}", "for: expected a duration"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *in = words(rows[i].in), *out = NULL;
		_cleanup_err_ struct err e = ERR_INIT;

		out = fault_spec_parse(in, &e);
		TEST_ROW(!out && strstr(err_msg(&e), rows[i].why), rows[i].in, "%s", err_msg(&e));
	}
}

static void test_collide(void)
{
	static const struct {
		const char *a, *b;
		bool collide;
	} rows[] = {
		{"{\"link-down\":\"a\"}", "{\"link-down\":\"a:eth0\"}", true},
		{"{\"link-down\":\"a\"}", "{\"link-down\":\"a:eth1\"}", false},
		{"{\"link-down\":\"a\"}", "{\"unplug\":\"a:eth0\"}", true},
		{"{\"link-down\":\"a:eth1\"}", "{\"link-down\":\"a:eth10\"}", false},
		{"{\"link-down\":\"a\"}", "{\"impair\":\"a:eth0\",\"loss\":\"1%\"}", false},
		{"{\"unplug\":\"a:eth0\"}", "{\"impair\":\"a:eth0\",\"loss\":\"1%\"}", true},
		{"{\"vlan-remove\":\"a:eth0\",\"vid\":1}",
		 "{\"vlan-remove\":\"a:eth0\",\"vid\":10}", false},
		{"{\"kill\":\"a\"}", "{\"stop\":\"a\",\"daemon\":\"ovn-northd\"}", true},
		{"{\"kill\":\"a\",\"daemon\":\"ovn-controller\"}",
		 "{\"stop\":\"a\",\"daemon\":\"ovn-northd\"}", false},
		{"{\"partition\":\"a|b\"}", "{\"partition\":\"a|c\"}", true},
		{"{\"partition\":\"a|b\"}", "{\"partition\":\"a|b\",\"network\":\"dc\"}", false},
		{"{\"mtu\":\"dc\",\"bytes\":1400}", "{\"partition\":\"a|b\",\"network\":\"dc\"}",
		 false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *wa = words(rows[i].a), *wb = words(rows[i].b);
		_cleanup_json_ json_t *a = fault_spec_parse(wa, NULL);
		_cleanup_json_ json_t *b = fault_spec_parse(wb, NULL);
		_cleanup_json_ json_t *ca = fault_spec_claims(a), *cb = fault_spec_claims(b);

		TEST_ROW((fault_claims_collide(ca, cb) != NULL) == rows[i].collide, rows[i].a,
			 "with %s", rows[i].b);
		TEST_ROW((fault_claims_collide(cb, ca) != NULL) == rows[i].collide, rows[i].b,
			 "with %s", rows[i].a);
	}
}

TEST_SUITE(fault_spec, {"parse", test_parse}, {"refuse", test_refuse}, {"collide", test_collide})
