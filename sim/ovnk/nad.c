/* SPDX-License-Identifier: Apache-2.0 */
/* Reading spec.config: OVN-Kubernetes config/cni.go, ParseNetConf. */
#include "ovnk/nad.h"

#include <errno.h>
#include <strings.h>

#include "ovnk/mtu.h"
#include "ovnk/nad_priv.h"

static const struct {
	const char *rule, *hint;
} hints[] = {
	{"json", "spec.config is a JSON text: check quotes, commas and the types of the values"},
	{"E1", "leave OVN-Kubernetes as the only entry of plugins"},
	{"E2", "write either plugins with one entry, or a plain configuration"},
	{"E4", "set netAttachDefName to \"<namespace>/<name>\" of this object"},
	{"E5", "set netAttachDefName to \"<namespace>/<name>\" of this object"},
	{"E6", "name the network; \"default\" and \"ovn-kubernetes\" are reserved"},
	{"E7", "remove allowPersistentIPs, or use topology layer2"},
	{"E8", "remove role: a localnet is always secondary"},
	{"E9", "role is \"primary\" or \"secondary\", in lower case"},
	{"E10", "remove ipam and give the range in subnets"},
	{"E12", "remove joinSubnet"},
	{"E13", "add subnets"},
	{"E14", "remove the key, or use topology layer2"},
	{"E15", "choose a range outside of the cluster's own, or exclude the conflicting part"},
	{"E16", "topology is \"layer2\" or \"localnet\""},
	{"E17", "write CIDRs, separated by commas: \"10.100.200.0/24,fd00:100::/64\""},
	{"E18", "every range must lie inside one of subnets"},
	{"E19", "use subnets of the cluster's address families only"},
	{"E22", "vlanID is 0 (untagged) to 4095"},
};

int nad_fail(const struct nad_ctx *x, const char *rule, const char *field, const char *fmt, ...)
{
	_cleanup_free_ char *path = xasprintf("spec.config%s%s", field ? "." : "", field ?: "");
	_cleanup_free_ char *msg = NULL;
	struct diag *g;
	va_list ap;

	if (!x->d)
		return -EINVAL;
	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	g = diags_add(x->d, DIAG_ERROR, rule, path, "%s", msg);
	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (streq(hints[i].rule, rule))
			diag_hint(g, "%s", hints[i].hint);
	return -EINVAL;
}

const char *ovnk_topology_name(enum ovnk_topology t)
{
	static const char *const names[] = {"default", "layer2", "layer3", "localnet"};

	return names[t];
}

int netconf_mtu(const struct netconf *c)
{
	return c->mtu ? c->mtu : MTU_KERNEL_DEFAULT;
}

const char *netconf_mapping(const struct netconf *c)
{
	return c->physical_network ?: c->name;
}

int nad_check_names(const struct nad_ctx *x, const struct netconf *c)
{
	if (!*nad_text(c, "topology"))
		return 0;
	if (!*c->nad_name)
		return nad_fail(x, "E5", "netAttachDefName",
				"error parsing Network Attachment Definition %s: missing NADName "
				"in secondary network netconf %s",
				x->key, c->name);
	if (!*c->name || streq(c->name, "default") || streq(c->name, "ovn-kubernetes"))
		return nad_fail(x, "E6", "name",
				"error parsing Network Attachment Definition %s: invalid name in "
				"secondary network netconf (%s)",
				x->key, c->name);
	return 0;
}

/* 1 = another CNI's type (E3), 0 = ours and well named, negative = refused. */
static int parse_single(const struct nad_ctx *x, const json_t *o, struct netconf *ret)
{
	int r = nad_decode(x, o, ret);

	if (r < 0)
		return r;
	if (!streq(ret->type, OVNK_CNI_TYPE))
		return 1;
	return nad_check_names(x, ret);
}

/*
 * What the CNI library takes for a list: a name, and plugins that each have a type. An empty list
 * is an error of its own (E2); anything else falls back to the plain form.
 */
static bool is_list(const json_t *o)
{
	const json_t *plugins = json_object_get(o, "plugins"),
		     *v = json_object_get(o, "cniVersion");
	const json_t *p;
	size_t i;

	if (!json_is_string(json_object_get(o, "name")) || (v && !json_is_string(v)) ||
	    !json_is_array(plugins))
		return false;
	json_array_foreach(plugins, i, p) {
		const char *type = json_string_value(json_object_get(p, "type"));

		if (!type || !*type)
			return false;
	}
	return true;
}

static void replace(char **s, const json_t *v)
{
	free(*s);
	*s = xstrdup(json_string_value(v) ?: "");
}

static bool is_plain_too(const struct nad_ctx *x, const json_t *o)
{
	const struct nad_ctx quiet = {x->key, x->config, NULL};
	_cleanup_netconf_ struct netconf c = {0};

	return parse_single(&quiet, o, &c) == 0;
}

/* In a list the type is checked before the length. */
static int parse_list(const struct nad_ctx *x, const json_t *o, struct netconf *ret)
{
	const json_t *plugins = json_object_get(o, "plugins");
	int r;

	if (!json_array_size(plugins))
		return nad_fail(x, "E2", "plugins",
				"error parsing Network Attachment Definition %s: error parsing "
				"configuration list: no plugins in list",
				x->key);
	r = nad_decode(x, json_array_get(plugins, 0), ret);
	if (r < 0)
		return r;
	if (!streq(ret->type, OVNK_CNI_TYPE))
		return 1;
	if (json_array_size(plugins) > 1)
		return nad_fail(x, "E1", "plugins",
				"error parsing Network Attachment Definition %s: CNI plugin "
				"chaining is not supported",
				x->key);
	replace(&ret->name, json_object_get(o, "name"));
	replace(&ret->cni_version, json_object_get(o, "cniVersion"));
	ret->conflist = true;
	r = nad_check_names(x, ret);
	if (r < 0)
		return r;
	if (is_plain_too(x, o))
		return nad_fail(x, "E2", NULL,
				"error parsing Network Attachment Definition %s: CNI config cannot "
				"have both a plugin list and a single config",
				x->key);
	return 0;
}

static json_t *load(const struct nad_ctx *x, const char *config)
{
	json_error_t je;
	json_t *o, *strict;

	if (!*config) {
		nad_fail(x, "json", NULL,
			 "error parsing Network Attachment Definition %s: unexpected end of JSON "
			 "input: spec.config is empty",
			 x->key);
		return NULL;
	}
	o = json_loads(config, JSON_DECODE_ANY, &je);
	if (!o) {
		nad_fail(x, "json", NULL,
			 "error parsing Network Attachment Definition %s: config line %d column "
			 "%d: %s",
			 x->key, je.line, je.column, je.text);
		return NULL;
	}
	strict = json_loads(config, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &je);
	if (!strict)
		diags_add(x->d, DIAG_WARNING, "duplicate", "spec.config",
			  "config line %d column %d: %s: the last one counts", je.line, je.column,
			  je.text);
	json_decref(strict);
	return o;
}

static int parse(const struct nad_ctx *x, const json_t *o, struct netconf *ret)
{
	const char *topology;
	int r;

	r = is_list(o) ? parse_list(x, o, ret) : parse_single(x, o, ret);
	if (r)
		return r;
	topology = nad_text(ret, "topology");
	if (!*topology) {
		free(ret->name);
		ret->name = xstrdup("default");
	}
	return nad_validate(x, ret);
}

static void note_unusable_list(const struct nad_ctx *x, const json_t *o)
{
	struct diag *g;

	if (!json_is_array(json_object_get(o, "plugins")) || is_list(o))
		return;
	g = diags_add(x->d, DIAG_WARNING, "lint/conflist", "spec.config.plugins",
		      "plugins is not used: the list needs a name, and every plugin a type; "
		      "OVN-Kubernetes reads the outer object instead and ignores this NAD");
	diag_hint(g, "give the list a \"name\" beside \"plugins\"");
}

/* Adds the line inside a configuration of several lines to the hints. */
static void note_lines(struct diags *d, size_t from, const char *config)
{
	for (size_t i = from; i < d->n && strchr(config, '\n'); i++) {
		const char *key = str_after(d->v[i].path, "spec.config.");
		_cleanup_free_ char *hint = d->v[i].hint;
		int line, col;

		d->v[i].hint = NULL;
		if (key && nad_config_position(config, key, &line, &col))
			diag_hint(&d->v[i], "%s%sline %d of spec.config", hint ?: "",
				  hint ? "; " : "", line);
		else
			d->v[i].hint = TAKE_PTR(hint);
	}
}

enum nad_verdict nad_parse(const json_t *nad, const struct ovnk_config *c, struct netconf *ret,
			   struct diags *d)
{
	const char *ns = jstr(nad, "metadata.namespace", "default");
	const char *name = jstr(nad, "metadata.name", ""), *config = jstr(nad, "spec.config", "");
	_cleanup_free_ char *key = xasprintf("%s/%s", ns, name);
	_cleanup_free_ char *object = xasprintf("NetworkAttachmentDefinition %s", key);
	const struct nad_ctx x = {key, c, d};
	_cleanup_netconf_ struct netconf conf = {0};
	_cleanup_json_ json_t *o = NULL;
	size_t from = d->n;
	int r = -EINVAL;

	*ret = (struct netconf){0};
	o = load(&x, config);
	if (o)
		r = parse(&x, o, &conf);
	if (r > 0)
		note_unusable_list(&x, o);
	note_lines(d, from, config);
	diags_locate(d, from, NULL, object);
	if (r < 0)
		return NAD_REFUSED;
	*ret = conf;
	conf = (struct netconf){0};
	return r > 0 ? NAD_NOT_OURS : NAD_OK;
}
