/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/matrix_priv.h"

#include <errno.h>

#include "api/meta.h"
#include "lab/drops.h"
#include "lab/endpoint.h"
#include "lab/net.h"
#include "lab/verb_probe.h"
#include "probe/verdict.h"

#define MIN_TRIES 3 /* a deny needs that many without success */
/*
 * Cells at work at once, all sources together: the userspace datapath loses packets of larger bursts
 * ahead of every counter (facts/policy-mtu-reports.md, design: Datapath).
 */
#define IN_FLIGHT 192
#define FULL_CELLS 2000 /* of a larger matrix, passing cells are told in short */
#define FLUSH_US (5 * USEC_PER_SEC)

struct matrix {
	struct lab *lab;
	struct api_call *call;
	json_t *body, *request, *result;
	json_t *parts;	  /* [{"network","endpoints":[name],"sends":[text]}] */
	json_t *names;	  /* of all endpoints, each once */
	json_t *drops[2]; /* before, after */
	struct probe_job *job;
	unsigned flushing; /* agents that have not answered */
	bool cancelled;
	bool waiting; /* for something that cannot be cancelled */
};

static void matrix_free(struct matrix *m)
{
	json_decref(m->body);
	json_decref(m->parts);
	json_decref(m->names);
	json_decref(m->request);
	json_decref(m->result);
	json_decref(m->drops[0]);
	json_decref(m->drops[1]);
	free(m);
}

static void on_cancel(void *arg)
{
	struct matrix *m = arg;

	m->cancelled = true;
	if (m->job)
		probe_cancel(m->job);
	if (!m->waiting)
		matrix_free(m);
}

static void refuse(struct matrix *m, const struct err *e)
{
	verb_refuse(m->call, e);
	matrix_free(m);
}

/* True when the client has gone meanwhile; m is freed then. */
static bool gone(struct matrix *m)
{
	m->waiting = false;
	if (m->cancelled)
		matrix_free(m);
	return m->cancelled;
}

/* Of several networks in one request. */
static bool is_many(const struct matrix *m)
{
	return json_object_get(m->body, "networks") != NULL;
}

/* ---- 4: the answer ---- */

static json_t *outcomes(const json_t *cells)
{
	json_t *out = json_object(), *cell;
	size_t i;

	json_array_foreach(cells, i, cell)
		json_object_set(out, jstr(cell, "key", ""), json_object_get(cell, "outcome"));
	return out;
}

static json_t *count_verdicts(const json_t *cells)
{
	json_t *n = json_pack("{s:i, s:i, s:i}", "pass", 0, "fail", 0, "error", 0), *cell;
	size_t i;

	json_array_foreach(cells, i, cell) {
		const char *status = jstr(cell, "verdict.status", "error");

		json_object_set_new(n, status, json_integer(jint(n, status, 0) + 1));
	}
	return n;
}

/* Takes what nobody reads out of cells that passed. */
static void shorten(json_t *cells)
{
	static const char *const members[] = {"attempts", "neigh", "selfCheck", "addressOk",
					      "ifname"};
	json_t *cell;
	size_t i;

	json_array_foreach(cells, i, cell)
		for (size_t k = 0; k < ARRAY_SIZE(members); k++)
			if (streq(jstr(cell, "verdict.status", ""), "pass"))
				json_object_del(cell, members[k]);
}

static void answer(struct matrix *m)
{
	json_t *cells = json_object_get(m->result, "cells"), *problems = json_array(), *reply;

	matrix_judge(m->lab, cells, json_object_get(m->body, "before"), m->drops[0], m->drops[1]);
	if (json_array_size(cells) > FULL_CELLS)
		shorten(cells);
	json_array_extend(problems, json_object_get(m->drops[1], "problems"));
	reply = json_pack("{s:O, s:s, s:o, s:O, s:o, s:O?, s:o}", "seconds",
			  json_object_get(m->result, "seconds"), "status", verdict_worst(cells),
			  "counts", count_verdicts(cells), "cells", cells, "outcomes",
			  outcomes(cells), "acls", json_object_get(m->drops[1], "acls"), "problems",
			  problems);
	if (is_many(m))
		json_object_set(reply, "networks", m->parts);
	else
		json_object_update(reply, json_array_get(m->parts, 0));
	api_call_reply(m->call, 200, reply);
	matrix_free(m);
}

static void on_after(void *arg, json_t *result)
{
	struct matrix *m = arg;

	m->drops[1] = result;
	if (!gone(m))
		answer(m);
}

static void on_probed(void *arg, json_t *result, const struct err *e)
{
	struct matrix *m = arg;

	m->job = NULL;
	if (!result) {
		refuse(m, e);
		return;
	}
	m->result = result;
	m->waiting = true;
	drops_read(m->lab, false, on_after, m);
}

/* ---- 3: packets ---- */

/* Whoever cannot be asked shows in his cells. */
static void on_flushed(void *arg, const json_t *result, const struct err *e)
{
	struct matrix *m = arg;

	(void)result;
	(void)e;
	if (--m->flushing == 0 && !gone(m))
		m->job = probe_run(m->lab->hub, m->request, on_probed, m);
}

/* Addresses are resolved anew, once: policies must let that pass. */
static void on_before(void *arg, json_t *result)
{
	struct matrix *m = arg;
	json_t *name;
	size_t i;

	m->drops[0] = result;
	if (gone(m))
		return;
	m->waiting = true;
	m->flushing = (unsigned)json_array_size(m->names);
	json_array_foreach(m->names, i, name)
		hub_call(m->lab->hub, json_string_value(name), "neigh-flush", NULL, FLUSH_US,
			 on_flushed, m);
}

/* ---- 2: cells ---- */

/* The live interface of an endpoint on the network, or NULL. */
static const json_t *iface_on(const json_t *endpoint, const char *net)
{
	json_t *iface;
	size_t i;

	json_array_foreach(json_object_get(endpoint, "interfaces"), i, iface)
		if (streq(jstr(iface, "network", ""), net))
			return iface;
	return NULL;
}

/* External hosts are on a localnet by its wire, not by its name: any interface they share. */
static const json_t *iface_for(const json_t *from, const json_t *to, const char *net)
{
	const json_t *a = iface_on(from, net), *b = NULL;

	if (!a && endpoint_pair(from, to, NULL, &a, &b))
		return a;
	return a;
}

/* What the cells of one request share. */
struct builder {
	struct matrix *m;
	const json_t *ifaces;
	const struct oracle *own, *spec;
	json_t *cells;
};

struct pair {
	const json_t *part;
	const char *from, *to;
	const json_t *a, *b;
	int family;
};

static char *cell_key(const struct matrix *m, const struct pair *p, const char *send)
{
	const char *network = is_many(m) ? jstr(p->part, "network", "") : "";

	return xasprintf("%s%s%s>%s %s %d", network, *network ? ": " : "", p->from, p->to, send,
			 p->family);
}

static void add_cell(struct builder *b, const struct pair *p, const json_t *send)
{
	const char *text = json_string_value(send);
	_cleanup_free_ char *key = cell_key(b->m, p, text);
	json_t *cell = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s?, s:s, s:O}", "from", p->from, "to",
				 p->to, "src", probe_call_address(p->a, p->family), "dst",
				 probe_call_address(p->b, p->family), "family", p->family, "ifname",
				 jstr(p->a, "name", NULL), "key", key, "network",
				 json_object_get(p->part, "network"));

	matrix_send(text, cell, NULL);
	if (streq(jstr(b->m->body, "expect", "oracle"), "allowed"))
		jset_str(cell, "expect", "allowed");
	else
		matrix_expect(b->m->lab, b->own, b->spec, jstr(cell, "network", ""), cell);
	json_array_append_new(b->cells, cell);
}

static size_t add_pair(struct builder *b, struct pair *p)
{
	long long wanted = jint(b->m->body, "family", 0);
	json_t *send;
	size_t i, n = 0;

	for (p->family = 4; p->family <= 6; p->family += 2) {
		if ((wanted && wanted != p->family) || !probe_call_address(p->a, p->family) ||
		    !probe_call_address(p->b, p->family))
			continue;
		json_array_foreach(json_object_get(p->part, "sends"), i, send)
			add_cell(b, p, send);
		n++;
	}
	return n;
}

/* Every ordered pair of one network. */
static int add_part(struct builder *b, const json_t *part, struct err *e)
{
	const json_t *names = json_object_get(part, "endpoints");
	const char *network = jstr(part, "network", "");
	json_t *from, *to;
	size_t i, k;

	json_array_foreach(names, i, from) {
		json_array_foreach(names, k, to) {
			struct pair p = {.part = part,
					 .from = json_string_value(from),
					 .to = json_string_value(to)};
			const json_t *ea = json_object_get(b->ifaces, p.from);
			const json_t *eb = json_object_get(b->ifaces, p.to);

			if (i == k)
				continue;
			p.a = iface_for(ea, eb, network);
			p.b = iface_for(eb, ea, network);
			if (!add_pair(b, &p))
				return err_set(e, EINVAL,
					       "%s and %s share no address family on network %s "
					       "(%s)",
					       p.from, p.to, network,
					       jstr(ea, "why", jstr(eb, "why", "no addresses")));
		}
	}
	return 0;
}

static json_t *build_cells(struct matrix *m, const json_t *ifaces, struct err *e)
{
	_cleanup_oracle_ struct oracle *own = matrix_oracle(m->lab, false);
	_cleanup_oracle_ struct oracle *spec = matrix_oracle(m->lab, true);
	struct builder b = {m, ifaces, own, spec, json_array()};
	json_t *part;
	size_t i;

	json_array_foreach(m->parts, i, part) {
		if (add_part(&b, part, e) < 0) {
			json_decref(b.cells);
			return NULL;
		}
	}
	return b.cells;
}

/* The engine judges what is allowed; a lost answer is a silence, as a deny is. */
static json_t *engine_request(const struct matrix *m, json_t *cells)
{
	static const char *const copied[] = {"tries", "timeoutMs", "window"};
	/* a flush for one cell would take the neighbour from another that is at work */
	json_t *r = json_pack("{s:o, s:b}", "cells", cells, "flushNeigh", false), *cell;
	size_t i;

	json_object_set_new(r, "window",
			    json_integer((json_int_t)MAX(
				    IN_FLIGHT / MAX(json_array_size(m->names), 1ul), 2ul)));
	for (i = 0; i < ARRAY_SIZE(copied); i++)
		if (json_object_get(m->body, copied[i]))
			json_object_set(r, copied[i], json_object_get(m->body, copied[i]));
	json_array_foreach(cells, i, cell) {
		bool allowed = streq(jstr(cell, "expect", ""), "allowed");

		if (!allowed && jint(m->body, "tries", MIN_TRIES) < MIN_TRIES)
			json_object_set_new(cell, "tries", json_integer(MIN_TRIES));
		if (allowed && json_object_get(m->body, "allowedMs"))
			json_object_set(cell, "timeoutMs", json_object_get(m->body, "allowedMs"));
	}
	return r;
}

static void on_ifaces(void *arg, json_t *ifaces)
{
	struct matrix *m = arg;
	_cleanup_json_ json_t *own = ifaces, *cells = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (gone(m))
		return;
	cells = build_cells(m, ifaces, &e);
	if (!cells) {
		refuse(m, &e);
		return;
	}
	m->request = engine_request(m, json_incref(cells));
	m->waiting = true;
	drops_read(m->lab, true, on_before, m);
}

/* ---- 1: who and what ---- */

/* Every running pod and VM that is on the network, sorted by name. */
static void default_endpoints(struct lab *lab, const char *network, json_t *names)
{
	const struct podnets *pods = &lab->net->pods;

	for (size_t i = 0; i < pods->n; i++) {
		const struct podnet *p = &pods->v[i];
		json_t *pod = store_peek(lab->store, &kind_pod, p->ns, p->name);
		const char *owner = jstr(meta_controller(pod), "kind", "");
		bool vm = streq(owner, "VirtualMachineInstance");
		_cleanup_free_ char *name =
			xasprintf("%s/%s/%s", vm ? "vm" : "pod", p->ns,
				  vm ? jstr(meta_controller(pod), "name", "") : p->name);

		for (size_t k = 0; k < p->n; k++)
			if (p->v[k].state == ATTACHMENT_READY && streq0(p->v[k].network, network))
				jadd_str(names, name);
	}
}

static int read_endpoints(struct lab *lab, const json_t *o, json_t *part, struct err *e)
{
	json_t *list = json_object_get(o, "endpoints"), *v, *names = json_array();
	const char *network = jstr(part, "network", "");
	size_t i;

	json_object_set_new(part, "endpoints", names);
	if (!list)
		default_endpoints(lab, network, names);
	json_array_foreach(list, i, v) {
		_cleanup_json_ json_t *one = json_pack("{s:O}", "endpoint", v);
		int r = probe_call_endpoint(lab, one, "endpoint", names, e);

		if (r < 0)
			return err_wrap(e, "endpoints[%zu]", i);
	}
	if (json_array_size(names) < 2)
		return err_set(e, EINVAL, "a matrix needs two endpoints; on network %s %s", network,
			       json_array_size(names) ? "is one" : "is none");
	return 0;
}

static int read_sends(const json_t *o, json_t *part, struct err *e)
{
	json_t *list = json_object_get(o, "send"), *v;
	size_t i;

	if (!list)
		json_object_set_new(part, "sends",
				    json_pack("[s, s, s]", "icmp", "tcp/80", "udp/53"));
	else
		json_object_set(part, "sends", list);
	json_array_foreach(list, i, v) {
		_cleanup_json_ json_t *cell = json_object();
		int r = matrix_send(json_string_value(v) ?: "", cell, e);

		if (r < 0)
			return r;
	}
	return json_array_size(json_object_get(part, "sends"))
		       ? 0
		       : err_set(e, EINVAL, "send: expected a list");
}

/* Without a name, the only network there is. */
static int read_network(struct lab *lab, const json_t *o, json_t *part, struct err *e)
{
	const struct networks *n = &lab->net->networks;
	const char *name = jstr(o, "network", n->n == 1 ? n->v[0].name : NULL);

	if (!name)
		return err_set(e, EINVAL, "network: name one; there are %zu", n->n);
	if (!networks_find(n, name))
		return err_set(e, ENOENT, "there is no network %s", name);
	jset_str(part, "network", name);
	return 0;
}

static int read_part(struct matrix *m, const json_t *o, struct err *e)
{
	json_t *part = json_object(), *name;
	size_t i;

	json_array_append_new(m->parts, part);
	if (read_network(m->lab, o, part, e) < 0 || read_sends(o, part, e) < 0 ||
	    read_endpoints(m->lab, o, part, e) < 0)
		return -EINVAL;
	json_array_foreach(json_object_get(part, "endpoints"), i, name)
		jadd_str(m->names, json_string_value(name));
	return 0;
}

static int read_parts(struct matrix *m, struct err *e)
{
	const json_t *list = json_object_get(m->body, "networks");
	json_t *o;
	size_t i;

	if (!list)
		return read_part(m, m->body, e);
	json_array_foreach(list, i, o)
		if (read_part(m, o, e) < 0)
			return err_wrap(e, "networks[%zu]", i);
	return json_array_size(list) ? 0 : err_set(e, EINVAL, "networks: expected a list");
}

void verb_matrix(void *arg, struct api_call *call)
{
	struct matrix *m = xcalloc(1, sizeof(*m));
	_cleanup_err_ struct err e = ERR_INIT;

	*m = (struct matrix){.lab = arg,
			     .call = call,
			     .body = json_deep_copy(api_call_body(call)),
			     .parts = json_array(),
			     .names = json_array()};
	if (read_parts(m, &e) < 0) {
		refuse(m, &e);
		return;
	}
	api_call_on_cancel(call, on_cancel, m);
	m->waiting = true;
	endpoints_ask(m->lab, m->names, on_ifaces, m);
}
