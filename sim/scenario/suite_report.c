/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/suite_report.h"

#include "base/buf.h"
#include "scenario/grid.h"

#define FINDINGS_MAX 8

static int rank(const char *status)
{
	return streq(status, "pass") ? 0 : streq(status, "fail") ? 1 : 2;
}

/* Lines of text as an array. */
static json_t *lines(const char *text)
{
	json_t *out = json_array();

	while (*text) {
		size_t n = strcspn(text, "\n");

		json_array_append_new(out, json_stringn(text, n));
		text += n + (text[n] == '\n');
	}
	return out;
}

json_t *suite_case(const json_t *one, const json_t *cells)
{
	_cleanup_json_ json_t *matrix = json_pack("{s:O}", "cells", cells);
	_cleanup_free_ char *findings = grid_findings(matrix, FINDINGS_MAX);
	const char *worst = json_array_size(cells) ? "pass" : "error";
	json_int_t denied = 0, deviations = 0;
	json_t *cell, *out;
	size_t i;

	json_array_foreach(cells, i, cell) {
		const char *status = jstr(cell, "verdict.status", "error");

		if (rank(status) > rank(worst))
			worst = status;
		denied += !streq(jstr(cell, "expect", "allowed"), "allowed");
		deviations += json_object_get(cell, "deviation") != NULL;
	}
	out = json_pack("{s:O, s:O, s:O, s:O, s:O, s:s, s:I, s:I, s:I, s:o}", "id",
			json_object_get(one, "id"), "tags", json_object_get(one, "tags"), "text",
			json_object_get(one, "text"), "network", json_object_get(one, "network"),
			"batch", json_object_get(one, "batch"), "status", worst, "cells",
			(json_int_t)json_array_size(cells), "denied", denied, "deviations",
			deviations, "findings", lines(findings));
	return out;
}

static void count(json_t *tags, const char *tag, const json_t *result)
{
	json_t *t = json_object_get(tags, tag);
	bool pass = streq(jstr(result, "status", "error"), "pass");

	if (!t) {
		t = json_pack("{s:i, s:i, s:[]}", "passed", 0, "total", 0, "failed");
		json_object_set_new(tags, tag, t);
	}
	json_object_set_new(t, "total", json_integer(jint(t, "total", 0) + 1));
	json_object_set_new(t, "passed", json_integer(jint(t, "passed", 0) + pass));
	if (!pass)
		json_array_append(json_object_get(t, "failed"), json_object_get(result, "id"));
}

json_t *suite_tags(const json_t *results)
{
	json_t *tags = json_object(), *r, *tag;
	size_t i, k;

	json_array_foreach(results, i, r) {
		json_array_foreach(json_object_get(r, "tags"), k, tag)
			count(tags, json_string_value(tag), r);
		if (jint(r, "deviations", 0))
			count(tags, "deviation=known", r);
	}
	return tags;
}

long long suite_sum(const json_t *results, const char *member)
{
	long long sum = 0;
	json_t *r;
	size_t i;

	json_array_foreach(results, i, r)
		sum += jint(r, member, 0);
	return sum;
}

size_t suite_failed(const json_t *results)
{
	size_t n = 0, i;
	json_t *r;

	json_array_foreach(results, i, r)
		n += !streq(jstr(r, "status", "error"), "pass");
	return n;
}

/* ---- text ---- */

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_tags(struct buf *b, const json_t *tags)
{
	_cleanup_free_ const char **names = xcalloc(json_object_size(tags) + 1, sizeof(*names));
	size_t n = 0;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)tags, key, v)
		names[n++] = key;
	if (n)
		qsort(names, n, sizeof(*names), name_cmp);
	for (size_t i = 0; i < n; i++) {
		v = json_object_get(tags, names[i]);
		buf_printf(b, "%-36s %4lld/%lld\n", names[i], jint(v, "passed", 0),
			   jint(v, "total", 0));
	}
}

static void add_case(struct buf *b, const json_t *r)
{
	json_t *v;
	size_t i;

	buf_printf(b, "\n%s %s, network %s, %lld cells, %lld denied", jstr(r, "id", "?"),
		   jstr(r, "status", "?"), jstr(r, "network", "?"), jint(r, "cells", 0),
		   jint(r, "denied", 0));
	if (jint(r, "deviations", 0))
		buf_printf(b, ", %lld deviate as known", jint(r, "deviations", 0));
	buf_printf(b, "\n  %s\n ", jstr(r, "text", ""));
	json_array_foreach(json_object_get(r, "tags"), i, v)
		buf_printf(b, " %s", json_string_value(v));
	buf_addc(b, '\n');
	json_array_foreach(json_object_get(r, "findings"), i, v)
		buf_printf(b, "  %s\n", json_string_value(v));
}

char *suite_text(const json_t *results, const char *headline)
{
	_cleanup_json_ json_t *tags = suite_tags(results);
	struct buf b = BUF_INIT;
	json_t *r;
	size_t i;

	buf_printf(&b, "%s\n\n%-36s passed/total\n", headline, "tag");
	add_tags(&b, tags);
	json_array_foreach(results, i, r)
		add_case(&b, r);
	return buf_take(&b);
}
