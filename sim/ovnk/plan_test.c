/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/plan.h"
#include "test/test.h"

/* A cluster from testdata/CASE.in.json: {"topology","nads":[…],"pods":[…]}. */
struct cluster {
	json_t *in;
	struct ovnk_config c;
	struct networks n;
	struct podnets p;
	struct diags d;
	struct ovnk_view v;
};

static void cluster_load(struct cluster *l, const char *name)
{
	_cleanup_free_ char *path = xasprintf("sim/ovnk/testdata/%s.in.json", name);
	_cleanup_err_ struct err e = ERR_INIT;

	*l = (struct cluster){.in = jload_file(path, &e)};
	TEST_ROW(l->in, path, "%s", err_msg(&e));
	CU_ASSERT_EQUAL(ovnk_config_from_topology(&l->c, jget(l->in, "topology"), &e), 0);
	networks_build(jget(l->in, "nads"), &l->c, NULL, &l->n, &l->d);
	podnets_build(jget(l->in, "pods"), &l->n, &l->c, &l->p, &l->d);
	l->v = (struct ovnk_view){&l->c, &l->n, &l->p, NULL};
}

static void cluster_free(struct cluster *l)
{
	podnets_free(&l->p);
	networks_free(&l->n);
	ovnk_config_free(&l->c);
	diags_free(&l->d);
	json_decref(l->in);
}
#define _cleanup_cluster_ _cleanup_(cluster_free)

static void golden(const char *name, const char *what, json_t *got)
{
	_cleanup_free_ char *path = xasprintf("sim/ovnk/testdata/%s.%s.json", name, what);
	_cleanup_free_ char *pretty = jtext_pretty(got);
	_cleanup_free_ char *text = xasprintf("%s\n", pretty);

	test_golden(path, text);
	json_decref(got);
}

static json_t *ovs_rows(const struct cluster *l)
{
	json_t *all = json_array();

	for (size_t i = 0; i < l->p.n; i++)
		for (size_t k = 0; k < l->p.v[i].n; k++) {
			struct plan_port p = {&l->p.v[i], &l->p.v[i].v[k], "host_3", NULL};
			_cleanup_json_ json_t *rows = plan_ovs_port(&p);

			if (p.att->state == ATTACHMENT_READY)
				json_array_extend(all, rows);
		}
	return all;
}

static void test_goldens(void)
{
	static const char *const cases[] = {"layer2-docs", "layer2-conflist-central",
					    "layer2-dual-stack", "localnet"};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_cluster_ struct cluster l;

		cluster_load(&l, cases[i]);
		CU_ASSERT_EQUAL(diags_count(&l.d, DIAG_ERROR), 0);
		golden(cases[i], "nb-a", plan_nb(&l.v, "worker-a"));
		golden(cases[i], "nb-b", plan_nb(&l.v, "worker-b"));
		golden(cases[i], "sb-a", plan_sb(&l.v, "worker-a"));
		golden(cases[i], "bindings-a", plan_bindings(&l.v, "worker-a"));
		golden(cases[i], "ovs", ovs_rows(&l));
	}
}

static const json_t *find(const json_t *plan, const char *table, const char *key)
{
	const json_t *r;
	size_t i;

	json_array_foreach(plan, i, r)
		if (streq(jstr(r, "table", ""), table) && streq(jstr(r, "key", ""), key))
			return json_object_get(r, "row");
	return NULL;
}

static size_t count(const json_t *plan, const char *table)
{
	const json_t *r;
	size_t i, n = 0;

	json_array_foreach(plan, i, r)
		n += streq(jstr(r, "table", ""), table);
	return n;
}

/* The statements of facts §2.1 and §2.3 that the goldens would let slip if rewritten blindly. */
static void test_layer2(void)
{
	static const char *const sw_name = "my.namespace.l2.network_ovn_layer2_switch";
	static const char *const remote =
		"my.namespace.l2.network_my-namespace_virt-launcher-vm-b-q9z4d";
	_cleanup_cluster_ struct cluster l;
	_cleanup_json_ json_t *a = NULL, *central = NULL;
	const json_t *sw, *port;

	cluster_load(&l, "layer2-docs");
	a = plan_nb(&l.v, "worker-a");
	sw = find(a, "Logical_Switch", sw_name);
	TEST_STR(jstr(sw, "other_config.interconn-ts", NULL), sw_name);
	TEST_STR(jstr(sw, "other_config.requested-tnl-key", NULL), "16711684");
	CU_ASSERT_EQUAL(json_object_size(jget(sw, "other_config")), 5);
	TEST_STR(
		json_string_value(json_object_get(jget(sw, "external_ids"), "k8s.ovn.org/network")),
		"my-namespace-l2-network");
	CU_ASSERT_EQUAL(json_array_size(jget(sw, "load_balancer_group")), 2);
	port = find(a, "Logical_Switch_Port", remote);
	TEST_STR(jstr(port, "type", NULL), "remote");
	TEST_STR(jstr(port, "addresses.0", NULL), "02:00:00:00:00:02");
	TEST_STR(jstr(port, "options.requested-tnl-key", NULL), "11");
	TEST_STR(jstr(port, "options.requested-chassis", NULL),
		 "6ba7b811-9dad-11d1-80b4-00c04fd430c8");
	CU_ASSERT_EQUAL(count(a, "Meter"), 9);
	CU_ASSERT_EQUAL(count(a, "Load_Balancer_Group"), 3);
	l.c.interconnect = false;
	central = plan_nb(&l.v, "worker-a");
	sw = find(central, "Logical_Switch", sw_name);
	CU_ASSERT_EQUAL(json_object_size(jget(sw, "other_config")), 0);
	port = find(central, "Logical_Switch_Port", remote);
	TEST_STR(jstr(port, "type", NULL), "");
	CU_ASSERT_PTR_NULL(jget(port, "options.requested-tnl-key"));
}

static void test_localnet(void)
{
	_cleanup_cluster_ struct cluster l;
	_cleanup_json_ json_t *a = NULL, *b = NULL, *bindings = NULL;
	const json_t *port;

	cluster_load(&l, "localnet");
	a = plan_nb(&l.v, "worker-a");
	b = plan_nb(&l.v, "worker-b");
	bindings = plan_bindings(&l.v, "worker-a");
	port = find(a, "Logical_Switch_Port", "ns1.localnet.network_ovn_localnet_port");
	CU_ASSERT_EQUAL(jint(port, "tag_request.0", 0), 33);
	TEST_STR(jstr(port, "options.network_name", NULL), "localnet1");
	port = find(b, "Logical_Switch_Port", "plain_ovn_localnet_port");
	TEST_STR(jstr(port, "options.network_name", NULL), "plain");
	CU_ASSERT_EQUAL(json_array_size(jget(port, "tag_request")), 0);
	CU_ASSERT_EQUAL(count(a, "Logical_Switch_Port"), 4);
	CU_ASSERT_EQUAL(count(b, "Logical_Switch_Port"), 3);
	CU_ASSERT_EQUAL(json_array_size(bindings), 0);
}

/* Central mode: one switch and one localnet port for all nodes, every pod's port on it, none remote. */
static void test_localnet_central(void)
{
	static const char *const sw_name = "ns1.localnet.network_ovn_localnet_switch";
	_cleanup_cluster_ struct cluster l;
	_cleanup_json_ json_t *plan = NULL;
	const json_t *sw, *r;
	size_t i;

	cluster_load(&l, "localnet");
	l.c.interconnect = false;
	plan = plan_nb(&l.v, "global");
	sw = find(plan, "Logical_Switch", sw_name);
	CU_ASSERT_EQUAL(count(plan, "Logical_Switch"), 2);
	CU_ASSERT_EQUAL(count(plan, "Logical_Switch_Port"), 5);
	CU_ASSERT_EQUAL(json_array_size(jget(sw, "ports")), 3);
	CU_ASSERT_EQUAL(json_object_size(jget(sw, "other_config")), 1);
	json_array_foreach(plan, i, r)
		if (streq(jstr(r, "table", ""), "Logical_Switch_Port"))
			TEST_ROW(!streq(jstr(r, "row.type", ""), "remote") &&
					 !jget(r, "row.options.requested-tnl-key"),
				 jstr(r, "key", ""), "%s", jstr(r, "row.type", ""));
}

static bool owns(const char *table, const char *row)
{
	_cleanup_json_ json_t *o = jparse(row, strlen(row), NULL);

	CU_ASSERT_PTR_NOT_NULL(o);
	return plan_owns(table, o);
}

/* Every root row that a plan makes is recognised as ours; rows made by hand are not. */
static void test_owns(void)
{
	static const char *const roots[] = {"Copp",	      "Meter",	 "Load_Balancer_Group",
					    "Logical_Switch", "Chassis", "Port",
					    "Interface"};
	static const char *const cases[] = {"layer2-docs", "localnet"};

	for (size_t k = 0; k < ARRAY_SIZE(cases); k++) {
		_cleanup_cluster_ struct cluster l;
		_cleanup_json_ json_t *plan = NULL, *sb = NULL, *ovs = NULL;
		const json_t *r;
		size_t i;

		cluster_load(&l, cases[k]);
		plan = plan_nb(&l.v, "worker-a");
		sb = plan_sb(&l.v, "worker-a");
		ovs = ovs_rows(&l);
		json_array_extend(plan, sb);
		json_array_extend(plan, ovs);
		json_array_foreach(plan, i, r)
			for (size_t m = 0; m < ARRAY_SIZE(roots); m++)
				if (streq(jstr(r, "table", ""), roots[m]))
					TEST_ROW(plan_owns(roots[m], json_object_get(r, "row")),
						 roots[m], "%s", jstr(r, "key", ""));
	}
	CU_ASSERT_FALSE(owns("Logical_Switch", "{\"name\":\"blue_ovn_layer2_switch\"}"));
	CU_ASSERT_FALSE(owns("Copp", "{\"name\":\"mine\"}"));
	CU_ASSERT_FALSE(owns("Meter", "{\"name\":\"acl-logging\"}"));
	CU_ASSERT_FALSE(owns("Meter", "{\"name\":\"mine-rate-limiter\"}"));
	CU_ASSERT_FALSE(owns("Load_Balancer_Group", "{\"name\":\"clusterLBGroup\"}"));
	CU_ASSERT_FALSE(owns("Chassis", "{\"name\":\"x\",\"other_config\":{}}"));
	CU_ASSERT_FALSE(owns("ACL", "{\"external_ids\":{\"owner\":\"me\"}}"));
	CU_ASSERT_TRUE(owns("Port_Group", "{\"external_ids\":{\"k8s.ovn.org/owner-controller\":"
					  "\"blue-network-controller\"}}"));
	CU_ASSERT_FALSE(owns("Port", "{\"name\":\"br-int\",\"other_config\":{}}"));
}

static void test_att(void)
{
	_cleanup_cluster_ struct cluster l;
	_cleanup_json_ json_t *att = NULL;
	_cleanup_free_ char *text = NULL;
	struct plan_port p;

	cluster_load(&l, "layer2-dual-stack");
	p = (struct plan_port){&l.p.v[0], &l.p.v[0].v[1], "abc_3", NULL};
	att = plan_att(&p);
	text = jtext(att);
	TEST_STR(text,
		 "{\"external_ids\":{\"attached_mac\":\"0a:58:ac:1f:80:02\",\"iface-id\":"
		 "\"ns1.dual.1_ns1_a\",\"iface-id-ver\":\"11111111-0000-4000-8000-000000000002\","
		 "\"ip_addresses\":\"172.31.128.2/24,2010:100:200::2/60\",\"k8s.ovn.org/nad\":"
		 "\"ns1/dual/1\",\"k8s.ovn.org/"
		 "network\":\"dual\",\"pod-if-name\":\"net2\",\"sandbox\":"
		 "\"11111111000040008000000000000002\"},\"gateways\":[],\"host_ifname\":\"abc_3\","
		 "\"iface_id\":\"ns1.dual.1_ns1_a\",\"iface_id_ver\":"
		 "\"11111111-0000-4000-8000-000000000002\",\"ifname\":\"net2\",\"ips\":["
		 "\"172.31.128.2/24\",\"2010:100:200::2/"
		 "60\"],\"mac\":\"0a:58:ac:1f:80:02\",\"mtu\":1400,"
		 "\"nad\":\"ns1/dual/1\",\"network\":\"dual\",\"sandbox\":"
		 "\"11111111000040008000000000000002\"}");
}

TEST_SUITE(plan, {"goldens", test_goldens}, {"layer2", test_layer2}, {"localnet", test_localnet},
	   {"localnet central", test_localnet_central}, {"owns", test_owns}, {"att", test_att})
