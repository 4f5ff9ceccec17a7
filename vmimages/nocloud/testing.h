/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of the parsers: text to canonical JSON, and the findings as text. */
#ifndef OVNBED_NOCLOUD_TESTING_H
#define OVNBED_NOCLOUD_TESTING_H

#include "config.h"

#include "test/test.h"

typedef json_t *(*nc_parse_fn)(const char *text, size_t len, struct diags *d);

/* Checks fn(text) against canonical JSON ("" for NULL) and against the findings' texts, one a line. */
static inline void nc_check(nc_parse_fn fn, const char *row, const char *text, const char *want,
			    const char *findings)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *got = fn(text, strlen(text), &d);
	_cleanup_free_ char *json = got ? jtext(got) : xstrdup("");
	_cleanup_buf_ struct buf b = BUF_INIT;

	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.v[i], &b);
	TEST_ROW(streq(json, want), row, "got  %s\nwant %s", json, want);
	TEST_ROW(streq(buf_str(&b), findings), row, "got  %s\nwant %s", buf_str(&b), findings);
}

#endif
