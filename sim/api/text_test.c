/* SPDX-License-Identifier: Apache-2.0 */
#include "api/text.h"

#include "api/quantity.h"
#include "api/testing.h"

#include <errno.h>

static void test_distance(void)
{
	static const struct {
		const char *a, *b;
		size_t want;
		bool plausible;
	} rows[] = {
		{"networks", "networks", 0, true},
		{"network", "networks", 1, true},
		{"netwroks", "networks", 1, true},
		{"Networks", "networks", 0, true},
		{"runing", "running", 1, true},
		{"vlan", "name", 4, false},
		{"", "abc", 3, false},
		{"ip", "id", 1, true},
		{"image", "imagePullPolicy", 10, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t got = text_distance(rows[i].a, rows[i].b);

		TEST_ROW(got == rows[i].want, rows[i].a, "distance %zu", got);
		TEST_ROW(text_plausible(rows[i].a, rows[i].b) == rows[i].plausible, rows[i].a,
			 "plausible is wrong for %s", rows[i].b);
	}
	CU_ASSERT_EQUAL(text_distance("a-word-that-is-far-too-long-to-be-a-field-of-anything-in-"
				      "kubernetes-ever",
				      "a"),
			SIZE_MAX);
}

static void test_clip(void)
{
	char s[200];

	memset(s, 'x', 100);
	s[100] = '\0';
	CU_ASSERT_EQUAL(text_clip("short"), 5);
	CU_ASSERT_EQUAL(text_clip(s), 80);
	memcpy(s + 79, "\xe2\x82\xac", 3); /* a three-byte character across the limit */
	CU_ASSERT_EQUAL(text_clip(s), 79);
}

static void test_sanitize(void)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"plain", "plain"},
		{"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
		{"\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"a\xff"
		 "b",
		 "a?b"},
		{"\xc3", "?"},
		{"\xc0\x80", "??"},	      /* overlong */
		{"\xed\xa0\x80", "???"},      /* surrogate */
		{"\xf4\x90\x80\x80", "????"}, /* above U+10FFFF */
		{"\xe2\x82", "??"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *s = xstrdup(rows[i].in);

		text_sanitize(s);
		TEST_ROW(streq(s, rows[i].want), rows[i].want, "row %zu", i);
	}
}

static void test_quantities(void)
{
	static const struct {
		const char *text;
		int result;
		long long want;
	} rows[] = {
		{"0", 0, 0},
		{"1024Mi", 0, 1073741824},
		{"1Gi", 0, 1073741824},
		{"1G", 0, 1000000000},
		{"1.5Gi", 0, 1610612736},
		{"500m", 0, 1},
		{"1500m", 0, 2},
		{"-1500m", 0, -1},
		{"0.1", 0, 1},
		{".5", 0, 1},
		{"5.", 0, 5},
		{"+2k", 0, 2000},
		{"1e3", 0, 1000},
		{"1E3", 0, 1000},
		{"1E", 0, 1000000000000000000},
		{"12e-1", 0, 2},
		{"100n", 0, 1},
		{"1u", 0, 1},
		{"7Ei", 0, 8070450532247928832},
		{"8Ei", -ERANGE, 0},
		{"10E", -ERANGE, 0},
		{"1e18", 0, 1000000000000000000},
		{"1e19", -EINVAL, 0},
		{"12345678901234567890", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-", -EINVAL, 0},
		{".", -EINVAL, 0},
		{"Gi", -EINVAL, 0},
		{"1 Gi", -EINVAL, 0},
		{"1GB", -EINVAL, 0},
		{"1gi", -EINVAL, 0},
		{"1K", -EINVAL, 0},
		{"1Mib", -EINVAL, 0},
		{"1..2", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1e", -EINVAL, 0},
		{"1e+", -EINVAL, 0},
		{"1e+-3", -EINVAL, 0},
		{"nan", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		long long got = -77;
		int r = quantity_parse(rows[i].text, &got);

		TEST_ROW(r == rows[i].result, rows[i].text, "returned %d", r);
		TEST_ROW(got == (rows[i].result ? -77 : rows[i].want), rows[i].text, "value %lld",
			 got);
	}
}

static void test_quantity_json(void)
{
	_cleanup_json_ json_t *v = J("[2, 1.5, '1Ki', true]");
	long long got = 0;

	CU_ASSERT(quantity_value(json_array_get(v, 0), &got) == 0 && got == 2);
	CU_ASSERT(quantity_value(json_array_get(v, 1), &got) == 0 && got == 2);
	CU_ASSERT(quantity_value(json_array_get(v, 2), &got) == 0 && got == 1024);
	CU_ASSERT_EQUAL(quantity_value(json_array_get(v, 3), &got), -EINVAL);
	CU_ASSERT_EQUAL(quantity_value(NULL, &got), -EINVAL);
}

TEST_SUITE(api_text, {"distance", test_distance}, {"clip", test_clip}, {"sanitize", test_sanitize},
	   {"quantities", test_quantities}, {"quantities as JSON", test_quantity_json})
