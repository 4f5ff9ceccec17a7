/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/evidence.h"

static char *tuple(const char *src, long long sport, const char *dst, long long dport)
{
	return xasprintf("%s %lld %s %lld", src, sport, dst, dport);
}

static void index_cell(json_t *index, const json_t *cell, json_int_t id)
{
	size_t i;
	json_t *a;

	json_array_foreach(json_object_get(cell, "attempts"), i, a) {
		_cleanup_free_ char *key = tuple(jstr(cell, "src", ""), jint(a, "sport", 0),
						 jstr(cell, "dst", ""), jint(cell, "port", 0));

		json_object_set_new(index, key, json_integer(id));
	}
}

json_t *evidence_index(const json_t *cells)
{
	json_t *index = json_object(), *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		const char *proto = jstr(cell, "proto", "");

		if (streq(proto, "tcp") || streq(proto, "bulk"))
			index_cell(index, cell, (json_int_t)i);
	}
	return index;
}

long long evidence_cell(const json_t *index, const json_t *flow)
{
	_cleanup_free_ char *key = NULL;
	const json_t *v = json_object_get(flow, "cell");

	if (json_is_integer(v))
		return json_integer_value(v);
	key = tuple(jstr(flow, "src", ""), jint(flow, "sport", 0), jstr(flow, "dst", ""),
		    jint(flow, "dport", 0));
	v = json_object_get(index, key);
	return v ? json_integer_value(v) : -1;
}

static void add(json_t *received, const char *key, long long n)
{
	json_object_set_new(received, key, json_integer(jint(received, key, 0) + n));
}

static void attribute(json_t *cells, const json_t *index, const char *to, const json_t *flow)
{
	long long id = evidence_cell(index, flow);
	json_t *cell = id < 0 ? NULL : json_array_get(cells, (size_t)id);
	json_t *received = json_object_get(cell, "received");

	if (!received || jbool(flow, "outgoing", false) || !streq(jstr(cell, "to", ""), to))
		return;
	add(received, "frames", jint(flow, "frames", 0));
	add(received, "badChecksum", jint(flow, "badChecksum", 0));
}

void evidence_received(json_t *cells, const json_t *index, const char *to, const json_t *sniff)
{
	bool lossy = jint(sniff, "dropped", 0) > 0 || jbool(sniff, "overflow", false);
	size_t i;
	json_t *v;

	if (!sniff)
		return;
	json_array_foreach(cells, i, v) {
		json_t *received;

		if (!streq(jstr(v, "to", ""), to))
			continue;
		received = json_pack("{s:i, s:i}", "frames", 0, "badChecksum", 0);
		if (lossy)
			json_object_set_new(received, "lossy", json_true());
		json_object_set_new(v, "received", received);
	}
	json_array_foreach(json_object_get(sniff, "flows"), i, v)
		attribute(cells, index, to, v);
}

/* By address: two endpoints may share several networks. */
static char *pair(const json_t *cell)
{
	return xasprintf("%s %s %s", jstr(cell, "from", ""), jstr(cell, "to", ""),
			 jstr(cell, "dst", ""));
}

json_t *evidence_icmp_index(const json_t *cells)
{
	json_t *index = json_object(), *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		_cleanup_free_ char *key = pair(cell);

		if (streq(jstr(cell, "proto", ""), "icmp"))
			json_object_set_new(index, key, json_integer((json_int_t)i));
	}
	return index;
}

const json_t *evidence_sibling(const json_t *icmp_index, const json_t *cells, const json_t *cell)
{
	_cleanup_free_ char *key = pair(cell);
	const json_t *v = json_object_get(icmp_index, key);

	return v ? json_array_get(cells, (size_t)json_integer_value(v)) : NULL;
}
