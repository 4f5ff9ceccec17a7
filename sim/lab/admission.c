/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/admission.h"

#include <errno.h>

#include "api/meta.h"
#include "api/status.h"
#include "kubevirt/admission.h"
#include "lab/localnet_lint.h"
#include "lab/mtu.h"
#include "nmstate/lint.h"
#include "ovnk/lint.h"
#include "ovnk/lint_policy.h"
#include "ovnk/podnet.h"
#include "ovnk/udn.h"

/* ---- the store's write path ---- */

/* All VMs but the one at work: who has this MAC? */
struct mac_search {
	struct store *s;
	const json_t *self;
	const char *mac;
	bool found;
};

static bool has_mac(void *arg, json_t *vm)
{
	struct mac_search *m = arg;
	json_t *iface;
	size_t i;

	if (streq(meta_name(vm), meta_name(m->self)) && streq(meta_ns(vm), meta_ns(m->self)))
		return true;
	json_array_foreach(jget(vm, "spec.template.spec.domain.devices.interfaces"), i, iface) {
		char canon[18];

		m->found |= kubevirt_mac_canon(jstr(iface, "macAddress", ""), canon) &&
			    streq(canon, m->mac);
	}
	return !m->found;
}

static bool mac_used(void *arg, const char *mac)
{
	struct mac_search *m = arg;
	struct store_query q = {.kind = &kind_vm};

	m->mac = mac;
	m->found = false;
	store_each(m->s, &q, has_mac, m);
	return m->found;
}

/*
 * The pool is searched from its start each time: a dry run takes nothing, and the same objects get
 * the same addresses in every lab.
 */
static void default_vm(void *arg, struct store *s, enum store_op op, const struct kind *k,
		       json_t *obj, const json_t *old, struct diags *d)
{
	struct mac_search m = {.s = s, .self = obj};
	uint64_t cursor = 0;

	(void)arg;
	(void)k;
	if (op == STORE_DELETE)
		return;
	kubevirt_default_vm(obj);
	kubevirt_assign_macs(obj, old, &cursor, mac_used, &m, d);
}

static void default_vmi(void *arg, struct store *s, enum store_op op, const struct kind *k,
			json_t *obj, const json_t *old, struct diags *d)
{
	(void)arg;
	(void)s;
	(void)k;
	(void)old;
	(void)d;
	if (op != STORE_DELETE)
		kubevirt_default_vmi(obj);
}

static void admit(void *arg, struct store *s, enum store_op op, const struct kind *k, json_t *obj,
		  const json_t *old, struct diags *d)
{
	(void)arg;
	(void)s;
	if (op == STORE_DELETE)
		return;
	if (k == &kind_vm)
		kubevirt_admit_vm(obj, old, d);
	else
		kubevirt_admit_vmi(obj, old, d);
}

void admission_register(struct store *s)
{
	store_add_mutator(s, &kind_vm, default_vm, NULL);
	store_add_mutator(s, &kind_vmi, default_vmi, NULL);
	store_add_admission(s, &kind_vm, admit, NULL);
	store_add_admission(s, &kind_vmi, admit, NULL);
}

/* ---- without a lab ---- */

/* Webhooks write "networks[0].name", marks know "networks.0.name". */
static void normalise_paths(struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		char *path = d->v[i].path ? status_path(d->v[i].path) : NULL;

		free(d->v[i].path);
		d->v[i].path = path;
	}
}

static void admit_kubevirt(const struct manifest *m, json_t *obj, struct diags *d)
{
	_cleanup_diags_ struct diags found = DIAGS_INIT;
	uint64_t cursor = 0;

	if (m->kind == &kind_vm) {
		kubevirt_default_vm(obj);
		kubevirt_assign_macs(obj, NULL, &cursor, NULL, NULL, &found);
		kubevirt_admit_vm(obj, NULL, &found);
	} else if (m->kind == &kind_vmi) {
		kubevirt_default_vmi(obj);
		kubevirt_admit_vmi(obj, NULL, &found);
	}
	normalise_paths(&found);
	manifest_locate(m, &found, 0);
	diags_merge(d, &found);
}

/*
 * The definition requires spec.podSelector; documents that leave its value empty mean every pod
 * (kinds default it), but leaving it out may be a slip.
 */
static void note_selector(const struct manifest *m, struct diags *d)
{
	_cleanup_diags_ struct diags found = DIAGS_INIT;
	const json_t *spec = json_object_get(m->obj, "spec");

	if (m->kind != &kind_mnp || !json_is_object(spec) || json_object_get(spec, "podSelector"))
		return;
	diag_hint(diags_add(&found, DIAG_NOTE, "policy-selector", "spec",
			    "podSelector is missing: taken as {}, every pod of the namespace"),
		  "write podSelector: {}: a real API server requires it");
	manifest_locate(m, &found, 0);
	diags_merge(d, &found);
}

json_t *admission_check(const struct manifest *m, const char *ns, struct diags *d)
{
	size_t errors = diags_count(d, DIAG_ERROR);
	json_t *obj = manifest_check(m, ns, d);

	if (obj) {
		admit_kubevirt(m, obj, d);
		note_selector(m, d);
	}
	if (obj && diags_count(d, DIAG_ERROR) > errors) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}

static char *title_of(const struct manifest *m, const char *ns)
{
	const char *own = meta_ns(m->obj);

	if (!m->kind->namespaced)
		return xasprintf("%s %s", m->kind->kind, meta_name(m->obj));
	return xasprintf("%s %s/%s", m->kind->kind, *own ? own : ns, meta_name(m->obj));
}

/* The manifest that a finding's object ("Pod ns/name") came from, or NULL. */
static const struct manifest *find_source(const struct manifests *ms, const char *ns,
					  const char *title)
{
	for (size_t i = 0; title && i < ms->n; i++) {
		_cleanup_free_ char *t = title_of(&ms->v[i], ns);

		if (streq(t, title))
			return &ms->v[i];
	}
	return NULL;
}

/* Reads line n (1-based) of a file into *ret (owned by the caller). */
static bool read_line(const char *path, int n, char **ret)
{
	_cleanup_fclose_ FILE *f = path ? fopen(path, "re") : NULL;
	size_t size = 0;

	while (f && n-- > 0)
		if (getline(ret, &size, f) < 0)
			return false;
	return f != NULL;
}

/*
 * A finding inside a NAD's spec.config points at the key itself when the text is a literal block:
 * its lines are those of the file.
 */
static void locate_in_config(const struct manifest *m, struct diag *g)
{
	const char *key = g->path ? str_after(g->path, "spec.config.") : NULL;
	_cleanup_free_ char *first = NULL, *next = NULL;
	int line, col;

	if (m->kind != &kind_nad || !key || g->col < 1 ||
	    !nad_config_position(jstr(m->obj, "spec.config", ""), key, &line, &col) ||
	    !read_line(m->file, g->line, &first) || strlen(first) < (size_t)g->col ||
	    first[g->col - 1] != '|' || !read_line(m->file, g->line + 1, &next))
		return;
	g->line += line;
	g->col = col + (int)strspn(next, " ");
}

void admission_locate(const struct manifests *ms, const char *ns, const struct diags *found,
		      struct diags *d)
{
	for (size_t i = 0; i < found->n; i++) {
		const struct manifest *m = find_source(ms, ns, found->v[i].object);
		_cleanup_diags_ struct diags one = DIAGS_INIT;
		struct diags borrowed = {.v = &found->v[i], .n = 1};

		diags_merge(&one, &borrowed);
		normalise_paths(&one);
		if (m) {
			manifest_locate(m, &one, 0);
			locate_in_config(m, &one.v[0]);
		}
		diags_merge(d, &one);
	}
}

static json_t *of_kind(const json_t *objects, const struct kind *k)
{
	json_t *out = json_array(), *obj;
	size_t i;

	json_array_foreach(objects, i, obj)
		if (kind_of(obj) == k)
			json_array_append(out, obj);
	return out;
}

/* objects, and what follows the first n of nads. */
static json_t *with_rendered(const json_t *objects, const json_t *nads, size_t n)
{
	json_t *all = json_copy((json_t *)objects);

	for (; n < json_array_size(nads); n++)
		json_array_append(all, json_array_get(nads, n));
	return all;
}

/* What policies come to: errors of the API's text, which the server itself does not look at. */
static void judge_policies(const json_t *objects, const json_t *pods, const struct networks *nets,
			   const struct podnets *podnets, const json_t *topology,
			   struct diags *found)
{
	bool spec = streq(jstr(topology, "profile", "ovnk"), "spec");
	_cleanup_json_ json_t *list = of_kind(objects, &kind_mnp);
	_cleanup_json_ json_t *namespaces = of_kind(objects, &kind_namespace);
	_cleanup_policies_ struct policies p = {0};

	policies_build(list, pods, namespaces, nets, podnets, spec ? POLICY_SPEC : POLICY_OVNK, &p,
		       found);
	lint_policies(&p, nets, objects, found);
}

/* OVN-Kubernetes' verdicts and lints on all objects together. */
static int judge(const json_t *objects, const json_t *topology, struct diags *found, struct err *e)
{
	_cleanup_ovnk_config_ struct ovnk_config c = {0};
	_cleanup_networks_ struct networks nets = {0};
	_cleanup_podnets_ struct podnets pods = {0};
	_cleanup_json_ json_t *nad_list = of_kind(objects, &kind_nad);
	_cleanup_json_ json_t *pod_list = of_kind(objects, &kind_pod), *all = NULL;
	size_t written;
	int r = 0;

	if (topology)
		r = ovnk_config_from_topology(&c, topology, e);
	else
		ovnk_config_init(&c);
	if (r < 0)
		return r;
	written = json_array_size(nad_list);
	udn_render_all(objects, &c, nad_list, found);
	all = with_rendered(objects, nad_list, written);
	networks_build(nad_list, &c, NULL, &nets, found);
	podnets_build(pod_list, &nets, &c, &pods, found);
	lint_objects(all, &c, found);
	judge_policies(all, pod_list, &nets, &pods, topology, found);
	if (topology)
		mtu_lint(topology, all, &nets, NULL, found);
	if (topology)
		localnet_lint(topology, objects, &nets, found);
	udn_retitle(nad_list, found);
	nmstate_lint(objects, topology, found);
	return 0;
}

int admission_validate(const struct manifests *ms, const char *ns, const json_t *topology,
		       struct diags *d)
{
	_cleanup_json_ json_t *objects = json_array();
	_cleanup_diags_ struct diags found = DIAGS_INIT;
	_cleanup_err_ struct err e = ERR_INIT;
	size_t errors = diags_count(d, DIAG_ERROR);

	manifest_check_unique(ms, ns, d);
	for (size_t i = 0; i < ms->n; i++) {
		json_t *obj = admission_check(&ms->v[i], ns, d);

		if (obj)
			json_array_append_new(objects, obj);
	}
	if (judge(objects, topology, &found, &e) < 0)
		diags_add(d, DIAG_ERROR, NULL, NULL, "topology: %s", err_msg(&e));
	admission_locate(ms, ns, &found, d);
	return diags_count(d, DIAG_ERROR) > errors ? -EINVAL : 0;
}
