/* SPDX-License-Identifier: Apache-2.0 */
/* From a matrix's request to its cells. */
#include "lab/matrix_priv.h"

#include <errno.h>

#include "api/meta.h"
#include "lab/endpoint.h"
#include "lab/net.h"
#include "lab/verb_probe.h"

/* ---- who and what ---- */

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

static int read_part(struct lab *lab, const json_t *o, json_t *parts, json_t *names, struct err *e)
{
	json_t *part = json_object(), *name;
	size_t i;

	json_array_append_new(parts, part);
	if (read_network(lab, o, part, e) < 0 || read_sends(o, part, e) < 0 ||
	    read_endpoints(lab, o, part, e) < 0)
		return -EINVAL;
	json_array_foreach(json_object_get(part, "endpoints"), i, name)
		jadd_str(names, json_string_value(name));
	return 0;
}

int matrix_read(struct lab *lab, const json_t *body, json_t *parts, json_t *names, struct err *e)
{
	const json_t *list = json_object_get(body, "networks");
	json_t *o;
	size_t i;

	if (!list)
		return read_part(lab, body, parts, names, e);
	json_array_foreach(list, i, o)
		if (read_part(lab, o, parts, names, e) < 0)
			return err_wrap(e, "networks[%zu]", i);
	return json_array_size(list) ? 0 : err_set(e, EINVAL, "networks: expected a list");
}

/* ---- cells ---- */

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
	struct lab *lab;
	const json_t *body, *ifaces;
	const struct oracle *own, *spec;
	json_t *cells;
};

struct pair {
	const json_t *part;
	const char *from, *to;
	const json_t *a, *b;
	int family;
};

static char *cell_key(const struct builder *b, const struct pair *p, const char *send)
{
	const char *network =
		json_object_get(b->body, "networks") ? jstr(p->part, "network", "") : "";

	return xasprintf("%s%s%s>%s %s %d", network, *network ? ": " : "", p->from, p->to, send,
			 p->family);
}

static void add_cell(struct builder *b, const struct pair *p, const json_t *send)
{
	const char *text = json_string_value(send);
	_cleanup_free_ char *key = cell_key(b, p, text);
	json_t *cell = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s?, s:s, s:O}", "from", p->from, "to",
				 p->to, "src", probe_call_address(p->a, p->family), "dst",
				 probe_call_address(p->b, p->family), "family", p->family, "ifname",
				 jstr(p->a, "name", NULL), "key", key, "network",
				 json_object_get(p->part, "network"));

	matrix_send(text, cell, NULL);
	if (streq(jstr(b->body, "expect", "oracle"), "allowed"))
		jset_str(cell, "expect", "allowed");
	else
		matrix_expect(b->lab, b->own, b->spec, jstr(cell, "network", ""), cell);
	json_object_set_new(b->cells, key, cell);
}

static size_t add_pair(struct builder *b, struct pair *p)
{
	long long wanted = jint(b->body, "family", 0);
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

json_t *matrix_cells(struct lab *lab, const json_t *body, const json_t *parts, const json_t *ifaces,
		     struct err *e)
{
	_cleanup_oracle_ struct oracle *own = matrix_oracle(lab, false);
	_cleanup_oracle_ struct oracle *spec = matrix_oracle(lab, true);
	struct builder b = {lab, body, ifaces, own, spec, json_object()};
	json_t *part;
	size_t i;

	json_array_foreach(parts, i, part) {
		if (add_part(&b, part, e) < 0) {
			json_decref(b.cells);
			return NULL;
		}
	}
	return b.cells;
}
