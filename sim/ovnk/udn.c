/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/udn.h"

#include "api/meta.h"
#include "api/selector.h"
#include "api/udn_spec.h"
#include "ovnk/nad.h"

#define CNI_VERSION "1.1.0"
#define NAME_LABEL "kubernetes.io/metadata.name"
#define OVN_PREFIX "k8s.ovn.org"
#define LOCALNET_EXTRA 100

static bool is_cluster(const json_t *obj)
{
	return kind_of(obj) == &kind_cudn;
}

static const json_t *network_of(const json_t *obj)
{
	return jget(obj, is_cluster(obj) ? "spec.network" : "spec");
}

char *udn_network_name(const json_t *obj)
{
	return is_cluster(obj) ? xasprintf("cluster_udn_%s", meta_name(obj))
			       : xasprintf("%s_%s", meta_ns(obj), meta_name(obj));
}

const char *udn_unsupported(const json_t *obj)
{
	const json_t *net = network_of(obj);

	if (streq(jstr(net, "topology", ""), "Layer3"))
		return "topology Layer3 is not emulated by ovnbed";
	if (streq(jstr(udn_section(net), "role", ""), "Primary"))
		return "role Primary is not emulated by ovnbed: there is no default pod network";
	if (!streq(jstr(net, "transport", "Geneve"), "Geneve"))
		return "transports other than Geneve are not emulated by ovnbed";
	return NULL;
}

int udn_localnet_mtu(const struct ovnk_config *c)
{
	return c->mtu + LOCALNET_EXTRA;
}

/* ---- the configuration ---- */

static void put_list(json_t *config, const char *key, const json_t *list)
{
	_cleanup_buf_ struct buf b = BUF_INIT;
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		buf_printf(&b, "%s%s", i ? "," : "", json_string_value(v));
	if (b.len)
		jset_str(config, key, buf_str(&b));
}

static void put_int(json_t *config, const char *key, long long v)
{
	if (v)
		json_object_set_new(config, key, json_integer(v));
}

static char *lower(const char *s)
{
	char *r = xstrdup(s);

	for (char *p = r; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + 'a' - 'A');
	return r;
}

static json_t *render_config(const json_t *obj, const char *nad_name, const struct ovnk_config *c)
{
	const json_t *net = network_of(obj), *section = udn_section(net);
	_cleanup_free_ char *topology = lower(jstr(net, "topology", "")),
			    *role = lower(jstr(section, "role", "")), *name = udn_network_name(obj);
	bool localnet = streq(topology, "localnet");
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "cniVersion", CNI_VERSION, "type",
			      OVNK_CNI_TYPE, "name", name, "netAttachDefName", nad_name, "topology",
			      topology, "role", role);

	put_int(o, "mtu", jint(section, "mtu", localnet ? udn_localnet_mtu(c) : 0));
	put_list(o, "subnets", jget(section, "subnets"));
	if (jstr(section, "ipam.lifecycle", NULL))
		json_object_set_new(o, "allowPersistentIPs", json_true());
	if (localnet) {
		put_list(o, "excludeSubnets", jget(section, "excludeSubnets"));
		jset_str(o, "physicalNetworkName", jstr(section, "physicalNetworkName", ""));
		put_int(o, "vlanID", jint(section, "vlan.access.id", 0));
	}
	return o;
}

/* ---- the object ---- */

static void copy_texts(json_t *nad, const json_t *obj, const char *path, const char *but)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach(jget(obj, path), key, v)
		if (!but || !str_after(key, but))
			json_object_set(out, key, v);
	if (json_object_size(out))
		jset(nad, path, out);
	else
		json_decref(out);
}

static json_t *render(const json_t *obj, const char *ns, const struct ovnk_config *c)
{
	json_t *nad = meta_new(&kind_nad, ns, meta_name(obj));
	_cleanup_free_ char *key = xasprintf("%s/%s", ns, meta_name(obj)), *text = NULL;
	_cleanup_json_ json_t *config = render_config(obj, key, c);

	copy_texts(nad, obj, "metadata.labels", NULL);
	copy_texts(nad, obj, "metadata.annotations", OVN_PREFIX);
	meta_set_label(nad, UDN_LABEL, "");
	meta_add_finalizer(nad, UDN_FINALIZER);
	meta_set_controller(nad, obj);
	text = jtext(config); /* Go writes a map's keys sorted */
	jset_str(nad, "spec.config", text);
	return nad;
}

json_t *udn_render(const json_t *obj, const char *ns, const struct ovnk_config *c, struct diags *d)
{
	json_t *nad = render(obj, ns, c);
	_cleanup_json_ json_t *list = json_pack("[O]", nad);
	_cleanup_diags_ struct diags found = DIAGS_INIT;
	_cleanup_netconf_ struct netconf conf = {0};

	if (nad_parse(nad, c, &conf, &found) == NAD_OK)
		return nad;
	udn_retitle(list, &found);
	diags_merge(d, &found);
	json_decref(nad);
	return NULL;
}

/* ---- namespaces ---- */

bool udn_selects(const json_t *cudn, const json_t *ns)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_selector_ struct selector *s =
		selector_from_object(jget(cudn, "spec.namespaceSelector"), "", &d);

	return s && selector_match_object(s, ns);
}

bool udn_names(const json_t *cudn, const char *ns)
{
	const json_t *selector = jget(cudn, "spec.namespaceSelector"), *e;
	const json_t *label = json_object_get(jget(selector, "matchLabels"), NAME_LABEL);
	size_t i;

	if (streq0(json_string_value(label), ns))
		return true;
	json_array_foreach(jget(selector, "matchExpressions"), i, e)
		if (streq(jstr(e, "key", ""), NAME_LABEL) && streq(jstr(e, "operator", ""), "In") &&
		    jhas_str(json_object_get(e, "values"), ns))
			return true;
	return false;
}

/* {name: Namespace} of objects, with those that others live in and "default" implied. */
static json_t *namespaces_of(const json_t *objects)
{
	json_t *out = json_object(), *o;
	size_t i;

	json_array_foreach(objects, i, o) {
		bool itself = kind_of(o) == &kind_namespace;
		const char *name = itself ? meta_name(o) : meta_ns(o);
		json_t *ns;

		if (!*name || (!itself && json_object_get(out, name)))
			continue;
		ns = itself ? json_deep_copy(o) : meta_new(&kind_namespace, NULL, name);
		meta_set_label(ns, NAME_LABEL, name);
		json_object_set_new(out, name, ns);
	}
	if (!json_object_get(out, "default")) {
		json_t *ns = meta_new(&kind_namespace, NULL, "default");

		meta_set_label(ns, NAME_LABEL, "default");
		json_object_set_new(out, "default", ns);
	}
	return out;
}

void udn_nowhere(const json_t *cudn, enum diag_severity s, struct diags *d)
{
	_cleanup_free_ char *title = meta_title(cudn);
	size_t from = d->n;

	diag_hint(diags_add(d, s, "lint/udn-nowhere", "spec.namespaceSelector",
			    "selects no namespace: nobody can attach to network cluster_udn_%s",
			    meta_name(cudn)),
		  "label a namespace, or correct the selector");
	diags_locate(d, from, NULL, title);
}

/* All networks at work, without a lab. */
struct all {
	const json_t *objects, *namespaces;
	const struct ovnk_config *config;
	json_t *nads;
	struct diags *d;
};

static bool written(const json_t *objects, const char *ns, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach(objects, i, o)
		if (kind_of(o) == &kind_nad && streq(meta_name(o), name) && streq(meta_ns(o), ns) &&
		    !meta_controller(o))
			return true;
	return false;
}

/* False when the network cannot be rendered, in whatever namespace. */
static bool render_into(const struct all *a, const json_t *obj, const char *ns)
{
	_cleanup_free_ char *title = meta_title(obj);
	size_t from = a->d->n;
	json_t *nad;

	if (written(a->objects, ns, meta_name(obj))) {
		diag_hint(diags_add(a->d, DIAG_ERROR, "udn", NULL,
				    "foreign NetworkAttachmentDefinition with the desired name "
				    "already exist [%s/%s]",
				    ns, meta_name(obj)),
			  "nothing is overwritten: rename one of the two");
		diags_locate(a->d, from, NULL, title);
		return true;
	}
	nad = udn_render(obj, ns, a->config, a->d);
	if (nad)
		json_array_append_new(a->nads, nad);
	return nad != NULL;
}

static void render_cluster(const struct all *a, const json_t *cudn)
{
	const char *name;
	json_t *ns;
	size_t n = 0;

	json_object_foreach((json_t *)a->namespaces, name, ns) {
		if (!udn_selects(cudn, ns))
			continue;
		n++;
		if (!render_into(a, cudn, name))
			return; /* the same error in each */
	}
	if (n)
		return;
	json_decref(udn_render(cudn, "default", a->config, a->d));
	udn_nowhere(cudn, DIAG_NOTE, a->d); /* its namespaces may be in other files */
}

static void note_unsupported(const json_t *obj, const char *why, struct diags *d)
{
	_cleanup_free_ char *title = meta_title(obj);
	size_t from = d->n;

	diag_hint(diags_add(d, DIAG_WARNING, "unsupported", "spec", "%s", why),
		  "use topology Layer2 or Localnet with role Secondary");
	diags_locate(d, from, NULL, title);
}

void udn_render_all(const json_t *objects, const struct ovnk_config *c, json_t *nads,
		    struct diags *d)
{
	_cleanup_json_ json_t *namespaces = namespaces_of(objects);
	struct all a = {objects, namespaces, c, nads, d};
	json_t *o;
	size_t i;

	json_array_foreach(objects, i, o) {
		const struct kind *k = kind_of(o);
		const char *why;

		if (k != &kind_cudn && k != &kind_udn)
			continue;
		why = udn_unsupported(o);
		if (why)
			note_unsupported(o, why, d);
		else if (k == &kind_cudn)
			render_cluster(&a, o);
		else
			render_into(&a, o, meta_ns(o));
	}
}
