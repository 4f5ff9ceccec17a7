/* SPDX-License-Identifier: Apache-2.0 */
#include "api/store_testing.h"

static void test_list(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_selector_ struct selector *sel = selector_parse("x in (y)", NULL);
	_cleanup_field_selector_ struct field_selector *fields =
		field_selector_parse("metadata.name!=a", NULL);
	const struct {
		struct store_query q;
		const char *want;
	} rows[] = {
		{{.kind = &kind_configmap}, "default/a default/b zoo/a"},
		{{.kind = &kind_configmap, .ns = "default"}, "default/a default/b"},
		{{.kind = &kind_configmap, .ns = "none"}, ""},
		{{.kind = &kind_configmap, .name = "a"}, "default/a zoo/a"},
		{{.kind = &kind_configmap, .labels = sel}, "default/b zoo/a"},
		{{.kind = &kind_configmap, .fields = fields}, "default/b"},
		{{.kind = &kind_namespace, .ns = "x"}, "default kube-system zoo"},
	};

	setup(&f);
	make(&f, NS("zoo"));
	make(&f, CM("a", ",'namespace':'zoo','labels':{'x':'y'}"));
	make(&f, CM("b", ",'labels':{'x':'y'}"));
	make(&f, CM("a", ""));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *list = store_list(f.s, &rows[i].q);
		_cleanup_free_ char *got = names_of(list);

		TEST_ROW(streq(got, rows[i].want), rows[i].want, "got %s", got);
		TEST_STR(meta_rv(list), "6");
	}
	_cleanup_json_ json_t *list = store_list(f.s, &rows[0].q);

	TEST_STR(jstr(list, "kind", ""), "ConfigMapList");
	TEST_STR(jstr(list, "apiVersion", ""), "v1");
}

/* "ADDED a, …" */
static char *events_text(const json_t *events)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *v;

	json_array_foreach(events, i, v)
		buf_printf(&b, "%s%s %s@%s", i ? ", " : "", jstr(v, "type", ""),
			   jstr(v, "object.metadata.name", ""),
			   jstr(v, "object.metadata.resourceVersion", ""));
	return buf_take(&b);
}

static void test_watch(void)
{
	_cleanup_fixture_ struct fixture f;
	_cleanup_selector_ struct selector *sel = selector_parse("x=y", NULL);
	struct store_query all = {.kind = &kind_configmap};
	struct store_query some = {.kind = &kind_configmap, .labels = sel};
	_cleanup_json_ json_t *a = NULL, *e1 = NULL, *e2 = NULL, *e3 = NULL, *e4 = NULL;
	_cleanup_free_ char *t1 = NULL, *t2 = NULL, *t3 = NULL, *t4 = NULL;

	setup(&f);
	a = create(&f, CM("a", ",'labels':{'x':'y'}")); /* 3 */
	make(&f, CM("b", ""));				/* 4 */
	make(&f, VM("v", ""));				/* 5 */
	store_label(f.s, a, "x", "z");			/* 6: leaves the selector */
	store_annotate(f.s, a, "k", "v");		/* 7 */
	store_label(f.s, a, "x", "y");			/* 8: comes back */
	store_annotate(f.s, a, "k", "w");		/* 9 */
	json_decref(store_delete(f.s, &kind_configmap, NULL, "a", NULL, NULL)); /* 10 */
	e1 = store_events_since(f.s, &all, "2", status(&f));
	t1 = events_text(e1);
	TEST_STR(t1, "ADDED a@3, ADDED b@4, MODIFIED a@6, MODIFIED a@7, MODIFIED a@8, MODIFIED "
		     "a@9, DELETED a@10");
	e2 = store_events_since(f.s, &some, "2", status(&f));
	t2 = events_text(e2);
	TEST_STR(t2, "ADDED a@3, DELETED a@6, ADDED a@8, MODIFIED a@9, DELETED a@10");
	e3 = store_events_since(f.s, &all, "10", status(&f));
	t3 = events_text(e3);
	TEST_STR(t3, "");
	e4 = store_events_since(f.s, &all, "0", status(&f));
	t4 = events_text(e4);
	TEST_STR(t4, "ADDED b@4");
	CU_ASSERT_PTR_NULL(store_events_since(f.s, &all, "11", status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 410);
	CU_ASSERT_PTR_NULL(store_events_since(f.s, &all, "x", status(&f)));
	CU_ASSERT_EQUAL(status_code(f.status), 400);
}

static void test_watch_expiry(void)
{
	struct store *s = store_new(&(struct store_config){.log_size = 4});
	struct store_query q = {.kind = &kind_configmap};
	_cleanup_json_ json_t *st = NULL, *ok = NULL, *obj = J(CM("a", "")), *a = NULL;

	a = store_create(s, obj, NULL, NULL); /* 3 */
	for (int i = 0; i < 5; i++) {
		_cleanup_free_ char *v = xasprintf("%d", i);

		store_annotate(s, a, "k", v); /* 4 … 8 */
	}
	ok = store_events_since(s, &q, "4", &st);
	CU_ASSERT_EQUAL(json_array_size(ok), 4);
	CU_ASSERT_PTR_NULL(store_events_since(s, &q, "3", &st));
	CU_ASSERT_EQUAL(status_code(st), 410);
	TEST_STR(status_reason(st), "Expired");
	store_free(s);
}

struct recorder {
	struct store *s;
	struct buf text;
	bool meddle; /* writes from inside the listener */
};

static void record(void *arg, enum store_change c, const struct kind *k, json_t *obj, json_t *old)
{
	struct recorder *r = arg;

	buf_printf(&r->text, "%s%s %s %s(%s)", r->text.len ? ", " : "", store_change_name(c),
		   k->singular, meta_name(obj), old ? meta_rv(old) : "-");
	if (r->meddle && c == STORE_ADDED && k == &kind_configmap) {
		store_annotate(r->s, obj, "seen", "yes");
		buf_adds(&r->text, " [wrote]");
	}
}

static void test_listeners(void)
{
	_cleanup_fixture_ struct fixture f;
	struct recorder one = {.meddle = true}, two = {0};
	_cleanup_json_ json_t *a = NULL;

	setup(&f);
	one.s = two.s = f.s;
	store_add_listener(f.s, record, &one);
	store_add_listener(f.s, record, &two);
	a = create(&f, CM("a", ""));
	TEST_STR(buf_str(&one.text), "ADDED configmap a(-) [wrote], MODIFIED configmap a(3)");
	/* The second listener sees the changes in order, never the later one first. */
	TEST_STR(buf_str(&two.text), "ADDED configmap a(-), MODIFIED configmap a(3)");
	CU_ASSERT_PTR_NULL(meta_annotation(a, "seen"));
	store_del_listener(f.s, record, &one);
	json_decref(store_delete(f.s, &kind_configmap, NULL, "a", NULL, NULL));
	TEST_STR(buf_str(&two.text), "ADDED configmap a(-), MODIFIED configmap a(3), DELETED "
				     "configmap a(4)");
	TEST_ROW(!strstr(buf_str(&one.text), "DELETED"), "removed listener", "still called");
	buf_free(&one.text);
	buf_free(&two.text);
}

static void leave(void *arg, enum store_change c UNUSED, const struct kind *k UNUSED,
		  json_t *obj UNUSED, json_t *old UNUSED)
{
	store_del_listener(arg, leave, arg);
}

static void test_leaving_listener(void)
{
	_cleanup_fixture_ struct fixture f;
	struct recorder two = {0};

	setup(&f);
	store_add_listener(f.s, leave, f.s);
	store_add_listener(f.s, record, &two);
	make(&f, CM("a", ""));
	make(&f, CM("b", ""));
	TEST_STR(buf_str(&two.text), "ADDED configmap a(-), ADDED configmap b(-)");
	buf_free(&two.text);
}

TEST_SUITE(api_store_watch, {"list", test_list}, {"watch", test_watch},
	   {"watch expiry", test_watch_expiry}, {"listeners", test_listeners},
	   {"leaving listener", test_leaving_listener})
