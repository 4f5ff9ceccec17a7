/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/endpoint.h"
#include "test/test.h"

#define ADDRESSED(a) "\"addresses4\":[\"" a "\"],\"cidrs\":[\"" a "/24\"]"
#define POD                                                                                     \
	"{\"interfaces\":[{\"name\":\"net1\",\"network\":\"blue\",\"domain\":\"layer2 blue\"}," \
	"{\"name\":\"net2\",\"network\":\"v20\",\"domain\":\"dc vlan 20\"}]}"
#define POD2                                                                                   \
	"{\"interfaces\":[{\"name\":\"net1\",\"network\":\"v20b\",\"domain\":\"dc vlan 20\"}," \
	"{\"name\":\"net2\",\"network\":\"blue\",\"domain\":\"layer2 blue\"}]}"
#define ROUTER                                                                                    \
	"{\"interfaces\":[{\"name\":\"wan\",\"network\":\"underlay\",\"domain\":\"u untagged\"}," \
	"{\"name\":\"v10\",\"network\":\"dc\",\"domain\":\"dc vlan 10\"," ADDRESSED(              \
		"192.0.2.254") "},"                                                               \
			       "{\"name\":\"v20\",\"network\":\"dc\",\"domain\":\"dc vlan 20\"}]}"
#define CORP                                                                    \
	"{\"interfaces\":[{\"name\":\"lan\",\"network\":null,\"domain\":null}," \
	"{\"name\":\"eth0\",\"network\":\"underlay\",\"domain\":\"u untagged\"}]}"

#define SINGLE(net) "{\"interfaces\":[{\"name\":\"net1\",\"network\":\"" net "\"}]}"
#define SPOOFED "{\"interfaces\":[{\"name\":\"net2\",\"network\":null,\"domain\":null}]}"
/* In VLANs that the router is not in; the second with an address of the router's VLAN 10. */
#define TWICE                                                                               \
	"{\"interfaces\":[{\"name\":\"net1\",\"network\":\"a\",\"domain\":\"dc vlan 98\"}," \
	"{\"name\":\"net2\",\"network\":\"b\",\"domain\":\"dc vlan 99\"," ADDRESSED(        \
		"192.0.2.7") "}]}"

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
		{"routed: the one that may have a router", POD, CORP, NULL, "net2 eth0"},
		{"routed, named", POD, CORP, "v20", "net2 eth0"},
		{"not routed", POD, CORP, "blue", NULL},
		{"a physical network", POD, ROUTER, "dc", "net2 v20"},
		{"a domain", ROUTER, POD, "dc vlan 20", "v20 net2"},
		{"a name that only begins so", POD, ROUTER, "d", NULL},
		{"one subnet, another VLAN", TWICE, ROUTER, NULL, "net2 v10"},
		{"the first of each", SINGLE("x"), SINGLE("y"), NULL, "net1 net1"},
		{"no such network", POD, POD2, "red", NULL},
		{"a spoofed MAC", SINGLE("x"), SPOOFED, NULL, "net1 net2"},
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

/* {"addresses4","addresses6","cidrs"} of comma-separated prefixes of /24 and /64. */
static json_t *addressed(const char *v4, const char *v6)
{
	json_t *o = json_pack("{s:[], s:[], s:[]}", "addresses4", "addresses6", "cidrs");
	const char *const lists[] = {v4, v6};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (const char *p = lists[i]; *p;) {
			size_t n = strcspn(p, ",");
			json_t *a = json_stringn(p, n);

			json_array_append_new(json_object_get(o, "cidrs"),
					      jstringf("%s/%d", json_string_value(a), i ? 64 : 24));
			json_array_append_new(json_object_get(o, i ? "addresses6" : "addresses4"),
					      a);
			p += n + (p[n] == ',');
		}
	return o;
}

static void test_address(void)
{
	_cleanup_json_ json_t *f = addressed("172.31.0.1,60.128.0.1", "fe90::1,2001:db8::1");
	_cleanup_json_ json_t *g = addressed("60.128.0.9", "2001:db8::9");

	TEST_STR(endpoint_address(f, g, 4), "60.128.0.1");
	TEST_STR(endpoint_address(f, g, 6), "2001:db8::1");
	TEST_STR(endpoint_address(g, f, 4), "60.128.0.9");
	TEST_STR(endpoint_address(f, NULL, 4), "172.31.0.1");
	TEST_STR(endpoint_address(NULL, f, 4), NULL);
}

TEST_SUITE(endpoint_pair, {"pairs", test_pairs}, {"address", test_address})
