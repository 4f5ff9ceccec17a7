/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every verb's tables. */
#include "cmd/verbs.h"

#include "cmd/opts.h"
#include "test/test.h"

static void check_option(const struct cmd *c, const struct opt *o)
{
	bool takes_value = o->type != OPT_FLAG;

	TEST_ROW(takes_value == (o->arg != NULL), c->name, "--%s: a value wants a name", o->name);
	TEST_ROW(!o->implied || takes_value, c->name, "--%s: a flag implies nothing", o->name);
	TEST_ROW(o->help && !str_ends(o->help, "."), c->name, "--%s: help", o->name);
	TEST_ROW(!streq(o->name, "help") && o->letter != 'h', c->name, "--%s: is taken", o->name);
	for (const struct opt *p = c->opts; p != o; p++) {
		TEST_ROW(!streq(p->name, o->name), c->name, "--%s: twice", o->name);
		TEST_ROW(!o->letter || p->letter != o->letter, c->name, "-%c: twice", o->letter);
	}
}

static void test_tables(void)
{
	size_t n;
	const struct cmd *const *list = cmd_list(&n);

	CU_ASSERT_TRUE(n >= 20);
	for (size_t i = 0; i < n; i++) {
		const struct cmd *c = list[i];

		TEST_ROW(c->run && c->args && c->summary, c->name, "is incomplete");
		TEST_ROW(cmd_find(c->name) == c, c->name, "is there twice");
		TEST_ROW(!str_ends(c->summary, "."), c->name, "summary with a full stop");
		for (const struct opt *o = c->opts; o && o->name; o++)
			check_option(c, o);
	}
	CU_ASSERT_PTR_NULL(cmd_find("nosuch"));
}

static void test_help(void)
{
	size_t n;
	const struct cmd *const *list = cmd_list(&n);

	for (size_t i = 0; i < n; i++) {
		_cleanup_buf_ struct buf b = BUF_INIT;
		_cleanup_free_ char *usage = xasprintf("usage: ovnbed %s", list[i]->name);
		const char *p;

		opts_help(list[i], &b);
		CU_ASSERT_PTR_NOT_NULL(str_after(buf_str(&b), usage));
		for (p = buf_str(&b); *p; p += strcspn(p, "\n") + (strchr(p, '\n') != NULL))
			TEST_ROW(strcspn(p, "\n") <= 110, list[i]->name, "line too long: %.40s", p);
	}
}

TEST_SUITE(verbs, {"tables", test_tables}, {"help", test_help})
