/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/verdict.h"

#include "probe/evidence.h"
#include "probe/isolate.h"
#include "test/test.h"

static json_t *parse(const char *text)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j = jparse(text, strlen(text), &e);

	TEST_ROW(j != NULL, text, "%s", err_msg(&e));
	return j ? j : json_object();
}

/* A TCP cell that was dropped as a policy should drop it; rows change members of it. */
#define DROPPED                                                                                \
	"{\"from\":\"a\",\"to\":\"b\",\"proto\":\"tcp\",\"port\":80,\"dst\":\"10.0.0.2\","     \
	"\"outcome\":\"TIMEOUT\",\"sent\":3,\"attempts\":[{},{},{}],\"addressOk\":true,"       \
	"\"neigh\":{\"state\":\"reachable\",\"addr\":\"10.0.0.2\"},\"selfCheck\":\"ALLOWED\"," \
	"\"received\":{\"frames\":0,\"badChecksum\":0},\"before\":\"ALLOWED\"}"

struct row {
	const char *name, *expect, *patch, *status, *layer;
};

static void check_rows(const struct row *rows, size_t n, const json_t *sibling)
{
	for (size_t i = 0; i < n; i++) {
		_cleanup_json_ json_t *base = parse(DROPPED), *patch = parse(rows[i].patch);
		_cleanup_json_ json_t *cell = jmerge_patch(base, patch);
		_cleanup_json_ json_t *v = verdict_cell(rows[i].expect, cell, sibling);

		TEST_ROW(streq(jstr(v, "status", ""), rows[i].status) &&
				 streq0(jstr(v, "layer", NULL), rows[i].layer),
			 rows[i].name, "got %s/%s: %s", jstr(v, "status", ""),
			 jstr(v, "layer", "-"), jstr(v, "reason", ""));
	}
}

static void test_allowed(void)
{
	static const struct row rows[] = {
		{"answered", "allowed", "{\"outcome\":\"ALLOWED\"}", "pass", NULL},
		{"silence", "allowed", "{}", "fail", "path"},
		{"agent dead", "allowed", "{\"outcome\":\"INFRA\"}", "error", "agent"},
		{"unknown outcome", "allowed", "{\"outcome\":\"GREAT\"}", "error", "agent"},
		{"never tried", "allowed", "{\"outcome\":\"ALLOWED\",\"attempts\":[]}", "error",
		 "agent"},
		{"listener dead", "allowed", "{\"selfCheck\":\"REFUSED\"}", "error", "listener"},
		{"no address", "allowed", "{\"addressOk\":false}", "fail", "address"},
		{"no neighbour", "allowed", "{\"neigh\":{\"state\":\"failed\"}}", "fail",
		 "neighbour"},
		{"neighbour table full", "allowed", "{\"neigh\":{\"state\":\"none\"}}", "error",
		 "neighbour"},
		{"bad checksum", "allowed", "{\"received\":{\"frames\":3,\"badChecksum\":3}}",
		 "fail", "l4-checksum"},
		{"way back", "allowed", "{\"received\":{\"frames\":3}}", "fail", "path"},
		{"refused by the destination", "allowed",
		 "{\"outcome\":\"REFUSED\",\"received\":{\"frames\":3}}", "fail", "listener"},
		{"rejected on the way", "allowed", "{\"outcome\":\"REFUSED\"}", "fail", "policy"},
		{"wrong peer", "allowed", "{\"outcome\":\"WRONG_PEER\"}", "fail", "peer"},
		{"stalled", "allowed",
		 "{\"outcome\":\"BROKEN\",\"detail\":\"stalled after 0 bytes\"}", "fail", "mtu"},
		{"no route", "allowed",
		 "{\"outcome\":\"LOCAL_ERROR\",\"neigh\":{\"state\":\"noroute\"}}", "fail",
		 "address"},
		{"echo that the destination never saw", "allowed",
		 "{\"proto\":\"icmp\",\"outcome\":\"ALLOWED\"}", "fail", "peer"},
		{"echo seen", "allowed",
		 "{\"proto\":\"icmp\",\"outcome\":\"ALLOWED\",\"received\":{\"frames\":1}}", "pass",
		 NULL},
	};

	check_rows(rows, ARRAY_SIZE(rows), NULL);
}

static void test_denied(void)
{
	static const struct row rows[] = {
		{"dropped", "denied", "{}", "pass", NULL},
		{"control instead of before", "denied", "{\"before\":null,\"control\":\"ALLOWED\"}",
		 "pass", NULL},
		{"answered", "denied", "{\"outcome\":\"ALLOWED\"}", "fail", "policy"},
		{"refused", "denied", "{\"outcome\":\"REFUSED\"}", "fail", "policy"},
		{"broken", "denied", "{\"outcome\":\"BROKEN\"}", "fail", "policy"},
		{"wrong peer", "denied", "{\"outcome\":\"WRONG_PEER\"}", "fail", "policy"},
		{"never left", "denied", "{\"outcome\":\"LOCAL_ERROR\"}", "error", "address"},
		{"agent dead", "denied", "{\"outcome\":\"INFRA\"}", "error", "agent"},
		{"neighbour unresolved", "denied", "{\"neigh\":{\"state\":\"incomplete\"}}",
		 "error", "neighbour"},
		{"neighbour unknown", "denied", "{\"neigh\":null}", "error", "neighbour"},
		{"no self-check", "denied", "{\"selfCheck\":null}", "error", "listener"},
		{"self-check failed", "denied", "{\"selfCheck\":\"TIMEOUT\"}", "error", "listener"},
		{"address missing", "denied", "{\"addressOk\":false}", "error", "address"},
		{"no sniffer", "denied", "{\"received\":null}", "error", "sniffer"},
		{"sniffer lost frames", "denied", "{\"received\":{\"lossy\":true}}", "error",
		 "sniffer"},
		{"frames arrived", "denied", "{\"received\":{\"frames\":1}}", "fail", "policy"},
		{"checksum", "denied", "{\"received\":{\"frames\":3,\"badChecksum\":3}}", "fail",
		 "l4-checksum"},
		{"no control", "denied", "{\"before\":null}", "error", "policy"},
		{"closed before", "denied", "{\"before\":\"TIMEOUT\"}", "error", "path"},
		{"control failed", "denied", "{\"control\":\"TIMEOUT\"}", "error", "path"},
		{"closed after", "denied", "{\"after\":\"TIMEOUT\"}", "error", "path"},
		{"open after", "denied", "{\"after\":\"ALLOWED\"}", "pass", NULL},
		{"drops counted", "denied", "{\"drops\":{\"count\":3,\"acl\":\"deny\"}}", "pass",
		 NULL},
		{"drops of something else", "denied", "{\"drops\":{\"count\":2,\"acl\":\"deny\"}}",
		 "fail", "policy"},
	};

	check_rows(rows, ARRAY_SIZE(rows), NULL);
}

static void test_rejected_isolated(void)
{
	static const struct row rows[] = {
		{"reject", "rejected", "{\"outcome\":\"REFUSED\"}", "pass", NULL},
		{"unreachable", "rejected", "{\"outcome\":\"UNREACH\"}", "pass", NULL},
		{"dropped", "rejected", "{}", "fail", "policy"},
		{"closed port", "rejected", "{\"outcome\":\"REFUSED\",\"received\":{\"frames\":3}}",
		 "fail", "policy"},
		{"no control", "rejected", "{\"outcome\":\"REFUSED\",\"before\":null}", "error",
		 "policy"},
		{"apart", "isolated", "{\"neigh\":{\"state\":\"failed\"}}", "pass", NULL},
		{"resolves", "isolated", "{}", "fail", "isolation"},
		{"answered", "isolated", "{\"outcome\":\"ALLOWED\"}", "fail", "isolation"},
		{"refused", "isolated",
		 "{\"outcome\":\"REFUSED\",\"neigh\":{\"state\":\"failed\"}}", "fail", "isolation"},
		{"leak", "isolated",
		 "{\"neigh\":{\"state\":\"failed\"},\"received\":{\"frames\":1}}", "fail",
		 "isolation"},
		{"nothing sent", "isolated",
		 "{\"outcome\":\"LOCAL_ERROR\",\"neigh\":{\"state\":\"noroute\"}}", "error",
		 "neighbour"},
		{"no sniffer", "isolated", "{\"neigh\":{\"state\":\"failed\"},\"received\":null}",
		 "error", "sniffer"},
		{"no such expectation", "alowed", "{\"outcome\":\"ALLOWED\"}", "error", NULL},
	};

	check_rows(rows, ARRAY_SIZE(rows), NULL);
}

static void test_checksum_words(void)
{
	_cleanup_json_ json_t *ping = parse("{\"proto\":\"icmp\",\"outcome\":\"ALLOWED\"}");
	_cleanup_json_ json_t *base = parse(DROPPED);
	_cleanup_json_ json_t *patch = parse("{\"received\":{\"frames\":3,\"badChecksum\":3}}");
	_cleanup_json_ json_t *cell = jmerge_patch(base, patch);
	_cleanup_json_ json_t *v = verdict_cell("allowed", cell, ping);

	TEST_STR(jstr(v, "reason", NULL),
		 "L4 checksum, not policy: tcp/80 to 10.0.0.2 timed out and 3 of 3 frames captured "
		 "at the destination have a wrong checksum, while ping passes; turn TX checksum "
		 "offload off at the sender");
}

/* ---- MTU ---- */

#define DIR(members) "{\"from\":\"a\",\"to\":\"b\"," members "}"

static void test_mtu(void)
{
	static const struct {
		const char *request, *dir, *status, *reason;
	} rows[] = {
		{"{\"expect\":{\"path\":1400},\"advertised\":1400}",
		 DIR("\"ifMtu\":1400,\"path\":1400,\"class\":\"LOCAL_EMSGSIZE\""), "pass",
		 "1400 passes (interface MTU 1400)"},
		{"{\"expect\":{\"path\":1400}}",
		 DIR("\"ifMtu\":1400,\"path\":1399,\"class\":\"BLACKHOLE\""), "fail",
		 "black hole above 1399 (interface MTU 1400), expected 1400"},
		{"{\"planned\":1442,\"expect\":{\"path\":1442}}",
		 DIR("\"ifMtu\":1500,\"path\":1442,\"class\":\"BLACKHOLE\""), "pass",
		 "black hole above 1442 (interface MTU 1500, the network carries 1442): the "
		 "interface MTU is larger than the network can carry"},
		{"{\"planned\":1442,\"advertised\":1500}",
		 DIR("\"ifMtu\":1500,\"path\":1442,\"class\":\"BLACKHOLE\""), "fail",
		 "black hole above 1442 (interface MTU 1500, the network carries 1442), "
		 "advertised are 1500: the interface MTU is larger than the network can carry"},
		{"{\"planned\":1500,\"advertised\":1500}",
		 DIR("\"ifMtu\":1500,\"path\":1400,\"class\":\"BLACKHOLE\""), "fail",
		 "black hole above 1400 (interface MTU 1500, the network carries 1500): by plan "
		 "1500 should pass"},
		{"{\"planned\":1500,\"advertised\":9000,\"expect\":{\"path\":1500,\"slack\":4}}",
		 DIR("\"ifMtu\":9000,\"path\":1504,\"class\":\"BLACKHOLE\""), "pass",
		 "black hole above 1504 (interface MTU 9000, the network carries 1500): the "
		 "interface MTU is larger than the network can carry"},
		{"{\"expect\":{\"path\":1500,\"slack\":4}}",
		 DIR("\"ifMtu\":9000,\"path\":1505,\"class\":\"BLACKHOLE\""), "fail",
		 "black hole above 1505 (interface MTU 9000), expected 1500"},
		{"{\"planned\":1442,\"expect\":{\"path\":1442,\"class\":\"PTB\"}}",
		 DIR("\"ifMtu\":1500,\"path\":1442,\"class\":\"BLACKHOLE\""), "fail",
		 "above 1442: BLACKHOLE, expected PTB"},
		{"{\"advertised\":1400}",
		 DIR("\"ifMtu\":1500,\"path\":1500,\"class\":\"LOCAL_EMSGSIZE\""), "fail",
		 "the interface MTU is 1500, the network says 1400"},
		{"{\"expect\":{\"path\":1400}}", DIR("\"infra\":\"b: gone\""), "error",
		 "harness: b: gone"},
		{"{}", DIR("\"ifMtu\":1400,\"path\":1400,\"class\":\"LOCAL_EMSGSIZE\""), "error",
		 "nothing to compare with: 1400 passes (interface MTU 1400)"},
		{"{\"expect\":{\"path\":1400}}",
		 DIR("\"ifMtu\":1400,\"path\":0,\"class\":\"BLACKHOLE\""), "fail",
		 "not even the smallest probe passes (BLACKHOLE)"},
		{"{\"expect\":{\"path\":1400}}",
		 DIR("\"ifMtu\":1400,\"path\":1400,\"class\":\"PASS\""), "error",
		 "no limit found: everything up to 1400 passes"},
		{"{\"expect\":{\"path\":1400,\"beyond\":1442}}",
		 DIR("\"ifMtu\":1400,\"path\":1400,\"class\":\"LOCAL_EMSGSIZE\""), "error",
		 "probes that really leave were not possible: not asked for"},
		{"{\"expect\":{\"path\":1400,\"beyond\":1442,\"class\":\"BLACKHOLE\"}}",
		 DIR("\"ifMtu\":1400,\"path\":1400,\"class\":\"LOCAL_EMSGSIZE\",\"beyond\":"
		     "{\"largest\":1442,\"class\":\"BLACKHOLE\"}"),
		 "pass", "1400 passes (interface MTU 1400)"},
		{"{\"expect\":{\"path\":1400,\"beyond\":1442}}",
		 DIR("\"ifMtu\":1400,\"path\":1400,\"class\":\"LOCAL_EMSGSIZE\",\"beyond\":"
		     "{\"largest\":1450,\"class\":\"BLACKHOLE\"}"),
		 "fail", "probes that really leave pass up to 1450, expected 1442"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *request = parse(rows[i].request), *dir = parse(rows[i].dir);
		_cleanup_json_ json_t *v = verdict_mtu(request, dir);

		TEST_STR(jstr(v, "status", NULL), rows[i].status);
		TEST_STR(jstr(v, "reason", NULL), rows[i].reason);
	}
}

/* ---- isolation ---- */

static void test_isolation_verdict(void)
{
	static const struct {
		const char *evidence, *status, *layer;
	} rows[] = {
		{"{\"controls\":[{\"ok\":true}],\"leaks\":[]}", "pass", NULL},
		{"{}", "error", "sniffer"},
		{"{\"controls\":[{\"ok\":true},{\"ok\":false}]}", "error", "sniffer"},
		{"{\"controls\":[{\"ok\":false,\"frames\":6,\"sent\":3}]}", "fail", "isolation"},
		{"{\"controls\":[{\"ok\":true}],\"leaks\":[{\"proto\":\"arp\"}]}", "fail",
		 "isolation"},
		{"{\"controls\":[{\"ok\":true}],\"resolves\":[{\"foreign\":[\"02:…\"]}]}", "fail",
		 "isolation"},
		{"{\"controls\":[{\"ok\":true}],\"cells\":[{\"outcome\":\"ALLOWED\"}]}", "fail",
		 "isolation"},
		{"{\"controls\":[{\"ok\":true}],\"cells\":[{\"outcome\":\"ALLOWED\",\"foreign\":"
		 "false}]}",
		 "pass", NULL},
		{"{\"controls\":[{\"ok\":true}],\"infra\":[{}]}", "error", "agent"},
		{"{\"controls\":[{\"ok\":true}],\"unread\":[\"a\"]}", "error", "sniffer"},
		/* A leak is one even when an agent died later. */
		{"{\"infra\":[{}],\"leaks\":[{}]}", "fail", "isolation"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *evidence = parse(rows[i].evidence);
		_cleanup_json_ json_t *v = verdict_isolation(evidence);

		TEST_ROW(streq(jstr(v, "status", ""), rows[i].status) &&
				 streq0(jstr(v, "layer", NULL), rows[i].layer),
			 rows[i].evidence, "got %s/%s: %s", jstr(v, "status", ""),
			 jstr(v, "layer", "-"), jstr(v, "reason", ""));
	}
}

static void test_isolate_evaluate(void)
{
	_cleanup_json_ json_t *members = parse(
		"[{\"endpoint\":\"a\",\"network\":\"red\",\"net\":0,\"sniff\":{\"flows\":["
		"{\"cell\":1,\"outgoing\":true,\"frames\":3}]}},"
		"{\"endpoint\":\"b\",\"network\":\"red\",\"net\":0,\"sniff\":{\"flows\":["
		"{\"cell\":1,\"frames\":3},{\"cell\":65537,\"outgoing\":true,\"frames\":3}]}},"
		"{\"endpoint\":\"c\",\"network\":\"blue\",\"net\":1,\"sniff\":{\"dropped\":1,"
		"\"flows\":[{\"cell\":65538,\"proto\":\"arp\",\"frames\":1},{\"src\":\"1.1.1.1\","
		"\"sport\":7,\"dst\":\"2.2.2.2\",\"dport\":9,\"frames\":1}]}}]");
	_cleanup_json_ json_t *cells = parse(
		"[{\"member\":0,\"proto\":\"tcp\",\"src\":\"1.1.1.1\",\"dst\":\"2.2.2.2\","
		"\"port\":9,\"attempts\":[{\"sport\":7}],\"outcome\":\"ALLOWED\",\"peer\":\"c\"},"
		"{\"member\":0,\"proto\":\"tcp\",\"outcome\":\"ALLOWED\",\"peer\":\"b\"},"
		"{\"member\":0,\"proto\":\"icmp\",\"outcome\":\"ALLOWED\",\"shared\":true},"
		"{\"member\":0,\"proto\":\"icmp\",\"outcome\":\"ALLOWED\"}]");
	_cleanup_json_ json_t *r = isolate_evaluate(members, cells);

	CU_ASSERT_EQUAL(json_array_size(json_object_get(r, "leaks")), 2);
	TEST_STR(jstr(r, "leaks.0.from", NULL), "b");
	TEST_STR(jstr(r, "leaks.1.from", NULL), "a"); /* by the connection: a SYN has no nonce */
	TEST_STR(jstr(r, "unread.0", NULL), "c");
	CU_ASSERT_EQUAL(json_array_size(json_object_get(r, "controls")), 5);
	CU_ASSERT_TRUE(jbool(r, "controls.0.ok", false)); /* a hears itself */
	CU_ASSERT_FALSE(jbool(r, "controls.1.ok", true)); /* a does not hear b */
	CU_ASSERT_TRUE(jbool(r, "controls.2.ok", false)); /* b hears a */
	CU_ASSERT_FALSE(jbool(r, "controls.4.ok", true)); /* c does not hear itself */
	CU_ASSERT_TRUE(jbool(cells, "0.foreign", false));
	CU_ASSERT_FALSE(jbool(cells, "1.foreign", true));
	CU_ASSERT_FALSE(jbool(cells, "2.foreign", true));
	CU_ASSERT_TRUE(jbool(cells, "3.foreign", false));
}

/* ---- evidence ---- */

static void test_evidence(void)
{
	_cleanup_json_ json_t *cells = parse(
		"[{\"from\":\"a\",\"to\":\"b\",\"proto\":\"tcp\",\"src\":\"10.0.0.1\",\"dst\":"
		"\"10.0.0.2\",\"port\":80,\"attempts\":[{\"sport\":1000},{\"sport\":1001}]},"
		"{\"from\":\"a\",\"to\":\"b\",\"proto\":\"udp\",\"dst\":\"10.0.0.2\"},"
		"{\"from\":\"a\",\"to\":\"c\",\"proto\":\"icmp\",\"dst\":\"10.0.0.3\"},"
		"{\"from\":\"a\",\"to\":\"b\",\"proto\":\"icmp\",\"dst\":\"10.0.0.2\"}]");
	_cleanup_json_ json_t *sniff = parse(
		"{\"flows\":[{\"src\":\"10.0.0.1\",\"sport\":1001,\"dst\":\"10.0.0.2\",\"dport\":"
		"80,"
		"\"frames\":2,\"badChecksum\":1},{\"src\":\"10.0.0.9\",\"sport\":1001,\"dst\":"
		"\"10.0.0.2\",\"dport\":80,\"frames\":9},{\"cell\":1,\"frames\":3},"
		"{\"cell\":2,\"frames\":4},{\"cell\":77,\"frames\":4}]}");
	_cleanup_json_ json_t *index = evidence_index(cells), *icmp = evidence_icmp_index(cells);

	evidence_received(cells, index, "b", sniff);
	CU_ASSERT_EQUAL(jint(cells, "0.received.frames", -1), 2);
	CU_ASSERT_EQUAL(jint(cells, "0.received.badChecksum", -1), 1);
	CU_ASSERT_EQUAL(jint(cells, "1.received.frames", -1), 3);
	CU_ASSERT_EQUAL(jint(cells, "2.received.frames", -1), -1); /* not b's */
	CU_ASSERT_EQUAL(jint(cells, "3.received.frames", -1), 0);
	evidence_received(cells, index, "c", NULL);
	CU_ASSERT_PTR_NULL(jget(cells, "2.received"));
	CU_ASSERT_PTR_EQUAL(evidence_sibling(icmp, cells, json_array_get(cells, 0)),
			    json_array_get(cells, 3));
	CU_ASSERT_PTR_EQUAL(evidence_sibling(icmp, cells, json_array_get(cells, 2)),
			    json_array_get(cells, 2));
}

static void test_worst(void)
{
	static const struct {
		const char *items, *want;
	} rows[] = {
		{"[]", "error"},
		{"[{}]", "error"},
		{"[{\"verdict\":{\"status\":\"pass\"}},{}]", "pass"},
		{"[{\"verdict\":{\"status\":\"fail\"}},{\"verdict\":{\"status\":\"pass\"}}]",
		 "fail"},
		{"[{\"verdict\":{\"status\":\"fail\"}},{\"verdict\":{\"status\":\"error\"}}]",
		 "error"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *items = parse(rows[i].items);

		TEST_STR(verdict_worst(items), rows[i].want);
	}
}

static void test_soak(void)
{
	static const struct {
		const char *flow, *want;
	} rows[] = {
		{"{\"count\":5,\"counts\":{\"ALLOWED\":5}}", "pass"},
		{"{\"count\":5,\"counts\":{\"ALLOWED\":4,\"TIMEOUT\":1}}", "fail"},
		{"{\"count\":5,\"counts\":{\"ALLOWED\":4}}", "error"},
		{"{\"count\":0,\"counts\":{}}", "error"},
		{"{\"count\":5,\"detail\":\"gone\"}", "error"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *flow = parse(rows[i].flow);
		_cleanup_json_ json_t *v = verdict_soak(flow);

		TEST_ROW(streq(jstr(v, "status", ""), rows[i].want), rows[i].flow, "%s",
			 jstr(v, "reason", ""));
	}
}

TEST_SUITE(verdict, {"allowed", test_allowed}, {"denied", test_denied},
	   {"rejected, isolated", test_rejected_isolated}, {"checksum words", test_checksum_words},
	   {"mtu", test_mtu}, {"isolation", test_isolation_verdict},
	   {"isolate evaluate", test_isolate_evaluate}, {"evidence", test_evidence},
	   {"worst", test_worst}, {"soak", test_soak})
