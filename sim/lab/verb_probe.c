/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST …/probes, …/mtu, …/isolate, …/soak, …/streams: from endpoint names to the engine's requests. Each
 * resolves the endpoints, asks their agents for live interfaces, fills in addresses and starts a
 * job of probe/.
 */
#include "lab/verb_probe.h"

#include <errno.h>

#include "lab/endpoint.h"
#include "lab/fault.h"
#include "lab/fault_list.h"
#include "lab/physpath.h"
#include "probe/probe.h"
#include "probe/verdict.h"

static void job_free(struct probe_call *j)
{
	json_decref(j->request);
	json_decref(j->names);
	json_decref(j->infra);
	free(j);
}

static void on_cancel(void *arg)
{
	struct probe_call *j = arg;

	j->cancelled = true;
	if (j->running) {
		probe_cancel(j->running);
		job_free(j);
	}
}

static void on_done(void *arg, json_t *result, const struct err *e)
{
	struct probe_call *j = arg;

	if (result) {
		fault_mark(j->lab, result, j->names);
		if (json_array_size(j->infra)) {
			json_array_extend(json_object_get(result, "cells"), j->infra);
			jset_str(result, "status", "error");
		}
		physpath_mention(j->lab, result);
		faults_mention(j->lab, result, j->names);
		api_call_reply(j->call, 200, result);
	} else
		verb_refuse(j->call, e);
	job_free(j);
}

static void on_ifaces(void *arg, json_t *ifaces)
{
	struct probe_call *j = arg;
	_cleanup_json_ json_t *own = ifaces, *request = NULL;
	_cleanup_free_ char *fault = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (j->cancelled) {
		job_free(j);
		return;
	}
	fault = j->start == probe_run ? NULL : endpoints_fault(j->lab, j->names);
	if (fault)
		err_set(&e, EHOSTDOWN, "%s", fault);
	else
		request = j->build(j, ifaces, &e);
	if (!request) {
		_cleanup_free_ char *faults = faults_touching(j->lab, j->names);
		_cleanup_free_ char *why = xstrdup(err_msg(&e));

		if (faults)
			err_set(&e, e.code, "%s; active faults: %s", why, faults);
		verb_refuse(j->call, &e);
		job_free(j);
		return;
	}
	if (j->start == probe_run && !json_array_size(json_object_get(request, "cells"))) {
		on_done(j, json_pack("{s:s, s:[]}", "status", "error", "cells"), NULL);
		return;
	}
	j->running = j->start(j->lab->hub, request, on_done, j);
}

int probe_call_check(struct lab *lab, const char *name, struct err *e)
{
	_cleanup_err_ struct err why = ERR_INIT;
	_cleanup_free_ char *fault = NULL;
	int r = endpoint_check(lab, name, &why);

	if (r >= 0)
		return r;
	fault = r == -EAGAIN ? endpoint_fault(lab, name) : NULL;
	return fault ? 0 : err_set(e, why.code, "%s", err_msg(&why));
}

int probe_call_endpoint(struct lab *lab, json_t *o, const char *key, json_t *names, struct err *e)
{
	const char *text = jstr(o, key, NULL);
	_cleanup_free_ char *name = text ? endpoint_canon(text, e) : NULL;
	int r;

	if (!text)
		return err_set(e, EINVAL, "%s is missing", key);
	if (!name)
		return -EINVAL;
	r = probe_call_check(lab, name, e);
	if (r < 0)
		return r;
	jset_str(o, key, name);
	jadd_str(names, name);
	return 0;
}

void probe_call_begin(struct lab *lab, struct api_call *call, json_t *request, const json_t *names,
		      probe_build_fn build, probe_start_fn start)
{
	struct probe_call *j = xcalloc(1, sizeof(*j));
	_cleanup_json_ json_t *alive = json_array();
	json_t *v;
	size_t i;

	*j = (struct probe_call){.lab = lab,
				 .call = call,
				 .request = request,
				 .names = json_deep_copy(names),
				 .build = build,
				 .start = start,
				 .infra = json_array()};
	api_call_on_cancel(call, on_cancel, j);
	json_array_foreach(names, i, v) {
		_cleanup_free_ char *fault = endpoint_fault(lab, json_string_value(v));

		if (!fault)
			json_array_append(alive, v);
	}
	endpoints_ask(lab, alive, on_ifaces, j);
}

/* ---- addresses ---- */

const char *probe_call_address(const json_t *iface, int family)
{
	return json_string_value(json_array_get(
		json_object_get(iface, family == 6 ? "addresses6" : "addresses4"), 0));
}

size_t probe_call_families(const json_t *from, const json_t *to, long long wanted, int out[2])
{
	size_t n = 0;

	if (wanted == 4 || wanted == 6) {
		out[0] = (int)wanted;
		return 1;
	}
	for (int f = 4; f <= 6; f += 2)
		if (probe_call_address(from, f) && probe_call_address(to, f))
			out[n++] = f;
	if (!n)
		out[n++] = 4;
	return n;
}

/* One engine cell: addresses filled in, or marked so that the engine cannot take it for a verdict. */
static void add_cell(json_t *cells, const json_t *cell, const json_t *a, const json_t *b,
		     int family)
{
	json_t *c = json_deep_copy(cell);
	const char *dst = endpoint_address(b, a, family), *src = endpoint_address(a, b, family);

	json_object_set_new(c, "family", json_integer(family));
	json_object_set_new(c, "srcNetwork", jstring(jstr(a, "network", NULL)));
	json_object_set_new(c, "dstNetwork", jstring(jstr(b, "network", NULL)));
	json_object_set_new(c, "srcDomain", jstring(jstr(a, "domain", NULL)));
	json_object_set_new(c, "dstDomain", jstring(jstr(b, "domain", NULL)));
	if (a)
		json_object_set(c, "ifname", json_object_get(a, "name"));
	jset_str(c, "src", src);
	if (!jstr(c, "dst", NULL))
		jset_str(c, "dst", dst);
	json_array_append_new(cells, c);
}

/* A cell that cannot be tried because an agent or a daemon is not there: never a verdict. */
static void add_infra(struct probe_call *j, const json_t *cell, json_t *verdict)
{
	json_t *c = json_deep_copy(cell);

	jset_str(c, "outcome", "INFRA");
	jset_str(c, "detail", jstr(verdict, "reason", ""));
	json_object_set_new(c, "verdict", verdict);
	json_array_append_new(j->infra, c);
}

/* "tenant10 (dc vlan 10), l2" of the networks that an endpoint is on. Caller frees. */
static char *networks_of(const json_t *endpoint)
{
	struct buf b = BUF_INIT;
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(endpoint, "interfaces"), i, f) {
		const char *network = jstr(f, "network", NULL), *domain = jstr(f, "domain", "");

		if (network && str_after(domain, "layer2 "))
			buf_printf(&b, "%s%s", b.len ? ", " : "", network);
		else if (network)
			buf_printf(&b, "%s%s (%s)", b.len ? ", " : "", network, domain);
	}
	return b.len ? buf_take(&b) : xstrdup("no network");
}

static void no_pair(const char *from, const json_t *a, const char *to, const json_t *b,
		    const char *network, struct err *e)
{
	_cleanup_free_ char *of_a = networks_of(a), *of_b = networks_of(b);

	err_set(e, EINVAL, "%s and %s do not meet on network %s: %s is on %s; %s is on %s", from,
		to, network, from, of_a, to, of_b);
}

static json_t *build_probes(struct probe_call *j, const json_t *ifaces, struct err *e)
{
	json_t *cells = json_array(), *cell, *out;
	size_t i;

	json_array_foreach(json_object_get(j->request, "cells"), i, cell) {
		const char *from = jstr(cell, "from", ""), *to = jstr(cell, "to", "");
		const json_t *fa = json_object_get(ifaces, from), *fb = json_object_get(ifaces, to);
		const json_t *a = NULL, *b = NULL;
		const char *network = jstr(cell, "network", NULL);
		_cleanup_json_ json_t *pair = json_pack("[s, s]", from, to);
		_cleanup_free_ char *fault = endpoints_fault(j->lab, pair);
		const char *why = jstr(fa, "why", jstr(fb, "why", NULL));
		int fam[2];
		size_t n;

		bool paired = endpoint_pair(fa, fb, network, &a, &b);

		if (fault || why) {
			add_infra(j, cell,
				  fault ? fault_verdict(fault)
					: verdict_new("error", "agent", "%s", why));
			continue;
		}
		if (network && !paired && (!a || !jstr(cell, "dst", NULL))) {
			no_pair(from, fa, to, fb, network, e);
			json_decref(cells);
			return NULL;
		}
		n = probe_call_families(a, b, jint(cell, "family", 0), fam);
		for (size_t k = 0; k < n; k++) {
			if (!jstr(cell, "dst", NULL) && !probe_call_address(b, fam[k])) {
				err_set(e, EINVAL,
					"%s has no IPv%d address on %s; give it one by cloud-init "
					"networkData or a network with subnets",
					to, fam[k], jstr(b, "network", "any network"));
				json_decref(cells);
				return NULL;
			}
			add_cell(cells, cell, a, b, fam[k]);
		}
	}
	out = json_copy(j->request);
	json_object_set_new(out, "cells", cells);
	return out;
}

void verb_probes(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	_cleanup_json_ json_t *names = json_array();
	json_t *body = json_deep_copy(api_call_body(call)), *cell;
	_cleanup_err_ struct err e = ERR_INIT;
	size_t i;

	if (!json_array_size(json_object_get(body, "cells")))
		err_set(&e, EINVAL, "cells: expected a list of at least one cell");
	json_array_foreach(json_object_get(body, "cells"), i, cell) {
		if (probe_call_endpoint(lab, cell, "from", names, &e) < 0 ||
		    probe_call_endpoint(lab, cell, "to", names, &e) < 0) {
			err_wrap(&e, "cells[%zu]", i);
			break;
		}
	}
	if (e.code) {
		verb_refuse(call, &e);
		json_decref(body);
		return;
	}
	probe_call_begin(lab, call, body, names, build_probes, probe_run);
}

/* ---- soak, streams ---- */

static json_t *build_soak(struct probe_call *j, const json_t *ifaces, struct err *e)
{
	json_t *r = json_deep_copy(j->request), *flow, *flows = json_array();
	size_t i;

	json_array_foreach(json_object_get(j->request, "flows"), i, flow) {
		const json_t *fa = json_object_get(ifaces, jstr(flow, "from", ""));
		const json_t *fb = json_object_get(ifaces, jstr(flow, "to", "")), *a, *b;
		int fam[2];
		size_t n;

		if (!endpoint_pair(fa, fb, jstr(flow, "network", NULL), &a, &b)) {
			err_set(e, EINVAL, "%s and %s share no network, or have no agent",
				jstr(flow, "from", ""), jstr(flow, "to", ""));
			json_decref(r);
			json_decref(flows);
			return NULL;
		}
		n = probe_call_families(a, b, jint(flow, "family", 0), fam);
		for (size_t k = 0; k < n; k++)
			add_cell(flows, flow, a, b, fam[k]);
	}
	json_object_set_new(r, "flows", flows);
	return r;
}

static void run_flows(struct lab *lab, struct api_call *call, probe_start_fn start)
{
	_cleanup_json_ json_t *names = json_array();
	json_t *body = json_deep_copy(api_call_body(call)), *flow;
	_cleanup_err_ struct err e = ERR_INIT;
	size_t i;

	json_array_foreach(json_object_get(body, "flows"), i, flow)
		if (probe_call_endpoint(lab, flow, "from", names, &e) < 0 ||
		    probe_call_endpoint(lab, flow, "to", names, &e) < 0)
			break;
	if (!json_array_size(names) && !e.code)
		err_set(&e, EINVAL, "flows: expected a list of at least one flow");
	if (e.code) {
		verb_refuse(call, &e);
		json_decref(body);
		return;
	}
	probe_call_begin(lab, call, body, names, build_soak, start);
}

void verb_soak(void *arg, struct api_call *call)
{
	run_flows(arg, call, soak_run);
}

void verb_streams(void *arg, struct api_call *call)
{
	run_flows(arg, call, stream_run);
}
