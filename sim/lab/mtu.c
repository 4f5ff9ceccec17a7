/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/mtu.h"

#include "lab/net.h"
#include "lab/verbs.h"
#include "oracle/pathvlan.h"

static bool refused(const json_t *o, const struct networks *nets)
{
	_cleanup_free_ char *key = NULL;
	const struct nad_entry *n;

	if (!streq(jstr(o, "kind", ""), "NetworkAttachmentDefinition"))
		return false;
	key = xasprintf("%s/%s", jstr(o, "metadata.namespace", "default"),
			jstr(o, "metadata.name", ""));
	n = networks_nad(nets, key);
	return n && n->state == NAD_REJECTED;
}

void mtu_lint(const json_t *topology, const json_t *objects, const struct networks *nets,
	      const json_t *live, struct diags *d)
{
	_cleanup_json_ json_t *kept = json_array();
	_cleanup_pathmtu_ struct pathmtu *m = NULL;
	json_t *o;
	size_t i;

	json_array_foreach(objects, i, o)
		if (!refused(o, nets))
			json_array_append(kept, o);
	m = pathmtu_new(topology, kept, live, true);
	pathmtu_lint(m, d);
	pathvlan_lint(m, d);
}

/* {NODE: NODE_NETWORK}. New reference. */
static json_t *live_nodes(const struct lab *lab)
{
	json_t *out = json_object();

	for (size_t i = 0; i < lab->n_nodes; i++) {
		const json_t *net = lab_node_network(&lab->nodes[i]);

		if (net)
			json_object_set(out, lab->nodes[i].name, (json_t *)net);
	}
	return out;
}

void lab_mtu_lint(struct lab *lab, const json_t *objects, struct diags *d)
{
	_cleanup_json_ json_t *live = live_nodes(lab);

	mtu_lint(lab->topo, objects, &lab->net->networks, live, d);
}

static char *end_of(struct lab *lab, const char *endpoint)
{
	if (str_after(endpoint, "host/") || str_after(endpoint, "node/"))
		return xstrdup(endpoint);
	return xasprintf("node/%s", lab_endpoint_node(lab, endpoint));
}

void lab_mtu_path(struct lab *lab, const char *network, const char *from, const char *to,
		  struct pathmtu_path *ret)
{
	_cleanup_free_ char *a = end_of(lab, from), *b = end_of(lab, to);
	_cleanup_json_ json_t *live = live_nodes(lab), *dump = store_dump(lab->store);
	_cleanup_pathmtu_ struct pathmtu *m = NULL;

	m = pathmtu_new(lab->topo, json_object_get(dump, "items"), live, false);
	pathmtu_between(m, network, a, b, ret);
}
