/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/plan_priv.h"

const char *const plan_copp_protocols[] = {"arp",	  "arp-resolve", "bfd",	   "event-elb",
					   "icmp4-error", "icmp6-error", "reject", "svc-monitor",
					   "tcp-reset",	  NULL};
const char *const plan_lb_groups[] = {"clusterLBGroup", "clusterSwitchLBGroup",
				      "clusterRouterLBGroup", NULL};

void plan_add(json_t *plan, const char *table, const char *key, const char *index_column,
	      json_t *row, json_t *merge, const char *owner)
{
	json_t *r = json_object(), *index = json_object();

	json_object_set(index, index_column, json_object_get(row, index_column));
	json_object_set_new(r, "table", jstring(table));
	json_object_set_new(r, "key", jstring(key));
	json_object_set_new(r, "index", index);
	json_object_set_new(r, "row", row);
	if (merge)
		json_object_set_new(r, "merge", merge);
	json_object_set_new(r, "owner", jstring(owner));
	json_array_append_new(plan, r);
}

json_t *plan_ref(const char *table, const char *key)
{
	json_t *o = json_object();

	json_object_set_new(o, "$ref", jstringf("%s/%s", table, key));
	return o;
}

void plan_put(json_t *map, const char *key, const char *value)
{
	if (value)
		json_object_set_new(map, key, jstring(value));
}

bool plan_is_local(const struct ovnk_view *v, const struct ovnk_node *node, const char *zone)
{
	return !v->config->interconnect || streq(node->zone, zone);
}

bool plan_has_port(const struct ovnk_view *v, const struct network *n, const struct podnet *p,
		   const struct attachment *a, const char *zone, const struct ovnk_node **ret_node)
{
	if (a->state != ATTACHMENT_READY || !streq0(a->network, n->name))
		return false;
	*ret_node = ovnk_config_node(v->config, p->node);
	if (!*ret_node)
		return false;
	/* layer2 stretches over the zones; a localnet's zones meet on the physical wire */
	return n->conf.topology == OVNK_LAYER2 || plan_is_local(v, *ret_node, zone);
}

static bool has_id(const json_t *row, const char *key)
{
	return json_object_get(json_object_get(row, "external_ids"), key) != NULL;
}

static bool is_meter(const char *name)
{
	for (size_t i = 0; plan_copp_protocols[i]; i++) {
		const char *rest = str_after(name, plan_copp_protocols[i]);

		if (rest && streq(rest, METER_SUFFIX))
			return true;
	}
	return false;
}

static bool is_lb_group(const char *name)
{
	for (size_t i = 0; plan_lb_groups[i]; i++) {
		_cleanup_free_ char *suffix = xasprintf("_%s", plan_lb_groups[i]);

		if (str_ends(name, suffix))
			return true;
	}
	return false;
}

static bool is_true(const json_t *row, const char *column, const char *key)
{
	const json_t *v = json_object_get(json_object_get(row, column), key);

	return streq(json_string_value(v) ?: "", "true");
}

bool plan_owns(const char *table, const json_t *row)
{
	const char *name = jstr(row, "name", "");

	if (streq(table, "Copp"))
		return streq(name, COPP_NAME);
	if (streq(table, "Meter"))
		return is_meter(name);
	if (streq(table, "Load_Balancer_Group"))
		return is_lb_group(name);
	if (streq(table, "Chassis"))
		return is_true(row, "other_config", "is-remote");
	if (streq(table, "Port"))
		return is_true(row, "other_config", "transient");
	if (streq(table, "Interface"))
		return has_id(row, ID_NAD);
	return has_id(row, ID_NETWORK) || has_id(row, ID_OWNER_CONTROLLER);
}
