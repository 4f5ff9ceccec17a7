/* SPDX-License-Identifier: Apache-2.0 */
/* What was measured while a daemon under it was dead is an error, never a verdict (design §1). */
#include "lab/fault.h"
#include "test/test.h"

#define RUNNING "{\"name\":\"ovs-vswitchd\",\"state\":\"running\"}"
#define KILLED "{\"name\":\"ovs-vswitchd\",\"state\":\"exited\",\"status\":\"signal 9 (KILL)\"}"

/* Two nodes, a alive and b as given; with a control plane when cp is not NULL. */
struct fixture {
	struct lab lab;
	struct lab_node nodes[3];
	struct lab_zone zone;
};

static json_t *status(const char *daemon)
{
	json_t *d = jparse(daemon, strlen(daemon), NULL);

	return json_pack("{s:[o]}", "daemons", d);
}

static void set_up(struct fixture *f, const char *b, const char *cp)
{
	*f = (struct fixture){.lab = {.nodes = f->nodes, .n_nodes = cp ? 3 : 2}};
	f->nodes[0] = (struct lab_node){.name = (char *)"a", .status = status(RUNNING)};
	f->nodes[1] = (struct lab_node){.name = (char *)"b", .status = status(b)};
	f->zone.host = &f->nodes[1];
	if (cp) {
		f->nodes[2] = (struct lab_node){
			.name = (char *)"cp", .control_plane = true, .status = status(cp)};
		f->zone.host = &f->nodes[2];
	}
	f->lab.zones = &f->zone;
	f->lab.n_zones = 1;
}

static void tear_down(struct fixture *f)
{
	for (size_t i = 0; i < 3; i++)
		json_decref(f->nodes[i].status);
}

static void expect_fault(const char *b, const char *cp, const char *endpoint, const char *want)
{
	_cleanup_free_ char *got = NULL;
	struct fixture f;

	set_up(&f, b, cp);
	got = endpoint_fault(&f.lab, endpoint);
	TEST_STR(got ? got : "", want);
	tear_down(&f);
}

static void test_find(void)
{
	expect_fault(RUNNING, NULL, "node/b", "");
	expect_fault(KILLED, NULL, "node/b", "node/b: ovs-vswitchd ended: signal 9 (KILL)");
	expect_fault(KILLED, NULL, "node/a", "");
	expect_fault(KILLED, NULL, "host/b", ""); /* a host, not the node of that name */
	expect_fault(RUNNING, KILLED, "node/a", "node/cp: ovs-vswitchd ended: signal 9 (KILL)");
	/* stopped on purpose; not needed by packets */
	expect_fault("{\"name\":\"ovn-northd\",\"state\":\"stopped\"}", NULL, "node/b", "");
	expect_fault("{\"name\":\"libvirtd\",\"state\":\"exited\"}", NULL, "node/b", "");
}

static void test_dead_agent(void)
{
	_cleanup_free_ char *got = NULL;
	struct fixture f;

	set_up(&f, RUNNING, NULL);
	f.nodes[1].death = (char *)"the node agent ended: signal 9 (KILL)";
	got = endpoint_fault(&f.lab, "node/b");
	TEST_STR(got, "node/b: the node agent ended: signal 9 (KILL)");
	tear_down(&f);
}

/* Of the cells only the affected one; a whole measurement with all its verdicts. */
static void test_mark(void)
{
	_cleanup_json_ json_t *names = json_pack("[s, s]", "node/a", "node/b");
	_cleanup_json_ json_t *probes =
		json_pack("{s:s, s:[{s:s, s:s, s:{s:s}}, {s:s, s:s, s:{s:s}}]}", "status", "pass",
			  "cells", "from", "node/a", "to", "node/b", "verdict", "status", "pass",
			  "from", "node/a", "to", "node/a", "verdict", "status", "pass");
	_cleanup_json_ json_t *mtu = json_pack("{s:s, s:{s:{s:s}}}", "status", "fail", "forward",
					       "verdict", "status", "fail");
	struct fixture f;

	set_up(&f, KILLED, NULL);
	fault_mark(&f.lab, probes, names);
	TEST_STR(jstr(probes, "status", ""), "error");
	TEST_STR(jstr(probes, "cells.0.verdict.status", ""), "error");
	TEST_STR(jstr(probes, "cells.1.verdict.status", ""), "pass");
	fault_mark(&f.lab, mtu, names);
	TEST_STR(jstr(mtu, "status", ""), "error");
	TEST_STR(jstr(mtu, "forward.verdict.status", ""), "error");
	TEST_STR(jstr(mtu, "fault", ""), "node/b: ovs-vswitchd ended: signal 9 (KILL)");
	tear_down(&f);
}

TEST_SUITE(lab_fault, {"found where packets need it", test_find}, {"dead agent", test_dead_agent},
	   {"verdicts are taken back", test_mark})
