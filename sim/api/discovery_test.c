/* SPDX-License-Identifier: Apache-2.0 */
#include "api/discovery.h"

#include "api/testing.h"

static void golden(json_t *v, const char *path)
{
	_cleanup_json_ json_t *doc = v;
	_cleanup_free_ char *text = jtext_pretty(doc);

	test_golden(path, text);
}

static void test_documents(void)
{
	golden(discovery_api(), "sim/api/testdata/api.json");
	golden(discovery_apis(), "sim/api/testdata/apis.json");
	golden(discovery_group("kubevirt.io"), "sim/api/testdata/group-kubevirt.json");
	golden(discovery_resources("", "v1"), "sim/api/testdata/resources-v1.json");
	golden(discovery_resources("kubevirt.io", "v1"),
	       "sim/api/testdata/resources-kubevirt.json");
}

static void test_absent(void)
{
	CU_ASSERT_PTR_NULL(discovery_group(""));
	CU_ASSERT_PTR_NULL(discovery_group("apps"));
	CU_ASSERT_PTR_NULL(discovery_resources("", "v2"));
	CU_ASSERT_PTR_NULL(discovery_resources("apps", "v1"));
}

static void test_version(void)
{
	static const struct {
		const char *git, *major, *minor;
	} rows[] = {
		{"v1.30.0-ovnbed", "1", "30"},
		{"v2.5", "2", "5"},
		{"unknown", "1", "0"},
		{"", "1", "0"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *v = discovery_version(rows[i].git);

		TEST_STR(jstr(v, "major", ""), rows[i].major);
		TEST_STR(jstr(v, "minor", ""), rows[i].minor);
		TEST_STR(jstr(v, "gitVersion", ""), rows[i].git);
	}
}

/* Each listed resource is reachable by the URL that it announces. */
static void test_reachable(void)
{
	KIND_FOREACH(k) {
		for (const char *const *v = k->versions; *v; v++) {
			_cleanup_json_ json_t *doc = discovery_resources(k->group, *v);
			size_t i, found = 0;
			json_t *r;

			json_array_foreach(json_object_get(doc, "resources"), i, r)
				found += streq(jstr(r, "name", ""), k->plural);
			TEST_ROW(found == 1, k->kind, "is listed %zu times in %s", found, *v);
		}
	}
}

TEST_SUITE(api_discovery, {"documents", test_documents}, {"absent", test_absent},
	   {"version", test_version}, {"reachable", test_reachable})
