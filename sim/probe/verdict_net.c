/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts about path MTU and about isolation. */
#include "probe/proto.h"
#include "probe/verdict.h"

#define PASS(...) verdict_new("pass", NULL, __VA_ARGS__)
#define FAIL(layer, ...) verdict_new("fail", layer, __VA_ARGS__)
#define ERROR(layer, ...) verdict_new("error", layer, __VA_ARGS__)

/* What a direction found, in words: "black hole above 1442 (interface MTU 1500, the network carries
 * 1442)". Caller frees. */
static char *mtu_words(const json_t *request, const json_t *dir)
{
	long long path = jint(dir, "path", 0), if_mtu = jint(dir, "ifMtu", 0);
	long long planned = jint(request, "planned", 0);
	const char *class = jstr(dir, "class", "?");
	_cleanup_free_ char *carries =
		planned ? xasprintf(", the network carries %lld", planned) : xstrdup("");

	if (streq(class, "BLACKHOLE"))
		return xasprintf("black hole above %lld (interface MTU %lld%s)", path, if_mtu,
				 carries);
	if (streq(class, "PTB"))
		return xasprintf("packet too big above %lld, announcing %lld (interface MTU "
				 "%lld%s)",
				 path, jint(dir, "ptbMtu", 0), if_mtu, carries);
	if (streq(class, "FRAGMENTED"))
		return xasprintf("fragmented above %lld (interface MTU %lld%s)", path, if_mtu,
				 carries);
	return xasprintf("%lld passes (interface MTU %lld%s)", path, if_mtu, carries);
}

static const char *guest_over(const json_t *request, const json_t *dir)
{
	long long planned = jint(request, "planned", 0);

	return planned && jint(dir, "ifMtu", 0) > planned
		       ? ": the interface MTU is larger than the network can carry"
		       : "";
}

static json_t *judge_beyond(const json_t *expect, const json_t *dir)
{
	long long want = jint(expect, "beyond", 0), slack = jint(expect, "slack", 4);
	long long got = jint(dir, "beyond.largest", -1);
	const char *class = jstr(dir, "beyond.class", "?");
	const char *want_class = jstr(expect, "class", NULL);

	if (!want)
		return NULL;
	if (got < 0)
		return ERROR("mtu", "probes that really leave were not possible: %s",
			     jstr(dir, "beyond.why", "not asked for"));
	if (got < want || got > want + slack)
		return FAIL("mtu", "probes that really leave pass up to %lld, expected %lld", got,
			    want);
	if (want_class && !streq(class, want_class))
		return FAIL("mtu", "above %lld: %s, expected %s", got, class, want_class);
	return NULL;
}

/* The size above the largest must have been seen to fail, and in a way that says something. */
static json_t *boundary_error(const json_t *dir)
{
	const char *class = jstr(dir, "class", "ERROR");
	long long path = jint(dir, "path", 0);

	if (streq(class, "ERROR"))
		return ERROR("mtu", "the probe of %lld bytes failed for another reason", path + 1);
	if (streq(class, "PASS"))
		return ERROR("mtu", "no limit found: everything up to %lld passes", path);
	return NULL;
}

static json_t *judge_path(const json_t *request, const json_t *dir, const char *words)
{
	const json_t *expect = json_object_get(request, "expect");
	long long path = jint(dir, "path", 0), if_mtu = jint(dir, "ifMtu", 0);
	long long want = jint(expect, "path", 0), advertised = jint(request, "advertised", 0);
	long long planned = jint(request, "planned", 0);
	const char *class = jstr(dir, "class", "ERROR");
	const char *want_class = jstr(expect, "class", NULL);

	if (!path)
		return FAIL("mtu", "not even the smallest probe passes (%s)", class);
	if (!want && !advertised)
		return jint(expect, "beyond", 0)
			       ? NULL
			       : ERROR("mtu", "nothing to compare with: %s", words);
	if (want && (path < want || path > want + jint(expect, "slack", 0)))
		return FAIL("mtu", "%s, expected %lld%s", words, want, guest_over(request, dir));
	if (advertised && if_mtu != advertised)
		return FAIL("mtu", "the interface MTU is %lld, the network says %lld", if_mtu,
			    advertised);
	if (!want && planned && path < MIN(planned, if_mtu))
		return FAIL("mtu", "%s: by plan %lld should pass", words, MIN(planned, if_mtu));
	if (!want && path < advertised)
		return FAIL("mtu", "%s, advertised are %lld%s", words, advertised,
			    guest_over(request, dir));
	if (want_class && !jint(expect, "beyond", 0) && !streq(class, want_class))
		return FAIL("mtu", "above %lld: %s, expected %s", path, class, want_class);
	return NULL;
}

json_t *verdict_mtu(const json_t *request, const json_t *dir)
{
	const char *infra = jstr(dir, "infra", NULL);
	_cleanup_free_ char *words = NULL;
	json_t *v;

	if (infra)
		return ERROR("agent", "harness: %s", infra);
	words = mtu_words(request, dir);
	v = judge_path(request, dir, words);
	if (!v)
		v = boundary_error(dir);
	if (!v)
		v = judge_beyond(json_object_get(request, "expect"), dir);
	return v ? v : PASS("%s%s", words, guest_over(request, dir));
}

/* ---- isolation ---- */

static json_t *leak_verdict(const json_t *leak, size_t n)
{
	const char *src = jstr(leak, "src", NULL);

	return FAIL("isolation",
		    "%zu flows crossed the border; first: %s from %s (%s%s%s) seen at %s on %s", n,
		    jstr(leak, "proto", "?"), jstr(leak, "from", "?"), jstr(leak, "srcMac", "?"),
		    src ? ", " : "", src ? src : "", jstr(leak, "to", "?"),
		    jstr(leak, "ifname", "?"));
}

static json_t *answer_verdict(const json_t *evidence)
{
	size_t i;
	json_t *r, *c;

	json_array_foreach(json_object_get(evidence, "resolves"), i, r)
		if (json_array_size(json_object_get(r, "foreign")))
			return FAIL("isolation", "%s, sought by %s, is answered by %s",
				    jstr(r, "addr", "?"), jstr(r, "from", "?"),
				    jstr(r, "foreign.0", "?"));
	json_array_foreach(json_object_get(evidence, "cells"), i, c)
		if (streq(jstr(c, "outcome", ""), "ALLOWED") && jbool(c, "foreign", true))
			return FAIL("isolation", "%s/%lld from %s to %s is answered by %s",
				    jstr(c, "proto", "?"), jint(c, "port", 0), jstr(c, "from", "?"),
				    jstr(c, "dst", "?"), jstr(c, "peer", "somebody"));
	return NULL;
}

static json_t *control_verdict(const json_t *evidence)
{
	const json_t *controls = json_object_get(evidence, "controls"), *c;
	size_t i;

	if (!json_array_size(controls))
		return ERROR("sniffer", "no positive control: nothing shows that leaks are seen");
	json_array_foreach(controls, i, c) {
		if (jbool(c, "ok", false))
			continue;
		if (jint(c, "frames", 0) > jint(c, "sent", 0))
			return FAIL(
				"isolation",
				"%s: %lld copies of %lld broadcasts of %s arrived at %s: a loop",
				jstr(c, "network", "?"), jint(c, "frames", 0), jint(c, "sent", 0),
				jstr(c, "from", "?"), jstr(c, "to", "?"));
		return ERROR("sniffer",
			     "%s: a broadcast of %s was seen %lld times at %s, sent %lld",
			     jstr(c, "network", "?"), jstr(c, "from", "?"), jint(c, "frames", 0),
			     jstr(c, "to", "?"), jint(c, "sent", 0));
	}
	return NULL;
}

json_t *verdict_isolation(const json_t *evidence)
{
	const json_t *infra = json_object_get(evidence, "infra");
	const json_t *leaks = json_object_get(evidence, "leaks");
	const json_t *unread = json_object_get(evidence, "unread");
	json_t *v = NULL;

	if (json_array_size(leaks))
		return leak_verdict(json_array_get(leaks, 0), json_array_size(leaks));
	v = answer_verdict(evidence);
	if (v)
		return v;
	if (json_array_size(infra))
		return ERROR("agent", "harness: %s: %s", jstr(evidence, "infra.0.endpoint", "?"),
			     jstr(evidence, "infra.0.why", "?"));
	if (json_array_size(unread))
		return ERROR("sniffer", "the sniffer of %s lost frames",
			     jstr(evidence, "unread.0", "?"));
	v = control_verdict(evidence);
	return v ? v : PASS("no frame crossed, no address answered across the border");
}
