/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <errno.h>

#include "test/test.h"

/* RFC 4648 §10. */
static const struct {
	const char *plain, *encoded;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

static void test_vectors(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_free_ char *e = base64_encode(vectors[i].plain, strlen(vectors[i].plain));
		_cleanup_buf_ struct buf b = BUF_INIT;

		TEST_STR(e, vectors[i].encoded);
		CU_ASSERT_EQUAL(base64_decode(e, strlen(e), &b), 0);
		TEST_STR(buf_str(&b), vectors[i].plain);
	}
}

static void test_refusals(void)
{
	static const char *const bad[] = {
		"Z",	 "Zg",	 "Zg=",	     "Zg===",	 "=Zg=", "Zg==Zg==",
		"Zm8==", "Z g=", "Zm9v====", "Zm9vYg=a", "Zm9_"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;

		TEST_ROW(base64_decode(bad[i], strlen(bad[i]), &b) == -EINVAL, bad[i],
			 "accepted as \"%s\"", buf_str(&b));
		TEST_ROW(b.len == 0, bad[i], "output touched");
	}
	CU_ASSERT_EQUAL(base64_decode("Zm9v\nYmFy\r\n", 10, NULL), 0);
}

static void test_binary(void)
{
	static const unsigned char all[] = {0, 255, 1, 254, 128, 127, 0};
	_cleanup_free_ char *e = base64_encode(all, sizeof(all));
	_cleanup_buf_ struct buf b = BUF_INIT;

	CU_ASSERT_EQUAL(base64_decode(e, strlen(e), &b), 0);
	CU_ASSERT_EQUAL(b.len, sizeof(all));
	CU_ASSERT_EQUAL(memcmp(b.data, all, sizeof(all)), 0);
}

TEST_SUITE(base64, {"vectors", test_vectors}, {"refusals", test_refusals}, {"binary", test_binary})
