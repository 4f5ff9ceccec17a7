/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POST …/trace: what OVN's logical pipeline does with a packet, in the source's zone and, with
 * interconnect, chained in the destination's: the source zone alone shows output even where the
 * other denies. ovn-trace is a daemon of the zone's host, asked over its control socket; it reads
 * the database once in its life, so every trace has one of its own.
 */
#include "lab/verbs.h"

#include <errno.h>

#include "api/meta.h"
#include "api/status.h"
#include "lab/controllers.h"
#include "lab/endpoint.h"
#include "lab/net.h"
#include "ovnk/names.h"
#include "ovsdb/unixctl.h"

#define SPAWN_TIMEOUT (10 * USEC_PER_SEC)
#define TRACE_TIMEOUT (20 * USEC_PER_SEC)

struct trace {
	struct lab *lab;
	struct api_call *call; /* NULL once cancelled */
	json_t *request;
	struct lab_zone *zones[2];
	size_t n_zones, at;
	char *datapath, *in_port, *out_port;
	char *localnet;	   /* the network's port to the physical network, or NULL */
	char *flows[2];	   /* a zone's each */
	bool denied, lost; /* a zone dropped it; it went elsewhere, or a zone did not say */
	struct buf text, summary;
	json_t *parts;
};

static void trace_free(struct trace *t)
{
	json_decref(t->request);
	json_decref(t->parts);
	free(t->datapath);
	free(t->flows[0]);
	free(t->flows[1]);
	free(t->localnet);
	free(t->in_port);
	free(t->out_port);
	buf_free(&t->text);
	buf_free(&t->summary);
	free(t);
}

static void on_cancel(void *arg)
{
	struct trace *t = arg;

	t->call = NULL;
}

static void finish(struct trace *t)
{
	if (t->call)
		api_call_reply(t->call, 200,
			       json_pack("{s:s, s:s, s:s, s:s, s:O}", "text", buf_str(&t->text),
					 "summary", buf_str(&t->summary), "verdict",
					 t->denied ? "denied"
					 : t->lost ? "unknown"
						   : "allowed",
					 "flow", t->flows[0], "zones", t->parts));
	trace_free(t);
}

static void fail(struct trace *t, const struct err *e)
{
	if (t->call)
		verb_refuse(t->call, e);
	trace_free(t);
}

/* ---- what a trace means ---- */

/* What the packet's way ends in, in words. Caller frees. */
static char *meaning(struct trace *t, const char *text, bool last)
{
	const char *out = NULL, *p = text;

	while ((p = strstr(p, "/* output to "))) {
		out = p + 13;
		p = out;
	}
	if (!out) {
		t->denied |= strstr(text, "drop") != NULL;
		t->lost |= !strstr(text, "drop");
		return xstrdup(strstr(text, "drop") ? "dropped by a logical flow"
						    : "no output: the packet goes nowhere");
	}
	if (t->localnet && !last && strncmp(out, "\"", 1) == 0 && strstr(out, t->localnet))
		return xstrdup("sent to the physical network");
	if (strncmp(out, "\"", 1) == 0 && strstr(out, t->out_port))
		return xstrdup(strstr(out, "type \"remote\"") ? "sent through the tunnel"
			       : last ? "delivered to the destination's port"
				      : "output to the destination's port");
	t->lost = true;
	return xasprintf("output to %.*s, which is not the destination's port",
			 (int)strcspn(out, " *"), out);
}

static void add_part(struct trace *t, const char *text, const char *error)
{
	struct lab_zone *z = t->zones[t->at];
	bool last = t->at + 1 == t->n_zones;
	_cleanup_free_ char *means = error ? xstrdup(error) : meaning(t, text, last);

	t->lost |= error != NULL;
	buf_printf(&t->text, "# zone %s: %s\n# %s\n%s\n", z->name, means, t->flows[t->at],
		   error ? error : text);
	buf_printf(&t->summary, "%szone %s: %s", t->at ? "; " : "", z->name, means);
	json_array_append_new(t->parts, json_pack("{s:s, s:s, s:s}", "zone", z->name, "means",
						  means, "text", error ? error : text));
}

/* ---- the daemons ---- */

static void next_zone(struct trace *t);

static void on_trace(void *arg, const char *text, const struct err *e)
{
	struct trace *t = arg;

	add_part(t, text ? text : "", text ? NULL : err_msg(e));
	t->at++;
	next_zone(t);
}

static void on_spawned(void *arg, const json_t *result, const json_t *error)
{
	struct trace *t = arg;
	struct lab_zone *z = t->zones[t->at];
	const char *ctl = jstr(result, "ctl", NULL);
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *path = NULL;

	if (!ctl) {
		err_set(&e, EHOSTDOWN, "ovn-trace of zone %s: %s", z->name,
			json_is_string(error) ? json_string_value(error) : "cannot be started");
		fail(t, &e);
		return;
	}
	path = lab_node_path(z->host, "ovn", strrchr(ctl, '/') + 1);
	if (!unixctl_call(t->lab->ev, path, "trace",
			  json_pack("[s, s]", t->datapath, t->flows[t->at]), TRACE_TIMEOUT,
			  on_trace, t, &e))
		fail(t, &e);
}

static void on_stopped(void *arg, const json_t *result, const json_t *error)
{
	struct trace *t = arg;

	(void)result; /* it may not have run at all */
	(void)error;
	jrpc_call(t->zones[t->at]->host->rpc, "spawn", json_pack("[{s:s}]", "name", "ovn-trace"),
		  SPAWN_TIMEOUT, on_spawned, t);
}

static void next_zone(struct trace *t)
{
	_cleanup_err_ struct err e = ERR_INIT;
	struct lab_node *host;

	if (t->at == t->n_zones) {
		finish(t);
		return;
	}
	host = t->zones[t->at]->host;
	if (host->death) {
		err_set(&e, EHOSTDOWN, "node/%s: %s", host->name, host->death);
		fail(t, &e);
		return;
	}
	jrpc_call(host->rpc, "daemon",
		  json_pack("[{s:s, s:s}]", "name", "ovn-trace", "action", "stop"), SPAWN_TIMEOUT,
		  on_stopped, t);
}

/* ---- the packet ---- */

static const char *addr_of(const json_t *iface, int family)
{
	return json_string_value(json_array_get(
		json_object_get(iface, family == 6 ? "addresses6" : "addresses4"), 0));
}

static char *microflow(const struct trace *t, const char *in_port, const json_t *a, const json_t *b)
{
	const char *proto = jstr(t->request, "proto", "icmp");
	int port = (int)jint(t->request, "port", 0), family = (int)jint(t->request, "family", 0);
	struct buf f = BUF_INIT;

	if (!family)
		family = addr_of(a, 4) && addr_of(b, 4) ? 4 : 6;
	buf_printf(&f, "inport==\"%s\" && eth.src==%s && eth.dst==%s", in_port, jstr(a, "mac", ""),
		   jstr(b, "mac", ""));
	if (addr_of(a, family) && addr_of(b, family))
		buf_printf(&f, " && ip%d.src==%s && ip%d.dst==%s && ip.ttl==64", family,
			   endpoint_address(a, b, family), family, endpoint_address(b, a, family));
	if (streq(proto, "icmp"))
		buf_printf(&f, family == 6 ? " && icmp6.type==128" : " && icmp4.type==8");
	else
		buf_printf(&f, " && %s.src==40000 && %s.dst==%d",
			   streq(proto, "udp") ? "udp" : "tcp", streq(proto, "udp") ? "udp" : "tcp",
			   port ? port : 80);
	return buf_take(&f);
}

static const struct podnet *podnet_of(struct lab *lab, const char *endpoint)
{
	const char *rest = strchr(endpoint, '/') + 1, *name = strrchr(endpoint, '/') + 1;
	_cleanup_free_ char *ns = xstrndup(rest, strcspn(rest, "/"));
	const json_t *vmi, *pod;

	if (!str_after(endpoint, "vm/"))
		return podnets_find(&lab->net->pods, ns, name);
	vmi = store_peek(lab->store, &kind_vmi, ns, name);
	pod = vmi ? ctl_launcher_pod(lab, vmi) : NULL;
	return pod ? podnets_find(&lab->net->pods, ns, meta_name(pod)) : NULL;
}

static const struct attachment *att_on(const struct podnet *p, const char *network)
{
	for (size_t i = 0; p && i < p->n; i++)
		if (streq0(p->v[i].network, network))
			return &p->v[i];
	return NULL;
}

static struct lab_zone *zone_of(struct lab *lab, const struct podnet *p)
{
	for (size_t i = 0; i < lab->n_zones; i++)
		if (lab->n_zones == 1 || streq(lab->zones[i].name, p->node))
			return &lab->zones[i];
	return NULL;
}

static int plan(struct trace *t, const json_t *ifaces, struct err *e)
{
	const char *from = jstr(t->request, "from", ""), *to = jstr(t->request, "to", "");
	const struct podnet *pa = podnet_of(t->lab, from), *pb = podnet_of(t->lab, to);
	const struct attachment *aa, *ab;
	const struct network *n;
	const json_t *a, *b;

	if (!pa || !pb)
		return err_set(e, EINVAL, "a trace goes between pods and VMs");
	if (!endpoint_pair(json_object_get(ifaces, from), json_object_get(ifaces, to),
			   jstr(t->request, "network", NULL), &a, &b))
		return err_set(e, EAGAIN, "%s or %s has no interface on a network", from, to);
	aa = att_on(pa, jstr(a, "network", NULL));
	ab = att_on(pb, jstr(b, "network", NULL));
	n = networks_find(&t->lab->net->networks, jstr(a, "network", ""));
	if (!aa || !ab || !n)
		return err_set(e, EINVAL, "%s has no logical port", aa ? to : from);
	t->in_port = xstrdup(aa->port);
	t->out_port = xstrdup(ab->port);
	t->datapath = n->conf.topology == OVNK_LOCALNET ? names_localnet_switch(n->name)
							: names_layer2_switch(n->name);
	t->flows[0] = microflow(t, t->in_port, a, b);
	t->zones[t->n_zones++] = zone_of(t->lab, pa);
	if (zone_of(t->lab, pb) == t->zones[0])
		return 0;
	/* a localnet's zones meet on the wire: there it comes in again */
	if (n->conf.topology == OVNK_LOCALNET)
		t->localnet = names_localnet_port(n->name);
	t->flows[1] = microflow(t, t->localnet ? t->localnet : t->in_port, a, b);
	t->zones[t->n_zones++] = zone_of(t->lab, pb);
	return 0;
}

static void on_ifaces(void *arg, json_t *ifaces)
{
	struct trace *t = arg;
	_cleanup_json_ json_t *own = ifaces;
	_cleanup_err_ struct err e = ERR_INIT;

	if (plan(t, own, &e) < 0)
		fail(t, &e);
	else
		next_zone(t);
}

void verb_trace(void *arg, struct api_call *call)
{
	static const char *const ends[] = {"from", "to"};
	_cleanup_json_ json_t *names = json_array();
	struct trace *t = xcalloc(1, sizeof(*t));
	_cleanup_err_ struct err e = ERR_INIT;

	t->lab = arg;
	t->call = call;
	t->request = json_deep_copy(api_call_body(call));
	t->parts = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(ends) && !e.code; i++) {
		_cleanup_free_ char *name = endpoint_canon(jstr(t->request, ends[i], ""), &e);

		if (name && endpoint_check(t->lab, name, &e) == 0) {
			jset_str(t->request, ends[i], name);
			jadd_str(names, name);
		}
	}
	if (e.code) {
		fail(t, &e);
		return;
	}
	api_call_on_cancel(call, on_cancel, t);
	endpoints_ask(t->lab, names, on_ifaces, t);
}
