/* SPDX-License-Identifier: Apache-2.0 */
/* The unit test runner: CUnit's registry under our own reporting (CUnit's JUnit writer aborts on
 * the first failing assertion). Arguments: names of suites to run; --junit FILE. */
#include "test/test.h"

#include <CUnit/TestRun.h>

#include "base/buf.h"
#include "base/log.h"

#define MAX_SUITES 512

static struct {
	const char *name;
	const struct test_case *cases;
	size_t n;
} suites[MAX_SUITES];
static size_t n_suites;
static unsigned passed, failed, skipped;
static char *skip_reason; /* of the running test */
static struct buf junit;
static uint64_t began; /* of the running test */
static double seconds; /* of all that are done */

void test_register(const char *suite, const struct test_case *cases, size_t n)
{
	if (n_suites == MAX_SUITES)
		abort();
	suites[n_suites].name = suite;
	suites[n_suites].cases = cases;
	suites[n_suites++].n = n;
}

bool test_row(bool cond, const char *file, int line, const char *row, const char *fmt, ...)
{
	_cleanup_free_ char *what = NULL, *detail = NULL;
	va_list ap;

	va_start(ap, fmt);
	detail = xvasprintf(fmt, ap);
	va_end(ap);
	what = xasprintf("%s: %s", row, detail);
	CU_assertImplementation(cond, (unsigned)line, what, file, "", CU_FALSE);
	return cond;
}

void test_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	free(skip_reason);
	skip_reason = xvasprintf(fmt, ap);
	va_end(ap);
}

static char *slurp(const char *path)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	struct buf b = BUF_INIT;
	char tmp[4096];
	size_t n;

	while (f && (n = fread(tmp, 1, sizeof(tmp), f)) > 0)
		buf_add(&b, tmp, n);
	return f ? buf_take(&b) : NULL;
}

bool test_golden(const char *path, const char *got)
{
	const char *mode = getenv("OVNBED_GOLDEN");
	_cleanup_free_ char *want = NULL;
	size_t i = 0;

	if (mode && streq(mode, "write")) {
		_cleanup_fclose_ FILE *f = fopen(path, "we");

		return test_row(f && fputs(got, f) >= 0, path, 1, path, "cannot write");
	}
	want = slurp(path);
	if (!want)
		return test_row(false, path, 1, path, "golden file missing");
	while (want[i] && want[i] == got[i])
		i++;
	return test_row(streq(want, got), path, 1, path,
			"differs at byte %zu: got \"%.60s\", want \"%.60s\"", i, got + i, want + i);
}

static void xml_add(const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			buf_adds(&junit, "&lt;");
		else if (*s == '&')
			buf_adds(&junit, "&amp;");
		else if (*s == '"')
			buf_adds(&junit, "&quot;");
		else if ((unsigned char)*s >= 0x20 || *s == '\n')
			buf_addc(&junit, *s);
	}
}

static void on_start(const CU_pTest t, const CU_pSuite s)
{
	(void)t;
	(void)s;
	began = mono_usec();
}

static void on_complete(const CU_pTest t, const CU_pSuite s, const CU_pFailureRecord first)
{
	double took = (double)(mono_usec() - began) / 1e6;

	seconds += took;
	buf_printf(&junit, "<testcase classname=\"unit.%s\" name=\"", s->pName);
	xml_add(t->pName);
	buf_printf(&junit, "\" time=\"%.3f\">", took);
	if (first) {
		failed++;
		printf("not ok - %s/%s\n", s->pName, t->pName);
		buf_adds(&junit, "<failure message=\"");
	} else if (skip_reason) {
		skipped++;
		printf("ok - %s/%s # SKIP %s\n", s->pName, t->pName, skip_reason);
		buf_adds(&junit, "<skipped message=\"");
		xml_add(skip_reason);
		buf_adds(&junit, "\"/>");
	} else {
		passed++;
	}
	free(skip_reason);
	skip_reason = NULL;
	for (CU_pFailureRecord f = first; f; f = f->pNext) {
		_cleanup_free_ char *line = NULL;

		if (f->pTest != t)
			continue;
		line = xasprintf("%s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
		printf("    %s", line);
		xml_add(line);
	}
	buf_adds(&junit, first ? "\"/></testcase>\n" : "</testcase>\n");
	fflush(stdout);
}

static bool wanted(const char *name, int argc, char **argv)
{
	bool any = false;

	for (int i = 1; i < argc; i++) {
		if (streq(argv[i], "--junit")) {
			i++;
			continue;
		}
		any = true;
		if (streq(argv[i], name))
			return true;
	}
	return !any;
}

int main(int argc, char **argv)
{
	const char *junit_path = NULL;

	for (int i = 1; i + 1 < argc; i++)
		if (streq(argv[i], "--junit"))
			junit_path = argv[i + 1];
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 4;
	for (size_t i = 0; i < n_suites; i++) {
		CU_pSuite s;

		if (!wanted(suites[i].name, argc, argv))
			continue;
		s = CU_add_suite(suites[i].name, NULL, NULL);
		for (size_t k = 0; s && k < suites[i].n; k++)
			if (!CU_add_test(s, suites[i].cases[k].name, suites[i].cases[k].fn))
				s = NULL;
		if (!s) {
			fprintf(stderr, "suite %s: %s\n", suites[i].name, CU_get_error_msg());
			return 4;
		}
	}
	CU_set_test_start_handler(on_start);
	CU_set_test_complete_handler(on_complete);
	CU_run_all_tests();
	if (junit_path) {
		_cleanup_fclose_ FILE *f = fopen(junit_path, "we");

		if (f)
			fprintf(f,
				"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
				"<testsuite name=\"unit\" tests=\"%u\" failures=\"%u\" "
				"skipped=\"%u\" time=\"%.3f\">\n%s"
				"</testsuite>\n</testsuites>\n",
				passed + failed + skipped, failed, skipped, seconds,
				buf_str(&junit));
	}
	buf_free(&junit);
	failed += CU_get_number_of_suites_failed();
	CU_cleanup_registry();
	printf(skipped ? "%u passed, %u failed, %u skipped\n" : "%u passed, %u failed\n", passed,
	       failed, skipped);
	return failed ? 1 : passed + skipped ? 0 : 4;
}
