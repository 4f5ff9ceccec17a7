/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/verdict.h"

#include "probe/proto.h"

static json_t *verdict_va(const char *status, const char *layer, const char *fmt, va_list ap)
{
	_cleanup_free_ char *reason = xvasprintf(fmt, ap);
	json_t *v = json_pack("{s:s, s:o}", "status", status, "reason", jstring(reason));

	jset_str(v, "layer", layer);
	return v;
}

json_t *verdict_new(const char *status, const char *layer, const char *fmt, ...)
{
	va_list ap;
	json_t *v;

	va_start(ap, fmt);
	v = verdict_va(status, layer, fmt, ap);
	va_end(ap);
	return v;
}

#define PASS(...) verdict_new("pass", NULL, __VA_ARGS__)
#define FAIL(layer, ...) verdict_new("fail", layer, __VA_ARGS__)
#define ERROR(layer, ...) verdict_new("error", layer, __VA_ARGS__)

const char *verdict_worst(const json_t *items)
{
	const char *worst = "error";
	bool any = false;
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item) {
		const char *status = jstr(item, "verdict.status", NULL);

		if (!status)
			continue;
		if (streq(status, "error"))
			return "error";
		if (!any || streq(status, "fail"))
			worst = streq(status, "fail") ? "fail" : "pass";
		any = true;
	}
	return worst;
}

/* ---- what the evidence of a cell says ---- */

/* "tcp/80 to 192.0.2.1" */
static char *what(const json_t *cell)
{
	const char *proto = jstr(cell, "proto", "?"), *dst = jstr(cell, "dst", "?");

	if (streq(proto, "icmp"))
		return xasprintf("ping of %s", dst);
	return xasprintf("%s/%lld to %s", proto, jint(cell, "port", 0), dst);
}

static enum probe_outcome outcome(const json_t *cell)
{
	int o = probe_outcome_parse(jstr(cell, "outcome", NULL));

	return o < 0 ? PROBE_INFRA : (enum probe_outcome)o;
}

static bool has_frames(const json_t *cell)
{
	return json_is_object(json_object_get(cell, "received"));
}

static bool lossy(const json_t *cell)
{
	return jbool(cell, "received.lossy", false);
}

static long long frames(const json_t *cell)
{
	return jint(cell, "received.frames", 0);
}

/* All frames of a transport protocol arrived damaged: the sender left its checksum to hardware. */
static bool bad_checksum(const json_t *cell)
{
	return jint(cell, "received.badChecksum", 0) > 0;
}

static const char *neigh_state(const json_t *cell)
{
	return jstr(cell, "neigh.state", NULL);
}

/* True when someone answered the address resolution. */
static bool neigh_resolved(const json_t *cell)
{
	const char *s = neigh_state(cell);

	return s && (streq(s, "reachable") || streq(s, "stale") || streq(s, "delay") ||
		     streq(s, "probe") || streq(s, "permanent") || streq(s, "noarp"));
}

static bool neigh_unresolved(const json_t *cell)
{
	const char *s = neigh_state(cell);

	return s && (streq(s, "incomplete") || streq(s, "failed"));
}

static json_t *infra(const json_t *cell)
{
	return ERROR("agent", "harness: %s", jstr(cell, "detail", "no result"));
}

static json_t *checksum_verdict(const char *status, const json_t *cell, const json_t *sibling,
				const char *probe)
{
	bool ping = sibling && outcome(sibling) == PROBE_ALLOWED;

	return verdict_new(status, "l4-checksum",
			   "L4 checksum, not policy: %s timed out and %lld of %lld frames captured "
			   "at the destination have a wrong checksum%s; turn TX checksum offload "
			   "off at the sender",
			   probe, jint(cell, "received.badChecksum", 0), frames(cell),
			   ping ? ", while ping passes" : "");
}

/* The destination must prove that it would have answered. NULL: it did. */
static json_t *listener_error(const json_t *cell, bool required)
{
	const char *self = jstr(cell, "selfCheck", NULL);

	if (!self)
		return required ? ERROR("listener", "the destination's listener was not checked")
				: NULL;
	if (!streq(self, "ALLOWED"))
		return ERROR("listener", "the destination's listener fails its own self-check (%s)",
			     self);
	return NULL;
}

/* ---- allowed ---- */

static json_t *answered(const json_t *cell, const char *probe)
{
	size_t tries = json_array_size(json_object_get(cell, "attempts"));
	bool icmp = streq(jstr(cell, "proto", ""), "icmp");

	/* An echo names nobody: the destination must have seen the request. */
	if (icmp && has_frames(cell) && !lossy(cell) && !frames(cell))
		return FAIL("peer", "%s was answered, but the destination saw no request", probe);
	if (tries > 1)
		return PASS("%s answered at try %zu", probe, tries);
	return PASS("%s answered", probe);
}

static json_t *unanswered_silence(const json_t *cell, const json_t *sibling, const char *probe)
{
	if (neigh_unresolved(cell))
		return FAIL("neighbour", "%s: the address of %s is not resolved (%s)", probe,
			    jstr(cell, "neigh.addr", "the next hop"), neigh_state(cell));
	if (streq(neigh_state(cell) ? neigh_state(cell) : "", "none"))
		return ERROR("neighbour",
			     "%s: the source did not even try to resolve %s: is its neighbour "
			     "table full?",
			     probe, jstr(cell, "neigh.addr", "the next hop"));
	if (bad_checksum(cell))
		return checksum_verdict("fail", cell, sibling, probe);
	if (has_frames(cell) && frames(cell))
		return FAIL("path",
			    "%s timed out although %lld frames reached the destination: the way "
			    "back is broken",
			    probe, frames(cell));
	if (has_frames(cell) && !lossy(cell))
		return FAIL("path", "%s timed out and no frame reached the destination", probe);
	return FAIL("path", "%s timed out", probe);
}

static json_t *unanswered(const json_t *cell, const json_t *sibling, const char *probe)
{
	const char *detail = jstr(cell, "detail", "");

	switch (outcome(cell)) {
	case PROBE_TIMEOUT:
		return unanswered_silence(cell, sibling, probe);
	case PROBE_BROKEN:
		if (strstr(detail, "stalled"))
			return FAIL("mtu", "%s: %s: connected, but large segments do not pass",
				    probe, detail);
		return FAIL("path", "%s: %s", probe, detail);
	case PROBE_WRONG_PEER:
		return FAIL("peer", "%s: %s", probe, detail);
	case PROBE_REFUSED:
		return FAIL(has_frames(cell) && frames(cell) ? "listener" : "policy",
			    "%s was refused%s", probe,
			    has_frames(cell) && frames(cell) ? " by the destination" : "");
	case PROBE_LOCAL_ERROR:
		return FAIL(neigh_unresolved(cell) ? "neighbour" : "address", "%s never left: %s",
			    probe, detail);
	default:
		return FAIL("path", "%s: %s: %s", probe, jstr(cell, "outcome", "?"), detail);
	}
}

static json_t *judge_allowed(const json_t *cell, const json_t *sibling, const char *probe)
{
	json_t *v;

	if (outcome(cell) == PROBE_ALLOWED)
		return answered(cell, probe);
	v = listener_error(cell, false);
	if (v)
		return v;
	if (json_is_false(json_object_get(cell, "addressOk")))
		return FAIL("address", "%s: the destination does not have that address", probe);
	return unanswered(cell, sibling, probe);
}

/* ---- denied and rejected ---- */

/* Something on the same path must work, or a dead path would look like a policy. */
static json_t *control_error(const json_t *cell)
{
	const char *before = jstr(cell, "before", NULL), *control = jstr(cell, "control", NULL);
	const char *after = jstr(cell, "after", NULL);

	if (!before && !control && !json_object_get(cell, "drops"))
		return ERROR("policy", "no positive control: the pair was never seen open");
	if (before && !streq(before, "ALLOWED"))
		return ERROR("path", "the pair was not open before the policy (%s)", before);
	if (control && !streq(control, "ALLOWED"))
		return ERROR("path", "the positive control on the same pair failed (%s)", control);
	if (after && !streq(after, "ALLOWED"))
		return ERROR("path", "the pair did not open again after the policy (%s)", after);
	return NULL;
}

static json_t *drops_verdict(const json_t *cell, const char *probe)
{
	const json_t *drops = json_object_get(cell, "drops");
	long long count = jint(drops, "count", 0);
	long long sent = jint(drops, "expected", jint(cell, "sent", 0));

	if (!drops || count >= sent)
		return NULL;
	return FAIL("policy",
		    "%s: unattributed: %lld packets sent, the drop counter of %s rose by %lld",
		    probe, sent, jstr(drops, "acl", "the ACL"), count);
}

static json_t *quiet_destination(const json_t *cell, const json_t *sibling, const char *probe)
{
	if (!has_frames(cell))
		return ERROR("sniffer", "%s: nothing was captured at the destination", probe);
	if (frames(cell) && bad_checksum(cell))
		return checksum_verdict("fail", cell, sibling, probe);
	if (frames(cell))
		return FAIL("policy", "%s: %lld frames reached the destination", probe,
			    frames(cell));
	if (lossy(cell))
		return ERROR("sniffer", "%s: the destination's sniffer lost frames", probe);
	return NULL;
}

static json_t *blocked(const json_t *cell, const json_t *sibling, const char *probe)
{
	json_t *v = listener_error(cell, true);

	if (!v && json_is_false(json_object_get(cell, "addressOk")))
		v = ERROR("address", "%s: the destination does not have that address", probe);
	if (!v && !neigh_resolved(cell))
		v = ERROR("neighbour", "%s: not resolved (%s): silence below IP is not a policy",
			  probe, neigh_state(cell) ? neigh_state(cell) : "unknown");
	if (!v)
		v = quiet_destination(cell, sibling, probe);
	if (!v)
		v = control_error(cell);
	return v ? v : drops_verdict(cell, probe);
}

static json_t *judge_denied(const json_t *cell, const json_t *sibling, const char *probe)
{
	const char *o = jstr(cell, "outcome", "?"), *detail = jstr(cell, "detail", "");
	json_t *v;

	switch (outcome(cell)) {
	case PROBE_TIMEOUT:
		v = blocked(cell, sibling, probe);
		return v ? v : PASS("%s silently dropped", probe);
	case PROBE_LOCAL_ERROR:
		return ERROR(neigh_unresolved(cell) ? "neighbour" : "address",
			     "%s never left (%s): that is not a policy", probe, detail);
	case PROBE_REFUSED:
	case PROBE_UNREACH:
		return FAIL("policy", "%s: %s (%s) instead of a silent drop", probe, o, detail);
	default:
		return FAIL("policy", "%s: %s although denied", probe, o);
	}
}

static json_t *judge_rejected(const json_t *cell, const json_t *sibling, const char *probe)
{
	const char *o = jstr(cell, "outcome", "?"), *detail = jstr(cell, "detail", "");
	json_t *v;

	switch (outcome(cell)) {
	case PROBE_REFUSED:
	case PROBE_UNREACH:
		v = blocked(cell, sibling, probe);
		return v ? v : PASS("%s rejected on the way", probe);
	case PROBE_LOCAL_ERROR:
		return ERROR(neigh_unresolved(cell) ? "neighbour" : "address",
			     "%s never left (%s): that is not a policy", probe, detail);
	case PROBE_TIMEOUT:
		return FAIL("policy", "%s silently dropped instead of rejected", probe);
	default:
		return FAIL("policy", "%s: %s although rejected", probe, o);
	}
}

/* ---- isolated ---- */

static json_t *judge_isolated(const json_t *cell, const json_t *sibling UNUSED, const char *probe)
{
	enum probe_outcome o = outcome(cell);
	json_t *v;

	if (o != PROBE_TIMEOUT && o != PROBE_LOCAL_ERROR)
		return FAIL("isolation", "%s: %s (%s) across the border", probe,
			    jstr(cell, "outcome", "?"), jstr(cell, "detail", ""));
	if (neigh_resolved(cell))
		return FAIL("isolation", "%s: the address resolves to %s", probe,
			    jstr(cell, "neigh.mac", "a MAC"));
	if (has_frames(cell) && frames(cell))
		return FAIL("isolation", "%s: %lld frames crossed the border", probe, frames(cell));
	v = listener_error(cell, true);
	if (!v && !neigh_unresolved(cell))
		v = ERROR("neighbour", "%s: nothing was sent (%s)", probe,
			  neigh_state(cell) ? neigh_state(cell) : jstr(cell, "detail", "unknown"));
	if (!v)
		v = quiet_destination(cell, NULL, probe);
	return v ? v : PASS("%s: not resolved, nothing arrived", probe);
}

json_t *verdict_cell(const char *expect, const json_t *cell, const json_t *sibling)
{
	static const struct {
		const char *expect;
		json_t *(*judge)(const json_t *cell, const json_t *sibling, const char *probe);
	} judges[] = {{"allowed", judge_allowed},
		      {"denied", judge_denied},
		      {"rejected", judge_rejected},
		      {"isolated", judge_isolated}};
	_cleanup_free_ char *probe = what(cell);

	if (outcome(cell) == PROBE_INFRA)
		return infra(cell);
	if (!json_array_size(json_object_get(cell, "attempts")))
		return ERROR("agent", "harness: %s was never tried", probe);
	for (size_t i = 0; i < ARRAY_SIZE(judges); i++)
		if (streq(judges[i].expect, expect))
			return judges[i].judge(cell, sibling, probe);
	return ERROR(NULL, "unknown expectation \"%s\"", expect);
}

/* ---- soak ---- */

json_t *verdict_soak(const json_t *flow)
{
	const json_t *counts = json_object_get(flow, "counts"), *v;
	long long want = jint(flow, "count", 0), good = jint(counts, "ALLOWED", 0), done = 0;
	const char *key;

	if (!counts)
		return infra(flow);
	json_object_foreach((json_t *)counts, key, v)
		done += json_integer_value(v);
	if (want < 1 || done != want)
		return ERROR("agent", "%lld of %lld connections made", done, want);
	if (good == want)
		return PASS("all %lld connections answered", want);
	return FAIL("path", "%lld of %lld connections failed (first: %s %s)", want - good, want,
		    jstr(flow, "firstErrors.0.outcome", "?"),
		    jstr(flow, "firstErrors.0.detail", ""));
}
