/* SPDX-License-Identifier: Apache-2.0 */
/* Names, conflicts and mentions of faults; what they do to a lab is tests/system/fault.sh. */
#include "test/test.h"

#include "lab/fault_list.h"
#include "lab/fault_spec.h"

static struct fault *add(struct lab *lab, const char *name, const char *words)
{
	_cleanup_json_ json_t *w = jparse(words, strlen(words), NULL);
	struct fault *f = xcalloc(1, sizeof(*f)), **p = &lab->faults;

	f->lab = lab;
	f->name = xstrdup(name);
	f->spec = fault_spec_parse(w, NULL);
	f->claims = fault_spec_claims(f->spec);
	f->machines = json_pack("[s]", jstr(f->spec, "machine", "control-plane"));
	f->state = FAULT_ACTIVE;
	while (*p)
		p = &(*p)->next;
	*p = f;
	return f;
}

static void clean(struct lab *lab)
{
	while (lab->faults) {
		struct fault *f = lab->faults;

		lab->faults = f->next;
		json_decref(f->spec);
		json_decref(f->claims);
		json_decref(f->machines);
		free(f->name);
		free(f);
	}
}

static void test_find(void)
{
	static const struct {
		const char *words, *name;
	} rows[] = {
		{"{\"link-up\":\"node/a\"}", "one"},
		{"{\"link-up\":\"a:eth1\"}", ""},
		{"{\"plug\":\"a:eth0\"}", ""},
		{"{\"start\":\"a\",\"daemon\":\"ovn-northd\"}", "two"},
		{"{\"start\":\"b\",\"daemon\":\"ovn-northd\"}", ""},
		{"{\"start\":\"b\",\"daemon\":\"ovn-controller\"}", "three"},
	};
	_cleanup_err_ struct err e = ERR_INIT;
	struct lab lab = {0};

	CU_ASSERT_PTR_NULL(fault_find(&lab, "one", &e));
	TEST_STR(err_msg(&e), "no fault is called one; active: none");
	add(&lab, "one", "{\"link-down\":\"a\"}");
	add(&lab, "two", "{\"kill\":\"a\",\"daemon\":\"ovn-northd\"}");
	add(&lab, "three", "{\"stop\":\"b\",\"daemon\":\"ovn-controller\"}");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *w = jparse(rows[i].words, strlen(rows[i].words), NULL);
		_cleanup_json_ json_t *spec = fault_spec_parse(w, &e);
		const struct fault *f = fault_undone_by(&lab, spec);

		TEST_ROW(streq(f ? f->name : "", rows[i].name), rows[i].words, "%s",
			 f ? f->name : "none");
	}
	CU_ASSERT_PTR_NOT_NULL(fault_find(&lab, "two", &e));
	CU_ASSERT_PTR_NULL(fault_find(&lab, "four", &e));
	TEST_STR(err_msg(&e), "no fault is called four; active: one, two, three");
	clean(&lab);
}

static void refuse(struct lab *lab, const char *words, const char *why)
{
	_cleanup_json_ json_t *w = jparse(words, strlen(words), NULL), *spec = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	spec = fault_spec_parse(w, &e);
	TEST_ROW(fault_add(lab, spec, NULL, NULL, &e) < 0 && streq(err_msg(&e), why), words, "%s",
		 err_msg(&e));
}

static void test_refuse(void)
{
	struct lab_node node = {.name = (char *)"a", .pid = 1, .death = (char *)"gone"};
	struct lab lab = {.nodes = &node, .n_nodes = 1};

	refuse(&lab, "{\"kill\":\"b\"}", "kill node/b: there is no node b; there are a");
	refuse(&lab, "{\"kill\":\"a\"}", "kill node/a: node/a is dead already");
	refuse(&lab, "{\"stop\":\"a\",\"daemon\":\"x\"}", "stop node/a x: node/a: gone");
	CU_ASSERT_PTR_NULL(lab.faults);
	add(&lab, "one", "{\"link-down\":\"a\"}");
	refuse(&lab, "{\"kill\":\"a\",\"name\":\"one\"}", "a fault called one is active already");
	refuse(&lab, "{\"unplug\":\"a:eth0\"}",
	       "unplug a:eth0: conflicts with the active fault one (link-down a:eth0); heal that "
	       "first");
	clean(&lab);
}

/* A pass stays as it is; the rest says which faults are there, if they touch one of the ends. */
static void test_mention(void)
{
	static const char text[] =
		"{\"cells\":["
		"{\"from\":\"host/s\",\"to\":\"node/"
		"a\",\"verdict\":{\"status\":\"fail\",\"reason\":\"x\"}},"
		"{\"from\":\"host/s\",\"to\":\"node/"
		"a\",\"verdict\":{\"status\":\"pass\",\"reason\":\"x\"}},"
		"{\"from\":\"host/s\",\"to\":\"node/"
		"b\",\"verdict\":{\"status\":\"fail\",\"reason\":\"x\"}}],"
		"\"reverse\":{\"verdict\":{\"status\":\"error\",\"reason\":\"y\"}}}";
	_cleanup_json_ json_t *result = jparse(text, strlen(text), NULL);
	_cleanup_json_ json_t *names = json_pack("[s, s]", "host/s", "node/b"), *list = NULL;
	struct lab lab = {0};

	faults_mention(&lab, result, names);
	TEST_STR(jstr(result, "cells.0.verdict.reason", ""), "x");
	add(&lab, "one", "{\"link-down\":\"a\"}");
	add(&lab, "two", "{\"unplug\":\"host/s:eth0\"}");
	faults_mention(&lab, result, names);
	TEST_STR(jstr(result, "cells.0.verdict.reason", ""),
		 "x; active faults: one (link-down a:eth0), two (unplug host/s:eth0)");
	TEST_STR(jstr(result, "cells.1.verdict.reason", ""), "x");
	TEST_STR(jstr(result, "cells.2.verdict.reason", ""),
		 "x; active faults: two (unplug host/s:eth0)");
	TEST_STR(jstr(result, "reverse.verdict.reason", ""),
		 "y; active faults: two (unplug host/s:eth0)");
	list = faults_json(&lab);
	TEST_STR(jstr(list, "1.name", ""), "two");
	TEST_STR(jstr(list, "1.state", ""), "active");
	TEST_STR(jstr(list, "1.machines.0", ""), "host/s");
	clean(&lab);
}

TEST_SUITE(fault_list, {"find", test_find}, {"refuse", test_refuse}, {"mention", test_mention})
