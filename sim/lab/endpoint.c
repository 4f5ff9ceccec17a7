/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/endpoint.h"

#include <errno.h>

#include "api/meta.h"
#include "kubevirt/domain.h"
#include "lab/controllers.h"
#include "lab/domain.h"
#include "lab/net.h"
#include "lab/topology.h"
#include "probe/probe.h"

#define ASK_TIMEOUT (10 * USEC_PER_SEC)
#define READY_TIMEOUT (10 * USEC_PER_SEC) /* of an agent that is still connecting */

/* ---- names ---- */

static bool kind_known(const char *kind)
{
	static const char *const kinds[] = {"vm", "pod", "host", "node"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(kinds[i], kind))
			return true;
	return false;
}

char *endpoint_canon(const char *text, struct err *e)
{
	const char *slash = strchr(text, '/'), *rest = slash ? slash + 1 : "";
	_cleanup_free_ char *kind = slash ? xstrndup(text, (size_t)(slash - text)) : NULL;
	const char *second = strchr(rest, '/');
	bool namespaced = kind && (streq(kind, "vm") || streq(kind, "pod"));

	if (!kind || !kind_known(kind) || !*rest || (second && (!namespaced || !second[1])) ||
	    (second && strchr(second + 1, '/'))) {
		err_set(e, EINVAL,
			"\"%s\" is no endpoint: expected vm/NAME, pod/NAME, host/NAME or "
			"node/NAME, with NS/ before NAME for another namespace",
			text);
		return NULL;
	}
	if (namespaced && !second)
		return xasprintf("%s/default/%s", kind, rest);
	return xstrdup(text);
}

/* Splits "vm/ns/name". */
static void split(const char *name, char **ret_kind, char **ret_ns, char **ret_name)
{
	const char *a = strchr(name, '/'), *b = strrchr(name, '/');

	*ret_kind = xstrndup(name, (size_t)(a - name));
	*ret_ns = a == b ? NULL : xstrndup(a + 1, (size_t)(b - a - 1));
	*ret_name = xstrdup(b + 1);
}

/* ---- objects ---- */

static const json_t *object_of(struct lab *lab, const char *name)
{
	_cleanup_free_ char *kind = NULL, *ns = NULL, *n = NULL;

	split(name, &kind, &ns, &n);
	if (streq(kind, "vm"))
		return store_peek(lab->store, &kind_vmi, ns, n);
	if (streq(kind, "pod"))
		return store_peek(lab->store, &kind_pod, ns, n);
	return NULL;
}

/* The Pod that carries the endpoint's attachments. */
static const json_t *pod_of(struct lab *lab, const char *name)
{
	const json_t *o = object_of(lab, name);

	return o && kind_of(o) == &kind_vmi ? ctl_launcher_pod(lab, o) : o;
}

static const json_t *host_of(struct lab *lab, const char *name)
{
	const char *n = str_after(name, "host/");

	return n ? topology_host(lab->topo, n) : NULL;
}

/* A node's traffic agent starts when it is first connected to: so not before it is asked for. */
static int check_node(struct lab *lab, const char *name, struct err *e)
{
	const struct lab_node *n = lab_node_find(lab, name + strlen("node/"));
	_cleanup_free_ char *sock = NULL;

	if (!n)
		return err_set(e, ENOENT, "the topology has no %s", name);
	if (n->control_plane)
		return err_set(e, EOPNOTSUPP, "%s has no traffic agent", name);
	if (n->death)
		return err_set(e, EAGAIN, "%s: %s", name, n->death);
	sock = endpoint_socket(lab, name);
	hub_add(lab->hub, name, sock);
	return 0;
}

int endpoint_check(struct lab *lab, const char *name, struct err *e)
{
	const json_t *o;
	const char *phase;

	if (str_after(name, "host/"))
		return host_of(lab, name) ? 0 : err_set(e, ENOENT, "the topology has no %s", name);
	if (str_after(name, "node/"))
		return check_node(lab, name, e);
	o = object_of(lab, name);
	if (!o)
		return err_set(e, ENOENT, "%s does not exist%s", name,
			       str_after(name, "vm/") ? " or is not started" : "");
	phase = jstr(o, "status.phase", "Pending");
	if (!streq(phase, "Running"))
		return err_set(e, EAGAIN, "%s is %s, not Running", name, phase);
	return 0;
}

char *endpoint_socket(struct lab *lab, const char *name)
{
	const json_t *o = object_of(lab, name), *pod = pod_of(lab, name);
	const struct lab_node *n = lab_node_find(lab, jstr(pod, "spec.nodeName", ""));

	if (str_after(name, "host/"))
		return xasprintf("%s/h/%s.sock", lab->paths->run, name + 5);
	if (str_after(name, "node/"))
		return xasprintf("%s/n/%s/pod/node.sock", lab->paths->run, name + 5);
	if (!o || !n)
		return NULL;
	if (kind_of(o) == &kind_vmi) {
		_cleanup_kubevirt_paths_ struct kubevirt_paths p = {0};

		kubevirt_paths_init(&p, o);
		return lab_node_path(n, "vm", strrchr(p.probe_socket, '/') + 1);
	} else {
		_cleanup_free_ char *file = xasprintf("%.8s.sock", meta_uid(o));

		return lab_node_path(n, "pod", file);
	}
}

/* ---- hub ---- */

struct update {
	struct lab *lab;
	json_t *now; /* {name: socket} */
};

static bool add_endpoint(void *arg, json_t *obj)
{
	struct update *u = arg;
	bool vm = kind_of(obj) == &kind_vmi;
	_cleanup_free_ char *name = NULL, *sock = NULL;

	if (!streq(jstr(obj, "status.phase", ""), "Running") || meta_deleting(obj) ||
	    streq0(meta_label(obj, "kubevirt.io"), "virt-launcher"))
		return true;
	name = xasprintf("%s/%s/%s", vm ? "vm" : "pod", meta_ns(obj), meta_name(obj));
	sock = endpoint_socket(u->lab, name);
	if (sock)
		json_object_set_new(u->now, name, jstring(sock));
	return true;
}

void endpoints_update(struct lab *lab)
{
	struct update u = {.lab = lab, .now = json_object()};
	struct store_query pods = {.kind = &kind_pod}, vmis = {.kind = &kind_vmi};
	const char *name;
	json_t *v;

	if (!lab->hub)
		return;
	store_each(lab->store, &pods, add_endpoint, &u);
	store_each(lab->store, &vmis, add_endpoint, &u);
	json_object_foreach(lab->endpoints, name, v)
		if (!json_object_get(u.now, name))
			hub_remove(lab->hub, name);
	json_object_foreach(u.now, name, v)
		if (!json_equal(json_object_get(lab->endpoints, name), v))
			hub_add(lab->hub, name, json_string_value(v));
	json_decref(lab->endpoints);
	lab->endpoints = u.now;
}

/* ---- interfaces ---- */

/* The network of spec.networks that a node's NIC is plugged into; NULL for others. */
static const json_t *nic_network(const struct lab_node *n, const char *nic)
{
	json_t *x;
	size_t i;

	json_array_foreach(json_object_get(n->spec, "nics"), i, x)
		if (streq(jstr(x, "name", ""), nic))
			return json_object_get(x, "network");
	return NULL;
}

/* The same of an interface: a NIC, or the local port of a bridge with a NIC in it. */
static const json_t *iface_network(const struct lab_node *n, const json_t *iface)
{
	const char *name = jstr(iface, "name", ""), *bridge = jstr(iface, "controller", NULL);
	const json_t *net = nic_network(n, name);
	json_t *other;
	size_t i;

	json_array_foreach(json_object_get(lab_node_network(n), "interfaces"), i, other)
		if (!net && bridge && streq0(jstr(other, "controller", NULL), bridge))
			net = nic_network(n, jstr(other, "name", ""));
	return net;
}

/* Of a node: its own address on br-ex, and what NNCPs have put on physical networks. */
static json_t *node_attachments(const struct lab_node *n, json_t *out)
{
	json_t *iface;
	size_t i;

	json_array_append_new(out, json_pack("{s:s, s:n, s:s, s:I}", "network", "underlay", "nad",
					     "ifname", "br-ex", "mtu",
					     (json_int_t)jint(n->lab->topo, "underlay.mtu", 1500)));
	json_array_foreach(json_object_get(lab_node_network(n), "interfaces"), i, iface) {
		const json_t *net = iface_network(n, iface);
		bool bridged = streq(jstr(iface, "type", ""), "ethernet") &&
			       json_object_get(iface, "controller");

		/* a NIC in a bridge has no addresses, the bridge's own port may have */
		if (net && !bridged)
			json_array_append_new(out, json_pack("{s:O, s:n, s:O, s:I}", "network", net,
							     "nad", "ifname",
							     json_object_get(iface, "name"), "mtu",
							     (json_int_t)jint(iface, "mtu", 1500)));
	}
	return out;
}

json_t *endpoint_attachments(struct lab *lab, const char *name)
{
	const struct lab_node *node =
		str_after(name, "node/") ? lab_node_find(lab, name + strlen("node/")) : NULL;
	const json_t *pod = pod_of(lab, name), *host = host_of(lab, name);
	const struct podnet *p =
		pod ? podnets_find(&lab->net->pods, meta_ns(pod), meta_name(pod)) : NULL;
	json_t *out = json_array(), *iface;
	size_t k;

	if (node)
		return node_attachments(node, out);
	for (size_t i = 0; p && i < p->n; i++)
		if (p->v[i].state == ATTACHMENT_READY)
			json_array_append_new(out,
					      json_pack("{s:s, s:s, s:s, s:i}", "network",
							p->v[i].network, "nad", p->v[i].nad, "mac",
							p->v[i].mac, "mtu", p->v[i].mtu));
	json_array_foreach(json_object_get(host, "interfaces"), k, iface)
		json_array_append_new(out, json_pack("{s:O, s:n, s:O, s:O, s:O}", "network",
						     json_object_get(iface, "network"), "nad",
						     "mac", json_object_get(iface, "mac"), "mtu",
						     json_object_get(iface, "mtu"), "ifname",
						     json_object_get(iface, "name")));
	return out;
}

/* By name where the attachment has one: a bridge's port has the MAC of the NIC in it. */
static bool is_attached(const json_t *live, const json_t *att)
{
	const char *ifname = jstr(att, "ifname", NULL);

	if (ifname)
		return streq(ifname, jstr(live, "name", ""));
	return strcasecmp(jstr(att, "mac", ""), jstr(live, "mac", "-")) == 0;
}

static json_t *join_iface(const json_t *live, const json_t *atts)
{
	json_t *v4 = json_array(), *v6 = json_array(), *cidrs = json_array(), *a, *att;
	json_t *out = json_pack("{s:O, s:O?, s:O?, s:n, s:n, s:o, s:o, s:o}", "name",
				json_object_get(live, "name"), "mac", json_object_get(live, "mac"),
				"mtu", json_object_get(live, "mtu"), "network", "nad", "addresses4",
				v4, "addresses6", v6, "cidrs", cidrs);
	size_t i;

	json_array_foreach(json_object_get(live, "addresses"), i, a) {
		const char *text = jstr(a, "address", "");
		json_t *list = jint(a, "family", 4) == 6 ? v6 : v4;

		if (!streq(jstr(a, "scope", ""), "global"))
			continue;
		json_array_append_new(list, json_stringn(text, strcspn(text, "/")));
		json_array_append_new(cidrs, jstring(text));
	}
	json_array_foreach(atts, i, att) {
		if (!is_attached(live, att))
			continue;
		json_object_set(out, "network", json_object_get(att, "network"));
		json_object_set(out, "nad", json_object_get(att, "nad"));
		json_object_set(out, "planned", json_object_get(att, "mtu"));
	}
	return out;
}

struct ask {
	struct lab *lab;
	json_t *names, *result;
	struct ask *next;	/* in lab->asks, while an agent is not connected */
	sd_event_source *timer; /* of that wait */
	size_t waiting;
	endpoints_fn done;
	void *arg;
};
struct ask_one {
	struct ask *ask;
	char *name;
};

static void ask_finish(struct ask *a)
{
	if (--a->waiting > 0)
		return;
	a->done(a->arg, a->result);
	json_decref(a->names);
	free(a);
}

static void on_ifaces(void *arg, const json_t *result, const struct err *e)
{
	struct ask_one *one = arg;
	struct ask *a = one->ask;
	json_t *out = json_object(), *list = json_array(), *live;
	size_t i;

	if (!result) {
		json_object_set_new(out, "why", jstring(err_msg(e)));
	} else {
		_cleanup_json_ json_t *atts = endpoint_attachments(a->lab, one->name);

		json_array_foreach(json_object_get(result, "interfaces"), i, live) {
			_cleanup_free_ char *domain = NULL;
			json_t *iface;

			if (streq(jstr(live, "name", ""), "lo"))
				continue;
			iface = join_iface(live, atts);
			domain = lab_domain(a->lab, one->name, iface);
			json_object_set_new(iface, "domain", jstring(domain));
			json_array_append_new(list, iface);
		}
	}
	json_object_set_new(out, "interfaces", list);
	json_object_set_new(a->result, one->name, out);
	free(one->name);
	free(one);
	ask_finish(a);
}

/* Asks everybody; those whose agent is not there answer with why. */
static void ask_all(struct ask *a)
{
	json_t *v;
	size_t i;

	a->timer = sd_event_source_disable_unref(a->timer);
	json_array_foreach(a->names, i, v) {
		struct ask_one *one = xcalloc(1, sizeof(*one));

		one->ask = a;
		one->name = xstrdup(json_string_value(v));
		a->waiting++;
		hub_call(a->lab->hub, one->name, "ifaces", NULL, ASK_TIMEOUT, on_ifaces, one);
	}
	ask_finish(a);
}

static bool all_ready(const struct ask *a)
{
	json_t *v;
	size_t i;

	json_array_foreach(a->names, i, v)
		if (!hub_ready(a->lab->hub, json_string_value(v)))
			return false;
	return true;
}

/* Takes a out of the list of those that wait for agents to connect. */
static void ask_unlink(struct ask *a)
{
	struct ask **p = &a->lab->asks;

	while (*p && *p != a)
		p = &(*p)->next;
	if (*p)
		*p = a->next;
}

static int on_ask_late(sd_event_source *s, uint64_t usec, void *arg)
{
	struct ask *a = arg;

	(void)s;
	(void)usec;
	ask_unlink(a);
	ask_all(a);
	return 0;
}

void endpoints_ready(struct lab *lab)
{
	struct ask *next;

	for (struct ask *a = lab->asks; a; a = next) {
		next = a->next;
		if (all_ready(a)) {
			ask_unlink(a);
			ask_all(a);
		}
	}
}

void endpoints_ask(struct lab *lab, const json_t *names, endpoints_fn done, void *arg)
{
	struct ask *a = xcalloc(1, sizeof(*a));

	*a = (struct ask){.lab = lab,
			  .names = json_deep_copy(names),
			  .result = json_object(),
			  .waiting = 1,
			  .done = done,
			  .arg = arg};
	if (all_ready(a)) {
		ask_all(a);
		return;
	}
	a->next = lab->asks;
	lab->asks = a;
	if (loop_after(lab->ev, READY_TIMEOUT, on_ask_late, a, &a->timer) < 0)
		abort();
}
