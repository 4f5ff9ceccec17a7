/* SPDX-License-Identifier: Apache-2.0 */
#include "api/udn_spec.h"

#include "api/meta.h"
#include "api/text.h"
#include "base/ip.h"

#define MTU_MIN 576
#define MTU_MIN_V6 1280
#define MTU_MAX 65536
#define CIDR_MAX 43 /* characters */

static const char *const roles[] = {"Primary", "Secondary", NULL};
static const char *const localnet_roles[] = {"Secondary", NULL};
static const char *const ipam_modes[] = {"Enabled", "Disabled", NULL};
static const char *const lifecycles[] = {"Persistent", NULL};
static const char *const vlan_modes[] = {"Access", NULL};

static const struct field ipam_fields[] = {
	FIELD("mode", STRING, .enums = ipam_modes),
	FIELD("lifecycle", STRING, .enums = lifecycles),
	FIELDS_END,
};
static const struct field access_fields[] = {
	FIELD("id", INT, .flags = FIELD_REQUIRED),
	FIELDS_END,
};
static const struct field vlan_fields[] = {
	FIELD("mode", STRING, .flags = FIELD_REQUIRED, .enums = vlan_modes),
	FIELD("access", OBJECT, .fields = access_fields),
	FIELDS_END,
};
static const struct field subnet_fields[] = {
	FIELD("cidr", STRING, .flags = FIELD_REQUIRED),
	FIELD("hostSubnet", INT),
	FIELDS_END,
};

const struct field udn_layer2_fields[] = {
	FIELD("role", STRING, .flags = FIELD_REQUIRED, .enums = roles),
	FIELD("mtu", INT),
	FIELD("subnets", LIST),
	FIELD("reservedSubnets", LIST),
	FIELD("infrastructureSubnets", LIST),
	FIELD("defaultGatewayIPs", LIST),
	FIELD("joinSubnets", LIST),
	FIELD("ipam", OBJECT, .fields = ipam_fields),
	FIELDS_END,
};
const struct field udn_layer3_fields[] = {
	FIELD("role", STRING, .flags = FIELD_REQUIRED, .enums = roles),
	FIELD("mtu", INT),
	FIELD("subnets", LIST, .flags = FIELD_REQUIRED, .fields = subnet_fields),
	FIELD("joinSubnets", LIST),
	FIELDS_END,
};
const struct field udn_localnet_fields[] = {
	FIELD("role", STRING, .flags = FIELD_REQUIRED, .enums = localnet_roles),
	FIELD("physicalNetworkName", STRING, .flags = FIELD_REQUIRED),
	FIELD("subnets", LIST),
	FIELD("excludeSubnets", LIST),
	FIELD("ipam", OBJECT, .fields = ipam_fields),
	FIELD("mtu", INT),
	FIELD("vlan", OBJECT, .fields = vlan_fields),
	FIELDS_END,
};

/* A section under check, and where it is. */
struct section {
	const json_t *v;
	const char *path;
	struct diags *d;
};

static void fail(const struct section *s, const char *field, const char *fmt, ...) PRINTF(3, 4);
static void fail(const struct section *s, const char *field, const char *fmt, ...)
{
	_cleanup_free_ char *path = *field ? xasprintf("%s.%s", s->path, field) : xstrdup(s->path);
	_cleanup_free_ char *msg = NULL;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diags_add(s->d, DIAG_ERROR, NULL, path, "%s", msg);
}

/* ---- one field at a time ---- */

static void check_range(const struct section *s, const char *field, long long min, long long max)
{
	const json_t *v = jget(s->v, field);
	long long n = json_integer_value(v);

	if (v && n < min)
		fail(s, field,
		     "Invalid value: %lld: %s.%s in body should be greater than or equal to %lld",
		     n, s->path, field, min);
	else if (v && n > max)
		fail(s, field,
		     "Invalid value: %lld: %s.%s in body should be less than or equal to %lld", n,
		     s->path, field, max);
}

static void check_count(const struct section *s, const char *field, size_t max)
{
	const json_t *v = json_object_get(s->v, field);
	size_t n = json_array_size(v);

	if (v && !n)
		fail(s, field, "Invalid value: 0: %s.%s in body should have at least 1 items",
		     s->path, field);
	else if (n > max)
		fail(s, field, "Too many: %zu: must have at most %zu items", n, max);
}

static void check_cidrs(const struct section *s, const char *field, size_t max)
{
	const json_t *v;
	size_t i;

	check_count(s, field, max);
	json_array_foreach(json_object_get(s->v, field), i, v) {
		_cleanup_free_ char *element = xasprintf("%s.%zu", field, i);
		const char *text = json_string_value(v) ?: "";
		struct ipnet net;

		if (strlen(text) > CIDR_MAX)
			fail(s, element, "Too long: may not be more than %d bytes", CIDR_MAX);
		else if (!ipnet_parse(text, &net))
			fail(s, element, "Invalid value: \"%.*s\": CIDR is invalid",
			     text_clip(text), text);
	}
}

static void check_gateways(const struct section *s)
{
	const json_t *v;
	size_t i;

	check_count(s, "defaultGatewayIPs", 2);
	json_array_foreach(json_object_get(s->v, "defaultGatewayIPs"), i, v) {
		_cleanup_free_ char *element = xasprintf("defaultGatewayIPs.%zu", i);
		const char *text = json_string_value(v) ?: "";
		struct ip ip;

		if (!ip_parse(text, &ip))
			fail(s, element, "Invalid value: \"%.*s\": IP is invalid", text_clip(text),
			     text);
	}
}

static void check_physical_network(const struct section *s)
{
	static const char field[] = "physicalNetworkName";
	const char *name = jstr(s->v, field, "");

	if (!*name)
		fail(s, field, "Invalid value: \"\": %s.%s in body should be at least 1 chars long",
		     s->path, field);
	else if (strlen(name) > 253)
		fail(s, field, "Too long: may not be more than 253 bytes");
	else if (strpbrk(name, ",:"))
		fail(s, field,
		     "Invalid value: \"%.*s\": physicalNetworkName cannot contain `,` or `:` "
		     "characters",
		     text_clip(name), name);
}

static void check_fields(const struct section *s, const char *topology)
{
	check_range(s, "mtu", MTU_MIN, MTU_MAX);
	if (streq(topology, "layer3")) {
		check_count(s, "subnets", 400);
		return;
	}
	check_cidrs(s, "subnets", 2);
	if (streq(topology, "localnet")) {
		check_physical_network(s);
		check_cidrs(s, "excludeSubnets", 25);
		check_range(s, "vlan.access.id", 1, 4094);
		return;
	}
	check_cidrs(s, "reservedSubnets", 25);
	check_cidrs(s, "infrastructureSubnets", 4);
	check_cidrs(s, "joinSubnets", 2);
	check_gateways(s);
}

/* ---- rules between fields ---- */

static int family_at(const struct section *s, size_t i)
{
	const json_t *list = json_object_get(s->v, "subnets");
	const char *text = json_string_value(json_array_get(list, i));
	struct ipnet net;

	return text && ipnet_parse(text, &net) ? net.ip.family : 0;
}

static bool has(const struct section *s, const char *field)
{
	return json_object_get(s->v, field) != NULL;
}

static void check_families(const struct section *s)
{
	int a = family_at(s, 0), b = family_at(s, 1);

	if (b && a == b)
		fail(s, "subnets",
		     "Invalid value: \"array\": When 2 CIDRs are set, they must be from different "
		     "IP families");
	if ((a == 6 || b == 6) && has(s, "mtu") && jint(s->v, "mtu", 0) < MTU_MIN_V6)
		fail(s, "",
		     "Invalid value: \"object\": MTU should be greater than or equal to 1280 when "
		     "an IPv6 subnet is used");
}

static const char *ipam_mode(const struct section *s)
{
	return jstr(s->v, "ipam.mode", "Enabled");
}

static void check_ipam(const struct section *s)
{
	if (json_is_object(jget(s->v, "ipam")) && !json_object_size(jget(s->v, "ipam")))
		fail(s, "ipam",
		     "Invalid value: 0: %s.ipam in body should have at least 1 properties",
		     s->path);
	if (jstr(s->v, "ipam.lifecycle", NULL) && !streq(ipam_mode(s), "Enabled"))
		fail(s, "ipam",
		     "Invalid value: \"object\": lifecycle Persistent is only supported when "
		     "ipam.mode is Enabled");
}

static void rule(const struct section *s, bool good, const char *message)
{
	if (!good)
		fail(s, "", "Invalid value: \"object\": %s", message);
}

static void check_localnet(const struct section *s)
{
	bool enabled = streq(ipam_mode(s), "Enabled");

	rule(s, enabled == has(s, "subnets"),
	     "Subnets is required with ipam.mode is Enabled or unset, and forbidden otherwise");
	rule(s, !has(s, "excludeSubnets") || has(s, "subnets"),
	     "excludeSubnets must be unset when subnets is unset");
	if (has(s, "vlan") && !jget(s->v, "vlan.access"))
		fail(s, "vlan",
		     "Invalid value: \"object\": vlan access config is required when vlan mode is "
		     "'Access', and forbidden otherwise");
}

static void check_layer2(const struct section *s)
{
	static const char *const of_primary[] = {"JoinSubnets", "defaultGatewayIPs",
						 "reservedSubnets", "infrastructureSubnets"};
	bool disabled = !streq(ipam_mode(s), "Enabled");
	bool primary = streq(jstr(s->v, "role", ""), "Primary");

	rule(s, disabled || has(s, "subnets"),
	     "Subnets is required with ipam.mode is Enabled or unset");
	rule(s, !disabled || !has(s, "subnets"),
	     "Subnets must be unset when ipam.mode is Disabled");
	rule(s, !disabled || !primary,
	     "Disabled ipam.mode is only supported for Secondary network");
	for (size_t i = 0; i < ARRAY_SIZE(of_primary); i++) {
		const char *key = i ? of_primary[i] : "joinSubnets";
		_cleanup_free_ char *message =
			xasprintf("%s is only supported for Primary network", of_primary[i]);

		rule(s, !has(s, key) || primary, message);
	}
}

static void check_rules(const struct section *s, const char *topology)
{
	if (streq(topology, "layer3"))
		return;
	check_families(s);
	check_ipam(s);
	if (streq(topology, "localnet"))
		check_localnet(s);
	else
		check_layer2(s);
}

/* ---- the network ---- */

struct topology {
	const char *name, *section;
};
static const struct topology topologies[] = {
	{"Layer3", "layer3"}, {"Layer2", "layer2"}, {"Localnet", "localnet"}};

static const char *section_name(const json_t *net)
{
	const char *topology = jstr(net, "topology", "");

	for (size_t i = 0; i < ARRAY_SIZE(topologies); i++)
		if (streq(topologies[i].name, topology))
			return topologies[i].section;
	return NULL;
}

json_t *udn_section(const json_t *net)
{
	const char *name = section_name(net);

	return name ? json_object_get(net, name) : NULL;
}

static void check_sections(const struct section *s, bool cluster)
{
	for (size_t i = 0; i < ARRAY_SIZE(topologies) - !cluster; i++) {
		const struct topology *t = &topologies[i];
		_cleanup_free_ char *message =
			xasprintf("spec.%s is required when topology is %s and forbidden otherwise",
				  t->section, t->name);

		rule(s, streq(jstr(s->v, "topology", ""), t->name) == has(s, t->section), message);
	}
}

/* As the API server, which compares a field with its former self only where both are there. */
static void check_immutable(const struct section *s, const json_t *old, bool cluster)
{
	static const char *const fields[][2] = {{"topology", "Topology"},
						{"layer2", "Layer2"},
						{"localnet", "Localnet"},
						{"transport", "Transport"}};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *key = fields[i][0];
		json_t *now = json_object_get(s->v, key), *then = json_object_get(old, key);

		if (!now || !then || json_equal(now, then))
			continue;
		if (json_is_string(now))
			fail(s, key, "Invalid value: \"%s\": %s is immutable",
			     json_string_value(now), cluster ? fields[i][1] : key);
		else
			fail(s, key, "Invalid value: \"object\": %s is immutable",
			     cluster ? fields[i][1] : key);
	}
}

void udn_check(const json_t *net, const json_t *old, const char *path, bool cluster,
	       struct diags *d)
{
	size_t errors = diags_count(d, DIAG_ERROR);
	struct section whole = {net, path, d};

	for (size_t i = 0; i < ARRAY_SIZE(topologies); i++) {
		const char *name = topologies[i].section;
		_cleanup_free_ char *sub = xasprintf("%s.%s", path, name);
		struct section s = {json_object_get(net, name), sub, d};

		if (s.v)
			check_fields(&s, name);
	}
	if (diags_count(d, DIAG_ERROR) > errors)
		return;
	check_sections(&whole, cluster);
	for (size_t i = 0; i < ARRAY_SIZE(topologies); i++) {
		const char *name = topologies[i].section;
		_cleanup_free_ char *sub = xasprintf("%s.%s", path, name);
		struct section s = {json_object_get(net, name), sub, d};

		if (s.v)
			check_rules(&s, name);
	}
	if (old)
		check_immutable(&whole, old, cluster);
}

/* ---- cells ---- */

static const json_t *network_of(const json_t *obj)
{
	const json_t *network = jget(obj, "spec.network");

	return network ? network : json_object_get(obj, "spec");
}

json_t *udn_cell_topology(const json_t *obj, const struct table_env *env UNUSED)
{
	return jstring(jstr(network_of(obj), "topology", NULL));
}

json_t *udn_cell_role(const json_t *obj, const struct table_env *env UNUSED)
{
	return jstring(jstr(udn_section(network_of(obj)), "role", NULL));
}

json_t *udn_cell_created(const json_t *obj, const struct table_env *env UNUSED)
{
	const char *s = meta_condition_status(obj, "NetworkCreated");

	return *s ? jstring(s) : NULL;
}
