/* SPDX-License-Identifier: Apache-2.0 */
#include "nmstate/lint.h"

#include "api/meta.h"
#include "nmstate/nmstate_priv.h"

struct lint {
	const json_t *objects, *topology;
	json_t *policies; /* whose desired state is well-formed; owned */
	struct diags *d;
};

static struct diag *add(const struct lint *l, const json_t *policy, enum diag_severity s,
			const char *rule, const char *path, const char *msg)
{
	struct diag *g = diags_add(l->d, s, rule, path, "%s", msg);

	g->object = meta_title(policy);
	return g;
}

static const json_t *desired_of(const json_t *policy)
{
	return jget(policy, NMSTATE_PATH);
}

/* ---- what documents say by themselves ---- */

static void check_policies(struct lint *l)
{
	size_t i;
	json_t *obj;

	json_array_foreach(l->objects, i, obj) {
		_cleanup_free_ char *title = meta_title(obj);
		size_t from = l->d->n;

		if (kind_of(obj) != &kind_nncp)
			continue;
		if (nmstate_check(desired_of(obj), l->d) == 0)
			json_array_append(l->policies, obj);
		diags_locate(l->d, from, NULL, title);
	}
}

/* ---- bridges and mappings, over all policies ---- */

/* Does any policy make (or list) the bridge? */
static bool is_made(const struct lint *l, const char *bridge)
{
	size_t i;
	json_t *policy;

	json_array_foreach(l->policies, i, policy) {
		_cleanup_json_ json_t *wanted = nms_desired(desired_of(policy));
		const json_t *iface = nms_find(wanted, bridge, "ovs-bridge");

		if (streq(jstr(iface, "state", ""), "up"))
			return true;
	}
	return false;
}

static bool is_mapped(const struct lint *l, const char *bridge)
{
	size_t i, j;
	json_t *policy, *m;

	json_array_foreach(l->policies, i, policy)
		json_array_foreach(nms_mappings(desired_of(policy)), j, m)
			if (streq(jstr(m, "bridge", ""), bridge) &&
			    !streq(jstr(m, "state", ""), "absent"))
				return true;
	return false;
}

/* The physical network's name of a localnet network, or NULL. */
static char *localnet_of(const json_t *obj)
{
	const char *text = jstr(obj, "spec.config", "");
	_cleanup_json_ json_t *config = NULL;
	const json_t *net;

	if (kind_of(obj) != &kind_nad)
		return xstrdup(jstr(obj, "spec.network.localnet.physicalNetworkName", NULL));
	config = jparse(text, strlen(text), NULL);
	net = json_object_get(config, "plugins") ? jget(config, "plugins.0") : config;
	if (!streq(jstr(net, "topology", ""), "localnet"))
		return NULL;
	return xstrdup(jstr(net, "physicalNetworkName", jstr(config, "name", NULL)));
}

/* 1: a network uses it; 0: none of those given; -1: there are no localnet networks. */
static int is_used(const struct lint *l, const char *localnet)
{
	int used = -1;
	size_t i;
	json_t *obj;

	json_array_foreach(l->objects, i, obj) {
		_cleanup_free_ char *name = localnet_of(obj);

		if (name)
			used = used == 1 || streq(name, localnet);
	}
	return used;
}

static void lint_mapping(const struct lint *l, const json_t *policy, const json_t *m, size_t i)
{
	const char *localnet = jstr(m, "localnet", ""), *bridge = jstr(m, "bridge", "");
	_cleanup_free_ char *path = xasprintf(NMSTATE_PATH ".ovn.bridge-mappings.%zu", i);
	_cleanup_free_ char *no_bridge =
		xasprintf("localnet %s is mapped to bridge %s, which no policy given here makes",
			  localnet, bridge);
	_cleanup_free_ char *no_network =
		xasprintf("no localnet network given here uses %s", localnet);

	if (streq(jstr(m, "state", ""), "absent"))
		return;
	if (!l->topology && !streq(bridge, NMS_BR_EX) && !is_made(l, bridge))
		diag_hint(add(l, policy, DIAG_WARNING, "lint/nmstate-bridge", path, no_bridge),
			  "add an interface %s of type ovs-bridge, or map onto br-ex", bridge);
	if (is_used(l, localnet) == 0)
		diag_hint(add(l, policy, DIAG_NOTE, "lint/nmstate-localnet", path, no_network),
			  "a network finds its mapping by physicalNetworkName, or by its name");
}

static void lint_bridge(const struct lint *l, const json_t *policy, const json_t *iface)
{
	const char *name = jstr(iface, "name", "");
	_cleanup_free_ char *path = xasprintf("%s.bridge", jstr(iface, "path", ""));
	_cleanup_free_ char *msg =
		xasprintf("%s carries a localnet, but allow-extra-patch-ports is not set", name);

	if (!nms_is(iface, "ovs-bridge") || !nms_ports(iface) || !is_mapped(l, name) ||
	    jbool(iface, "bridge.allow-extra-patch-ports", false))
		return;
	diag_hint(add(l, policy, DIAG_WARNING, "lint/nmstate-patch-ports", path, msg),
		  "once OVN has made its patch port, each policy that lists this bridge's ports "
		  "fails without allow-extra-patch-ports: true");
}

static void lint_documents(const struct lint *l)
{
	size_t i, j;
	json_t *policy, *v;

	json_array_foreach(l->policies, i, policy) {
		_cleanup_json_ json_t *wanted = nms_desired(desired_of(policy));

		json_array_foreach(nms_mappings(desired_of(policy)), j, v)
			lint_mapping(l, policy, v, j);
		json_array_foreach(wanted, j, v)
			lint_bridge(l, policy, v);
	}
}

/* ---- on the nodes of the topology ---- */

/* A finding and the nodes that have it: {"NODE": true, …} beside it. */
struct found {
	struct diags d;
	json_t *nodes; /* array, parallel to d */
};

static void remember(struct found *f, const struct diag *g, const char *node)
{
	struct diags one = {.v = (struct diag *)g, .n = 1};

	for (size_t i = 0; i < f->d.n; i++)
		if (streq0(f->d.v[i].path, g->path) && streq(f->d.v[i].msg, g->msg)) {
			jadd_str(json_array_get(f->nodes, i), node);
			return;
		}
	diags_merge(&f->d, &one);
	json_array_append_new(f->nodes, json_pack("[s]", node));
}

/* What merging finds beyond nmstate_check(), whose findings come first. */
static bool try_policy(const json_t *policy, json_t **network, struct found *f, const char *node)
{
	_cleanup_diags_ struct diags plain = DIAGS_INIT, d = DIAGS_INIT;
	_cleanup_json_ json_t *target = NULL, *old = *network;
	bool ok;

	nmstate_check(desired_of(policy), &plain);
	ok = nmstate_merge(old, desired_of(policy), &target, &d) == 0;
	*network = ok ? nmstate_applied(old, target) : json_incref(old);
	for (size_t i = plain.n; i < d.n; i++)
		remember(f, &d.v[i], node);
	return ok;
}

/* Tries what is left, in order, until nothing more succeeds; findings of the last try count. */
static void try_node(struct lint *l, const json_t *spec, struct found *f)
{
	_cleanup_json_ json_t *node =
		json_pack("{s:{s:O}}", "metadata", "labels", json_object_get(spec, "labels"));
	_cleanup_json_ json_t *network =
		nmstate_booted(spec, (int)jint(l->topology, "underlay.mtu", 1500));
	size_t n = json_array_size(l->policies);
	bool *done = xcalloc(n + 1, sizeof(bool)), progress = true, last = false;

	while (progress || !last) {
		last = !progress;
		progress = false;
		for (size_t i = 0; i < n; i++) {
			const json_t *policy = json_array_get(l->policies, i);
			struct found now = {.nodes = json_array()};

			if (!done[i] && nmstate_selects(policy, node)) {
				done[i] =
					try_policy(policy, &network, &now, jstr(spec, "name", ""));
				progress |= done[i];
			}
			for (size_t j = 0; j < now.d.n && (done[i] || last); j++)
				remember(&f[i], &now.d.v[j], jstr(spec, "name", ""));
			diags_free(&now.d);
			json_decref(now.nodes);
		}
	}
	free(done);
}

static char *joined(const json_t *names)
{
	struct buf b = BUF_INIT;
	size_t i;
	json_t *v;

	json_array_foreach(names, i, v)
		buf_printf(&b, "%s%s", i ? ", " : "", json_string_value(v));
	return buf_take(&b);
}

static void report(const struct lint *l, const json_t *policy, const struct found *f)
{
	for (size_t i = 0; i < f->d.n; i++) {
		const struct diag *g = &f->d.v[i];
		_cleanup_free_ char *nodes = joined(json_array_get(f->nodes, i));
		_cleanup_free_ char *msg = xasprintf("on %s: %s", nodes, g->msg);
		struct diag *out = add(l, policy, g->severity, g->rule, g->path, msg);

		if (g->hint)
			diag_hint(out, "%s", g->hint);
	}
}

static void lint_selector(const struct lint *l, const json_t *policy)
{
	_cleanup_json_ json_t *names = json_array();
	_cleanup_free_ char *all = NULL;
	size_t i;
	json_t *spec;

	json_array_foreach(json_object_get(l->topology, "nodes"), i, spec) {
		_cleanup_json_ json_t *node = json_pack("{s:{s:O}}", "metadata", "labels",
							json_object_get(spec, "labels"));

		if (nmstate_selects(policy, node))
			return;
		jadd_str(names, jstr(spec, "name", ""));
	}
	all = joined(names);
	diag_hint(add(l, policy, DIAG_WARNING, "lint/nmstate-selector", "spec.nodeSelector",
		      "selects no node of the topology: the policy is Ignored"),
		  "the nodes are %s; every label must match", all);
}

static void lint_nodes(struct lint *l)
{
	size_t n = json_array_size(l->policies), i;
	struct found *f = xcalloc(n + 1, sizeof(*f));
	json_t *v;

	for (i = 0; i < n; i++)
		f[i].nodes = json_array();
	json_array_foreach(json_object_get(l->topology, "nodes"), i, v)
		try_node(l, v, f);
	for (i = 0; i < n; i++) {
		lint_selector(l, json_array_get(l->policies, i));
		report(l, json_array_get(l->policies, i), &f[i]);
		diags_free(&f[i].d);
		json_decref(f[i].nodes);
	}
	free(f);
}

void nmstate_lint(const json_t *objects, const json_t *topology, struct diags *d)
{
	_cleanup_json_ json_t *policies = json_array();
	struct lint l = {.objects = objects, .topology = topology, .policies = policies, .d = d};

	check_policies(&l);
	lint_documents(&l);
	if (topology)
		lint_nodes(&l);
}
