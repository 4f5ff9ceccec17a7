/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/frames.h"

#include "test/test.h"

static json_t *parse(const char *text)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j = jparse(text, strlen(text), &e);

	TEST_ROW(j != NULL, text, "%s", err_msg(&e));
	return j ? j : json_object();
}

/* ---- kinds ---- */

static void test_kinds(void)
{
	static const struct {
		const char *text, *dst, *frame;
		bool flood, unicast, tagged;
	} rows[] = {
		{"broadcast", "ff:ff:ff:ff:ff:ff", "{}", true, false, false},
		{"unicast", "", "{}", false, true, false},
		{"multicast/224.0.0.1", "01:00:5e:00:00:01", "{}", true, false, false},
		{"multicast/239.129.2.3", "01:00:5e:01:02:03", "{}", true, false, false},
		{"multicast/ff02::1:ff00:1", "33:33:ff:00:00:01", "{}", true, false, false},
		{"ethertype/0x88b6", "ff:ff:ff:ff:ff:ff", "{\"ethertype\":34998}", true, true,
		 false},
		{"mpls", "ff:ff:ff:ff:ff:ff", "{\"ethertype\":34887,\"head\":\"00064140\"}", true,
		 true, false},
		{"vlan/0", "ff:ff:ff:ff:ff:ff", "{\"tags\":[{\"vid\":0}]}", true, true, true},
		{"qinq/100.20", "ff:ff:ff:ff:ff:ff",
		 "{\"tags\":[{\"tpid\":34984,\"vid\":100},{\"vid\":20}]}", true, true, true},
	};
	static const char *const bad[] = {
		"",
		"broadcast/1",
		"multicast",
		"multicast/192.0.2.1",
		"vlan",
		"vlan/4096",
		"vlan/x",
		"qinq/10",
		"qinq/1.",
		"ethertype/88b6",
		"ethertype/0x100",
		"ethertype/0x88b6x",
		"unicast/",
		"icmp",
		"multicast/fe80::1",
		"qinq/1.4096",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_frames_kind_ struct frames_kind k = {0};
		_cleanup_json_ json_t *want = parse(rows[i].frame);

		if (!TEST_ROW(frames_kind_parse(rows[i].text, &k), rows[i].text, "refused"))
			continue;
		TEST_ROW(streq(k.dst, rows[i].dst), rows[i].text, "to %s", k.dst);
		TEST_ROW(json_equal(k.frame, want), rows[i].text, "frame");
		TEST_ROW(k.flood == rows[i].flood && k.unicast == rows[i].unicast &&
				 k.tagged == rows[i].tagged,
			 rows[i].text, "flags");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		TEST_ROW(!frames_kind_known(bad[i]), bad[i], "accepted");
}

/* ---- verdicts ---- */

/* A cell whose three copies each way arrived; rows change members of it. */
#define HEARD                                                                                    \
	"{\"from\":\"a\",\"to\":\"b\",\"floodId\":0,\"unicastId\":1,\"floodSent\":3,"            \
	"\"unicastSent\":3,\"flood\":3,\"unicast\":3,\"reflected\":0,\"control\":3,\"alive\":3," \
	"\"leaks\":[],\"duplicates\":[],\"tags\":[\"\"],\"tagged\":false}"
#define NONE "\"flood\":0,\"unicast\":0"
#define SOMEONE "[{\"endpoint\":\"x\",\"ifname\":\"net1\",\"network\":\"n\",\"frames\":6}]"

static void test_verdicts(void)
{
	static const struct {
		const char *name, *expect, *patch, *status, *layer;
	} rows[] = {
		{"heard", "allowed", "{}", "pass", NULL},
		{"not flooded", "allowed", "{\"flood\":0}", "fail", "path"},
		{"one is lost", "allowed", "{\"unicast\":2}", "fail", "path"},
		{"twice", "allowed", "{\"flood\":6}", "fail", "duplicate"},
		{"nothing left", "allowed", "{\"floodSent\":0,\"flood\":0}", "error", "agent"},
		{"deaf", "allowed", "{\"deaf\":[\"b\"]}", "error", "sniffer"},
		{"came back", "allowed", "{\"reflected\":3}", "fail", "reflection"},
		{"leaked", "allowed", "{\"leaks\":" SOMEONE "}", "fail", "isolation"},
		{"twice elsewhere", "allowed", "{\"duplicates\":" SOMEONE "}", "fail", "duplicate"},
		{"grew a tag", "allowed", "{\"tags\":[\"\",\"10\"]}", "fail", "vlan"},
		{"has its own tag", "allowed", "{\"tags\":[\"0\"],\"tagged\":true}", "pass", NULL},
		{"blocked", "blocked", "{" NONE "}", "pass", NULL},
		{"blocked by deafness", "blocked", "{" NONE ",\"control\":0}", "error", "path"},
		{"blocked, others heard", "blocked", "{" NONE ",\"control\":0,\"others\":3}",
		 "pass", NULL},
		{"not blocked", "blocked", "{\"flood\":0}", "fail", "path"},
		{"blocked but reflected", "blocked", "{" NONE ",\"reflected\":1}", "fail",
		 "reflection"},
		{"blocked but leaked", "blocked", "{" NONE ",\"leaks\":" SOMEONE "}", "fail",
		 "isolation"},
		{"isolated", "isolated", "{" NONE ",\"control\":0}", "pass", NULL},
		{"not isolated", "isolated", "{\"unicast\":0,\"flood\":1}", "fail", "isolation"},
		{"isolated by deafness", "isolated", "{" NONE ",\"alive\":0}", "error", "sniffer"},
		{"lease", "allowed", "{\"dhcp\":{\"outcome\":\"ALLOWED\"}}", "pass", NULL},
		{"no lease", "allowed", "{\"dhcp\":{\"outcome\":\"TIMEOUT\"}}", "fail", "path"},
		{"no client", "allowed", "{\"dhcp\":{\"outcome\":\"INFRA\"}}", "error", "agent"},
		{"lease from afar", "isolated", "{\"dhcp\":{\"outcome\":\"ALLOWED\"}}", "fail",
		 "isolation"},
		{"no lease from afar", "isolated", "{\"dhcp\":{\"outcome\":\"TIMEOUT\"}}", "pass",
		 NULL},
		{"no lease, deaf server", "blocked",
		 "{\"control\":0,\"dhcp\":{\"outcome\":\"TIMEOUT\"}}", "error", "path"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *base = parse(HEARD), *patch = parse(rows[i].patch), *v;
		_cleanup_json_ json_t *cell = jmerge_patch(base, patch);

		jset_str(cell, "expect", rows[i].expect);
		v = verdict_frames(cell);
		TEST_ROW(streq(jstr(v, "status", ""), rows[i].status) &&
				 streq0(jstr(v, "layer", NULL), rows[i].layer),
			 rows[i].name, "got %s/%s: %s", jstr(v, "status", ""),
			 jstr(v, "layer", "-"), jstr(v, "reason", ""));
		json_decref(v);
		v = NULL;
	}
}

/* ---- evaluation ---- */

#define FLOW(cell, outgoing, n, vlans) \
	"{\"cell\":" #cell ",\"outgoing\":" #outgoing ",\"frames\":" #n ",\"vlans\":" vlans "}"

/* a sends to b; c is in their network, x in another one. Sending 0 is flooded, 1 to 3 are fences. */
static json_t *watch(const char *at_b, const char *at_c, const char *at_x)
{
	_cleanup_free_ char *text = xasprintf(
		"[{\"endpoint\":\"a\",\"ifname\":\"e\",\"domain\":\"n\",\"fenceId\":1,\"sniff\":{"
		"\"flows\":[" FLOW(
			0, true, 3,
			"[]") "]}},"
			      "{\"endpoint\":\"b\",\"ifname\":\"e\",\"domain\":\"n\",\"fenceId\":2,"
			      "\"sniff\":{"
			      "\"flows\":[" FLOW(1, false, 3, "[]") "," FLOW(
				      2, true, 3,
				      "[]") "%s]}},"
					    "{\"endpoint\":\"c\",\"ifname\":\"e\",\"domain\":\"n\","
					    "\"sniff\":{\"flows\":[%s]}},"
					    "{\"endpoint\":\"x\",\"ifname\":\"e\",\"domain\":\"m\","
					    "\"sniff\":{\"flows\":[%s]}}]",
		at_b, at_c, at_x);

	return parse(text);
}

static void test_evaluate(void)
{
	static const struct {
		const char *name, *b, *c, *x, *status, *layer;
	} rows[] = {
		{"good", "," FLOW(0, false, 3, "[]"), FLOW(0, false, 3, "[]"), "", "pass", NULL},
		{"c hears twice", "," FLOW(0, false, 3, "[]"), FLOW(0, false, 6, "[]"), "", "fail",
		 "duplicate"},
		{"x hears", "," FLOW(0, false, 3, "[]"), "", FLOW(0, false, 1, "[]"), "fail",
		 "isolation"},
		{"x says", "," FLOW(0, false, 3, "[]"), "", FLOW(0, true, 1, "[]"), "pass", NULL},
		{"tag at b", "," FLOW(0, false, 3, "[10]"), "", "", "fail", "vlan"},
		{"two flows add up", "," FLOW(0, false, 3, "[]") "," FLOW(0, false, 3, "[]"), "",
		 "", "fail", "duplicate"},
		{"nothing at b", "", "", "", "fail", "path"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *w = watch(rows[i].b, rows[i].c, rows[i].x);
		_cleanup_json_ json_t *sends = parse("[{\"sent\":3},{\"sent\":3},{\"sent\":3}]");
		_cleanup_json_ json_t *cells =
			parse("[{\"from\":\"a\",\"ifname\":\"e\",\"to\":\"b\",\"toIfname\":\"e\","
			      "\"fromDomain\":\"n\",\"floodId\":0,\"expect\":\"allowed\"}]");

		frames_evaluate(w, sends, cells, 3);
		TEST_ROW(streq(jstr(cells, "0.verdict.status", ""), rows[i].status) &&
				 streq0(jstr(cells, "0.verdict.layer", NULL), rows[i].layer),
			 rows[i].name, "got %s/%s: %s", jstr(cells, "0.verdict.status", ""),
			 jstr(cells, "0.verdict.layer", "-"), jstr(cells, "0.verdict.reason", ""));
	}
}

TEST_SUITE(frames, {"kinds", test_kinds}, {"verdicts", test_verdicts}, {"evaluate", test_evaluate})
