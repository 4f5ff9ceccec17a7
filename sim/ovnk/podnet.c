/* SPDX-License-Identifier: Apache-2.0 */
#include "ovnk/podnet.h"

#include "ovnk/names.h"
#include "ovnk/podnet_priv.h"

/* A pod on its way: its object, its selections, and what its annotation holds. */
struct work {
	const json_t *pod;
	long long rv;
	struct selections want;
	json_t *have; /* NULL when the annotation cannot be read */
	struct podnet net;
};

struct builder {
	const struct networks *networks;
	const struct ovnk_config *config;
	struct ipam **pools; /* one a network, made when needed */
	struct diags *d;
};

static struct ipam *pool_of(const struct builder *b, const struct network *n)
{
	struct ipam **p = &b->pools[n - b->networks->v];

	if (!*p)
		*p = ipam_new(&n->conf);
	return *p;
}

static bool finished(const json_t *pod)
{
	const char *phase = jstr(pod, "status.phase", "");

	return streq(phase, "Succeeded") || streq(phase, "Failed");
}

static void report(const struct builder *b, const struct podnet *p, const char *rule,
		   const char *path, const char *text)
{
	_cleanup_free_ char *object = xasprintf("Pod %s/%s", p->ns, p->name);
	size_t from = b->d->n;

	diags_add(b->d, DIAG_ERROR, rule, path, "%s", text);
	diags_locate(b->d, from, NULL, object);
}

static void work_init(struct work *w, const json_t *pod, struct builder *b)
{
	size_t from = b->d->n;
	_cleanup_err_ struct err e = ERR_INIT;

	*w = (struct work){.pod = pod};
	parse_int(jstr(pod, "metadata.resourceVersion", "0"), 0, INT64_MAX, &w->rv);
	w->net.ns = xstrdup(jstr(pod, "metadata.namespace", "default"));
	w->net.name = xstrdup(jstr(pod, "metadata.name", ""));
	w->net.uid = xstrdup(jstr(pod, "metadata.uid", ""));
	w->net.node = xstrdup(jstr(pod, "spec.nodeName", ""));
	if (finished(pod))
		return;
	if (attach_parse(pod, &w->want, b->d) < 0) {
		w->net.error = xstrdup(b->d->n > from ? b->d->v[b->d->n - 1].msg : "");
		return;
	}
	if (w->want.n && podnet_read(pod, &w->have, &e) < 0) {
		w->net.error = xstrdup(err_msg(&e));
		report(b, &w->net, "ipam", "metadata.annotations." PODNET_ANNOTATION, err_msg(&e));
	}
}

/* Everything but addresses; the state says whether those can follow. */
static void resolve(const struct builder *b, const struct work *w, const struct selection *s,
		    struct attachment *a)
{
	const struct nad_entry *nad = networks_nad(b->networks, s->nad);

	a->nad = xstrdup(s->nad);
	a->nad_key = xstrdup(s->key);
	a->ifname = xstrdup(s->ifname);
	a->port = names_pod_port(s->key, w->net.ns, w->net.name);
	if (!nad)
		attachment_stop(a, ATTACHMENT_PENDING, NULL,
				"waiting for NetworkAttachmentDefinition %s: not found", s->nad);
	else if (nad->state == NAD_IGNORED)
		attachment_stop(a, ATTACHMENT_FAILED, "unsupported",
				"NetworkAttachmentDefinition %s of CNI type \"%s\": only secondary "
				"networks of %s are emulated",
				s->nad, nad->type, OVNK_CNI_TYPE);
	else if (nad->state != NAD_ACCEPTED)
		attachment_stop(a, ATTACHMENT_FAILED, nad->rule,
				"NetworkAttachmentDefinition %s is refused: %s", s->nad,
				nad->reason);
	else
		a->network = xstrdup(nad->network);
	if (!a->network)
		return;
	if (!*w->net.node)
		attachment_stop(a, ATTACHMENT_PENDING, NULL, "the pod is not scheduled");
	else if (!ovnk_config_node(b->config, w->net.node))
		attachment_stop(a, ATTACHMENT_PENDING, NULL, "node %s does not exist", w->net.node);
}

static struct allocation allocation_of(const struct builder *b, const struct work *w, size_t i)
{
	const struct network *n = networks_find(b->networks, w->net.v[i].network);

	return (struct allocation){
		.config = b->config,
		.network = n,
		.ipam = pool_of(b, n),
		.pod = &w->net,
		.selection = &w->want.v[i],
		.entry = json_object_get(w->have, w->net.v[i].nad_key),
	};
}

/* Logical ports are named after the NAD: "ns/a-b" and "ns/a.b" make one name. */
static void refuse_same_port(const struct podnet *p, struct attachment *a)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!streq(p->v[i].port, a->port))
			continue;
		attachment_stop(a, ATTACHMENT_FAILED, "unsupported",
				"attachments %s and %s have one logical port name, %s: "
				"OVN-Kubernetes would let them overwrite each other",
				p->v[i].nad_key, a->nad_key, a->port);
		return;
	}
}

static void resolve_all(const struct builder *b, struct work *w)
{
	w->net.v = xcalloc(w->want.n + 1, sizeof(*w->net.v));
	for (; w->net.n < w->want.n; w->net.n++) {
		struct attachment *a = &w->net.v[w->net.n];

		resolve(b, w, &w->want.v[w->net.n], a);
		if (w->net.error && a->state == ATTACHMENT_READY)
			attachment_stop(a, ATTACHMENT_FAILED, "ipam", "%s", w->net.error);
		if (a->state == ATTACHMENT_READY)
			refuse_same_port(&w->net, a);
	}
}

static void reserve_all(const struct builder *b, const struct work *w)
{
	for (size_t i = 0; i < w->net.n; i++) {
		struct allocation a;

		if (!w->net.v[i].network)
			continue;
		a = allocation_of(b, w, i);
		allocation_reserve(&a);
	}
}

static void allocate_all(const struct builder *b, struct work *w)
{
	for (size_t i = 0; i < w->net.n; i++) {
		struct attachment *att = &w->net.v[i];
		struct allocation a;

		if (att->state == ATTACHMENT_READY) {
			a = allocation_of(b, w, i);
			allocation_run(&a, att);
		}
		if (att->state == ATTACHMENT_FAILED)
			report(b, &w->net, att->rule, "metadata.annotations." ATTACH_ANNOTATION,
			       att->reason);
	}
	if (w->have)
		w->net.annotation = podnet_write(&w->net, w->have);
}

static int by_age(const void *a, const void *b)
{
	const struct work *x = a, *y = b;
	int r = strcmp(jstr(x->pod, "metadata.creationTimestamp", ""),
		       jstr(y->pod, "metadata.creationTimestamp", ""));

	if (!r && x->rv != y->rv)
		r = x->rv < y->rv ? -1 : 1;
	r = r ?: strcmp(x->net.ns, y->net.ns);
	return r ?: strcmp(x->net.name, y->net.name);
}

static int by_name(const void *a, const void *b)
{
	const struct podnet *x = a, *y = b;
	int r = strcmp(x->ns, y->ns);

	return r ?: strcmp(x->name, y->name);
}

static void attachment_free(struct attachment *a)
{
	for (size_t i = 0; i < a->n_ips; i++)
		free(a->ips[i]);
	for (size_t i = 0; i < a->n_gateways; i++)
		free(a->gateways[i]);
	free(a->ips);
	free(a->gateways);
	free(a->rule);
	free(a->reason);
	free(a->nad);
	free(a->nad_key);
	free(a->network);
	free(a->ifname);
	free(a->port);
	free(a->mac);
}

static void podnet_free(struct podnet *p)
{
	for (size_t i = 0; i < p->n; i++)
		attachment_free(&p->v[i]);
	free(p->v);
	free(p->ns);
	free(p->name);
	free(p->uid);
	free(p->node);
	free(p->error);
	free(p->annotation);
}

static void finish(struct work *w, size_t n, struct podnets *ret)
{
	ret->v = xcalloc(n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < n; i++) {
		if (w[i].net.n || w[i].net.error)
			ret->v[ret->n++] = w[i].net;
		else
			podnet_free(&w[i].net);
		selections_free(&w[i].want);
		json_decref(w[i].have);
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
}

void podnets_build(const json_t *pods, const struct networks *n, const struct ovnk_config *c,
		   struct podnets *ret, struct diags *d)
{
	size_t n_pods = json_array_size(pods), i;
	_cleanup_free_ struct work *w = xcalloc(n_pods + 1, sizeof(*w));
	_cleanup_free_ struct ipam **pools = xcalloc(n->n + 1, sizeof(struct ipam *));
	struct builder b = {n, c, pools, d};
	const json_t *pod;

	*ret = (struct podnets){0};
	json_array_foreach(pods, i, pod)
		work_init(&w[i], pod, &b);
	qsort(w, n_pods, sizeof(*w), by_age);
	for (i = 0; i < n_pods; i++)
		resolve_all(&b, &w[i]);
	for (i = 0; i < n_pods; i++)
		reserve_all(&b, &w[i]);
	for (i = 0; i < n_pods; i++)
		allocate_all(&b, &w[i]);
	for (i = 0; i < n->n; i++)
		ipam_free(pools[i]);
	finish(w, n_pods, ret);
}

void podnets_free(struct podnets *p)
{
	for (size_t i = 0; i < p->n; i++)
		podnet_free(&p->v[i]);
	free(p->v);
	*p = (struct podnets){0};
}

const struct podnet *podnets_find(const struct podnets *p, const char *ns, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (streq(p->v[i].ns, ns) && streq(p->v[i].name, name))
			return &p->v[i];
	return NULL;
}
