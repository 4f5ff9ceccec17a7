/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of this room: objects written down shortly. */
#ifndef OVNBED_API_TESTING_H
#define OVNBED_API_TESTING_H

#include "base/diag.h"
#include "test/test.h"

/* JSON with ' for ": J("{'a': [1, 2]}"). A typing error fails the test. New reference. */
static inline json_t *J(const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *v;

	for (char *p = copy; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	v = jparse(copy, strlen(copy), &e);
	TEST_ROW(v != NULL, text, "%s", err_msg(&e));
	return v;
}

/* True when v is the JSON want (with ' for "); shows both otherwise. */
static inline bool json_is(const json_t *v, const char *want, const char *file, int line,
			   const char *row)
{
	_cleanup_json_ json_t *w = J(want);
	_cleanup_free_ char *got = jtext(v), *expected = jtext(w);

	return test_row(json_equal(v, w), file, line, row, "got %s, want %s", got, expected);
}
#define TEST_JSON(v, want, row) json_is((v), (want), __FILE__, __LINE__, (row))

/* The findings as "error path: msg\n…", for comparisons. Caller frees. */
static inline char *findings(const struct diags *d)
{
	static const char *const names[] = {"error", "warning", "note"};
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < d->n; i++)
		buf_printf(&b, "%s%s %s: %s", i ? "\n" : "", names[d->v[i].severity],
			   d->v[i].path ? d->v[i].path : "-", d->v[i].msg);
	return buf_take(&b);
}

#endif
