/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/nad_priv.h"

#include <errno.h>
#include <limits.h>
#include <strings.h>

enum field_type { F_STRING, F_INT, F_BOOL, F_OBJECT, F_ANY };

/* Every key of upstream's NetConf (cni/types/types.go and the CNI library's PluginConf). */
static const struct field {
	const char *key;
	enum field_type type;
	size_t offset; /* into struct netconf, for strings that are kept as such; 0: read from raw
			*/
} fields[] = {
	{"cniVersion", F_STRING, offsetof(struct netconf, cni_version)},
	{"name", F_STRING, offsetof(struct netconf, name)},
	{"type", F_STRING, offsetof(struct netconf, type)},
	{"topology", F_STRING, 0},
	{"netAttachDefName", F_STRING, offsetof(struct netconf, nad_name)},
	{"role", F_STRING, offsetof(struct netconf, role)},
	{"subnets", F_STRING, 0},
	{"excludeSubnets", F_STRING, 0},
	{"reservedSubnets", F_STRING, 0},
	{"infrastructureSubnets", F_STRING, 0},
	{"defaultGatewayIPs", F_STRING, offsetof(struct netconf, default_gateway_ips)},
	{"joinSubnet", F_STRING, 0},
	{"transitSubnet", F_STRING, offsetof(struct netconf, transit_subnet)},
	{"mtu", F_INT, 0},
	{"vlanID", F_INT, 0},
	{"physicalNetworkName", F_STRING, 0},
	{"allowPersistentIPs", F_BOOL, 0},
	{"transport", F_STRING, offsetof(struct netconf, transport)},
	{"outboundSNAT", F_STRING, offsetof(struct netconf, outbound_snat)},
	{"evpn", F_OBJECT, 0},
	{"uplink", F_STRING, offsetof(struct netconf, uplink)},
	{"deviceID", F_STRING, 0},
	{"runtimeConfig", F_OBJECT, 0},
	{"logFile", F_STRING, 0},
	{"logLevel", F_STRING, 0},
	{"logfile-maxsize", F_INT, 0},
	{"logfile-maxbackups", F_INT, 0},
	{"logfile-maxage", F_INT, 0},
	{"ipam", F_OBJECT, 0},
	{"capabilities", F_OBJECT, 0},
	{"dns", F_OBJECT, 0},
	{"prevResult", F_OBJECT, 0},
	{"args", F_ANY, 0},
	/* of a list, or of newer CNI versions */
	{"plugins", F_ANY, 0},
	{"cniVersions", F_ANY, 0},
	{"disableCheck", F_ANY, 0},
	{"disableGC", F_ANY, 0},
	{"loadOnlyInlinedPlugins", F_ANY, 0},
};

static const struct field *find_field(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!strcasecmp(fields[i].key, key))
			return &fields[i];
	return NULL;
}

static const char *go_type(enum field_type t)
{
	static const char *const names[] = {
		[F_STRING] = "string", [F_INT] = "int", [F_BOOL] = "bool",
		[F_OBJECT] = "object", [F_ANY] = "any",
	};

	return names[t];
}

static const char *json_kind(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return "object";
	case JSON_ARRAY:
		return "array";
	case JSON_STRING:
		return "string";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	default:
		return "number";
	}
}

static bool type_fits(enum field_type t, const json_t *v)
{
	if (json_is_null(v))
		return true;
	switch (t) {
	case F_STRING:
		return json_is_string(v);
	case F_INT:
		return json_is_integer(v) && json_integer_value(v) >= INT_MIN &&
		       json_integer_value(v) <= INT_MAX;
	case F_BOOL:
		return json_is_boolean(v);
	case F_OBJECT:
		return json_is_object(v);
	default:
		return true;
	}
}

static int type_error(const struct nad_ctx *x, const char *field, enum field_type t,
		      const json_t *v)
{
	_cleanup_free_ char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

	return nad_fail(x, "json", field,
			"error parsing Network Attachment Definition %s: json: cannot unmarshal %s "
			"%.64s into field %s of type %s",
			x->key, json_kind(v), text ? text : "", field, go_type(t));
}

static int check_ipam(const struct nad_ctx *x, const json_t *ipam)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)ipam, key, v) {
		if (!strcasecmp(key, "type") && !type_fits(F_STRING, v))
			return type_error(x, "ipam.type", F_STRING, v);
	}
	return 0;
}

static int check_types(const struct nad_ctx *x, const json_t *plugin)
{
	const char *key;
	json_t *v;
	int r = 0;

	json_object_foreach((json_t *)plugin, key, v) {
		const struct field *f = find_field(key);

		if (f && !type_fits(f->type, v))
			return type_error(x, f->key, f->type, v);
		if (f && streq(f->key, "ipam") && json_is_object(v))
			r = check_ipam(x, v);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Notes for what has no effect; not for "plugins", whose misuse is E2's business. */
static void note_keys(const struct nad_ctx *x, const json_t *plugin)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)plugin, key, v) {
		const struct field *f = find_field(key);
		_cleanup_free_ char *path = xasprintf("spec.config.%s", key);

		if (!f)
			diags_add(x->d, DIAG_NOTE, "unknown", path,
				  "unknown key \"%s\" is ignored, as OVN-Kubernetes does", key);
		else if (!streq(f->key, key))
			diags_add(x->d, DIAG_NOTE, "case", path,
				  "key \"%s\" is read as \"%s\": Go ignores case", key, f->key);
	}
}

/* Value of a known key, whatever its case; the last one written wins. NULL for absent and null. */
static const json_t *lookup(const json_t *plugin, const char *key)
{
	const json_t *found = NULL;
	const char *k;
	json_t *v;

	json_object_foreach((json_t *)plugin, k, v) {
		if (!strcasecmp(k, key) && !json_is_null(v))
			found = v;
	}
	return found;
}

const char *nad_text(const struct netconf *c, const char *key)
{
	const json_t *v = lookup(c->raw, key);

	return json_is_string(v) ? json_string_value(v) : "";
}

const char *nad_ipam_type(const struct netconf *c)
{
	const json_t *type = lookup(lookup(c->raw, "ipam"), "type");

	return json_is_string(type) ? json_string_value(type) : "";
}

static void fill(const struct nad_ctx *x, const json_t *plugin, struct netconf *ret)
{
	const json_t *mtu = lookup(plugin, "mtu"), *vlan = lookup(plugin, "vlanID");
	const char *physical;

	ret->raw = json_incref((json_t *)plugin);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].offset)
			*(char **)((char *)ret + fields[i].offset) =
				xstrdup(nad_text(ret, fields[i].key));
	ret->mtu = mtu ? (int)json_integer_value(mtu) : x->config->mtu;
	ret->mtu_given = mtu != NULL;
	ret->vlan = vlan ? (int)json_integer_value(vlan) : 0;
	physical = nad_text(ret, "physicalNetworkName");
	ret->physical_network = *physical ? xstrdup(physical) : NULL;
	ret->allow_persistent_ips = json_is_true(lookup(plugin, "allowPersistentIPs"));
	ret->evpn = json_incref((json_t *)lookup(plugin, "evpn"));
}

int nad_decode(const struct nad_ctx *x, const json_t *plugin, struct netconf *ret)
{
	int r;

	*ret = (struct netconf){0};
	if (!json_is_object(plugin))
		return nad_fail(x, "json", NULL,
				"error parsing Network Attachment Definition %s: json: cannot "
				"unmarshal %s into a network configuration",
				x->key, json_is_null(plugin) ? "null" : json_kind(plugin));
	r = check_types(x, plugin);
	if (r < 0)
		return r;
	if (x->d)
		note_keys(x, plugin);
	fill(x, plugin, ret);
	return 0;
}

void netconf_free(struct netconf *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].offset)
			free(*(char **)((char *)c + fields[i].offset));
	free(c->physical_network);
	ipnets_free(&c->subnets);
	ipnets_free(&c->exclude);
	ipnets_free(&c->reserved);
	ipnets_free(&c->infrastructure);
	ipnets_free(&c->join);
	json_decref(c->evpn);
	json_decref(c->raw);
	*c = (struct netconf){0};
}
