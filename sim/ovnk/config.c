/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/config.h"

#include <errno.h>

static void add_net(struct ipnets *l, const char *text)
{
	struct ipnet n = {0};

	if (ipnet_parse(text, &n))
		ipnets_add(l, &n);
}

void ovnk_config_init(struct ovnk_config *c)
{
	*c = (struct ovnk_config){
		.mtu = 1400, .interconnect = true, .encap_port = 6081, .ipv4 = true, .ipv6 = true};
	add_net(&c->cluster, "10.128.0.0/14");
	add_net(&c->service, "172.16.1.0/24");
	add_net(&c->join, "100.64.0.0/16");
	add_net(&c->join, "fd98::/64");
	add_net(&c->masquerade, "169.254.169.0/29");
	add_net(&c->masquerade, "fd69::/125");
	add_net(&c->udn_join, "100.65.0.0/16");
	add_net(&c->udn_join, "fd99::/64");
}

static int add_node(struct ovnk_config *c, const json_t *node, const json_t *underlay,
		    struct err *e)
{
	const char *name = jstr(node, "name", NULL), *chassis = jstr(node, "chassis", NULL);
	const char *encap_ip = jstr(node, "encap_ip", NULL);
	struct ip ip = {0};
	struct ovnk_node *n;

	if (!name || !chassis || !encap_ip)
		return err_set(e, EINVAL, "node %s of the topology lacks name, chassis or encap_ip",
			       name ? name : "(unnamed)");
	if (!ip_parse(encap_ip, &ip))
		return err_set(e, EINVAL, "node %s: encap_ip %s is not an address", name, encap_ip);
	c->nodes = xrealloc(c->nodes, (c->n_nodes + 1) * sizeof(*c->nodes));
	n = &c->nodes[c->n_nodes++];
	*n = (struct ovnk_node){
		.name = xstrdup(name),
		.chassis = xstrdup(chassis),
		.encap_ip = xstrdup(encap_ip),
		.zone = xstrdup(c->interconnect ? jstr(node, "zone", name) : "global"),
		.nic = xstrdup("eth0"),
		.underlay_mtu = (int)jint(node, "mtu", jint(underlay, "mtu", 1500)),
		.family = ip.family,
	};
	return 0;
}

int ovnk_config_from_topology(struct ovnk_config *c, const json_t *topology, struct err *e)
{
	const json_t *underlay = jget(topology, "underlay"), *node;
	size_t i;
	int r;

	ovnk_config_init(c);
	c->mtu = (int)jint(topology, "mtu", c->mtu);
	c->interconnect = streq(jstr(topology, "zones", "interconnect"), "interconnect");
	c->seed = (uint64_t)jint(topology, "seed", 0);
	json_array_foreach(jget(topology, "nodes"), i, node) {
		r = add_node(c, node, underlay, e);
		if (r < 0)
			return r;
	}
	return 0;
}

void ovnk_config_free(struct ovnk_config *c)
{
	ipnets_free(&c->cluster);
	ipnets_free(&c->service);
	ipnets_free(&c->join);
	ipnets_free(&c->masquerade);
	ipnets_free(&c->udn_join);
	for (size_t i = 0; i < c->n_nodes; i++) {
		free(c->nodes[i].name);
		free(c->nodes[i].chassis);
		free(c->nodes[i].encap_ip);
		free(c->nodes[i].zone);
		free(c->nodes[i].nic);
	}
	free(c->nodes);
	*c = (struct ovnk_config){0};
}

const struct ovnk_node *ovnk_config_node(const struct ovnk_config *c, const char *name)
{
	for (size_t i = 0; i < c->n_nodes; i++)
		if (streq(c->nodes[i].name, name))
			return &c->nodes[i];
	return NULL;
}
