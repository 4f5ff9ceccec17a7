/* SPDX-License-Identifier: Apache-2.0 */
#include "report/junit.h"

#include "base/buf.h"

#define TEXT_MAX 65536

/* XML text: escaped, control characters dropped, capped. */
static void xml(struct buf *b, const char *s)
{
	size_t n = 0;

	for (; *s && n < TEXT_MAX; s++, n++) {
		switch (*s) {
		case '<':
			buf_adds(b, "&lt;");
			break;
		case '>':
			buf_adds(b, "&gt;");
			break;
		case '&':
			buf_adds(b, "&amp;");
			break;
		case '"':
			buf_adds(b, "&quot;");
			break;
		default:
			if ((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\t')
				buf_addc(b, *s);
		}
	}
}

static void attr(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, " %s=\"", name);
	xml(b, value);
	buf_addc(b, '"');
}

static bool is(const json_t *c, const char *status)
{
	return streq(jstr(c, "status", "error"), status);
}

static size_t count(const json_t *checks, const char *const *statuses)
{
	size_t n = 0, i;
	json_t *c;

	json_array_foreach(checks, i, c)
		for (size_t k = 0; statuses[k]; k++)
			n += is(c, statuses[k]);
	return n;
}

static const char *const failed[] = {"fail", "xpass", NULL};
static const char *const errored[] = {"error", NULL};
static const char *const skipped[] = {"skip", "unsupported", "xfail", NULL};

static void first_line(struct buf *b, const char *text)
{
	_cleanup_free_ char *line = xstrndup(text, strcspn(text, "\n"));

	attr(b, "message", line);
}

static void element(struct buf *b, const char *tag, const json_t *c)
{
	const char *reason = jstr(c, "reason", "");

	buf_printf(b, "<%s", tag);
	first_line(b, reason);
	attr(b, "type", jstr(c, "status", "error"));
	buf_addc(b, '>');
	xml(b, reason);
	buf_printf(b, "</%s>", tag);
}

static void testcase(struct buf *b, const json_t *r, const json_t *c)
{
	_cleanup_free_ char *class =
		xasprintf("%s.%s.%s", jstr(r, "scenario", "?"), jstr(r, "zones", "?"),
			  jstr(r, "labels.feature", "none"));
	json_t *p;
	size_t i;

	buf_adds(b, "    <testcase");
	attr(b, "classname", class);
	attr(b, "name", jstr(c, "id", "?"));
	buf_printf(b, " time=\"%.3f\"", json_number_value(json_object_get(c, "seconds")));
	attr(b, "file", jstr(r, "file", ""));
	buf_addc(b, '>');
	if (is(c, "fail") || is(c, "xpass"))
		element(b, "failure", c);
	else if (is(c, "error"))
		element(b, "error", c);
	else if (!is(c, "pass"))
		element(b, "skipped", c);
	if (json_array_size(json_object_get(c, "evidence"))) {
		buf_adds(b, "<system-out>");
		json_array_foreach(json_object_get(c, "evidence"), i, p) {
			buf_adds(b, "[[ATTACHMENT|");
			xml(b, jstr(r, "dir", "."));
			buf_addc(b, '/');
			xml(b, json_string_value(p));
			buf_adds(b, "]]\n");
		}
		buf_adds(b, "</system-out>");
	}
	buf_adds(b, "</testcase>\n");
}

static void testsuite(struct buf *b, const json_t *r, const char *timestamp)
{
	const json_t *checks = json_object_get(r, "checks");
	_cleanup_free_ char *name =
		xasprintf("%s.%s", jstr(r, "scenario", "?"), jstr(r, "zones", "?"));
	json_t *c, *d;
	size_t i;

	buf_adds(b, "  <testsuite");
	attr(b, "name", name);
	buf_printf(b,
		   " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
		   json_array_size(checks), count(checks, failed), count(checks, errored),
		   count(checks, skipped), json_number_value(json_object_get(r, "seconds")));
	attr(b, "timestamp", timestamp);
	buf_adds(b, ">\n    <properties>\n");
	json_array_foreach(json_object_get(r, "deviations"), i, d) {
		buf_adds(b, "      <property name=\"deviation\"");
		attr(b, "value", json_string_value(d));
		buf_adds(b, "/>\n");
	}
	buf_adds(b, "    </properties>\n");
	json_array_foreach(checks, i, c)
		testcase(b, r, c);
	buf_adds(b, "  </testsuite>\n");
}

char *junit_text(const json_t *results, const char *timestamp)
{
	size_t tests = 0, f = 0, e = 0, s = 0, i;
	struct buf b = BUF_INIT;
	double seconds = 0;
	json_t *r;

	json_array_foreach(results, i, r) {
		const json_t *checks = json_object_get(r, "checks");

		tests += json_array_size(checks);
		f += count(checks, failed);
		e += count(checks, errored);
		s += count(checks, skipped);
		seconds += json_number_value(json_object_get(r, "seconds"));
	}
	buf_printf(&b,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ovnbed\" "
		   "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
		   tests, f, e, s, seconds);
	json_array_foreach(results, i, r)
		testsuite(&b, r, timestamp);
	buf_adds(&b, "</testsuites>\n");
	return buf_take(&b);
}

/* ---- TAP ---- */

/* A line of text without what would break the lines or the YAML around it. */
static void plain(struct buf *b, const char *s, size_t n)
{
	for (; n && n <= TEXT_MAX; s++, n--)
		if ((unsigned char)*s >= 0x20 || *s == '\t')
			buf_addc(b, *s);
}

static void tap_reason(struct buf *b, const json_t *c)
{
	buf_printf(b, "  ---\n  status: %s\n  reason: |\n", jstr(c, "status", "error"));
	for (const char *p = jstr(c, "reason", ""); *p;) {
		size_t len = strcspn(p, "\n");

		buf_adds(b, "    ");
		plain(b, p, len);
		buf_addc(b, '\n');
		p += len + (p[len] == '\n');
	}
	buf_adds(b, "  ...\n");
}

/* An unexpected pass is no TODO: readers take "not ok # TODO" for what was expected. */
static void tap_line(struct buf *b, const json_t *r, const json_t *c, size_t n)
{
	bool ok = !is(c, "fail") && !is(c, "error") && !is(c, "xpass") && !is(c, "xfail");
	const char *reason = jstr(c, "reason", "");

	buf_printf(b, "%sok %zu - %s/%s/%s", ok ? "" : "not ", n, jstr(r, "scenario", "?"),
		   jstr(r, "zones", "?"), jstr(c, "id", "?"));
	if (is(c, "skip") || is(c, "unsupported"))
		buf_adds(b, " # SKIP ");
	if (is(c, "xfail"))
		buf_adds(b, " # TODO ");
	if (is(c, "skip") || is(c, "unsupported") || is(c, "xfail"))
		plain(b, reason, strcspn(reason, "\n"));
	buf_addc(b, '\n');
	if (!ok && *reason)
		tap_reason(b, c);
}

char *tap_text(const json_t *results)
{
	struct buf b = BUF_INIT;
	size_t i, k, n = 0;
	json_t *r, *c;

	json_array_foreach(results, i, r)
		n += json_array_size(json_object_get(r, "checks"));
	buf_printf(&b, "TAP version 14\n1..%zu\n", n);
	n = 0;
	json_array_foreach(results, i, r)
		json_array_foreach(json_object_get(r, "checks"), k, c)
			tap_line(&b, r, c, ++n);
	return buf_take(&b);
}

/* ---- for people ---- */

char *verdict_table(const json_t *results)
{
	struct buf b = BUF_INIT;
	size_t width = 5, status = 5, i, k;
	json_t *r, *c;

	json_array_foreach(results, i, r)
		json_array_foreach(json_object_get(r, "checks"), k, c) {
			width = MAX(width, strlen(jstr(c, "id", "?")));
			status = MAX(status, strlen(jstr(c, "status", "?")));
		}
	json_array_foreach(results, i, r) {
		buf_printf(&b, "%s%s (%s), %.1f s\n", i ? "\n" : "", jstr(r, "scenario", "?"),
			   jstr(r, "zones", "?"), json_number_value(json_object_get(r, "seconds")));
		json_array_foreach(json_object_get(r, "checks"), k, c) {
			const char *reason = jstr(c, "reason", "");

			buf_printf(&b, "  %-*s  %-*s %6.2f s", (int)width, jstr(c, "id", "?"),
				   (int)status, jstr(c, "status", "?"),
				   json_number_value(json_object_get(c, "seconds")));
			if (!is(c, "pass"))
				buf_printf(&b, "  %.*s", (int)strcspn(reason, "\n"), reason);
			else if (jstr(c, "name", NULL) &&
				 !streq(jstr(c, "name", ""), jstr(c, "id", "")))
				buf_printf(&b, "  %s", jstr(c, "name", ""));
			buf_addc(&b, '\n');
		}
	}
	return buf_take(&b);
}
