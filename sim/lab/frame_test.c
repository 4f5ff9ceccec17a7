/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/frame.h"

#include "base/prng.h"
#include "test/test.h"

/* "ff ff" to bytes; blanks are ignored. */
static size_t bytes(const char *hex, uint8_t *out)
{
	size_t n = 0;
	int at = 0;

	while (sscanf(hex, " %2hhx%n", &out[n], &at) == 1) {
		hex += at;
		n++;
	}
	return n;
}

#define MACS "ffffffffffff 020000000001 "
#define MAGIC "4f766e4265645031 "

static void test_text(void)
{
	static const struct {
		const char *hex, *vlans, *text;
	} rows[] = {
		{MACS "0806 0001080006040001 020000000001 c0000201 000000000000 c0000202",
		 "untagged", "ARP, who-has 192.0.2.2 tell 192.0.2.1"},
		{MACS "8100000a 0806 0001080006040002 020000000001 c0000201 000000000000 c0000202",
		 "10", "802.1Q vlan 10 p 0, ARP, 192.0.2.1 is-at 02:00:00:00:00:01"},
		{MACS "8100e000 88b6", "0", "802.1Q vlan 0 p 7, ethertype 0x88b6"},
		{MACS "88a80064 81000014 88b6", "100.20",
		 "802.1ad vlan 100 p 0, 802.1Q vlan 20 p 0, ethertype 0x88b6"},
		{MACS "8847 00064140", "untagged", "MPLS label 100 ttl 64"},
		{MACS "88cc", "untagged", "LLDP"},
		{MACS "0026", "untagged", "802.3, length 38"},
		{MACS "0800 4500001c00004000 4001 0000 c0000201 c0000202 0800000000070001",
		 "untagged", "IPv4 192.0.2.1 > 192.0.2.2 ICMP echo request id 7 seq 1"},
		{MACS "0800 4500002800004000 4006 0000 c0000201 c0000202 "
		      "d4310050 00000001 00000000 5002 ffff 0000 0000",
		 "untagged", "IPv4 192.0.2.1.54321 > 192.0.2.2.80 TCP [S] seq 1 ack 0"},
		{MACS "0800 4500001c00004000 4011 0000 c0000201 c0000202 00440043 0008 0000",
		 "untagged", "IPv4 192.0.2.1.68 > 192.0.2.2.67 UDP, length 0"},
		{MACS "0800 4500001c00002001 4001 0000 c0000201 c0000202 0800000000070001",
		 "untagged", "IPv4 192.0.2.1 > 192.0.2.2 fragment at 8"},
		{MACS "0800 45", "untagged", "IPv4, cut"},
		{MACS "86dd 60000000 0008 3aff 20010db8000000000000000000000001 "
		      "20010db8000000000000000000000002 0200000000000578",
		 "untagged", "IPv6 2001:db8::1 > 2001:db8::2 ICMP6 packet too big mtu 1400"},
		{MACS "86dd 6000", "untagged", "IPv6, cut"},
		{MACS "8100", "untagged", "ethertype 0x8100"},
		{MACS "88b5 " MAGIC "e93093b972722df6 00000007 00000020 0000 06 00 00000000",
		 "untagged", "ethertype 0x88b5"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_free_ char *want = NULL;
		char vlans[FRAME_VLANS_TEXT];
		uint8_t f[256];
		size_t n = bytes(rows[i].hex, f);
		bool nonce = strstr(rows[i].hex, MAGIC) != NULL;

		want = xasprintf("02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, %s, length %zu%s",
				 rows[i].text, n, nonce ? ", nonce e93093b972722df6 cell 7" : "");
		frame_text(&b, f, n, n);
		TEST_STR(buf_str(&b), want);
		frame_vlans(f, n, vlans);
		TEST_STR(vlans, rows[i].vlans);
	}
}

static void test_nonce(void)
{
	static const char *const bad[] = {"", "e93093b972722df", "E93093B972722DF6",
					  "e93093b972722df6 "};
	uint64_t v = 0;
	uint8_t f[256];
	size_t n = bytes(MACS "88b5 " MAGIC "0000000000000001 " MAGIC
			      "e93093b972722df6 00000007 00000020 0000 06 00 00000000",
			 f);

	CU_ASSERT_TRUE(frame_nonce_parse("e93093b972722df6", &v));
	CU_ASSERT_EQUAL(v, 0xe93093b972722df6);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		TEST_ROW(!frame_nonce_parse(bad[i], &v), bad[i], "accepted");
	CU_ASSERT_TRUE(frame_has_nonce(f, n, v));
	CU_ASSERT_TRUE(frame_has_nonce(f, n, 1)); /* an outer header may be another's */
	CU_ASSERT_FALSE(frame_has_nonce(f, n, 2));
	CU_ASSERT_FALSE(frame_has_nonce(f, n - 1, v));
}

/* Whatever the bytes, whatever the cut. */
static void test_noise(void)
{
	struct prng rng;
	uint8_t f[96];

	prng_init(&rng, 1);
	for (int i = 0; i < 20000; i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		char vlans[FRAME_VLANS_TEXT];
		size_t n = (size_t)prng_below(&rng, sizeof(f));
		_cleanup_free_ uint8_t *exact = xmalloc(n ? n : 1);

		for (size_t k = 0; k < n; k++)
			f[k] = (uint8_t)prng_next(&rng);
		if (n > 14) { /* something that is looked into */
			static const uint8_t types[][2] = {{8, 0},    {8, 6},	    {0x86, 0xdd},
							   {0x81, 0}, {0x88, 0x47}, {0x88, 0xa8}};

			memcpy(f + 12, types[prng_below(&rng, ARRAY_SIZE(types))], 2);
		}
		memcpy(exact, f, n);
		frame_text(&b, exact, n, n);
		frame_vlans(exact, n, vlans);
		frame_has_nonce(exact, n, 1);
		CU_ASSERT_TRUE(b.len > 0);
	}
}

TEST_SUITE(frame, {"text", test_text}, {"nonce", test_nonce}, {"noise", test_noise})
