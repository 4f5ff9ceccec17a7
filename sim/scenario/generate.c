/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/generate_priv.h"

#include "api/meta.h"

#define ATTEMPTS 64 /* to meet the tags that are asked for, a case */

unsigned generate_deal(struct generator *g, enum dimension dim, unsigned n)
{
	struct deck *d = &g->decks[dim];

	if (d->n != n || d->at == n) {
		d->n = (uint8_t)n;
		d->at = 0;
		for (unsigned i = 0; i < n; i++)
			d->order[i] = (uint8_t)i;
		for (unsigned i = n - 1; i > 0; i--) {
			unsigned k = (unsigned)prng_below(&g->rng, i + 1);
			uint8_t v = d->order[i];

			d->order[i] = d->order[k];
			d->order[k] = v;
		}
	}
	return d->order[d->at++];
}

bool generate_chance(struct generator *g, unsigned percent)
{
	return prng_below(&g->rng, 100) < percent;
}

/* ---- batches: what happens to the world under the policies ---- */

static json_t *stage(json_t *gone, json_t *apply)
{
	return json_pack("{s:o, s:o}", "delete", gone, "apply", apply);
}

/* The pod that changes, as it is before and after. */
static json_t *two_stages(json_t *first_gone, json_t *first, json_t *then_gone, json_t *then)
{
	return json_pack("[o, o]", stage(first_gone, first), stage(then_gone, then));
}

static json_t *relabelled_pod(unsigned n)
{
	_cleanup_json_ json_t *labels = json_pack("{s:s, s:s}", "pod", "a", "tier", "db");

	return two_stages(json_array(), json_pack("[o]", generate_pod("x", "b", n, labels, NULL)),
			  json_array(), json_pack("[o]", generate_pod("x", "b", n, NULL, NULL)));
}

static json_t *relabelled_namespace(void)
{
	_cleanup_json_ json_t *labels = json_pack("{s:s, s:s}", "ns", "x", "team", "red");

	return two_stages(json_array(), json_pack("[o]", generate_namespace("y", labels)),
			  json_array(), json_pack("[o]", generate_namespace("y", NULL)));
}

static json_t *new_pod(unsigned n)
{
	return two_stages(json_pack("[s]", "pod/z/b"), json_array(), json_array(),
			  json_pack("[o]", generate_pod("z", "b", n, NULL, NULL)));
}

/* Gone on one node, back on the other. */
static json_t *moved_pod(unsigned n)
{
	return two_stages(json_pack("[s]", "pod/x/b"),
			  json_pack("[o]", generate_pod("x", "b", n, NULL, "worker-a")),
			  json_pack("[s]", "pod/x/b"),
			  json_pack("[o]", generate_pod("x", "b", n, NULL, NULL)));
}

static const char *const actions[] = {"policy", "set-pod-labels", "policy", "set-namespace-labels",
				      "policy", "create-pod",	  "policy", "delete-pod"};

static json_t *batch_new(unsigned index, unsigned networks)
{
	unsigned a = index % ARRAY_SIZE(actions);
	json_t *stages = a == 1	  ? relabelled_pod(networks)
			 : a == 3 ? relabelled_namespace()
			 : a == 5 ? new_pod(networks)
			 : a == 7 ? moved_pod(networks)
				  : json_pack("[o]", stage(json_array(), json_array()));

	return json_pack("{s:s, s:o}", "action", actions[a], "stages", stages);
}

/* ---- cases ---- */

static bool has_policy(const json_t *list, const json_t *policy)
{
	json_t *p;
	size_t i;

	json_array_foreach(list, i, p)
		if (streq(meta_name(p), meta_name(policy)) && streq(meta_ns(p), meta_ns(policy)))
			return true;
	return false;
}

/* What writing the policies does to those of the batch before. */
static void tag_policy_actions(json_t *tags, const json_t *old, const json_t *new)
{
	json_t *p;
	size_t i;

	json_array_foreach(new, i, p)
		generate_tag(tags, "action",
			     has_policy(old, p) ? "update-policy" : "create-policy");
	json_array_foreach(old, i, p)
		if (!has_policy(new, p))
			generate_tag(tags, "action", "delete-policy");
}

/* Where the ends of its cells are. */
static void tag_network(json_t *tags, const struct gen_network *net)
{
	generate_tag(tags, "network", generate_kind_name(net->kind));
	generate_tag(tags, "family", net->v4 && net->v6 ? "dual" : net->v4 ? "v4" : "v6");
	generate_tag(tags, "placement", "same-node");
	generate_tag(tags, "placement", "cross-node");
	generate_tag(tags, "endpoint", "ns");
}

static bool has_all(const json_t *tags, const json_t *wanted)
{
	json_t *v;
	size_t i;

	json_array_foreach(wanted, i, v)
		if (!jhas_str(tags, json_string_value(v)))
			return false;
	return true;
}

static json_t *case_new(struct generator *g, const struct gen_network *net, unsigned batch,
			const json_t *old)
{
	const char *action = actions[batch % ARRAY_SIZE(actions)];
	json_t *c = generate_policies(g, net), *tags = json_object_get(c, "tags");

	tag_policy_actions(tags, old, json_object_get(c, "policies"));
	if (!streq(action, "policy"))
		generate_tag(tags, "action", action);
	tag_network(tags, net);
	json_object_set_new(c, "batch", json_integer(batch));
	jset_str(c, "network", net->name);
	json_object_set_new(c, "send",
			    json_pack("[s, s, s, s]", "icmp", "tcp/80", "tcp/81", "udp/80"));
	return c;
}

/* A case that has the tags; NULL when none came up. */
static json_t *case_with(struct generator *g, const struct gen_network *net, unsigned batch,
			 const json_t *old, const json_t *wanted)
{
	for (unsigned i = 0; i < ATTEMPTS; i++) {
		json_t *c = case_new(g, net, batch, old);

		if (has_all(json_object_get(c, "tags"), wanted))
			return c;
		json_decref(c);
	}
	return NULL;
}

/* One batch: a case a network, as many as are still wanted. */
static void add_batch(struct generator *g, const struct generate_opts *o, json_t *suite,
		      unsigned batch, json_t *old)
{
	json_t *cases = json_object_get(suite, "cases");
	struct gen_network net;

	for (unsigned i = 0; i < o->networks && json_array_size(cases) < o->cases; i++) {
		json_t *c;

		generate_network(i, &net);
		c = case_with(g, &net, batch, json_object_get(old, net.name), o->tags);
		if (!c) {
			json_object_del(old, net.name);
			continue;
		}
		json_object_set_new(c, "id", jstringf("c%03zu", json_array_size(cases) + 1));
		json_object_set(old, net.name, json_object_get(c, "policies"));
		json_array_append_new(cases, c);
	}
	json_array_append_new(json_object_get(suite, "batches"), batch_new(batch, o->networks));
}

static json_t *networks_of(unsigned n)
{
	json_t *list = json_array();
	struct gen_network net;

	for (unsigned i = 0; i < n; i++) {
		generate_network(i, &net);
		json_array_append_new(list, json_pack("{s:s, s:s}", "name", net.name, "kind",
						      generate_kind_name(net.kind)));
	}
	return list;
}

json_t *generate_suite(const struct generate_opts *o)
{
	unsigned batches = (o->cases + o->networks - 1) / o->networks;
	_cleanup_json_ json_t *old = json_object();
	struct generator g = {0};
	json_t *suite;

	prng_init(&g.rng, o->seed);
	suite = json_pack("{s:I, s:o, s:o, s:[], s:[]}", "seed", (json_int_t)o->seed, "networks",
			  networks_of(o->networks), "world", generate_world(o->networks), "batches",
			  "cases");
	/* where tags are wanted, some networks have no case that fits */
	for (unsigned b = 0;
	     b < 4 * batches && json_array_size(json_object_get(suite, "cases")) < o->cases; b++)
		add_batch(&g, o, suite, b, old);
	return suite;
}

json_t *generate_manifests(const json_t *suite, const json_t *one)
{
	const json_t *networks = json_object_get(suite, "networks");
	json_t *out = NULL, *n;
	size_t i;

	json_array_foreach(networks, i, n) {
		struct gen_network net;

		generate_network((unsigned)i, &net);
		if (streq(jstr(n, "name", ""), jstr(one, "network", "-")))
			out = generate_small_world(&net);
	}
	if (out)
		json_array_extend(out, json_object_get(one, "policies"));
	return out;
}
