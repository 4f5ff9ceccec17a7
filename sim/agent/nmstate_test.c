/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include "agent/nmstate.h"

#define DATA "sim/agent/testdata/nmstate-"

static json_t *load(const char *file)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j = jload_file(file, &e);

	if (!j)
		TEST_ROW(false, file, "%s", err_msg(&e));
	return j;
}

static json_t *parse(const char *text)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j = jparse(text, strlen(text), &e);

	if (!j)
		TEST_ROW(false, text, "%s", err_msg(&e));
	return j;
}

static void golden(const char *file, const json_t *j)
{
	_cleanup_free_ char *text = jtext_pretty(j);
	_cleanup_free_ char *line = xasprintf("%s\n", text);

	test_golden(file, line);
}

static void test_report(void)
{
	_cleanup_json_ json_t *replica = load(DATA "replica.json"),
			      *links = load(DATA "links.json");
	_cleanup_json_ json_t *report = nmstate_report(replica, links);
	_cleanup_json_ json_t *internal = nmstate_internal_ports(replica);

	golden(DATA "report.json", report);
	CU_ASSERT(jhas_str(internal, "br-ex") && jhas_str(internal, "acc"));
	CU_ASSERT_EQUAL(json_array_size(internal), 4);
}

static void test_mappings(void)
{
	static const char *const rows[][2] = {
		{"", "[]"},
		{"a:br-ex", "[{\"bridge\":\"br-ex\",\"localnet\":\"a\"}]"},
		{"b:y,a:x",
		 "[{\"bridge\":\"x\",\"localnet\":\"a\"},{\"bridge\":\"y\",\"localnet\":\"b\"}]"},
		{"a,:x,b:,,c:z,", "[{\"bridge\":\"z\",\"localnet\":\"c\"}]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *replica =
			json_pack("{s:{s:{s:{s:s}}}}", "Open_vSwitch", "u", "external_ids",
				  "ovn-bridge-mappings", rows[i][0]);
		_cleanup_json_ json_t *report = nmstate_report(replica, NULL);
		_cleanup_free_ char *text = jtext(jget(report, "ovn.bridge-mappings"));

		TEST_STR(text, rows[i][1]);
	}
}

/* Everything at once: a bond moves, a bridge goes, VLANs, a mapping, addresses. */
static void test_want(void)
{
	_cleanup_json_ json_t *replica = load(DATA "replica.json"),
			      *links = load(DATA "links.json");
	_cleanup_json_ json_t *target = load(DATA "target.json"), *all = NULL, *rows = NULL;
	_cleanup_wanted_ struct nmstate_wanted w = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	int r = nmstate_want(target, replica, links, "netdev", &w, &e);

	if (!TEST_ROW(r == 0, "want", "%s", err_msg(&e)))
		return;
	rows = nmstate_plan(replica, w.bridges, w.mappings, false);
	all = json_pack("{s:O, s:O, s:O, s:O}", "bridges", w.bridges, "mappings", w.mappings,
			"links", w.links, "rows", rows);
	golden(DATA "wanted.json", all);
	CU_ASSERT(!nmstate_removes("Bridge", nmstate_row(replica, "Bridge", "br-ex"), w.bridges));
}

/* A port that a target takes from a bridge it does not mention leaves that one. */
static void test_taken(void)
{
	_cleanup_json_ json_t *replica = load(DATA "replica.json"),
			      *links = load(DATA "links.json");
	_cleanup_json_ json_t *target = parse(
		"{\"interfaces\":[{\"name\":\"two\",\"type\":\"ovs-bridge\",\"bridge\":{\"port\":["
		"{\"name\":\"eth2\"}]}},{\"name\":\"acc\",\"type\":\"ovs-interface\",\"state\":"
		"\"absent\"}]}");
	_cleanup_wanted_ struct nmstate_wanted w = {0};
	const json_t *one;

	CU_ASSERT_EQUAL(nmstate_want(target, replica, links, "netdev", &w, NULL), 0);
	one = jget(w.bridges, "ovs-br1.ports");
	CU_ASSERT_PTR_NULL(jget(one, "acc"));
	CU_ASSERT_PTR_NULL(jget(one, "bond1.interfaces.eth2"));
	CU_ASSERT_PTR_NOT_NULL(jget(one, "bond1.interfaces.eth1"));
	CU_ASSERT_PTR_NOT_NULL(jget(w.bridges, "two.ports.eth2"));
	CU_ASSERT_PTR_NULL(jget(w.bridges, "br-ex"));
	CU_ASSERT_PTR_NULL(w.mappings);
}

/* A port is defined anew, its bridge is not mentioned. */
static void test_redefined(void)
{
	_cleanup_json_ json_t *replica = load(DATA "replica.json"),
			      *links = load(DATA "links.json");
	_cleanup_json_ json_t *target =
		parse("{\"interfaces\":[{\"name\":\"br-ex\",\"type\":\"ovs-interface\",\"state\":"
		      "\"up\",\"mtu\":"
		      "9000,\"mac-address\":\"0a:00:00:00:00:77\"},{\"name\":\"acc\",\"type\":"
		      "\"ovs-interface\",\"state\":\"up\",\"mtu\":1400}]}");
	_cleanup_wanted_ struct nmstate_wanted w = {0};
	const json_t *ex, *acc;

	CU_ASSERT_EQUAL(nmstate_want(target, replica, links, "netdev", &w, NULL), 0);
	ex = json_object_get(w.bridges, "br-ex");
	acc = jget(w.bridges, "ovs-br1.ports.acc");
	CU_ASSERT_EQUAL(jint(jget(ex, "ports.br-ex.interfaces.br-ex"), "mtu_request", 0), 9000);
	TEST_STR(jstr(ex, "row.other_config.hwaddr", ""), "0a:00:00:00:00:77");
	CU_ASSERT_PTR_NOT_NULL(jget(ex, "ports.eth0.interfaces.eth0"));
	CU_ASSERT_EQUAL(jint(acc, "interfaces.acc.mtu_request", 0), 1400);
	CU_ASSERT_EQUAL(jint(acc, "row.tag.0", 0), 33);
	/* What is there has not changed with it. */
	TEST_STR(jstr(nmstate_row(replica, "Bridge", "br-ex"), "other_config.hwaddr", ""),
		 "0a:58:ac:1f:00:0b");
}

/* ovn-controller's patch ports are neither made nor removed, whether they are still there or not. */
static void test_patch_ports(void)
{
	_cleanup_json_ json_t *replica = load(DATA "replica.json"),
			      *links = load(DATA "links.json");
	_cleanup_json_ json_t *target = parse(
		"{\"interfaces\":[{\"name\":\"br-ex\",\"type\":\"ovs-bridge\",\"bridge\":{\"port\":"
		"["
		"{\"name\":\"br-ex\"},{\"name\":\"eth0\"},{\"name\":\"patch-gone-to-br-int\"},{"
		"\"name\":\"patch-x_ovn_localnet_port-to-br-int\"}]}}]}");
	_cleanup_wanted_ struct nmstate_wanted w = {0};
	_cleanup_json_ json_t *rows = NULL;
	_cleanup_free_ char *text = NULL;

	CU_ASSERT_EQUAL(nmstate_want(target, replica, links, "netdev", &w, NULL), 0);
	CU_ASSERT_EQUAL(json_object_size(w.links), 0);
	rows = nmstate_plan(replica, w.bridges, w.mappings, false);
	text = jtext(rows);
	CU_ASSERT(strstr(text, "\"p-patch\"") != NULL);
	CU_ASSERT_PTR_NULL(strstr(text, "patch-"));
}

static void test_refused(void)
{
	static const struct {
		const char *target, *why;
	} rows[] = {
		{"{\"ovn\":{\"bridge-mappings\":[{\"localnet\":\"dc\",\"bridge\":\"nope\"}]}}",
		 "bridge mapping dc: this node has no bridge nope"},
		{"{\"interfaces\":[{\"name\":\"ovs-br1\",\"type\":\"ovs-bridge\",\"state\":"
		 "\"absent\"}],\"ovn\":{\"bridge-mappings\":[{\"localnet\":\"dc\",\"bridge\":"
		 "\"ovs-br1\"}]}}",
		 "bridge mapping dc: this node has no bridge ovs-br1"},
		{"{\"interfaces\":[{\"name\":\"a\",\"type\":\"ovs-bridge\",\"bridge\":{\"port\":[{"
		 "\"name\":\"eth3\"}]}},{\"name\":\"b\",\"type\":\"ovs-bridge\",\"bridge\":{"
		 "\"port\":[{\"name\":\"eth3\"}]}}]}",
		 "interface eth3: a port of a and of b"},
		{"{\"interfaces\":[{\"name\":\"br-ex\",\"type\":\"ovs-bridge\",\"state\":"
		 "\"absent\"}]}",
		 "bridge br-ex: it carries the node's own network"},
		{"{\"interfaces\":[{\"name\":\"br-ex\",\"type\":\"ovs-bridge\",\"bridge\":{"
		 "\"port\":[{\"name\":\"br-ex\"}]}}]}",
		 "bridge br-ex: its ports eth0 and br-ex carry the node's network"},
		{"{\"interfaces\":[{\"name\":\"two\",\"type\":\"ovs-bridge\",\"bridge\":{\"port\":"
		 "[{\"name\":\"eth0\"}]}}]}",
		 "interface eth0: it is the uplink of br-ex and stays there"},
		{"{\"interfaces\":[{\"name\":\"eth0\",\"type\":\"ethernet\",\"state\":\"down\"}]}",
		 "interface eth0: down or absent, it would cut the node off"},
		{"{\"interfaces\":[{\"name\":\"br-ex\",\"type\":\"ovs-interface\",\"state\":\"up\","
		 "\"ipv4\":{\"enabled\":false}}]}",
		 "interface br-ex: the node's address 172.31.0.11/24 stays on it"},
		{"{\"interfaces\":[{\"name\":\"br-ex\",\"type\":\"ovs-interface\",\"state\":"
		 "\"absent\"}]}",
		 "bridge br-ex: its ports eth0 and br-ex carry the node's network"},
	};
	_cleanup_json_ json_t *replica = load(DATA "replica.json"),
			      *links = load(DATA "links.json");
	_cleanup_json_ json_t *addresses = json_pack("[s]", "172.31.0.11/24");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *target = parse(rows[i].target);
		_cleanup_wanted_ struct nmstate_wanted w = {0};
		_cleanup_err_ struct err e = ERR_INIT;
		int r = nmstate_want(target, replica, links, "netdev", &w, &e);

		if (r >= 0)
			r = nmstate_guard(&w, replica, addresses, &e);
		CU_ASSERT(r < 0);
		TEST_STR(err_msg(&e), rows[i].why);
	}
}

static void test_harmless(void)
{
	_cleanup_json_ json_t *replica = load(DATA "replica.json"),
			      *links = load(DATA "links.json");
	_cleanup_json_ json_t *target = nmstate_report(replica, links), *now = json_object();
	_cleanup_json_ json_t *addresses = json_pack("[s]", "172.31.0.11/24");
	static const char *const bridges[] = {"br-ex", "ovs-br1"};
	_cleanup_wanted_ struct nmstate_wanted w = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	int r = nmstate_want(target, replica, links, "netdev", &w, &e);

	if (r >= 0)
		r = nmstate_guard(&w, replica, addresses, &e);
	TEST_ROW(r == 0, "what is there", "%s", err_msg(&e));
	for (size_t i = 0; i < ARRAY_SIZE(bridges); i++) {
		_cleanup_json_ json_t *is = nmstate_snapshot(replica, bridges[i]);

		json_object_set(now, bridges[i], is);
		CU_ASSERT_EQUAL(json_object_size(jget(is, "ports")), i ? 4 : 2);
		CU_ASSERT(streq(jstr(is, "row.datapath_type", ""), "netdev"));
	}
}

TEST_SUITE(nmstate, {"report", test_report}, {"mappings", test_mappings}, {"want", test_want},
	   {"taken", test_taken}, {"patch ports", test_patch_ports}, {"redefined", test_redefined},
	   {"refused", test_refused}, {"harmless", test_harmless})
