/* SPDX-License-Identifier: Apache-2.0 */
/* In which order NADs count, and which id a network has. */
#include "ovnk/names.h"
#include "ovnk/network_priv.h"

static const json_t *remembered(const json_t *state, const struct candidate *c)
{
	const json_t *m = json_object_get(json_object_get(state, "nads"), c->entry.key);

	return m && streq(jstr(m, "uid", ""), c->entry.uid) ? m : NULL;
}

/* True when another NAD that is still there held the same network. */
static bool shares_network(const struct candidate *v, size_t n, const struct candidate *self,
			   const char *network, const json_t *state)
{
	for (size_t i = 0; i < n; i++) {
		const json_t *m = &v[i] == self ? NULL : remembered(state, &v[i]);

		if (m && streq(jstr(m, "network", ""), network))
			return true;
	}
	return false;
}

/*
 * An unchanged NAD keeps its number. So does a changed one that has its network to itself: the
 * network is rebuilt. Any other change queues up behind the rest.
 */
static long long old_seq(const struct candidate *v, size_t n, const struct candidate *c,
			 const json_t *state)
{
	const json_t *m = remembered(state, c);
	const char *network = jstr(m, "network", "");

	if (!m)
		return -1;
	if (streq(jstr(m, "config", ""), c->digest))
		return jint(m, "seq", -1);
	if (c->verdict == NAD_OK && *network && streq(network, c->conf.name) &&
	    !shares_network(v, n, c, network, state))
		return jint(m, "seq", -1);
	return -1;
}

static int by_age(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int r = strcmp(jstr(x->nad, "metadata.creationTimestamp", ""),
		       jstr(y->nad, "metadata.creationTimestamp", ""));

	if (!r && x->rv != y->rv)
		r = x->rv < y->rv ? -1 : 1;
	return r ?: strcmp(x->entry.key, y->entry.key);
}

static int by_change(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->rv != y->rv)
		return x->rv < y->rv ? -1 : 1;
	return strcmp(x->entry.key, y->entry.key);
}

static int by_seq(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return strcmp(x->entry.key, y->entry.key);
}

long long network_order(struct candidate *v, size_t n, const json_t *state)
{
	long long next = jint(state, "next", 0);

	qsort(v, n, sizeof(*v), state ? by_change : by_age);
	for (size_t i = 0; i < n; i++)
		v[i].seq = old_seq(v, n, &v[i], state);
	for (size_t i = 0; i < n; i++)
		if (v[i].seq < 0)
			v[i].seq = next++;
	qsort(v, n, sizeof(*v), by_seq);
	return next;
}

static bool taken(struct network **nets, size_t n, int id)
{
	for (size_t i = 0; i < n; i++)
		if (nets[i]->id == id)
			return true;
	return false;
}

static void claim(struct network **nets, size_t n, struct network *net, long long id)
{
	if (!net->id && id > 0 && id < OVNK_MAX_NETWORKS && !taken(nets, n, (int)id))
		net->id = (int)id;
}

/* The id that a NAD carries for its network from an earlier life of the lab. */
static long long annotated_id(const json_t *nad, const char *network)
{
	const json_t *a = jget(nad, "metadata.annotations");
	const char *name = json_string_value(json_object_get(a, "k8s.ovn.org/network-name"));
	const char *id = json_string_value(json_object_get(a, "k8s.ovn.org/network-id"));
	long long v;

	if (!name || !id || !streq(name, network) ||
	    parse_int(id, 1, OVNK_MAX_NETWORKS - 1, &v) < 0)
		return 0;
	return v;
}

void network_ids(struct network **nets, size_t n, const struct candidate *v, size_t n_candidates,
		 const json_t *state)
{
	const json_t *ids = json_object_get(state, "ids");
	int low = 1;

	for (size_t i = 0; i < n; i++)
		claim(nets, n, nets[i], json_integer_value(json_object_get(ids, nets[i]->name)));
	for (size_t i = 0; i < n_candidates; i++)
		for (size_t k = 0; k < n; k++)
			if (v[i].entry.network && streq(v[i].entry.network, nets[k]->name))
				claim(nets, n, nets[k], annotated_id(v[i].nad, nets[k]->name));
	for (size_t i = 0; i < n; i++) {
		while (low < OVNK_MAX_NETWORKS && taken(nets, n, low))
			low++;
		claim(nets, n, nets[i], low);
	}
}
