/* SPDX-License-Identifier: Apache-2.0 */
/* Who heard whom. */
#include "probe/evidence.h"
#include "probe/isolate.h"

/* The member that sent a flow, or -1. */
static int sender_of(const json_t *cells, const json_t *index, const json_t *flow)
{
	const json_t *id = json_object_get(flow, "cell");
	long long cell;

	if (json_is_integer(id))
		return ISOLATE_MEMBER(json_integer_value(id));
	cell = evidence_cell(index, flow);
	return cell < 0 ? -1 : (int)jint(json_array_get(cells, (size_t)cell), "member", -1);
}

static void add_leak(json_t *leaks, const json_t *from, const json_t *to, const json_t *flow)
{
	json_t *leak = json_copy((json_t *)flow);

	json_object_set(leak, "from", json_object_get(from, "endpoint"));
	json_object_set(leak, "fromNetwork", json_object_get(from, "network"));
	json_object_set(leak, "to", json_object_get(to, "endpoint"));
	json_object_set(leak, "network", json_object_get(to, "network"));
	json_array_append_new(leaks, leak);
}

/* Frames of one kind of member `from` that `to` heard; its own as they went out. */
static long long heard(const json_t *to, int from, int kind, bool self)
{
	long long n = 0;
	size_t i;
	json_t *flow;

	json_array_foreach(jget(to, "sniff.flows"), i, flow) {
		long long id = jint(flow, "cell", -1);

		if (id >= 0 && ISOLATE_MEMBER(id) == from && ISOLATE_KIND(id) == kind &&
		    jbool(flow, "outgoing", false) == self)
			n += jint(flow, "frames", 0);
	}
	return n;
}

static void find_leaks(const json_t *members, const json_t *cells, const json_t *index,
		       const json_t *to, json_t *leaks)
{
	size_t i;
	json_t *flow;

	json_array_foreach(jget(to, "sniff.flows"), i, flow) {
		int sender = sender_of(cells, index, flow);
		const json_t *from = sender < 0 ? NULL : json_array_get(members, (size_t)sender);

		if (!from || jbool(flow, "outgoing", false) ||
		    jint(from, "net", 0) == jint(to, "net", 0))
			continue;
		add_leak(leaks, from, to, flow);
	}
}

/*
 * Every member of a network hears each broadcast once, and its own when it goes out. Port security
 * with addresses lets nothing pass but IP and ARP of these: then the announcements count.
 */
static json_t *control(const json_t *from, const json_t *to, int index, bool self)
{
	long long n = heard(to, index, ISOLATE_BROADCAST, self), sent = ISOLATE_COPIES;
	long long announced = heard(to, index, ISOLATE_ANNOUNCEMENT, self);

	if (!n || announced > jint(from, "announced", 0)) {
		n = announced;
		sent = jint(from, "announced", 0);
	}
	return json_pack("{s:O, s:O, s:O, s:I, s:I, s:b}", "network",
			 json_object_get(to, "network"), "from", json_object_get(from, "endpoint"),
			 "to", json_object_get(to, "endpoint"), "frames", (json_int_t)n, "sent",
			 (json_int_t)sent, "ok", n >= 1 && n <= sent);
}

static void add_controls(const json_t *members, const json_t *to, size_t to_index, json_t *controls)
{
	size_t i;
	json_t *from;

	json_array_foreach(members, i, from)
		if (jint(from, "net", 0) == jint(to, "net", 0))
			json_array_append_new(controls, control(from, to, (int)i, i == to_index));
}

static bool is_endpoint_of(const json_t *members, const char *endpoint, long long net)
{
	size_t i;
	json_t *m;

	json_array_foreach(members, i, m)
		if (jint(m, "net", -1) == net && streq(jstr(m, "endpoint", ""), endpoint))
			return true;
	return false;
}

/* An echo names nobody: where the own network has the address too, only captures can tell. */
static void set_foreign(const json_t *members, json_t *cell)
{
	const json_t *from = json_array_get(members, (size_t)jint(cell, "member", 0));
	const char *peer = jstr(cell, "peer", NULL);
	bool own = peer ? is_endpoint_of(members, peer, jint(from, "net", 0))
			: jbool(cell, "shared", false);

	json_object_set_new(cell, "foreign",
			    json_boolean(streq(jstr(cell, "outcome", ""), "ALLOWED") && !own));
}

json_t *isolate_evaluate(const json_t *members, json_t *cells)
{
	_cleanup_json_ json_t *index = evidence_index(cells);
	json_t *leaks = json_array(), *controls = json_array(), *unread = json_array(), *v;
	size_t i;

	json_array_foreach(members, i, v) {
		if (!json_object_get(v, "sniff") || jint(v, "sniff.dropped", 0) ||
		    jbool(v, "sniff.overflow", false))
			jadd_str(unread, jstr(v, "endpoint", "?"));
		find_leaks(members, cells, index, v, leaks);
		add_controls(members, v, i, controls);
	}
	json_array_foreach(cells, i, v)
		set_foreign(members, v);
	return json_pack("{s:o, s:o, s:o}", "leaks", leaks, "controls", controls, "unread", unread);
}
