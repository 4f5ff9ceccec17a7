/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/verbs.h"

#include <errno.h>

#include "api/meta.h"
#include "api/status.h"
#include "fabric/fabric.h"
#include "kubevirt/domain.h"
#include "kubevirt/run.h"
#include "lab/controllers.h"
#include "lab/endpoint.h"
#include "lab/fault_list.h"
#include "lab/matrix.h"
#include "lab/mtu.h"
#include "lab/net.h"
#include "lab/place.h"
#include "lab/reconcile.h"
#include "lab/status.h"
#include "ovnk/mutate.h"
#include "probe/probe.h"

#define RECONCILE_TIMEOUT (30 * USEC_PER_SEC)
#define DAEMON_TIMEOUT (30 * USEC_PER_SEC)
#define AGENT_TIMEOUT (60 * USEC_PER_SEC)

void verb_refuse(struct api_call *call, const struct err *e)
{
	int code = e->code == ENOENT	  ? 404
		   : e->code == EAGAIN	  ? 409
		   : e->code == EBUSY	  ? 409
		   : e->code == ETIMEDOUT ? 504
		   : e->code == EHOSTDOWN ? 503
					  : 400;

	api_call_reply(call, code, status_failure(code, "%s", err_msg(e)));
}

/* ---- views ---- */

static void verb_status(void *arg, struct api_call *call)
{
	api_call_reply(call, 200, lab_status(arg));
}

static void verb_ports(void *arg, struct api_call *call)
{
	api_call_reply(call, 200, lab_ports(arg));
}

static void verb_databases(void *arg, struct api_call *call)
{
	api_call_reply(call, 200, lab_databases(arg));
}

static void verb_objects(void *arg, struct api_call *call)
{
	struct lab *lab = arg;

	api_call_reply(call, 200, store_dump(lab->store));
}

/* ---- reconcile ---- */

/* A call whose client may leave before the answer is there. */
struct pending {
	struct api_call *call; /* NULL once cancelled */
};

static void pending_cancel(void *arg)
{
	struct pending *p = arg;

	p->call = NULL;
}

static struct pending *pending_new(struct api_call *call)
{
	struct pending *p = xcalloc(1, sizeof(*p));

	p->call = call;
	api_call_on_cancel(call, pending_cancel, p);
	return p;
}

static void reconciled(void *arg, const json_t *result, const char *error)
{
	struct pending *p = arg;

	if (p->call && error)
		api_call_reply(p->call, 504, status_failure(504, "%s", error));
	else if (p->call)
		api_call_reply(p->call, 200, json_incref((json_t *)result));
	free(p);
}

static void verb_reconcile(void *arg, struct api_call *call)
{
	struct lab *lab = arg;

	for (size_t i = 0; i < lab->n_nodes; i++)
		lab_node_forget(&lab->nodes[i]);
	reconcile_sync(lab, RECONCILE_TIMEOUT, reconciled, pending_new(call));
}

static void verb_mutate(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	const char *name = jstr(api_call_body(call), "name", "none");
	const struct mutation *m = mutation_find(name);
	_cleanup_buf_ struct buf known = BUF_INIT;

	for (const struct mutation *k = mutations; k->name; k++)
		buf_printf(&known, ", %s", k->name);
	if (!m && !streq(name, "none")) {
		api_call_reply(call, 400,
			       status_failure(400, "\"%s\": no such mutation; expected none%s",
					      name, buf_str(&known)));
		return;
	}
	lab->mutation = m;
	reconcile_sync(lab, RECONCILE_TIMEOUT, reconciled, pending_new(call));
}

/* How policies are compiled, from now on. */
static void verb_profile(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	const char *name = jstr(api_call_body(call), "name", "");

	if (!streq(name, "ovnk") && !streq(name, "spec")) {
		api_call_reply(call, 400,
			       status_failure(400, "\"%s\": expected ovnk or spec", name));
		return;
	}
	lab->spec = streq(name, "spec");
	reconcile_sync(lab, RECONCILE_TIMEOUT, reconciled, pending_new(call));
}

/* ---- endpoint ---- */

static json_t *host_pids(struct lab *lab, const char *name)
{
	_cleanup_json_ json_t *fab = fabric_status(lab->fabric);
	json_t *h;
	size_t i;

	json_array_foreach(json_object_get(fab, "hosts"), i, h)
		if (streq(jstr(h, "name", ""), name) && jint(h, "pid", 0) > 0)
			return json_pack("[I]", (json_int_t)jint(h, "pid", 0));
	return NULL;
}

static json_t *describe_pod(struct lab *lab, const json_t *pod, const json_t *vmi)
{
	const struct lab_node *n = lab_node_find(lab, jstr(pod, "spec.nodeName", ""));
	const json_t *rt = lab_pod_runtime(lab, meta_uid(pod));
	json_t *pids = json_array(), *out;

	if (n && n->pid)
		json_array_append_new(pids, json_integer(n->pid));
	if (!vmi && jint(rt, "pid", 0))
		json_array_append_new(pids, json_integer(jint(rt, "pid", 0)));
	out = json_pack("{s:s, s:o, s:s, s:s}", "node", n ? n->name : "", "pids", pids, "uid",
			meta_uid(vmi ? vmi : pod), "pod", meta_name(pod));
	if (vmi && n) {
		_cleanup_kubevirt_paths_ struct kubevirt_paths p = {0};
		_cleanup_free_ char *sock = NULL;

		kubevirt_paths_init(&p, vmi);
		sock = lab_node_path(n, "vm", strrchr(p.console_socket, '/') + 1);
		jset_str(out, "console", sock);
		json_object_set_new(out, "devices", place_taps(lab, pod));
	}
	return out;
}

static json_t *describe(struct lab *lab, const char *name, struct err *e)
{
	const char *node = str_after(name, "node/"), *host = str_after(name, "host/");
	const struct lab_node *n = node ? lab_node_find(lab, node) : NULL;
	const json_t *pod, *vmi = NULL;
	json_t *out = NULL;
	const char *rest;

	if (node && n && n->pid)
		return json_pack("{s:s, s:[i]}", "node", node, "pids", (int)n->pid);
	if (node) {
		err_set(e, ENOENT, n ? "node/%s is dead" : "the topology has no node/%s", node);
		return NULL;
	}
	if (host) {
		json_t *pids = host_pids(lab, host);

		if (!pids)
			err_set(e, ENOENT, "the topology has no host/%s", host);
		return pids ? json_pack("{s:o}", "pids", pids) : NULL;
	}
	if (endpoint_check(lab, name, e) < 0)
		return NULL;
	rest = strchr(name, '/') + 1;
	{
		_cleanup_free_ char *ns = xstrndup(rest, strcspn(rest, "/"));
		const char *obj = strrchr(name, '/') + 1;

		if (str_after(name, "vm/"))
			vmi = store_peek(lab->store, &kind_vmi, ns, obj);
		pod = vmi ? ctl_launcher_pod(lab, vmi) : store_peek(lab->store, &kind_pod, ns, obj);
	}
	if (pod)
		out = describe_pod(lab, pod, vmi);
	else
		err_set(e, EAGAIN, "%s has no pod yet", name);
	return out;
}

json_t *lab_describe(struct lab *lab, const char *text, struct err *e)
{
	bool fabric = place_is_fabric(text);
	_cleanup_free_ char *name = fabric ? xstrdup(text) : endpoint_canon(text, e);
	json_t *out = fabric ? place_describe(lab, text, e) : name ? describe(lab, name, e) : NULL;

	if (!out)
		return NULL;
	jset_str(out, "name", name);
	json_object_set_new(out, "kind", json_stringn(name, strcspn(name, "/")));
	return out;
}

static void verb_endpoint(void *arg, struct api_call *call)
{
	const char *q = api_call_query(call, "name");
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *out = lab_describe(arg, q ? q : "", &e);

	if (out)
		api_call_reply(call, 200, out);
	else
		verb_refuse(call, &e);
}

/* ---- daemons, cables, agents ---- */

static void on_node_reply(void *arg, const json_t *result, const json_t *error)
{
	struct pending *p = arg;
	_cleanup_free_ char *text = error ? jtext(error) : NULL;

	if (p->call && result)
		api_call_reply(p->call, 200, json_incref((json_t *)result));
	else if (p->call)
		api_call_reply(
			p->call, 409,
			status_failure(409, "%s",
				       json_is_string(error) ? json_string_value(error) : text));
	free(p);
}

static struct lab_node *live_node(struct lab *lab, const json_t *body, struct err *e)
{
	const char *name = jstr(body, "node", "");
	struct lab_node *n = lab_node_find(lab, name);

	if (!n)
		err_set(e, ENOENT, "the lab has no node \"%s\"", name);
	else if (n->death)
		err_set(e, EHOSTDOWN, "node/%s: %s", name, n->death);
	else
		return n;
	return NULL;
}

static void verb_daemon(void *arg, struct api_call *call)
{
	_cleanup_err_ struct err e = ERR_INIT;
	const json_t *body = api_call_body(call);
	struct lab_node *n = live_node(arg, body, &e);

	if (!n) {
		verb_refuse(call, &e);
		return;
	}
	jrpc_call(n->rpc, "daemon", json_pack("[O]", body), DAEMON_TIMEOUT, on_node_reply,
		  pending_new(call));
}

static void verb_link(void *arg, struct api_call *call)
{
	_cleanup_err_ struct err e = ERR_INIT;
	const json_t *body = api_call_body(call);
	struct lab *lab = arg;

	if (fabric_link(lab->fabric, jstr(body, "node", ""), jstr(body, "nic", "eth0"),
			jbool(body, "up", true), &e) < 0)
		verb_refuse(call, &e);
	else
		api_call_reply(call, 200, json_object());
}

static void on_agent_reply(void *arg, const json_t *result, const struct err *e)
{
	struct pending *p = arg;

	if (p->call && result)
		api_call_reply(p->call, 200, json_incref((json_t *)result));
	else if (p->call)
		verb_refuse(p->call, e);
	free(p);
}

struct agent_call {
	struct lab *lab;
	struct pending *pending;
	char *name;
	json_t *body;
};

/* The agent is connected, or was waited for long enough. ifaces is of no interest. */
static void agent_call(void *arg, json_t *ifaces)
{
	struct agent_call *a = arg;

	hub_call(a->lab->hub, a->name, jstr(a->body, "method", "hello"),
		 json_incref(json_object_get(a->body, "params")), AGENT_TIMEOUT, on_agent_reply,
		 a->pending);
	json_decref(ifaces);
	json_decref(a->body);
	free(a->name);
	free(a);
}

void verb_agent(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	const json_t *body = api_call_body(call);
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *name = endpoint_canon(jstr(body, "endpoint", ""), &e);
	_cleanup_json_ json_t *names = json_pack("[s?]", name);
	struct agent_call *a;

	if (!name || endpoint_check(lab, name, &e) < 0) {
		verb_refuse(call, &e);
		return;
	}
	a = xcalloc(1, sizeof(*a));
	*a = (struct agent_call){lab, pending_new(call), xstrdup(name), json_deep_copy(body)};
	if (hub_ready(lab->hub, name))
		agent_call(a, NULL);
	else
		endpoints_ask(lab, names, agent_call, a);
}

/* ---- start, stop, restart ---- */

static void power(struct lab *lab, struct api_call *call, const char *verb)
{
	const char *ns = api_call_part(call, 0), *name = api_call_part(call, 1);
	json_t *vm = store_peek(lab->store, &kind_vm, ns, name);
	const json_t *vmi = store_peek(lab->store, &kind_vmi, ns, name);
	_cleanup_json_ json_t *copy = NULL, *status = NULL, *made = NULL;
	_cleanup_err_ struct err e = ERR_INIT;

	if (!vm) {
		api_call_reply(call, 404, status_not_found(&kind_vm, name));
		return;
	}
	copy = json_deep_copy(vm);
	if (kubevirt_request(copy, vmi, verb, &e) < 0) {
		api_call_reply(call, e.code == EBUSY ? 409 : 400,
			       status_failure(e.code == EBUSY ? 409 : 400, "%s", err_msg(&e)));
		return;
	}
	made = store_replace(lab->store, copy, NULL, &status);
	if (!made) {
		api_call_reply(call, status_code(status), json_incref(status));
		return;
	}
	store_update_status(lab->store, made, json_object_get(copy, "status"));
	api_call_reply(call, 202, json_object());
}

static void verb_start(void *arg, struct api_call *call)
{
	power(arg, call, "start");
}
static void verb_stop(void *arg, struct api_call *call)
{
	power(arg, call, "stop");
}
static void verb_restart(void *arg, struct api_call *call)
{
	power(arg, call, "restart");
}

/* ---- planned MTU ---- */

const char *lab_endpoint_node(struct lab *lab, const char *endpoint)
{
	_cleanup_free_ char *ns = NULL;
	const char *rest = strchr(endpoint, '/') + 1, *name = strrchr(endpoint, '/') + 1;
	const json_t *pod;

	if (str_after(endpoint, "host/") || str_after(endpoint, "node/"))
		return rest;
	ns = xstrndup(rest, strcspn(rest, "/"));
	if (str_after(endpoint, "vm/")) {
		const json_t *vmi = store_peek(lab->store, &kind_vmi, ns, name);

		pod = vmi ? ctl_launcher_pod(lab, vmi) : NULL;
	} else {
		pod = store_peek(lab->store, &kind_pod, ns, name);
	}
	return jstr(pod, "spec.nodeName", "");
}

int lab_planned_mtu(struct lab *lab, const char *from, const char *to, const char *network)
{
	_cleanup_pathmtu_path_ struct pathmtu_path p;

	lab_mtu_path(lab, network, from, to, &p);
	return p.why ? 0 : pathmtu_limit(&p);
}

/* ---- registration ---- */

#define OWN "/apis/ovnbed.io/v1alpha1/"
#define POWER "/apis/subresources.kubevirt.io/v1/namespaces/*/virtualmachines/*/"

int lab_verbs_register(struct lab *lab, struct err *e)
{
	static const struct {
		const char *method, *path;
		api_verb_fn fn;
	} verbs[] = {
		{"GET", OWN "status", verb_status},
		{"GET", OWN "objects", verb_objects},
		{"GET", OWN "databases", verb_databases},
		{"GET", OWN "ports", verb_ports},
		{"GET", OWN "fabric", verb_fabric},
		{"GET", OWN "endpoint", verb_endpoint},
		{"POST", OWN "reconcile", verb_reconcile},
		{"POST", OWN "probes", verb_probes},
		{"POST", OWN "frames", verb_frames},
		{"POST", OWN "mtu", verb_mtu},
		{"POST", OWN "isolate", verb_isolate},
		{"POST", OWN "soak", verb_soak},
		{"POST", OWN "streams", verb_streams},
		{"POST", OWN "mutate", verb_mutate},
		{"POST", OWN "profile", verb_profile},
		{"POST", OWN "matrix", verb_matrix},
		{"POST", OWN "explain", verb_explain},
		{"POST", OWN "agent", verb_agent},
		{"POST", OWN "exec", verb_exec},
		{"POST", OWN "trace", verb_trace},
		{"POST", OWN "daemon", verb_daemon},
		{"POST", OWN "faults", verb_fault_post},
		{"GET", OWN "faults", verb_fault_list},
		{"DELETE", OWN "faults", verb_fault_delete},
		{"DELETE", OWN "faults/*", verb_fault_delete},
		{"POST", OWN "link", verb_link},
		{"PUT", POWER "start", verb_start},
		{"PUT", POWER "stop", verb_stop},
		{"PUT", POWER "restart", verb_restart},
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		int r = apiserver_add_verb(lab->api, verbs[i].method, verbs[i].path, verbs[i].fn,
					   lab, e);

		if (r < 0)
			return r;
	}
	return 0;
}
