/* SPDX-License-Identifier: Apache-2.0 */
/* From what was seen where to the name of a hop, and what that makes of a verdict. */
#include "lab/hop_points.h"
#include "lab/mtu_judge.h"
#include "test/test.h"

/*
 * From pod a on worker-a over a switch to pod b on worker-b. Each digit of control and test is what a
 * point saw.
 */
static const struct {
	const char *name, *port, *network;
	bool agent, outgoing;
} path[] = {
	{"pod/default/a:net1", NULL, NULL, true, true},
	{"node/worker-a:veth-a", "pod/default/a", NULL, false, false},
	{"node/worker-a:eth1", NULL, NULL, false, true},
	{"switch dc, port worker-a:eth1", NULL, "dc", false, false},
	{"switch dc, port worker-b:eth1", NULL, "dc", false, true},
	{"node/worker-b:eth1", NULL, NULL, false, false},
	{"node/worker-b:veth-b", "pod/default/b", NULL, false, true},
	{"pod/default/b:net1", NULL, NULL, true, false},
};

struct mtus {
	int veth, nic_a, overhead, sw, nic_b, veth_b;
};

static void make(struct hop_points *p, const struct mtus *m, const char *control, const char *test)
{
	const int mtu[] = {m->veth, m->veth, m->nic_a, 0, 0, m->nic_b, m->veth_b, m->veth_b};

	p->n = ARRAY_SIZE(path);
	p->v = xcalloc(p->n, sizeof(*p->v));
	for (size_t i = 0; i < p->n; i++) {
		p->v[i] = (struct hop_point){.name = xstrdup(path[i].name),
					     .port = xstrdup(path[i].port),
					     .network = xstrdup(path[i].network),
					     .agent = path[i].agent,
					     .outgoing = path[i].outgoing,
					     .mtu = mtu[i],
					     .overhead = i > 1 && i < 6 ? m->overhead : 0,
					     .switch_mtu = path[i].network ? m->sw : 0,

					     .control = control[i] - '0',
					     .test = test[i] - '0'};
	}
}

static void test_judge(void)
{
	static const struct {
		const char *control, *test;
		long long size;
		struct mtus m;
		const char *hop, *says; /* hop NULL: says is why */
	} rows[] = {
		/* the sender's OVS cannot hand Geneve to its NIC */
		{"33333333",
		 "33000000",
		 1443,
		 {1500, 1500, 58, 1500, 1500, 1500},
		 "node/worker-a:eth1",
		 "of 3 frames of 1443 bytes, 3 seen at node/worker-a:veth-a and 0 at "
		 "node/worker-a:eth1; of 1442 bytes, 3 and 3"},
		/* a receiving veth takes 4 bytes more than it should */
		{"33333333",
		 "33000000",
		 1443,
		 {1442, 1500, 58, 1500, 1500, 1442},
		 "node/worker-a:eth1",
		 "0 at node/worker-a:eth1"},
		{"33333333",
		 "33000000",
		 1447,
		 {1442, 1500, 0, 1500, 1500, 1442},
		 "node/worker-a:veth-a",
		 "0 at node/worker-a:eth1"},
		{"33333333",
		 "30000000",
		 1405,
		 {1400, 1500, 0, 1500, 1500, 1400},
		 "node/worker-a:veth-a",
		 "0 at node/worker-a:veth-a"},
		{"33333333",
		 "33330000",
		 1501,
		 {9000, 9000, 0, 1500, 9000, 9000},
		 "switch dc",
		 "seen at switch dc, port worker-a:eth1 and 0 at switch dc, port worker-b:eth1"},
		{"33333333",
		 "33333000",
		 1505,
		 {9000, 9000, 0, 9000, 1500, 9000},
		 "node/worker-b:eth1",
		 "0 at node/worker-b:eth1"},
		{"33333333",
		 "33333300",
		 1401,
		 {1500, 1500, 0, 1500, 1500, 1400},
		 "node/worker-b:veth-b",
		 "0 at node/worker-b:veth-b"},
		/* where the control is not seen either, nothing is claimed */
		{"33033333",
		 "33030000",
		 1501,
		 {9000, 9000, 0, 1500, 9000, 9000},
		 "switch dc",
		 "3 seen at switch dc, port worker-a:eth1"},
		/* no device explains it */
		{"33333333",
		 "33000000",
		 1000,
		 {9000, 9000, 0, 9000, 9000, 9000},
		 "between node/worker-a:veth-a and node/worker-a:eth1",
		 "0 at node/worker-a:eth1"},
		/* without a control, every point counts */
		{"00000000",
		 "33300000",
		 128,
		 {100, 9000, 0, 100, 9000, 9000},
		 "between node/worker-a:eth1 and switch dc, port worker-a:eth1",
		 "0 at switch dc"},
		{"33333333",
		 "33333333",
		 1501,
		 {9000, 9000, 0, 9000, 9000, 9000},
		 NULL,
		 "the frames arrived"},
		{"33333333",
		 "00000000",
		 1501,
		 {9000, 9000, 0, 9000, 9000, 9000},
		 NULL,
		 "did not leave the sender"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *out = json_object();
		_cleanup_free_ char *row = xasprintf("row %zu", i);
		bool any = strchr(rows[i].control, '3') != NULL;
		struct hop_points p;
		const char *text;

		make(&p, &rows[i].m, rows[i].control, rows[i].test);
		hop_points_judge(&p, any ? rows[i].size - 1 : 0, rows[i].size, 3, NULL, out);
		hop_points_free(&p);
		TEST_ROW(streq0(jstr(out, "hop.name", NULL), rows[i].hop), row, "hop %s",
			 jstr(out, "hop.name", "none"));
		text = jstr(out, rows[i].hop ? "hop.evidence" : "why", "");
		TEST_ROW(strstr(text, rows[i].says) != NULL, row, "%s", text);
	}
}

static void test_trouble(void)
{
	_cleanup_json_ json_t *out = json_object(), *counted = json_pack("{s:i}", "overMtu", 3);
	struct mtus m = {9000, 9000, 0, 1500, 9000, 9000};
	struct hop_points p;

	make(&p, &m, "33333333", "33330000");
	hop_points_judge(&p, 1500, 1501, 3, "no packet socket", out);
	CU_ASSERT_TRUE(json_is_null(json_object_get(out, "hop")));
	TEST_STR(jstr(out, "why", ""), "no packet socket");
	hop_points_judge(&p, 1500, 1501, 3, NULL, counted);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(jstr(counted, "hop.evidence", ""), "; the switch counted 3 as too long"));
	hop_points_free(&p);
}

static json_t *parse(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return jparse(copy, strlen(copy), NULL);
}

#define HOP_B \
	"{'hop':{'name':'node/worker-b:veth-b','port':'pod/default/b','mtu':1400,'overhead':0}}"

static void test_expect(void)
{
	static const struct {
		const char *trace, *expect, *status, *says;
	} rows[] = {
		{HOP_B, "{}", "pass",
		 "lost at node/worker-b:veth-b (port of pod/default/b, MTU 1400)"},
		{HOP_B, "{'hop':'receiver'}", "pass", ""},
		{HOP_B, "{'hop':'pod/default/b'}", "pass", ""},
		{HOP_B, "{'hop':'node/worker-b:veth-b'}", "pass", ""},
		{HOP_B, "{'hop':'sender'}", "fail",
		 "expected to be lost at sender, found node/worker-b:veth-b"},
		{HOP_B, "{'hop':'switch dc'}", "fail", "expected to be lost at switch dc"},
		{"{'hop':null,'why':'the frames arrived'}", "{'hop':'switch dc'}", "fail",
		 "found no hop: the frames arrived"},
		{"{'overMtu':3,'sent':3}", "{'counted':true}", "pass", ""},
		{"{'overMtu':2,'sent':3}", "{'counted':true}", "fail",
		 "the switch counted 2 of 3 frames as too long"},
		{"{'sent':3}", "{'counted':true}", "fail", "does not count"},
		{HOP_B, "{'planHop':'switch dc'}", "pass", ""},
		{HOP_B, "{'planHop':'node/worker-b:eth1'}", "fail",
		 "the plan's first hop too small is switch dc, expected node/worker-b:eth1"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *dir =
			parse("{'from':'pod/default/a','to':'pod/default/b','plan':{'first':"
			      "'switch dc'},'verdict':{'status':'pass','reason':'r'}}");
		_cleanup_json_ json_t *trace = parse(rows[i].trace);
		_cleanup_json_ json_t *expect = parse(rows[i].expect);

		mtu_judge_hop(dir, trace, expect);
		TEST_ROW(streq(jstr(dir, "verdict.status", ""), rows[i].status), rows[i].expect,
			 "%s", jstr(dir, "verdict.reason", ""));
		TEST_ROW(strstr(jstr(dir, "verdict.reason", ""), rows[i].says) != NULL,
			 rows[i].expect, "%s", jstr(dir, "verdict.reason", ""));
	}
}

#define BULK(mss) \
	"{'outcome':'ALLOWED','bulk':{'bytes':9,'digestOk':true,'mss':" mss ",'retransmits':0}}"

static void test_tcp(void)
{
	static const struct {
		const char *cell;
		int family, path, if_mtu, if_mtu_b;
		const char *status, *says;
	} rows[] = {
		{BULK("1360"), 4, 1400, 1400, 1400, "pass", "segments of 1360"},
		{BULK("1348"), 4, 1400, 1400, 1400, "pass", "digests equal"},
		{BULK("1328"), 6, 1400, 1400, 1400, "pass", ""},
		{BULK("1200"), 4, 1400, 1400, 1400, "fail",
		 "segments of 1200 bytes, expected 1360"},
		/* the smaller end decides */
		{BULK("1348"), 4, 1400, 1400, 9000, "pass", ""},
		{"{'outcome':'BROKEN'}", 4, 1400, 1400, 1400, "fail", "a bulk transfer is BROKEN"},
		{"{'outcome':'BROKEN'}", 4, 1442, 1500, 1500, "pass", "large segments stall"},
		{BULK("1448"), 4, 1442, 1500, 1500, "fail",
		 "although the path does not carry them"},
		{"{'outcome':'TIMEOUT'}", 4, 0, 1500, 1500, "fail", "a bulk transfer is TIMEOUT"},
		{"{'outcome':'INFRA'}", 4, 1400, 1400, 1400, "error", "harness"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *cell = parse(rows[i].cell), *tcp = NULL;
		_cleanup_json_ json_t *a =
			json_pack("{s:i, s:i}", "path", rows[i].path, "ifMtu", rows[i].if_mtu);
		_cleanup_json_ json_t *b =
			json_pack("{s:i, s:i}", "path", rows[i].path, "ifMtu", rows[i].if_mtu_b);

		tcp = mtu_judge_tcp(cell, a, b, rows[i].family);
		TEST_ROW(streq(jstr(tcp, "verdict.status", ""), rows[i].status), rows[i].cell,
			 "row %zu: %s", i, jstr(tcp, "verdict.reason", ""));
		TEST_ROW(strstr(jstr(tcp, "verdict.reason", ""), rows[i].says) != NULL,
			 rows[i].cell, "row %zu: %s", i, jstr(tcp, "verdict.reason", ""));
	}
}

static void test_passes(void)
{
	static const struct {
		const char *dir;
		long long want;
	} rows[] = {
		{"{'path':1442,'class':'BLACKHOLE'}", 1442},
		{"{'path':1400,'class':'LOCAL_EMSGSIZE','beyond':{'largest':1404,'class':"
		 "'BLACKHOLE'}}",
		 1404},
		{"{'path':1400,'class':'LOCAL_EMSGSIZE','beyond':{'why':'no'}}", -1},
		{"{'path':1400,'class':'PASS'}", -1},
		{"{'path':0,'class':'BLACKHOLE'}", 0},
		{"{'path':1442,'class':'BLACKHOLE','infra':'dead'}", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *dir = parse(rows[i].dir);

		TEST_ROW(mtu_passes(dir) == rows[i].want, rows[i].dir, "got %lld", mtu_passes(dir));
	}
}

TEST_SUITE(hop, {"judge", test_judge}, {"trouble", test_trouble}, {"expect", test_expect},
	   {"tcp", test_tcp}, {"passes", test_passes})
