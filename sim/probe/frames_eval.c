/* SPDX-License-Identifier: Apache-2.0 */
/* Who heard which copies, and what that means. */
#include "probe/frames.h"
#include "probe/verdict.h"

#define PASS(...) verdict_new("pass", NULL, __VA_ARGS__)
#define FAIL(layer, ...) verdict_new("fail", layer, __VA_ARGS__)
#define ERROR(layer, ...) verdict_new("error", layer, __VA_ARGS__)

/* ---- evidence ---- */

/* Frames of one sending that a watcher saw come in (or go out). */
static long long heard(const json_t *watch, long long id, bool outgoing)
{
	long long n = 0;
	size_t i;
	json_t *flow;

	json_array_foreach(jget(watch, "sniff.flows"), i, flow)
		if (jint(flow, "cell", -1) == id && jbool(flow, "outgoing", false) == outgoing)
			n += jint(flow, "frames", 0);
	return n;
}

static const json_t *find_watch(const json_t *watch, const char *endpoint, const char *ifname)
{
	size_t i;
	json_t *w;

	json_array_foreach(watch, i, w)
		if (streq(jstr(w, "endpoint", ""), endpoint) &&
		    streq(jstr(w, "ifname", ""), ifname))
			return w;
	return NULL;
}

static bool unreadable(const json_t *w)
{
	return !json_object_get(w, "sniff") || jint(w, "sniff.dropped", 0) ||
	       jbool(w, "sniff.overflow", false);
}

/* A receiver that somebody expects to hear this sending. */
static bool is_receiver(const json_t *cells, const json_t *w, const json_t *cell)
{
	long long flood = jint(cell, "floodId", -1);
	size_t i;
	json_t *c;

	json_array_foreach(cells, i, c)
		if ((c == cell || (flood >= 0 && jint(c, "floodId", -1) == flood)) &&
		    streq(jstr(c, "to", ""), jstr(w, "endpoint", "")) &&
		    streq(jstr(c, "expect", ""), "allowed"))
			return true;
	return false;
}

/* The networks differ, as far as both are known. */
static bool other_domain(const json_t *cell, const json_t *w)
{
	const char *a = jstr(cell, "fromDomain", NULL), *b = jstr(w, "domain", NULL);

	return a && b && !streq(a, b);
}

/* Adds what one bystander heard of a cell's sendings. */
static void look_at_bystander(const json_t *cells, json_t *cell, const json_t *w, int copies,
			      json_t *leaks, json_t *doubles)
{
	static const char *const ids[] = {"floodId", "unicastId"};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		const json_t *id = json_object_get(cell, ids[i]);
		long long n = id ? heard(w, json_integer_value(id), false) : 0;
		json_t *what;

		if (!n)
			continue;
		what = json_pack("{s:s, s:s, s:s, s:I}", "endpoint", jstr(w, "endpoint", "?"),
				 "ifname", jstr(w, "ifname", "?"), "network",
				 jstr(w, "domain", "?"), "frames", (json_int_t)n);
		if (other_domain(cell, w) && !is_receiver(cells, w, cell))
			json_array_append(leaks, what);
		else if (n > copies)
			json_array_append(doubles, what);
		json_decref(what);
	}
}

/* Tags on what arrived, as "10" or "100.20"; "" is untagged. */
static void collect_tags(const json_t *w, long long id, json_t *tags)
{
	size_t i, k;
	json_t *flow, *v;

	json_array_foreach(jget(w, "sniff.flows"), i, flow) {
		_cleanup_free_ char *text = xstrdup("");

		if (jint(flow, "cell", -1) != id || jbool(flow, "outgoing", false))
			continue;
		json_array_foreach(json_object_get(flow, "vlans"), k, v) {
			char *more = xasprintf("%s%s%lld", text, k ? "." : "",
					       (long long)json_integer_value(v));

			free(text);
			text = more;
		}
		jadd_str(tags, text);
	}
}

static void set_count(json_t *cell, const char *key, const char *id_key, const json_t *w,
		      json_t *tags)
{
	const json_t *id = json_object_get(cell, id_key);

	if (!id)
		return;
	json_object_set_new(cell, key, json_integer(heard(w, json_integer_value(id), false)));
	collect_tags(w, json_integer_value(id), tags);
}

/* How many of a sending left, or why they did not. */
static void set_sent(json_t *cell, const char *key, const char *id_key, const json_t *sends)
{
	const json_t *id = json_object_get(cell, id_key), *s;

	if (!id)
		return;
	s = json_array_get(sends, (size_t)json_integer_value(id));
	json_object_set_new(cell, key, json_integer(jint(s, "sent", 0)));
	if (jstr(s, "error", NULL))
		jset_str(cell, "sendError", jstr(s, "error", NULL));
}

/* Frames of the same sender, other than the cell's own, that its receiver heard. */
static long long heard_others(const json_t *sends, const json_t *cell, const json_t *to)
{
	long long n = 0;
	json_t *s;
	size_t id;

	json_array_foreach(sends, id, s)
		if (streq(jstr(s, "from", ""), jstr(cell, "from", "")) &&
		    streq(jstr(s, "ifname", ""), jstr(cell, "ifname", "")) &&
		    jint(cell, "floodId", -1) != (long long)id &&
		    jint(cell, "unicastId", -1) != (long long)id)
			n += heard(to, (long long)id, false);
	return n;
}

static void evaluate(const json_t *watch, const json_t *sends, const json_t *cells, json_t *cell,
		     int copies)
{
	const json_t *from = find_watch(watch, jstr(cell, "from", ""), jstr(cell, "ifname", ""));
	const json_t *to = find_watch(watch, jstr(cell, "to", ""), jstr(cell, "toIfname", ""));
	json_t *leaks = json_array(), *doubles = json_array(), *tags = json_array(), *w;
	_cleanup_json_ json_t *deaf = json_array();
	long long flood = jint(cell, "floodId", -1), unicast = jint(cell, "unicastId", -1);
	size_t i;

	set_sent(cell, "floodSent", "floodId", sends);
	set_sent(cell, "unicastSent", "unicastId", sends);
	set_count(cell, "flood", "floodId", to, tags);
	set_count(cell, "unicast", "unicastId", to, tags);
	json_array_foreach(watch, i, w) {
		if (unreadable(w))
			jadd_str(deaf, jstr(w, "endpoint", "?"));
		if (w != from && w != to)
			look_at_bystander(cells, cell, w, copies, leaks, doubles);
	}
	json_object_set_new(cell, "reflected",
			    json_integer((flood >= 0 ? heard(from, flood, false) : 0) +
					 (unicast >= 0 ? heard(from, unicast, false) : 0)));
	json_object_set_new(cell, "control",
			    json_integer(heard(to, jint(from, "fenceId", -2), false)));
	json_object_set_new(cell, "others", json_integer(heard_others(sends, cell, to)));
	json_object_set_new(cell, "alive", json_integer(heard(to, jint(to, "fenceId", -2), true)));
	json_object_set_new(cell, "leaks", leaks);
	json_object_set_new(cell, "duplicates", doubles);
	json_object_set_new(cell, "tags", tags);
	if (json_array_size(deaf))
		json_object_set(cell, "deaf", deaf);
}

void frames_evaluate(const json_t *watch, const json_t *sends, json_t *cells, int copies)
{
	size_t i;
	json_t *cell;

	json_array_foreach(cells, i, cell) {
		long long got;

		if (json_object_get(cell, "verdict"))
			continue;
		evaluate(watch, sends, cells, cell, copies);
		got = jint(cell, "flood", 0) + jint(cell, "unicast", 0);
		jset_str(cell, "outcome", jstr(cell, "dhcp.outcome", got ? "ALLOWED" : "TIMEOUT"));
		json_object_set_new(cell, "verdict", verdict_frames(cell));
	}
}

/* ---- verdict ---- */

/* "3 of 3 flooded, 0 of 3 unicast" */
static char *counts(const json_t *cell)
{
	bool flood = json_object_get(cell, "flood"), unicast = json_object_get(cell, "unicast");
	_cleanup_free_ char *f = flood ? xasprintf("%lld of %lld flooded", jint(cell, "flood", 0),
						   jint(cell, "floodSent", 0))
				       : xstrdup("");
	_cleanup_free_ char *u =
		unicast ? xasprintf("%lld of %lld to its MAC", jint(cell, "unicast", 0),
				    jint(cell, "unicastSent", 0))
			: xstrdup("");

	return xasprintf("%s%s%s", f, flood && unicast ? ", " : "", u);
}

/* Says nothing could be measured, or NULL. */
static json_t *no_evidence(const json_t *cell)
{
	bool flood = json_object_get(cell, "floodId"), unicast = json_object_get(cell, "unicastId");

	if (json_array_size(json_object_get(cell, "deaf")))
		return ERROR("sniffer", "what was heard is incomplete at %s",
			     jstr(cell, "deaf.0", "?"));
	if ((flood && !jint(cell, "floodSent", 0)) || (unicast && !jint(cell, "unicastSent", 0)) ||
	    (!flood && !unicast))
		return ERROR("agent", "%s could not send: %s", jstr(cell, "from", "?"),
			     jstr(cell, "sendError", "no frame left"));
	return NULL;
}

/* What must not be, whatever was expected. */
static json_t *disorder(const json_t *cell)
{
	const json_t *leak = jget(cell, "leaks.0"), *twice = jget(cell, "duplicates.0");

	if (leak)
		return FAIL("isolation", "%lld frames of %s appeared at %s %s (%s)",
			    jint(leak, "frames", 0), jstr(cell, "from", "?"),
			    jstr(leak, "endpoint", "?"), jstr(leak, "ifname", "?"),
			    jstr(leak, "network", "?"));
	if (jint(cell, "reflected", 0))
		return FAIL("reflection", "%lld frames came back to %s, which sent them",
			    jint(cell, "reflected", 0), jstr(cell, "from", "?"));
	if (twice)
		return FAIL("duplicate", "%s heard %lld frames of %lld",
			    jstr(twice, "endpoint", "?"), jint(twice, "frames", 0),
			    jint(cell, "floodSent", jint(cell, "unicastSent", 0)));
	return NULL;
}

static json_t *judge_copies(const json_t *cell, const char *how, const char *got_key,
			    const char *sent_key)
{
	long long got = jint(cell, got_key, 0), sent = jint(cell, sent_key, 0);

	if (!json_object_get(cell, got_key) || got == sent)
		return NULL;
	if (got > sent)
		return FAIL("duplicate", "%s heard %lld frames, %s, of %lld", jstr(cell, "to", "?"),
			    got, how, sent);
	if (!got && !jint(cell, "control", 0))
		return FAIL("path", "%s heard none of %lld frames, %s, nor any plain broadcast",
			    jstr(cell, "to", "?"), sent, how);
	return FAIL("path", "%s heard %lld of %lld frames, %s (plain broadcasts arrive)",
		    jstr(cell, "to", "?"), got, sent, how);
}

static json_t *judge_allowed(const json_t *cell)
{
	_cleanup_free_ char *n = counts(cell);
	json_t *v = judge_copies(cell, "flooded", "flood", "floodSent"), *tag;
	size_t i;

	if (!v)
		v = judge_copies(cell, "to its MAC", "unicast", "unicastSent");
	if (v)
		return v;
	json_array_foreach(json_object_get(cell, "tags"), i, tag)
		if (!jbool(cell, "tagged", false) && *json_string_value(tag))
			return FAIL("vlan", "%s sees a tag: vlan %s", jstr(cell, "to", "?"),
				    json_string_value(tag));
	return PASS("%s heard each copy once (%s)", jstr(cell, "to", "?"), n);
}

static json_t *judge_blocked(const json_t *cell, bool isolated)
{
	_cleanup_free_ char *n = counts(cell);
	const char *tag = jstr(cell, "tags.0", ""), *domain = jstr(cell, "fromDomain", NULL);
	bool together = isolated && domain && streq(domain, jstr(cell, "toDomain", ""));

	if (jint(cell, "flood", 0) || jint(cell, "unicast", 0))
		return FAIL(isolated ? "isolation" : "path", "%s heard %s%s%s%s%s",
			    jstr(cell, "to", "?"), n, *tag ? ", with vlan " : "", tag,
			    together ? "; both are in " : "", together ? domain : "");
	if (isolated)
		return jint(cell, "alive", 0) ? PASS("nothing arrived (%s)", n)
					      : ERROR("sniffer", "%s does not even hear itself",
						      jstr(cell, "to", "?"));
	if (jint(cell, "control", 0))
		return PASS("nothing arrived (%s), a plain broadcast did", n);
	return jint(cell, "others", 0)
		       ? PASS("nothing arrived (%s), other frames of %s did", n,
			      jstr(cell, "from", "?"))
		       : ERROR("path",
			       "%s does not hear a plain broadcast either, so silence says "
			       "nothing",
			       jstr(cell, "to", "?"));
}

/* Silence counts when the receiver hears: a plain broadcast of a member, or itself elsewhere. */
static json_t *judge_dhcp(const json_t *cell, const char *expect)
{
	bool allowed = streq(jstr(cell, "dhcp.outcome", ""), "ALLOWED");
	bool hears = jint(cell, streq(expect, "isolated") ? "alive" : "control", 0) > 0;

	if (streq(jstr(cell, "dhcp.outcome", ""), "INFRA"))
		return ERROR("agent", "%s", jstr(cell, "dhcp.why", "?"));
	if (streq(expect, "allowed"))
		return allowed ? PASS("lease of %s from %s", jstr(cell, "dhcp.address", "?"),
				      jstr(cell, "dhcp.server", "?"))
			       : FAIL("path", "no lease: %s", jstr(cell, "dhcp.why", "silence"));
	if (allowed)
		return FAIL("isolation", "%s got a lease of %s from %s", jstr(cell, "from", "?"),
			    jstr(cell, "dhcp.address", "?"), jstr(cell, "dhcp.server", "?"));
	return hears ? PASS("no lease")
		     : ERROR("path", "no lease, but %s does not hear a plain broadcast either",
			     jstr(cell, "to", "?"));
}

json_t *verdict_frames(const json_t *cell)
{
	const char *expect = jstr(cell, "expect", "allowed");
	json_t *v;

	if (json_object_get(cell, "dhcp"))
		return judge_dhcp(cell, expect);
	v = no_evidence(cell);
	if (!v)
		v = disorder(cell);
	if (v)
		return v;
	if (streq(expect, "allowed"))
		return judge_allowed(cell);
	return judge_blocked(cell, streq(expect, "isolated"));
}
