/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/attach.h"
#include "ovnk/lint_priv.h"
#include "ovnk/names.h"

#define ATTACH_PATH "metadata.annotations." ATTACH_ANNOTATION

static void warn(const struct lint *l, const json_t *object, const char *rule, const char *path,
		 const char *hint, const char *fmt, ...) PRINTF(6, 7);
static void warn(const struct lint *l, const json_t *object, const char *rule, const char *path,
		 const char *hint, const char *fmt, ...)
{
	_cleanup_free_ char *who = xasprintf("%s %s/%s", jstr(object, "kind", ""),
					     jstr(object, "metadata.namespace", "default"),
					     jstr(object, "metadata.name", ""));
	_cleanup_free_ char *msg = NULL;
	size_t from = l->d->n;
	va_list ap;

	va_start(ap, fmt);
	msg = xvasprintf(fmt, ap);
	va_end(ap);
	diag_hint(diags_add(l->d, DIAG_WARNING, rule, path, "%s", msg), "%s", hint);
	diags_locate(l->d, from, NULL, who);
}

static void check_missing(const struct lint *l, const json_t *object, const char *path,
			  const char *nad)
{
	if (!json_object_get(l->known, nad))
		warn(l, object, "lint/nad-missing", path,
		     "create it, or name it \"namespace/name\" when it is in another namespace",
		     "there is no NetworkAttachmentDefinition %s: the attachment waits for it",
		     nad);
}

/* ---- virtual machines ---- */

static void check_vm_network(const struct lint *l, const json_t *vm, const char *path,
			     const char *name)
{
	const char *ns = jstr(vm, "metadata.namespace", "default");
	_cleanup_free_ char *key = strchr(name, '/') ? xstrdup(name) : names_nad_key(ns, name, 0);
	const struct lint_nad *nad = lint_find(l, key);

	check_missing(l, vm, path, key);
	if (nad && nad->conf.subnets.n)
		warn(l, vm, "lint/vm-ipam", path,
		     "remove subnets from the NAD and give the VM its address by cloud-init "
		     "networkData",
		     "NetworkAttachmentDefinition %s of network %s has subnets: IPAM is not "
		     "supported for virtual machines",
		     key, nad->conf.name);
}

static void check_vm(const struct lint *l, const json_t *vm, const char *spec)
{
	_cleanup_free_ char *list = xasprintf("%s.networks", spec);
	const json_t *n;
	size_t i;

	json_array_foreach(jget(vm, list), i, n) {
		_cleanup_free_ char *path = xasprintf("%s.%zu.multus.networkName", list, i);
		const char *name = jstr(n, "multus.networkName", "");

		if (*name)
			check_vm_network(l, vm, path, name);
	}
}

/* ---- pods ---- */

/* What pods without IPAM ask for: nobody upstream looks for duplicates. */
struct claim {
	char *text; /* "network address" or "network mac" */
	char *pod;
};
struct claims {
	struct claim *v;
	size_t n;
};

/* The pod that has claimed text before, or NULL after remembering this one. */
static const char *claim(struct claims *c, const char *text, const json_t *pod)
{
	for (size_t i = 0; i < c->n; i++)
		if (streq(c->v[i].text, text))
			return c->v[i].pod;
	c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n++] = (struct claim){xstrdup(text),
				      xasprintf("%s/%s", jstr(pod, "metadata.namespace", "default"),
						jstr(pod, "metadata.name", ""))};
	return NULL;
}

static void check_claims(const struct lint *l, const json_t *pod, const struct selection *s,
			 const struct netconf *c, struct claims *claims)
{
	for (size_t i = 0; i < s->n_ips && !c->subnets.n; i++) {
		_cleanup_free_ char *text =
			xasprintf("%s %.*s", c->name, (int)strcspn(s->ips[i], "/"), s->ips[i]);
		const char *other = claim(claims, text, pod);

		if (other)
			warn(l, pod, "lint/ip-duplicate", ATTACH_PATH,
			     "give every pod an address of its own",
			     "address %s on network %s is pod %s's too: without IPAM nobody checks",
			     s->ips[i], c->name, other);
	}
	if (s->mac) {
		_cleanup_free_ char *text = xasprintf("%s %s", c->name, s->mac);
		const char *other = claim(claims, text, pod);

		if (other)
			warn(l, pod, "lint/mac-duplicate", ATTACH_PATH,
			     "give every attachment a MAC of its own",
			     "MAC %s on network %s is pod %s's too: secondary networks do not "
			     "check",
			     s->mac, c->name, other);
	}
}

/* virt-launcher pods are what their VM asks for; a migration has two of them. */
static void check_pod(const struct lint *l, const json_t *pod, struct claims *claims)
{
	const json_t *labels = jget(pod, "metadata.labels");
	const char *role = json_string_value(json_object_get(labels, "kubevirt.io")) ?: "";
	_cleanup_diags_ struct diags ignored = DIAGS_INIT;
	_cleanup_selections_ struct selections s = {0};

	if (streq(role, "virt-launcher") || attach_parse(pod, &s, &ignored) < 0)
		return;
	for (size_t i = 0; i < s.n; i++) {
		const struct lint_nad *nad = lint_find(l, s.v[i].nad);

		check_missing(l, pod, ATTACH_PATH, s.v[i].nad);
		if (nad)
			check_claims(l, pod, &s.v[i], &nad->conf, claims);
	}
}

void lint_uses(const struct lint *l, const json_t *objects)
{
	struct claims claims = {NULL, 0};
	const json_t *o;
	size_t i;

	json_array_foreach(objects, i, o) {
		const char *kind = jstr(o, "kind", "");

		if (streq(kind, "VirtualMachine"))
			check_vm(l, o, "spec.template.spec");
		else if (streq(kind, "VirtualMachineInstance") &&
			 !json_array_size(jget(o, "metadata.ownerReferences")))
			check_vm(l, o, "spec"); /* an owned one repeats its VM */
		else if (streq(kind, "Pod"))
			check_pod(l, o, &claims);
	}
	for (i = 0; i < claims.n; i++) {
		free(claims.v[i].text);
		free(claims.v[i].pod);
	}
	free(claims.v);
}
