/* SPDX-License-Identifier: Apache-2.0 */
/* The OVS side of an attachment: OVN-Kubernetes cni/helper_linux.go. */
#include "ovnk/plan_priv.h"

/* The sandbox id that stands for a pod when none is given: its uid without dashes. */
static char *sandbox_id(const struct plan_port *p)
{
	char *r = xstrdup(p->sandbox ?: p->pod->uid), *w = r;

	if (p->sandbox)
		return r;
	for (const char *s = r; *s; s++)
		if (*s != '-')
			*w++ = *s;
	*w = '\0';
	return r;
}

static json_t *text_array(char *const *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, jstring(v[i]));
	return a;
}

static char *comma_list(char *const *v, size_t n)
{
	char *r = NULL;

	for (size_t i = 0; i < n; i++) {
		char *longer = xasprintf("%s%s%s", r ?: "", r ? "," : "", v[i]);

		free(r);
		r = longer;
	}
	return r;
}

json_t *plan_ovs_external_ids(const struct plan_port *p)
{
	_cleanup_free_ char *ips = comma_list(p->att->ips, p->att->n_ips), *sandbox = sandbox_id(p);
	json_t *ids = json_object();

	plan_put(ids, "attached_mac", p->att->mac);
	plan_put(ids, "iface-id", p->att->port);
	plan_put(ids, "iface-id-ver", p->pod->uid);
	plan_put(ids, "sandbox", sandbox);
	plan_put(ids, "pod-if-name", p->att->ifname);
	plan_put(ids, "ip_addresses", ips); /* only when there are any */
	plan_put(ids, ID_NETWORK, p->att->network);
	plan_put(ids, ID_NAD, p->att->nad_key);
	return ids;
}

json_t *plan_att(const struct plan_port *p)
{
	_cleanup_free_ char *sandbox = sandbox_id(p);
	json_t *o = json_object();

	plan_put(o, "ifname", p->att->ifname);
	plan_put(o, "host_ifname", p->host_ifname);
	plan_put(o, "mac", p->att->mac);
	json_object_set_new(o, "ips", text_array(p->att->ips, p->att->n_ips));
	json_object_set_new(o, "gateways", text_array(p->att->gateways, p->att->n_gateways));
	json_object_set_new(o, "mtu", json_integer(p->att->mtu));
	plan_put(o, "iface_id", p->att->port);
	plan_put(o, "iface_id_ver", p->pod->uid);
	plan_put(o, "nad", p->att->nad_key);
	plan_put(o, "network", p->att->network);
	plan_put(o, "sandbox", sandbox);
	json_object_set_new(o, "external_ids", plan_ovs_external_ids(p));
	return o;
}

json_t *plan_ovs_port(const struct plan_port *p)
{
	_cleanup_free_ char *owner = xasprintf("Pod %s/%s", p->pod->ns, p->pod->name);
	json_t *plan = json_array(), *iface = json_object(), *port = json_object(),
	       *bridge = json_object(), *config = json_object(), *ifaces = json_array(),
	       *ports = json_array();

	json_object_set_new(iface, "name", jstring(p->host_ifname));
	json_object_set_new(iface, "external_ids", plan_ovs_external_ids(p));
	plan_add(plan, "Interface", p->host_ifname, "name", iface, json_pack("[s]", "external_ids"),
		 owner); /* ovn-controller adds its own keys */
	plan_put(config, "transient", "true");
	json_array_append_new(ifaces, plan_ref("Interface", p->host_ifname));
	json_object_set_new(port, "name", jstring(p->host_ifname));
	json_object_set_new(port, "interfaces", ifaces);
	json_object_set_new(port, "other_config", config);
	plan_add(plan, "Port", p->host_ifname, "name", port, NULL, owner);
	json_array_append_new(ports, plan_ref("Port", p->host_ifname));
	json_object_set_new(bridge, "name", jstring("br-int"));
	json_object_set_new(bridge, "ports", ports);
	plan_add(plan, "Bridge", "br-int", "name", bridge, json_pack("[s]", "ports"), owner);
	return plan;
}
