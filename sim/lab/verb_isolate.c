/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST …/isolate {networks?, endpoints?, …}: members of different layer 2 domains must not hear each
 * other: pods, VMs and external hosts, whatever the topologies of their networks.
 */
#include <errno.h>

#include "lab/domain.h"
#include "lab/endpoint.h"
#include "lab/fault.h"
#include "lab/topology.h"
#include "lab/verb_probe.h"

/* Networks are chosen by name, domains by theirs ("datacenter vlan 10"). */
static bool is_wanted(const json_t *wanted, const char *network, const char *domain)
{
	return !json_array_size(wanted) || jhas_str(wanted, network) || jhas_str(wanted, domain);
}

/* A host with routes reaches other networks lawfully, by a router: then only its frames count. */
static bool is_routed(struct lab *lab, const char *endpoint)
{
	const char *name = str_after(endpoint, "host/");
	const json_t *host = name ? topology_host(lab->topo, name) : NULL;

	return host && (jstr(host, "gateway", NULL) || json_array_size(jget(host, "routes")) ||
			jbool(host, "forward", false));
}

static void add_member(struct lab *lab, json_t *by_domain, const char *endpoint, const json_t *f,
		       const char *domain)
{
	json_t *members = json_object_get(by_domain, domain);
	json_t *addrs = json_copy(json_object_get(f, "addresses4"));

	if (!members) {
		members = json_array();
		json_object_set_new(by_domain, domain, members);
	}
	json_array_extend(addrs, json_object_get(f, "addresses6"));
	json_array_append_new(members, json_pack("{s:s, s:O, s:O?, s:o, s:b}", "endpoint", endpoint,
						 "ifname", json_object_get(f, "name"), "mac",
						 json_object_get(f, "mac"), "addresses", addrs,
						 "routed", is_routed(lab, endpoint)));
}

/* Every interface of the endpoints, grouped by domain. */
static json_t *build_isolate(struct probe_call *j, const json_t *ifaces, struct err *e)
{
	const json_t *wanted = json_object_get(j->request, "networks");
	_cleanup_json_ json_t *by_domain = json_object();
	json_t *nets = json_array(), *v, *f, *r;
	const char *name;
	size_t i;

	json_object_foreach((json_t *)ifaces, name, v) {
		json_array_foreach(json_object_get(v, "interfaces"), i, f) {
			const char *domain = jstr(f, "domain", NULL);

			if (domain && is_wanted(wanted, jstr(f, "network", ""), domain))
				add_member(j->lab, by_domain, name, f, domain);
		}
	}
	json_object_foreach(by_domain, name, v)
		json_array_append_new(nets, json_pack("{s:s, s:O}", "name", name, "members", v));
	if (json_array_size(nets) < 2) {
		json_decref(nets);
		err_set(e, EINVAL, "isolation needs endpoints in at least two layer 2 domains");
		return NULL;
	}
	r = json_copy(j->request);
	json_object_set_new(r, "networks", nets);
	return r;
}

static void add_hosts(const json_t *hosts, json_t *names)
{
	json_t *h;
	size_t i;

	json_array_foreach(hosts, i, h) {
		_cleanup_free_ char *name = xasprintf("host/%s", jstr(h, "name", ""));

		jadd_str(names, name);
	}
}

/* Everybody but the nodes. */
static void add_all(struct lab *lab, json_t *names, struct err *e)
{
	_cleanup_free_ char *fault = lab_fault(lab);
	const char *name;
	json_t *v;
	size_t i;

	if (fault) /* its endpoints would be left out in silence */
		err_set(e, EHOSTDOWN, "%s", fault);
	json_object_foreach(lab->endpoints, name, v)
		jadd_str(names, name);
	add_hosts(jget(lab->topo, "underlay.hosts"), names);
	json_array_foreach(json_object_get(lab->topo, "networks"), i, v)
		add_hosts(json_object_get(v, "hosts"), names);
}

void verb_isolate(void *arg, struct api_call *call)
{
	struct lab *lab = arg;
	_cleanup_json_ json_t *names = json_array();
	json_t *body = json_deep_copy(api_call_body(call)), *list, *v;
	_cleanup_err_ struct err e = ERR_INIT;
	size_t i;

	if (!body)
		body = json_object();
	list = json_object_get(body, "endpoints");
	if (!list)
		add_all(lab, names, &e);
	json_array_foreach(list, i, v) {
		_cleanup_free_ char *canon =
			json_is_string(v) ? endpoint_canon(json_string_value(v), &e) : NULL;

		if (!canon || probe_call_check(lab, canon, &e) < 0)
			break;
		jadd_str(names, canon);
	}
	if (e.code) {
		verb_refuse(call, &e);
		json_decref(body);
		return;
	}
	probe_call_begin(lab, call, body, names, build_isolate, isolate_run);
}
