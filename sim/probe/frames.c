/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames_run(): raw frames between endpoints, copies counted everywhere. Phases: sniffers start;
 * everybody sends, last a plain broadcast (the fence), which is the control of every silence and
 * tells that what was sent before it is through; sniffers are read until all that is expected has
 * come or time is up; a last moment for what comes late; the verdict.
 */
#include "probe/frames.h"

#include <errno.h>

#include "probe/hub.h"

#define CALL_TIMEOUT_US (20 * USEC_PER_SEC)
#define POLL_US (20 * USEC_PER_MSEC)
#define SETTLE_US (60 * USEC_PER_MSEC)
#define COPIES 3
#define DHCP_TIMEOUT_MS 3000

struct frames {
	struct probe_job job;
	json_t *request; /* nonce, copies, timeoutMs */
	json_t *cells, *watch, *infra;
	json_t *sends; /* by id: {id, from, ifname, kind, params (of l2-send or garp), sent, error?} */
	char *nonce;
	int copies;
	uint64_t timeout_us, sent_at;
	enum { FRAMES_PREPARE, FRAMES_SEND, FRAMES_LISTEN, FRAMES_SETTLE, FRAMES_JUDGE } state;
};

static void frames_destroy(struct probe_job *job)
{
	struct frames *f = (struct frames *)job;

	json_decref(f->request);
	json_decref(f->cells);
	json_decref(f->watch);
	json_decref(f->infra);
	json_decref(f->sends);
	free(f->nonce);
}

static void add_infra(struct frames *f, const char *endpoint, const char *why)
{
	json_array_append_new(f->infra, json_pack("{s:s, s:s}", "endpoint", endpoint, "why", why));
}

/* ---- request ---- */

static json_int_t add_send(struct frames *f, const char *from, const char *ifname, const char *key,
			   const char *method, json_t *frame)
{
	json_int_t id = (json_int_t)json_array_size(f->sends);

	if (!streq(method, "garp"))
		json_object_set_new(frame, "id", json_integer(id));
	json_array_append_new(f->sends, json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:i}", "id", id,
						  "from", from, "ifname", ifname, "key", key,
						  "method", method, "frame", frame, "sent", 0));
	return id;
}

/* A sending that is flooded serves all cells with the same source, interface and kind. */
static json_int_t find_send(const struct frames *f, const json_t *cell, const char *key)
{
	size_t i;
	json_t *s;

	json_array_foreach(f->sends, i, s)
		if (streq(jstr(s, "from", ""), jstr(cell, "from", "")) &&
		    streq(jstr(s, "ifname", ""), jstr(cell, "ifname", "")) &&
		    streq(jstr(s, "key", ""), key))
			return (json_int_t)i;
	return -1;
}

/* Multicast needs an address of the group's family; hosts may send to groups without one in IPv4. */
static json_t *make_frame(const json_t *cell, const struct frames_kind *k, const char *dst,
			  struct err *e)
{
	json_t *frame = json_deep_copy(k->frame);
	int family = k->group ? probe_family(k->group) : 0;
	const char *src = jstr(cell, family == 6 ? "src6" : "src4", family == 4 ? "0.0.0.0" : NULL);

	jset_str(frame, "dstMac", dst);
	if (!k->group)
		return frame;
	if (!src) {
		err_set(e, EINVAL, "%s has no IPv6 address to send to %s from",
			jstr(cell, "from", "?"), k->group);
		json_decref(frame);
		return NULL;
	}
	json_object_set_new(frame, "udp", json_pack("{s:s, s:s}", "src", src, "dst", k->group));
	return frame;
}

static int plan_flood(struct frames *f, json_t *cell, const struct frames_kind *k, struct err *e)
{
	const char *kind = jstr(cell, "kind", "?");
	const char *addr = jstr(cell, "src4", jstr(cell, "src6", NULL));
	json_int_t id = find_send(f, cell, kind);
	json_t *frame;

	if (k->garp && !addr)
		return err_set(e, EINVAL, "%s has no address to announce", jstr(cell, "from", "?"));
	if (id < 0) {
		frame = k->garp ? json_pack("{s:s}", "addr", addr) : make_frame(cell, k, k->dst, e);
		if (!frame)
			return -EINVAL;
		id = add_send(f, jstr(cell, "from", ""), jstr(cell, "ifname", ""), kind,
			      k->garp ? "garp" : "l2-send", frame);
	}
	json_object_set_new(cell, "floodId", json_integer(id));
	return 0;
}

static int plan_unicast(struct frames *f, json_t *cell, const struct frames_kind *k, struct err *e)
{
	const char *mac = jstr(cell, "dstMac", NULL);
	_cleanup_free_ char *key = xasprintf("%s > %s", jstr(cell, "kind", "?"), mac);
	json_int_t id;

	if (!mac)
		return err_set(e, EINVAL, "%s has no MAC", jstr(cell, "to", "?"));
	id = find_send(f, cell, key);
	if (id < 0)
		id = add_send(f, jstr(cell, "from", ""), jstr(cell, "ifname", ""), key, "l2-send",
			      make_frame(cell, k, mac, e));
	json_object_set_new(cell, "unicastId", json_integer(id));
	return 0;
}

static int plan_cell(struct frames *f, json_t *cell, struct err *e)
{
	_cleanup_frames_kind_ struct frames_kind k = {0};
	const char *text = jstr(cell, "kind", "");
	int r = 0;

	if (!frames_kind_parse(text, &k))
		return err_set(e, EINVAL, "\"%s\": expected " FRAMES_KINDS_TEXT, text);
	json_object_set_new(cell, "tagged", json_boolean(k.tagged));
	if (k.dhcp)
		json_object_set_new(
			cell, "dhcp",
			json_pack("{s:s, s:s}", "outcome", "INFRA", "why", "not tried"));
	if (k.flood)
		r = plan_flood(f, cell, &k, e);
	if (r == 0 && k.unicast)
		r = plan_unicast(f, cell, &k, e);
	return r;
}

/* The watch entry of an endpoint's interface; made when there is none. */
static json_t *watch_of(struct frames *f, const char *endpoint, const char *ifname)
{
	size_t i;
	json_t *w;

	json_array_foreach(f->watch, i, w)
		if (streq(jstr(w, "endpoint", ""), endpoint) &&
		    streq(jstr(w, "ifname", ""), ifname))
			return w;
	w = json_pack("{s:s, s:s}", "endpoint", endpoint, "ifname", ifname);
	json_array_append_new(f->watch, w);
	return w;
}

/* The last that senders and receivers send; bystanders stay silent. */
static void plan_fence(struct frames *f, const char *endpoint, const char *ifname)
{
	json_t *w = watch_of(f, endpoint, ifname);

	if (!json_object_get(w, "fenceId"))
		json_object_set_new(
			w, "fenceId",
			json_integer(add_send(f, endpoint, ifname, "fence", "l2-send",
					      json_pack("{s:s}", "dstMac", "ff:ff:ff:ff:ff:ff"))));
}

static void plan_fences(struct frames *f)
{
	size_t i;
	json_t *cell;

	json_array_foreach(f->cells, i, cell) {
		plan_fence(f, jstr(cell, "from", ""), jstr(cell, "ifname", ""));
		plan_fence(f, jstr(cell, "to", ""), jstr(cell, "toIfname", ""));
	}
}

static int plan(struct frames *f, struct err *e)
{
	size_t i;
	json_t *cell;

	if (!json_array_size(f->cells))
		return err_set(e, EINVAL, "cells: at least one is required");
	json_array_foreach(f->cells, i, cell)
		if (plan_cell(f, cell, e) < 0)
			return err_wrap(e, "cells[%zu]", i);
	plan_fences(f);
	return 0;
}

/* ---- phases ---- */

static char *sniffer_id(const struct frames *f, const json_t *w)
{
	return xasprintf("frames-%s-%s", f->nonce, jstr(w, "ifname", ""));
}

static void on_started(struct probe_job *job, void *tag, const json_t *result UNUSED,
		       const struct err *e)
{
	if (e)
		add_infra((struct frames *)job, jstr(tag, "endpoint", "?"), err_msg(e));
}

static void start_sniffers(struct frames *f)
{
	size_t i;
	json_t *w;

	json_array_foreach(f->watch, i, w) {
		_cleanup_free_ char *id = sniffer_id(f, w);

		job_call(&f->job, jstr(w, "endpoint", ""), "sniff-start",
			 json_pack("{s:s, s:s, s:s, s:b, s:b}", "id", id, "nonce", f->nonce,
				   "ifname", jstr(w, "ifname", ""), "outgoing", 1, "promisc", 1),
			 CALL_TIMEOUT_US, on_started, w);
	}
}

static void on_sent(struct probe_job *job UNUSED, void *tag, const json_t *result,
		    const struct err *e)
{
	json_t *s = tag;

	json_object_set_new(s, "sent", json_integer(jint(result, "sent", 0)));
	if (e || jstr(result, "errors.0", NULL))
		jset_str(s, "error", e ? err_msg(e) : jstr(result, "errors.0", ""));
}

/* Requests to one agent are served in their order, so the fences come last. */
static void send_all(struct frames *f)
{
	size_t i;
	json_t *s;

	json_array_foreach(f->sends, i, s) {
		json_t *frame = json_object_get(s, "frame"), *params;
		bool garp = streq(jstr(s, "method", ""), "garp");

		params = json_pack("{s:s, s:s, s:I, s:i}", "ifname", jstr(s, "ifname", ""), "nonce",
				   f->nonce, "id", (json_int_t)i, "count", f->copies);
		if (garp)
			json_object_update(params, frame);
		else
			json_object_set_new(params, "frames", json_pack("[O]", frame));
		job_call(&f->job, jstr(s, "from", ""), garp ? "garp" : "l2-send", params,
			 CALL_TIMEOUT_US, on_sent, s);
	}
}

static void on_leased(struct probe_job *job UNUSED, void *tag, const json_t *result,
		      const struct err *e)
{
	json_t *d = tag;

	if (e) {
		jset_str(d, "why", err_msg(e));
		return;
	}
	json_object_update(d, (json_t *)result);
	jset_str(d, "outcome", jstr(result, "address", NULL) ? "ALLOWED" : "TIMEOUT");
	jset_str(d, "why", jstr(result, "why", NULL));
}

/* Without a server nobody learns anything from a client's silence. */
static void on_served(struct probe_job *job, void *tag, const json_t *result UNUSED,
		      const struct err *e)
{
	if (e)
		add_infra((struct frames *)job, jstr(tag, "to", "?"), err_msg(e));
}

static void serve_all(struct frames *f, const char *method, job_reply_fn fn)
{
	size_t i;
	json_t *cell;

	json_array_foreach(f->cells, i, cell)
		if (json_object_get(cell, "dhcp"))
			job_call(&f->job, jstr(cell, "to", ""), method,
				 json_pack("{s:s, s:i}", "ifname", jstr(cell, "toIfname", ""),
					   "seconds", 60),
				 CALL_TIMEOUT_US, fn, cell);
}

static void lease_all(struct frames *f)
{
	size_t i;
	json_t *cell;

	json_array_foreach(f->cells, i, cell)
		if (json_object_get(cell, "dhcp"))
			job_call(&f->job, jstr(cell, "from", ""), "dhcp-lease",
				 json_pack("{s:s, s:s*, s:I}", "ifname", jstr(cell, "ifname", ""),
					   "server", jstr(cell, "dst4", NULL), "timeoutMs",
					   (json_int_t)jint(f->request, "timeoutMs",
							    DHCP_TIMEOUT_MS)),
				 CALL_TIMEOUT_US, on_leased, json_object_get(cell, "dhcp"));
}

static void on_sniffed(struct probe_job *job UNUSED, void *tag, const json_t *result,
		       const struct err *e UNUSED)
{
	if (result)
		json_object_set_new(tag, "sniff", json_deep_copy(result));
	else
		json_object_del(tag, "sniff");
}

static void read_sniffers(struct frames *f, const char *method)
{
	size_t i;
	json_t *w;

	json_array_foreach(f->watch, i, w) {
		_cleanup_free_ char *id = sniffer_id(f, w);

		job_call(&f->job, jstr(w, "endpoint", ""), method, json_pack("{s:s}", "id", id),
			 CALL_TIMEOUT_US, on_sniffed, w);
	}
}

/* True when all that can still come would be a finding: then nobody needs to wait for it long. */
static bool all_came(struct frames *f)
{
	_cleanup_json_ json_t *cells = json_deep_copy(f->cells);
	size_t i;
	json_t *cell;

	frames_evaluate(f->watch, f->sends, cells, f->copies);
	json_array_foreach(cells, i, cell)
		if (!streq(jstr(cell, "verdict.status", ""), "pass") ||
		    streq(jstr(cell, "expect", ""), "isolated"))
			return false;
	return true;
}

static void finish(struct frames *f)
{
	const char *status;
	json_t *result;

	frames_evaluate(f->watch, f->sends, f->cells, f->copies);
	status = verdict_worst(f->cells);
	if (json_array_size(f->infra))
		status = "error";
	result = json_pack("{s:f, s:s, s:s, s:O, s:O}", "seconds", job_seconds(&f->job), "status",
			   status, "nonce", f->nonce, "cells", f->cells, "infra", f->infra);
	job_done(&f->job, result);
}

static void frames_step(struct probe_job *job)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct frames *f = (struct frames *)job;

	switch (f->state) {
	case FRAMES_PREPARE:
		if (plan(f, &e) < 0) {
			job_fail(job, &e);
			return;
		}
		start_sniffers(f);
		serve_all(f, "dhcp-serve", on_served);
		f->state = FRAMES_SEND;
		break;
	case FRAMES_SEND:
		send_all(f);
		lease_all(f);
		f->state = FRAMES_LISTEN;
		break;
	case FRAMES_LISTEN:
		if (!f->sent_at)
			f->sent_at = mono_usec();
		else if (all_came(f) || mono_usec() - f->sent_at > f->timeout_us) {
			job_wait(job, SETTLE_US);
			f->state = FRAMES_SETTLE;
			break;
		}
		read_sniffers(f, "sniff-read");
		job_wait(job, POLL_US);
		break;
	case FRAMES_SETTLE:
		read_sniffers(f, "sniff-stop");
		serve_all(f, "dhcp-stop", NULL);
		f->state = FRAMES_JUDGE;
		break;
	case FRAMES_JUDGE:
		finish(f);
	}
}

struct probe_job *frames_run(struct probe_hub *h, const json_t *request, probe_done_fn fn,
			     void *arg)
{
	struct frames *f = xcalloc(1, sizeof(*f));
	const char *nonce = jstr(request, "nonce", NULL);

	f->request = json_deep_copy(request);
	f->cells = json_deep_copy(json_object_get(request, "cells"));
	f->watch = json_deep_copy(json_object_get(request, "watch"));
	f->nonce = nonce ? xstrdup(nonce) : probe_nonce();
	f->copies = (int)jint(request, "copies", COPIES);
	f->timeout_us = (uint64_t)jint(request, "timeoutMs", 1000) * USEC_PER_MSEC;
	f->sends = json_array();
	f->infra = json_array();
	if (!f->watch)
		f->watch = json_array();
	if (!f->cells)
		f->cells = json_array();
	return job_start(&f->job, h, fn, arg, frames_step, frames_destroy);
}
