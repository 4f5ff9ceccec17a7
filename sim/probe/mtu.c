/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mtu_run(): path MTU by search. Phases: 1 listeners and interfaces; 2 both directions as they are
 * configured; 3 and 4 each direction with probes that really leave (one after the other: each raises
 * an interface MTU that the other sees); 5 to 7 the same by segmentation where an interface refuses;
 * then the verdicts.
 */
#include <errno.h>

#include "probe/hub.h"
#include "probe/proto.h"

#define CALL_TIMEOUT_US (20 * USEC_PER_SEC)
#define SEARCH_TIMEOUT_US (90 * USEC_PER_SEC)
#define ROOM 100 /* how far beyond what is expected the search goes */
#define MAX_MTU 9500
#define VLAN_ROOM 4 /* what receivers let through above their MTU */

struct direction {
	const char *from, *to, *src, *dst, *ifname, *peer_if; /* borrowed from the request */
	char *nonce;
	json_t *search, *raised, *sniff;
	char *infra, *raise_why;
	const char *dst_mac, *src_mac; /* borrowed from ifaces */
	bool forced;
};

struct mtu {
	struct probe_job job;
	json_t *request;
	json_t *ifaces[2]; /* of from, to */
	struct direction dir[2];
	int n_dir;
};

static void mtu_destroy(struct probe_job *job)
{
	struct mtu *m = (struct mtu *)job;

	for (int i = 0; i < 2; i++) {
		struct direction *d = &m->dir[i];

		free(d->nonce);
		free(d->infra);
		free(d->raise_why);
		json_decref(d->search);
		json_decref(d->raised);
		json_decref(d->sniff);
		json_decref(m->ifaces[i]);
	}
	json_decref(m->request);
}

/* ---- phase 1 ---- */

static int parse(struct mtu *m, struct err *e)
{
	static const char *const keys[] = {"from", "to", "fromAddr", "toAddr", "fromIf", "toIf"};
	struct direction *f = &m->dir[0], *b = &m->dir[1];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!jstr(m->request, keys[i], NULL))
			return err_set(e, EINVAL, "%s: a string is required", keys[i]);
	f->from = b->to = jstr(m->request, "from", "");
	f->to = b->from = jstr(m->request, "to", "");
	f->src = b->dst = jstr(m->request, "fromAddr", "");
	f->dst = b->src = jstr(m->request, "toAddr", "");
	f->ifname = b->peer_if = jstr(m->request, "fromIf", "");
	f->peer_if = b->ifname = jstr(m->request, "toIf", "");
	if (!probe_family(f->src) || probe_family(f->src) != probe_family(f->dst))
		return err_set(e, EINVAL,
			       "fromAddr and toAddr: two addresses of one family are "
			       "required");
	m->n_dir = jbool(m->request, "both", true) ? 2 : 1;
	f->nonce = probe_nonce();
	b->nonce = probe_nonce();
	return 0;
}

static void set_infra(struct direction *d, const struct err *e)
{
	if (!d->infra)
		d->infra = xstrdup(err_msg(e));
}

static void both_infra(struct mtu *m, const struct err *e)
{
	set_infra(&m->dir[0], e);
	set_infra(&m->dir[1], e);
}

static void on_listen(struct probe_job *job, void *tag UNUSED, const json_t *result,
		      const struct err *e)
{
	_cleanup_err_ struct err failed = ERR_INIT;

	if (result && !json_array_size(jget(result, "failed")))
		return;
	if (result)
		err_set(&failed, EADDRINUSE, "cannot listen: %s",
			jstr(result, "failed.0.error", "?"));
	both_infra((struct mtu *)job, result ? &failed : e);
}

static void on_ifaces(struct probe_job *job, void *tag, const json_t *result, const struct err *e)
{
	json_t **slot = tag;

	if (result)
		*slot = json_deep_copy(result);
	else
		both_infra((struct mtu *)job, e);
}

static void prepare(struct mtu *m)
{
	const char *names[2] = {m->dir[0].from, m->dir[0].to};
	_cleanup_json_ json_t *specs = json_array();

	probe_add_spec(specs, "udp", PROBE_PORT_MTU, probe_family(m->dir[0].dst));
	for (int i = 0; i < 2; i++) {
		job_call(&m->job, names[i], "listen",
			 json_pack("{s:s, s:O}", "identity", names[i], "specs", specs),
			 CALL_TIMEOUT_US, on_listen, NULL);
		job_call(&m->job, names[i], "ifaces", NULL, CALL_TIMEOUT_US, on_ifaces,
			 &m->ifaces[i]);
	}
}

/* ---- searches ---- */

static json_int_t if_mtu(const struct mtu *m, int i)
{
	return (json_int_t)jint(probe_iface(m->ifaces[i], m->dir[i].ifname), "mtu", 0);
}

static json_int_t search_max(const struct mtu *m, int i)
{
	json_int_t max = if_mtu(m, i);

	max = MAX(max, jint(m->request, "planned", 0));
	max = MAX(max, jint(m->request, "advertised", 0));
	max = MAX(max, jint(m->request, "expect.path", 0));
	max = MAX(max, jint(m->request, "expect.beyond", 0));
	return jint(m->request, "max", MIN(max + ROOM, MAX_MTU));
}

static void add_hint(json_t *hints, json_int_t mtu)
{
	if (mtu <= 0)
		return;
	json_array_append_new(hints, json_integer(mtu));
	json_array_append_new(hints, json_integer(mtu + 1));
}

static json_t *search_params(const struct mtu *m, int i, bool raise)
{
	static const char *const keys[] = {"proto", "tries", "timeoutMs"};
	const struct direction *d = &m->dir[i];
	json_t *hints = json_array(), *p;

	add_hint(hints, jint(m->request, raise ? "expect.beyond" : "expect.path", 0));
	add_hint(hints, jint(m->request, "planned", 0));
	add_hint(hints, jint(m->request, "planned", -VLAN_ROOM) + VLAN_ROOM);
	add_hint(hints, jint(m->request, "advertised", 0));
	add_hint(hints, if_mtu(m, i));
	if (raise)
		add_hint(hints, if_mtu(m, i) + VLAN_ROOM);
	p = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:b, s:o}", "nonce", d->nonce,
		      "dst", d->dst, "src", d->src, "ifname", d->ifname, "peer", d->to, "port",
		      PROBE_PORT_MTU, "id", (json_int_t)(raise ? 1 << 20 : 1 << 16), "max",
		      raise ? search_max(m, i) : if_mtu(m, i) + 1, "raise", raise, "hints", hints);
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
		if (json_object_get(m->request, keys[k]))
			json_object_set(p, keys[k], json_object_get(m->request, keys[k]));
	return p;
}

static void on_search(struct probe_job *job UNUSED, void *tag, const json_t *result,
		      const struct err *e)
{
	struct direction *d = tag;

	if (result)
		d->search = json_deep_copy(result);
	else
		set_infra(d, e);
}

static void search(struct mtu *m)
{
	_cleanup_err_ struct err e = ERR_INIT;

	for (int i = 0; i < m->n_dir; i++) {
		struct direction *d = &m->dir[i];

		if (!d->infra && !if_mtu(m, i)) {
			err_set(&e, ENODEV, "%s has no interface \"%s\"", d->from, d->ifname);
			set_infra(d, &e);
		}
		if (!d->infra)
			job_call(&m->job, d->from, "mtu", search_params(m, i, false),
				 SEARCH_TIMEOUT_US, on_search, d);
	}
}

static void on_raised(struct probe_job *job UNUSED, void *tag, const json_t *result,
		      const struct err *e)
{
	struct direction *d = tag;

	if (result)
		d->raised = json_deep_copy(result);
	else
		d->raise_why = xstrdup(err_msg(e));
}

/* What left the sender as it is configured and did not pass needs no other probes. */
static bool wants_raise(const struct mtu *m, const struct direction *d)
{
	const char *class = jstr(d->search, "class", "LOCAL_EMSGSIZE");

	if (!jbool(m->request, "raise", true))
		return false;
	return streq(class, "LOCAL_EMSGSIZE") || streq(class, "PASS") ||
	       jint(m->request, "expect.beyond", 0);
}

static void search_raised(struct mtu *m, int i)
{
	struct direction *d = &m->dir[i];

	if (i < m->n_dir && !d->infra && wants_raise(m, d))
		job_call(&m->job, d->from, "mtu", search_params(m, i, true), SEARCH_TIMEOUT_US,
			 on_raised, d);
}

/* ---- by segmentation ---- */

static bool wants_force(const struct mtu *m, int i)
{
	return i < m->n_dir && m->dir[i].raise_why && m->dir[i].dst_mac && m->dir[i].src_mac;
}

static void on_sniffing(struct probe_job *job UNUSED, void *tag, const json_t *result,
			const struct err *e UNUSED)
{
	struct direction *d = tag;

	d->forced = result != NULL;
}

static void sniff(struct mtu *m)
{
	for (int i = 0; i < m->n_dir; i++) {
		struct direction *d = &m->dir[i];

		d->src_mac = jstr(probe_iface(m->ifaces[i], d->ifname), "mac", NULL);
		d->dst_mac = jstr(probe_iface(m->ifaces[1 - i], d->peer_if), "mac", NULL);
		if (wants_force(m, i))
			job_call(&m->job, d->to, "sniff-start",
				 json_pack("{s:s, s:s, s:s}", "id", d->nonce, "nonce", d->nonce,
					   "ifname", d->peer_if),
				 CALL_TIMEOUT_US, on_sniffing, d);
	}
}

static void on_forced(struct probe_job *job UNUSED, void *tag, const json_t *result,
		      const struct err *e)
{
	struct direction *d = tag;

	if (result)
		return;
	free(d->raise_why);
	d->raise_why = xstrdup(err_msg(e));
	d->forced = false;
}

/* Every size from a little below what passes; all of them are in one list. */
static json_t *force_sizes(const struct mtu *m, int i)
{
	json_int_t from = jint(m->dir[i].search, "largest", 0) - 8, to = search_max(m, i);
	json_t *sizes = json_array();

	for (json_int_t n = MAX(from, 128); n <= to && json_array_size(sizes) < 4000; n++)
		json_array_append_new(sizes, json_integer(n));
	return sizes;
}

static void force(struct mtu *m)
{
	for (int i = 0; i < m->n_dir; i++) {
		struct direction *d = &m->dir[i];

		if (d->forced)
			job_call(&m->job, d->from, "mtu-force",
				 json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:o, s:i}", "nonce",
					   d->nonce, "id", 0, "dst", d->dst, "src", d->src,
					   "ifname", d->ifname, "dstMac", d->dst_mac, "sizes",
					   force_sizes(m, i), "tries", 2),
				 CALL_TIMEOUT_US, on_forced, d);
	}
}

static void on_sniffed(struct probe_job *job UNUSED, void *tag, const json_t *result,
		       const struct err *e UNUSED)
{
	struct direction *d = tag;

	d->sniff = result ? json_deep_copy(result) : NULL;
}

/* The frames are on their way: a ping behind them is answered after they arrived. */
static void settle(struct mtu *m)
{
	for (int i = 0; i < m->n_dir; i++) {
		struct direction *d = &m->dir[i];

		if (d->forced)
			job_call(&m->job, d->from, "run",
				 json_pack("{s:s, s:[{s:s, s:s, s:s}]}", "nonce", d->nonce, "cells",
					   "proto", "icmp", "dst", d->dst, "src", d->src),
				 CALL_TIMEOUT_US, NULL, NULL);
	}
}

static void read_sniffers(struct mtu *m)
{
	for (int i = 0; i < m->n_dir; i++)
		if (m->dir[i].forced)
			job_call(&m->job, m->dir[i].to, "sniff-stop",
				 json_pack("{s:s}", "id", m->dir[i].nonce), CALL_TIMEOUT_US,
				 on_sniffed, &m->dir[i]);
}

/* ---- result ---- */

static json_t *forced_json(const struct direction *d)
{
	json_int_t largest = 0;
	size_t i;
	json_t *flow;

	json_array_foreach(json_object_get(d->sniff, "flows"), i, flow) {
		json_int_t len = jint(flow, "maxLength", 0);

		json_int_t size = jint(flow, "cell", 0);

		/* the receiver may have merged the segment of one byte behind it (GRO) */
		if (streq(jstr(flow, "proto", ""), "tcp") && (len == size || len == size + 1))
			largest = MAX(largest, size);
	}
	if (!largest)
		return json_pack("{s:s}", "why", "no frame of any size arrived");
	return json_pack("{s:I, s:s, s:s}", "largest", largest, "class", "BLACKHOLE", "how", "gso");
}

static json_t *beyond_json(const struct direction *d)
{
	json_t *j;

	if (d->forced && d->sniff)
		return forced_json(d);
	if (d->raise_why)
		return json_pack("{s:s}", "why", d->raise_why);
	if (!d->raised)
		return NULL;
	j = json_pack("{s:O, s:O, s:s, s:O}", "largest", json_object_get(d->raised, "largest"),
		      "class", json_object_get(d->raised, "class"), "how", "raise", "probes",
		      json_object_get(d->raised, "probes"));
	if (json_object_get(d->raised, "ptbMtu"))
		json_object_set(j, "ptbMtu", json_object_get(d->raised, "ptbMtu"));
	return j;
}

/* What the reverse direction's sender was promised may differ. */
static json_t *request_for(const struct mtu *m, int i)
{
	json_t *r = json_copy(m->request);

	if (i && json_object_get(r, "advertisedReverse"))
		json_object_set(r, "advertised", json_object_get(r, "advertisedReverse"));
	return r;
}

static json_t *direction_json(const struct mtu *m, int i)
{
	_cleanup_json_ json_t *request = request_for(m, i);
	const struct direction *d = &m->dir[i];
	json_t *j =
		json_pack("{s:s, s:s, s:I}", "from", d->from, "to", d->to, "ifMtu", if_mtu(m, i));
	json_t *beyond = beyond_json(d);

	jset_str(j, "infra", d->infra);
	if (jint(request, "advertised", 0))
		json_object_set(j, "advertised", json_object_get(request, "advertised"));
	if (beyond)
		json_object_set_new(j, "beyond", beyond);
	if (d->search) {
		json_object_set(j, "path", json_object_get(d->search, "largest"));
		json_object_set(j, "class", json_object_get(d->search, "class"));
		json_object_set(j, "probes", json_object_get(d->search, "probes"));
		if (json_object_get(d->search, "ptbMtu"))
			json_object_set(j, "ptbMtu", json_object_get(d->search, "ptbMtu"));
	}
	json_object_set_new(j, "verdict", verdict_mtu(request, j));
	return j;
}

static void finish(struct mtu *m)
{
	_cleanup_json_ json_t *both = json_array();
	json_t *result;

	for (int i = 0; i < m->n_dir; i++)
		json_array_append_new(both, direction_json(m, i));
	result = json_pack("{s:f, s:s, s:O}", "seconds", job_seconds(&m->job), "status",
			   verdict_worst(both), "forward", json_array_get(both, 0));
	if (m->n_dir == 2)
		json_object_set(result, "reverse", json_array_get(both, 1));
	job_done(&m->job, result);
}

static void mtu_step(struct probe_job *job)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct mtu *m = (struct mtu *)job;

	switch (job->phase) {
	case 1:
		if (parse(m, &e) < 0)
			job_fail(job, &e);
		else
			prepare(m);
		break;
	case 2:
		search(m);
		break;
	case 3:
	case 4:
		search_raised(m, job->phase - 3);
		break;
	case 5:
		sniff(m);
		break;
	case 6:
		force(m);
		break;
	case 7:
		settle(m);
		break;
	case 8:
		read_sniffers(m);
		break;
	default:
		finish(m);
	}
}

struct probe_job *mtu_run(struct probe_hub *h, const json_t *request, probe_done_fn fn, void *arg)
{
	struct mtu *m = xcalloc(1, sizeof(*m));

	m->request = json_deep_copy(request);
	return job_start(&m->job, h, fn, arg, mtu_step, mtu_destroy);
}
