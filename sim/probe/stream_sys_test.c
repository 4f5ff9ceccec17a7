/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of probes between agents in namespaces, before and after the cable is out. Needs root. */
#include "probe/netlab_test.h"
#include "test/test.h"

static const char request[] = "{\"flows\":["
			      "{\"from\":\"a\",\"to\":\"b\",\"dst\":\"10.1.0.2\",\"proto\":\"tcp\","
			      "\"port\":80,\"timeoutMs\":200},"
			      "{\"from\":\"a\",\"to\":\"b\",\"dst\":\"10.1.0.2\",\"proto\":\"tcp\","
			      "\"port\":80,\"timeoutMs\":200,\"hold\":true}]}";

static void wire(struct netlab *lab)
{
	netlab_ns(lab, "a", true);
	netlab_ns(lab, "b", true);
	netlab_link(lab, "a", "eth0", "b", "eth0");
	netlab_ip(lab, "a", "addr add 10.1.0.1/24 dev eth0");
	netlab_ip(lab, "b", "addr add 10.1.0.2/24 dev eth0");
	CU_ASSERT_TRUE(netlab_ready(lab));
}

static json_t *stop(struct netlab *lab, const json_t *flows, size_t i)
{
	_cleanup_free_ char *params = xasprintf("{\"id\":\"%s\",\"moreMs\":100}",
						jstr(json_array_get(flows, i), "id", "?"));

	return netlab_call(lab, "a", "stream-stop", params);
}

static size_t count(const json_t *result, bool allowed)
{
	json_t *a;
	size_t i, n = 0;

	json_array_foreach(json_object_get(result, "attempts"), i, a)
		n += streq0(json_string_value(json_array_get(a, 1)), "ALLOWED") == allowed;
	return n;
}

/* 200 ms before the answer and 100 ms after it, one every 10 ms; a busy machine makes fewer. */
static void test_passes(void)
{
	_cleanup_json_ json_t *r = NULL, *again = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	wire(&lab);
	r = netlab_run(&lab, stream_run, request);
	for (size_t i = 0; i < 2; i++) {
		_cleanup_json_ json_t *got = stop(&lab, json_object_get(r, "flows"), i);

		TEST_ROW(count(got, true) >= 5 && !count(got, false), i ? "held" : "fresh",
			 "%zu passed, %zu did not", count(got, true), count(got, false));
	}
	again = stop(&lab, json_object_get(r, "flows"), 0);
	CU_ASSERT_PTR_NOT_NULL(json_object_get(again, "error"));
	netlab_free(&lab);
}

static void test_cut(void)
{
	_cleanup_json_ json_t *r = NULL;
	struct netlab lab;

	if (!netlab_new(&lab))
		return;
	wire(&lab);
	r = netlab_run(&lab, stream_run, request);
	netlab_ip(&lab, "b", "addr del 10.1.0.2/24 dev eth0");
	for (size_t i = 0; i < 2; i++) {
		_cleanup_json_ json_t *got = stop(&lab, json_object_get(r, "flows"), i);

		TEST_ROW(count(got, true) >= 5 && count(got, false) >= 3, i ? "held" : "fresh",
			 "%zu passed, %zu did not", count(got, true), count(got, false));
	}
	netlab_free(&lab);
}

TEST_SUITE(stream, {"passes", test_passes}, {"cut", test_cut})
