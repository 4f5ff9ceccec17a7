/* SPDX-License-Identifier: Apache-2.0 */
#include "fabric/fabric_priv.h"
#include "test/test.h"

struct rig {
	struct fabric f;
	struct sw sw[3];
	struct port p[8];
	struct port *ports[8];
};

static void rig_init(struct rig *r)
{
	static const struct {
		const char *machine, *nic;
		int sw, segment;
		unsigned vlan;
		const char *trunks;
		bool plugged;
		const char *lag;
	} rows[] = {
		{"worker-a", "eth0", 0, 0, 0, NULL, true, NULL},
		{"worker-a", "eth1", 1, 0, 0, NULL, true, NULL},
		{"host/server", "eth0", 1, 0, 10, NULL, true, NULL},
		{"worker-b", "eth1", 1, 1, 7, "[10,20]", true, NULL},
		{"worker-c", "eth1", 1, 0, 0, "[0,20]", false, NULL},
		{"worker-d", "eth1", 1, 0, 5, NULL, false, "po1"},
		{"worker-d", "eth2", 1, 0, 5, NULL, true, "po1"},
		{"worker-d", "eth3", 1, 0, 5, NULL, true, "po1"},
	};

	*r = (struct rig){.f = {.sw = r->sw, .n_sw = 2, .ports = r->ports, .n_ports = 8}};
	r->sw[0] = (struct sw){.name = "underlay", .mtu = 1500, .dev = "underlay"};
	r->sw[1] = (struct sw){
		.name = "dc", .ovs = true, .snooping = true, .mtu = 1500, .dev = "sw-dc"};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fabric_port *u = &r->p[i].pub;

		*u = (struct fabric_port){.machine = xstrdup(rows[i].machine),
					  .nic = xstrdup(rows[i].nic),
					  .vlan = rows[i].vlan,
					  .segment = rows[i].segment,
					  .plugged = rows[i].plugged};
		if (rows[i].lag)
			u->lag = xstrdup(rows[i].lag);
		if (rows[i].trunks)
			u->trunks = jparse(rows[i].trunks, strlen(rows[i].trunks), NULL);
		snprintf(u->dev, sizeof(u->dev), "p%zu", i + 1);
		r->p[i].sw = &r->sw[rows[i].sw];
		r->p[i].number = (unsigned)i + 1;
		r->ports[i] = &r->p[i];
	}
}

static void rig_clear(struct rig *r)
{
	for (size_t i = 0; i < r->f.n_ports; i++) {
		free(r->p[i].pub.machine);
		free(r->p[i].pub.nic);
		free(r->p[i].pub.lag);
		json_decref(r->p[i].pub.trunks);
	}
}

/* Only switches with VLANs; a bridge a segment; what is unplugged is no port. */
static void test_plan(void)
{
	struct rig r;
	_cleanup_json_ json_t *plan = NULL, *bridges = NULL;
	_cleanup_free_ char *text = NULL, *names = NULL;

	rig_init(&r);
	plan = switch_plan(&r.f);
	bridges = switch_bridges(&r.f);
	text = jtext_pretty(plan);
	names = jtext(bridges);
	test_golden("sim/fabric/testdata/switch-plan.json", text);
	TEST_STR(names, "[\"sw-dc\",\"sw-dc.1\"]");
	rig_clear(&r);
}

static void test_devices(void)
{
	struct sw sw = {.name = "x", .dev = "sw-datacenter"};
	char dev[16];

	sw_device(&sw, 0, dev);
	TEST_STR(dev, "sw-datacenter");
	sw_device(&sw, 9, dev);
	TEST_STR(dev, "sw-datacenter.9");
	CU_ASSERT_EQUAL(fabric_device_mtu(1500), 10000);
	CU_ASSERT_EQUAL(fabric_device_mtu(9500), 10500);
	CU_ASSERT_EQUAL(fabric_device_mtu(65000), 65535);
}

TEST_SUITE(switch_plan, {"plan", test_plan}, {"devices", test_devices})
