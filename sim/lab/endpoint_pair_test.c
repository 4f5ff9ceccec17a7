/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/endpoint.h"
#include "test/test.h"

#define POD                                                                                     \
	"{\"interfaces\":[{\"name\":\"net1\",\"network\":\"blue\",\"domain\":\"layer2 blue\"}," \
	"{\"name\":\"net2\",\"network\":\"v20\",\"domain\":\"dc vlan 20\"}]}"
#define POD2                                                                                   \
	"{\"interfaces\":[{\"name\":\"net1\",\"network\":\"v20b\",\"domain\":\"dc vlan 20\"}," \
	"{\"name\":\"net2\",\"network\":\"blue\",\"domain\":\"layer2 blue\"}]}"
#define ROUTER                                                                                    \
	"{\"interfaces\":[{\"name\":\"wan\",\"network\":\"underlay\",\"domain\":\"u untagged\"}," \
	"{\"name\":\"v10\",\"network\":\"dc\",\"domain\":\"dc vlan 10\"},"                        \
	"{\"name\":\"v20\",\"network\":\"dc\",\"domain\":\"dc vlan 20\"}]}"
#define CORP                                                                    \
	"{\"interfaces\":[{\"name\":\"lan\",\"network\":null,\"domain\":null}," \
	"{\"name\":\"eth0\",\"network\":\"underlay\",\"domain\":\"u untagged\"}]}"

static void test_pairs(void)
{
	static const struct {
		const char *row, *a, *b, *network, *want;
	} rows[] = {
		{"the network that both share", POD, POD2, NULL, "net1 net2"},
		{"one that is named", POD, POD2, "blue", "net1 net2"},
		{"the domain that both share", POD, ROUTER, NULL, "net2 v20"},
		{"the same from the other side", ROUTER, POD, NULL, "v20 net2"},
		{"a named network's domain", ROUTER, POD, "v20", "v20 net2"},
		{"two networks of one domain", POD, POD2, "v20", "net2 net1"},
		{"nobody there", ROUTER, POD, "blue", NULL},
		{"routed: the first of each", POD, CORP, NULL, "net1 eth0"},
		{"no such network", POD, POD2, "red", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *a = jparse(rows[i].a, strlen(rows[i].a), NULL);
		_cleanup_json_ json_t *b = jparse(rows[i].b, strlen(rows[i].b), NULL);
		_cleanup_free_ char *got = NULL;
		const json_t *fa = NULL, *fb = NULL;

		if (endpoint_pair(a, b, rows[i].network, &fa, &fb))
			got = xasprintf("%s %s", jstr(fa, "name", "?"), jstr(fb, "name", "?"));
		TEST_ROW(got ? streq0(rows[i].want, got) : !rows[i].want, rows[i].row,
			 "got %s, want %s", got ? got : "nothing",
			 rows[i].want ? rows[i].want : "nothing");
	}
}

TEST_SUITE(endpoint_pair, {"pairs", test_pairs})
