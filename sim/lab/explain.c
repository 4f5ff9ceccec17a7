/* SPDX-License-Identifier: Apache-2.0 */
/* POST …/explain: what policies mean for an endpoint, or for one packet, in words. */
#include "lab/matrix_priv.h"

#include <errno.h>

#include "api/meta.h"
#include "api/status.h"
#include "lab/endpoint.h"
#include "lab/net.h"
#include "lab/verb_probe.h"
#include "ovnk/names.h"
#include "ovnk/lint_policy.h"

/* ---- one endpoint ---- */

static void explain_endpoint(struct lab *lab, struct api_call *call, const char *name,
			     const char *network)
{
	_cleanup_oracle_ struct oracle *o = matrix_oracle(lab, false);
	_cleanup_json_ json_t *atts = endpoint_attachments(lab, name);
	const json_t *pod = matrix_pod(lab, name);
	json_t *out = json_object(), *att;
	size_t i;

	json_array_foreach(atts, i, att) {
		const char *n = jstr(att, "network", "");

		if (pod && (!network || streq(n, network)))
			json_object_set_new(out, n,
					    oracle_explain(o, n, meta_ns(pod), meta_name(pod)));
	}
	api_call_reply(call, 200,
		       json_pack("{s:s, s:b, s:o}", "endpoint", name, "selectable", pod != NULL,
				 "networks", out));
}

/* ---- one policy ---- */

/* Pods as people name them: "pod/ns/name", "vm/ns/name" for a virt-launcher. */
static void name_selected(struct lab *lab, json_t *list)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		const char *key = json_string_value(v), *slash = strchr(key, '/');
		_cleanup_free_ char *ns = xstrndup(key, (size_t)(slash - key));
		const json_t *pod = store_peek(lab->store, &kind_pod, ns, slash + 1);
		const char *vm = meta_label(pod, "vm.kubevirt.io/name");

		json_array_set_new(list, i,
				   vm ? jstringf("vm/%s/%s", ns, vm) : jstringf("pod/%s", key));
	}
}

/* What lints and checks have to say of this policy. */
static json_t *remarks(struct lab *lab, const json_t *obj)
{
	_cleanup_json_ json_t *dump = store_dump(lab->store);
	_cleanup_diags_ struct diags d = DIAGS_INIT, own = DIAGS_INIT;
	_cleanup_free_ char *title = meta_title(obj);

	diags_merge(&d, &lab->net->findings);
	lint_policies(&lab->net->policies, &lab->net->networks, json_object_get(dump, "items"), &d);
	for (size_t i = 0; i < d.n; i++) {
		struct diags one = {.v = &d.v[i], .n = 1};

		if (streq0(d.v[i].object, title))
			diags_merge(&own, &one);
	}
	return diags_to_json(&own);
}

/* name: "NAME" or "NS/NAME". */
static void explain_policy(struct lab *lab, struct api_call *call, const char *name)
{
	const char *slash = strchr(name, '/');
	_cleanup_free_ char *ns =
		slash ? xstrndup(name, (size_t)(slash - name)) : xstrdup("default");
	const json_t *obj = store_peek(lab->store, &kind_mnp, ns, slash ? slash + 1 : name);
	const json_t *c = obj ? meta_condition(obj, "Applied") : NULL;
	_cleanup_oracle_ struct oracle *o = NULL;
	json_t *out, *v;
	size_t i;

	if (!obj) {
		api_call_reply(call, 404,
			       status_failure(404, "there is no MultiNetworkPolicy %s/%s", ns,
					      slash ? slash + 1 : name));
		return;
	}
	o = matrix_oracle(lab, false);
	out = oracle_explain_policy(o, ns, meta_name(obj));
	json_array_foreach(json_object_get(out, "networks"), i, v)
		name_selected(lab, json_object_get(v, "selects"));
	json_object_set_new(out, "policy", jstringf("%s/%s", ns, meta_name(obj)));
	json_object_set_new(out, "profile", jstring(lab->spec ? "spec" : "ovnk"));
	json_object_set_new(out, "state", jstring(jstr(c, "reason", "Unknown")));
	json_object_set_new(out, "message", jstring(jstr(c, "message", "")));
	json_object_set_new(out, "findings", remarks(lab, obj));
	api_call_reply(call, 200, out);
}

/* ---- one packet ---- */

struct why {
	struct lab *lab;
	struct api_call *call;
	json_t *body, *names;
	bool cancelled;
};

static void why_free(struct why *w)
{
	json_decref(w->body);
	json_decref(w->names);
	free(w);
}

static void on_cancel(void *arg)
{
	struct why *w = arg;

	w->cancelled = true;
}

/* The ACL that decides a deny, by the id that the compiler gives it. */
static void add_acl(struct why *w, const char *network, json_t *cell)
{
	const char *at = jstr(cell, "at", NULL);
	_cleanup_free_ char *ns = at ? xstrndup(at, strcspn(at, "/")) : NULL;
	_cleanup_free_ char *id = NULL, *endpoint = NULL;

	if (!at)
		return;
	id = names_default_deny(network, ns, jstr(cell, "direction", ""));
	endpoint = xasprintf("pod/%s", at);
	json_object_set_new(cell, "acl", jstring(id));
	json_object_set_new(cell, "node", jstring(lab_endpoint_node(w->lab, endpoint)));
}

/* The rules that let it pass, in words. */
static void add_rule_texts(const struct oracle *o, json_t *cell)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(cell, "rules"), i, v) {
		const char *key = jstr(v, "policy", ""), *slash = strchr(key, '/');
		_cleanup_free_ char *ns = xstrndup(key, (size_t)(slash - key));
		_cleanup_json_ json_t *p = oracle_explain_policy(o, ns, slash + 1);
		bool in = streq(jstr(v, "direction", ""), "Ingress");
		const json_t *texts = jget(p, in ? "ingress.rules" : "egress.rules");

		json_object_set(v, "text", json_array_get(texts, (size_t)jint(v, "rule", 0)));
	}
}

static json_t *judge_families(struct why *w, const json_t *a, const json_t *b, const char *network)
{
	_cleanup_oracle_ struct oracle *own = matrix_oracle(w->lab, false);
	_cleanup_oracle_ struct oracle *spec = matrix_oracle(w->lab, true);
	json_t *cells = json_array();
	int fam[2];
	size_t n = probe_call_families(a, b, jint(w->body, "family", 0), fam);

	for (size_t i = 0; i < n; i++) {
		json_t *cell = json_pack(
			"{s:O, s:O, s:s?, s:s?, s:i}", "from", json_object_get(w->body, "from"),
			"to", json_object_get(w->body, "to"), "src", probe_call_address(a, fam[i]),
			"dst", probe_call_address(b, fam[i]), "family", fam[i]);

		matrix_send(jstr(w->body, "send", "icmp"), cell, NULL);
		matrix_expect(w->lab, own, spec, network, cell);
		add_acl(w, network, cell);
		add_rule_texts(own, cell);
		json_array_append_new(cells, cell);
	}
	return cells;
}

static void on_ifaces(void *arg, json_t *ifaces)
{
	struct why *w = arg;
	_cleanup_json_ json_t *own = ifaces;
	_cleanup_err_ struct err e = ERR_INIT;
	const json_t *a = NULL, *b = NULL;
	const char *from = jstr(w->body, "from", ""), *to = jstr(w->body, "to", ""), *network;

	if (!w->cancelled) {
		endpoint_pair(json_object_get(ifaces, from), json_object_get(ifaces, to),
			      jstr(w->body, "network", NULL), &a, &b);
		network = jstr(a, "network", NULL);
		if (!a || !b || !network) {
			err_set(&e, EINVAL, "%s and %s share no network", from, to);
			verb_refuse(w->call, &e);
		} else {
			api_call_reply(w->call, 200,
				       json_pack("{s:s, s:o}", "network", network, "cells",
						 judge_families(w, a, b, network)));
		}
	}
	why_free(w);
}

static void explain_pair(struct lab *lab, struct api_call *call)
{
	struct why *w = xcalloc(1, sizeof(*w));
	_cleanup_json_ json_t *scratch = json_object();
	_cleanup_err_ struct err e = ERR_INIT;

	*w = (struct why){.lab = lab,
			  .call = call,
			  .body = json_deep_copy(api_call_body(call)),
			  .names = json_array()};
	if (probe_call_endpoint(lab, w->body, "from", w->names, &e) < 0 ||
	    probe_call_endpoint(lab, w->body, "to", w->names, &e) < 0 ||
	    matrix_send(jstr(w->body, "send", "icmp"), scratch, &e) < 0) {
		verb_refuse(call, &e);
		why_free(w);
		return;
	}
	api_call_on_cancel(call, on_cancel, w);
	endpoints_ask(lab, w->names, on_ifaces, w);
}

void verb_explain(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	const json_t *body = api_call_body(call);
	_cleanup_json_ json_t *o = json_deep_copy(body), *names = json_array();
	_cleanup_err_ struct err e = ERR_INIT;

	if (jstr(body, "policy", NULL))
		explain_policy(lab, call, jstr(body, "policy", ""));
	else if (json_object_get(body, "from") || json_object_get(body, "to"))
		explain_pair(lab, call);
	else if (probe_call_endpoint(lab, o, "endpoint", names, &e) < 0)
		verb_refuse(call, &e);
	else
		explain_endpoint(lab, call, jstr(o, "endpoint", ""), jstr(body, "network", NULL));
}
