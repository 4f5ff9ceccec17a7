/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/mtu_judge.h"

#include "probe/verdict.h"

enum { IP4_TCP = 40, IP6_TCP = 60, TIMESTAMPS = 12 };

json_t *mtu_plan_json(const struct pathmtu_path *p, long long promised)
{
	size_t first = promised ? pathmtu_first(p, (int)promised) : p->n;
	json_t *j = json_pack("{s:o, s:o}", "hops", pathmtu_json(p), "first",
			      jstring(first < p->n ? p->v[first].name : NULL));

	if (p->why)
		jset_str(j, "why", p->why);
	else
		json_object_set_new(j, "limit", json_integer(pathmtu_limit(p)));
	return j;
}

static bool is_limit(const char *class)
{
	return streq(class, "BLACKHOLE") || streq(class, "PTB") || streq(class, "FRAGMENTED");
}

long long mtu_passes(const json_t *dir)
{
	const json_t *beyond = json_object_get(dir, "beyond");

	if (jstr(dir, "infra", NULL))
		return -1;
	if (is_limit(jstr(dir, "class", "")))
		return jint(dir, "path", 0);
	return is_limit(jstr(beyond, "class", "")) ? jint(beyond, "largest", 0) : -1;
}

/* ---- hop ---- */

/* The node port of an endpoint by several names. */
static bool is_port_of(const json_t *dir, const char *port, const char *wanted)
{
	if (!port)
		return false;
	if (streq(wanted, "sender"))
		return streq(port, jstr(dir, "from", ""));
	if (streq(wanted, "receiver"))
		return streq(port, jstr(dir, "to", ""));
	return streq(port, wanted);
}

static bool is_hop(const json_t *dir, const char *wanted)
{
	const json_t *hop = json_object_get(dir, "hop");

	return streq(jstr(hop, "name", ""), wanted) ||
	       is_port_of(dir, jstr(hop, "port", NULL), wanted);
}

/* "node/worker-a:eth0 (MTU 1500, of which Geneve takes 58)". Caller frees. */
static char *hop_words(const json_t *hop)
{
	long long mtu = jint(hop, "mtu", 0), overhead = jint(hop, "overhead", 0);
	_cleanup_free_ char *takes =
		overhead ? xasprintf(", of which Geneve takes %lld", overhead) : xstrdup("");
	const char *port = jstr(hop, "port", NULL), *name = jstr(hop, "name", "?");

	if (!mtu)
		return xasprintf("%s, which no known MTU explains", name);
	return xasprintf("%s (%s%s%sMTU %lld%s)", name, port ? "port of " : "", port ? port : "",
			 port ? ", " : "", mtu, takes);
}

static void say(json_t *dir, const char *sep, const char *text)
{
	_cleanup_free_ char *all = xasprintf("%s%s%s", jstr(dir, "verdict.reason", ""), sep, text);

	jset_str(dir, "verdict.reason", all);
}

static void fail(json_t *dir, const char *text)
{
	if (streq(jstr(dir, "verdict.status", ""), "pass")) {
		jset_str(dir, "verdict.status", "fail");
		jset_str(dir, "verdict.layer", "mtu");
	}
	say(dir, "; ", text);
}

static void expect_hop(json_t *dir, const char *wanted)
{
	_cleanup_free_ char *text = NULL;

	if (is_hop(dir, wanted))
		return;
	text = xasprintf("expected to be lost at %s, found %s%s%s", wanted,
			 jstr(dir, "hop.name", "no hop"), jstr(dir, "hopWhy", NULL) ? ": " : "",
			 jstr(dir, "hopWhy", ""));
	fail(dir, text);
}

static void expect_plan(json_t *dir, const char *wanted)
{
	const char *found = jstr(dir, "plan.first", "none");
	_cleanup_free_ char *text = NULL;

	if (streq(found, wanted))
		return;
	text = xasprintf("the plan's first hop too small is %s, expected %s", found, wanted);
	fail(dir, text);
}

/* Every frame that left, or more: something else may have been too long meanwhile. */
static void expect_counted(json_t *dir)
{
	long long counted = jint(dir, "trace.overMtu", -1), sent = jint(dir, "trace.sent", 0);
	_cleanup_free_ char *text = NULL;

	if (sent && counted >= sent)
		return;
	text = counted < 0 ? xstrdup("the switch does not count what is too long")
			   : xasprintf("the switch counted %lld of %lld frames as too long",
				       counted, sent);
	fail(dir, text);
}

void mtu_judge_hop(json_t *dir, const json_t *trace, const json_t *expect)
{
	const json_t *hop = json_object_get(trace, "hop");
	_cleanup_free_ char *words = NULL;

	if (json_is_object(hop)) {
		_cleanup_free_ char *name = hop_words(hop);

		json_object_set(dir, "hop", (json_t *)hop);
		words = xasprintf("%s lost %s%s",
				  jint(dir, "path", 0) ? "larger ones are" : "they are",
				  jint(hop, "mtu", 0) ? "at " : "", name);
		say(dir, "; ", words);
	}
	jset_str(dir, "hopWhy", jstr(trace, "why", NULL));
	if (trace)
		json_object_set(dir, "trace", (json_t *)trace);
	json_object_del(json_object_get(dir, "trace"), "hop");
	json_object_del(json_object_get(dir, "trace"), "why");
	if (jstr(expect, "hop", NULL))
		expect_hop(dir, jstr(expect, "hop", ""));
	if (jbool(expect, "counted", false))
		expect_counted(dir);
	if (jstr(expect, "planHop", NULL))
		expect_plan(dir, jstr(expect, "planHop", ""));
}

/* ---- TCP ---- */

static bool holds(const json_t *dir, long long size)
{
	return !dir || jint(dir, "path", 0) >= size;
}

static json_t *tcp_verdict(const json_t *j, long long size, bool passes)
{
	bool arrived = streq(jstr(j, "outcome", ""), "ALLOWED");
	long long mss = jint(j, "mss", 0), full = jint(j, "mssExpected", 0);

	if (streq(jstr(j, "outcome", ""), "INFRA"))
		return verdict_new("error", "agent", "TCP: the harness failed");
	if (!passes && !arrived && !streq(jstr(j, "outcome", ""), "BROKEN"))
		return verdict_new("fail", "path", "TCP: a bulk transfer is %s",
				   jstr(j, "outcome", "?"));
	if (!passes && arrived)
		return verdict_new("fail", "mtu",
				   "TCP: segments of %lld bytes arrive although the path does not "
				   "carry them",
				   size);
	if (!passes)
		return verdict_new("pass", NULL,
				   "TCP: large segments stall, as the black hole makes them");
	if (!arrived || !jbool(j, "digestOk", false))
		return verdict_new("fail", "mtu", "TCP: a bulk transfer is %s",
				   jstr(j, "outcome", "?"));
	if (mss != full && mss != full - TIMESTAMPS)
		return verdict_new("fail", "mtu", "TCP: segments of %lld bytes, expected %lld", mss,
				   full);
	return verdict_new("pass", NULL,
			   "TCP: %lld bytes each way in segments of %lld, digests equal, %lld "
			   "retransmits",
			   jint(j, "bytes", 0), mss, jint(j, "retransmits", 0));
}

json_t *mtu_judge_tcp(const json_t *cell, const json_t *forward, const json_t *reverse, int family)
{
	long long a = jint(forward, "ifMtu", 0), b = jint(reverse, "ifMtu", a);
	long long size = MIN(a, b); /* what the two ends agree on */
	const json_t *bulk = json_object_get(cell, "bulk");
	json_t *j = json_pack(
		"{s:s, s:I, s:b, s:I, s:I, s:I}", "outcome", jstr(cell, "outcome", "INFRA"),
		"bytes", (json_int_t)jint(bulk, "bytes", 0), "digestOk",
		jbool(bulk, "digestOk", false), "mss", (json_int_t)jint(bulk, "mss", 0),
		"mssExpected", (json_int_t)(size - (family == 6 ? IP6_TCP : IP4_TCP)),
		"retransmits",
		(json_int_t)(jint(bulk, "retransmits", 0) + jint(bulk, "peerRetransmits", 0)));

	json_object_set_new(j, "verdict",
			    tcp_verdict(j, size, holds(forward, size) && holds(reverse, size)));
	return j;
}
