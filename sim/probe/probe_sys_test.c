/* SPDX-License-Identifier: Apache-2.0 */
/* Engine and agents together on real networks of namespaces. Skipped without root. */
#include "probe/netlab_test.h"

#include <errno.h>

#include "test/test.h"

static void check(const json_t *result, const char *path, const char *want)
{
	const json_t *v = jget(result, path);
	_cleanup_free_ char *got = json_is_string(v) ? xstrdup(json_string_value(v)) : jtext(v);

	if (!TEST_ROW(streq(got, want), path, "got %s, want %s", got, want)) {
		_cleanup_free_ char *all = jtext_pretty(result);

		fprintf(stderr, "%.6000s\n", all);
	}
}

/* Endpoints a and b (10.1.0.1/24, fd01::1/64 …) on a bridge in s. */
static void bridged(struct netlab *lab, const char *const *names, int n, const char *bridge,
		    const char *ns)
{
	netlab_ip(lab, ns, "link add %s type bridge", bridge);
	netlab_ip(lab, ns, "link set dev %s up", bridge);
	for (int i = 0; i < n; i++) {
		netlab_ns(lab, names[i], true);
		netlab_link(lab, names[i], "eth0", ns, names[i]);
		netlab_ip(lab, ns, "link set dev %s master %s", names[i], bridge);
		netlab_ip(lab, names[i], "addr add 10.1.0.%d/24 dev eth0", i + 1);
		netlab_ip(lab, names[i], "addr add fd01::%d/64 dev eth0 nodad", i + 1);
	}
}

#define CELL(to, dst, more) "{\"from\":\"a\",\"to\":\"" to "\",\"dst\":\"" dst "\"," more "}"

static void test_reach(void)
{
	static const char *const names[] = {"a", "b", "c"};
	_cleanup_json_ json_t *r = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 3, "br0", "s");
	if (!netlab_ready(&lab))
		CU_FAIL("agents not ready");
	r = netlab_run(
		&lab, probe_run,
		"{\"timeoutMs\":500,\"cells\":[" CELL("b", "10.1.0.2", "\"proto\":\"icmp\",\"expect\":\"allowed\"") "," CELL(
			"b", "fd01::2",
			"\"proto\":\"icmp\",\"expect\":\"allowed\"") "," CELL("b", "10.1.0.2",
									      "\"proto\":\"tcp\","
									      "\"port\":80,"
									      "\"expect\":"
									      "\"allowed\"") "," CELL("b",
												      "fd01::2",
												      "\"proto\""
												      ":\"udp\","
												      "\"port\":"
												      "53,"
												      "\"expect"
												      "\":"
												      "\"allowed"
												      "\"") "," CELL("b",
														     "10.1.0.2",
														     "\"proto\":\"bulk\",\"bytes\":1000000,\"timeoutMs\":5000,"
														     "\"expect\":\"allowed\"") ","
		/* b is expected, c answers */
		CELL("b", "10.1.0.3",
		     "\"proto\":\"tcp\",\"port\":80,\"expect\":\"allowed\"") "," CELL("c",
										      "10.1.0.3",
										      "\"proto\""
										      ":\"tcp\","
										      "\"port\":"
										      "80,"
										      "\"expect"
										      "\":"
										      "\"allowed"
										      "\"") ","
											    "{\""
											    "fro"
											    "m\""
											    ":\""
											    "a\""
											    ",\""
											    "dst"
											    "\":"
											    "\"1"
											    "0."
											    "1."
											    "0."
											    "2\""
											    ",\""
											    "pro"
											    "to"
											    "\":"
											    "\"t"
											    "cp"
											    "\","
											    "\"p"
											    "ort"
											    "\":"
											    "444"
											    "4,"
											    "\"e"
											    "xpe"
											    "ct"
											    "\":"
											    "\"a"
											    "llo"
											    "wed"
											    "\"}"
											    ","
											    "{\""
											    "fro"
											    "m\""
											    ":\""
											    "a\""
											    ",\""
											    "dst"
											    "\":"
											    "\"1"
											    "0."
											    "1."
											    "0."
											    "77"
											    "\","
											    "\"p"
											    "rot"
											    "o\""
											    ":\""
											    "udp"
											    "\","
											    "\"p"
											    "ort"
											    "\":"
											    "9,"
											    "\"e"
											    "xpe"
											    "ct"
											    "\":"
											    "\"a"
											    "llo"
											    "wed"
											    "\"}"
											    ","
											    "{\""
											    "fro"
											    "m\""
											    ":\""
											    "a\""
											    ",\""
											    "to"
											    "\":"
											    "\"b"
											    "\","
											    "\"d"
											    "st"
											    "\":"
											    "\"1"
											    "0."
											    "1."
											    "0."
											    "2\""
											    ",\""
											    "pro"
											    "to"
											    "\":"
											    "\"t"
											    "cp"
											    "\","
											    "\"p"
											    "ort"
											    "\":"
											    "81,"
											    "\"e"
											    "xpe"
											    "ct"
											    "\":"
											    "\"d"
											    "eni"
											    "ed"
											    "\","
											    "\"b"
											    "efo"
											    "re"
											    "\":"
											    "\"A"
											    "LLO"
											    "WED"
											    "\"}"
											    ","
											    "{\""
											    "fro"
											    "m\""
											    ":\""
											    "nob"
											    "ody"
											    "\","
											    "\"t"
											    "o\""
											    ":\""
											    "b\""
											    ",\""
											    "dst"
											    "\":"
											    "\"1"
											    "0."
											    "1."
											    "0."
											    "2\""
											    ",\""
											    "pro"
											    "to"
											    "\":"
											    "\"i"
											    "cmp"
											    "\","
											    "\"e"
											    "xpe"
											    "ct"
											    "\":"
											    "\"d"
											    "eni"
											    "ed"
											    "\"}"
											    ","
											    "{\""
											    "fro"
											    "m\""
											    ":\""
											    "a\""
											    ",\""
											    "to"
											    "\":"
											    "\"b"
											    "\","
											    "\"d"
											    "st"
											    "\":"
											    "\"9"
											    "9."
											    "1."
											    "2."
											    "3\""
											    ",\""
											    "pro"
											    "to"
											    "\":"
											    "\"i"
											    "cmp"
											    "\"}"
											    "]"
											    "}");
	for (int i = 0; i < 5; i++) {
		_cleanup_free_ char *path = xasprintf("cells.%d.verdict.status", i);
		_cleanup_free_ char *seen = xasprintf("cells.%d.received.badChecksum", i);
		_cleanup_free_ char *self = xasprintf("cells.%d.selfCheck", i);

		check(r, path, "pass");
		check(r, seen, "0");
		check(r, self, "ALLOWED");
	}
	CU_ASSERT_TRUE(jint(r, "cells.0.received.frames", 0) >= 1);
	CU_ASSERT_TRUE(jint(r, "cells.2.received.frames", 0) >= 1);
	check(r, "cells.4.bulk.digestOk", "true");
	check(r, "cells.2.neigh.state", "reachable");
	check(r, "cells.2.peer", "b");
	check(r, "cells.5.outcome", "WRONG_PEER");
	check(r, "cells.5.verdict.layer", "address");
	check(r, "cells.6.verdict.status", "pass");
	check(r, "cells.7.outcome", "REFUSED");
	check(r, "cells.7.verdict.status", "fail");
	check(r, "cells.8.verdict.layer", "neighbour");
	check(r, "cells.9.verdict.status", "fail"); /* open although denied */
	check(r, "cells.10.outcome", "INFRA");
	check(r, "cells.10.verdict.status", "error");
	check(r, "cells.11.outcome", "LOCAL_ERROR");
	check(r, "status", "error");
	check(r, "counts", "{\"error\":1,\"fail\":4,\"pass\":6}");
	netlab_free(&lab);
}

/* a – r – b: a router in between can drop, reject, and say how much fits. */
static void routed(struct netlab *lab)
{
	netlab_ns(lab, "a", true);
	netlab_ns(lab, "b", true);
	netlab_ns(lab, "r", false);
	netlab_link(lab, "a", "eth0", "r", "ra");
	netlab_link(lab, "b", "eth0", "r", "rb");
	netlab_ip(lab, "a", "addr add 10.2.0.1/24 dev eth0");
	netlab_ip(lab, "r", "addr add 10.2.0.254/24 dev ra");
	netlab_ip(lab, "r", "addr add 10.3.0.254/24 dev rb");
	for (int i = 2; i <= 4; i++)
		netlab_ip(lab, "b", "addr add 10.3.0.%d/24 dev eth0", i);
	netlab_ip(lab, "a", "route add default via 10.2.0.254");
	netlab_ip(lab, "b", "route add default via 10.3.0.254");
	netlab_router(lab, "r");
}

#define DENY "\"proto\":\"tcp\",\"port\":80,\"control\":\"ALLOWED\",\"expect\":"

static void test_denied(void)
{
	_cleanup_json_ json_t *r = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	routed(&lab);
	netlab_ip(&lab, "r", "route add blackhole 10.3.0.3/32");
	netlab_ip(&lab, "r", "route add prohibit 10.3.0.4/32");
	if (!netlab_ready(&lab))
		CU_FAIL("agents not ready");
	r = netlab_run(
		&lab, probe_run,
		"{\"timeoutMs\":400,\"cells\":[" CELL("b", "10.3.0.2", "\"proto\":\"tcp\",\"port\":80,\"expect\":\"allowed\"") "," CELL("b", "10.3.0.3", DENY "\"denied\"") "," CELL(
			"b", "10.3.0.4",
			DENY
			"\"rejected\"") "," CELL("b", "10.3.0.3",
						 DENY
						 "\"rejected\"") "," CELL("b", "10.3.0.4",
									  DENY
									  "\"denied\"") "," CELL("b",
												 "1"
												 "0"
												 "."
												 "3"
												 "."
												 "0"
												 "."
												 "3",
												 "\"proto\":\"tcp\","
												 "\"port\":80,\"expect\":"
												 "\"denied\"") "," CELL("b",
															"10."
															"3."
															"0."
															"3",
															DENY
															"\"a"
															"llo"
															"wed"
															"\"") "," CELL("b",
																       "10.3.0.3",
																       DENY
																       "\"isolated\"") "]}");
	check(r, "cells.0.verdict.status", "pass");
	check(r, "cells.1.outcome", "TIMEOUT");
	check(r, "cells.1.verdict.status", "pass");
	check(r, "cells.1.sent", "3");
	check(r, "cells.2.outcome", "UNREACH");
	check(r, "cells.2.verdict.status", "pass");
	check(r, "cells.3.verdict.status", "fail");
	check(r, "cells.4.verdict.status", "fail");
	check(r, "cells.5.verdict.status", "error"); /* no positive control */
	check(r, "cells.6.verdict.layer", "path");
	check(r, "cells.7.verdict.status", "fail"); /* the neighbour (the router) resolves */
	netlab_free(&lab);
}

/* ---- MTU ---- */

#define MTU_PAIR \
	"\"from\":\"a\",\"to\":\"b\",\"fromIf\":\"eth0\",\"toIf\":\"eth0\",\"timeoutMs\":400,"

static long long eth0_mtu(const json_t *ifaces)
{
	size_t i;
	json_t *iface;

	json_array_foreach(jget(ifaces, "interfaces"), i, iface)
		if (streq(jstr(iface, "name", ""), "eth0"))
			return jint(iface, "mtu", 0);
	return 0;
}

/*
 * A hop with a small MTU on the way says nothing. The far end of the sender's veth is that hop: a veth
 * lets 4 bytes more through than its MTU.
 */
static void test_black_hole(void)
{
	static const char *const names[] = {"a", "b"};
	_cleanup_json_ json_t *r = NULL, *w = NULL, *ifaces = NULL, *v6 = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 2, "br0", "s");
	netlab_ip(&lab, "s", "link set dev a mtu 1396");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	r = netlab_run(&lab, mtu_run,
		       "{" MTU_PAIR
		       "\"fromAddr\":\"10.1.0.1\",\"toAddr\":\"10.1.0.2\",\"both\":false,"
		       "\"planned\":1400,\"expect\":{\"path\":1400,\"beyond\":1400,\"class\":"
		       "\"BLACKHOLE\"}}");
	check(r, "forward.path", "1400");
	check(r, "forward.class", "BLACKHOLE");
	check(r, "forward.verdict.status", "pass");
	check(r, "forward.beyond.largest", "1400");
	w = netlab_run(&lab, mtu_run,
		       "{" MTU_PAIR
		       "\"fromAddr\":\"10.1.0.1\",\"toAddr\":\"10.1.0.2\",\"both\":false,"
		       "\"advertised\":1500,\"raise\":false,\"planned\":1400}");
	check(w, "forward.verdict.status", "fail");
	check(w, "forward.verdict.reason",
	      "black hole above 1400 (interface MTU 1500, the network carries 1400), advertised "
	      "are 1500: the interface MTU is larger than the network can carry");
	v6 = netlab_run(&lab, mtu_run,
			"{" MTU_PAIR
			"\"fromAddr\":\"fd01::1\",\"toAddr\":\"fd01::2\",\"both\":false,"
			"\"expect\":{\"path\":1400}}");
	check(v6, "forward.path", "1400");
	check(v6, "status", "pass");
	ifaces = netlab_call(&lab, "a", "ifaces", "{}");
	CU_ASSERT_EQUAL(eth0_mtu(ifaces), 1500); /* was raised, and put back */
	netlab_free(&lab);
}

/* The sender's own MTU limits; probes that really leave find what lies beyond. */
static void test_beyond(void)
{
	static const char *const names[] = {"a", "b"};
	_cleanup_json_ json_t *r = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 2, "br0", "s");
	netlab_ip(&lab, "a", "link set eth0 mtu 1300");
	netlab_ip(&lab, "b", "link set eth0 mtu 1300");
	netlab_ip(&lab, "s", "link set dev b mtu 1396");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	r = netlab_run(&lab, mtu_run,
		       "{" MTU_PAIR "\"fromAddr\":\"10.1.0.1\",\"toAddr\":\"10.1.0.2\","
		       "\"advertised\":1300,\"expect\":{\"path\":1300,\"beyond\":1300}}");
	check(r, "forward.path", "1300");
	check(r, "forward.class", "LOCAL_EMSGSIZE");
	check(r, "forward.beyond.largest", "1304"); /* b's own interface */
	check(r, "forward.beyond.class", "BLACKHOLE");
	check(r, "forward.beyond.how", "raise");
	check(r, "status", "pass");
	netlab_free(&lab);
}

static void test_too_big(void)
{
	_cleanup_json_ json_t *r = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	routed(&lab);
	netlab_ip(&lab, "r", "link set dev rb mtu 1400");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	r = netlab_run(&lab, mtu_run,
		       "{" MTU_PAIR
		       "\"fromAddr\":\"10.2.0.1\",\"toAddr\":\"10.3.0.2\",\"both\":false,"
		       "\"raise\":false,\"expect\":{\"path\":1400,\"class\":\"PTB\"}}");
	check(r, "forward.path", "1400");
	check(r, "forward.class", "PTB");
	check(r, "forward.ptbMtu", "1400");
	check(r, "status", "pass");
	netlab_free(&lab);
}

/* An interface that cannot be raised: the same answer by segmentation. */
static void test_force(void)
{
	static const char *const names[] = {"a", "b"};
	_cleanup_json_ json_t *s = NULL, *f = NULL, *n = NULL, *b = NULL;
	_cleanup_free_ char *params = NULL;
	json_int_t longest = 0;
	struct netlab lab;
	size_t i;
	json_t *flow;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 2, "br0", "s");
	netlab_ip(&lab, "s", "link set dev b mtu 1700");
	netlab_ip(&lab, "s", "link set dev a mtu 1596");
	netlab_ip(&lab, "b", "link set eth0 mtu 1700");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	json_decref(netlab_call(&lab, "a", "offload", "{\"name\":\"eth0\",\"txChecksum\":false}"));
	b = netlab_call(&lab, "b", "ifaces", "{}");
	for (i = 0; i < json_array_size(jget(b, "interfaces")); i++) {
		const json_t *iface = json_array_get(jget(b, "interfaces"), i);

		if (streq(jstr(iface, "name", ""), "eth0"))
			params =
				xasprintf("{\"nonce\":\"00000000000000aa\",\"id\":0,\"dst\":"
					  "\"10.1.0.2\",\"src\":\"10.1.0.1\",\"ifname\":\"eth0\","
					  "\"dstMac\":\"%s\",\"sizes\":[1500,1599,1600,1601,1604]}",
					  jstr(iface, "mac", ""));
	}
	s = netlab_call(&lab, "b", "sniff-start", "{\"id\":\"x\",\"nonce\":\"00000000000000aa\"}");
	f = netlab_call(&lab, "a", "mtu-force", params ? params : "{}");
	check(f, "sent", "15");
	n = netlab_call(&lab, "b", "sniff-stop", "{\"id\":\"x\"}");
	json_array_foreach(jget(n, "flows"), i, flow)
		longest = MAX(longest, jint(flow, "maxLength", 0));
	CU_ASSERT_EQUAL(longest, 1600);
	netlab_free(&lab);
}

/* The engine does so by itself where raising is refused: a macvlan may not exceed its parent. */
static void test_force_fallback(void)
{
	static const char *const names[] = {"a", "b"};
	_cleanup_json_ json_t *r = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 2, "br0", "s");
	netlab_ip(&lab, "a", "addr flush dev eth0");
	netlab_ip(&lab, "a", "link set dev eth0 mtu 1300");
	netlab_ip(&lab, "s", "link set dev a mtu 1396");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	json_decref(netlab_call(&lab, "a", "offload", "{\"name\":\"eth0\",\"txChecksum\":false}"));
	if (netlab_ip(&lab, "a", "link add link eth0 name m0 type macvlan mode bridge")) {
		netlab_ip(&lab, "a", "addr add 10.1.0.1/24 dev m0");
		netlab_ip(&lab, "a", "link set dev m0 up");
		r = netlab_run(&lab, mtu_run,
			       "{\"from\":\"a\",\"to\":\"b\",\"fromIf\":\"m0\",\"toIf\":\"eth0\","
			       "\"timeoutMs\":400,\"fromAddr\":\"10.1.0.1\",\"toAddr\":"
			       "\"10.1.0.2\",\"both\":false,\"planned\":1400,"
			       "\"expect\":{\"path\":1300,\"beyond\":1400}}");
		check(r, "forward.beyond.how", "gso");
		check(r, "forward.beyond.largest", "1400");
		check(r, "status", "pass");
	} else {
		test_skip("no macvlan (CONFIG_MACVLAN)");
	}
	netlab_free(&lab);
}

/* ---- the trap of §0.3 of the measuring rules: ping passes, TCP and UDP die ---- */

static json_t *probe_all(struct netlab *lab)
{
	return netlab_run(
		lab, probe_run,
		"{\"timeoutMs\":400,\"cells\":[" CELL("b", "10.1.0.2", "\"proto\":\"icmp\",\"expect\":\"allowed\"") "," CELL(
			"b", "10.1.0.2",
			"\"proto\":\"tcp\",\"port\":80,\"expect\":\"allowed\"") "," CELL("b",
											 "10.1.0.2",
											 "\"proto\""
											 ":\"udp\","
											 "\"port\":"
											 "80,"
											 "\"expect"
											 "\":"
											 "\"allowed"
											 "\"") "," CELL("b",
													"10.1.0.2",
													"\"proto\":\"tcp\",\"port\":80,\"expect\":\"denied\","
													"\"before\":\"ALLOWED\"") "]}");
}

static void test_checksum_trap(void)
{
	static const char *const off = "{\"name\":\"eth0\",\"txChecksum\":false}";
	_cleanup_json_ json_t *r = NULL, *good = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "a", true);
	netlab_ns(&lab, "b", true);
	netlab_ns(&lab, "f", false);
	netlab_link(&lab, "a", "eth0", "f", "fa");
	netlab_link(&lab, "b", "eth0", "f", "fb");
	netlab_ip(&lab, "a", "addr add 10.1.0.1/24 dev eth0");
	netlab_ip(&lab, "b", "addr add 10.1.0.2/24 dev eth0");
	netlab_forward(&lab, "f", "fa", "fb");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	json_decref(netlab_call(&lab, "b", "offload", off));
	r = probe_all(&lab);
	check(r, "cells.0.verdict.status", "pass");
	check(r, "cells.1.verdict.layer", "l4-checksum");
	check(r, "cells.2.verdict.layer", "l4-checksum");
	check(r, "cells.3.verdict.layer", "l4-checksum");
	check(r, "counts", "{\"error\":0,\"fail\":3,\"pass\":1}");
	json_decref(netlab_call(&lab, "a", "offload", off));
	good = probe_all(&lab);
	check(good, "counts", "{\"error\":0,\"fail\":1,\"pass\":3}");
	netlab_free(&lab);
}

/* ---- isolation ---- */

static const char isolate_request[] =
	"{\"networks\":[{\"name\":\"red\",\"members\":["
	"{\"endpoint\":\"a\",\"ifname\":\"eth0\",\"addresses\":[\"10.1.0.1\",\"fd01::1\"]},"
	"{\"endpoint\":\"b\",\"ifname\":\"eth0\",\"addresses\":[\"10.1.0.2\",\"fd01::2\"]}]},"
	"{\"name\":\"blue\",\"members\":["
	"{\"endpoint\":\"c\",\"ifname\":\"eth0\",\"addresses\":[\"10.1.0.1\",\"fd01::1\"]},"
	"{\"endpoint\":\"d\",\"ifname\":\"eth0\",\"addresses\":[\"10.1.0.2\",\"fd01::2\"]},"
	"{\"endpoint\":\"e\",\"ifname\":\"eth0\",\"addresses\":[\"10.1.0.3\",\"fd01::3\"]}]}]}";

/* Two networks with the same addresses; then a cable between them; then a dead agent. */
static void test_isolation(void)
{
	static const char *const red[] = {"a", "b"}, *const blue[] = {"c", "d", "e"};
	_cleanup_json_ json_t *apart = NULL, *joined = NULL, *dead = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, red, 2, "red", "s");
	bridged(&lab, blue, 3, "blue", "s");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	apart = netlab_run(&lab, isolate_run, isolate_request);
	check(apart, "verdict.status", "pass");
	check(apart, "leaks", "[]");
	CU_ASSERT_EQUAL(json_array_size(jget(apart, "controls")), 4 + 9);
	netlab_ip(&lab, "s", "link add x type veth peer name y");
	netlab_ip(&lab, "s", "link set dev x master red up");
	netlab_ip(&lab, "s", "link set dev y master blue up");
	joined = netlab_run(&lab, isolate_run, isolate_request);
	check(joined, "verdict.status", "fail");
	check(joined, "verdict.layer", "isolation");
	CU_ASSERT_TRUE(json_array_size(jget(joined, "leaks")) > 5);
	netlab_ip(&lab, "s", "link set dev x down");
	netlab_kill(&lab, "d");
	dead = netlab_run(&lab, isolate_run, isolate_request);
	check(dead, "verdict.status", "error");
	check(dead, "verdict.layer", "agent");
	netlab_free(&lab);
}

/* A cell between isolated endpoints: nothing resolves, nothing arrives. */
static void test_isolated_cell(void)
{
	static const char *const red[] = {"a"}, *const blue[] = {"x", "b"};
	_cleanup_json_ json_t *r = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, red, 1, "red", "s");
	bridged(&lab, blue, 2, "blue", "s");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	r = netlab_run(
		&lab, probe_run,
		"{\"timeoutMs\":500,\"cells\":[" CELL("b", "10.1.0.2", "\"proto\":\"icmp\",\"expect\":\"isolated\"") "," CELL(
			"b", "fd01::2",
			"\"proto\":\"tcp\",\"port\":80,\"expect\":\"isolated\"") "," CELL("b",
											  "10.1.0."
											  "2",
											  "\"proto"
											  "\":"
											  "\"udp\","
											  "\"port\""
											  ":80,"
											  "\"expect"
											  "\":"
											  "\"denied"
											  "\","
											  "\"before"
											  "\":"
											  "\"ALLOWE"
											  "D\"") "]"
												 "}");
	check(r, "cells.0.verdict.status", "pass");
	check(r, "cells.1.verdict.status", "pass");
	check(r, "cells.2.verdict.status", "error"); /* below IP: no policy */
	check(r, "cells.2.verdict.layer", "neighbour");
	netlab_free(&lab);
}

/* ---- load, death ---- */

static void test_soak(void)
{
	static const char *const names[] = {"a", "b"};
	_cleanup_json_ json_t *r = NULL, *bad = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 2, "br0", "s");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	r = netlab_run(
		&lab, soak_run,
		"{\"flows\":[" CELL(
			"b", "10.1.0.2",
			"\"proto\":\"tcp\",\"port\":80,\"count\":2000") "," CELL("b", "fd01::2",
										 "\"proto\":"
										 "\"udp\",\"port\":"
										 "80,\"count\":"
										 "2000") "]}");
	check(r, "status", "pass");
	check(r, "flows.0.counts", "{\"ALLOWED\":2000}");
	check(r, "flows.1.counts", "{\"ALLOWED\":2000}");
	bad = netlab_run(&lab, soak_run,
			 "{\"flows\":[" CELL("b", "10.1.0.9",
					     "\"proto\":\"tcp\",\"port\":80,\"count\":10,"
					     "\"timeoutMs\":100") "]}");
	check(bad, "status", "fail");
	netlab_free(&lab);
}

static int kill_b(sd_event_source *s UNUSED, uint64_t usec UNUSED, void *arg)
{
	netlab_kill(arg, "b");
	return 0;
}

/* An agent that dies in the middle makes errors, never verdicts; a new one is found again. */
static void test_death(void)
{
	static const char *const names[] = {"a", "b"};
	_cleanup_json_ json_t *r = NULL, *again = NULL;
	sd_event_source *timer = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 2, "br0", "s");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	loop_after(lab.ev, 300 * USEC_PER_MSEC, kill_b, &lab, &timer);
	r = netlab_run(&lab, probe_run,
		       "{\"timeoutMs\":500,\"cells\":[" CELL(
			       "b", "10.1.0.77",
			       "\"proto\":\"tcp\",\"port\":80,\"expect\":\"denied\","
			       "\"control\":\"ALLOWED\"") "," CELL("b", "10.1.0.2",
								   "\"proto\":\"tcp\",\"port\":80,"
								   "\"expect\":\"allowed\"") "]}");
	sd_event_source_unref(timer);
	check(r, "cells.0.outcome", "INFRA");
	check(r, "cells.1.outcome", "INFRA");
	check(r, "counts", "{\"error\":2,\"fail\":0,\"pass\":0}");
	CU_ASSERT_FALSE(hub_ready(lab.hub, "b"));
	netlab_revive(&lab, "b");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	again = netlab_run(&lab, probe_run,
			   "{\"cells\":[" CELL("b", "10.1.0.2",
					       "\"proto\":\"tcp\",\"port\":80,"
					       "\"expect\":\"allowed\"") "]}");
	check(again, "status", "pass");
	netlab_free(&lab);
}

static void on_short_call(void *arg, const json_t *result, const struct err *e)
{
	CU_ASSERT_PTR_NULL(result);
	CU_ASSERT_EQUAL(e->code, ETIMEDOUT);
	*(bool *)arg = true;
}

/* An asker that goes away in the middle of a search leaves no raised MTU behind. */
static void test_restore(void)
{
	static const char *const names[] = {"a"};
	_cleanup_json_ json_t *before = NULL, *during = NULL, *after = NULL;
	bool done = false;
	_cleanup_free_ char *path = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 1, "br0", "s");
	CU_ASSERT_TRUE(netlab_ready(&lab));
	path = xasprintf("%s/a", lab.dir);
	hub_add(lab.hub, "other", path);
	before = netlab_call(&lab, "a", "ifaces", "{}");
	CU_ASSERT_EQUAL(eth0_mtu(before), 1500);
	while (!hub_ready(lab.hub, "other"))
		sd_event_run(lab.ev, USEC_PER_SEC);
	/* Longer than this deadline: the hub drops the connection, and the agent the search. */
	hub_call(lab.hub, "other", "mtu",
		 json_pack("{s:s, s:s, s:i, s:s, s:i, s:b, s:i}", "nonce", "00000000000000aa",
			   "dst", "10.1.0.9", "port", 9, "ifname", "eth0", "max", 2000, "raise", 1,
			   "timeoutMs", 5000),
		 300 * USEC_PER_MSEC, on_short_call, &done);
	during = netlab_call(&lab, "a", "ifaces", "{}");
	CU_ASSERT_EQUAL(eth0_mtu(during), 2000);
	while (!done)
		sd_event_run(lab.ev, USEC_PER_SEC);
	/* The agent hears of the lost connection in its own time. */
	for (int i = 0; i < 1000 && eth0_mtu(after) != 1500; i++) {
		json_decref(after);
		after = netlab_call(&lab, "a", "ifaces", "{}");
	}
	CU_ASSERT_EQUAL(eth0_mtu(after), 1500);
	netlab_free(&lab);
}

/* Contents that nobody checks: all bytes come all the same. */
static void test_plain_bulk(void)
{
	static const char *const names[] = {"a", "b"};
	_cleanup_json_ json_t *r = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	netlab_ns(&lab, "s", false);
	bridged(&lab, names, 2, "br0", "s");
	if (!netlab_ready(&lab))
		CU_FAIL("agents not ready");
	r = netlab_run(&lab, probe_run,
		       "{\"cells\":[{\"from\":\"a\",\"to\":\"b\",\"dst\":\"10.1.0.2\","
		       "\"proto\":\"bulk\",\"bytes\":8000000,\"plain\":true,"
		       "\"timeoutMs\":5000,\"expect\":\"allowed\"}]}");
	TEST_STR(jstr(r, "status", ""), "pass");
	CU_ASSERT_EQUAL(jint(r, "cells.0.bulk.bytes", 0), 8000000);
	TEST_STR(jstr(r, "cells.0.bulk.sentDigest", ""), /* SHA-256 of nothing */
		 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	TEST_STR(jstr(r, "cells.0.bulk.receivedDigest", ""),
		 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	netlab_free(&lab);
}

TEST_SUITE(probe_sys, {"reach", test_reach}, {"plain bulk", test_plain_bulk},
	   {"denied", test_denied}, {"black hole", test_black_hole}, {"beyond", test_beyond},
	   {"too big", test_too_big}, {"force", test_force},
	   {"force fallback", test_force_fallback}, {"checksum trap", test_checksum_trap},
	   {"isolation", test_isolation}, {"isolated cell", test_isolated_cell},
	   {"soak", test_soak}, {"death", test_death}, {"restore", test_restore})
