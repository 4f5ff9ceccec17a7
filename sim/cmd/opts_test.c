/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/opts.h"

#include <stddef.h>

#include "cmd/cmd.h"
#include "test/test.h"

struct args {
	bool flag;
	const char *text, *choice;
	struct opt_list list;
	long long number;
	uint64_t time, wait;
};

static const struct opt table[] = {
	{"flag", 'x', OPT_FLAG, offsetof(struct args, flag), NULL, "A flag", NULL},
	{"text", 't', OPT_STRING, offsetof(struct args, text), "TEXT", "A text", NULL},
	{"choice", 0, OPT_STRING, offsetof(struct args, choice), "one|two", "A choice", NULL},
	{"file", 'f', OPT_LIST, offsetof(struct args, list), "FILE", "Files", NULL},
	{"number", 'n', OPT_INT, offsetof(struct args, number), "N", "A number", NULL},
	{"time", 0, OPT_DURATION, offsetof(struct args, time), "TIME", "A time", NULL},
	{"wait", 'w', OPT_DURATION, offsetof(struct args, wait), "TIME", "To wait", "30s"},
	{0},
};
static const struct cmd verb = {
	.name = "verb", .args = "[X]", .summary = "Does things", .opts = table};

/* What was parsed, in words, or the error. Caller frees. */
static char *parse(const char *line)
{
	_cleanup_free_ char *copy = xstrdup(line);
	_cleanup_err_ struct err e = ERR_INIT;
	struct args a = {0};
	struct operands ops;
	char *argv[32], *save = NULL;
	struct buf b = BUF_INIT;
	int argc = 0;

	argv[argc++] = copy;
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	if (opts_parse(&verb, argc, argv, &a, &ops, &e) < 0) {
		opt_list_free(&a.list);
		return xstrdup(err_msg(&e));
	}
	buf_printf(&b, "%s%s%s%s%s", a.flag ? "x " : "", a.text ? "t=" : "", a.text ? a.text : "",
		   a.text ? " " : "", a.choice ? a.choice : "");
	for (size_t i = 0; i < a.list.n; i++)
		buf_printf(&b, "f=%s ", a.list.v[i]);
	if (a.number)
		buf_printf(&b, "n=%lld ", a.number);
	if (a.time)
		buf_printf(&b, "time=%llu ", (unsigned long long)a.time);
	if (a.wait)
		buf_printf(&b, "wait=%llu ", (unsigned long long)a.wait);
	buf_addc(&b, '|');
	for (int i = 0; i < ops.n; i++)
		buf_printf(&b, " %s%s", i == ops.dashdash ? "-- " : "", ops.v[i]);
	opt_list_free(&a.list);
	return buf_take(&b);
}

static void test_parse(void)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{"", "|"},
		{"a b", "| a b"},
		{"a -x b", "x | a b"},
		{"--flag a", "x | a"},
		{"--flag=false a", "| a"},
		{"--flag=no", "--flag: want true or false, got \"no\""},
		{"-t v -xn 3", "x t=v n=3 |"},
		{"-tv", "t=v |"},
		{"-t=v", "t=v |"},
		{"--text v", "t=v |"},
		{"--text=v=w", "t=v=w |"},
		{"--text", "--text wants a value (TEXT)"},
		{"-t", "-t wants a value (TEXT)"},
		{"-f a -f - x", "f=a f=- | x"},
		{"- a", "| - a"},
		{"a -- -x b", "| a -- -x b"},
		{"--choice two", "two|"},
		{"--choice three", "--choice: want one of one|two, got \"three\""},
		{"--number x", "--number: want a number, got \"x\""},
		{"--time 1m30s", "time=90000000 |"},
		{"--time x", "--time: want a duration such as 30s or 1m30s, got \"x\""},
		{"--wait a", "wait=30000000 | a"},
		{"--wait=5s a", "wait=5000000 | a"},
		{"-w a", "wait=30000000 | a"},
		{"--flga", "unknown option --flga; did you mean --flag?"},
		{"--zzzzzz", "unknown option --zzzzzz; see ovnbed verb --help"},
		{"-q", "unknown option -q; see ovnbed verb --help"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *got = parse(rows[i].line);

		TEST_ROW(streq(got, rows[i].want), rows[i].line, "got \"%s\", want \"%s\"", got,
			 rows[i].want);
	}
}

static void test_duration(void)
{
	static const struct {
		const char *text;
		long long usec; /* -1: refused */
	} rows[] = {
		{"0", 0},
		{"5", 5000000},
		{"1.5s", 1500000},
		{"500ms", 500000},
		{"1h2m3s", 3723000000},
		{"", -1},
		{"s", -1},
		{"5x", -1},
		{"-5", -1},
		{"0x10", -1},
		{"1e3s", 1000000000},
		{"99999999h", -1},
		{"5 s", -1},
		{"nan", -1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t got = 0;
		int r = duration_parse(rows[i].text, &got);

		TEST_ROW((r < 0) == (rows[i].usec < 0), rows[i].text, "result %d", r);
		TEST_ROW(r < 0 || got == (uint64_t)rows[i].usec, rows[i].text, "got %llu",
			 (unsigned long long)got);
	}
}

static void test_suggest(void)
{
	static const char *const names[] = {"apply", "delete", "describe", "get", "up"};
	static const struct {
		const char *word, *want;
	} rows[] = {{"aply", "apply"}, {"desc", "describe"}, {"gte", "get"}, {"ls", NULL},
		    {"xyzzy", NULL},   {"", NULL},	     {"u", "up"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		TEST_STR(suggest(rows[i].word, names, ARRAY_SIZE(names)), rows[i].want);
}

static void test_help(void)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	opts_help(&verb, &b);
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_str(&b), "usage: ovnbed verb [OPTIONS] [X]\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_str(&b), "  -w, --wait[=TIME]"));
	CU_ASSERT_PTR_NOT_NULL(strstr(buf_str(&b), "      --choice one|two"));
}

TEST_SUITE(opts, {"parse", test_parse}, {"durations", test_duration}, {"suggestions", test_suggest},
	   {"help", test_help})
