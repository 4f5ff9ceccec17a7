/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The secondary networks among objects: NADs (facts/ovn-kubernetes.md §1) and user-defined networks
 * (rendered to NADs of the same network, which are then not counted a second time). Read leniently:
 * what OVN-Kubernetes refuses is other people's finding.
 */
#include "oracle/pathmtu_priv.h"

#define CNI_TYPE "ovn-k8s-cni-overlay"
#define KERNEL_DEFAULT 1500 /* of an explicit 0 */
#define CLUSTER_MTU 1400
#define LOCALNET_UDN_EXTRA 100 /* above the cluster MTU, without mtu */

void pathmtu_net_free(struct pathmtu_net *n)
{
	free(n->name);
	free(n->object);
	free(n->path);
	free(n->mapping);
}

const struct pathmtu_net *pathmtu_net_find(const struct pathmtu *m, const char *name)
{
	for (size_t i = 0; i < m->n_nets; i++)
		if (streq(m->nets[i].name, name))
			return &m->nets[i];
	return NULL;
}

static struct pathmtu_net *add(struct pathmtu *m, const char *name)
{
	if (!*name || pathmtu_net_find(m, name))
		return NULL;
	m->nets = xrealloc(m->nets, (m->n_nets + 1) * sizeof(*m->nets));
	m->nets[m->n_nets] = (struct pathmtu_net){.name = xstrdup(name)};
	return &m->nets[m->n_nets++];
}

static int cluster_mtu(const struct pathmtu *m)
{
	return pathmtu_int(m->topology, "mtu", CLUSTER_MTU);
}

/* The configuration itself, also out of a list of one plugin. Borrowed, or NULL. */
static json_t *plugin_of(json_t *config)
{
	json_t *plugins = json_object_get(config, "plugins");

	if (!plugins)
		return config;
	return json_array_size(plugins) == 1 ? json_array_get(plugins, 0) : NULL;
}

static void add_nad(struct pathmtu *m, const json_t *nad)
{
	const char *text = jstr(nad, "spec.config", "");
	_cleanup_json_ json_t *config = jparse(text, strlen(text), NULL);
	const json_t *p = plugin_of(config);
	const char *topology = jstr(p, "topology", "");
	const char *name = jstr(config, "name", jstr(p, "name", ""));
	bool localnet = streq(topology, "localnet");
	struct pathmtu_net *n;

	if (!streq(jstr(p, "type", ""), CNI_TYPE) || (!localnet && !streq(topology, "layer2")) ||
	    streq(jstr(p, "role", ""), "primary"))
		return;
	n = add(m, name);
	if (!n)
		return;
	n->object = xasprintf("NetworkAttachmentDefinition %s/%s",
			      jstr(nad, "metadata.namespace", "default"),
			      jstr(nad, "metadata.name", ""));
	n->path = xstrdup("spec.config.mtu");
	n->localnet = localnet;
	n->mtu = pathmtu_int(p, "mtu", cluster_mtu(m));
	if (!n->mtu)
		n->mtu = KERNEL_DEFAULT;
	n->vlan = localnet ? pathmtu_int(p, "vlanID", 0) : 0;
	n->mapping = xstrdup(jstr(p, "physicalNetworkName", name));
}

/* spec.network of a ClusterUserDefinedNetwork, spec of a UserDefinedNetwork. */
static void add_udn(struct pathmtu *m, const json_t *udn, bool cluster)
{
	const json_t *spec = jget(udn, cluster ? "spec.network" : "spec"), *t;
	const char *prefix = cluster ? "spec.network" : "spec", *ns, *own;
	bool localnet = streq(jstr(spec, "topology", ""), "Localnet");
	_cleanup_free_ char *name = NULL;
	struct pathmtu_net *n;

	if (!localnet && !streq(jstr(spec, "topology", ""), "Layer2"))
		return;
	own = jstr(udn, "metadata.name", "");
	ns = jstr(udn, "metadata.namespace", "default");
	name = cluster ? xasprintf("cluster_udn_%s", own) : xasprintf("%s_%s", ns, own);
	t = json_object_get(spec, localnet ? "localnet" : "layer2");
	n = streq(jstr(t, "role", ""), "Primary") ? NULL : add(m, name);
	if (!n)
		return;
	n->object = cluster ? xasprintf("ClusterUserDefinedNetwork %s", own)
			    : xasprintf("UserDefinedNetwork %s/%s", ns, own);
	n->path = xasprintf("%s.%s.mtu", prefix, localnet ? "localnet" : "layer2");
	n->localnet = localnet;
	n->mtu = pathmtu_int(t, "mtu", cluster_mtu(m) + (localnet ? LOCALNET_UDN_EXTRA : 0));
	n->vlan = pathmtu_int(t, "vlan.access.id", 0);
	n->mapping = xstrdup(jstr(t, "physicalNetworkName", name));
}

void pathmtu_nets_read(struct pathmtu *m)
{
	const json_t *o;
	size_t i;

	json_array_foreach(m->objects, i, o) {
		const char *kind = jstr(o, "kind", "");

		if (streq(kind, "ClusterUserDefinedNetwork") || streq(kind, "UserDefinedNetwork"))
			add_udn(m, o, *kind == 'C');
	}
	json_array_foreach(m->objects, i, o)
		if (streq(jstr(o, "kind", ""), "NetworkAttachmentDefinition"))
			add_nad(m, o);
}
