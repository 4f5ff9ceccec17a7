/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests. A *_test.c file registers its suite before main() runs:
 *
 *	static void test_parse(void) { CU_ASSERT_EQUAL(…); }
 *	TEST_SUITE(nad, {"parse", test_parse}, {"refusals", test_refusals})
 *
 * Do not use *_FATAL assertions: they longjmp past cleanup attributes. Tables: TEST_ROW names the
 * row that failed.
 */
#ifndef OVNBED_TEST_H
#define OVNBED_TEST_H

#include <CUnit/CUnit.h>

#include "base/util.h"

struct test_case {
	const char *name;
	void (*fn)(void);
};
void test_register(const char *suite, const struct test_case *cases, size_t n);

/*
 * Marks the running test as skipped: printf text names the missing capability. To be called before
 * its first assertion; a failed assertion still makes it fail.
 */
void test_skip(const char *fmt, ...) PRINTF(1, 2);

#define TEST_SUITE(name, ...)                                                 \
	static const struct test_case name##_cases[] = {__VA_ARGS__};         \
	__attribute__((constructor)) static void name##_register(void)        \
	{                                                                     \
		test_register(#name, name##_cases, ARRAY_SIZE(name##_cases)); \
	}

/* Asserts cond; a failure is reported with the row's name and a printf detail. Returns cond. */
bool test_row(bool cond, const char *file, int line, const char *row, const char *fmt, ...)
	PRINTF(5, 6);
#define TEST_ROW(cond, row, ...) test_row((cond), __FILE__, __LINE__, (row), __VA_ARGS__)
/* Compares strings (NULL-safe) and shows both when they differ. */
#define TEST_STR(got, want)                                                                   \
	({                                                                                    \
		const char *g_ = (got), *w_ = (want);                                         \
		test_row(streq0(g_, w_), __FILE__, __LINE__, #got, "got \"%s\", want \"%s\"", \
			 g_ ? g_ : "(null)", w_ ? w_ : "(null)");                             \
	})
/*
 * Compares text with the golden file sim/…/testdata/NAME; with OVNBED_GOLDEN=write the file is
 * (re)written instead. path is relative to the source tree (tests run from its top).
 */
bool test_golden(const char *path, const char *got);

#endif
