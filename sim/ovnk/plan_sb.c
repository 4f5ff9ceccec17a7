/* SPDX-License-Identifier: Apache-2.0 */
/* Southbound rows of interconnect: OVN-Kubernetes ovn/zone_interconnect/chassis_handler.go. */
#include "ovnk/names.h"
#include "ovnk/plan_priv.h"

static json_t *encap_options(const struct ovnk_config *c)
{
	json_t *o = json_object();

	plan_put(o, "csum", "true");
	if (c->encap_port != 6081)
		json_object_set_new(o, "dst_port", jstringf("%d", c->encap_port));
	return o;
}

static void add_remote(const struct ovnk_view *v, const struct ovnk_node *n, json_t *plan)
{
	_cleanup_free_ char *owner = xasprintf("Node %s", n->name);
	json_t *encap = json_object(), *chassis = json_object(), *refs = json_array(),
	       *config = json_object();

	json_object_set_new(encap, "chassis_name", jstring(n->chassis));
	json_object_set_new(encap, "ip", jstring(n->encap_ip));
	json_object_set_new(encap, "type", jstring("geneve"));
	json_object_set_new(encap, "options", encap_options(v->config));
	plan_add(plan, "Encap", n->chassis, "ip", encap, NULL, owner);
	plan_put(config, "is-remote", "true");
	json_array_append_new(refs, plan_ref("Encap", n->chassis));
	json_object_set_new(chassis, "name", jstring(n->chassis));
	json_object_set_new(chassis, "hostname", jstring(n->name));
	json_object_set_new(chassis, "other_config", config);
	json_object_set_new(chassis, "encaps", refs);
	plan_add(plan, "Chassis", n->chassis, "name", chassis, NULL, owner);
}

json_t *plan_sb(const struct ovnk_view *v, const char *zone)
{
	json_t *plan = json_array();

	for (size_t i = 0; v->config->interconnect && i < v->config->n_nodes; i++)
		if (!plan_is_local(v, &v->config->nodes[i], zone))
			add_remote(v, &v->config->nodes[i], plan);
	return plan;
}

static int by_port(const void *a, const void *b)
{
	return strcmp(jstr(*(json_t *const *)a, "logical_port", ""),
		      jstr(*(json_t *const *)b, "logical_port", ""));
}

static json_t *sorted(json_t *list)
{
	size_t n = json_array_size(list), i;
	_cleanup_free_ json_t **v = xcalloc(n + 1, sizeof(json_t *));
	json_t *r = json_array();

	for (i = 0; i < n; i++)
		v[i] = json_array_get(list, i);
	qsort(v, n, sizeof(json_t *), by_port);
	for (i = 0; i < n; i++)
		json_array_append(r, v[i]);
	json_decref(list);
	return r;
}

static void add_bindings(const struct ovnk_view *v, const struct podnet *p, const char *zone,
			 json_t *list)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct attachment *a = &p->v[i];
		const struct network *n =
			a->network ? networks_find(v->networks, a->network) : NULL;
		const struct ovnk_node *node;
		json_t *o;

		if (!n || !plan_has_port(v, n, p, a, zone, &node) || plan_is_local(v, node, zone))
			continue;
		o = json_object();
		json_object_set_new(o, "logical_port", jstring(a->port));
		json_object_set_new(o, "chassis", jstring(node->chassis));
		json_array_append_new(list, o);
	}
}

json_t *plan_bindings(const struct ovnk_view *v, const char *zone)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->pods->n; i++)
		add_bindings(v, &v->pods->v[i], zone, list);
	return sorted(list);
}
