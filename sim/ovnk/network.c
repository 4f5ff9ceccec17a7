/* SPDX-License-Identifier: Apache-2.0 */
/* OVN-Kubernetes networkmanager/nad_controller.go. */
#include "ovnk/network.h"

#include <errno.h>

#include "ovnk/names.h"
#include "ovnk/network_priv.h"

const char *nad_state_name(enum nad_state s)
{
	static const char *const names[] = {"Accepted", "Ignored", "Rejected", "Unsupported"};

	return names[s];
}

/* Networks while they are being built: by pointer, in order of appearance, unsupported ones too. */
struct building {
	struct network **v;
	json_t **identity; /* borrowed from the candidates */
	char **dead;	   /* why it is not emulated, or NULL */
	size_t n;
};

static void candidate_init(struct candidate *c, const json_t *nad, const struct ovnk_config *cfg,
			   struct diags *d)
{
	const char *ns = jstr(nad, "metadata.namespace", "default");
	const char *name = jstr(nad, "metadata.name", "");
	long long rv = 0;

	*c = (struct candidate){.nad = nad, .seq = -1, .first_diag = d->n};
	parse_int(jstr(nad, "metadata.resourceVersion", "0"), 0, INT64_MAX, &rv);
	c->rv = rv;
	c->entry.key = names_nad_key(ns, name, 0);
	c->entry.ns = xstrdup(ns);
	c->entry.name = xstrdup(name);
	c->entry.uid = xstrdup(jstr(nad, "metadata.uid", ""));
	c->verdict = nad_parse(nad, cfg, &c->conf, d);
	c->n_diags = d->n - c->first_diag;
	c->digest = xstrdup("");
	if (c->verdict == NAD_OK) {
		_cleanup_free_ char *text = NULL;

		c->identity = network_identity(&c->conf);
		text = jtext(c->identity);
		free(c->digest);
		c->digest = xasprintf("%016llx", (unsigned long long)names_fnv1a64(text));
	}
	c->entry.type = xstrdup(c->conf.type ?: "");
}

static void candidate_free(struct candidate *c)
{
	netconf_free(&c->conf);
	json_decref(c->identity);
	free(c->digest);
}

static void reject(struct candidate *c, enum nad_state state, const char *rule, const char *fmt,
		   ...) PRINTF(4, 5);
static void reject(struct candidate *c, enum nad_state state, const char *rule, const char *fmt,
		   ...)
{
	va_list ap;

	va_start(ap, fmt);
	c->entry.state = state;
	c->entry.rule = xstrdup(rule);
	c->entry.reason = xvasprintf(fmt, ap);
	va_end(ap);
}

/* A finding for a verdict that only the sight of all NADs gives. */
static void report(const struct candidate *c, struct diags *d, enum diag_severity severity,
		   const char *hint)
{
	size_t from = d->n;
	_cleanup_free_ char *object = xasprintf("NetworkAttachmentDefinition %s", c->entry.key);
	struct diag *g =
		diags_add(d, severity, c->entry.rule, "spec.config", "%s", c->entry.reason);

	diag_hint(g, "%s", hint);
	diags_locate(d, from, NULL, object);
}

/* Verdicts that need no other NAD. True when there is one. */
static bool judge_alone(struct candidate *c, const struct diags *d)
{
	if (c->verdict == NAD_NOT_OURS) {
		reject(c, NAD_IGNORED, "E3", "net-attach-def not managed by OVN");
		return true;
	}
	if (c->verdict == NAD_OK && c->conf.topology == OVNK_DEFAULT_NET) {
		reject(c, NAD_IGNORED, NULL, "no topology: it stands for the default network");
		return true;
	}
	if (c->verdict == NAD_OK)
		return false;
	for (size_t i = c->first_diag; i < c->first_diag + c->n_diags; i++)
		if (d->v[i].severity == DIAG_ERROR) {
			reject(c, NAD_REJECTED, d->v[i].rule, "%s", d->v[i].msg);
			return true;
		}
	return true;
}

static size_t find_building(const struct building *b, const char *name)
{
	size_t i = 0;

	while (i < b->n && !streq(b->v[i]->name, name))
		i++;
	return i;
}

/*
 * Two networks whose names become one database name write the same rows upstream; which of them
 * wins is chance. Here the later one stays out.
 */
static const char *same_rows(const struct building *b, const char *name)
{
	_cleanup_free_ char *prefix = names_prefix(name);

	for (size_t i = 0; i < b->n; i++) {
		_cleanup_free_ char *other = names_prefix(b->v[i]->name);

		if (!b->dead[i] && streq(prefix, other))
			return b->v[i]->name;
	}
	return NULL;
}

static char *why_dead(const struct building *b, const struct netconf *c)
{
	const char *why = network_unsupported(c), *other = same_rows(b, c->name);

	if (!why && other)
		return xasprintf(
			"network %s and network %s have one name in OVN's databases ('-' and '/' "
			"become '.'): OVN-Kubernetes would let them overwrite each other",
			c->name, other);
	return xstrdup(why);
}

static void add_network(struct building *b, const struct candidate *c)
{
	struct network *net = xcalloc(1, sizeof(*net));

	net->name = xstrdup(c->conf.name);
	b->v = xrealloc(b->v, (b->n + 1) * sizeof(*b->v));
	b->identity = xrealloc(b->identity, (b->n + 1) * sizeof(*b->identity));
	b->dead = xrealloc(b->dead, (b->n + 1) * sizeof(*b->dead));
	b->v[b->n] = net;
	b->identity[b->n] = c->identity;
	b->dead[b->n] = why_dead(b, &c->conf);
	b->n++;
}

/* E20: candidates before c have been judged already. */
static const char *primary_of(const struct candidate *v, const struct candidate *c)
{
	for (; v < c; v++)
		if (streq(v->entry.ns, c->entry.ns) && v->entry.network &&
		    streq(v->conf.role, "primary"))
			return v->entry.key;
	return NULL;
}

static void judge(struct candidate *v, struct candidate *c, struct building *b, struct diags *d)
{
	const char *primary = streq(c->conf.role, "primary") ? primary_of(v, c) : NULL;
	size_t i = find_building(b, c->conf.name);
	_cleanup_free_ char *difference = NULL;

	if (primary) {
		reject(c, NAD_REJECTED, "E20",
		       "NAD %s is primary for the namespace, NAD %s can't be primary", primary,
		       c->entry.key);
		report(c, d, DIAG_ERROR, "a namespace has one primary network: remove one of them");
		return;
	}
	if (i == b->n)
		add_network(b, c);
	difference = network_difference(b->identity[i], c->identity);
	if (difference) {
		reject(c, NAD_REJECTED, "E21",
		       "NAD %s CNI config does not match that of network %s: %s", c->entry.key,
		       c->conf.name, difference);
		report(c, d, DIAG_ERROR,
		       "NADs with one network name must agree: change this one, or its name");
		return;
	}
	c->entry.network = xstrdup(c->conf.name);
}

static void mark_unsupported(struct candidate *c, const struct building *b, struct diags *d)
{
	const char *why = c->entry.network ? b->dead[find_building(b, c->entry.network)] : NULL;

	if (!why)
		return;
	reject(c, NAD_UNSUPPORTED, "unsupported", "%s", why);
	report(c, d, DIAG_WARNING,
	       "use a secondary layer2 or localnet network with a name of its own");
}

/* Moves the configuration of the NAD that came first into its network; lists the NADs. */
static void fill_networks(struct building *b, struct candidate *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct network *net;

		if (!v[i].entry.network)
			continue;
		net = b->v[find_building(b, v[i].entry.network)];
		net->nads = xrealloc(net->nads, (net->n_nads + 1) * sizeof(*net->nads));
		net->nads[net->n_nads++] = xstrdup(v[i].entry.key);
		if (net->conf.name)
			continue;
		net->conf = v[i].conf;
		v[i].conf = (struct netconf){0};
	}
}

static void want_annotation(struct nad_entry *e, const json_t *nad, const char *key,
			    const char *value)
{
	const json_t *have = json_object_get(jget(nad, "metadata.annotations"), key);

	if (streq0(json_string_value(have), value))
		return;
	if (!e->annotations)
		e->annotations = json_object();
	json_object_set_new(e->annotations, key, jstring(value));
}

static void write_back(struct candidate *c, const struct building *b)
{
	_cleanup_free_ char *id = NULL;

	if (c->entry.state != NAD_ACCEPTED)
		return;
	id = xasprintf("%d", b->v[find_building(b, c->entry.network)]->id);
	want_annotation(&c->entry, c->nad, "k8s.ovn.org/network-name", c->entry.network);
	want_annotation(&c->entry, c->nad, "k8s.ovn.org/network-id", id);
}

static json_t *remember(const struct candidate *v, size_t n, const struct building *b,
			long long next)
{
	json_t *state = json_object(), *ids = json_object(), *nads = json_object();

	for (size_t i = 0; i < b->n; i++)
		if (b->v[i]->id)
			json_object_set_new(ids, b->v[i]->name, json_integer(b->v[i]->id));
	for (size_t i = 0; i < n; i++) {
		json_t *m = json_object();

		json_object_set_new(m, "uid", jstring(v[i].entry.uid));
		json_object_set_new(m, "seq", json_integer(v[i].seq));
		json_object_set_new(m, "config", jstring(v[i].digest));
		if (v[i].entry.network)
			json_object_set_new(m, "network", jstring(v[i].entry.network));
		json_object_set_new(nads, v[i].entry.key, m);
	}
	json_object_set_new(state, "ids", ids);
	json_object_set_new(state, "nads", nads);
	json_object_set_new(state, "next", json_integer(next));
	return state;
}

/* Networks without an id (all are taken) take their NADs down with them. */
static void refuse_without_id(struct candidate *v, size_t n, const struct building *b,
			      struct diags *d)
{
	for (size_t i = 0; i < n; i++) {
		if (!v[i].entry.network || b->v[find_building(b, v[i].entry.network)]->id)
			continue;
		free(TAKE_PTR(v[i].entry.rule));
		free(TAKE_PTR(v[i].entry.reason));
		reject(&v[i], NAD_REJECTED, NULL,
		       "failed to allocate network ID: all of 1 to %d are in use",
		       OVNK_MAX_NETWORKS - 1);
		report(&v[i], d, DIAG_ERROR, "delete networks that are not needed");
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct nad_entry *)a)->key, ((const struct nad_entry *)b)->key);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct network *)a)->name, ((const struct network *)b)->name);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void network_clear(struct network *n)
{
	for (size_t i = 0; i < n->n_nads; i++)
		free(n->nads[i]);
	free(n->nads);
	free(n->name);
	netconf_free(&n->conf);
}

/* Hands over what is kept and drops the rest. */
static void finish(struct candidate *v, size_t n, struct building *b, struct networks *ret)
{
	ret->nads = xcalloc(n + 1, sizeof(*ret->nads));
	for (size_t i = 0; i < n; i++) {
		if (v[i].entry.state != NAD_ACCEPTED)
			free(TAKE_PTR(v[i].entry.network));
		ret->nads[ret->n_nads++] = v[i].entry;
		candidate_free(&v[i]);
	}
	qsort(ret->nads, ret->n_nads, sizeof(*ret->nads), by_key);
	ret->v = xcalloc(b->n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < b->n; i++) {
		struct network *net = b->v[i];

		qsort(net->nads, net->n_nads, sizeof(*net->nads), by_text);
		if (net->id && !b->dead[i])
			ret->v[ret->n++] = *net;
		else
			network_clear(net);
		free(net);
		free(b->dead[i]);
	}
	qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	free(b->v);
	free(b->identity);
	free(b->dead);
}

void networks_build(const json_t *nads, const struct ovnk_config *c, const json_t *state,
		    struct networks *ret, struct diags *d)
{
	size_t n = json_array_size(nads), i;
	_cleanup_free_ struct candidate *v = xcalloc(n + 1, sizeof(*v));
	struct building b = {0};
	const json_t *nad;
	long long next;

	*ret = (struct networks){0};
	json_array_foreach(nads, i, nad)
		candidate_init(&v[i], nad, c, d);
	next = network_order(v, n, state);
	for (i = 0; i < n; i++)
		if (!judge_alone(&v[i], d))
			judge(v, &v[i], &b, d);
	network_ids(b.v, b.n, v, n, state);
	for (i = 0; i < n; i++)
		mark_unsupported(&v[i], &b, d);
	refuse_without_id(v, n, &b, d);
	for (i = 0; i < n; i++)
		write_back(&v[i], &b);
	ret->state = remember(v, n, &b, next);
	fill_networks(&b, v, n);
	finish(v, n, &b, ret);
}

void networks_free(struct networks *n)
{
	for (size_t i = 0; i < n->n_nads; i++) {
		struct nad_entry *e = &n->nads[i];

		free(e->key);
		free(e->ns);
		free(e->name);
		free(e->uid);
		free(e->rule);
		free(e->reason);
		free(e->type);
		free(e->network);
		json_decref(e->annotations);
	}
	for (size_t i = 0; i < n->n; i++)
		network_clear(&n->v[i]);
	free(n->nads);
	free(n->v);
	json_decref(n->state);
	*n = (struct networks){0};
}

const struct network *networks_find(const struct networks *n, const char *name)
{
	for (size_t i = 0; i < n->n; i++)
		if (streq(n->v[i].name, name))
			return &n->v[i];
	return NULL;
}

const struct nad_entry *networks_nad(const struct networks *n, const char *nad_key)
{
	for (size_t i = 0; i < n->n_nads; i++)
		if (streq(n->nads[i].key, nad_key))
			return &n->nads[i];
	return NULL;
}
