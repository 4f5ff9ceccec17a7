/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's pure parts: digests, checksums, headers, frames, framing, cells, classification. */
#include "probe/guest/pure.h"

#include "test/test.h"

static const uint8_t mac_a[6] = {2, 0, 0, 0, 0, 1}, mac_b[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t ip_a[4] = {10, 0, 0, 1}, ip_b[4] = {10, 0, 0, 2};

/* ---- digests and checksums ---- */

static void digest_hex(const char *data, size_t repeat, char out[static 65])
{
	struct sha256 s;
	uint8_t d[SHA256_LEN];

	sha256_init(&s);
	for (size_t i = 0; i < repeat; i++)
		sha256_add(&s, data, strlen(data));
	sha256_final(&s, d);
	for (int i = 0; i < SHA256_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", d[i]);
}

/* FIPS 180-4 examples. */
static void test_sha256(void)
{
	char hex[65];

	digest_hex("", 1, hex);
	TEST_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_hex("abc", 1, hex);
	TEST_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, hex);
	TEST_STR(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	digest_hex("aaaaaaaaaa", 100000, hex);
	TEST_STR(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 1071 §3: 00 01 f2 03 f4 f5 f6 f7 sum to ddf2. */
static void test_checksum(void)
{
	static const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
	_cleanup_free_ uint8_t *big = xmalloc(200000);

	CU_ASSERT_EQUAL(csum_fold(csum_add(0, data, 8)), (uint16_t)~0xddf2);
	CU_ASSERT_EQUAL(csum_fold(csum_add(0, data, 7)), (uint16_t) ~(0xddf2 - 0xf7));
	memset(big, 0xff, 200000); /* does not overflow */
	CU_ASSERT_EQUAL(csum_fold(csum_add(0, big, 200000)), 0);
}

static void test_stream(void)
{
	struct bulk_stream a, b;
	uint8_t one[1000], parts[1000], other[1000];

	bulk_stream_init(&a, 42, 7, false);
	bulk_stream_fill(&a, one, sizeof(one));
	bulk_stream_init(&b, 42, 7, false);
	for (size_t at = 0, n = 1; at < sizeof(parts); at += n, n = MIN(n + 3, 1000 - at))
		bulk_stream_fill(&b, parts + at, n);
	CU_ASSERT_EQUAL(memcmp(one, parts, sizeof(one)), 0);
	bulk_stream_init(&b, 42, 7, true);
	bulk_stream_fill(&b, other, sizeof(other));
	CU_ASSERT_NOT_EQUAL(memcmp(one, other, sizeof(one)), 0);
}

/* ---- headers and frames ---- */

static void test_header(void)
{
	struct phdr h = {0x1122334455667788ULL, 70000, 64, 3, PROBE_KIND_REPLY, 5, 0xcafe}, g;
	uint8_t p[100] = {0};

	phdr_put(&h, p + 10);
	CU_ASSERT_TRUE(phdr_get(p + 10, PROBE_HDR_LEN, &g));
	CU_ASSERT_EQUAL(memcmp(&h, &g, sizeof(h)), 0);
	CU_ASSERT_FALSE(phdr_get(p + 10, PROBE_HDR_LEN - 1, &g));
	CU_ASSERT_PTR_EQUAL(phdr_find(p, sizeof(p), h.nonce, &g), p + 10);
	CU_ASSERT_PTR_NULL(phdr_find(p, sizeof(p), h.nonce + 1, &g));
	h.length = PROBE_HDR_LEN + 4; /* shorter than its identity */
	phdr_put(&h, p + 10);
	CU_ASSERT_FALSE(phdr_get(p + 10, PROBE_HDR_LEN, &g));
}

static void test_texts(void)
{
	static const char *const bad_nonces[] = {"", "0000000000000000", "123456789abcdef",
						 "123456789abcdef01", "123456789abcdefg"};
	static const char *const bad_macs[] = {"", "02:00:00:00:00", "02-00-00-00-00-01",
					       "02:00:00:00:00:0g", "02:00:00:00:00:011"};
	uint64_t n;
	uint8_t mac[6];
	char text[MAC_TEXT];

	CU_ASSERT_TRUE(phdr_nonce_parse("00000000000000ff", &n) && n == 255);
	for (size_t i = 0; i < ARRAY_SIZE(bad_nonces); i++)
		TEST_ROW(!phdr_nonce_parse(bad_nonces[i], &n), bad_nonces[i], "accepted");
	CU_ASSERT_TRUE(phdr_mac_parse("02:00:00:AB:cd:01", mac));
	phdr_mac_text(mac, text);
	TEST_STR(text, "02:00:00:ab:cd:01");
	for (size_t i = 0; i < ARRAY_SIZE(bad_macs); i++)
		TEST_ROW(!phdr_mac_parse(bad_macs[i], mac), bad_macs[i], "accepted");
}

/* An IPv4 UDP packet with the checksum as given by RFC 768, computed by hand here. */
static void udp_frame(struct buf *b, bool damage)
{
	static const uint8_t udp[12] = {0x30, 0x39, 0, 80, 0, 12, 0, 0, 'd', 'a', 't', 'a'};
	uint8_t *p;

	pkt_eth(b, mac_b, mac_a, 5, 0x0800);
	pkt_ip(b, 4, ip_a, ip_b, IPPROTO_UDP, sizeof(udp));
	buf_add(b, udp, sizeof(udp));
	p = (uint8_t *)b->data + b->len - sizeof(udp);
	put16(p + 6, csum_fold(csum_add(csum_pseudo(ip_a, ip_b, 4, IPPROTO_UDP, 12), p, 12)));
	if (damage)
		p[9] ^= 1;
}

static void test_dissect_udp(void)
{
	_cleanup_buf_ struct buf good = BUF_INIT, bad = BUF_INIT;
	struct dissect d;

	udp_frame(&good, false);
	CU_ASSERT_TRUE(dissect_frame((uint8_t *)good.data, good.len, &d));
	TEST_STR(dissect_proto(&d), "udp");
	CU_ASSERT_EQUAL(d.n_vlans, 1);
	CU_ASSERT_EQUAL(d.vlans[0], 5);
	CU_ASSERT_EQUAL(d.sport, 12345);
	CU_ASSERT_EQUAL(d.dport, 80);
	CU_ASSERT_EQUAL(d.ip_len, 32);
	CU_ASSERT_EQUAL(d.csum, CSUM_GOOD);
	udp_frame(&bad, true);
	dissect_frame((uint8_t *)bad.data, bad.len, &d);
	CU_ASSERT_EQUAL(d.csum, CSUM_BAD);
	dissect_frame((uint8_t *)bad.data, bad.len - 1, &d); /* cut: nothing is known */
	CU_ASSERT_EQUAL(d.csum, CSUM_UNKNOWN);
	put16((uint8_t *)bad.data + bad.len - 6, 0); /* no checksum sent */
	dissect_frame((uint8_t *)bad.data, bad.len, &d);
	CU_ASSERT_EQUAL(d.csum, CSUM_UNKNOWN);
	CU_ASSERT_FALSE(dissect_frame((uint8_t *)good.data, 13, &d));
}

/* Captured from a Linux sender: SYN of 10.0.0.1:40000 to 10.0.0.2:80 with MSS 1460, SACK, wscale. */
static void test_dissect_syn(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	uint8_t tcp[20] = {0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff};
	struct dissect d;

	put16(tcp + 16, csum_fold(csum_add(csum_pseudo(ip_a, ip_b, 4, IPPROTO_TCP, 20), tcp, 20)));
	pkt_eth(&b, mac_b, mac_a, -1, 0x0800);
	pkt_ip(&b, 4, ip_a, ip_b, IPPROTO_TCP, 20);
	buf_add(&b, tcp, 20);
	dissect_frame((uint8_t *)b.data, b.len, &d);
	CU_ASSERT_TRUE(d.syn);
	CU_ASSERT_EQUAL(d.csum, CSUM_GOOD);
	b.data[b.len - 7] = 0x12; /* SYN-ACK */
	dissect_frame((uint8_t *)b.data, b.len, &d);
	CU_ASSERT_FALSE(d.syn);
	CU_ASSERT_EQUAL(d.csum, CSUM_BAD);
}

/* A fragment's checksum covers more than the fragment. */
static void test_dissect_fragment(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct dissect d;

	udp_frame(&b, true);
	put16((uint8_t *)b.data + 18 + 6, 0x2000); /* more fragments */
	dissect_frame((uint8_t *)b.data, b.len, &d);
	CU_ASSERT_TRUE(d.fragment);
	CU_ASSERT_EQUAL(d.csum, CSUM_UNKNOWN);
	put16((uint8_t *)b.data + 18 + 6, 0x0010); /* a later one */
	dissect_frame((uint8_t *)b.data, b.len, &d);
	CU_ASSERT_TRUE(d.fragment);
	CU_ASSERT_EQUAL(d.dport, 0);
}

/* RFC 791 §3.1's header layout; checksum example of a DF packet. */
static void test_ip4_header(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	const uint8_t *p;

	pkt_ip(&b, 4, ip_a, ip_b, IPPROTO_UDP, 8);
	p = (uint8_t *)b.data;
	CU_ASSERT_EQUAL(b.len, 20);
	CU_ASSERT_EQUAL(get16(p), 0x4500);
	CU_ASSERT_EQUAL(get16(p + 2), 28);
	CU_ASSERT_EQUAL(get16(p + 6), 0x4000);
	CU_ASSERT_EQUAL(csum_fold(csum_add(0, p, 20)), 0);
}

/* Whoever completes a partial checksum must get a right one. */
static void test_tcp_partial(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	struct phdr h = {.nonce = 9, .length = 50, .kind = PROBE_KIND_L2};
	struct dissect d;
	uint8_t *tcp;

	pkt_eth(&b, mac_b, mac_a, -1, 0x0800);
	pkt_ip(&b, 4, ip_a, ip_b, IPPROTO_TCP, 20 + 50);
	pkt_tcp_partial(&b, 4, ip_a, ip_b, 7009, 9, 1, 0x10, 50);
	pkt_payload(&b, &h);
	tcp = (uint8_t *)b.data + 34;
	put16(tcp + 16, csum_fold(csum_add(0, tcp, 70)));
	dissect_frame((uint8_t *)b.data, b.len, &d);
	CU_ASSERT_EQUAL(d.csum, CSUM_GOOD);
}

/* ---- ARP and neighbour discovery ---- */

static void test_arp(void)
{
	_cleanup_buf_ struct buf q = BUF_INIT, r = BUF_INIT;
	struct addr target = {0};
	struct dissect d;
	uint8_t mac[6];

	addr_from(&target, AF_INET, ip_b);
	pkt_eth(&q, pkt_broadcast, mac_a, -1, 0x0806);
	pkt_arp(&q, 1, mac_a, ip_a, mac_b, ip_b);
	CU_ASSERT_EQUAL(q.len, 42);
	CU_ASSERT_FALSE(resolve_match((uint8_t *)q.data, q.len, &target, mac));
	dissect_frame((uint8_t *)q.data, q.len, &d);
	TEST_STR(dissect_proto(&d), "arp");
	CU_ASSERT_EQUAL(memcmp(d.src, ip_a, 4), 0);
	pkt_eth(&r, mac_a, mac_b, -1, 0x0806);
	pkt_arp(&r, 2, mac_b, ip_b, mac_a, ip_a);
	CU_ASSERT_TRUE(resolve_match((uint8_t *)r.data, r.len, &target, mac));
	CU_ASSERT_EQUAL(memcmp(mac, mac_b, 6), 0);
	target.b[3] = 9;
	CU_ASSERT_FALSE(resolve_match((uint8_t *)r.data, r.len, &target, mac));
}

static void test_nd(void)
{
	_cleanup_buf_ struct buf ns = BUF_INIT, na = BUF_INIT, dad = BUF_INIT;
	static const uint8_t zero[16];
	struct addr a = {0}, b = {0};
	struct dissect d;
	uint8_t group[16], gmac[6], mac[6];

	addr_parse("fe80::1", &a);
	addr_parse("2001:db8::12:3456", &b);
	pkt_solicited_node(b.b, group);
	pkt_group_mac(group, gmac);
	CU_ASSERT_EQUAL(memcmp(gmac, "\x33\x33\xff\x12\x34\x56", 6), 0); /* RFC 2464 §7 */
	pkt_eth(&ns, gmac, mac_a, -1, 0x86dd);
	pkt_ns(&ns, mac_a, a.b, b.b);
	dissect_frame((uint8_t *)ns.data, ns.len, &d);
	TEST_STR(dissect_proto(&d), "nd");
	CU_ASSERT_EQUAL(d.csum, CSUM_GOOD);
	CU_ASSERT_EQUAL(d.ip_len, 72);
	pkt_eth(&dad, gmac, mac_a, -1, 0x86dd);
	pkt_ns(&dad, mac_a, zero, b.b);
	CU_ASSERT_EQUAL(dad.len, ns.len - 8); /* RFC 4861 §4.3: no option from :: */
	pkt_eth(&na, mac_a, mac_b, -1, 0x86dd);
	pkt_na(&na, mac_b, b.b);
	CU_ASSERT_TRUE(resolve_match((uint8_t *)na.data, na.len, &b, mac));
	CU_ASSERT_EQUAL(memcmp(mac, mac_b, 6), 0);
	CU_ASSERT_FALSE(resolve_match((uint8_t *)ns.data, ns.len, &b, mac));
}

/* ---- the sniffer's table ---- */

static void test_flows(void)
{
	struct flows f = {0};
	struct flow_meta in = {.ifindex = 0, .outer_vlan = -1},
			 tagged = {.ifindex = 0, .outer_vlan = 7, .outgoing = true};
	struct phdr h = {.nonce = 5, .cell = 77, .length = PROBE_HDR_LEN, .kind = PROBE_KIND_L2};
	_cleanup_buf_ struct buf b = BUF_INIT, udp = BUF_INIT;
	_cleanup_json_ json_t *j = NULL;

	pkt_eth(&b, pkt_broadcast, mac_a, -1, PROBE_ETHERTYPE);
	pkt_payload(&b, &h);
	udp_frame(&udp, false);
	flows_add(&f, (uint8_t *)b.data, b.len, 5, false, &in);
	flows_add(&f, (uint8_t *)b.data, b.len, 5, false, &in);
	flows_add(&f, (uint8_t *)b.data, b.len, 5, false, &tagged);
	flows_add(&f, (uint8_t *)b.data, b.len, 6, false, &in); /* another nonce */
	flows_add(&f, (uint8_t *)udp.data, udp.len, 5, true, &in);
	j = flows_json(&f);
	CU_ASSERT_EQUAL(jint(j, "frames", 0), 3);
	CU_ASSERT_EQUAL(jint(j, "seen", 0), 5);
	CU_ASSERT_EQUAL(json_array_size(jget(j, "flows")), 2);
	CU_ASSERT_EQUAL(jint(j, "flows.0.frames", 0), 2);
	CU_ASSERT_EQUAL(jint(j, "flows.0.cell", 0), 77);
	TEST_STR(jstr(j, "flows.0.proto", ""), "eth");
	CU_ASSERT_EQUAL(jint(j, "flows.1.vlans.0", 0), 7);
	CU_ASSERT_TRUE(jbool(j, "flows.1.outgoing", false));
	flows_free(&f);
}

/* A checksum that hardware is to make later is not wrong. */
static void test_flows_checksum(void)
{
	struct flow_meta now = {.outer_vlan = -1},
			 pending = {.outer_vlan = -1, .csum_pending = true};
	struct flows f = {0}, g = {0};
	_cleanup_buf_ struct buf b = BUF_INIT;
	_cleanup_json_ json_t *j = NULL, *k = NULL;
	uint8_t tcp[20] = {0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff};

	pkt_eth(&b, mac_b, mac_a, -1, 0x0800);
	pkt_ip(&b, 4, ip_a, ip_b, IPPROTO_TCP, 20);
	buf_add(&b, tcp, 20);
	flows_add(&f, (uint8_t *)b.data, b.len, 1, true, &now);
	flows_add(&g, (uint8_t *)b.data, b.len, 1, true, &pending);
	j = flows_json(&f);
	k = flows_json(&g);
	CU_ASSERT_EQUAL(jint(j, "flows.0.badChecksum", -1), 1);
	CU_ASSERT_EQUAL(jint(k, "flows.0.badChecksum", -1), 0);
	CU_ASSERT_EQUAL(jint(j, "flows.0.sport", 0), 40000);
	flows_free(&f);
	flows_free(&g);
}

/* ---- framing ---- */

/* Feeds text in pieces of n bytes and writes down what comes out. */
static void frame_events(const char *text, size_t len, size_t n, struct buf *out)
{
	struct framer f = {0};
	enum framer_event ev;
	const char *data;
	size_t got;

	for (size_t at = 0; at < len; at += n) {
		framer_feed(&f, text + at, MIN(n, len - at));
		while ((ev = framer_next(&f, &data, &got)) != FRAMER_MORE) {
			buf_addc(out, ev == FRAMER_TEXT ? 'T' : ev == FRAMER_SYNC ? 'S' : 'G');
			if (ev == FRAMER_TEXT)
				buf_add(out, data, got);
		}
	}
	framer_reset(&f);
}

static void test_framer(void)
{
	static const struct {
		const char *name, *in, *want;
	} rows[] = {
		{"two texts", "{\"a\":1}[2]", "T{\"a\":1}T[2]"},
		{"braces in strings", "{\"a\":\"}\\\"{\"}", "T{\"a\":\"}\\\"{\"}"},
		{"token",
		 "\x18"
		 "0000002a\n",
		 "S"},
		{"a token drops a partial text",
		 "{\"a\":\x18"
		 "0000002a\n{}",
		 "ST{}"},
		{"a token inside a string",
		 "{\"a\":\"xx\x18"
		 "deadbeef\n[]",
		 "ST[]"},
		{"garbage", "x", "G"},
		{"a broken token",
		 "\x18"
		 "0000zz2a\n",
		 "G"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t n = 1; n < 40; n += 5) {
			_cleanup_buf_ struct buf out = BUF_INIT;

			frame_events(rows[i].in, strlen(rows[i].in), n, &out);
			TEST_ROW(streq(buf_str(&out), rows[i].want), rows[i].name,
				 "pieces of %zu: %s", n, buf_str(&out));
		}
	}
}

/* ---- cells ---- */

static void test_cells(void)
{
	static const struct {
		const char *cell, *want;
	} rows[] = {
		{"{\"proto\":\"tcp\",\"dst\":\"10.0.0.1\",\"port\":80}", NULL},
		{"{\"proto\":\"icmp\",\"dst\":\"fe80::1\",\"ifname\":\"eth0\"}", NULL},
		{"{\"proto\":\"sctp\",\"dst\":\"10.0.0.1\",\"port\":80}",
		 "proto: \"sctp\" is unknown"},
		{"{\"proto\":\"tcp\",\"port\":80}", "dst: \"\" is not an address"},
		{"{\"proto\":\"tcp\",\"dst\":\"10.0.0.1\"}", "port: 0 is not in 1…65535"},
		{"{\"proto\":\"udp\",\"dst\":\"10.0.0.1\",\"port\":\"80\"}",
		 "port: an integer is required"},
		{"{\"proto\":\"icmp\",\"dst\":\"10.0.0.1\",\"src\":\"::1\"}",
		 "src and dst are of different families"},
		{"{\"proto\":\"icmp\",\"dst\":\"10.0.0.1\",\"size\":70000}",
		 "size: 70000 is not in 32…65000"},
		{"{\"proto\":\"icmp\",\"dst\":\"10.0.0.1\",\"tries\":0}",
		 "tries: 0 is not in 1…1000"},
		{"{\"proto\":\"icmp\",\"dst\":\"10.0.0.1\",\"ifname\":\"much-too-long-name\"}",
		 "ifname: \"much-too-long-name\" is too long"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *j = jparse(rows[i].cell, strlen(rows[i].cell), NULL);
		_cleanup_err_ struct err e = ERR_INIT;
		struct cell c;
		int r = cell_parse(j, 1, &c, &e);

		TEST_ROW((r == 0) == !rows[i].want &&
				 (!rows[i].want || streq(err_msg(&e), rows[i].want)),
			 rows[i].cell, "%s", err_msg(&e));
	}
}

/* ---- what errors mean ---- */

static void test_classify(void)
{
	struct sock_error icmp = {.origin = SO_EE_ORIGIN_ICMP, .offender.family = 4},
			  own = {.origin = SO_EE_ORIGIN_ICMP, .offender_local = true},
			  local = {.origin = SO_EE_ORIGIN_LOCAL};
	const struct {
		const char *name;
		int err;
		const struct sock_error *se;
		enum probe_outcome want;
	} rows[] = {
		{"RST", ECONNREFUSED, NULL, PROBE_REFUSED},
		{"port unreachable", ECONNREFUSED, &icmp, PROBE_REFUSED},
		{"host unreachable from a router", EHOSTUNREACH, &icmp, PROBE_UNREACH},
		{"prohibited", EACCES, &icmp, PROBE_UNREACH},
		{"neighbour failed", EHOSTUNREACH, &own, PROBE_LOCAL_ERROR},
		{"no route", ENETUNREACH, NULL, PROBE_LOCAL_ERROR},
		{"too long", EMSGSIZE, &local, PROBE_LOCAL_ERROR},
		{"kernel gave up", ETIMEDOUT, NULL, PROBE_TIMEOUT},
		{"reset", ECONNRESET, NULL, PROBE_BROKEN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		TEST_ROW(attempt_classify(rows[i].err, rows[i].se) == rows[i].want, rows[i].name,
			 "%s", probe_outcome_name(attempt_classify(rows[i].err, rows[i].se)));
}

/* A refusal among silences is a refusal; silence is more than never having left. */
static void test_rank(void)
{
	static const enum probe_outcome order[] = {
		PROBE_LOCAL_ERROR, PROBE_TIMEOUT,    PROBE_UNREACH, PROBE_REFUSED,
		PROBE_BROKEN,	   PROBE_WRONG_PEER, PROBE_ALLOWED};

	for (size_t i = 1; i < ARRAY_SIZE(order); i++)
		TEST_ROW(outcome_rank(order[i]) > outcome_rank(order[i - 1]),
			 probe_outcome_name(order[i]), "ranks too low");
}

static void test_mtu_class(void)
{
	struct target udp = {.ops = &attempt_udp, .size = 1372}, icmp = {.ops = &attempt_icmp};
	const struct {
		const char *name;
		struct attempt_result r;
		const struct target *t;
		enum probe_mtu_class want;
	} rows[] = {
		{"whole", {.outcome = PROBE_ALLOWED, .reply_aux = 1372}, &udp, PROBE_MTU_PASS},
		{"echo", {.outcome = PROBE_ALLOWED}, &icmp, PROBE_MTU_PASS},
		{"in pieces",
		 {.outcome = PROBE_ALLOWED, .reply_aux = 1372 | PHDR_AUX_FRAGMENTED},
		 &udp,
		 PROBE_MTU_FRAGMENTED},
		{"another length",
		 {.outcome = PROBE_ALLOWED, .reply_aux = 9},
		 &udp,
		 PROBE_MTU_ERROR},
		{"silence", {.outcome = PROBE_TIMEOUT}, &udp, PROBE_MTU_BLACKHOLE},
		{"own stack",
		 {.outcome = PROBE_LOCAL_ERROR, .err = EMSGSIZE},
		 &udp,
		 PROBE_MTU_LOCAL_EMSGSIZE},
		{"router",
		 {.outcome = PROBE_UNREACH, .err = EMSGSIZE, .ptb_mtu = 1400},
		 &udp,
		 PROBE_MTU_PTB},
		{"no route",
		 {.outcome = PROBE_LOCAL_ERROR, .err = ENETUNREACH},
		 &udp,
		 PROBE_MTU_ERROR},
		{"refused", {.outcome = PROBE_REFUSED, .err = ECONNREFUSED}, &udp, PROBE_MTU_ERROR},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		TEST_ROW(mtu_class(&rows[i].r, rows[i].t) == rows[i].want, rows[i].name, "%s",
			 probe_mtu_class_name(mtu_class(&rows[i].r, rows[i].t)));
}

TEST_SUITE(agent, {"sha256", test_sha256}, {"checksum", test_checksum}, {"stream", test_stream},
	   {"header", test_header}, {"texts", test_texts}, {"dissect udp", test_dissect_udp},
	   {"dissect syn", test_dissect_syn}, {"dissect fragment", test_dissect_fragment},
	   {"ip4 header", test_ip4_header}, {"tcp partial", test_tcp_partial}, {"arp", test_arp},
	   {"nd", test_nd}, {"flows", test_flows}, {"flows checksum", test_flows_checksum},
	   {"framer", test_framer}, {"cells", test_cells}, {"classify", test_classify},
	   {"rank", test_rank}, {"mtu class", test_mtu_class})
