/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/localnet_lint.h"

#include "api/kind.h"
#include "base/buf.h"
#include "lab/mapping_nodes.h"
#include "nmstate/nmstate.h"

static bool apply(const json_t *policy, json_t **network)
{
	_cleanup_diags_ struct diags ignored = DIAGS_INIT;
	json_t *target = NULL, *after;

	if (nmstate_merge(*network, jget(policy, "spec.desiredState"), &target, &ignored) < 0)
		return false;
	after = nmstate_applied(*network, target);
	json_decref(target);
	json_decref(*network);
	*network = after;
	return true;
}

/* One policy may need another's bridge: again as long as that helps. */
static json_t *after_policies(const json_t *topology, const json_t *spec, const json_t *policies)
{
	_cleanup_json_ json_t *node =
		json_pack("{s:{s:O}}", "metadata", "labels", json_object_get(spec, "labels"));
	json_t *network = nmstate_booted(spec, (int)jint(topology, "underlay.mtu", 1500)), *p;
	_cleanup_free_ bool *done = xcalloc(json_array_size(policies) + 1, sizeof(bool));
	bool progress = true;
	size_t i;

	while (progress) {
		progress = false;
		json_array_foreach(policies, i, p)
			if (!done[i] && nmstate_selects(p, node) && apply(p, &network))
				progress = done[i] = true;
	}
	return network;
}

/* Nodes as the policies leave them. */
static void add_nodes(struct mapping_nodes *w, const json_t *topology, const json_t *policies)
{
	const json_t *spec;
	size_t i;

	json_array_foreach(json_object_get(topology, "nodes"), i, spec) {
		_cleanup_json_ json_t *network = after_policies(topology, spec, policies);

		mapping_nodes_add(w, jstr(spec, "name", ""), network);
	}
}

/* "a, b" of the nodes with that fate, "" for none; *ret_why: what is said of the first. */
static char *with_fate(const struct mapping_nodes *w, const struct netconf *c,
		       enum mapping_fate fate, char **ret_why)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < w->n; i++) {
		char *why = NULL;

		if (mapping_judge(c, w->v, w->n, i, &why) == fate) {
			buf_printf(&b, "%s%s", b.len ? ", " : "", w->v[i].name);
			if (!*ret_why)
				*ret_why = TAKE_PTR(why);
		}
		free(why);
	}
	return b.len ? buf_take(&b) : xstrdup("");
}

static void check(const struct mapping_nodes *w, const struct network *n,
		  enum diag_severity severity, struct diags *d)
{
	_cleanup_free_ char *why = NULL, *other = NULL;
	_cleanup_free_ char *refused = with_fate(w, &n->conf, MAPPING_REFUSED, &why);
	_cleanup_free_ char *dangling = with_fate(w, &n->conf, MAPPING_DANGLING, &other);
	_cleanup_free_ char *title = xasprintf("NetworkAttachmentDefinition %s", n->nads[0]);
	const char *mapping = netconf_mapping(&n->conf);
	size_t from = d->n;

	if (*refused) {
		diag_hint(
			diags_add(
				d, severity, "lint/mapping", "spec.config.physicalNetworkName",
				"pods and VMs of network %s will wait on %s, whose bridge mappings "
				"lack %s (E23)",
				n->name, refused, mapping),
			"add {localnet: %s, bridge: BRIDGE} to desiredState.ovn.bridge-mappings of "
			"a NodeNetworkConfigurationPolicy that selects %s",
			mapping, refused);
	}
	if (*dangling)
		diags_add(d, severity, "lint/mapping", "spec.config.physicalNetworkName", "%s",
			  other);
	diags_locate(d, from, NULL, title);
}

void localnet_lint(const json_t *topology, const json_t *objects, const struct networks *n,
		   struct diags *d)
{
	_cleanup_json_ json_t *policies = json_array();
	_cleanup_mapping_nodes_ struct mapping_nodes w = {0};
	json_t *o;
	size_t i;

	json_array_foreach(objects, i, o)
		if (kind_of(o) == &kind_nncp)
			json_array_append(policies, o);
	add_nodes(&w, topology, policies);
	for (i = 0; i < n->n; i++)
		if (n->v[i].conf.topology == OVNK_LOCALNET && n->v[i].n_nads)
			check(&w, &n->v[i], json_array_size(policies) ? DIAG_WARNING : DIAG_NOTE,
			      d);
}
